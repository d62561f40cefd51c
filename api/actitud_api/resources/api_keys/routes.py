"""HTTP routes of API keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
from litestar import Controller, Response
from msgspec import structs

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.keys import find_keys
from actitud_api.platform.auth.policy import KEY_ADMINISTRATORS, KEY_HOLDERS
from actitud_api.platform.auth.recording import audit_event
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.auth.service import CreatedKey, KeyChangeRefused, Principal, UnknownKey
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import (
    CONFLICT,
    NO_STORE,
    NOT_FOUND,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.api_keys import schemas, service
from actitud_api.resources.api_keys.service import BindingsNotFound

REQUEST = Body(*schemas.KEY_REQUESTS, tag_field="role")
PAGE = Pages(schemas.AccessKeyPage)
KEY = Representation(schemas.AccessKey)
NEW_KEY = Representation(schemas.NewAccessKey)
RECEIPT = Representation(schemas.ReportReceipt, cache=NO_STORE, sentences=True)
CURSOR: Cursor[tuple[datetime, str]] = Cursor("keys.list", tuple[datetime, str])

_KEY = {"key": "$response.body#/id"}
_LINKS_OF_NEW = {
    "key": Link("keys.get", _KEY),
    "rotate": Link("keys.rotations.create", {**_KEY, **VERSION}),
    "revoke": Link("keys.revocations.create", _KEY),
}
_RECEIVED = Texts(
    "Recibido. Si en el texto hay una clave de este servicio que vale, ya no vale.",
    "Received. If there is a key of this service in the text that holds, it holds no more.",
)
_TEXTS: dict[str, Texts] = {
    "revoked": Texts("La clave ya está revocada.", "The key is revoked already."),
    "expired": Texts("La clave ha caducado.", "The key has expired."),
    "replaced": Texts("Ya ocupa su lugar la clave {holds}.", "The key {holds} has taken its place already."),
    "days": Texts(
        "Quien sustituye su propia clave puede pedir hasta {holds} días, lo que se dio a esta.",
        "Whoever replaces their own key may ask for up to {holds} days, as many as it was given.",
    ),
}
_REFUSED = Texts("La clave no se cambia así; véase `errors`.", "The key cannot be changed like this; see `errors`.")
_BINDINGS_NOT_FOUND = Texts(
    "La clave se daría para algo que no existe; véase `errors`.",
    "The key would be for something that does not exist; see `errors`.",
)
_ABSENT = Texts("No existe.", "It does not exist.")


def _fault(error: KeyChangeRefused) -> Fault:
    text = _TEXTS[error.rule].fill(holds=error.holds)
    return Fault(error.pointer, error.rule, error.value, text, error.holds)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(UnknownKey, NOT_FOUND, NOT_FOUND.description),
    maps_to(KeyChangeRefused, CONFLICT, _REFUSED, lambda error, detail: [_fault(error)]),
    maps_to(
        BindingsNotFound,
        CONFLICT,
        _BINDINGS_NOT_FOUND,
        lambda error, detail: [Fault(found.pointer, "unknown", found.value, _ABSENT) for found in error.unknown],
    ),
)


class KeysController(Controller):
    """Routes to list, create, rotate, revoke and report API keys."""

    path = "/v1/keys"
    tags = ("keys",)

    @get(
        "/",
        operation_id="keys.list",
        access=KEY_HOLDERS,
        answer=PAGE,
        links={"key": Link("keys.get", {"key": "$response.body#/items/0/id"})},
    )
    def list_keys(
        self,
        request: ApiRequest,
        query: schemas.KeyQuery,
        database: Database,
        peppers: Sequence[SecretText],
        principal: Principal,
    ) -> Response[bytes]:
        """List the keys.

        Oldest first, without secrets, each with the day of its last use. An administrator sees all keys; any other key
        sees only itself.
        """
        now = datetime.now(UTC)
        only = None if principal.role == "administrator" else principal.key
        total = query.make_total()
        rows = access.list_page(
            database,
            access.KeyFilters(role=query.role, organisation=query.organisation, key=only),
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: (row.record.created, row.record.id))
        return PAGE.page_of(request, (schemas.build_access_key(row, peppers, now) for row in page), cursor, total)

    @get("/{key:str}", operation_id="keys.get", access=KEY_HOLDERS, answer=KEY)
    def get_key(
        self, request: ApiRequest, path: schemas.KeyPath, database: Database, peppers: Sequence[SecretText]
    ) -> Response[bytes]:
        """Get a key.

        The response has no secret. An administrator can read every key; any other key can read only itself.
        """
        return _answer(request, peppers, access.get(database, path.key))

    @post(
        "/",
        operation_id="keys.create",
        access=KEY_ADMINISTRATORS,
        body=REQUEST,
        answer=NEW_KEY,
        problems=(CONFLICT,),
        links=_LINKS_OF_NEW,
    )
    def create_key(
        self,
        request: ApiRequest,
        body: schemas.KeyRequest,
        peppers: Sequence[SecretText],
        principal: Principal,
        database: Database,
    ) -> Response[bytes]:
        """Create a key.

        The organisations and editions of the key must exist.
        """
        requested = service.RequestedKey(**structs.asdict(body))

        def create(session: Session) -> CreatedKey:
            return service.create_key(session, peppers, requested, maker=principal.key, now=datetime.now(UTC))

        return _respond_with_new_key(request, database, peppers, create)

    @post(
        "/{key:str}/rotations",
        operation_id="keys.rotations.create",
        access=KEY_HOLDERS,
        answer=NEW_KEY,
        precondition="match",
        problems=(CONFLICT,),
    )
    def create_rotation(
        self,
        request: ApiRequest,
        path: schemas.KeyPath,
        body: schemas.RotationRequest,
        peppers: Sequence[SecretText],
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Rotate a key.

        Creates a new key with the role, organisations and editions of the old key. The old key ends `overlap` days
        later, or at its own end if that comes first; it cannot be rotated again while the new key is valid. An
        administrator can rotate every key; any other key can rotate only itself.
        """

        def rotate(session: Session) -> CreatedKey:
            return access.rotate(
                session,
                peppers,
                path.key,
                by=principal,
                days=body.days,
                overlap=body.overlap,
                expected=expected,
                now=datetime.now(UTC),
            )

        return _respond_with_new_key(request, database, peppers, rotate)

    @post(
        "/{key:str}/revocations",
        operation_id="keys.revocations.create",
        access=KEY_HOLDERS,
        answer=KEY,
        problems=(CONFLICT,),
    )
    def create_revocation(
        self, request: ApiRequest, path: schemas.KeyPath, database: Database, peppers: Sequence[SecretText]
    ) -> Response[bytes]:
        """Revoke a key.

        Every process of the service refuses the key from the next request on; it stays in the list, and a key that
        replaced it stays valid. An administrator can revoke every key; any other key can revoke only itself. No
        `If-Match` is required, because no other change of the key makes a revocation wrong.
        """

        def revoke(session: Session) -> Response[bytes]:
            (usage,) = access.add_last_uses(session, [access.revoke(session, path.key, now=datetime.now(UTC))])
            return _answer(request, peppers, usage, created=_path(path.key))

        return idempotent(request, database, revoke)

    @post(
        "/reports",
        operation_id="keys.reports.create",
        access=ANYBODY,
        answer=RECEIPT,
        status=200,
        takes_keys=True,
    )
    def create_report(
        self,
        request: ApiRequest,
        body: schemas.ReportRequest,
        database: Database,
        peppers: Sequence[SecretText],
        language: Language,
    ) -> Response[bytes]:
        """Report a leaked key.

        For anybody who finds a key in public. Each valid key in the text is revoked at once, and so is a key that
        somebody made by rotating a leaked one; the ledger records each revocation. The response is always the same,
        with or without a key in the text.
        """
        candidates = [key for _, key in find_keys(body.text)]
        records = access.match_keys(database, peppers, candidates)
        # A report without a valid key only reads: it must not make writers wait.
        if leaked := [
            record for record in records.values() if record.revoked is None or record.replaced_by is not None
        ]:
            _revoke_leaked_keys(request, database, leaked)
        return RECEIPT.of(request, schemas.ReportReceipt(detail=_RECEIVED.into(language)))


