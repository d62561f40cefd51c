"""What answered: the file that `Accept` chose, the edition that `latest` is, and the query that selected from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.demo.service import EDITION
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite, unlimited

CSV: Final = "text/csv"
BODY: Final = "XX-DEMO-00034"


@pytest.mark.parametrize(
    ("asked", "accept", "said"),
    [
        ("2026-demo/scores?limit=2", "*/*", None),
        ("2026-demo/scores.csv?limit=2", "*/*", None),
        ("2026-demo/scores?kind=MUN&limit=2", CSV, "2026-demo/scores.csv?kind=MUN&limit=2"),
        ("2026-demo/scores?province=0%35&limit=2", CSV, "2026-demo/scores.csv?limit=2&province=05"),
        ("latest/scores?limit=2", "*/*", "2026-demo/scores?limit=2"),
        ("latest/scores?limit=2", CSV, "2026-demo/scores.csv?limit=2"),
        ("latest/scores.csv?limit=2", "*/*", "2026-demo/scores.csv?limit=2"),
        ("latest", "*/*", "2026-demo"),
        ("latest/summary?kind=MUN", "*/*", "2026-demo/summary?kind=MUN"),
        (f"latest/scores/{BODY}?lang=es", "*/*", f"2026-demo/scores/{BODY}?lang=es"),
        ("latest/publications/latest", "*/*", "2026-demo/publications/latest"),
    ],
)
def test_content_location_names_what_answered(
    client: TestClient[Litestar], asked: str, accept: str, said: str | None
) -> None:
    response = client.get(f"/v1/editions/{asked}", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers.get("content-location") == (said and f"/v1/editions/{said}")
    if said is not None:
        assert client.get(f"/v1/editions/{said}").content == response.content
    again = client.get(f"/v1/editions/{asked}", headers={"Accept": accept, "If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.headers.get("content-location")) == (304, response.headers.get("content-location"))


def test_the_pages_of_the_latest_edition_stay_in_it(client: TestClient[Litestar]) -> None:
    page = client.get("/v1/editions/latest/scores?limit=2").json()
    assert page["next"].startswith(f"/v1/editions/{EDITION}/scores?limit=2&cursor=")
    assert [row["edition"] for row in [*page["items"], *client.get(page["next"]).json()["items"]]] == [EDITION] * 4


@pytest.mark.parametrize("path", ["exemplars?dimension=D1&limit=1", "robustness?draws=100&limit=1"])
def test_rows_say_which_edition_is_the_latest(client: TestClient[Litestar], path: str) -> None:
    (row,) = client.get(f"/v1/editions/latest/{path}").json()["items"]
    assert row["edition"] == EDITION


def test_a_refusal_is_of_the_path_that_was_asked_for(client: TestClient[Litestar]) -> None:
    for path in (f"/v1/editions/{EDITION}/scores", "/v1/editions/latest/scores"):
        refused = client.get(f"{path}?nothing=1", headers={"Accept": CSV})
        assert (refused.status_code, refused.json()["instance"]) == (400, path)
        assert "content-location" not in refused.headers


def test_without_a_published_edition_there_is_no_latest(tmp_path: Path) -> None:
    with borrow_app(unlimited(migrated_sqlite(tmp_path))) as app, TestClient(app) as empty:
        refused = empty.get("/v1/editions/latest/scores")
    assert refused.status_code == 404
    assert "content-location" not in refused.headers
