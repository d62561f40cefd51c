"""The parameters of a verification, and the interface of a rescorer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeAlias

import msgspec

from actitud.models import Signature
from actitud.verification._findings import Findings
from actitud.verification._known_ledger import KnownLedger
from actitud.verification._signatures import PublicKey


class Rescorer(Protocol):
    """Interface of an object that recomputes published scores and adds the differences to ``findings``.

    This library has no such object, because it does not contain the methodologies.
    """

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Check that the rescorer knows the format of an edition document.

        Return True, or add problems and return False. ``line``: number of the line of the document in the file.
        """
        ...

    def check_score(self, findings: Findings, line: int, text: bytes) -> bool:
        """Recompute a score document and add differences as problems; return True if its format is known, else False.

        ``line``: number of its line in the file.
        """
        ...

    def check_change(
        self, findings: Findings, line: int, pointer: str, before: bytes, after: bytes, change: object
    ) -> None:
        """Add a problem if the change of a score between two documents differs from the one that a correction states.

        ``before`` and ``after``: the score documents. ``change``: the stated change. ``line`` and ``pointer``: line of
        the edition document in the file, and JSON Pointer to ``change`` in it.
        """


LoadRows: TypeAlias = Callable[[], Iterable[Mapping[str, Any]]]
"""Function that returns the rows of the ranking that a service shows of an edition, each as a mapping."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Arguments of :func:`actitud.verify` after they were checked; an argument that was not passed is ``None``.

    Attributes:
        keys: The trusted public keys.
        digest: Expected digest of the edition document or of the single document.
        signature: Signature of a single document.
        checkpoint: Text of a checkpoint that the caller kept.
        published: Function that returns the bytes of a published document by digest, or None if there is no such
            document.
        progress: Called with the number of verified score documents and their total.
        rescorer: Object that recomputes scores.
        shown: Function that returns the rows that a service shows for the edition.
        ledger: The verified ledger to compare with.
    """

    keys: tuple[PublicKey, ...] | None
    digest: str | None
    signature: Signature | None
    checkpoint: str | None
    published: Callable[[str], bytes | None] | None
    progress: Callable[[int, int], object] | None
    rescorer: Rescorer | None
    shown: LoadRows | None = None
    ledger: KnownLedger | None = None
