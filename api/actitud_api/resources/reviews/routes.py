"""HTTP routes of reviews: verdicts, overall reviews, agreement, samples and flags."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response
from msgspec import structs

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.loader import list_offered_versions
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
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import delete, get, post, put
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import (
    CONFLICT,
    NOT_FOUND,
    PRECONDITION_FAILED,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected
from actitud_api.resources.assessments.schemas import AssessmentPath, EditionPath
from actitud_api.resources.assessments.transition_routes import TRANSITION, respond_with_transition
from actitud_api.resources.editions.schemas import EditionPath as PublishedPath
from actitud_api.resources.reviews import schemas, service
from actitud_api.resources.reviews.service import (
    AlreadySampled,
    Disagreement,
    InvalidVerdict,
    ReviewChanged,
    ReviewMethodologyMismatch,
    ReviewOver,
    UnknownIndicator,
    UnknownSample,
    UnknownVerdict,
)

VERDICT = Body(*schemas.VERDICT_REQUESTS, tag_field="verdict")
JUDGED = Representation(schemas.JudgedAnswer)
JUDGED_PAGE = Pages(schemas.JudgedPage)
JUDGED_CURSOR: Cursor[int] = Cursor("editions.assessments.verdicts.list", int)
WHOLE = Body(*service.REVIEW_TYPES, offered=list_offered_versions())
REVIEW = Representation(schemas.Review)
AGREEMENT = Representation(schemas.Agreement)
SAMPLE = Representation(schemas.Sample)
SAMPLES_PAGE = Pages(schemas.SamplePage)
SAMPLES_CURSOR: Cursor[str] = Cursor("editions.samples.list", str)
FLAGGED = Representation(schemas.Flagged)
FLAGS_PAGE = Pages(schemas.FlagPage, sentences=True)
FLAGS_CURSOR: Cursor[tuple[str, int]] = Cursor("editions.flags.list", tuple[str, int])
FLAGS_OF_ONE_CURSOR: Cursor[tuple[str, int]] = Cursor("editions.assessments.flags.list", tuple[str, int])

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_OF_ANSWER = {**_HERE, "indicator": "$request.path.indicator"}
_EDITION = {"edition": "$request.path.edition"}
_GIVE = Link("editions.assessments.verdicts.put", {**_OF_ANSWER, **VERSION})
_TAKE_BACK = Link("editions.assessments.verdicts.delete", {**_OF_ANSWER, **VERSION})
_LINKS_OF_REVIEW = {
    "replace": Link("editions.assessments.review.put", {**_HERE, **VERSION}),
}


def _invalid_verdict(error: InvalidVerdict) -> Texts:
    listed = ", ".join(map(str, error.allowed)) or "—"
    match error.rule:
        case "unanswered":
            return Texts(
                "{indicator} no tiene respuesta que juzgar.",
                "{indicator} has no answer to be judged.",
                indicator=error.indicator,
            )
        case "ladder":
            return Texts(
                "{indicator} no tiene pasos que limitar.",
                "{indicator} has no steps to be capped.",
                indicator=error.indicator,
            )
        case "level":
            return Texts(
                "El paso de {indicator} se limita a uno inferior al que se declaró: {listed}.",
                "The step of {indicator} is capped to one below the one that was sent: {listed}.",
                indicator=error.indicator,
                listed=listed,
            )
        case "review" if not error.allowed:
            return Texts(
                "{indicator} no tiene reglas que comprueben las personas: quite la del dictamen.",
                "{indicator} has no rules that people check: leave the rule of the verdict out.",
                indicator=error.indicator,
            )
        case "review":
            return Texts(
                "Las reglas que las personas comprueban en {indicator} son: {listed}.",
                "The rules that people check of {indicator} are: {listed}.",
                indicator=error.indicator,
                listed=listed,
            )


def _fault(error: InvalidVerdict) -> Fault:
    pointers = {"level": "/level", "ladder": "/verdict", "review": "/rule"}
    value = None if error.value is None else str(error.value)
    return Fault(pointers.get(error.rule, ""), error.rule, value, _invalid_verdict(error))


def _disagreement(error: Disagreement) -> Texts:
    listed = ", ".join(error.indicators)
    return Texts(
        "Los dictámenes no coinciden: {listed}. Antes de la audiencia tienen que coincidir.",
        "The verdicts differ: {listed}. Before the hearing they have to be the same.",
        listed=listed,
    )


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownIndicator,
        NOT_FOUND,
        Texts("La metodología no tiene ningún indicador {indicator}.", "The methodology has no indicator {indicator}."),
    ),
    maps_to(
        UnknownVerdict,
        NOT_FOUND,
        Texts(
            "La clave no ha dado ningún dictamen sobre la respuesta actual de {indicator}.",
            "The key has given no verdict on the present answer to {indicator}.",
        ),
    ),
    maps_to(
        UnknownSample,
        NOT_FOUND,
        Texts("La edición {edition} no tiene muestra.", "The edition {edition} has no sample."),
    ),
    maps_to(
        ReviewChanged,
        PRECONDITION_FAILED,
        Texts(
            "Desde que usted lo leyó, alguien ha dictaminado sobre ello o la respuesta ha cambiado. Vuelva a leerlo y "
            "dictamine sobre lo que hay ahora.",
            "Since you read it, somebody has judged it, or the answer has changed. Read it again, and judge what is "
            "there now.",
        ),
    ),
    maps_to(InvalidVerdict, CONFLICT, _invalid_verdict, lambda error, detail: [_fault(error)]),
    maps_to(
        Disagreement,
        CONFLICT,
        _disagreement,
        lambda error, detail: [
            Fault(
                f"/verdicts/{name}",
                "disagreement",
                None,
                Texts("Los dictámenes sobre {name} no coinciden.", "The verdicts on {name} differ.", name=name),
            )
            for name in error.indicators
        ],
    ),
    maps_to(
        ReviewMethodologyMismatch,
        CONFLICT,
        Texts(
            "La evaluación se hace con la metodología {required}.",
            "The assessment is made under the methodology {required}.",
        ),
        lambda error, detail: [
            Fault("/methodology", "edition", error.sent, detail, error.required),
        ],
    ),
    maps_to(
        AlreadySampled,
        CONFLICT,
        Texts(
            "La muestra de la edición {edition} ya se sorteó, y no se sortea otra vez.",
            "The sample of the edition {edition} was drawn already, and is not drawn again.",
        ),
        lambda error, detail: [Fault("", "sampled", None, detail)],
    ),
    maps_to(
        ReviewOver,
        CONFLICT,
        Texts(
            "La edición {edition} está publicada: ya no se sortea su muestra ni se buscan avisos.",
            "The edition {edition} is published: its sample is not drawn and flags are not searched for any more.",
        ),
        lambda error, detail: [Fault("", "published", None, detail)],
    ),
)


class HearingsController(Controller):
    """Route that ends the review of an assessment and starts its hearing."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/hearings"
    tags = ("assessments",)

    @post(
        "/",
        operation_id="editions.assessments.hearings.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
    )
    def create_hearing(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> Response[bytes]:
        """Start the hearing of an assessment.

        Moves an assessment from `under_review` to `hearing`. Possible while neither the review phase nor the hearing
        phase is over. While assessors disagree on an answer, only an administrator can start it.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: service.open_hearing(
                session, path.edition, path.organisation, role=principal.role, expected=expected, now=datetime.now(UTC)
            ),
        )


class VerdictsController(Controller):
    """Routes to give, read and withdraw verdicts on the answers of an assessment."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/verdicts"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.verdicts.list",
        access=DRAFT_READERS,
        answer=JUDGED_PAGE,
        links={
            "verdict": Link(
                "editions.assessments.verdicts.get", {**_HERE, "indicator": "$response.body#/items/0/indicator"}
            ),
        },
    )
    def list_verdicts(
        self, request: ApiRequest, path: AssessmentPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the verdicts on an assessment.

        One entry for each answer, ordered as the indicators in the methodology, with the verdicts of all assessors.
        """
        numbered = list(enumerate(service.list_answer_reviews(database, path.edition, path.organisation), 1))
        after = JUDGED_CURSOR.read(query) or 0
        rows = [row for row in numbered if row[0] > after][query.offset : query.offset + query.limit + 1]
        kept, cursor = JUDGED_CURSOR.cut(query, rows, lambda row: row[0])
        items = (schemas.build_judged_answer(review) for _, review in kept)
        return JUDGED_PAGE.page_of(request, items, cursor, query.make_total(len(numbered)))

    @get(
        "/{indicator:str}",
        operation_id="editions.assessments.verdicts.get",
        access=DRAFT_READERS,
        answer=JUDGED,
        links={"give": _GIVE, "take_back": _TAKE_BACK},
    )
    def get_verdict(self, request: ApiRequest, path: schemas.VerdictPath, database: Database) -> Response[bytes]:
        """Get the verdicts on an answer.

        The verdicts of all assessors on the answer to one indicator. Send the `ETag` of this response as `If-Match` of
        a later change.
        """
        review = service.get_answer_review(database, path.edition, path.organisation, path.indicator)
        return JUDGED.of(request, schemas.build_judged_answer(review), revision=review.revision)

    @put(
        "/{indicator:str}",
        operation_id="editions.assessments.verdicts.put",
        access=REVIEWERS,
        body=VERDICT,
        answer=JUDGED,
        precondition="match",
        problems=(CONFLICT,),
        links={"take_back": _TAKE_BACK},
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

        Stores the verdict of the assessor who holds the key, in place of an earlier one of the same assessor on the
        answer, while the assessment is under review or in its hearing. `If-Match` must have the `ETag` of the verdicts
        on the answer. The latest verdict of any assessor counts, and the assessment is scored again at once. Once the
        hearing leaves no whole day to reply, a harsher verdict is refused (409, `harsher`) unless `hearing_until` sets
        a later last day of the hearing.
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
                role=principal.role,
                expected=expected,
                now=now,
            )

        review = with_audit_entry(request, database, give)
        return JUDGED.of(request, schemas.build_judged_answer(review), revision=review.revision)

    # Not the address that lists the verdicts on the answer: that one goes on to be answered.
    @delete(
        "/{indicator:str}/own",
        operation_id="editions.assessments.verdicts.delete",
        access=REVIEWERS,
        problems=(CONFLICT,),
    )
    def delete_verdict(
        self,
        request: ApiRequest,
        path: schemas.VerdictPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> None:
        """Withdraw a verdict on an answer.

        Withdraws the verdict of the assessor who holds the key, while the assessment is under review or in its hearing,
        and scores the assessment again. The first verdict of the assessor stays visible, because agreement is computed
        from it. Once the hearing leaves no whole day to reply, a withdrawal that makes a harsher verdict count is
        refused (409, `harsher`).
        """

        def withdraw(session: Session) -> service.AnswerReview:
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

        with_audit_entry(request, database, withdraw)


class ReviewController(Controller):
    """Routes to read and write the overall review of an assessment."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/review"
    tags = ("reviews",)

    @get(
        "/", operation_id="editions.assessments.review.get", access=DRAFT_READERS, answer=REVIEW, links=_LINKS_OF_REVIEW
    )
    def get_review(self, request: ApiRequest, path: AssessmentPath, database: Database) -> Response[bytes]:
        """Get the overall review of an assessment.

        The highest level that the assessment may reach, and the profile fields and facts that only assessors set, if
        the methodology has any.
        """
        state = service.get_overall_review(database, path.edition, path.organisation)
        return REVIEW.of(request, schemas.build_review(state), revision=state.revision)

    @put(
        "/",
        operation_id="editions.assessments.review.put",
        access=REVIEWERS,
        body=WHOLE,
        answer=REVIEW,
        precondition="match",
        problems=(CONFLICT,),
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
        """Write the overall review of an assessment.

        Replaces the review while the assessment is under review or in its hearing. Members that are left out get the
        default of the methodology. The assessment is scored again at once. Once the hearing leaves no whole day to
        reply, a harsher review is refused (409, `harsher`) unless `hearing_until` sets a later last day of the hearing.
        """

        def save(session: Session) -> service.OverallReviewState:
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
                    hearing_until=body.hearing_until,
                ),
                reviewer=principal.origin,
                role=principal.role,
                expected=expected,
                now=datetime.now(UTC),
            )

        state = with_audit_entry(request, database, save)
        return REVIEW.of(request, schemas.build_review(state), revision=state.revision)


