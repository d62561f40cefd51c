"""Compute the explained index from facts, without storing anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, Bound, Call, build_compute, fetch
from actitud._config import Core
from actitud.errors import ScoreHasErrors
from actitud.models import Answers, HypotheticalFacts, Profile, Score


def create_score(
    core: Core,
    *,
    profile: Profile,
    answers: Answers,
    methodology: str = "2026.1",
    profile_self_declared: Iterable[str] = (),
    what_if: HypotheticalFacts | None = None,
    explain: bool = True,
    on_findings: Literal["raise", "return"] = "raise",
    lang: str | None = None,
) -> Call[Score]:
    """Score the facts of one organisation and explain the result. Nothing is stored.

    ``profile``: facts about the organisation. ``answers``: facts by indicator id; a missing indicator is unknown
    and scores 0. ``profile_self_declared``: names of profile fields without evidence. ``methodology``: version that
    scores the facts. ``what_if``: hypothetical facts, ``{"answers": {"D1.02": {"level": 3}, "D1.03": None},
    "profile": {"employees": 12}}``; ``Score.what_if`` then contains their score and the difference. ``explain``:
    ``False`` is several times faster and leaves out main reasons and indicators; the points of the dimensions are
    then ``None``. ``on_findings``: ``"return"`` returns a score with contradictions instead of raising. ``lang``:
    language of the sentences.

    Raises ``ScoreHasErrors``, which carries the score, if the score has findings of severity ``error`` (findings of
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


class Scores(Bound):
    """Operations that score facts without storing them: ``client.scores.create``."""

    create: Final = bind_blocking(create_score)


class AsyncScores(AsyncBound):
    """Awaitable operations that score facts without storing them: ``async_client.scores.create``."""

    create: Final = bind_awaitable(create_score)
