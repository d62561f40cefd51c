"""The right of reply over HTTP: when, by whom, until when, and where a reply is seen; on both databases."""

from __future__ import annotations

import csv
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
import rfc8785

from actitud_api.resources.assessments.lifecycle import DeadlinePassed
from actitud_api.resources.reviews.replies import service as replies
from tests.http.reviews.conftest import CREATE, Desk
from tests.http.test_assessments import EDITION, MERGE_PATCH, MINE
from tests.http.test_http_problems import problem
from tests.support import publishing
from tests.support.assessing import DOMAIN
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.settling import anything

pytestmark = pytest.mark.serving

REPLIES: Final = f"/assessments/{MINE}/replies"
REPLY: Final = {
    "text": "La guía estaba publicada antes.",
    "evidence": [{"url": f"https://{DOMAIN}/guia.pdf", "date": "2026-03-02", "note": None, "sha256": None}],
}


def reply(desk: Desk, who: str = MINE, indicator: str = "D1.01", tag: str | None = None, **more: Any) -> Any:
    headers = CREATE if tag is None else {}
    return desk.ask(who, "PUT", f"{REPLIES}/{indicator}", {**REPLY, **more}, tag, **headers)


def hear(desk: Desk) -> None:
    desk.given("ada", "D1.01", "rejected")
    desk.settle("hearing")


def test_the_organisation_replies_changes_it_and_takes_it_back(desk: Desk) -> None:
    hear(desk)
    made = reply(desk)
    assert (made.status_code, made.headers["location"]) == (201, f"/v1/editions/{EDITION}{REPLIES}/D1.01")
    assert {name: made.json()[name] for name in REPLY} == REPLY
    problem(reply(desk), 412, "precondition-failed")
    changed = reply(desk, tag=made.headers["etag"], text="Con su fecha.")
    assert (changed.status_code, changed.json()["text"]) == (200, "Con su fecha.")
    problem(reply(desk, tag=made.headers["etag"]), 412, "precondition-failed")
    assert reply(desk, indicator="D9.02", evidence=[]).status_code == 201
    for who in (MINE, "ada", "publisher", "administrator"):
        listed = desk.get(REPLIES, who)["items"]
        assert [one["indicator"] for one in listed] == ["D1.01", "D9.02"]
    first = desk.get(f"{REPLIES}?limit=1", MINE)
    assert desk.get(f"{REPLIES}?cursor={first['next_cursor']}", MINE)["items"] == listed[1:]
    assert desk.ask(MINE, "DELETE", f"{REPLIES}/D9.02").status_code == 204
    problem(desk.ask(MINE, "DELETE", f"{REPLIES}/D9.02"), 404, "not-found")
    problem(desk.ask(MINE, "GET", f"{REPLIES}/D9.02"), 404, "not-found")


@pytest.mark.both_databases
def test_of_many_that_reply_at_once_one_does(desk: Desk) -> None:
    hear(desk)
    with ThreadPoolExecutor(6) as pool:
        statuses = [one.status_code for one in pool.map(lambda number: reply(desk, text=f"{number}."), range(6))]
    assert sorted(statuses) == [201, *[412] * 5]
    assert desk.get(f"{REPLIES}/D1.01")["text"] == f"{statuses.index(201)}."


def test_it_replies_only_in_the_hearing(desk: Desk) -> None:
    refused = problem(reply(desk), 409, "conflict")
    assert refused["errors"][0]["rule"] == "state"
    hear(desk)
    assert reply(desk).status_code == 201
    desk.settle("final")
    for response in (reply(desk, tag="*"), desk.ask(MINE, "DELETE", f"{REPLIES}/D1.01")):
        assert problem(response, 409, "conflict")["errors"][0]["rule"] == "state"
    assert desk.get(f"{REPLIES}/D1.01")["text"] == REPLY["text"]


