"""What `accepted.toml` accepts, and what makes `make peers` fail."""

from __future__ import annotations

import tomllib

from tests.peers.findings import Finding, list_faults, list_warnings, review
from tests.peers.programs import HERE

CONTACT = {"program": "linter", "rule": "contact", "place": "/info/.*", "reason": "Nobody is known."}
NULL = {"program": "generator", "rule": "warning", "message": "no name: .*", "reason": "It asks all members."}
ENTRIES = [CONTACT, NULL]


def test_a_finding_is_accepted_if_rule_place_and_message_match() -> None:
    contact = Finding("contact", "error", "/info/contact", "no address")
    assert review("linter", [contact], ENTRIES) == ([contact], [], [])
    warned = Finding("warning", "warning", "", "no name: null")
    assert review("generator", [warned, warned], ENTRIES) == ([warned, warned], [], [])


def test_any_other_finding_is_a_fault() -> None:
    contact = Finding("contact", "error", "/info/contact", "no address")
    others = [
        contact._replace(rule="version"),
        contact._replace(place="/paths/info/contact"),
    ]
    assert review("linter", [contact, *others], ENTRIES).new == others
    assert list_faults("linter", review("linter", [contact, others[0]], ENTRIES)) == [
        "linter: error version at /info/contact: no address"
    ]
    warned = Finding("warning", "warning", "", "a member has no name: null")
    assert review("generator", [warned], ENTRIES).new == [warned]


def test_a_warning_is_all_that_the_pattern_matches() -> None:
    printed = "Generating\nWARNING at x\n\nNo type a\n\n{\n}\n\nWARNING at x\n\nNo type b\n"
    assert [one.message for one in list_warnings(r"^WARNING.*(?:\n\n.*)?", printed)] == [
        "WARNING at x\n\nNo type a",
        "WARNING at x\n\nNo type b",
    ]
    assert list_warnings(r"^.* ERROR .*", printed) == []


def test_an_entry_that_no_finding_needs_is_a_fault() -> None:
    assert list_faults("linter", review("linter", [], ENTRIES)) == [
        "linter: accepted without need: contact: Nobody is known."
    ]


def test_every_accepted_finding_has_a_reason() -> None:
    entries = tomllib.loads((HERE / "accepted.toml").read_text("utf-8"))["accepted"]
    assert entries
    assert all(entry["reason"] and entry.keys() <= {*CONTACT, *NULL} for entry in entries)
