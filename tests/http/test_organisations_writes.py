"""Organisations added and changed over HTTP: what is kept, what is refused and why, and nothing lost between two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.i18n import WRITTEN
from actitud_api.platform.storage.database import Session
from actitud_api.resources.organisations.contradictions import build_fault
from actitud_api.resources.organisations.entries import ContradictionRule, OrganisationContradiction
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.keys import create_header
from tests.support.scale import ALIASES

pytestmark = pytest.mark.serving

MADRID = "ES-DIR3-L01280796"
PATCH = "application/merge-patch+json"

Client = TestClient[Litestar]


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client with the key of an editor."""
    with borrow_app(Settings(database_url=url)) as app, TestClient(app) as opened:
        opened.headers.update(create_header(app.state["database"], "registrar"))
        yield opened


def add(client: Client, identifier: str = "XI-WIKIDATA-Q1", **said: Any) -> dict[str, Any]:
    """Adds an organisation that has to be admitted; what is answered."""
    return read_body(offered(client, identifier, **said), 201)


def test_what_is_created_is_answered_as_json_alone(client: Client) -> None:
    """Files represent the list, which only reading answers."""
    refused = client.post("/v1/organisations?lang=en", headers={"Accept": "text/csv"}, json={})
    assert (refused.status_code, refused.json()["detail"]) == (406, "This resource exists as application/json.")
    assert "text/csv" in client.get("/v1/organisations", headers={"Accept": "image/png"}).json()["detail"]


def offered(client: Client, identifier: str = "XI-WIKIDATA-Q1", **said: object) -> Response:
    return client.post("/v1/organisations", json={"id": identifier, "name": "Uno", "kind": "AGE", **said})


def read(client: Client, identifier: str = "XI-WIKIDATA-Q1") -> dict[str, Any]:
    answered: dict[str, Any] = client.get(f"/v1/organisations/{identifier}").json()
    return answered


def change(client: Client, identifier: str = "XI-WIKIDATA-Q1", tag: str | None = None, **said: Any) -> Response:
    """Changes an organisation, at its present version unless another is said."""
    tag = tag or client.get(f"/v1/organisations/{identifier}").headers["etag"]
    headers = {"Content-Type": PATCH, "If-Match": tag}
    return client.patch(f"/v1/organisations/{identifier}", json=said, headers=headers, follow_redirects=False)


def changed(client: Client, identifier: str = "XI-WIKIDATA-Q1", **said: Any) -> dict[str, Any]:
    return read_body(change(client, identifier, **said))


def get_day(changed: dict[str, Any]) -> str:
    """The day of the last change, by the service."""
    return str(changed["updated"])[:10]


def conflicts(response: Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["rule"]) for error in problem(response, 409, "conflict")["errors"]]


def listed(client: Client, **query: str) -> list[str]:
    return [item["id"] for item in client.get("/v1/organisations", params=query).json()["items"]]


# --- adding ---------------------------------------------------------------------------------------------------


def test_what_is_said_of_an_organisation_is_kept(client: Client) -> None:
    add(client, "XI-WIKIDATA-Q5", name="Región")
    add(client, "XI-WIKIDATA-Q6", name="Sucesora")
    said = {
        "id": MADRID,
        "name": "Madrid",
        "kind": "MUN",
        "parent": "XI-WIKIDATA-Q5",
        "population": 3_422_416,
        "population_year": 2024,
        "employees": 25_000,
        "employees_year": 2023,
        "province": "28",
        "region": "13",
        "aliases": ["ES-INE-28079", "ES-NIF-P2807900B", "XI-WIKIDATA-Q2807"],
        "former_names": [{"name": "Magerit", "until": "1085-05-25"}],
        "valid_from": "0865-01-01",
        "valid_to": "2100-12-31",
        "succeeded_by": ["XI-WIKIDATA-Q6"],
        "contact": {"email": "rectificaciones@madrid.example", "url": "https://madrid.example/contacto?tema=1"},
        "domains": ["madrid.example", "sede.madrid.example"],
    }
    before = datetime.now(UTC)
    response = client.post("/v1/organisations", json=said)
    assert (response.status_code, response.headers["location"]) == (201, f"/v1/organisations/{MADRID}")
    answered = response.json()
    derived = {"band": "P5", "province_name": "Madrid", "region_name": "Comunidad de Madrid", "preceded_by": []}
    times = {name: answered[name] for name in ("created", "updated")}
    assert answered == {**said, **derived, **times, "simulated": False}
    assert before <= datetime.fromisoformat(answered["created"]) == datetime.fromisoformat(answered["updated"])
    again = client.get(response.headers["location"])
    assert (again.json(), again.headers["etag"]) == (answered, response.headers["etag"])
    assert read(client, "XI-WIKIDATA-Q6")["preceded_by"] == [MADRID]


