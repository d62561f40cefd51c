"""Reading explained scores in tests."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from actitud_api.scoring.result import DimensionScore, Figure, IndicatorScore, Score

CASES = Path(__file__).parent.parent / "cases"


class Blocked(Struct):
    """A gate as the catalogue publishes it."""

    gate: str
    text: str
    there: float | bool
    asked: float | bool
    distance: float | None = None


class Published(Struct, forbid_unknown_fields=True):
    """The published figures of an example; its states are the catalogue's."""

    decimals: int
    indicators: dict[str, float | None]
    states: dict[str, str]
    dimensions: dict[str, float]
    index: float
    index_max: float
    coverage: float
    status: str
    level: int
    provisional: bool
    blocked_by: list[Blocked]


class Case(Struct, forbid_unknown_fields=True):
    """A file of `tests/cases`: a request body and the figures that it must give."""

    source: str
    request: msgspec.Raw
    published: Published


def case(name: str) -> Case:
    return msgspec.json.decode((CASES / f"{name}.json").read_bytes(), type=Case)


def indicator_of(score: Score, name: str) -> IndicatorScore:
    return next(found for dimension in score.dimensions for found in dimension.indicators if found.id == name)


def dimension_of(score: Score, name: str) -> DimensionScore:
    return next(found for found in score.dimensions if found.id == name)


def code(score: Score, name: str) -> str:
    return indicator_of(score, name).reason.code


def exactly(figure: Figure | None) -> Decimal:
    """A published figure as the decimal that it prints; an absent one counts nothing."""
    return Decimal(0) if figure is None else Decimal(repr(figure))


Node = DimensionScore | IndicatorScore


def points(node: Node) -> tuple[Figure | None, Figure | None, Figure | None]:
    """Possible, won, lost."""
    return node.possible, node.won, node.lost


def assert_adds_up(score: Score) -> None:
    """Won + lost = possible at every node, and the children sum to the node (SCORING, section 7)."""
    if score.index is None:
        nodes: list[Node] = [
            *score.dimensions,
            *(found for dimension in score.dimensions for found in dimension.indicators),
        ]
        assert {points(node) for node in nodes} == {(None, None, None)}
        return
    sums = [sum(exactly(getattr(node, name)) for node in score.dimensions) for name in ("possible", "won", "lost")]
    assert sums == [100, exactly(score.index), 100 - exactly(score.index)]
    for dimension in score.dimensions:
        for name in ("possible", "won", "lost"):
            below = sum(exactly(getattr(node, name)) for node in dimension.indicators)
            assert below == exactly(getattr(dimension, name)), (dimension.id, name)
        family: list[Node] = [dimension, *dimension.indicators]
        for node in family:
            assert exactly(node.won) + exactly(node.lost) == exactly(node.possible), node.id
            assert min(exactly(node.won), exactly(node.lost)) >= 0, node.id
