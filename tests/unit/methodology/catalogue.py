"""The catalogue that 2026.1 was made from, and an interpreter of its own grammar.

`../shared` is not part of the project: what compares with it runs where it stands beside the checkout, and with
`CI` set its absence is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import msgspec
from msgspec import Struct

from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import FactValue
from tests.support.shared import shared

Node = dict[str, object]
"""A predicate or an operand of the catalogue's grammar (its `meta.grammar`)."""


class Goalpost(Struct):
    x: float
    score: float
    basis: str
    sources: tuple[str, ...]
    reason: str


class Input(Struct):
    name: str
    type: str
    required: bool
    min: int | None = None
    max: int | None = None
    set_by: str | None = None


class Applicability(Struct):
    predicate: Node
    text: str


class Condition(Struct):
    predicate: Node


class Scoring(Struct):
    kind: str


class Step(Struct):
    level: int
    en: str
    es: str


class Component(Struct):
    id: str
    en: str
    es: str


class Indicator(Struct):
    id: str
    dimension: str
    weight: int
    type: str
    unit: str
    window: str
    direction: str
    inputs: tuple[Input, ...]
    value_formula: Node
    scoring: Scoring
    goalposts: tuple[Goalpost, ...]
    applicability: Applicability
    zero_when: Condition
    seed_refs: tuple[str, ...]
    functions: tuple[str, ...]
    cross_checks: tuple[str, ...]
    name_en: str
    name_es: str
    question_en: str
    question_es: str
    action_en: str
    action_es: str
    evidence: str
    anti_gaming: str
    basis_note: str
    seed_note: str
    ladder: tuple[Step, ...] = ()
    components: tuple[Component, ...] = ()
    numerator_part_of_denominator: bool = False


class Rule(Struct):
    id: str
    group: str
    severity: str
    scope: str
    predicate: Node | None
    invalidates: tuple[str, ...]
    text_en: str
    text_es: str


class Gate(Struct):
    id: str
    predicate: Node
    text_en: str
    text_es: str
    when_not_applicable: str = "fail"


class Level(Struct):
    level: int
    name_en: str
    name_es: str
    gates: tuple[Gate, ...]
    provisional_unless: Condition | None = None


class Dimension(Struct):
    id: str
    name_en: str
    name_es: str
    default_weight: int
    dialogue_profile_weight: int


class ProfileField(Struct):
    name: str
    type: str
    set_by: str
    needs_evidence: bool
    default: bool | int | None = None


class Example(Struct):
    id: str
    profile: dict[str, Scalar | None]
    values: dict[str, object]
    expected: dict[str, msgspec.Raw]


class Coverage(Struct):
    bullets: dict[str, tuple[str, ...]]
    functions: dict[str, tuple[str, ...]]
    comments: dict[str, tuple[str, ...]]


class OrganisationType(Struct):
    code: str
    name_en: str
    name_es: str
    band_scale: str


class Band(Struct, rename={"start": "from"}):
    code: str
    start: int
    to: int | None


class Catalogue(Struct):
    dimensions: tuple[Dimension, ...]
    profile_fields: tuple[ProfileField, ...]
    indicators: tuple[Indicator, ...]
    levels: tuple[Level, ...]
    validation_rules: tuple[Rule, ...]
    coverage: Coverage
    organisation_types: tuple[OrganisationType, ...]
    size_bands: dict[str, tuple[Band, ...]]
    sources: dict[str, object]
    examples: tuple[Example, ...]


def catalogue() -> Catalogue:
    """The catalogue that the document was made from."""
    return msgspec.json.decode(shared("methodology/catalogue.json"), type=Catalogue)


# --- an interpreter of the grammar, sharing no code with the engine ---------------------------------------------

Known = bool | str | Fraction | None
ABSENT = object()


class Facts(Struct):
    """What was sent. `least`: an absent answer counts as its least favourable value, as validation rules ask."""

    profile: Mapping[str, Scalar | None]
    answers: Mapping[str, Mapping[str, FactValue]]
    least: bool


def number(value: float | str) -> Fraction:
    return Fraction(str(value))


def operand(node: Node, facts: Facts) -> Known | object:
    """A value, None for null, or ABSENT."""
    match node:
        case {"const": bool() | str() as constant}:
            return cast("Known", constant)
        case {"const": int() | float() as constant}:
            return number(constant)
        case {"profile": str() as name}:
            return plain(facts.profile[name])
        case {"answer": str() as name, "field": str() as field}:
            answer = facts.answers.get(name)
            if answer is not None:
                if field not in answer:
                    listed = {"count": "components", "outside_count": "outside_remit"}[field]
                    return Fraction(len(cast("tuple[str, ...]", answer.get(listed, ()))))
                return plain(cast("Scalar", answer[field]))
            if not facts.least:
                return ABSENT
            return operand(cast("Node", node["absent"]), facts) if "absent" in node else Fraction(0)
        case {"component": str() as component, "of": str() as name}:
            answer = facts.answers.get(name)
            if answer is None:
                return False if facts.least else ABSENT
            return component in cast("tuple[str, ...]", answer["components"])
        case {"divide": [dict() as above, dict() as below]}:
            one, other = operand(above, facts), operand(below, facts)
            if one is ABSENT or other is ABSENT or other == 0:
                return ABSENT
            return cast("Fraction", one) / cast("Fraction", other)
        case (
            {"min": list() as members}
            | {"max": list() as members}
            | {"sum": list() as members}
            | {"times": list() as members}
        ):
            values = [operand(member, facts) for member in members]
            if ABSENT in values:
                return ABSENT
            (kind,) = node
            return combine(kind, cast("list[Fraction]", values))
        case _:
            raise ValueError(node)


def plain(value: Scalar | None) -> Known:
    return value if value is None or isinstance(value, bool | str) else number(value)


def combine(kind: str, values: list[Fraction]) -> Fraction:
    if kind in ("min", "max"):
        return min(values) if kind == "min" else max(values)
    total = values[0]
    for value in values[1:]:
        total = total + value if kind == "sum" else total * value
    return total


def holds(node: Node, facts: Facts) -> bool | None:
    """True, false, or None for undetermined."""
    match node:
        case {"all": list() as members}:
            truths = [holds(member, facts) for member in members]
            return False if False in truths else None if None in truths else True
        case {"any": list() as members}:
            truths = [holds(member, facts) for member in members]
            return True if True in truths else None if None in truths else False
        case {"not": dict() as member}:
            truth = holds(member, facts)
            return None if truth is None else not truth
        case {"if": dict() as when, "then": dict() as then}:
            return holds({"any": [{"not": when}, then]}, facts)
        case {"present": str() as name}:
            return name in facts.answers
        case {"cmp": {"op": str() as op, "left": dict() as left, "right": dict() as right}}:
            one, other = operand(left, facts), operand(right, facts)
            if one is None or other is None:
                return False
            if one is ABSENT or other is ABSENT:
                return None
            if op in ("eq", "ne"):
                return (one == other) is (op == "eq")
            least, most = cast("Fraction", one), cast("Fraction", other)
            return {"lt": least < most, "le": least <= most, "gt": least > most, "ge": least >= most}[op]
        case _:
            raise ValueError(node)
