"""Seed of the sandbox: an installation for testers in which every example of the OpenAPI document succeeds.

It has a part of the demonstration as two published editions, here with the verdicts of a review, and beside them
unpublished editions of invented associations of municipalities, with assessments in every state. The ids below are
those of the parameter examples (`openapi/examples/parameters.json`), and the assessments are the request example of
`editions.assessments.put`, in one edition with the answers of that of `scores.create`, so that examples and seed agree.
`tests/contract/test_sandbox.py` sends every example.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from msgspec import structs

from actitud_api.demo import queries
from actitud_api.demo import service as demo
from actitud_api.demo.simulator import METHODOLOGY
from actitud_api.engine.methodology.requests.content import AssessmentRequest
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys
from actitud_api.platform.auth import service as access
from actitud_api.platform.jobs import queries as job_queries
from actitud_api.platform.jobs.service import abandon_job, enqueue_job
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.reviewed_submission import AppliedReview, AppliedVerdict
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports import files as import_files
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import approvals
from actitud_api.resources.publications.service import PublicationPlan
from actitud_api.resources.reviews import queries as review_queries
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.suggestions import service as suggestions
from actitud_api.resources.webhooks import service as webhooks

DEMONSTRATED: Final = (*range(1, 101), *range(103, 8_132, 40))
"""Numbers of the municipalities of the published editions: the first hundred, and one of forty of the others."""

OPEN: Final = "2027-open"
"""Edition with assessments in every state, whose deadlines are far away.

Its id makes it the first one of the list of editions; `HEARD` and `IN_REVIEW` follow. Links lead from the list to these
three, and so to assessments in every state, to hearings that are over and to an approval.
"""
HEARD: Final = "2027-heard"
"""Edition whose hearings are over. Its assessments answer every question, so that they are ranked once published."""
IN_REVIEW: Final = "2027-final"
"""Edition in review with final assessments only, ready to be published."""
EMPTY: Final = "2027-empty"
"""Open edition without assessments."""

STATES: Final[Sequence[AssessmentState]] = ("draft", "submitted", "under_review", "hearing", "returned", "final")
PER_STATE: Final = 4
"""Number of organisations whose assessments are in the same state."""
REJECTED, CONFIRMED = "D1.07", "D1.03"
"""Indicators of an assessment under review: one answer is rejected, the other accepted by several assessors."""

_NOTES: Final = {
    "Devices of the council chamber are excluded.": "Sin los puestos del salón de plenos.",
    "Table 2 of the report.": "Tabla 2 del informe.",
}
"""Notes of the request example, and what the invented people write, who have one language."""

_SET_ASIDE: Final[Mapping[Literal["rejected", "stale"], str]] = {
    "rejected": "Dictamen inventado: los datos que publica la propia entidad dicen otra cosa.",
    "stale": "Dictamen inventado: el documento es de antes del periodo de la edición.",
}
"""Reasons of the verdicts on answers of the published editions, which the simulator only set aside."""


class Hearing(msgspec.Struct, frozen=True):
    """Hearing of an organisation of `HEARD` that is over, about its answer to `REJECTED`.

    `devices` of 320 have access, and `trained` of 400 persons are trained (`CONFIRMED`). `reason` is that of the
    rejection, `reply` what the organisation says to it, None if it says nothing.
    """

    devices: int
    trained: int
    reason: str
    reply: str | None


HEARINGS: Final = (
    Hearing(
        160,
        40,
        "Dictamen inventado: el documento no dice cuántos puestos se contaron.",
        "Respuesta inventada: está en la tabla 2 del documento, con el total y los que acceden.",
    ),
    Hearing(
        240,
        60,
        "Dictamen inventado: el documento es un recuento del área de informática, sin firma.",
        "Respuesta inventada: es verdad que no está firmado; el recuento es correcto.",
    ),
    Hearing(
        300,
        100,
        "Dictamen inventado: la tabla cuenta también los puestos que no están conectados.",
        "Respuesta inventada: este año no podemos hacer otro recuento.",
    ),
    Hearing(80, 20, "Dictamen inventado: el documento es de otra entidad.", None),
)
"""Hearings of `HEARD`, one for each of its organisations: one reply is right, one in part, one says nothing new.

