"""The page that compares two to five organisations of an edition."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.change_decomposition import iterate_indicators
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import comparison
from actitud_api.resources.scores.comparison import ComparedScore
from actitud_api.resources.scores.service import RankingRow, ScoreFilters, list_ranking
from actitud_api.web.charts import layouts as charts
from actitud_api.web.embeds import service as embeds
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.text_metrics import clean_text, wrap_lines
from actitud_api.web.embeds.texts import EmbedTexts
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.filters import QUERY_MAX, RESULTS_MAX
from actitud_api.web.portal.layout import (
    Crumb,
    Links,
    build_links,
    choose_segment,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.names import NO_FIGURE
from actitud_api.web.portal.unpublished_editions import render_missing_edition

ORGANISATIONS_MIN: Final = 2
ORGANISATIONS_MAX: Final = 5
"""Maximum number of organisations that a page compares; `ORGANISATIONS_MIN` is the minimum."""
LETTERS: Final = "ABCDE"
"""The letters that stand for the organisations in charts and tables, which have no room for names."""

_LINE: Final = 1.3
_BAR: Final = 1.15
"""Distance from one bar to the next, in em; `_LINE` is the distance from one line of text to the next."""

_COMPARE: Final = Texts("Comparar organizaciones", "Compare organisations")
_CHART_DESCRIPTION: Final = Texts("Puntos de 0 a 100: {rows}.", "Points from 0 to 100: {rows}.")
_SAME: Final = Texts("igual", "equal")


class ComparisonColumn(Struct, frozen=True, kw_only=True):
    """A column of the comparison table: one organisation.

    Attributes:
        letter: Letter that represents the organisation in charts.
        organisation: Id of the organisation.
        texts: Texts of its score.
        rank: Its rank as text, a dash if it is unranked.
        without: URL of the comparison without this organisation.
    """

    letter: str
    organisation: str
    texts: EmbedTexts
    rank: str
    without: str


class ComparisonRow(Struct, frozen=True, kw_only=True):
    """A row of the comparison table: the scores of all organisations in one dimension or indicator.

    Attributes:
        id: Id of the dimension or indicator.
        name: Name of the dimension or indicator.
        scores: Scores in points, None for an organisation without a score.
        texts: The same scores as text.
        best: Positions (from 0) of the organisations with the highest score; empty if all scores are equal or fewer
            than two are known.
        distance: Letters of the best organisations, and the points from the lowest to the highest score, such as "A, C
            +12.5"; a text that says so if all scores are equal; a dash if fewer than two scores are known.
    """

    id: str
    name: str
    scores: tuple[Figure | None, ...]
    texts: tuple[str, ...]
    best: frozenset[int]
    distance: str


class ComparedDimension(Struct, frozen=True):
    """A dimension of the comparison table: its own row, and the rows of its indicators."""

    dimension: ComparisonRow
    indicators: tuple[ComparisonRow, ...]


class GroupedBar(Struct, frozen=True):
    """The bar of one organisation in a group of bars.

    Attributes:
        letter: Letter that represents the organisation.
        value: Score from 0 to 100, None if there is none.
        text: Score as text.
        top: Top of the bar, in em.
        baseline: Baseline of the text, in em.
    """

    letter: str
    value: Figure | None
    text: str
    top: float
    baseline: float


class BarGroup(Struct, frozen=True):
    """The bars of all organisations in one dimension.

    `lines` are the lines of the dimension's name above the bars, each with its baseline in em.
    """

    lines: tuple[tuple[str, float], ...]
    bars: tuple[GroupedBar, ...]


class GroupedBarChart(Struct, frozen=True):
    """A chart with one group of bars per dimension. `height` is the height of the chart in em."""

    groups: tuple[BarGroup, ...]
    height: float


SearchOutcome = Literal["added", "already", "several", "similar", "nothing", "full"]


class ComparisonSelection(Struct, frozen=True, kw_only=True):
    """The compared organisations, and the result of the search for a further one.

    Attributes:
        edition: Edition of the scores.
        sides: Compared organisations with their scores.
        unknown: Requested ids without a published score in the edition.
        refused: All requested ids, if there are more than `ORGANISATIONS_MAX`; nothing is compared then.
        query: Words of the search, empty if there is none.
        outcome: Result of the search, None without a search. `added`: one organisation was found and is compared too.
            `already`: the found organisation was compared already. `several`: `matches` are the found organisations.
            `similar`: `matches` only have similar names. `nothing`: none was found. `full`: there is no room for a
            further organisation.
        matches: Organisations to choose from.
    """

    edition: editions.EditionRecord
    sides: tuple[ComparedScore, ...]
    unknown: tuple[str, ...]
    refused: tuple[str, ...]
    query: str
    outcome: SearchOutcome | None
    matches: tuple[RankingRow, ...]

    @property
    def ids(self) -> list[str]:
        """The ids of the compared organisations."""
        return [side.edition_score.organisation for side in self.sides]


class ComparisonPageController(Controller):
    """The route of the page that compares organisations of an edition."""

    path = "/portal/{edition:str}/compare"
    include_in_schema = False

    @get_page(
        "/", operation_id="portal.compare", access=ANYBODY, has_clean_address=True, parameters=("organisation", "q")
    )
    def compare(
        self, request: ApiRequest, edition: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show the page that compares two to five organisations of an edition.

        Each query parameter `organisation` names one organisation; `q` searches for a further one. The page has the
        status 400 if more than five are named, and 404 if one of them has no published score in the edition.
        """
        try:
            chosen = _read_selection(database, edition, read_parameters(request))
        except UnknownEdition:
            return render_missing_edition(request, database, edition)
        to, segment = build_links(request), choose_segment(request, chosen.edition)
        title = _COMPARE.into(language)
        return render_portal_page(
            request,
            "compare.html",
            title,
            _build_view(database, chosen, language, to, segment),
            section="compare",
            edition=chosen.edition,
            trail=(Crumb(select_edition_title(chosen.edition, language), to(segment)), Crumb(title)),
            status=400 if chosen.refused else 404 if chosen.unknown else 200,
        )


