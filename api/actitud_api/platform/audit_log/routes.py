"""Routes of the ledger, its checkpoints, and the public keys that verify them."""

from typing import Final

import structlog
from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.audit_log import schemas, service
from actitud_api.platform.audit_log.service import SigningKeyFault, UnknownCheckpoint
from actitud_api.platform.http.access import ANYBODY, KEY_SHOWS_MORE
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.middleware.policy import holder_of
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import NOT_FOUND, UNAVAILABLE, ProblemError, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange

PAGE = Pages(schemas.LedgerPage)
CHECKPOINTS = Pages(schemas.CheckpointPage)
CHECKPOINT = Representation(schemas.Checkpoint)
KEYS = Representation(schemas.JsonWebKeySet)
CURSOR: Cursor[int] = Cursor("ledger.list", int)
CHECKPOINTS_CURSOR: Cursor[int] = Cursor("ledger.checkpoints.list", int)
_NEWEST = Link("ledger.checkpoints.get", {"size": service.LATEST})
_KEYS = Link("signing_keys.list", {})

RETRY_AFTER: Final = "60"
"""Value of `Retry-After` in seconds while the service cannot sign; an operator has to restore the key."""

_CANNOT_SIGN = Texts(
    "El servicio no puede firmar ahora; quien lo administra sabe por qué.",
    "The service cannot sign now; whoever runs it knows why.",
)
_RESTORED = Texts(
    "La base de datos se ha recuperado de una copia anterior a lo último que se firmó, y no se firma nada más hasta "
    "que quien administra el servicio lo haga constar en el libro de cambios.",
    "The database was brought back from a copy that is older than what was signed last, and nothing more is signed "
    "until whoever runs the service has entered that in the ledger.",
)

_log = structlog.get_logger()


def _cannot_sign(error: Exception) -> ProblemError:
    """Log why nothing can be signed, and return a problem that reveals no more than whether a copy was brought back."""
    _log.error("cannot sign", reason=str(error))
    is_restored = isinstance(error, SigningKeyFault) and error.code == "restored"
    detail = _RESTORED if is_restored else _CANNOT_SIGN
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER})


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownCheckpoint,
        NOT_FOUND,
        lambda error: (
            Texts("Todavía no hay ningún punto de control.", "There is no checkpoint yet.")
            if error.size == service.LATEST
            else Texts("No hay ningún punto de control de ese tamaño.", "There is no checkpoint of that size.")
        ),
    ),
    (SigningKeyFault, _cannot_sign),
)


class LedgerController(Controller):
    """Routes of the ledger of changes and its checkpoints."""

    path = "/v1/ledger"
    tags = ("ledger",)

    @get(
        "/",
        operation_id="ledger.list",
        access=KEY_SHOWS_MORE,
        answer=PAGE,
        links={"checkpoint": _NEWEST, "keys": _KEYS},
    )
    def list_entries(self, request: ApiRequest, query: schemas.LedgerQuery, database: Database) -> Response[bytes]:
        """List the entries of the ledger.

        There is one entry for each change, in the order of the chain, and one a day for each operation that was denied
        to a key. The list ends with the newest checkpoint; only administrators see later entries.
        """
        total, holder = query.make_total(), holder_of(request.scope)
        rows = service.list_page(
            database,
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
            action=query.action,
            whole=schemas.is_administrator(holder),
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: row.entry.seq)
        return PAGE.page_of(request, (schemas.build_entry(row, holder) for row in page), cursor, total)

    @get(
        "/checkpoints",
        operation_id="ledger.checkpoints.list",
        access=ANYBODY,
        answer=CHECKPOINTS,
        links={
            "checkpoint": Link("ledger.checkpoints.get", {"size": "$response.body#/items/0/size"}),
        },
    )
    def list_checkpoints(self, request: ApiRequest, query: PageQuery, database: Database) -> Response[bytes]:
        """List the checkpoints.

        A checkpoint is made with each publication and once a day; the checkpoint of the smallest ledger comes first. A
        copy kept outside the service proves whether an earlier entry has been changed since.
        """
        total = query.make_total()
        rows = service.list_checkpoints(
            database, PageRange(CHECKPOINTS_CURSOR.read(query), query.offset, query.limit + 1, total)
        )
        page, cursor = CHECKPOINTS_CURSOR.cut(query, rows, lambda row: row.size)
        return CHECKPOINTS.page_of(request, map(schemas.build_checkpoint, page), cursor, total)

    @get(
        "/checkpoints/{size:str}",
        operation_id="ledger.checkpoints.get",
        access=ANYBODY,
        answer=CHECKPOINT,
    )
    def get_checkpoint(self, request: ApiRequest, path: schemas.CheckpointPath, database: Database) -> Response[bytes]:
        """Get a checkpoint.

        The checkpoint of a ledger of `size` entries, or the newest checkpoint for `latest`. Keep its `note` to verify
        the ledger later.
        """
        return CHECKPOINT.of(request, schemas.build_checkpoint(service.find_checkpoint(database, path.size)))


class SigningKeysController(Controller):
    """Route of the public signing keys, at a well-known URI (RFC 8615)."""

    path = "/.well-known"
    tags = ("ledger",)

    @get("/jwks.json", operation_id="signing_keys.list", access=ANYBODY, answer=KEYS)
    def list_keys(self, request: ApiRequest, database: Database) -> Response[bytes]:
        """List the signing keys.

        The public keys that verify checkpoints and publications, as a JSON Web Key Set (RFC 7517). Retired keys are
        included, because their signatures stay valid.
        """
        with database.read() as session:
            known = service.list_signing_keys(session)
        return KEYS.of(request, schemas.build_key_set(known))
