"""Search for organisations: what is found, in which order, by index alone, and kept up to date by every write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import func, select

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.organisations import search_queries, service
from actitud_api.settings import Settings
from tests.benchmarks.population import fill
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, opened
from tests.support.organisations import change_organisation

pytestmark = pytest.mark.both_databases

NOW = datetime(2026, 3, 1, tzinfo=UTC)

# Id, name, kind, province, region, population.
REGISTER = (
    ("XX-T-01", "Madrid", "MUN", "28", "13", 3_300_000),
    ("XX-T-02", "Comunidad de Madrid", "REG", "28", "13", 6_700_000),
    ("XX-T-03", "Las Rozas de Madrid", "MUN", "28", "13", 96_000),
    ("XX-T-04", "Madridejos", "MUN", "45", "08", 10_000),
    ("XX-T-05", "Alcalá de Henares", "MUN", "28", "13", 197_000),
    ("XX-T-06", "Barcelona", "MUN", "08", "09", 1_600_000),
    ("XX-T-07", "Sant Cugat Sesgarrigues", "MUN", "08", "09", 1_000),
    ("XX-T-08", "Sant Cugat del Vallès", "MUN", "08", "09", 92_000),
    ("XX-T-09", "Coruña del Conde", "MUN", "09", "07", 120),
    ("XX-T-10", "A Coruña", "MUN", "15", "12", 247_000),
    ("XX-T-11", "Vandellòs i l'Hospitalet de l'Infant", "MUN", "43", "09", 6_000),
    ("XX-T-12", "L'Hospitalet de Llobregat", "MUN", "08", "09", 269_000),
    ("XX-T-13", "Vitoria-Gasteiz", "MUN", "01", "16", 253_000),
    ("XX-T-14", "Diputación Provincial de Huesca", "PRO", "22", "02", 224_000),
    ("XX-T-15", "Huesca", "MUN", "22", "02", 53_000),
    ("XX-T-16", "Jaca", "MUN", "22", "02", 13_000),
    ("XX-T-17", "Alquézar", "MUN", "22", "02", None),
    ("XX-T-18", "Huéscar", "MUN", "18", "01", 7_000),
    ("XX-T-19", "Zaragoza", "MUN", "50", "02", 675_000),
)


@pytest.fixture
def register(database: Database) -> Database:
    """The register, to be changed."""
    add_register(database)
    return database


@pytest.fixture(scope="module", params=BOTH)
def searched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The register, only to be searched."""
    with made_anew(request, tmp_path_factory.mktemp("searched")) as url, opened(url) as database:
        add_register(database)
        yield database


def add_register(database: Database) -> None:
    with database.write() as session:
        service.add(session, [entry(*row) for row in REGISTER], NOW)


def entry(
    identifier: str, name: str, kind: Any = "MUN", province: str = "28", region: str = "13", population: int | None = 1
) -> service.OrganisationEntry:
    return service.OrganisationEntry(
        id=identifier, name=name, kind=kind, province=province, region=region, population=population
    )


