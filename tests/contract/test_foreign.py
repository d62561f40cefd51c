"""The key of one organisation, or of one edition, through every operation of the document with what is another's: in
paths, filters, cursors and batches. Nothing of it is read, nothing changes, and the answer and the statements are those
for what does not exist. Operations that are added fall into it by themselves; a new kind of id has to be told of first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import httpx
import pytest
from sqlalchemy import Connection, event

from tests.contract import examples
from tests.contract.installation import FORMATS, MINE, OTHER, USES, Installation, Operation, Place, id_of, operations

ALL: Final = operations()
NAMES: Final = [operation.id for operation in ALL]
FOREIGN, EMPTY, ELSEWHERE = "2031-foreign", "2031-nothing", "2031-elsewhere"
"""An edition with assessments that are nobody else's business, one without any, and one that some keys are bound to."""
THIRD: Final = "ES-DIR3-L01080193"
"""An organisation that is there, as everybody knows, and has answered nowhere."""
NO_KEY: Final = "0" * 12
TOLD_TO_ALL: Final = frozenset({"editions.get", "organisations.get"})
"""What says of each thing something else, and the same to everybody."""
MARK: Final = "Nobody else has to read this."
"""What the other organisation notes beside an answer."""

OWNED: Final = {"organisation": THIRD, "edition": EMPTY, "key": NO_KEY}
"""The parameters that name what a key may be bound to, and what is there without anything to be seen of it."""
WITHIN: Final = frozenset({"approval", "revision", "submission", "transition"})
"""Those that count what is in an edition or in the assessment of an organisation."""
PUBLIC: Final = frozenset({"digest", "format", "indicator", "size", "suggestion", "version"})
"""Those that name what everybody may read: what is published, formats, indicators, checkpoints, methodologies; and
suggestions, whose numbers are no secret (who may read, withdraw or decide one is in the matrix)."""


class Stage(NamedTuple):
    """An installation with what is another's, and whose keys ask for it."""

    installation: Installation
    keys: Mapping[str, str]
    theirs: str

    @property
    def administrator(self) -> str:
        return self.installation.key("administrator")

    def values(self, holder: str, *, there: bool) -> Mapping[str, str]:
        """What names something of another's, seen from a holder; else something of which there is nothing to see."""
        bound_to_edition = holder in ("assessor", "publisher")
        named = {"organisation": OTHER, "edition": FOREIGN, "key": self.theirs}
        if there:
            return named
        absent = {"key": NO_KEY, "edition": EMPTY} if bound_to_edition else {"key": NO_KEY, "organisation": THIRD}
        return {**named, **absent}


@pytest.fixture(scope="module")
def stage(installation: Installation) -> Stage:
    """One for the module: nothing that is asked here changes it."""
    installation.organisation(THIRD)
    for edition in (FOREIGN, EMPTY, ELSEWHERE):
        installation.edition(edition)
    body = examples.request("editions.assessments.put")
    name = next(iter(body["answers"]))
    noted = {**body, "answers": {**body["answers"], name: {**body["answers"][name], "note": MARK}}}
    path = f"/v1/editions/{FOREIGN}/assessments/{OTHER}"
    installation._made("PUT", path, noted, {"If-None-Match": "*"})
    installation.draft(FOREIGN, MINE)
    installation.submit(FOREIGN, OTHER)
    installation.settle(FOREIGN, OTHER, "hearing")
    keys = {
        "organisation_editor": installation.key("organisation_editor", MINE),
        "organisation_reader": installation.key("organisation_reader", MINE),
        "assessor": installation.key("assessor", editions=[ELSEWHERE]),
        "publisher": installation.key("publisher", editions=[ELSEWHERE]),
    }
    return Stage(installation, keys, id_of(installation.key("organisation_editor", OTHER)))


def parameters(operation: Operation) -> frozenset[str]:
    return frozenset(re.findall(r"\{(\w+)\}", operation.path))


def filters(operation: Operation) -> Sequence[str]:
    """The parameters of the query that name an organisation or an edition."""
    listed = (found["name"] for found in operation.described["parameters"] if found["in"] == "query")
    return [name for name in listed if name in ("organisation", "parent", "from")]


OWN_PATHS: Final = [operation for operation in ALL if parameters(operation) & OWNED.keys()]
FILTERED: Final = [operation for operation in ALL if filters(operation)]
PAGED: Final = [
    operation for operation in ALL if "cursor" in {found["name"] for found in operation.described["parameters"]}
]


def test_every_parameter_of_a_path_is_known_and_the_cells_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert frozenset().union(*map(parameters, ALL)) == OWNED.keys() | WITHIN | PUBLIC
    bound = [{"organisation", "key"}] * 2 + [{"edition", "key"}] * 2
    cells = {
        "paths": sum(bool(parameters(one) & names) for one in OWN_PATHS for names in bound),
        # Alone and in a batch; an edition to those who are bound to another.
        "filters and batches": sum(2 if name == "from" else 8 for one in FILTERED for name in filters(one)),
        "cursors": 4 * len(PAGED),
    }
    with capsys.disabled():
        print(f"\nforeign ids: {cells} of {len(ALL)} operations, on each database")
    assert min(cells.values()) > 0


class Answer(NamedTuple):
    """What somebody learns from an answer: all but the names that they gave themselves, and the work it took."""

    status: int
    body: str
    headers: Mapping[str, str]
    statements: Sequence[str]


