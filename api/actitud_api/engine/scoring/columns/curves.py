"""Raw values and curves over columns (SCORING, section 3).

Curves are computed in float64 with a bound of the error that this can make. A row that could thereby fall on the other
side of a half is computed again by the exact curve of the plan, so that every score is the same integer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import Constant, Operand, Quotient
from actitud_api.engine.methodology.predicates import to_exact
from actitud_api.engine.scoring.aggregations import EPSILON
from actitud_api.engine.scoring.columns.block import Block, Reads, together
from actitud_api.engine.scoring.columns.expressions import MOST, Compiler, Condition, Numbers, rows_beyond
from actitud_api.engine.scoring.columns.table import Floats, Ints
from actitud_api.engine.scoring.compile import CompiledIndicator
from actitud_api.engine.scoring.curves import INVERSE_ERFC_FIFTH

ROUNDING = 2.0**-53
"""The most by which one operation in float64 is off, relative to its result."""

Scoring = Callable[[Block, Ints], None]
"""Writes the score of every row of a block, in units; anything where the raw value does not exist."""


class Value(Struct, frozen=True, eq=False):
    """A raw value: above / below, times `scale`. Rows with a fact of `beyond` over `limit` need Python's integers."""

    above: Numbers
    below: Numbers
    scale: Fraction
    beyond: frozenset[int]
    limit: int

    @property
    def reads(self) -> Reads:
        """What it reads."""
        return together([self.above.reads, self.below.reads])

    @property
    def may_lack(self) -> bool:
        """In some row it may not exist, because it would be over 0."""
        return self.below.least <= 0 <= self.below.most

    @property
    def given(self) -> frozenset[Condition]:
        """What it needs to exist."""
        return self.above.given | self.below.given


def value_of(operand: Operand, compiler: Compiler, depth: int) -> Value:
    """A value formula, its numerator at the depth and its denominator one deeper."""
    sides = (operand.numerator, operand.denominator) if isinstance(operand, Quotient) else (operand, Constant(value=1))
    limit = compiler.limit
    while True:
        narrowed = compiler.limited(limit)
        try:
            above, below = (narrowed.numbers(side, depth + number) for number, side in enumerate(sides))
            break
        except OverflowError:
            assert limit
            limit >>= 1
    slots = above.reads.slots | below.reads.slots
    beyond = frozenset() if limit is None else compiler.beyond(slots, limit)
    return Value(above, below, above.scale / below.scale, beyond, limit or MOST)


