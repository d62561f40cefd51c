"""`init` and `migrate`: what an installation begins with, and how its tables move."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect

from actitud_api import cli
from actitud_api.cli.installing import install
from actitud_api.engine.methodology import loader
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.urls import hide_password
from actitud_api.resources.organisations import service as organisations
from actitud_api.settings import Settings
from tests.support.databases import opened
from tests.support.keys import find_keys
from tests.support.revisions import LATER, NEWEST, REVISIONS, pretend_later

MADRID = ["--organisation", "ES-DIR3-L01280796", "--name", "Madrid", "--kind", "MUN", "--population", "3422416"]
OTHER = ["--organisation", "ES-DIR3-L01040097", "--name", "Alcudia de Monteagud", "--kind", "MUN"]
NEW_PEPPER = "a new pepper, long enough to hold"


@pytest.fixture
def url(empty: str) -> str:
    """The URL of a database without tables, of each kind."""
    return empty


def administrators(url: str) -> list[access.KeyRecord]:
    with opened(url) as database, database.read() as session:
        return access.list_administrators(session)


def listed(url: str) -> list[organisations.OrganisationRecord]:
    with opened(url) as database:
        return organisations.list_page(database, organisations.OrganisationFilters(), PageRange(limit=10))


# --- init -----------------------------------------------------------------------------------------------------


def test_it_makes_the_database_the_organisation_and_the_key_and_shows_it(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", "--database", url, *MADRID]) == 0
    lines = capsys.readouterr().out.splitlines()
    (key,) = find_keys("\n".join(lines))
    assert key in lines
    assert lines[:3] == [
        f"Database: {hide_password(url)}, created at revision {NEWEST}.",
        "Methodology: 2026.1, 2027.1-short, 2027.1, verified.",
        "Organisation: ES-DIR3-L01280796, Madrid, added.",
    ]
    assert lines[3].startswith("  No domain is on record for it, so its documents do not count yet.")
    assert lines[4] == '  PATCH /v1/organisations/ES-DIR3-L01280796, with {"domains": ["townhall.example"]}'
    (madrid,) = listed(url)
    assert (madrid.id, madrid.name, madrid.kind, madrid.simulated) == ("ES-DIR3-L01280796", "Madrid", "MUN", False)
    assert (madrid.population, madrid.band) == (3_422_416, "P5")
    assert (madrid.province, madrid.region) == ("28", "13")
    with opened(url) as database:
        principal = access.verify(database, (), key, now=datetime.now(UTC))
    assert principal is not None
    assert (principal.organisations, principal.role) == ((), "administrator")
    (record,) = administrators(url)
    assert record.expires - record.created == timedelta(days=365)


def test_the_organisation_may_have_domains(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    domains = ["--domain", "sede.madrid.example", "--domain", "madrid.example"]
    assert cli.main(["init", "--database", url, *MADRID, *domains]) == 0
    assert "No domain" not in capsys.readouterr().out
    assert [record.domains for record in listed(url)] == [("madrid.example", "sede.madrid.example")]


def test_a_second_time_it_says_what_is_there_and_changes_nothing(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["init", "--database", url, *MADRID]) == 0
    capsys.readouterr()
    before = (listed(url), administrators(url))
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    for arguments in ([], MADRID):
        assert cli.main(["init", "--database", url, *arguments]) == 0
        said = capsys.readouterr().out
        assert find_keys(said) == []
        assert f"ya estaba en la revisión {NEWEST}" in said
        assert "Organización: ES-DIR3-L01280796, Madrid, ya estaba." in said
        assert f"Clave de administración: ya estaba {administrators(url)[0].id}" in said
        assert (listed(url), administrators(url)) == before


def test_without_an_organisation_it_says_how_to_add_one_and_adds_it_later(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", "--database", url]) == 0
    said = capsys.readouterr().out
    # The next commands are about the same database; a URL with a password is not shown.
    option = f"--database {shlex.quote(url) if hide_password(url) == url else 'URL'}"
    assert f"actitud-api init {option} --organisation ID --name NAME --kind KIND --domain DOMAIN" in said
    assert f"Next: actitud-api serve {option} serves it; actitud-api doctor {option} says" in said
    assert cli.main(["init", "--database", url, *MADRID]) == 0
    assert "Organisation: ES-DIR3-L01280796, Madrid, added." in (said := capsys.readouterr().out)
    assert find_keys(said) == []
    assert [record.organisations for record in administrators(url)] == [()]


def test_it_adds_no_second_organisation(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "--database", url, *MADRID]) == 0
    assert cli.main(["init", "--database", url, "--new-key", *OTHER]) == 1
    assert "There are organisations already (ES-DIR3-L01280796, Madrid)" in capsys.readouterr().err
    assert len(listed(url)) == len(administrators(url)) == 1


def test_a_lost_key_is_replaced_when_asked(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "--database", url]) == 0
    assert cli.main(["init", "--database", url, "--new-key", "--key-days", "31"]) == 0
    assert len(set(find_keys(capsys.readouterr().out))) == 2
    assert [(record.expires - record.created).days for record in administrators(url)] == [365, 31]


def test_another_key_is_made_in_the_last_thirty_days_of_the_last_one(url: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    with opened(url) as database:
        database.migrate()

        def again(after: timedelta) -> bool:
            outcome = install(database, Settings(), None, days=100, new_key=False, now=start + after)
            return outcome.created is not None

        steps = [0, 1, 69, 70, 71]
        assert [again(timedelta(days=days)) for days in steps] == [True, False, False, True, False]


def test_a_key_of_a_forgotten_pepper_is_replaced(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTITUD_KEY_PEPPER", NEW_PEPPER)
    assert cli.main(["init", "--database", url]) == 0
    monkeypatch.delenv("ACTITUD_KEY_PEPPER")
    assert cli.main(["init", "--database", url]) == 0
    assert len(set(find_keys(said := capsys.readouterr().out))) == 2
    assert NEW_PEPPER not in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "Madrid", "--population", "1", "--domain", "madrid.example"],
         ["--name: only with", "--population: only with", "--domain: only with"]),
        (["--organisation", "ES-DIR3-L01280796"], ["--name: needed", "--kind: needed"]),
        (["--organisation", "28079", "--name", "", "--kind", "TOWN", "--population", "-1", "--province", "53"],
         ["--organisation: “28079” is not", "--name: “” is not", "--kind: “TOWN” is not", "--population: “-1” is not",
          "--province: “53” is not"]),
        ([*MADRID, "--organisation", "ES-DIR3-L01280790"], ["wrong control digit: it should be 6"]),
        ([*MADRID, "--province", "46"], ["“46” is not the province of the identifier: 28"]),
        ([*MADRID, "--kind", "MIN"], ["the size of MIN is not measured by inhabitants"]),
        ([*MADRID, "--domain", "Madrid.example", "--domain", "a.example", "--domain", "a.example"],
         ["--domain: “Madrid.example” is not a domain in lower case", "--domain: “a.example” is there twice"]),
        ([*MADRID, *(f"--domain=d{number}.example" for number in range(51))],
         ["--domain: there are 51, and 50 fit at most"]),
        ([*MADRID, "--population", "1000000000001"], ["--population: “1000000000001” is not a whole number"]),
        (["--key-days", "366"], ["--key-days: “366” is not"]),
        (["--key-days", "30"], ["--key-days: “30” is not"]),
        (["--key-days", "x"], ["--key-days: “x” is not"]),
    ],
)  # fmt: skip
def test_everything_wrong_is_said_at_once_and_nothing_is_made(
    nothing: str, tmp_path: Path, arguments: list[str], said: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", "--database", nothing, *arguments]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(said)
    assert all(text in line for text, line in zip(said, lines, strict=True))
    assert list(tmp_path.iterdir()) == []


def test_a_methodology_that_changed_stops_it(
    nothing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(version: str) -> loader.Methodology:
        raise loader.DefectiveMethodology(version, [])

    monkeypatch.setattr(loader, "load_methodology", changed)
    assert cli.main(["init", "--database", nothing]) == 1
    assert capsys.readouterr().err.startswith("The methodology is not valid: 2026.1")
    assert list(tmp_path.iterdir()) == []


def test_an_older_database_is_not_migrated_unasked(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["init", "--database", url]) == 0
    pretend_later(monkeypatch)
    capsys.readouterr()
    file = tmp_path / "list.csv"
    file.write_text("dir3,ine,name,province_code,region_code,population\n", "utf-8")
    for command in (["init"], ["organisations", "import", str(file)]):
        assert cli.main([*command, "--database", url]) == 1
        assert f"is at revision {NEWEST} and needs {LATER}: run actitud-api migrate" in capsys.readouterr().err


# --- migrate --------------------------------------------------------------------------------------------------


def tables(url: str) -> set[str]:
    with opened(url) as database, database.read() as session:
        return set(inspect(session.connection()).get_table_names())


def test_it_says_what_it_did_down_and_up(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(url) as database:
        database.migrate()
    whole = tables(url)

    def said(*arguments: str) -> str:
        assert cli.main(["migrate", "--database", url, *arguments]) == 0
        return capsys.readouterr().out

    undone, done = ", ".join(reversed(REVISIONS)), ", ".join(REVISIONS)
    assert said() == f"Already at revision {NEWEST}: nothing to do.\n"
    assert said("--to", "base") == f"From revision {NEWEST} to base. Undone: {undone}.\n"
    assert tables(url) == {"alembic_version"}
    assert said() == f"From revision base to {NEWEST}. Done: {done}.\n"
    assert tables(url) == whole


def test_a_revision_that_there_is_not_changes_nothing(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(url) as database:
        database.migrate()
    assert cli.main(["migrate", "--database", url, "--to", "r0999"]) == 2
    assert re.search(r"no revision “r0999”. There are: base, r0001", capsys.readouterr().err)
    with opened(url) as database:
        assert database.is_current()


def test_there_has_to_be_a_database_to_migrate(
    nothing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["migrate", "--database", nothing]) == 1
    assert "is not initialised: run actitud-api init" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_migration_that_fails_says_why(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(url) as database, database.begin_migration() as connection:
        connection.exec_driver_sql("CREATE TABLE edition (in_the_way INTEGER)")
    assert cli.main(["migrate", "--database", url]) == 1
    assert re.search(r"cannot be used: (table|relation) \W?edition\W? already exists", capsys.readouterr().err)
    assert tables(url) == {"edition"}
