"""An edition that takes answers, whose last days are far away, and an organisation; nothing is published yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from tests.support.applications import borrow_app
from tests.support.assessing import body_a
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.editions import draft_edition
from tests.support.keys import sign_in
from tests.web.portal.places import Client

VERSION: Final = "2027.1"
NOW: Final = datetime(2026, 1, 2, tzinfo=UTC)
FAR: Final = "2090"
ORGANISATION: Final = "XX-T-1"


@contextmanager
def serve_open_edition(url: str) -> Iterator[Client]:
    """Serve the edition from a database with the tables. Yield a client of the service."""
    with borrow_app(structs.replace(unlimited(url), contact="index@province.example")) as app:
        database: Database = app.state["database"]
        with database.write() as session:
            entry = organisations.OrganisationEntry(id=ORGANISATION, name="Villa Uno", kind="MUN")
            organisations.add(session, [entry], NOW)
            draft = draft_edition(FAR, methodology=VERSION, year=int(FAR))
            editions.add(session, editions.build_record(draft, now=NOW))
        with TestClient(app) as client:
            yield client


def change_edition(client: Client, **members: Any) -> None:
    """Change the edition, as an administrator does."""
    sent = {**sign_in(client), "Content-Type": "application/merge-patch+json", "If-Match": "*"}
    read_body(client.patch(f"/v1/editions/{FAR}", content=json.dumps(members), headers=sent))


def put_draft(client: Client) -> None:
    """Put a draft of the organisation into the edition, as its editor does."""
    sent = {**sign_in(client, "organisation_editor", ORGANISATION), "If-None-Match": "*"}
    path = f"/v1/editions/{FAR}/assessments/{ORGANISATION}"
    read_body(client.put(path, json=body_a(VERSION), headers=sent), 201)
