"""The story of an edition tells the truth: its blocks run as written, and print what it says that they print."""

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
from actitud_api.platform.auth import service as access
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.serving import served

ROOT = Path(__file__).parents[2]
PAGES = ("docs/a-whole-edition.md", "docs/a-whole-edition.es.md")


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Litestar]:
    """The application on a database of its own, with nothing in it but a key that signs, and doing its jobs."""
    with opened(migrated_sqlite(tmp_path)) as database:
        make_key(database, tmp_path)
    with borrow_app(Settings(database_url=sqlite_url(tmp_path), signing_folder=tmp_path)) as made:
        made.state["jobs"].start()
        try:
            yield made
        finally:
            made.state["jobs"].stop()


def blocks(page: str) -> list[tuple[str, str]]:
    """The code of a page, block by block, each with what it says that it prints."""
    found = re.findall(
        r"^```python\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?",
        (ROOT / page).read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    return list(found)


@pytest.mark.parametrize("page", PAGES)
def test_the_story_prints_what_the_page_says(page: str, installation: Litestar, tmp_path: Path) -> None:
    file = sqlite_url(tmp_path).removeprefix("sqlite:///")
    with installation.state["database"].write() as session:
        key = access.create_key(session, (), role="administrator", days=1, now=datetime.now(UTC)).text
    told = blocks(page)
    assert len(told) == 10
    names: dict[str, object] = {}
    with served(installation) as address:
        try:
            for code, expected in told:
                mended = code.replace("actl_…", key).replace(STATED, address).replace("var/edition.sqlite3", file)
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


def test_both_pages_have_the_same_code() -> None:
    """But for what they say to people, and the language that they ask for."""

    def said(found: re.Match[str]) -> str:
        return "" if " " in found[0] or found[0] in {'"en"', '"es"'} else found[0]

    def bare(page: str) -> list[str]:
        return [re.sub(r'"{3}[^"]*"{3}|"[^"\n]*"', said, code) for code, _ in blocks(page)]

    english, spanish = map(bare, PAGES)
    assert english == spanish
