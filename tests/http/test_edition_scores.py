"""The scores of editions: filters, orders, pages, many at once, summaries, histories and who may see what.

On both databases, over eight organisations whose figures are written down here; every expected number is from them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.queries import State
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores.schemas import SORTS
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.databases import BOTH, made_anew
from tests.support.editions import draft_edition
from tests.support.keys import present_key, sign_in
from tests.support.publishing import compute_points, publish_stored
from tests.support.scale import NIGHT

Client = TestClient[Litestar]
Answer = dict[str, Any]

NOW = datetime(2027, 1, 10, tzinfo=UTC)
MEMBERS = ("id", "name", "kind", "province", "region", "population", "employees", "parent", "aliases")
ORGANISATIONS = (
    ("XX-T-1", "Zamora", "MUN", "49", "07", 59_000, None, None, ()),
    ("XX-T-2", "Ávila", "MUN", "05", "07", 57_000, None, None, ("ES-DIR3-L01050193",)),
    ("XX-T-3", "Alzira", "MUN", "46", "10", 45_000, None, "XX-T-6", ()),
    ("XX-T-4", "Alcúdia, l'", "MUN", "46", "10", 12_000, None, "XX-T-6", ()),
    ("XX-T-5", "Àger", "MUN", "25", "09", 900, None, None, ()),
    ("XX-T-6", "Diputació de València", "PRO", "46", "10", None, 900, None, ("ES-INE-46001",)),
    ("XX-T-7", "Alcúdia", "MUN", "03", "10", 23_000, None, "XX-T-6", ()),
    ("XX-T-8", "Ministerio", "MIN", None, None, None, 6_000, None, ()),
    ("XX-T-9", "Sin evaluar", "MUN", "46", "10", 11_000, None, "XX-T-6", ()),
)
"""By bands: 1 and 2 are P4, 3 and 7 P3, 4 and 9 P2, 5 P1."""
FIGURES = ("status", "level", "index_value", "index_max", "coverage", "d1", "d2")
IN_2026 = {
    "XX-T-1": ("complete", 4, 10_000, 10_000, 10_000, 10_000, 100),
    "XX-T-2": ("complete", 3, 5_000, 6_000, 9_000, 0, 101),
    "XX-T-3": ("sufficient", 3, 5_000, 9_000, 8_000, 1_000, 102),
    "XX-T-4": ("sufficient", 2, 4_001, 9_500, 7_500, None, 104),
    "XX-T-5": ("sufficient", 2, 3_000, 8_000, 7_500, 3_300, None),
    "XX-T-6": ("sufficient", 1, 1_000, 7_000, 5_000, 5_000, None),
    "XX-T-7": ("insufficient_evidence", None, 9_000, 9_500, 2_500, 9_000, 9_000),
    "XX-T-8": ("not_rateable", None, None, None, None, None, None),
}
"""In hundredths of a point; coverage in ten-thousandths."""
RANKS = {"XX-T-1": 1, "XX-T-2": 2, "XX-T-3": 2, "XX-T-4": 4, "XX-T-5": 5, "XX-T-6": 6, "XX-T-7": None, "XX-T-8": None}
IN_2025 = {
    "XX-T-2": ("complete", 2, 4_000, 4_000, 10_000, 4_000, 4_000),
    "XX-T-3": ("complete", 2, 4_100, 4_100, 10_000, 4_100, 4_100),
}
IN_2027 = {
    "XX-T-1": ("complete", 3, 6_000, 6_000, 10_000, 6_000, 6_000),
    "XX-T-2": ("complete", 4, 7_000, 7_000, 10_000, 7_000, 7_000),
}
RANKING = "/v1/editions/2026/scores"


def fill(database: Database) -> None:
    """An edition that is published, one before it that is published too, and one after it that is open."""
    with database.write() as session:
        organisations.add(
            session,
            [
                msgspec.convert(dict(zip(MEMBERS, row, strict=True)), organisations.OrganisationEntry, strict=True)
                for row in ORGANISATIONS
            ],
            NOW,
        )
        states: dict[int, State] = {2025: "in_review", 2026: "in_review", 2027: "open"}
        for year, figures in ((2025, IN_2025), (2026, IN_2026), (2027, IN_2027)):
            add_edition(session, year, states[year], figures)
    for edition in ("2025", "2026"):
        publish_stored(database, edition)


def add_edition(session: Session, year: int, state: State, scored: Mapping[str, tuple[object, ...]]) -> None:
    """An edition with the figures of its assessments."""
    draft = draft_edition(
        str(year), methodology="2027.1", year=year, titles={"es": f"Edición {year}", "en": f"Edition {year}"}
    )
    editions.add(session, editions.build_record(draft, now=NOW, state=state))
    assessments.store_rows(session, [row(str(year), *one) for one in scored.items()])


def row(edition: str, organisation: str, figures: tuple[object, ...]) -> Answer:
    """What the database keeps of an assessment with these figures."""
    simulated = next(simulate(load_methodology("2027.1")))
    made = assessments.to_row(edition, organisation, simulated.submission, simulated.evaluation, NOW)
    made |= dict(zip(FIGURES, figures, strict=True))
    return made | {"rank_points": compute_points(made)}


@contextmanager
def served(url: str) -> Iterator[Client]:
    """A client of the application on a database that was just filled."""
    # Without memory: tests change the service underneath.
    with borrow_app(Settings(database_url=url, memory_bytes=0)) as app:
        fill(app.state["database"])
        with TestClient(app) as client:
            yield client


@pytest.fixture(scope="module", params=BOTH)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of the application on each kind of database; for tests that only read."""
    with made_anew(request, tmp_path_factory.mktemp("scores")) as url, served(url) as made:
        yield made


