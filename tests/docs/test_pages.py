"""Every page begins with its title, and its links lead to a file and a heading that are there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
OTHERS: Final = {"node_modules", "dist", "var"}
"""Folders of programs and of what commands write, beside those whose name begins with a dot."""


def list_pages() -> list[Path]:
    """List the pages of the repository, without those of programs that are installed in it."""
    return sorted(
        page
        for page in ROOT.rglob("*.md")
        if not any(part.startswith(".") or part in OTHERS for part in page.relative_to(ROOT).parts)
    )


def read_prose(page: Path) -> str:
    """Return the text of a page without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def list_anchors(page: Path) -> list[str]:
    """List the anchors of the headings of a page, as GitHub makes them of headings that differ."""
    headings = re.findall(r"^#+ (.+)$", read_prose(page), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_has_a_title_and_its_links_lead_somewhere(page: Path) -> None:
    prose = read_prose(page)
    assert prose.startswith("# ")
    anchors = list_anchors(page)
    assert len(set(anchors)) == len(anchors)
    for target, anchor in re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        assert not anchor or file.suffix != ".md" or anchor in list_anchors(file), f"{target}#{anchor}"
