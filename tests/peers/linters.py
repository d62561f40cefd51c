"""Linters of OpenAPI documents: what each finds, beside what is accepted with a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tests.peers.programs import CACHE, DOCUMENT, HERE, PYTHON, Output, run, run_module

_SEVERITIES: Final = ("error", "warning", "information", "hint")


class Problem(NamedTuple):
    """A finding of a linter: the rule, and the place in the document as a JSON Pointer."""

    rule: str
    severity: str
    place: str
    message: str


class Review(NamedTuple):
    """Findings of a linter, how many of them are accepted, and the rules that are accepted without need."""

    linter: str
    problems: Sequence[Problem]
    accepted: int
    new: Sequence[Problem]
    stale: Sequence[str]
    seconds: float


def try_linters(accepted: Sequence[Mapping[str, str]]) -> list[Review]:
    """Run all linters, and tell apart what they find."""
    (CACHE / "oas.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    linters: Mapping[str, Callable[[], tuple[Output, list[Problem]]]] = {
        "spectral:oas": lambda: _run_spectral("oas.yaml"),
        "api-design-rules": lambda: _run_spectral(str(HERE / "api_design_rules.yaml")),
        "redocly recommended-strict": _run_redocly,
        "openapi-spec-validator": _run_validator,
        "openapi-generator validate": _run_openapi_generator,
    }
    return [_review(name, *lint(), accepted) for name, lint in linters.items()]


def _review(name: str, output: Output, problems: Sequence[Problem], accepted: Sequence[Mapping[str, str]]) -> Review:
    entries = [entry for entry in accepted if entry["linter"] == name]
    needed: set[str] = set()
    new: list[Problem] = []
    for problem in problems:
        matching = [entry for entry in entries if _is_accepted(problem, entry)]
        needed.update(entry["rule"] for entry in matching)
        if not matching:
            new.append(problem)
    stale = [entry["rule"] for entry in entries if entry["rule"] not in needed]
    return Review(name, problems, len(problems) - len(new), new, stale, output.seconds)


def _is_accepted(problem: Problem, entry: Mapping[str, str]) -> bool:
    return problem.rule == entry["rule"] and re.fullmatch(entry["place"], problem.place) is not None


def _run_spectral(ruleset: str) -> tuple[Output, list[Problem]]:
    options = ("--quiet", "--format", "json", "--ruleset", ruleset)
    done = run_module("@stoplight/spectral-cli/dist/index.js", "lint", *options, DOCUMENT, folder=CACHE)
    if not done.text.lstrip().startswith("["):
        raise RuntimeError(done.text + done.errors)
    found = json.JSONDecoder().raw_decode(done.text.lstrip())[0]
    return done, [
        Problem(
            str(one["code"]), _SEVERITIES[one["severity"]], "/" + "/".join(map(_escape, one["path"])), one["message"]
        )
        for one in found
    ]


def _run_redocly() -> tuple[Output, list[Problem]]:
    options = ("--extends=recommended-strict", "--format=json", "--max-problems=10000")
    done = run_module("@redocly/cli/bin/cli.js", "lint", *options, DOCUMENT, folder=CACHE)
    if not done.text.lstrip().startswith("{"):
        raise RuntimeError(done.text + done.errors)
    found = json.loads(done.text)["problems"]
    return done, [
        Problem(one["ruleId"], one["severity"], one["location"][0].get("pointer", "").removeprefix("#"), one["message"])
        for one in found
    ]


def _run_validator() -> tuple[Output, list[Problem]]:
    done = run(PYTHON / "openapi-spec-validator", "--errors", "all", DOCUMENT, folder=CACHE)
    return done, [] if done.code == 0 else [Problem("valid", "error", "", done.text + done.errors)]


def _run_openapi_generator() -> tuple[Output, list[Problem]]:
    done = run(PYTHON / "openapi-generator-cli", "validate", "--recommend", "-i", DOCUMENT, folder=CACHE)
    if done.code == 0 and "No validation issues detected" in done.text:
        return done, []
    return done, [Problem("valid", "error", "", done.text + done.errors)]


def _escape(token: object) -> str:
    return str(token).replace("~", "~0").replace("/", "~1")