def found(database: Database, text: str, **filters: Any) -> str:
    """The last two digits of the ids of organisations that a search finds, in its order."""
    chosen = service.OrganisationFilters(text=text, **filters)
    total: list[int] = []
    rows = service.search_page(database, chosen, PageRange(limit=100, total=total.append))
    assert total == [len(rows)]
    by_id = service.list_page(database, chosen, PageRange(limit=100))
    assert [record.id for record in by_id] == sorted(record.id for record, _ in rows)
    return " ".join(record.id[-2:] for record, _ in rows)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("coruna", "10 09"),  # the whole name, but for its article; then a name of two words
        ("L'Hospitalet", "12 11"),
        ("Vitoria", "13"),
        ("Sant Cugat", "08 07"),  # as close as each other: the larger first
        ("sant cugat del valles", "08"),
        ("hosp", "12 11"),  # the beginning of a word
        ("alcala madrid", "05"),  # a word of the name, and the province
        ("XX-T-13", "13"),
        # The town, the council of the province, a word that only begins so, then the province: the largest first.
        ("Huesca", "15 14 18 16 17"),
        ("provincia de Huesca", "15 14 18 16 17"),
        ("Diputación de Huesca", "14"),
        ("Ayuntamiento de Huesca", "15 18 16 17"),
        ("Aragón", "19 14 15 16 17"),
        ("Ayuntamiento de Madrid", "01 03 04 05"),
        ("Comunidad de Madrid", "02"),
        ("Concello de A Coruña", "10 09"),
        # Misspelt: those whose name is like it, then the province that is.
        ("Madird", "01 02 03 05"),
        ("Barcelna", "06 12 08 07"),
        ("San Cugat", "08 07"),
        ("San Cugaz", "08 07"),
        ("Ayuntamento de Jaca", "16"),
        ("Zaragosa", "19"),
        ("nowhere", ""),
        ("Huesca nowhere", ""),
        ("cudia", ""),
    ],
)
def test_the_closest_organisation_is_first(searched: Database, text: str, expected: str) -> None:
    assert found(searched, text) == expected


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("coruna", True),
        ("hosp", True),  # the beginning of a word
        ("Ayuntamiento de Madrid", True),
        ("XX-T-13", True),
        ("Aragón", True),  # a territory
        ("Madird", False),
        ("Barcelna", False),
        ("nowhere", False),
        ("", False),
    ],
)
def test_an_exact_match_is_told_from_words_that_are_alike(searched: Database, text: str, exact: bool) -> None:
    assert service.has_exact_match(searched, text) is exact


def test_a_search_is_one_filter_among_others(searched: Database) -> None:
    assert found(searched, "Huesca", kind="MUN", province="22") == "15 16 17"
    assert found(searched, "Madird", kind="REG") == "02"
    assert found(searched, "Huesca", kind="UNI") == ""


@pytest.mark.parametrize("text", ["", " ", "%_", "!?", "'\";--", "\\", "·"])
def test_a_text_without_words_finds_all_by_id(searched: Database, text: str) -> None:
    assert found(searched, text) == " ".join(f"{number:02}" for number in range(1, 20))


@pytest.mark.parametrize("text", ["%", "h_esca", "hu%ca", "x" * 200, "ñ" * 200, "a b c d e f g h i j k l m n", "漢字"])
def test_strange_texts_are_words_like_others(searched: Database, text: str) -> None:
    assert found(searched, text) in {"", " ".join(f"{number:02}" for number in range(1, 20))}


# --- up to date -----------------------------------------------------------------------------------------------


def test_a_rename_is_found_at_once_and_the_old_name_as_a_former_one(register: Database) -> None:
    change_organisation(register, "XX-T-16", service.OrganisationChange(name="Reina"), NOW)
    assert found(register, "reina") == found(register, "jaca") == "16"
    change_organisation(register, "XX-T-16", service.OrganisationChange(former_names=()), NOW)
    assert found(register, "reina") == "16"
    assert found(register, "jaca") == ""


def test_what_nobody_has_any_more_leaves_no_word_and_no_trigram(register: Database) -> None:
    before = counts(register)
    invented = [
        service.OrganisationEntry(id="XX-DEMO-00001", name="Villa Quimérica", kind="MUN", simulated=True),
        service.OrganisationEntry(id="XX-DEMO-00002", name="Villa Madrid", kind="MUN", simulated=True),
    ]
    with register.write() as session:
        service.add(session, invented, NOW)
    # Three words of the first id, two of each name: "xx", "demo", "00001"; "madrid" has its trigrams already.
    # "villa" and "quimerica" have 6 and 10.
    assert counts(register) == (before[0] + 10, before[1] + 16)
    assert found(register, "quimerca") == "01"
    with register.write() as session:
        service.remove_simulated(session)
    assert counts(register) == before
    assert found(register, "Madird") == "01 02 03 05"
    for name in ("Xaca", "Jaca"):
        change_organisation(register, "XX-T-16", service.OrganisationChange(name=name), NOW)
    change_organisation(register, "XX-T-16", service.OrganisationChange(former_names=()), NOW)
    assert counts(register) == before


