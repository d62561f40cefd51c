"""Metrics of the service for its operator, in the text format of Prometheus, at `/metrics`.

The counts of a process are in this module; each folder reads the metrics of its own tables from the database
(`figures.py`). If several processes serve one address, they count into files of one folder, which the library finds by
an environment variable (`FOLDER_VARIABLE`); each of them answers with the sums of all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from litestar.types import HTTPScope
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from actitud_api import __version__

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with the folder in which several processes count; read when the library is imported."""

BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the classes of durations in seconds: an answer from memory takes less than the first."""

_FORWARDED: Final = (b"x-forwarded-for", b"x-real-ip", b"forwarded", b"via")
"""Headers that a proxy adds."""

# Each series would have a second one with the time of its first count, which nobody reads.
disable_created_metrics()

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
"""Media type of the figures, which every Prometheus reads; OpenMetrics, its successor, tells nothing more of them."""

REGISTRY: Final = CollectorRegistry(auto_describe=True)
REQUESTS: Final = Counter(
    "actitud_http_requests",
    "Requests answered, by the template of their route",
    ("method", "route", "status"),
    registry=REGISTRY,
)
DURATION: Final = Histogram(
    "actitud_http_request_duration_seconds",
    "Time from a request to the last byte of its answer",
    ("method", "route"),
    buckets=BUCKETS,
    registry=REGISTRY,
)
IN_PROGRESS: Final = Gauge(
    "actitud_http_requests_in_progress", "Requests in progress", multiprocess_mode="livesum", registry=REGISTRY
)
MEMORY_READS: Final = Counter(
    "actitud_memory_reads",
    "Reads of what memory keeps: hit, stale (the database does not answer), or made anew",
    ("outcome",),
    registry=REGISTRY,
)
MEMORY_BYTES: Final = Gauge(
    "actitud_memory_bytes", "Bytes of answers kept in memory", multiprocess_mode="livesum", registry=REGISTRY
)
CONNECTIONS_FREE: Final = Gauge(
    "actitud_database_connections_free",
    "Connections of a pool that nobody uses",
    ("pool",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
CONNECTIONS_AWAITED: Final = Gauge(
    "actitud_database_connections_awaited",
    "Threads that wait for a connection of a pool",
    ("pool",),
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
HANDLERS_AWAITED: Final = Gauge(
    "actitud_handler_threads_awaited",
    "Requests that wait for a thread to run their handler",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
DATABASE_SILENCE: Final = Gauge(
    "actitud_database_silence_seconds",
    "Time since the database last answered the process that heard from it least recently",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)


class OperatorFigures:
    """Supplier of the metrics of a service to its operator, in Prometheus format.

    Only clients in the networks of the setting `metrics_networks` may read them; all others get 404.
    """

    def __init__(
        self, networks: Sequence[str], refresh: Callable[[], None], read: Callable[[], Iterable[Metric] | None]
    ) -> None:
        """Keep the networks that may read the metrics, and the functions that supply the metrics.

        Args:
            networks: Addresses and networks that may read the metrics.
            refresh: Sets the gauges of this process.
            read: Returns the metrics that are read from the database; None if the database does not answer.
        """
        self._networks = [ip_network(network) for network in networks]
        self.refresh = refresh
        self._read = read

    def may_read(self, scope: HTTPScope) -> bool:
        """Return True if the client of a request may read the metrics.

        The address of the connection counts. A request through a proxy is always refused, because behind a proxy all
        clients have the same address.
        """
        client = scope["client"]
        if client is None or any(name in _FORWARDED for name, _ in scope["headers"]):
            return False
        try:
            address = ip_address(client[0])
        except ValueError:
            return False
        return any(address in network for network in self._networks)

    def encode(self) -> bytes:
        """Return the present metrics in the text format of Prometheus."""
        self.refresh()
        metrics = self._read()
        registry = CollectorRegistry()
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is None:
            registry.register(REGISTRY)
            registry.register(_Process())
        else:
            _forget_ended_processes(Path(folder))
            MultiProcessCollector(registry, folder)
        registry.register(_Constant([*_describe_service(is_heard=metrics is not None), *(metrics or ())]))
        return generate_latest(registry)


class _Constant:
    """Collector of metrics that are known."""

    def __init__(self, metrics: Sequence[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        return self._metrics


class _Process:
    """Collector of the processor time, memory and open files of this process."""

    def __init__(self) -> None:
        self._inner = ProcessCollector(registry=None)

    def collect(self) -> Iterable[Metric]:
        """Return the metrics."""
        return self._inner.collect()


def _describe_service(*, is_heard: bool) -> Iterable[Metric]:
    build = GaugeMetricFamily("actitud_build_info", "Version of the service", labels=("version",))
    build.add_metric((__version__,), 1)
    yield build
    yield GaugeMetricFamily("actitud_database_up", "1 if the database answers, else 0", value=float(is_heard))


def _forget_ended_processes(folder: Path) -> None:
    """Drop the gauges of processes that have ended; what they counted stays."""
    for pid in {int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_live*_*.db")}:
        if not _is_running(pid):
            mark_process_dead(pid, str(folder))


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