@contextmanager
def statements(installation: Installation) -> Iterator[list[str]]:
    """The statements that are made meanwhile, but for those that nobody waits for."""
    made: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        if USES not in statement and not statement.startswith("BEGIN"):
            made.append(statement)

    engines = (installation.database._reader, installation.database._writer)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield made
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


VARYING: Final = frozenset(
    {"etag", "x-request-id", "repr-digest", "content-length", "content-location", "last-modified"}
)
"""Headers that follow from the body, and so from the names in it, or from the time."""


def learned(response: httpx.Response, made: Sequence[str], named: Mapping[str, str]) -> Answer:
    text = response.text if response.headers.get("content-type", "").startswith(("application/", "text/")) else ""
    for parameter, value in sorted(named.items()):
        text = text.replace(value, f"<{parameter}>")
    text = re.sub(r'"request_id":"[^"]*"', "", text)
    told = {name: value for name, value in response.headers.items() if name not in VARYING}
    told = {name: re.sub("|".join(map(re.escape, named.values())), "<>", value) for name, value in told.items()}
    return Answer(response.status_code, text, told, tuple(made))


def sent(operation: Operation) -> Any:
    takes_json = "requestBody" in operation.described and operation.id not in examples.OF_FILES
    return examples.request(operation.id) if takes_json else None


@pytest.mark.parametrize("operation", OWN_PATHS, ids=lambda operation: operation.id)
def test_in_a_path_it_is_as_what_does_not_exist(stage: Stage, operation: Operation) -> None:
    installation = stage.installation
    before = installation.stored()
    others = {**dict.fromkeys(WITHIN | PUBLIC, "1"), "indicator": "D1.01", "version": "2026.1"}
    others["format"] = FORMATS.get(operation.id, "csv")

    def ask(key: str | None, named: Mapping[str, str]) -> Answer:
        place = Place({**others, **named}, sent(operation))
        installation.call(operation, place, key)  # what is computed for everybody is kept from then on
        with statements(installation) as made:
            response = installation.call(operation, place, key)
        assert MARK not in response.text
        return learned(response, made, named)

    for holder, key in stage.keys.items():
        theirs, nothing = (stage.values(holder, there=there) for there in (True, False))
        if operation.id in TOLD_TO_ALL:
            assert ask(key, theirs).body == ask(None, theirs).body, holder
        elif any(theirs[name] != nothing[name] for name in parameters(operation) & OWNED.keys()):
            assert ask(key, theirs) == ask(key, nothing), holder
    assert installation.stored() == before


@pytest.mark.parametrize("operation", FILTERED, ids=lambda operation: operation.id)
def test_in_a_filter_it_is_as_what_does_not_exist(stage: Stage, operation: Operation) -> None:
    installation = stage.installation
    for holder, key in stage.keys.items():
        edition = ELSEWHERE if holder in ("assessor", "publisher") else FOREIGN
        path = operation.path.format_map({"edition": edition, "organisation": MINE, "format": "csv"})
        for name in filters(operation):
            if name != "from":
                pairs = [(OTHER, THIRD), (f"{MINE},{OTHER}", f"{MINE},{THIRD}")]
            else:
                # To those who are bound to an organisation its own answers in that edition are theirs.
                pairs = [(FOREIGN, EMPTY)] if edition == ELSEWHERE else []
            for pair in pairs:
                answers = []
                for value in pair:
                    query = {one: "D1" for one in operation.queries if one == "dimension"} | {name: value}
                    headers = {"Authorization": f"Bearer {key}"}
                    installation.client.get(path, params=query, headers=headers)
                    with statements(installation) as made:
                        response = installation.client.get(path, params=query, headers=headers)
                    assert MARK not in response.text
                    ids = {"value": value, "quoted": value.replace(",", "%2C"), "last": value.rpartition(",")[2]}
                    answers.append(learned(response, made, ids))
                assert answers[0] == answers[1], (holder, name)


@pytest.mark.both_databases
@pytest.mark.parametrize("operation", PAGED, ids=lambda operation: operation.id)
def test_a_cursor_of_somebody_else_leads_to_nothing_more(stage: Stage, operation: Operation) -> None:
    installation = stage.installation
    path = operation.path.format_map({"edition": FOREIGN, "organisation": OTHER})
    query = {name: {"dimension": "D1"}[name] for name in operation.queries} | {"limit": "1"}
    headers = {"Authorization": f"Bearer {stage.administrator}"}
    first = installation.client.get(path, params=query, headers=headers)
    assert first.status_code == 200, first.text
    cursor = first.json()["next_cursor"]
    for holder, key in stage.keys.items():
        for place in [{}] if cursor is None else [{}, {"cursor": cursor}]:
            response = installation.client.get(
                path, params={**query, "limit": "1000", **place}, headers={"Authorization": f"Bearer {key}"}
            )
            assert MARK not in response.text
            if response.is_success and operation.roles is not None:
                listed = json.dumps(response.json()["items"])
                assert stage.theirs not in listed
                if holder.startswith("organisation"):
                    assert OTHER not in listed


def test_the_other_one_and_the_administrator_do_read_it(stage: Stage) -> None:
    """Without what there is to be seen, nothing above would say anything."""
    installation = stage.installation
    path = f"/v1/editions/{FOREIGN}/assessments/{OTHER}"
    for key in (installation.key("organisation_reader", OTHER), stage.administrator):
        assert MARK in installation.client.get(path, headers={"Authorization": f"Bearer {key}"}).text
    listed = installation.client.get(
        path.rpartition("/")[0], headers={"Authorization": f"Bearer {stage.administrator}"}
    )
    assert [found["organisation"] for found in listed.json()["items"]] == sorted([MINE, OTHER])
