"""Commands that read: rank, sheet, compare, changes, editions, methodologies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from actitud._html import DASH
from actitud._model import Model
from actitud.cli.common import CommandError, Session, print_bytes, print_csv, print_json
from actitud.cli.output import print_lines, print_list, print_score, print_table
from actitud.models import ScoreRow

_SHOWN = 50
_PAGE_MAX = 1000


def run_rank(session: Session) -> int:
    """Run ``rank``: print the ranking of an edition as a table, as JSON, or as the CSV of the service; return 0."""
    options, words, scores = session.options, session.words, session.client.editions.scores
    filters = {name: getattr(options, name) for name in ("kind", "region", "province", "band", "parent", "level")}
    filters |= {"status": options.status, "sort": options.sort}
    if options.csv:
        print_bytes(scores.export(options.edition, q=options.search, limit=options.limit, **filters))
        return 0
    shown = options.limit or (None if options.json else _SHOWN)
    page = scores.list(
        options.edition,
        q=options.search,
        limit=_PAGE_MAX if shown is None else min(shown, _PAGE_MAX),
        total=not options.json,
        **filters,
    )
    rows = islice(page, shown)
    if options.json:
        print_json({"edition": page.edition, "items": [row.to_dict() for row in rows]})
    else:
        listed = list(rows)
        _print_ranking(session, listed)
        count, total = len(listed), page.total
        if total is not None and count < total:
            note = words(
                f"{count} de {total} organizaciones (más con --limit)",
                f"{count} of {total} organisations (more with --limit)",
            )
        else:
            one, several = words("organización", "organisation"), words("organizaciones", "organisations")
            note = f"{count} {one if count == 1 else several}"
        print_lines(f"{page.edition}: {note}")
    return 0


def _print_ranking(session: Session, rows: Iterable[ScoreRow]) -> None:
    words = session.words
    heads = (
        words("Puesto", "Rank"),
        words("Organización", "Organisation"),
        "ID",
        words("Provincia", "Province"),
        words("Índice", "Index"),
        words("Nivel", "Level"),
        words("Cobertura", "Coverage"),
    )
    cells = (
        (
            DASH if row.rank is None else str(row.rank),
            row.organisation_name,
            row.organisation,
            row.province or DASH,
            words.figure(row.index),
            DASH if row.level is None else str(row.level),
            words.share(row.coverage),
        )
        for row in rows
    )
    print_table(heads, cells, numbers=(0, 4, 5, 6))


def run_sheet(session: Session) -> int:
    """Run ``sheet``: print the explained score of an organisation, or the indicators of one dimension; return 0."""
    options, words = session.options, session.words
    score = session.client.editions.scores.get(options.edition, options.organisation)
    if options.json:
        print_json(score if options.dimension is None else score.dimensions[options.dimension])
    elif options.csv:
        wanted = options.dimension
        print_csv(row for row in score._list_rows() if wanted in (None, row["dimension"]))
    elif options.dimension is None:
        print_score(score, words)
    else:
        dimension = score.dimensions[options.dimension]
        print_lines(f"{dimension.id} {dimension.name}: {words.figure(dimension.score)}")
        heads = (words("Indicador", "Indicator"), words("Puntuación", "Score"), words("Perdido", "Lost"))
        rows = (
            (
                f"{indicator.id} {indicator.name}",
                words.figure(indicator.score),
                words.figure(indicator.lost),
                indicator.reason.text,
            )
            for indicator in dimension.indicators
        )
        print_table((*heads, words("Motivo", "Reason")), rows, numbers=(1, 2))
    return 0


def run_compare(session: Session) -> int:
    """Run ``compare``: print organisations of an edition side by side, and return 0.

    The rows are index, level, rank, and the score of each dimension.
    """
    options, words, scores = session.options, session.words, session.client.editions.scores
    wanted = list(dict.fromkeys(options.organisations))
    page = scores.list(options.edition, organisation=wanted, limit=_PAGE_MAX)
    found = {row.organisation: row for row in page}
    missing = [organisation for organisation in wanted if organisation not in found]
    if missing:
        names = ", ".join(missing)
        raise CommandError(words(f"sin puntuación en la edición: {names}", f"no score in the edition: {names}"), 1)
    rows = [found[organisation] for organisation in wanted]
    if options.json:
        print_json({"edition": page.edition, "items": [row.to_dict() for row in rows]})
        return 0
    if options.csv:
        print_csv(row._build_cells() for row in rows)
        return 0
    dimensions = scores.get(options.edition, wanted[0]).dimensions
    lines = [
        (words("Puesto", "Rank"), *(DASH if row.rank is None else str(row.rank) for row in rows)),
        (words("Índice", "Index"), *(words.figure(row.index) for row in rows)),
        (words("Nivel", "Level"), *(DASH if row.level is None else str(row.level) for row in rows)),
        (words("Cobertura", "Coverage"), *(words.share(row.coverage) for row in rows)),
        *(
            (f"{dimension.id} {dimension.name}", *(words.figure(row.dimensions.get(dimension.id)) for row in rows))
            for dimension in dimensions
        ),
    ]
    print_table((page.edition or "", *(row.organisation_name for row in rows)), lines, numbers=range(1, len(rows) + 1))
    return 0


def run_changes(session: Session) -> int:
    """Run ``changes``: print the change of an organisation's index between two editions, with its causes; return 0."""
    options, words = session.options, session.words
    changes = session.client.editions.scores.changes(
        options.edition, options.organisation, from_edition=options.from_edition
    )
    if options.json:
        print_json(changes)
        return 0
    if options.csv:
        print_csv(_list_cells(changes.groups))
        return 0
    parts = changes.parts
    print_lines(f"{changes.organisation_name}, {changes.edition_before} → {changes.edition}", changes.text)
    if parts is not None:
        causes = (
            (words("Metodología", "Methodology"), parts.methodology),
            (words("Cobertura", "Coverage"), parts.coverage),
            (words("Datos", "Data"), parts.data),
            (words("Total", "Total"), parts.total),
        )
        rows = ((cause, words.figure(points)) for cause, points in causes)
        print_table((words("Causa", "Cause"), words("Puntos", "Points")), rows, numbers=(1,))
    heads = (words("Dimensión", "Dimension"), changes.edition_before, changes.edition)
    groups = (
        (f"{group.id} {group.name}", words.figure(group.score.before), words.figure(group.score.after))
        for group in changes.groups
    )
    print_table(heads, groups, numbers=(1, 2))
    print_list(words("Indicadores que cambian", "Indicators that change"), [one.text for one in changes.indicators])
    return 0