def test_what_is_not_said_is_not_known_or_follows(client: Client) -> None:
    known = add(client, MADRID, kind="MUN")
    assert (known["province"], known["region"], known["band"], known["contact"]) == ("28", "13", None, None)
    assert (known["aliases"], known["former_names"], known["domains"]) == ([], [], [])
    assert add(client, "ES-INE-080193", kind="MUN")["id"] == "ES-INE-08019"
    assert add(client, "XX-DEMO-1")["simulated"] is True
    names = [{"name": "B", "until": "2001-01-01"}, {"name": "A", "until": "1999-12-31"}]
    lists = add(client, "XI-WIKIDATA-Q2", domains=["b.example", "a.example"], former_names=names,
                aliases=["XI-WIKIDATA-Q4", "XI-WIKIDATA-Q3"])  # fmt: skip
    assert (lists["former_names"], lists["domains"]) == (names[::-1], ["a.example", "b.example"])
    assert (lists["aliases"], read(client, "XI-WIKIDATA-Q2")) == (["XI-WIKIDATA-Q3", "XI-WIKIDATA-Q4"], lists)
    ministry = add(client, "ES-DIR3-E00003301", kind="MIN", population=47_000_000, employees=5_000, province="28")
    assert (ministry["band"], ministry["region"]) == ("E5", "13")


@pytest.mark.parametrize(
    ("identifier", "rule", "suggestion", "es", "en"),
    [
        (
            "ES-DIR3-L01280797", "control_digit", "6",
            "«ES-DIR3-L01280797» tiene mal el dígito de control: debería ser 6.",
            "“ES-DIR3-L01280797” has a wrong control digit: it should be 6.",
        ),
        (
            "ES-INE-280797", "control_digit", "6",
            "«ES-INE-280797» tiene mal el dígito de control: debería ser 6.",
            "“ES-INE-280797” has a wrong control digit: it should be 6.",
        ),
        (
            "ES-NIF-P2807900C", "control_digit", "B",
            "«ES-NIF-P2807900C» tiene mal el dígito de control: debería ser B.",
            "“ES-NIF-P2807900C” has a wrong control digit: it should be B.",
        ),
        (
            "ES-DIR3-L01990016", "province", None,
            "«ES-DIR3-L01990016» lleva una provincia que no existe.",
            "“ES-DIR3-L01990016” carries a province that does not exist.",
        ),
        (
            "ES-NIF-P280790B", "nif_form", None,
            "«ES-NIF-P280790B» no lleva el NIF de una entidad: una letra, siete cifras y el carácter de control.",
            "“ES-NIF-P280790B” carries no NIF of a body: a letter, seven digits and the control character.",
        ),
        (
            "QQ-COH-1", "country", None,
            "«QQ-COH-1» empieza por un país que no existe.",
            "“QQ-COH-1” begins with a country that does not exist.",
        ),
    ],
)  # fmt: skip
def test_a_wrong_identifier_is_named_with_what_is_right(
    client: Client, identifier: str, rule: str, suggestion: str | None, es: str, en: str
) -> None:
    for place, body in (("/id", {"id": identifier}), ("/aliases/1", {"aliases": ["XI-WIKIDATA-Q2", identifier]})):
        for language, detail in (("es", es), ("en", en)):
            response = client.post(
                f"/v1/organisations?lang={language}", json={"id": "XI-WIKIDATA-Q1", "name": "U", "kind": "MUN", **body}
            )
            assert problem(response, 409, "conflict")["errors"] == [
                {
                    "pointer": place,
                    "rule": rule,
                    "value": f'"{identifier}"',
                    "detail": detail,
                    "suggestion": suggestion,
                    "allowed": [],
                }
            ]
    assert listed(client) == []