def counts(database: Database) -> tuple[int, int]:
    """The numbers of words of organisations, and of trigrams."""
    with database.read() as session:
        words, trigrams = (
            session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (search_queries.WORDS, search_queries.TRIGRAMS)
        )
    return words, trigrams


# --- bounds ---------------------------------------------------------------------------------------------------


def test_a_search_reads_so_many_rows_of_its_rarest_word(searched: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found(searched, "m") == "01 04 02 03"
    monkeypatch.setattr(search_queries, "ROWS_MAX", 2)
    # "madrid" is before "madridejos", and whole names are before parts.
    assert found(searched, "m") == "01 02"
    # The rarest word is whole, so nothing of "cugat" is missed for the many of "s".
    assert found(searched, "s cugat") == "08 07"


def test_a_register_of_any_size_is_the_beginning_of_a_larger_one(database: Database) -> None:
    fill(database, 30)
    records = service.list_page(database, service.OrganisationFilters(), PageRange(limit=100))
    assert [record.id for record in records] == [f"XX-DEMO-{number:05}" for number in range(1, 31)]
    assert len({record.name for record in records}) == 30
    with database.write() as session:
        service.remove_simulated(session)
    assert counts(database) == (0, 0)
    fill(database, 20)
    again = service.list_page(database, service.OrganisationFilters(), PageRange(limit=100))
    assert [(record.id, record.name) for record in again] == [(record.id, record.name) for record in records[:20]]


def test_the_state_changes_with_every_write(database: Database) -> None:
    states = [service.get_state(database)]
    add_register(database)
    states.append(service.get_state(database))
    change_organisation(database, "XX-T-16", service.OrganisationChange(population=13_001), NOW)
    states.append(service.get_state(database))
    change_organisation(database, "XX-T-16", service.OrganisationChange(population=13_001), NOW)
    assert service.get_state(database) == states[-1]
    with database.write() as session:
        service.remove_simulated(session)
    states.append(service.get_state(database))
    assert len(set(states)) == 4


# --- over HTTP ------------------------------------------------------------------------------------------------


@pytest.fixture
def client(url: str) -> Iterator[TestClient[Litestar]]:
    with borrow_app(Settings(database_url=url)) as app:
        add_register(app.state["database"])
        with TestClient(app) as opened:
            yield opened


def test_pages_go_on_in_the_order_of_the_search(client: TestClient[Litestar]) -> None:
    names: list[str] = []
    totals: list[int] = []
    path: str | None = "/v1/organisations?q=huesca&limit=2&total=true"
    while path is not None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        totals.append(answer.json()["total"])
        names += [item["id"][-2:] for item in answer.json()["items"]]
        path = answer.json()["next"]
        if len(names) == 2:
            # Another one is first from now on: those after the cursor stay as they are.
            with client.app.state["database"].write() as session:
                service.add(session, [entry("XX-T-20", "Huesca", "MUN", "22", "02", 60_000)], NOW)
    assert names == ["15", "14", "18", "16", "17"]
    assert totals == [5, 6, 6]


def test_a_cursor_goes_on_where_nothing_matches_any_more(client: TestClient[Litestar]) -> None:
    following = client.get("/v1/organisations?q=jaca&limit=1").json()
    assert following["next"] is None
    following = client.get("/v1/organisations?q=hospitalet&limit=1").json()["next"]
    for identifier in ("XX-T-11", "XX-T-12"):
        change = service.OrganisationChange(name="Uno", former_names=())
        change_organisation(client.app.state["database"], identifier, change, NOW)
    answer = client.get(following)
    assert (answer.status_code, answer.json()["items"]) == (200, [])


def test_control_characters_are_refused(client: TestClient[Litestar]) -> None:
    assert client.get("/v1/organisations?q=%00").status_code == 400
    assert client.get(f"/v1/organisations?q={'x' * 500}").status_code == 400
