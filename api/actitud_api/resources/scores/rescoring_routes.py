"""HTTP route that scores an edition again under another methodology version."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response
from msgspec import Meta, Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.engine.scoring.change_decomposition import IncomparableVersions
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import RESCORERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import CONFLICT, Fault, ProblemError
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.jobs.answers import JOB
from actitud_api.resources.scores.tasks import KIND, enqueue_rescoring

INCOMPARABLE = Texts(
    "La edición es de la metodología {before}, y una de las dos, esta o {after}, solo estima: sus cifras no se "
    "comparan.",
    "The edition is under the methodology {before}, and one of the two, this or {after}, only estimates: their figures "
    "are not compared.",
)


class RescoringRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request to score an edition again under another methodology version."""

    methodology: Annotated[
        str, Meta(extra_json_schema={"enum": list(list_versions())}, description="The version to score under.")
    ]


class RescoringsController(Controller):
    """Route to score an edition again under another methodology version."""

    path = "/v1/editions/{edition:str}/rescorings"
    tags = ("scores",)

    @post(
        "/",
        operation_id=KIND,
        access=RESCORERS,
        status=202,
        answer=JOB,
        problems=(CONFLICT,),
        links={"items": Link("jobs.items.list", {"job": "$response.body#/id"})},
    )
    def create_rescoring(
        self, request: ApiRequest, path: EditionPath, body: RescoringRequest, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Score an edition under another version.

        Starts a job, which does not change the edition. The `detail` of each of its results has the score before and
        after, and the parts of the change, as in `editions.scores.changes`; the outcomes are `risen`, `fallen`, `same`
        and `unrated`. The `result` of the job has both mean indices, and the number of organisations by level before
        and level after.
        """

        def enqueue(session: Session) -> Response[bytes]:
            try:
                job = enqueue_rescoring(session, path.edition, body.methodology, principal)
            except IncomparableVersions as error:
                text = INCOMPARABLE.fill(before=error.before, after=error.after)
                raise ProblemError(
                    CONFLICT, text, [Fault("/methodology", "incomparable", body.methodology, text)]
                ) from error
            return JOB.accept(request, session, job)

        return idempotent(request, database, enqueue)
