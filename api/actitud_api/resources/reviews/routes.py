"""Reviews over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.requests.overall_review import ReviewRequest, collect_answers, collect_profile
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import (
    DRAFT_READERS,
    FLAGGERS,
    PUBLISHERS,
    REVIEW_READERS,
    REVIEWERS,
)
from actitud_api.platform.auth.recording import audit_event, with_audit_entry
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import KEY_SHOWS_MORE
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.inputs import Body, Query
from actitud_api.platform.http.operations import delete, get, post, put
from actitud_api.platform.http.paging import Cursor, PageQuery, next_url
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected
from actitud_api.resources.assessments.schemas import AssessmentPath, EditionPath
from actitud_api.resources.assessments.transition_routes import LINKS_OF_MADE, TRANSITION, respond_with_transition
from actitud_api.resources.editions.schemas import EditionPath as PublishedPath
from actitud_api.resources.reviews import schemas, service
from actitud_api.resources.reviews.service import (
    AlreadySampled,
    Disagreement,
    InvalidVerdict,
    ReviewMethodologyMismatch,
    UnknownIndicator,
    UnknownVerdict,
)

VERDICT = Body(*schemas.VERDICT_REQUESTS)
JUDGED = Representation(schemas.JudgedAnswer)
JUDGED_PAGE = Representation(schemas.JudgedPage)
JUDGED_CURSOR: Cursor[int] = Cursor("editions.assessments.verdicts.list", int)
WHOLE = Body(*service.REVIEW_TYPES)
REVIEW = Representation(schemas.Review)
AGREEMENT = Representation(schemas.Agreement)
SAMPLE = Representation(schemas.Sample)
SAMPLES_PAGE = Representation(schemas.SamplePage)
SAMPLES_CURSOR: Cursor[str] = Cursor("editions.samples.list", str)
FLAGGED = Representation(schemas.Flagged)
FLAGS_QUERY = Query(schemas.FlagQuery)
FLAGS_PAGE = Representation(schemas.FlagPage, sentences=True)
FLAGS_CURSOR: Cursor[tuple[str, int]] = Cursor("editions.flags.list", tuple[str, int])
FLAGS_OF_ONE_CURSOR: Cursor[tuple[str, int]] = Cursor("editions.assessments.flags.list", tuple[str, int])

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_OF_ANSWER = {**_HERE, "indicator": "$request.path.indicator"}
_EDITION = {"edition": "$request.path.edition"}
_ASSESSMENT = Link("editions.assessments.get", _HERE, "The assessment.")
_LINKS_OF_VERDICT = {
    "give": Link("editions.assessments.verdicts.put", {**_OF_ANSWER, **VERSION}, "To give a verdict on it."),
    "take_back": Link("editions.assessments.verdicts.delete", {**_OF_ANSWER, **VERSION}, "To take back one's own."),
    "verdicts": Link("editions.assessments.verdicts.list", _HERE, "Those on all answers."),
    "assessment": _ASSESSMENT,
}
_LINKS_OF_REVIEW = {
    "replace": Link("editions.assessments.review.put", {**_HERE, **VERSION}, "To say something else in its place."),
    "assessment": _ASSESSMENT,
}


def _unjudgeable(error: InvalidVerdict) -> Texts:
    listed = ", ".join(map(str, error.allowed)) or "—"
    match error.rule:
        case "unanswered":
            return Texts(
                f"{error.indicator} no tiene respuesta que juzgar.", f"{error.indicator} has no answer to be judged."
            )
        case "ladder":
            return Texts(
                f"{error.indicator} no tiene niveles que limitar.", f"{error.indicator} has no levels to be capped."
            )
        case "level":
            return Texts(
                f"El nivel de {error.indicator} se limita a uno inferior al que se declaró: {listed}.",
                f"The level of {error.indicator} is capped to one below the one that was sent: {listed}.",
            )
        case "review":
            return Texts(
                f"Las reglas que las personas comprueban en {error.indicator} son: {listed}.",
                f"The rules that people check of {error.indicator} are: {listed}.",
            )


def _fault(error: InvalidVerdict) -> Fault:
    places = {"level": "/level", "ladder": "/verdict", "review": "/rule"}
    value = None if error.value is None else str(error.value)
    return Fault(places.get(error.rule, ""), error.rule, value, _unjudgeable(error))


def _disagreement(error: Disagreement) -> Texts:
    listed = ", ".join(error.indicators)
    return Texts(
        f"Los dictámenes no coinciden: {listed}. Antes de la audiencia tienen que coincidir.",
        f"The verdicts differ: {listed}. Before the hearing they have to be the same.",
    )


def _another_methodology(error: ReviewMethodologyMismatch) -> Texts:
    return Texts(
        f"La evaluación se hace con la metodología {error.required}.",
        f"The assessment is made under the methodology {error.required}.",
    )


def _sampled_already(error: AlreadySampled) -> Texts:
    return Texts(
        f"La muestra de la edición {error.edition} ya se sorteó, y no se sortea otra vez.",
        f"The sample of the edition {error.edition} was drawn already, and is not drawn again.",
    )


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownIndicator,
        NOT_FOUND,
        lambda error: Texts(
            f"La metodología no tiene ningún indicador {error.indicator}.",
            f"The methodology has no indicator {error.indicator}.",
        ),
    ),
    maps_to(
        UnknownVerdict,
        NOT_FOUND,
        lambda error: Texts(
            f"La clave no ha dado ningún dictamen sobre la respuesta actual de {error.indicator}.",
            f"The key has given no verdict on the present answer to {error.indicator}.",
        ),
    ),
    maps_to(InvalidVerdict, CONFLICT, _unjudgeable, lambda error: [_fault(error)]),
    maps_to(
        Disagreement,
        CONFLICT,
        _disagreement,
        lambda error: [
            Fault(
                f"/verdicts/{name}",
                "disagreement",
                None,
                Texts(f"Los dictámenes sobre {name} no coinciden.", f"The verdicts on {name} differ."),
            )
            for name in error.indicators
        ],
    ),
    maps_to(
        ReviewMethodologyMismatch,
        CONFLICT,
        _another_methodology,
        lambda error: [
            Fault("/methodology", "edition", error.sent, _another_methodology(error), error.required),
        ],
    ),
    maps_to(
        AlreadySampled,
        CONFLICT,
        _sampled_already,
        lambda error: [Fault("", "sampled", None, _sampled_already(error))],
    ),
)


class HearingsController(Controller):
    """From the review of an assessment to its hearing."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/hearings"
    tags = ("assessments",)

    @post(
        "/",
        operation_id="editions.assessments.hearings.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
        links=LINKS_OF_MADE,
    )
    def create_hearing(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> Response[bytes]:
        """Hear the organisation about its review.

        From `under_review` to `hearing`, until the last day of the review, and while that of the hearing is not over:
        the organisation answers until then. Not while assessors disagree on an answer, but where an administrator opens
        it.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: service.open_hearing(
                session, path.edition, path.organisation, role=principal.role, expected=expected, now=datetime.now(UTC)
            ),
        )


class VerdictsController(Controller):
    """What assessors find of answers."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/verdicts"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.verdicts.list",
        access=DRAFT_READERS,
        answer=JUDGED_PAGE,
        links={
            "verdict": Link(
                "editions.assessments.verdicts.get",
                {**_HERE, "indicator": "$response.body#/items/0/indicator"},
                "What was found of the first answer of the page.",
            ),
            "assessment": _ASSESSMENT,
        },
    )
    def list_verdicts(
        self, request: ApiRequest, path: AssessmentPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the verdicts on an assessment.

        What was found of each answer, by every assessor, in the order of the methodology: also of answers on which
        there is no verdict yet.
        """
        found = list(enumerate(service.list_answer_reviews(database, path.edition, path.organisation), 1))
        after = JUDGED_CURSOR.read(query) or 0
        rows = [row for row in found if row[0] > after][query.offset : query.offset + query.limit + 1]
        kept, cursor = JUDGED_CURSOR.cut(query, rows, lambda row: row[0])
        items = tuple(schemas.build_judged_answer(one) for _, one in kept)
        page = schemas.JudgedPage(items=items, next=next_url(request, cursor), next_cursor=cursor)
        return JUDGED_PAGE.of(request, page)

    @get(
        "/{indicator:str}",
        operation_id="editions.assessments.verdicts.get",
        access=DRAFT_READERS,
        answer=JUDGED,
        links=_LINKS_OF_VERDICT,
    )
    def get_verdict(self, request: ApiRequest, path: schemas.VerdictPath, database: Database) -> Response[bytes]:
        """Get the verdicts on an answer.

        What was found of the answer to one indicator, by every assessor, and which verdict counts.
        """
        found = service.get_answer_review(database, path.edition, path.organisation, path.indicator)
        return JUDGED.of(request, schemas.build_judged_answer(found), revision=found.revision)

    @put(
        "/{indicator:str}",
        operation_id="editions.assessments.verdicts.put",
        access=REVIEWERS,
        body=VERDICT,
        answer=JUDGED,
        precondition="match",
        problems=(CONFLICT,),
        links=_LINKS_OF_VERDICT,
    )
    def put_verdict(
        self,
        request: ApiRequest,
        path: schemas.VerdictPath,
        body: schemas.VerdictRequest,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> Response[bytes]:
        """Give a verdict on an answer.

        Gives the verdict of the key on an answer, in the place of the one that it has given (`If-Match`, with the
        `ETag` of what was found of it so far), while the assessment is under review, or in the hearing. The latest
        verdict of all counts, and the score follows at once.
        """
        opinion = schemas.build_opinion(body)

        def give(session: Session) -> service.AnswerReview:
            now = datetime.now(UTC)
            return service.save_verdict(
                session,
                path.edition,
                path.organisation,
                path.indicator,
                opinion,
                assessor=principal.origin,
                expected=expected,
                now=now,
            )

        found = with_audit_entry(request, database, give)
        return JUDGED.of(request, schemas.build_judged_answer(found), revision=found.revision)

    @delete(
        "/{indicator:str}", operation_id="editions.assessments.verdicts.delete", access=REVIEWERS, problems=(CONFLICT,)
    )
    def delete_verdict(
        self,
        request: ApiRequest,
        path: schemas.VerdictPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> None:
        """Take back a verdict on an answer.

        Takes back the verdict of the key on an answer, while it may be given. That it was given stays known, and what
        it was at first, on which the agreement of assessors rests.
        """

        def take_back(session: Session) -> service.AnswerReview:
            now = datetime.now(UTC)
            return service.withdraw_verdict(
                session,
                path.edition,
                path.organisation,
                path.indicator,
                assessor=principal.origin,
                expected=expected,
                now=now,
            )

        with_audit_entry(request, database, take_back)


class ReviewController(Controller):
    """What is said of whole assessments."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/review"
    tags = ("reviews",)

    @get(
        "/", operation_id="editions.assessments.review.get", access=DRAFT_READERS, answer=REVIEW, links=_LINKS_OF_REVIEW
    )
    def get_review(self, request: ApiRequest, path: AssessmentPath, database: Database) -> Response[bytes]:
        """Get what is said of an assessment as a whole.

        The highest level that review lets an assessment reach, and what the methodology leaves to the service: nothing,
        until somebody has said something.
        """
        found = service.get_overall_review(database, path.edition, path.organisation)
        return REVIEW.of(request, schemas.build_review(found), revision=found.revision)

    @put(
        "/",
        operation_id="editions.assessments.review.put",
        access=REVIEWERS,
        body=WHOLE,
        answer=REVIEW,
        precondition="match",
        problems=(CONFLICT,),
        links=_LINKS_OF_REVIEW,
    )
    def put_review(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        body: ReviewRequest,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> Response[bytes]:
        """Say something of an assessment as a whole.

        Says what review says of an assessment as a whole, in the place of what was said before (`If-Match`), while it
        is under review, or in the hearing. What is not said is as the methodology has it. The score follows at once.
        """

        def say(session: Session) -> service.OverallReviewState:
            return service.save_overall_review(
                session,
                path.edition,
                path.organisation,
                service.OverallOpinion(
                    methodology=str(body.__struct_config__.tag),
                    reason=body.reason,
                    max_level=body.max_level,
                    profile=collect_profile(body),
                    answers=collect_answers(body),
                ),
                reviewer=principal.origin,
                expected=expected,
                now=datetime.now(UTC),
            )

        found = with_audit_entry(request, database, say)
        return REVIEW.of(request, schemas.build_review(found), revision=found.revision)


class FlagsOfAssessmentController(Controller):
    """What is remarkable of one assessment."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/flags"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.flags.list",
        access=REVIEW_READERS,
        answer=FLAGS_PAGE,
        links={"assessment": _ASSESSMENT},
    )
    def list_flags(
        self, request: ApiRequest, path: AssessmentPath, query: schemas.FlagQuery, database: Database
    ) -> Response[bytes]:
        """List the flags of an assessment.

        What is remarkable of an assessment beside others, as of when it was last looked for.
        """
        return _flags(request, query, database, path.edition, path.organisation, FLAGS_OF_ONE_CURSOR)


class EditionReviewsController(Controller):
    """The reviews of a whole edition."""

    path = "/v1/editions/{edition:str}"
    tags = ("reviews",)

    @get(
        "/agreement",
        operation_id="editions.agreement.get",
        access=REVIEW_READERS,
        answer=AGREEMENT,
        links={"flags": Link("editions.flags.list", _EDITION, "What else there is to look at.")},
    )
    def get_agreement(self, request: ApiRequest, path: EditionPath, database: Database) -> Response[bytes]:
        """Get how far assessors agree.

        How far any two assessors agree who have judged the same answers, by the first verdict of each: how many are
        equal, and Cohen's kappa. Below 0.8 they judge again (rule R8 of the catalogue).
        """
        return AGREEMENT.of(request, schemas.build_agreement(service.compute_edition_agreement(database, path.edition)))

    @get(
        "/samples",
        operation_id="editions.samples.list",
        access=KEY_SHOWS_MORE,
        answer=SAMPLES_PAGE,
        links={"draw": Link("editions.samples.create", _EDITION, "To draw it.")},
    )
    def list_samples(
        self,
        request: ApiRequest,
        path: PublishedPath,
        query: PageQuery,
        database: Database,
        principal: Principal | None,
    ) -> Response[bytes]:
        """Get the sample of an edition.

        How the assessments are drawn that are looked at, once that is said, so that anybody can draw them again. Who is
        drawn is told of a published edition, and to whoever sees the drafts.
        """
        SAMPLES_CURSOR.read(query)
        found = service.list_samples(database, path.edition, principal=principal)
        items = tuple(schemas.build_sample(one) for one in found[query.offset :])
        return SAMPLES_PAGE.of(request, schemas.SamplePage(items=items, next=None, next_cursor=None))

    @post(
        "/samples",
        operation_id="editions.samples.create",
        access=PUBLISHERS,
        answer=SAMPLE,
        problems=(CONFLICT,),
        links={"samples": Link("editions.samples.list", _EDITION, "The sample, as others see it.")},
    )
    def create_sample(
        self, request: ApiRequest, path: EditionPath, body: schemas.SampleRequest, database: Database
    ) -> Response[bytes]:
        """Draw the sample of an edition.

        Says, once and for good, with which seed and share the assessments are drawn that are looked at.
        """

        def draw(session: Session) -> Response[bytes]:
            made = service.create_sample(session, path.edition, share=body.share, seed=body.seed, now=datetime.now(UTC))
            return SAMPLE.of(
                request, schemas.build_sample(made), created=f"/v1/editions/{made.drawing.edition}/samples"
            )

        return idempotent(request, database, draw)

    @get(
        "/flags",
        operation_id="editions.flags.list",
        access=REVIEW_READERS,
        answer=FLAGS_PAGE,
        links={
            "assessment": Link(
                "editions.assessments.get",
                {**_EDITION, "organisation": "$response.body#/items/0/organisation"},
                "The assessment of the first flag of the page.",
            ),
            "look": Link("editions.flags.create", _EDITION, "To look again."),
            "agreement": Link("editions.agreement.get", _EDITION, "How far assessors agree."),
        },
    )
    def list_flags(
        self, request: ApiRequest, path: EditionPath, query: schemas.FlagQuery, database: Database
    ) -> Response[bytes]:
        """List the flags of an edition.

        What is remarkable of assessments beside others, as of when it was last looked for.
        """
        return _flags(request, query, database, path.edition, None, FLAGS_CURSOR)

    @post(
        "/flags",
        operation_id="editions.flags.create",
        access=FLAGGERS,
        answer=FLAGGED,
        status=200,
        links={"flags": Link("editions.flags.list", _EDITION, "What is remarkable.")},
    )
    def create_flags(self, request: ApiRequest, path: EditionPath, database: Database) -> Response[bytes]:
        """Look for what is remarkable in an edition.

        Looks at all that is handed in beside each other, and keeps what is remarkable in the place of what was before:
        values beyond 3 median absolute deviations of the peers (V24), followers that have grown by more than half since
        the edition before (V18), documents behind more than five indicators or of several organisations (V22). It
        changes no score.
        """
        made = service.refresh_flags(database, path.edition, audit_event(request), now=datetime.now(UTC))
        return FLAGGED.of(request, schemas.build_flagged(made))


def _flags(
    request: ApiRequest,
    query: schemas.FlagQuery,
    database: Database,
    edition: str,
    organisation: str | None,
    cursors: Cursor[tuple[str, int]],
) -> Response[bytes]:
    rows = service.list_flags(
        database,
        edition,
        organisation=organisation,
        kind=query.kind,
        after=cursors.read(query),
        offset=query.offset,
        limit=query.limit + 1,
    )
    kept, cursor = cursors.cut(query, rows, lambda one: (one.organisation, one.number))
    items = tuple(schemas.build_flag(one, choose_language(request.scope)) for one in kept)
    return FLAGS_PAGE.of(request, schemas.FlagPage(items=items, next=next_url(request, cursor), next_cursor=cursor))
