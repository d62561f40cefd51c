"""Keys that tests hold, made below HTTP; for a day unless another life is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.auth import keys
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database


def create_key(
    database: Database,
    role: access.Role = "administrator",
    *organisations: str,
    editions: Sequence[str] | None = None,
    days: int = 1,
) -> str:
    """Create a key of a role, bound to organisations or editions if there are any. Return its text."""
    with database.write() as session:
        return access.create_key(
            session, (), role=role, organisations=organisations, editions=editions, days=days, now=datetime.now(UTC)
        ).text


def find_keys(text: str) -> list[str]:
    """Return the keys that stand in a text."""
    return [found[0] for found in keys.PATTERN.finditer(text)]


def present_key(key: str | None) -> dict[str, str]:
    """Return the header that presents a key, and no header for None."""
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def create_header(database: Database, role: access.Role = "administrator", *organisations: str) -> dict[str, str]:
    """Create a key in a database. Return the header that presents it."""
    return present_key(create_key(database, role, *organisations))


def sign_in(client: TestClient[Litestar], role: access.Role = "administrator", *organisations: str) -> dict[str, str]:
    """Create a key in the database of an application. Return the header that presents it."""
    return create_header(client.app.state["database"], role, *organisations)
