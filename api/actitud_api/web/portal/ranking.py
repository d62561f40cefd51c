"""The page of an edition: its ranking with filters and pages, and the distribution of the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, cast, get_args

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.organisations.service import split_words
from actitud_api.resources.organisations.territories import PROVINCES, REGIONS
from actitud_api.resources.scores import audits, schemas, service, summaries
from actitud_api.resources.scores.comparison_schemas import DRAWS, SEED
from actitud_api.resources.scores.computed import ComputationBusy, ComputationCache
from actitud_api.resources.scores.service import RankingRow, RankingSort, ScoreFilters
from actitud_api.web.charts import layouts as charts
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.filters import (
    QUERY_MAX,
    ChosenFilter,
    FilterField,
    SortHeader,
    UnknownFilter,
    build_field,
    list_unknown_filters,
    read_page_number,
)
from actitud_api.web.portal.findings import describe_spread
from actitud_api.web.portal.layout import Links
from actitud_api.web.portal.names import STATUS_TEXTS, Names, name_province, name_region, name_territory

PER_PAGE: Final = 50
_AROUND: Final = 2
"""Number of pages that are linked on each side of the current page of the ranking."""

_SORTS: Final[Mapping[str, Texts]] = {
    "rank": Texts("Puesto, del mejor al último", "Rank, the best first"),
    "-rank": Texts("Puesto, del último al mejor", "Rank, the last first"),
    "organisation_name": Texts("Nombre, de la A a la Z", "Name, A to Z"),
    "-organisation_name": Texts("Nombre, de la Z a la A", "Name, Z to A"),
    "-population": Texts("Población, de más a menos", "Population, the largest first"),
    "population": Texts("Población, de menos a más", "Population, the smallest first"),
    "-coverage": Texts("Cobertura, de más a menos", "Coverage, the widest first"),
    "coverage": Texts("Cobertura, de menos a más", "Coverage, the narrowest first"),
}
_HEADERS: Final[Mapping[str, tuple[Texts, tuple[str, str]]]] = {
    "rank": (Texts("Puesto", "Rank"), ("rank", "-rank")),
    "organisation": (Texts("Organización", "Organisation"), ("organisation_name", "-organisation_name")),
    "population": (Texts("Habitantes", "Inhabitants"), ("-population", "population")),
    "result": (Texts("Índice y nivel", "Index and level"), ("rank", "-rank")),
}
"""The header of each column that every ranking has, with the order of its link and the opposite one."""
_COVERAGE_HEADER: Final = Texts("Cobertura", "Coverage")
_CLOSEST: Final = Texts("Lo más parecido a la búsqueda", "The closest to the search")
_ANY: Final = Texts("Cualquiera", "Any")
_SEARCH: Final = Texts("Búsqueda", "Search")
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
_BEST_IN: Final = Texts("{name}, los mejores primero", "{name}, the best first")
_WORST_IN: Final = Texts("{name}, los últimos primero", "{name}, the last first")
_OWN_LISTED: Final = Texts(
    "puesto {rank} de {count} en esta lista, {whole} en toda la edición",
    "rank {rank} of {count} in this list, {whole} in the whole edition",
)
_OWN_RANKED: Final = Texts("puesto {whole} en toda la edición", "rank {whole} in the whole edition")
_OWN_UNRANKED: Final = Texts("sin puesto", "without a rank")
_OUTSIDE: Final = Texts("{province} no está en {region}.", "{province} is not in {region}.")
_PROVISIONAL: Final = Texts(
    "El nivel {level} es provisional mientras no conste esto: {condition}.",
    "Level {level} is provisional until this is known: {condition}.",
)


class RankingLine(Struct, frozen=True, kw_only=True):
    """A line of the ranking: one organisation, as texts.

    Attributes:
        organisation: Id of the organisation.
        name: Name of the organisation.
        href: URL of its page.
        about: Its territory, and further facts only if they are unusual in the edition: its kind if there are several,
            its size if it is not a number of inhabitants, its coverage if it is not full.
        rank: Its rank among the organisations that the filters select, None if it is not ranked.
        whole_rank: Its rank in the whole edition, None if `rank` is already this rank.
        interval: Ranks in the whole edition that it has in nine of ten random draws of weights and aggregation, such as
            "3–7"; None if it is not ranked or the draws are not computed.
        index: Index as text, None if it is not ranked.
        bar: Index as number, None if it is not ranked.
        reason: Status that explains why it is not ranked, else None.
        level: Number of its level, None without a level.
        level_name: Name of its level, None without a level.
        is_provisional: True if its level is provisional.
        population: Its population, None if it is not known.
        sorted_by: Coverage, or score in the dimension, by which the list is sorted; None if it is sorted otherwise.
        simulated: True if the organisation is invented, but the edition is not.
        is_own: True if the request marks the organisation.
    """

    organisation: str
    name: str
    href: str
    about: str
    rank: str | None
    whole_rank: str | None
    interval: str | None
    index: str | None
    bar: Figure | None
    reason: str | None
    level: int | None
    level_name: str | None
    is_provisional: bool
    population: str | None
    sorted_by: str | None
    simulated: bool
    is_own: bool


class MarkedRow(Struct, frozen=True):
    """The row that a request marks: the name of the organisation, its rank as text, and the URL of the row."""

    name: str
    text: str
    href: str


class RankingRequest(Struct, frozen=True, kw_only=True):
    """The search, filters, sort order and page that a request asks for.

    Attributes:
        query: Words of the search, empty for none.
        chosen: Filters and sort order by name, without unknown values and without the default order, which is by rank
            or, with a search, the closest first.
        marked: Id or alias of the organisation whose row is marked, empty for none.
        page: Number of the page.
    """

    query: str
    chosen: Mapping[str, str]
    marked: str
    page: int

    def list_parameters(self, **others: str) -> list[tuple[str, str | int]]:
        """List the query parameters of the request, some replaced by `others`; empty parameters are left out."""
        wanted = {"q": self.query, **self.chosen, "marked": self.marked, **others}
        if wanted.get("sort") == "rank" and not split_words(wanted["q"]):
            del wanted["sort"]
        return [(name, value) for name, value in wanted.items() if value]

    @property
    def is_filtered(self) -> bool:
        """True if the request has a search or a filter."""
        return bool(self.query or set(self.chosen) - {"sort"})

    @property
    def is_part(self) -> bool:
        """True if filters, without a search, select a part of the edition, within which organisations have a rank."""
        return bool(set(self.chosen) - {"sort"}) and not split_words(self.query)

    @property
    def filters(self) -> ScoreFilters:
        """The search and filters as `ScoreFilters`, for the score service."""
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
        """True if the list is sorted by similarity to the search, the most similar organisation first."""
        return "sort" not in self.chosen and bool(split_words(self.query))

    @property
    def order(self) -> str:
        """The value of the query parameter for the sort order; empty if the list is sorted by similarity."""
        return "" if self.is_closest_first else self.chosen.get("sort", "rank")

    @property
    def sort(self) -> RankingSort:
        """The sort order as `RankingSort`, for the score service; by rank if the request names no order."""
        return schemas.SORTS[self.chosen.get("sort", "rank")]


class PageLink(Struct, frozen=True):
    """A link to a page of a list, by the number of the page.

    `href` is None for the current page. `number` and `href` are both None for a gap between page numbers.
    """

    number: int | None
    href: str | None


class RankingPage(Struct, frozen=True, kw_only=True):
    """The data from which the page of an edition is rendered.

    Attributes:
        request: Search, filters and page of the request.
        here: URL path of the page, without query.
        fields: Drop-down lists of filters and sort order.
        unknown: Filters of the request with an unknown value.
        active: Filters that limit the list.
        clash: Sentence that says that the requested province is not in the requested region, else None.
        headers: Headers of the columns.
        lines: Lines of the list on this page.
        provisional: Sentences that explain why levels are provisional.
        files: Query parameters of the files with the same organisations as the list, empty for all.
        count: Number of organisations that the filters select.
        is_similar: True if the list contains organisations with words similar to those of the search, because none has
            these words.
        own: Row that the request marks, None if it marks none in the list.
        number: Number of the page.
        first: Position of the first line of the page in the list, from 1.
        pages: Links to the pages of the list.
        previous: URL of the previous page, None if there is none.
        following: URL of the next page, None if there is none.
        has_intervals: True if the uncertainty of the ranks is shown.
        awaits_intervals: True if the uncertainty of the ranks is not computed yet.
        summary: Figures of the selected organisations.
        picture: Histogram of the index of the selected organisations.
        tenths: Range, count and share for each tenth of the index.
    """

    request: RankingRequest
    here: str
    fields: tuple[FilterField, ...]
    unknown: tuple[UnknownFilter, ...]
    active: tuple[ChosenFilter, ...]
    clash: str | None
    headers: tuple[SortHeader, ...]
    lines: tuple[RankingLine, ...]
    provisional: tuple[str, ...]
    files: list[tuple[str, str | int]]
    count: int
    is_similar: bool
    own: MarkedRow | None
    number: int
    first: int
    pages: tuple[PageLink, ...]
    previous: str | None
    following: str | None
    has_intervals: bool
    awaits_intervals: bool
    summary: summaries.ScoreSummary
    picture: charts.Picture
    tenths: tuple[tuple[str, str, str], ...]


def build_ranking_page(
    database: Database,
    computed: ComputationCache,
    edition: editions.EditionRecord,
    parameters: Iterable[tuple[str, str]],
    to: Links,
    language: Language,
    *,
    segment: str,
) -> RankingPage:
    """Build the data of the page of a published edition from the query parameters `parameters`.

    `computed` caches the random draws that give the uncertainty of the ranks, `to` builds the URLs of links, and
    `segment` is the name of the edition in the links of this list: its id, or `latest`.
    """
    names = Names(load_methodology(edition.methodology), language)
    given, known = dict(parameters), _map_known(names)
    request = _read_request(given, known)
    groups = summaries.count_by_group(database, computed, edition.id)
    filters = request.filters
    count = service.count_scores(database, edition.id, filters)
    last = max(1, -(-count // PER_PAGE))
    number = min(request.page, last)
    offset = PER_PAGE * (number - 1)
    if request.is_closest_first:
        rows = service.search_ranking(database, edition.id, filters, PageRange(offset=offset, limit=PER_PAGE))
    else:
        rows = service.list_ranking(
            database, edition.id, filters, PageRange(offset=offset, limit=PER_PAGE), sort=request.sort
        )
    drawn = list_robust_ranks(database, computed, edition.id, [row.organisation for row in rows if row.rank])
    intervals = {
        robust.row.organisation: (robust.rank[0], robust.rank[2]) for robust in drawn if robust.rank is not None
    }
    summary = summaries.compute_summary(database, computed, edition.id, filters, principal=None)
    provisional = service.list_provisional(database, edition.id, rows)
    ranks = service.find_local_ranks(database, edition.id, filters, rows) if request.is_part else None
    own = service.find_listed_row(database, edition.id, filters, request.marked) if request.marked else None
    here = to.build_path(segment)
    has_kinds = len({group.kind for group in groups}) > 1

    def address(page: int, **others: str) -> str:
        return to.add_query(here, [*request.list_parameters(**others), *([("page", page)] if page > 1 else [])])

    def build_own(listed: service.ListedRow) -> MarkedRow:
        """Describe the marked row; its URL is that in the order by rank, unless it is on this page."""
        whole = names.format_count(listed.row.rank)
        text, rank = _OWN_RANKED, ""
        if listed.row.rank is None:
            text = _OWN_UNRANKED
        elif request.is_part:
            local = service.find_local_ranks(database, edition.id, filters, [listed.row])
            text, rank = _OWN_LISTED, names.format_count(local[listed.row.organisation])
        href = address(-(-listed.position // PER_PAGE), sort="rank")
        is_here = any(row.organisation == listed.row.organisation for row in rows)
        return MarkedRow(
            name=clean_text(listed.row.name) or listed.row.organisation,
            text=text.into(names.language).format(rank=rank, count=names.format_count(summary.ranked), whole=whole),
            href="#own" if is_here else f"{href}#own",
        )

    return RankingPage(
        request=request,
        here=here,
        fields=_build_fields(groups, request, names),
        unknown=list_unknown_filters(given, known, _LABELS, language),
        active=_list_active(request, here, to, names),
        clash=_describe_clash(request, language),
        headers=_build_headers(request, here, to, names),
        lines=tuple(
            _build_line(
                row,
                edition,
                request.sort,
                to,
                names,
                rank=row.rank if ranks is None else ranks.get(row.organisation),
                is_part=request.is_part,
                is_own=own is not None and own.row.organisation == row.organisation,
                interval=intervals.get(row.organisation),
                is_provisional=row.organisation in provisional,
                has_kinds=has_kinds,
            )
            for row in rows
        ),
        provisional=_explain_provisional(
            edition, {row.level for row in rows if row.organisation in provisional}, names
        ),
        files=request.list_parameters(marked=""),
        own=None if own is None else build_own(own),
        count=count,
        is_similar=bool(rows and split_words(request.query))
        and not organisations.has_exact_match(database, request.query),
        number=number,
        first=offset + 1,
        pages=tuple(
            PageLink(shown, None if shown in (None, number) else address(shown)) for shown in select_pages(number, last)
        ),
        previous=address(number - 1) if number > 1 else None,
        following=address(number + 1) if number < last else None,
        has_intervals=bool(intervals),
        awaits_intervals=not intervals and any(row.rank for row in rows),
        summary=summary,
        picture=draw_tenths("spread", summary, names),
        tenths=list_tenths(summary, names),
    )


def list_robust_ranks(
    database: Database, computed: ComputationCache, edition: str, organisations: Sequence[str]
) -> list[audits.OrganisationRobustness]:
    """List the ranges of the ranks of organisations over the random draws of weights and aggregations.

    The number of draws and their seed are the defaults of the operation `editions.robustness.list`. The first request
    for an edition computes the draws, and the process keeps them for later requests. The list is empty while too many
    requests wait for a computation.
    """
    if not organisations:
        return []
    try:
        return audits.list_robustness(
            database,
            computed,
            edition,
            ScoreFilters(organisations=tuple(organisations)),
            PageRange(limit=len(organisations)),
            principal=None,
            draws=DRAWS,
            seed=SEED,
        )
    except ComputationBusy:  # the page says that intervals are missing, rather than fail
        return []


def list_tenths(summary: summaries.ScoreSummary, names: Names) -> tuple[tuple[str, str, str], ...]:
    """Return the range, the count and the share of ranked organisations for each tenth of the index, as texts."""
    return tuple(
        (
            f"{10 * number}–{10 * number + 10}",
            names.format_count(count),
            names.format_percent(round(count / summary.ranked, 3) if summary.ranked else 0),
        )
        for number, count in enumerate(summary.tenths)
    )


def draw_tenths(
    identifier: str, summary: summaries.ScoreSummary, names: Names, own: int | None = None
) -> charts.Picture:
    """Draw the distribution of the index as a histogram of ten columns.

    `identifier` is the id of the chart in the page. `own` is the column to highlight, from 0; None highlights none.
    """
    parts = [
        _TENTH.into(names.language).format(start=10 * number, end=10 * number + 10, count=names.format_count(count))
        for number, count in enumerate(summary.tenths)
    ]
    return charts.draw_columns(
        identifier,
        describe_spread(summary.index, names) or _TENTHS.into(names.language),
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
    """Format an interval of ranks, as one number if both ends are equal; return None if `interval` is None."""
    if interval is None:
        return None
    low, high = (names.format_count(rank) for rank in interval)
    return low if low == high else f"{low}–{high}"


def _build_line(
    row: RankingRow,
    edition: editions.EditionRecord,
    sort: RankingSort,
    to: Links,
    names: Names,
    *,
    rank: int | None,
    is_part: bool,
    is_own: bool,
    interval: tuple[int, int] | None,
    is_provisional: bool,
    has_kinds: bool,
) -> RankingLine:
    shown = schemas.build_score_row(row)
    ranked = row.rank is not None
    is_partial = shown.coverage is not None and shown.coverage != 1
    about = (
        name_territory(row.province, row.region),
        names.name_kind(row.kind) if has_kinds else "",
        names.name_band(row.band) if row.band and row.population is None else "",
        _COVERAGE.into(names.language).format(coverage=names.format_percent(shown.coverage)) if is_partial else "",
    )
    return RankingLine(
        organisation=row.organisation,
        name=clean_text(row.name),
        href=to(edition.id, row.organisation),
        about=" · ".join(part for part in about if part),
        rank=None if rank is None else names.format_count(rank),
        whole_rank=names.format_count(row.rank) if is_part and ranked else None,
        interval=format_interval(interval, names),
        index=names.format_points(shown.index) if ranked and shown.index is not None else None,
        bar=shown.index if ranked else None,
        reason=None if ranked else names.name_unranked(row.status),
        level=row.level,
        level_name=None if row.level is None else names.name_level(row.level),
        is_provisional=is_provisional,
        population=None if row.population is None else names.format_count(row.population),
        sorted_by=_format_sorted_by(shown, sort, names),
        simulated=row.simulated and not edition.simulated,
        is_own=is_own,
    )


def _format_sorted_by(shown: schemas.ScoreRow, sort: RankingSort, names: Names) -> str | None:
    """Format the figure by which a list is sorted, if its row would not show it otherwise."""
    if sort.key == "coverage":
        return names.format_percent(shown.coverage)
    return names.format_points(shown.dimensions[sort.key]) if sort.key in shown.dimensions else None


def _map_known(names: Names) -> dict[str, Collection[str]]:
    """Return the known values of each filter and of the sort order, whether an organisation has them or not."""
    return {
        "kind": get_args(Kind),
        "region": REGIONS,
        "province": PROVINCES,
        "band": get_args(Band),
        "level": [str(number) for number in names.list_levels()],
        "status": STATUS_TEXTS,
        "sort": _map_sorts(names),
    }


def _map_sorts(names: Names) -> dict[str, str]:
    """Return the texts of the sort orders by the value of the query parameter."""
    dimensions = names.map_dimensions().items()
    return (
        {value: text.into(names.language) for value, text in _SORTS.items()}
        | {f"-{one}": _BEST_IN.into(names.language).format(name=text) for one, text in dimensions}
        | {one: _WORST_IN.into(names.language).format(name=text) for one, text in dimensions}
    )


def _read_request(parameters: Mapping[str, str], known: Mapping[str, Collection[str]]) -> RankingRequest:
    query = clean_text(parameters.get("q", ""))[:QUERY_MAX]
    chosen = {name: value for name, values in known.items() if (value := parameters.get(name, "")) in values}
    if chosen.get("sort") == "rank" and not split_words(query):
        del chosen["sort"]
    marked = clean_text(parameters.get("marked", ""))[:QUERY_MAX]
    return RankingRequest(query=query, chosen=chosen, marked=marked, page=read_page_number(parameters))


def _build_fields(
    groups: Sequence[summaries.GroupCount], request: RankingRequest, names: Names
) -> tuple[FilterField, ...]:
    """Build the drop-downs of the ranking: the filters, and the sort order.

    `groups`: the number of the edition's organisations by kind, size band and territory. The filters of kind, region,
    province and size offer only values that occur in them, with their number, and the value that is chosen; that of the
    province only those of the chosen region.
    """
    language, chosen = names.language, request.chosen
    every = _ANY.into(language)

    def build(name: str, texts: Mapping[str, str]) -> FilterField:
        return build_field(name, _LABELS[name].into(language), texts, chosen.get(name, ""), every)

    def build_counted(name: str, order: Callable[[tuple[str, str]], Any]) -> FilterField:
        counts: Counter[str] = Counter()
        for group in groups:
            value: str | None = getattr(group, name)
            region = PROVINCES[value].region if name == "province" and value in PROVINCES else None
            if value is not None and region in (None, chosen.get("region", region)):
                counts[value] += group.organisations
        values = {*counts, *([chosen[name]] if name in chosen else [])}
        texts = sorted(((value, _name_value(name, value, names)) for value in values), key=order)
        return build(
            name,
            {
                value: _COUNTED.into(language).format(name=text, count=names.format_count(counts[value]))
                for value, text in texts
            },
        )

    # Who lists municipalities only asks nobody to choose them.
    kinds = (build_counted("kind", lambda pair: pair[0]),)
    return (
        *(kinds if len({group.kind for group in groups}) > 1 or "kind" in chosen else ()),
        build_counted("region", lambda pair: split_words(pair[1])),
        build_counted("province", lambda pair: split_words(pair[1])),
        build_counted("band", lambda pair: (pair[0][0] != "P", pair[0])),
        build("level", {str(number): names.name_level(number) for number in names.list_levels()}),
        build("status", {status: names.name_status(status) for status in STATUS_TEXTS}),
        _build_sort_field(request, names),
    )


def _build_sort_field(request: RankingRequest, names: Names) -> FilterField:
    """Build the drop-down of sort orders: those that people ask for, and the one that is chosen."""
    known = _map_sorts(names)
    offered = {value: text for value, text in known.items() if value in _OFFERED or value.startswith("-D")}
    if request.order:
        offered.setdefault(request.order, known[request.order])
    if split_words(request.query):
        offered = {"": _CLOSEST.into(names.language), **offered}
    else:
        # An empty value, so that a search from this page does not ask for the order by rank.
        offered = {"": offered.pop("rank"), **offered}
    return build_field("sort", _LABELS["sort"].into(names.language), offered, request.chosen.get("sort", ""), None)


_OFFERED: Final = frozenset(_SORTS) - {"-organisation_name", "coverage"}
"""Sort orders that are always offered, beside those by a dimension."""


def _name_value(name: str, value: str, names: Names) -> str:
    """Return the value of a filter as text."""
    match name:
        case "kind":
            return names.name_kind(value)
        case "region":
            return name_region(value) or value
        case "province":
            return name_province(value) or value
        case "band":
            return names.name_band(value)
        case "level":
            return names.name_level(int(value))
        case _:
            return names.name_status(cast("Status", value))


def _list_active(request: RankingRequest, here: str, to: Links, names: Names) -> tuple[ChosenFilter, ...]:
    """List the search and the filters by which a list is filtered, each with the URL of the list without it."""
    wanted = {"q": request.query, **request.chosen}
    return tuple(
        ChosenFilter(
            (_SEARCH if name == "q" else _LABELS[name]).into(names.language),
            value if name == "q" else _name_value(name, value, names),
            to.add_query(here, request.list_parameters(**{name: ""})),
        )
        for name, value in wanted.items()
        if value and name != "sort"
    )


def _describe_clash(request: RankingRequest, language: Language) -> str | None:
    province, region = request.chosen.get("province"), request.chosen.get("region")
    if province is None or region is None or PROVINCES[province].region == region:
        return None
    return _OUTSIDE.into(language).format(province=name_province(province), region=name_region(region))


def _build_headers(request: RankingRequest, here: str, to: Links, names: Names) -> tuple[SortHeader, ...]:
    """Build the headers of the columns; the figure by which the list is sorted has a column if no other shows it."""
    columns = {column: (text.into(names.language), orders) for column, (text, orders) in _HEADERS.items()}
    key = request.sort.key
    dimension = names.map_dimensions().get(key)
    if key == "coverage" or dimension is not None:
        label = _COVERAGE_HEADER.into(names.language) if dimension is None else f"{key} · {dimension}"
        columns = {
            "rank": columns["rank"],
            "organisation": columns["organisation"],
            "sorted": (label, (f"-{key}", key)),
            **columns,
        }

    def build(column: str, label: str, orders: tuple[str, str]) -> SortHeader:
        order = request.order
        href = to.add_query(here, request.list_parameters(sort=orders[1] if order == orders[0] else orders[0]))
        if order not in orders or column == "result":
            # Rank and index are one order, and only one column may say that the list is sorted by it.
            return SortHeader(column=column, label=label, href=href, order=None)
        return SortHeader(
            column=column, label=label, href=href, order="descending" if order.startswith("-") else "ascending"
        )

    return tuple(build(column, label, orders) for column, (label, orders) in columns.items())


def _explain_provisional(
    edition: editions.EditionRecord, levels: Collection[int | None], names: Names
) -> tuple[str, ...]:
    """Return a sentence for each of some levels that can be provisional, with the condition that makes it final."""
    texts = load_methodology(edition.methodology).texts[names.language].levels
    return tuple(
        _PROVISIONAL.into(names.language).format(level=level, condition=names.translate_name(condition))
        for level in sorted(level for level in levels if level is not None)
        if (condition := texts[str(level)].provisional_unless) is not None
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
