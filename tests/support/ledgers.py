"""Entries of a ledger, and the findings of the public verifier on it, its checkpoints and signed documents."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from actitud import Signature, Verification, verify
from actitud_api.platform.audit_log.chain import ChainEntry
from actitud_api.platform.audit_log.keys import Signer
from actitud_api.platform.audit_log.service import EntryOpening, SigningKey, iterate_entries
from actitud_api.platform.audit_log.signing import Jws
from actitud_api.platform.storage.database import Database

Jwks = dict[str, Any]
Problems = list[tuple[str, str]]


class Statement(NamedTuple):
    """The four lines of a checkpoint; `root` in hexadecimal."""

    origin: str
    size: int
    root: str
    at: str


def make_jwks(*keys: Signer | SigningKey) -> Jwks:
    """Return the public parts of keys as the verifier takes them."""
    return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": key.public, "kid": key.kid} for key in keys]}


def read_statement(note: str) -> Statement:
    """Return the statement of a checkpoint, without its signature."""
    origin, size, root, at = note.split("\n\n")[0].split("\n")
    return Statement(origin, int(size), base64.b64decode(root).hex(), at)


def read_last_entry(database: Database) -> tuple[dict[str, Any], EntryOpening]:
    """Return the record and the opening of the last entry of the ledger."""
    with database.read() as session:
        *_, last = iterate_entries(session)
    assert last.opening is not None
    return msgspec.json.decode(last.entry.record), last.opening


def export_entries(entries: Iterable[ChainEntry]) -> bytes:
    """Return entries as a file, one per line, with the text of each record as it is stored."""
    lines = [
        msgspec.json.encode(
            {"seq": entry.seq, "record": msgspec.Raw(entry.record), "prev": entry.prev, "hash": entry.hash}
        )
        for entry in entries
    ]
    return b"".join(line + b"\n" for line in lines)


def find_chain_problems(
    entries: Iterable[ChainEntry] | bytes, checkpoint: str | None = None, keys: Jwks | None = None
) -> Problems:
    """Verify a ledger, against a checkpoint if one is given; return the place and the code of each problem."""
    file = entries if isinstance(entries, bytes) else export_entries(entries)
    return _list_problems(verify(file, checkpoint=checkpoint, keys=keys))


def find_signature_problems(document: bytes, jws: Jws | Signature, keys: Jwks) -> Problems:
    """Verify the signature of a single document; return the place and the code of each problem."""
    signature = Signature(protected=jws.protected, signature=jws.signature)
    return _list_problems(verify(document, signature=signature, keys=keys))


def _list_problems(report: Verification) -> Problems:
    return [(problem.location, problem.code) for problem in report.problems]
