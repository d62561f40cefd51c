"""Whether the service lives and is ready, and its pages."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from structlog.testing import capture_logs

from actitud_api.platform.http.system import Readiness
from tests.http.toys import toy_app


@pytest.fixture
def client() -> TestClient[Litestar]:
    return TestClient(toy_app())


def readiness(client: TestClient[Litestar]) -> Readiness:
    found: Readiness = client.app.state["readiness"]
    return found


def test_it_is_ready_when_every_check_holds(client: TestClient[Litestar]) -> None:
    there: list[str] = []
    readiness(client).register("edition", lambda: "edition" in there)
    readiness(client).register("tables", lambda: True)
    waiting = client.get("/readyz", headers={"Accept-Language": "es"})
    assert waiting.status_code == 503
    assert waiting.headers["retry-after"] == "5"
    assert waiting.json()["type"] == "/problems/unavailable"
    assert waiting.json()["detail"] == "Falta: edition."
    there.append("edition")
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})


def test_a_check_that_fails_to_run_does_not_hold(client: TestClient[Litestar]) -> None:
    readiness(client).register("database", lambda: 1 // 0 == 0)
    with capture_logs() as logs:
        assert client.get("/readyz").status_code == 503
    assert [(entry["check"], entry["log_level"]) for entry in logs] == [("database", "warning")]


def test_it_lives_while_it_is_not_ready(client: TestClient[Litestar]) -> None:
    readiness(client).register("never", lambda: False)
    assert (client.get("/livez").status_code, client.get("/readyz").status_code) == (200, 503)
    assert client.get("/livez").headers["cache-control"] == "no-store"


def test_the_pages_load_nothing_from_elsewhere(client: TestClient[Litestar]) -> None:
    for page in ("/docs", "/docs/system.livez", "/problems/not-found"):
        response = client.get(page)
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "unsafe" not in response.headers["content-security-policy"]
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", response.text)
        assert "<script>" not in response.text
        assert "style=" not in response.text
        for asset in re.findall(r"(?:src|href)=\"(/static/[^\"]+)\"", response.text):
            assert client.get(asset).status_code == 200


@pytest.mark.parametrize("name", ["..%2fapp.py", "docs.js.map", "%2e%2e"])
def test_no_other_file_is_served(client: TestClient[Litestar], name: str) -> None:
    assert client.get(f"/static/{name}").status_code == 404