def found(
    client: Client, path: str = RANKING, headers: dict[str, str] | None = None, **parameters: Any
) -> list[Answer]:
    items: list[Answer] = read_body(client.get(path, params=parameters, headers=headers or {}))["items"]
    return items


def short(items: list[Answer]) -> str:
    """The last letters of the ids of organisations."""
    return "".join(item["organisation"][-1] for item in items)


# --- rows, filters and orders ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 8),
        ("?limit=2&offset=3", 8),
        ("?province=46", 3),
        ("?region=10&level=2", 1),
        ("?q=alcudia", 2),
        ("?organisation=XX-T-1,ES-DIR3-L01050193,XX-T-9&sort=-population", 2),
        ("?province=28", 0),
    ],
)
def test_the_total_counts_the_rows_that_match(client: Client, query: str, total: int) -> None:
    for path in (RANKING, RANKING.replace("2026", "latest")):
        response = client.get(f"{path}{query}{'&' if query else '?'}total=true")
        assert response.status_code == 200, response.text
        assert response.json()["total"] == total


def test_a_row_says_what_is_stored_in_points(client: Client) -> None:
    (row,) = found(client, organisation="XX-T-4")
    dimensions = row.pop("dimensions")
    assert list(dimensions) == [f"D{number}" for number in range(1, 11)]
    assert (dimensions["D1"], dimensions["D2"]) == (None, 1.04)
    assert row == {
        "edition": "2026",
        "rank": 4,
        "organisation": "XX-T-4",
        "organisation_name": "Alcúdia, l'",
        "kind": "MUN",
        "province": "46",
        "region": "10",
        "band": "P2",
        "population": 12000,
        "index": 40.01,
        "index_max": 95,
        "coverage": 0.75,
        "status": "sufficient",
        "level": 2,
        "methodology": "2027.1",
        "simulated": False,
    }


