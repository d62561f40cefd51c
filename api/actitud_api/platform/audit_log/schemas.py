"""Requests and responses of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from actitud_api.platform.audit_log import service, signing
from actitud_api.platform.http.members import copy_members
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
            "description": "The key that acted; null for the command line and the service itself.",
            "required": ["key", "organisation", "role"],
            "properties": {
                "key": {**_TEXT_OR_NULL, "description": "Id of the key."},
                "organisation": {
                    "anyOf": [_DIGEST, {"type": "null"}],
                    "description": "SHA-256 of a salt of its own and the id of the organisation that the key is of.",
                },
                "role": _TEXT_OR_NULL,
            },
        },
        "at": {**_TEXT, "format": "date-time"},
        "details": {
            "type": "object",
            "additionalProperties": True,
            "description": "Public facts about the action, by name.",
        },
        "origin": {**_TEXT, "description": "In entry 0: the name of the ledger."},
        "outcome": {"enum": ["done", "denied"]},
        "request": {**_TEXT_OR_NULL, "description": "Id of the request, never one that a client chose."},
        "sent": {
            "anyOf": [_DIGEST, {"type": "null"}],
            "description": "SHA-256 of the RFC 8785 form of the request body; if not everybody may read the subject, "
            "SHA-256 of the salt and that digest.",
        },
        "subject": {**_DIGEST, "description": "SHA-256 of the salt and the subject, the path of the changed resource."},
    },
}

Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class LedgerQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query parameters of the ledger."""

    action: (
        Annotated[str, Meta(max_length=100, description="Only entries of this action.", examples=["editions.create"])]
        | None
    ) = None


class CheckpointPath(Struct, frozen=True):
    """Path parameters of a checkpoint."""

    size: Annotated[
        str,
        Meta(
            description="Number of entries that the checkpoint covers, or `latest` for the newest.", examples=["latest"]
        ),
    ]


class LedgerOpening(Struct, frozen=True):
    """Subject of an entry, with the salt that verifies the subject and keeps it from being guessed.

    SHA-256 of the salt (16 bytes) followed by the subject (UTF-8) is the member `subject` of the record.
    """

    subject: Annotated[str, Meta(description="Path of the changed resource; if denied, the path template.")]
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class LedgerActor(Struct, frozen=True):
    """Organisation that acted in an entry, with the salt that verifies it.

    SHA-256 of the salt (16 bytes) followed by the id (UTF-8) is the member `actor.organisation` of the record.
    """

    organisation: str
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class LedgerEntry(Struct, frozen=True, kw_only=True):
    """Entry of the ledger, a link of a hash chain.

    `hash` is the SHA-256 of a zero byte, `prev` (32 bytes), `seq` (8 bytes, big-endian) and the bytes of `record`.
    """

    seq: Annotated[int, Meta(ge=0, description="Number of the entry, from 0 without gaps.")]
    prev: Annotated[Sha256, Meta(description="The hash of the previous entry; zeros in entry 0.")]
    hash: Sha256
    record: Annotated[
        Raw,
        Meta(
            description="The recorded action, in its RFC 8785 form, so that its bytes can be hashed as they are.",
            extra_json_schema=_RECORD,
        ),
    ]
    opening: Annotated[
        LedgerOpening | None,
        Meta(description="Null if the caller may not see it, if it was erased, or in entry 0."),
    ]
    actor: Annotated[
        LedgerActor | None,
        Meta(
            description="Shown to administrators and to that organisation; null to others, and if no single "
            "organisation acted."
        ),
    ]


class LedgerPage(Page[LedgerEntry], frozen=True):
    """A page of ledger entries."""


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A signed statement of the state of the ledger: its size and the hash of its last entry."""

    size: Annotated[int, Meta(ge=1, description="Number of entries that the checkpoint covers.")]
    root: Annotated[Sha256, Meta(description="The hash of the last of these entries.")]
    at: datetime
    note: Annotated[str, Meta(description="The signed text of the checkpoint, a C2SP signed note.")]


class CheckpointPage(Page[Checkpoint], frozen=True):
    """A page of checkpoints."""


class JsonWebKey(Struct, frozen=True, kw_only=True):
    """A public signing key, active or retired (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="The 32 bytes of the public key, in base64url.")]
    kid: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", description="Id of the key: its RFC 7638 thumbprint.")]
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = signing.ALGORITHM
    created: Annotated[datetime, Meta(description="Time since which the key signs.")]
    retired: Annotated[datetime, Meta(description="Time until which it signed; absent while it signs.")] | UnsetType = (
        UNSET
    )
    compromised_since: (
        Annotated[
            int,
            Meta(
                ge=0,
                description="Number of the first ledger entry from which on its signatures count no more, because "
                "somebody else may have the key.",
            ),
        ]
        | UnsetType
    ) = UNSET


class JsonWebKeySet(Struct, frozen=True, kw_only=True):
    """Every signing key, active or retired, oldest first."""

    keys: tuple[JsonWebKey, ...]


def build_entry(opened: service.OpenedEntry, holder: Holder | None) -> LedgerEntry:
    """Return the response for a ledger entry, with its plain texts if the caller may read them.

    `holder` is the holder of the key of the request, None for a request without a key.
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
        actor=_build_actor(opening, holder),
    )


def _build_actor(opening: service.EntryOpening | None, holder: Holder | None) -> LedgerActor | None:
    if opening is None or opening.actor is None or opening.actor_salt is None or holder is None:
        return None
    if not is_administrator(holder) and opening.actor not in holder.organisations:
        return None
    return LedgerActor(opening.actor, opening.actor_salt)


def _can_see_opening(opening: service.EntryOpening, holder: Holder | None) -> bool:
    return opening.public or is_administrator(holder) or (holder is not None and opening.owner in holder.organisations)


def is_administrator(holder: Holder | None) -> bool:
    """Return True if the holder of a key is an administrator; `holder` is None for a request without a key."""
    return holder is not None and holder.role == ADMINISTRATOR


def build_checkpoint(record: service.CheckpointRecord) -> Checkpoint:
    """Return the response for a checkpoint."""
    return copy_members(record, Checkpoint)


def build_key_set(keys: Sequence[service.SigningKey]) -> JsonWebKeySet:
    """Return the public keys as a JSON Web Key Set; members without a value are left out of a key."""
    return JsonWebKeySet(
        keys=tuple(
            JsonWebKey(
                x=key.public,
                kid=key.kid,
                created=key.created,
                retired=UNSET if key.retired is None else key.retired,
                compromised_since=UNSET if key.compromised_since is None else key.compromised_since,
            )
            for key in keys
        )
    )
