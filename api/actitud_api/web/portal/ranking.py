"""The page of an edition: its ranking with filters and pages, and the distribution of the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.service import Band, split_words
from actitud_api.resources.scores import audits, schemas, service
from actitud_api.resources.scores.comparison_schemas import DRAWS, SEED
from actitud_api.resources.scores.computed import ComputationBusy, ComputationCache
from actitud_api.resources.scores.service import RankingRow, RankingSort, ScoreFilters
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal import charts
from actitud_api.web.portal.layout import Links
from actitud_api.web.portal.names import STATUS_TEXTS, Names, name_province, name_region, name_territory

PER_PAGE: Final = 50
_SEARCH_MAX: Final = 200
_AROUND: Final = 2
"""Number of pages that are linked on each side of the current page of the ranking."""

_SORTS: Final[Mapping[str, Texts]] = {
    "rank": Texts("Puesto, del mejor al último", "Rank, the best first"),
    "-rank": Texts("Puesto, del último al mejor", "Rank, the last first"),
    "organisation_name": Texts("Nombre", "Name"),
    "-population": Texts("Población, de más a menos", "Population, the largest first"),
    "population": Texts("Población, de menos a más", "Population, the smallest first"),
    "-coverage": Texts("Cobertura, de más a menos", "Coverage, the widest first"),
}
_CLOSEST: Final = Texts("Lo más parecido a la búsqueda", "The closest to the search")
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


class FilterOption(Struct, frozen=True):
    """An option of a drop-down; `chosen` is True if the request selects it."""

    value: str
    text: str
    chosen: bool


class FilterField(Struct, frozen=True):
    """A drop-down of filter options, or of sort orders.

    The first option of a filter is "any"; a drop-down of sort orders has no such option.
    """

    name: str
    label: str
    choices: tuple[FilterOption, ...]


class RankingLine(Struct, frozen=True, kw_only=True):
    """An organisation of the ranking, as texts.

    `href`: URL of its page. `simulated`: True if it is invented. `about`: its kind, territory, size and coverage.
    `rank`: None if it is not ranked. `interval`: the ranks that it has in nine of ten random draws of weights and
    aggregation, such as "3–7"; None if it is not ranked or the draws are not computed. `index` and `bar`: the index
    as text and number, None if it is not ranked; `reason` is then its status, else None. `level` and `level_name`:
    None without a level. `dimension_score`: the score in the dimension by which the list is sorted; None if the
    list is sorted otherwise.
    """

    organisation: str
    name: str
    href: str
    about: str
    rank: str | None
    interval: str | None
    index: str | None
    bar: Figure | None
    reason: str | None
    level: int | None
    level_name: str | None
    dimension_score: str | None
    simulated: bool


class RankingRequest(Struct, frozen=True, kw_only=True):
    """The search, filters and page that a request asks for.

    `chosen`: the filters and the sort order by name. A filter value that no organisation of the edition has is
    dropped, and so is the order that a list has by itself: by rank, or the closest first if there is a search.
    """

    query: str
    chosen: Mapping[str, str]
    page: int

    @property
    def parameters(self) -> list[tuple[str, str | int]]:
        """The search, filters and sort order as query parameters, without the page."""
        search: list[tuple[str, str | int]] = [("q", self.query)] if self.query else []
        return [*search, *self.chosen.items()]

    @property
    def is_filtered(self) -> bool:
        """True if the request has a search or a filter."""
        return bool(self.query or set(self.chosen) - {"sort"})

    @property
    def filters(self) -> ScoreFilters:
        """The search and filters in the form that the score service takes."""
        level = self.chosen.get("level")
        return ScoreFilters(
            text=self.query,
            kinds=(self.chosen["kind"],) if "kind" in self.chosen else None,
            region=self.chosen.get("region"),
            province=self.chosen.get("province"),
            band=cast("Band | None", self.chosen.get("band")),
            level=None if level is None else int(level),
            status=cast("Status | None", self.chosen.get("status")),
        )

    @property
    def is_closest_first(self) -> bool:
        """True if the list is in the order of a search, the closest organisations first."""
        return "sort" not in self.chosen and bool(split_words(self.query))

    @property
    def sort(self) -> RankingSort:
        """The sort order in the form that the score service takes; by rank if the request names none."""
        return schemas.SORTS[self.chosen.get("sort", "rank")]


class PageLink(Struct, frozen=True):
    """A link to a page of a list.

    `href` is None for the current page. A gap between page numbers is a link whose `number` and `href` are None.
    """

    number: int | None
    href: str | None


class RankingPage(Struct, frozen=True, kw_only=True):
    """The data from which the page of an edition is rendered.

    `count`: number of organisations that the filters select. `first`: position of the first shown line in the list,
    from 1. `previous` and `following`: URLs of the neighbouring pages, None if there is none. `has_intervals`: True
    if the uncertainty of the ranks is shown; `awaits_intervals`: True if it is not computed yet. `dimension`: name
    of the dimension by which the list is sorted, None if it is sorted otherwise. `fields`: the drop-downs of
    filters and sort order. `summary`: figures of the selected organisations; `picture`: a histogram of their index.
    `tenths`: range, count and share for each tenth of the index.
    """

    request: RankingRequest
    fields: tuple[FilterField, ...]
    lines: tuple[RankingLine, ...]
    count: int
    first: int
    pages: tuple[PageLink, ...]
    previous: str | None
    following: str | None
    has_intervals: bool
    awaits_intervals: bool
    dimension: str | None
    summary: service.ScoreSummary
    picture: charts.Picture
    tenths: tuple[tuple[str, str, str], ...]


def build_ranking_page(
    database: Database,
    computed: ComputationCache,
    edition: editions.EditionRecord,
    parameters: Iterable[tuple[str, str]],
    to: Links,
    language: Language,
) -> RankingPage:
    """Build the data of the page of a published edition from the query parameters `parameters`.

    `computed` keeps the random draws from which the uncertainty of the ranks is taken; `to` builds the URLs of
    links.
    """
    names = Names(load_methodology(edition.methodology), language)
    fields = _build_fields(service.count_by_group(database, edition.id), dict(parameters), names)
    request = _parse_request(dict(parameters), fields)
    filters = request.filters
    count = service.count_scores(database, edition.id, filters)
    last = max(1, -(-count // PER_PAGE))
    number = min(request.page, last)
    offset = PER_PAGE * (number - 1)
    if request.is_closest_first:
        rows = service.search_ranking(database, edition.id, filters, offset=offset, limit=PER_PAGE)
    else:
        rows = service.list_ranking(
            database, edition.id, filters, sort=request.sort, after=None, offset=offset, limit=PER_PAGE
        )
    drawn = list_robust_ranks(database, computed, edition.id, [row.organisation for row in rows if row.rank])
    intervals = {
        robust.row.organisation: (robust.rank[0], robust.rank[2]) for robust in drawn if robust.rank is not None
    }
    summary = service.compute_summary(database, edition.id, filters, principal=None)

    def address(page: int) -> str:
        return to.add_query(to.build_path(edition.id), [*request.parameters, *([("page", page)] if page > 1 else [])])

    return RankingPage(
        request=request,
        fields=fields,
        lines=tuple(_build_line(row, edition, intervals, request.sort, to, names) for row in rows),
        count=count,
        first=offset + 1,
        pages=tuple(
            PageLink(shown, None if shown in (None, number) else address(shown)) for shown in select_pages(number, last)
        ),
        previous=address(number - 1) if number > 1 else None,
        following=address(number + 1) if number < last else None,
        has_intervals=bool(intervals),
        awaits_intervals=not intervals and any(row.rank for row in rows),
        dimension=names.map_dimensions().get(request.sort.key),
        summary=summary,
        picture=draw_tenths("spread", summary, names),
        tenths=list_tenths(summary, names),
    )


def list_robust_ranks(
    database: Database, computed: ComputationCache, edition: str, organisations: Sequence[str]
) -> list[audits.OrganisationRobustness]:
    """List the robustness of the ranks of organisations in a published edition.

    The list is empty while too many requests wait for a computation. The number of random draws and their seed
    are the defaults of the operation `editions.robustness.list`. The first request for an edition computes the
    draws, and the process keeps them for later requests.
    """
    if not organisations:
        return []
    try:
        return audits.list_robustness(
            database,
            computed,
            edition,
            ScoreFilters(organisations=tuple(organisations)),
            principal=None,
            draws=DRAWS,
            seed=SEED,
            after=None,
            offset=0,
            limit=len(organisations),
        )
    except ComputationBusy:  # the page says that intervals are missing, rather than fail
        return []


def list_tenths(summary: service.ScoreSummary, names: Names) -> tuple[tuple[str, str, str], ...]:
    """Return the range, the count and the share of ranked organisations for each tenth of the index, as texts."""
    return tuple(
        (
            f"{10 * number}–{10 * number + 10}",
            names.format_count(count),
            names.format_percent(round(count / summary.ranked, 3) if summary.ranked else 0),
        )
        for number, count in enumerate(summary.tenths)
    )


def draw_tenths(identifier: str, summary: service.ScoreSummary, names: Names, own: int | None = None) -> charts.Picture:
    """Draw the distribution of the index as a histogram of ten columns.

    `own` is the column to highlight, from 0; None highlights none.
    """
    parts = [
        _TENTH.into(names.language).format(start=10 * number, end=10 * number + 10, count=names.format_count(count))
        for number, count in enumerate(summary.tenths)
    ]
    return charts.draw_columns(
        identifier,
        _TENTHS.into(names.language),
        _TENTHS_ALT.into(names.language).format(parts="; ".join(parts)),
        [
            charts.HistogramColumn(
                label=str(10 * number),
                count=count,
                text=format_whole_percent(count, summary.ranked, names),
                marked=number == own,
            )
            for number, count in enumerate(summary.tenths)
        ],
    )


def format_whole_percent(count: int, total: int, names: Names) -> str:
    """Format `count` / `total` in whole per cent, for columns that have no room for decimals on a telephone.

    A share above 0 that rounds to 0 is shown as less than 1 %.
    """
    share = round_half_up(Fraction(100 * count, total)) if total else 0
    return f"<{names.format_percent(0.01)}" if count and not share else names.format_percent(share / 100)


def format_interval(interval: tuple[int, int] | None, names: Names) -> str | None:
    """Format an interval of ranks; as one number if both ends are equal. Return None if `interval` is None."""
    if interval is None:
        return None
    low, high = (names.format_count(rank) for rank in interval)
    return low if low == high else f"{low}–{high}"


def _build_line(
    row: RankingRow,
    edition: editions.EditionRecord,
    intervals: Mapping[str, tuple[int, int]],
    sort: RankingSort,
    to: Links,
    names: Names,
) -> RankingLine:
    shown = schemas.build_score_row(row)
    ranked = row.rank is not None
    about = (
        names.name_kind(row.kind),
        name_territory(row.province, row.region),
        names.name_band(row.band) if row.band else "",
        _COVERAGE.into(names.language).format(coverage=names.format_percent(shown.coverage)) if shown.coverage else "",
    )
    return RankingLine(
        organisation=row.organisation,
        name=clean_text(row.name),
        href=to(edition.id, row.organisation),
        about=" · ".join(part for part in about if part),
        rank=None if row.rank is None else names.format_count(row.rank),
        interval=format_interval(intervals.get(row.organisation), names),
        index=names.format_points(shown.index) if ranked and shown.index is not None else None,
        bar=shown.index if ranked else None,
        reason=None if ranked else names.name_unranked(row.status),
        level=row.level,
        level_name=None if row.level is None else names.name_level(row.level),
        dimension_score=names.format_points(shown.dimensions[sort.key]) if sort.key in shown.dimensions else None,
        simulated=row.simulated and not edition.simulated,
    )


def _build_fields(
    groups: Sequence[service.GroupCount], parameters: Mapping[str, str], names: Names
) -> tuple[FilterField, ...]:
    """Build the drop-downs of the ranking: the filters, and the sort order.

    `groups`: the number of the edition's organisations by kind, size band and territory; the filters of kind,
    region, province and size offer only values that occur in them, with their number. `parameters`: the query
    parameters, which say what is chosen.
    """
    language = names.language

    def choices(name: str, texts: Mapping[str, str]) -> FilterField:
        options = [FilterOption(value, text, parameters.get(name) == value) for value, text in texts.items()]
        any_option = FilterOption("", _ANY.into(language), not any(choice.chosen for choice in options))
        return FilterField(name, _LABELS[name].into(language), (any_option, *options))

    def counted(name: str, label: Mapping[str, str]) -> FilterField:
        counts: Counter[str] = Counter()
        for group in groups:
            value: str | None = getattr(group, name)
            if value is not None:
                counts[value] += group.organisations
        return choices(
            name,
            {
                value: _COUNTED.into(language).format(name=text, count=names.format_count(counts[value]))
                for value, text in label.items()
                if value in counts
            },
        )

    seen = {name: sorted({value for group in groups if (value := getattr(group, name))}) for name in _GROUPED_BY}
    sorts = {value: text.into(language) for value, text in _SORTS.items()} | {
        f"-{dimension}": _BEST_IN.into(language).format(name=text, dimension=dimension)
        for dimension, text in names.map_dimensions().items()
    }
    if split_words(parameters.get("q", "")):
        sorts = {"": _CLOSEST.into(language), **sorts}
    else:
        # An empty value, so that a search from this page does not ask for the order by rank.
        sorts = {"": sorts.pop("rank"), **sorts}
    order = parameters.get("sort", "") if parameters.get("sort") in sorts else ""
    return (
        counted("kind", {code: names.name_kind(code) for code in seen["kind"]}),
        counted("region", _sort_by_text({code: name_region(code) or code for code in seen["region"]})),
        counted("province", _sort_by_text({code: name_province(code) or code for code in seen["province"]})),
        counted(
            "band",
            {code: names.name_band(code) for code in sorted(seen["band"], key=lambda code: (code[0] != "P", code))},
        ),
        choices("level", {str(number): names.name_level(number) for number in names.list_levels()}),
        choices("status", {status: names.name_status(status) for status in STATUS_TEXTS}),
        FilterField(
            "sort",
            _LABELS["sort"].into(language),
            tuple(FilterOption(value, text, value == order) for value, text in sorts.items()),
        ),
    )


_GROUPED_BY: Final = ("kind", "region", "province", "band")


def _sort_by_text(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the items of `texts`, which are names by code, sorted by name. Accents and case are ignored."""
    return dict(sorted(texts.items(), key=lambda pair: split_words(pair[1])))


def _parse_request(parameters: Mapping[str, str], fields: Sequence[FilterField]) -> RankingRequest:
    page = parameters.get("page", "")
    return RankingRequest(
        query=clean_text(parameters.get("q", ""))[:_SEARCH_MAX],
        chosen={
            field.name: choice.value for field in fields for choice in field.choices if choice.chosen and choice.value
        },
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 and int(page) else 1,
    )


def select_pages(number: int, last: int) -> list[int | None]:
    """Select the page numbers to link: the first, the last and those around the current page `number`.

    `last` is the number of the last page. None stands for a gap between page numbers.
    """
    near = [page for page in range(1, last + 1) if page in (1, last) or abs(page - number) <= _AROUND]
    shown: list[int | None] = []
    for page in near:
        if shown and shown[-1] is not None and page - shown[-1] > 1:
            shown.append(None)
        shown.append(page)
    return shown
