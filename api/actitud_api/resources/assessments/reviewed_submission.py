"""The review of an assessment and its effect on the submission that is scored (pure; SCORING, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from actitud_api.engine.methodology.requests.content import Answer
from actitud_api.engine.methodology.requests.overall_review import list_service_facts

Verdict = Literal["accepted", "rejected", "insufficient", "stale", "capped"]
"""The finding on an answer: it stands; it is wrong; its evidence does not show it; its evidence lies outside the
window; only a lower level is shown."""

_SETS_ASIDE: Final[Mapping[Verdict, SetAside]] = {"rejected": "rejected", "stale": "stale"}


class AppliedVerdict(Struct, frozen=True):
    """The verdict that counts on one answer; `answer`: the digest of that answer; `level`: with `capped`."""

    verdict: Verdict
    answer: str
    level: int | None = None


class AppliedOverall(Struct, frozen=True, kw_only=True):
    """Overall review, applied to a submission.

    `max_level`: highest level that the assessment may reach, None for any. The facts are those that the methodology
    leaves to the service: profile by field, answers by indicator.
    """

    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}


class AppliedReview(Struct, frozen=True):
    """The verdicts that count, by indicator, and the overall review.

    A verdict counts for the very answer it was given on, not for an answer that replaced it.
    """

    answers: dict[str, AppliedVerdict] = {}
    whole: AppliedOverall | None = None


NO_REVIEW: Final = AppliedReview()
"""The review of an assessment without verdicts."""


def digest_answer(answer: Answer) -> str:
    """Compute the SHA-256 of the facts, evidence and note of an answer."""
    return compute_digest(msgspec.to_builtins(answer))


def list_levels(indicator: Indicator) -> tuple[int, ...]:
    """List the levels of a ladder, ascending; none if the indicator is no ladder."""
    return tuple(int(post.x) for post in indicator.curve.goalposts) if indicator.curve.kind == "ladder" else ()


def apply_review(
    methodology: Methodology, submission: Submission, review: AppliedReview, answers: Mapping[str, Answer]
) -> Submission:
    """Apply a review to a submission; `answers`: the content that the submission was derived from.

    Rejected and stale answers do not count, answers with insufficient evidence count as self-declared, and capped ones
    at the lower level. The overall review replaces the facts that the service sets.
    """
    current = {
        name: applied
        for name, applied in review.answers.items()
        if name in answers and digest_answer(answers[name]) == applied.answer
    }
    aside = {name: _SETS_ASIDE[applied.verdict] for name, applied in current.items() if applied.verdict in _SETS_ASIDE}
    caps = {
        name: applied.level
        for name, applied in current.items()
        if applied.verdict == "capped" and applied.level is not None
    }
    declared = {name for name, applied in current.items() if applied.verdict == "insufficient"}
    after = structs.replace(
        submission,
        set_aside={**submission.set_aside, **aside},
        level_caps={**submission.level_caps, **caps},
        self_declared=submission.self_declared | declared,
    )
    return after if review.whole is None else _apply_overall(methodology, after, review.whole)


def remove_review(methodology: Methodology, submission: Submission, review: AppliedReview) -> Submission:
    """Remove the effects of a review from a submission, except `self_declared`, which its documents decide."""
    before = structs.replace(
        submission,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in review.answers},
        level_caps={name: cap for name, cap in submission.level_caps.items() if name not in review.answers},
    )
    return before if review.whole is None else _apply_overall(methodology, before, AppliedOverall())


def _apply_overall(methodology: Methodology, submission: Submission, overall: AppliedOverall) -> Submission:
    """Set the facts of the service to those of an overall review, or to their defaults."""
    profile = {
        field.name: overall.profile.get(field.name, field.default)
        for field in methodology.document.profile
        if field.set_by == "service"
    }
    answers = dict(submission.answers)
    for indicator in walk_indicators(methodology.document.root):
        if (set_by_service := list_service_facts(indicator)) and indicator.id in answers:
            facts = overall.answers.get(indicator.id, {})
            of_service = {fact.name: facts.get(fact.name, ()) for fact in set_by_service}
            answers[indicator.id] = {**answers[indicator.id], **of_service}
    return structs.replace(
        submission, profile={**submission.profile, **profile}, answers=answers, max_level=overall.max_level
    )
