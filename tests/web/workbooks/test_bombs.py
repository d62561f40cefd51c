"""A small file that unfolds to something huge is refused before it has unfolded, and before the parser opens it."""

from __future__ import annotations

import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from typing import Any, Final

import pytest

from actitud_api.platform.spreadsheets import package
from actitud_api.platform.spreadsheets.package import WorkbookOversized, WorkbookRejected
from actitud_api.web.workbooks.reading import read_questionnaire
from tests.support.figures import FigureRecorder
from tests.support.scale import UNFOLDED
from tests.web.workbooks.test_cells import METHODOLOGY, example_a
from tests.web.workbooks.test_refused import lying, members, packed, shared_texts, with_cells, with_sheet

MEMORY_MAX: Final = 32 * 1024 * 1024
"""Bytes that reading may take at its peak."""
PIECE: Final = 64 * 1024
"""Bytes by which the limit may be passed before it is noticed."""
HUGE: Final = UNFOLDED * 1024 * 1024


def overlap(files: int, size: int) -> bytes:
    """Return an archive whose members share one stream of zeros, each quoting the header of the next one.

    Like the bomb of D. Fifield (2019): the stream of each member is a stored block with the header of the next one,
    and then the stream of that one.
    """
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream, content = kernel.compress(bytes(size)) + kernel.flush(), bytes(size)
    entries: list[tuple[int, bytes]] = []
    for number in reversed(range(files)):
        name = b"xl/media/%04d.png" % number
        facts = struct.pack("<5H3I2H", 20, 0, 8, 0, 33, zlib.crc32(content), len(stream), len(content), len(name), 0)
        header = b"PK\x03\x04" + facts + name
        entries.insert(0, (len(header) + len(stream), facts + bytes(10)))
        block = b"\0" + struct.pack("<2H", len(header), len(header) ^ 0xFFFF)
        whole, stream, content = header + stream, block + header + stream, header + content
    directory = b"".join(
        b"PK\x01\x02\x14\0" + facts + struct.pack("<I", len(whole) - length) + b"xl/media/%04d.png" % number
        for number, (length, facts) in enumerate(entries)
    )
    return whole + directory + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, files, files, len(directory), len(whole), 0)


def expand_entities() -> bytes:
    """Return a sheet with the entities of the "billion laughs"."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE w [<!ENTITY a0 "ha">{entities}]>'
    return with_sheet(lambda text: text.replace("<worksheet", f"{doctype}<worksheet", 1))


BOMBS: Final[dict[str, Callable[[], bytes]]] = {
    "one file of zeros": lambda: packed({**members(), "xl/media/image1.png": bytes(HUGE)}),
    "a sheet of spaces": lambda: with_sheet(lambda text: text + " " * HUGE),
    "many files": lambda: packed({**members(), **{f"xl/media/{number}.png": b"" for number in range(300)}}),
    "many middling files": lambda: packed(
        {**members(), **{f"xl/media/{number}.png": bytes(HUGE // 150) for number in range(150)}}
    ),
    "overlapping files": lambda: overlap(150, 1024 * 1024),
    "a directory that lies": lambda: lying(packed({**members(), "xl/worksheets/sheet3.xml": bytes(HUGE)})),
    "a cell at the end": lambda: with_cells('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
    "a cell at the end that does not say where": lambda: with_cells('<row r="1048576"><c><v>1</v></c></row>'),
    "many cells": lambda: with_cells(
        "".join(f'<row r="{row}">{"<c><v>1</v></c>" * 60}</row>' for row in range(1_000, 2_000))
    ),
    "one text in many cells": lambda: shared_texts(1_000),
    "many elements": lambda: with_sheet(
        lambda text: text.replace("</worksheet>", f"{'<a/>' * package.QUESTIONNAIRE_LIMITS.elements}</worksheet>")
    ),
    "elements in elements": lambda: with_sheet(
        lambda text: text.replace("</worksheet>", f"{'<a>' * 400_000}{'</a>' * 400_000}</worksheet>")
    ),
    "entities": expand_entities,
    "many sheets": lambda: packed(
        {
            name: content.replace(b"</sheets>", b'<sheet name="a" sheetId="9" r:id="rId9"/>' * 30 + b"</sheets>")
            for name, content in members().items()
        }
    ),
}


EXPECTED: Final = {"entities": "doctype", "a directory that lies": "damaged", "overlapping files": "damaged"}
"""Rules by which those are refused that are refused for another reason than their size."""


class Work:
    """What reading a file has cost: bytes that were inflated, and XML elements that were visited."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.inflated = 0
        self.elements = 0
        read, count = zipfile.ZipExtFile.read, package._PackageScan.count_element

        def read_counted(stream: zipfile.ZipExtFile, size: int | None = -1) -> bytes:
            data = read(stream, size)
            self.inflated += len(data)
            return data

        def count_counted(scan: Any, part: str) -> None:
            self.elements += 1
            count(scan, part)

        monkeypatch.setattr(zipfile.ZipExtFile, "read", read_counted)
        monkeypatch.setattr(package._PackageScan, "count_element", count_counted)


def refuse(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[Work, int, WorkbookRejected]:
    """Read a file that is refused before the parser opens it; return the work, the peak of memory, and the refusal."""
    with monkeypatch.context() as patch:
        work = Work(patch)
        patch.setattr(package, "CalamineWorkbook", None)
        tracemalloc.start()
        try:
            with pytest.raises(WorkbookRejected) as refused:
                read_questionnaire(METHODOLOGY, raw)
            return work, tracemalloc.get_traced_memory()[1], refused.value
        finally:
            tracemalloc.stop()


def test_each_bomb_is_refused_before_it_unfolds(monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder) -> None:
    inflated, elements, peak = 0, 0, 0
    for name, make in BOMBS.items():
        raw = make()
        assert len(raw) < 1024 * 1024, name
        work, memory, refusal = refuse(raw, monkeypatch)
        assert isinstance(refusal, WorkbookOversized) or refusal.rule == EXPECTED.get(name), (name, refusal.rule)
        assert work.inflated <= package.QUESTIONNAIRE_LIMITS.inflated + PIECE, name
        assert work.elements <= package.QUESTIONNAIRE_LIMITS.elements + 1, name
        assert memory < MEMORY_MAX, name
        inflated, elements = max(inflated, work.inflated), max(elements, work.elements)
        peak = max(peak, memory)
    figure(
        "R22",
        f"archive bombs that are read: at most {inflated:,} bytes were inflated, {elements:,} elements visited, "
        f"{peak / 2**20:.1f} MiB taken, and none reached the parser",
        tried=len(BOMBS),
        failed=0,
        control="a whole questionnaire is inflated and visited once, and read",
    )


def test_an_archive_in_an_archive_is_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {**members(), "xl/embeddings/a.zip": packed({"b.zip": packed({"c": bytes(HUGE)})})}
    work = Work(monkeypatch)
    assert read_questionnaire(METHODOLOGY, packed(contents)).faults == ()
    assert work.inflated == sum(map(len, contents.values()))


def test_the_work_of_reading_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a whole questionnaire is inflated and visited once."""
    work = Work(monkeypatch)
    read_questionnaire(METHODOLOGY, example_a())
    assert work.inflated == sum(map(len, members().values()))
    assert 1_000 < work.elements < 20_000
