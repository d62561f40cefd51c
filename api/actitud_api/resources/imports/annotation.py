"""Annotated copies of text files: each row as it was sent, with its faults beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Language
from actitud_api.resources.imports.csv_forms import TidyForm, WideForm, iterate_rows
from actitud_api.resources.imports.json_form import JsonLinesForm, iterate_lines
from actitud_api.resources.imports.sources import ImportFault

FAULTS: Final = "faults"
"""Title of the column, and name of the member, with the faults of a row."""

_BOM: Final = b"\xef\xbb\xbf"


class TextAnnotationRequest(Struct, frozen=True):
    """A request to copy the text file at the path `source` to the path `target`, with its faults added to the copy.

    `faults` are all faults of the file; the copy has their texts in `language`.
    """

    source: str
    target: str
    form: TidyForm | WideForm | JsonLinesForm
    language: Language
    faults: tuple[ImportFault, ...]


def annotate_text(encoded: bytes) -> bytes:
    """Write a copy of an imported text file in which each row shows its faults as well.

    `encoded` is a `TextAnnotationRequest` in MessagePack; the result is empty. The function runs in another process.
    """
    request = msgspec.msgpack.decode(encoded, type=TextAnnotationRequest)
    faults: dict[int, list[str]] = {}
    for fault in request.faults:
        place = "" if fault.column is None else f"{fault.column}: "
        faults.setdefault(fault.row, []).append(place + fault.detail[request.language])
    with Path(request.source).open("rb") as source, Path(request.target).open("wb") as target:
        if isinstance(request.form, JsonLinesForm):
            target.writelines(_annotate_lines(source, faults))
        else:
            target.write(_BOM)
            text = io.TextIOWrapper(target, "utf-8", newline="")
            _annotate_rows(source, request.form, faults, text)
            text.flush()
            text.detach()
    return b""


def _annotate_lines(source: BinaryIO, faults: dict[int, list[str]]) -> Iterator[bytes]:
    for row in iterate_lines(source):
        (line,) = row.cells
        if row.number in faults:
            try:
                value = msgspec.json.decode(line)
            except (msgspec.DecodeError, RecursionError):
                value = None
            # A line that is no object has no members: it stands in one.
            value = value if isinstance(value, dict) else {"line": line}
            line = msgspec.json.encode({**value, FAULTS: faults[row.number]}).decode()
        yield f"{line}\n".encode()


def _annotate_rows(
    source: BinaryIO, form: TidyForm | WideForm, faults: dict[int, list[str]], target: io.TextIOWrapper
) -> None:
    titles = form.head.titles
    # A copy that is sent again has the column already.
    position = titles.index(FAULTS) if FAULTS in titles else len(titles)
    writer = csv.writer(target, delimiter=form.head.delimiter, lineterminator="\r\n")
    writer.writerow([*titles[:position], FAULTS, *titles[position + 1 :]])
    for number, cells in iterate_rows(source, form.head):
        told = " · ".join(faults.get(number, ()))
        # A row that is too short keeps its cells where they are.
        before = [*cells[:position], *[""] * (position - len(cells))]
        after = cells[position + 1 :] if position < len(titles) else cells[position:]
        writer.writerow([*before, told, *after])