@pytest.mark.both_databases
def test_ties_share_the_best_rank_and_the_next_is_skipped(client: Client) -> None:
    assert {item["organisation"]: item["rank"] for item in found(client)} == RANKS
    sheets = [client.get(f"/v1/editions/2026/scores/{organisation}").json() for organisation in RANKS]
    assert {sheet["organisation"]: sheet["rank"] for sheet in sheets} == RANKS
    assert short(found(client)) == "12345678"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "PRO"}, "6"),
        ({"region": "10"}, "3467"),
        ({"province": "46"}, "346"),
        ({"band": "P2"}, "4"),
        ({"band": "P3"}, "37"),
        ({"parent": "XX-T-6"}, "347"),
        ({"parent": "ES-INE-460018"}, "347"),  # an alias of 6, with its control digit
        ({"parent": "nobody"}, ""),
        ({"q": "ALCUDIA"}, "47"),
        ({"q": "l'alcúdia"}, "47"),  # an article does not count
        ({"q": "Ayuntamiento de Alcúdia"}, "47"),
        ({"q": "alcudai"}, "47"),
        ({"q": "alicante"}, "7"),  # its province
        ({"q": "valencia diputacio"}, "6"),
        ({"q": "ES-INE-46001"}, "6"),  # an alias
        ({"q": "alcudia", "band": "P3"}, "7"),
        ({"q": "alcudia nowhere"}, ""),
        ({"q": "!?"}, "12345678"),  # there is no word in it
        ({"level": 2}, "45"),
        ({"level": 5}, ""),
        ({"status": "sufficient"}, "3456"),
        ({"status": "insufficient_evidence"}, "7"),
        ({"status": "not_rateable"}, "8"),
        ({"organisation": "XX-T-6"}, "6"),
        ({"organisation": "XX-T-8,XX-T-9,XX-T-2,nobody,XX-T-2"}, "28"),
        ({"organisation": "XX-T-9"}, ""),
        ({"organisation": "ES-DIR3-L01050193,XX-T-8,ES-INE-46001,XX-T-2"}, "268"),  # aliases of 2 and 6
        ({"province": "46", "kind": "MUN", "level": 2, "status": "sufficient", "organisation": "XX-T-4,XX-T-6"}, "4"),
        ({"province": "46", "region": "07"}, ""),
    ],
)
def test_filters_combine_and_keep_the_ranks_of_the_whole_edition(
    client: Client, filters: Answer, expected: str
) -> None:
    items = found(client, **filters)
    assert short(items) == expected
    assert all(item["rank"] == RANKS[item["organisation"]] for item in items)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("rank", "12345678"),
        ("-rank", "65423178"),
        ("organisation", "12345678"),
        ("-organisation", "87654321"),
        ("organisation_name", "57432681"),  # the accents and signs of Àger, Alcúdia, Alcúdia (l'), … do not count
        ("-organisation_name", "18623475"),
        ("population", "54732168"),
        ("-population", "12374568"),
        ("index_max", "26534718"),
        ("-index_max", "14735628"),
        ("coverage", "76453218"),
        ("-coverage", "12345678"),
        ("D1", "23567148"),
        ("-D1", "17653248"),
        ("D2", "12347568"),
        ("-D2", "74321568"),
    ],
)
def test_an_order_puts_what_is_not_there_last_both_ways_and_ties_by_organisation(
    client: Client, sort: str, expected: str
) -> None:
    """Population is null for 6 and 8, index_max and coverage for 8, D1 for 4 and 8, D2 for 5, 6 and 8."""
    assert short(found(client, sort=sort)) == expected


@pytest.mark.both_databases
@pytest.mark.parametrize("limit", [1, 3])
def test_pages_hold_every_row_once_in_every_order(client: Client, limit: int) -> None:
    # Pages of one row each take most of the time: by day in one of five orders, in turn, and those of three in half.
    for sort in list(SORTS)[:: 1 if NIGHT else {1: 5, 3: 2}[limit]]:
        whole = found(client, sort=sort)
        assert sorted(short(whole)) == list("12345678")
        by_cursor: list[Answer] = []
        address: str | None = f"{RANKING}?sort={sort}&limit={limit}"
        while address is not None:
            page = client.get(address).json()
            by_cursor += page["items"]
            address = page["next"]
        by_offset = [
            item
            for offset in range(0, len(whole) + limit, limit)
            for item in found(client, sort=sort, limit=limit, offset=offset)
        ]
        assert by_cursor == by_offset == whole, sort


