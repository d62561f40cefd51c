"""Each rule of docs/compatibility.md finds its break in a document, and nothing in a document that only got more."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from msgspec import structs

from actitud_api.cli.command_line import main
from actitud_api.cli.compatibility.accepted import AcceptedBreak
from actitud_api.cli.compatibility.document import Document
from actitud_api.cli.compatibility.operations import find_breaks
from actitud_api.cli.compatibility.rules import RULES, Break

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Change: TypeAlias = "dict[str, Json]"

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(__file__).with_name("compatibility")


def load(name: str) -> list[Change]:
    """The changes of a file of the corpus."""
    changes: list[Change] = json.loads((FOLDER / name).read_text())
    return changes


BASE: Final[dict[str, Json]] = json.loads((FOLDER / "base.json").read_text())
BREAKING: Final = load("breaking.json")
COMPATIBLE: Final = load("compatible.json")


def find_parent(document: dict[str, Json], pointer: str) -> tuple[dict[str, Json] | list[Json], str]:
    """The object or array that holds what a JSON Pointer names, and the last step of the pointer."""
    *steps, last = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    parent: Json = document
    for step in steps:
        parent = parent[int(step)] if isinstance(parent, list) else as_object(parent)[step]
    assert isinstance(parent, dict | list)
    return parent, last


def as_object(value: Json) -> dict[str, Json]:
    assert isinstance(value, dict)
    return value


def put(document: dict[str, Json], pointer: str, value: Json) -> None:
    parent, last = find_parent(document, pointer)
    if isinstance(parent, dict):
        parent[last] = value
    elif last == "-":
        parent.append(value)
    else:
        parent[int(last)] = value


def take(document: dict[str, Json], pointer: str) -> Json:
    parent, last = find_parent(document, pointer)
    return parent.pop(last) if isinstance(parent, dict) else parent.pop(int(last))


def change(document: dict[str, Json], wanted: Change) -> dict[str, Json]:
    """A copy of a document with what a change of the corpus renames, removes, sets and adds."""
    changed = deepcopy(document)
    for before, after in as_object(wanted.get("rename", {})).items():
        assert isinstance(after, str)
        put(changed, after, take(changed, before))
        if before.startswith("/components/"):
            changed = json.loads(json.dumps(changed).replace(f'"#{before}"', f'"#{after}"'))
    removed = wanted.get("remove", [])
    assert isinstance(removed, list)
    for pointer in removed:
        take(changed, str(pointer))
    for kind in ("set", "add"):
        for pointer, value in as_object(wanted.get(kind, {})).items():
            put(changed, pointer, value)
    assert json.dumps(changed) != json.dumps(document)
    return changed


def change_base(wanted: Change) -> tuple[dict[str, Json], dict[str, Json]]:
    """The base, with what the change of the corpus needs there, and the same after the change."""
    base = change(BASE, {"set": wanted["base"]}) if "base" in wanted else BASE
    return base, change(base, wanted)


def compare(before: dict[str, Json], after: dict[str, Json]) -> list[Break]:
    return find_breaks(Document(before), Document(after))


def name(wanted: Change) -> str:
    return f"{wanted.get('rule', '')} {wanted['what']}".strip()


@pytest.mark.parametrize("wanted", BREAKING, ids=name)
def test_break_is_found_by_its_rule_at_its_place(wanted: Change) -> None:
    found = compare(*change_base(wanted))
    assert (wanted["rule"], wanted["place"]) in [(one.rule, one.place) for one in found]
    also = wanted.get("also", [])
    assert isinstance(also, list)
    assert {one.rule for one in found} == {wanted["rule"], *also}


@pytest.mark.parametrize("wanted", COMPATIBLE, ids=name)
def test_compatible_change_breaks_nothing(wanted: Change) -> None:
    assert [one.describe("en") for one in compare(*change_base(wanted))] == []


def test_each_rule_has_a_break_in_the_corpus() -> None:
    assert {wanted["rule"] for wanted in BREAKING} == set(RULES)


def test_the_page_explains_each_rule() -> None:
    page, _ = (ROOT / "docs" / "compatibility.md").read_text().split("## What does not break")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(RULES)


def test_the_document_is_compatible_with_itself() -> None:
    text = (ROOT / "openapi" / "openapi.json").read_bytes()
    assert find_breaks(Document.parse(text), Document.parse(text)) == []


def test_a_change_of_a_shared_schema_is_found_in_each_operation() -> None:
    document: dict[str, Json] = json.loads((ROOT / "openapi" / "openapi.json").read_bytes())
    mutant = deepcopy(document)
    take(mutant, "/components/schemas/Problem/properties/detail")
    found = compare(document, mutant)
    # A job has the problem that it failed with, and a list of jobs has jobs.
    pointers = {"/detail", "/problem/detail", "/items/*/problem/detail"}
    assert {(one.rule, one.pointer) for one in found} == {("response-field-removed", pointer) for pointer in pointers}
    operations = [one for item in as_object(document["paths"]).values() for one in as_object(item)]
    assert len({one.operation for one in found}) >= len(operations) - 10


def test_a_break_is_told_in_words_with_both_documents() -> None:
    (found,) = compare(BASE, change(BASE, {"set": {"/components/schemas/Thing/properties/rank/minimum": 0}}))[:1]
    assert found.describe("en") == (
        "response-lower-limit-lowered: GET /v1/things response 200 application/json /items/*/rank: "
        "the lower limit is lower ({'minimum': 1} → {'minimum': 0})"
    )


ENTRY: Final[Change] = {
    "rule": "response-field-removed",
    "place": "GET /v1/things/{thing} response 200 application/json /note",
    "record": "CHANGES.md: things have no note",
}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")


def run(folder: Path, accepted: list[Change], *, monkeypatch: pytest.MonkeyPatch) -> int:
    """Compare a document without notes with the base, from a folder that has a list of changes."""
    (folder / "old.json").write_text(json.dumps(BASE))
    without_note = change(BASE, {"remove": ["/components/schemas/Thing/properties/note"]})
    (folder / "new.json").write_text(json.dumps(without_note))
    (folder / "accepted.json").write_text(json.dumps(accepted))
    (folder / "CHANGES.md").write_text("- From now on things\n  have no note.\n")
    monkeypatch.chdir(folder)
    return main(["openapi", "new.json", "--compatible-with", "old.json", "--accepted", "accepted.json"])


def test_the_command_names_each_break_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, [], monkeypatch=monkeypatch) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == ("new.json breaks clients of old.json: 3 changes. docs/compatibility.md explains the rules.")
    assert f"{ENTRY['rule']}: {ENTRY['place']}: the member no longer comes (optional → –)" in lines


def test_an_accepted_break_has_its_decision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        one.place for one in compare(BASE, change(BASE, {"remove": ["/components/schemas/Thing/properties/note"]}))
    ]
    accepted: list[Change] = [{**ENTRY, "place": place} for place in places]
    assert run(tmp_path, accepted, monkeypatch=monkeypatch) == 0


def test_an_entry_for_all_operations_begins_with_an_asterisk() -> None:
    entry = AcceptedBreak(rule="response-field-removed", place="* response 200 application/json /note", record="")
    found = Break(
        rule="response-field-removed", operation="GET /v1/x", part="response 200 application/json", pointer="/note"
    )
    assert entry.covers(found)
    assert not entry.covers(structs.replace(found, part="response 201 application/json"))
    assert not entry.covers(structs.replace(found, rule="response-null-added"))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {**ENTRY, "place": "GET /v1/nothing"},
            "no change is “response-field-removed” at “GET /v1/nothing”: remove the entry.",
        ),
        ({**ENTRY, "record": "CHANGES.md: nobody decided this"}, "is no written decision"),
        ({**ENTRY, "record": "docs/adr/9999.md"}, "“docs/adr/9999.md” is no written decision"),
    ],
)
def test_an_entry_without_break_or_decision_is_a_fault(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    entry: Change,
    said: str,
) -> None:
    assert run(tmp_path, [entry], monkeypatch=monkeypatch) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"paths": {"/x": {"$ref": "other.json"}}}'])
def test_a_file_that_is_no_document_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(text)
    new.write_text(json.dumps(BASE))
    assert main(["openapi", str(new), "--compatible-with", str(old)]) == 2
    assert "cannot be read" in capsys.readouterr().err
