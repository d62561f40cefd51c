"""Changes of profile fields in a path: changes that keep validation rules, and new cases that the service counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from msgspec import Struct

from actitud_api.engine.methodology.model import ProfileField, ProfileOperand, Quotient
from actitud_api.engine.methodology.predicates import Facts
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology, CompiledRule
from actitud_api.engine.scoring.next_steps import FactChange, apply_change


class ServiceSample(Struct, frozen=True):
    """The sample of an indicator whose facts the service enters, such as the test messages sent and those answered.

    The score depends on the share of cases in the sample.

    Attributes:
        position: Position of the indicator.
        size: Slot of the profile field with the size of the sample.
        cases: Slot of the profile field with the number of cases.
        field: Name of the profile field with the size.
        largest: Largest size of the sample that the methodology allows.
    """

    position: int
    size: int
    cases: int
    field: str
    largest: int


def find_service_sample(compiled: CompiledMethodology, leaf: CompiledIndicator) -> ServiceSample | None:
    """Return the sample of an indicator; None if the indicator is not a share of two fields that the service sets."""
    match leaf.definition.value:
        case Quotient(numerator=ProfileOperand(field=cases), denominator=ProfileOperand(field=size)):
            fields = {field.name: field for field in compiled.document.profile}
            counted = fields[size]
            if leaf.step_field != cases or {fields[cases].set_by, counted.set_by} != {"service"}:
                return None
            if counted.type != "integer" or counted.maximum is None:
                return None
            slots = compiled.layout.profile
            return ServiceSample(leaf.position, slots[size], slots[cases], size, int(counted.maximum))
        case _:
            return None


def list_profile_changes(
    compiled: CompiledMethodology, leaf: CompiledIndicator, change: FactChange
) -> dict[str, int | float]:
    """Return the profile fields in a change of an indicator, with their new values by name.

    `change` has the new values of facts and fields by slot (index in the list of facts). The field that a next step of
    the indicator changes is left out, because it is listed with the facts of the indicator.
    """
    fields = compiled.layout.profile
    # The profile has the first slots.
    if not any(slot < len(fields) for slot in change):
        return {}
    return {
        name: cast("int", change[slot]) for name, slot in fields.items() if slot in change and name != leaf.step_field
    }


def repair_rules(compiled: CompiledMethodology, facts: Facts, rules: Iterable[CompiledRule]) -> FactChange:
    """Find changes of profile fields that repair `rules` broken by `facts`; return the new values by index in `facts`.

    Each change is the smallest that is enough, and breaks no rule of severity `error`. Only fields that are whole
    numbers, set by the organisation, and need no evidence are changed; an organisation cannot change other fields, such
    as its inhabitants. A rule stays broken if there is no such change.
    """
    repair: FactChange = {}
    for rule in rules:
        for field in compiled.document.profile:
            if rule.holds(apply_change(facts, repair)):
                break
            if field.name in rule.fields and _is_own(field):
                repair |= _repair_rule(compiled, apply_change(facts, repair), rule, field)
    return repair


def _is_own(field: ProfileField) -> bool:
    """Return True if a profile field is a whole number that the organisation sets and that needs no evidence."""
    return field.type == "integer" and field.set_by == "organisation" and not field.needs_evidence


def _repair_rule(compiled: CompiledMethodology, facts: Facts, rule: CompiledRule, field: ProfileField) -> FactChange:
    slot = compiled.layout.profile[field.name]
    present = facts[slot]
    if not isinstance(present, int):
        return {}
    others = [
        other
        for other in compiled.rules
        if other.definition.severity == "error" and field.name in other.fields and other.holds(facts)
    ]
    for bound in (field.maximum, field.minimum):
        if bound is None:
            continue
        nearest = find_nearest(present, int(bound), lambda value: bool(rule.holds(apply_change(facts, {slot: value}))))
        if nearest is not None:
            changed = apply_change(facts, {slot: nearest})
            if all(other.holds(changed) for other in others):
                return {slot: nearest}
    return {}


def find_nearest(present: int, bound: int, is_enough: Callable[[int], bool]) -> int | None:
    """Find the number nearest to `present`, between `present` and `bound`, that is enough; None if no number is.

    `is_enough` must be monotonic: if a number is enough, every number between it and `bound` is enough too.
    """
    sign, farthest = (1 if bound > present else -1), abs(bound - present)
    too_near, far_enough = 0, min(1, farthest)
    while not is_enough(present + sign * far_enough):
        if far_enough == farthest:
            return None
        too_near, far_enough = far_enough, min(2 * far_enough, farthest)
    while far_enough - too_near > 1:
        middle = (too_near + far_enough) // 2
        if is_enough(present + sign * middle):
            far_enough = middle
        else:
            too_near = middle
    return present + sign * far_enough
