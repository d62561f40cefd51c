"""Routes that set the organisations of an edition beside each other, and that look at its index as a whole."""

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import KEY_SHOWS_MORE, KEY_SHOWS_MORE_COMPUTING
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.problems import UNAVAILABLE, ProblemError, ProblemMapping
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.scores import audits, comparison, comparison_schemas
from actitud_api.resources.scores.computed import ComputationBusy, ComputationCache
from actitud_api.resources.scores.schemas import SheetPath
from actitud_api.resources.scores.service import BEST_FIRST, ScoreCursorKey, get_cursor_key

PEERS = Representation(comparison_schemas.Peers, sentences=True)
EXEMPLARS = Representation(comparison_schemas.ExemplarPage, sentences=True)
EXEMPLAR_CURSOR: Cursor[ScoreCursorKey] = Cursor("editions.exemplars.list", tuple[int | None, str])
ROBUSTNESS = Representation(comparison_schemas.RobustnessPage, sentences=True)
ROBUSTNESS_CURSOR: Cursor[ScoreCursorKey] = Cursor("editions.robustness.list", tuple[int | None, str])
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


PROBLEMS: tuple[ProblemMapping, ...] = ((ComputationBusy, _busy),)


class ComparisonController(Controller):
    """The organisations of an edition beside each other."""

    path = "/v1/editions/{edition:str}"
    tags = ("editions",)

    @get(
        "/scores/{organisation:str}/peers",
        operation_id="editions.scores.peers",
        access=KEY_SHOWS_MORE,
        answer=PEERS,
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
    )
    def get_peers(
        self, request: ApiRequest, path: SheetPath, database: Database, principal: Principal | None, language: Language
    ) -> Response[bytes]:
        """Compare an organisation with its peers.

        The index and the dimensions of an organisation beside those of its peer group: its place there, its percentile,
        median and quartiles. The group is the narrowest of kind and size band, kind, scale of size bands and all that
        has as many organisations as the methodology asks for. What is not published yet is only for who may see it:
        administrators, and each organisation its own. Its group is null then: it would tell of the others.
        """
        found = comparison.find_peers(database, path.edition, path.organisation, principal=principal)
        return PEERS.of(request, comparison_schemas.build_peers(found, language))

    @get(
        "/exemplars",
        operation_id="editions.exemplars.list",
        access=KEY_SHOWS_MORE,
        answer=EXEMPLARS,
        links={"sheet": Link("editions.scores.get", _SHEET, "The explained score of the first.")},
    )
    def list_exemplars(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: comparison_schemas.ExemplarQuery,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Who does best in a dimension, and how.

        The organisations of an edition that rank, the best in a dimension first, each with its answers there that score
        and the documents that show them; filters combine. A document is listed where it counts as evidence. What is not
        published yet is only for who may see it: administrators, and each organisation its own.
        """
        found = comparison.list_exemplars(
            database,
            path.edition,
            query.dimension,
            comparison_schemas.build_exemplar_filters(query),
            principal=principal,
            after=EXEMPLAR_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        order = comparison.sort_by_dimension(query.dimension)
        kept, following = EXEMPLAR_CURSOR.cut(query, found, lambda exemplar: get_cursor_key(exemplar.row, order))
        return EXEMPLARS.of(
            request,
            comparison_schemas.ExemplarPage(
                items=tuple(comparison_schemas.build_exemplar(exemplar, language) for exemplar in kept),
                next=next_url(request, following),
                next_cursor=following,
            ),
        )

    @get(
        "/robustness",
        operation_id="editions.robustness.list",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=ROBUSTNESS,
        links={"sheet": Link("editions.scores.get", _SHEET, "The explained score of the first.")},
    )
    def list_robustness(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: comparison_schemas.RobustnessQuery,
        database: Database,
        computed: ComputationCache,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """How solid the ranks of an edition are.

        How organisations come out where the weights of the dimensions are drawn within 25 % of those of the methodology
        and the aggregation is arithmetic or geometric with equal chance: the 5th, 50th and 95th percentile of index and
        rank, and the probability of each level. The draws are the same for all, and the same seed gives the same
        digits. In rank order, whatever is filtered over the whole edition; those that do not rank take no part. What is
        not published yet is only for who may see it: administrators, and each organisation its own. Its ranks then are
        null: they would tell of the others.
        """
        found = audits.list_robustness(
            database,
            computed,
            path.edition,
            comparison_schemas.build_robustness_filters(query),
            principal=principal,
            draws=query.draws,
            seed=query.seed,
            after=ROBUSTNESS_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, following = ROBUSTNESS_CURSOR.cut(query, found, lambda robust: get_cursor_key(robust.row, BEST_FIRST))
        return ROBUSTNESS.of(
            request,
            comparison_schemas.RobustnessPage(
                items=tuple(comparison_schemas.build_robust_score(robust, language) for robust in kept),
                next=next_url(request, following),
                next_cursor=following,
            ),
        )

    @get(
        "/statistics",
        operation_id="editions.statistics.get",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=STATISTICS,
        links={"scores": Link("editions.scores.list", {"edition": "$response.body#/edition"}, "The ranking.")},
    )
    def get_statistics(
        self,
        request: ApiRequest,
        path: EditionPath,
        database: Database,
        computed: ComputationCache,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Audit the index of an edition.

        What a statistical audit of a composite indicator reports, over the organisations that rank: moments,
        correlations with the node above, Cronbach's alpha, main effects beside weights, by how many ranks organisations
        move without each dimension and with each judgement goalpost moved by 20 %, and what an auditor would point at.
        What is not defined is null. What is not published yet is only for who may see it: administrators, and each
        organisation its own.
        """
        found = audits.compute_statistics(database, computed, path.edition, principal=principal)
        return STATISTICS.of(request, comparison_schemas.build_statistics(found, language))