def test_it_replies_until_the_last_day_has_ended_everywhere(desk: Desk) -> None:
    """The hearing of the edition ends on 15 May 2095, in the last time zone at noon of the 16th (UTC)."""
    hear(desk)
    new = replies.NewReply(text="A tiempo.")

    def at(day: int, hour: int, minute: int = 0) -> None:
        with desk.database.write() as session:
            now = datetime(2095, 5, day, hour, minute, tzinfo=UTC)
            replies.save_reply(session, EDITION, MINE, "D1.01", new, expected=anything, now=now)

    at(16, 11, 59)
    with pytest.raises(DeadlinePassed) as late:
        at(16, 12)
    assert (late.value.phase, str(late.value.day)) == ("hearing", "2095-05-15")
    extended = {"phase": "hearing", "until": "2095-05-20", "reason": "They asked for it."}
    assert desk.ask("publisher", "POST", f"/assessments/{MINE}/extensions", extended).status_code == 201
    at(21, 11, 59)


def test_verdicts_and_replies_travel_with_the_score(desk: Desk) -> None:
    desk.given("ada", "D10.07", "capped", level=1)
    desk.given("eva", "D1.02", "rejected")
    assert desk.ask("eva", "DELETE", f"/assessments/{MINE}/verdicts/D1.02/own").status_code == 204
    hear(desk)
    assert reply(desk).status_code == 201
    before = desk.get(f"/scores/{MINE}", MINE)
    review = before["review"]
    assert (review["state"], review["overall"]) == ("hearing", None)
    assert [(one["indicator"], one["verdict"], one["level"], one["reason"]) for one in review["verdicts"]] == [
        ("D1.01", "rejected", None, "Not there."),
        ("D10.07", "capped", 1, "Not there."),
    ]
    (told,) = review["replies"]
    assert {name: told[name] for name in ("indicator", *REPLY)} == {"indicator": "D1.01", **REPLY}
    # Who judged is nobody's business there.
    assert not {"assessor", "reviewer"} & {name for one in review["verdicts"] for name in one}
    # A reply changes no score.
    assert desk.ask(MINE, "DELETE", f"{REPLIES}/D1.01").status_code == 204
    after = desk.get(f"/scores/{MINE}", MINE)
    assert {**before, "review": None} == {**after, "review": None}


def test_nothing_is_told_of_a_review_that_nobody_has_made(desk: Desk) -> None:
    assert desk.get(f"/scores/{MINE}", MINE)["review"] == {
        "state": "under_review",
        "overall": None,
        "verdicts": [],
        "replies": [],
    }


def bare(value: Any) -> Any:
    """An answer without what is said in words."""
    if isinstance(value, dict):
        return {key: bare(member) for key, member in value.items() if key not in ("name", "text", "result_digest")}
    return [bare(member) for member in value] if isinstance(value, list) else value


BESIDE: Final = ("edition", "organisation", "organisation_name", "rank", "simulated", "document", "review")
"""What the score of an edition says beside the canonical result."""


