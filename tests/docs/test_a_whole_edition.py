"""The story of an edition tells the truth: its blocks run as written, and print what it says that they print."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Container, Iterator
from pathlib import Path

import pytest
from litestar import Litestar

from actitud import Client
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.keys import create_key
from tests.support.pasting import list_blocks, replace_words
from tests.support.scale import NIGHT
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


def run_blocks(page: str, count: int, installation: Litestar, folder: Path, file: str) -> None:
    """Run the code of a page, which has count blocks and says that the database is a file, against an installation."""
    blocks = list_blocks(ROOT / page)
    assert len(blocks) == count
    names: dict[str, object] = {}
    with served(installation) as address:
        words = {
            "actl_…": create_key(installation.state["database"]),
            STATED: address,
            file: sqlite_url(folder).removeprefix("sqlite:///"),
        }
        try:
            for block in blocks:
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(replace_words(block, words).code, page, "exec"), names)
                # The service runs in this process too, and writes its log here.
                shown = re.sub(r'\{"job": .*\n', "", printed.getvalue())
                assert block.has_printed(shown), (block.printed, shown)
        finally:
            for value in names.values():
                if isinstance(value, Client):
                    value.close()


def strip_what_is_said(page: str, titles: Container[str] = ()) -> list[str]:
    """The code of a page without what it says to people, the language that it asks for and what has those titles."""

    def said(found: re.Match[str]) -> str:
        is_shown = " " in found[0] or found[0] in {'"en"', '"es"'}
        return "" if is_shown or found[0][1:-1] in titles else found[0]

    return [re.sub(r'"{3}[^"]*"{3}|"[^"\n]*"', said, block.code) for block in list_blocks(ROOT / page)]


@pytest.mark.parametrize("page", PAGES if NIGHT else PAGES[:1])
def test_the_story_prints_what_the_page_says(page: str, installation: Litestar, tmp_path: Path) -> None:
    run_blocks(page, 10, installation, tmp_path, "var/edition.sqlite3")


def test_both_pages_have_the_same_code() -> None:
    english, spanish = map(strip_what_is_said, PAGES)
    assert english == spanish
