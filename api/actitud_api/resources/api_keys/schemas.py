"""Requests and responses about API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.auth.service import (
    DAYS_MAX,
    OVERLAP,
    OVERLAP_MAX,
    KeyState,
    KeyUsage,
    Role,
    determine_state,
)
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery

TEXT_MAX = 65_536
"""Maximum number of characters of the text in a report of a leaked key."""

Id = Annotated[str, Meta(description="Id of the key: the 12 characters after `actl_`, which are not secret.")]
Named = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_CONTROL)]
Days = Annotated[int, Meta(ge=1, le=DAYS_MAX, description="Days after which the key expires.")]
Organisations = Annotated[
    tuple[Named, ...], Meta(min_length=1, max_length=100, description="Organisations of the key, by id.")
]
Editions = Annotated[
    tuple[Named, ...], Meta(min_length=1, max_length=100, description="Editions of the key; null is all.")
]


class KeyPath(Struct, frozen=True):
    """The path parameters of a key."""

    key: Annotated[str, Meta(description="Id of the key.", examples=["2rxKzm4hT9qW"])]


class KeyQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of keys."""

    role: Annotated[Role, Meta(description="Only keys of this role.")] | None = None
    organisation: (
        Annotated[str, Meta(max_length=200, description="Only keys of this organisation, by its id.")] | None
    ) = None


class KeyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base class of the requests for a new key, one for each group of roles; `days` is its life in days.

    The role decides if the key is limited to organisations or to editions.
    """

    role: Role
    days: Days = DAYS_MAX


class OrganisationKeyRequest(KeyRequest, frozen=True, kw_only=True):
    """Request for a key of some organisations.

    An `organisation_reader` reads their unpublished assessments. An `organisation_editor` also writes them and replies
    for the organisations.
    """

    role: Literal["organisation_reader", "organisation_editor"]
    organisations: Organisations


class EditionKeyRequest(KeyRequest, frozen=True, kw_only=True):
    """Request for a key of some editions or of all: an `assessor` reviews assessments, a `publisher` publishes."""

    role: Literal["assessor", "publisher"]
    editions: Editions | None = None


class GlobalKeyRequest(KeyRequest, frozen=True, kw_only=True):
    """Request for a key that is not limited to some organisations or editions.

    A `registrar` maintains the register of organisations. An `administrator` may do everything.
    """

    role: Literal["registrar", "administrator"]


KEY_REQUESTS: tuple[type[KeyRequest], ...] = (OrganisationKeyRequest, EditionKeyRequest, GlobalKeyRequest)


class RotationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to rotate a key: for how long the old and the new key are valid."""

    days: Annotated[
        Days | None,
        Meta(
            description="Life of the new key in days; by default that of the old key, more only for an administrator."
        ),
    ] = None
    overlap: Annotated[
        int,
        Meta(ge=0, le=OVERLAP_MAX, description="Days after which the old key expires, unless it expires sooner."),
    ] = OVERLAP


class ReportRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A report of a leaked key."""

    text: Annotated[
        str,
        Meta(
            max_length=TEXT_MAX,
            pattern=NO_CONTROL,
            description="Any text that contains the key, in one line. It is not stored.",
            examples=["Found in a public repository: actl_…"],
        ),
    ]


class AccessKey(Struct, frozen=True, kw_only=True):
    """An API key, without its secret. `revoked` is null unless the key was revoked."""

    id: Id
    role: Annotated[Role, Meta(description="The role, which decides on permissions.")]
    organisations: Annotated[tuple[str, ...], Meta(description="Organisations of the key.")]
    editions: Annotated[tuple[str, ...] | None, Meta(description="Editions of the key; null is all.")]
    state: Annotated[
        KeyState,
        Meta(description="Whether it is valid. `unrecognised`: made with a pepper that the service no longer has."),
    ]
    created: datetime
    expires: Annotated[datetime, Meta(description="Time when it expires, unless revoked before.")]
    revoked: datetime | None
    last_used: Annotated[date | None, Meta(description="Day (UTC) of the last use; null if never used.")]
    days: Annotated[int, Meta(ge=0, description="Life of the key in days.")]
    created_by: Annotated[
        str | None, Meta(description="Id of the key that created it; null if created on the command line.")
    ]
    replaced_by: Annotated[str | None, Meta(description="Id of the key that replaced it.")]


class NewAccessKey(AccessKey, frozen=True, kw_only=True):
    """An API key that was just created or rotated, with its secret."""

    secret: Annotated[
        str | None,
        Meta(
            description="The key itself, for `Authorization: Bearer`. It is shown once and not stored: null in "
            "the answer to a repetition."
        ),
    ]


class AccessKeyPage(Page[AccessKey], frozen=True):
    """A page of API keys."""


class ReportReceipt(Struct, frozen=True, kw_only=True):
    """The answer to every report of a leaked key."""

    detail: str


def build_access_key(usage: KeyUsage, peppers: Sequence[SecretText], now: datetime) -> AccessKey:
    """Build the response about a key, with its state at `now`.

    `peppers` are the secret values that the service mixes into the digests of keys. A key that was made with
    another pepper has the state `unrecognised`.
    """
    record = usage.record
    return copy_members(
        record,
        AccessKey,
        state=determine_state(record, peppers, now),
        last_used=usage.last_used,
        created_by=record.maker,
    )


def build_new_access_key(usage: KeyUsage, peppers: Sequence[SecretText], now: datetime) -> NewAccessKey:
    """Build the response about a new key without its secret, which is stored to answer repetitions of the request.

    Only the first response has the secret. `peppers` are the secret values that the service mixes into the digests of
    keys. The response shows the state of the key at `now`; a key that was made with another pepper is `unrecognised`.
    """
    return NewAccessKey(**structs.asdict(build_access_key(usage, peppers, now)), secret=None)
