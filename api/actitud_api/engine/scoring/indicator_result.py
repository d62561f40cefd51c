"""What an indicator counts with, and why.

Codes and states are those of SCORING, section 2.
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
"""The codes of what is not unknown."""


def derive_state(code: Code) -> State:
    """The state on the wire of a reason code (SCORING, section 2)."""
    if code == "not_applicable":
        return "not_applicable"
    return "observed" if code in OBSERVED else "unknown"


class IndicatorResult(Struct, frozen=True, gc=False):
    """What an indicator counts with; the same for many where it does not depend on their facts.

    `score` is None where it counts with nothing: it is not applicable, or it is unknown and leaves or makes the node
    above unknown. `maximum`, with every unknown at its best, is None only where it is not applicable. `value` is None
    where there is none; `uncapped` is what the curve gives to what was sent; `fields` are the profile fields that are
    only declared and would exclude it; `level_sent` is the level of a ladder that review lowered.
    """

    code: Code
    score: int | None
    maximum: int | None
    value: Ratio | None = None
    uncapped: int = 0
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    """Unknown because its zero rule depends on an answer that is absent."""
    level_sent: int | None = None
    declared: bool = False
    """The cap of what is only declared holds its score."""


NOT_APPLICABLE = IndicatorResult("not_applicable", None, None)