@pytest.mark.both_databases
def test_a_list_is_current_and_its_pages_go_on_while_rows_come_and_go(url: str) -> None:
    with served(url) as client:
        ranking, holder = "/v1/editions/2028/scores", sign_in(client)
        database = client.app.state["database"]
        with database.write() as session:
            add_edition(session, 2028, "in_review", IN_2026)
        page = client.get(ranking, params={"sort": "-D1", "limit": 2}, headers=holder).json()
        assert short(page["items"]) == "17"
        stay = {organisation: figures for organisation, figures in IN_2026.items() if organisation != "XX-T-7"}
        stay["XX-T-9"] = ("complete", 4, 6_000, 6_000, 10_000, 9_500, 6_000)
        with database.write() as session:
            assessments.clear_edition(session, "2028")
            assessments.store_rows(session, [row("2028", *scored) for scored in stay.items()])
        assert short(client.get(page["next"], headers=holder).json()["items"]) == "65"
        assert short(found(client, ranking, holder, sort="-D1")) == "19653248"
        assert [item["rank"] for item in found(client, ranking, holder)] == [1, 2, 3, 3, 5, 6, 7, None]
        assert client.get(f"{ranking}/XX-T-2", headers=holder).json()["rank"] == 3
        assert summary(client, "2028", holder)["ranked"] == 7


@pytest.mark.both_databases
def test_a_cursor_belongs_to_its_order(client: Client) -> None:
    cursor = client.get(RANKING, params={"sort": "D1", "limit": 2}).json()["next_cursor"]
    for other in ("-D1", "D2", "organisation", "rank"):
        problem(client.get(RANKING, params={"sort": other, "cursor": cursor}), 404, "not-found")


@pytest.mark.both_databases
@pytest.mark.parametrize("sort", ["D1", "organisation", "rank"])
@pytest.mark.parametrize("value", ["x", 10**30, 1.5, [1], True])
def test_a_forged_cursor_is_unknown_or_harmless(client: Client, sort: str, value: object) -> None:
    page = client.get(RANKING, params={"sort": sort, "limit": 2}).json()
    raw = page["next_cursor"]
    content = json.loads(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)))
    content[2][0] = value
    forged = base64.urlsafe_b64encode(json.dumps(content, separators=(",", ":")).encode()).rstrip(b"=").decode()
    assert client.get(RANKING, params={"sort": sort, "limit": 2, "cursor": forged}).status_code in (200, 404)


def test_a_hundred_organisations_can_be_named(client: Client) -> None:
    many = ",".join(["XX-T-1", *(f"ES-DIR3-L0{number:07d}" for number in range(98)), "XX-T-5"])
    assert short(found(client, organisation=many)) == "15"


def test_latest_is_the_newest_published_edition(client: Client) -> None:
    assert found(client, "/v1/editions/latest/scores") == found(client)
    sheet = client.get("/v1/editions/latest/scores/XX-T-2").json()
    assert (sheet["edition"], sheet["rank"]) == ("2026", 2)
    assert client.get("/v1/editions/latest/summary").json() == client.get("/v1/editions/2026/summary").json()


# --- summary --------------------------------------------------------------------------------------------------


def summary(client: Client, edition: str = "2026", headers: dict[str, str] | None = None, **filters: Any) -> Answer:
    return read_body(client.get(f"/v1/editions/{edition}/summary", params=filters, headers=headers or {}))


