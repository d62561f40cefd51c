"""Requirements of gates, in a form in which they can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct, structs

from actitud_api.engine.methodology.model import (
    Compare,
    Constant,
    Gate,
    Maximum,
    Minimum,
    Operand,
    Product,
    Scalar,
    Sum,
)
from actitud_api.engine.methodology.predicates import Number, to_exact

Key = tuple[Operand, int]
"""Operand and sign: 1, or -1 for the negated operand, whose lower bound is an upper bound of the operand."""


class LowerBound(Struct, frozen=True):
    """Lower bound that a gate requires of an operand; `strict` excludes the bound itself."""

    number: Number
    strict: bool
    gate: str

    @property
    def order(self) -> tuple[Number, bool]:
        """Sort key: greater for the stricter requirement."""
        return self.number, self.strict

    def excludes(self, opposite: LowerBound) -> bool:
        """Return True if no value satisfies this bound and the opposite bound of the negated operand."""
        gap = self.number + opposite.number
        return gap > 0 or (gap == 0 and (self.strict or opposite.strict))


class RequiredBounds:
    """Requirements of several gates together: greatest lower bounds, and exact values of non-numeric operands."""

    def __init__(self, before: RequiredBounds | None = None) -> None:
        """Start from the requirements in `before`, which stay unchanged."""
        self._least: dict[Key, LowerBound] = {} if before is None else dict(before._least)
        self._exactly: dict[Operand, tuple[Scalar, str]] = {} if before is None else dict(before._exactly)

    def add(self, gate: Gate) -> None:
        """Add the requirement of a gate; a gate that compares with no constant adds none."""
        for key, lower in find_lower_bounds(gate):
            known = self._least.get(key)
            if known is None or known.order < lower.order:
                self._least[key] = lower
        wanted = _find_exact_requirement(gate)
        if wanted is not None:
            operand, value = wanted
            self._exactly.setdefault(operand, (value, gate.id))

    def find_lower_bound(self, key: Key) -> LowerBound | None:
        """Find the lower bound of an operand: its own, that of a minimum it is part of, or that of its parts."""
        operand, sign = key
        found = [self._least[key]] if key in self._least else []
        if sign == 1:
            for (whole, whole_sign), lower in self._least.items():
                if whole_sign == 1 and isinstance(whole, Minimum) and operand in whole.of:
                    found.append(lower)
            if isinstance(operand, Minimum):
                of_parts = [self.find_lower_bound((part, 1)) for part in operand.of]
                known = [lower for lower in of_parts if lower is not None]
                if known and len(known) == len(of_parts):
                    found.append(min(known, key=lambda lower: lower.order))
        return max(found, key=lambda lower: lower.order, default=None)

    def find_contradicting_gate(self, gate: Gate) -> str | None:
        """Return the id of the gate that cannot hold together with this one, else None."""
        wanted = _find_exact_requirement(gate)
        if wanted is not None:
            operand, value = wanted
            known = self._exactly.get(operand)
            if known is not None and known[0] != value:
                return known[1]
        for (operand, sign), lower in find_lower_bounds(gate):
            opposite = self.find_lower_bound((operand, -sign))
            if opposite is not None and lower.excludes(opposite):
                return opposite.gate
        return None


def find_lower_bounds(gate: Gate) -> Iterator[tuple[Key, LowerBound]]:
    """Find the lower bounds that a gate sets; none if it compares no number with a constant."""
    match gate.holds:
        case Compare(op=op, left=left, right=Constant(value=int() | float() as value)) if not isinstance(value, bool):
            operand, factor = _extract_factor(_sort_operand(left))
            if factor != 0:
                sign = 1 if factor > 0 else -1
                number = Fraction(to_exact(value)) / (sign * factor)
                yield (operand, sign), LowerBound(number, op == "gt", gate.id)
                if op == "eq":
                    yield (operand, -sign), LowerBound(-number, False, gate.id)


def _find_exact_requirement(gate: Gate) -> tuple[Operand, bool | str] | None:
    """Return operand and value of a gate that requires a boolean or a text, else None."""
    match gate.holds:
        case Compare(op="eq", left=left, right=Constant(value=bool() | str() as value)):
            return _sort_operand(left), value
    return None


def _extract_factor(operand: Operand) -> tuple[Operand, Number]:
    """Split an operand into its non-constant part and the product of its constant factors."""
    if not isinstance(operand, Product):
        return operand, 1
    factor: Number = 1
    others: list[Operand] = []
    for member in operand.of:
        match member:
            case Constant(value=int() | float() as value):
                factor *= to_exact(value)
            case _:
                others.append(member)
    return (others[0], factor) if len(others) == 1 else (operand, 1)


def _sort_operand(operand: Operand) -> Operand:
    """Return an operand with its members in one order, independent of how it is written."""
    match operand:
        case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
            return structs.replace(operand, of=tuple(sorted(map(_sort_operand, members), key=repr)))
        case _:
            return operand
