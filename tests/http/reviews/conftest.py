"""An edition in which two organisations have submitted example A of the catalogue, and the keys of everybody."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments.lifecycle import AssessmentState
from tests.http.test_assessments import EDITION, MERGE_PATCH, MINE, NEW, OTHER
from tests.support.applications import borrow_app
from tests.support.assessing import DOMAIN, Body, body_a
from tests.support.bodies import read_body
from tests.support.copying import fill_once
from tests.support.databases import unlimited
from tests.support.keys import create_header, present_key
from tests.support.settling import settle

ROLES: Mapping[str, access.Role] = {
    "administrator": "administrator",
    "publisher": "publisher",
    "ada": "assessor",
    "eva": "assessor",
}


class Desk:
    """The service, and who asks it: an administrator, a publisher, two assessors (ada, eva) and two organisations."""

    def __init__(self, app: Litestar, client: TestClient[Litestar], keys: Mapping[str, dict[str, str]]) -> None:
        self.app = app
        self.client = client
        self.database: Database = app.state["database"]
        self.keys = dict(keys)

    def ask(
        self, who: str | None, method: str, path: str, body: object = None, tag: str | None = "*", **headers: str
    ) -> httpx.Response:
        """What somebody is answered; `path`: below the edition."""
        sent = {} if who is None else dict(self.keys[who])
        if method in ("PUT", "DELETE", "POST") and tag is not None:
            sent["If-Match"] = tag
        content = None if body is None else json.dumps(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        url = f"/v1/editions/{EDITION}{path}"
        return self.client.request(method, url, content=content, headers={**sent, **headers})

    def verdict(self, who: str, indicator: str, verdict: str, tag: str = "*", **more: Any) -> httpx.Response:
        """Gives a verdict on the first organisation, with a reason unless it is accepted."""
        body = {"verdict": verdict, **({} if verdict == "accepted" else {"reason": "Not there."}), **more}
        return self.ask(who, "PUT", f"/assessments/{MINE}/verdicts/{indicator}", body, tag)

    def given(self, who: str, indicator: str, verdict: str, **more: Any) -> Body:
        """The same where it is taken."""
        return read_body(self.verdict(who, indicator, verdict, **more))

    def get(self, path: str, who: str | None = "administrator") -> Body:
        """What somebody reads."""
        return read_body(self.ask(who, "GET", path))

    def index(self, organisation: str = MINE) -> float:
        """The index of an organisation."""
        found: float = self.get(f"/assessments/{organisation}")["index"]
        return found

    def submit(self, organisation: str = MINE, body: Body | None = None) -> None:
        """Makes an assessment and submits it."""
        made = self.ask(organisation, "PUT", f"/assessments/{organisation}", body or body_a(), None, **CREATE)
        assert made.status_code == 201, made.text
        self.resubmit(organisation)

    def resubmit(self, organisation: str = MINE) -> None:
        """Submits an assessment."""
        sent = self.ask(organisation, "POST", f"/assessments/{organisation}/submissions", {"explanations": {}})
        assert sent.status_code == 201, sent.text

    def rotate(self, who: str) -> None:
        """Puts another key in the place of somebody's, which ends."""
        number = self.keys[who]["Authorization"].split("_")[1]
        made = self.client.post(
            f"/v1/keys/{number}/rotations", json={"overlap": 0}, headers={**self.keys[who], "If-Match": "*"}
        )
        assert made.status_code == 201, made.text
        self.keys[who] = present_key(made.json()["secret"])

    def begin_review(self) -> None:
        """Puts the edition in review."""
        sent = {**self.keys["administrator"], **MERGE_PATCH, "If-Match": "*"}
        moved = self.client.patch(f"/v1/editions/{EDITION}", content='{"state": "in_review"}', headers=sent)
        assert moved.status_code == 200, moved.text

    def settle(self, until: AssessmentState, organisation: str = MINE) -> None:
        """Brings an assessment to a state."""
        settle(self.database, EDITION, organisation, until)


CREATE = {"If-None-Match": "*"}


@pytest.fixture
def desk(url: str, tmp_path: Path) -> Iterator[Desk]:
    """The edition is open, and the assessment of the first organisation is under review."""
    with borrow_app(unlimited(url)) as app:
        keys = fill_once(app.state["database"], tmp_path, _begin)
        with TestClient(app) as client:
            yield Desk(app, client, keys)


def _begin(database: Database, _folder: Path) -> Mapping[str, dict[str, str]]:
    """Bring an installation to the review of an assessment. Return the keys of everybody."""
    url = database.read_engine.url.render_as_string(hide_password=False)
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        keys = {name: create_header(app.state["database"], role) for name, role in ROLES.items()}
        keys |= {name: create_header(app.state["database"], "organisation_editor", name) for name in (MINE, OTHER)}
        made = Desk(app, client, keys)
        headers = made.keys["administrator"]
        assert client.post("/v1/editions", json=NEW, headers=headers).status_code == 201
        for name in (MINE, OTHER):
            body = {"id": name, "name": name, "kind": "MUN", "domains": [DOMAIN]}
            assert client.post("/v1/organisations", json=body, headers=headers).status_code == 201
        made.submit()
        made.settle("under_review")
        return keys


def patch(desk: Desk, **answers: object) -> httpx.Response:
    """Changes answers of the first organisation, as it does; their ids with `_` for the dot."""
    named = {name.replace("_", "."): facts for name, facts in answers.items()}
    content = json.dumps({"methodology": "2026.1", "answers": named})
    headers = {**desk.keys[MINE], **MERGE_PATCH, "If-Match": "*"}
    return desk.client.patch(f"/v1/editions/{EDITION}/assessments/{MINE}", content=content, headers=headers)
