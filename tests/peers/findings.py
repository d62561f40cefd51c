"""What programs of others find, and which of it is accepted with a reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Finding(NamedTuple):
    """A finding of a program.

    `place` is a JSON Pointer into the document, or a file that a generator made.
    """

    rule: str
    severity: str
    place: str
    message: str


class Review(NamedTuple):
    """Findings that are accepted, those that are not, and the entries of `accepted.toml` that match none."""

    accepted: Sequence[Finding]
    new: Sequence[Finding]
    stale: Sequence[str]


def review(program: str, findings: Sequence[Finding], entries: Sequence[Mapping[str, str]]) -> Review:
    """Compare the findings of a program with the entries of `accepted.toml`."""
    entries = [entry for entry in entries if entry["program"] == program]
    needed = [entry for entry in entries if any(_matches(finding, entry) for finding in findings)]
    new = [finding for finding in findings if not any(_matches(finding, entry) for entry in entries)]
    accepted = [finding for finding in findings if finding not in new]
    return Review(accepted, new, [f"{entry['rule']}: {entry['reason']}" for entry in entries if entry not in needed])


def list_warnings(pattern: str, output: str) -> list[Finding]:
    """Return each match of a regular expression in what a program printed as a warning."""
    return [Finding("warning", "warning", "", found[0]) for found in re.finditer(pattern, output, re.MULTILINE)]


def list_faults(program: str, reviewed: Review) -> list[str]:
    """List what makes `make peers` fail: findings that are not accepted, and entries without a finding."""
    return [
        *(f"{program}: {one.severity} {one.rule} at {one.place}: {one.message}" for one in reviewed.new),
        *(f"{program}: accepted without need: {entry}" for entry in reviewed.stale),
    ]


def _matches(finding: Finding, entry: Mapping[str, str]) -> bool:
    return (
        finding.rule == entry["rule"]
        and re.fullmatch(entry.get("place", ".*"), finding.place) is not None
        and re.fullmatch(entry.get("message", ".*"), finding.message, re.DOTALL) is not None
    )
