"""Shapes of answers: the facts that an answer consists of, apart from the indicator that they answer.

Indicators with the same facts share a shape, within a version and across versions. A request type is built once for
each shape, so the OpenAPI document has a schema for each shape instead of one for each indicator.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.model import Fact, Indicator

MAXIMA: Final = {"integer": 10**12, "number": 10**9}
"""Usual maximum of a fact by type; the name of a shape leaves it out."""

_NAME_MAX: Final = 60


class Shape(Struct, frozen=True):
    """The form of an answer: its facts, and the component ids that its checklists may contain.

    `components` is empty if there is no checklist. Two shapes are equal if their answers have the same form, even if
    other properties of the facts differ.
    """

    facts: tuple[Fact, ...]
    components: tuple[str, ...]

    @property
    def name(self) -> str:
        """The shape in words, as the beginning of type names: `NumeratorDenominator`, `LevelUpTo4`.

        The name depends only on the shape, so it is the same in every version with this shape.
        """
        words = "".join(_describe_fact(fact) for fact in self.facts) + _describe_components(self.components)
        if len(words) <= _NAME_MAX:
            return words
        return words[: _NAME_MAX - 8] + hashlib.sha256(msgspec.json.encode(self)).hexdigest()[:8].upper()


def find_shape(indicator: Indicator, facts: Iterable[Fact]) -> Shape:
    """Return the shape of an answer that consists of the given facts of an indicator."""
    normalised = tuple(
        structs.replace(fact, set_by="organisation", decimals=fact.decimals if fact.type == "number" else 6)
        for fact in facts
    )
    has_checklist = any(fact.type == "components" for fact in normalised)
    return Shape(facts=normalised, components=indicator.components if has_checklist else ())


def format_name(name: str) -> str:
    """Return a name with underscores in the form of type names: `AnsweredPrivate` for `answered_private`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split("[^0-9A-Za-z]+", name))


def _describe_fact(fact: Fact) -> str:
    """Return name, type and bounds of a fact as words; an integer with the usual bounds needs no more than its name."""
    words = ("" if fact.required else "Optional") + format_name(fact.name)
    match fact.type:
        case "boolean":
            return f"{words}YesNo"
        case "components":
            return words
        case "number":
            words += "Decimal" if fact.decimals == 6 else f"Decimal{fact.decimals}"
    if fact.minimum != 0:
        words += "From" + ("Any" if fact.minimum is None else _describe_number(fact.minimum))
    if fact.maximum != MAXIMA[fact.type]:
        words += "UpTo" + ("Any" if fact.maximum is None else _describe_number(fact.maximum))
    return words


def _describe_number(number: int) -> str:
    return f"Minus{-number}" if number < 0 else str(number)


def _describe_components(components: tuple[str, ...]) -> str:
    """Return component ids as words: the first and the last if they are numbered from 1, else all of them."""
    stem = components[0].rstrip("0123456789") if components else ""
    if len(components) > 1 and components == tuple(f"{stem}{number}" for number in range(1, len(components) + 1)):
        return f"{format_name(components[0])}To{format_name(components[-1])}"
    return "".join(map(format_name, components))
