"""The page about many at once tells the truth: its blocks run as written, and print what it says that they print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar

from actitud._calls import Call, Transport, drive
from actitud_api.demo import service as demo
from actitud_api.settings import Settings
from tests.docs.test_a_whole_edition import run_blocks, strip_what_is_said
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.scale import MANY, NIGHT

PAGES = ("docs/many-at-once.md", "docs/many-at-once.es.md")
FEW = 20
"""Organisations of the edition with which the Spanish page is played."""
CALLS_MAX = 19
"""The page promises fewer than twenty calls."""


@pytest.fixture
def page(request: pytest.FixtureRequest) -> str:
    """One of the pages."""
    named: str = request.param
    return named


@pytest.fixture
def drafted(page: str, tmp_path: Path) -> Iterator[Litestar]:
    """The application on the demonstration as `demo --drafts` leaves it, with fewer organisations at the gate.

    And for the Spanish page, whose code is that of the other.
    """
    count = MANY if page == PAGES[0] else FEW
    with opened(migrated_sqlite(tmp_path)) as database:
        make_key(database, tmp_path)
        demo.store_demonstration(database, lambda: None, range(1, count + 1), as_drafts=True)
        demo.publish_earlier_edition(database, tmp_path, lambda: None, now=datetime.now(UTC))
    with borrow_app(Settings(database_url=sqlite_url(tmp_path), signing_folder=tmp_path)) as made:
        made.state["jobs"].start()
        try:
            yield made
        finally:
            made.state["jobs"].stop()


@pytest.mark.parametrize("page", PAGES if NIGHT else PAGES[:1], indirect=True)
def test_the_page_prints_what_it_says_in_fewer_than_twenty_calls(
    page: str, drafted: Litestar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[object] = []

    def count(call: Call[object], transport: Transport) -> object:
        calls.append(call)
        return drive(call, transport)

    monkeypatch.setattr("actitud._bind.drive", count)
    run_blocks(page, 9, drafted, tmp_path, "var/many.sqlite3")
    assert len(calls) <= CALLS_MAX


def test_both_pages_have_the_same_code() -> None:
    english, spanish = (strip_what_is_said(page, _TITLES) for page in PAGES)
    assert english == spanish


_TITLES = {
    *("Verdicts", "Code", "Documents", "Verdict", "Reason"),
    *("Dictámenes", "Código", "Documentos", "Dictamen", "Motivo"),
}
"""Names of the sheet and of columns, which are those of the language."""
