"""Facts of single rows in the form that `evaluate` reads, for rows that 64 bits or floats cannot compute exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import compress

from actitud_api.engine.methodology.model import AnswerOperand, ComponentOperand, Operand, ProfileOperand
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, NULL, Facts, Slot
from actitud_api.engine.scoring.columns.block import RowBlock
from actitud_api.engine.scoring.compile import CompiledMethodology


class RowReader:
    """Reader of the facts of a row in the given `slots` (indices in the list of facts); all other facts become None."""

    def __init__(self, plan: CompiledMethodology, slots: Iterable[int]) -> None:
        self.slots = wanted = frozenset(slots)
        self._size = plan.layout.size
        self._profile = [
            (slot, _build_decoder(field.type, DECIMALS_OF_NUMBERS, field.values))
            for field in plan.document.profile
            if (slot := plan.layout.profile[field.name]) in wanted
        ]
        self._answers: list[tuple[int, int, Callable[[int], Slot]]] = []
        for leaf in plan.indicators:
            decoders = {
                plan.layout.facts[leaf.definition.id, fact.name]: _build_decoder(
                    fact.type, fact.decimals, leaf.definition.components
                )
                for fact in leaf.definition.facts
            }
            self._answers += [(slot, leaf.position, decoders.get(slot, int)) for slot in leaf.slots if slot in wanted]

    def read_facts(self, block: RowBlock, row: int) -> Facts:
        """Return the facts of a row in a list; None for an absent or unread fact, `NULL` for a null profile field."""
        facts: Facts = [None] * self._size
        for slot, decode in self._profile:
            is_empty = slot in block.nulls and block.nulls[slot][row]
            facts[slot] = NULL if is_empty else decode(int(block.facts[slot][row]))
        for slot, position, decode in self._answers:
            if block.present[position][row]:
                facts[slot] = decode(int(block.facts[slot][row]))
        return facts


def find_slots_read(plan: CompiledMethodology, operands: Iterable[Operand]) -> frozenset[int]:
    """Return the slots (indices in the list of facts) of the facts and profile fields that the operands name.

    Operands of other kinds, such as constants and sums, are ignored.
    """
    slots = set()
    for operand in operands:
        match operand:
            case ProfileOperand(field=field):
                slots.add(plan.layout.profile[field])
            case AnswerOperand(indicator=indicator, fact=fact):
                slots.add(plan.layout.facts[indicator, fact])
            case ComponentOperand(indicator=indicator):
                slots.add(plan.layout.facts[indicator, "components"])
    return frozenset(slots)


def _build_decoder(kind: str, decimals: int, names: tuple[str, ...]) -> Callable[[int], Slot]:
    """Return the function that converts the integer stored in a column to the value of the fact.

    `kind` is the type of the fact or field, and `decimals` the decimals of a number; `names` are the values of a
    choice, or the components of a checklist.
    """
    match kind:
        case "enum":
            return names.__getitem__
        case "number":
            return lambda stored: Fraction(stored, 10**decimals)
        case "components":
            return lambda stored: frozenset(compress(names, (stored >> bit & 1 for bit in range(len(names)))))
        case _:
            return int