def _read_selection(database: Database, edition: str, pairs: Sequence[tuple[str, str]]) -> ComparisonSelection:
    """Load the organisations that the query parameters name, and search for a further one.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    # PostgreSQL takes no text with a NUL.
    asked = dict.fromkeys(clean_text(value) for name, value in pairs if name == "organisation")
    named = [identifier for identifier in asked if identifier]
    query = clean_text(dict(pairs).get("q", ""))[:QUERY_MAX]
    refused = named if len(named) > ORGANISATIONS_MAX else []
    found = comparison.compare_organisations(database, edition, [] if refused else named)
    sides, outcome = found.sides, None
    matches: tuple[RankingRow, ...] = ()
    if query and not refused:
        ids = {side.edition_score.organisation for side in sides}
        matches = tuple(comparison.find_organisations(database, edition, query, limit=RESULTS_MAX + 1))
        is_exact = organisations.has_exact_match(database, query)
        outcome = _classify_search(matches, ids, is_exact=is_exact)
        if outcome == "added":
            sides += comparison.compare_organisations(database, edition, [matches[0].organisation]).sides
    return ComparisonSelection(
        edition=found.edition,
        sides=sides,
        unknown=found.unknown,
        refused=tuple(refused),
        query=query,
        outcome=outcome,
        matches=matches if outcome in ("several", "similar") else (),
    )


def _classify_search(matches: Sequence[RankingRow], ids: Collection[str], *, is_exact: bool) -> SearchOutcome:
    if not matches:
        return "nothing"
    if len(matches) == 1 and matches[0].organisation in ids:
        return "already"
    if len(ids) >= ORGANISATIONS_MAX:
        return "full"
    if not is_exact:
        # Who is only called alike may not be meant: the reader says so.
        return "similar"
    return "added" if len(matches) == 1 else "several"


def _build_view(
    database: Database, chosen: ComparisonSelection, language: Language, to: Links, segment: str
) -> dict[str, object]:
    """Build the values from which the template renders the comparison page."""
    edition, ids = chosen.edition, chosen.ids
    figures = FigureFormatter(load_methodology(edition.methodology), language)
    columns = [
        ComparisonColumn(
            letter=letter,
            organisation=one,
            texts=embed_texts.describe_standing(
                embeds.find_standing(database, edition.id, one), language, to(edition.id, one)
            ),
            rank=NO_FIGURE if side.edition_score.rank is None else figures.format_count(side.edition_score.rank),
            without=_format_address(to, segment, [other for other in ids if other != one]),
        )
        for letter, one, side in zip(LETTERS, ids, chosen.sides, strict=False)
    ]
    sections = (
        _build_dimensions(columns, chosen.sides, edition, figures, language)
        if len(columns) >= ORGANISATIONS_MIN
        else []
    )
    rows = [
        f"{section.dimension.name}: " + ", ".join(map(" ".join, zip(LETTERS, section.dimension.texts, strict=False)))
        for section in sections
    ]
    names: dict[str, str] = {}
    if chosen.refused:
        filters = ScoreFilters(organisations=chosen.refused)
        found = list_ranking(database, edition.id, filters, PageRange(limit=len(chosen.refused)))
        names = {row.organisation: row.name for row in found}
    return {
        "chosen_sides": chosen,
        "known": _format_address(to, segment, ids),
        "columns": columns,
        "sections": sections,
        "picture": _lay_out_bars(columns, sections),
        "described": _CHART_DESCRIPTION.into(language).format(rows="; ".join(rows)),
        "refused": [
            (names.get(one, one), _format_address(to, segment, [other for other in chosen.refused if other != one]))
            for one in chosen.refused
        ],
        "matches": [
            (match, _format_address(to, segment, [*ids, match.organisation]))
            for match in chosen.matches[:RESULTS_MAX]
            if match.organisation not in ids
        ],
        "more": len(chosen.matches) > RESULTS_MAX,
        "least": ORGANISATIONS_MIN,
        "most": ORGANISATIONS_MAX,
        "query_max": QUERY_MAX,
    }


def _lay_out_bars(columns: Sequence[ComparisonColumn], sections: Sequence[ComparedDimension]) -> GroupedBarChart:
    """Lay out one group of bars per dimension, with one bar per organisation; positions are in em."""
    groups, y = [], 0.0
    for section in sections:
        lines = wrap_lines(section.dimension.name, charts.LABEL_WIDTH, 1, 2)
        start = y + _LINE * len(lines) + 0.2
        bars = tuple(
            GroupedBar(column.letter, score, text, top=round(top, 2), baseline=round(top + 0.65, 2))
            for top, column, score, text in zip(
                (start + _BAR * position for position in range(len(columns))),
                columns,
                section.dimension.scores,
                section.dimension.texts,
                strict=True,
            )
        )
        groups.append(
            BarGroup(tuple((line, round(y + 1 + _LINE * number, 2)) for number, line in enumerate(lines)), bars)
        )
        y = start + _BAR * len(columns) + 0.6
    return GroupedBarChart(tuple(groups), round(y, 2))


def _format_address(to: Links, segment: str, ids: Sequence[str]) -> str:
    """Return the URL of the page that compares the organisations `ids` in the edition that `segment` names."""
    return to.add_query(to.build_path(segment, "compare"), [("organisation", one) for one in ids])


def _build_dimensions(
    columns: Sequence[ComparisonColumn],
    sides: Sequence[ComparedScore],
    edition: editions.EditionRecord,
    figures: FigureFormatter,
    language: Language,
) -> list[ComparedDimension]:
    """Return every dimension with its indicators, each with the scores of all compared organisations.

    `columns` has the texts and dimension scores of the organisations, and `sides` their indicator scores, in the
    same order.
    """
    methodology = load_methodology(edition.methodology)
    sentences = get_sentences(methodology, language)
    dimensions = [{line.id: line.score for line in column.texts.dimensions} for column in columns]
    leaves = [{one.id: one.score for one in iterate_indicators(side.score)} for side in sides]
    return [
        ComparedDimension(
            _build_row(
                child.id, sentences.name_group(child.id), [scores[child.id] for scores in dimensions], figures, language
            ),
            tuple(
                _build_row(
                    one.id, sentences.name_indicator(one.id), [scores[one.id] for scores in leaves], figures, language
                )
                for one in walk_indicators(child)
            ),
        )
        for child in methodology.document.root.children
        if isinstance(child, Group)
    ]


def _build_row(
    identifier: str, name: str, scores: Sequence[Figure | None], figures: FigureFormatter, language: Language
) -> ComparisonRow:
    known = [score for score in scores if score is not None]
    best = frozenset[int]()
    distance = NO_FIGURE
    if len(known) >= ORGANISATIONS_MIN:
        most, least = max(known), min(known)
        if most == least:
            distance = _SAME.into(language)
        else:
            best = frozenset(position for position, score in enumerate(scores) if score == most)
            letters = ", ".join(LETTERS[position] for position in sorted(best))
            distance = f"{letters} +{figures.format_difference(most, least)}"
    return ComparisonRow(
        id=identifier,
        name=name,
        scores=tuple(scores),
        texts=tuple(figures.format_points(score) for score in scores),
        best=best,
        distance=distance,
    )
