"""Wilson score interval of a share that is counted in a sample of cases.

E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
"""

from __future__ import annotations

import math
from typing import Final

from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, Z_SQUARE, Number
from actitud_api.engine.scoring.aggregations import EPSILON

Z: Final = 1.959963984540054
"""97.5th percentile of the standard normal distribution, for a two-sided interval of 95 %."""
SQUARE: Final = Z * Z
HALF_SQUARE: Final = Z * Z / 2
QUARTER_SQUARE: Final = Z * Z / 4
MILLION: Final = int(10**DECIMALS_OF_NUMBERS)


def compute_wilson_interval(cases: int, n: int) -> tuple[int, int]:
    """Compute the ends of the 95 % Wilson score interval of a share of `cases` in `n` > 0, in millionths.

    Both ends are rounded half up.
    """
    middle, width = cases + HALF_SQUARE, Z * math.sqrt(cases * (n - cases) / n + QUARTER_SQUARE)
    return _to_millionths((middle - width) / (n + SQUARE)), _to_millionths((middle + width) / (n + SQUARE))


def _to_millionths(share: float) -> int:
    return math.floor(share * MILLION + 0.5 + EPSILON)


def reaches_lower_bound(cases: int, n: int, required: Number) -> bool:
    """Return True if the lower end of the 95 % Wilson interval of `cases` in `n` > 0 is at least `required`.

    The interval inverts a score test, so its lower end is at least p if and only if the share is at least p and n ·
    (share - p)² is at least z² · p · (1 - p). The comparison is in integers, without rounding.
    """
    p, q = required.numerator, required.denominator
    above = cases * q - p * n
    return above >= 0 and above * above * Z_SQUARE.denominator >= Z_SQUARE.numerator * p * (q - p) * n


def find_least_cases(n: int, required: Number) -> int | None:
    """Find the fewest cases in `n` > 0 with a lower Wilson limit of at least `required`; None if `n` is too small.

    The limit rises with the number of cases, so the number is found by bisection.
    """
    if not reaches_lower_bound(n, n, required):
        return None
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if reaches_lower_bound(middle, n, required):
            high = middle
        else:
            low = middle + 1
    return low
