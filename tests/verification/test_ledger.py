"""A ledger is verified by its chain, by what opens its entries, and against a checkpoint that was kept outside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from actitud import Verification, verify
from tests.verification.bundles import FOREIGN, ORIGIN, OURS, Json, chained, exported, ledger

SIZE = 8


def verified(entries: list[Json] | bytes, checkpoint: str | None = None, keys: Json | None = None) -> Verification:
    file = entries if isinstance(entries, bytes) else exported(entries)
    return verify(file, checkpoint=checkpoint, keys=keys)


def found(report: Verification) -> set[tuple[str, str]]:
    return {(problem.location, problem.code) for problem in report.problems}


def kept(size: int = 6) -> str:
    return OURS.note(size, root=ledger(SIZE)[size - 1]["hash"])


KEYS = {"keys": [OURS.jwk()]}


def test_a_whole_ledger_holds_as_far_as_it_goes() -> None:
    report = verified(ledger(SIZE))

    assert (report.kind, found(report)) == ("ledger", set())
    assert report.verdict["en"] == (
        f"HOLDS: the 8 entries of the ledger {ORIGIN} follow from each other, up to {ledger(SIZE)[-1]['hash']}; "
        "not checked: whether its end was cut off or made anew (give a checkpoint that was kept outside: `checkpoint`)."
    )


def test_a_checkpoint_that_was_kept_is_held_against_it() -> None:
    report = verified(ledger(SIZE), checkpoint=kept(), keys=KEYS)

    assert found(report) == set()
    assert report.unchecked == ()
    assert [check.name for check in report.checks] == ["form", "chain", "checkpoint", "signatures"]
    answered = json.dumps({"size": 6, "note": kept()}, indent=2)
    assert verified(ledger(SIZE), checkpoint=answered, keys=KEYS) == report
    unsigned = verified(ledger(SIZE), checkpoint=kept())
    assert found(unsigned) == set()
    assert [text["en"] for text in unsigned.unchecked] == ["the signature of the checkpoint (give `keys`)"]


def cut(entries: list[Json]) -> None:
    del entries[4:]


def remade(entries: list[Json]) -> None:
    entries[3]["record"]["at"] = "2020-01-01T00:00:00.000000Z"
    chained(entries, 3)


@pytest.mark.parametrize(("change", "place"), [(cut, "5"), (remade, "6")])
def test_what_shows_only_against_a_checkpoint(change: Callable[[list[Json]], None], place: str) -> None:
    entries = ledger(SIZE)
    change(entries)

    assert found(verified(entries)) == set()
    assert found(verified(entries, checkpoint=kept(), keys=KEYS)) == {(place, "chain")}


def another_beginning(entries: list[Json]) -> None:
    entries[0]["record"]["action"] = "ledger.end"
    chained(entries)


CHANGES: dict[str, tuple[Callable[[list[Json]], object], str, str]] = {
    "a record": (lambda entries: entries[3]["record"].update(at="2027-01-01T00:00:00Z"), "4:/hash", "chain"),
    "a hash": (lambda entries: entries[3].update(hash="0" * 64), "4:/hash", "chain"),
    "a prev": (lambda entries: entries[3].update(prev="0" * 64), "4:/prev", "chain"),
    "a number": (lambda entries: entries[3].update(seq=30), "4:/seq", "chain"),
    "one removed": (lambda entries: entries.pop(3), "4:/seq", "chain"),
    "two swapped": (lambda entries: entries.insert(3, entries.pop(4)), "4:/seq", "chain"),
    "the first": (another_beginning, "1", "chain"),
    "a subject": (lambda entries: entries[3]["opening"].update(subject="/v1/editions/1999"), "4:/opening", "opening"),
    "an organisation": (lambda entries: entries[3]["actor"].update(organisation="XX-DEMO-1"), "4:/actor", "opening"),
    "its salt": (lambda entries: entries[3]["actor"].update(salt="no"), "4:/actor", "opening"),
    "a salt": (lambda entries: entries[3]["opening"].update(salt="no"), "4:/opening", "opening"),
    "no record": (lambda entries: entries[3].update(record=None), "4:/record", "malformed"),
    "a number that is a text": (lambda entries: entries[3].update(seq="3"), "4:/seq", "malformed"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named_with_its_place(name: str) -> None:
    change, place, code = CHANGES[name]
    entries = ledger(SIZE)
    change(entries)

    assert found(verified(entries)) == {(place, code)}


def test_what_opens_an_entry_may_be_removed() -> None:
    entries = ledger(SIZE)
    entries[3]["opening"] = None
    del entries[4]["opening"]
    entries[5]["actor"] = None

    assert found(verified(entries)) == set()


def test_a_line_that_cannot_be_read_is_named() -> None:
    file = exported(ledger(SIZE))
    lines = file.splitlines()

    assert found(verified(file[:-20])) == {("8", "damaged")}
    assert found(verified(b"\n".join([*lines[:4], b"<html>", *lines[5:], b""]))) == {("5", "malformed")}
    twice = re.sub(rb'"seq":3', b'"seq":3,"seq":4', file)
    assert found(verified(twice)) == {("4", "malformed")}


def test_a_checkpoint_of_another_service_is_named_by_its_origin() -> None:
    note = OURS.note(6, "other.example/ledger/00000000")

    report = verified(ledger(SIZE), checkpoint=note, keys=KEYS)

    (problem,) = report.problems
    assert (problem.location, problem.code) == ("0:/checkpoint", "checkpoint_origin")
    assert (
        problem.text["en"] == f"it is a checkpoint of another service: other.example/ledger/00000000, and not {ORIGIN}"
    )


@pytest.mark.parametrize(
    ("note", "code"),
    [
        (FOREIGN.note(6, root=ledger(SIZE)[5]["hash"]), "foreign_key"),
        (kept().replace("\n6\n", "\n7\n"), "signature"),
        (OURS.note(6, at="2020-01-01T00:00:00.000000Z", root=ledger(SIZE)[5]["hash"]), "key_time"),
        (OURS.note(6, at="yesterday", root=ledger(SIZE)[5]["hash"]), "checkpoint"),
    ],
)
def test_a_checkpoint_that_nobody_signed_in_time_is_named(note: str, code: str) -> None:
    assert found(verified(ledger(SIZE), checkpoint=note, keys=KEYS)) == {("0:/checkpoint", code)}
