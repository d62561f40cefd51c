"""The hosted CI and the hooks of pre-commit run what a checkout has."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

ROOT: Final = Path(__file__).parents[2]
WORKFLOW: Final = ROOT / ".github" / "workflows" / "ci.yml"
HOOKS: Final = ROOT / ".pre-commit-config.yaml"


def load_yaml(path: Path) -> dict[str, Any]:
    """Load a YAML file as a mapping."""
    document: dict[str, Any] = YAML(typ="safe", pure=True).load(path)
    return document


def list_steps() -> list[dict[str, Any]]:
    """List the steps of all jobs."""
    return [step for job in load_yaml(WORKFLOW)["jobs"].values() for step in job["steps"]]


def test_every_job_runs_a_target_or_a_script_that_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    commands = [step["run"] for step in list_steps() if "run" in step]
    made = [command.removeprefix("make ") for command in commands if command.startswith("make ")]
    # The script installs the programs of the machine, without which these targets fail where `CI` is set.
    made += [command.removeprefix(".ci/run").strip() or "test" for command in commands if command.startswith(".ci/run")]
    assert set(made) == {"check", "unit", "test", "night", "coverage"} <= targets
    assert {".ci/run", ".ci/run night"} <= set(commands)
    assert (ROOT / ".ci" / "run").exists()


def test_actions_are_pinned_by_their_major_version() -> None:
    used = [step["uses"] for step in list_steps() if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"actions/[\w-]+@v\d+", action)] == []


@pytest.mark.parametrize("job", ["check", "unit", "test"])
def test_the_jobs_run_on_every_version_of_python_from_the_lowest(job: str) -> None:
    lowest = tomllib.loads((ROOT / "api" / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    versions = load_yaml(WORKFLOW)["jobs"][job]["strategy"]["matrix"]["python"]
    assert versions == ["3.11", "3.12", "3.13"]
    assert lowest == f">={versions[0]}"


def test_every_hook_runs_a_program_of_make_check() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").split("\ncheck:")[1].split("\nunit:")[0]
    repositories = load_yaml(HOOKS)["repos"]
    entries = [hook["entry"] for repository in repositories for hook in repository["hooks"]]
    assert [repository["repo"] for repository in repositories] == ["local"]
    assert len(entries) == 4
    programs = [" ".join(entry.removeprefix(".venv/bin/").split()[:2]) for entry in entries]
    assert [program for program in programs if f"$(BIN)/{program}" not in recipe] == []
