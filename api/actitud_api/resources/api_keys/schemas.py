"""Wire schemas of access keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct, structs

from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.auth.service import (
    DAYS_MAX,
    OVERLAP,
    OVERLAP_MAX,
    KeyFilters,
    KeyState,
    KeyUsage,
    Role,
    determine_state,
)
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.api_keys.service import RequestedKey

TEXT_MAX = 65_536
"""Characters of a report."""

Id = Annotated[str, Meta(description="Its id: the 12 characters after `actl_`, which are no secret.")]
Named = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_CONTROL)]
Days = Annotated[int, Meta(ge=1, le=DAYS_MAX, description="Days after which it ends.")]
Organisations = Annotated[
    tuple[Named, ...], Meta(min_length=1, max_length=100, description="The organisations that it is bound to, by id.")
]
Editions = Annotated[
    tuple[Named, ...], Meta(min_length=1, max_length=100, description="The editions that it is bound to; null is all.")
]


class KeyPath(Struct, frozen=True):
    """What names a key in a path."""

    key: Annotated[str, Meta(description="Id of the key.", examples=["2rxKzm4hT9qW"])]


class KeyQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list of keys."""

    role: Annotated[Role, Meta(description="Only keys of this role.")] | None = None
    organisation: (
        Annotated[str, Meta(max_length=200, description="Only keys that are bound to this organisation, by its id.")]
        | None
    ) = None


class KeyRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="role"):
    """What a new key is for."""

    days: Days = DAYS_MAX


class _OfOrganisationsRequest(KeyRequest, frozen=True, kw_only=True):
    organisations: Organisations


class _OfEditionsRequest(KeyRequest, frozen=True, kw_only=True):
    editions: Editions | None = None


class OrganisationReaderKeyRequest(_OfOrganisationsRequest, frozen=True, kw_only=True, tag="organisation_reader"):
    """A key to read the drafts of organisations."""


class OrganisationEditorKeyRequest(_OfOrganisationsRequest, frozen=True, kw_only=True, tag="organisation_editor"):
    """A key to answer for organisations."""


class AssessorKeyRequest(_OfEditionsRequest, frozen=True, kw_only=True, tag="assessor"):
    """A key to look at what is stated in editions."""


class PublisherKeyRequest(_OfEditionsRequest, frozen=True, kw_only=True, tag="publisher"):
    """A key to publish editions."""


class RegistrarKeyRequest(KeyRequest, frozen=True, kw_only=True, tag="registrar"):
    """A key to keep the register of organisations."""


class AdministratorKeyRequest(KeyRequest, frozen=True, kw_only=True, tag="administrator"):
    """A key for everything."""


KEY_REQUESTS: tuple[type[KeyRequest], ...] = (
    OrganisationReaderKeyRequest,
    OrganisationEditorKeyRequest,
    AssessorKeyRequest,
    PublisherKeyRequest,
    RegistrarKeyRequest,
    AdministratorKeyRequest,
)


class RotationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key is to be replaced."""

    days: Annotated[
        Days | None,
        Meta(
            description="As long as the one before was made for, unless said. Who replaces its own key may say no more "
            "than that; an administrator may."
        ),
    ] = None
    overlap: Annotated[
        int,
        Meta(ge=0, le=OVERLAP_MAX, description="Days after which the one before ends, if it does not end sooner."),
    ] = OVERLAP


class ReportRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody found."""

    text: Annotated[
        str,
        Meta(
            max_length=TEXT_MAX,
            pattern=NO_CONTROL,
            description="Any text with the key in it, in one line. It is not kept.",
            examples=["Found in a public repository: actl_…"],
        ),
    ]


class AccessKey(Struct, frozen=True, kw_only=True):
    """A key, without its secret."""

    id: Id
    role: Annotated[Role, Meta(description="What it is for.")]
    organisations: Annotated[tuple[str, ...], Meta(description="The organisations that it is bound to.")]
    editions: Annotated[tuple[str, ...] | None, Meta(description="The editions that it is bound to; null is all.")]
    state: Annotated[
        KeyState,
        Meta(description="Whether it counts; `unrecognised`: it was made with a pepper that the service has no more."),
    ]
    created: datetime
    expires: Annotated[datetime, Meta(description="When it ends, unless it is revoked before.")]
    revoked: datetime | None
    last_used: Annotated[date | None, Meta(description="Day (UTC) on which it was used last; null where it never was.")]
    days: Annotated[int, Meta(ge=0, description="Days that it was made for.")]
    made_by: Annotated[str | None, Meta(description="Id of the key with which it was made; null on the command line.")]
    replaced_by: Annotated[str | None, Meta(description="Id of the key that took its place.")]


class NewAccessKey(AccessKey, frozen=True, kw_only=True):
    """A key that was made."""

    secret: Annotated[
        str | None,
        Meta(
            description="The key itself, as `Authorization: Bearer` takes it. It is shown this once and kept nowhere: "
            "null in the answer to a repetition."
        ),
    ]


class AccessKeyPage(Page[AccessKey], frozen=True):
    """A page of keys, the oldest first."""


class ReportReceipt(Struct, frozen=True, kw_only=True):
    """That a report came, the same for each."""

    detail: str


def build_filters(query: KeyQuery, key: str | None) -> KeyFilters:
    """Return the filters of a query; `key`: only that one."""
    return KeyFilters(role=query.role, organisation=query.organisation, key=key)


def build_requested_key(request: KeyRequest) -> RequestedKey:
    """Return the key described by a request."""
    role: Role = request.__struct_config__.tag  # type: ignore[assignment]  # each tag is a role
    return RequestedKey(role=role, **structs.asdict(request))


def build_access_key(used: KeyUsage, peppers: Sequence[SecretText], now: datetime) -> AccessKey:
    """Return the response for a key."""
    record = used.record
    return AccessKey(
        id=record.id,
        role=record.role,
        organisations=record.organisations,
        editions=record.editions,
        state=determine_state(record, peppers, now),
        created=record.created,
        expires=record.expires,
        revoked=record.revoked,
        last_used=used.last_used,
        days=record.days,
        made_by=record.maker,
        replaced_by=record.replaced_by,
    )


def build_new_access_key(used: KeyUsage, peppers: Sequence[SecretText], now: datetime) -> NewAccessKey:
    """Return the response for a new key without its secret, as it is stored and replayed."""
    return NewAccessKey(**structs.asdict(build_access_key(used, peppers, now)), secret=None)