class FlagsOfAssessmentController(Controller):
    """Route to read the flags of one assessment."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/flags"
    tags = ("reviews",)

    @get(
        "/",
        operation_id="editions.assessments.flags.list",
        access=REVIEW_READERS,
        answer=FLAGS_PAGE,
    )
    def list_flags(
        self, request: ApiRequest, path: AssessmentPath, query: schemas.FlagQuery, database: Database
    ) -> Response[bytes]:
        """List the flags of an assessment.

        As they were when the flags of the edition were last computed.
        """
        return _flags(request, query, database, path.edition, path.organisation, FLAGS_OF_ONE_CURSOR)


class EditionReviewsController(Controller):
    """Routes for reviewing a whole edition: agreement of assessors, samples and flags."""

    path = "/v1/editions/{edition:str}"
    tags = ("reviews",)

    @get(
        "/agreement",
        operation_id="editions.agreement.get",
        access=REVIEW_READERS,
        answer=AGREEMENT,
    )
    def get_agreement(self, request: ApiRequest, path: EditionPath, database: Database) -> Response[bytes]:
        """Get the agreement of the assessors of an edition.

        The agreement of the first verdicts of each pair of assessors who judged the same answers.
        """
        return AGREEMENT.of(request, schemas.build_agreement(service.compute_edition_agreement(database, path.edition)))

    @get(
        "/samples",
        operation_id="editions.samples.list",
        access=KEY_SHOWS_MORE,
        answer=SAMPLES_PAGE,
        links={"draw": Link("editions.samples.create", _EDITION)},
    )
    def list_samples(
        self,
        request: ApiRequest,
        path: PublishedPath,
        query: PageQuery,
        database: Database,
        principal: Principal | None,
    ) -> Response[bytes]:
        """List the sample of an edition.

        An edition has at most one sample of assessments for a closer check. Seed and share are public, so that anybody
        can repeat the draw.
        """
        SAMPLES_CURSOR.read(query)
        samples = service.list_samples(database, path.edition, principal=principal)
        items = map(schemas.build_sample, samples[query.offset :])
        return SAMPLES_PAGE.page_of(request, items, None, query.make_total(len(samples)))

    @post(
        "/samples",
        operation_id="editions.samples.create",
        access=PUBLISHERS,
        answer=SAMPLE,
        problems=(CONFLICT,),
    )
    def create_sample(
        self, request: ApiRequest, path: EditionPath, body: schemas.SampleRequest, database: Database
    ) -> Response[bytes]:
        """Draw the sample of an edition.

        An edition that has a sample already or is published is refused (409). Until publication the sample is drawn
        from the assessments that are submitted when it is read, so it may change.
        """

        def draw(session: Session) -> Response[bytes]:
            sample = service.create_sample(
                session, path.edition, share=body.share, seed=body.seed, now=datetime.now(UTC)
            )
            return SAMPLE.of(
                request, schemas.build_sample(sample), created=f"/v1/editions/{sample.drawing.edition}/samples"
            )

        return idempotent(request, database, draw)

    @get(
        "/flags",
        operation_id="editions.flags.list",
        access=REVIEW_READERS,
        answer=FLAGS_PAGE,
        links={
            "assessment": Link(
                "editions.assessments.get", {**_EDITION, "organisation": "$response.body#/items/0/organisation"}
            ),
            "look": Link("editions.flags.create", _EDITION),
            "agreement": Link("editions.agreement.get", _EDITION),
        },
    )
    def list_flags(
        self, request: ApiRequest, path: EditionPath, query: schemas.FlagQuery, database: Database
    ) -> Response[bytes]:
        """List the flags of an edition.

        Ordered by organisation id, as they were when the flags were last computed.
        """
        return _flags(request, query, database, path.edition, None, FLAGS_CURSOR)

    @post(
        "/flags",
        operation_id="editions.flags.create",
        access=FLAGGERS,
        answer=FLAGGED,
        status=200,
        problems=(CONFLICT,),
    )
    def create_flags(self, request: ApiRequest, path: EditionPath, database: Database) -> Response[bytes]:
        """Compute the flags of an edition.

        Compares all submitted assessments with each other and replaces the earlier flags. Scores do not change. A
        published edition is refused (409).
        """
        result = service.refresh_flags(database, path.edition, audit_event(request), now=datetime.now(UTC))
        return FLAGGED.of(request, schemas.Flagged(**structs.asdict(result)))


def _flags(
    request: ApiRequest,
    query: schemas.FlagQuery,
    database: Database,
    edition: str,
    organisation: str | None,
    cursors: Cursor[tuple[str, int]],
) -> Response[bytes]:
    total = query.make_total()
    rows = service.list_flags(
        database,
        edition,
        PageRange(cursors.read(query), query.offset, query.limit + 1, total),
        organisation=organisation,
        kind=query.kind,
    )
    kept, cursor = cursors.cut(query, rows, lambda record: (record.organisation, record.number))
    items = (schemas.build_flag(record, choose_language(request.scope)) for record in kept)
    return FLAGS_PAGE.page_of(request, items, cursor, total)
