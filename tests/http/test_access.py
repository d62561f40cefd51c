"""Keys: their form, what is kept of them, and who is recognised."""

from __future__ import annotations

import hmac
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from actitud_api.platform.auth import keys, queries, service
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.auth.service import CreatedKey, InvalidKeyBinding, Principal, Role, UnknownKey
from actitud_api.platform.storage.database import Database, Session
from tests.support.databases import migrated_sqlite

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW = SecretText("an old pepper, long enough to hold"), SecretText("a new pepper, long enough to hold")
OWNER = "ES-DIR3-L01280796"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(migrated_sqlite(tmp_path))
    yield opened
    opened.close()


def made(database: Database, *peppers: SecretText, role: Role = "organisation_editor", days: int = 30) -> CreatedKey:
    with database.write() as session:
        return service.create_key(
            session,
            peppers,
            role=role,
            organisations=(OWNER,) if role in service.ORGANISATION_ROLES else (),
            days=days,
            now=NOW,
        )


# --- the form -------------------------------------------------------------------------------------------------


def test_a_key_has_its_form_and_its_check() -> None:
    # The CRC-32 in the trailer that gzip writes for the body is 2269077350, which is in base 62
    # 2*62^5 + 29*62^4 + 34*62^3 + 50*62^2 + 41*62 + 48.
    body = "actl_0123456789AB_" + "0" * 43
    assert keys.Key("0123456789AB", "0" * 43).to_text() == body + "2TYofm"
    assert keys.parse_key(body + "2TYofm") == keys.Key("0123456789AB", "0" * 43)


def test_new_keys_are_all_found_and_all_different() -> None:
    texts = [keys.generate_key().to_text() for _ in range(1000)]
    assert len(set(texts)) == 1000
    assert {len(text) for text in texts} == {4 + 1 + 12 + 1 + 43 + 6}
    assert all(keys.PATTERN.search(f"key={text}; more") and keys.parse_key(text) for text in texts)


def test_one_wrong_character_anywhere_is_no_key() -> None:
    text = keys.generate_key().to_text()
    spoilt = [text[:place] + ("a" if sign != "a" else "b") + text[place + 1 :] for place, sign in enumerate(text)]
    assert [found for found in spoilt if keys.parse_key(found)] == []
    assert [
        found for found in (text[:-1], text + "0", f" {text}", f"{text}\n", "", text.upper()) if keys.parse_key(found)
    ] == []


# --- what is kept ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("peppers", [(), (NEW,)])
def test_no_part_of_the_secret_is_in_the_file(
    database: Database, tmp_path: Path, peppers: tuple[SecretText, ...]
) -> None:
    created = made(database, *peppers)
    database.close()
    raw = b"".join(file.read_bytes() for file in (tmp_path / "made").iterdir())
    key = keys.parse_key(created.text)
    assert key is not None
    assert key.id.encode() in raw
    assert key.secret[:8].encode() not in raw
    assert created.text not in repr(created) + repr(key) + repr(NEW)


def test_the_digest_is_that_of_rfc_2104(database: Database) -> None:
    created = made(database, NEW)
    secret = created.text[18:61]
    assert created.record.digest == hmac.new(NEW.reveal().encode(), secret.encode(), "sha256").hexdigest()


def test_times_are_kept_in_utc_whatever_zone_they_came_in(database: Database, tmp_path: Path) -> None:
    madrid = timezone(timedelta(hours=2))
    with database.write() as session:
        created = service.create_key(session, (), role="registrar", days=1, now=datetime(2026, 7, 1, 1, tzinfo=madrid))
    with database.read() as session:
        stored = queries.get(session, created.record.id)
    assert stored is not None
    assert stored.created == datetime(2026, 6, 30, 23, tzinfo=UTC)
    with closing(sqlite3.connect(tmp_path / "made" / "test.sqlite3")) as connection:
        assert connection.execute("SELECT expires FROM access_key").fetchone() == ("2026-07-01 23:00:00.000000",)


@pytest.mark.parametrize("days", [-1, 0, 366])
def test_a_key_that_lasts_more_than_a_year_is_not_made(database: Database, days: int) -> None:
    with pytest.raises(ValueError, match="1 to 365 days"):
        made(database, days=days)


@pytest.mark.parametrize(
    ("role", "organisations", "editions", "member"),
    [
        ("organisation_reader", (), None, "organisations"),
        ("organisation_editor", (), None, "organisations"),
        ("organisation_editor", (OWNER,), ("2027",), "editions"),
        ("assessor", (OWNER,), None, "organisations"),
        ("publisher", (), (), "editions"),
        ("registrar", (OWNER,), None, "organisations"),
        ("administrator", (OWNER,), None, "organisations"),
        ("administrator", (), ("2027",), "editions"),
    ],
)
def test_a_role_is_bound_only_to_what_it_is_for(
    database: Database, role: Role, organisations: tuple[str, ...], editions: tuple[str, ...] | None, member: str
) -> None:
    with pytest.raises(InvalidKeyBinding) as caught, database.write() as session:
        service.create_key(session, (), role=role, organisations=organisations, editions=editions, days=1, now=NOW)
    assert (caught.value.member, caught.value.role) == (member, role)
    with database.read() as session:
        assert service.list_keys(session) == []