def run_editions(session: Session) -> int:
    """Run ``editions``: print the list of editions, newest first, and return 0."""
    words, rows = session.words, list(session.client.editions.list())
    if not _print_machine(session, rows):
        heads = ("ID", words("Título", "Title"), words("Estado", "State"), words("Organizaciones", "Organisations"))
        states = {
            "open": words("abierta", "open"),
            "in_review": words("en revisión", "in review"),
            "published": words("publicada", "published"),
        }
        cells = ((row.id, row.title, states.get(row.state, row.state), str(row.organisations)) for row in rows)
        print_table(heads, cells, numbers=(3,))
    return 0


def run_methodologies(session: Session) -> int:
    """Run ``methodologies``: print the list of methodology versions, and return 0."""
    words, rows = session.words, list(session.client.methodologies.list())
    if not _print_machine(session, rows):
        heads = (words("Versión", "Version"), words("Título", "Title"), words("Estado", "Status"))
        states = {
            "draft": words("borrador", "draft"),
            "active": words("en uso", "in use"),
            "retired": words("retirada", "retired"),
        }
        print_table(heads, ((row.version, row.title, states.get(row.status, row.status)) for row in rows))
    return 0


def _print_machine(session: Session, rows: Sequence[Model]) -> bool:
    """Print rows as JSON or CSV and return True if an option asks for that; else print nothing and return False."""
    if session.options.json:
        print_json([row.to_dict() for row in rows])
    elif session.options.csv:
        print_csv(_list_cells(rows))
    return bool(session.options.json or session.options.csv)


def _list_cells(models: Iterable[Model]) -> Iterator[dict[str, object]]:
    return (dict(model._build_cells()) for model in models)
