"""docs/access.md shows the policy that the service enforces, and the command prints the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actitud_api import cli
from actitud_api.app import create_app
from actitud_api.platform.http.access import rules_of
from actitud_api.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
OPERATION = {"en": "| operation |", "es": "| operación |"}


@pytest.mark.parametrize(("language", "page"), [("en", "access.md"), ("es", "access.es.md")])
def test_the_page_shows_what_the_command_prints(
    language: str, page: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", f"{language}.UTF-8")
    assert cli.main(["policy"]) == 0
    said = capsys.readouterr().out
    text = (DOCS / page).read_text(encoding="utf-8")
    assert text[text.index(OPERATION[language]) :] == said, "run actitud-api policy and put it in the page"


def test_every_operation_is_in_it_and_says_who_may(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "--json"]) == 0
    found = {line["operation"]: line for line in json.loads(capsys.readouterr().out)}
    assert found.keys() == rules_of(create_app(Settings(database_url="sqlite:///never-opened"))).keys()
    assert found["editions.publications.create"] == {
        "operation": "editions.publications.create",
        "method": "POST",
        "path": "/v1/editions/{edition}/publications",
        "key": "required",
        "roles": {
            "organisation_reader": "no",
            "organisation_editor": "no",
            "assessor": "no",
            "publisher": "own",
            "registrar": "no",
            "administrator": "yes",
        },
    }
    assert found["editions.assessments.put"]["roles"] == {
        "organisation_reader": "no",
        "organisation_editor": "own",
        "assessor": "no",
        "publisher": "no",
        "registrar": "no",
        "administrator": "yes",
    }
    assert set(found["editions.get"]["roles"].values()) == {"yes"}
