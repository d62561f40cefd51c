"""Errors are problem documents, whatever went wrong and whoever reads them."""

import re
from typing import Any

import pytest
from litestar import Controller, Litestar
from litestar.exceptions import HTTPException, NotFoundException, PermissionDeniedException, ServiceUnavailableException
from litestar.params import FromPath
from litestar.testing import TestClient
from structlog.testing import capture_logs

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get, get_page
from actitud_api.platform.http.problems import NOT_FOUND, TYPES, ProblemError, ProblemType
from actitud_api.platform.http.system import HEALTH
from tests.http.toys import ToyPath, toy_app

MEMBERS = ["type", "title", "status", "detail", "instance", "request_id", "errors"]


class Odd(Controller):
    """Raises what Litestar itself may raise."""

    path = "/odd"

    @get_page("/{status:str}", operation_id="odd.status", access=ANYBODY, threaded=False)
    def odd(self, status: FromPath[str]) -> None:
        """Raises."""
        raise {
            "403": PermissionDeniedException("secret"),
            "418": HTTPException("secret", status_code=418),
            "503": ServiceUnavailableException("secret"),
            "assert": AssertionError("secret"),
        }[status]


def problem(response: Any, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert "Accept-Language" in response.headers["vary"]
    found: dict[str, Any] = response.json()
    assert list(found) == MEMBERS
    assert (found["type"], found["status"]) == (f"/problems/{slug}", status)
    assert found["request_id"] == response.headers["x-request-id"]
    return found


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nowhere", "/v1/", "/v1/toys/a/b", "/problems/nothing", "/static/x"])
def test_what_is_not_there_is_404(toys: TestClient[Litestar], path: str) -> None:
    assert problem(toys.get(path), 404, "not-found")["instance"] == path


def test_a_wrong_method_is_405(toys: TestClient[Litestar]) -> None:
    response = toys.delete("/v1/toys")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "OPTIONS, POST"


def test_an_exception_of_a_service_is_the_problem_that_it_was_said_to_be(toys: TestClient[Litestar]) -> None:
    found = problem(toys.get("/v1/toys/unknown?lang=es"), 404, "not-found")
    assert found["title"] == "No existe"
    assert found["detail"] == "No hay ninguna organización con el identificador unknown."


def test_what_was_not_foreseen_is_logged_and_not_told(toys: TestClient[Litestar]) -> None:
    with capture_logs() as logs:
        response = toys.get("/v1/toys/broken", headers={"X-Request-Id": "find-me"})
    found = problem(response, 500, "internal-error")
    assert "secret" not in response.text
    (entry,) = logs
    assert (entry["log_level"], entry["request_id"], entry["path"]) == ("error", "find-me", "/v1/toys/broken")
    assert isinstance(entry["exc_info"], RuntimeError)
    assert found["request_id"] == "find-me"


def test_what_litestar_raises_is_a_problem_too() -> None:
    with TestClient(toy_app(more=[Odd])) as client, capture_logs() as logs:
        assert problem(client.get("/odd/418"), 400, "invalid-request")["detail"] != "secret"
        problem(client.get("/odd/403"), 400, "invalid-request")
        # Warnings may come from what another application of this process still hears of its database.
        assert "error" not in {log["log_level"] for log in logs}
        problem(client.get("/odd/503"), 500, "internal-error")
        problem(client.get("/odd/assert"), 500, "internal-error")
        assert [log["event"] for log in logs if log["log_level"] == "error"] == ["unplanned", "unplanned"]


@pytest.mark.parametrize(
    ("query", "accept", "language"),
    [
        ("", None, "en"),
        ("", "es", "es"),
        ("", "ca,es;q=0.8,en;q=0.9", "es"),
        ("", "fr", "en"),
        ("", "*", "en"),
        ("", "es;q=0", "en"),
        ("", "ca", "es"),
        ("", "gl-ES, eu;q=0.8, *;q=0.5", "es"),
        ("", "fr, oc-aranes;q=0.5", "es"),
        ("", "ca, en;q=0.5", "es"),
        ("", "ca;q=0.3, *;q=0.5", "en"),
        ("", "ca, es;q=0", "en"),
        ("", "ca;q=0, fr", "en"),
        ("?lang=es", "en", "es"),
        ("?lang=e%73", None, "es"),
        ("?lang=xx", "es", "es"),
        ("?%FF", "es", "es"),
    ],
)
def test_the_language_is_that_of_lang_then_of_the_reader(
    toys: TestClient[Litestar], query: str, accept: str | None, language: str
) -> None:
    response = toys.get(f"/v1/toys/unknown{query}", headers={} if accept is None else {"Accept-Language": accept})
    assert response.headers["content-language"] == language
    titles = {"es": {"No existe", "La petición no es válida"}, "en": {"Not found", "The request is not valid"}}
    assert response.json()["title"] in titles[language]


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 64])
def test_a_safe_request_id_is_kept(toys: TestClient[Litestar], given: str) -> None:
    assert toys.get("/v1/toys/x", headers={"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "<script>", "ñ".encode()])
def test_any_other_is_replaced(toys: TestClient[Litestar], given: str | bytes | None) -> None:
    headers: dict[str, Any] = {} if given is None else {"X-Request-Id": given}
    made = [toys.get("/v1/toys/x", headers=headers).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in made)
    assert made[0] != made[1]


@pytest.mark.parametrize("known", TYPES.values(), ids=TYPES.keys())
def test_every_type_resolves_to_a_page_in_both_languages(toys: TestClient[Litestar], known: ProblemType) -> None:
    spanish, english = toys.get(known.uri, headers={"Accept-Language": "es"}), toys.get(known.uri)
    assert (spanish.status_code, english.status_code) == (200, 200)
    assert f"<h1>{known.title.es}</h1>" in spanish.text
    assert f"<h1>{known.title.en}</h1>" in english.text
    assert 400 <= known.status < 600


GONE = ProblemType(
    "edition-closed", 404, Texts("Edición cerrada", "Edition closed"), Texts("Ya no está.", "It is no longer there.")
)


class Closed(Controller):
    """Has two problems of the same status."""

    path = "/v1/closed"
    tags = ("system",)

    @get(
        "/{name:str}",
        operation_id="closed.get",
        access=ANYBODY,
        answer=HEALTH,
        problems=(GONE, NOT_FOUND),
        threaded=False,
    )
    def closed(self, path: ToyPath) -> None:
        """Raise the one or the other."""
        raise ProblemError(GONE, GONE.description) if path.name == "gone" else NotFoundException("secret")


def test_a_status_may_have_several_types_and_that_of_litestar_stays() -> None:
    with TestClient(toy_app(more=[Closed])) as client:
        problem(client.get("/v1/closed/gone"), 404, "edition-closed")
        problem(client.get("/v1/closed/other"), 404, "not-found")
        problem(client.get("/v1/closed/a/b"), 404, "not-found")
        found = client.get("/v1/openapi.json").json()
    reference = found["paths"]["/v1/closed/{name}"]["get"]["responses"]["404"]["$ref"]
    assert reference == "#/components/responses/not-found-or-edition-closed"
    shared = found["components"]["responses"]["not-found-or-edition-closed"]
    assert "`/problems/edition-closed`: Edition closed. It is no longer there." in shared["description"]
    assert "`/problems/not-found`: Not found. " in shared["description"]
    assert shared["content"] == found["components"]["responses"]["not-found"]["content"]