def _revoke_leaked_keys(request: ApiRequest, database: Database, leaked: list[access.KeyRecord]) -> None:
    """Revoke leaked keys, and the new keys that were made by rotating a leaked key with that key itself.

    Whoever found a leaked key may have rotated it. The ledger gets an entry for each revoked key. The entries have no
    digest of the request body, because the body contains secrets.
    """
    with database.write() as session:
        now = datetime.now(UTC)
        revoked = [record for key in leaked for record in access.revoke_leaked(session, key.id, now=now)]
        for record in revoked:
            event = structs.replace(
                audit_event(request),
                subject=_path(record.id),
                public=False,
                hidden=True,
                owner=record.organisation,
                sent=None,
            )
            ledger.append_entry(session, event, now=now)


def _respond_with_new_key(
    request: ApiRequest, database: Database, peppers: Sequence[SecretText], make: Callable[[Session], CreatedKey]
) -> Response[bytes]:
    """Create a key with `make` in a transaction, and return a response that contains the secret of the key.

    The response is stored for repetitions of the request before the secret is put into it. A repetition with the
    same `Idempotency-Key` therefore returns the key with `secret` null.
    """
    now = datetime.now(UTC)
    made: list[tuple[schemas.NewAccessKey, str]] = []

    def create(session: Session) -> Response[bytes]:
        created = make(session)
        document = schemas.build_new_access_key(access.KeyUsage(created.record, None), peppers, now)
        made.append((document, created.text))
        record = created.record
        response = NEW_KEY.of(
            request, document, revision=build_revision(record.created, record.version), created=_path(record.id)
        )
        response.headers["Cache-Control"] = NO_STORE
        return response

    response = idempotent(request, database, create)
    for document, text in made:
        response.content = msgspec.json.encode(structs.replace(document, secret=text))
    return response


def _answer(
    request: ApiRequest, peppers: Sequence[SecretText], usage: access.KeyUsage, *, created: str | None = None
) -> Response[bytes]:
    record = usage.record
    document = schemas.build_access_key(usage, peppers, datetime.now(UTC))
    return KEY.of(request, document, revision=build_revision(record.created, record.version), created=created)


def _path(key: str) -> str:
    return f"/v1/keys/{key}"
