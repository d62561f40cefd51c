"""Verify published files without the service: digests, lists, corrections, signatures, the ledger.

Scores are not recomputed here; the command ``actitud-api verify`` recomputes them too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO

import msgspec

from actitud.errors import Unverifiable
from actitud.models import Signature
from actitud.verification._chain import is_entry
from actitud.verification._checkpoints import GIVEN_CHECKPOINT, read_note
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
from actitud.verification._known_ledger import load_ledger
from actitud.verification._ledger import verify_ledger
from actitud.verification._options import LoadRows, Options, Rescorer
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
from actitud.verification._signatures import KeysSource, PublicKey, read_keys

__all__ = [
    "GIVEN_CHECKPOINT",
    "CheckName",
    "Findings",
    "KeysSource",
    "LoadRows",
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
    shown: LoadRows | None = None,
    ledger: Source | IO[bytes] | None = None,
) -> Verification:
    """Verify a published file (digests, form, list, corrections, signatures) or the hash chain of a ledger.

    Args:
        source: Bundle, edition document, score document or ledger (one entry per line, from the first entry), gzipped
            or not: a path, bytes, or a seekable binary file.
        keys: Public keys that you trust, from ``client.signing_keys.list()``, or the JSON Web Key Set of
            ``/.well-known/jwks.json`` (path, bytes or decoded). Without them a bundle is checked with the keys inside
            it, and ``unchecked`` says that this does not prove who signed.
        digest: Expected digest of the edition document or of the single document.
        signature: Signature of a single document, from ``client.published.signature()``; needs ``keys``.
        checkpoint: Text of a checkpoint that you kept, to compare with a ledger or a bundle: its signed note, or the
            JSON that the service answers.
        published: Function that returns the bytes of a published document by digest, or None if there is no such
            document; with it a revision is compared with the previous one.
        progress: Called with the number of verified score documents and their total.
        rescorer: Object that recomputes scores; this library contains none.
        shown: Function that returns the rows of the ranking that the service shows for the newest revision, as
            mappings; each figure of a row is compared with the signed figure, and the revision with the ledger.
        ledger: Ledger of the service from its first entry, in one of the forms of ``source``, in which the publication
            and its checkpoints, and compromised keys, are looked up; for a single score document ``published`` is
            needed as well. Without a ledger the verdict says that none was compared, and no signature of a compromised
            key is accepted.

    Raises:
        ImportError: The extra ``actitud[verify]`` is not installed.
        OSError: A path cannot be read.
        Unverifiable: The source is not a published file, ``ledger`` is not a ledger with one entry per line, or
            ``checkpoint`` is not a checkpoint.
        ValueError: ``keys`` or ``digest`` is malformed.
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
        checkpoint=None if checkpoint is None else read_note(checkpoint),
        published=published,
        progress=progress,
        rescorer=rescorer,
        shown=shown,
    )
    findings = Findings()
    if ledger is not None:
        options = msgspec.structs.replace(options, ledger=load_ledger(findings, ledger))
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
        import rfc8785  # noqa: F401 - as above
    except ImportError as error:
        raise ImportError("verification needs cryptography and rfc8785: pip install 'actitud[verify]'") from error
