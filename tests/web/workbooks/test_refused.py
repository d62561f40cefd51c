"""A file that is no questionnaire, or more than one, is refused with a reason, before anything large is made of it."""

from __future__ import annotations

import functools
import io
import random
import re
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress

import openpyxl
import pytest
import xlsxwriter
from openpyxl.worksheet.worksheet import Worksheet

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.spreadsheets.package import WorkbookRejected
from actitud_api.web.workbooks.reading import read_questionnaire
from actitud_api.web.workbooks.writing import build_workbook
from tests.support.scale import BROKEN_WORKBOOKS
from tests.web.workbooks.test_cells import METHODOLOGY, example_a, row_of

SHEET = "xl/worksheets/sheet3.xml"
"""That of the indicators."""


def members(raw: bytes | None = None) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw or example_a())) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(contents: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return made.getvalue()


@functools.cache
def indicators() -> Worksheet:
    sheet: Worksheet = openpyxl.load_workbook(io.BytesIO(example_a()))["Indicadores"]
    return sheet


def with_sheet(change: Callable[[str], str]) -> bytes:
    contents = members()
    contents[SHEET] = change(contents[SHEET].decode()).encode()
    return packed(contents)


def with_cells(xml: str) -> bytes:
    return with_sheet(lambda text: text.replace("</sheetData>", f"{xml}</sheetData>"))


def flagged_encrypted(raw: bytes) -> bytes:
    """The same with the flag of encryption on every member of the central directory."""
    changed = bytearray(raw)
    place = raw.find(b"PK\x01\x02")
    while place >= 0:
        changed[place + 8] |= 1
        place = raw.find(b"PK\x01\x02", place + 1)
    return bytes(changed)


def lying(raw: bytes) -> bytes:
    """The same, whose directory says that a sheet is as small as 10 bytes."""
    size = len(members(raw)[SHEET]).to_bytes(4, "little")
    assert raw.count(size) >= 1
    return raw.replace(size, (10).to_bytes(4, "little"))


def shared_texts(count: int) -> bytes:
    """Many cells that show the same long text, which is there once."""
    contents = members()
    strings = contents["xl/sharedStrings.xml"].decode()
    place = strings.count("<si>")
    contents["xl/sharedStrings.xml"] = strings.replace("</sst>", f"<si><t>{'x' * 30_000}</t></si></sst>").encode()
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>{place}</v></c></row>' for row in range(1_000, 1_000 + count)
    )
    contents[SHEET] = contents[SHEET].decode().replace("</sheetData>", f"{rows}</sheetData>").encode()
    return packed(contents)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "format"),
    "text": (lambda: b"D1.01;160;320\n", "format"),
    "an old or encrypted one": (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000), "encrypted"),
    "encrypted members": (lambda: flagged_encrypted(example_a()), "encrypted"),
    "of LibreOffice": (lambda: packed({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"}), "format"),
    "half of it": (lambda: example_a()[: len(example_a()) // 2], "damaged"),
    "with macros": (lambda: packed({**members(), "xl/vbaProject.bin": b"x"}), "macro"),
    "linked to files": (lambda: packed({**members(), "xl/externalLinks/externalLink1.xml": b"<a/>"}), "external"),
    "linked to data": (lambda: packed({**members(), "xl/connections.xml": b"<a/>"}), "external"),
    "a document type": (
        lambda: with_sheet(lambda text: text.replace("<worksheet", '<!DOCTYPE a [<!ENTITY b "c">]><worksheet', 1)),
        "doctype",
    ),
    "another encoding": (lambda: with_sheet(lambda text: text.replace("UTF-8", "UTF-7", 1)), "damaged"),
    "no XML": (lambda: with_sheet(lambda text: text.replace("</sheetData>", "")), "damaged"),
    "a cell of no place": (lambda: with_cells('<row r="900"><c r="A0"><v>1</v></c></row>'), "damaged"),
    "another workbook": (lambda: foreign(), "format"),
    "another version": (lambda: of_draft(), "methodology"),
    "a sheet renamed": (
        lambda: packed(
            {name: content.replace(b'name="Perfil"', b'name="Otra"') for name, content in members().items()}
        ),
        "sheet",
    ),
}


def foreign() -> bytes:
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.add_worksheet("Perfil").write_string(0, 0, "D1.01")
    return made.getvalue()


def of_draft() -> bytes:
    return build_workbook(load_methodology("2099.1-draft"), "es")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_questionnaire_is_refused_with_a_reason(name: str) -> None:
    make, rule = REFUSED[name]
    with pytest.raises(WorkbookRejected) as refused:
        read_questionnaire(METHODOLOGY, make())
    assert refused.value.rule == rule
    assert refused.value.detail.into("es") != refused.value.detail.into("en")


def test_a_directory_that_lies_about_a_size_is_refused() -> None:
    with pytest.raises(WorkbookRejected):
        read_questionnaire(METHODOLOGY, lying(packed(members(), zipfile.ZIP_DEFLATED)))


@pytest.mark.parametrize(
    "xml",
    [
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>',
        '<row r="1048576" ht="12"/>',
    ],
)
def test_formatted_cells_without_a_value_may_be_anywhere(xml: str) -> None:
    """As spreadsheets leave them when whole rows or columns are formatted."""
    assert read_questionnaire(METHODOLOGY, with_cells(xml)).faults == ()


def test_the_size_that_a_sheet_says_it_has_is_not_believed() -> None:
    raw = with_sheet(lambda text: text.replace('<dimension ref="A1:J221"/>', '<dimension ref="A1:XFD1048576"/>'))
    assert raw != example_a()
    assert read_questionnaire(METHODOLOGY, raw).faults == ()


def test_an_address_that_a_spreadsheet_made_a_hyperlink_of_is_no_link_to_a_file() -> None:
    contents = members()
    contents["xl/worksheets/_rels/sheet3.xml.rels"] = (
        b'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        b'relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/hyperlink" Target="https://www.example.org/" TargetMode="External"/></Relationships>'
    )
    assert read_questionnaire(METHODOLOGY, packed(contents)).faults == ()


@pytest.mark.parametrize("written", ["inf", "-inf", "nan", "infinity"])
@pytest.mark.parametrize(("code", "rule"), [("D1.02.level", "enum"), ("D1.01.numerator", "type")])
def test_what_only_a_program_takes_for_a_number_is_none(written: str, code: str, rule: str) -> None:
    """No spreadsheet writes them, and the parser reads them as numbers."""
    cell = f"C{row_of(indicators(), code)}"
    raw = with_sheet(
        lambda text: re.sub(rf'<c r="{cell}"[^>]*><v>[^<]*</v></c>', f'<c r="{cell}"><v>{written}</v></c>', text)
    )
    assert raw != example_a()
    (fault,) = read_questionnaire(METHODOLOGY, raw).faults
    assert (fault.cell, fault.rule) == (f"Indicadores!{cell}", rule)


@pytest.mark.parametrize("index", ["9" * 5_000, "9" * 11, "-1", "\u00b2", "\u0663"])
def test_an_index_of_no_shared_text_is_never_a_fault_of_ours(index: str) -> None:
    raw = with_cells(f'<row r="900"><c r="A900" t="s"><v>{index}</v></c></row>')
    with suppress(WorkbookRejected):
        read_questionnaire(METHODOLOGY, raw)


def broken(seed: int) -> bytes:
    """A workbook with something changed anywhere: in the file, in the text of a member, or in which there are."""
    chance = random.Random(seed)
    contents = members()
    names = sorted(contents)
    match chance.randrange(4):
        case 0:
            raw = bytearray(example_a())
            for _ in range(chance.randrange(1, 20)):
                raw[chance.randrange(len(raw))] = chance.randrange(256)
            return bytes(raw)
        case 1:
            del contents[chance.choice(names)]
        case 2:
            name = chance.choice(names)
            changed = bytearray(contents[name])
            for _ in range(chance.randrange(1, 6)):
                place = chance.randrange(len(changed))
                changed[place : place + chance.randrange(8)] = chance.randbytes(chance.randrange(8))
            contents[name] = bytes(changed)
        case _:
            name = chance.choice([one for one in names if "sheet" in one or "shared" in one])
            text = contents[name]
            old, new = chance.choice(
                [
                    (b't="s"', b't="b"'),
                    (b't="s"', b't="e"'),
                    (b't="s"', b't="d"'),
                    (b't="s"', b't="inlineStr"'),
                    (b"<v>", b"<v>99999999999999999999"),
                    (b"<v>", b"<v>-"),
                    (b"<v>", b"<v>1e308"),
                    (b"<v>", b"<v>NaN"),
                    (b"<c r=", b"<c q="),
                    (b"<row r=", b"<row q="),
                    (b"<si>", b"<sj>"),
                    (b' s="', b' s="9'),
                    (b"<t>", b"<t>&#xFFFF;"),
                    (b"<v>", b"<f>1+1</f><v>"),
                ]
            )
            parts = text.split(old)
            kept = chance.randrange(max(len(parts) - 1, 1))
            contents[name] = old.join(parts[: kept + 1]) + new + old.join(parts[kept + 1 :])
    return packed(contents)


def test_whatever_is_changed_in_a_workbook_it_is_read_or_refused() -> None:
    outcomes = {"read": 0, "refused": 0}
    for seed in range(BROKEN_WORKBOOKS):
        try:
            read_questionnaire(METHODOLOGY, broken(seed))
            outcomes["read"] += 1
        except WorkbookRejected:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > BROKEN_WORKBOOKS / 10, outcomes
