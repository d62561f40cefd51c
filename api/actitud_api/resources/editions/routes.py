"""HTTP routes of editions."""

from datetime import UTC, date, datetime

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration.state_names import EDITION_STATES
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import ADMINISTRATORS
from actitud_api.platform.auth.recording import with_audit_entry
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import delete, get, patch, post
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.editions import faults, schemas, service
from actitud_api.resources.editions.service import (
    CountedEdition,
    EditionCursorKey,
    EditionInconsistent,
    EditionNotOpen,
    UnknownEdition,
)

PAGE = Pages(schemas.EditionPage, sentences=True)
EDITION = Representation(schemas.Edition, sentences=True)
CURSOR: Cursor[EditionCursorKey] = Cursor("editions.list", tuple[date, str])
_ID = {"edition": "$response.body#/id"}
_LINKS = {
    "update": Link("editions.update", {**_ID, **VERSION}),
    "delete": Link("editions.delete", {**_ID, **VERSION}),
    "scores": Link("editions.scores.list", _ID),
    "summary": Link("editions.summary", _ID),
    "assessments": Link("editions.assessments.list", _ID),
    "template": Link("editions.imports.template", _ID),
    "import": Link("editions.imports.create", _ID),
    "submitted": Link("editions.assessments.list", {**_ID, "state": "submitted"}),
    "reviewed": Link("editions.assessments.list", {**_ID, "state": "under_review"}),
    "heard": Link("editions.assessments.list", {**_ID, "state": "hearing"}),
    "publications": Link("editions.publications.list", _ID),
    "publish": Link("editions.publications.create", _ID),
    "approve": Link("editions.approvals.create", _ID),
    "approvals": Link("editions.approvals.list", _ID),
    "rescore": Link("editions.rescorings.create", _ID),
    "samples": Link("editions.samples.list", _ID),
    "flags": Link("editions.flags.list", _ID),
    "badges": Link("badges.list", _ID),
}
_EDITION = Link("editions.get", _ID)
_LINKS_OF_CREATED = {name: _LINKS[name] for name in ("update", "delete")} | {"edition": _EDITION}


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownEdition,
        NOT_FOUND,
        lambda error: (
            Texts("No hay ninguna edición publicada.", "There is no published edition.")
            if error.edition == service.LATEST
            else Texts("No hay ninguna edición {edition}.", "There is no edition {edition}.", edition=error.edition)
        ),
    ),
    maps_to(
        EditionNotOpen,
        CONFLICT,
        lambda error: Texts(
            "Las evaluaciones de la edición {edition} no cambian así, porque la edición está {state}.",
            "The assessments of the edition {edition} do not change so, because the edition is {state}.",
            edition=error.edition,
            state=EDITION_STATES[error.state],
        ),
    ),
    maps_to(
        EditionInconsistent,
        CONFLICT,
        Texts("La edición no puede quedar así; véase `errors`.", "The edition cannot be left like this; see `errors`."),
        lambda error, detail: [faults.build_fault(contradiction) for contradiction in error.contradictions],
    ),
)


class EditionsController(Controller):
    """Routes to list, read, create, change and delete editions."""

    path = "/v1/editions"
    tags = ("editions",)

    @get(
        "/",
        operation_id="editions.list",
        access=ANYBODY,
        answer=PAGE,
        links={
            "edition": Link("editions.get", {"edition": "$response.body#/items/0/id"}),
            "second": Link("editions.get", {"edition": "$response.body#/items/1/id"}),
            "third": Link("editions.get", {"edition": "$response.body#/items/2/id"}),
            "file": Link("editions.export", {"format": "csv"}),
            "catalogue": Link("catalogue.get", {"format": "ttl"}),
            "package": Link("editions.datapackage", {"edition": service.LATEST}),
            "published": Link("editions.publications.list", {"edition": service.LATEST}),
            "ranking": Link("editions.scores.list", {"edition": service.LATEST}),
        },
    )
    def list_editions(
        self, request: ApiRequest, query: PageQuery, database: Database, language: Language
    ) -> Response[bytes]:
        """List the editions.

        In every state, newest reference date first. An unpublished edition shows its dates, but no score and no number
        of organisations.
        """
        total = query.make_total()
        rows = service.list_page(database, PageRange(CURSOR.read(query), query.offset, query.limit + 1, total))
        page, cursor = CURSOR.cut(query, rows, lambda row: (row.record.period_to, row.record.id))
        return PAGE.page_of(request, (schemas.build_edition(row, language) for row in page), cursor, total)

    @get("/{edition:str}", operation_id="editions.get", access=ANYBODY, answer=EDITION, links=_LINKS)
    def get_edition(self, request: ApiRequest, path: schemas.EditionPath, database: Database) -> Response[bytes]:
        """Get an edition.

        The id `latest` stands for the published edition with the newest reference date.
        """
        return _answer(request, service.get(database, path.edition))

    @post(
        "/",
        operation_id="editions.create",
        access=ADMINISTRATORS,
        answer=EDITION,
        problems=(CONFLICT,),
        links=_LINKS_OF_CREATED,
    )
    def create_edition(self, request: ApiRequest, body: schemas.EditionRequest, database: Database) -> Response[bytes]:
        """Create an edition.

        The new edition is open: organisations can answer at once. Windows and phases that the request leaves out get
        the defaults of the methodology.
        """
        draft = schemas.build_draft(body)

        def create(session: Session) -> Response[bytes]:
            edition = service.create(session, draft, now=datetime.now(UTC))
            return _answer(request, edition, created=f"/v1/editions/{edition.record.id}")

        return idempotent(request, database, create)

    @patch(
        "/{edition:str}",
        operation_id="editions.update",
        access=ADMINISTRATORS,
        answer=EDITION,
        problems=(CONFLICT,),
        links={"edition": _EDITION},
    )
    def update_edition(
        self,
        request: ApiRequest,
        path: schemas.EditionPath,
        body: schemas.EditionPatch,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Change an edition.

        Applies a JSON merge patch (RFC 7396) to titles, windows, calendar and state (`open` or `in_review`). A
        published edition is refused (409).
        """
        change = schemas.build_change(body)

        def update(session: Session) -> CountedEdition:
            return service.update(session, path.edition, change, expected=expected, now=datetime.now(UTC))

        return _answer(request, with_audit_entry(request, database, update))

    @delete("/{edition:str}", operation_id="editions.delete", access=ADMINISTRATORS, problems=(CONFLICT,))
    def delete_edition(
        self, request: ApiRequest, path: schemas.EditionPath, database: Database, expected: Expected
    ) -> None:
        """Delete an edition.

        A published edition, or an edition with assessments, is refused (409).
        """
        with_audit_entry(request, database, lambda session: service.delete(session, path.edition, expected=expected))


def _answer(request: ApiRequest, counted: CountedEdition, *, created: str | None = None) -> Response[bytes]:
    record = counted.record
    document = schemas.build_edition(counted, choose_language(request.scope))
    return EDITION.of(request, document, revision=build_revision(record.created, record.version), created=created)
