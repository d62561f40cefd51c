"""The matrix of access: every operation of the document, called by every kind of holder, on drafts and on what is
published. What each may is written here by hand; an operation without a row fails. Of each call the same pass asserts
its status, that it changes something or nothing, and its entry in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, TypeVar, get_args

import httpx
import pytest

from actitud_api.platform.auth import keys as forms
from actitud_api.platform.auth.service import Role
from tests.contract import examples
from tests.contract.installation import (
    FORMATS,
    MINE,
    OTHER,
    SAFE,
    Installation,
    Operation,
    Place,
    Recorded,
    id_of,
    operations,
)
from tests.contract.recorded import assert_denied, assert_done, is_entered, verify_entries
from tests.support.scale import HELD

ALL = operations()
NAMES = [operation.id for operation in ALL]
_Cell = TypeVar("_Cell")
ELSEWHERE = "2026-elsewhere"
"""An edition that is another than that which is asked about; nobody has to have made it."""

Class = Literal[
    "open",
    "shows more",
    "list",
    "read",
    "answer",
    "review",
    "oversee",
    "extend",
    "step",
    "publish",
    "register",
    "administer",
    "hold",
    "own list",
    "follow",
    "import",
    "propose",
    "withdraw",
    "subscribe",
    "own webhook",
]

CLASSES: Final[dict[Class, tuple[str, ...]]] = {
    "shows more": (
        "editions.audit",
        "editions.exemplars.list",
        "editions.indicators.export",
        "editions.robustness.list",
        "editions.samples.list",
        "editions.scores.changes",
        "editions.scores.export",
        "editions.scores.get",
        "editions.scores.gobierto",
        "editions.scores.list",
        "editions.scores.path",
        "editions.scores.peers",
        "editions.statistics",
        "editions.summary",
        "ledger.list",
        "organisations.scores.list",
        "suggestions.get",
        "suggestions.list",
    ),
    "list": ("editions.assessments.list",),
    "read": (
        "editions.assessments.get",
        "editions.assessments.replies.get",
        "editions.assessments.replies.list",
        "editions.assessments.review.get",
        "editions.assessments.verdicts.get",
        "editions.assessments.verdicts.list",
        "editions.assessments.submissions.get",
        "editions.assessments.submissions.list",
        "editions.assessments.transitions.get",
        "editions.assessments.transitions.list",
    ),
    "answer": (
        "editions.assessments.replies.delete",
        "editions.assessments.replies.put",
        "editions.assessments.delete",
        "editions.assessments.put",
        "editions.assessments.submissions.create",
        "editions.assessments.update",
    ),
    "propose": ("suggestions.create",),
    "withdraw": ("suggestions.delete",),
    "review": (
        "editions.assessments.finals.create",
        "editions.assessments.hearings.create",
        "editions.assessments.returns.create",
        "editions.assessments.review.put",
        "editions.assessments.reviews.create",
        "editions.assessments.verdicts.delete",
        "editions.assessments.verdicts.put",
        "editions.verdicts.create",
        "editions.verdicts.workbook",
    ),
    "step": ("editions.transitions.create",),
    "oversee": (
        "editions.agreement.get",
        "editions.assessments.flags.list",
        "editions.flags.create",
        "editions.flags.list",
        "editions.rescorings.create",
    ),
    "extend": ("editions.assessments.extensions.create",),
    "publish": (
        "editions.approvals.create",
        "editions.approvals.get",
        "editions.approvals.list",
        "editions.publications.create",
        "editions.samples.create",
        "suggestions.decisions.create",
    ),
    "register": ("organisations.create", "organisations.update"),
    "administer": ("editions.create", "editions.delete", "editions.update", "keys.create"),
    "hold": ("keys.get", "keys.revocations.create", "keys.rotations.create"),
    "own list": ("keys.list",),
    "import": ("editions.imports.annotated", "editions.imports.create", "editions.imports.template"),
    "follow": ("jobs.cancel", "jobs.events", "jobs.get", "jobs.items.list", "jobs.list"),
    "subscribe": ("webhooks.create", "webhooks.list"),
    "own webhook": (
        "webhooks.delete",
        "webhooks.deliveries.attempts.create",
        "webhooks.deliveries.list",
        "webhooks.get",
        "webhooks.rotations.create",
        "webhooks.update",
    ),
    "open": (
        "badges.get",
        "badges.list",
        "catalogue.get",
        "editions.datapackage",
        "editions.export",
        "editions.get",
        "editions.list",
        "editions.publications.bundle",
        "editions.publications.get",
        "editions.publications.list",
        "editions.publications.scores.get",
        "embeds.card",
        "embeds.frame",
        "embeds.score",
        "embeds.table",
        "keys.reports.create",
        "ledger.checkpoints.get",
        "ledger.checkpoints.list",
        "methodologies.get",
        "methodologies.indicators.export",
        "methodologies.list",
        "methodologies.schema",
        "methodologies.workbook.fill",
        "methodologies.workbook.get",
        "methodologies.workbook.read",
        "oembed.get",
        "organisations.export",
        "organisations.get",
        "organisations.list",
        "published.get",
        "published.signature",
        "scores.create",
        "scores.create_many",
        "signing_keys.list",
        "system.livez",
        "system.readyz",
    ),
}

Holder = tuple[Role, Literal["mine", "both", "other", "all", "here", "elsewhere"]]
"""Whose key: its role, and what it is bound to, as seen from what is asked about."""

HOLDERS: Final[tuple[Holder, ...]] = (
    ("organisation_reader", "mine"),
    ("organisation_reader", "both"),
    ("organisation_reader", "other"),
    ("organisation_editor", "mine"),
    ("organisation_editor", "both"),
    ("organisation_editor", "other"),
    ("assessor", "all"),
    ("assessor", "here"),
    ("assessor", "elsewhere"),
    ("publisher", "all"),
    ("publisher", "here"),
    ("publisher", "elsewhere"),
    ("registrar", "all"),
    ("administrator", "all"),
)
ROLES: Final[dict[Class, frozenset[Role]]] = {
    "list": frozenset({"organisation_reader", "organisation_editor", "assessor", "publisher", "administrator"}),
    "read": frozenset({"organisation_reader", "organisation_editor", "assessor", "publisher", "administrator"}),
    "answer": frozenset({"organisation_editor", "administrator"}),
    "review": frozenset({"assessor", "administrator"}),
    "oversee": frozenset({"assessor", "publisher", "administrator"}),
    "extend": frozenset({"publisher", "administrator"}),
    "step": frozenset({"organisation_editor", "assessor", "publisher", "administrator"}),
    "publish": frozenset({"publisher", "administrator"}),
    "register": frozenset({"registrar", "administrator"}),
    "administer": frozenset({"administrator"}),
    "propose": frozenset(get_args(Role)),
    "withdraw": frozenset(get_args(Role)),
    "hold": frozenset(get_args(Role)),
    "own list": frozenset(get_args(Role)),
    "follow": frozenset(get_args(Role)),
    "import": frozenset({"organisation_editor", "registrar", "administrator"}),
    "subscribe": frozenset({"organisation_reader", "organisation_editor", "publisher", "administrator"}),
    "own webhook": frozenset({"organisation_reader", "organisation_editor", "publisher", "administrator"}),
}
"""The roles that may; any other is told so (403)."""
FAR: Final = frozenset({"other", "elsewhere"})
"""Bound to something else: answered as if what is asked about did not exist (404)."""
SEES_DRAFTS: Final[frozenset[Holder]] = frozenset(
    holder for holder in HOLDERS if holder[0] != "registrar" and holder[1] not in FAR
)
"""Who sees the draft of that organisation in that edition, where everybody sees only what is published."""
TOLD_BY_ID: Final = (
    "editions.scores.changes",
    "editions.scores.get",
    "editions.scores.gobierto",
    "editions.scores.path",
    "editions.scores.peers",
)
"""What is about one score: 404 for whoever does not see it."""
LISTED: Final = ("editions.scores.list", "editions.scores.export", "organisations.scores.list")
"""What has the score in a list: without it for whoever does not see it."""


@pytest.fixture
def installation(installations: Iterator[Installation]) -> Installation:
    """One that others may have had, and that is still small."""
    return next(installations)


def class_of(operation: Operation) -> Class:
    """The row of an operation; there is exactly one."""
    (found,) = [name for name, ids in CLASSES.items() if operation.id in ids]
    return found


def test_every_operation_has_one_row_and_the_matrix_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert sorted(NAMES) == sorted(name for ids in CLASSES.values() for name in ids)
    assert {role for role, _ in HOLDERS} == set.union(*map(set, ROLES.values()))
    drafts = len(ALL) * (len(HOLDERS) + 1 + 2 * len(ENDED))
    of_published = len(IN_EDITIONS) * (len(HOLDERS) + 1)
    own = sum(class_of(operation) == "hold" for operation in ALL) * len(HOLDERS)
    cells = f"{drafts} cells over drafts, {of_published} over what is published, {own} over one's own key"
    by_day = "" if HELD == 1 else f"; of the keys of drafts and of what is published one of {HELD} is tried"
    with capsys.disabled():
        print(f"\nmatrix of access: {len(ALL)} operations, {cells}{by_day}")


def test_the_document_says_of_each_operation_who_may() -> None:
    assert {operation.id: operation.roles for operation in ALL} == {
        operation.id: ROLES.get(class_of(operation)) for operation in ALL
    }


def list_tried(operation: Operation, cells: Sequence[_Cell], rows: Sequence[Operation] = ALL) -> Sequence[_Cell]:
    """Return those of the cells of an operation that are tried: by day one of `HELD`, in turn within its kind.

    Each kind of operation meets each cell at least once, and one that is answered in its own way meets all.
    """
    alike = [one for one in rows if _kind_of(one) == _kind_of(operation)]
    step = min(HELD, len(alike))
    return cells[alike.index(operation) % step :: step]


def _kind_of(operation: Operation) -> tuple[object, ...]:
    """Return what decides how the holders of keys are answered."""
    others = ("suggestions.get", "suggestions.decisions.create", "editions.imports.annotated")
    listed = (TOLD_BY_ID, LISTED, MADE_LATER, others)
    return class_of(operation), operation.method in SAFE, *(operation.id in ids for ids in listed)


ENDED: Final[tuple[Holder, ...]] = (
    ("organisation_reader", "mine"),
    ("organisation_editor", "mine"),
    ("assessor", "all"),
    ("publisher", "all"),
    ("registrar", "all"),
    ("administrator", "all"),
)
"""Keys that would be right, had they not been revoked or expired."""


def key_of(installation: Installation, holder: Holder, edition: str, *, ended: str = "") -> str:
    role, bound = holder
    organisations = {"mine": (MINE,), "both": (OTHER, MINE), "other": (OTHER,)}.get(bound, ())
    editions = {"here": [edition], "elsewhere": [ELSEWHERE]}.get(bound)
    return installation.key(
        role, *organisations, editions=editions, revoked=ended == "revoked", expired=ended == "expired"
    )


def expected(operation: Operation, holder: Holder) -> int | None:
    """The status with which a holder is refused; None where they are answered well."""
    row, (role, bound) = class_of(operation), holder
    if row == "open":
        return None
    if operation.id == "suggestions.get":
        # Somebody else has made it, and nothing is decided.
        return None if role in ("publisher", "administrator") else 404
    if row == "shows more":
        return 404 if operation.id in TOLD_BY_ID and holder not in SEES_DRAFTS else None
    if row == "propose":
        return None
    if row == "step" and role not in ROLES["review"]:
        # What it is called with is a review, which no other role begins.
        return 404 if bound == "elsewhere" and role in ROLES[row] else 403
    if role not in ROLES[row] or (row == "withdraw" and role != "administrator"):
        return 403
    if operation.id == "suggestions.decisions.create":
        return None
    if row in ("own list", "subscribe"):
        return None
    if row == "follow":
        # The command line has asked for it.
        return None if role == "administrator" or operation.id == "jobs.list" else 404
    if row == "import":
        # The annotated copy is of a file that somebody else has sent.
        return None if role == "administrator" or operation.id != "editions.imports.annotated" else 404
    if row in ("hold", "own webhook"):
        # What it is called on is the key, or the webhook, of somebody else.
        return None if role == "administrator" else 404
    if bound == "elsewhere" or (bound == "other" and row != "list"):
        return 404
    return None


class Call(NamedTuple):
    """A call that was answered: where, with which outcome, and who the ledger says it was."""

    place: Place
    response: httpx.Response
    is_done: bool
    actor: Mapping[str, Any]


def actor_of(key: str, holder: Holder) -> Mapping[str, Any]:
    """Return the actor of an entry."""
    role, bound = holder
    return {"key": id_of(key), "organisation": {"mine": MINE, "other": OTHER}.get(bound), "role": role}


def guess_key(right: str) -> str:
    """Return a key with the id of a valid key and a wrong secret."""
    return forms.Key(id_of(right), "0" * forms.SECRET_LENGTH).to_text()


@pytest.mark.parametrize("operation", ALL, ids=NAMES)
def test_each_holder_is_answered_and_entered_as_the_matrix_says(
    installation: Installation, operation: Operation
) -> None:
    row = class_of(operation)
    place = installation.place(operation)
    edition = place.path["edition"]
    keys = {holder: key_of(installation, holder, edition) for holder in list_tried(operation, HOLDERS)}
    endings = [(holder, how) for holder in ENDED for how in ("revoked", "expired")]
    ended = [key_of(installation, holder, edition, ended=how) for holder, how in list_tried(operation, endings)]
    right = installation.key("administrator")
    guessed, malformed = guess_key(right), ("no-key-at-all", right[:-1], f"{right}x")
    before, size, begun = installation.stored(), len(installation.entries()), datetime.now(UTC)
    calls: list[Call] = []

    # Without a key that holds nobody is known to have tried: none of these leaves an entry.
    for key in [*ended, guessed, *malformed]:
        response = installation.call(operation, place, key)
        assert response.is_success if row == "open" else response.status_code == 401, response.text
    for holder, key in keys.items():
        if (status := expected(operation, holder)) is not None:
            response = installation.call(operation, place, key)
            assert response.status_code == status, (holder, response.text)
            assert response.headers["content-type"] == "application/problem+json"
            calls.append(Call(place, response, is_done=False, actor=actor_of(key, holder)))
    unknown = call_without_a_key(installation, operation, place)
    assert installation.stored() == before

    for holder, key in keys.items():
        if expected(operation, holder) is not None:
            continue
        if operation.method not in SAFE:
            place = installation.place(operation)
            keys[holder] = key = key_of(installation, holder, place.path["edition"])
            installation.give(operation, place, key)
            before = installation.stored()
        response = installation.call(operation, place, key)
        assert response.is_success, (holder, response.text)
        if row in ROLES:
            assert (installation.stored() == before) is (operation.method in SAFE), holder
        calls.append(Call(place, response, is_done=True, actor=actor_of(key, holder)))
        assert_shown(operation, holder, key, place, response)

    entries = verify_entries(installation)[size:]
    assert_entered(operation, calls, entries, begun)
    assert not {response.headers["x-request-id"] for response in unknown} & {
        entry.record["request"] for entry in entries
    }
    written = repr(entries)
    for key in [*keys.values(), *ended, guessed]:
        assert key.split("_")[2][:12] not in written


def call_without_a_key(installation: Installation, operation: Operation, place: Place) -> Sequence[httpx.Response]:
    """Assert how an operation answers without a key. Return the responses."""
    anonymous = installation.call(operation, place)
    if class_of(operation) not in ROLES:
        is_hidden = operation.id in (*TOLD_BY_ID, "suggestions.get")
        wanted = anonymous.status_code == 404 if is_hidden else anonymous.is_success
        assert wanted, anonymous.text
        return [anonymous]
    path = operation.path.format_map(place.path)
    offered = [
        installation.client.request(operation.method.upper(), path, headers={"Authorization": text})
        for text in ("Basic YTpi", "Bearer", "Bearer ")
    ]
    assert {response.status_code for response in [anonymous, *offered]} == {401}
    return [anonymous, *offered]


def assert_shown(operation: Operation, holder: Holder, key: str, place: Place, response: httpx.Response) -> None:
    """Assert that a list shows a holder what it sees, and nothing else."""
    row = class_of(operation)
    if operation.id in LISTED:
        # A history names editions, the newest first; everything else organisations.
        shown = place.path["edition"] if operation.id.startswith("organisations.") else MINE
        assert (shown in response.text) is (holder in SEES_DRAFTS), holder
    if row == "own list" and holder[0] != "administrator":
        assert [found["id"] for found in response.json()["items"]] == [id_of(key)]
    if row == "list":
        assert (MINE in response.text) is (holder[1] not in FAR), holder


def assert_entered(operation: Operation, calls: Sequence[Call], entries: Sequence[Recorded], begun: datetime) -> None:
    """Assert that each call with a key that holds left one entry, in their order, or none where it only reads."""
    requests = {call.response.headers["x-request-id"] for call in calls}
    entered = [entry for entry in entries if entry.record["request"] in requests]
    if not is_entered(operation):
        assert entered == []
        return
    for call, entry in zip(calls, entered, strict=True):
        assert begun <= datetime.fromisoformat(entry.record["at"]) <= datetime.now(UTC)
        check = assert_done if call.is_done else assert_denied
        check(entry, operation, call.place, call.response, call.actor)


@pytest.mark.parametrize("operation", [one for one in ALL if class_of(one) == "hold"], ids=lambda one: one.id)
@pytest.mark.parametrize("holder", HOLDERS, ids="-".join)
def test_each_holder_has_its_own_key_in_hand(installation: Installation, operation: Operation, holder: Holder) -> None:
    key, edition = key_of(installation, holder, "2027"), {"edition": "2027"}
    body = installation.place(operation).body
    response = installation.call(operation, Place({**edition, "key": id_of(key)}, body), key)
    assert response.is_success, response.text
    again = installation.call(by_id["keys.list"], Place(edition, None), key)
    assert again.status_code == (401 if operation.id == "keys.revocations.create" else 200)


by_id = {operation.id: operation for operation in ALL}


# --- what is published ----------------------------------------------------------------------------------------

IN_EDITIONS: Final = [one for one in ALL if "{edition}" in one.path]


@pytest.fixture
def published(installation: Installation) -> str:
    """An edition that is published with the assessments of both organisations, and was approved before."""
    edition = "2026-published"
    if installation.client.get(f"/v1/editions/{edition}").status_code == 200:
        return edition
    installation.edition(edition)
    installation.finalise(edition, MINE, OTHER)
    path = f"/v1/editions/{edition}/approvals"
    installation._made("POST", path, installation.approval(edition))
    installation.publish(edition)
    return edition


MADE_LATER: Final = (
    "editions.imports.annotated",
    "editions.assessments.replies.get",
    "editions.assessments.verdicts.get",
    "editions.flags.create",
    "editions.rescorings.create",
    "editions.samples.create",
)
"""What an edition that was published without any of it answers in its own way; see its own tests."""


@pytest.mark.parametrize("operation", IN_EDITIONS, ids=lambda one: one.id)
def test_what_is_published_is_for_everybody_and_nobody_changes_it(
    installation: Installation, published: str, operation: Operation
) -> None:
    row = class_of(operation)
    others = {"format": FORMATS.get(operation.id, "csv"), "indicator": "D1.07"}
    numbered = dict.fromkeys(("approval", "revision", "submission", "transition", "job"), "1")
    path = {**numbered, **others, "edition": published, "organisation": MINE}
    takes_json = "requestBody" in operation.described and operation.id not in examples.OF_FILES
    place = Place(path, examples.request(operation.id) if takes_json else None)
    before = installation.stored()
    anonymous = installation.call(operation, place)
    assert anonymous.status_code == 401 if row in ROLES else anonymous.is_success, anonymous.text
    for holder in list_tried(operation, HOLDERS, IN_EDITIONS):
        response = installation.call(operation, place, key_of(installation, holder, published))
        status = expected(operation, holder)
        if row == "shows more":
            assert response.is_success, (holder, response.text)
            if operation.id in LISTED:
                assert OTHER in response.text
        elif status is not None:
            assert response.status_code == status, (holder, response.text)
        elif operation.id in MADE_LATER:
            assert response.status_code < 500
        elif operation.method in SAFE:
            assert response.is_success, (holder, response.text)
        else:
            assert response.status_code == 409, (holder, response.text)
    if operation.id not in MADE_LATER:
        after = installation.stored()
        assert {name: rows for name, rows in after.items() if name != "access_key"} == {
            name: rows for name, rows in before.items() if name != "access_key"
        }
