"""The life of an assessment over HTTP, from its draft to what is final; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, get_args

import httpx
import pytest

from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.editions import service as editions
from tests.contract import examples
from tests.contract.installation import MINE, OTHER, Installation, calendar, installed
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.settling import anything, move_calendar, settle

pytestmark = pytest.mark.serving

Body = dict[str, Any]

EDITION: Final = "2027"
PATH: Final = f"/v1/editions/{EDITION}/assessments/{MINE}"
RETURN: Final = {"reason": "D1.07 lacks its document.", "until": "2095-03-10"}
EXTENSION: Final = {"phase": "review", "until": "2095-05-07", "reason": "A flood."}
BODIES: Final[Mapping[str, Body]] = {"submissions": {}, "returns": RETURN, "extensions": EXTENSION}
STATES: Final[tuple[AssessmentState, ...]] = get_args(AssessmentState)
LEADS_TO: Final[Mapping[str, AssessmentState]] = {
    "submissions": "submitted",
    "reviews": "under_review",
    "hearings": "hearing",
    "returns": "returned",
    "finals": "final",
}
ALLOWED: Final[Mapping[AssessmentState, list[str]]] = {
    "draft": ["submitted"],
    "submitted": ["under_review", "returned"],
    "under_review": ["hearing", "returned"],
    "hearing": ["final", "returned"],
    "returned": ["submitted"],
    "final": [],
}
LONG_AGO: Final = {"from": "2020-01-15", "to": "2020-02-28"}
"""A phase that is over."""


class Place:
    """An installation with an open edition, and its keys."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.client = installation.client
        self.keys = {
            "editor": installation.key("organisation_editor", MINE),
            "assessor": installation.key("assessor"),
            "publisher": installation.key("publisher"),
            "administrator": installation.key("administrator"),
        }

    def call(
        self, method: str, path: str, body: object = None, *, key: str = "administrator", **headers: str
    ) -> httpx.Response:
        sent = {**present_key(self.keys[key]), **{name.replace("_", "-"): it for name, it in headers.items()}}
        if method == "PATCH":
            sent["Content-Type"] = "application/merge-patch+json"
        if body is None:
            return self.client.request(method, path, headers=sent)
        return self.client.request(method, path, headers=sent, json=body)

    def post(
        self, kind: str, body: object = None, *, key: str = "administrator", tag: str = "*", **headers: str
    ) -> httpx.Response:
        """Makes a transition."""
        given = BODIES.get(kind) if body is None else body
        return self.call("POST", f"{PATH}/{kind}", given, key=key, If_Match=tag, **headers)

    def get(self, path: str = PATH) -> httpx.Response:
        return self.call("GET", path)

    def state(self) -> str:
        found: str = self.get().json()["state"]
        return found

    def steps(self) -> list[Body]:
        found: list[Body] = self.get(f"{PATH}/transitions").json()["items"]
        return found

    def move(self, **phases: Mapping[str, str]) -> None:
        """Changes phases of the calendar."""
        moved = self.call("PATCH", f"/v1/editions/{EDITION}", {"calendar": phases}, If_Match="*")
        assert moved.status_code == 200, moved.text

    def bring(self, state: AssessmentState) -> None:
        """Makes the assessment and brings it to a state."""
        self.installation.draft(EDITION, MINE)
        if state == "draft":
            return
        self.installation.submit(EDITION, MINE)
        if state == "returned":
            assert self.post("returns").status_code == 201
        else:
            settle(self.installation.database, EDITION, MINE, state)


@pytest.fixture
def place(url: str, tmp_path: Path) -> Iterator[Place]:
    with installed(url, tmp_path) as installation:
        installation.edition(EDITION)
        yield Place(installation)


