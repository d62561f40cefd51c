"""The publisher and the licence, as every description of the data names them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LICENSE_NAME: Final = "CC-BY-4.0"
LICENSE_TITLE: Final = "Creative Commons Attribution 4.0"
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
"""The licence of all published data."""


class Publisher(Struct, frozen=True, kw_only=True):
    """The body that publishes: its name, its DIR3 code (None for other bodies), and a mailbox or page for contact."""

    name: str = "Actitud"
    dir3: str | None = None
    contact: str | None = None
