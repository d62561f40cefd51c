"""The pages of docs/security name tests and places that there are, and the table of ASVS has each item once."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Final

from tests.support.figures import FigureRecorder, known_tests
from tests.support.properties import PROPERTIES

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "security"
PAGES: Final = [*sorted(FOLDER.glob("*.md")), ROOT / "SECURITY.md"]
LEVELS: Final = {
    "V1": ["22", "1111122223", "112222222223", "222", "123"],
    "V2": ["122", "112", "12223", "23"],
    "V3": ["3", "113", "12223", "11222233", "11122333", "3", "22333"],
    "V4": ["12233", "23333", "22", "1222"],
    "V5": ["2", "112333", "113", "222"],
    "V6": ["122", "111111112222", "11223333", "112233", "22222333", "2223", "33", "2222"],
    "V7": ["222", "1111", "22", "11222", "223", "22"],
    "V8": ["1233", "1123", "133", "23"],
    "V9": ["111", "1222"],
    "V10": ["22", "223", "22223", "1111122222233333", "22222", "22", "222"],
    "V11": ["2233", "22233", "11233", "1222", "23", "23", "33"],
    "V12": ["12233", "11", "22223"],
    "V13": ["2333", "222223", "2233", "1222233"],
    "V14": ["22", "12223333", "122"],
    "V15": ["12233", "12233", "1222222", "3333"],
    "V16": ["2", "22222", "2222", "222", "2223"],
    "V17": ["23", "22223333", "22"],
}
"""Of ASVS 5.0.0: the levels of the items of each section of each chapter, in their order."""
ITEMS: Final = {
    f"{chapter}.{section}.{item}": int(level)
    for chapter, sections in LEVELS.items()
    for section, levels in enumerate(sections, 1)
    for item, level in enumerate(levels, 1)
}
STATES: Final = {"met", "partly", "not met", "n/a", "operator"}
TEST: Final = re.compile(r"`(tests/[\w/]+\.py::test_\w+)(?:\[[^`]*\])?`")


def test_every_test_that_a_page_names_is_there() -> None:
    named = {(page.name, test) for page in PAGES for test in TEST.findall(page.read_text("utf-8"))}
    assert len(named) > 100
    known = known_tests()
    assert sorted(place for place in named if place[1] not in known) == []


def test_every_property_that_a_page_names_has_a_row_of_figures() -> None:
    named = {name for page in PAGES for name in re.findall(r"`([RS]\d+)`", page.read_text("utf-8"))}
    assert named
    assert named <= set(PROPERTIES)


def find_faults(page: str) -> list[str]:
    """Return what a table of ASVS lacks or has too often, and the rows that say nothing."""
    rows = re.findall(r"^\| (V[\d.]+) \| (\d) \| (.+?) \| (.+?) \| (.+) \|$", page, re.MULTILINE)
    found = Counter((item, int(level)) for item, level, *_ in rows)
    wanted = Counter((item, level) for item, level in ITEMS.items() if level < 3)
    faults = [f"{item} of level {level}" for item, level in ((found - wanted) + (wanted - found)).elements()]
    # What is met names what shows it; what is not says what is missing; what does not apply says why.
    faults += [item for item, _, _, state, where in rows if state not in STATES or len(where) < 5]
    return faults


def test_the_table_of_asvs_has_each_item_of_levels_1_and_2_once(figure: FigureRecorder) -> None:
    assert Counter(ITEMS.values()) == {1: 70, 2: 183, 3: 92}
    page = (FOLDER / "asvs.md").read_text("utf-8")
    faults = find_faults(page)
    rows = re.findall(r"^\| V[\d.]+ .*\n", page, re.MULTILINE)
    broken = [page.replace(rows[7], ""), page + rows[7], page.replace("| V1.2.1 | 1 |", "| V1.2.1 | 2 |")]
    assert [len(find_faults(text)) for text in broken] == [1, 1, 2]
    assert faults == []
    states = Counter(re.findall(r"^\| V[\d.]+ \| \d \| .+? \| (.+?) \|", page, re.MULTILINE))
    figure(
        "R37",
        "items of ASVS 5.0.0, levels 1 and 2, that stand in the table not once, or without a test, place or reason; "
        + ", ".join(f"{states[state]} {state}" for state in ("met", "partly", "not met", "operator", "n/a")),
        tried=len(rows),
        failed=len(faults),
        control=f"of {len(broken)} tables with a row taken out, twice or of another level {len(broken)} are found",
    )
