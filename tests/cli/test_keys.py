"""`keys`: made and shown once, listed without any secret, ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from actitud_api import cli
from actitud_api.platform.auth import keys
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.secret import SecretText
from actitud_api.resources.editions import service as editions
from tests.support.databases import opened
from tests.support.editions import draft_edition
from tests.support.keys import find_keys

MADRID = ["--organisation", "ES-DIR3-L01280796", "--name", "Madrid", "--kind", "MUN"]
OWNER = "ES-DIR3-L01280796"
PEPPER = "a pepper that is long enough to hold"


@pytest.fixture
def installed(url: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The URL of an installation with an organisation and its first key, of each kind of database."""
    assert cli.main(["init", "--database", url, *MADRID]) == 0
    with opened(url) as database, database.write() as session:
        for year in (2027, 2028):
            made = draft_edition(str(year), year=year)
            editions.create(session, made, now=datetime.now(UTC))
    capsys.readouterr()
    return url


def stored(url: str) -> list[access.KeyRecord]:
    with opened(url) as database, database.read() as session:
        return access.list_keys(session)


# --- create ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "role", "bound", "days"),
    [
        (["--role", "organisation_editor", "--organisation", OWNER, "--days", "1"], "organisation_editor", OWNER, 1),
        (["--role", "organisation_reader", *("--organisation", OWNER) * 2], "organisation_reader", OWNER, 365),
        (["--role", "registrar"], "registrar", "the whole installation", 365),
        (["--role", "administrator"], "administrator", "the whole installation", 365),
        (["--role", "assessor"], "assessor", "all editions", 365),
        (["--role", "publisher", "--edition", "2027", "--edition", "2028"], "publisher", "2027, 2028", 365),
    ],
)
def test_a_new_key_stands_alone_in_its_line_and_is_recognised(
    installed: str,
    arguments: list[str],
    role: access.Role,
    bound: str,
    days: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["keys", "create", "--database", installed, *arguments]) == 0
    said, key = capsys.readouterr().out.splitlines()
    record = stored(installed)[-1]
    assert said == (
        f"Key {record.id}, with the role {role}, for {bound}, valid until {record.expires.date()}. "
        "Keep it now: it is not shown again."
    )
    assert record.expires - record.created == timedelta(days=days)
    with opened(installed) as database:
        assert access.verify(database, (), key, now=datetime.now(UTC)) == access.Principal(
            record.id,
            role,
            record.id,
            (OWNER,) if role in access.ORGANISATION_ROLES else (),
            ("2027", "2028") if role == "publisher" else None,
        )


