"""Parameters of a verification, and the interface of a rescorer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from actitud.models import Signature
from actitud.verification._findings import Findings
from actitud.verification._signatures import PublicKey


class Rescorer(Protocol):
    """Computes scores again: the one part of a verification that needs the methodologies, which this library lacks."""

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Return True if an edition document has the format of the program; add problems if not."""
        ...

    def check_score(self, findings: Findings, line: int, text: bytes) -> bool:
        """Score a document again and add the problems; return True if it has the format of the program."""
        ...

    def check_change(
        self, findings: Findings, line: int, pointer: str, before: bytes, after: bytes, change: object
    ) -> None:
        """Add a problem if the change between two score documents is not the one at a pointer."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of :func:`actitud.verify`, as it states them."""

    keys: tuple[PublicKey, ...] | None
    digest: str | None
    signature: Signature | None
    checkpoint: str | None
    published: Callable[[str], bytes | None] | None
    progress: Callable[[int, int], object] | None
    rescorer: Rescorer | None
