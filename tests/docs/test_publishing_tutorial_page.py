"""The tutorial of publishing tells the truth: its commands run as written, and print what it says that they print."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar

from actitud_api.demo import service as demo
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.keys import create_key
from tests.support.pasting import list_blocks, paste_blocks, replace_words
from tests.support.scale import NIGHT, TUTORIAL
from tests.support.serving import served

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("publishing-tutorial.md", "publishing-tutorial.es.md")


@pytest.fixture
def in_review(tmp_path: Path) -> Iterator[Litestar]:
    """The application on the demonstration as `demo --in-review` leaves it, with fewer organisations at the gate."""
    with opened(migrated_sqlite(tmp_path)) as database:
        make_key(database, tmp_path)
        demo.store_demonstration(database, lambda: None, range(1, TUTORIAL + 1))
        demo.publish_earlier_edition(database, tmp_path, lambda: None, now=datetime.now(UTC))
    with borrow_app(Settings(database_url=sqlite_url(tmp_path), signing_folder=tmp_path)) as made:
        yield made


def curl() -> None:
    """Without curl the test is skipped, or fails under `CI`."""
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("there is no curl, and CI is set: install the package curl", pytrace=False)
        pytest.skip("there is no curl: install the package curl")


@pytest.mark.parametrize("page", PAGES if NIGHT else PAGES[:1])
def test_the_commands_print_what_the_page_says(page: str, in_review: Litestar, tmp_path: Path) -> None:
    curl()
    with served(in_review) as address:
        words = {"KEY=actl_…": f"KEY={create_key(in_review.state['database'])}", STATED: address}
        blocks = [replace_words(block, words) for block in list_blocks(DOCS / page)]
        assert len(blocks) == 14
        printed = paste_blocks(blocks, tmp_path / "checkout", {"TMPDIR": str(tmp_path)})
    for block, output in zip(blocks, printed, strict=True):
        assert block.has_printed(output), (block.printed, output)


def test_both_pages_have_the_same_commands() -> None:
    """But for what they say to people, and the language that they ask for."""
    said = re.compile(r"""("reason| +-H 'Accept-Language|echo |.*\.problems).*| --lang es|lang=..|\["..|'\^  l.*""")

    def bare(page: str) -> list[list[str]]:
        codes = (block.code.splitlines() for block in list_blocks(DOCS / page))
        blocks = ([said.sub("", line).strip() for line in lines] for lines in codes)
        return [[line for line in block if line] for block in blocks]

    english, spanish = map(bare, PAGES)
    assert english == spanish
