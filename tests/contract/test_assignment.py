"""What the service decides by itself is in no body: every operation that takes one refuses it there, at every depth.

Generated from the document and its examples: for each place of a body, each name that its schema does not have there.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jsonschema_rs
import pytest

from tests.contract import examples
from tests.contract.document import DocumentValidators
from tests.contract.installation import DOCUMENT, OTHER, Installation, Operation, Place, operations
from tests.support.scale import NESTED

SENDS: Final = [one for one in operations() if "requestBody" in one.described and one.id not in examples.OF_FILES]
DECIDED: Final[Mapping[str, object]] = {
    "state": "final",
    "score": 100,
    "index": 100,
    "level": 5,
    "rank": 1,
    "verdict": "accepted",
    "review": "accepted",
    "max_level": 5,
    "owner": OTHER,
    "organisation": OTHER,
    "edition": "2031",
    "role": "administrator",
    "key": "0" * 12,
    "actor": "0" * 12,
    "version": 7,
    "submitted": "2026-01-01T00:00:00Z",
    "published": "2026-01-01T00:00:00Z",
    "revoked": None,
}
"""Names of what is decided elsewhere, with what somebody might wish them to be."""
VALIDATORS: Final = DocumentValidators(json.loads(DOCUMENT.read_bytes()))


def validator(operation: Operation) -> jsonschema_rs.Draft202012Validator:
    (content,) = operation.described["requestBody"]["content"].values()
    return VALIDATORS.find(content["schema"])


def places(body: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where a body has objects."""
    if isinstance(body, dict):
        yield path
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def assigned(operation: Operation, body: Any) -> Iterator[tuple[str, str, Any]]:
    """A body with one of the names somewhere, wherever the document does not allow that: the place, and the name."""
    schema = validator(operation)
    for path in places(body):
        for name, value in DECIDED.items():
            changed = copy.deepcopy(body)
            place = changed
            for step in path:
                place = place[step]
            if name in place:
                continue
            place[name] = value
            if not schema.is_valid(changed):
                yield "/".join(map(str, path)), name, changed


def test_every_operation_with_a_body_is_tried_and_the_cells_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    cells = {one.id: len(list(assigned(one, examples.request(one.id)))) for one in SENDS}
    with capsys.disabled():
        print(f"\nmass assignment: {sum(cells.values())} cells of {len(cells)} operations")
    assert min(cells.values()) > 0
    top = {one.id: {name for path, name, _ in assigned(one, examples.request(one.id)) if not path} for one in SENDS}
    # What an operation does take by one of these names is what it is for.
    assert {name: DECIDED.keys() - found for name, found in top.items() if DECIDED.keys() - found} == TAKEN


TAKEN: Final = {
    "editions.assessments.review.put": {"max_level"},
    "editions.assessments.verdicts.put": {"verdict"},
    "editions.update": {"state"},
    "keys.create": {"role"},
    "webhooks.update": {"state"},
}


@pytest.mark.parametrize("operation", SENDS, ids=lambda operation: operation.id)
def test_what_the_service_decides_is_refused_wherever_it_stands(
    installation: Installation, operation: Operation
) -> None:
    key = installation.key("administrator")
    place = installation.place(operation)
    assert validator(operation).is_valid(place.body), "the control would not be taken either"
    before = installation.stored()
    for number, (path, name, body) in enumerate(assigned(operation, place.body)):
        if path and number % NESTED:
            continue
        response = installation.call(operation, Place(place.path, body), key)
        assert response.status_code == 400, (path, name, response.text)
        pointers = [error["pointer"] for error in response.json()["errors"]]
        assert [found for found in pointers if found.split("/")[-1] == name or f"/{path}" == found], (path, name)
    assert installation.stored() == before
    assert installation.call(operation, place, key).is_success
