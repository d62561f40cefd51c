"""Decoders of imports: tidy and wide CSV files and JSON Lines, with the assessments of many organisations."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from typing import Final

import msgspec

from actitud_api.engine.methodology.requests.content import AssessmentRequest
from actitud_api.platform.http.validation import SchemaValidator
from actitud_api.resources.assessments.service import REQUEST_TYPES
from actitud_api.resources.imports import csv_forms
from actitud_api.resources.imports.json_form import JsonLinesForm
from actitud_api.resources.imports.preparation import Form
from actitud_api.resources.imports.sources import (
    ImportRejected,
    OrganisationRows,
    Place,
    UnreadableRest,
    find_place,
    limit_faults,
    locate_fault,
)
from tests.fuzzing.target import Target
from tests.support.importing import TITLES, VERSION, encode, lines, list_rows, wide


@cache
def get_validator() -> SchemaValidator[AssessmentRequest]:
    """Return what checks the body of an assessment."""
    return SchemaValidator(REQUEST_TYPES[VERSION].whole)


def decode_csv(data: bytes) -> None:
    """Read a tidy or a wide CSV file."""
    decode_groups(csv_forms.read_form(io.BytesIO(data), VERSION), data)


def decode_lines(data: bytes) -> None:
    """Read a file with one assessment a line."""
    decode_groups(JsonLinesForm(), data)


def decode_groups(form: Form, data: bytes) -> None:
    """Read the rows of each organisation, and check what they say."""
    for group in form.iterate_groups(io.BytesIO(data)):
        check_group(form, group)


def check_group(form: Form, group: OrganisationRows) -> None:
    """Check the rows of an organisation as the worker does; each fault is one that an answer can hold."""
    places: dict[str, Place] = {}
    source = form.build_body(VERSION, group, places)
    found = get_validator().convert(source.body)
    wrong = found if isinstance(found, list) else []
    located = [locate_fault(find_place(places, fault.pointer, group), fault) for fault in wrong]
    msgspec.json.encode(limit_faults([*source.faults, *located])).decode()


def list_csv() -> Iterator[bytes]:
    """Yield a file of each form, and one of a spreadsheet in Spain."""
    rows = [row for organisation in ("XX-A", "XX-B") for row in [*list_rows(organisation)][:12]]
    yield encode(rows)
    yield encode(rows, delimiter=";")
    yield encode([[*rows[0], "counted", "sha256:", "2025"]], (*TITLES, "source", "source_manifest", "source_edition"))
    yield wide(["XX-A"])
    yield b"organisation;D1.01.numerator;profile:population\nXX-A;1,5;2\n"


def list_lines() -> Iterator[bytes]:
    """Yield files with assessments, and lines that are none."""
    yield lines(["XX-A"])
    yield b'{"organisation":"XX-A","revision":"none","profile":{},"answers":{"D1.01":{"numerator":1}}}\n[]\n'
    yield b'{"organisation":"XX-A","b":' + 2000 * b"[" + b"\n" + 2000 * b'{"a":'


TARGETS: Final = {
    "import_csv": Target(
        decode_csv,
        (ImportRejected, UnreadableRest),
        list_csv,
        b"organisation, indicator, field, value revision note source evidence_url profile: D1.01.level "
        b', ; "" \xef\xbb\xbf',
        8192,
    ),
    "import_lines": Target(
        decode_lines,
        (UnreadableRest,),
        list_lines,
        b'"organisation":" "revision": "profile":{ "answers":{ "D1.01":{ "evidence":[{ "methodology":" \\u0000 \n{',
    ),
}
