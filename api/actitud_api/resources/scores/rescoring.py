"""Score an edition again under another methodology version, and split the change of each index into parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.change_decomposition import (
    ChangeDecomposition,
    ChangeParts,
    IncomparableVersions,
    StagedScores,
    VersionEffects,
    are_comparable,
    convert_submission,
    decompose_change,
)
from actitud_api.engine.scoring.evaluate import Status, evaluate
from actitud_api.engine.scoring.result import Figure, Points, round_figure, to_figure
from actitud_api.resources.scores.queries import SubmittedScore

Outcome = Literal["risen", "fallen", "same", "unrated"]
"""What becomes of an index under the other version; `unrated`: there is none under one of the two."""


class RescoredSide(Struct, frozen=True):
    """Figures of an organisation under one methodology version; index and level are null if there is none."""

    index: Points | None
    level: int | None
    status: Status


class RescoredNode(Struct, frozen=True):
    """Score of a group under both versions, and the difference; null under a version that does not have it."""

    id: str
    before: Points | None
    after: Points | None
    difference: Points | None


class RescoredScore(Struct, frozen=True):
    """A score under the methodology version of its edition and under another version.

    Only the methodology causes a change, because the facts are the same.

    Attributes:
        before: Score under the version of the edition.
        after: Score under the other version.
        parts: Change of the index by cause (methodology, coverage, facts); None if there is no index under one of the
            versions.
        dimensions: Change of each dimension.
        version_effects: Answers that the other version does not ask for, and indicators that it adds.
    """

    before: RescoredSide
    after: RescoredSide
    parts: ChangeParts | None
    dimensions: tuple[RescoredNode, ...]
    version_effects: VersionEffects

    @property
    def outcome(self) -> Outcome:
        """The direction of the change of the index: `risen`, `fallen` or `same`; `unrated` if an index is missing."""
        if self.parts is None:
            return "unrated"
        total = Fraction(str(self.parts.total))
        return "risen" if total > 0 else "fallen" if total < 0 else "same"


class LevelMove(Struct, frozen=True):
    """The number of organisations with the level `before` under one version and the level `after` under another.

    The two levels may be equal. None stands for no level.
    """

    before: int | None
    after: int | None
    organisations: int


class RescoringSummary(Struct, frozen=True, kw_only=True):
    """Summary of the scores of an edition under its methodology version (before) and under another version (after).

    `organisations` counts all organisations, `rated` those with an index under both versions. The means of the index,
    in points, are over the rated ones, null if there are none. `levels` counts all organisations by their two levels.
    """

    methodology_before: str
    methodology_after: str
    organisations: int
    rated: int
    mean_before: Figure | None
    mean_after: Figure | None
    levels: tuple[LevelMove, ...]


def check_versions(before: str, after: str) -> None:
    """Raise `IncomparableVersions` if the scores of two methodology versions, given by name, cannot be compared."""
    if not are_comparable(load_methodology(before), load_methodology(after)):
        raise IncomparableVersions(before, after)


def rescore_batch(target: str, batch: Sequence[SubmittedScore]) -> list[tuple[str, RescoredScore]]:
    """Score submissions again under the methodology version `target`.

    Return pairs of organisation id and score, in the same order. This may run in another process, so all arguments can
    be pickled.
    """
    return [(score.organisation, _rescore(target, score)) for score in batch]


def _rescore(target: str, score: SubmittedScore) -> RescoredScore:
    source, other = load_methodology(score.methodology), load_methodology(target)
    submission = msgspec.convert(score.submission, Submission)
    converted, effects = convert_submission(submission, source, other)
    change = decompose_change(source, submission, other, converted)
    return RescoredScore(
        before=RescoredSide(change.index.before, change.level_before, score.status),
        after=RescoredSide(change.index.after, change.level_after, evaluate(other, converted).status),
        parts=change.parts,
        dimensions=_list_dimensions(change, {child.id for child in other.document.root.children}),
        version_effects=effects,
    )


def _list_dimensions(change: ChangeDecomposition, children: set[str]) -> tuple[RescoredNode, ...]:
    return tuple(
        RescoredNode(group.id, group.score.before, group.score.after, _compute_difference(group.score))
        for group in change.groups
        if group.id in children
    )


def _compute_difference(score: StagedScores) -> Points | None:
    if score.before is None or score.after is None:
        return None
    return to_figure(Fraction(str(score.after)) - Fraction(str(score.before)))


class _StoredSide(Struct):
    index: float | None
    level: int | None


class _StoredScore(Struct):
    before: _StoredSide
    after: _StoredSide


_DECIMALS: Final = 2
"""Decimals of the means."""


def summarise_rescored(before: str, after: str, details: Iterable[Mapping[str, Any]]) -> RescoringSummary:
    """Summarise the scores of an edition under its own version, `before`, and under another version, `after`.

    `details` are the results of the job that scored it again.
    """
    moves: Counter[tuple[int | None, int | None]] = Counter()
    sums = [Fraction(), Fraction()]
    rated = 0
    for detail in details:
        score = msgspec.convert(detail, _StoredScore)
        moves[score.before.level, score.after.level] += 1
        if score.before.index is not None and score.after.index is not None:
            rated += 1
            sums[0] += Fraction(str(score.before.index))
            sums[1] += Fraction(str(score.after.index))
    means = [None if rated == 0 else round_figure(total / rated, _DECIMALS) for total in sums]
    return RescoringSummary(
        methodology_before=before,
        methodology_after=after,
        organisations=moves.total(),
        rated=rated,
        mean_before=means[0],
        mean_after=means[1],
        levels=tuple(
            LevelMove(*levels, count)
            for levels, count in sorted(moves.items(), key=lambda move: [level or 0 for level in move[0]])
        ),
    )