def test_the_summary_of_an_edition(client: Client) -> None:
    """By hand, with type 7: of n sorted values the quartile k lies at (n - 1) · k / 4.

    The index of the six that rank is 10, 30, 40.01, 50, 50, 100: at 1.25, 2.5 and 3.75 are 32.5025 → 32.5,
    45.005 → 45.01 and 50. D1 of the five that have it is 0, 10, 33, 50, 100: at 1, 2 and 3. D2 of four is 1, 1.01,
    1.02, 1.04: at 0.75, 1.5 and 2.25 are 1.0075 → 1.01, 1.015 → 1.02 and 1.025 → 1.03. Coverage of the seven that
    have one is 0.25, 0.5, 0.75, 0.75, 0.8, 0.9, 1: at 1.5, 3 and 4.5 are 0.625, 0.75 and 0.85.
    """
    answer = summary(client)
    assert (answer["edition"], answer["organisations"], answer["ranked"]) == ("2026", 8, 6)
    assert answer["index"] == {"min": 10, "q1": 32.5, "median": 45.01, "q3": 50, "max": 100}
    assert answer["dimensions"]["D1"] == {"min": 0, "q1": 10, "median": 33, "q3": 50, "max": 100}
    assert answer["dimensions"]["D2"] == {"min": 1, "q1": 1.01, "median": 1.02, "q3": 1.03, "max": 1.04}
    assert answer["coverage"] == {"min": 0.25, "q1": 0.625, "median": 0.75, "q3": 0.85, "max": 1}
    assert answer["levels"] == [
        {"level": level, "organisations": count} for level, count in ((1, 1), (2, 2), (3, 2), (4, 1), (5, 0), (None, 2))
    ]
    assert {found["status"]: found["organisations"] for found in answer["statuses"]} == {
        "complete": 2,
        "sufficient": 4,
        "insufficient_evidence": 1,
        "not_rateable": 1,
    }
    assert [(tenth["from"], tenth["to"]) for tenth in answer["distribution"]] == [
        (n, n + 10) for n in range(0, 100, 10)
    ]
    assert [tenth["organisations"] for tenth in answer["distribution"]] == [0, 1, 0, 1, 1, 2, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("filters", "organisations", "ranked", "index"),
    [
        # 10, 40.01, 50: at 0.5, 1 and 1.5 are 25.005 → 25.01, 40.01 and 45.005 → 45.01.
        ({"province": "46"}, 3, 3, {"min": 10, "q1": 25.01, "median": 40.01, "q3": 45.01, "max": 50}),
        # 50, 100: at 0.25, 0.5 and 0.75.
        ({"region": "07"}, 2, 2, {"min": 50, "q1": 62.5, "median": 75, "q3": 87.5, "max": 100}),
        ({"province": "46", "kind": "PRO"}, 1, 1, {"min": 10, "q1": 10, "median": 10, "q3": 10, "max": 10}),
        ({"province": "03"}, 1, 0, None),
        # 40.01, 50: 42.5075 → 42.51, 45.005 → 45.01, 47.5025 → 47.5.
        ({"parent": "XX-T-6"}, 3, 2, {"min": 40.01, "q1": 42.51, "median": 45.01, "q3": 47.5, "max": 50}),
        ({"band": "P5"}, 0, 0, None),
    ],
)
def test_the_summary_of_a_territory(
    client: Client, filters: Answer, organisations: int, ranked: int, index: Answer | None
) -> None:
    answer = summary(client, **filters)
    assert (answer["organisations"], answer["ranked"], answer["index"]) == (organisations, ranked, index)
    assert sum(tenth["organisations"] for tenth in answer["distribution"]) == ranked
    assert sum(found["organisations"] for found in answer["levels"]) == organisations
    assert list(answer["dimensions"]) == [f"D{number}" for number in range(1, 11)]


@pytest.mark.both_databases
def test_a_summary_by_parent_follows_the_register(url: str) -> None:
    """The index is 50 at most under 6, and 40.01 without 3; the summary of the whole edition stays."""
    with served(url) as client:
        before, whole = summary(client, parent="XX-T-6"), summary(client)
        headers = {**sign_in(client), "Content-Type": "application/merge-patch+json", "If-Match": "*"}
        assert client.patch("/v1/organisations/XX-T-3", json={"parent": None}, headers=headers).status_code == 200
        after = summary(client, parent="XX-T-6")
        assert (before["index"]["max"], after["index"]["max"], summary(client)) == (50, 40.01, whole)


# --- history --------------------------------------------------------------------------------------------------


def history(client: Client, organisation: str, headers: dict[str, str] | None = None) -> list[tuple[object, ...]]:
    items = found(client, f"/v1/organisations/{organisation}/scores", headers)
    return [(item["edition"], item["rank"], item["index"], item["level"], item["state"]) for item in items]


def test_the_history_of_an_organisation_begins_with_the_newest(client: Client) -> None:
    assert history(client, "XX-T-2") == [("2026", 2, 50, 3, "published"), ("2025", 2, 40, 2, "published")]
    assert history(client, "XX-T-7") == [("2026", None, 90, None, "published")]
    assert history(client, "XX-T-9") == []
    (item, _) = found(client, "/v1/organisations/XX-T-3/scores", lang="es")
    assert (item["edition_title"], item["period_to"], item["dimensions"]["D1"]) == ("Edición 2026", "2026-12-31", 10)


