"""Faults of the counted files, with their position and remedy, in Spanish and English.

A fault never quotes a text, a name or a handle: only digits, signs and the words of dates in a cell are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import msgspec

from actitud.counting.fault_texts import DIFFERING_FIELDS, FAULT_TEXTS

_MOST_PLACES: Final = 20
"""Faults of one code in one column of one file that are kept with their place; of further ones only the number."""
_LONGEST_VALUE: Final = 40
_DATE_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "jan feb mar apr may jun jul aug sep sept oct nov dec january february march april june july august september "
        "october november december ene abr ago set dic enero febrero marzo abril mayo junio julio agosto septiembre "
        "setiembre octubre noviembre diciembre mon tue wed thu fri sat sun lun mié mie jue vie sáb sab dom "
        "gmt utc pst pdt",
    )
)
_OTHER_WORDS: Final = frozenset({"lifetime", "total", "true", "false", "null", "none", "nan"})
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_LONG_NUMBER: Final = re.compile(r"\d(?:[\s./-]?\d){6,}")
_DATE_IN_DIGITS: Final = re.compile(r"(?:19|20)\d\d(?:[-/.]?\d\d){2}(?!\d{3})|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}(?!\d)")
_IDENTITY: Final = re.compile(r"\b[XYZ]?\d{7,8}-?[A-Za-z]\b")
CUT: Final = "…"


class CountingFault(msgspec.Struct, frozen=True, kw_only=True):
    """Fault in an export file, at one position.

    - ``file``: name of the file; for a member of an archive, with its name in the archive.
    - ``line``: line of a text file, row of a sheet; None if the file has no lines.
    - ``column``: name of the column, or JSON Pointer.
    - ``value``: part of the cell that cannot identify a person.
    - ``suggestion``: likely new name of a column, two possible readings of a date …
    - ``is_refusal``: True if the row or file is not counted because of the fault.
    """

    code: str
    file: str
    line: int | None = None
    column: str | None = None
    value: str | None = None
    suggestion: str | None = None
    is_refusal: bool = True

    def explain(self, language: str) -> str:
        """Return a sentence that describes the fault, in Spanish if ``language`` is "es", else in English."""
        return self._fill(FAULT_TEXTS[self.code].what, language)

    def advise(self, language: str) -> str:
        """Return a sentence with a remedy for the fault, in Spanish if ``language`` is "es", else in English."""
        return self._fill(FAULT_TEXTS[self.code].remedy, language)

    def _fill(self, texts: tuple[str, str], language: str) -> str:
        text = texts[0] if language == "es" else texts[1]
        return text.format(
            file=self.file,
            line=CUT if self.line is None else self.line,
            column=self._name_column(language),
            value=self.value or CUT,
            suggestion=self.suggestion or CUT,
        )

    def _name_column(self, language: str) -> str:
        """Return the name of the column, or of the field of a message that differs between its copies."""
        if self.column is None:
            return CUT
        if self.code != "copies_differ":
            return self.column
        field = self.column.rpartition("/")[2]
        names = DIFFERING_FIELDS.get(field, (field, field))
        return names[0] if language == "es" else names[1]


class FileRefused(Exception):
    """Raised if a file cannot be read to its end, or not without guessing; none of its rows is counted."""

    def __init__(self, fault: CountingFault) -> None:
        super().__init__(fault.code)
        self.fault = fault


class FaultKind(NamedTuple):
    """Kind of a fault: its code, file and column. Faults of one kind are counted together."""

    code: str
    file: str
    column: str | None


class FaultLog:
    """Log of all faults found while files are read. Its memory does not grow with their number."""

    def __init__(self) -> None:
        self._shown: dict[FaultKind, list[CountingFault]] = {}
        self._numbers: dict[FaultKind, int] = {}

    def add(self, fault: CountingFault, number: int = 1) -> None:
        """Add a fault to the log; if many of its kind are logged already, only count it.

        ``number``: how often it occurs.
        """
        kind = FaultKind(fault.code, fault.file, _generalise_pointer(fault.column))
        self._numbers[kind] = self._numbers.get(kind, 0) + number
        places = self._shown.setdefault(kind, [])
        if len(places) < _MOST_PLACES:
            places.append(fault)

    def __iter__(self) -> Iterator[CountingFault]:
        """Iterate over the faults whose positions are stored, in the order of files, codes and positions."""
        for kind in self._list_kinds():
            yield from self._shown[kind]

    def __len__(self) -> int:
        """Return the number of all faults, including those whose positions are not stored."""
        return sum(self._numbers.values())

    def count(self, code: str | None = None, file: str | None = None) -> int:
        """Return the number of faults with a code in a file; None counts all codes or all files."""
        return sum(
            number for kind, number in self._numbers.items() if code in (None, kind.code) and file in (None, kind.file)
        )

    def list_numbers(self) -> list[tuple[FaultKind, int]]:
        """Return each kind of fault with the number of its faults."""
        return [(kind, self._numbers[kind]) for kind in self._list_kinds()]

    def _list_kinds(self) -> list[FaultKind]:
        return sorted(self._numbers, key=lambda kind: (kind.file, kind.code, kind.column or ""))


def _generalise_pointer(column: str | None) -> str | None:
    """Return a JSON Pointer without the numbers of its members, so that the members of an array count together."""
    return re.sub(r"/\d+(?=/|$)", "/*", column) if column and column.startswith("/") else column


def show_value(value: object) -> str:
    """Return the part of the value of a cell that cannot identify a person, in at most 40 characters.

    The result can be shown in a fault. Numbers, signs and the words of dates are kept. Other words, parts with a sign
    of a handle or an address, and numbers as long as a telephone or identity number are cut.
    """
    text = re.sub(r"\s+", " ", str(value)).strip()
    if "@" in text or "://" in text:
        return CUT
    # Abril, Mar and Sol are names too: a month is one beside a number.
    words = _DATE_WORDS | _OTHER_WORDS if re.search(r"\d", text) else _OTHER_WORDS
    text = _WORD.sub(lambda found: found[0] if found[0].lower() in words else CUT, text)
    text = _IDENTITY.sub(CUT, text)
    text = _LONG_NUMBER.sub(lambda found: found[0] if _DATE_IN_DIGITS.match(found[0]) else CUT, text)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + CUT
