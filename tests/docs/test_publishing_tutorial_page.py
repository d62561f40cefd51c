"""The tutorial of publishing tells the truth: its commands run as written, and print what it says that they print."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from litestar import Litestar

from actitud_api.demo import service as demo
from actitud_api.platform.auth import service as access
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.scale import NIGHT, TUTORIAL
from tests.support.serving import served

ROOT = Path(__file__).parents[2]
PAGES = ("docs/publishing-tutorial.md", "docs/publishing-tutorial.es.md")
MARK = "=== end of block ==="


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


def blocks(page: str) -> list[tuple[str, str]]:
    """The commands of a page, block by block, each with what it says that they print."""
    found = re.findall(
        r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return list(found)


@pytest.mark.parametrize("page", PAGES if NIGHT else PAGES[:1])
def test_the_commands_print_what_the_page_says(page: str, in_review: Litestar, tmp_path: Path) -> None:
    curl()
    now = datetime.now(UTC)
    with in_review.state["database"].write() as session:
        key = access.create_key(session, (), role="administrator", days=1, now=now).text
    told = blocks(page)
    assert len(told) == 14
    with served(in_review) as address:
        script = "".join(f"{commands}echo '{MARK}'\n" for commands, _ in told)
        script = script.replace("KEY=actl_…", f"KEY={key}").replace(STATED, address)
        assert key in script
        assert address in script
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
    *printed, rest = done.stdout.split(f"{MARK}\n")
    assert (done.returncode, done.stderr, rest) == (0, "", "")
    for (_, expected), actual in zip(told, printed, strict=True):
        pattern = ".*?".join(map(re.escape, expected.split("…")))
        assert re.fullmatch(pattern, actual), (expected, actual)


def test_both_pages_have_the_same_commands() -> None:
    """But for what they say to people, and the language that they ask for."""
    said = re.compile(r"""("reason| +-H 'Accept-Language|echo |.*\.problems).*| --lang es|lang=..|\["..|'\^  l.*""")

    def bare(page: str) -> list[list[str]]:
        lines = ([said.sub("", line).strip() for line in commands.splitlines()] for commands, _ in blocks(page))
        return [[line for line in block if line] for block in lines]

    english, spanish = map(bare, PAGES)
    assert len(english) == 14
    assert english == spanish
