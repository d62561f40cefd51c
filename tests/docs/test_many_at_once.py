"""The page about many at once tells the truth: its blocks run as written, and print what it says that they print."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar

from actitud import Client
from actitud._calls import Call, Transport, drive
from actitud_api.demo import service as demo
from actitud_api.platform.auth import service as access
from actitud_api.settings import Settings
from tests.docs.test_a_whole_edition import blocks
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.scale import MANY, NIGHT
from tests.support.serving import served

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
    file = sqlite_url(tmp_path).removeprefix("sqlite:///")
    with drafted.state["database"].write() as session:
        key = access.create_key(session, (), role="administrator", days=1, now=datetime.now(UTC)).text
    calls: list[object] = []

    def count(call: Call[object], transport: Transport) -> object:
        calls.append(call)
        return drive(call, transport)

    monkeypatch.setattr("actitud._bind.drive", count)
    told = blocks(page)
    assert len(told) == 9
    names: dict[str, object] = {}
    with served(drafted) as address:
        try:
            for code, expected in told:
                mended = code.replace("actl_…", key).replace(STATED, address).replace("var/many.sqlite3", file)
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(mended, page, "exec"), names)
                pattern = ".*?".join(map(re.escape, expected.split("…")))
                # The service runs in this process too, and writes its log here.
                shown = re.sub(r'\{"job": .*\n', "", printed.getvalue())
                assert re.fullmatch(pattern, shown, re.DOTALL), (expected, shown)
        finally:
            for value in names.values():
                if isinstance(value, Client):
                    value.close()
    assert len(calls) <= CALLS_MAX


def test_both_pages_have_the_same_code() -> None:
    """But for what they say to people, and the language that they ask for."""

    def said(found: re.Match[str]) -> str:
        is_shown = " " in found[0] or found[0] in {'"en"', '"es"'}
        return "" if is_shown or found[0][1:-1] in _TITLES else found[0]

    def bare(page: str) -> list[str]:
        return [re.sub(r'"{3}[^"]*"{3}|"[^"\n]*"', said, code) for code, _ in blocks(page)]

    english, spanish = map(bare, PAGES)
    assert english == spanish


_TITLES = {
    *("Verdicts", "Code", "Documents", "Verdict", "Reason"),
    *("Dictámenes", "Código", "Documentos", "Dictamen", "Motivo"),
}
"""Names of the sheet and of columns, which are those of the language."""