All other assessments in a hearing have the reason and the reply of the first one.
"""

REASON: Final = "The results of the edition, after the review and the hearing."
"""Reason of the publication that is approved, as in the request examples of `publications` and `approvals`."""

KEYS: Final[Sequence[tuple[access.Role, str]]] = (
    ("administrator", "SandboxAdmin"),
    ("registrar", "SandboxRegis"),
    ("publisher", "SandboxPubli"),
    ("assessor", "SandboxAsses"),
    ("organisation_editor", "SandboxEdito"),
    ("organisation_reader", "SandboxReade"),
)
"""Role and id of each key that the sandbox prints.

The keys are the same for ever, so that the configuration of a test may contain them. They open nothing else: the
sandbox serves invented data, on this machine only.
"""
EXAMPLE_KEYS: Final = ("2rxKzm4hT9qW", "Qe7Lw0pVb3sN", "8fGk2LmN4pQr")
"""Ids of the keys that the examples are about. Nobody has these keys."""

EXAMPLE_WEBHOOK: Final = "5f1c0b7a9e3d4c2b18"
"""Id of the webhook that the examples are about."""
EXAMPLE_MESSAGE: Final = "msg_mQ3TnJ0b5cE1pV9xKzW2hg"
"""Id of the message that it was notified by."""
EXAMPLE_IMPORT: Final = 3
"""Id of the job whose annotated file the examples are about."""

NOW: Final = demo.CREATED
"""Time at which everything but the keys was made."""
_PAST, _FUTURE = 2020, 2095
"""Years of calendars whose deadlines are over, and are never over while somebody tests."""
_EVENT: Final = ledger.Event(action="cli.sandbox", actor=None, subject=f"/v1/editions/{OPEN}", public=True)
_TITLES: Final = {
    OPEN: ("abierta", "open"),
    HEARD: ("tras la audiencia", "after the hearing"),
    IN_REVIEW: ("tras la revisión", "after the review"),
    EMPTY: ("vacía", "empty"),
}
"""Titles by edition. Those of `HEARD` and `IN_REVIEW` are still true once a tester has published it."""


def name_organisations(state: AssessmentState) -> list[str]:
    """Return the ids of the sandbox organisations whose assessments in its open edition are in a state."""
    first = 91_001 + 10 * STATES.index(state)
    return [f"XX-DEMO-{number}" for number in range(first, first + PER_STATE)]


ORGANISATIONS: Final = [organisation for state in STATES for organisation in name_organisations(state)]
"""Ids of all organisations of the unpublished editions."""


def build_key(identifier: str) -> keys.Key:
    """Return the access key of the sandbox with an id of `KEYS`; its secret consists of zeros."""
    return keys.Key(identifier, "0" * keys.SECRET_LENGTH)


def seed_sandbox(database: Database, folder: Path, examples: Path) -> None:
    """Store the invented data of the sandbox in a database whose tables are empty.

    `folder`: folder of the private signing key. `examples`: folder of the request examples of the OpenAPI document.
    """
    demo.store_demonstration(database, lambda: None, DEMONSTRATED)
    event = ledger.Event(action="cli.sandbox", actor=None, subject=ledger.SIGNING_KEYS_PATH, public=True)
    with database.write() as session:
        ledger.rotate_signing_key(session, folder, event, now=NOW)
        for edition in (demo.EARLIER, demo.EDITION):
            _judge_set_aside(session, edition)
    demo.publish_demonstration(database, folder, lambda: None, now=NOW)
    body = _read_example(examples, "editions.assessments.put")
    facts = _read_example(examples, "scores.create")["answers"]
    request = _build_request(body)
    with database.write() as session:
        _add_organisations(session)
        _store_keys(session)
        for edition in _TITLES:
            _add_edition(session, edition)
        for state in STATES:
            for organisation in name_organisations(state):
                _add_assessment(session, OPEN, organisation, request, state)
        for organisation, hearing in zip(name_organisations("hearing"), HEARINGS, strict=True):
            whole = _build_request(_answer_all(body, facts, hearing))
            _add_assessment(session, HEARD, organisation, whole, "hearing", hearing)
        for organisation in name_organisations("final"):
            _add_assessment(session, IN_REVIEW, organisation, request, "final")
        for edition in (OPEN, HEARD, IN_REVIEW):
            _finish_hearings(session, edition)
        _set_calendar(session, OPEN, _FUTURE)
        _change_edition(session, IN_REVIEW, editions.EditionChange(state="in_review"))
        _approve(session)
        reviews.create_sample(session, OPEN, share=0.2, seed="once-2027-01-06", now=NOW)
        _add_suggestions(session)
        _add_jobs(session)
        _add_webhook(session, folder)
        ledger.append_entry(session, _EVENT, now=NOW)
    faulty = io.BytesIO(b"organisation,indicator,field,value,faults\r\nXX-DEMO-91001,D1.01,numerator,-1,>= 0\r\n")
    import_files.store_file(database, faulty, edition=OPEN, holder=KEYS[0][1], kind="text/csv", job=EXAMPLE_IMPORT)
    reviews.refresh_flags(database, OPEN, _EVENT, now=NOW)
    with database.write() as session:
        ledger.make_checkpoint(session, ledger.load_signer(session, folder), datetime.now(UTC))


def _read_example(examples: Path, operation: str) -> dict[str, Any]:
    example: dict[str, Any] = msgspec.json.decode((examples / f"{operation}.request.json").read_bytes())
    for answer in example["answers"].values():
        for noted in (answer, *answer.get("evidence", ())):
            if "note" in noted:
                noted["note"] = _NOTES[noted["note"]]
    return example


def _build_request(body: dict[str, Any]) -> AssessmentRequest:
    return msgspec.convert(body, assessments.REQUEST_TYPES[METHODOLOGY].whole)


def _answer_all(body: dict[str, Any], facts: dict[str, Any], hearing: Hearing) -> dict[str, Any]:
    """Return the assessment `body` with an answer to every question of `facts`, each with a document of its own."""
    facts = facts | {
        REJECTED: {"numerator": hearing.devices, "denominator": 320},
        CONFIRMED: {"numerator": hearing.trained, "denominator": 400},
    }
    answers = {indicator: answer | {"evidence": [_build_document(indicator)]} for indicator, answer in facts.items()}
    profile_evidence = {field: [_build_document(field)] for field in body["profile"]}
    return body | {"profile_evidence": profile_evidence, "answers": answers}


def _build_document(name: str) -> dict[str, str]:
    return {"url": f"https://www.fabula.example/redes/{name}.pdf", "date": "2026-10-01"}


def _judge_set_aside(session: Session, edition: str) -> None:
    """Store a verdict of an assessor on each answer that the simulator set aside as rejected or stale.

    The scores stay the same. A withdrawn answer gets none: its organisation took it back.
    """
    organisation_ids = [f"XX-DEMO-{number:05}" for number in DEMONSTRATED]
    for record in assessments.find_assessments(session, edition, organisation_ids).values():
        digests = assessments.digest_answers(assessments.rebuild_content(record), record.evidence)
        applied: dict[str, tuple[AppliedVerdict, ...]] = {}
        for indicator, verdict in record.submission.set_aside.items():
            if verdict == "withdrawn":
                continue
            stored = review_queries.VerdictRecord(
                edition=edition,
                organisation=record.organisation,
                indicator=indicator,
                answer=digests[indicator],
                assessor=KEYS[3][1],
                number=len(applied) + 1,
                at=record.updated,
                verdict=verdict,
                reason=_SET_ASIDE[verdict],
                level=None,
                rule=None,
                first_verdict=verdict,
                first_level=None,
            )
            # Not by `reviews.save_verdict`: the assessments of the demonstration are final from the beginning.
            review_queries.store_verdict(session, stored)
            applied[indicator] = (AppliedVerdict(verdict, stored.answer),)
        if applied:
            assessments.rescore_reviewed(session, record, AppliedReview(applied), now=record.updated)


def _store_keys(session: Session) -> None:
    """Store the keys of the sandbox, valid for a year from now."""
    now = datetime.now(UTC)
    for role, identifier in KEYS:
        bound = ORGANISATIONS if role in access.ORGANISATION_ROLES else ()
        access.create_key(
            session, (), role=role, organisations=bound, days=keys.DAYS_MAX, now=now, key=build_key(identifier)
        )
    for seconds, identifier in enumerate(EXAMPLE_KEYS, 1):
        key = keys.Key(identifier, keys.generate_key().secret)
        # First in the list of keys, so that a link from it leads to one of them.
        made = now - timedelta(seconds=seconds)
        access.create_key(
            session, (), role="organisation_editor", organisations=ORGANISATIONS[:1], days=180, now=made, key=key
        )


def _add_webhook(session: Session, folder: Path) -> None:
    """Add a webhook with one delivery, which nobody delivers: a sandbox sends nothing."""
    role, identifier = KEYS[0]
    webhooks.create_webhook(
        session,
        webhooks.SecretBox(folder),
        access.Principal(identifier, role, identifier),
        webhooks.NewWebhook(url="https://portal.fabula.example/hooks/actitud", events=["edition.published"]),
        now=NOW,
        identifier=EXAMPLE_WEBHOOK,
    )
    edition = "2026-demo"
    event = webhooks.EditionPublished(
        edition=edition,
        revision=1,
        digest=f"sha256:{0:064}",
        organisations=len(DEMONSTRATED),
        publication=f"/v1/editions/{edition}/publications/1",
        document=f"/v1/published/sha256:{0:064}",
    )
    webhooks.announce(session, event, now=NOW, message=EXAMPLE_MESSAGE)


def restore_keys(database: Database) -> None:
    """Make the access keys of the sandbox valid for a year from now, even if they were revoked or rotated."""
    with database.write() as session:
        identifiers = [identifier for _, identifier in KEYS]
        queries.restore_keys(session, identifiers, datetime.now(UTC) + timedelta(days=keys.DAYS_MAX))


def _is_expected(_: str | None) -> bool:
    """Return True: the seed changes whatever version is stored."""
    return True


def _add_organisations(session: Session) -> None:
    entries = [
        organisations.OrganisationEntry(
            id=organisation,
            name=f"Mancomunidad inventada {organisation.rpartition('-')[2]}",
            kind="SUP",
            population=42_000,
            population_year=2026,
            province="46",
            region="10",
            domains=("fabula.example",),
            simulated=True,
        )
        for organisation in ORGANISATIONS
    ]
    organisations.add(session, entries, NOW)


def _add_edition(session: Session, edition: str) -> None:
    es, en = _TITLES[edition]
    draft = editions.EditionDraft(
        id=edition,
        titles={"es": f"Edición de prueba {es}, inventada", "en": f"Test edition {en}, invented"},
        methodology=METHODOLOGY,
        # The year that ends at `NOW`, not that of the id: a document of a day to come does not count.
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
        calendar=structs.asdict(_build_calendar(_FUTURE)),
    )
    editions.add(session, editions.build_record(draft, now=NOW, simulated=True))


def _build_calendar(year: int) -> editions.Calendar:
    def span(first: tuple[int, int], last: tuple[int, int]) -> editions.Span:
        return editions.Span(date(year, *first), date(year, *last))

    return editions.Calendar(
        submission=span((1, 15), (2, 28)),
        review=span((3, 1), (4, 30)),
        hearing=span((5, 1), (5, 15)),
        # Extensions end before the publication.
        publication=editions.Span(date(year, 6, 1), date(_FUTURE, 6, 30)),
    )


def _set_calendar(session: Session, edition: str, year: int) -> None:
    """Move the calendar of an edition to another year, also to the past while hearings run."""
    record = editions.find(session, edition)
    editions.replace(session, structs.replace(record, calendar=_build_calendar(year), updated=NOW))


def _change_edition(session: Session, edition: str, change: editions.EditionChange) -> None:
    editions.update(session, edition, change, expected=_is_expected, now=NOW)


def _add_assessment(
    session: Session,
    edition: str,
    organisation: str,
    request: AssessmentRequest,
    state: AssessmentState,
    hearing: Hearing = HEARINGS[0],
) -> None:
    """Store an assessment and take it to a state.

    If the state is `final`, the assessment stays in its hearing; `_finish_hearings` makes it final. `hearing`: what is
    found of its answer to `REJECTED`, and what is replied.
    """
    assessments.put_assessment(session, edition, organisation, request, expected=_is_expected, now=NOW)
    if state == "draft":
        return
    assessments.submit_assessment(
        session, edition, organisation, {}, role="organisation_editor", expected=_is_expected, now=NOW
    )
    if state == "submitted":
        return
    if state == "returned":
        transitions.return_assessment(
            session,
            edition,
            organisation,
            reason="Motivo inventado: el registro de formación que acredita D1.03 es de otra entidad.",
            until=date(_FUTURE, 3, 31),
            role="assessor",
            expected=_is_expected,
            now=NOW,
        )
        return
    transitions.start_review(session, edition, organisation, role="assessor", expected=_is_expected, now=NOW)
    _review(session, edition, organisation, hearing.reason)
    if state == "under_review":
        return
    reviews.open_hearing(session, edition, organisation, role="assessor", expected=_is_expected, now=NOW)
    if hearing.reply is None:
        return
    replies.save_reply(
        session,
        edition,
        organisation,
        REJECTED,
        replies.NewReply(text=hearing.reply),
        expected=_is_expected,
        now=NOW,
    )


def _review(session: Session, edition: str, organisation: str, reason: str) -> None:
    administrator, assessor, other = KEYS[0][1], KEYS[3][1], EXAMPLE_KEYS[0]
    opinions = [
        (assessor, REJECTED, reviews.Opinion(verdict="rejected", reason=reason)),
        *((who, CONFIRMED, reviews.Opinion(verdict="accepted")) for who in (administrator, assessor, other)),
    ]
    for who, indicator, opinion in opinions:
        reviews.save_verdict(
            session,
            edition,
            organisation,
            indicator,
            opinion,
            assessor=who,
            role="assessor",
            expected=_is_expected,
            now=NOW,
        )


def _finish_hearings(session: Session, edition: str) -> None:
    """Move the calendar of an edition to the past, so that its hearings are over.

    Then make the assessments final that have `final` as their intended state; the edition `HEARD` has none.
    """
    _set_calendar(session, edition, _PAST)
    final = [] if edition == HEARD else name_organisations("final")
    for organisation in final:
        transitions.finalise_assessment(session, edition, organisation, role="assessor", expected=_is_expected, now=NOW)


def _approve(session: Session) -> None:
    """Approve the publication of the edition `IN_REVIEW`, which is pending, with the key of the publisher."""
    record = editions.find(session, IN_REVIEW)
    digest = approvals.compute_pending_digest(session, record, None, PublicationPlan(reason=REASON))
    role, identifier = KEYS[2]
    approvals.add_approval(session, record.id, digest, access.Principal(identifier, role, identifier), now=NOW)


class _NoParameters(msgspec.Struct):
    pass


def _add_jobs(session: Session) -> None:
    """Add jobs that were cancelled, and between them one that waits for so long that nobody ever does it."""
    cancelled, _, imported = (
        enqueue_job(
            session,
            kind=kind,
            parameters=_NoParameters(),
            principal=None,
            edition=edition,
            run_after=datetime(9999, 1, 1, tzinfo=UTC),
        )
        for kind, edition in (*([("editions.publications.create", IN_REVIEW)] * 2), ("editions.imports.create", OPEN))
    )
    assert imported.id == EXAMPLE_IMPORT
    for position, organisation in enumerate(name_organisations("final"), 1):
        item = job_queries.JobItem(position=position, subject=organisation, outcome="prepared", detail=None)
        job_queries.insert_items(session, cancelled.id, [item])
    abandon_job(session, cancelled.id)
    abandon_job(session, imported.id)


def _add_suggestions(session: Session) -> None:
    """Add suggestions to that of the demonstration: all are undecided but number 3."""
    for number, dimension in zip(itertools.count(2), ("D3", "D6", "D9"), strict=False):
        proposal = suggestions.Proposal(
            kind="error",
            title=f"Propuesta inventada {number}",
            text="Nadie lo ha propuesto de verdad: está aquí para que se prueben las decisiones sobre propuestas.",
            language="es",
            dimension=dimension,
        )
        suggestions.propose(session, proposal, proposer=KEYS[0][1], now=NOW + timedelta(minutes=number))
    decision = suggestions.NewDecision(decision="deferred", reason="Decisión inventada: se volverá a mirar.")
    suggestions.decide(session, "3", decision, expected=_is_expected, now=NOW + timedelta(hours=1))