def test_the_identity_number_of_a_person_is_refused_and_not_said_again(client: Client) -> None:
    response = offered(client, "ES-NIF-12345678Z", aliases=["ES-NIF-X1234567L"])
    number, foreign = problem(response, 409, "conflict")["errors"][::-1]
    assert (number["pointer"], number["rule"], number["value"]) == ("/id", "nif_form", None)
    assert (foreign["pointer"], foreign["rule"], foreign["value"]) == ("/aliases/0", "nif_form", None)
    assert "12345678Z" not in response.text
    assert "X1234567L" not in response.text
    assert listed(client) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"aliases": ["XI-WIKIDATA-Q1"]}, [("/aliases/0", "own")]),
        ({"aliases": ["ES-INE-280796", "ES-INE-28079"]}, [("/aliases/1", "repeated")]),
        ({"aliases": ["XI-WIKIDATA-Q3", "XI-WIKIDATA-Q9"]}, [("/aliases/1", "taken")]),
        ({"aliases": ["ES-INE-080193"]}, [("/aliases/0", "taken")]),
        ({"id": "ES-INE-08019"}, [("/id", "taken")]),
        ({"id": "XI-WIKIDATA-Q9"}, [("/id", "taken")]),
        ({"valid_from": "2020-01-02", "valid_to": "2020-01-01"}, [("/valid_to", "order")]),
        ({"former_names": [{"name": "A", "until": "2019-01-01"}, {"name": "B", "until": "2019-01-01"}]},
         [("/former_names/1/until", "overlap")]),
        ({"former_names": [{"name": "A", "until": "2019-01-01"}], "valid_from": "2019-01-02"},
         [("/former_names/0/until", "before_start")]),
        ({"former_names": [{"name": "A", "until": "2019-01-02"}], "valid_to": "2019-01-01"},
         [("/former_names/0/until", "after_end")]),
        ({"former_names": [{"name": "A", "until": "2999-01-01"}]}, [("/former_names/0/until", "future")]),
        ({"parent": "XI-WIKIDATA-Q404"}, [("/parent", "unknown")]),
        ({"parent": "ES-INE-08019"}, [("/parent", "alias")]),
        ({"parent": "XI-WIKIDATA-Q1"}, [("/parent", "itself")]),
        ({"succeeded_by": ["XI-WIKIDATA-Q9", "XI-WIKIDATA-Q404"]}, [("/succeeded_by/1", "unknown")]),
        ({"succeeded_by": ["XI-WIKIDATA-Q1"]}, [("/succeeded_by/0", "itself")]),
        ({"population_year": 2020}, [("/population_year", "year_alone")]),
        ({"province": "28", "region": "09"}, [("/region", "region_differs")]),
        ({"id": "ES-INE-28079", "province": "08"}, [("/province", "province_differs")]),
        ({"employees_year": 2020, "parent": "XI-WIKIDATA-Q404", "aliases": ["QQ-XX-1"]},
         [("/aliases/0", "country"), ("/employees_year", "year_alone"), ("/parent", "unknown")]),
    ],
)  # fmt: skip
def test_what_contradicts_itself_or_what_is_stored_is_named(
    client: Client, said: dict[str, object], expected: list[tuple[str, str]]
) -> None:
    add(client, "XI-WIKIDATA-Q9", aliases=["ES-INE-08019"])
    body = {"id": "XI-WIKIDATA-Q1", "name": "Uno", "kind": "AGE", **said}
    assert conflicts(client.post("/v1/organisations", json=body)) == expected
    assert listed(client) == ["XI-WIKIDATA-Q9"]


def test_whoever_has_an_identifier_already_is_named(client: Client) -> None:
    add(client, "XI-WIKIDATA-Q9", aliases=["ES-INE-08019"])
    (taken,) = problem(offered(client, aliases=["ES-INE-080193"]), 409, "conflict")["errors"]
    assert taken["suggestion"] == "XI-WIKIDATA-Q9"
    (alias,) = problem(offered(client, parent="ES-INE-08019"), 409, "conflict")["errors"]
    assert alias["suggestion"] == "XI-WIKIDATA-Q9"


