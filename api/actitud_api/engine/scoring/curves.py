"""Curves: functions from an exact raw value to a score (docs/scoring.md, section 3).

Scores are in units of 10^-decimals of a point.

Ladders and linear curves are computed in exact integers, logarithmic and lognormal ones in floats that are rounded
once.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from fractions import Fraction

from actitud_api.engine.methodology.model import Curve, Range
from actitud_api.engine.methodology.predicates import round_half_up, to_exact
from actitud_api.engine.scoring.aggregations import EPSILON, quantise

INVERSE_ERFC_FIFTH = 0.9061938024368232
"""Inverse complementary error function at 1/5: the constant of a lognormal curve.

With it the curve scores 9/10 of its range at p10, one of the two raw values that define it.
"""


def find_best_score(curve: Curve, span: Range, unit: int) -> int:
    """Return the highest score of a curve, in units.

    For a lognormal curve it is the maximum of `span` (the range of the scores), which the curve approaches but does not
    reach. `unit` is the number of units in a point.
    """
    if curve.kind == "lognormal":
        return span.maximum * unit
    return round_half_up(max(to_exact(goalpost.score) for goalpost in curve.goalposts) * unit)


def compile_curve(curve: Curve, span: Range, unit: int) -> Callable[[int, int], int]:
    """Compile a curve to a function from numerator and denominator (> 0) of a raw value to the score in units.

    `span` is the range of the scores of the indicator, and `unit` the number of units in a point. A raw value outside
    the goalposts (given points of the curve) has the score of the nearest goalpost.
    """
    if curve.kind == "lognormal":
        return _compile_lognormal(curve, span, unit)
    xs = [Fraction(to_exact(goalpost.x)) for goalpost in curve.goalposts]
    ys = [Fraction(to_exact(goalpost.score)) * unit for goalpost in curve.goalposts]
    if curve.kind in ("boolean", "ladder"):
        table, top = [round_half_up(y) for y in ys], len(ys) - 1
        return lambda n, d: table[min(max(n // d, 0), top)]
    first, last = round_half_up(ys[0]), round_half_up(ys[-1])
    low_n, low_d, high_n, high_d = *xs[0].as_integer_ratio(), *xs[-1].as_integer_ratio()
    if curve.kind == "linear":
        segments = [_compute_segment(xs[i], ys[i], xs[i + 1], ys[i + 1]) for i in range(len(xs) - 1)]
        *lower, (_, _, last_slope, last_offset, last_scale) = segments

        def linear(n: int, d: int) -> int:
            if n * low_d <= low_n * d:
                return first
            if n * high_d >= high_n * d:
                return last
            for end_n, end_d, slope, offset, scale in lower:
                if n * end_d <= end_n * d:
                    return (slope * n + offset * d) // (scale * d)
            return (last_slope * n + last_offset * d) // (last_scale * d)

        return linear
    logs = [math.log(x) for x in xs]
    scores = [float(y) for y in ys]

    def logarithmic(n: int, d: int) -> int:
        if n * low_d <= low_n * d:
            return first
        if n * high_d >= high_n * d:
            return last
        x = math.log(n / d)
        i = max(bisect_right(logs, x, hi=len(logs) - 1) - 1, 0)
        score = scores[i] + (scores[i + 1] - scores[i]) * (x - logs[i]) / (logs[i + 1] - logs[i])
        return math.floor(score + 0.5 + EPSILON)

    return logarithmic


def _compute_segment(x0: Fraction, y0: Fraction, x1: Fraction, y1: Fraction) -> tuple[int, int, int, int, int]:
    """Compute the line through the points (x0, y0) and (x1, y1) in exact integers.

    Return numerator and denominator of x1, and slope, offset and scale of the line: its height at x = n/d, rounded half
    up, is ⌊(slope·n + offset·d) / (scale·d)⌋.
    """
    slope = (y1 - y0) / (x1 - x0)
    offset = y0 - slope * x0
    scale = math.lcm(slope.denominator, offset.denominator)
    return x1.numerator, x1.denominator, int(2 * slope * scale), int(2 * offset * scale) + scale, 2 * scale


def _compile_lognormal(curve: Curve, span: Range, unit: int) -> Callable[[int, int], int]:
    """Compile the complementary log-normal curve through two raw values, p10 and the median.

    The compiled function takes numerator and denominator of a raw value. Its score is 9/10 of the range `span` at p10,
    and 1/2 of it at the median. The formula is `getLogNormalScore` of Google Lighthouse. The curve falls if p10 is
    below the median, and rises if p10 is above the median. `unit` is the number of units in a point.
    """
    first, second = (float(goalpost.x) for goalpost in curve.goalposts)
    falling = to_exact(curve.goalposts[0].score) > to_exact(curve.goalposts[1].score)
    p10, median = (first, second) if falling else (second, first)
    spread = -math.log(p10 / median)
    minimum, width = span.minimum, span.maximum - span.minimum

    def lognormal(n: int, d: int) -> int:
        if n > 0:
            share = math.erfc(INVERSE_ERFC_FIFTH * _compute_log(n, d, median) / spread) / 2
        else:
            share = 1.0 if falling else 0.0
        return quantise(minimum + share * width, unit)

    return lognormal


def _compute_log(n: int, d: int, median: float) -> float:
    """Compute ln(n / d / median), also where n / d is too large or too small for a float."""
    try:
        x = n / d / median
    except OverflowError:
        x = 0.0
    return math.log(x) if x else math.log(n) - math.log(d) - math.log(median)
