"""What docs/webhooks.md says is so, in both languages: its steps run, and its limits are those that there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from typing import Any, Final, get_args

import httpx
import pytest
from litestar import Litestar
from msgspec import structs

from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.webhooks import delivery, queries, sending, service
from actitud_api.resources.webhooks.events import AssessmentTransitioned, EditionPublished, EventType, ScoreCorrected
from actitud_api.resources.webhooks.signatures import format_secret, sign_message
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED, blocks
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite
from tests.support.keys import create_key
from tests.support.serving import served
from tests.support.threads import run_in_thread
from tests.support.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ("docs/webhooks.md", "docs/webhooks.es.md")
KEY: Final = bytes(range(32))


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Litestar]:
    settings = Settings(database_url=migrated_sqlite(tmp_path), signing_folder=tmp_path)
    with borrow_app(settings) as made:
        yield made


@pytest.mark.parametrize("page", PAGES)
def test_its_steps_run(
    page: str, installation: Litestar, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = installation.state["database"]
    monkeypatch.setenv("ACTITUD_API_KEY", create_key(database, "publisher"))
    make, receive, repeat = blocks(page, "python")
    names: dict[str, Any] = {}
    with served(installation) as address:
        run(make.replace(STATED, address), page, names)
        with database.write() as session:
            service.announce(session, event(), now=datetime.now(UTC))
            (recorded,) = queries.list_deliveries(session, names["made"].id, None, PageRange())
            queries.update_delivery(session, recorded.id, {"state": "failed", "run_after": None})
        assert names["made"].secret.startswith("whsec_")

        secret = format_secret(KEY)
        run(receive.replace("whsec_…", secret).replace('("127.0.0.1", 8088)', '("127.0.0.1", 0)'), page, names)
        payload = recorded.payload.encode()
        statuses = send(names["server"], [payload, payload, b"{}"], recorded.message)
        run(repeat.replace(STATED, address), page, names)

    assert statuses == [204, 204, 400]
    assert capsys.readouterr().out.splitlines() == [f"{names['made'].id} active", "published 2026 sha256:0"]
    with database.read() as session:
        (again,) = queries.list_deliveries(session, names["made"].id, None, PageRange())
    assert (again.state, again.message) == ("pending", recorded.message)


def run(example: str, page: str, names: dict[str, Any]) -> None:
    """Run an example of a page."""
    exec(compile(example, page, "exec"), names)


def send(server: HTTPServer, bodies: list[bytes], message: str) -> list[int]:
    """Send messages to the receiver of the page, of which the first is signed; return its answers."""
    with run_in_thread(server):
        now = int(datetime.now(UTC).timestamp())
        signature = sign_message([KEY], message, now, bodies[0])
        headers = {"webhook-id": message, "webhook-timestamp": str(now), "webhook-signature": signature}
        address = f"http://127.0.0.1:{server.server_address[1]}/"
        return [httpx.post(address, content=body, headers=headers, timeout=PATIENCE).status_code for body in bodies]


def event() -> EditionPublished:
    """Return the publication of an edition."""
    return EditionPublished(
        edition="2026", revision=1, digest="sha256:0", organisations=1, publication="/v1", document="/v1"
    )


@pytest.mark.parametrize("page", PAGES)
def test_its_table_has_every_event_with_its_members(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \|.*\| ([^|]*) \|$", text, re.MULTILINE))
    members = {
        kind.type: [field.encode_name for field in structs.fields(kind)]
        for kind in (EditionPublished, ScoreCorrected, AssessmentTransitioned)
    }
    assert {name: re.findall(r"`(\w+)`", cell) for name, cell in rows.items()} == members
    assert tuple(rows) == get_args(EventType)


@pytest.mark.parametrize("page", PAGES)
def test_its_limits_are_those_that_there_are(page: str) -> None:
    text = " ".join((ROOT / page).read_text("utf-8").split())
    waits = [round(wait.total_seconds()) for wait in delivery.SCHEDULE]
    assert waits == [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]
    assert sum(waits) == (75 * 60 + 35) * 60 + 5
    limits = (sending.SECONDS, service.LOG_LIFETIME, service.OVERLAP, delivery.HOLD_MAX, delivery.FAILING_AFTER)
    days = (timedelta(days=30), timedelta(days=7), timedelta(minutes=5), timedelta(days=3))
    assert limits == (15, *days)
    for stated in ("75 ho", "35 minut", "15 se", "30 d", "7 d", "5 minut"):
        assert stated in text, stated
    assert delivery.JITTER == 0.1
    assert timedelta(hours=24) == sending.PAUSE_MAX
    assert re.search(r"429 (or|o) 503\b.* 24 ho", text)


@pytest.mark.parametrize("page", PAGES)
def test_it_says_what_to_do_about_every_problem(page: str) -> None:
    table = (ROOT / page).read_text("utf-8").rpartition("|---|---|\n")[2]
    named = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()))
    assert named == ["address", "name", "connection", "timeout", "certificate", "response", "status"]
    assert set(named) == set(get_args(sending.SendingProblem))
