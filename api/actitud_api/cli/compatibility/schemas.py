"""Comparison of two schemas and of everything that they contain, for requests or for responses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import structs

from actitud_api.cli.compatibility.constraints import CONSTRAINTS, VERSIONED, is_version
from actitud_api.cli.compatibility.document import Document, Form, Node, Shape, is_equal
from actitud_api.cli.compatibility.rules import SchemaBreak, Side

Pair: TypeAlias = tuple[int, int, Side, bool]
"""Two versions of a schema by their identities, how they are used, and whether their member is `methodology`."""

_ANYTHING: Final[Node] = {}
_NAMES: Final[Node] = {"type": "string"}
_ESCAPES: Final = str.maketrans({"~": "~0", "/": "~1"})


class SchemaComparison:
    """Comparison of the schemas of two OpenAPI documents, which finds changes that break clients.

    Each pair of schemas is compared once.
    """

    def __init__(self, before: Document, after: Document) -> None:
        self._before = before
        self._after = after
        self._found: dict[Pair, tuple[SchemaBreak, ...]] = {}
        self._begun: set[Pair] = set()
        self._cut: set[Pair] = set()
        self._kept: list[object] = []

    def compare(self, before: object, after: object, side: Side, name: str = "") -> tuple[SchemaBreak, ...]:
        """Return the changes between the earlier version of a schema, `before`, and `after` that break clients.

        `side` says if the schema is used in requests or in responses; `name` is the name of the member that has the
        schema, empty if it belongs to no member.
        """
        before, after = _follow(self._before, before), _follow(self._after, after)
        key = (id(before), id(after), side, name == VERSIONED)
        if key in self._found:
            return self._found[key]
        if key in self._begun:
            # A schema that contains itself breaks nothing that its other members do not break.
            self._cut.add(key)
            return ()
        self._kept += [before, after]
        self._begun.add(key)
        found = tuple(self._compare(before, after, side, name))
        self._begun.remove(key)
        self._cut.discard(key)
        # A result that left out the breaks of an unfinished comparison is not complete.
        if not self._cut:
            self._found[key] = found
        return found

    def _compare(self, before: object, after: object, side: Side, name: str) -> Iterator[SchemaBreak]:
        old, new = self._before.get_form(before), self._after.get_form(after)
        if side == "request":
            yield from self._compare_defaults(before, after)
        wide, narrow = (old, new) if side == "request" else (new, old)
        if wide.nullable and not narrow.nullable:
            rule = "request-null-refused" if side == "request" else "response-null-added"
            yield SchemaBreak(rule=rule, pointer="", before=_tell_null(old), after=_tell_null(new))
        if len(new.shapes) > 1 and old.discriminators - new.discriminators:
            yield SchemaBreak(
                rule=f"{side}-discriminator-changed", pointer="", before=old.discriminators, after=new.discriminators
            )
        yield from self._compare_alternatives(wide, narrow, side, name)

    def _compare_defaults(self, before: object, after: object) -> Iterator[SchemaBreak]:
        old, new = list(self._before.list_defaults(before)), list(self._after.list_defaults(after))
        if old and not is_equal(old, new):
            yield SchemaBreak(
                rule="request-default-changed", pointer="", before=_tell_default(old), after=_tell_default(new)
            )

    def _compare_alternatives(self, wide: Form, narrow: Form, side: Side, name: str) -> Iterator[SchemaBreak]:
        """Yield the breaks of each alternative of the wide schema that no alternative of the narrow one accepts.

        If an alternative of the narrow schema is much like it, the breaks are the differences of the two; otherwise
        the break is that the alternative has no counterpart. `wide` is the old schema of a request or the new schema of
        a response, `narrow` the other one; `side` says which of the two uses it is. `name` is the name of the member
        that has the schema, empty if it belongs to no member.
        """
        tag = _find_tag(wide, narrow)
        for shape in _split_types(wide.shapes) if len(narrow.shapes) > 1 else wide.shapes:
            value = None if tag is None else shape.get_tag(tag)
            if tag is None:
                candidates = list(narrow.shapes)
            else:
                candidates = [other for other in narrow.shapes if other.get_tag(tag) == value]
            results = [self._compare_shapes(shape, other, side, name) for other in candidates]
            if not all(results) and results:
                continue
            if len(wide.shapes) > 1 or not results:
                results = [result for result, other in zip(results, candidates, strict=True) if _is_alike(shape, other)]
            if results:
                yield from min(results, key=len)
            elif tag != VERSIONED or not is_version(value):
                rule = "request-alternative-removed" if side == "request" else "response-alternative-added"
                shown = value or _tell(shape)
                old, new = (shown, None) if side == "request" else (None, shown)
                yield SchemaBreak(rule=rule, pointer="", before=old, after=new)

    def _compare_shapes(self, wide: Shape, narrow: Shape, side: Side, name: str) -> list[SchemaBreak]:
        if not _share(wide.types, narrow.types):
            return list(_compare_constraints(wide, narrow, side, name))
        return [
            *_compare_constraints(wide, narrow, side, name),
            *self._compare_members(wide, narrow, side),
            *self._compare_further(wide, narrow, side),
        ]

    def _compare_members(self, wide: Shape, narrow: Shape, side: Side) -> Iterator[SchemaBreak]:
        """Compare the named members of two schemas, and which of them may be missing.

        `wide` is the old schema of a request or the new schema of a response, `narrow` the other one.
        """
        old, new = (wide, narrow) if side == "request" else (narrow, wide)
        for name in old.properties:
            if name not in new.properties:
                yield SchemaBreak(
                    rule=f"{side}-field-removed", pointer=_step(name), before=_tell_schema(old, name), after=None
                )
            else:
                yield from _below(name, self.compare(old.properties[name], new.properties[name], side, name))
        for name in sorted(narrow.required - wide.required):
            if side == "request":
                is_new = name not in old.properties
                rule = "request-required-field-added" if is_new else "request-field-became-required"
                yield SchemaBreak(
                    rule=rule, pointer=_step(name), before="absent" if is_new else "optional", after="required"
                )
            elif name in new.properties or name not in old.properties:
                yield SchemaBreak(
                    rule="response-field-became-optional", pointer=_step(name), before="required", after="optional"
                )

    def _compare_further(self, wide: Shape, narrow: Shape, side: Side) -> Iterator[SchemaBreak]:
        """Compare array items, member names, and the members that are not named, of two schemas.

        `wide` is the old schema of a request or the new schema of a response, `narrow` the other one.
        """
        old, new = (wide, narrow) if side == "request" else (narrow, wide)
        if old.items or new.items:
            yield from _below("*", self.compare(old.items, new.items, side))
        if old.names or new.names:
            yield from _below("*", self.compare({**_NAMES, **old.names}, {**_NAMES, **new.names}, side))
        typed = isinstance(old.additional, dict) or isinstance(new.additional, dict)
        if typed and old.additional is not False and new.additional is not False:
            yield from _below("*", self.compare(_to_schema(old.additional), _to_schema(new.additional), side))
        if side == "request" and new.additional is False and old.additional is not False:
            yield SchemaBreak(rule="request-additional-fields-refused", pointer="", before="any", after="none")


def _follow(document: Document, schema: object) -> object:
    """Return the schema to which a schema refers if it consists of nothing but a reference, else the schema itself."""
    return document.resolve(schema) if isinstance(schema, dict) and set(schema) == {"$ref"} else schema


def _compare_constraints(wide: Shape, narrow: Shape, side: Side, name: str) -> Iterator[SchemaBreak]:
    for find, codes in CONSTRAINTS.items():
        refusal = find(wide, narrow, name)
        # An enumeration that is declared open promises more values, but only of responses.
        is_promised = codes[side] == "response-enum-widened" and narrow.is_open_enum
        if refusal is not None and not is_promised:
            before, after = refusal if side == "request" else refusal[::-1]
            yield SchemaBreak(rule=codes[side], pointer="", before=before, after=after)


def _find_tag(left: Form, right: Form) -> str | None:
    """Return the member by which the alternatives of both schemas can be told apart, None if there is none."""
    shapes = [*left.shapes, *right.shapes]
    if len(shapes) <= 2 and not left.discriminators | right.discriminators:
        return None
    names = [
        name
        for name in shapes[0].properties
        if all(shape.get_tag(name) is not None for shape in shapes)
        and all(len({shape.get_tag(name) for shape in form.shapes}) == len(form.shapes) for form in (left, right))
    ]
    preferred = [name for name in names if name == VERSIONED or name in left.discriminators | right.discriminators]
    return next(iter(preferred or names), None)


def _split_types(shapes: Sequence[Shape]) -> Iterator[Shape]:
    """Split alternatives that have several types into alternatives of one type each.

    So the types of one schema can be compared with the alternatives of another.
    """
    for shape in shapes:
        if shape.types is None or len(shape.types) == 1:
            yield shape
        else:
            yield from (structs.replace(shape, types=frozenset({kind})) for kind in sorted(shape.types))


def _is_alike(shape: Shape, other: Shape) -> bool:
    """Return True if two alternatives can be two versions of the same one.

    That is so if they share a type and, for objects, at least half of the member names of the smaller one.
    """
    if not _share(shape.types, other.types):
        return False
    names, others = set(shape.properties), set(other.properties)
    return not names | others or 2 * len(names & others) >= min(len(names), len(others)) > 0


def _share(left: frozenset[str] | None, right: frozenset[str] | None) -> bool:
    return left is None or right is None or bool(left & right)


def _step(name: str) -> str:
    return "/" + name.translate(_ESCAPES)


def _below(name: str, breaks: Sequence[SchemaBreak]) -> Iterator[SchemaBreak]:
    for found in breaks:
        yield structs.replace(found, pointer=_step(name) + found.pointer)


def _to_schema(additional: object) -> object:
    return _ANYTHING if additional is True else additional


def _tell(shape: Shape) -> str:
    if shape.properties:
        return "{" + ", ".join(shape.properties) + "}"
    return "any" if shape.types is None else ", ".join(sorted(shape.types))


def _tell_schema(shape: Shape, name: str) -> str:
    return "required" if name in shape.required else "optional"


def _tell_default(defaults: Sequence[object]) -> object:
    return next(("null" if value is None else value for value in defaults), None)


def _tell_null(form: Form) -> str:
    return "null" if form.nullable else "no null"
