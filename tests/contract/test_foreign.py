"""The key of one organisation, or of one edition, through every operation of the document with what is another's: in
paths, filters, cursors, batches and bodies, with the right version of it too. Nothing of it is read, nothing changes,
and the answer and the statements are those for what does not exist. Operations that are added fall into it by
themselves; a new kind of id has to be told of first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import Connection, event

from actitud_api.platform.auth import service as access
from tests.contract import examples
from tests.contract.installation import (
    DOCUMENT,
    FORMATS,
    MINE,
    OTHER,
    USES,
    Installation,
    Operation,
    Place,
    id_of,
    operations,
)
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.scale import NIGHT

ALL: Final = operations()
FOREIGN, EMPTY, ELSEWHERE = "2031-foreign", "2031-nothing", "2031-elsewhere"
"""An edition with assessments that are nobody else's business, one without any, and one that some keys are bound to."""
THIRD: Final = "ES-DIR3-L01080193"
"""An organisation that is there, as everybody knows, and has answered nowhere."""
NO_KEY: Final = "0" * 12
TOLD_TO_ALL: Final = frozenset({"editions.get", "organisations.get"})
"""What says of each thing something else, and the same to everybody."""
DIGEST: Final = "sha256:[0-9a-f]{64}"
MARK: Final = "Nobody else has to read this."
"""What the other organisation notes beside an answer."""

NO_WEBHOOK: Final = "f" * 18
OWNED: Final = {"organisation": THIRD, "edition": EMPTY, "key": NO_KEY, "webhook": NO_WEBHOOK}
"""The parameters that name what a key may be bound to or own, and what is there without anything to be seen of it."""
WITHIN: Final = frozenset({"approval", "delivery", "revision", "submission", "transition"})
"""Those that count what is in an edition, in the assessment of an organisation or in the log of a webhook."""
PUBLIC: Final = frozenset({"digest", "format", "indicator", "job", "size", "suggestion", "version"})
"""Those that name what everybody may read: what is published, formats, indicators, checkpoints, methodologies; and
suggestions and jobs, whose numbers are no secret (who may read, withdraw or decide one, or follow it, is in the
matrix)."""


class Stage(NamedTuple):
    """An installation with what is another's, and whose keys ask for it."""

    installation: Installation
    keys: Mapping[str, str]
    theirs: str
    webhook: str

    @property
    def administrator(self) -> str:
        return self.installation.key("administrator")

    def keys_in_turn(self, number: int) -> Mapping[str, str]:
        """Return all keys; by day one that is bound to an organisation and one that is bound to an edition."""
        return self.keys if NIGHT else dict(list(self.keys.items())[number % 2 :: 2])

    def values(self, holder: str, *, there: bool) -> Mapping[str, str]:
        """What names something of another's, seen from a holder; else something of which there is nothing to see."""
        bound_to_edition = holder in ("assessor", "publisher")
        named = {"organisation": OTHER, "edition": FOREIGN, "key": self.theirs, "webhook": self.webhook}
        if there:
            return named
        absent = {"edition": EMPTY} if bound_to_edition else {"organisation": THIRD}
        return {**named, "key": NO_KEY, "webhook": NO_WEBHOOK, **absent}


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
    return Stage(installation, keys, id_of(installation.key("organisation_editor", OTHER)), installation.webhook())


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
    bound = [{"organisation", "key", "webhook"}] * 2 + [{"edition", "key", "webhook"}] * 2
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
    others = {**dict.fromkeys(WITHIN | PUBLIC, "1"), "indicator": "D1.07", "version": "2027.1"}
    others["format"] = FORMATS.get(operation.id, "csv")

    def ask(key: str | None, named: Mapping[str, str]) -> Answer:
        place = Place({**others, **named}, sent(operation))
        installation.call(operation, place, key)  # what is computed for everybody is kept from then on
        with statements(installation) as made:
            response = installation.call(operation, place, key)
        assert MARK not in response.text
        return learned(response, made, named)

    for holder, key in stage.keys_in_turn(OWN_PATHS.index(operation)).items():
        theirs, nothing = (stage.values(holder, there=there) for there in (True, False))
        if operation.id in TOLD_TO_ALL:
            assert ask(key, theirs).body == ask(None, theirs).body, holder
        elif any(theirs[name] != nothing[name] for name in parameters(operation) & OWNED.keys()):
            assert ask(key, theirs) == ask(key, nothing), holder
    assert installation.stored() == before


