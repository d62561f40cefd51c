"""Reading explained scores in tests."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.result import DimensionScore, Figure, IndicatorScore, NextStep, Score

CASES = Path(__file__).parents[2] / "cases"


class Blocked(Struct):
    """A gate as the catalogue publishes it."""

    gate: str
    text: str
    actual: float | bool
    required: float | bool
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


def groups_of(node: Score | DimensionScore) -> list[DimensionScore]:
    """The groups below the root or a group, at any depth."""
    below = node.dimensions if isinstance(node, Score) else node.groups
    return [found for group in below for found in (group, *groups_of(group))]


def index_of(known: Methodology, submission: Submission) -> int:
    """The index in units, which there is."""
    index = evaluate(known, submission).index
    assert index is not None
    return index


def indicators_of(score: Score) -> list[IndicatorScore]:
    """Every indicator of a score."""
    return [*score.indicators, *(found for group in groups_of(score) for found in group.indicators)]


def indicator_of(score: Score, name: str) -> IndicatorScore:
    return next(found for found in indicators_of(score) if found.id == name)


def step_of(score: Score, name: str) -> NextStep:
    """The next step of an indicator, which has one."""
    step = indicator_of(score, name).next_step
    assert step is not None
    return step


def dimension_of(score: Score, name: str) -> DimensionScore:
    return next(found for found in groups_of(score) if found.id == name)


def code(score: Score, name: str) -> str:
    return indicator_of(score, name).reason.code


def exactly(figure: Figure | None) -> Decimal:
    """A published figure as the decimal that it prints; an absent one counts nothing."""
    return Decimal(0) if figure is None else Decimal(repr(figure))


Node = DimensionScore | IndicatorScore


def points(node: Node) -> tuple[Figure | None, Figure | None, Figure | None]:
    """Possible, won, lost."""
    return node.possible, node.won, node.lost


def flat(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every figure of a result with its place, as it is written: 1, 1.0 and true differ."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from flat(member, f"{place}/{name}")
    elif isinstance(value, list):
        for position, member in enumerate(value):
            named = member.get("id", position) if isinstance(member, dict) else position
            yield from flat(member, f"{place}/{named}")
    else:
        yield place, repr(value)


def assert_adds_up(score: Score, top: int = 100) -> None:
    """Won + lost = possible at every node, and the children sum to the node (SCORING, section 7).

    Below a node that shows no possible only what is lost sums. `top`: that of the range of the root.
    """
    if score.index is None:
        nodes: list[Node] = [*groups_of(score), *indicators_of(score)]
        assert {points(node) for node in nodes} == {(None, None, None)}
        return
    index = exactly(score.index)
    _add_up("root", (Decimal(top), index, top - index), (*score.dimensions, *score.indicators))
    for group in groups_of(score):
        whole = None if group.possible is None else exactly(group.possible)
        won = None if group.won is None else exactly(group.won)
        if group.lost is not None:
            _add_up(group.id, (whole, won, exactly(group.lost)), (*group.groups, *group.indicators))


def _add_up(name: str, whole: tuple[Decimal | None, Decimal | None, Decimal], children: tuple[Node, ...]) -> None:
    counting = [node for node in children if node.lost is not None]
    assert counting, name
    assert sum(exactly(node.lost) for node in counting) == whole[2], name
    if all(node.possible is not None for node in counting):
        assert sum(exactly(node.possible) for node in counting) == whole[0], name
        assert sum(exactly(node.won) for node in counting) == whole[1], name
    else:
        assert {(node.possible, node.won) for node in counting} == {(None, None)}, name
    for node in counting:
        assert min(exactly(node.won), exactly(node.lost)) >= 0, node.id
        assert node.possible is None or exactly(node.won) + exactly(node.lost) == exactly(node.possible), node.id
