"""Comparison of verdicts by severity, for changes to which the organisation can no longer reply. Pure."""

from __future__ import annotations

import msgspec

from actitud_api.resources.reviews.queries import OverallReview, VerdictRecord


def is_harsher(before: VerdictRecord | None, after: VerdictRecord | None) -> bool:
    """Return True if the verdict `after` counts as harsher than `before`; None stands for no verdict.

    There are three grades: `accepted` and no verdict; `capped` and `insufficient`; `rejected` and `stale`, the
    harshest. If both verdicts are `capped`, the verdict with the lower level is harsher. A change between the two
    verdicts of a grade counts as harsher, and so does the same verdict with another reason or rule, because the
    organisation has not replied to it.
    """
    if after is None or after.verdict in (None, "accepted"):
        return False
    if before is None or before.verdict in (None, "accepted"):
        return True
    if (before.verdict, before.level) == (after.verdict, after.level):
        return (before.reason, before.rule) != (after.reason, after.rule)
    match before.verdict:
        case "rejected" | "stale":
            return after.verdict in ("rejected", "stale")
        case "capped":
            return after.verdict != "capped" or (after.level or 0) < (before.level or 0)
        case _:
            return True


def is_whole_harsher(before: OverallReview | None, after: OverallReview) -> bool:
    """Return True if the overall review `after` counts as harsher than `before`; None stands for no review.

    A lower `max_level` is harsher. Any change of `profile` or `answers` counts as harsher, because the methodology does
    not say which value is better for the organisation; so does a change of `reason` with the same `max_level`.
    """
    if before is None:
        return True
    if any(
        msgspec.to_builtins(getattr(before, name)) != msgspec.to_builtins(getattr(after, name))
        for name in ("profile", "answers")
    ):
        return True
    if before.max_level == after.max_level:
        return before.reason != after.reason
    return before.max_level is None or (after.max_level is not None and after.max_level < before.max_level)