@pytest.mark.parametrize("rule", [rule for member in get_args(ContradictionRule) for rule in get_args(member)])
def test_every_rule_has_its_sentence(rule: Any) -> None:
    detail = build_fault(OrganisationContradiction("/x", rule, "valor", "esperado")).detail
    told = [detail.into(language) for language in WRITTEN]
    assert told[0] != told[1]
    assert all(text.endswith(".") and "{" not in text for text in told)


# --- changing -------------------------------------------------------------------------------------------------


def test_a_change_changes_what_is_sent_and_nothing_else(client: Client) -> None:
    before = add(client, population=7, population_year=2020, aliases=["XI-WIKIDATA-Q2"], domains=["a.example"],
                 contact={"email": "a@a.example", "url": "https://a.example"}, province="46")  # fmt: skip
    after = changed(client, employees=12, employees_year=2025)
    assert after == {**before, "employees": 12, "employees_year": 2025, "band": "E1", "updated": after["updated"]}
    assert after["updated"] > before["updated"]
    after = changed(client, contact={"email": None})
    assert after["contact"] == {"email": None, "url": "https://a.example"}
    assert changed(client, contact={"url": None})["contact"] is None
    after = changed(client, population=None, aliases=None, domains=None, province=None, employees=None)
    gone = {"population", "population_year", "employees", "employees_year", "province", "region", "contact", "band"}
    assert {name for name in before if after[name] is None} >= gone
    assert (after["aliases"], after["domains"]) == ([], [])
    assert client.get("/v1/organisations/XI-WIKIDATA-Q2").status_code == 404


def test_what_follows_from_another_member_follows_when_that_changes(client: Client) -> None:
    add(client, population=7, population_year=2020, province="46")
    assert changed(client, population=7)["population_year"] == 2020
    assert changed(client, population=8)["population_year"] is None
    assert changed(client, population=9, population_year=2021)["population_year"] == 2021
    assert changed(client, province="28")["region"] == "13"
    assert conflicts(change(client, province="28", region="10")) == [("/region", "region_differs")]


def test_what_changes_nothing_is_no_new_version(client: Client) -> None:
    add(client, aliases=["XI-WIKIDATA-Q3", "XI-WIKIDATA-Q2"])
    tag = client.get("/v1/organisations/XI-WIKIDATA-Q1").headers["etag"]
    same: dict[str, Any] = {"name": "Uno", "aliases": ["XI-WIKIDATA-Q3", "XI-WIKIDATA-Q2"]}
    for said in ({}, same):
        response = change(client, **said)
        assert (response.status_code, response.headers["etag"]) == (200, tag)


def test_a_refused_change_leaves_all_as_it_was(client: Client) -> None:
    before = add(client, aliases=["XI-WIKIDATA-Q2"])
    assert conflicts(change(client, name="Dos", aliases=["XI-WIKIDATA-Q3"], parent="XI-WIKIDATA-Q404")) == [
        ("/parent", "unknown")
    ]
    assert read(client) == before


def test_who_rests_on_the_domains_is_told_in_the_same_session(client: Client) -> None:
    add(client, domains=["a.example"])
    told: list[str] = []

    def tell(session: Session, organisations: Sequence[str]) -> None:
        told.extend(organisations)
        if len(told) == 2:
            raise RuntimeError("cannot be brought up to date")

    client.app.state["domains_changed"] = tell
    changed(client, name="Dos", domains=["a.example"])
    assert told == []
    changed(client, domains=["b.example", "a.example"])
    assert told == ["XI-WIKIDATA-Q1"]
    assert change(client, domains=["c.example"]).status_code == 500
    assert read(client)["domains"] == ["a.example", "b.example"]


# --- names ----------------------------------------------------------------------------------------------------


def test_a_rename_keeps_the_former_name(client: Client) -> None:
    add(client, name="Villa Vieja")
    after = changed(client, name="Villa Nueva")
    assert (after["name"], after["former_names"]) == (
        "Villa Nueva",
        [{"name": "Villa Vieja", "until": get_day(after)}],
    )
    assert listed(client, q="vieja") == listed(client, q="nueva") == ["XI-WIKIDATA-Q1"]


