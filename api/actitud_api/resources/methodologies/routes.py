"""HTTP routes of methodology versions."""

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, UnknownMethodology
from actitud_api.platform.http.access import ANYBODY, ANYBODY_UNLIMITED
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.deprecation import Deprecation, announce_deprecation
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.operations import get, get_page
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import NOT_FOUND, ProblemMapping, maps_to
from actitud_api.platform.http.representations import REVALIDATE, Exact, Pages, Representation, conditional
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.resources.methodologies import schemas, service

PAGE = Pages(schemas.MethodologyPage, sentences=True)
DETAIL = Representation(schemas.MethodologyDetail, sentences=True)
SCHEMA = Exact(None)
CURSOR = Cursor("methodologies.list", str)

_VERSION = {"version": "$response.body#/version"}

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownMethodology,
        NOT_FOUND,
        Texts("No hay ninguna metodología {version}.", "There is no methodology {version}."),
    ),
)


class MethodologiesController(Controller):
    """Routes to list and read methodology versions."""

    path = "/v1/methodologies"
    tags = ("methodologies",)

    @get(
        "/",
        operation_id="methodologies.list",
        access=ANYBODY,
        answer=PAGE,
        links={"version": Link("methodologies.get", {"version": "$response.body#/items/0/version"})},
        threaded=False,
    )
    def list_versions(self, request: ApiRequest, query: PageQuery, language: Language) -> Response[bytes]:
        """List the registered methodology versions.

        Oldest first. A draft has a name such as `2030.1-draft`; it may still change, and so may scores under it.
        """
        total = query.make_total(len(service.list_methodologies(after=None)))
        rows = service.list_methodologies(after=CURSOR.read(query))[query.offset :]
        kept, cursor = CURSOR.cut(query, rows, lambda methodology: methodology.version)
        return PAGE.page_of(request, (schemas.build_summary(row, language) for row in kept), cursor, total)

    @get(
        "/{version:str}",
        operation_id="methodologies.get",
        access=ANYBODY,
        answer=DETAIL,
        links={
            "indicators": Link(
                "methodologies.indicators.export", {"version": "$response.body#/version", "format": "csv"}
            ),
            "schema": Link("methodologies.schema", _VERSION),
            "workbook": Link("methodologies.workbook.get", _VERSION),
            "fill": Link("methodologies.workbook.fill", _VERSION),
            "read": Link("methodologies.workbook.read", _VERSION),
        },
        threaded=False,
    )
    def get_version(self, request: ApiRequest, path: schemas.MethodologyPath, language: Language) -> Response[bytes]:
        """Get a methodology version.

        The complete document and its texts in one language. An active version never changes.
        """
        methodology = service.get_methodology(path.version)
        announce_retirement(request, methodology)
        return DETAIL.of(request, schemas.build_detail(methodology, language))

    @get(
        "/{version:str}/schema.json",
        operation_id="methodologies.schema",
        access=ANYBODY,
        answer=SCHEMA,
        threaded=False,
    )
    def get_schema(self, request: ApiRequest, path: schemas.MethodologyPath) -> Response[bytes]:
        """Get the JSON Schema of score requests under a version.

        The schema (2020-12) by which the body of `POST /v1/scores` is validated for one version. Retired versions have
        one too, although the OpenAPI document leaves them out.
        """
        announce_retirement(request, service.get_methodology(path.version))
        return SCHEMA.bytes_of(request, service.encode_request_schema(path.version), {})


def announce_retirement(request: ApiRequest, methodology: Methodology) -> None:
    """Mark the response about a retired methodology version as deprecated; do nothing for any other version.

    A retired version cannot be used by new editions. The headers of the response name the day of the retirement and a
    page about it.
    """
    if methodology.retired is not None:
        page = f"/portal/methodologies/{methodology.version}"
        announce_deprecation(request.scope, Deprecation(since=methodology.retired, page=page))


class DocumentSchemaController(Controller):
    """The route of the JSON Schema that methodology documents follow.

    The OpenAPI document does not list this route, but names its address in the schema of a methodology.
    """

    path = schemas.DOCUMENT_SCHEMA
    include_in_schema = False

    @get_page(
        "/",
        operation_id="methodologies.document_schema",
        access=ANYBODY_UNLIMITED,
        cors=True,
        threaded=False,
        by_language=False,
        is_constant=True,
    )
    def get_document_schema(self, request: ApiRequest) -> Response[bytes]:
        """Serve the JSON Schema of methodology documents."""
        return conditional(request, service.encode_document_schema(), {"Cache-Control": REVALIDATE}, JSON)
