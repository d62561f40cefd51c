"""Workbooks over HTTP."""

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.requests.questionnaire import QuestionnaireRequest
from actitud_api.platform.http.access import ANYBODY, ANYBODY_COMPUTING
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.inputs import FileBody
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.problems import CONFLICT, CONTENT_TOO_LARGE, NO_STORE, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import XLSX, File, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.web.workbooks import schemas, service
from actitud_api.web.workbooks.package import WorkbookOversized, WorkbookRejected
from actitud_api.web.workbooks.service import VersionMismatch

TEMPLATE = File(schemas.WorkbookReading, XLSX)
FILLED = File(schemas.WorkbookReading, XLSX, cache=NO_STORE)
WORKBOOK = FileBody(XLSX, "application/octet-stream")
READING = Representation(schemas.WorkbookReading, cache=NO_STORE, sentences=True)

_READ = Link("methodologies.get", {"version": "$request.path.version"}, "What its codes mean.")


def _another_version(error: VersionMismatch) -> Texts:
    return Texts(
        f"El cuestionario es de la metodología {error.sent}, y el libro de la {error.requested}.",
        f"The questionnaire is of the methodology {error.sent}, and the workbook of {error.requested}.",
    )


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        VersionMismatch,
        CONFLICT,
        _another_version,
        lambda error: [Fault("/methodology", "version", None, _another_version(error), error.requested)],
    ),
    maps_to(
        WorkbookOversized,
        CONTENT_TOO_LARGE,
        lambda error: error.detail,
        lambda error: [Fault(error.location, error.rule, None, error.detail)],
    ),
    maps_to(
        WorkbookRejected,
        CONFLICT,
        lambda error: error.detail,
        lambda error: [Fault(error.location, error.rule, None, error.detail)],
    ),
)


class WorkbooksController(Controller):
    """The questionnaire of a methodology as a workbook."""

    path = "/v1/methodologies/{version:str}/workbook"
    tags = ("methodologies",)

    @get("/", operation_id="methodologies.workbook.get", access=ANYBODY, answer=TEMPLATE)
    def get_workbook(self, request: ApiRequest, path: schemas.WorkbookPath, language: Language) -> Response[bytes]:
        """Get the questionnaire as an empty workbook.

        An XLSX file in the language of `lang`: a sheet with the profile and one with every question, what counts as
        evidence, the ladder as a drop-down, and a message where a cell takes something else. Only cells for answers are
        unlocked.
        """
        return TEMPLATE.file_of(
            request, service.build_template(path.version, language), f"actitud-{path.version}-{language}.xlsx"
        )

    @post(
        "/",
        operation_id="methodologies.workbook.fill",
        access=ANYBODY_COMPUTING,
        body=service.REQUEST,
        answer=FILLED,
        status=200,
        cors=True,
        problems=(CONFLICT,),
    )
    def fill_workbook(
        self, request: ApiRequest, path: schemas.WorkbookPath, body: QuestionnaireRequest, language: Language
    ) -> Response[bytes]:
        """Fill the questionnaire workbook with answers.

        The same workbook with what is sent; nothing is stored. A body of `POST /v1/scores` without `what_if`, or of an
        assessment, will do, and so will anything less, however little is answered. Numbers have 15 significant digits
        there. 409 where the questionnaire is of another version.
        """
        workbook = service.fill_workbook(path.version, body, language)
        return FILLED.file_of(request, workbook, f"actitud-{path.version}-{language}.xlsx")

    @post(
        "/answers",
        operation_id="methodologies.workbook.read",
        access=ANYBODY_COMPUTING,
        body=WORKBOOK,
        answer=READING,
        status=200,
        cors=True,
        problems=(CONFLICT,),
        links={"methodology": _READ},
    )
    def read_workbook(
        self, request: ApiRequest, path: schemas.WorkbookPath, body: bytes, language: Language
    ) -> Response[bytes]:
        """Read the answers in a workbook.

        What a workbook of this version holds, in whatever language it was made; nothing is stored. What is wrong in a
        cell is told with its place, and the rest is read. `scores` and `assessment` are ready to be sent. A file that
        is no workbook of this version is not read at all (409, with the reason: not XLSX, with a password, macros or
        links to other files, damaged, of another version), nor one with more in it than a questionnaire has (413).
        """
        read = service.read_workbook(path.version, body)
        return READING.of(request, schemas.build_reading(path.version, read, language))
