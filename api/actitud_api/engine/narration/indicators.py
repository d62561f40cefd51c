"""An indicator of a methodology in words: what each goalpost is worth, and what makes it 0 by rule."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from actitud_api.engine.methodology.model import NEVER, Indicator, MethodologyTexts
from actitud_api.engine.narration import words


class GoalpostText(Struct, frozen=True):
    """A goalpost: its value with its unit, the points that it scores, and where the value comes from.

    `reason`: the text of a level, or why the value is there; None where the methodology says nothing.
    """

    value: str
    score: str
    basis: Literal["source", "bound", "judgement"]
    sources: tuple[str, ...]
    reason: str | None


def describe_goalposts(indicator: Indicator, texts: MethodologyTexts) -> list[GoalpostText]:
    """The goalposts of an indicator, in the order of its document."""
    text = texts.indicators[indicator.id]
    reasons = text.ladder or text.goalposts
    return [
        GoalpostText(
            value=_value(indicator, goalpost.x, texts),
            score=words.format_number(goalpost.score, texts.language),
            basis=goalpost.basis,
            sources=goalpost.sources,
            reason=reasons[position] if position < len(reasons) else None,
        )
        for position, goalpost in enumerate(indicator.curve.goalposts)
    ]


def describe_zero_rule(indicator: Indicator, texts: MethodologyTexts) -> str | None:
    """What makes an indicator 0 by rule, as a condition inside a sentence; None where nothing does."""
    if indicator.zero_when == NEVER:
        return None
    return words.PredicateNarrator(texts, {}, stated=True).predicate(indicator.zero_when)


def _value(indicator: Indicator, x: float, texts: MethodologyTexts) -> str:
    match indicator.type:
        case "boolean":
            return words.format_truth(x == 1, texts.language)
        case "level":
            return words.format_number(x, texts.language)
        case _:
            return words.format_value(indicator, x, texts)
