"""The parameters of a verification, and the interface of a rescorer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from actitud.models import Signature
from actitud.verification._findings import Findings
from actitud.verification._signatures import PublicKey


class Rescorer(Protocol):
    """Interface of an object that recomputes scores and adds differences to ``findings``.

    This library has no such object, because it does not contain the methodologies.
    """

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Return True if an edition document has a format that the rescorer knows; otherwise add problems."""
        ...

    def check_score(self, findings: Findings, line: int, text: bytes) -> bool:
        """Recompute a score document and add differences as problems; return True if its format is known."""
        ...

    def check_change(
        self, findings: Findings, line: int, pointer: str, before: bytes, after: bytes, change: object
    ) -> None:
        """Add a problem if the difference of two score documents is not ``change``.

        ``pointer``: where the edition document contains ``change``.
        """


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of :func:`actitud.verify`, under the same names.

    A parameter that was not passed is ``None``.
    """

    keys: tuple[PublicKey, ...] | None
    digest: str | None
    signature: Signature | None
    checkpoint: str | None
    published: Callable[[str], bytes | None] | None
    progress: Callable[[int, int], object] | None
    rescorer: Rescorer | None
