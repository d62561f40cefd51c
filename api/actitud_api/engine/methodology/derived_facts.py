"""Facts that follow from the profile, so that forms need not ask for them.

They are found in the error rules of a document: a rule such as "if D1.03 is answered, its denominator equals the staff"
allows the denominator only one value. A formula in JSON tells clients how to compute the fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Compare,
    Constant,
    Document,
    Implies,
    Minimum,
    Operand,
    Predicate,
    Present,
    ProfileField,
    ProfileOperand,
    Sum,
)
from actitud_api.engine.methodology.predicates import walk_indicators

Formula = Mapping[str, object]
"""Formula in JSON over fields of the profile.

It has one member: `constant` (a number), `field` (the name of a field; `default` beside it is its value if nobody fills
it in), `min` and `sum` (lists of formulas), `minus` (two formulas), `least` (a formula: more will do, up to all), or
`cases`: a list of which the first case holds whose `left` compares with `right` as `op` says; its value is `then`.
"""


class _Equation(NamedTuple):
    """`pointer` has the value `formula`, or at least that, if `condition` holds; empty: always."""

    pointer: str
    formula: Formula
    condition: Mapping[str, object] = {}
    is_least: bool = False


def find_derived_facts(document: Document) -> dict[str, Formula]:
    """Return the formula of each fact and profile field that other profile fields determine, by JSON Pointer.

    Only facts and fields that the organisation states are derived. If a validation rule requires that fields add up to
    another field, the formula of the last summand is derived. Of a sample it is `least`, the smallest size.
    """
    fields = {field.name: field for field in document.profile}
    asked = {
        f"/answers/{indicator.id}/{fact.name}"
        for indicator in walk_indicators(document.root)
        for fact in indicator.facts
        if fact.set_by == "organisation"
    } | {f"/profile/{field.name}" for field in document.profile if field.set_by == "organisation"}
    equations: dict[str, list[_Equation]] = {}
    for rule in document.rules:
        if rule.severity == "error" and rule.scope == "answers" and rule.holds is not None:
            for equation in _list_equations(rule.holds, fields):
                if equation.pointer in asked:
                    equations.setdefault(equation.pointer, []).append(equation)
    derived: dict[str, Formula] = {}
    for pointer, listed in equations.items():
        always = [one.formula for one in listed if not one.condition]
        formula = always[0] if always else {"cases": [{**one.condition, "then": one.formula} for one in listed]}
        derived[pointer] = {"least": formula} if all(one.is_least for one in listed) else formula
    return derived


def _list_equations(predicate: Predicate, fields: Mapping[str, ProfileField]) -> Iterator[_Equation]:
    match predicate:
        case Implies(when=Present(indicator=indicator), then=then):
            yield from _list_facts(then, indicator, fields)
        case Compare(op="eq", left=Sum(of=summands), right=ProfileOperand() as total):
            yield from _solve_sum(summands, total, fields)


def _list_facts(predicate: Predicate, indicator: str, fields: Mapping[str, ProfileField]) -> Iterator[_Equation]:
    """List the equations for facts of an indicator in a predicate that must hold if it is answered."""
    match predicate:
        case All(of=members):
            for member in members:
                yield from _list_facts(member, indicator, fields)
        case Implies(when=Compare(op=operator, left=left, right=right), then=then):
            condition = {"op": operator, "left": _build_formula(left, fields), "right": _build_formula(right, fields)}
            for equation in _list_facts(then, indicator, fields):
                if None not in condition.values() and not equation.condition:
                    yield equation._replace(condition=condition)
        # The smallest sample that a rule accepts stands for the number until somebody counted more, up to all.
        case Compare(op="eq" | "ge" as operator, left=AnswerOperand(indicator=answered, fact=fact), right=right) if (
            answered == indicator and (operator == "eq" or isinstance(right, Minimum))
        ):
            formula = _build_formula(right, fields)
            if formula is not None:
                yield _Equation(f"/answers/{indicator}/{fact}", formula, is_least=operator == "ge")


def _solve_sum(
    summands: tuple[Operand, ...], total: ProfileOperand, fields: Mapping[str, ProfileField]
) -> Iterator[_Equation]:
    """Solve `total` = sum of `summands` for the last of them."""
    *others, last = summands
    known = [_build_formula(other, fields) for other in others]
    if isinstance(last, ProfileOperand) and known and None not in known:
        formula = {"minus": [_build_formula(total, fields), known[0] if len(known) == 1 else {"sum": known}]}
        yield _Equation(f"/profile/{last.field}", formula)


def _build_formula(operand: Operand, fields: Mapping[str, ProfileField]) -> Formula | None:
    """Build the formula of an operand; None if it reads anything but the profile, or computes otherwise."""
    match operand:
        case Constant(value=value) if isinstance(value, int) and not isinstance(value, bool):
            return {"constant": value}
        case ProfileOperand(field=name):
            default = fields[name].default
            return {"field": name} if default is None else {"field": name, "default": default}
        case Minimum(of=operands) | Sum(of=operands):
            built = [_build_formula(one, fields) for one in operands]
            return None if None in built else {"min" if isinstance(operand, Minimum) else "sum": built}
    return None
