"""What the command line enters in the ledger, the keys that sign, and checkpoints to be kept outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actitud_api import cli
from actitud_api.cli.doctor import DoctorReport
from actitud_api.platform.audit_log import keys, service
from actitud_api.platform.audit_log.schemas import build_key_set
from tests.support.databases import opened
from tests.support.ledgers import find_chain_problems, make_jwks, read_statement

MADRID = ["--organisation", "ES-DIR3-L01280796", "--name", "Madrid", "--kind", "MUN"]
CSV = "dir3,ine,name,province_code,province,region_code,region,nuts2,population\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the private keys."""
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path / "signing"))
    return tmp_path / "signing"


@pytest.fixture
def installed(empty: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The URL of an installation with an organisation, on each kind of database."""
    monkeypatch.setenv("ACTITUD_DATABASE_URL", empty)
    monkeypatch.setenv("ACTITUD_PUBLIC_URL", "https://indice.example.org:8443/")
    assert cli.main(["init", *MADRID]) == 0
    capsys.readouterr()
    return empty


def said(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert cli.main(list(command)) == 0
    return capsys.readouterr().out


def records(url: str) -> list[dict[str, Any]]:
    with opened(url) as database, database.read() as session:
        return [msgspec.json.decode(shown.entry.record) for shown in service.iterate_entries(session)]


def signing_key(url: str) -> service.SigningKey:
    with opened(url) as database, database.read() as session:
        (current,) = [key for key in service.list_signing_keys(session) if key.retired is None]
    return current


def test_init_begins_the_ledger_and_makes_the_first_key(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genesis, init = records(installed)
    assert genesis["origin"].startswith("indice.example.org/ledger/")
    kid = signing_key(installed).kid
    assert (init["action"], init["actor"], init["outcome"]) == ("cli.init", None, "done")
    key = init["details"].pop("key")
    assert len(key) == 12
    assert init["details"] == {"organisation": "ES-DIR3-L01280796", "kid": kid, "retired": None}
    assert [file.name for file in folder.iterdir()] == [f"{kid}.pem"]
    assert (folder / f"{kid}.pem").stat().st_mode & 0o777 == 0o600
    said(capsys, "init", *MADRID)
    assert len(records(installed)) == 2, "to repeat it changes nothing"
    assert "Signing key" not in said(capsys, "init", "--new-key")
    assert records(installed)[2]["details"].keys() == {"key", "organisation"}


def test_keys_that_are_made_and_ended_are_entered_without_their_secrets(
    installed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    create = ("keys", "create", "--role", "organisation_editor", "--organisation", "ES-DIR3-L01280796")
    text = said(capsys, *create).splitlines()[-1]
    _, identifier, secret = text.split("_")
    said(capsys, "keys", "revoke", identifier)
    assert cli.main(["keys", "revoke", identifier]) == 1
    created, revoked = records(installed)[2:]
    assert (created["action"], created["details"]) == (
        "cli.keys.create",
        {"key": identifier, "role": "organisation_editor"},
    )
    assert (revoked["action"], revoked["details"]) == ("cli.keys.revoke", {"key": identifier})
    with opened(installed) as database, database.read() as session:
        whole = repr(list(service.iterate_entries(session)))
    assert identifier in whole
    assert secret[:12] not in whole


def test_an_import_is_entered_with_the_digest_of_its_file(
    installed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.csv"
    file.write_text(CSV, "utf-8")
    said(capsys, "organisations", "import", str(file))
    entry = records(installed)[-1]
    assert (entry["action"], entry["subject"][:7]) == ("cli.organisations.import", "sha256:")
    assert entry["details"] == {"added": 0, "changed": 0, "unchanged": 0}
    # `printf '…' | sha256sum` of the header line.
    assert entry["sent"] == "sha256:3ef21acbc09e74d1caffae438ee97078d51ef972f767ba36a363bd1a9d439491"
    file.write_text(CSV + "L0,1\n", "utf-8")
    assert cli.main(["organisations", "import", str(file)]) == 1
    assert records(installed)[-1] == entry


def test_a_key_is_replaced_and_what_it_signed_still_holds(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, note = signing_key(installed), said(capsys, "ledger", "checkpoint")
    made = said(capsys, "keys", "rotate-signing")
    new = signing_key(installed)
    assert str(folder / f"{new.kid}.pem") in made
    assert sorted(file.name for file in folder.glob("*.pem")) == sorted([f"{old.kid}.pem", f"{new.kid}.pem"])
    assert records(installed)[-1]["details"] == {"kid": new.kid, "retired": old.kid}
    later = said(capsys, "ledger", "checkpoint")
    entries = said(capsys, "ledger", "export").encode()
    for checkpoint, signed, other in ((note, old, new), (later, new, old)):
        assert find_chain_problems(entries, checkpoint, make_jwks(old, new)) == []
        assert find_chain_problems(entries, checkpoint, make_jwks(signed)) == []
        assert find_chain_problems(entries, checkpoint, make_jwks(other)) == [("0:/checkpoint", "foreign_key")]


def test_a_key_that_others_may_have_counts_up_to_an_entry(
    installed: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, note = signing_key(installed), said(capsys, "ledger", "checkpoint")
    size = read_statement(note).size
    made = said(capsys, "keys", "revoke-signing", "--", old.kid)
    new = signing_key(installed)
    assert made.splitlines()[0].startswith(f"The signing key {old.kid} is compromised since entry {size} of the ledger")
    assert str(folder / f"{new.kid}.pem") in made
    rotated, revoked = records(installed)[-2:]
    assert (rotated["action"], rotated["details"]) == ("cli.keys.rotate-signing", {"kid": new.kid, "retired": old.kid})
    assert (revoked["action"], revoked["details"]) == (
        "cli.keys.revoke-signing",
        {"kid": old.kid, "compromised_since": size},
    )
    with opened(installed) as database, database.read() as session:
        jwks = msgspec.to_builtins(build_key_set(service.list_signing_keys(session)))
    assert [key.get("compromised_since") for key in jwks["keys"]] == [size, None]
    entries = said(capsys, "ledger", "export").encode()
    assert find_chain_problems(entries, note, jwks) == []

    # It was known earlier than was thought; that it was later after all is not believed.
    said(capsys, "keys", "revoke-signing", "--since", "1", "--", old.kid)
    assert records(installed)[-1]["details"] == {"kid": old.kid, "compromised_since": 1}
    assert signing_key(installed) == new, "it had been replaced already"
    with opened(installed) as database, database.read() as session:
        jwks = msgspec.to_builtins(build_key_set(service.list_signing_keys(session)))
    assert find_chain_problems(entries, note, jwks) == [("0:/checkpoint", "compromised")]

    before = records(installed)
    for options in ((), ("--since", "1"), ("--since", "2")):
        assert cli.main(["keys", "revoke-signing", *options, "--", old.kid]) == 2
        assert capsys.readouterr().err.splitlines()[0] == (
            f"The signing key {old.kid} is compromised since entry 1 of the ledger already: "
            "--since can only name an earlier one."
        )
    assert records(installed) == before


@pytest.mark.parametrize(
    ("options", "code", "error"),
    [
        (("none",), 1, "There is no signing key none."),
        (("--since", "99", "KID"), 2, "--since: “99” is not the number of an entry of the ledger, 0 to 2"),
        (("--since", "-1", "KID"), 2, "--since: “-1” is not the number of an entry of the ledger, 0 to 1000000000"),
        (("--since", "x", "KID"), 2, "--since: “x” is not the number of an entry of the ledger, 0 to 1000000000"),
    ],
)
def test_what_is_no_key_or_no_entry_is_refused(
    options: tuple[str, ...], code: int, error: str, installed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before, kid = records(installed), signing_key(installed).kid
    *others, last = options
    command = [*others, "--", last.replace("KID", kid)]
    assert cli.main(["keys", "revoke-signing", *command]) == code
    assert capsys.readouterr().err.splitlines()[0] == error
    assert records(installed) == before


def test_a_checkpoint_is_written_to_be_kept_and_the_export_holds_against_it(
    installed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    note = said(capsys, "ledger", "checkpoint")
    assert said(capsys, "ledger", "checkpoint") == note, "nothing was added"
    said(capsys, "keys", "rotate-signing")
    entries = said(capsys, "ledger", "export").encode()
    lines = [msgspec.json.decode(line) for line in entries.splitlines()]
    with opened(installed) as database, database.read() as session:
        known = make_jwks(*service.list_signing_keys(session))
    assert (read_statement(note).size, len(lines)) == (2, 3)
    assert find_chain_problems(entries, note, known) == []
    # As everybody sees it.
    assert [line["opening"] and line["opening"]["subject"] for line in lines] == [
        None,
        "/v1/organisations/ES-DIR3-L01280796",
        "/.well-known/jwks.json",
    ]


def test_where_nothing_can_be_written_no_key_is_made(
    installed: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    before, kid = records(installed), signing_key(installed).kid
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path / "file"))
    assert cli.main(["keys", "rotate-signing"]) == 1
    assert f"Cannot write to {tmp_path / 'file'}" in capsys.readouterr().err
    assert (records(installed), signing_key(installed).kid) == (before, kid)


@pytest.mark.parametrize("fault", ["missing", "exposed", "unreadable", "foreign"])
def test_doctor_says_what_is_wrong_with_the_key_and_nothing_is_signed(
    installed: str, folder: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = folder.iterdir()
    if fault == "missing":
        file.unlink()
    elif fault == "exposed":
        file.chmod(0o644)
    elif fault == "unreadable":
        file.write_text("-----BEGIN PRIVATE KEY-----\n", "ascii")
    else:
        other = keys.create_key(folder)
        service.build_key_path(folder, other.kid).replace(file)
    assert cli.main(["doctor", "--json"]) == 1
    checks = msgspec.json.decode(capsys.readouterr().out, type=DoctorReport).checks
    (wrong,) = [check for check in checks if check.status == "problem"]
    assert wrong.name == "signing"
    assert str(file) in wrong.found
    assert wrong.remedy is not None
    assert ("revoke-signing" if fault == "exposed" else "rotate-signing") in wrong.remedy
    assert cli.main(["ledger", "checkpoint"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert str(file) in captured.err
    said(capsys, "keys", "rotate-signing")
    assert cli.main(["doctor", "--json"]) == 0
