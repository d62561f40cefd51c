"""Comparison of two methodology documents, element by element: weights, goalposts, rules, gates and texts.

An element (group, indicator, rule, gate, …) is compared with the element of the other document that has the
same id, even if it stands in another place of the tree. A member that a document omits counts as its default
value, so documents that differ only in how they are written have no differences.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.model import Document, Group, Indicator, MethodologyTexts
from actitud_api.engine.methodology.pointers import add_step

Part = Literal[
    "document",
    "groups",
    "indicators",
    "profile",
    "rules",
    "levels",
    "gates",
    "organisation_types",
    "size_bands",
    "calendar",
    "answers",
    "sources",
    "texts",
]
"""Kind of element, named as the table of the document in which it stands.

`document` stands for the members of the document that belong to no table, and `texts` for the texts beside the
document.
"""

Change = Literal["added", "removed", "changed", "reordered"]

Element = tuple[Part, str]
"""Part and id of an element. The id is empty for the document itself, and is the language for texts."""


class Difference(Struct, frozen=True, kw_only=True):
    """Difference between two methodology documents: the values of one member of one element.

    An element that only one of the documents has is a single difference.

    Attributes:
        part: Kind of the element.
        id: Id of the element; for texts, the language.
        pointer: JSON Pointer of the member inside the element, empty if only one of the documents has the element.
        change: Kind of change. `reordered` means that a group has the same children in another order, which decides
            ties.
        before, after: The values in the two documents, None in a document that lacks the value.
    """

    part: Part
    id: str
    pointer: str
    change: Change
    before: object
    after: object


WHOLE: Final = frozenset({"applies", "zero_when", "holds", "value", "provisional_unless"})
"""Members that hold a predicate or a formula: each is compared as a whole, not member by member."""
_KEYED: Final = {"facts": "name"}
"""Lists whose items are matched by one of their members instead of by their place: list, and member.

