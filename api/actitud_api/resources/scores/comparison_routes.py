"""HTTP routes that compare the organisations of an edition, or examine its index and ranks statistically."""

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import KEY_SHOWS_MORE, KEY_SHOWS_MORE_COMPUTING
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.large_responses import SMALL_MAX, LargeResponse
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.scores import audit_schemas, audits, comparison, comparison_schemas
from actitud_api.resources.scores.computed import ComputationBusy, ComputationCache
from actitud_api.resources.scores.schemas import SheetPath, build_filters
from actitud_api.resources.scores.service import BEST_FIRST, ScoreCursorKey, get_cursor_key

PEERS = Representation(comparison_schemas.Peers, sentences=True)
EXEMPLARS = Pages(comparison_schemas.ExemplarPage, sentences=True)
EXEMPLAR_CURSOR: Cursor[ScoreCursorKey] = Cursor("editions.exemplars.list", tuple[int | None, str])
ROBUSTNESS = Pages(comparison_schemas.RobustnessPage, sentences=True)
ROBUSTNESS_CURSOR: Cursor[ScoreCursorKey] = Cursor("editions.robustness.list", tuple[int | None, str])
STATISTICS = Representation(audit_schemas.Statistics, sentences=True)
AUDIT = Representation(audit_schemas.EditionAudit, sentences=True)

RETRY_AFTER = "5"
"""Value of `Retry-After`: the seconds to wait if too many requests already wait for a computation."""


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        ComputationBusy,
        UNAVAILABLE,
        Texts(
            "Se está calculando otra cosa sobre una edición entera y ya hay quien espera.",
            "Something else is being computed over a whole edition, and others wait already.",
        ),
        retry_after=RETRY_AFTER,
    ),
)


class ComparisonController(Controller):
    """Routes that compare the organisations of an edition, or examine its index and ranks statistically."""

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
            ),
        },
    )
    def get_peers(
        self,
        request: ApiRequest,
        path: SheetPath,
        database: Database,
        computed: ComputationCache,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Compare an organisation with its peers.

        Rank and percentile of the organisation within its peer group, and the quartiles of the group, for the index and
        each dimension. Before publication, assessors, publishers and administrators see everything; an organisation
        sees only itself, without the group, which would reveal the scores of others.
        """
        peers = comparison.find_peers(database, computed, path.edition, path.organisation, principal=principal)
        return PEERS.of(request, comparison_schemas.build_peers(peers, language))

    @get(
        "/exemplars",
        operation_id="editions.exemplars.list",
        access=KEY_SHOWS_MORE,
        answer=EXEMPLARS,
    )
    def list_exemplars(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: comparison_schemas.ExemplarQuery,
        database: Database,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes] | LargeResponse:
        """List the organisations that do best in a dimension.

        The ranked organisations of the edition from the best in the dimension down, with their answers that score
        points in it. If several filters are given, all must match. Before publication, assessors, publishers and
        administrators see everything; an organisation sees only itself.
        """

        def make() -> Response[bytes]:
            total = query.make_total()
            exemplars = comparison.list_exemplars(
                database,
                path.edition,
                query.dimension,
                build_filters(query),
                PageRange(EXEMPLAR_CURSOR.read(query), query.offset, query.limit + 1, total),
                principal=principal,
            )
            order = comparison.sort_by_dimension(query.dimension)
            kept, following = EXEMPLAR_CURSOR.cut(
                query, exemplars, lambda exemplar: get_cursor_key(exemplar.row, order)
            )
            items = (comparison_schemas.build_exemplar(exemplar, language) for exemplar in kept)
            return EXEMPLARS.page_of(request, items, following, total)

        return LargeResponse(make) if query.limit > SMALL_MAX else make()

    @get(
        "/robustness",
        operation_id="editions.robustness.list",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=ROBUSTNESS,
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
        """List the robustness of the ranks of an edition.

        The scores are computed again in many random draws. Each draw varies the weights of the dimensions by up to 25 %
        and uses arithmetic or geometric aggregation with equal chance. All organisations share the same draws. Only
        ranked organisations are listed, in rank order; ranks are always ranks in the whole edition. Before publication,
        assessors, publishers and administrators see everything; an organisation sees only itself, without rank, which
        would reveal the scores of others.
        """
        total = query.make_total()
        rows = audits.list_robustness(
            database,
            computed,
            path.edition,
            build_filters(query),
            PageRange(ROBUSTNESS_CURSOR.read(query), query.offset, query.limit + 1, total),
            principal=principal,
            draws=query.draws,
            seed=query.seed,
        )
        kept, following = ROBUSTNESS_CURSOR.cut(query, rows, lambda robust: get_cursor_key(robust.row, BEST_FIRST))
        items = (comparison_schemas.build_robust_score(robust, language) for robust in kept)
        return ROBUSTNESS.page_of(request, items, following, total)

    @get(
        "/statistics",
        operation_id="editions.statistics",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=STATISTICS,
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
        """Get the statistical audit of the index of an edition.

        For the ranked organisations: mean, deviation and skewness of each score; its correlation with the score of the
        dimension or index above it; Cronbach's alpha; its main effect beside its weight; and by how many ranks
        organisations move if a dimension is left out, or a goalpost moves. Before publication, assessors, publishers
        and administrators see everything; an organisation sees only what is computed from its own score.
        """
        statistics = audits.compute_statistics(database, computed, path.edition, principal=principal)
        return STATISTICS.of(request, audit_schemas.build_statistics(statistics, language))

    @get(
        "/audit",
        operation_id="editions.audit",
        access=KEY_SHOWS_MORE_COMPUTING,
        answer=AUDIT,
    )
    def get_audit(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: audit_schemas.AuditQuery,
        database: Database,
        computed: ComputationCache,
        principal: Principal | None,
        language: Language,
    ) -> Response[bytes]:
        """Get the whole audit of the index of an edition.

        Beyond the statistics of the edition: correlations and principal components of the dimensions, the organisations
        whose strong dimensions make up for weak ones, and the differences between kinds and size bands. With
        `sensitivity`, also how much the levels depend on gates, ladders, weights, goalposts, the cap without evidence,
        coding errors and samples. Before publication, assessors, publishers and administrators see everything; an
        organisation sees only what is computed from its own score.
        """
        examined = audits.examine_edition(
            database, computed, path.edition, principal=principal, sensitivity=query.sensitivity
        )
        return AUDIT.of(request, audit_schemas.build_audit(examined, language))
