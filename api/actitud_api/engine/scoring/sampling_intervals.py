"""Small samples: what a share over few cases says of the index (SCORING section 8)."""

from __future__ import annotations

import math
from typing import Final

from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.compile import EPSILON, CompiledIndicator
from actitud_api.engine.scoring.next_steps import Branches
from actitud_api.engine.scoring.result import Interval, points, quotient

Z: Final = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution: two sides leave out 5 %."""
SQUARE: Final = Z * Z
HALF_SQUARE: Final = Z * Z / 2
QUARTER_SQUARE: Final = Z * Z / 4
MILLION: Final = int(10**DECIMALS_OF_NUMBERS)


def wilson(cases: int, n: int) -> tuple[int, int]:
    """The 95 % score interval of a share of `cases` in `n` > 0, in millionths, half up.

    E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    middle, width = cases + HALF_SQUARE, Z * math.sqrt(cases * (n - cases) / n + QUARTER_SQUARE)
    return _millionths((middle - width) / (n + SQUARE)), _millionths((middle + width) / (n + SQUARE))


def interval(branches: Branches, submission: Submission, leaf: CompiledIndicator) -> Interval | None:
    """What the size of its sample leaves open of a share: of itself, and of the index by re-scoring its bounds.

    None of an indicator that is no share of counted cases, and where there is no value.
    """
    if not leaf.share:
        return None
    value = branches.evaluation.leaves[leaf.position].value
    if value is None:
        return None
    cases, n = value
    if not 0 <= cases <= n:
        return None
    low, high = wilson(cases, n)
    cap = leaf.cap if leaf.indicator.id in submission.self_declared else leaf.high
    first = branches.rescored(leaf, min(cap, leaf.score(low, MILLION)))
    second = branches.rescored(leaf, min(cap, leaf.score(high, MILLION)))
    if not leaf.rising:
        first, second = second, first
    unit = branches.evaluation.plan.unit
    return Interval(
        n=n,
        low=quotient(low, MILLION),
        high=quotient(high, MILLION),
        index_low=points(first, unit),
        index_high=points(second, unit),
    )


def _millionths(share: float) -> int:
    return math.floor(share * MILLION + 0.5 + EPSILON)