def test_a_name_of_less_than_a_day_is_not_kept(client: Client) -> None:
    add(client, name="Villa Vieja")
    changed(client, name="Vila Nueva")
    after = changed(client, name="Villa Nueva")
    assert after["former_names"] == [{"name": "Villa Vieja", "until": get_day(after)}]
    assert changed(client, name="Villa Vieja")["former_names"] == []


def test_whoever_says_the_former_names_has_the_last_word(client: Client) -> None:
    add(client, name="Vila Vieja")
    assert changed(client, name="Villa Vieja", former_names=[])["former_names"] == []
    said = [{"name": "B", "until": "2001-01-01"}, {"name": "A", "until": "1999-12-31"}]
    assert changed(client, name="Villa Nueva", former_names=said)["former_names"] == said[::-1]
    assert changed(client, former_names=None)["former_names"] == []


@pytest.mark.parametrize(
    ("validity", "until"),
    [
        ({"valid_to": "2020-12-31"}, ["2020-12-31"]),
        ({"valid_from": "2999-01-01"}, []),
        ({"valid_to": "2999-12-31"}, ["today"]),
    ],
)
def test_a_name_ends_within_the_validity(client: Client, validity: dict[str, str], until: list[str]) -> None:
    add(client, name="Villa Vieja", **validity)
    after = changed(client, name="Villa Nueva")
    assert [name["until"].replace(get_day(after), "today") for name in after["former_names"]] == until


# --- validity, parents and succession -------------------------------------------------------------------------


def test_a_merger_is_seen_from_both_sides(client: Client) -> None:
    """Don Benito and Villanueva de la Serena become one town on the same day."""
    add(client, "XI-WIKIDATA-Q10", name="Don Benito")
    add(client, "XI-WIKIDATA-Q11", name="Villanueva de la Serena")
    merged = add(client, "XI-WIKIDATA-Q12", name="Vegas Altas", valid_from="2020-01-01")
    assert (merged["succeeded_by"], merged["preceded_by"]) == ([], [])
    tag = client.get("/v1/organisations/XI-WIKIDATA-Q12").headers["etag"]
    for identifier in ("XI-WIKIDATA-Q11", "XI-WIKIDATA-Q10"):
        closed = changed(client, identifier, valid_to="2019-12-31", succeeded_by=["XI-WIKIDATA-Q12"])
        assert closed["succeeded_by"] == ["XI-WIKIDATA-Q12"]
    merged = read(client, "XI-WIKIDATA-Q12")
    assert merged["preceded_by"] == ["XI-WIKIDATA-Q10", "XI-WIKIDATA-Q11"]
    assert listed(client, on="2019-12-31") == ["XI-WIKIDATA-Q10", "XI-WIKIDATA-Q11"]
    assert listed(client, on="2020-01-01") == ["XI-WIKIDATA-Q12"]
    items = {item["id"]: item for item in client.get("/v1/organisations").json()["items"]}
    assert items["XI-WIKIDATA-Q12"] == merged
    # What others say of it is no change of its own, but whoever reads it sees that it is another answer.
    assert client.get("/v1/organisations/XI-WIKIDATA-Q12").headers["etag"] != tag
    assert change(client, "XI-WIKIDATA-Q12", tag=tag, population=1).status_code == 200


def test_a_split_has_several_successors(client: Client) -> None:
    for number in (2, 3):
        add(client, f"XI-WIKIDATA-Q{number}")
    add(client, succeeded_by=["XI-WIKIDATA-Q3", "XI-WIKIDATA-Q2"])
    assert read(client)["succeeded_by"] == ["XI-WIKIDATA-Q2", "XI-WIKIDATA-Q3"]
    assert changed(client, succeeded_by=["XI-WIKIDATA-Q3"])["succeeded_by"] == ["XI-WIKIDATA-Q3"]
    assert read(client, "XI-WIKIDATA-Q2")["preceded_by"] == []


