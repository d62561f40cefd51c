"""What the document does not allow is refused where it stands, in each body, query and path of every operation; what
there is leads by an alias to the same, and is not sent again.

Generated from the document and its examples, as `test_assignment.py` is for names that a body may not have.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, Final

import pytest

from tests.contract.installation import MINE, SAFE, Installation, Operation, Place, operations
from tests.contract.test_assignment import SENDS, VALIDATORS, validator
from tests.support.keys import present_key
from tests.support.scale import FORMS

ALL: Final = operations()
ITEMS: Final = [one for one in ALL if one.is_item]
ASKED: Final = [one for one in ALL if "embeds" not in one.described["tags"]]
"""Embeds take a query in any form."""
ALIASED: Final = [one for one in ITEMS if "{organisation}" in one.path and one.id != "editions.publications.scores.get"]
"""What was signed is at the identifier of then alone."""
TAGGED: Final = [one for one in ALL if one.method in SAFE and "If-None-Match" in one.headers]
WITHOUT_DATABASE: Final = pytest.mark.parametrize("location", ["sqlite"], indirect=True, scope="module")
"""For what is refused before anything but the key is looked up: on both databases it is the same."""
LEFT_OUT: Final = object()
WRONG: Final[Sequence[object]] = (
    *(LEFT_OUT, None, True, -1, 1.5, 10**30, [], {}),
    *("", " ", "x" * 10_241, "no such value", "dos\nlíneas", "al \u202erevés", "Llame al 612 345 678."),
    *("2027-02-30", "http://fabula.example/"),
)
"""What members of bodies are replaced with."""
WRONG_IN_QUERIES: Final = ("", "-1", "1.5", "9" * 30, "no such value", "2027-02-30", "al \u202erevés", "a/b", ",")
NUMBERS: Final = ("0", "999999", "9999999999", "01", "-1", "1.0", "x", "٣", "²", "9" * 30)
UNKNOWN: Final[Mapping[str, Sequence[str]]] = {
    "organisation": ("XX-TEST-NOBODY", "ES-DIR3-L01280797", "nobody"),
    "edition": ("1999", "nothing"),
    "version": ("1999.1", "latest"),
    "indicator": ("D99.01", "d1.07", "D1"),
    "digest": ("sha256:" + "0" * 64, "latest"),
    "format": ("exe",),
    **dict.fromkeys(("key", "webhook", "delivery"), ("0" * 12, "nothing")),
    **dict.fromkeys(("revision", "submission", "approval", "suggestion", "job", "transition", "size"), NUMBERS),
}
"""Names of what there is not, for each parameter of a path."""


def list_places(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where members of a body stand, at every depth."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, member in members:
        yield (*path, name)
        yield from list_places(member, (*path, name))


def replace_member(body: Any, path: Sequence[str | int], value: object) -> Any:
    """Return a body with another value at a place, or without the member there."""
    changed = node = copy.deepcopy(body)
    for step in path[:-1]:
        node = node[step]
    if value is LEFT_OUT:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return changed


def find_pointers(response: Any) -> list[str]:
    """Return where a request is wrong, once it is seen that it is refused for that."""
    assert response.status_code == 400, response.text
    return [error["pointer"] for error in response.json()["errors"]]


@WITHOUT_DATABASE
@pytest.mark.parametrize("operation", SENDS, ids=lambda operation: operation.id)
def test_a_member_of_a_body_is_refused_in_every_other_form(installation: Installation, operation: Operation) -> None:
    key, place, schema = installation.key("administrator"), installation.place(operation), validator(operation)
    before, tried = installation.stored(), 0
    for number, (path, value) in enumerate(product(list_places(place.body), WRONG)):
        if len(path) > 1 and number % FORMS:
            continue
        body = replace_member(place.body, path, value)
        if schema.is_valid(body):
            continue
        found = find_pointers(installation.call(operation, Place(place.path, body), key))
        stated = "".join(f"/{step}" for step in path)
        assert [one for one in found if one and (stated.startswith(one) or one.startswith(stated))], (stated, value)
        tried += 1
    assert tried
    assert installation.stored() == before


@WITHOUT_DATABASE
@pytest.mark.parametrize("operation", ASKED, ids=lambda operation: operation.id)
def test_a_parameter_of_a_query_is_refused_in_every_other_form(
    installation: Installation, operation: Operation
) -> None:
    key, place = installation.key("administrator"), installation.place(operation)
    for parameter in operation.described["parameters"]:
        schema = VALIDATORS.find(parameter["schema"])
        for text in WRONG_IN_QUERIES if parameter["in"] == "query" else ():
            forms = [text, int(text)] if re.fullmatch(r"-?[0-9]+", text) else [text]
            if not any(map(schema.is_valid, forms)):
                response = installation.call(operation, place, key, query={parameter["name"]: text})
                assert [one for one in find_pointers(response) if one.startswith(parameter["name"])], text
    assert find_pointers(installation.call(operation, place, key, query={"nothing": "1"})) == ["nothing"]


@pytest.mark.parametrize("operation", ITEMS, ids=lambda operation: operation.id)
def test_what_there_is_not_is_not_found(installation: Installation, operation: Operation) -> None:
    key, place = installation.key("administrator"), installation.place(operation)
    before = installation.stored()
    for parameter in re.findall(r"\{(\w+)\}", operation.path):
        for name in UNKNOWN[parameter]:
            response = installation.call(operation, Place({**place.path, parameter: name}, place.body), key)
            assert response.status_code == 404, (parameter, name, response.text)
    assert installation.stored() == before


@pytest.mark.parametrize("operation", ALIASED, ids=lambda operation: operation.id)
def test_an_alias_leads_to_its_organisation(installation: Installation, operation: Operation) -> None:
    key, alias = installation.key("administrator"), "XI-WIKIDATA-Q2807"
    place = installation.place(operation, key)
    headers = {**present_key(key), "If-Match": "*", "Content-Type": "application/merge-patch+json"}
    installation.client.patch(f"/v1/organisations/{MINE}", json={"aliases": [alias]}, headers=headers)
    response = installation.call(operation, Place({**place.path, "organisation": alias}, place.body), key)
    assert response.is_success, response.text
    (moved,) = response.history
    assert moved.status_code == 308
    query = moved.url.query.decode()
    assert moved.headers["location"] == operation.path.format_map(place.path) + (f"?{query}" if query else "")


@pytest.mark.parametrize("operation", TAGGED, ids=lambda operation: operation.id)
def test_a_reader_who_has_the_bytes_gets_none(installation: Installation, operation: Operation) -> None:
    key = installation.key("administrator")
    first = installation.call(operation, installation.place(operation), key)
    held = {**present_key(key), "If-None-Match": first.headers["etag"]}
    again = installation.client.get(str(first.url), headers=held)
    assert (again.status_code, again.content) == (304, b"")
