"""The result of one indicator: reason code, score and raw value.

Codes and states are those of docs/scoring.md, section 2.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Ratio = tuple[int, int]
"""An exact rational: numerator and positive denominator, not reduced."""

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
"""The codes of indicators that are not unknown."""


def derive_state(code: Code) -> State:
    """Return the state on the wire that a reason code belongs to."""
    if code == "not_applicable":
        return "not_applicable"
    return "observed" if code in OBSERVED else "unknown"


class IndicatorResult(Struct, frozen=True, gc=False):
    """The score of an indicator with its reason. Results that depend on no fact are shared between submissions.

    `score`: None if the indicator is not applicable, or unknown and skipped by, or spreading to, the node above.
    `maximum`: the score with every unknown at its best, None only if not applicable. `value`: the raw value, if
    there is one. `uncapped`: the score on the curve of the answer as sent. `fields`: self-declared profile fields
    without which the indicator would apply. `level_sent`: the level of a ladder before review lowered it.
    """

    code: Code
    score: int | None
    maximum: int | None
    value: Ratio | None = None
    uncapped: int = 0
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    """Unknown because its zero rule depends on an absent answer."""
    level_sent: int | None = None
    declared: bool = False
    """The cap on self-declared answers limits its score."""


NOT_APPLICABLE = IndicatorResult("not_applicable", None, None)
