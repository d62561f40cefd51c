"""What people find of an assessment, and what that does to what is scored (pure; SCORING, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.digests import digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import indicators
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from actitud_api.engine.methodology.requests.content import Answer
from actitud_api.engine.methodology.requests.overall_review import facts_of_service

Verdict = Literal["accepted", "rejected", "insufficient", "stale", "capped"]
"""What is found of an answer: it stands; it is wrong; its evidence does not show it; its evidence lies outside the
window; its level is a lower one."""

_SETS_ASIDE: Final[Mapping[Verdict, SetAside]] = {"rejected": "rejected", "stale": "stale"}


class AppliedVerdict(Struct, frozen=True):
    """What is found of one answer; `answer`: the digest of the answer that was judged; `level`: with `capped`."""

    verdict: Verdict
    answer: str
    level: int | None = None


class AppliedOverall(Struct, frozen=True, kw_only=True):
    """What review says of an assessment as a whole: the highest level that it may reach (None: any), and what the
    document leaves to the service, of the profile by field and of answers by indicator.
    """

    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}


class AppliedReview(Struct, frozen=True):
    """A review: what counts of each answer that was judged, by indicator, and what is said of the whole, if anything.

    What was found of an answer counts for that very answer: for another in its place nothing is found yet.
    """

    answers: dict[str, AppliedVerdict] = {}
    whole: AppliedOverall | None = None


NO_REVIEW: Final = AppliedReview()
"""The review of what nobody has looked at."""


def digest_answer(answer: Answer) -> str:
    """What tells an answer from any other: the SHA-256 of its facts, evidence and note."""
    return digest(msgspec.to_builtins(answer))


def list_levels(indicator: Indicator) -> tuple[int, ...]:
    """The levels of an indicator, ascending; none where it is not a ladder."""
    return tuple(int(post.x) for post in indicator.curve.goalposts) if indicator.curve.kind == "ladder" else ()


def apply_review(
    methodology: Methodology, submission: Submission, review: AppliedReview, answers: Mapping[str, Answer]
) -> Submission:
    """A submission with what a review does to it; `answers`: those that it follows from.

    Rejected and stale answers do not count, one with insufficient evidence counts as only declared, and a capped level
    as the lower one. What the whole says takes the place of what the service says otherwise.
    """
    found = {
        name: one
        for name, one in review.answers.items()
        if name in answers and digest_answer(answers[name]) == one.answer
    }
    aside = {name: _SETS_ASIDE[one.verdict] for name, one in found.items() if one.verdict in _SETS_ASIDE}
    caps = {name: one.level for name, one in found.items() if one.verdict == "capped" and one.level is not None}
    declared = {name for name, one in found.items() if one.verdict == "insufficient"}
    after = structs.replace(
        submission,
        set_aside={**submission.set_aside, **aside},
        level_caps={**submission.level_caps, **caps},
        self_declared=submission.self_declared | declared,
    )
    return after if review.whole is None else _apply_overall(methodology, after, review.whole)


def remove_review(methodology: Methodology, submission: Submission, review: AppliedReview) -> Submission:
    """A submission without what a review did to it, but for `self_declared`, which follows from its documents."""
    before = structs.replace(
        submission,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in review.answers},
        level_caps={name: cap for name, cap in submission.level_caps.items() if name not in review.answers},
    )
    return before if review.whole is None else _apply_overall(methodology, before, AppliedOverall())


def _apply_overall(methodology: Methodology, submission: Submission, whole: AppliedOverall) -> Submission:
    """A submission of which all that the service sets is as a review says, or as the document does."""
    profile = {
        field.name: whole.profile.get(field.name, field.default)
        for field in methodology.document.profile
        if field.set_by == "service"
    }
    answers = dict(submission.answers)
    for indicator in indicators(methodology.document.root):
        if (set_by_service := facts_of_service(indicator)) and indicator.id in answers:
            there = whole.answers.get(indicator.id, {})
            said = {fact.name: there.get(fact.name, ()) for fact in set_by_service}
            answers[indicator.id] = {**answers[indicator.id], **said}
    return structs.replace(
        submission, profile={**submission.profile, **profile}, answers=answers, max_level=whole.max_level
    )
