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
    """Interface of an object that recomputes scores and adds differences to ``findings``.

    This library has no such object, because it does not contain the methodologies.
    """

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Return True if the rescorer knows the format of an edition document; else add problems and return False.

        ``line``: number of its line in the file.
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
        """Add a problem if the difference of the score documents ``before`` and ``after`` is not ``change``.

        ``pointer``: where the edition document contains ``change``.
        """


LoadRows: TypeAlias = Callable[[], Iterable[Mapping[str, Any]]]
"""Function that returns the rows of the ranking that a service shows of an edition, each as a mapping."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """The checked arguments of :func:`actitud.verify`; an argument that was not passed is ``None``.

    ``keys``: the trusted public keys. ``digest``: expected digest of the edition document or of the single document.
    ``signature``: signature of a single document. ``checkpoint``: text of a checkpoint that the caller kept.
    ``ledger``: the ledger to compare with. ``published``: function that returns the bytes of a published document by
    digest, or None if there is no such document. ``progress``: called with the number of verified score documents and
    their total. ``rescorer``: object that recomputes scores. ``shown``: function that returns the rows that a service
    shows for the edition.
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
