"""Both clients against the application itself, with keys, on both databases: what changes something."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

import httpx
import msgspec
import openpyxl
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.testing import TestClient

from actitud import (
    AnswerVerdicts,
    Assessment,
    AsyncClient,
    Client,
    Conflict,
    ConnectionFailed,
    Contact,
    Edition,
    Evidence,
    Forbidden,
    IdempotencyKeyReused,
    JobNotDone,
    NotFound,
    Organisation,
    PreconditionFailed,
    Publication,
    Span,
    Submission,
    Suggestion,
    Unauthorized,
)
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.audit_log.keys import Signer
from actitud_api.platform.audit_log.queries import replace_signing_key
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database
from actitud_api.resources.webhooks import service as webhooks
from actitud_api.settings import Settings
from tests.contract.installation import calendar
from tests.http.sdk.test_end_to_end import BASE, as_said, example, example_2027
from tests.support import importing, publishing
from tests.support.applications import borrow_app, connect_to
from tests.support.assessing import DOMAIN, body_a, document
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.keys import create_key
from tests.support.scale import LOST
from tests.support.settling import move_calendar
from tests.support.toy_jobs import build_runner, enqueue
from tests.unit.sdk.support import Calls, FakeTime, Mode

T = TypeVar("T")
WEBHOOK = "https://portal.fabula.example/hooks"

VILLA = "XX-DEMO-00001"
VERSION = "2026.1"
"""The methodology of the edition in which `officer` answers, which is that of example A."""
SET_BY_SERVICE = ("test_questions", "test_answered", "previous_level", "integrity_case")
"""What an organisation does not state of its profile in 2027.1."""


class Losses:
    """Loses the first answers to what changes something, after the application has done it."""

    def __init__(self, count: int) -> None:
        self._left = count

    def let_pass(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        if request.method != "GET" and self._left > 0:
            self._left -= 1
            assert response.is_success
            raise httpx.ReadError("the connection broke before the answer")
        return response


class Losing(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport, losses: Losses) -> None:
        self._inner = inner
        self._losses = losses

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._losses.let_pass(request, self._inner.handle_request(request))


class AsyncLosing(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, losses: Losses) -> None:
        self._inner = inner
        self._losses = losses

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._losses.let_pass(request, await self._inner.handle_async_request(request))


class Installation:
    """The application on a database of its own, asked through either client with the key of a role."""

    def __init__(self, app: Litestar, opened: TestClient[Litestar], mode: Mode) -> None:
        self.app = app
        self._opened = opened
        self._mode = mode

    def key(self, role: access.Role, *organisations: str) -> str:
        """A new key."""
        return create_key(self.app.state["database"], role, *organisations)

    def said(self, path: str, key: str) -> Any:
        """What the service answers, as JSON."""
        return self._opened.get(path, headers={"Authorization": f"Bearer {key}"}).json()

    def using(self, key: str = "", *, losses: int = 0, max_retries: int = 2) -> Client:
        """A client, of either mode, whose connection loses some answers."""
        return cast(Client, Calls(partial(self._run, key, losses, max_retries)))

    def _run(self, key: str, losses: int, max_retries: int, call: Callable[[object], object]) -> object:
        if self._mode == "blocking":
            with httpx.Client(transport=Losing(self._opened._transport, Losses(losses))) as http_client:
                return call(Client(base_url=BASE, api_key=key, max_retries=max_retries, http_client=http_client))

        async def main() -> object:
            transport = AsyncLosing(connect_to(self.app), Losses(losses))
            async with httpx.AsyncClient(transport=transport) as http_client:
                client = AsyncClient(base_url=BASE, api_key=key, max_retries=max_retries, http_client=http_client)
                return await cast(Awaitable[object], call(client))

        return asyncio.run(main())


@pytest.fixture
def installation(url: str, mode: Mode, tmp_path: Path) -> Iterator[Installation]:
    with borrow_app(Settings(database_url=url, signing_folder=tmp_path)) as app, TestClient(app) as opened:
        yield Installation(app, opened, mode)


@pytest.fixture
def administrator(installation: Installation) -> str:
    return installation.key("administrator")


def made(client: Client, identifier: str = "2027", **more: Any) -> Edition:
    return client.editions.create(
        id=identifier,
        titles={"es": "Edición 2027", "en": "Edition 2027"},
        period_from=date(2027, 1, 1),
        period_to=date(2027, 12, 31),
        **more,
    )


def editions(installation: Installation) -> list[str]:
    page = installation.using().editions.list()
    return [edition.id for edition in page.items]


def test_an_edition_is_made_changed_and_removed(installation: Installation, administrator: str) -> None:
    edition = made(installation.using(administrator))
    assert (edition.title, edition.state, edition.methodology) == ("Edition 2027", "open", "2027.1")
    read = installation.using().editions.get("2027", lang="es")
    assert read.title == "Edición 2027"
    days = Span(date(2027, 2, 1), date(2027, 5, 1))
    changed = installation.using(administrator).editions.update(
        "2027", if_match=read.etag, titles={"es": "Piloto"}, windows={"W90": days}, state="in_review", lang="es"
    )
    assert (changed.title, changed.windows["W90"], changed.state) == ("Piloto", days, "in_review")
    assert changed.windows["W24"] == edition.windows["W24"]
    back = installation.using(administrator).editions.update("2027", if_match=changed.etag, windows={"W90": None})
    assert back.windows == edition.windows
    installation.using(administrator).editions.delete("2027", if_match=back.etag)
    with pytest.raises(NotFound):
        installation.using().editions.get("2027")


def test_what_was_done_is_in_the_ledger_and_the_checkpoint_is_kept(
    installation: Installation, administrator: str
) -> None:
    made(installation.using(administrator))
    signer = Signer(Ed25519PrivateKey.generate())
    now = datetime.now(UTC)
    with installation.app.state["database"].write() as session:
        ledger.make_checkpoint(session, signer, now)
        replace_signing_key(session, ledger.SigningKey(signer.kid, signer.public, now, None))

    entries = installation.using().ledger.list(action="editions.create", limit=5)
    (entry,) = entries.items
    assert (entry.seq, entry.record["action"], entry.record["outcome"]) == (1, "editions.create", "done")
    assert entry.opening is not None
    assert entry.opening.subject == "/v1/editions/2027"
    assert as_said(entry) == installation.said("/v1/ledger", administrator)["items"][1]

    checkpoint = installation.using().ledger.checkpoints.get()
    assert (checkpoint.size, checkpoint.root, checkpoint.at) == (2, entry.hash, now)
    assert installation.using().ledger.checkpoints.get(2) == checkpoint
    assert installation.using().ledger.checkpoints.list().items == (checkpoint,)
    with pytest.raises(NotFound):
        installation.using().ledger.checkpoints.get(1)

    (key,) = installation.using().signing_keys.list()
    assert (key.kid, key.x, key.retired) == (signer.kid, signer.public, None)
    assert {"keys": [as_said(key)]} == installation.said("/.well-known/jwks.json", administrator)


def test_an_edition_is_published_corrected_and_read_by_its_digests(
    installation: Installation, administrator: str, tmp_path: Path, fake_time: FakeTime
) -> None:
    database = installation.app.state["database"]
    publishing.fill(database)
    make_key(database, tmp_path)
    fake_time.meanwhile = installation.app.state["jobs"].run_due
    told: list[tuple[str, int, int | None]] = []

    def published(client: Client) -> Publication:
        return client.editions.publications.create(
            "2026", reason="It is time.", progress=lambda job: told.append((job.state, job.done, job.total))
        )

    first = published(installation.using(administrator, losses=1))
    assert told[-1] == ("succeeded", 3, 3)
    assert (first.revision, first.organisations, first.supersedes) == (1, 3, None)
    with pytest.raises(Conflict) as caught:
        published(installation.using(administrator))
    assert [(error.rule, error.suggestion) for error in caught.value.errors] == [("published", first.digest)]
    patch = {"methodology": "2026.1", "answers": {"D1.01": {"numerator": 320, "denominator": 320}}}
    second = installation.using(administrator).editions.publications.create(
        "2026",
        reason="A wrong answer.",
        supersedes=first.digest,
        corrections=[{"organisation": publishing.BIG, "assessment": patch}],
    )
    assert as_said(second) == installation.said("/v1/editions/2026/publications/latest", administrator)
    page = installation.using().editions.publications.list("2026", limit=1)
    assert page.items == (second,)
    old = installation.using().editions.publications.get("latest", 1)
    assert old == msgspec.structs.replace(first, superseded_by=second.digest)

    document = installation.using().published.get(first.digest)
    assert f"sha256:{hashlib.sha256(document).hexdigest()}" == first.digest
    assert installation.using().published.signature(first.digest) == first.signature
    bundle = installation.using().editions.publications.bundle("2026", 1)
    assert (len(bundle), gzip.decompress(bundle).splitlines()[1]) == (first.bundle_size, document)
    table = installation.using().editions.scores.export("2026", format="jsonl")
    listed = installation.using().editions.scores.list("2026")
    assert [json.loads(line)["index"] for line in table.splitlines()] == [row.index for row in listed.items]
    assert b"dcat:Catalog" in installation.using().catalogue.get()
    (correction,) = second.corrections
    score = installation.using().editions.publications.scores.get("2026", publishing.BIG)
    assert score == installation.using().published.get(correction.after)
    sheet = installation.using().editions.scores.get("2026", publishing.BIG)
    assert (sheet.index, sheet.document) == (45.28, correction.after)
    with pytest.raises(NotFound):
        installation.using().published.get("sha256:" + "0" * 64)


@pytest.mark.both_databases
@pytest.mark.parametrize("losses", [1, 2])
def test_what_is_created_is_created_once_whatever_answers_are_lost(
    installation: Installation, administrator: str, losses: int
) -> None:
    edition = made(installation.using(administrator, losses=losses))
    assert (edition.id, edition.etag is None) == ("2027", False)
    assert editions(installation) == ["2027"]


def test_a_lost_change_is_told_as_lost_and_was_made_once(installation: Installation, administrator: str) -> None:
    edition = made(installation.using(administrator))
    with pytest.raises(ConnectionFailed) as caught:
        installation.using(administrator, losses=1).editions.update(
            "2027", if_match=edition.etag, titles={"en": "Pilot"}
        )
    assert caught.value.sent
    assert isinstance(caught.value.__cause__, PreconditionFailed)
    assert installation.using().editions.get("2027").title == "Pilot"


def test_a_key_of_the_caller_acts_once_over_several_calls(installation: Installation, administrator: str) -> None:
    first = made(installation.using(administrator), idempotency_key="once")
    again = made(installation.using(administrator), idempotency_key="once")
    assert msgspec.structs.asdict(again) == msgspec.structs.asdict(first)
    with pytest.raises(IdempotencyKeyReused):
        made(installation.using(administrator), "2027-other", idempotency_key="once")
    assert editions(installation) == ["2027"]


# Organisations


def added(client: Client) -> Organisation:
    return client.organisations.create(
        id=VILLA,
        name="Villa de Ejemplo",
        kind="MUN",
        population=42_000,
        population_year=2025,
        province="46",
        aliases=["XI-WIKIDATA-Q2807"],
        domains=[DOMAIN],
        contact=Contact(email="redes@villa.example"),
    )


@pytest.fixture
def editor(installation: Installation) -> str:
    return installation.key("registrar")


def test_an_organisation_is_added_found_and_changed(installation: Installation, editor: str) -> None:
    made = added(installation.using(editor))
    assert (made.band, made.region_name, made.contact) == (
        "P3",
        "Comunitat Valenciana",
        Contact(email="redes@villa.example"),
    )
    read = installation.using().organisations.get(VILLA)
    assert read == made
    changed = installation.using(editor).organisations.update(
        VILLA, if_match=read.etag, name="Villa Nueva", population=None, population_year=None, contact={"email": None}
    )
    assert [former.name for former in changed.former_names] == ["Villa de Ejemplo"]
    assert (changed.population, changed.band, changed.contact) == (None, None, None)
    found = installation.using().organisations.list(q="ejemplo", on=date(2026, 1, 1))
    assert [one.name for one in found.items] == ["Villa Nueva"]
    assert found.items[0].etag is None


def test_an_alias_leads_to_the_organisation_also_to_change_it(installation: Installation, editor: str) -> None:
    made = added(installation.using(editor))
    read = installation.using().organisations.get("XI-WIKIDATA-Q2807")
    assert read == made
    changed = installation.using(editor).organisations.update("XI-WIKIDATA-Q2807", if_match=read.etag, domains=[])
    assert (changed.id, changed.domains) == (VILLA, ())


def test_an_organisation_is_added_once_and_changed_once_whatever_is_lost(
    installation: Installation, editor: str
) -> None:
    made = added(installation.using(editor, losses=1))
    assert [one.id for one in installation.using().organisations.list().items] == [VILLA]
    with pytest.raises(ConnectionFailed):
        installation.using(editor, losses=1).organisations.update(VILLA, if_match=made.etag, name="Otra")
    now = installation.using().organisations.get(VILLA)
    assert (now.name, [former.name for former in now.former_names]) == ("Otra", ["Villa de Ejemplo"])


@pytest.mark.both_databases
def test_of_many_writes_whose_answers_are_lost_none_is_made_twice(
    installation: Installation, editor: str, administrator: str, mode: Mode, figure: FigureRecorder
) -> None:
    names = [f"XX-DEMO-{number:05}" for number in range(LOST)]
    for name in names:
        made = installation.using(editor, losses=1).organisations.create(id=name, name=name, kind="MUN")
        assert made.id == name
    found = installation.using().organisations.list(limit=1000)
    assert sorted(one.id for one in found.items) == names
    # The ledger has an entry for everything that was done: a second one would be a duplicate.
    entries = installation.using(administrator).ledger.list(action="organisations.create", limit=1000)
    assert len(entries.items) == LOST
    figure(
        "R36",
        f"writes through the {mode} client whose first answer was lost, of which one that is made twice or not told "
        "of counts",
        tried=LOST,
        failed=0,
        control=count_refused_repeats(installation, editor),
    )


def count_refused_repeats(installation: Installation, editor: str) -> str:
    """Return how many writes are not told of where each attempt has a key of its own: the control."""
    refused, names = 0, [f"XX-DEMO-9{number:04}" for number in range(3)]
    for name in names:
        with pytest.raises(ConnectionFailed):
            installation.using(editor, losses=1, max_retries=0).organisations.create(id=name, name=name, kind="MUN")
        try:
            installation.using(editor, max_retries=0).organisations.create(id=name, name=name, kind="MUN")
        except Conflict:
            refused += 1
    assert refused == len(names)
    return f"repeated without the key of the attempt {refused} of {len(names)} are refused, as they are there already"


# Assessments


@pytest.fixture
def officer(installation: Installation, administrator: str) -> str:
    """The key of an organisation that may answer: it has declared its domain, and an edition of 2026.1 is open."""
    added(installation.using(administrator))
    made(installation.using(administrator), methodology=VERSION)
    move(installation, administrator, 2095)
    return installation.key("organisation_editor", VILLA)


def move(installation: Installation, administrator: str, year: int) -> None:
    """Moves the calendar of the edition to a year."""
    phases = {
        name: Span(date.fromisoformat(days["from"]), date.fromisoformat(days["to"]))
        for name, days in calendar(year).items()
    }
    installation.using(administrator).editions.update("2027", if_match="*", calendar=phases)


def stated(client: Client, *, if_match: str | None = None) -> Assessment:
    body = body_a()
    return client.editions.assessments.put(
        "2027",
        VILLA,
        methodology=VERSION,
        profile=body["profile"],
        answers=body["answers"],
        profile_evidence=body["profile_evidence"],
        if_match=if_match,
    )


def submitted(client: Client, assessment: Assessment) -> Submission:
    return client.editions.assessments.submissions.create("2027", VILLA, if_match=assessment.etag)


def index_of(installation: Installation, key: str) -> float | None:
    """The index on the sheet, once it is seen that sheet and ranking say the same."""
    sheet = installation.using(key).editions.scores.get("2027", VILLA)
    (row,) = installation.using(key).editions.scores.list("2027").items
    assert (row.index, row.rank, row.level) == (sheet.index, sheet.rank, sheet.level)
    assert sheet.rank is None  # until it is published a rank would tell of the others
    return sheet.index


def test_an_assessment_goes_from_facts_to_its_submission(installation: Installation, officer: str) -> None:
    case = example("example_a")
    draft = stated(installation.using(officer))
    assert (draft.state, draft.submitted, draft.error_findings) == ("draft", None, ())
    assert (draft.index, draft.coverage) == (case.published.index, case.published.coverage)
    assert index_of(installation, officer) == case.published.index

    # D1.01 goes from 50 to 100. It is 25 of the 100 parts of D1, so that D1 goes from 38.75 to 51.25, and the mean of
    # the ten dimensions from 44.028 to 45.278.
    better = installation.using(officer).editions.assessments.update(
        "2027",
        VILLA,
        methodology=VERSION,
        if_match=draft.etag,
        answers={"D1.01": {"numerator": 320, "denominator": 320}},
    )
    assert better.answers["D1.01"]["evidence"] == draft.answers["D1.01"]["evidence"]
    assert better.index == 45.28
    assert index_of(installation, officer) == 45.28

    sent = submitted(installation.using(officer), better)
    assert (sent.id, sent.index, sent.answers) == ("1", 45.28, better.answers)
    now = installation.using(officer).editions.assessments.get("2027", VILLA)
    assert (now.state, now.submitted) == ("submitted", sent.submitted)
    with pytest.raises(Conflict):
        stated(installation.using(officer), if_match=now.etag)
    (line,) = installation.using(officer).editions.assessments.submissions.list("2027", VILLA).items
    assert line.id == "1"
    assert installation.using(officer).editions.assessments.submissions.get("2027", VILLA, "1") == sent


def test_answers_to_the_methodology_in_use_need_no_version(installation: Installation, administrator: str) -> None:
    """Example A of 2027.1 without the test questions, which are no matter of its officers: D9.09 does not apply.

    It has 90 of 100 there and weighs 12 of the 100 of D9. The other 88 have 73.31 - 10.80 = 62.51, so that D9 is 71.03
    and, with 24 of 100, the index 72.71 - 24 % of (73.31 - 71.03) = 72.16.
    """
    case = example_2027("A")
    added(installation.using(administrator))
    made(installation.using(administrator))
    move(installation, administrator, 2095)
    officer = installation.key("organisation_editor", VILLA)
    profile: Any = {name: value for name, value in case["profile"].items() if name not in SET_BY_SERVICE}
    documents = {name: [document(name)] for name in profile}
    answers = {name: answer | {"evidence": [document(name)]} for name, answer in case["answers"].items()}
    draft = installation.using(officer).editions.assessments.put(
        "2027", VILLA, profile=profile, answers=answers, profile_evidence=documents, if_match=None
    )
    assert (draft.methodology, draft.index, draft.error_findings) == ("2027.1", 72.16, ())
    changed = installation.using(officer).editions.assessments.update(
        "2027", VILLA, if_match=draft.etag, answers={"D9.06": {"value": True}}
    )
    # D9.06 goes from 0 to 100 and weighs 4 of these 88: D9 is 66.51 / 88 = 75.57, and the index 24 % of 4.54 more.
    assert changed.index == 73.25


def test_an_assessment_goes_from_its_submission_to_what_is_final(
    installation: Installation, officer: str, administrator: str
) -> None:
    assessor, publisher = installation.key("assessor"), installation.key("publisher")
    place = f"/v1/editions/2027/assessments/{VILLA}"
    draft = stated(installation.using(officer))
    submitted(installation.using(officer), draft)

    def act(step: Callable[[Client, str | None], T], key: str, losses: int = 0) -> T:
        """Does something with the assessment as it is read."""
        tag = installation.using(assessor).editions.assessments.get("2027", VILLA).etag
        return step(installation.using(key, losses=losses), tag)

    with pytest.raises(Conflict) as caught:
        act(lambda client, tag: client.editions.assessments.finals.create("2027", VILLA, if_match=tag), assessor)
    assert [(error.rule, error.allowed) for error in caught.value.errors] == [("state", ("under_review", "returned"))]

    returned = act(
        lambda client, tag: client.editions.assessments.returns.create(
            "2027", VILLA, reason="D1.01 lacks its document.", until=date(2095, 3, 10), if_match=tag
        ),
        assessor,
        losses=1,
    )
    assert (returned.before, returned.after, returned.role) == ("submitted", "returned", "assessor")
    again = installation.using(officer).editions.assessments.get("2027", VILLA)
    submitted(installation.using(officer), again)
    act(lambda client, tag: client.editions.assessments.reviews.create("2027", VILLA, if_match=tag), assessor)
    extended = act(
        lambda client, tag: client.editions.assessments.extensions.create(
            "2027", VILLA, phase="review", until=date(2095, 5, 7), reason="A flood.", if_match=tag
        ),
        publisher,
    )
    assert (extended.before, extended.after, extended.phase) == ("under_review", "under_review", "review")
    act(lambda client, tag: client.editions.assessments.hearings.create("2027", VILLA, if_match=tag), assessor)
    with pytest.raises(Conflict) as caught:
        act(lambda client, tag: client.editions.assessments.finals.create("2027", VILLA, if_match=tag), assessor)
    assert [(error.rule, error.value) for error in caught.value.errors] == [("deadline", "2095-05-15")]
    move_calendar(installation.app.state["database"], "2027", calendar(2020))
    final = act(lambda client, tag: client.editions.assessments.finals.create("2027", VILLA, if_match=tag), assessor)

    now = installation.using(officer).editions.assessments.get("2027", VILLA)
    assert (now.state, now.index) == ("final", draft.index)
    steps = installation.using(officer).editions.assessments.transitions.list("2027", VILLA).items
    assert [(step.id, step.before, step.after) for step in steps] == [
        ("1", "draft", "submitted"),
        ("2", "submitted", "returned"),
        ("3", "returned", "submitted"),
        ("4", "submitted", "under_review"),
        ("5", "under_review", "under_review"),
        ("6", "under_review", "hearing"),
        ("7", "hearing", "final"),
    ]
    assert (steps[1], steps[4], steps[6]) == (returned, extended, final)
    assert installation.said(f"{place}/transitions", officer)["items"] == as_said(steps)
    assert installation.using(officer).editions.assessments.transitions.get("2027", VILLA, "7") == final


def test_nothing_that_the_service_says_of_an_assessment_is_lost(installation: Installation, officer: str) -> None:
    reused = Evidence(url=f"https://{DOMAIN}/all.pdf", date=date(2025, 10, 1), note="Todo.", sha256="0" * 64)
    evidenced = {name: {**answer, "evidence": [reused]} for name, answer in body_a()["answers"].items()}
    first = stated(installation.using(officer))
    draft = installation.using(officer).editions.assessments.update(
        "2027", VILLA, methodology=VERSION, if_match=first.etag, answers=evidenced
    )
    assert [finding.rule for finding in draft.findings] == ["document_reused"]
    place = f"/v1/editions/2027/assessments/{VILLA}"
    assert installation.said(place, officer) == as_said(draft)
    assert installation.said("/v1/editions/2027/assessments", officer)["items"] == as_said(
        installation.using(officer).editions.assessments.list("2027", state="draft").items
    )
    sent = installation.using(officer).editions.assessments.submissions.create(
        "2027", VILLA, if_match=draft.etag, explanations={"document_reused": "Es la memoria anual."}
    )
    assert installation.said(f"{place}/submissions/1", officer) == as_said(sent)
    assert installation.said(f"{place}/submissions", officer)["items"] == as_said(
        installation.using(officer).editions.assessments.submissions.list("2027", VILLA).items
    )


def test_a_lost_assessment_is_told_as_lost_and_is_there(installation: Installation, officer: str) -> None:
    with pytest.raises(ConnectionFailed):
        stated(installation.using(officer, losses=1))
    draft = installation.using(officer).editions.assessments.get("2027", VILLA)
    with pytest.raises(ConnectionFailed):
        installation.using(officer, losses=1).editions.assessments.delete("2027", VILLA, if_match=draft.etag)
    assert installation.using(officer).editions.assessments.list("2027").items == ()


@pytest.mark.both_databases
def test_a_submission_acts_once_whatever_answers_are_lost(installation: Installation, officer: str) -> None:
    draft = stated(installation.using(officer))
    sent = submitted(installation.using(officer, losses=2), draft)
    lines = installation.using(officer).editions.assessments.submissions.list("2027", VILLA).items
    assert [line.id for line in lines] == [sent.id]


def test_a_suggestion_is_made_decided_on_and_withdrawn(installation: Installation, administrator: str) -> None:
    key = installation.key("organisation_reader", VILLA)

    def propose(client: Client) -> Suggestion:
        return client.suggestions.create(
            kind="indicator", title="Más rápido", text="En una hora.", language="es", indicator="D9.02"
        )

    made = propose(installation.using(key, losses=1))
    assert (made.id, made.dimension, made.state, made.decisions) == ("1", "D9", "undecided", ())
    read = installation.using(key).suggestions.get("1")
    assert read == made
    with pytest.raises(NotFound):
        installation.using().suggestions.get("1")
    with pytest.raises(Forbidden):
        installation.using(key).suggestions.decisions.create("1", if_match=read.etag, decision="accepted", reason="Sí.")
    decided = installation.using(administrator, losses=1).suggestions.decisions.create(
        "1", if_match=read.etag, decision="rejected", reason="It is measured.", language="en", methodology="2026.1"
    )
    (decision,) = decided.decisions
    assert (decided.state, decision.reason, decision.language, decision.methodology) == (
        "rejected",
        "It is measured.",
        "en",
        "2026.1",
    )
    assert as_said(decided) == installation.said("/v1/suggestions/1", key)
    with pytest.raises(PreconditionFailed):
        installation.using(key).suggestions.delete("1", if_match=read.etag)
    with pytest.raises(Conflict):
        installation.using(key).suggestions.delete("1", if_match=decided.etag)
    second = propose(installation.using(key))
    listed = installation.using(key).suggestions.list(state="undecided", dimension="D9")
    assert [one.id for one in listed.items] == ["2"]
    other = installation.key("registrar")
    with pytest.raises(Forbidden):
        installation.using(other).suggestions.delete("2", if_match=second.etag)
    installation.using(key).suggestions.delete("2", if_match=second.etag)
    with pytest.raises(NotFound):
        installation.using().suggestions.get("2")


# --- keys -----------------------------------------------------------------------------------------------------


def test_a_key_is_made_replaced_and_ended(installation: Installation, administrator: str) -> None:
    made = installation.using(administrator).keys.create(role="registrar", days=30)
    assert made.secret is not None
    assert made.secret not in repr(made)
    own = installation.using(made.secret).keys.get(made.id)
    assert (own.id, own.role, own.days, own.state) == (made.id, "registrar", 30, "valid")
    after = installation.using(made.secret).keys.rotations.create(made.id, if_match=own.etag, overlap=1)
    assert (after.role, after.created_by) == ("registrar", made.id)
    listed = installation.using(administrator).keys.list(role="registrar")
    assert [(key.id, key.replaced_by) for key in listed.items] == [(made.id, after.id), (after.id, None)]
    ended = installation.using(administrator).keys.revocations.create(made.id)
    assert ended.state == "revoked"
    with pytest.raises(Unauthorized):
        installation.using(made.secret).keys.get(made.id)
    assert installation.using(after.secret or "").keys.list().items[0].id == after.id


def test_where_the_answer_is_lost_the_key_is_there_without_its_secret(
    installation: Installation, administrator: str
) -> None:
    made = installation.using(administrator, losses=1).keys.create(role="registrar")
    assert made.secret is None
    listed = installation.using(administrator).keys.list(role="registrar")
    assert [key.id for key in listed.items] == [made.id]


def test_a_key_that_somebody_found_is_reported(installation: Installation, administrator: str) -> None:
    made = installation.using(administrator).keys.create(role="registrar")
    nothing = installation.using().keys.reports.create("nothing", lang="es")
    found = installation.using().keys.reports.create(f"two\nlines: {made.secret}\x00", lang="es")
    assert nothing == found
    with pytest.raises(Unauthorized):
        installation.using(made.secret or "").keys.get(made.id)


def test_answers_are_judged_and_a_sample_is_drawn(installation: Installation, officer: str, administrator: str) -> None:
    """Without D1.01 example A has 42.78 (tests/http/reviews/test_effects.py)."""
    ada, eva, publisher = (installation.key(role) for role in ("assessor", "assessor", "publisher"))
    draft = stated(installation.using(officer))
    submitted(installation.using(officer), draft)
    tag = installation.using(ada).editions.assessments.get("2027", VILLA).etag
    installation.using(ada).editions.assessments.reviews.create("2027", VILLA, if_match=tag)

    def judge(key: str, **said: Any) -> AnswerVerdicts:
        known = installation.using(key).editions.assessments.verdicts.get("2027", VILLA, "D1.01")
        return installation.using(key).editions.assessments.verdicts.put(
            "2027", VILLA, "D1.01", if_match=known.etag, **said
        )

    found = judge(ada, verdict="rejected", reason="The page is empty.")
    assert found.effective_verdict is not None
    assert (found.effective_verdict.verdict, found.verdicts[0].reason) == ("rejected", "The page is empty.")
    assert index_of(installation, officer) == 42.78
    with pytest.raises(Conflict) as caught:
        judge(ada, verdict="capped", reason="Lower.", level=1)
    assert [error.rule for error in caught.value.errors] == ["ladder"]
    with pytest.raises(ValueError, match="if_match is missing"):
        installation.using(ada).editions.assessments.verdicts.put(
            "2027", VILLA, "D1.01", verdict="accepted", if_match=None
        )
    found = judge(eva, verdict="accepted")
    assert (found.disputed, [one.counts for one in found.verdicts]) == (True, [False, True])
    installation.using(eva).editions.assessments.verdicts.delete("2027", VILLA, "D1.01", if_match=found.etag)
    listed = installation.using(officer).editions.assessments.verdicts.list("2027", VILLA, limit=1)
    assert [(one.indicator, one.effective_verdict is None) for one in listed.items] == [("D1.01", False)]
    agreed = installation.using(publisher).editions.agreement.get("2027")
    assert (agreed.pairs, agreed.agreed, agreed.share, agreed.too_low) == (1, 0, 0, True)

    whole = installation.using(ada).editions.assessments.review.get("2027", VILLA)
    said = installation.using(ada).editions.assessments.review.put(
        "2027",
        VILLA,
        methodology=VERSION,
        reason="A case.",
        max_level=2,
        profile={"integrity_case": True},
        if_match=whole.etag,
    )
    assert (said.max_level, said.profile) == (2, {"integrity_case": True})

    sample = installation.using(publisher).editions.samples.create("2027", seed="drawn-in-public")
    assert (sample.seed, sample.seed_given, sample.share, sample.organisations) == (
        "drawn-in-public",
        True,
        0.2,
        (VILLA,),
    )
    (shown,) = installation.using().editions.samples.list("2027").items
    assert (shown.seed, shown.organisations) == ("drawn-in-public", ())
    flagged = installation.using(publisher).editions.flags.create("2027")
    assert (flagged.assessments, flagged.flags) == (1, 0)
    assert installation.using(ada).editions.flags.list("2027").items == ()
    of_one = installation.using(ada).editions.assessments.flags.list("2027", VILLA, kind="growth")
    assert of_one.items == ()


# --- jobs -----------------------------------------------------------------------------------------------------


def test_a_job_is_followed_and_cancelled(installation: Installation, administrator: str) -> None:
    database: Database = installation.app.state["database"]
    done, other = enqueue(database, to=3), enqueue(database)
    build_runner(database).run_next(done.id)
    path = f"/v1/jobs/{done.id}"
    read = installation.using(administrator).jobs.wait(str(done.id))
    assert as_said(read) == installation.said(path, administrator)
    assert (read.state, read.result, read.outcomes) == ("succeeded", {"last": 3}, {"even": 1, "odd": 2})
    odd = installation.using(administrator).jobs.items.list(str(done.id), outcome="odd", total=True)
    assert [item.subject for item in odd.items] == ["XX-T-1", "XX-T-3"]
    assert odd.total == 2
    listed = installation.using(administrator).jobs.list(state="queued")
    assert [job.id for job in listed.items] == [str(other.id)]
    cancelled = installation.using(administrator, losses=1).jobs.cancel(str(other.id))
    assert cancelled.state == "cancelled"
    with pytest.raises(Conflict):
        installation.using(administrator).jobs.cancel(str(other.id))
    with pytest.raises(NotFound):
        installation.using(installation.key("publisher")).jobs.get(str(done.id))


def test_a_file_is_imported_once_and_its_faults_come_back(
    installation: Installation, administrator: str, tmp_path: Path
) -> None:
    made(installation.using(administrator), methodology=importing.VERSION)
    importing.register(installation.app.state["database"], 2)
    rows = [row for number in (1, 2) for row in importing.list_rows(importing.name(number))]
    rows[0][3] = "VILLA"
    file = tmp_path / "villages.csv"
    file.write_bytes(importing.encode(rows))
    # The first answer is lost: the file is read and sent again, and it is one job.
    asked = installation.using(administrator, losses=1).editions.imports.create("2027", file)
    assert installation.app.state["jobs"].run_due() == 1
    job = installation.using(administrator).jobs.wait(asked.id)
    assert job.outcomes == {"created": 1, "refused": 1}
    copy = installation.using(administrator).editions.imports.annotated("2027", job.id)
    assert b"VILLA" in copy.splitlines()[1]
    target = tmp_path / "template.xlsx"
    written = installation.using(administrator).editions.imports.template("2027", to=target)
    assert written == target
    again = installation.using(administrator).editions.imports.create("2027", target, dry_run=True)
    installation.app.state["jobs"].run_due()
    assert installation.using(administrator).jobs.get(again.id).outcomes == {"unchanged": 1}
    book = openpyxl.load_workbook(target)
    book["Profile"]["A6"] = "XX-NOBODY"
    book.save(target)
    wrong = installation.using(administrator).editions.imports.create("2027", target)
    installation.app.state["jobs"].run_due()
    marked = installation.using(administrator).editions.imports.annotated("2027", wrong.id)
    assert openpyxl.load_workbook(io.BytesIO(marked))["Profile"]["A6"].comment
    with pytest.raises(ValueError, match="say its format"):
        installation.using(administrator).editions.imports.create("2027", tmp_path / "villages")


def test_a_webhook_is_made_changed_and_deleted(installation: Installation) -> None:
    key, other = installation.key("publisher"), installation.key("publisher")
    with pytest.raises(Conflict) as caught:
        installation.using(key).webhooks.create(url="https://10.0.0.1/x", events=["score.corrected"])
    assert [(error.pointer, error.rule) for error in caught.value.errors] == [("/url", "ip")]
    made = installation.using(key).webhooks.create(url=WEBHOOK, events=["edition.published"], idempotency_key="once")
    assert made.secret is not None
    assert made.secret not in repr(made)
    again = installation.using(key).webhooks.create(url=WEBHOOK, events=["edition.published"], idempotency_key="once")
    assert (again.id, again.secret) == (made.id, None)
    paused = installation.using(key).webhooks.update(made.id, if_match=made.etag, state="paused")
    assert (paused.state, paused.url, paused.events) == ("paused", WEBHOOK, ("edition.published",))
    rotated = installation.using(key).webhooks.rotations.create(made.id, if_match=paused.etag)
    assert rotated.secret not in (None, made.secret)
    read = installation.using(key).webhooks.get(made.id)
    assert as_said(read) == installation.said(f"/v1/webhooks/{made.id}", key)
    assert [one.id for one in installation.using(key).webhooks.list().items] == [made.id]
    assert installation.using(other).webhooks.list().items == ()
    with pytest.raises(NotFound):
        installation.using(other).webhooks.delete(made.id, if_match="*")
    installation.using(key).webhooks.delete(made.id, if_match=read.etag)
    with pytest.raises(NotFound):
        installation.using(key).webhooks.get(made.id)


def test_a_delivery_is_looked_up_and_asked_for_again(installation: Installation) -> None:
    key = installation.key("publisher")
    made = installation.using(key).webhooks.create(url=WEBHOOK, events=["edition.published"])
    event = webhooks.EditionPublished(
        edition="2026", revision=1, digest="sha256:0", organisations=1, publication="/v1", document="/v1"
    )
    with installation.app.state["database"].write() as session:
        webhooks.announce(session, event, now=datetime.now(UTC), message="msg_1")
    (logged,) = installation.using(key).webhooks.deliveries.list(made.id, state="pending").items
    assert (logged.id, logged.event, logged.attempts) == ("msg_1", "edition.published", ())
    again = installation.using(key).webhooks.deliveries.attempts.create(made.id, logged.id)
    assert (again.id, again.payload, again.state) == (logged.id, logged.payload, "pending")
    assert installation.using(key).webhooks.deliveries.list(made.id, state="failed").items == ()


def test_a_publication_that_fails_as_a_job_raises_what_the_call_would(
    installation: Installation, administrator: str, tmp_path: Path, fake_time: FakeTime
) -> None:
    database = installation.app.state["database"]
    publishing.fill(database)
    make_key(database, tmp_path)

    def publish_otherwise() -> None:
        """Another publisher comes first."""
        fake_time.meanwhile = installation.app.state["jobs"].run_due
        publishing.publish(database, tmp_path)

    fake_time.meanwhile = publish_otherwise

    def create(client: Client) -> Publication:
        return client.editions.publications.create("2026", reason="It is time.")

    with pytest.raises(Conflict) as caught:
        create(installation.using(administrator))
    assert [error.rule for error in caught.value.errors] == ["published"]
    assert isinstance(caught.value.__cause__, JobNotDone)
