"""Workbooks over HTTP."""

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.contract import Link, contract
from actitud_api.platform.http.problems import CONFLICT, CONTENT_TOO_LARGE, NO_STORE, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import XLSX, File, Representation
from actitud_api.platform.http.requests import FileBody
from actitud_api.platform.http.scope import ApiRequest, language_of
from actitud_api.web.workbooks import schemas, service
from actitud_api.web.workbooks.package import Refused, TooLarge
from actitud_api.web.workbooks.service import AnotherVersion

TEMPLATE = File(schemas.WorkbookReading, XLSX)
FILLED = File(schemas.WorkbookReading, XLSX, cache=NO_STORE)
WORKBOOK = FileBody(XLSX, "application/octet-stream")
READING = Representation(schemas.WorkbookReading, cache=NO_STORE, sentences=True)

_READ = Link("methodologies.get", {"version": "$request.path.version"}, "What its codes mean.")


def _another_version(error: AnotherVersion) -> Texts:
    return Texts(
        f"El cuestionario es de la metodología {error.sent}, y el libro de la {error.asked}.",
        f"The questionnaire is of the methodology {error.sent}, and the workbook of {error.asked}.",
    )


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        AnotherVersion,
        CONFLICT,
        _another_version,
        lambda error: [Fault("/methodology", "version", None, _another_version(error), error.asked)],
    ),
    maps_to(
        TooLarge,
        CONTENT_TOO_LARGE,
        lambda error: error.detail,
        lambda error: [Fault(error.place, error.rule, None, error.detail)],
    ),
    maps_to(
        Refused,
        CONFLICT,
        lambda error: error.detail,
        lambda error: [Fault(error.place, error.rule, None, error.detail)],
    ),
)


class WorkbooksController(Controller):
    """The questionnaire of a methodology as a workbook."""

    path = "/v1/methodologies/{version:str}/workbook"
    tags = ("methodologies",)

    @get(
        "/",
        operation_id="methodologies.workbook.get",
        summary="The questionnaire as an empty workbook",
        description=(
            "An XLSX file in the language of `lang`: a sheet with the profile and one with every question, what counts "
            "as evidence, the ladder as a drop-down, and a message where a cell takes something else. Only cells for "
            "answers are unlocked."
        ),
        opt=contract(answer=TEMPLATE, path=schemas.WorkbookPath),
        sync_to_thread=True,
    )
    def get_workbook(self, request: ApiRequest, version: FromPath[str]) -> Response[bytes]:
        """The empty workbook."""
        language = language_of(request.scope)
        return TEMPLATE.file_of(request, service.template(version, language), f"actitud-{version}-{language}.xlsx")

    @post(
        "/",
        operation_id="methodologies.workbook.fill",
        summary="The questionnaire as a workbook with answers",
        description=(
            "The same workbook with what is sent; nothing is stored. A body of `POST /v1/scores` without `what_if`, or "
            "of an assessment, will do, and so will anything less, however little is answered. Numbers have 15 "
            "significant digits there. 409 where the questionnaire is of another version."
        ),
        status_code=200,
        opt=contract(answer=FILLED, path=schemas.WorkbookPath, body=service.REQUEST, problems=(CONFLICT,)),
        sync_to_thread=True,
    )
    def fill_workbook(self, request: ApiRequest, version: FromPath[str]) -> Response[bytes]:
        """The workbook with answers."""
        language = language_of(request.scope)
        body = service.filled(version, service.REQUEST.of(request), language)
        return FILLED.file_of(request, body, f"actitud-{version}-{language}.xlsx")

    @post(
        "/answers",
        operation_id="methodologies.workbook.read",
        summary="Read the answers in a workbook",
        description=(
            "What a workbook of this version holds, in whatever language it was made; nothing is stored. What is wrong "
            "in a cell is told with its place, and the rest is read. `scores` and `assessment` are ready to be sent. "
            "A file that is no workbook of this version is not read at all (409, with the reason: not XLSX, with a "
            "password, macros or links to other files, damaged, of another version), nor one with more in it than a "
            "questionnaire has (413)."
        ),
        status_code=200,
        opt=contract(
            answer=READING, path=schemas.WorkbookPath, body=WORKBOOK, problems=(CONFLICT,), links={"methodology": _READ}
        ),
        sync_to_thread=True,
    )
    def read_workbook(self, request: ApiRequest, version: FromPath[str]) -> Response[bytes]:
        """What a workbook holds."""
        read = service.read(version, WORKBOOK.of(request))
        return READING.of(request, schemas.answer(version, read, language_of(request.scope)))
