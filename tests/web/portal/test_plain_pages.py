"""Pages are in plain words: no id of a question, a rule or a period, and numbers as a person would round them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

import openpyxl
import pytest

from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite, unlimited
from tests.support.plain_words import LONG_NUMBERS, find_tokens
from tests.support.publishing import publish_stored
from tests.support.scale import SHOWN
from tests.web.portal.places import Client
from tests.web.portal.printed import read_pages

SHEETS: Final = tuple(f"XX-DEMO-{number:05}" for number in SHOWN)
PAGES: Final = (
    "",
    "2026-demo",
    "2026-demo?level=5",
    "2026-demo/territories",
    "2026-demo/dimensions",
    "2026-demo/dimensions/D9",
    f"2026-demo/compare?organisation={SHEETS[0]}&organisation={SHEETS[1]}",
    "embed",
    *(f"2026-demo/{organisation}" for organisation in SHEETS),
)
IN_CODE: Final = frozenset({"code", "pre", "script", "style"})
"""Elements with what somebody copies, or with what nobody reads."""
SPOKEN: Final = ("alt", "aria-label", "placeholder")


QUESTIONNAIRE: Final = "questionnaires/2027.1"


class Reader(HTMLParser):
    """Collects the words of a page that are seen or spoken, piece by piece."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.prose: list[str] = []
        """The pieces outside tables."""
        self._hidden = self._tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in IN_CODE
        self._tables += tag == "table"
        for name, said in attrs:
            if name in SPOKEN and said:
                self._add(said)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in IN_CODE
        self._tables -= tag == "table"

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self._add(" ".join(data.split()))

    def _add(self, piece: str) -> None:
        self.pieces.append(piece)
        if not self._tables:
            self.prose.append(piece)


def read(client: Client, path: str, language: str) -> Reader:
    """The pieces of a page."""
    response = client.get(f"/portal/{path}{'&' if '?' in path else '?'}lang={language}")
    assert response.status_code == 200, path
    reader = Reader()
    reader.feed(response.text)
    assert len(reader.pieces) > 20
    return reader


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with borrow_app(unlimited(migrated_sqlite(tmp_path_factory.mktemp("plain")))) as app:
        database: Database = app.state["database"]
        demo.store_demonstration(database, lambda: None, list(SHOWN))
        publish_stored(database, demo.EDITION)
        with Client(app) as client:
            yield client


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_page_has_an_id_or_a_sign_of_the_program(demonstration: Client, language: str) -> None:
    found = set[tuple[str, str]]()
    for path in PAGES:
        pieces = read(demonstration, path, language).pieces
        found |= {(path, piece) for piece in pieces if find_tokens(piece.strip(" .,:;()"))}
    # The words of its script have places for values, which it fills.
    pieces = [re.sub(r"\{\w+\}", "x", piece) for piece in read(demonstration, QUESTIONNAIRE, language).pieces]
    found |= {(QUESTIONNAIRE, piece) for piece in pieces if find_tokens(piece.strip(" .,:;()"))}
    assert found == set()


@pytest.mark.parametrize("language", LONG_NUMBERS)
def test_no_number_outside_a_table_has_more_than_two_decimals(demonstration: Client, language: str) -> None:
    """In pages, on paper and in the texts of workbooks."""
    paths = (*PAGES, QUESTIONNAIRE, "methodologies/2027.1", *(f"methodologies/2027.1/dimensions/D{n}" for n in (4, 9)))
    found = {(path, piece) for path in paths for piece in read(demonstration, path, language).prose}
    for sheet in SHEETS:
        printed = demonstration.get(f"/portal/2026-demo/{sheet}/sheet.pdf?lang={language}")
        found.add((printed.url.path, read_pages(printed.content).text))
    for version in ("2027.1", "2027.1-short"):
        workbook = demonstration.get(f"/v1/methodologies/{version}/workbook?lang={language}")
        for cells in openpyxl.load_workbook(io.BytesIO(workbook.content)):
            found |= {(version, cell.value) for row in cells for cell in row if isinstance(cell.value, str)}
    assert {(path, piece) for path, piece in found if LONG_NUMBERS[language].search(piece)} == set()
