"""Requests and responses of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from actitud_api.platform.audit_log import service, signing
from actitud_api.platform.http.middleware.policy import Holder
from actitud_api.platform.http.paging import Page, PageQuery

ADMINISTRATOR: Final = "administrator"
"""Role that sees the subject of every entry."""

_TEXT: Final = {"type": "string"}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}
_DIGEST: Final = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_RECORD: Final = {
    "type": "object",
    "required": ["action", "at"],
    "properties": {
        "action": {**_TEXT, "description": "The operation, `cli.<command>` for the command line, or `ledger.begin`."},
        "actor": {
            "type": ["object", "null"],
            "description": "Who acted: the id of the key; null for the command line and the service itself.",
            "required": ["key", "organisation", "role"],
            "properties": {
                "key": {**_TEXT_OR_NULL, "description": "What it claims to be, where it was refused."},
                "organisation": _TEXT_OR_NULL,
                "role": _TEXT_OR_NULL,
            },
        },
        "at": {**_TEXT, "format": "date-time"},
        "details": {"type": "object", "description": "Public facts that belong to the action."},
        "origin": {**_TEXT, "description": "In entry 0: the name of the ledger."},
        "outcome": {"enum": ["done", "denied"]},
        "request": {**_TEXT_OR_NULL, "description": "The `X-Request-Id`."},
        "sent": {
            "anyOf": [_DIGEST, {"type": "null"}],
            "description": "SHA-256 of the RFC 8785 form of what was sent; where not everybody may read the subject, "
            "SHA-256 of the salt and that digest.",
        },
        "subject": {**_DIGEST, "description": "SHA-256 of the salt and the path of what it is about."},
    },
}

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LedgerQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query parameters of the ledger."""

    action: (
        Annotated[str, Meta(max_length=100, description="Only entries of that action.", examples=["editions.create"])]
        | None
    ) = None


class CheckpointPath(Struct, frozen=True):
    """Path parameters of a checkpoint."""

    size: Annotated[
        str, Meta(description="Size of the ledger that it states, or `latest` for the newest.", examples=["latest"])
    ]


class LedgerOpening(Struct, frozen=True):
    """Subject of an entry, with the salt that verifies it.

    SHA-256 of the salt (16 bytes) followed by the subject (UTF-8) is the member `subject` of the record.
    """

    subject: Annotated[str, Meta(description="The path.")]
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """Entry of the ledger, a link of a hash chain.

    `hash` is the SHA-256 of a zero byte, `prev` (32 bytes), `seq` (8 bytes, big-endian) and the bytes of `record`.
    """

    seq: Annotated[int, Meta(ge=0, description="Its number: 0 and up without gaps.")]
    prev: Annotated[Sha256, Meta(description="The hash of the entry before; zeros in entry 0.")]
    hash: Sha256
    record: Annotated[
        Raw, Meta(description="What happened; its bytes here are the RFC 8785 ones.", extra_json_schema=_RECORD)
    ]
    opening: Annotated[
        LedgerOpening | None,
        Meta(description="What it is about; null where it is not for whoever asks, or has been removed."),
    ]


class LedgerPage(Page[LedgerEntry], frozen=True):
    """A page of entries, in the order of the chain."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A signed statement of the state of the ledger: its size and the hash of its last entry."""

    size: Annotated[int, Meta(ge=1, description="How many entries it covers.")]
    root: Annotated[Sha256, Meta(description="The hash of the last of them.")]
    at: datetime
    note: Annotated[str, Meta(description="The statement with its signature, as a C2SP signed note.")]


class CheckpointPage(Page[Checkpoint], frozen=True):
    """A page of checkpoints, smallest first."""


class JsonWebKey(Struct, frozen=True, kw_only=True):
    """A public signing key, active or retired (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="The key.")]
    kid: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="Its RFC 7638 thumbprint.")]
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = signing.ALGORITHM
    created: Annotated[datetime, Meta(description="Since when it signs.")]
    retired: Annotated[datetime, Meta(description="Until when it signed; absent while it does.")] | UnsetType = UNSET


class JsonWebKeySet(Struct, frozen=True, kw_only=True):
    """Every signing key, active or retired, oldest first."""

    keys: tuple[JsonWebKey, ...]


def build_entry(opened: service.OpenedEntry, holder: Holder | None) -> LedgerEntry:
    """Return the response for an entry, with its opening if the holder of the key may see it.

    `holder`: None for a request without a key.
    """
    link, opening = opened.entry, opened.opening
    return LedgerEntry(
        seq=link.seq,
        prev=link.prev,
        hash=link.hash,
        # The exact bytes that were hashed; encoding the record again could change them.
        record=Raw(link.record.encode()),
        opening=None
        if opening is None or not _can_see_opening(opening, holder)
        else LedgerOpening(opening.subject, opening.salt),
    )


def _can_see_opening(opening: service.EntryOpening, holder: Holder | None) -> bool:
    if opening.public:
        return True
    if holder is None:
        return False
    if holder.role == ADMINISTRATOR:
        return True
    return opening.owner in holder.organisations


def build_checkpoint(record: service.CheckpointRecord) -> Checkpoint:
    """Return the response for a checkpoint."""
    return Checkpoint(size=record.size, root=record.root, at=record.at, note=record.note)


def build_key_set(keys: Sequence[service.SigningKey]) -> JsonWebKeySet:
    """Return the public keys as a JSON Web Key Set; an active key has no `retired`."""
    return JsonWebKeySet(
        keys=tuple(
            JsonWebKey(
                x=key.public, kid=key.kid, created=key.created, retired=UNSET if key.retired is None else key.retired
            )
            for key in keys
        )
    )
