"""Apply a review to the submission that is scored, and remove it again (pure; SCORING, section 2)."""

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
from actitud_api.engine.methodology.requests.overall_review import list_service_facts

Verdict = Literal["accepted", "rejected", "insufficient", "stale", "capped"]
"""An assessor's verdict on one answer.

`accepted`: the answer stands. `rejected`: it is wrong. `insufficient`: its documents do not prove it. `stale`: its
documents are from outside the allowed period. `capped`: its documents prove only a lower level of the ladder.
"""

_ASIDE: Final[Mapping[Verdict, SetAside]] = {"rejected": "rejected", "stale": "stale"}


class AppliedVerdict(Struct, frozen=True):
    """The verdict that counts on one answer: the latest that was not withdrawn.

    `answer` is the digest of the answer that was judged (`digest_answer`). `level` is the highest level at which a
    `capped` answer counts, None for any other verdict.
    """

    verdict: Verdict
    answer: str
    level: int | None = None


class AppliedOverall(Struct, frozen=True, kw_only=True):
    """The part of an overall review that affects the score of the assessment.

    `max_level`: the highest level that the assessment may reach; None sets no limit. `profile` and `answers` are the
    facts that only assessors set, by profile field and by indicator.
    """

    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}


class AppliedReview(Struct, frozen=True):
    """The verdicts and the overall review with which an assessment is scored.

    `answers` holds the verdicts by indicator, one for each answer that was judged; `overall` is the overall review,
    None if there is none. A verdict counts only while the answer equals the judged one: a changed answer is scored
    without the verdict, and with it again if the organisation restores the judged answer.
    """

    answers: dict[str, tuple[AppliedVerdict, ...]] = {}
    overall: AppliedOverall | None = None

    def find(self, indicator: str, answer: str | None) -> AppliedVerdict | None:
        """Return the verdict on the answer with this digest, or None if it was not judged."""
        return next((one for one in self.answers.get(indicator, ()) if one.answer == answer), None)


NO_REVIEW: Final = AppliedReview()
"""The review of an assessment that nobody has reviewed yet."""


def digest_answer(facts: Mapping[str, FactValue], seal: str) -> str:
    """Return the digest of an answer: the SHA-256 of its facts and of `seal`.

    `seal` is itself the salted SHA-256 of the documents and the note (`AnswerSupport.seal`). The digest therefore stays
    the same when documents and note, which may have personal data, are erased.
    """
    return compute_digest({"facts": msgspec.to_builtins(facts), "seal": seal})


def list_levels(indicator: Indicator) -> tuple[int, ...]:
    """Return the levels that an answer to an indicator may state, each with a fixed score, in ascending order.

    The result is empty for an indicator that is answered otherwise, by numbers for example.
    """
    return tuple(int(post.x) for post in indicator.curve.goalposts) if indicator.curve.kind == "ladder" else ()


def apply_review(
    methodology: Methodology, submission: Submission, review: AppliedReview, digests: Mapping[str, str]
) -> Submission:
    """Return a submission with the effects of a review: answers left out or capped, and the facts that assessors set.

    `digests` are the digests of the answers from which the submission was made, by indicator. A verdict counts only if
    its answer has not changed since. A `rejected` or `stale` answer is scored as if it were missing; `set_aside` of the
    result has the reason. An `insufficient` answer counts as self-declared. A `capped` answer scores at most the score
    of the level that the verdict names. The overall review sets the facts that only assessors set, and the highest
    level that the assessment may reach.
    """
    found = ((name, review.find(name, digests.get(name))) for name in review.answers)
    current = {name: applied for name, applied in found if applied is not None}
    aside = {name: _ASIDE[applied.verdict] for name, applied in current.items() if applied.verdict in _ASIDE}
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
    return after if review.overall is None else _apply_overall(methodology, after, review.overall)


def remove_review(methodology: Methodology, submission: Submission, review: AppliedReview) -> Submission:
    """Return a submission without the effects that `apply_review` with `review` had on it, except on `self_declared`.

    Facts and profile fields that only assessors set get their defaults. An answer is in `self_declared` if it has no
    documents, or if its verdict is `insufficient`. The submission does not show the reason, so the caller, which has
    the documents, must remove answers with the verdict `insufficient` from `self_declared`.
    """
    before = structs.replace(
        submission,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in review.answers},
        level_caps={name: cap for name, cap in submission.level_caps.items() if name not in review.answers},
    )
    return before if review.overall is None else _apply_overall(methodology, before, AppliedOverall())


def _apply_overall(methodology: Methodology, submission: Submission, overall: AppliedOverall) -> Submission:
    """Return a submission with the facts and the highest level that an overall review sets.

    The methodology marks some profile fields, and some facts of answers, as set by assessors. Each of them gets the
    value in the review, whatever the submission had. Without a value in the review, a profile field gets its default,
    and a fact an empty list. Facts of indicators that have no answer are left out.
    """
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
