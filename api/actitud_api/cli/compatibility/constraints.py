"""The rules about one schema: which values one schema refuses that another accepts.

Each `find_…` function compares a wide schema with a narrow one. If the narrow schema refuses a value that the wide one
accepts, it returns the values of the compared keyword in the two schemas, else None. All have the same arguments; only
`find_refused_values` uses `name`, the name of the member that has the schema. For a request the old schema is the wide
one, because the service must go on accepting what clients send. For a response the new schema is the wide one, because
clients must be able to read what the service sends.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final, TypeAlias

from actitud_api.cli.compatibility.document import Node, Shape, is_among, is_equal
from actitud_api.cli.compatibility.rules import Side

Refusal: TypeAlias = tuple[object, object]
"""Reason why a narrow schema refuses a value: what the wide schema says, and what the narrow one says."""

VERSIONED: Final = "methodology"
"""Name of the member and of the parameter that name a methodology version.

A version that is added or withdrawn is not a break.
"""

_VERSION: Final = re.compile(r"\d{4}\.\d+(-draft)?")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_COMPARED: Final = frozenset({*_LOWER, *_UPPER, "pattern", "format", "uniqueItems", "multipleOf"})


def is_version(value: object) -> bool:
    """Return True if a value has the form of the name of a methodology version."""
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def find_refused_types(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the JSON types of `wide` and of `narrow` if `narrow` refuses a type that `wide` allows, else None.

    The type `number` includes `integer`.
    """
    if narrow.types is None:
        return None
    if wide.types is not None and all(
        kind in narrow.types or (kind == "integer" and "number" in narrow.types) for kind in wide.types
    ):
        return None
    return "any" if wide.types is None else wide.types, narrow.types


