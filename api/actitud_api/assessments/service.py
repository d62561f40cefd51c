"""Use cases over assessments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fractions import Fraction

import msgspec

from actitud_api.assessments import queries
from actitud_api.assessments.tables import DIMENSIONS
from actitud_api.methodology.answers import Submission
from actitud_api.methodology.predicates import halfup
from actitud_api.scoring.result import COVERAGE_DECIMALS
from actitud_api.scoring.scalar import Evaluation
from actitud_api.storage.database import Session

__all__ = ["clear", "row", "store"]

UNRANKED = -1
"""The `rank_points` of an organisation that does not rank."""


def row(
    edition: str, organisation: str, submission: Submission, evaluation: Evaluation, at: datetime
) -> dict[str, object]:
    """What the database keeps of an assessment submitted at a time, by the columns of `tables.Assessment`."""
    return {
        "edition": edition,
        "organisation": organisation,
        "state": "submitted",
        "version": 1,
        "created": at,
        "updated": at,
        "submitted": at,
        "submission": msgspec.to_builtins(submission),
        "evidence": {},
        **_figures(evaluation),
    }


def store(session: Session, rows: Iterable[dict[str, object]]) -> None:
    """Stores rows made by `row`, of organisations that have no assessment in their edition."""
    queries.add(session, list(rows))


def clear(session: Session, edition: str) -> None:
    """Removes every assessment of an edition."""
    queries.remove(session, edition)


def _figures(evaluation: Evaluation) -> dict[str, object]:
    """How an assessment scores, by the columns of `tables.Assessment`."""
    ranked = evaluation.status in ("complete", "sufficient") and evaluation.index is not None
    return {
        "methodology": evaluation.plan.document.version,
        "status": evaluation.status,
        "level": evaluation.level,
        "rank_points": evaluation.index if ranked else UNRANKED,
        "index_value": evaluation.index,
        "index_max": evaluation.index_max,
        "coverage": _ten_thousandths(evaluation.coverage),
        **dict(zip(DIMENSIONS, evaluation.dimensions, strict=True)),
    }


def _ten_thousandths(coverage: Fraction | None) -> int | None:
    return None if coverage is None else halfup(coverage * 10**COVERAGE_DECIMALS)
