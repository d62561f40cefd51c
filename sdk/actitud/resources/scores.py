"""Compute the explained index from facts, without storing anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, Bound, Call, build_compute, fetch
from actitud._config import Core
from actitud.bodies import Answers, HypotheticalFacts, Profile
from actitud.errors import ScoreHasErrors
from actitud.models import Score, ScoreFacts


def create_score(
    core: Core,
    *,
    profile: Profile,
    answers: Answers,
    methodology: str = "2027.1",
    profile_self_declared: Iterable[str] = (),
    what_if: HypotheticalFacts | None = None,
    explain: bool = True,
    on_findings: Literal["raise", "return"] = "raise",
    lang: str | None = None,
) -> Call[Score]:
    """Score the facts of one organisation and explain the result. Nothing is stored.

    - ``profile``: facts about the organisation.
    - ``answers``: facts by indicator id; a missing indicator is unknown and scores 0.
    - ``methodology``: version that scores the facts.
    - ``profile_self_declared``: names of profile fields without evidence.
    - ``what_if``: hypothetical facts, ``{"answers": {"D1.06": {"level": 3}, "D1.03": None}, "profile": {"employees":
      12}}``; ``Score.what_if`` then contains their score and the difference.
    - ``explain``: ``False`` is several times faster and leaves out main reasons and indicators; the points of the
      dimensions are then ``None``.
    - ``on_findings``: ``"return"`` returns a score with contradictions instead of raising.
    - ``lang``: language of the sentences.

    Raises ``ScoreHasErrors``, which contains the score, if the score has findings of severity ``error`` (findings of
    the hypothetical facts do not count); ``InvalidRequest`` with every invalid field if the facts do not fit the
    methodology; ``ValueError`` for NaN or infinity, before anything is sent.
    """
    body: dict[str, object] = {
        "methodology": methodology,
        "profile": profile,
        "answers": answers,
        "profile_self_declared": list(profile_self_declared),
    }
    if what_if is not None:
        body["what_if"] = what_if
    score = yield from fetch(
        core,
        build_compute(core, "scores", query={"explain": None if explain else "false"}, body=body, lang=lang),
        Score,
    )
    if on_findings == "raise" and score.error_findings:
        raise ScoreHasErrors(score)
    return score


class _ScoreBatch(msgspec.Struct, frozen=True):
    items: tuple[Score, ...]


def create_scores(
    core: Core, items: Iterable[ScoreFacts], *, methodology: str = "2027.1", lang: str | None = None
) -> Call[tuple[Score, ...]]:
    """Score the facts of up to 1,000 organisations in one request; return their scores in the same order.

    The scores have no explanation, as with ``explain=False``, and findings raise no exception: check ``error_findings``
    of each score. ``methodology``: version that scores the facts of an item without a version. ``lang``: language of
    the sentences.

    Raises ``InvalidRequest`` with every invalid field of every item, such as ``/items/17/answers/D1.07``; then no item
    is scored. Raises ``ValueError`` for NaN or infinity, before anything is sent.
    """
    body = {"items": [{"methodology": methodology, **item} for item in items]}
    batch = yield from fetch(core, build_compute(core, "scores", "batch", query={}, body=body, lang=lang), _ScoreBatch)
    return batch.items


class Scores(Bound):
    """Operations that score facts without storing them: ``client.scores.create``, ``create_many``."""

    create: Final = bind_blocking(create_score)
    create_many: Final = bind_blocking(create_scores)


class AsyncScores(AsyncBound):
    """Awaitable operations that score facts without storing them: ``async_client.scores.create``, ``create_many``."""

    create: Final = bind_awaitable(create_score)
    create_many: Final = bind_awaitable(create_scores)
