"""The limits of the profile fields of a methodology version: their accepted values, and the relations between them.

The data are an extract of the version's document and texts, so that the counter needs neither service nor network.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import Any, Final, Literal, NamedTuple

import msgspec

from actitud.counting.definitions import TextPair, UnknownVersion, list_counted_versions

_FOLDER: Final = "profiles"
_BOTH: Final = ("es", "en")
_UNBOUNDED: Final = 10**18
"""Beyond every number of a profile that has no limit."""


class FixedNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="constant"):
    """Fixed number, a term of a comparison that the profile has to meet (`FieldRelation`)."""

    value: int


class FieldValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="profile"):
    """Value of the profile field ``field``, a term of a comparison that the profile has to meet (`FieldRelation`)."""

    field: str


class FieldSum(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sum"):
    """Sum of numbers and profile fields, one side of a comparison that the profile has to meet (`FieldRelation`)."""

    of: tuple[FixedNumber | FieldValue, ...]


class FieldProduct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="times"):
    """Product of numbers and profile fields, none of them negative.

    It is a term of a comparison that the profile has to meet (`FieldRelation`).
    """

    of: tuple[FixedNumber | FieldValue, ...]


class Comparison(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="compare"):
    """Statement about a profile: ``left`` equals ``right`` (eq), is at most ``right`` (le) or at least (ge)."""

    op: Literal["eq", "le", "ge"]
    left: FixedNumber | FieldValue | FieldSum | FieldProduct
    right: FixedNumber | FieldValue | FieldSum | FieldProduct


class Implication(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="implies"):
    """Statement about a profile: if the comparison ``when`` holds, the comparison ``then`` holds too."""

    when: Comparison
    then: Comparison


class Conjunction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="all"):
    """Statement about a profile: all comparisons and implications in ``of`` hold."""

    of: tuple[Comparison | Implication, ...]


class FieldRelation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rule of the methodology about the profile: a statement that must hold for every profile, with its text."""

    id: str
    holds: Comparison | Implication | Conjunction
    text: TextPair


class FieldLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Values that a profile field may have: whole numbers between two bounds, or codes with their names.

    ``label`` is the name of the field in a sentence. ``minimum`` and ``maximum``: the bounds, which are allowed values;
    None for no bound. ``values``: names of the codes, by code; empty for a field with numbers.
    """

    name: str
    label: TextPair
    type: Literal["integer", "enum"]
    minimum: int | None = None
    maximum: int | None = None
    values: dict[str, TextPair] = {}


class ProfileLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits of the profile of a methodology version.

    - ``document``: digest of the methodology document.
    - ``fields``: the fields that an organisation states.
    - ``set_by_service``: names of the other fields, which only a review sets.
    - ``relations``: relations between fields of the organisation.
    """

    methodology: str
    document: str
    fields: tuple[FieldLimits, ...]
    set_by_service: tuple[str, ...]
    relations: tuple[FieldRelation, ...]


class Contradiction(NamedTuple):
    """Relation that a profile breaks: the names of its fields that have a value, and a sentence about it."""

    fields: tuple[str, ...]
    detail: TextPair


class _Bounds(NamedTuple):
    lower: int
    upper: int


_Compare = Callable[[_Bounds, _Bounds], bool]
_CERTAIN: Final[Mapping[str, tuple[_Compare, _Compare]]] = {
    "le": (lambda left, right: left.upper <= right.lower, lambda left, right: left.lower > right.upper),
    "ge": (lambda left, right: left.lower >= right.upper, lambda left, right: left.upper < right.lower),
    "eq": (
        lambda left, right: left == right and left.lower == left.upper,
        lambda left, right: left.upper < right.lower or left.lower > right.upper,
    ),
}
"""Whether a comparison is certainly true, and whether it is certainly false, by the bounds of its two terms."""


@cache
def load_profile_limits(version: str) -> ProfileLimits:
    """Return the limits of the profile of a methodology version. Raise UnknownVersion if it is not counted."""
    if version not in list_counted_versions():
        raise UnknownVersion(version)
    content = (resources.files("actitud.counting") / _FOLDER / f"{version}.json").read_bytes()
    return msgspec.json.decode(content, type=ProfileLimits)


def find_invalid_values(profile: Mapping[str, Any], limits: ProfileLimits) -> list[TextPair]:
    """Return a sentence, in Spanish and in English, about each faulty member of a profile.

    A member is faulty if no field has its name, if only a review sets the field, or if its value is outside the limits
    of the field; the limits of every field admit a blank (None). A field that only other counted methodology versions
    have is not faulty here: `list_foreign_fields` returns its name.
    """
    fields = {field.name: field for field in limits.fields}
    foreign = list_foreign_fields(profile, limits)
    problems: list[TextPair] = []
    for name, value in profile.items():
        if name in limits.set_by_service:
            problems.append(TextPair(f"{name}: lo fija la revisión; quítelo.", f"{name}: a review sets it; remove it."))
        elif name in fields and value is not None:
            problems += _check_value(fields[name], value)
        elif name not in fields and name not in foreign:
            problems.append(_describe_unknown(name, list(fields)))
    return problems