def test_nobody_takes_the_place_of_what_outlives_it(client: Client) -> None:
    """Of two validities of which one follows the other, the second cannot end first; to end the same day will do."""
    add(client, "XI-WIKIDATA-Q2", valid_to="2020-12-31")
    assert conflicts(offered(client, valid_to="2021-01-01", succeeded_by=["XI-WIKIDATA-Q2"])) == [
        ("/succeeded_by/0", "ended")
    ]
    add(client, valid_to="2020-12-31", succeeded_by=["XI-WIKIDATA-Q2"])
    assert conflicts(change(client, valid_to="2021-01-01")) == [("/succeeded_by/0", "ended")]
    (error,) = problem(change(client, "XI-WIKIDATA-Q2", valid_to="2020-12-30"), 409, "conflict")["errors"]
    assert (error["pointer"], error["rule"]) == ("/valid_to", "outlived")
    assert error["detail"] == "2020-12-30 is before the last day of XI-WIKIDATA-Q1, whose place it took."
    assert read(client, "XI-WIKIDATA-Q2")["valid_to"] == "2020-12-31"
    # Without a last day it is there still, or it is not known.
    changed(client, "XI-WIKIDATA-Q2", valid_to=None)
    assert changed(client, valid_to=None)["succeeded_by"] == ["XI-WIKIDATA-Q2"]
    assert changed(client, "XI-WIKIDATA-Q2", valid_to="1999-12-31")["valid_to"] == "1999-12-31"


def test_nobody_follows_itself_through_others(client: Client) -> None:
    add(client, "XI-WIKIDATA-Q3")
    add(client, "XI-WIKIDATA-Q2", succeeded_by=["XI-WIKIDATA-Q3"])
    add(client, "XI-WIKIDATA-Q1", succeeded_by=["XI-WIKIDATA-Q2"])
    wrong = change(client, "XI-WIKIDATA-Q3", succeeded_by=["XI-WIKIDATA-Q1"])
    assert conflicts(wrong) == [("/succeeded_by/0", "cycle")]
    assert conflicts(change(client, succeeded_by=["XI-WIKIDATA-Q1"])) == [("/succeeded_by/0", "itself")]


def test_nobody_depends_on_itself_through_others(client: Client) -> None:
    add(client, "XI-WIKIDATA-Q3")
    add(client, "XI-WIKIDATA-Q2", parent="XI-WIKIDATA-Q3")
    add(client, "XI-WIKIDATA-Q1", parent="XI-WIKIDATA-Q2")
    assert conflicts(change(client, "XI-WIKIDATA-Q3", parent="XI-WIKIDATA-Q1")) == [("/parent", "cycle")]
    assert conflicts(change(client, parent="XI-WIKIDATA-Q1")) == [("/parent", "itself")]
    assert listed(client, parent="XI-WIKIDATA-Q3") == ["XI-WIKIDATA-Q2"]
    changed(client, "XI-WIKIDATA-Q3", aliases=["ES-INE-28079"])
    assert listed(client, parent="ES-INE-280796") == ["XI-WIKIDATA-Q2"]
    assert listed(client, parent="XI-WIKIDATA-Q1") == []
    assert changed(client, "XI-WIKIDATA-Q2", parent=None)["parent"] is None
    assert changed(client, "XI-WIKIDATA-Q3", parent="XI-WIKIDATA-Q1")["parent"] == "XI-WIKIDATA-Q1"


@pytest.mark.parametrize(
    ("on", "there"),
    [("2019-12-31", False), ("2020-01-01", True), ("2020-12-31", True), ("2021-01-01", False)],
)
def test_the_first_and_the_last_day_count(client: Client, on: str, there: bool) -> None:
    add(client, valid_from="2020-01-01", valid_to="2020-12-31")
    assert listed(client, on=on) == (["XI-WIKIDATA-Q1"] if there else [])


