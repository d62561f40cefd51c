"""Figures for the operator: what they count, who reads them, and the line that each request leaves in the log."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.http.metrics import FOLDER_VARIABLE
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.settings import Network, Settings
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite
from tests.support.serving import served
from tests.support.waiting import PATIENCE

DEPLOY: Final = Path(__file__).parents[2] / "deploy" / "prometheus"
LOOPBACK: Final = (Network("127.0.0.1"),)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@contextmanager
def build_app(
    folder: Path, networks: tuple[Network, ...] = LOOPBACK, *, access_log: bool = False
) -> Iterator[Litestar]:
    settings = Settings(
        database_url=migrated_sqlite(folder),
        files_folder=folder / "files",
        metrics_networks=networks,
        access_log=access_log,
    )
    with borrow_app(settings) as app:
        yield app


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("metrics")
    with build_app(folder) as app, served(app) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
        yield client


def read_samples(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(client: httpx.Client) -> Samples:
    response = client.get("/metrics")
    assert response.status_code == 200
    return read_samples(response.text)


def count(samples: Samples, name: str, **labels: str) -> float:
    """Return the value of a figure, 0 if it is not there yet: those of other tests of this process are in it too."""
    return samples.get((name, tuple(sorted(labels.items()))), 0.0)


def test_each_request_counts_once_for_its_route_and_status(client: httpx.Client) -> None:
    before = read(client)
    assert client.get("/v1/editions/none").status_code == 404
    assert client.get("/v1/editions/nor-this").status_code == 404
    assert client.head("/v1/methodologies").status_code == 200
    assert client.request("PROPFIND", "/livez").status_code == 405
    after = read(client)

    def grown(name: str, **labels: str) -> float:
        return count(after, name, **labels) - count(before, name, **labels)

    route = "/v1/editions/{edition}"
    assert grown("actitud_http_requests_total", method="GET", route=route, status="404") == 2
    assert grown("actitud_http_requests_total", method="HEAD", route="/v1/methodologies", status="200") == 1
    assert grown("actitud_http_request_duration_seconds_count", method="GET", route=route) == 2
    assert grown("actitud_http_request_duration_seconds_bucket", method="GET", route=route, le="+Inf") == 2
    # Neither a method nor a path that a client invents becomes a series.
    assert grown("actitud_http_requests_total", method="other", route="other", status="405") == 1
    assert not any("nor-this" in str(key) or "PROPFIND" in str(key) for key in after)
    # The request that reads the figures is in progress itself.
    assert count(after, "actitud_http_requests_in_progress") == 1


def test_it_tells_what_memory_answered(client: httpx.Client) -> None:
    client.get("/livez")
    before = read(client)
    for _ in range(3):
        client.get("/problems/not-found", headers={"Accept-Language": "en"})
    after = read(client)
    outcomes = {
        outcome: count(after, "actitud_memory_reads_total", outcome=outcome)
        - count(before, "actitud_memory_reads_total", outcome=outcome)
        for outcome in ("made", "hit")
    }
    assert outcomes == {"made": 1, "hit": 2}
    route = "/problems/{slug}"
    assert (
        count(after, "actitud_http_requests_total", method="GET", route=route, status="200")
        - count(before, "actitud_http_requests_total", method="GET", route=route, status="200")
        == 3
    )
    assert count(after, "actitud_memory_bytes") > 0


@pytest.mark.parametrize("networks", [(), (Network("10.0.0.0/8"), Network("::1"))])
def test_for_other_networks_there_is_nothing(tmp_path: Path, networks: tuple[Network, ...]) -> None:
    with build_app(tmp_path, networks) as app, served(app) as address:
        response = httpx.get(f"{address}/metrics", timeout=PATIENCE)
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")


@pytest.mark.parametrize(
    "headers", [{"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"Via": "1.1 proxy"}]
)
def test_through_a_proxy_there_is_nothing(client: httpx.Client, headers: dict[str, str]) -> None:
    response = client.get("/metrics", headers=headers)
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")


def test_a_client_without_an_address_reads_nothing(tmp_path: Path) -> None:
    with build_app(tmp_path) as app:
        assert TestClient(app).get("/metrics").status_code == 404


def test_it_has_the_form_that_every_prometheus_reads(client: httpx.Client) -> None:
    response = client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=x, ;;, text/plain"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"


def test_it_tells_what_the_database_knows(tmp_path: Path) -> None:
    event = ledger.Event(action="cli.test", actor=None, subject="/v1/editions/2026", public=True)
    at = datetime(2026, 5, 4, tzinfo=UTC)
    with build_app(tmp_path) as app:
        database: Database = app.state["database"]
        with database.write() as session:
            # Two entries: the ledger begins with one of its own.
            ledger.append_entry(session, event, now=at)
            ledger.make_checkpoint(session, ledger.Signer(Ed25519PrivateKey.generate()), at)
            ledger.append_entry(session, event, now=at + timedelta(hours=1))
            job = jobs.enqueue_job(session, kind="test", parameters=event, principal=None)
        with served(app) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
            samples = read(client)
    assert count(samples, "actitud_database_up") == 1
    assert count(samples, "actitud_ledger_entries_total") == 3
    assert count(samples, "actitud_ledger_uncovered_entries") == 1
    # 4 May 2026, midnight UTC, and an hour later.
    assert count(samples, "actitud_ledger_checkpoint_timestamp_seconds") == 1_777_852_800
    assert count(samples, "actitud_ledger_uncovered_timestamp_seconds") == 1_777_856_400
    assert count(samples, "actitud_publications_total") == 0
    assert count(samples, "actitud_jobs", kind="test", state="queued") == 1
    assert count(samples, "actitud_job_due_timestamp_seconds") == pytest.approx(job.run_after.timestamp(), abs=1e-3)


def test_without_a_database_the_rest_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise Unavailable("gone")

    with build_app(tmp_path) as app, served(app) as address, httpx.Client(base_url=address, timeout=PATIENCE) as client:
        monkeypatch.setattr(Database, "read", fail)
        samples = read(client)
    assert ("actitud_database_up", ()) in samples
    assert count(samples, "actitud_database_up") == 0
    assert ("actitud_ledger_entries_total", ()) not in samples
    assert ("actitud_database_connections_free", (("pool", "read"),)) in samples


def test_several_processes_count_together(tmp_path: Path) -> None:
    """Two processes count 2 and 3 requests; one that has ended leaves its counts, and none of its gauges."""
    program = (
        "import sys\n"
        "from actitud_api.platform.http import metrics\n"
        "metrics.REQUESTS.labels('GET', '/livez', '200').inc(int(sys.argv[1]))\n"
        "metrics.MEMORY_BYTES.set(1000)\n"
        "figures = metrics.OperatorFigures((), lambda: None, lambda: ())\n"
        "sys.stdout.write(figures.encode().decode())\n"
    )
    environment = {**os.environ, FOLDER_VARIABLE: str(tmp_path)}
    for total, sent in ((2, "2"), (5, "3")):
        output = subprocess.run(
            [sys.executable, "-c", program, sent], env=environment, capture_output=True, text=True, check=True
        ).stdout
        samples = read_samples(output)
        assert count(samples, "actitud_http_requests_total", method="GET", route="/livez", status="200") == total
        assert count(samples, "actitud_memory_bytes") == 1000
    assert "actitud_build_info" in output


# --- the log ---------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("logs_as_before")
def test_a_request_leaves_a_line_without_query_key_or_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs()
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with build_app(tmp_path, (), access_log=True) as app, served(app) as address:
        httpx.get(f"{address}/v1/organisations?q=Lucía", headers={"X-Request-Id": "find-me", "traceparent": trace})
    entries = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (entry,) = [entry for entry in entries if entry["event"] == "request"]
    expected = {
        "request_id": "find-me",
        "traceparent": trace,
        "method": "GET",
        "path": "/v1/organisations",
        "route": "/v1/organisations",
        "status": 200,
        "key": None,
    }
    assert {name: entry[name] for name in expected} == expected
    assert entry["bytes"] > 0
    assert entry["seconds"] >= 0
    assert "Luc" not in json.dumps(entry)
    assert "127.0.0.1" not in json.dumps(entry)


# --- the alerts ------------------------------------------------------------------------------------------------


def test_every_figure_of_an_alert_exists(client: httpx.Client) -> None:
    names = {key[0] for key in read(client)} | {
        # Only of an installation that has an entry which no checkpoint covers, or a job that is due.
        "actitud_ledger_uncovered_timestamp_seconds",
        "actitud_job_due_timestamp_seconds",
        "actitud_jobs",
    }
    rules = YAML(typ="safe", pure=True).load(DEPLOY / "actitud.rules.yml")["groups"][0]["rules"]
    used = {name for rule in rules for name in re.findall(r"actitud_\w+", rule["expr"])}
    assert len(used) >= 6
    assert used <= names
    assert all(set(rule["annotations"]) == {"summary", "action"} for rule in rules)


@pytest.mark.parametrize(
    "command",
    [
        ["check", "config", "prometheus.yml"],
        pytest.param(["test", "rules", "actitud.tests.yml"], marks=pytest.mark.night),
    ],
)
def test_prometheus_takes_the_rules(command: list[str]) -> None:
    """`promtool` is Debian's; it reads the rules, and tries them on series by hand."""
    if shutil.which("promtool") is None:
        if "CI" in os.environ:
            pytest.fail("there is no promtool (Debian's package prometheus)")
        pytest.skip("there is no promtool (Debian's package prometheus)")
    run = subprocess.run(["promtool", *command], cwd=DEPLOY, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
