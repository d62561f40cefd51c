"""Convert rows of many organisations to changes of their assessments: read, validate and score them together.

Pure: no database, no clock. It takes and returns bytes, so that it can run in another process: handing pickled objects
over took as long as checking them.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from itertools import islice
from time import perf_counter
from typing import BinaryIO, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.content import AssessmentContent, AssessmentRequest, to_content
from actitud_api.platform.http.problems import FAULTS_MAX
from actitud_api.platform.http.redaction import has_key
from actitud_api.platform.http.validation import SchemaValidator, has_control, quote_value
from actitud_api.resources.assessments.content_batches import ContentChange, ContentTarget, build_changes
from actitud_api.resources.assessments.schemas import find_pointer, format_finding
from actitud_api.resources.assessments.service import REQUEST_TYPES, Findings
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.imports.csv_forms import TidyForm, WideForm
from actitud_api.resources.imports.json_form import JsonLinesForm
from actitud_api.resources.imports.sources import (
    ImportFault,
    OrganisationRows,
    Place,
    SourceBody,
    UnreadableRest,
    build_fault,
    find_place,
    limit_faults,
    locate_fault,
)
from actitud_api.resources.imports.workbook_form import WorkbookForm

Form: TypeAlias = TidyForm | WideForm | JsonLinesForm | WorkbookForm
"""The forms of files; a tag tells them apart in the parameters of a job."""

Outcome = Literal["created", "replaced", "unchanged", "refused", "withheld"]
"""What became of the rows of an organisation: its assessment was created, replaced or is as it was; or the rows have
faults; or they have none and were not stored, because others have some and nothing was to be stored then.
"""

ABSENT: Final = "none"
"""The revision of rows that were written for an organisation without an assessment."""


class TargetRows(Struct, frozen=True, array_like=True):
    """The rows of an organisation, and the assessment that they are to replace.

    `target` is None if the rows must not change the assessment; `faults` has the reasons.
    """

    group: OrganisationRows
    target: ContentTarget | None
    faults: tuple[ImportFault, ...] = ()


class PreparationBatch(Struct, frozen=True):
    """Rows of several organisations of a file, with the form of the file and the edition for which they are checked.

    Dates are checked as of `now`. `items` has the rows of each organisation.
    """

    form: Form
    edition: EditionRecord
    now: datetime
    items: list[TargetRows]


class PreparedRows(Struct, frozen=True, array_like=True):
    """Result of preparing the rows of an organisation.

    Attributes:
        subject: Id of the organisation, or the identifier in the file if no organisation has it.
        row, last: Numbers of the first and of the last of the rows.
        change: Change of the assessment, None if the rows are refused.
        faults: Faults for which the rows are refused, empty if there are none.
        findings: Error findings of the assessment, each at its place; rows are stored in spite of them.
        severities: Number of its findings by severity.
        sent: Digest of the body of an assessment that was built from the rows, None if the rows are refused or change
            nothing.
    """

    subject: str
    row: int
    last: int
    change: ContentChange | None
    faults: tuple[ImportFault, ...] = ()
    sent: str | None = None
    findings: tuple[ImportFault, ...] = ()
    severities: dict[str, int] = {}

    @property
    def outcome(self) -> Outcome:
        """The outcome for the organisation if its rows are stored: created, replaced, unchanged or refused."""
        if self.change is None:
            return "refused"
        if self.change.is_unchanged:
            return "unchanged"
        return "created" if self.change.version is None else "replaced"


class PreparedBatch(Struct, frozen=True):
    """Results of preparing the rows of several organisations, in the order of the batch.

    `validating` and `scoring` are the seconds that these two steps took.
    """

    items: list[PreparedRows]
    validating: float
    scoring: float


def prepare_rows(encoded: bytes) -> bytes:
    """Validate and score the rows of several organisations, without storing them.

    `encoded` is a `PreparationBatch` and the result a `PreparedBatch`, both in MessagePack.
    """
    if multiprocessing.parent_process() is None:
        return msgspec.msgpack.encode(prepare_batch(_BATCH.decode(encoded)))
    # In a process of its own: a batch makes a million objects and no cycles, and to look for some took a third of the
    # time.
    gc.disable()
    try:
        return msgspec.msgpack.encode(prepare_batch(_BATCH.decode(encoded)))
    finally:
        gc.enable()


def prepare_batch(batch: PreparationBatch) -> PreparedBatch:
    """Validate and score the rows of several organisations, without storing them, in the same order."""
    started = perf_counter()
    prepared: dict[int, PreparedRows] = {}
    contents: dict[int, tuple[ContentTarget, AssessmentContent]] = {}
    bodies: dict[int, SourceBody] = {}
    refusals: dict[int, tuple[ImportFault, ...]] = {}
    for number, item in enumerate(batch.items):
        if item.target is None:
            prepared[number] = _refuse(item, _explain_untargeted(batch, item))
            continue
        bodies[number], content, refusals[number] = _read_content(batch.form, batch.edition.methodology, item.group)
        if content is None:
            prepared[number] = _refuse(item, refusals[number])
        else:
            contents[number] = item.target, content
    validated = perf_counter()
    changes = build_changes(batch.edition, list(contents.values()), now=batch.now)
    for number, (change, findings) in zip(contents, changes, strict=True):
        item, (target, _) = batch.items[number], contents[number]
        errors = tuple(finding for finding in findings if finding.severity == "error")
        located = _locate_findings(batch, item.group, errors) if errors else ()
        if refusals[number]:
            prepared[number] = _refuse(item, limit_faults((*refusals[number], *located)))
        elif not change.is_unchanged and not _is_expected(bodies[number].revision, target):
            prepared[number] = _refuse(item, (build_fault(item.group.locate(None), "revision", _CHANGED),))
        else:
            sent = None if change.is_unchanged else compute_digest(bodies[number].body)
            prepared[number] = PreparedRows(
                *(target.organisation, item.group.first, item.group.last, change, (), sent),
                findings=located,
                severities=Counter(finding.severity for finding in findings),
            )
    scored = perf_counter()
    return PreparedBatch(
        [prepared[number] for number in range(len(batch.items))], validated - started, scored - validated
    )


_BATCH: Final = msgspec.msgpack.Decoder(PreparationBatch)


def _refuse(item: TargetRows, faults: tuple[ImportFault, ...]) -> PreparedRows:
    written = item.group.organisation
    shown = "" if has_control(written) or quote_value(written) is None else written[:_SUBJECT_MAX]
    subject = shown if item.target is None else item.target.organisation
    return PreparedRows(subject, item.group.first, item.group.last, None, faults)


def _explain_untargeted(batch: PreparationBatch, item: TargetRows) -> tuple[ImportFault, ...]:
    """Return why rows change no assessment, and the faults of their cells."""
    faults = batch.form.build_body(batch.edition.methodology, item.group).faults
    # A line of JSON that cannot be read has no organisation for that reason.
    is_unreadable = faults and not item.group.organisation and isinstance(batch.form, JsonLinesForm)
    return limit_faults([*(() if is_unreadable else item.faults), *faults])


def list_faults(form: Form, version: str, stream: BinaryIO) -> list[ImportFault]:
    """Return the first `FAULTS_MAX` faults of the rows of a file that is rejected, up to a row that cannot be read.

    Only `_LOOKED_AT` organisations are looked at, because a request waits for it.
    """
    faults: list[ImportFault] = []
    with suppress(UnreadableRest):
        for group in islice(form.iterate_groups(stream), _LOOKED_AT):
            faults += _read_content(form, version, group)[2]
            if len(faults) >= FAULTS_MAX:
                break
    return faults[:FAULTS_MAX]


def _read_content(
    form: Form, version: str, group: OrganisationRows
) -> tuple[SourceBody, AssessmentContent | None, tuple[ImportFault, ...]]:
    """Return the body of an organisation's rows, the content of its assessment, and all faults.

    If there are faults, the content has no answer that they are in; it is None if the profile is at fault.
    """
    source = form.build_body(version, group)
    request = _get_validator(version).convert(source.body)
    if isinstance(request, AssessmentRequest) and not source.faults:
        if not has_key(msgspec.json.encode(source.body).decode()):
            return source, to_content(load_methodology(version), request), ()
        return source, None, (build_fault(group.locate(None), "key", _KEY),)
    # Once more for the places of its members, which only the few with faults need.
    places: dict[str, Place] = {}
    form.build_body(version, group, places)
    faults = list(source.faults)
    unreadable = {(fault.row, fault.column, fault.sheet) for fault in faults}
    for fault in request if isinstance(request, list) else ():
        if fault.pointer in source.unreadable:
            continue
        place = find_place(places, fault.pointer, group)
        if isinstance(form, JsonLinesForm):
            place = Place(place.row, fault.pointer or None)
        elif fault.rule == "required":
            fault = replace(fault, detail=_MISSING)
        # A cell that cannot be read is told once, and not as missing too.
        if (place.row, place.column, place.sheet) not in unreadable:
            faults.append(locate_fault(place, fault))
    answers = source.body.get("answers")
    if isinstance(request, list) and isinstance(answers, dict):
        faulty = {fault.pointer.split("/")[2] for fault in request if fault.pointer.startswith("/answers/")}
        rest = {name: answer for name, answer in answers.items() if name not in faulty}
        request = _get_validator(version).convert({**source.body, "answers": rest})
    content = to_content(load_methodology(version), request) if isinstance(request, AssessmentRequest) else None
    # Of a row that is missing in a sheet, all faults are alike.
    return source, content, limit_faults({str(fault): fault for fault in faults}.values())


def _locate_findings(batch: PreparationBatch, group: OrganisationRows, findings: Findings) -> tuple[ImportFault, ...]:
    """Return findings of an assessment as faults at the places of the values that they are about."""
    places: dict[str, Place] = {}
    version = batch.edition.methodology
    batch.form.build_body(version, group, places)
    located = []
    for finding in findings:
        pointer = find_pointer(finding)
        place = find_place(places, pointer, group)
        if isinstance(batch.form, JsonLinesForm):
            place = Place(group.first, pointer)
        sentence = Texts("{text}", "{text}", text=partial(format_finding, load_methodology(version), finding))
        located.append(build_fault(place, finding.rule, sentence))
    return limit_faults(located)


@cache
def _get_validator(version: str) -> SchemaValidator[AssessmentRequest]:
    return SchemaValidator(REQUEST_TYPES[version].whole)


def _is_expected(revision: str | None, target: ContentTarget) -> bool:
    """Return True if an assessment is in the state that the rows were written for, or if they do not say one."""
    if revision is None:
        return True
    # An entity tag is a revision, a hyphen, and a digest.
    return revision.strip('"').partition("-")[0] == (target.revision or ABSENT)


_SUBJECT_MAX: Final = 200
_LOOKED_AT: Final = 1_000
_MISSING: Final = Texts(
    "Falta un dato: el perfil se rellena entero, y de un indicador se responde todo o nada.",
    "Something is missing: the profile is filled in whole, and of an indicator all is answered, or nothing.",
)
_CHANGED: Final = Texts(
    "La evaluación ha cambiado desde que se preparó esta fila. Descárguela de nuevo y repita el cambio.",
    "The assessment has changed since this row was prepared. Download it again and repeat the change.",
)
_KEY: Final = Texts(
    "Hay una clave de este servicio en las filas: quítela. Si la han visto otros, sustitúyala.",
    "There is a key of this service in the rows: remove it. If others have seen it, replace it.",
)