def refused(answer: httpx.Response, status: int = 409) -> Body:
    """The only error of a problem."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    (error,) = answer.json()["errors"]
    found: Body = error
    return found


# --- the way --------------------------------------------------------------------------------------------------


def test_an_assessment_goes_from_draft_to_final_and_its_history_is_told(place: Place) -> None:
    place.installation.draft(EDITION, MINE)
    before = place.get().json()
    for kind, key in (("submissions", "editor"), ("reviews", "assessor"), ("hearings", "assessor")):
        tag = place.get().headers["etag"]
        made = place.post(kind, key=key, tag=tag)
        assert made.status_code == 201, made.text
        assert place.state() == LEADS_TO[kind]
        assert place.post(kind, key=key, tag=tag).status_code == 412, "it is another version by now"
        if kind != "submissions":
            assert place.get(made.headers["location"]).json() == made.json()
    move_calendar(place.installation.database, EDITION, calendar(2020))
    assert place.post("finals", key="assessor").status_code == 201

    after = place.get().json()
    assert {name: value for name, value in after.items() if before[name] != value}.keys() == {
        "state",
        "updated",
        "submitted",
    }
    steps = place.steps()
    assert [(step["id"], step["from"], step["to"], step["role"]) for step in steps] == [
        ("1", "draft", "submitted", "organisation_editor"),
        ("2", "submitted", "under_review", "assessor"),
        ("3", "under_review", "hearing", "assessor"),
        ("4", "hearing", "final", "assessor"),
    ]
    assert {(step["phase"], step["reason"], step["until"]) for step in steps} == {(None, None, None)}
    assert steps[0]["at"] == after["submitted"]
    pages = [place.get(f"{PATH}/transitions?limit=3").json()]
    pages.append(place.get(pages[0]["next"].removeprefix("http://testserver.local")).json())
    assert [item for page in pages for item in page["items"]] == steps
    assert pages[1]["next"] is None


@pytest.mark.parametrize("state", STATES)
def test_what_does_not_follow_a_state_is_refused_and_what_does_is_told(place: Place, state: AssessmentState) -> None:
    place.bring(state)
    before, steps = place.get().content, place.steps()
    for kind, after in LEADS_TO.items():
        if after in ALLOWED[state]:
            continue
        error = refused(place.post(kind))
        assert (error["pointer"], error["rule"], error["value"], error["allowed"]) == (
            "",
            "state",
            state,
            ALLOWED[state],
        )
    if state not in ("draft", "returned"):
        for answer in (
            place.call("PUT", PATH, examples.request("editions.assessments.put"), If_Match="*"),
            place.call("PATCH", PATH, {"methodology": "2027.1", "answers": {"D1.07": None}}, If_Match="*"),
        ):
            assert refused(answer)["allowed"] == ALLOWED[state]
    if state != "draft":
        assert refused(place.call("DELETE", PATH, If_Match="*"))["rule"] == "state"
    assert (place.get().content, place.steps()) == (before, steps)
    listed = {
        name: len(place.get(f"/v1/editions/{EDITION}/assessments?state={name}").json()["items"]) for name in STATES
    }
    assert listed == {name: int(name == state) for name in STATES}
    if state == "final":
        assert refused(place.post("extensions"))["rule"] == "state"


def test_what_is_refused_is_told_in_the_language_of_the_reader(place: Place) -> None:
    place.bring("under_review")
    spanish = place.call("POST", f"{PATH}/finals", If_Match="*", Accept_Language="es").json()
    assert spanish["errors"][0]["detail"] == (
        "Estado de la evaluación: en revisión. No lo admite; desde él puede pasar a: en audiencia · devuelta."
    )
    english = place.post("finals").json()
    assert english["detail"] == (
        "State of the assessment: under review. It does not admit that; from it, it may go to: in hearing · returned."
    )


def test_what_was_returned_is_changed_and_submitted_again_even_in_review(place: Place) -> None:
    place.bring("returned")
    place.installation.draft(EDITION, OTHER)
    place.installation.review(EDITION)
    (step,) = [step for step in place.steps() if step["to"] == "returned"]
    assert (step["from"], step["reason"], step["until"]) == ("submitted", RETURN["reason"], RETURN["until"])

    change = {"methodology": "2027.1", "answers": {"D2.02": {"components": []}}}
    changed = place.call("PATCH", PATH, change, key="editor", If_Match="*")
    assert changed.status_code == 200, changed.text
    assert changed.json()["index"] < place.get(f"{PATH}/submissions/1").json()["index"]
    assert place.post("submissions", key="editor").status_code == 201
    assert place.state() == "submitted"
    assert [one["id"] for one in place.get(f"{PATH}/submissions").json()["items"]] == ["1", "2"]
    # The control: a draft is not.
    draft = place.call("PATCH", PATH.replace(MINE, OTHER), change, If_Match="*")
    assert (draft.status_code, draft.json()["errors"]) == (409, [])


# --- the days -------------------------------------------------------------------------------------------------


def test_drafts_are_written_and_submitted_until_the_last_day_or_that_of_an_extension(place: Place) -> None:
    place.installation.draft(EDITION, MINE)
    place.move(submission=LONG_AGO)
    whole = examples.request("editions.assessments.put")
    change = {"methodology": "2027.1", "answers": {"D2.02": {"components": []}}}
    for answer in (
        place.call("PUT", PATH, whole, key="editor", If_Match="*"),
        place.call("PUT", PATH.replace(MINE, OTHER), whole, If_None_Match="*"),
        place.call("PATCH", PATH, change, key="editor", If_Match="*"),
        place.post("submissions", key="editor"),
    ):
        error = refused(answer)
        assert (error["rule"], error["value"]) == ("deadline", "2020-02-28")
        assert "`extensions`, phase `submission`" in error["detail"]
    extension = {"phase": "submission", "until": "2095-01-20", "reason": "A flood."}
    assert place.post("extensions", extension, key="publisher").status_code == 201

    assert place.call("PATCH", PATH, change, key="editor", If_Match="*").status_code == 200
    assert place.post("submissions", key="editor").status_code == 201
    step = place.steps()[0]
    assert (step["from"], step["to"], step["phase"], step["role"]) == ("draft", "draft", "submission", "publisher")


def test_the_hearing_begins_while_the_review_goes_on_and_gives_time_to_answer(place: Place) -> None:
    place.bring("under_review")
    place.move(submission={"from": "2020-01-01", "to": "2020-01-14"}, review=LONG_AGO)
    error = refused(place.post("hearings"))
    assert (error["rule"], error["value"]) == ("deadline", "2020-02-28")
    assert "phase `review`" in error["detail"]
    assert place.post("extensions", {**EXTENSION, "until": "2095-01-01"}).status_code == 201
    place.move(hearing={"from": "2020-03-01", "to": "2020-03-15"})
    error = refused(place.post("hearings"))
    assert (error["value"], "phase `hearing`" in error["detail"]) == ("2020-03-15", True)
    assert place.post("extensions", {**EXTENSION, "phase": "hearing", "until": "2095-02-01"}).status_code == 201
    assert place.post("hearings").status_code == 201
    # The extension counts for its end as well.
    assert (refused(place.post("finals"))["rule"], place.state()) == ("deadline", "hearing")


def test_a_hearing_does_not_begin_on_its_last_day(place: Place) -> None:
    """It did: with some minutes to reply."""
    place.bring("under_review")
    now = (datetime.now(UTC) - timedelta(hours=12)).date()
    last, next_day = str(now), str(now + timedelta(days=1))
    place.move(submission={"from": "2020-01-01", "to": "2020-01-14"}, review=LONG_AGO)
    place.move(hearing={"from": "2020-03-01", "to": last})
    assert place.post("extensions", {**EXTENSION, "until": "2095-01-01"}).status_code == 201
    for language, words in (("es", "un día entero para alegar"), ("en", "no whole day to reply")):
        error = refused(place.post(f"hearings?lang={language}"))
        assert (error["pointer"], error["rule"], error["value"], error["suggestion"]) == ("", "notice", last, next_day)
        assert words in error["detail"]
    assert place.state() == "under_review"
    assert place.post("extensions", {**EXTENSION, "phase": "hearing", "until": next_day}).status_code == 201
    assert place.post("hearings").status_code == 201


@pytest.mark.both_databases
def test_a_hearing_that_runs_does_not_end_sooner(place: Place) -> None:
    """It did: its calendar was moved, and the assessment was final without a reply."""
    place.bring("hearing")
    hearing = calendar(2095)["hearing"]
    sooner = {"from": hearing["from"], "to": "2095-05-14"}
    for given in ({"hearing": sooner}, None):
        for language, words in (("es", "solo se puede retrasar"), ("en", "can only become a later one")):
            path = f"/v1/editions/{EDITION}?lang={language}"
            error = refused(place.call("PATCH", path, {"calendar": given}, If_Match="*"))
            assert (error["pointer"], error["rule"]) == ("/calendar/hearing/to", "shorter")
            assert "2095-05-15" in error["detail"]
            assert words in error["detail"]
    later = {"phase": "hearing", "until": "2095-05-25", "reason": "A flood."}
    assert place.post("extensions", later, key="publisher").status_code == 201
    error = refused(place.post("extensions", {**later, "until": "2095-05-20"}, key="publisher"))
    assert (error["rule"], error["suggestion"]) == ("extension", "2095-05-25")
    place.move(hearing={"from": "2095-05-02", "to": "2095-05-15"})
    place.move(hearing={"from": "2095-05-01", "to": "2095-05-16"})
    assert refused(place.post("finals"))["rule"] == "deadline"


def test_a_hearing_that_has_begun_for_everybody_does_not_end_sooner(place: Place) -> None:
    """Also where nobody is in it yet: who will be counts on its days. Before its first day it may move."""
    place.bring("under_review")
    place.move(submission={"from": "2020-01-01", "to": "2020-01-14"}, review=LONG_AGO)
    place.move(hearing={"from": "2095-05-01", "to": "2095-05-12"})
    place.move(hearing={"from": "2020-03-01", "to": "2095-05-12"})
    change = {"calendar": {"hearing": {"from": "2020-03-01", "to": "2095-05-11"}}}
    error = refused(place.call("PATCH", f"/v1/editions/{EDITION}", change, If_Match="*"))
    assert (error["rule"], error["value"]) == ("shorter", "2095-05-11")


@pytest.mark.both_databases
def test_a_calendar_that_is_moved_while_a_hearing_begins_waits_for_it(place: Place) -> None:
    place.bring("under_review")
    database, moved = place.installation.database, list[editions.EditionContradiction]()
    change = editions.EditionChange(
        calendar={"hearing": editions.Span(date(2095, 5, 1), date(2095, 5, 2))},
    )

    def move() -> None:
        try:
            with database.write() as session:
                editions.update(session, EDITION, change, expected=anything, now=datetime.now(UTC))
        except editions.EditionInconsistent as error:
            moved.extend(error.contradictions)

    with database.write() as session:
        locked = transitions.lock_for_transition(session, EDITION, MINE, expected=anything)
        transitions.start_hearing(session, locked, role="assessor", now=datetime.now(UTC))
        moving = threading.Thread(target=move)
        moving.start()
        moving.join(0.3)
        assert moving.is_alive()
    moving.join()
    assert [contradiction.rule for contradiction in moved] == ["shorter"]


def test_what_was_returned_has_its_own_day(place: Place) -> None:
    place.bring("submitted")
    with place.installation.database.write() as session:
        transitions.return_assessment(
            session,
            EDITION,
            MINE,
            reason="Late.",
            until=date(2025, 3, 10),
            role="assessor",
            expected=anything,
            now=datetime(2025, 3, 1, tzinfo=UTC),
        )
    change = {"methodology": "2027.1", "answers": {"D2.02": {"components": []}}}
    for answer in (place.call("PATCH", PATH, change, If_Match="*"), place.post("submissions")):
        assert refused(answer)["value"] == "2025-03-10"
    # Of the calendar there is time until 2095, and yet this is an extension.
    assert place.post("extensions", {**EXTENSION, "phase": "submission", "until": "2094-12-31"}).status_code == 201
    assert place.post("submissions").status_code == 201


def yesterday() -> str:
    """A day that is over everywhere."""
    return str((datetime.now(UTC) - timedelta(days=2)).date())


MISDATED: Final = (
    ("returns", {"until": yesterday()}, "past"),
    ("returns", {"until": "0001-01-01"}, "past"),
    ("returns", {"until": "2095-07-01"}, "publication"),
    ("returns", {"until": "9999-12-31"}, "publication"),
    ("extensions", {"until": yesterday()}, "past"),
    ("extensions", {"until": "2095-04-30"}, "extension"),
    ("extensions", {"until": "2095-07-01"}, "publication"),
)


def test_a_day_that_it_cannot_be_is_refused_with_the_day_that_it_is_held_against(place: Place) -> None:
    place.bring("submitted")
    before = place.get().content
    now = datetime.now(UTC) - timedelta(hours=12)
    today, tomorrow, end = str(now.date()), str(now.date() + timedelta(days=1)), "2095-06-30"
    days = {
        ("returns", "past"): (today, tomorrow),
        ("returns", "publication"): (end, end),
        ("extensions", "past"): (today, "2095-05-01"),
        ("extensions", "extension"): ("2095-04-30", "2095-05-01"),
        ("extensions", "publication"): (end, end),
    }
    for kind, changed, rule in MISDATED:
        error = refused(place.post(kind, {**BODIES[kind], **changed}))
        assert (error["pointer"], error["rule"], error["value"]) == ("/until", rule, changed["until"])
        against, suggestion = days[kind, rule]
        assert against in error["detail"]
        assert error["suggestion"] == suggestion
    error = refused(place.post("returns", {**RETURN, "until": today}))
    assert (error["rule"], error["suggestion"]) == ("notice", tomorrow)
    assert (place.get().content, len(place.steps())) == (before, 1)


def test_what_was_returned_keeps_the_days_that_it_was_given(place: Place) -> None:
    """They were taken away by a shorter extension, and the edition was published without it the next day."""
    place.bring("returned")
    longer = {"phase": "submission", "until": "2095-06-10", "reason": "A flood."}
    assert place.post("extensions", longer, key="publisher").status_code == 201
    error = refused(place.post("extensions", {**longer, "until": "2095-03-11"}, key="publisher"))
    assert (error["rule"], error["suggestion"]) == ("extension", "2095-06-10")


@pytest.mark.both_databases
def test_of_many_that_act_at_once_one_does(place: Place) -> None:
    place.bring("submitted")
    tag = place.get().headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        kinds = ("reviews", "returns", "extensions") * 3
        answered = [answer.status_code for answer in pool.map(lambda kind: place.post(kind, tag=tag), kinds)]
    assert sorted(answered) == [201] + [412] * 8
    assert [step["id"] for step in place.steps()] == ["1", "2"]


# --- around it ------------------------------------------------------------------------------------------------


def test_what_is_not_settled_is_told_to_whoever_publishes(place: Place) -> None:
    place.bring("under_review")
    place.installation.draft(EDITION, OTHER)
    place.installation.submit(EDITION, OTHER)
    place.installation.review(EDITION)
    answer = place.call(
        "POST", f"/v1/editions/{EDITION}/publications", {"reason": "Now."}, key="publisher", Idempotency_Key="x"
    )
    assert answer.status_code == 409
    assert [(error["rule"], error["value"], error["suggestion"]) for error in answer.json()["errors"]] == [
        ("unsettled", "submitted", "1"),
        ("unsettled", "under_review", "1"),
    ]
    assert "Assessments in the state “under review”: 1;" in answer.json()["errors"][1]["detail"]


@pytest.mark.both_databases
def test_nobody_is_published_without_whoever_was_returned_and_still_has_days(
    place: Place, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """The attack: a rival is returned, and the edition published before it can submit again."""
    place.bring("returned")
    place.installation.finalise(EDITION, OTHER)

    def publish(language: str) -> httpx.Response:
        path = f"/v1/editions/{EDITION}/publications?lang={language}"
        return place.call("POST", path, {"reason": "Now."}, key="publisher", Idempotency_Key=language)

    told = {"es": "hasta entonces se pueden presentar", "en": "until then they may be submitted"}
    for language, words in told.items():
        error = refused(publish(language))
        assert (error["rule"], error["value"], error["suggestion"]) == ("unsettled", "returned", "1")
        assert words in error["detail"]
    assert place.post("submissions", key="editor").status_code == 201
    assert refused(publish("en"))["value"] == "submitted"
    with monkeypatch.context() as patched:
        patched.setattr(transitions, "count_unsettled", lambda *_, **__: {})
        assert publish("en").status_code == 201
    shown = {score["organisation"] for score in place.get(f"/v1/editions/{EDITION}/scores").json()["items"]}
    figure(
        "S6",
        "publications asked for while an organisation that was returned still has days, and once it has submitted "
        "again, that were made",
        tried=len(told) + 1,
        failed=0,
        control=f"where nobody is waited for it is published with {len(shown - {MINE})} of 2 organisations",
    )


@pytest.mark.parametrize(
    ("state", "in_review", "is_judged"),
    [
        ("hearing", False, True),
        ("hearing", True, False),
        ("final", False, False),
        ("returned", False, True),
        ("returned", True, True),
    ],
)
def test_other_domains_judge_again_what_may_still_change(
    place: Place, state: AssessmentState, in_review: bool, is_judged: bool
) -> None:
    place.bring(state)
    if in_review:
        place.installation.review(EDITION)
    change = {"domains": ["other.example"]}
    assert place.call("PATCH", f"/v1/organisations/{MINE}", change, If_Match="*").status_code == 200
    found = {finding["rule"] for finding in place.get().json()["findings"]}
    assert ("undeclared_domain" in found) is is_judged


def test_a_draft_is_removed_with_its_history(place: Place) -> None:
    place.bring("draft")
    assert place.post("extensions").status_code == 201
    assert place.call("DELETE", PATH, If_Match="*").status_code == 204
    place.installation.draft(EDITION, MINE)
    assert place.steps() == []
