"""Goalposts and zero rules of an indicator in words."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from actitud_api.engine.methodology.model import NEVER, Indicator, MethodologyTexts
from actitud_api.engine.narration import words


class GoalpostText(Struct, frozen=True):
    """A goalpost in words: its raw value with the unit, its score, and the basis on which the raw value was chosen.

    `reason` is the reason for the choice of this raw value; on a ladder it is the text of the level. It is None if the
    texts of the methodology state no reason for this goalpost. `sources` are the ids of the cited sources.
    """

    value: str
    score: str
    basis: Literal["source", "bound", "judgement"]
    sources: tuple[str, ...]
    reason: str | None


def describe_goalposts(indicator: Indicator, texts: MethodologyTexts) -> list[GoalpostText]:
    """Describe the goalposts (points of the curve) of an indicator, in the order of the curve."""
    text = texts.indicators[indicator.id]
    reasons = text.ladder or text.goalposts
    return [
        GoalpostText(
            value=_format_goalpost_value(indicator, goalpost.x, texts),
            score=words.format_number(goalpost.score, texts.language),
            basis=goalpost.basis,
            sources=goalpost.sources,
            reason=reasons[position] if position < len(reasons) else None,
        )
        for position, goalpost in enumerate(indicator.curve.goalposts)
    ]


def describe_zero_rule(indicator: Indicator, texts: MethodologyTexts) -> str | None:
    """Describe the condition under which an indicator scores 0 by rule; return None if it has no such condition.

    The text is a clause, to be used inside a sentence.
    """
    if indicator.zero_when == NEVER:
        return None
    return words.PredicateNarrator(texts, {}, stated=True).describe(indicator.zero_when)


def _format_goalpost_value(indicator: Indicator, x: float, texts: MethodologyTexts) -> str:
    match indicator.type:
        case "boolean":
            return words.format_truth(x == 1, texts.language)
        case "level":
            return words.format_number(x, texts.language)
        case _:
            return words.format_value(indicator, x, texts)
