"""Small samples: what a share over few cases says of the index (SCORING section 8)."""

from __future__ import annotations

import math
from typing import Final

from actitud_api.methodology.answers import Submission
from actitud_api.methodology.predicates import DECIMALS_OF_NUMBERS
from actitud_api.scoring.plan import EPSILON, CompiledIndicator
from actitud_api.scoring.result import Interval, points, quotient
from actitud_api.scoring.steps import Branches

Z: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: two sides leave out 5 %."""
MILLION: Final = int(10**DECIMALS_OF_NUMBERS)


def wilson(cases: int, n: int) -> tuple[int, int]:
    """The 95 % score interval of a share of `cases` in `n` > 0, in millionths, half up.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    middle, width = cases + Z * Z / 2, Z * math.sqrt(cases * (n - cases) / n + Z * Z / 4)
    low, high = ((middle + side * width) / (n + Z * Z) for side in (-1, 1))
    return max(0, _millionths(low)), min(MILLION, _millionths(high))


def interval(branches: Branches, submission: Submission, leaf: CompiledIndicator) -> Interval | None:
    """What the size of its sample leaves open of a share: of itself, and of the index by re-scoring its bounds.

    None of an indicator that is no share of a whole, and where there is no value.
    """
    indicator = leaf.indicator
    if indicator.type != "ratio" or not (indicator.sample or indicator.part_of_denominator):
        return None
    value = branches.evaluation.leaves[leaf.position].value
    if value is None:
        return None
    cases, n = value
    if not 0 <= cases <= n:
        return None
    bounds = wilson(cases, n)
    cap = leaf.cap if indicator.id in submission.self_declared else leaf.high
    first, second = (branches.rescored(leaf, min(cap, leaf.score(bound, MILLION))) for bound in bounds)
    low, high = (first, second) if leaf.rising else (second, first)
    unit = branches.evaluation.plan.unit
    return Interval(
        n=n,
        low=quotient(bounds[0], MILLION),
        high=quotient(bounds[1], MILLION),
        index_low=points(low, unit),
        index_high=points(high, unit),
    )


def _millionths(share: float) -> int:
    return math.floor(share * MILLION + 0.5 + EPSILON)
