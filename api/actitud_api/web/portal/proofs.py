"""The proof of an answer in words: whether it has evidence, and whether it counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.requests.answers import Submission

Proof = Literal["documented", "declared", "withdrawn", "rejected", "stale"]
"""What an answer is based on, and whether it counts.

An answer that is `documented` (it has accepted evidence) or only `declared` (it has none) counts. An answer
that is `withdrawn`, `rejected` or `stale` does not.
"""

PROOF_TEXTS: Final[Mapping[Proof, Texts]] = {
    "documented": Texts("documentada", "documented"),
    "declared": Texts("solo declarada, sin documento que cuente", "only declared, without a document that counts"),
    "withdrawn": Texts("la organización retiró su respuesta", "the organisation took its answer back"),
    "rejected": Texts("la revisión rechazó la respuesta", "the review rejected the answer"),
    "stale": Texts("demasiado antigua para contar", "too old to count"),
}


def find_proof(submission: Submission, indicator: str) -> Proof | None:
    """Return the proof of the answer to an indicator, or None if the indicator has no answer."""
    if indicator in submission.set_aside:
        return submission.set_aside[indicator]
    if indicator not in submission.answers:
        return None
    return "declared" if indicator in submission.self_declared else "documented"
