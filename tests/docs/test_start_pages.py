"""The pages of docs/start tell the truth: pasted in order, their blocks run, and print what the pages say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.contract.outsider import run_sandbox
from tests.docs.test_readme import STATED
from tests.support.pasting import list_blocks, paste_blocks, replace_words
from tests.support.scale import NIGHT

START: Final = Path(__file__).parents[2] / "docs" / "start"
LANGUAGES: Final = ("", ".es") if NIGHT else ("",)
"""Ends of the names of the pages that are pasted: by day the English ones, which have the blocks of the others."""
ON_SANDBOX: Final = ("researcher",)
"""Users who begin with `make sandbox`."""
USERS: Final = ON_SANDBOX
WORDS: Final = re.compile(r" --lang es|lang=(en|es)\b|(?<=lang=\")(en|es)(?=\")|# .*")
"""Parts of a block that are for people, or in their language."""


@pytest.fixture(scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a sandbox; by day of the demonstration of all tests, which has the same published editions."""
    if NIGHT:
        with run_sandbox() as started:
            yield started["url"]
    else:
        yield request.getfixturevalue("address")


def check_page(page: str, folder: Path, words: dict[str, str], environment: dict[str, str]) -> None:
    """Paste the blocks of a page, with other words in place of some, and compare what they print with the page."""
    blocks = [replace_words(block, words) for block in list_blocks(START / page)]
    assert blocks
    for block, output in zip(blocks, paste_blocks(blocks, folder, environment), strict=True):
        assert block.has_printed(output), (block.printed, output)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("user", ON_SANDBOX)
def test_a_reader_of_the_sandbox_gets_what_the_page_says(
    user: str, language: str, sandbox: str, tmp_path: Path
) -> None:
    check_page(f"{user}{language}.md", tmp_path / "checkout", {STATED: sandbox}, {"ACTITUD_BASE_URL": sandbox})


@pytest.mark.parametrize("user", USERS)
def test_both_pages_have_the_same_blocks(user: str) -> None:
    """But for what they say to people, and the language that they ask for."""
    english, spanish = (
        [(block.kind, WORDS.sub("", block.code)) for block in list_blocks(START / f"{user}{language}.md")]
        for language in ("", ".es")
    )
    assert english == spanish


def test_the_folder_has_a_page_of_each_user_in_both_languages() -> None:
    assert sorted(page.name for page in START.iterdir()) == sorted(
        f"{user}{language}.md" for user in USERS for language in ("", ".es")
    )


def list_anchors(page: Path) -> set[str]:
    """List the anchors of the headings of a page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", sorted(START.glob("*.md")), ids=lambda page: page.name)
def test_links_lead_to_a_page_and_a_heading(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert not anchor or anchor in list_anchors(file), f"{target}#{anchor}"