def list_foreign_fields(profile: Mapping[str, Any], limits: ProfileLimits) -> list[str]:
    """Return the names of those members of a profile that are fields of other counted methodology versions only."""
    asked = {field.name for field in limits.fields}
    others = {
        field.name for version in list_counted_versions() for field in load_profile_limits(version).fields
    } - asked
    return [name for name in profile if name in others]


def list_blank_fields(profile: Mapping[str, Any], limits: ProfileLimits) -> list[FieldLimits]:
    """Return the fields that a profile leaves blank. The service accepts an assessment only with a complete profile."""
    return [field for field in limits.fields if profile.get(field.name) is None]


def find_contradictions(profile: Mapping[str, Any], limits: ProfileLimits) -> list[Contradiction]:
    """Return the relations that a profile breaks, whatever values its blank fields will get.

    The values of the profile must be valid.
    """
    bounds = {
        field.name: _Bounds(
            -_UNBOUNDED if field.minimum is None else field.minimum,
            _UNBOUNDED if field.maximum is None else field.maximum,
        )
        for field in limits.fields
    }
    known = {name: value for name, value in profile.items() if name in bounds and type(value) is int}
    bounds |= {name: _Bounds(value, value) for name, value in known.items()}
    broken = [relation for relation in limits.relations if _evaluate(relation.holds, bounds) is False]
    return [_describe(relation, known) for relation in broken]


def _check_value(field: FieldLimits, value: object) -> Iterator[TextPair]:
    shown = msgspec.json.encode(value).decode()
    if field.type == "enum":
        if value not in field.values:
            listed = [", ".join(f"{code} ({name.into(lang)})" for code, name in field.values.items()) for lang in _BOTH]
            yield TextPair(
                f"{field.name}: {shown} no es un código; se admiten {listed[0]}.",
                f"{field.name}: {shown} is no code; allowed are {listed[1]}.",
            )
        return
    lower, upper = field.minimum, field.maximum
    # Not `isinstance`: true is no number of employees.
    is_inside = type(value) is int and (lower is None or value >= lower) and (upper is None or value <= upper)
    if not is_inside:
        spanish, english = f"desde {lower}", f"from {lower}"
        if type(value) is int and upper is not None and value > upper:
            spanish, english = f"{spanish} hasta {upper}", f"{english} to {upper}"
        yield TextPair(
            f"{field.name}: {shown} no es un número entero {spanish}.",
            f"{field.name}: {shown} is no whole number {english}.",
        )


def _describe_unknown(name: str, known: list[str]) -> TextPair:
    near = get_close_matches(name, known, n=1)
    shown, listed = msgspec.json.encode(name).decode(), ", ".join(known)
    if near:
        return TextPair(
            f"{shown} no es un dato del perfil: ¿quiso decir {near[0]}?",
            f"{shown} is no field of the profile: did you mean {near[0]}?",
        )
    return TextPair(
        f"{shown} no es un dato del perfil; son {listed}.", f"{shown} is no field of the profile; they are {listed}."
    )


def _evaluate(statement: Comparison | Implication | Conjunction, bounds: Mapping[str, _Bounds]) -> bool | None:
    """Return whether a statement is true of all values within bounds; None if of some it is and of others not."""
    match statement:
        case Comparison(op=op, left=left, right=right):
            is_true, is_false = _CERTAIN[op]
            terms = _bound(left, bounds), _bound(right, bounds)
            return True if is_true(*terms) else False if is_false(*terms) else None
        case Implication(when=when, then=then):
            condition, result = _evaluate(when, bounds), _evaluate(then, bounds)
            if condition is False or result is True:
                return True
            return False if condition is True and result is False else None
        case Conjunction(of=parts):
            results = [_evaluate(part, bounds) for part in parts]
            return False if False in results else None if None in results else True


def _bound(term: FixedNumber | FieldValue | FieldSum | FieldProduct, bounds: Mapping[str, _Bounds]) -> _Bounds:
    match term:
        case FixedNumber(value=value):
            return _Bounds(value, value)
        case FieldValue(field=field):
            return bounds[field]
        case FieldSum(of=parts) | FieldProduct(of=parts):
            join = operator.add if isinstance(term, FieldSum) else operator.mul
            first, *others = (_bound(part, bounds) for part in parts)
            for other in others:
                first = _Bounds(join(first.lower, other.lower), join(first.upper, other.upper))
            return first


def _list_fields(part: object) -> Iterator[str]:
    """Yield the names of the fields in a part of a relation."""
    if isinstance(part, FieldValue):
        yield part.field
    for member in part if isinstance(part, tuple) else getattr(part, "__struct_fields__", ()):
        yield from _list_fields(member if isinstance(part, tuple) else getattr(part, member))


def _describe(relation: FieldRelation, known: Mapping[str, int]) -> Contradiction:
    names = tuple(name for name in dict.fromkeys(_list_fields(relation.holds)) if name in known)
    stated = ", ".join(f"{name} {known[name]}" for name in names)
    es, en = (text.rstrip(".") for text in (relation.text.es, relation.text.en))
    return Contradiction(names, TextPair(f"{es} ({stated}).", f"{en} ({stated})."))