CONDITIONAL: Final = [operation for operation in OWN_PATHS if "If-Match" in operation.headers]


@pytest.mark.parametrize("operation", CONDITIONAL, ids=lambda operation: operation.id)
def test_the_right_version_of_theirs_is_as_what_does_not_exist(stage: Stage, operation: Operation) -> None:
    """Whoever has learned the version of what is another's, or guesses it, changes nothing and learns nothing by it."""
    installation = stage.installation
    others = {**dict.fromkeys(WITHIN | PUBLIC, "1"), "indicator": "D1.07", "version": "2027.1"}
    theirs = {"organisation": OTHER, "edition": FOREIGN, "key": stage.theirs, "webhook": stage.webhook}
    path = operation.path.format_map({**others, **theirs})
    # A transition is about the assessment that it is below.
    read = path.rpartition("/")[0] if operation.method == "post" else path
    seen = installation.client.get(read, headers=present_key(stage.administrator))
    right = seen.headers["etag"] if seen.is_success else '"v1-0123456789ab"'
    before = installation.stored()

    def ask(key: str, named: Mapping[str, str], if_match: str) -> Answer:
        place = Place({**others, **named}, sent(operation))
        installation.call(operation, place, key, if_match=if_match)  # what is denied is entered once a day
        with statements(installation) as made:
            response = installation.call(operation, place, key, if_match=if_match)
        return learned(response, made, named)

    for holder, key in stage.keys_in_turn(CONDITIONAL.index(operation)).items():
        named, nothing = (stage.values(holder, there=there) for there in (True, False))
        if any(named[name] != nothing[name] for name in parameters(operation) & OWNED.keys()):
            answers = [ask(key, named, version) for version in (right, '"v0-000000000000"', "*")]
            assert answers == [ask(key, nothing, right)] * 3, holder
    assert installation.stored() == before


class Correcting(NamedTuple):
    """A publisher who is bound to a published edition, its digest, and that of another one."""

    key: str
    own: str
    theirs: str


OURS: Final = "2033-ours"
"""A published edition, to which a publisher is bound."""


@pytest.fixture(scope="module")
def correcting(stage: Stage) -> Correcting:
    """One for the module: nothing that is asked here changes it."""
    installation = stage.installation

    def publish(edition: str) -> str:
        installation.edition(edition)
        installation.finalise(edition, MINE)
        return installation.publish(edition)

    own, theirs = publish(OURS), publish("2032-theirs")
    return Correcting(installation.key("publisher", editions=[OURS]), own, theirs)


NAMING: Final = ("editions.approvals.create", "editions.publications.create")
"""Operations of keys that are bound to something, whose bodies name organisations and documents."""


@pytest.mark.parametrize("name", NAMING)
def test_in_a_body_it_is_as_what_does_not_exist(stage: Stage, correcting: Correcting, name: str) -> None:
    """A publisher of one edition names what is only in another: organisations, documents and their digests."""
    installation, (operation,) = stage.installation, [one for one in ALL if one.id == name]
    unknown = f"sha256:{1:064x}"
    fact = {"methodology": "2027.1", "answers": {"D1.07": None}}

    def ask(supersedes: str, organisation: str) -> Answer:
        corrections = [{"organisation": organisation, "assessment": fact}]
        approved = {"digest": unknown} if name == "editions.approvals.create" else {}
        body = {"reason": "A wrong answer.", "supersedes": supersedes, "corrections": corrections, **approved}
        with statements(installation) as made:
            response = installation.call(operation, Place({"edition": OURS}, body), correcting.key)
        assert not response.is_success
        # What would be published, which an approval has to name, has the names in it.
        digests = {f"digest{number}": found for number, found in enumerate(re.findall(DIGEST, response.text))}
        return learned(response, made, {"supersedes": supersedes, "organisation": organisation, **digests})

    before = installation.stored()
    assert ask(correcting.theirs, MINE) == ask(unknown, MINE)
    assert ask(correcting.own, OTHER) == ask(correcting.own, THIRD)
    assert installation.stored() == before


SAYING: Final = ("editions.assessments.put", "editions.assessments.update")
"""The same, where an answer says from which edition it was taken over, and nobody looks that up."""
BY_JOB: Final = ("editions.transitions.create",)
"""The same, of which a job says what became of what they name."""


