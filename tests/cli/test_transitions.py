"""`assessments transition`: the same as over HTTP, with a bar of progress."""

from __future__ import annotations

import json

import pytest

from actitud_api import cli
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from tests.support.drafting import EDITION, fill_drafts


def test_a_step_of_many_is_taken_and_told(database: Database, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = fill_drafts(database, 3)
    step = ["assessments", "transition", EDITION]

    assert cli.main([*step, "submissions", "--dry-run", "--database", url]) == 0
    assert "Would be done: 3.\n" in capsys.readouterr().out
    assert cli.main([*step, "submissions", "--organisation", names[0], "--database", url]) == 0
    shown = capsys.readouterr()
    assert "Done: 1.\n" in shown.out
    assert "1/1" in shown.err
    assert cli.main([*step, "reviews", "--kind", "MUN", "--database", url]) == 0
    told = capsys.readouterr().out
    assert "Done: 1.\nRefused: 2.\n" in told
    assert f"{names[1]}: State of the assessment: draft." in told

    with database.read() as session:
        found = assessments.find_assessments(session, EDITION, names)
        entries = [(json.loads(one.entry.record), one.opening) for one in ledger.iterate_entries(session)][1:]
    assert [found[name].state for name in names] == ["under_review", "draft", "draft"]
    assert {(record["action"], record["actor"]) for record, _ in entries} == {("cli.assessments.transition", None)}
    path = f"/v1/editions/{EDITION}/assessments/{names[0]}"
    assert [opening.subject for _, opening in entries if opening] == [
        "/v1/jobs/1",
        "/v1/jobs/2",
        f"{path}/submissions/1",
        "/v1/jobs/3",
        f"{path}/transitions/2",
    ]
    history = transitions.list_transitions(database, EDITION, names[0], PageRange(limit=9))
    assert [made.role for made in history] == ["administrator", "administrator"]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["2031", "reviews"], 1, "There is no edition 2031."),
        ([EDITION, "finals"], 1, "No assessment of the edition 2027 can take this step, or none meets the conditions."),
        ([EDITION, "publications"], 2, "/step: It must be one of these values"),
        ([EDITION, "returns", "--until", "2027-03-20"], 2, "/reason: This member is missing."),
        ([EDITION, "reviews", "--organisation", "XX-TEST-A", "--kind", "MUN"], 1, "No assessment of the edition 2027"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: list[str],
    code: int,
    said: str,
    database: Database,
    url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill_drafts(database, 1)
    assert cli.main(["assessments", "transition", *arguments, "--database", url]) == code
    assert said in capsys.readouterr().err
