"""Common parts of all workbooks to fill in: rules for cells, and hidden sheets with options of lists and metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

import xlsxwriter
from xlsxwriter.utility import xl_range_abs
from xlsxwriter.worksheet import Worksheet

from actitud_api.engine.methodology.free_text import NOTE_MAX

METADATA: Final = "_metadata"
LISTS: Final = "_lists"
"""Name of the hidden sheet with the options of the drop-downs.

`METADATA` is the name of the hidden sheet that states the layout, methodology and language of the workbook.
"""
MADE: Final = datetime(2026, 1, 1)
"""Creation time in the properties of every file: it is fixed, so that equal workbooks have equal bytes."""
FIRST_OF_SPREADSHEETS: Final = date(1900, 3, 1)
"""First date that all spreadsheets store alike: some count a 29 February 1900, which did not exist."""
DAY_RULE: Final[Mapping[str, object]] = {
    "validate": "date",
    "criteria": "between",
    "minimum": date(1990, 1, 1),
    "maximum": date(2100, 12, 31),
}
NOTE_RULE: Final[Mapping[str, object]] = {"validate": "length", "criteria": "<=", "value": NOTE_MAX}
INPUT: Final[Mapping[str, object]] = {"locked": False, "border": 1, "border_color": "#8FA9B8"}
"""Format of the cells to fill in."""
_MESSAGE_MAX: Final = 255
"""Maximum length, in characters, of the messages that Excel shows about the input in a cell."""


class QuestionSheet(Worksheet):
    """Worksheet for formulas that are only references to cells, such as `=_lists!$A$1:$A$2`.

    It writes formulas unchanged, which is faster.
    """

    # XlsxWriter searches each formula for the names of 150 functions. That took a third of the time of a workbook.
    def _prepare_formula(self, formula: str, _: bool = False) -> str:
        return formula.removeprefix("=")


class OptionLists:
    """Lists of options for the drop-downs of a workbook, each stored once, on a hidden sheet.

    The rule of a cell refers to the sheet, because Excel allows at most 255 characters of options in a rule.
    """

    def __init__(self) -> None:
        self._lists: dict[tuple[str, ...], str] = {}

    def build_rule(self, options: Sequence[str]) -> dict[str, object]:
        """Return the data validation rule (XlsxWriter) of cells that accept only one of these options."""
        key = tuple(options)
        if key not in self._lists:
            index = len(self._lists)
            self._lists[key] = f"={LISTS}!{xl_range_abs(0, index, len(key) - 1, index)}"
        return {"validate": "list", "source": self._lists[key]}

    def write(self, book: xlsxwriter.Workbook, metadata: Mapping[str, str]) -> None:
        """Add two hidden sheets to a workbook: one with all lists, a column for each, and one with the metadata.

        The metadata sheet has a row with name and value for each item of `metadata`.
        """
        listed = book.add_worksheet(LISTS)
        listed.very_hidden()
        for row in range(max(map(len, self._lists), default=0)):
            for column, options in enumerate(self._lists):
                if row < len(options):
                    listed.write_string(row, column, options[row])
        about = book.add_worksheet(METADATA)
        about.very_hidden()
        for row, (name, value) in enumerate(metadata.items()):
            about.write_string(row, 0, name)
            about.write_string(row, 1, value)


def truncate_message(text: str) -> str:
    """Cut a message about the input in a cell, with an ellipsis, to the 255 characters that Excel shows."""
    return text if len(text) <= _MESSAGE_MAX else text[: _MESSAGE_MAX - 1] + "…"
