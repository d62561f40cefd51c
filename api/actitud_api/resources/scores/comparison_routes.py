"""Routes that set the organisations of an edition beside each other, and that look at its index as a whole."""

from litestar import Controller, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.policy import principal_of
from actitud_api.platform.http.contract import Link, contract
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.problems import UNAVAILABLE, ProblemError, ProblemMapping
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Query
from actitud_api.platform.http.scope import ApiRequest, language_of
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.scores import audits, comparison, comparison_schemas
from actitud_api.resources.scores.computed import Busy
from actitud_api.resources.scores.schemas import SheetPath
from actitud_api.resources.scores.service import BEST_FIRST, Place, place

PEERS = Representation(comparison_schemas.Peers, sentences=True)
EXEMPLAR_QUERY = Query(comparison_schemas.ExemplarQuery)
EXEMPLARS = Representation(comparison_schemas.ExemplarPage, sentences=True)
EXEMPLAR_CURSOR: Cursor[Place] = Cursor("editions.exemplars.list", tuple[int | None, str])
ROBUSTNESS_QUERY = Query(comparison_schemas.RobustnessQuery)
ROBUSTNESS = Representation(comparison_schemas.RobustnessPage, sentences=True)
ROBUSTNESS_CURSOR: Cursor[Place] = Cursor("editions.robustness.list", tuple[int | None, str])
STATISTICS = Representation(comparison_schemas.Statistics, sentences=True)

RETRY_AFTER = "5"
"""Seconds after which to ask again where too many wait for what is being computed."""

_WHO_SEES = "What is not published yet is only for who may see it: administrators, and each organisation its own."
_SHEET = {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"}


def _busy(error: Exception) -> ProblemError:
    detail = Texts(
        "Se está calculando otra cosa sobre una edición entera y ya hay quien espera.",
        "Something else is being computed over a whole edition, and others wait already.",
    )
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER})


PROBLEMS: tuple[ProblemMapping, ...] = ((Busy, _busy),)


class ComparisonController(Controller):
    """The organisations of an edition beside each other."""

    path = "/v1/editions/{edition:str}"
    tags = ("editions",)

    @get(
        "/scores/{organisation:str}/peers",
        operation_id="editions.scores.peers",
        summary="An organisation beside its peers",
        description=(
            "The index and the dimensions of an organisation beside those of its peer group: its place there, its "
            "percentile, median and quartiles. The group is the narrowest of kind and size band, kind, scale of size "
            f"bands and all that has as many organisations as the methodology asks for. {_WHO_SEES} Its group is null "
            "then: it would tell of the others."
        ),
        opt=contract(
            answer=PEERS,
            path=SheetPath,
            problems=(UNAVAILABLE,),
            aliased=True,
            links={
                "exemplars": Link(
                    "editions.exemplars.list",
                    {
                        "edition": "$response.body#/edition",
                        "dimension": "$response.body#/dimensions/0/id",
                        "kind": "$response.body#/kind",
                    },
                    "Who does best in the first dimension, among those of its kind.",
                ),
                "sheet": Link(
                    "editions.scores.get",
                    {"edition": "$response.body#/edition", "organisation": "$response.body#/organisation"},
                    "The explained score.",
                ),
            },
        ),
        sync_to_thread=True,
    )
    def get_peers(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """An organisation beside its peers."""
        found = comparison.peers(state["database"], edition, organisation, principal=principal_of(request))
        return PEERS.of(request, comparison_schemas.peers(found, language_of(request.scope)))

    @get(
        "/exemplars",
        operation_id="editions.exemplars.list",
        summary="Who does best in a dimension, and how",
        description=(
            "The organisations of an edition that rank, the best in a dimension first, each with its answers there "
            "that score and the documents that show them; filters combine. A document is listed where it counts as "
            f"evidence. {_WHO_SEES}"
        ),
        opt=contract(
            query=EXEMPLAR_QUERY,
            answer=EXEMPLARS,
            path=EditionPath,
            problems=(UNAVAILABLE,),
            links={"sheet": Link("editions.scores.get", _SHEET, "The explained score of the first.")},
        ),
        sync_to_thread=True,
    )
    def list_exemplars(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """Who does best in a dimension, and how."""
        query = EXEMPLAR_QUERY.of(request)
        found = comparison.exemplars(
            state["database"],
            edition,
            query.dimension,
            comparison_schemas.exemplar_filters(query),
            principal=principal_of(request),
            after=EXEMPLAR_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        order = comparison.best_in(query.dimension)
        kept, following = EXEMPLAR_CURSOR.cut(query, found, lambda exemplar: place(exemplar.row, order))
        language = language_of(request.scope)
        return EXEMPLARS.of(
            request,
            comparison_schemas.ExemplarPage(
                items=tuple(comparison_schemas.exemplar(exemplar, language) for exemplar in kept),
                next=next_url(request, following),
                next_cursor=following,
            ),
        )

    @get(
        "/robustness",
        operation_id="editions.robustness.list",
        summary="How solid the ranks of an edition are",
        description=(
            "How organisations come out where the weights of the dimensions are drawn within 25 % of those of the "
            "methodology and the aggregation is arithmetic or geometric with equal chance: the 5th, 50th and 95th "
            "percentile of index and rank, and the probability of each level. The draws are the same for all, and the "
            "same seed gives the same digits. In rank order, whatever is filtered over the whole edition; those that "
            f"do not rank take no part. {_WHO_SEES} Its ranks then are null: they would tell of the others."
        ),
        opt=contract(
            query=ROBUSTNESS_QUERY,
            answer=ROBUSTNESS,
            path=EditionPath,
            problems=(UNAVAILABLE,),
            links={"sheet": Link("editions.scores.get", _SHEET, "The explained score of the first.")},
        ),
        sync_to_thread=True,
    )
    def list_robustness(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """How solid the ranks of an edition are."""
        query = ROBUSTNESS_QUERY.of(request)
        found = audits.robust(
            state["database"],
            state["computed"],
            edition,
            comparison_schemas.robust_filters(query),
            principal=principal_of(request),
            draws=query.draws,
            seed=query.seed,
            after=ROBUSTNESS_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, following = ROBUSTNESS_CURSOR.cut(query, found, lambda robust: place(robust.row, BEST_FIRST))
        language = language_of(request.scope)
        return ROBUSTNESS.of(
            request,
            comparison_schemas.RobustnessPage(
                items=tuple(comparison_schemas.robust(robust, language) for robust in kept),
                next=next_url(request, following),
                next_cursor=following,
            ),
        )

    @get(
        "/statistics",
        operation_id="editions.statistics.get",
        summary="The audit of the index of an edition",
        description=(
            "What a statistical audit of a composite indicator reports, over the organisations that rank: moments, "
            "correlations with the node above, Cronbach's alpha, main effects beside weights, by how many ranks "
            "organisations move without each dimension and with each judgement goalpost moved by 20 %, and what an "
            f"auditor would point at. What is not defined is null. {_WHO_SEES}"
        ),
        opt=contract(
            answer=STATISTICS,
            path=EditionPath,
            problems=(UNAVAILABLE,),
            links={"scores": Link("editions.scores.list", {"edition": "$response.body#/edition"}, "The ranking.")},
        ),
        sync_to_thread=True,
    )
    def get_statistics(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """The audit of the index of an edition."""
        found = audits.statistics(state["database"], state["computed"], edition, principal=principal_of(request))
        return STATISTICS.of(request, comparison_schemas.statistics(found, language_of(request.scope)))
