"""Verification of what a service has published, without it: digests, lists, corrections, signatures, the ledger.

Scores are not computed again here; ``actitud-api verify`` does that too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO

from actitud.errors import Unverifiable
from actitud.models import Signature
from actitud.verification._editions import FORMAT, verify_bundle, verify_single
from actitud.verification._findings import (
    CheckName,
    Findings,
    ProblemCode,
    Text,
    Verification,
    VerificationCheck,
    VerificationProblem,
    make_text,
)
from actitud.verification._ledger import is_entry, verify_ledger
from actitud.verification._options import Options, Rescorer
from actitud.verification._reading import (
    NotReadable,
    Source,
    compute_digest,
    open_source,
    parse_object,
    quote,
    read_document,
    read_lines,
)
from actitud.verification._signatures import GIVEN_CHECKPOINT, KeysSource, PublicKey, read_keys

__all__ = [
    "GIVEN_CHECKPOINT",
    "CheckName",
    "Findings",
    "KeysSource",
    "ProblemCode",
    "PublicKey",
    "Rescorer",
    "Signature",
    "Source",
    "Text",
    "Unverifiable",
    "Verification",
    "VerificationCheck",
    "VerificationProblem",
    "compute_digest",
    "quote",
    "read_document",
    "read_keys",
    "verify",
]

_KINDS = ("bundle", "edition", "score")
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


def verify(
    source: Source | IO[bytes],
    *,
    keys: KeysSource | None = None,
    digest: str | None = None,
    signature: Signature | None = None,
    checkpoint: str | None = None,
    published: Callable[[str], bytes | None] | None = None,
    progress: Callable[[int, int], object] | None = None,
    rescorer: Rescorer | None = None,
) -> Verification:
    """Verify a published file: digests, RFC 8785 form, list, corrections, signatures; or the chain of a ledger.

    ``source``: a bundle, an edition document, a score document or a ledger (an entry a line, from the first on), with
    gzip or without: its path, its bytes, or an open binary file that can be read from its beginning again.
    ``keys``: the public keys that are trusted, as ``client.signing_keys.list()`` gives them, or the JSON Web Key Set of
    ``/.well-known/jwks.json`` (its path, its bytes, or decoded); without them, the signatures of a bundle are checked
    with the keys that it brings itself, and what that does not show is said.
    ``digest``: the one that the edition document, or the single document, has to have.
    ``signature``: that of a single document, as ``client.published.signature()`` gives it, checked with ``keys``.
    ``checkpoint``: text of a checkpoint that was kept outside, held against a ledger or a bundle.
    ``published``: returns the bytes of a published document by its digest, or None; with it, a revision is compared
    with the one before. ``progress``: called with the score documents that are done, and how many there are.
    ``rescorer``: computes scores again; this library has none.

    Raises ``ImportError`` without the extra ``actitud[verify]``, ``OSError`` where the path cannot be read,
    :class:`Unverifiable` where it is nothing that a service publishes, and ``ValueError`` where ``keys`` or ``digest``
    are none.
    """
    _require_extra()
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise ValueError(f"digest must be sha256: and 64 hexadecimal digits, not {digest!r}")
    if signature is not None and keys is None:
        raise ValueError("a signature is checked with keys: give keys as well")
    options = Options(
        keys=None if keys is None else read_keys(keys),
        digest=digest,
        signature=signature,
        checkpoint=checkpoint,
        published=published,
        progress=progress,
        rescorer=rescorer,
    )
    findings = Findings()
    with open_source(source) as file:
        lines = read_lines(findings, file)
        first = next(lines, None)
        if first is None:
            raise Unverifiable(make_text("está vacío", "it is empty"))
        try:
            document = parse_object(first)
        except NotReadable as error:
            raise Unverifiable(error.text) from None
        if is_entry(document):
            return verify_ledger(findings, options, first, lines)
        kind, number = document.get("kind"), document.get("format")
        if kind not in _KINDS or number != FORMAT:
            es = f"kind es {quote(kind)} y format es {quote(number)}"
            raise Unverifiable(make_text(es, f"kind is {quote(kind)} and format is {quote(number)}"))
        if kind == "bundle":
            return verify_bundle(findings, options, document, lines)
        return verify_single(findings, options, document, first, lines)


def _require_extra() -> None:
    try:
        import cryptography  # noqa: F401 - only whether it is there
        import rfc8785  # noqa: F401
    except ImportError as error:
        raise ImportError("verification needs cryptography and rfc8785: pip install 'actitud[verify]'") from error
