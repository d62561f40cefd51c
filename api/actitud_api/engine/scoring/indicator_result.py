"""Result of one indicator: reason code, score and raw value.

The codes and states are defined in docs/scoring.md, section 2.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Ratio = tuple[int, int]
"""An exact rational number: numerator and positive denominator, not necessarily in lowest terms."""

State = Literal["observed", "not_applicable", "unknown"]
Code = Literal[
    "full",
    "partial",
    "zero",
    "zero_by_rule",
    "capped",
    "contradicted",
    "unsupported",
    "unknown",
    "withdrawn",
    "rejected",
    "stale",
    "not_applicable",
]

OBSERVED: frozenset[Code] = frozenset({"full", "partial", "zero", "zero_by_rule", "capped"})
SETTLED: frozenset[Code] = OBSERVED | {"not_applicable"}
"""Codes of indicators that are observed or not applicable; every other code means unknown."""


def derive_state(code: Code) -> State:
    """Return the state of an indicator with the reason code `code`."""
    if code == "not_applicable":
        return "not_applicable"
    return "observed" if code in OBSERVED else "unknown"


class IndicatorResult(Struct, frozen=True, gc=False):
    """Score of an indicator in units of 10^-decimals, with its reason code.

    Results that depend on no fact are shared between submissions. `score` is None if the indicator is not applicable,
    or if it is unknown and the `missing` rule of its group gives an unknown child no score. `maximum` is the score that
    an unknown or contradicted indicator could still reach; None if the indicator is not applicable, and equal to
    `score` otherwise. `value` is the raw value, None if the score does not come from one. `uncapped` is the score
    before caps. `fields` are profile fields without evidence: if they had evidence, the indicator would be not
    applicable, and without it the indicator is unknown. `level_sent` is the level of a ladder as sent, if a review
    lowered the level, else None.
    """

    code: Code
    score: int | None
    maximum: int | None
    value: Ratio | None = None
    uncapped: int = 0
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    """True if the indicator is unknown because an absent answer decides if its zero rule applies."""
    level_sent: int | None = None
    declared: bool = False
    """True if the cap for answers without evidence lowers the score."""


NOT_APPLICABLE = IndicatorResult("not_applicable", None, None)