def test_what_is_published_holds_verdicts_and_replies(desk: Desk, tmp_path: Path, figure: FigureRecorder) -> None:
    hear(desk)
    assert reply(desk, text="=1+1 <b>Se ve</b>").status_code == 201
    assert desk.get(f"/scores/{MINE}", "ada")["review"]["replies"][0]["evidence"] == REPLY["evidence"]
    desk.settle("final")
    change = {**desk.keys["administrator"], "If-Match": "*", **MERGE_PATCH}
    closed = desk.client.patch(f"/v1/editions/{EDITION}", content=b'{"state":"in_review"}', headers=change)
    assert closed.status_code == 200
    make_key(desk.database, tmp_path)
    publishing.publish(desk.database, tmp_path, edition=EDITION, now=datetime(2027, 6, 1, tzinfo=UTC))

    sheet = desk.get(f"/scores/{MINE}?lang=es", None)
    published = desk.client.get(f"/v1/published/{sheet['document']}").json()
    told = {**sheet["review"], "replies": [{**one} for one in sheet["review"]["replies"]]}
    for one in told["replies"]:
        # Anybody may name any document there, and it must stay erasable.
        assert one.pop("evidence") == []
    assert published["review"] == told
    assert (told["state"], told["verdicts"][0]["verdict"]) == ("final", "rejected")
    # What the documentation promises of the digest.
    canonical = bare({name: member for name, member in sheet.items() if name not in BESIDE})
    assert canonical == published["score"]
    assert sheet["result_digest"] == "sha256:" + hashlib.sha256(rfc8785.dumps(canonical)).hexdigest()

    scores = csv.DictReader(io.StringIO(desk.ask(None, "GET", "/scores.csv").text.removeprefix("\ufeff")))
    (row,) = scores
    assert (list(row)[-2:], row["verdicts"], row["replies"]) == (["verdicts", "replies"], "1", "1")
    table = csv.DictReader(io.StringIO(desk.ask(None, "GET", "/indicators.csv").text.removeprefix("\ufeff")))
    found = {line["indicator"]: line for line in table}
    assert list(found["D1.01"])[-3:] == ["verdict", "verdict_reason", "reply"]
    assert (found["D1.01"]["verdict"], found["D1.01"]["verdict_reason"]) == ("rejected", "Not there.")
    assert found["D1.01"]["reply"] == "'=1+1 <b>Se ve</b>"
    assert (found["D1.02"]["verdict"], found["D1.02"]["reply"]) == ("", "")

    page = desk.client.get(f"/portal/{EDITION}/{MINE}?lang=es").text
    assert "=1+1 &lt;b&gt;Se ve&lt;/b&gt;" in page
    assert "la respuesta se rechaza y no cuenta" in page
    assert "guia.pdf" not in page
    # Who reads drafts still finds them where they were sent to.
    assert desk.get(f"{REPLIES}/D1.01", "ada")["evidence"] == REPLY["evidence"]
    words = {"es": "revisada, 1 alegación de la organización", "en": "reviewed, 1 reply of the organisation"}
    for language, said in words.items():
        shown = desk.client.get(f"/embed/{EDITION}/{MINE}/score.json?lang={language}").json()
        assert shown["review"] == said
        assert said in shown["text"]
        assert said in shown["version"]
        assert said in desk.client.get(f"/badge/{EDITION}/{MINE}.json?lang={language}").json()["message"]
        assert said in desk.client.get(f"/embed/{EDITION}/{MINE}/table.html?lang={language}").text

    # What is published does not change.
    problem(reply(desk, tag="*"), 409, "conflict")
    figure(
        "S13",
        "places that show a published reply (score, signed document, page), of which one with its documents fails",
        tried=3,
        failed=0,
        control="before the edition is published, whoever reads the draft finds them in the score",
    )


def test_a_corrected_answer_has_no_verdict_and_what_else_was_found_and_replied_stays(
    desk: Desk, tmp_path: Path
) -> None:
    """Else it would be published as rejected, and count."""
    desk.given("ada", "D10.07", "capped", level=1)
    hear(desk)
    assert reply(desk).status_code == 201
    desk.settle("final")
    headers = {**desk.keys["administrator"], **MERGE_PATCH, "If-Match": "*"}
    assert desk.client.patch(f"/v1/editions/{EDITION}", content='{"state": "in_review"}', headers=headers).is_success
    make_key(desk.database, tmp_path)
    first = publishing.publish(desk.database, tmp_path, edition=EDITION)
    before = desk.get(f"/scores/{MINE}", None)["review"]
    assert [one["indicator"] for one in before["verdicts"]] == ["D1.01", "D10.07"]
    publishing.publish(
        desk.database,
        tmp_path,
        publishing.correction(first, MINE, D1_01={"numerator": 319, "denominator": 320}),
        edition=EDITION,
    )
    after = desk.get(f"/scores/{MINE}", None)["review"]
    assert after == {**before, "verdicts": before["verdicts"][1:]}
    assert len(after["replies"]) == 1
