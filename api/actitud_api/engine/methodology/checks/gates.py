"""Requirements of gates in one common form, so that the gates of two levels can be compared.

The form is a lower bound of an operand without constant factors: `3 · x ≥ 60` and `x ≥ 20` both become the
lower bound 20 of `x`. A negative factor gives a lower bound of the negated operand: `-2 · x ≥ -10` becomes the
lower bound -5 of `-x`.
"""

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
"""Operand and sign: the number that a lower bound limits.

With the sign 1 it is the operand, with -1 the negated operand. A lower bound of `-x` stands for an upper bound
of `x`: `-x ≥ -5` means `x ≤ 5`.
"""


class LowerBound(Struct, frozen=True):
    """Lower bound of an operand, required by the gate with the id `gate`.

    If `strict`, the operand must be above `number`, else at or above it.
    """

    number: Number
    strict: bool
    gate: str

    @property
    def order(self) -> tuple[Number, bool]:
        """Sort key for bounds of the same operand: a bound that is harder to reach has a greater key."""
        return self.number, self.strict

    def excludes(self, opposite: LowerBound) -> bool:
        """Return True if no number satisfies both this bound and `opposite`.

        This bound limits an operand `x`, and `opposite` limits `-x`. Example: `x ≥ 20` excludes `-x ≥ -10`,
        which means `x ≤ 10`.
        """
        gap = self.number + opposite.number
        return gap > 0 or (gap == 0 and (self.strict or opposite.strict))


class RequiredBounds:
    """Requirements of several gates together, such as all gates of the lower levels.

    For an operand that is a number, the strictest lower bound of all gates is kept: `x ≥ 20` and `x ≥ 30` give 30. For
    an operand that is a boolean or a text, the value required by the first added gate is kept.
    """

    def __init__(self, before: RequiredBounds | None = None) -> None:
        """Start with a copy of the requirements in `before`, or without requirements if `before` is None."""
        self._lower: dict[Key, LowerBound] = {} if before is None else dict(before._lower)
        self._exact: dict[Operand, tuple[Scalar, str]] = {} if before is None else dict(before._exact)

    def add(self, gate: Gate) -> None:
        """Add the requirement of a gate; do nothing if the gate does not compare an operand with a constant."""
        for key, lower in find_lower_bounds(gate):
            former = self._lower.get(key)
            if former is None or former.order < lower.order:
                self._lower[key] = lower
        requirement = _find_exact_requirement(gate)
        if requirement is not None:
            operand, value = requirement
            self._exact.setdefault(operand, (value, gate.id))

    def find_lower_bound(self, key: Key) -> LowerBound | None:
        """Return the strictest lower bound that the requirements imply for an operand, or None if they imply none.

        `key` consists of the operand and its sign. The bounds of a minimum and of its members imply each other: `min(x,
        y) ≥ 20` gives `x` the bound 20, and `x ≥ 20` with `y ≥ 30` gives `min(x, y)` the bound 20.
        """
        operand, sign = key
        bounds = [self._lower[key]] if key in self._lower else []
        if sign == 1:
            for (whole, whole_sign), lower in self._lower.items():
                if whole_sign == 1 and isinstance(whole, Minimum) and operand in whole.of:
                    bounds.append(lower)
            if isinstance(operand, Minimum):
                of_parts = [self.find_lower_bound((part, 1)) for part in operand.of]
                known_bounds = [lower for lower in of_parts if lower is not None]
                if known_bounds and len(known_bounds) == len(of_parts):
                    bounds.append(min(known_bounds, key=lambda lower: lower.order))
        return max(bounds, key=lambda lower: lower.order, default=None)

    def find_contradicting_gate(self, gate: Gate) -> str | None:
        """Return the id of an added gate that no organisation can pass together with `gate`; None if there is none."""
        requirement = _find_exact_requirement(gate)
        if requirement is not None:
            operand, value = requirement
            known = self._exact.get(operand)
            if known is not None and known[0] != value:
                return known[1]
        for (operand, sign), lower in find_lower_bounds(gate):
            opposite = self.find_lower_bound((operand, -sign))
            if opposite is not None and lower.excludes(opposite):
                return opposite.gate
        return None


def find_lower_bounds(gate: Gate) -> Iterator[tuple[Key, LowerBound]]:
    """Yield each lower bound that a gate requires, with the operand that it limits and the sign of this operand.

    `x ≥ 20` gives one bound. `x = 20` gives two: 20 for `x`, and -20 for `-x`. A gate that does not compare a number
    with a constant gives none.
    """
    match gate.holds:
        case Compare(op=op, left=left, right=Constant(value=int() | float() as value)) if not isinstance(value, bool):
            # 3 · x ≥ 60 and x ≥ 20 are one requirement, so constant factors move to the other side.
            operand, factor = _extract_factor(_sort_operand(left))
            if factor != 0:
                sign = 1 if factor > 0 else -1
                number = Fraction(to_exact(value)) / (sign * factor)
                yield (operand, sign), LowerBound(number, op == "gt", gate.id)
                # An equality is a bound from both sides.
                if op == "eq":
                    yield (operand, -sign), LowerBound(-number, False, gate.id)


def _find_exact_requirement(gate: Gate) -> tuple[Operand, bool | str] | None:
    """Return the operand of a gate and the boolean or text that it must be equal to.

    Return None for a gate of any other form.
    """
    match gate.holds:
        case Compare(op="eq", left=left, right=Constant(value=bool() | str() as value)):
            return _sort_operand(left), value
    return None


def _extract_factor(operand: Operand) -> tuple[Operand, Number]:
    """Split an operand into its non-constant part and a constant factor: `3 · x` into `x` and 3.

    Any other operand, such as `x` or `3 · x · y`, is returned whole with the factor 1.
    """
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
    """Return an equal operand with its members in a fixed order, so that `x + y` and `y + x` compare equal."""
    match operand:
        case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
            return structs.replace(operand, of=tuple(sorted(map(_sort_operand, members), key=repr)))
        case _:
            return operand
