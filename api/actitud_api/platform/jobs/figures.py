"""Figures of jobs for the operator: how many there are, and for how long one has been waiting."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from actitud_api.platform.jobs import queries
from actitud_api.platform.storage.database import Session, read_clock


def read_figures(session: Session) -> Iterator[Metric]:
    """Yield the metrics of jobs: number by kind and state, and the time when the longest waiting job became due."""
    jobs = GaugeMetricFamily("actitud_jobs", "Jobs that are kept, those that have ended too", labels=("kind", "state"))
    for labels, count in queries.count_by_state(session).items():
        jobs.add_metric(labels, count)
    yield jobs
    due_since = queries.find_due_since(session, read_clock(session))
    if due_since is not None:
        yield GaugeMetricFamily(
            "actitud_job_due_timestamp_seconds",
            "Time since which the job may be done that has been waiting for longest",
            value=due_since.timestamp(),
        )
