"""How the service is run, read from the environment: `ACTITUD_<NAME IN CAPITALS>`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

PREFIX = "ACTITUD_"


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a process.

    `database_url`: SQLAlchemy URL of the database. `public_url`: scheme and authority under which people reach
    the service, for absolute links, without a path, since the service lives at the root of its host; a slash at the
    end is left out. Without it those of each request.
    """

    database_url: Annotated[str, Meta(min_length=1)] = "sqlite:///var/actitud.sqlite3"
    public_url: Annotated[str, Meta(pattern=r"^https?://[^/?#\\\s]+/?\Z")] | None = None


def from_environment(environment: Mapping[str, str]) -> Settings:
    """The settings that an environment says; raises `ValueError` with the name of a variable that is wrong."""
    given = {
        field.name: environment[name]
        for field in msgspec.structs.fields(Settings)
        if (name := PREFIX + field.name.upper()) in environment
    }
    return msgspec.convert(given, Settings)
