"""Keys over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from litestar import Controller, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from msgspec import structs

from actitud_api.engine.i18n import Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.idempotency import once
from actitud_api.platform.auth.keys import found_in
from actitud_api.platform.auth.policy import keyed, principal_of
from actitud_api.platform.auth.recording import event_of
from actitud_api.platform.auth.service import Created, Refused, UnknownKey
from actitud_api.platform.http.contract import VERSION, Link, contract
from actitud_api.platform.http.paging import Cursor, next_url
from actitud_api.platform.http.preconditions import if_match
from actitud_api.platform.http.problems import (
    CONFLICT,
    NO_STORE,
    NOT_FOUND,
    UNAVAILABLE,
    Fault,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.requests import Body, Query
from actitud_api.platform.http.scope import ApiRequest, language_of
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import revision
from actitud_api.resources.api_keys import schemas, service
from actitud_api.resources.api_keys.service import Unbound

QUERY = Query(schemas.KeyQuery)
REQUEST = Body(*schemas.REQUESTS)
ROTATION = Body(schemas.RotationRequest)
REPORT = Body(schemas.ReportRequest)
PAGE = Representation(schemas.AccessKeyPage)
KEY = Representation(schemas.AccessKey)
NEW_KEY = Representation(schemas.NewAccessKey)
RECEIPT = Representation(schemas.ReportReceipt, cache=NO_STORE, sentences=True)
CURSOR: Cursor[tuple[datetime, str]] = Cursor("keys.list", tuple[datetime, str])

_KEY = {"key": "$response.body#/id"}
_LINKS_OF_NEW = {
    "key": Link("keys.get", _KEY, "The key, without its secret."),
    "rotate": Link("keys.rotations.create", {**_KEY, **VERSION}, "To put another in its place."),
    "revoke": Link("keys.revocations.create", _KEY, "To end it."),
}
_REPETITION = (
    " The secret is in this answer and is kept nowhere: a repetition with the same `Idempotency-Key` is answered with "
    "the key, and `null` for its secret."
)
_RECEIVED = Texts(
    "Recibido. Si en el texto hay una clave de este servicio que vale, ya no vale.",
    "Received. If there is a key of this service in the text that holds, it holds no more.",
)
_TEXTS: dict[str, Texts] = {
    "revoked": Texts("La clave ya está revocada.", "The key is revoked already."),
    "expired": Texts("La clave ha caducado.", "The key has expired."),
    "replaced": Texts("Ya ocupa su lugar la clave {holds}.", "The key {holds} has its place already."),
    "days": Texts(
        "Quien sustituye su propia clave puede pedir hasta {holds} días, lo que se dio a esta.",
        "Who replaces its own key may ask for up to {holds} days, which this one was given.",
    ),
}
_REFUSED = Texts("La clave no se cambia así; véase `errors`.", "The key is not changed so; see `errors`.")
_UNBOUND = Texts(
    "La clave se daría para algo que no existe; véase `errors`.",
    "The key would be for something that does not exist; see `errors`.",
)
_ABSENT = Texts("No existe.", "It does not exist.")


def _fault(refused: Refused) -> Fault:
    es, en = (text.format(holds=refused.holds) for text in _TEXTS[refused.rule])
    return Fault(refused.pointer, refused.rule, refused.value, Texts(es, en), refused.holds)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(UnknownKey, NOT_FOUND, lambda error: NOT_FOUND.description),
    maps_to(Refused, CONFLICT, lambda error: _REFUSED, lambda error: [_fault(error)]),
    maps_to(
        Unbound,
        CONFLICT,
        lambda error: _UNBOUND,
        lambda error: [Fault(found.pointer, "unknown", found.value, _ABSENT) for found in error.unknown],
    ),
)


class KeysController(Controller):
    """The keys of the service, for administrators; for anybody else their own."""

    path = "/v1/keys"
    tags = ("keys",)

    @get(
        "/",
        operation_id="keys.list",
        summary="List keys",
        description=(
            "Keys without their secrets, the oldest first, with the day on which each was used last. Whoever is no "
            "administrator finds their own key."
        ),
        opt=contract(
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={"key": Link("keys.get", {"key": "$response.body#/items/0/id"}, "The first key of the page.")},
            cors=False,
        ),
        sync_to_thread=True,
    )
    def list_keys(self, request: ApiRequest, state: State) -> Response[bytes]:
        """A page of keys."""
        query, principal, now = QUERY.of(request), principal_of(request), datetime.now(UTC)
        only = None if principal is None or principal.role == "administrator" else principal.key
        rows = access.page(
            state["database"],
            schemas.filters(query, only),
            after=CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: (row.record.created, row.record.id))
        items = tuple(schemas.access_key(row, state["peppers"], now) for row in page)
        return PAGE.of(request, schemas.AccessKeyPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{key:str}",
        operation_id="keys.get",
        summary="Get a key",
        description="One key, without its secret. Whoever is no administrator reads their own.",
        opt=contract(path=schemas.KeyPath, answer=KEY, problems=(UNAVAILABLE,), cors=False),
        sync_to_thread=True,
    )
    def get_key(self, request: ApiRequest, state: State, key: FromPath[str]) -> Response[bytes]:
        """One key."""
        return _answer(request, state, access.get(state["database"], key))

    @post(
        "/",
        operation_id="keys.create",
        summary="Make a key",
        description=f"Makes a key for a role, bound to what is there.{_REPETITION}",
        opt=contract(
            body=REQUEST,
            answer=NEW_KEY,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS_OF_NEW,
            cors=False,
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_key(self, request: ApiRequest, state: State) -> Response[bytes]:
        """Makes a key."""
        wanted, maker = schemas.wanted(REQUEST.of(request)), keyed(request).key

        def create(session: Session) -> Created:
            return service.create(session, state["peppers"], wanted, maker=maker, now=datetime.now(UTC))

        return _shown_once(request, state, create)

    @post(
        "/{key:str}/rotations",
        operation_id="keys.rotations.create",
        summary="Put another key in the place of one",
        description=(
            "Makes a key for the same role and bindings. The one before ends after the days of overlap, or as it was "
            "to where that is sooner, and can be replaced again only when the new one has ended. Whoever is no "
            f"administrator replaces their own.{_REPETITION}"
        ),
        opt=contract(
            path=schemas.KeyPath,
            body=ROTATION,
            answer=NEW_KEY,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS_OF_NEW,
            cors=False,
            precondition="match",
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_rotation(self, request: ApiRequest, state: State, key: FromPath[str]) -> Response[bytes]:
        """Replaces a key."""
        asked, holder, expected = ROTATION.of(request), keyed(request), if_match(request)

        def rotate(session: Session) -> Created:
            return access.rotate(
                session,
                state["peppers"],
                key,
                by=holder,
                days=asked.days,
                overlap=asked.overlap,
                expected=expected,
                now=datetime.now(UTC),
            )

        return _shown_once(request, state, rotate)

    @post(
        "/{key:str}/revocations",
        operation_id="keys.revocations.create",
        summary="End a key",
        description=(
            "Ends a key from the next call on, whatever process answers that. It stays in the list. Whoever is no "
            "administrator ends their own; a key that took its place goes on. No version is asked for: to end a key "
            "is right whatever else has changed."
        ),
        opt=contract(
            path=schemas.KeyPath,
            answer=KEY,
            problems=(CONFLICT, UNAVAILABLE),
            links={"key": Link("keys.get", _KEY, "The key as it is now.")},
            cors=False,
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_revocation(self, request: ApiRequest, state: State, key: FromPath[str]) -> Response[bytes]:
        """Ends a key."""

        def revoke(session: Session) -> Response[bytes]:
            (used,) = access.used(session, [access.revoke(session, key, now=datetime.now(UTC))])
            return _answer(request, state, used, created=_path(key))

        return once(request, state["database"], revoke)

    @post(
        "/reports",
        operation_id="keys.reports.create",
        summary="Report a key that leaked",
        description=(
            "For whoever finds a key where it should not be, without a key of their own. One that is real ends at "
            "once, with those that were put in its place with it, and the ledger says so. The answer is the same "
            "whatever is sent."
        ),
        opt=contract(body=REPORT, answer=RECEIPT, problems=(UNAVAILABLE,), cors=False, takes_keys=True),
        status_code=200,
        sync_to_thread=True,
    )
    def create_report(self, request: ApiRequest, state: State) -> Response[bytes]:
        """Takes a report."""
        database: Database = state["database"]
        found = [key for _, key in found_in(REPORT.of(request).text)]
        are = access.known(database, state["peppers"], found)
        # Only a key that is real has somebody wait for whoever writes: a report of anything else is a read.
        if leaked := [record for record in are.values() if record.revoked is None or record.replaced_by is not None]:
            _end(request, database, leaked)
        return RECEIPT.of(request, schemas.ReportReceipt(detail=_RECEIVED.into(language_of(request.scope))))


def _end(request: ApiRequest, database: Database, leaked: list[access.Record]) -> None:
    """Ends keys that leaked, each with an entry of the ledger; what was sent has their secrets, so no digest of it."""
    with database.write() as session:
        now = datetime.now(UTC)
        ended = [record for one in leaked for record in access.end_leaked(session, one.id, now=now)]
        for record in ended:
            event = structs.replace(
                event_of(request), subject=_path(record.id), public=False, owner=record.organisation, sent=None
            )
            ledger.append(session, event, now=now)


def _shown_once(request: ApiRequest, state: State, make: Callable[[Session], Created]) -> Response[bytes]:
    """The answer with a key that `make` makes, and its secret; to a repetition, the same without it.

    What is kept for repetitions never has the secret: it is put into the answer after that was stored.
    """
    now = datetime.now(UTC)
    made: list[tuple[schemas.NewAccessKey, str]] = []

    def create(session: Session) -> Response[bytes]:
        created = make(session)
        document = schemas.new_access_key(access.Used(created.record, None), state["peppers"], now)
        made.append((document, created.text))
        record = created.record
        response = NEW_KEY.of(
            request, document, revision=revision(record.created, record.version), created=_path(record.id)
        )
        response.headers["Cache-Control"] = NO_STORE
        return response

    response = once(request, state["database"], create)
    for document, text in made:
        response.content = msgspec.json.encode(structs.replace(document, secret=text))
    return response


def _answer(request: ApiRequest, state: State, used: access.Used, *, created: str | None = None) -> Response[bytes]:
    record = used.record
    document = schemas.access_key(used, state["peppers"], datetime.now(UTC))
    return KEY.of(request, document, revision=revision(record.created, record.version), created=created)


def _path(key: str) -> str:
    return f"/v1/keys/{key}"
