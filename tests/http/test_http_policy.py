"""Who may call what: the layer of policy over toy operations, with keys of a database of each kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import litestar
import pytest
from litestar import Controller, Litestar, Response
from litestar.params import FromPath
from litestar.testing import TestClient
from msgspec import Struct

from actitud_api.app import CONTROLLERS, create_app
from actitud_api.platform.auth import keys as keys_of_access
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.policy import EDITORS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http import access as access_rules
from actitud_api.platform.http.access import ANYBODY, KEY_SHOWS_MORE, handlers_of, operation_id, rules_of
from actitud_api.platform.http.middleware import limits, policy
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key

MINE, OTHER = "XX-DEMO-00001", "XX-DEMO-00002"
NOW = datetime.now(UTC)


class Who(Struct, frozen=True):
    """Who the handler saw."""

    role: str | None


class WhoPath(Struct, frozen=True):
    organisation: str


WHO = Representation(Who)


class WhoController(Controller):
    path = "/v1/who"
    tags = ("system",)

    @get("/open/{organisation:str}", operation_id="who.open", access=ANYBODY, answer=WHO, threaded=False)
    def open(self, request: ApiRequest, path: WhoPath, principal: Principal | None) -> Response[bytes]:
        """Tell who asks."""
        return answer(request, principal)

    @get("/more/{organisation:str}", operation_id="who.more", access=KEY_SHOWS_MORE, answer=WHO, threaded=False)
    def more(self, request: ApiRequest, path: WhoPath, principal: Principal | None) -> Response[bytes]:
        """Tell who asks."""
        return answer(request, principal)

    @get("/own/{organisation:str}", operation_id="who.own", access=EDITORS, answer=WHO, threaded=False)
    def own(self, request: ApiRequest, path: WhoPath, principal: Principal) -> Response[bytes]:
        """Tell who asks."""
        return answer(request, principal)


def answer(request: ApiRequest, principal: Principal | None) -> Response[bytes]:
    return WHO.of(request, Who(None if principal is None else principal.role))


class UnruledController(Controller):
    path = "/v1/unruled"

    @litestar.get("/{organisation:str}", operation_id="unruled.get", sync_to_thread=False)
    def get_one(self, organisation: FromPath[str]) -> str:
        return organisation


@pytest.fixture
def client(url: str) -> Iterator[TestClient[Litestar]]:
    with borrow_app(Settings(database_url=url), (*CONTROLLERS, WhoController)) as app, TestClient(app) as opened:
        yield opened


@pytest.fixture
def keys(database: Database, client: TestClient[Litestar]) -> dict[str, str]:
    """A key of each role and fate, by name."""
    made: dict[str, str] = {}
    with database.write() as session:
        wanted: list[tuple[str, access.Role, str | None, int]] = [
            ("mine", "organisation_editor", MINE, 0),
            ("administrator", "administrator", None, 0),
            ("registrar", "registrar", None, 0),
            ("expired", "administrator", None, 2),
            ("revoked", "administrator", None, 0),
        ]
        for name, role, owner, age in wanted:
            created = access.create_key(
                session,
                (),
                role=role,
                organisations=() if owner is None else (owner,),
                days=1,
                now=NOW - timedelta(days=age),
            )
            made[name] = created.text
            if name == "revoked":
                access.revoke(session, created.record.id, now=NOW)
    right = made["mine"]
    made["mistyped"] = right[:-1] + ("0" if right[-1] != "0" else "1")
    made["of nobody"] = keys_of_access.generate_key().to_text()
    return made


def test_where_a_key_is_needed_its_lack_says_how_to_give_one(client: TestClient[Litestar]) -> None:
    response = client.get(f"/v1/who/own/{MINE}?lang=es")
    assert problem(response, 401, "unauthorized")["title"] == "Hace falta una clave válida"
    assert response.headers["www-authenticate"] == 'Bearer realm="actitud"'


@pytest.mark.parametrize("name", ["expired", "revoked", "mistyped", "of nobody"])
@pytest.mark.parametrize("operation", ["own", "more"])
def test_a_key_that_does_not_count_is_refused_whatever_is_wrong_with_it(
    client: TestClient[Litestar], keys: dict[str, str], operation: str, name: str
) -> None:
    response = client.get(f"/v1/who/{operation}/{MINE}", headers=present_key(keys[name]))
    problem(response, 401, "unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="actitud", error="invalid_token"'


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {}", "bearer{}", "{}", "Bearer {0}, Bearer {0}"])
def test_only_one_bearer_key_counts(client: TestClient[Litestar], keys: dict[str, str], header: str) -> None:
    headers = {"Authorization": header.format(keys["administrator"])}
    problem(client.get(f"/v1/who/own/{MINE}", headers=headers), 401, "unauthorized")


def test_the_scheme_is_read_in_any_case(client: TestClient[Litestar], keys: dict[str, str]) -> None:
    response = client.get(f"/v1/who/own/{MINE}", headers={"Authorization": f"bEARER {keys['mine']}"})
    assert response.json() == {"role": "organisation_editor"}


def test_a_role_that_may_not_is_told_so(client: TestClient[Litestar], keys: dict[str, str]) -> None:
    problem(client.get(f"/v1/who/own/{MINE}", headers=present_key(keys["registrar"])), 403, "forbidden")


def test_what_is_of_another_is_as_if_it_were_not_there(client: TestClient[Litestar], keys: dict[str, str]) -> None:
    mine = present_key(keys["mine"])
    assert client.get(f"/v1/who/own/{MINE}", headers=mine).json() == {"role": "organisation_editor"}
    there = problem(client.get(f"/v1/who/own/{OTHER}", headers=mine), 404, "not-found")
    absent = problem(client.get("/v1/who/own/XX-DEMO-99999", headers=mine), 404, "not-found")
    assert {**there, "instance": "", "request_id": ""} == {**absent, "instance": "", "request_id": ""}
    seen = client.get(f"/v1/who/own/{OTHER}", headers=present_key(keys["administrator"]))
    assert seen.json() == {"role": "administrator"}


def test_where_a_key_shows_more_caches_keep_the_answers_apart(
    client: TestClient[Litestar], keys: dict[str, str]
) -> None:
    without = client.get(f"/v1/who/more/{MINE}")
    assert (without.json(), without.headers["cache-control"]) == ({"role": None}, "public, no-cache")
    assert without.headers["vary"] == "Accept, Authorization, Accept-Encoding"
    with_key = client.get(f"/v1/who/more/{MINE}", headers=present_key(keys["registrar"]))
    assert (with_key.json(), with_key.headers["cache-control"]) == ({"role": "registrar"}, "private, no-cache")
    assert with_key.headers["vary"] == "Accept, Authorization, Accept-Encoding"


def test_where_anybody_may_a_key_is_not_even_looked_at(client: TestClient[Litestar], keys: dict[str, str]) -> None:
    response = client.get(f"/v1/who/open/{MINE}", headers=present_key(keys["revoked"]))
    assert response.json() == {"role": None}
    assert response.headers["vary"] == "Accept, Accept-Encoding"


def test_a_revoked_key_ends_with_the_next_call(
    client: TestClient[Litestar], keys: dict[str, str], database: Database
) -> None:
    mine = present_key(keys["mine"])
    assert client.get(f"/v1/who/own/{MINE}", headers=mine).status_code == 200
    with database.write() as session:
        access.revoke(session, keys["mine"].split("_")[1], now=datetime.now(UTC))
    assert client.get(f"/v1/who/own/{MINE}", headers=mine).status_code == 401


def test_an_operation_without_a_rule_is_not_served(
    url: str, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    controllers = (*CONTROLLERS, UnruledController)
    with pytest.raises(LookupError, match=r"unruled\.get"):
        create_app(Settings(database_url="sqlite:///never-opened"), controllers)
    ruled = create_app(Settings(database_url="sqlite:///never-opened"))
    handlers = {operation_id(handler): handler for _, handler in handlers_of(ruled)}
    assert rules_of(ruled).keys() == handlers.keys()
    for name, handler in handlers.items():
        with monkeypatch.context() as patch:
            patch.delitem(handler.opt, "access")
            with pytest.raises(LookupError, match=rf"{re.escape(name)}$"):
                rules_of(ruled)
    # The control: where a rule that is missing is read as one that lets anybody.
    for module in (access_rules, policy, limits):
        monkeypatch.setattr(module, "rule_of", lambda handler: handler.opt.get("access", ANYBODY))
    with borrow_app(Settings(database_url=url), controllers) as unchecked, TestClient(unchecked) as client:
        answer = client.get(f"/v1/unruled/{MINE}")
    assert (answer.status_code, answer.text) == (200, MINE)
    figure(
        "R14",
        "operations of which each had its rule taken away, those that would be served nevertheless; with their rules "
        "all are, and tests/contract/test_policy.py calls each with the keys of each role",
        tried=len(handlers),
        failed=0,
        control="where a missing rule is read as one that lets anybody, such an operation answers 200 without a key",
    )


def test_the_document_says_who_needs_a_key_and_of_which_role(client: TestClient[Litestar]) -> None:
    # To compress the document of these operations as far as possible takes 0.6 s.
    document = client.get("/v1/openapi.json", headers={"Accept-Encoding": "identity"}).json()
    paths = {name: document["paths"][f"/v1/who/{name}/{{organisation}}"] for name in ("open", "more", "own")}
    security = {name: path["get"]["security"] for name, path in paths.items()}
    roles = [{"key": ["administrator"]}, {"key": ["organisation_editor"]}]
    assert security == {"open": [], "more": [{}, {"key": []}], "own": roles}
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