Two facts are the same fact if they have the same `name`, wherever they stand in the list `facts`.
"""
_ABSENT: Final = object()


def compare_documents(
    before: Document,
    after: Document,
    texts_before: Mapping[Language, MethodologyTexts] | None = None,
    texts_after: Mapping[Language, MethodologyTexts] | None = None,
) -> Iterator[Difference]:
    """Yield every difference of the document `after` from the document `before`, then the differences of their texts.

    Version names and the members `$schema` are not compared. Texts are compared only in languages that both documents
    have; no texts are compared if `texts_before` or `texts_after` is None.
    """
    elements_before, elements_after = _collect_elements(before), _collect_elements(after)
    for element in [*elements_before, *(added for added in elements_after if added not in elements_before)]:
        yield from _compare_members(
            element, elements_before.get(element, _ABSENT), elements_after.get(element, _ABSENT), ""
        )
    yield from _find_reordered_groups(before.root, after.root)
    for language in LANGUAGES:
        former_texts, present_texts = (texts_before or {}).get(language), (texts_after or {}).get(language)
        if former_texts is not None and present_texts is not None:
            yield from _compare_members(
                ("texts", language), _to_plain_json(former_texts), _to_plain_json(present_texts), ""
            )


def _collect_elements(document: Document) -> dict[Element, object]:
    """Map the part and id of each element to its members in plain JSON.

    Members that are elements themselves are left out: a group has no `children` here, and a level no gates. A
    group or indicator has the id of the group above it as `parent`, and a gate has its `level`.
    """
    tables = (
        "root",
        "profile",
        "rules",
        "levels",
        "organisation_types",
        "size_bands",
        "calendar",
        "answers",
        "sources",
    )
    apart = ("version", "$schema", *tables)
    elements: dict[Element, object] = {("document", ""): _list_members(document, apart)}
    for node, parent in _walk_nodes(document.root, None):
        part: Part = "groups" if isinstance(node, Group) else "indicators"
        elements[part, node.id] = {"parent": parent, **_list_members(node, ("id", "children"))}
    for field in document.profile:
        elements["profile", field.name] = _to_plain_json(field)
    for rule in document.rules:
        elements["rules", rule.id] = _to_plain_json(rule)
    for level in document.levels:
        elements["levels", str(level.number)] = {"provisional_unless": _to_plain_json(level.provisional_unless)}
        for gate in level.gates:
            elements["gates", gate.id] = {"level": level.number, **_list_members(gate)}
    for kind in document.organisation_types:
        elements["organisation_types", kind.code] = _to_plain_json(kind)
    for scale, bands in document.size_bands.items():
        for band in bands:
            elements["size_bands", f"{scale}/{band.code}"] = _to_plain_json(band)
    for step in document.calendar:
        elements["calendar", step.id] = _to_plain_json(step)
    for table, answered in _list_members(document.answers).items():
        assert isinstance(answered, dict)
        for name, value in answered.items():
            elements["answers", f"{table}/{name}"] = value
    for name, source in document.sources.items():
        elements["sources", name] = _to_plain_json(source)
    return elements


def _walk_nodes(node: Group | Indicator, parent: str | None) -> Iterator[tuple[Group | Indicator, str | None]]:
    yield node, parent
    if isinstance(node, Group):
        for child in node.children:
            yield from _walk_nodes(child, node.id)


def _list_members(value: Struct, apart: Collection[str] = ()) -> dict[str, object]:
    """Map the names of the members of a Struct, but those of `apart`, to their values in plain JSON."""
    names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
    return {name: _to_plain_json(getattr(value, field)) for name, field in names if name not in apart}


def _to_plain_json(value: object) -> object:
    """Convert a value to plain JSON types.

    Members that have their default value are included, and a float without a fraction becomes an int.
    """
    return _shorten_float(msgspec.to_builtins(value))


def _shorten_float(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {name: _shorten_float(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_shorten_float(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _compare_members(element: Element, before: object, after: object, pointer: str) -> Iterator[Difference]:
    name = pointer.rpartition("/")[2]
    if name in _KEYED and isinstance(before, list) and isinstance(after, list):
        before, after = ({item[_KEYED[name]]: item for item in items} for items in (before, after))
    if isinstance(before, dict) and isinstance(after, dict) and name not in WHOLE:
        for member in [*before, *(added for added in after if added not in before)]:
            member_pointer = add_step(pointer, member)
            yield from _compare_members(
                element, before.get(member, _ABSENT), after.get(member, _ABSENT), member_pointer
            )
    elif isinstance(before, list) and isinstance(after, list) and _is_compared_by_item(element, before, after):
        for position, (former, present) in enumerate(zip(before, after, strict=True)):
            yield from _compare_members(element, former, present, f"{pointer}/{position}")
    elif before is _ABSENT:
        yield _build_difference(element, pointer, "added", None, after)
    elif after is _ABSENT:
        yield _build_difference(element, pointer, "removed", before, None)
    elif msgspec.json.encode(before) != msgspec.json.encode(after):
        # By their JSON: to Python true is 1.
        yield _build_difference(element, pointer, "changed", before, after)


def _is_compared_by_item(element: Element, before: list[object], after: list[object]) -> bool:
    """Return True if two lists are compared item by item, False if they are compared as wholes.

    Lists are compared item by item if they have the same length and belong to the texts or contain only
    objects.
    """
    items = before + after
    return len(before) == len(after) and (element[0] == "texts" or all(isinstance(item, dict) for item in items))


def _find_reordered_groups(before: Group, after: Group) -> Iterator[Difference]:
    """Yield a difference for each group whose children stand in another order.

    Only children that the group has in both documents are compared. `before` and `after` are the roots of the
    two documents.
    """
    orders = {node.id: _list_child_ids(node) for node, _ in _walk_nodes(after, None) if isinstance(node, Group)}
    for node, _ in _walk_nodes(before, None):
        if isinstance(node, Group) and node.id in orders:
            former, present = _list_child_ids(node), orders[node.id]
            common = [child for child in former if child in present]
            if common != [child for child in present if child in former]:
                yield _build_difference(("groups", node.id), "/children", "reordered", former, present)


def _list_child_ids(group: Group) -> list[str]:
    return [child.id for child in group.children]


def _build_difference(element: Element, pointer: str, change: Change, before: object, after: object) -> Difference:
    return Difference(part=element[0], id=element[1], pointer=pointer, change=change, before=before, after=after)
