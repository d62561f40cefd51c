"""HTTP routes that compare the organisations of an edition and audit its index."""

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
"""Seconds that clients should wait when too many requests wait for a computation (`Retry-After`)."""

_SHEET = {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"}


def _busy(error: Exception) -> ProblemError:
    detail = Texts(
        "Se está calculando otra cosa sobre una edición entera y ya hay quien espera.",
        "Something else is being computed over a whole edition, and others wait already.",
    )
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER})


PROBLEMS: tuple[ProblemMapping, ...] = ((ComputationBusy, _busy),)


class ComparisonController(Controller):
    """Routes to compare the organisations of an edition and to audit its index."""

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
                "The best of its kind in the first dimension.",
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

        Gives the rank, percentile, median and quartiles of index and dimensions within the peer group. The group is
        the narrowest of these with enough organisations for the methodology: kind and size band, kind, kinds measured
        on the same size scale, all. Before publication only assessors, publishers, administrators, and each
        organisation for itself, see the response; for an organisation the group is null, because it would reveal the
        scores of others.
        """
        peers = comparison.find_peers(database, path.edition, path.organisation, principal=principal)
        return PEERS.of(request, comparison_schemas.build_peers(peers, language))

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
        """List the organisations that do best in a dimension.

        Ranked organisations of the edition with the best in the dimension first. Each has its answers there that
        score, and the documents that count as evidence for them. If several filters are given, all must match. Before
        publication only assessors, publishers, administrators, and each organisation for itself, see the response.
        """
        exemplars = comparison.list_exemplars(
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
        kept, following = EXEMPLAR_CURSOR.cut(query, exemplars, lambda exemplar: get_cursor_key(exemplar.row, order))
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
        """List the robustness of the ranks of an edition.

        Each draw varies the weights of the dimensions by up to 25 % and uses arithmetic or geometric aggregation with
        equal chance. The response gives the 5th, 50th and 95th percentile of index and rank over the draws, and the
        probability of each level. All organisations share the same draws, and the same seed gives the same digits.
        Rows are in rank order; ranks are those in the whole edition, whatever the filters; unranked organisations are
        left out. Before publication only assessors, publishers, administrators, and each organisation for itself, see
        the response; for an organisation the ranks are null, because they would reveal the scores of others.
        """
        rows = audits.list_robustness(
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
        kept, following = ROBUSTNESS_CURSOR.cut(query, rows, lambda robust: get_cursor_key(robust.row, BEST_FIRST))
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
        """Get the statistical audit of the index of an edition.

        Over the ranked organisations: moments, correlations with the node above, Cronbach's alpha, main effects
        beside weights, and the ranks that organisations move if a dimension is left out or a goalpost set by
        judgement moves by 20 %. Remarks name the figures that an auditor would question. Undefined figures are null.
        Before publication only assessors, publishers, administrators, and each organisation for itself, see the
        response.
        """
        statistics = audits.compute_statistics(database, computed, path.edition, principal=principal)
        return STATISTICS.of(request, comparison_schemas.build_statistics(statistics, language))
