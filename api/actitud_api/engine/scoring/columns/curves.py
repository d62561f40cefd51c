"""Raw values and curves over columns (docs/scoring.md, section 3).

Curves are computed in float64 with a bound of the error. A row in which the error could move the score across a
rounding boundary is computed again with the exact curve, so every score is the same integer as in `evaluate`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import reduce
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Constant, Operand, Quotient
from actitud_api.engine.methodology.predicates import to_exact, walk_operand_parts
from actitud_api.engine.scoring.aggregations import EPSILON
from actitud_api.engine.scoring.columns.block import RowBlock
from actitud_api.engine.scoring.columns.expressions import ColumnCompiler, CompiledNumbers
from actitud_api.engine.scoring.columns.rows import RowReader, find_slots_read
from actitud_api.engine.scoring.columns.table import Bools, Floats, Ints
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology
from actitud_api.engine.scoring.curves import INVERSE_ERFC_FIFTH

UNIT_ROUNDOFF = 2.0**-53
"""Greatest relative error of one float64 operation."""

RowScorer = Callable[[RowBlock, Ints], None]
"""Function that writes the score of each row of a block into an array, in units of 10^-decimals.

In rows without a raw value it writes any number.
"""


class RawValueExpression(Struct, frozen=True, eq=False):
    """A raw value as a compiled quotient: `above` divided by `below`, times `scale`.

    A formula without a denominator has the constant 1 as `below`.
    """

    above: CompiledNumbers
    below: CompiledNumbers
    scale: Fraction

    @property
    def can_be_undefined(self) -> bool:
        """True if the denominator can be 0, given the lowest and highest facts in the columns."""
        return self.below.lower <= 0 <= self.below.upper


def compile_raw_value(operand: Operand, compiler: ColumnCompiler) -> RawValueExpression:
    """Compile a value formula to its numerator and its denominator.

    Raises:
        ExceedsInt64: If a result or the scale may exceed 64 bits.
    """
    sides = (operand.numerator, operand.denominator) if isinstance(operand, Quotient) else (operand, Constant(value=1))
    above, below = map(compiler.compile_operand, sides)
    scale = above.scale / below.scale
    # Goalposts are divided by the scale, and floats hold neither 10^400 nor 10^-400.
    for part in scale.as_integer_ratio():
        compiler.check_int64(part, part)
    return RawValueExpression(above, below, scale)


class ExactScorer:
    """Scorer of an indicator that computes row by row, with exact integers and fractions.

    It is used for the rows in which floats or 64-bit integers are not exact enough.
    """

    def __init__(self, leaf: CompiledIndicator, plan: CompiledMethodology) -> None:
        self._leaf = leaf
        self._reader = RowReader(plan, find_slots_read(plan, walk_operand_parts(leaf.definition.value)))

    def score_rows(self, block: RowBlock, rows: NDArray[np.intp], into: Ints) -> None:
        """Write the exact scores of some rows into `into`; a row without a raw value is not changed.

        `rows` contains the numbers of these rows in the block.
        """
        for row in rows.tolist():
            value = self._leaf.compute_value(self._reader.read_facts(block, row))
            if value is not None:
                into[row] = self._leaf.curve(*value)

    def score_block(self, block: RowBlock, into: Ints) -> None:
        """Write the exact score of each row of a block into `into`; a row without a raw value is not changed."""
        self.score_rows(block, np.arange(block.rows), into)

    def round_scores(self, block: RowBlock, score: Floats, error: float, into: Ints) -> None:
        """Round each float in `score` down to an integer, and write it into `into`.

        `error` is the greatest possible rounding error of the floats in `score`. A row in which this error could change
        the integer is computed exactly.
        """
        np.copyto(into, score, casting="unsafe")
        is_near = np.abs(score - np.rint(score)) <= error if error < 0.25 else np.ones(block.rows, np.bool)
        self.score_rows(block, np.flatnonzero(is_near), into)

    def write_defined(self, block: RowBlock, into: Bools) -> None:
        """Write the mask of the rows that have a raw value into `into`."""
        for row in range(block.rows):
            into[row] = self._leaf.compute_value(self._reader.read_facts(block, row)) is not None


class CurveCompiler:
    """Compiler of the curves of indicators to functions that score the rows of a block.

    The parameter `unit` is 10^decimals, so the integer `unit` represents a score of 1 point.
    """

    def __init__(self, compiler: ColumnCompiler, unit: int) -> None:
        self._compiler = compiler
        self._unit = unit

    def compile_curve(self, leaf: CompiledIndicator, value: RawValueExpression, exact: ExactScorer) -> RowScorer:
        """Compile the curve of an indicator to a function that writes the scores of a block.

        `value` is the raw value of the indicator. `exact` scores the rows in which floats are not exact enough.

        Raises:
            ExceedsInt64: If the raw value of a ladder or yes/no question may exceed 64 bits while it is computed.
        """
        match leaf.definition.curve.kind:
            case "boolean" | "ladder":
                return self._compile_steps(leaf, value)
            case "linear":
                return self._compile_linear(leaf, value, exact)
            case "log":
                return self._compile_logarithmic(leaf, value, exact)
            case "lognormal":
                return self._compile_lognormal(leaf, value, exact)

    def _compile_steps(self, leaf: CompiledIndicator, value: RawValueExpression) -> RowScorer:
        steps = [leaf.curve(step, 1) for step in range(len(leaf.definition.curve.goalposts))]
        above, below, scale = value.above, value.below, value.scale
        is_whole, rise = scale == 1 and below.constant and below.lower == 1, steps[1]
        is_on_ladder = above.lower >= 0 and above.upper < len(steps)
        if is_whole and is_on_ladder and steps == [rise * step for step in range(len(steps))]:

            def scale_steps(block: RowBlock, into: Ints) -> None:
                np.multiply(above.read(block), rise, out=into, dtype=into.dtype)

            return scale_steps
        table = np.array(steps)
        if not is_whole:
            for side, times in ((above, scale.numerator), (below, scale.denominator)):
                self._compiler.check_int64(side.lower * times, side.upper * times)

        def look_up_steps(block: RowBlock, into: Ints) -> None:
            step = above.read(block)
            if not is_whole:
                step = np.floor_divide(
                    np.multiply(step, scale.numerator, dtype=np.int64),
                    np.multiply(below.read(block), scale.denominator, dtype=np.int64),
                )
            np.copyto(into, np.take(table, step, mode="clip"))

        return look_up_steps

    def _compile_linear(self, leaf: CompiledIndicator, value: RawValueExpression, exact: ExactScorer) -> RowScorer:
        xs, ys = self._scale_goalposts(leaf, value)
        segments = [
            _CurveSegment((b - a) / (to - x), x, to, a) for (x, a), (to, b) in pairwise(zip(xs, ys, strict=True))
        ]
        line, error = _build_line(segments, [float(x) for x in xs], ys[0], 0.5)
        finest = max(
            *(math.lcm(segment.slope.denominator, segment.offset.denominator) for segment in segments),
            *(y.denominator for y in ys),
        )
        # Two scores that a value over `below` can have, or such a score and a half, are 1 / (2 · finest · below) apart
        # or more. Where that is more than twice the error, adding the error makes the floor right: a half stays one,
        # and what lies under it stays there.
        max_denominator = math.floor(1 / (4 * error * finest))
        shifted = line.shift_up(error)
        is_always_right = max(abs(value.below.lower), abs(value.below.upper)) <= max_denominator

        def score_rows(block: RowBlock, into: Ints) -> None:
            x = _compute_ratio(block, value)
            score = shifted.compute_scores(x)
            np.copyto(into, score, casting="unsafe")
            if not is_always_right:
                # The denominator may be a constant, which is one number for all rows.
                large = np.abs(value.below.read(block)) > max_denominator
                rows = np.flatnonzero(np.broadcast_to(large, block.rows))
                if rows.size:
                    doubtful = score[rows]
                    rows = rows[~(doubtful - np.floor(doubtful) > 2.5 * error)]
                    exact.score_rows(block, rows, into)

        return score_rows

    def _compile_logarithmic(self, leaf: CompiledIndicator, value: RawValueExpression, exact: ExactScorer) -> RowScorer:
        xs, ys = self._scale_goalposts(leaf, value)
        logs = [math.log(x) for x in xs]
        segments = [
            _CurveSegment((b - a) / Fraction(to - x), Fraction(x), Fraction(to), a)
            for (x, a), (to, b) in pairwise(zip(logs, ys, strict=True))
        ]
        line, error = _build_line(segments, [abs(x) + 1 for x in logs], ys[0], 0.5 + EPSILON)
        error *= 8
        lower = float(xs[0])
        can_be_negative = value.above.lower < 0 or value.below.lower < 0

        def score_rows(block: RowBlock, into: Ints) -> None:
            x = _compute_ratio(block, value)
            if can_be_negative:
                np.maximum(x, lower, out=x)
            np.log(x, out=x)
            exact.round_scores(block, line.compute_scores(x), error, into)

        return score_rows

    def _compile_lognormal(self, leaf: CompiledIndicator, value: RawValueExpression, exact: ExactScorer) -> RowScorer:
        xs, ys = self._scale_goalposts(leaf, value)
        (_, median), (_, p10) = sorted(zip(ys, xs, strict=True))
        spread, middle = -math.log(p10 / median), math.log(median)
        width, lower = leaf.high - leaf.low, leaf.low
        # Beyond 8 spreads the curve is flat; within, an error of the logarithm counts by the steepness of the curve.
        error = 64 * UNIT_ROUNDOFF * (leaf.high + width * (abs(middle / spread) + 8))

        def score_rows(block: RowBlock, into: Ints) -> None:
            x = _compute_ratio(block, value)
            np.maximum(x, 0.0, out=x)
            np.log(x, out=x)
            np.subtract(x, middle, out=x)
            np.multiply(x, INVERSE_ERFC_FIFTH / spread, out=x)
            x[:] = [math.erfc(z) for z in x.tolist()]
            np.multiply(x, width / 2, out=x)
            np.add(x, lower + 0.5 + EPSILON, out=x)
            exact.round_scores(block, x, error, into)

        return score_rows

    def _scale_goalposts(
        self, leaf: CompiledIndicator, value: RawValueExpression
    ) -> tuple[list[Fraction], list[Fraction]]:
        """Return the x of each goalpost, divided by the scale of the raw value, and the score of each goalpost.

        A compiled curve reads the quotient `above` / `below` of a row without its scale, so its goalposts are divided
        by the scale instead. Scores are in units of 10^-decimals of a point.
        """
        posts = leaf.definition.curve.goalposts
        return (
            [Fraction(to_exact(post.x)) / value.scale for post in posts],
            [Fraction(to_exact(post.score)) * self._unit for post in posts],
        )


class _CurveSegment(Struct, frozen=True):
    """A straight part of a curve, from raw value `x` to raw value `to`.

    The score is `score` at `x`, and rises by `slope` for each 1 of the raw value.
    """

    slope: Fraction
    x: Fraction
    to: Fraction
    score: Fraction

    @property
    def offset(self) -> Fraction:
        """Score that the line through the segment has at x = 0."""
        return self.score - self.slope * self.x


class _PiecewiseLine(Struct, frozen=True):
    """A piecewise linear curve, flat before the first part and after the last part.

    `parts` has slope, start and end of each part. The score at x is `constant` plus, for each part, its slope
    times x, where an x outside the part is replaced by the nearer end of the part.
    """

    parts: tuple[tuple[float, float, float], ...]
    constant: float

    def shift_up(self, by: float) -> _PiecewiseLine:
        return _PiecewiseLine(self.parts, self.constant + by)

    def compute_scores(self, x: Floats) -> Floats:
        """Compute the score of each raw value x, not rounded."""
        if not self.parts:
            return np.full_like(x, self.constant)
        rises = (np.clip(x, start, stop) * slope for slope, start, stop in self.parts)
        return reduce(np.add, rises) + self.constant


def _build_line(
    segments: list[_CurveSegment], reach: list[float], first: Fraction, above: float
) -> tuple[_PiecewiseLine, float]:
    """Build the curve of the segments, raised by `above`; return the curve and a bound of its rounding error.

    Rounding half up, for example, raises a curve by 1/2. `first` is the score at the first goalpost. `reach` has
    the absolute value of x at each end of a segment, from the first segment to the last; the bound of the error
    depends on these.
    """
    steep = [segment for segment in segments if segment.slope]
    constant = float(first - sum(segment.slope * segment.x for segment in segments)) + above
    line = _PiecewiseLine(
        tuple((float(segment.slope), float(segment.x), float(segment.to)) for segment in steep), constant
    )
    sizes = [max(abs(start), abs(stop)) for start, stop in pairwise(reach)]
    whole = abs(constant) + sum(abs(float(segment.slope)) * size for segment, size in zip(segments, sizes, strict=True))
    # Each part: x, its ends, the slope, their product, the sum. Twice, to be sure.
    return line, 2 * (len(segments) + 8) * UNIT_ROUNDOFF * whole


def _compute_ratio(block: RowBlock, value: RawValueExpression) -> Floats:
    """Compute above / below of each row."""
    x = np.empty(block.rows)
    if value.below.constant:
        np.copyto(x, value.above.read(block))
        if value.below.lower != 1:
            np.divide(x, value.below.lower, out=x)
    else:
        np.true_divide(value.above.read(block), value.below.read(block), out=x)
    return x
