"""docs/assessment-lifecycle.md says of each transition what the policy and the states say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from actitud_api.app import create_app
from actitud_api.engine.narration.state_names import STATES
from actitud_api.platform.http.access import rules_of
from actitud_api.resources.assessments.lifecycle import NEXT_STATES, AssessmentState
from actitud_api.settings import Settings

DOCS: Final = Path(__file__).parents[2] / "docs"
ROW: Final = re.compile(r"^\| `(\w+)` \| (.+?) \| (.+?) \| (.+?) \| (.+) \|$", re.MULTILINE)


@pytest.mark.parametrize("page", ["assessment-lifecycle.md", "assessment-lifecycle.es.md"])
def test_the_table_has_every_transition_with_whoever_may_make_it(page: str) -> None:
    rules = rules_of(create_app(Settings(database_url="sqlite:///never-opened")))
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = {name: cells for name, *cells in ROW.findall(text)}
    made = {name.split(".")[2] for name in rules if re.fullmatch(r"editions\.assessments\.\w+\.create", name)}
    assert rows.keys() == made
    for name, (_, _, who, _) in rows.items():
        assert set(_names(who)) == rules[f"editions.assessments.{name}.create"].roles
    steps = {
        (before, after)
        for name, (origin, target, _, _) in rows.items()
        if name != "extensions"
        for before in _names(origin)
        for after in _names(target)
    }
    assert steps == {(before, after) for before, following in NEXT_STATES.items() for after in following}


@pytest.mark.parametrize(
    ("page", "language"), [("assessment-lifecycle.md", "en"), ("assessment-lifecycle.es.md", "es")]
)
def test_every_state_is_told_with_its_name(page: str, language: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|$", text, re.MULTILINE))
    assert set(get_args(AssessmentState)) == set(STATES) == {name for name in told if name in STATES}
    if language == "es":
        assert all(told[name].startswith(f"{STATES[name].es}: ") for name in STATES)


def _names(cell: str) -> list[str]:
    return re.findall(r"`(\w+)`", cell)
