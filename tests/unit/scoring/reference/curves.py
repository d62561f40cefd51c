"""Curves and aggregations (docs/scoring.md, sections 3 and 4).

Exact where the page says so; where it speaks of floats, at 50 digits, and a figure so near to where it would be
rounded the other way that a float cannot tell is refused as `TooClose`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from fractions import Fraction

from actitud_api.engine.methodology.model import Group, Indicator
from tests.unit.scoring.reference.conditions import decimal, half_up

DIGITS = 50
EPSILON = Decimal("0.000001")
"""What floats are given before they are rounded half up, in units."""
MARGIN = Decimal("1e-9")
"""Within so many units of a rounding boundary nothing is compared; of big scores, within what a float resolves."""
RESOLUTION = Decimal("4e-15")

INVERSE_ERFC_OF_A_FIFTH = Decimal("0.9061938024368232")
NOTHING = Decimal("1e-55")
"""Terms of a series below it are left out."""
TWICE_AN_INVERSE_ROOT_OF_PI = Decimal("1.1283791670955125738961589031215451716881012586580")
"""2/√π, the factor of the error function (DLMF 7.2.1)."""


class TooClose(Exception):
    """A figure that floats may round either way."""


def half_up_of_float(number: Decimal) -> int:
    """floor(number + 0.5 + ε), the rounding of floats (section 3), of a number in units."""
    with localcontext(prec=DIGITS):
        shifted = number + Decimal("0.5") + EPSILON
        if abs(shifted - shifted.to_integral_value()) < MARGIN + RESOLUTION * abs(number):
            raise TooClose
        return math.floor(shifted)


def as_decimal(number: Fraction) -> Decimal:
    """A fraction at 50 digits."""
    with localcontext(prec=DIGITS):
        return Decimal(number.numerator) / Decimal(number.denominator)


Z = Decimal("1.959963984540054")
"""What leaves out 5 % on both sides of the standard normal distribution (section 8)."""
MILLION = 10**6


def wilson_ends(cases: int, n: int) -> tuple[Fraction, Fraction]:
    """The ends of the 95 % Wilson interval of a share, in millionths half up (section 8)."""
    with localcontext(prec=DIGITS):
        k, of = Decimal(cases), Decimal(n)
        middle, width = k + Z**2 / 2, Z * (k * (of - k) / of + Z**2 / 4).sqrt()
        ends = [half_up_of_float((middle + side * width) / (of + Z**2) * MILLION) for side in (-1, 1)]
    low, high = (Fraction(min(max(end, 0), MILLION), MILLION) for end in ends)
    return low, high


# --- curves -----------------------------------------------------------------------------------------------------------


def score_of(indicator: Indicator, value: Fraction, decimals: int) -> int:
    """The score of a raw value, in units of 10^-decimals."""
    unit = int(10**decimals)
    knots = [(decimal(goalpost.x), decimal(goalpost.score)) for goalpost in indicator.curve.goalposts]
    (first, lowest), (last, highest) = knots[0], knots[-1]
    match indicator.curve.kind:
        case "boolean" | "ladder":
            return half_up(dict(knots)[value] * unit)
        case "lognormal":
            return _lognormal(indicator, value, unit)
        case _ if value <= first:
            return half_up(lowest * unit)
        case _ if value >= last:
            return half_up(highest * unit)
    (x0, y0), (x1, y1) = next((a, b) for a, b in itertools.pairwise(knots) if value <= b[0])
    if indicator.curve.kind == "linear":
        return half_up((y0 + (y1 - y0) * (value - x0) / (x1 - x0)) * unit)
    with localcontext(prec=DIGITS):
        x, left, right = as_decimal(value).ln(), as_decimal(x0).ln(), as_decimal(x1).ln()
        return half_up_of_float((as_decimal(y0) + as_decimal(y1 - y0) * (x - left) / (right - left)) * unit)


def best_of(indicator: Indicator, decimals: int) -> int:
    """The highest score of a curve; a lognormal one goes up to the end of the range."""
    if indicator.curve.kind == "lognormal":
        return indicator.range.maximum * int(10**decimals)
    return half_up(max(decimal(goalpost.score) for goalpost in indicator.curve.goalposts) * int(10**decimals))


def _lognormal(indicator: Indicator, value: Fraction, unit: int) -> int:
    """Section 3: the share of the range is erfc(z)/2, z = r · ln(x/median) / −ln(p10/median)."""
    points = sorted(indicator.curve.goalposts, key=lambda goalpost: goalpost.score)
    median, p10 = decimal(points[0].x), decimal(points[1].x)
    least, width = indicator.range.minimum, indicator.range.maximum - indicator.range.minimum
    if value <= 0:
        share = Decimal(p10 < median)
    else:
        with localcontext(prec=DIGITS):
            z = INVERSE_ERFC_OF_A_FIFTH * as_decimal(value / median).ln() / -as_decimal(p10 / median).ln()
            share = erfc(z) / 2
    with localcontext(prec=DIGITS):
        return half_up_of_float((least + share * width) * unit)


def erfc(z: Decimal) -> Decimal:
    """The complementary error function: 1 − 2/√π · e^(−z²) · Σ 2ⁿ z^(2n+1) / (2n+1)!! (DLMF 7.6.2)."""
    if abs(z) > 12:
        # Beyond, it differs from its limit by less than 10^-63.
        return Decimal(0) if z > 0 else Decimal(2)
    with localcontext(prec=DIGITS + 10):
        term = total = z
        n = 0
        while abs(term) > NOTHING:
            n += 1
            term = term * 2 * z * z / (2 * n + 1)
            total += term
        return 1 - TWICE_AN_INVERSE_ROOT_OF_PI * (-z * z).exp() * total


# --- aggregations -----------------------------------------------------------------------------------------------------

Weighted = Sequence[tuple[int, Fraction]]
"""The children that take part: weight and score, in points."""


def aggregated(group: Group, children: Weighted, decimals: int) -> int:
    """The quantised score of a node (section 4), in units."""
    exact = unquantised(group, children)
    if isinstance(exact, Fraction) and group.aggregation in ("arithmetic", "sum", "min"):
        return half_up(exact * 10**decimals)
    with localcontext(prec=DIGITS):
        points = as_decimal(exact) if isinstance(exact, Fraction) else exact
        return half_up_of_float(points * 10**decimals)


def unquantised(group: Group, children: Weighted) -> Fraction | Decimal:
    """The aggregate of scores, in points, before it is rounded."""
    total = sum(weight for weight, _ in children)
    match group.aggregation:
        case "arithmetic":
            return sum((weight * score for weight, score in children), Fraction(0)) / total
        case "sum":
            return sum((score for _, score in children), Fraction(0))
        case "min":
            return min(score for _, score in children)
        case "harmonic":
            if any(not score for _, score in children):
                return Fraction(0)
            return total / sum((weight / score for weight, score in children), Fraction(0))
        case "geometric":
            if any(not score for _, score in children):
                return Fraction(0)
            return _mean(children, lambda score: score.ln(), lambda mean: mean.exp())
        case "power":
            assert group.exponent is not None
            exponent = as_decimal(decimal(group.exponent))
            if exponent < 0 and any(not score for _, score in children):
                return Fraction(0)
            return _mean(children, lambda score: _power(score, exponent), lambda mean: _power(mean, 1 / exponent))


def _mean(
    children: Weighted, of: Callable[[Decimal], Decimal], back: Callable[[Decimal], Decimal]
) -> Fraction | Decimal:
    """back(weighted mean of `of`); of equal scores it is that score."""
    scores = {score for _, score in children}
    if len(scores) == 1:
        return scores.pop()
    with localcontext(prec=DIGITS):
        total = sum(weight for weight, _ in children)
        return back(sum((weight * of(as_decimal(score)) for weight, score in children), Decimal(0)) / total)


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    return Decimal(0) if not base else base**exponent
