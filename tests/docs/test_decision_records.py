"""The decision records are numbered in order, listed, and one page each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "docs" / "adr"
RECORDS: Final = sorted(FOLDER.glob("[0-9]*.md"))


def test_records_are_numbered_in_order_and_listed() -> None:
    listed = re.findall(r"^(\d+)\. \[(.+)\]\((.+)\)$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE)
    titles = [path.read_text("utf-8").splitlines()[0] for path in RECORDS]
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert [(path.name, title) for path, title in zip(RECORDS, titles, strict=True)] == [
        (name, f"# {number}. {title}") for number, title, name in listed
    ]


def test_each_record_is_a_page_with_context_decision_and_consequences() -> None:
    texts = {path.name: path.read_text("utf-8") for path in RECORDS}
    assert texts
    assert {name for name, text in texts.items() if text.count("\n") > 40} == set()
    for name, text in texts.items():
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], name