# --- aliases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alias", ["ES-INE-28079", "ES-INE-280796", "ES-NIF-P2807900B", "XI-WIKIDATA-Q2807"])
def test_an_alias_leads_to_the_organisation(client: Client, alias: str) -> None:
    add(client, MADRID, kind="MUN", aliases=["ES-INE-280796", "ES-NIF-P2807900B", "XI-WIKIDATA-Q2807"])
    for method in ("GET", "HEAD"):
        response = client.request(method, f"/v1/organisations/{alias}?lang=es", follow_redirects=False)
        assert (response.status_code, response.content) == (308, b"")
        assert response.headers["location"] == f"/v1/organisations/{MADRID}?lang=es"
        assert response.headers["cache-control"] == "no-cache"
    response = client.get(f"/v1/organisations/{alias}")
    assert (response.status_code, response.json()["id"]) == (200, MADRID)
    assert listed(client, q=alias.partition("-")[2].removesuffix("6")) == [MADRID]


def test_the_other_spelling_of_an_id_leads_to_it(client: Client) -> None:
    add(client, "ES-INE-28079", kind="MUN")
    response = client.get("/v1/organisations/ES-INE-280796", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, "/v1/organisations/ES-INE-28079")
    assert client.get("/v1/organisations/ES-INE-280797").status_code == 404


def test_a_change_of_an_alias_leads_to_the_organisation_and_changes_nothing(client: Client) -> None:
    add(client, MADRID, kind="MUN", aliases=["ES-INE-28079"])
    tag = client.get(f"/v1/organisations/{MADRID}").headers["etag"]
    response = change(client, "ES-INE-28079", tag=tag, name="Otra")
    assert (response.status_code, response.headers["location"]) == (308, f"/v1/organisations/{MADRID}")
    assert read(client, MADRID)["name"] == "Uno"
    followed = client.patch(
        "/v1/organisations/ES-INE-28079", json={"name": "Otra"}, headers={"Content-Type": PATCH, "If-Match": tag}
    )
    assert (followed.status_code, followed.json()["name"]) == (200, "Otra")


def test_an_alias_that_was_given_up_is_free(client: Client) -> None:
    add(client, aliases=["XI-WIKIDATA-Q2"])
    changed(client, aliases=[])
    assert client.get("/v1/organisations/XI-WIKIDATA-Q2").status_code == 404
    add(client, "XI-WIKIDATA-Q3", aliases=["XI-WIKIDATA-Q2"])
    assert read(client, "XI-WIKIDATA-Q2")["id"] == "XI-WIKIDATA-Q3"


# --- many hands at once ---------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_no_change_of_many_hands_is_lost(client: Client) -> None:
    """Each of eight adds some aliases, one change for each, and reads again whenever it was too late."""
    add(client)

    def give(hand: int) -> int:
        late = 0
        for number in range(ALIASES):
            while True:
                there = client.get("/v1/organisations/XI-WIKIDATA-Q1")
                aliases = [*there.json()["aliases"], f"XI-WIKIDATA-Q{100 + hand * 10 + number}"]
                response = change(client, tag=there.headers["etag"], aliases=aliases)
                if response.status_code == 200:
                    break
                # 503: on a busy machine eight may wait longer for one row than a statement may.
                assert response.status_code in (412, 503)
                late += 1
        return late

    with ThreadPoolExecutor(8) as pool:
        late = sum(pool.map(give, range(8)))
    assert len(read(client)["aliases"]) == 8 * ALIASES
    assert late > 0


@pytest.mark.both_databases
def test_of_many_that_want_an_identifier_one_gets_it(client: Client) -> None:
    def ask(number: int) -> int:
        wanted = "XI-WIKIDATA-Q7"
        if number % 2:
            return offered(client, wanted).status_code
        return offered(client, f"XI-WIKIDATA-Q{100 + number}", aliases=[wanted]).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert sorted(answers) == [201, *[409] * 7]
    assert len(listed(client)) == 1


@pytest.mark.both_databases
def test_two_cannot_become_the_parent_of_each_other(client: Client) -> None:
    for round_ in range(5):
        one, other = (f"XI-WIKIDATA-Q{1 + round_ * 2 + number}" for number in range(2))
        add(client, one)
        add(client, other)
        with ThreadPoolExecutor(2) as pool:
            answers = [
                future.result().status_code
                for future in [
                    pool.submit(change, client, one, parent=other),
                    pool.submit(change, client, other, parent=one),
                ]
            ]
        assert sorted(answers) == [200, 409]