def test_it_is_made_with_the_pepper(installed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTITUD_KEY_PEPPER", PEPPER)
    assert cli.main(["keys", "create", "--database", installed, "--role", "registrar"]) == 0
    assert not access.is_recognised(stored(installed)[-1], ())
    assert access.is_recognised(stored(installed)[-1], (SecretText(PEPPER),))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], ["--role: needed: organisation_reader, organisation_editor, assessor, publisher, "]),
        (["--role", "owner", "--days", "366"], ["--role: “owner” is not a role", "--days: “366” is not a number of"]),
        (
            ["--role", "organisation_editor", "--days", "0"],
            ["--organisation: needed", "--days: “0” is not a number of days"],
        ),
        (["--role", "registrar", "--organisation", OWNER], ["--organisation: does not go with --role registrar"]),
        (["--role", "organisation_reader", "--organisation", OWNER, "--edition", "2027"], ["--edition: does not go"]),
        (["--role", "registrar", "--days", "-1"], ["--days: “-1” is not a number of days, 1 to 365"]),
        (["--role", "registrar", "--days", "9" * 5000], ["is not a number of days, 1 to 365"]),
    ],
)
def test_everything_wrong_is_said_at_once_and_nothing_is_made(
    nothing: str, tmp_path: Path, arguments: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["keys", "create", "--database", nothing, *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(said)
    assert all(text in line for text, line in zip(said, lines, strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_of_an_organisation_that_is_there(installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    of_a_stranger = ["--role", "organisation_editor", "--organisation", "ES-DIR3-L02000028"]
    assert cli.main(["keys", "create", "--database", installed, *of_a_stranger]) == 1
    assert capsys.readouterr().err == "There is no organisation ES-DIR3-L02000028. No key was made.\n"
    assert len(stored(installed)) == 1


@pytest.mark.parametrize(
    "command", [["create", "--role", "registrar"], ["list"], ["revoke", "000000000000"], ["rotate", "000000000000"]]
)
def test_there_has_to_be_an_installation(
    nothing: str, tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["keys", *command, "--database", nothing]) == 1
    assert "is not initialised: run actitud-api init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# --- list -----------------------------------------------------------------------------------------------------


def test_it_lists_every_key_with_its_state_and_no_secret(
    installed: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = datetime(2026, 1, 1, tzinfo=UTC)
    now = datetime.now(UTC)
    with opened(installed) as database, database.write() as session:
        made = [
            access.create_key(session, (), role="registrar", days=1, now=long_ago),
            access.create_key(session, (), role="organisation_editor", organisations=(OWNER,), days=2, now=now),
            access.create_key(session, (SecretText(PEPPER),), role="registrar", days=3, now=now),
        ]
        access.revoke(session, made[1].record.id, now=now)
    first = next(record for record in stored(installed) if record.role == "administrator")
    today, whole = now.date(), "the whole installation"

    def day(days: int) -> str:
        return (now + timedelta(days=days)).date().isoformat()

    expected = {
        (made[0].record.id, "registrar", whole, "2026-01-01", "2026-01-02", "–", "expired"),
        (first.id, "administrator", whole, str(first.created.date()), str(first.expires.date()), "–", "valid"),
        (made[1].record.id, "organisation_editor", OWNER, str(today), day(2), "–", "revoked"),
        (made[2].record.id, "registrar", whole, str(today), day(3), "–", "of another key_pepper"),
    }
    assert cli.main(["keys", "list", "--database", installed]) == 0
    said = capsys.readouterr().out
    titles, oldest, *_ = lines = said.splitlines()
    assert titles.split() == ["key", "role", "for", "created", "expires", "last", "use", "state"]
    assert oldest.startswith(made[0].record.id)
    assert {tuple(re.split(r" {2,}", line)) for line in lines[1:]} == expected
    secrets = [key.secret for created in made if (key := keys.parse_key(created.text)) is not None]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret[:8] in said]
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert cli.main(["keys", "list", "--database", installed]) == 0
    said = capsys.readouterr().out
    assert [word in said for word in ("toda la instalación", "caducada", "revocada", "vale")] == [True] * 4


def test_an_installation_without_keys_has_none_to_list(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["keys", "list", "--database", url]) == 0
    assert capsys.readouterr().out == "There are no keys.\n"


# --- revoke ---------------------------------------------------------------------------------------------------


def test_a_key_that_leaked_is_ended_and_init_makes_another(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["init", "--database", url]) == 0
    (key,) = find_keys(capsys.readouterr().out)
    (record,) = stored(url)
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert cli.main(["keys", "revoke", record.id, "--database", url]) == 0
    assert capsys.readouterr().out == f"La clave {record.id} ya no vale.\n"
    with opened(url) as database:
        assert access.verify(database, (), key, now=datetime.now(UTC)) is None
    assert cli.main(["keys", "revoke", record.id, "--database", url]) == 1
    assert capsys.readouterr().err == f"No hay ninguna clave {record.id} que valga.\n"
    assert cli.main(["init", "--database", url]) == 0
    assert len(find_keys(capsys.readouterr().out)) == 1


# --- rotate ---------------------------------------------------------------------------------------------------


def test_a_key_is_replaced_and_both_hold_for_a_while(installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    create = ["keys", "create", "--role", "organisation_editor", "--organisation", OWNER, "--days", "90"]
    assert cli.main([*create, "--database", installed]) == 0
    (old,) = find_keys(capsys.readouterr().out)
    before = stored(installed)[-1]
    assert cli.main(["keys", "rotate", before.id, "--overlap", "3", "--database", installed]) == 0
    said = capsys.readouterr().out
    (new,) = find_keys(said)
    before, after = stored(installed)[-2:]
    assert said.splitlines()[0] == f"The key {before.id} holds until {before.expires.date()}; in its place:"
    assert before.expires - after.created == timedelta(days=3)
    assert (before.replaced_by, after.origin, after.maker) == (after.id, before.id, None)
    assert (after.role, after.organisations, after.days) == (before.role, before.organisations, 90)
    with opened(installed) as database:
        holders = [access.verify(database, (), key, now=datetime.now(UTC)) for key in (old, new)]
    assert [holder and holder.key for holder in holders] == [before.id, after.id]
    assert cli.main(["keys", "rotate", before.id, "--database", installed]) == 1
    assert f"has the key {after.id} already" in capsys.readouterr().err


def test_what_is_wrong_with_a_rotation_is_said(installed: str, capsys: pytest.CaptureFixture[str]) -> None:
    (first,) = stored(installed)
    assert cli.main(["keys", "rotate", first.id, "--days", "0", "--overlap", "31", "--database", installed]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "--days: “0” is not a number of days, 1 to 365",
        "--overlap: “31” is not a number of days, 0 to 30",
    ]
    assert cli.main(["keys", "rotate", "000000000000", "--database", installed]) == 1
    assert capsys.readouterr().err == "There is no key 000000000000 that holds.\n"
    assert stored(installed) == [first]


# --- check ----------------------------------------------------------------------------------------------------


def test_the_keys_in_a_text_are_named_without_any_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTITUD_DATABASE_URL", f"sqlite:///{tmp_path / 'none.sqlite3'}")
    made = [keys.generate_key(), keys.generate_key()]
    spoilt = made[0].to_text()[:-1] + ("a" if made[0].to_text()[-1] != "a" else "b")
    (tmp_path / "log").write_bytes(f"a {made[0].to_text()}\n\xff {spoilt}\r\nb={made[1].to_text()}x".encode("latin-1"))
    assert cli.main(["keys", "check", str(tmp_path / "log")]) == 1
    said = capsys.readouterr().out
    assert said == f"Line 1: the key {made[0].id}\nLine 3: the key {made[1].id}\n"
    assert not [key for key in made if key.secret[:8] in said]
    (tmp_path / "log").write_text(spoilt)
    assert cli.main(["keys", "check", str(tmp_path / "log")]) == 0
    assert capsys.readouterr().out == "There are no keys in the text.\n"
    assert [file.name for file in tmp_path.iterdir()] == ["log"]
    assert cli.main(["keys", "check", str(tmp_path / "nothing")]) == 2


def test_with_the_database_it_says_which_of_them_hold(
    installed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    with opened(installed) as database, database.write() as session:
        valid, revoked, expired, another = (
            access.create_key(session, peppers, role="registrar", days=1, now=then)
            for peppers, then in (
                ((), now),
                ((), now),
                ((), now - timedelta(days=2)),
                ((SecretText(PEPPER),), now),
            )
        )
        access.revoke(session, revoked.record.id, now=now)
    stranger, guessed = keys.generate_key(), keys.Key(valid.record.id, "0" * keys.SECRET_LENGTH)
    found = [valid.text, revoked.text, expired.text, another.text, stranger.to_text(), guessed.to_text()]
    (tmp_path / "log").write_text("\n".join(found))
    monkeypatch.setenv("ACTITUD_DATABASE_URL", installed)
    assert cli.main(["keys", "check", str(tmp_path / "log"), "--holds"]) == 1
    lines = [line.split(": ")[1:] for line in capsys.readouterr().out.splitlines()]
    ours, strange = [made.record.id for made in (valid, revoked, expired)], "not one of this installation"
    assert lines == [
        [f"the key {ours[0]}", "valid"],
        [f"the key {ours[1]}", "revoked"],
        [f"the key {ours[2]}", "expired"],
        [f"the key {another.record.id}", strange],
        [f"the key {stranger.id}", strange],
        [f"the key {ours[0]}", strange],
    ]
