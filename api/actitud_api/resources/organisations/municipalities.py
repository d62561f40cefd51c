"""Parse a CSV file of Spanish municipalities and report every fault in it. Pure.

The file is UTF-8, with or without a byte order mark, separated by commas or semicolons. It has at least the columns
`COLUMNS`, in any order. It may have `domains`, with spaces between several, and `ine`, `province_code` and
`region_code`, which have to be those of `dir3`; other columns are ignored.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import Literal

from msgspec import Struct

from actitud_api.resources.organisations.domains import DomainRule, find_domain_faults
from actitud_api.resources.organisations.identifiers import DIR3, InvalidIdentifier, Reason, parse_identifier
from actitud_api.resources.organisations.territories import PROVINCES

COLUMNS = ("dir3", "name", "population")
_IDS = ("organisation", "id")
"""Names of the column `dir3` in dumps of organisations."""
_DOMAINS = "domains"
MAXIMUM_NAME = 200
MAXIMUM_POPULATION = 10**12
"""Largest population that is accepted; it is also the largest number that a fact may have (SCORING, section 2)."""

FaultCode = (
    Reason
    | DomainRule
    | Literal[
        "encoding",
        "csv",
        "empty",
        "column_missing",
        "column_repeated",
        "fields",
        "name",
        "population",
        "ine",
        "not_a_municipality",
        "ine_differs",
        "province_differs",
        "region_differs",
        "repeated",
        "taken",
    ]
)


class MunicipalityFault(Struct, frozen=True):
    """A fault of a file of municipalities.

    Attributes:
        line: Number of the line where it is; the header is line 1.
        column: Name of the column, None if the whole line or file is at fault.
        code: Kind of fault.
        value: Wrong value, None if there is none.
        expected: Right value, None if it is not known.
    """

    line: int
    column: str | None
    code: FaultCode
    value: str | None = None
    expected: str | None = None


class MunicipalityLine(Struct, frozen=True):
    """A municipality in a line without fault of a file of municipalities; the header is line 1.

    `province`, `region`: INE codes. `domains`: hosts of its pages, empty if the file does not say any.
    """

    line: int
    dir3: str
    ine: str
    name: str
    province: str
    region: str
    population: int
    domains: tuple[str, ...]


def parse_municipalities(
    raw: bytes, advance: Callable[[], None]
) -> tuple[list[MunicipalityLine], list[MunicipalityFault]]:
    """Parse a CSV file of municipalities and return its municipalities and its faults.

    `raw` is the content of the file. `advance` is called once per line, to show progress. If there are faults, the list
    of municipalities is incomplete.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [MunicipalityFault(raw.count(b"\n", 0, error.start) + 1, None, "encoding")]
    municipalities: list[MunicipalityLine] = []
    faults: list[MunicipalityFault] = []
    lines_by_id: dict[str, int] = {}
    try:
        for line, row in _read_rows(text, faults):
            advance()
            line_faults = list(_check_row(line, row))
            first = lines_by_id.setdefault(row["dir3"], line)
            if first != line:
                line_faults.append(MunicipalityFault(line, "dir3", "repeated", row["dir3"], str(first)))
            faults += line_faults
            if not line_faults:
                municipalities.append(
                    MunicipalityLine(
                        line=line,
                        dir3=row["dir3"],
                        ine=row["ine"],
                        name=row["name"],
                        province=row["province_code"],
                        region=row["region_code"],
                        population=int(row["population"]),
                        domains=tuple(row.get(_DOMAINS, "").split()),
                    )
                )
    except _Unreadable as error:
        faults.append(error.fault)
    return municipalities, faults


class _Unreadable(Exception):
    def __init__(self, fault: MunicipalityFault) -> None:
        super().__init__(fault.code)
        self.fault = fault


def _read_rows(text: str, faults: list[MunicipalityFault]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each line of a CSV file as its number and its values by column.

    For a line with more or fewer fields than the header, a fault is added to `faults` instead. Raises `_Unreadable` if
    the text is not CSV or lacks a column.
    """
    header, _, _ = text.partition("\n")
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        titles = [name.strip() for name in next(reader, [])]
        names = ["dir3" if name in _IDS and "dir3" not in titles else name for name in titles]
        _check_header(names)
        # A quoted field may span lines: a row is reported by its first line.
        line = reader.line_num + 1
        for fields in reader:
            if len(fields) == len(names):
                yield line, _complete({name: field.strip() for name, field in zip(names, fields, strict=True)})
            elif fields:
                faults.append(MunicipalityFault(line, None, "fields", str(len(fields)), str(len(names))))
            line = reader.line_num + 1
    except csv.Error as error:
        raise _Unreadable(MunicipalityFault(line, None, "csv", str(error))) from error


def _complete(row: dict[str, str]) -> dict[str, str]:
    """Return a row with the bare DIR3 code, and with the codes of the INE that follow from it if it has none."""
    unit = row["dir3"].removeprefix(f"{DIR3}-")
    province = PROVINCES.get(unit[3:5])
    derived = {"ine": unit[3:8], "province_code": unit[3:5], "region_code": province.region if province else ""}
    return derived | row | {"dir3": unit}


def _check_header(names: list[str]) -> None:
    if not any(names):
        raise _Unreadable(MunicipalityFault(1, None, "empty"))
    for column in (*COLUMNS, "ine", "province_code", "region_code", _DOMAINS):
        if names.count(column) > 1:
            raise _Unreadable(MunicipalityFault(1, column, "column_repeated"))
        if column in COLUMNS and column not in names:
            raise _Unreadable(MunicipalityFault(1, column, "column_missing"))


def _check_row(line: int, row: dict[str, str]) -> Iterator[MunicipalityFault]:
    """Yield the faults of one line of the file, in the order of the columns.

    `line` is its number; `row` has its values by column.
    """
    yield from _check_dir3(line, row["dir3"])
    if not re.fullmatch(r"[0-9]{5}", row["ine"]):
        yield MunicipalityFault(line, "ine", "ine", row["ine"])
    elif re.fullmatch(r"L01[0-9]{6}", row["dir3"]) and row["ine"] != row["dir3"][3:8]:
        yield MunicipalityFault(line, "ine", "ine_differs", row["ine"], row["dir3"][3:8])
    if not 0 < len(row["name"]) <= MAXIMUM_NAME or not row["name"].isprintable():
        yield MunicipalityFault(line, "name", "name", row["name"], str(MAXIMUM_NAME))
    if row["province_code"] not in PROVINCES or row["province_code"] != row["ine"][:2]:
        yield MunicipalityFault(line, "province_code", "province_differs", row["province_code"], row["ine"][:2])
    else:
        region = PROVINCES[row["province_code"]].region
        if row["region_code"] != region:
            yield MunicipalityFault(line, "region_code", "region_differs", row["region_code"], region)
    if not re.fullmatch(r"[0-9]{1,13}", row["population"]) or int(row["population"]) > MAXIMUM_POPULATION:
        yield MunicipalityFault(line, "population", "population", row["population"])
    for fault in find_domain_faults(row.get(_DOMAINS, "").split()):
        yield MunicipalityFault(line, _DOMAINS, fault.rule, fault.value, fault.expected)


def _check_dir3(line: int, unit: str) -> Iterator[MunicipalityFault]:
    try:
        parse_identifier(f"{DIR3}-{unit}")
    except InvalidIdentifier as error:
        yield MunicipalityFault(line, "dir3", error.reason, unit, error.expected)
    else:
        if not unit.startswith("L01"):
            yield MunicipalityFault(line, "dir3", "not_a_municipality", unit)
