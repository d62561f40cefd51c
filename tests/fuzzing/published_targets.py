"""Decoders of what is published: signed documents, ledgers and key sets, by both verifiers."""

from __future__ import annotations

import importlib.util
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec
import rfc8785

from actitud import Unverifiable, verify
from actitud.verification import Verification, read_keys
from tests.fuzzing.target import Target
from tests.verification import bundles

SCRIPT: Final = Path(__file__).parents[2] / "docs" / "verify.py"
KEYS: Final = {"keys": [bundles.OURS.jwk()]}
CHANGED: Final = 2
"""The score of an edition that an input changes."""
_NO_PATCH: Final = (
    msgspec.DecodeError,
    rfc8785.CanonicalizationError,
    RecursionError,
    UnicodeDecodeError,
    UnicodeEncodeError,
)
"""Failures to make a file from a patch, not to verify one: the verifiers get only what could be made."""


@cache
def load_script() -> ModuleType:
    """Load `docs/verify.py`, the verifier that shares no code with the SDK."""
    spec = importlib.util.spec_from_file_location("verify_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _name_file() -> Path:
    return Path(tempfile.mkdtemp(prefix="fuzzed-published-")) / "file"


def verify_by_both(data: bytes) -> None:
    """Verify a file by the SDK and by the script, and read what both say."""
    with suppress(Unverifiable):
        read_verification(verify(data, keys=KEYS))
    script = load_script()
    vars(script).update(problems=[], cut_off=False)
    _name_file().write_bytes(data)
    with suppress(script.Unreadable):
        script.check(str(_name_file()), None)


def read_verification(verification: Verification) -> None:
    """Read the sentence of each problem in both languages."""
    for problem in verification.problems:
        assert problem.text["es"]
        assert problem.text["en"]


@cache
def _list_documents() -> tuple[bytes, ...]:
    return tuple(rfc8785.dumps(document) for document in bundles.Edition().documents)


def merge(old: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396)."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(old) if isinstance(old, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def _parse_patch(data: bytes) -> dict[str, Any]:
    patch = msgspec.json.decode(data)
    return patch if isinstance(patch, dict) else {}


def decode_edition(data: bytes) -> None:
    """Verify an edition that a merge patch changed, with every digest and signature made anew."""
    try:
        file = build_edition(_parse_patch(data))
    except _NO_PATCH:
        return
    verify_by_both(file)


def build_edition(patch: Mapping[str, Any]) -> bytes:
    """Build a bundle that a merge patch changed.

    Members of the patch: `edition`, `score` (one of its documents), and `header`, which changes after the signature.
    """
    edition, documents = bundles.Edition(), list(_list_documents())
    if "score" in patch:
        edition.documents[CHANGED] = merge(edition.documents[CHANGED], patch["score"])
        documents[CHANGED] = rfc8785.dumps(edition.documents[CHANGED])
        edition.relist(CHANGED)
    edition.edition = merge(edition.edition, patch.get("edition", {}))
    edition.seal()
    header = merge(edition.header, patch.get("header", {}))
    return bundles.plain([rfc8785.dumps(header), rfc8785.dumps(edition.edition), *documents])


def decode_ledger(data: bytes) -> None:
    """Verify a ledger that a merge patch changed, with every hash made anew; its members are the numbers of entries."""
    try:
        patch = _parse_patch(data)
        file = build_ledger(patch)
    except _NO_PATCH:
        return
    checkpoint = patch.get("checkpoint")
    if isinstance(checkpoint, str):
        with suppress(Unverifiable):
            read_verification(verify(file, keys=KEYS, checkpoint=checkpoint))
    verify_by_both(file)


def build_ledger(patch: Mapping[str, Any]) -> bytes:
    """Build a ledger of which a merge patch changed entries."""
    entries = [merge(entry, patch.get(str(number), {})) for number, entry in enumerate(bundles.ledger(4))]
    if all(isinstance(entry, dict) and "record" in entry for entry in entries):
        bundles.chained(entries)
    return bundles.exported(entries)


def decode_keys(data: bytes) -> None:
    """Read a set of public keys, and ask each whether it signed."""
    now = datetime.now(UTC)
    for key in read_keys(data):
        key.signs_at(now)
        assert not key.has_signed(b"\0" * 64, b"x")


def list_files() -> Iterator[bytes]:
    """Yield a ledger, an edition document, and a short bundle."""
    edition = bundles.Edition()
    yield bundles.exported(bundles.ledger(2))
    yield rfc8785.dumps(edition.edition)
    yield bundles.plain(edition.lines()[:2])


TARGETS: Final = {
    "published_file": Target(
        verify_by_both,
        (),
        list_files,
        b'{"kind":"bundle","format":1, "jws":{ "checkpoint":" \x1f\x8b\x08 [[[[ 1e400 99999999999999999999 \\ud800',
        8192,
    ),
    "edition": Target(
        decode_edition,
        (),
        lambda: (
            b'{"edition":{"counts":{"ranked":5},"scores":[{"rank":1}]},"header":{"format":1}}',
            b'{"score":{"score":{"index":1.5,"level":null},"organisation":{"id":"a"}}}',
            b'{"header":{"jws":{"protected":"e30"}},"edition":{"revision":2}}',
            b'{"edition":{"corrections":[{"organisation":"XX","before":"x","change":{}}],"checkpoint":"a\\n1\\n"}}',
        ),
        b'"edition": "header": "score": "scores":[ "counts": null [[ 0.1 "2026-01-01T00:00:00Z" "corrections":[',
        2048,
    ),
    "ledger": Target(
        decode_ledger,
        (),
        lambda: (
            b'{"1":{"record":{"actor":{"organisation":"x"}},"opening":{"salt":"00"}},"2":{"seq":7}}',
            msgspec.json.encode({"checkpoint": bundles.OURS.note(2), "0": {"record": {"action": "x"}}}),
        ),
        b'"record":{ "opening":{ "actor":{ "salt":" "checkpoint":" null [[ 0.1',
        2048,
    ),
    "public_keys": Target(
        decode_keys,
        (ValueError,),
        lambda: (msgspec.json.encode(KEYS), msgspec.json.encode({"keys": [bundles.OURS.jwk(retired=bundles.RETIRED)]})),
        b'{"keys":[ "kty":"OKP" "crv":"Ed25519" "x":" "kid": "created":" null',
        2048,
    ),
}