def find_refused_values(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the enumerated values of `wide` and of `narrow` if `narrow` refuses a value that `wide` allows, else None.

    If `name` is `methodology`, refused names of methodology versions do not count.
    """
    if narrow.values is None:
        return None
    if wide.values is None:
        return "any", list(narrow.values)
    refused = [value for value in wide.values if not is_among(value, narrow.values)]
    if name == VERSIONED:
        refused = [value for value in refused if not is_version(value)]
    return (list(wide.values), list(narrow.values)) if refused else None


def find_lower_limit(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the lower limits of `wide` and of `narrow` if `narrow` has a stricter one, else None.

    A lower limit is one of a number, a length or a count, such as `minimum` or `minItems`.
    """
    return _find_limit(wide, narrow, _LOWER, 1)


def find_upper_limit(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the upper limits of `wide` and of `narrow` if `narrow` has a stricter one, else None.

    An upper limit is one of a number, a length or a count, such as `maximum` or `maxItems`.
    """
    return _find_limit(wide, narrow, _UPPER, -1)


def find_pattern(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the patterns of `wide` and of `narrow` if `narrow` has a pattern and the two differ, else None.

    A different pattern counts as incompatible, even if it admits the same texts. A pattern that only `wide` has refuses
    nothing.
    """
    return _find_other(wide, narrow, "pattern")


def find_format(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the formats of `wide` and of `narrow` if `narrow` has a format and the two differ, else None.

    A format is the value of the keyword `format`, such as `date`; in the returned pair it is None if `wide` has none. A
    different format counts as incompatible, even if it admits the same texts. A format that only `wide` has refuses
    nothing.
    """
    return _find_other(wide, narrow, "format")


def find_unique_items(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return `(False, True)`, the values of `uniqueItems`, if only `narrow` forbids repeated items, else None."""
    if narrow.keywords.get("uniqueItems", False) is True and wide.keywords.get("uniqueItems", False) is not True:
        return False, True
    return None


def find_multiple_of(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return `multipleOf` of `wide` and of `narrow` if `narrow` refuses numbers that `wide` allows, else None.

    `narrow` refuses none if the `multipleOf` of `wide` is a multiple of its own.
    """
    loose, tight = (shape.keywords.get("multipleOf") for shape in (wide, narrow))
    if tight is None or tight == loose:
        return None
    # As decimals: 0.3 is a multiple of 0.1, which it is not in binary.
    if isinstance(tight, int | float) and isinstance(loose, int | float) and tight > 0:
        return None if Fraction(str(loose)) % Fraction(str(tight)) == 0 else (loose, tight)
    return loose, tight


def find_other_keywords(wide: Shape, narrow: Shape, name: str) -> Refusal | None:
    """Return the values of the keywords in which `narrow` differs from `wide`, among those that no other rule compares.

    A keyword differs if `narrow` has it, and `wide` lacks it or has another value. A keyword that only `wide` has does
    not differ.

    Returns:
        The values of the keywords that differ, in `wide` and in `narrow`, each as an object by keyword, or None for a
        schema that has none of them. None in place of the pair if no keyword differs.
    """
    known, further = (
        {keyword: value for keyword, value in shape.keywords.items() if keyword not in _COMPARED}
        for shape in (wide, narrow)
    )
    changed = [keyword for keyword, value in further.items() if not is_equal(known.get(keyword), value)]
    return (_show(known, changed), _show(further, changed)) if changed else None


CONSTRAINTS: Final[Mapping[Callable[[Shape, Shape, str], Refusal | None], Mapping[Side, str]]] = {
    find_refused_types: {"request": "request-type-narrowed", "response": "response-type-widened"},
    find_refused_values: {"request": "request-enum-narrowed", "response": "response-enum-widened"},
    find_lower_limit: {"request": "request-lower-limit-raised", "response": "response-lower-limit-lowered"},
    find_upper_limit: {"request": "request-upper-limit-lowered", "response": "response-upper-limit-raised"},
    find_pattern: {"request": "request-pattern-changed", "response": "response-pattern-changed"},
    find_format: {"request": "request-format-changed", "response": "response-format-changed"},
    find_unique_items: {"request": "request-unique-items-required", "response": "response-unique-items-dropped"},
    find_multiple_of: {"request": "request-multiple-of-changed", "response": "response-multiple-of-changed"},
    find_other_keywords: {"request": "request-keyword-changed", "response": "response-keyword-changed"},
}
"""Code of the rule that each comparison finds broken, for requests and for responses."""


def _find_other(wide: Shape, narrow: Shape, keyword: str) -> Refusal | None:
    loose, tight = wide.keywords.get(keyword), narrow.keywords.get(keyword)
    return None if tight is None or tight == loose else (loose, tight)


def _find_limit(wide: Shape, narrow: Shape, names: tuple[str, ...], sign: int) -> Refusal | None:
    """Compare the limits of some names; the first two limit numbers, each of the others something else."""
    # Numbers that one of the schemas refuses for their type are not refused for a limit.
    is_integer = any(shape.types is not None and "number" not in shape.types for shape in (wide, narrow))
    for keywords in (names[:2], *((keyword,) for keyword in names[2:])):
        loose, tight = (_get_limit(shape, keywords, sign, is_integer=is_integer) for shape in (wide, narrow))
        if tight > loose:
            return _show(wide.keywords, keywords), _show(narrow.keywords, keywords)
    return None


def _get_limit(shape: Shape, keywords: tuple[str, ...], sign: int, *, is_integer: bool) -> tuple[float, bool]:
    """Return the tightest of some limits of a schema, and whether a value equal to the limit is refused.

    `keywords` are the names of the limits. `sign` is 1 for lower limits and -1 for upper ones, which are negated,
    so that of two results the tighter one is always the greater. `is_integer`: only integers count.
    """
    limits = [(-math.inf, False)]
    if keywords[0] in ("minLength", "minItems", "minProperties"):
        limits = [(0.0, False)]
    for keyword in keywords:
        value = shape.keywords.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool):
            is_excluded = keyword.startswith("exclusive")
            # Above 0 and from 1 on are the same for integers.
            limits.append((sign * value + 1.0, False) if is_excluded and is_integer else (sign * value, is_excluded))
    return max(limits)


def _show(keywords: Node, names: tuple[str, ...] | list[str]) -> object:
    return {name: keywords[name] for name in names if name in keywords} or None