# --- who is recognised ----------------------------------------------------------------------------------------


def test_the_holder_of_a_key_is_recognised_until_it_ends(database: Database) -> None:
    created = made(database)
    principal = Principal(created.record.id, "organisation_editor", created.record.id, (OWNER,))
    end = NOW + timedelta(days=30)
    assert service.verify(database, (), created.text, now=NOW) == principal
    assert service.verify(database, (), created.text, now=end - timedelta(microseconds=1)) == principal
    assert service.verify(database, (), created.text, now=end) is None


def test_a_revoked_key_is_not_recognised_from_the_next_call_on(database: Database) -> None:
    created, other = made(database), made(database)
    with database.write() as session:
        service.revoke(session, created.record.id, now=NOW)
    assert service.verify(database, (), created.text, now=NOW) is None
    assert service.verify(database, (), other.text, now=NOW) is not None
    with pytest.raises(service.KeyChangeRefused, match="revoked"), database.write() as session:
        service.revoke(session, created.record.id, now=NOW)
    with pytest.raises(UnknownKey, match="nobody"), database.write() as session:
        service.revoke(session, "nobody", now=NOW)


def test_the_secret_of_another_key_is_not_recognised(database: Database) -> None:
    one, other = keys.parse_key(made(database).text), keys.parse_key(made(database).text)
    assert one is not None
    assert other is not None
    assert service.verify(database, (), keys.Key(one.id, other.secret).to_text(), now=NOW) is None


def test_peppers_change_without_ending_keys(database: Database) -> None:
    bare, old, new = made(database), made(database, OLD), made(database, NEW, OLD)

    def recognised(*peppers: SecretText) -> list[bool]:
        found = [service.verify(database, peppers, key.text, now=NOW) is not None for key in (bare, old, new)]
        assert found == [service.is_recognised(key.record, peppers) for key in (bare, old, new)]
        return found

    assert recognised() == [True, False, False]
    assert recognised(OLD) == [True, True, False]
    assert recognised(NEW, OLD) == [True, True, True]
    assert recognised(NEW) == [True, False, True]


def test_a_refusal_takes_the_same_work_whatever_the_reason(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look-up, one HMAC and one comparison of equal lengths, for every key of the right form."""
    good, revoked, other_pepper = made(database, NEW), made(database, NEW), made(database, OLD)
    with database.write() as session:
        service.revoke(session, revoked.record.id, now=NOW)
    wrong = keys.Key(good.record.id, keys.generate_key().secret).to_text()
    work: list[object] = []
    real_one, real_digest, real_compare = queries.get, hmac.digest, hmac.compare_digest

    def one(*arguments: Any) -> object:
        work.append("look-up")
        return real_one(*arguments)

    def digest(key: bytes, message: bytes, kind: str) -> bytes:
        work.append(("hmac", len(message)))
        return real_digest(key, message, kind)

    def compare(one: str, other: str) -> bool:
        work.append(("compare", len(one), len(other)))
        return real_compare(one, other)

    monkeypatch.setattr(queries, "get", one)
    monkeypatch.setattr(hmac, "digest", digest)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    later = NOW + timedelta(days=30)
    for text, now, known in (
        (good.text, NOW, True),
        (keys.generate_key().to_text(), NOW, False),
        (wrong, NOW, False),
        (good.text, later, False),
        (revoked.text, NOW, False),
        (other_pepper.text, NOW, False),
    ):
        work.clear()
        assert (service.verify(database, (NEW,), text, now=now) is not None) is known
        assert work == ["look-up", ("hmac", 43), ("compare", 64, 64)]


def test_administrators_are_listed_oldest_first(database: Database) -> None:
    made(database)
    first, second = (made(database, role="administrator") for _ in range(2))
    with database.read() as session:
        found = service.list_administrators(session)
    assert {record.id for record in found} == {first.record.id, second.record.id}
    assert [record.created for record in found] == sorted(record.created for record in found)


def test_a_key_that_is_rotated_while_it_is_reported_ends_with_what_replaces_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL its finder may do so between the two statements."""
    stolen = made(database)
    update_key, theirs = queries.update_key, list[CreatedKey]()

    def rotate_first(session: Session, record: queries.KeyRecord, **values: object) -> bool:
        monkeypatch.setattr(queries, "update_key", update_key)
        finder = Principal(record.id, record.role, record.origin, record.organisations)
        theirs.append(service.rotate(session, (), record.id, by=finder, now=NOW))
        return update_key(session, record, **values)

    monkeypatch.setattr(queries, "update_key", rotate_first)
    with database.write() as session:
        revoked = service.revoke_leaked(session, stolen.record.id, now=NOW)
    assert [record.id for record in revoked] == [stolen.record.id, theirs[0].record.id]
