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
    """Return the state of an indicator (observed, unknown or not applicable) for its reason code."""
    if code == "not_applicable":
        return "not_applicable"
    return "observed" if code in OBSERVED else "unknown"


class IndicatorResult(Struct, frozen=True, gc=False):
    """Score of an indicator in units of 10^-decimals of a point, with its reason code.

    A result that depends on no fact is one object, which several submissions share.

    Attributes:
        code: Reason code.
        score: Score; None if the indicator is not applicable, or if it is unknown and the `missing` rule of its group
            gives an unknown child no score.
        maximum: For an unknown or contradicted indicator, the best score that it could still reach; None for an
            indicator that is not applicable; equal to `score` for any other.
        value: Raw value as numerator and denominator, None if the score does not come from one.
        uncapped: Score before caps; 0 if `value` is None.
        fields: Profile fields without evidence that make the indicator unknown; with evidence they would make it not
            applicable.
        undetermined: True if the indicator is unknown because an absent answer decides whether its zero rule applies, a
            condition that makes the score the lowest one.
        level_sent: Level of a ladder as sent, if a review lowered the level, else None.
        declared: True if the cap for answers without evidence lowers the score.
    """

    code: Code
    score: int | None
    maximum: int | None
    value: Ratio | None = None
    uncapped: int = 0
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    level_sent: int | None = None
    declared: bool = False


NOT_APPLICABLE = IndicatorResult("not_applicable", None, None)
