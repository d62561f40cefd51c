"""Sampling uncertainty: the interval of a share that is counted in a sample of cases, and the index at its ends.

The method is that of docs/scoring.md, section 8.
"""

from __future__ import annotations

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.compile import CompiledIndicator
from actitud_api.engine.scoring.next_steps import BranchRescorer
from actitud_api.engine.scoring.result import Interval, to_points, to_quotient
from actitud_api.engine.scoring.wilson import MILLION, compute_wilson_interval


def compute_interval(branches: BranchRescorer, submission: Submission, leaf: CompiledIndicator) -> Interval | None:
    """Compute the sampling interval of an indicator that is a share, with the index at each end of the interval.

    `branches` computes the index for another score of the indicator. Without evidence for the answer, the scores at the
    two ends are at most the cap for such answers. Return None without a value, or if it counts more cases than the
    sample.
    """
    value = branches.evaluation.results[leaf.position].value
    if value is None:
        return None
    cases, n = value
    # A document need not have a rule that the part is at most the whole.
    if not 0 <= cases <= n:
        return None
    low, high = compute_wilson_interval(cases, n)
    cap = leaf.cap if leaf.definition.id in submission.self_declared else leaf.high
    first = branches.rescore(leaf, min(cap, leaf.curve(low, MILLION)))
    second = branches.rescore(leaf, min(cap, leaf.curve(high, MILLION)))
    if not leaf.is_rising:
        first, second = second, first
    unit = branches.evaluation.compiled.unit
    return Interval(
        n=n,
        lower=to_quotient(low, MILLION),
        upper=to_quotient(high, MILLION),
        index_lower=to_points(first, unit),
        index_upper=to_points(second, unit),
    )
