"""What the page of an edition shows: its ranking, filtered and in pages, and how the index spreads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load
from actitud_api.engine.methodology.predicates import halfup
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.service import Band, words
from actitud_api.resources.scores import audits, schemas, service
from actitud_api.resources.scores.comparison_schemas import DRAWS, SEED
from actitud_api.resources.scores.computed import Busy, Computed
from actitud_api.resources.scores.service import Filters, Row, Sort
from actitud_api.web.embeds.lettering import plain
from actitud_api.web.portal import charts
from actitud_api.web.portal.layout import Links
from actitud_api.web.portal.names import STATUSES, Names, province, region, territory

PER_PAGE: Final = 50
_LONGEST_SEARCH: Final = 200
_AROUND: Final = 2
"""Pages that are named on both sides of the one that is shown."""

_SORTS: Final[Mapping[str, Texts]] = {
    "rank": Texts("Puesto, del mejor al último", "Rank, the best first"),
    "-rank": Texts("Puesto, del último al mejor", "Rank, the last first"),
    "name": Texts("Nombre", "Name"),
    "-population": Texts("Población, de más a menos", "Population, the largest first"),
    "population": Texts("Población, de menos a más", "Population, the smallest first"),
    "-coverage": Texts("Cobertura, de más a menos", "Coverage, the widest first"),
}
_ANY: Final = Texts("Cualquiera", "Any")
_LABELS: Final[Mapping[str, Texts]] = {
    "kind": Texts("Tipo", "Kind"),
    "region": Texts("Comunidad autónoma", "Region"),
    "province": Texts("Provincia", "Province"),
    "band": Texts("Tamaño", "Size"),
    "level": Texts("Nivel", "Level"),
    "status": Texts("Evidencia", "Evidence"),
    "sort": Texts("Orden", "Order"),
}
_COUNTED: Final = Texts("{name} ({count})", "{name} ({count})")
_TENTHS: Final = Texts("Cómo se reparte el índice", "How the index spreads")
_TENTHS_ALT: Final = Texts(
    "Cuántas organizaciones con puesto hay en cada tramo de diez puntos del índice: {parts}.",
    "How many ranked organisations there are in every ten points of the index: {parts}.",
)
_TENTH: Final = Texts("de {start} a {end}, {count}", "{start} to {end}, {count}")
_COVERAGE: Final = Texts("cobertura {coverage}", "coverage {coverage}")
_BEST_IN: Final = Texts("{name} ({dimension}), los mejores primero", "{name} ({dimension}), the best first")


class Choice(Struct, frozen=True):
    """One of the values that a list can be filtered or sorted by."""

    value: str
    text: str
    chosen: bool


class Field(Struct, frozen=True):
    """A list of values to choose from; the first is none of them, but for an order."""

    name: str
    label: str
    choices: tuple[Choice, ...]


class Line(Struct, frozen=True, kw_only=True):
    """An organisation of the ranking, in words.

    `why`: why there is no index. `interval`: between which ranks it comes out in nine of ten draws. `beside`: its
    score in the dimension that the list is in the order of.
    """

    organisation: str
    name: str
    href: str
    about: str
    rank: str | None
    interval: str | None
    index: str | None
    bar: Figure | None
    why: str | None
    level: int | None
    level_name: str | None
    beside: str | None
    simulated: bool


class Asked(Struct, frozen=True, kw_only=True):
    """What the ranking is asked for; what nothing in the edition has is not asked for."""

    q: str
    chosen: Mapping[str, str]
    page: int

    @property
    def pairs(self) -> list[tuple[str, str | int]]:
        """The same as parameters, without the page."""
        found: list[tuple[str, str | int]] = [("q", self.q)] if self.q else []
        return found + [(name, value) for name, value in self.chosen.items() if (name, value) != ("sort", "rank")]

    @property
    def is_filtered(self) -> bool:
        """Whether it is not all of the edition."""
        return bool(self.q or set(self.chosen) - {"sort"})

    @property
    def filters(self) -> Filters:
        """The same for the services."""
        level = self.chosen.get("level")
        return Filters(
            words=tuple(words(self.q)),
            kinds=(self.chosen["kind"],) if "kind" in self.chosen else None,
            region=self.chosen.get("region"),
            province=self.chosen.get("province"),
            band=cast("Band | None", self.chosen.get("band")),
            level=None if level is None else int(level),
            status=cast("Status | None", self.chosen.get("status")),
        )

    @property
    def sort(self) -> Sort:
        """The order."""
        return schemas.SORTS[self.chosen.get("sort", "rank")]


class PageLink(Struct, frozen=True):
    """A page of the list; `href` is None of the one that is shown, and `number` where some are left out."""

    number: int | None
    href: str | None


class Ranking(Struct, frozen=True, kw_only=True):
    """The page of an edition.

    `awaits_intervals`: somebody on it has a rank, and the intervals of the ranks are not there yet. `dimension`: the
    name of that in whose order the list is.
    """

    asked: Asked
    fields: tuple[Field, ...]
    lines: tuple[Line, ...]
    found: int
    first: int
    pages: tuple[PageLink, ...]
    previous: str | None
    following: str | None
    has_intervals: bool
    awaits_intervals: bool
    dimension: str | None
    summary: service.Summary
    picture: charts.Picture
    tenths: tuple[tuple[str, str, str], ...]


def ranking(
    database: Database,
    computed: Computed,
    edition: editions.Record,
    parameters: Iterable[tuple[str, str]],
    to: Links,
    language: Language,
) -> Ranking:
    """The page of a published edition, for what is asked of it."""
    names = Names(load(edition.methodology), language)
    fields = _fields(service.groups(database, edition.id), dict(parameters), names)
    asked = _asked(dict(parameters), fields)
    filters = asked.filters
    found = service.count(database, edition.id, filters)
    last = max(1, -(-found // PER_PAGE))
    number = min(asked.page, last)
    rows = service.ranking(
        database, edition.id, filters, sort=asked.sort, after=None, offset=PER_PAGE * (number - 1), limit=PER_PAGE
    )
    drawn = robust_of(database, computed, edition.id, [row.organisation for row in rows if row.rank])
    intervals = {one.row.organisation: (one.rank[0], one.rank[2]) for one in drawn if one.rank is not None}
    summary = service.summary(database, edition.id, filters, principal=None)

    def address(page: int) -> str:
        return to.with_query(to.path(edition.id), [*asked.pairs, *([("page", page)] if page > 1 else [])])

    return Ranking(
        asked=asked,
        fields=fields,
        lines=tuple(_line(row, edition, intervals, asked.sort, to, names) for row in rows),
        found=found,
        first=PER_PAGE * (number - 1) + 1,
        pages=tuple(
            PageLink(shown, None if shown in (None, number) else address(shown)) for shown in shown_pages(number, last)
        ),
        previous=address(number - 1) if number > 1 else None,
        following=address(number + 1) if number < last else None,
        has_intervals=bool(intervals),
        awaits_intervals=not intervals and any(row.rank for row in rows),
        dimension=names.dimensions().get(asked.sort.key),
        summary=summary,
        picture=tenths_picture("spread", summary, names),
        tenths=tenths(summary, names),
    )


def robust_of(
    database: Database, computed: Computed, edition: str, organisations: Sequence[str]
) -> list[audits.Robust]:
    """How organisations come out of the draws that `editions.robustness.list` makes; nothing while too many wait.

    The draws are made once for an edition, for whoever asks first, and kept in the process.
    """
    if not organisations:
        return []
    try:
        return audits.robust(
            database,
            computed,
            edition,
            Filters(organisations=tuple(organisations)),
            principal=None,
            draws=DRAWS,
            seed=SEED,
            after=None,
            offset=0,
            limit=len(organisations),
        )
    except Busy:
        return []


def tenths(summary: service.Summary, names: Names) -> tuple[tuple[str, str, str], ...]:
    """From which to which index, how many have one, and which share of those that rank that is."""
    return tuple(
        (
            f"{10 * number}–{10 * number + 10}",
            names.count(count),
            names.percent(round(count / summary.ranked, 3) if summary.ranked else 0),
        )
        for number, count in enumerate(summary.tenths)
    )


def tenths_picture(identifier: str, summary: service.Summary, names: Names, own: int | None = None) -> charts.Picture:
    """How the index spreads, as columns; `own`: the tenth to be marked."""
    told = [
        _TENTH.into(names.language).format(start=10 * number, end=10 * number + 10, count=names.count(count))
        for number, count in enumerate(summary.tenths)
    ]
    return charts.columns(
        identifier,
        _TENTHS.into(names.language),
        _TENTHS_ALT.into(names.language).format(parts="; ".join(told)),
        [
            charts.Column(
                label=str(10 * number),
                count=count,
                text=whole_percent(count, summary.ranked, names),
                marked=number == own,
            )
            for number, count in enumerate(summary.tenths)
        ],
    )


def whole_percent(count: int, of: int, names: Names) -> str:
    """A share in whole per cent: there is no room for more over a column of a telephone."""
    share = halfup(Fraction(100 * count, of)) if of else 0
    return f"<{names.percent(0.01)}" if count and not share else names.percent(share / 100)


def interval_text(interval: tuple[int, int] | None, names: Names) -> str | None:
    """Two ranks, or one where they are the same."""
    if interval is None:
        return None
    low, high = (names.count(rank) for rank in interval)
    return low if low == high else f"{low}–{high}"


def _line(
    row: Row,
    edition: editions.Record,
    intervals: Mapping[str, tuple[int, int]],
    sort: Sort,
    to: Links,
    names: Names,
) -> Line:
    shown = schemas.line(row)
    ranked = row.status in RANKED
    about = (
        names.kind(row.kind),
        territory(row.province, row.region),
        names.band(row.band) if row.band else "",
        _COVERAGE.into(names.language).format(coverage=names.percent(shown.coverage)) if shown.coverage else "",
    )
    return Line(
        organisation=row.organisation,
        name=plain(row.name),
        href=to(edition.id, row.organisation),
        about=" · ".join(part for part in about if part),
        rank=None if row.rank is None else names.count(row.rank),
        interval=interval_text(intervals.get(row.organisation), names),
        index=names.points(shown.index) if ranked and shown.index is not None else None,
        bar=shown.index if ranked else None,
        why=None if ranked else names.status(row.status),
        level=row.level,
        level_name=None if row.level is None else names.level(row.level),
        beside=names.points(shown.dimensions[sort.key]) if sort.key in shown.dimensions else None,
        simulated=row.simulated and not edition.simulated,
    )


def _fields(groups: Sequence[service.Group], given: Mapping[str, str], names: Names) -> tuple[Field, ...]:
    """What there is to choose from: what some organisation of the edition has."""
    language = names.language

    def choices(name: str, texts: Mapping[str, str]) -> Field:
        known = [Choice(value, text, given.get(name) == value) for value, text in texts.items()]
        every = Choice("", _ANY.into(language), not any(choice.chosen for choice in known))
        return Field(name, _LABELS[name].into(language), (every, *known))

    def counted(name: str, label: Mapping[str, str]) -> Field:
        counts: Counter[str] = Counter()
        for group in groups:
            value: str | None = getattr(group, name)
            if value is not None:
                counts[value] += group.organisations
        return choices(
            name,
            {
                value: _COUNTED.into(language).format(name=text, count=names.count(counts[value]))
                for value, text in label.items()
                if value in counts
            },
        )

    seen = {name: sorted({value for group in groups if (value := getattr(group, name))}) for name in _BY}
    sorts = {value: text.into(language) for value, text in _SORTS.items()} | {
        f"-{dimension}": _BEST_IN.into(language).format(name=text, dimension=dimension)
        for dimension, text in names.dimensions().items()
    }
    order = given.get("sort", "rank") if given.get("sort") in sorts else "rank"
    return (
        counted("kind", {code: names.kind(code) for code in seen["kind"]}),
        counted("region", _by_text({code: region(code) or code for code in seen["region"]})),
        counted("province", _by_text({code: province(code) or code for code in seen["province"]})),
        counted(
            "band", {code: names.band(code) for code in sorted(seen["band"], key=lambda code: (code[0] != "P", code))}
        ),
        choices("level", {str(number): names.level(number) for number in names.levels()}),
        choices("status", {status: names.status(status) for status in STATUSES}),
        Field(
            "sort",
            _LABELS["sort"].into(language),
            tuple(Choice(value, text, value == order) for value, text in sorts.items()),
        ),
    )


_BY: Final = ("kind", "region", "province", "band")


def _by_text(texts: Mapping[str, str]) -> dict[str, str]:
    """Names in the order of the alphabet, whatever their accents."""
    return dict(sorted(texts.items(), key=lambda pair: words(pair[1])))


def _asked(given: Mapping[str, str], fields: Sequence[Field]) -> Asked:
    page = given.get("page", "")
    return Asked(
        q=plain(given.get("q", ""))[:_LONGEST_SEARCH],
        chosen={
            field.name: choice.value for field in fields for choice in field.choices if choice.chosen and choice.value
        },
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 and int(page) else 1,
    )


def shown_pages(number: int, last: int) -> list[int | None]:
    """The pages that are named: the first, the last and those around the one that is shown; None: some are left out."""
    near = [page for page in range(1, last + 1) if page in (1, last) or abs(page - number) <= _AROUND]
    found: list[int | None] = []
    for page in near:
        if found and found[-1] is not None and page - found[-1] > 1:
            found.append(None)
        found.append(page)
    return found
