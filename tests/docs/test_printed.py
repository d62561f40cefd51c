"""`docs/figures.md` has what the benchmarks and the programs of others printed, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import printed

COLUMNS, PEERS = (printed.SECTIONS[part] for part in ("columns", "peers"))


def test_a_section_is_replaced_by_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "figures.md"
    for part, text in (("peers", "six programs"), ("columns", "slow  \nslower"), ("columns", "fast")):
        with printed.record_section(part, page):
            print(text)
    assert capsys.readouterr().out == "six programs\nslow  \nslower\nfast\n"
    assert re.findall("^## (.+)", page.read_text("utf-8"), re.MULTILINE) == [COLUMNS, PEERS]
    ran = r"20\d\d-\d\d-\d\d \S+( with changes)?"
    for heading, text in ((COLUMNS, "fast"), (PEERS, "six programs")):
        assert re.fullmatch(f"```\n{ran}\n{text}\n```", printed.read_sections(page)[heading])


def test_a_program_that_fails_leaves_the_page(tmp_path: Path) -> None:
    page = tmp_path / "figures.md"

    def fail() -> None:
        with printed.record_section("sdk", page):
            print("half of it")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not page.exists()


def test_the_page_has_all_sections_with_machine_and_load() -> None:
    sections = printed.read_sections()
    assert list(sections) == list(printed.SECTIONS.values())
    for text in sections.values():
        assert re.match(r"```\n20\d\d-\d\d-\d\d [0-9a-f]{8}\n\d+ cores \(.+\), load [\d.]+, Python [\d.]+", text)
    assert printed.PAGE.read_text("utf-8").startswith(printed.INTRODUCTION)
