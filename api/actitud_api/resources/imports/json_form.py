"""Imported JSON Lines: one assessment per line, in the form that `PUT` accepts and `GET` returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.requests.content import AssessmentRequest
from actitud_api.platform.http.inputs import NotJson, parse_json
from actitud_api.platform.http.validation import Json
from actitud_api.resources.assessments.schemas import Assessment
from actitud_api.resources.imports.sources import (
    ImportFault,
    OrganisationRows,
    Place,
    SourceBody,
    SourceRow,
    UnreadableRest,
    build_fault,
    locate_fault,
)

LINE_MAX: Final = 1024 * 1024
"""Highest number of bytes of a line, as of the body with one assessment."""

_ANSWERED: Final = frozenset({*Assessment.__struct_fields__, "faults"}) - {*AssessmentRequest.__struct_fields__}
"""Members that an answer or an annotated copy has beside those of a request: nothing is read from them."""


class _Named(Struct):
    organisation: str = ""
    organisation_name: str = ""


class JsonLinesForm(Struct, frozen=True, tag="json"):
    """Form of a JSON Lines file, which has one assessment per line."""

    def iterate_groups(self, stream: BinaryIO) -> Iterator[OrganisationRows]:
        """Yield each line of a file that is not empty, as the rows of the organisation in it.

        Raises:
            UnreadableRest: From some line on, the file cannot be read.
        """
        for row in iterate_lines(stream):
            try:
                named = msgspec.json.decode(row.cells[0], type=_Named)
            except (msgspec.MsgspecError, RecursionError):
                named = _Named()
            yield OrganisationRows(named.organisation.strip(), [row], row.number, names=(named.organisation_name,))

    def build_body(self, version: str, group: OrganisationRows, places: dict[str, Place] | None = None) -> SourceBody:
        """Decode the line of an organisation to the body of an assessment, and return it with the faults of the line.

        `version` is the methodology version of the edition. `places` (in other forms the cell of each member) stays
        empty, because a fault of a line names the member of the body and not a cell.
        """
        (row,) = group.rows
        try:
            value = parse_json(row.cells[0].encode())
        except NotJson as error:
            faults = [locate_fault(Place(row.number, fault.pointer or None), fault) for fault in error.faults]
            return SourceBody({"methodology": version}, faults)
        if not isinstance(value, dict):
            return SourceBody({"methodology": version}, [build_fault(Place(row.number), "type", _NO_OBJECT)])
        faults = []
        body: dict[str, Json] = {"methodology": version}
        for name, member in value.items():
            if name == "methodology":
                if member != version:
                    faults.append(
                        build_fault(Place(row.number, "/methodology"), "edition", _OTHER.fill(version=version))
                    )
            elif name not in _ANSWERED and name != "revision":
                body[name] = member
        return SourceBody(body, faults, self._find_revision(row, value.get("revision"), faults))

    def _find_revision(self, row: SourceRow, revision: Json, faults: list[ImportFault]) -> str | None:
        if revision is None or isinstance(revision, str):
            return revision or None
        faults.append(build_fault(Place(row.number, "/revision"), "type", _NO_TEXT))
        return None


def iterate_lines(stream: BinaryIO) -> Iterator[SourceRow]:
    """Yield the lines of a file that are not empty, each as a row with its number, from 1, and one cell.

    Raises:
        UnreadableRest: A line is too long, or not UTF-8.
    """
    number = 0
    while line := stream.readline(LINE_MAX):
        number += 1
        if len(line) == LINE_MAX and not line.endswith(b"\n"):
            raise UnreadableRest(build_fault(Place(number), "length", _TOO_LONG.fill(maximum=LINE_MAX)))
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError as error:
            raise UnreadableRest(build_fault(Place(number), "encoding", _NOT_UTF8)) from error
        if text:
            yield SourceRow(number, [text])


_NO_OBJECT: Final = Texts(
    "La línea debe ser un objeto con una evaluación.", "The line must be an object with an assessment."
)
_OTHER: Final = Texts(
    "La edición se responde con la metodología {version}.", "The edition is answered under the methodology {version}."
)
_NO_TEXT: Final = Texts("Debe ser un texto.", "It must be a string.")
_TOO_LONG: Final = Texts(
    "La línea tiene más de {maximum} bytes: ponga una evaluación en cada línea.",
    "The line has more than {maximum} bytes: put one assessment in each line.",
)
_NOT_UTF8: Final = Texts("No es UTF-8. Guárdelo de nuevo en UTF-8.", "It is not UTF-8. Save it again as UTF-8.")