class Curves:
    """Makes the scorings of the indicators."""

    def __init__(self, compiler: Compiler, unit: int) -> None:
        self._compiler = compiler
        self._unlimited = compiler.limited(None)
        self._unit = unit

    def scoring(self, leaf: CompiledIndicator, value: Value) -> Scoring:
        """How an indicator scores its raw value; computes at depth 0."""
        self._compiler.needs.at(2)
        match leaf.definition.curve.kind:
            case "boolean" | "ladder":
                return self._steps(leaf, value)
            case "linear":
                return self._linear(leaf, value)
            case "log":
                return self._logarithmic(leaf, value)
            case "lognormal":
                return self._lognormal(leaf, value)

    def _steps(self, leaf: CompiledIndicator, value: Value) -> Scoring:
        steps = [leaf.curve(step, 1) for step in range(len(leaf.definition.curve.goalposts))]
        above, below, scale = value.above, value.below, value.scale
        plain, rise = scale == 1 and below.constant and below.least == 1, steps[1]
        if plain and steps == [rise * step for step in range(len(steps))]:

            def even(block: Block, into: Ints) -> None:
                np.multiply(above.read(block), rise, out=into, dtype=into.dtype)

            return even
        table = np.array(steps)

        def looked_up(block: Block, into: Ints) -> None:
            step = above.read(block)
            if not plain:
                step = np.floor_divide(
                    np.multiply(step, scale.numerator, dtype=np.int64),
                    np.multiply(below.read(block), scale.denominator, dtype=np.int64),
                )
            np.copyto(into, np.take(table, step, mode="clip"))
            self._beyond(leaf, value, block, into)

        return looked_up

    def _linear(self, leaf: CompiledIndicator, value: Value) -> Scoring:
        xs, ys = self._goalposts(leaf, value)
        segments = [_Segment((b - a) / (to - x), x, to, a) for (x, a), (to, b) in pairwise(zip(xs, ys, strict=True))]
        line, error = _line(segments, [float(x) for x in xs], ys[0], 0.5)
        finest = max(
            *(math.lcm(segment.slope.denominator, segment.offset.denominator) for segment in segments),
            *(y.denominator for y in ys),
        )
        # Two scores that a value over `below` can have, or such a score and a half, are 1 / (2 · finest · below) apart
        # or more. Where that is more than twice the error, adding the error makes the floor right: a half stays one,
        # and what lies under it stays there.
        sure = math.floor(1 / (4 * error * finest))
        raised = line.raised(error)
        certain = max(abs(value.below.least), abs(value.below.most)) <= sure

        def scored(block: Block, into: Ints) -> None:
            x = _ratio(block, value)
            score = raised.at(block, x)
            np.copyto(into, score, casting="unsafe")
            if not certain:
                rows = np.flatnonzero(np.abs(value.below.read(block)) > sure)
                if rows.size:
                    over = score[rows]
                    rows = rows[~(over - np.floor(over) > 2.5 * error)]
                    self._exactly(leaf, block, rows, into)
            self._beyond(leaf, value, block, into)

        return scored

    def _logarithmic(self, leaf: CompiledIndicator, value: Value) -> Scoring:
        xs, ys = self._goalposts(leaf, value)
        logs = [math.log(x) for x in xs]
        segments = [
            _Segment((b - a) / Fraction(to - x), Fraction(x), Fraction(to), a)
            for (x, a), (to, b) in pairwise(zip(logs, ys, strict=True))
        ]
        line, error = _line(segments, [abs(x) + 1 for x in logs], ys[0], 0.5 + EPSILON)
        error *= 8
        least = float(xs[0])
        negative = value.above.least < 0 or value.below.least < 0

        def scored(block: Block, into: Ints) -> None:
            x = _ratio(block, value)
            if negative:
                np.maximum(x, least, out=x)
            np.log(x, out=x)
            self._rounded(leaf, value, block, line.at(block, x), error, into)

        return scored

    def _lognormal(self, leaf: CompiledIndicator, value: Value) -> Scoring:
        xs, ys = self._goalposts(leaf, value)
        (_, median), (_, p10) = sorted(zip(ys, xs, strict=True))
        spread, middle = -math.log(p10 / median), math.log(median)
        width, least = leaf.high - leaf.low, leaf.low
        # Beyond 8 spreads the curve is flat; within, an error of the logarithm counts by the steepness of the curve.
        error = 64 * ROUNDING * (leaf.high + width * (abs(middle / spread) + 8))

        def scored(block: Block, into: Ints) -> None:
            x = _ratio(block, value)
            np.maximum(x, 0.0, out=x)
            np.log(x, out=x)
            np.subtract(x, middle, out=x)
            np.multiply(x, INVERSE_ERFC_FIFTH / spread, out=x)
            x[:] = [math.erfc(z) for z in x.tolist()]
            np.multiply(x, width / 2, out=x)
            np.add(x, least + 0.5 + EPSILON, out=x)
            self._rounded(leaf, value, block, x, error, into)

        return scored

    def _goalposts(self, leaf: CompiledIndicator, value: Value) -> tuple[list[Fraction], list[Fraction]]:
        """x of above / below without the scale, and scores in units."""
        posts = leaf.definition.curve.goalposts
        return (
            [Fraction(to_exact(post.x)) / value.scale for post in posts],
            [Fraction(to_exact(post.score)) * self._unit for post in posts],
        )

    def _rounded(
        self, leaf: CompiledIndicator, value: Value, block: Block, score: Floats, error: float, into: Ints
    ) -> None:
        """Takes the floor, exactly where the error could carry it over a whole number."""
        np.copyto(into, score, casting="unsafe")
        if error < 0.25:
            off, near = block.floats[1], block.truths[0]
            np.rint(score, out=off)
            np.subtract(score, off, out=off)
            np.abs(off, out=off)
            np.less_equal(off, error, out=near)
            rows = np.flatnonzero(near)
        else:
            rows = np.arange(block.rows)
        self._exactly(leaf, block, rows, into)
        self._beyond(leaf, value, block, into)

    def _beyond(self, leaf: CompiledIndicator, value: Value, block: Block, into: Ints) -> None:
        if value.beyond:
            self._exactly(leaf, block, rows_beyond(block, value.beyond, value.limit), into)

    def _exactly(self, leaf: CompiledIndicator, block: Block, rows: NDArray[np.intp], into: Ints) -> None:
        """Scores some rows by the exact curve."""
        if not rows.size:
            return
        unbounded = value_of(leaf.definition.value, self._unlimited, 0)
        few = block.picked(rows, unbounded.reads, self._unlimited.needs.depth, exact=True)
        above, below = (np.broadcast_to(side.read(few), rows.shape) for side in (unbounded.above, unbounded.below))
        scale = unbounded.scale
        for row, n, d in zip(rows.tolist(), above.tolist(), below.tolist(), strict=True):
            numerator, denominator = n * scale.numerator, d * scale.denominator
            if denominator:
                into[row] = leaf.curve(numerator if denominator > 0 else -numerator, abs(denominator))


