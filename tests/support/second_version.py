"""The versions that tests have: those of the service, and a draft that it does not have.

The draft, which tests of more than one version need, is 2026.1 with other weights, one goalpost moved, and one
indicator more (D9.09). 2026.1 itself, which the service has retired, is in use here, so that tests may make editions
with it; its document and digest are the same. The newest version in use is 2027.1, as in the service.
"""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, NamedTuple, cast

import pytest

from actitud_api.engine.methodology import loader

VERSION: Final = "2099.1-draft"
FOLDER: Final = Path(__file__).parent / "methodologies"
"""Its document and texts, and a registry with the versions of the service and this one."""
PRODUCT: Final = resources.files("actitud_api.engine.methodology") / "versions"


class Overlay(NamedTuple):
    """A folder in which what one folder lacks is that of another."""

    upper: Traversable
    lower: Traversable

    def __truediv__(self, name: str) -> Traversable:
        found = self.upper / name
        return found if found.is_file() or found.is_dir() else self.lower / name


VERSIONS: Final = cast("Traversable", Overlay(FOLDER, PRODUCT))
"""The folder of all versions that tests have."""


def register() -> None:
    """Let the loader of this process find it. The types of requests are made when the service is imported: before."""
    pytest.MonkeyPatch().setattr(loader, "_open_versions_folder", lambda: VERSIONS)
