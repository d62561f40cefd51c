"""A step for many assessments over HTTP: a job, whose results say of each organisation what became of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.batches import tasks
from tests.support.applications import borrow_app
from tests.support.assessing import Body
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.drafting import EDITION, fill_drafts
from tests.support.keys import create_key, present_key
from tests.support.settling import move_calendar

PATH: Final = f"/v1/editions/{EDITION}/transitions"
RETURN: Final = {"step": "returns", "reason": "A document is missing.", "until": "2027-03-20"}
EXTENSION: Final = {"step": "extensions", "phase": "review", "until": "2027-05-20", "reason": "A flood."}


class Office:
    """The service with an edition of four drafts, and the people who ask it."""

    def __init__(self, app: Litestar, client: TestClient[Litestar]) -> None:
        self.client = client
        self.database: Database = app.state["database"]
        self.runner: JobRunner = app.state["jobs"]
        self.names = fill_drafts(self.database, 4)
        self.keys = {role: self.key(role) for role in ("administrator", "assessor", "publisher", "registrar")}
        self.keys["editor"] = self.key("organisation_editor", self.names[0])

    def key(self, role: Any, *organisations: str, editions: tuple[str, ...] | None = None) -> str:
        return create_key(self.database, role, *organisations, editions=editions)

    def ask(self, body: object, who: str = "administrator", path: str = PATH, **headers: str) -> httpx.Response:
        sent = {**present_key(self.keys.get(who, who)), **headers}
        return self.client.post(path, json=body, headers=sent)

    def get(self, path: str, who: str = "administrator", **headers: str) -> Body:
        return read_body(self.client.get(path, headers={**present_key(self.keys[who]), **headers}))

    def run(self, body: object, who: str = "administrator") -> tuple[Body, list[Body]]:
        """Ask for a job and do it; return how it ended, and its results."""
        answer = self.ask(body, who)
        assert answer.status_code == 202, answer.text
        assert self.runner.run_due() == 1
        path = answer.headers["location"]
        return self.get(path, who), self.get(f"{path}/items", who)["items"]

    def outcomes(self, body: object, who: str = "administrator") -> Body:
        job, _ = self.run(body, who)
        found: Body = job["outcomes"]
        return found

    def states(self) -> list[str]:
        with self.database.read() as session:
            found = assessments.find_assessments(session, EDITION, self.names)
        return [found[name].state for name in self.names]

    def actions(self) -> list[str]:
        with self.database.read() as session:
            return [json.loads(entry.entry.record)["action"] for entry in ledger.iterate_entries(session)][1:]


@pytest.fixture
def office(url: str) -> Iterator[Office]:
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        yield Office(app, client)


@pytest.mark.both_databases
def test_all_that_can_take_a_step_take_it(office: Office) -> None:
    answer = office.ask({"step": "submissions"})
    assert answer.status_code == 202
    queued = answer.json()
    assert (queued["state"], queued["kind"], queued["done"], queued["total"]) == (
        "queued",
        "editions.transitions.create",
        0,
        4,
    )
    assert office.states() == ["draft"] * 4
    assert office.runner.run_due() == 1
    job = office.get(answer.headers["location"])
    assert (job["state"], job["done"], job["total"], job["outcomes"]) == ("succeeded", 4, 4, {"done": 4})
    assert job["result"] == {"step": "submissions", "dry_run": False}
    assert office.states() == ["submitted"] * 4
    items = office.get(f"{answer.headers['location']}/items")["items"]
    assert [(item["subject"], item["detail"]["path"]) for item in items] == [
        (name, f"/v1/editions/{EDITION}/assessments/{name}/submissions/1") for name in office.names
    ]
    assert office.actions() == [
        "editions.transitions.create",
        *["editions.assessments.submissions.create"] * 4,
    ]


def test_what_is_refused_has_the_problem_of_the_single_step_in_the_language_of_the_reader(office: Office) -> None:
    office.run({"step": "submissions", "organisations": office.names[:2]})
    wanted = [office.names[0], office.names[3], "XX-TEST-NOBODY"]
    answer = office.ask({"step": "reviews", "organisations": wanted})
    office.runner.run_due()
    items = {
        language: office.get(f"{answer.headers['location']}/items?lang={language}")["items"]
        for language in ("es", "en")
    }
    assert [(item["subject"], item["outcome"]) for item in items["en"]] == [
        (office.names[0], "done"),
        (office.names[3], "refused"),
        ("XX-TEST-NOBODY", "refused"),
    ]
    single = office.client.post(
        f"/v1/editions/{EDITION}/assessments/{office.names[3]}/reviews?lang=es",
        headers={**present_key(office.keys["administrator"]), "If-Match": "*"},
    ).json()
    problem = items["es"][1]["problem"]
    for member in ("type", "title", "status", "detail", "errors"):
        assert problem[member] == single[member]
    assert problem["instance"] == f"{answer.headers['location']}/items"
    assert items["en"][2]["problem"]["status"] == 404
    assert "XX-TEST-NOBODY" in items["en"][2]["problem"]["detail"]
    assert items["en"][0]["problem"] is None


def test_a_dry_run_is_a_job_that_changes_nothing(office: Office) -> None:
    assert office.outcomes({"step": "submissions", "dry_run": True}) == {"possible": 4}
    assert office.states() == ["draft"] * 4
    assert office.actions() == ["editions.transitions.create"]
    assert office.outcomes({"step": "submissions", "filter": {"q": office.names[2]}}) == {"done": 1}
    assert office.states() == ["draft", "draft", "submitted", "draft"]


def test_of_named_organisations_those_that_match_a_filter_are_selected(office: Office) -> None:
    named = office.names[:2]
    filtered: Body = {"step": "submissions", "filter": {"q": office.names[1]}}
    assert office.ask({**filtered, "organisations": office.names[:1]}).status_code == 409
    assert office.ask({**filtered, "organisations": named}, "editor").status_code == 409
    assert office.outcomes({**filtered, "organisations": named}) == {"done": 1}
    assert office.states() == ["draft", "submitted", "draft", "draft"]
    assert office.outcomes({"step": "reviews", "organisations": named, "filter": {"state": "draft"}}) == {"refused": 1}
    assert office.states() == ["draft", "submitted", "draft", "draft"]


NONSENSE: Final[Sequence[tuple[Body, int, str, str]]] = (
    ({"step": "reviews", "reason": "Why?"}, 400, "/reason", "additionalProperties"),
    ({"step": "returns", "until": "2027-03-20"}, 400, "/reason", "required"),
    ({"step": "extensions", "until": "2027-03-20", "reason": "Why."}, 400, "/phase", "required"),
    ({"step": "reviews", "organisations": ["XX-TE-A"], "filter": {"kind": "MUN"}}, 409, "", "empty"),
    ({"step": "submissions", "filter": {"kind": "UNI"}}, 409, "", "empty"),
    ({"step": "finals"}, 409, "", "empty"),
)
"""Bodies that ask for nothing that makes sense, with the status, the pointer and the rule of the answer."""


def test_what_makes_no_sense_is_refused_at_once(office: Office) -> None:
    for body, status, pointer, rule in NONSENSE:
        answer = office.ask(body)
        assert answer.status_code == status, answer.text
        assert [(error["pointer"], error["rule"]) for error in answer.json()["errors"]] == [(pointer, rule)]
    assert not office.runner.run_due()


def test_each_step_has_the_roles_of_the_single_step(office: Office) -> None:
    """A denied one is entered in the ledger, once a day for a key."""
    allowed = {
        "submissions": {"administrator", "editor"},
        "reviews": {"administrator", "assessor"},
        "hearings": {"administrator", "assessor"},
        "returns": {"administrator", "assessor"},
        "finals": {"administrator", "assessor"},
        "extensions": {"administrator", "publisher"},
    }
    bodies: dict[str, Body] = {step: {"step": step} for step in allowed} | {"returns": RETURN, "extensions": EXTENSION}
    for step, roles in allowed.items():
        for who in office.keys:
            status = office.ask({**bodies[step], "organisations": office.names[:1]}, who).status_code
            assert status == (202 if who in roles else 403), (step, who)
    with office.database.read() as session:
        records = [json.loads(entry.entry.record) for entry in ledger.iterate_entries(session)][1:]
    denied = [record for record in records if record["outcome"] == "denied"]
    assert [record["action"] for record in denied] == ["editions.transitions.create"] * 4


def test_a_key_reaches_what_it_is_bound_to(office: Office) -> None:
    job, items = office.run({"step": "submissions"}, "editor")
    assert job["total"] == 1
    assert [(item["subject"], item["outcome"]) for item in items] == [(office.names[0], "done")]
    _, items = office.run({"step": "submissions", "organisations": office.names[:2]}, "editor")
    assert [(item["subject"], item["outcome"]) for item in items] == [
        (office.names[0], "unchanged"),
        (office.names[1], "refused"),
    ]
    assert items[1]["problem"]["status"] == 404
    assert office.states() == ["submitted", "draft", "draft", "draft"]


def interrupt(office: Office, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Body:
    """Submit all one by one, and do something after the first; return how the job ended."""
    monkeypatch.setattr(tasks, "PORTION", 1)
    answer = office.ask({"step": "submissions"})
    acted: list[object] = []

    def listen(done: int, _total: int | None) -> None:
        if done == 1 and not acted:
            acted.append(act() or True)

    runner = JobRunner(office.database, [tasks.TRANSITIONS_TASK], progress=listen)
    assert runner.run_due() == 1
    return office.get(answer.headers["location"])


def test_a_job_that_is_cancelled_half_way_keeps_what_it_has_done(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancel() -> None:
        answer = office.ask(
            None, path=f"{office.get('/v1/jobs')['items'][0]['id']}".join(["/v1/jobs/", "/cancellations"])
        )
        assert answer.status_code == 202, answer.text

    job = interrupt(office, cancel, monkeypatch)
    assert (job["state"], job["done"], job["total"], job["outcomes"]) == ("cancelled", 1, 4, {"done": 1})
    assert office.states() == ["submitted", "draft", "draft", "draft"]
    assert office.outcomes({"step": "submissions"}) == {"done": 3}, "what is left is taken by another job"


def test_a_deadline_that_passes_in_the_middle_refuses_the_rest(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    over = {"submission": {"from": "2026-01-15", "to": "2026-02-28"}}
    job = interrupt(office, lambda: move_calendar(office.database, EDITION, over), monkeypatch)
    assert (job["state"], job["outcomes"]) == ("succeeded", {"done": 1, "refused": 3})
    items = office.get(f"/v1/jobs/{job['id']}/items?outcome=refused&lang=en")["items"]
    assert {(error["rule"], error["value"]) for item in items for error in item["problem"]["errors"]} == {
        ("deadline", "2026-02-28")
    }
