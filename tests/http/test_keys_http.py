"""Keys over HTTP: handed out, replaced, ended, used and reported, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Connection, event, text
from sqlmodel import Session

from actitud_api.app import create_app
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys, queries
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.uses import KeyUseRecorder
from actitud_api.platform.http.redaction import ID_LENGTH, PREFIX
from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service as organisations
from tests.support.bodies import read_body
from tests.support.databases import BOTH, made_anew, unlimited
from tests.support.keys import create_key, present_key
from tests.support.publishing import publish_year
from tests.support.scale import NIGHT

pytestmark = pytest.mark.serving

MINE, ALIAS, OTHER = "ES-DIR3-L01280796", "ES-INE-28079", "ES-DIR3-L01462508"


class Service(NamedTuple):
    """Two processes on one database: what one does, the other one answers by."""

    one: TestClient[Litestar]
    other: TestClient[Litestar]
    administrator: str

    @property
    def database(self) -> Database:
        found: Database = self.one.app.state["database"]
        return found

    def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        """The answer of the first process, to an administrator unless it is said whose key asks."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        offered = present_key(self.administrator if key is None else key) if key != "" else {}
        return self.one.request(method, path, json=body, headers={**offered, **named})

    def make(self, **body: object) -> dict[str, Any]:
        """A key made over HTTP."""
        return read_body(
            self.ask("POST", "/v1/keys", {"role": "organisation_editor", "organisations": [MINE], **body}), 201
        )

    def rotate(self, identifier: str, body: object, *, key: str | None = None) -> httpx.Response:
        return self.ask("POST", f"/v1/keys/{identifier}/rotations", body, key=key, If_Match="*")

    def holds(self, key: str) -> bool:
        """Whether the other process answers to a key."""
        response = self.other.get("/v1/keys", headers=present_key(key))
        assert response.status_code in (200, 401)
        return response.status_code == 200

    def entries(self) -> list[tuple[dict[str, Any], ledger.EntryOpening | None]]:
        with self.database.read() as session:
            return [
                (msgspec.json.decode(found.entry.record), found.opening) for found in ledger.iterate_entries(session)
            ]


