"""Figures of publications for the operator."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from actitud_api.platform.storage.database import Session
from actitud_api.resources.publications import queries


def read_figures(session: Session) -> Iterator[Metric]:
    """Yield metrics: the numbers of first publications and of corrections, and the time of the newest publication.

    There is no time if nothing is published.
    """
    count = queries.count_revisions(session)
    yield CounterMetricFamily("actitud_publications", "Editions published for the first time", value=count.first)
    yield CounterMetricFamily("actitud_corrections", "Revisions that correct a published edition", value=count.later)
    if count.newest is not None:
        yield GaugeMetricFamily(
            "actitud_publication_timestamp_seconds",
            "Time of the newest publication or correction",
            value=count.newest.timestamp(),
        )
