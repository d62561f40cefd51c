"""The publisher and the licence that all descriptions of the published data name."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

LICENSE_NAME: Final = "CC-BY-4.0"
LICENSE_TITLE: Final = "Creative Commons Attribution 4.0"
LICENSE: Final = "https://creativecommons.org/licenses/by/4.0/"
"""The URL of the licence of all published data."""


class Publisher(Struct, frozen=True, kw_only=True):
    """The body that publishes the data.

    `dir3` is its code in DIR3, the directory of Spanish public bodies, None for a body without a code. `contact` is an
    e-mail address or the URL of a page, None if there is none.
    """

    name: str = "Actitud"
    dir3: str | None = None
    contact: str | None = None
