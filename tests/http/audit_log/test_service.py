"""The ledger in the database: one chain however many write, nothing where nothing happened, and no way to change it."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from actitud_api.platform.audit_log import keys, queries, service
from actitud_api.platform.audit_log.service import Actor, Event, SigningKeyFault
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from tests.support.ledgers import find_chain_problems, make_jwks, read_statement
from tests.support.scale import LEDGER_ENTRIES

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 11, 25, 14, 30, 0, 5, tzinfo=UTC)
ACTOR = Actor("0123456789ab", "organisation", "ES-X")
EVENT = Event(
    action="editions.assessments.put",
    actor=ACTOR,
    subject="/v1/editions/2027/assessments/ES-X",
    public=False,
    owner="ES-X",
    sent="sha256:" + "0" * 64,
    request="r-1",
)
ROTATED = Event(action="cli.keys.rotate-signing", actor=None, subject="/.well-known/jwks.json", public=True)


def append(database: Database, event: Event = EVENT, now: datetime = NOW) -> service.ChainEntry:
    with database.write() as session:
        return service.append_entry(session, event, now=now)


def shown(database: Database, action: str | None = None) -> list[service.OpenedEntry]:
    with database.read() as session:
        return queries.list_page(session, PageRange(after=-1, limit=10_000), action=action, size=None)


def entries(database: Database) -> list[service.ChainEntry]:
    return [found.entry for found in shown(database)]


def signer(database: Database, folder: Path, now: datetime = NOW) -> service.Signer:
    with database.write() as session:
        service.rotate_signing_key(session, folder, ROTATED, now=now)
        return service.load_signer(session, folder)


def test_the_first_entry_begins_the_ledger(database: Database) -> None:
    appended = append(database)
    genesis, first = entries(database)
    begun = msgspec.json.decode(genesis.record)
    assert re.fullmatch(r"actitud/ledger/[0-9a-f]{8}", begun.pop("origin"))
    assert begun == {"action": "ledger.begin", "at": "2026-11-25T14:30:00.000005Z"}
    assert first == appended
    assert find_chain_problems([genesis, first]) == []


def test_an_entry_says_who_did_what_and_commits_to_the_subject(database: Database) -> None:
    append(database)
    found = shown(database)[1]
    opening = found.opening
    assert opening is not None
    assert (opening.subject, opening.public, opening.owner) == (EVENT.subject, False, "ES-X")
    sent, subject = (_committed(opening.salt, told) for told in ("sha256:" + "0" * 64, EVENT.subject))
    assert opening.actor == "ES-X"
    assert opening.actor_salt is not None
    organisation = _committed(opening.actor_salt, "ES-X")
    assert len({opening.salt, opening.actor_salt}) == 2
    assert len(opening.salt) == 32
    assert found.entry.record == (
        '{"action":"editions.assessments.put",'
        f'"actor":{{"key":"0123456789ab","organisation":"{organisation}","role":"organisation"}},'
        '"at":"2026-11-25T14:30:00.000005Z","outcome":"done","request":"r-1",'
        f'"sent":"{sent}","subject":"{subject}"}}'
    )


def _committed(salt: str, text: str) -> str:
    return "sha256:" + hashlib.sha256(bytes.fromhex(salt) + text.encode()).hexdigest()


def test_what_was_sent_is_guessed_from_no_digest_unless_everybody_may_read_it(database: Database) -> None:
    """Of a draft one answer may be sent at a time: who tries all of them would find the one of a digest."""
    first, second = (msgspec.json.decode(append(database).record)["sent"] for _ in range(2))
    assert len({first, second, EVENT.sent}) == 3
    public = append(database, structs.replace(EVENT, public=True, owner=None))
    assert msgspec.json.decode(public.record)["sent"] == EVENT.sent
    unsent = append(database, structs.replace(EVENT, sent=None))
    assert msgspec.json.decode(unsent.record)["sent"] is None


def test_the_same_subject_is_never_told_by_its_commitment(database: Database) -> None:
    first, second = append(database), append(database)
    assert msgspec.json.decode(first.record)["subject"] != msgspec.json.decode(second.record)["subject"]


def test_an_opening_can_be_removed_and_the_chain_still_holds(database: Database) -> None:
    append(database)
    with database.write() as session:
        session.connection().execute(text("DELETE FROM ledger_opening"))
    assert [found.opening for found in shown(database)] == [None, None]
    assert find_chain_problems(entries(database)) == []


def test_a_ledger_is_begun_once(database: Database) -> None:
    with database.write() as session:
        assert service.begin_ledger(session, "indice.example.org", NOW) is not None
        assert service.begin_ledger(session, "other.example.org", NOW) is None
    append(database)
    with database.read() as session:
        origin = service.get_origin(session)
    assert origin is not None
    assert re.fullmatch(r"indice\.example\.org/ledger/[0-9a-f]{8}", origin)
    assert len(entries(database)) == 2


def test_entries_are_found_by_their_action(database: Database) -> None:
    append(database)
    append(database, ROTATED)
    assert [found.entry.seq for found in shown(database, ROTATED.action)] == [2]


def test_a_transaction_that_fails_leaves_no_entry(database: Database) -> None:
    append(database)
    before = entries(database)

    def fail() -> None:
        with database.write() as session:
            service.append_entry(session, EVENT, now=NOW)
            raise RuntimeError("after it")

    with pytest.raises(RuntimeError, match="after it"):
        fail()
    assert entries(database) == before
    append(database)
    assert len(entries(database)) == 3
    assert find_chain_problems(entries(database)) == []


def test_sixteen_writers_make_one_chain_without_gaps(database: Database) -> None:
    each = LEDGER_ENTRIES // 16

    def write(writer: int) -> None:
        for number in range(each):
            event = Event(action="editions.update", actor=None, subject=f"/v1/{writer}/{number}", public=True)
            append(database, event)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    found = shown(database)
    assert len(found) == 1 + 16 * each
    assert find_chain_problems(one.entry for one in found) == []
    subjects = [one.opening.subject for one in found if one.opening is not None]
    assert sorted(subjects) == sorted(f"/v1/{writer}/{number}" for writer in range(16) for number in range(each))


# --- checkpoints ----------------------------------------------------------------------------------------------


def test_a_checkpoint_states_the_end_of_the_chain_and_is_signed(database: Database, tmp_path: Path) -> None:
    signs = signer(database, tmp_path)
    end = append(database)
    with database.write() as session:
        made = service.make_checkpoint(session, signs, NOW)
        origin = service.get_origin(session)
    assert find_chain_problems(entries(database), made.note, make_jwks(signs)) == []
    assert read_statement(made.note) == (origin, 3, end.hash, "2026-11-25T14:30:00.000005Z")
    assert (made.size, made.root, made.at) == (3, end.hash, NOW)


def test_a_checkpoint_of_the_same_size_is_the_one_that_there_is(database: Database, tmp_path: Path) -> None:
    signs = signer(database, tmp_path)
    with database.write() as session:
        first = service.make_checkpoint(session, signs, NOW)
        again = service.make_checkpoint(session, signs, NOW + timedelta(days=1))
    assert again == first
    append(database)
    with database.write() as session:
        assert service.make_checkpoint(session, signs, NOW).size == first.size + 1


def test_a_ledger_that_nobody_began_has_no_checkpoint(database: Database, tmp_path: Path) -> None:
    signs = keys.create_key(tmp_path)
    with pytest.raises(LookupError), database.write() as session:
        service.make_checkpoint(session, signs, NOW)


# --- signing keys ---------------------------------------------------------------------------------------------


def test_a_key_is_retired_by_the_next_and_still_known(database: Database, tmp_path: Path) -> None:
    first = signer(database, tmp_path)
    later = NOW + timedelta(days=30)
    second = signer(database, tmp_path, later)
    with database.read() as session:
        known = service.list_signing_keys(session)
    assert [(key.kid, key.created, key.retired) for key in known] == [
        (first.kid, NOW, later),
        (second.kid, later, None),
    ]
    assert [key.public for key in known] == [first.public, second.public]
    records = [msgspec.json.decode(found.entry.record) for found in shown(database, ROTATED.action)]
    assert [record["details"] for record in records] == [
        {"kid": first.kid, "retired": None},
        {"kid": second.kid, "retired": first.kid},
    ]


def test_keys_that_are_replaced_at_once_leave_one_that_signs(database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: signer(database, tmp_path, NOW + timedelta(seconds=number)), range(4)))
    with database.read() as session:
        assert [key.retired for key in service.list_signing_keys(session)].count(None) == 1


def test_a_clock_that_goes_back_leaves_no_signature_out_of_the_time_of_its_key(
    database: Database, tmp_path: Path
) -> None:
    """What is signed is not before its key, and a key does not retire before what it has signed."""
    earlier, later = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
    first = signer(database, tmp_path)
    with database.write() as session:
        assert service.make_checkpoint(session, first, earlier).at == NOW
        service.append_entry(session, EVENT, now=NOW)
        assert service.make_checkpoint(session, first, later).at == later
    second = signer(database, tmp_path)
    with database.read() as session:
        known = {key.kid: (key.created, key.retired) for key in service.list_signing_keys(session)}
        assert service.compute_signing_time(session, second, NOW) == later
    assert known == {first.kid: (NOW, later), second.kid: (later, None)}


def test_no_private_key_is_in_the_database(database: Database, tmp_path: Path) -> None:
    signs = signer(database, tmp_path)
    pem = keys.build_key_path(tmp_path, signs.kid).read_text("ascii")
    secret = pem.splitlines()[1]
    with database.read() as session:
        stored = repr([service.list_signing_keys(session), shown(database)])
    assert signs.public in stored
    assert secret not in stored


def test_without_a_key_nothing_can_be_signed(database: Database, tmp_path: Path) -> None:
    with database.read() as session, pytest.raises(SigningKeyFault) as raised:
        service.load_signer(session, tmp_path)
    assert raised.value.code == "none"


# --- the database refuses -------------------------------------------------------------------------------------

ENTRY = "(seq, at, action, record, prev, hash) VALUES (0, '2026-01-01', 'x', '{\"action\":\"x\",}', '', '')"
CHECKPOINT = "(size, at, root, note) VALUES (3, '2026-01-01', '', '')"
KEY = "(kid, public, created, retired) VALUES ((SELECT kid FROM signing_key), '', '2026-01-01', NULL)"
STATEMENTS = {
    "update": "UPDATE {table} SET {column} = {column} || 'x'",
    "update of nothing": "UPDATE {table} SET {column} = {column}",
    "delete": "DELETE FROM {table}",
    "delete one": "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT 1)",
    "upsert": "INSERT INTO {table} {values} ON CONFLICT ({key}) DO UPDATE SET {column} = ''",
    "insert again": "INSERT INTO {table} {values}",
    "renumber": "UPDATE {table} SET {key} = {other}",
}
ONLY_SQLITE = {
    "replace": "REPLACE INTO {table} {values}",
    "insert or replace": "INSERT OR REPLACE INTO {table} {values}",
    "update or replace": "UPDATE OR REPLACE {table} SET {column} = ''",
}
ONLY_POSTGRESQL = {
    "truncate": "TRUNCATE {table} CASCADE",
    "merge": "MERGE INTO {table} USING (SELECT 1) AS one ON true WHEN MATCHED THEN DELETE",
    "delete using": "WITH gone AS (DELETE FROM {table} RETURNING {key}) SELECT count(*) FROM gone",
}
TABLES = {
    "ledger_entry": {"key": "seq", "other": "seq + 100", "column": "record", "values": ENTRY},
    "checkpoint": {"key": "size", "other": "size + 100", "column": "note", "values": CHECKPOINT},
    "signing_key": {"key": "kid", "other": "kid || 'x'", "column": "public", "values": KEY},
}


@pytest.mark.parametrize("table", TABLES)
def test_what_is_written_cannot_be_changed(database: Database, kind: str, table: str, tmp_path: Path) -> None:
    signs = signer(database, tmp_path)
    append(database)
    with database.write() as session:
        assert service.make_checkpoint(session, signs, NOW).size == 3
    before = stored(database)
    statements = STATEMENTS | (ONLY_SQLITE if kind == "sqlite" else ONLY_POSTGRESQL)
    for name, statement in statements.items():
        refused = "(?i)unique" if name == "insert again" and kind == "postgresql" else "does not change"
        with pytest.raises(IntegrityError, match=refused), database.write() as session:
            session.connection().execute(text(statement.format(table=table, **TABLES[table])))
        assert stored(database) == before, name


def test_a_signing_key_is_retired_once(database: Database, tmp_path: Path) -> None:
    signer(database, tmp_path)
    retire = text("UPDATE signing_key SET retired = '2026-12-01'")
    for wrong in ("retired = '2026-12-01', public = 'x'", "retired = NULL", "created = '2026-12-01'"):
        with pytest.raises(IntegrityError), database.write() as session:
            session.connection().execute(text(f"UPDATE signing_key SET {wrong}"))
    with database.write() as session:
        session.connection().execute(retire)
    for again in ("retired = '2026-12-02'", "retired = NULL", "compromised_since = 5, retired = '2026-12-02'"):
        with pytest.raises(IntegrityError), database.write() as session:
            session.connection().execute(text(f"UPDATE signing_key SET {again}"))


def test_a_key_that_is_compromised_stays_so(database: Database, tmp_path: Path) -> None:
    """Since an earlier entry, perhaps, but never since a later one; and only a retired one is."""
    signer(database, tmp_path)

    def update(values: str) -> None:
        with database.write() as session:
            session.connection().execute(text(f"UPDATE signing_key SET {values}"))

    with pytest.raises(IntegrityError):
        update("compromised_since = 5")
    update("retired = '2026-12-01'")
    for values in ("compromised_since = 5", "compromised_since = 3"):
        update(values)
    for refused in ("compromised_since = 3", "compromised_since = 4", "compromised_since = NULL"):
        with pytest.raises(IntegrityError):
            update(refused)


def test_an_entry_cannot_be_found_under_another_action(database: Database) -> None:
    append(database)
    insertion = text(
        "INSERT INTO ledger_entry (seq, at, action, record, prev, hash) "
        "VALUES (2, '2026-01-01', 'editions.create', :record, '', '')"
    )
    with pytest.raises(DBAPIError, match="ck_ledger_entry_action"), database.write() as session:
        session.connection().execute(insertion, {"record": '{"action":"editions.createx","x":1}'})


def stored(database: Database) -> list[object]:
    with database.read() as session:
        return [
            [tuple(row) for row in session.connection().execute(text(f"SELECT * FROM {table} ORDER BY 1"))]
            for table in TABLES
        ]