@pytest.mark.both_databases
def test_pages_of_a_history(client: Client) -> None:
    first = client.get("/v1/organisations/XX-T-2/scores", params={"limit": 1}).json()
    second = client.get(first["next"]).json()
    assert [item["edition"] for item in (*first["items"], *second["items"])] == ["2026", "2025"]
    assert second["next"] is None
    assert [item["edition"] for item in found(client, "/v1/organisations/XX-T-2/scores", offset=1)] == ["2025"]


# --- who sees what --------------------------------------------------------------------------------------------


OPEN = "/v1/editions/2027/scores"


def test_what_is_not_published_nobody_sees_without_a_key(client: Client) -> None:
    assert found(client, OPEN) == found(client, OPEN, organisation="XX-T-2") == []
    problem(client.get(f"{OPEN}/XX-T-2"), 404, "not-found")
    answer = summary(client, "2027")
    assert (answer["organisations"], answer["index"], answer["dimensions"]["D1"]) == (0, None, None)
    assert [edition for edition, *_ in history(client, "XX-T-2")] == ["2026", "2025"]


def test_an_organisation_sees_its_own_and_no_rank_that_tells_of_others(client: Client) -> None:
    mine = sign_in(client, "organisation_editor", "XX-T-2")
    assert [(item["organisation"], item["rank"], item["index"]) for item in found(client, OPEN, mine)] == [
        ("XX-T-2", None, 70)
    ]
    sheet = client.get(f"{OPEN}/XX-T-2", headers=mine)
    assert (sheet.status_code, sheet.json()["rank"]) == (200, None)
    hidden = client.get(f"{OPEN}/XX-T-1", headers=mine)
    absent = client.get(f"{OPEN}/XX-T-5", headers=mine)
    assert problem(hidden, 404, "not-found")["detail"].replace("XX-T-1", "") == problem(absent, 404, "not-found")[
        "detail"
    ].replace("XX-T-5", "")
    assert summary(client, "2027", mine)["organisations"] == 1
    assert history(client, "XX-T-2", mine)[0] == ("2027", None, 70, 4, "open")
    assert [edition for edition, *_ in history(client, "XX-T-1", mine)] == ["2026"]
    assert found(client, RANKING, mine) == found(client)


def test_an_administrator_sees_everything_with_its_ranks(client: Client) -> None:
    administrator = sign_in(client)
    rows = found(client, OPEN, administrator)
    assert [(row["organisation"], row["rank"]) for row in rows] == [("XX-T-2", 1), ("XX-T-1", 2)]
    assert client.get(f"{OPEN}/XX-T-1", headers=administrator).json()["rank"] == 2
    assert summary(client, "2027", administrator)["ranked"] == 2
    assert history(client, "XX-T-1", administrator)[0] == ("2027", 2, 60, 3, "open")


@pytest.mark.parametrize(
    "path", [RANKING, f"{RANKING}/XX-T-2", "/v1/editions/2026/summary", "/v1/organisations/XX-T-2/scores"]
)
def test_no_shared_cache_keeps_what_a_key_showed(client: Client, path: str) -> None:
    for headers, kept in (({}, "public, "), (sign_in(client), "private, no-cache")):
        response = client.get(path, headers=headers)
        assert response.headers["cache-control"].startswith(kept)
        assert "Authorization" in response.headers["vary"].split(", ")
    problem(client.get(path, headers=present_key("nothing")), 401, "unauthorized")


@pytest.mark.parametrize(
    ("role", "ranking", "past"), [(None, 0, 2), ("organisation_editor", 1, 3), ("administrator", 2, 3)]
)
def test_the_total_counts_only_what_the_caller_sees(
    client: Client, role: access.Role | None, ranking: int, past: int
) -> None:
    owners = ("XX-T-2",) if role == "organisation_editor" else ()
    headers = {} if role is None else sign_in(client, role, *owners)
    for path, total in ((OPEN, ranking), ("/v1/organisations/XX-T-2/scores", past)):
        page = client.get(f"{path}?total=true", headers=headers).json()
        assert page["total"] == total == len(page["items"]), path
