"""Routes of workbooks."""

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.requests.questionnaire import QuestionnaireRequest
from actitud_api.platform.http.access import ANYBODY, ANYBODY_COMPUTING
from actitud_api.platform.http.inputs import FileBody
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.problems import CONFLICT, CONTENT_TOO_LARGE, NO_STORE, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import XLSX, File, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.spreadsheets.package import WorkbookOversized, WorkbookRejected
from actitud_api.resources.methodologies import service as methodologies
from actitud_api.resources.methodologies.routes import announce_retirement
from actitud_api.web.workbooks import schemas, service
from actitud_api.web.workbooks.service import VersionMismatch

TEMPLATE = File(schemas.WorkbookReading, XLSX)
FILLED = File(schemas.WorkbookReading, XLSX, cache=NO_STORE)
WORKBOOK = FileBody(XLSX, "application/octet-stream")
READING = Representation(schemas.WorkbookReading, cache=NO_STORE, sentences=True)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        VersionMismatch,
        CONFLICT,
        Texts(
            "El cuestionario es de la metodología {sent}, y el libro de la {requested}.",
            "The questionnaire is of the methodology {sent}, and the workbook of {requested}.",
        ),
        lambda error, detail: [Fault("/methodology", "version", None, detail, error.requested)],
    ),
    maps_to(
        WorkbookOversized,
        CONTENT_TOO_LARGE,
        lambda error: error.detail,
        lambda error, detail: [Fault(error.location, error.rule, None, detail)],
    ),
    maps_to(
        WorkbookRejected,
        CONFLICT,
        lambda error: error.detail,
        lambda error, detail: [Fault(error.location, error.rule, None, detail)],
    ),
)


class WorkbooksController(Controller):
    """Routes that return, fill and read the questionnaire of a methodology as an XLSX workbook."""

    path = "/v1/methodologies/{version:str}/workbook"
    tags = ("methodologies",)

    @get("/", operation_id="methodologies.workbook.get", access=ANYBODY, answer=TEMPLATE)
    def get_workbook(self, request: ApiRequest, path: schemas.WorkbookPath, language: Language) -> Response[bytes]:
        """Get the questionnaire as an empty workbook.

        An XLSX file with one sheet for the profile and one for all questions, with the accepted evidence, and with the
        steps of ladders as drop-down lists. Only the cells for answers can be changed.
        """
        announce_retirement(request, methodologies.get_methodology(path.version))
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
    ) -> LargeResponse:
        """Fill the questionnaire workbook with answers.

        Nothing is stored. The body is a body of `POST /v1/scores` without `what_if`, or of an assessment; answers may
        be missing. The workbook keeps 15 significant digits of a number. A questionnaire of another methodology version
        is refused (409).
        """
        name = f"actitud-{path.version}-{language}.xlsx"
        return LargeResponse(lambda: FILLED.file_of(request, service.fill_workbook(path.version, body, language), name))

    @post(
        "/answers",
        operation_id="methodologies.workbook.read",
        access=ANYBODY_COMPUTING,
        body=WORKBOOK,
        answer=READING,
        status=200,
        cors=True,
        problems=(CONFLICT,),
    )
    def read_workbook(
        self, request: ApiRequest, path: schemas.WorkbookPath, body: bytes, language: Language
    ) -> LargeResponse:
        """Read the answers in a workbook.

        Accepts a workbook of this version in any language; nothing is stored. The response has the answers of all cells
        without fault, and the place and reason of each fault. The file is refused with 409 and the reason if it is not
        a workbook of this version (not XLSX, with a password, macros or external links, damaged, of another version),
        and with 413 if it contains more than a questionnaire can.
        """

        def make() -> Response[bytes]:
            read = service.read_workbook(path.version, body)
            return READING.of(request, schemas.build_reading(path.version, read, language))

        return LargeResponse(make)