@pytest.fixture(scope="module", params=BOTH)
def location(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database with the tables and nothing in them, one for the module."""
    with made_anew(request, tmp_path_factory.mktemp("keys")) as url:
        yield url


@pytest.fixture(scope="module")
def service(location: str) -> Iterator[Service]:
    """One for the module: each test makes keys of its own."""
    settings = unlimited(location)
    apps = [create_app(settings), create_app(settings)]
    database: Database = apps[0].state["database"]
    with database.write() as session:
        entries = [
            organisations.OrganisationEntry(id=MINE, name="Madrid", kind="MUN", aliases=(ALIAS,)),
            organisations.OrganisationEntry(id=OTHER, name="Valencia", kind="MUN"),
        ]
        organisations.add(session, entries, datetime.now(UTC))
    with TestClient(apps[0]) as one, TestClient(apps[1]) as other:
        yield Service(one, other, create_key(database))
    for app in apps:
        app.state["database"].close()


def ended(response: httpx.Response) -> tuple[int, str, str]:
    """How something is refused: its status, and the place and the rule of what is wrong."""
    (error,) = response.json()["errors"]
    return response.status_code, error["pointer"], error["rule"]


# --- create ---------------------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_a_repetition_has_no_secret(service: Service) -> None:
    body = {"role": "organisation_editor", "organisations": [ALIAS, MINE], "days": 30}
    first = service.ask("POST", "/v1/keys", body, Idempotency_Key="one")
    again = service.ask("POST", "/v1/keys", body, Idempotency_Key="one")
    made = first.json()
    key = keys.parse_key(made["secret"])
    assert key is not None
    assert made["id"] == key.id
    assert (made["organisations"], made["editions"], made["state"]) == ([MINE], None, "valid")
    assert made["created_by"] == service.administrator.split("_")[1]
    assert datetime.fromisoformat(made["expires"]) - datetime.fromisoformat(made["created"]) == timedelta(days=30)
    assert again.json() == {**made, "secret": None}
    assert again.headers["idempotency-replayed"] == "true"
    assert {first.headers["cache-control"], again.headers["cache-control"]} == {"no-store"}
    assert first.headers["location"] == f"/v1/keys/{key.id}"
    assert service.holds(made["secret"])
    with service.database.read() as session:
        (kept,) = session.execute(text("SELECT body FROM idempotent_answer WHERE key = 'one'")).scalars()
    assert key.id.encode() in bytes(kept)
    assert key.secret[:8].encode() not in bytes(kept)
    got = service.ask("GET", first.headers["location"])
    assert "secret" not in got.json()
    assert got.headers["etag"].split("-")[0] == first.headers["etag"].split("-")[0]


def test_a_key_is_for_what_is_there(service: Service) -> None:
    response = service.ask("POST", "/v1/keys", {"role": "organisation_reader", "organisations": [MINE, "XX-NO-1"]})
    assert ended(response) == (409, "/organisations/1", "unknown")
    response = service.ask("POST", "/v1/keys", {"role": "assessor", "editions": ["1999"]})
    assert ended(response) == (409, "/editions/0", "unknown")


def test_a_key_is_for_an_edition_and_not_for_the_latest(service: Service) -> None:
    publish_year(service.database, 2026)
    assert service.ask("POST", "/v1/keys", {"role": "assessor", "editions": ["2026"]}).status_code == 201
    response = service.ask("POST", "/v1/keys", {"role": "assessor", "editions": ["latest"]})
    assert ended(response) == (409, "/editions/0", "unknown")


@pytest.mark.parametrize(
    "body",
    [
        {"role": "owner"},
        {"role": "organisation_editor"},
        {"role": "organisation_editor", "organisations": []},
        {"role": "organisation_editor", "organisations": [MINE], "editions": ["2027"]},
        {"role": "assessor", "organisations": [MINE]},
        {"role": "assessor", "editions": []},
        {"role": "administrator", "days": 366},
        {"role": "administrator", "days": 0},
        {"role": "administrator", "secret": "mine"},
        {"role": "administrator", "expires": "2999-01-01T00:00:00Z"},
    ],
)
def test_what_no_role_has_is_refused_by_the_schema(service: Service, body: object) -> None:
    assert service.ask("POST", "/v1/keys", body).status_code == 400


# --- list -----------------------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_administrator_lists_all_in_pages_and_whoever_else_their_own(service: Service) -> None:
    there = [found["id"] for found in service.ask("GET", "/v1/keys?limit=1000").json()["items"]]
    made = [service.make(organisations=[where]) for where in (MINE, OTHER, MINE)]
    first = service.ask("GET", f"/v1/keys?limit={len(there) + 2}").json()
    rest = service.one.get(first["next"], headers=present_key(service.administrator)).json()
    listed = [found["id"] for found in first["items"] + rest["items"]]
    assert there[0] == service.administrator.split("_")[1]
    assert listed == [*there, *(found["id"] for found in made)]
    assert (len(rest["items"]), rest["next"]) == (1, None)

    def ids(query: str, key: str | None = None) -> list[str]:
        return [found["id"] for found in service.ask("GET", f"/v1/keys?{query}", key=key).json()["items"]]

    assert [found for found in ids(f"organisation={MINE}&limit=1000") if found not in there] == [
        made[0]["id"],
        made[2]["id"],
    ]
    assert ids(f"organisation={OTHER}&role=organisation_editor") == [made[1]["id"]]
    assert ids(f"organisation={OTHER}&role=organisation_editor&offset=1") == ids("role=registrar") == []
    assert ids("organisation=%25") == ids("organisation=_") == ids(f"organisation={MINE[:-1]}") == []
    own = made[1]["secret"]
    assert ids("", own) == ids(f"organisation={OTHER}", own) == [made[1]["id"]]
    assert ids(f"organisation={MINE}", own) == []
    assert ids(f"cursor={first['next_cursor']}", made[2]["secret"]) == [made[2]["id"]]
    assert ids(f"cursor={first['next_cursor']}", own) == []


# --- rotation -------------------------------------------------------------------------------------------------


def test_two_keys_hold_side_by_side_and_the_first_ends_with_the_overlap(service: Service) -> None:
    begun, before = datetime.now(UTC), service.make(days=100)
    tag = service.ask("GET", f"/v1/keys/{before['id']}", key=before["secret"]).headers["etag"]
    path = f"/v1/keys/{before['id']}/rotations"
    response = service.ask("POST", path, {"overlap": 2}, key=before["secret"], If_Match=tag)
    assert response.status_code == 201
    after = response.json()
    assert (after["role"], after["organisations"], after["days"]) == ("organisation_editor", [MINE], 100)
    assert after["created_by"] == before["id"]
    assert service.holds(before["secret"])
    assert service.holds(after["secret"])
    stored = service.ask("GET", f"/v1/keys/{before['id']}").json()
    assert stored["replaced_by"] == after["id"]
    ends = datetime.fromisoformat(stored["expires"])
    assert begun + timedelta(days=2) <= ends <= datetime.now(UTC) + timedelta(days=2)
    assert access.verify(service.database, (), before["secret"], now=ends - timedelta(seconds=1)) is not None
    assert access.verify(service.database, (), before["secret"], now=ends) is None
    assert access.verify(service.database, (), after["secret"], now=ends) is not None
    stale = service.ask("POST", path, {"overlap": 2}, If_Match=tag)
    assert stale.status_code == 412


def test_the_overlap_is_no_longer_than_a_key_was_to_last(service: Service) -> None:
    before = service.make(days=1)
    assert service.rotate(before["id"], {"overlap": 30}).status_code == 201
    assert service.ask("GET", f"/v1/keys/{before['id']}").json()["expires"] == before["expires"]
    assert service.rotate(before["id"], {"overlap": 31}).status_code == 400


def test_a_key_without_overlap_ends_at_once(service: Service) -> None:
    before = service.make()
    after = service.rotate(before["id"], {"overlap": 0}, key=before["secret"]).json()
    assert (service.holds(before["secret"]), service.holds(after["secret"])) == (False, True)
    assert ended(service.rotate(before["id"], {})) == (409, "", "expired")


def test_whoever_replaces_their_own_key_gets_no_more_days_than_they_were_given(service: Service) -> None:
    before = service.make(days=30)
    refused = service.rotate(before["id"], {"days": 31}, key=before["secret"])
    assert ended(refused) == (409, "/days", "days")
    assert refused.json()["errors"][0]["suggestion"] == "30"
    after = service.rotate(before["id"], {"days": 30}, key=before["secret"]).json()
    assert after["days"] == 30
    longer = service.rotate(after["id"], {"days": 365})
    assert (longer.status_code, longer.json()["days"]) == (201, 365)


def test_a_key_is_replaced_by_one_at_a_time(service: Service) -> None:
    before = service.make()
    after = service.rotate(before["id"], {}).json()
    assert ended(service.rotate(before["id"], {}, key=before["secret"])) == (409, "", "replaced")
    assert service.ask("POST", f"/v1/keys/{after['id']}/revocations").status_code == 201
    assert service.rotate(before["id"], {}).status_code == 201
    assert ended(service.rotate(after["id"], {})) == (409, "", "revoked")


# --- revocation -----------------------------------------------------------------------------------------------


def test_a_revoked_key_ends_with_the_next_call_on_every_process(service: Service) -> None:
    mine, another = service.make(), service.make()
    assert service.holds(mine["secret"])
    revoked = service.ask("POST", f"/v1/keys/{mine['id']}/revocations", key=mine["secret"])
    assert (revoked.status_code, revoked.json()["state"]) == (201, "revoked")
    assert (service.holds(mine["secret"]), service.holds(another["secret"])) == (False, True)
    assert ended(service.ask("POST", f"/v1/keys/{mine['id']}/revocations")) == (409, "", "revoked")


# --- use ------------------------------------------------------------------------------------------------------


def last_used(service: Service, identifier: str) -> str | None:
    service.database.close()  # what is to be written later is written
    found: str | None = service.ask("GET", f"/v1/keys/{identifier}").json()["last_used"]
    return found


def test_the_day_of_the_last_use_is_listed_and_written_once(service: Service) -> None:
    made = service.make()
    assert last_used(service, made["id"]) is None
    written: list[str] = []

    def count(_: Connection, __: object, statement: str, *___: object) -> None:
        if statement.lstrip().startswith(("INSERT", "UPDATE", "DELETE")):
            written.append(statement)

    before = datetime.now(UTC).date()
    event.listen(service.database._writer, "before_cursor_execute", count)
    for _ in range(20):
        assert service.ask("GET", "/v1/keys", key=made["secret"]).status_code == 200
    service.database.close()
    event.remove(service.database._writer, "before_cursor_execute", count)
    assert [statement.split()[:3] for statement in written] == [["INSERT", "INTO", "key_use"]]
    assert last_used(service, made["id"]) in {before.isoformat(), datetime.now(UTC).date().isoformat()}


def test_a_day_is_written_once_whatever_process_writes_it_and_never_goes_back(database: Database) -> None:
    day = datetime(2027, 3, 1, tzinfo=UTC).date()
    with database.write() as session:
        written = [queries.record_use(session, "key", day + timedelta(days=days)) for days in (0, 0, -1, 1, 1)]
        assert written == [True, False, False, True, False]
        assert queries.get_last_uses(session, ["key", "other"]) == {"key": day + timedelta(days=1)}


def test_a_use_waits_for_whoever_writes_and_its_request_does_not(service: Service) -> None:
    made = service.make()
    service.database.close()
    with service.database.write() as session:
        session.execute(text("UPDATE access_key SET days = days"))
        session.execute(text("INSERT INTO key_use (key, day) VALUES (:key, '2026-01-01')"), {"key": made["id"]})
        assert service.ask("GET", "/v1/keys", key=made["secret"]).status_code == 200
    assert last_used(service, made["id"]) not in (None, "2026-01-01")


@pytest.mark.both_databases
def test_a_use_that_cannot_be_written_fails_nobody_and_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    uses, day = KeyUseRecorder(database), datetime(2027, 3, 1, tzinfo=UTC).date()
    tried: list[int] = []
    write = queries.record_use

    def fail(session: Session, name: str, on: date) -> bool:
        if name != "key":  # of the processes of other tests, which write in threads of their own
            return write(session, name, on)
        tried.append(threading.get_ident())
        raise RuntimeError("no room")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "record_use", fail)
        uses.record_use("key", day)
        database.close()
    assert len(tried) == 1
    assert threading.get_ident() not in tried
    uses.record_use("key", day)
    uses.record_use("key", day)
    database.close()
    with database.read() as session:
        assert queries.get_last_uses(session, ["key"]) == {"key": day}


# --- reports --------------------------------------------------------------------------------------------------


def report(service: Service, text: str) -> bytes:
    response = service.ask("POST", "/v1/keys/reports", {"text": text}, key="")
    assert response.status_code == 200
    return response.content


def test_a_reported_key_ends_at_once_with_an_entry_and_without_its_secret(service: Service) -> None:
    made, another = service.make(), service.make()
    before = len(service.entries())
    said = report(service, f"key: {made['secret']}, found on a page, and {'x' * 40}")
    assert (service.holds(made["secret"]), service.holds(another["secret"])) == (False, True)
    ((record, opening),) = service.entries()[before:]
    assert (record["action"], record["outcome"], record["sent"]) == ("keys.reports.create", "done", None)
    assert record["actor"] == {"key": None, "organisation": None, "role": None}
    assert opening is not None
    assert (opening.subject, opening.public, opening.owner) == (f"/v1/keys/{made['id']}", False, MINE)
    assert said == report(service, "nothing at all")
    assert len(service.entries()) == before + 1


def test_what_the_finder_of_a_key_put_in_its_place_ends_with_it(service: Service) -> None:
    stolen = service.make()
    theirs = service.rotate(stolen["id"], {}, key=stolen["secret"]).json()
    theirs_too = service.rotate(theirs["id"], {}, key=theirs["secret"]).json()
    report(service, stolen["secret"])
    assert [service.holds(one["secret"]) for one in (stolen, theirs, theirs_too)] == [False] * 3
    lost = service.make()
    right = service.rotate(lost["id"], {}).json()
    report(service, lost["secret"])
    assert [service.holds(one["secret"]) for one in (lost, right)] == [False, True]


def test_the_answer_and_the_work_are_the_same_whatever_is_sent(service: Service) -> None:
    real, revoked, expired = service.make(), service.make(), service.make()
    assert service.rotate(expired["id"], {"overlap": 0}).status_code == 201
    with service.database.write() as session:
        session.execute(text("UPDATE access_key SET replaced_by = NULL"))
    service.ask("POST", f"/v1/keys/{revoked['id']}/revocations")
    sent = {
        "nothing": "",
        "no key": "actl_" + "0" * 62,
        "unknown": keys.generate_key().to_text(),
        "guessed": keys.Key(real["id"], "0" * keys.SECRET_LENGTH).to_text(),
        "revoked": revoked["secret"],
    }
    service.database.close()
    statements: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        statements.append(statement)

    answers, done = set(), {}
    for engine in (service.database._reader, service.database._writer):
        event.listen(engine, "before_cursor_execute", note)
    for name, offered in sent.items():
        statements.clear()
        answers.add(report(service, offered))
        done[name] = [found.split("WHERE")[0] for found in statements if "access_key" in found]
        assert not [found for found in statements if found.startswith(("INSERT", "UPDATE"))]
    assert len({str(found) for found in done.values()}) == 1
    assert len(done["nothing"]) == 1
    for engine in (service.database._reader, service.database._writer):
        event.remove(engine, "before_cursor_execute", note)
    assert service.holds(real["secret"])
    answers.add(report(service, real["secret"]))
    assert len(answers) == 1


def test_a_key_in_a_body_or_as_the_name_of_an_attempt_is_refused_and_not_repeated(service: Service) -> None:
    made = service.make()
    body = {"id": "XX-TEST-LEAK", "name": f"Villa {made['secret']}", "kind": "MUN"}
    in_body = service.ask("POST", "/v1/organisations", body)
    as_attempt = service.ask("POST", "/v1/organisations", {**body, "name": "Villa"}, Idempotency_Key=made["secret"])
    for response, pointer in ((in_body, ""), (as_attempt, "Idempotency-Key")):
        (error,) = response.json()["errors"]
        assert (response.status_code, error["pointer"], error["rule"]) == (400, pointer, "key")
        assert made["secret"][18:26] not in response.text
    assert service.ask("GET", "/v1/organisations/XX-TEST-LEAK").status_code == 404


def test_every_key_is_found_in_a_text_and_no_string_of_the_form_by_chance() -> None:
    made = [keys.generate_key() for _ in range(100_000 if NIGHT else 2_000)]
    listed = "\n".join(f"{number}key={key.to_text()}{'' if number % 2 else '&x'}" for number, key in enumerate(made))
    assert [key for _, key in keys.find_keys(listed)] == made
    tried = 3_000_000 if NIGHT else 100_000
    body = PREFIX + "_" + "A" * ID_LENGTH + "_"
    characters = keys.generate_key()
    passed = 0
    for number in range(tried):
        # Any secret, with a check of the form that has nothing to do with it.
        secret = f"{number:0{keys.SECRET_LENGTH}}"
        check = characters.secret[number % 30 : number % 30 + keys.CHECK_LENGTH]
        candidate = f"{body}{secret}{check}"
        passed += bool(keys.PATTERN.fullmatch(candidate)) and keys.parse_key(candidate) is not None
    assert passed < max(1, tried / 1_000_000)
