"""What gates ask for, in a form in which they can be held against each other."""

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
"""An operand, and 1, or -1 for the operand with its sign changed: an upper bound is a lower bound of that."""


class LowerBound(Struct, frozen=True):
    """What an operand must at least be, and by which gate; `strict`: more than that."""

    number: Number
    strict: bool
    gate: str

    @property
    def order(self) -> tuple[Number, bool]:
        """Greater where more is asked for."""
        return self.number, self.strict

    def excludes(self, opposite: LowerBound) -> bool:
        """Whether nothing is at least this and, with its sign changed, at least the opposite."""
        gap = self.number + opposite.number
        return gap > 0 or (gap == 0 and (self.strict or opposite.strict))


class RequiredBounds:
    """What gates ask for together: the greatest lower bounds, and the exact values of what is no number."""

    def __init__(self, before: RequiredBounds | None = None) -> None:
        """`before`: what was asked for already; it does not change with this."""
        self._least: dict[Key, LowerBound] = {} if before is None else dict(before._least)
        self._exactly: dict[Operand, tuple[Scalar, str]] = {} if before is None else dict(before._exactly)

    def add(self, gate: Gate) -> None:
        """Takes in a gate; one that compares with no constant asks for nothing that is known."""
        for key, lower in find_lower_bounds(gate):
            known = self._least.get(key)
            if known is None or known.order < lower.order:
                self._least[key] = lower
        wanted = _find_exact_requirement(gate)
        if wanted is not None:
            operand, value = wanted
            self._exactly.setdefault(operand, (value, gate.id))

    def find_lower_bound(self, key: Key) -> LowerBound | None:
        """What is asked of an operand at least: by itself, by a least of which it is part, or by its own parts."""
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
        """The gate that cannot hold together with this one, if any."""
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
    """The lower bounds that a gate sets; none where it compares no number with a constant."""
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
    """The operand and the value of a gate that asks for a yes, a no or a text."""
    match gate.holds:
        case Compare(op="eq", left=left, right=Constant(value=bool() | str() as value)):
            return _sort_operand(left), value
    return None


def _extract_factor(operand: Operand) -> tuple[Operand, Number]:
    """An operand without the constants that it is multiplied by, and their product."""
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
    """An operand with what it combines in one order, whatever order it is written in."""
    match operand:
        case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
            return structs.replace(operand, of=tuple(sorted(map(_sort_operand, members), key=repr)))
        case _:
            return operand