class _Segment(Struct, frozen=True):
    """A straight part of a curve, from `x` to `to`, that rises by `slope` from `score`."""

    slope: Fraction
    x: Fraction
    to: Fraction
    score: Fraction

    @property
    def offset(self) -> Fraction:
        """Its score where x is 0."""
        return self.score - self.slope * self.x


class _Line(Struct, frozen=True):
    """A curve of straight parts, flat outside: a constant and, for each part, slope times x clipped to it."""

    parts: tuple[tuple[float, float, float], ...]
    constant: float

    def raised(self, by: float) -> _Line:
        """The same, higher."""
        return _Line(self.parts, self.constant + by)

    def at(self, block: Block, x: Floats) -> Floats:
        """Its scores, in the array of x."""
        if not self.parts:
            x.fill(self.constant)
            return x
        *firsts, (slope, least, most) = self.parts
        total, part = block.floats[1], block.floats[2]
        for number, (steep, start, stop) in enumerate(firsts):
            into = part if number else total
            np.clip(x, start, stop, out=into)
            np.multiply(into, steep, out=into)
            if number:
                np.add(total, part, out=total)
        np.clip(x, least, most, out=x)
        np.multiply(x, slope, out=x)
        if firsts:
            np.add(x, total, out=x)
        np.add(x, self.constant, out=x)
        return x


def _line(segments: list[_Segment], reach: list[float], first: Fraction, above: float) -> tuple[_Line, float]:
    """The line through segments, higher by `above`, and a bound of the error of its scores.

    `reach`: the size of x at each end of a segment.
    """
    steep = [segment for segment in segments if segment.slope]
    constant = float(first - sum(segment.slope * segment.x for segment in segments)) + above
    line = _Line(tuple((float(segment.slope), float(segment.x), float(segment.to)) for segment in steep), constant)
    sizes = [max(abs(one), abs(other)) for one, other in pairwise(reach)]
    whole = abs(constant) + sum(abs(float(segment.slope)) * size for segment, size in zip(segments, sizes, strict=True))
    # Each part: x, its ends, the slope, their product, the sum. Twice, to be sure.
    return line, 2 * (len(segments) + 8) * ROUNDING * whole


def _ratio(block: Block, value: Value) -> Floats:
    """above / below of every row, in the first scratch array."""
    x = block.floats[0]
    if value.below.constant:
        np.copyto(x, value.above.read(block))
        if value.below.least != 1:
            np.divide(x, value.below.least, out=x)
    else:
        np.true_divide(value.above.read(block), value.below.read(block), out=x)
    return x