def test_in_a_body_that_a_job_reads_it_is_as_what_does_not_exist(stage: Stage) -> None:
    """An editor asks for a step of another organisation that has an assessment, and of one that has none."""
    installation, (operation,) = stage.installation, [one for one in ALL if one.id in BY_JOB]
    key = stage.keys["organisation_editor"]

    def ask(organisation: str) -> tuple[int, str]:
        body = {"step": "submissions", "organisations": [organisation], "dry_run": True}
        response = installation.call(operation, Place({"edition": FOREIGN}, body), key)
        installation.client.app.state["jobs"].run_due()
        path = response.headers["location"]
        results = installation.client.get(f"{path}/items", headers=present_key(key))
        (result,) = results.json()["items"]
        for unique in ("request_id", "instance"):
            del result["problem"][unique]
        return response.status_code, json.dumps(result).replace(organisation, "it")

    answer = ask(OTHER)
    assert answer[0] == 202
    assert answer == ask(THIRD)


def test_every_body_of_a_bound_key_that_names_something_is_tried() -> None:
    """Names of the OpenAPI document by which a body names an organisation, an edition, a key or a document."""
    document = json.loads(DOCUMENT.read_bytes())
    schemas = document["components"]["schemas"]
    naming = {"digest", "edition", "editions", "key", "organisation", "organisations", "supersedes"}

    def members(node: Any, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        if isinstance(node, list):
            for member in node:
                yield from members(member, seen)
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                yield from members(schemas[name], seen | {name})
            yield from node.get("properties", {})
            for member in node.values():
                yield from members(member, seen)

    bound = [
        one for one in ALL if one.roles is not None and one.roles & {"publisher", "assessor", "organisation_editor"}
    ]
    named = {one.id for one in bound if naming & set(members(one.described.get("requestBody", {})))}
    assert named == {*NAMING, *BY_JOB, *SAYING}


@pytest.mark.parametrize("operation", FILTERED, ids=lambda operation: operation.id)
def test_in_a_filter_it_is_as_what_does_not_exist(stage: Stage, operation: Operation) -> None:
    installation = stage.installation
    for holder, key in stage.keys_in_turn(FILTERED.index(operation)).items():
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
                    headers = present_key(key)
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
    job = installation.enqueue() if "{job}" in operation.path else ""
    named = {"edition": FOREIGN, "organisation": OTHER, "webhook": stage.webhook, "job": job}
    path = operation.path.format_map(named)
    query = {name: {"dimension": "D1"}[name] for name in operation.queries} | {"limit": "1"}
    headers = present_key(stage.administrator)
    first = installation.client.get(path, params=query, headers=headers)
    assert first.status_code == 200, first.text
    cursor = first.json()["next_cursor"]
    for holder, key in stage.keys.items():
        for place in [{}] if cursor is None else [{}, {"cursor": cursor}]:
            response = installation.client.get(
                path, params={**query, "limit": "1000", **place}, headers=present_key(key)
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
        assert MARK in installation.client.get(path, headers=present_key(key)).text
    listed = installation.client.get(path.rpartition("/")[0], headers=present_key(stage.administrator))
    assert [found["organisation"] for found in listed.json()["items"]] == sorted([MINE, OTHER])


def test_without_the_bindings_of_keys_it_would_be_read(stage: Stage, figure: FigureRecorder) -> None:
    installation, holder = stage.installation, "organisation_reader"
    reads = [one for one in OWN_PATHS if one.method == "get" and one.roles and holder in one.roles]
    about = [one for one in reads if "{organisation}" in one.path]
    others = {**dict.fromkeys(WITHIN | PUBLIC, "1"), "indicator": "D1.07"}

    def count_differences() -> int:
        found = 0
        for operation in about:
            named, nothing = (stage.values(holder, there=there) for there in (True, False))
            one, two = (
                learned(installation.call(operation, Place({**others, **place}, None), stage.keys[holder]), (), place)
                for place in (named, nothing)
            )
            found += one != two
        return found

    assert count_differences() == 0
    with patch.object(access.Principal, "can_reach", lambda *_: True):
        reached = count_differences()
    # Nobody has given a verdict or capped a level, so there is nothing of these to be read.
    assert reached >= len(about) - 3
    figure(
        "R13",
        "reads of a reader about another organisation, compared with those about one that has answered nothing",
        tried=len(about),
        failed=0,
        control=f"without the bindings of keys {reached} of {len(about)} differ",
    )
