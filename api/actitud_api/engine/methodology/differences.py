"""Differences of two methodologies, element by element: weights, goalposts, rules, gates, texts.

Elements are matched by id, wherever they are in the tree; omitted members count as their defaults. Two documents
without differences mean the same, however they are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.model import Document, Group, Indicator, MethodologyTexts

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
"""Table of a document, or the texts beside it."""

Change = Literal["added", "removed", "changed", "reordered"]

Element = tuple[Part, str]
"""Part and id of an element; an empty id for the document itself, the language for texts."""


class Difference(Struct, frozen=True, kw_only=True):
    """Difference of one element: JSON Pointer inside it, former and present value.

    An element on one side only is one difference with an empty pointer. `reordered`: the same children in another
    order, which decides ties. For texts, `id` is the language.
    """

    part: Part
    id: str
    place: str
    change: Change
    before: object
    after: object


WHOLE: Final = frozenset({"applies", "zero_when", "holds", "value", "provisional_unless"})
"""Members compared as a whole: predicates and formulas."""
_KEYED: Final = {"facts": "name"}
"""Lists whose items are matched by a member of their own."""
_ABSENT: Final = object()


def compare_documents(
    before: Document,
    after: Document,
    texts_before: Mapping[Language, MethodologyTexts] | None = None,
    texts_after: Mapping[Language, MethodologyTexts] | None = None,
) -> Iterator[Difference]:
    """Yield every difference of two documents except their versions, then those of texts in shared languages."""
    one, other = _collect_elements(before), _collect_elements(after)
    for element in [*one, *(added for added in other if added not in one)]:
        yield from _compare_members(element, one.get(element, _ABSENT), other.get(element, _ABSENT), "")
    yield from _find_reordered_groups(before.root, after.root)
    for language in LANGUAGES:
        told_before, told_after = (texts_before or {}).get(language), (texts_after or {}).get(language)
        if told_before is not None and told_after is not None:
            yield from _compare_members(
                ("texts", language), _to_plain_json(told_before), _to_plain_json(told_after), ""
            )


def _collect_elements(document: Document) -> dict[Element, object]:
    """Map the elements of a document by part and id, each without nested elements."""
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
    itself = {name: value for name, value in _list_members(document).items() if name not in ("version", *tables)}
    found: dict[Element, object] = {("document", ""): itself}
    for node, parent in _walk_nodes(document.root, None):
        part: Part = "groups" if isinstance(node, Group) else "indicators"
        members = {name: value for name, value in _list_members(node).items() if name not in ("id", "children", "kind")}
        found[part, node.id] = {"parent": parent, **members}
    for field in document.profile:
        found["profile", field.name] = _to_plain_json(field)
    for rule in document.rules:
        found["rules", rule.id] = _to_plain_json(rule)
    for level in document.levels:
        found["levels", str(level.number)] = {"provisional_unless": _to_plain_json(level.provisional_unless)}
        for gate in level.gates:
            found["gates", gate.id] = {"level": level.number, **_list_members(gate)}
    for kind in document.organisation_types:
        found["organisation_types", kind.code] = _to_plain_json(kind)
    for scale, bands in document.size_bands.items():
        for band in bands:
            found["size_bands", f"{scale}/{band.code}"] = _to_plain_json(band)
    for step in document.calendar:
        found["calendar", step.id] = _to_plain_json(step)
    for table, answered in _list_members(document.answers).items():
        assert isinstance(answered, dict)
        for name, value in answered.items():
            found["answers", f"{table}/{name}"] = value
    for name, source in document.sources.items():
        found["sources", name] = _to_plain_json(source)
    return found


def _walk_nodes(node: Group | Indicator, parent: str | None) -> Iterator[tuple[Group | Indicator, str | None]]:
    yield node, parent
    if isinstance(node, Group):
        for child in node.children:
            yield from _walk_nodes(child, node.id)


def _list_members(value: Struct) -> dict[str, object]:
    plain = _to_plain_json(value)
    assert isinstance(plain, dict)
    return plain


def _to_plain_json(value: object) -> object:
    """Convert a value to plain JSON with its defaults; an integral number becomes an int."""
    return _shorten_float(msgspec.to_builtins(value))


def _shorten_float(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _shorten_float(member) for name, member in value.items()}
        case list() | tuple():
            return [_shorten_float(member) for member in value]
        case _:
            return value


def _compare_members(element: Element, before: object, after: object, place: str) -> Iterator[Difference]:
    name = place.rpartition("/")[2]
    if name in _KEYED and isinstance(before, list) and isinstance(after, list):
        before, after = ({item[_KEYED[name]]: item for item in items} for items in (before, after))
    if isinstance(before, dict) and isinstance(after, dict) and name not in WHOLE:
        for member in [*before, *(added for added in after if added not in before)]:
            at = f"{place}/{member.replace('~', '~0').replace('/', '~1')}"
            yield from _compare_members(element, before.get(member, _ABSENT), after.get(member, _ABSENT), at)
    elif isinstance(before, list) and isinstance(after, list) and _is_compared_by_item(element, before, after):
        for position, (there, now) in enumerate(zip(before, after, strict=True)):
            yield from _compare_members(element, there, now, f"{place}/{position}")
    elif before is _ABSENT:
        yield _build_difference(element, place, "added", None, after)
    elif after is _ABSENT:
        yield _build_difference(element, place, "removed", before, None)
    elif msgspec.json.encode(before) != msgspec.json.encode(after):
        # By their JSON: to Python true is 1.
        yield _build_difference(element, place, "changed", before, after)


def _is_compared_by_item(element: Element, before: list[object], after: list[object]) -> bool:
    """Return True for two lists of equally many texts, or of equally many objects."""
    items = before + after
    return len(before) == len(after) and (element[0] == "texts" or all(isinstance(item, dict) for item in items))


def _find_reordered_groups(before: Group, after: Group) -> Iterator[Difference]:
    """Find the groups whose surviving children have another order."""
    orders = {node.id: _list_child_ids(node) for node, _ in _walk_nodes(after, None) if isinstance(node, Group)}
    for node, _ in _walk_nodes(before, None):
        if isinstance(node, Group) and node.id in orders:
            there, now = _list_child_ids(node), orders[node.id]
            common = [child for child in there if child in now]
            if common != [child for child in now if child in there]:
                yield _build_difference(("groups", node.id), "/children", "reordered", there, now)


def _list_child_ids(group: Group) -> list[str]:
    return [child.id for child in group.children]


def _build_difference(element: Element, place: str, change: Change, before: object, after: object) -> Difference:
    return Difference(part=element[0], id=element[1], place=place, change=change, before=before, after=after)
