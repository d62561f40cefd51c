"""Figures of the ledger for the operator: how long it is, and how much of it no checkpoint covers yet."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from actitud_api.platform.audit_log.service import get_coverage
from actitud_api.platform.storage.database import Session


def read_figures(session: Session) -> Iterator[Metric]:
    """Yield the metrics of the ledger: number of entries, number without a checkpoint, and two times.

    The times are those of the first entry without a checkpoint and of the newest checkpoint.
    """
    coverage = get_coverage(session)
    yield CounterMetricFamily("actitud_ledger_entries", "Entries of the ledger", value=coverage.entries)
    yield GaugeMetricFamily(
        "actitud_ledger_uncovered_entries", "Entries after the newest checkpoint", value=coverage.uncovered
    )
    if coverage.waiting_since is not None:
        yield GaugeMetricFamily(
            "actitud_ledger_uncovered_timestamp_seconds",
            "Time of the first entry after the newest checkpoint",
            value=coverage.waiting_since.timestamp(),
        )
    if coverage.checkpoint is not None:
        yield GaugeMetricFamily(
            "actitud_ledger_checkpoint_timestamp_seconds",
            "Time of the newest checkpoint",
            value=coverage.checkpoint.timestamp(),
        )
