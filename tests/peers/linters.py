"""Linters of OpenAPI documents: what each finds, beside what is accepted with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from tests.peers.findings import Finding
from tests.peers.programs import CACHE, DOCUMENT, HERE, PYTHON, Output, run, run_module

_SEVERITIES: Final = ("error", "warning", "information", "hint")


class Linted(NamedTuple):
    """Findings of a linter."""

    linter: str
    findings: Sequence[Finding]
    seconds: float


def try_linters() -> list[Linted]:
    """Run all linters on the document."""
    (CACHE / "oas.yaml").write_text('extends: ["spectral:oas"]\n', encoding="utf-8")
    linters: Mapping[str, Callable[[], tuple[Output, list[Finding]]]] = {
        "spectral:oas": lambda: _run_spectral("oas.yaml"),
        "api-design-rules": lambda: _run_spectral(str(HERE / "api_design_rules.yaml")),
        "redocly recommended-strict": _run_redocly,
        "openapi-spec-validator": _run_validator,
        "openapi-generator validate": _run_openapi_generator,
    }
    results = []
    for name, lint in linters.items():
        output, findings = lint()
        results.append(Linted(name, findings, output.seconds))
    return results


def _run_spectral(ruleset: str) -> tuple[Output, list[Finding]]:
    options = ("--quiet", "--format", "json", "--ruleset", ruleset)
    done = run_module("@stoplight/spectral-cli/dist/index.js", "lint", *options, DOCUMENT, folder=CACHE)
    if not done.text.lstrip().startswith("["):
        raise RuntimeError(done.text + done.errors)
    found = json.JSONDecoder().raw_decode(done.text.lstrip())[0]
    return done, [
        Finding(
            str(one["code"]), _SEVERITIES[one["severity"]], "/" + "/".join(map(_escape, one["path"])), one["message"]
        )
        for one in found
    ]


def _run_redocly() -> tuple[Output, list[Finding]]:
    options = ("--extends=recommended-strict", "--format=json", "--max-problems=10000")
    done = run_module("@redocly/cli/bin/cli.js", "lint", *options, DOCUMENT, folder=CACHE)
    if not done.text.lstrip().startswith("{"):
        raise RuntimeError(done.text + done.errors)
    found = json.loads(done.text)["problems"]
    return done, [
        Finding(one["ruleId"], one["severity"], one["location"][0].get("pointer", "").removeprefix("#"), one["message"])
        for one in found
    ]


def _run_validator() -> tuple[Output, list[Finding]]:
    done = run(PYTHON / "openapi-spec-validator", "--errors", "all", DOCUMENT, folder=CACHE)
    return done, [] if done.code == 0 else [Finding("valid", "error", "", done.text + done.errors)]


def _run_openapi_generator() -> tuple[Output, list[Finding]]:
    done = run(PYTHON / "openapi-generator-cli", "validate", "--recommend", "-i", DOCUMENT, folder=CACHE)
    if done.code == 0 and "No validation issues detected" in done.text:
        return done, []
    return done, [Finding("valid", "error", "", done.text + done.errors)]


def _escape(token: object) -> str:
    return str(token).replace("~", "~0").replace("/", "~1")
