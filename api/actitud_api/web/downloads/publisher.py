"""Who publishes, and under which licence: what every description of the data says."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LICENSE_NAME: Final = "CC-BY-4.0"
LICENSE_TITLE: Final = "Creative Commons Attribution 4.0"
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
"""The licence of all that is published."""


class Publisher(Struct, frozen=True, kw_only=True):
    """The body that publishes: its name, its DIR3 code where it has one, and its mailbox or page to write to."""

    name: str = "Actitud"
    dir3: str | None = None
    contact: str | None = None
