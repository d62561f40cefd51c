"""HTTP routes of imports."""

from __future__ import annotations

from litestar import Controller, Response
from litestar.response import Stream

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.auth.idempotency import REPLAYED_HEADER, idempotent
from actitud_api.platform.auth.policy import IMPORTERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.problems import CONFLICT, NO_STORE, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import CSV, JSON_LINES, XLSX, File, Files
from actitud_api.platform.http.scope import ApiRequest, assign_entry_id
from actitud_api.platform.http.spooled_bodies import SpooledBody, SpooledFile
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments.schemas import EditionPath
from actitud_api.resources.imports import files, schemas
from actitud_api.resources.imports.files import SIZE_MAX, SUFFIXES, UnknownImportFile
from actitud_api.resources.imports.service import TEMPLATE_MAX, Importer, ImportRequest, TemplateTooLarge
from actitud_api.resources.imports.sources import ImportFault, ImportRejected
from actitud_api.resources.jobs.answers import JOB

IMPORTED = SpooledBody(CSV, JSON_LINES, XLSX)
TEMPLATE = File(schemas.TemplateQuery, XLSX, cache=NO_STORE)


def _locate(fault: ImportFault) -> Fault:
    """Return a fault of a file with its place as `sheet!row:column`, or what is known of it."""
    place = f"{fault.row}" if fault.column is None else f"{fault.row}:{fault.column}"
    pointer = place if fault.sheet is None else f"{fault.sheet}!{place}"
    detail = Texts("{text}", "{text}", text=lambda language: fault.detail[language])
    return Fault(pointer, fault.rule, fault.value, detail, fault.suggestion)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        ImportRejected,
        CONFLICT,
        Texts("El fichero no se puede importar; véase `errors`.", "The file cannot be imported; see `errors`."),
        lambda error, detail: [_locate(fault) for fault in error.faults],
    ),
    maps_to(UnknownImportFile, NOT_FOUND, Texts("No está el fichero {name}.", "There is no file {name}.")),
    maps_to(
        TemplateTooLarge,
        CONFLICT,
        lambda error: Texts(
            "Son más de {maximum} organizaciones: pida las que dependen de una con `parent`.",
            "There are more than {maximum} organisations: ask for those below one with `parent`.",
            maximum=TEMPLATE_MAX,
        ),
    ),
)


class _AnnotatedFiles(Files):
    """Representation of the annotated copies of files, each of the media type of its file."""

    def __init__(self) -> None:
        super().__init__({suffix: media_type for media_type, suffix in SUFFIXES.items()})
        self.cache = NO_STORE


ANNOTATED = _AnnotatedFiles()
_ID = {"job": "$response.body#/id"}
_LINKS = {
    "job": Link("jobs.get", _ID),
    "annotated": Link(
        "editions.imports.annotated",
        {"edition": "$request.path.edition", **_ID, "format": "csv"},
        "Once it has ended with faults or error findings: the file with these.",
    ),
}


class ImportsController(Controller):
    """Routes to import the assessments of many organisations from one file."""

    path = "/v1/editions/{edition:str}/imports"
    tags = ("assessments",)

    @post(
        "/",
        operation_id="editions.imports.create",
        access=IMPORTERS,
        body=IMPORTED,
        body_max=SIZE_MAX,
        status=202,
        answer=JOB,
        problems=(CONFLICT,),
        links=_LINKS,
    )
    def create_import(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.ImportQuery,
        body: SpooledFile,
        importing: Importer,
        principal: Principal,
        language: Language,
    ) -> Response[bytes]:
        """Import assessments from a file.

        The body is the file: CSV with a row for each fact (`organisation`, `indicator`, `field`, `value`, and
        `evidence_url`, `evidence_date`, `note`), CSV with a row for each organisation (columns `D1.01.numerator`,
        `profile:units`), JSON Lines with an assessment and its `organisation` in each line, or the workbook of
        `template.xlsx`. The rows of an organisation replace its whole assessment as a `PUT` would, unless they have a
        fault or equal the stored assessment. `revision` has the effect of `If-Match`: the assessment must have that
        revision, or be absent for `none`. The results of the job name the faults of each organisation, and the
        error findings of what is stored.
        """
        with body.file as content:
            received = importing.receive_file(path.edition, content, body.size, body.media_type, principal.origin)
        asked = ImportRequest(
            dry_run=query.dry_run,
            all_or_nothing=query.all_or_nothing,
            language=language,
            request=assign_entry_id(request.scope),
        )

        def enqueue(session: Session) -> Response[bytes]:
            return JOB.accept(request, session, importing.enqueue_import(session, received, principal, asked))

        is_enqueued = False
        try:
            response = idempotent(request, importing.database, enqueue)
            is_enqueued = REPLAYED_HEADER not in response.headers
        finally:
            if not is_enqueued:
                importing.delete_unwanted(received)
        return response

    @get("/template.xlsx", operation_id="editions.imports.template", access=IMPORTERS, answer=TEMPLATE)
    def get_template(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: schemas.TemplateQuery,
        importing: Importer,
        principal: Principal,
        language: Language,
    ) -> LargeResponse:
        """Get a workbook for many organisations.

        It has a row for each organisation, filled with its stored answers. A key of some organisations gets only their
        rows.
        """
        name = f"actitud-{path.edition}-{language}.xlsx"
        return LargeResponse(
            lambda: TEMPLATE.file_of(
                request, importing.build_template(path.edition, query.parent, principal, language), name
            )
        )

    @get(
        [f"/{{job:str}}/annotated.{suffix}" for suffix in SUFFIXES.values()],
        operation_id="editions.imports.annotated",
        access=IMPORTERS,
        answer=ANNOTATED,
    )
    def get_annotated(
        self, request: ApiRequest, path: schemas.AnnotatedPath, database: Database, principal: Principal
    ) -> Stream:
        """Get the annotated copy of a file.

        The sent file with its faults: marks and comments in a workbook, `faults` beside each row or in each line. The
        copy is deleted after seven days.
        """
        suffix = ANNOTATED.format_of(request)
        holder = None if principal.role == "administrator" else principal.origin
        record = files.find_annotated(database, path.edition, path.job, ANNOTATED.formats[suffix], holder)
        name = f"actitud-{path.edition}-{path.job}.{suffix}"
        headers = {
            "Cache-Control": NO_STORE,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Vary": "Accept, Authorization",
        }
        return Stream(files.iterate_pieces(database, record.id), headers=headers, media_type=record.kind)
