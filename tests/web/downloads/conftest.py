"""An edition of three organisations that is published, one that is open, and organisations with hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service as organisations
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, make_key, unlimited
from tests.support.publishing import BEFORE, fill, publish
from tests.web.downloads.hostile import HOSTILE

BASE = "https://madurez.example"


@pytest.fixture(scope="session", params=BOTH)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    """A client of the service on each kind of database; for tests that only read."""
    folder = tmp_path_factory.mktemp("exports")
    with made_anew(request, folder) as url:
        yield from _installed(url, folder)


def _installed(url: str, folder: Path) -> Iterator[TestClient[Litestar]]:
    settings = structs.replace(
        unlimited(url),
        public_url=BASE,
        publisher_name="Diputación de Ejemplo",
        publisher_dir3="L02000041",
        contact="datos@diputacion.example",
    )
    with borrow_app(settings) as app:
        database: Database = app.state["database"]
        make_key(database, folder)
        fill(database)
        with database.write() as session:
            entries = [
                {
                    "id": f"XX-T-H{number:03}",
                    "name": name,
                    "kind": "MUN",
                    "region": "09",
                    "domains": ["a.example", "b.example"],
                }
                for number, name in enumerate(HOSTILE)
            ]
            organisations.add(
                session, [msgspec.convert(entry, organisations.OrganisationEntry) for entry in entries], BEFORE
            )
        publish(database, folder)
        fill(database, "2027")
        with TestClient(app) as client:
            yield client
