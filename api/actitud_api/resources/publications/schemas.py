"""Requests and responses about publications, approvals and published documents."""

from __future__ import annotations

from datetime import datetime
from operator import getitem
from typing import Annotated, TypeAlias, Union

from msgspec import Meta, Struct, structs

from actitud_api.engine.methodology.free_text import NO_CONTROL, Reason
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page
from actitud_api.resources.assessments.service import REQUEST_TYPES
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.publications.approvals import Approval
from actitud_api.resources.publications.service import PlannedCorrection, PublicationPlan, PublicationRecord

Digest = Annotated[
    str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="SHA-256 of the exact bytes of a published document.")
]
CORRECTIONS_MAX = 100
"""Maximum number of assessments that one revision may correct."""


class PublicationPath(EditionPath, frozen=True):
    """The path parameters of a publication."""

    revision: Annotated[str, Meta(description="Number of the revision, or `latest`.", examples=["latest"])]


class PublishedScorePath(PublicationPath, frozen=True):
    """The path parameters of a score in a publication."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00002"])]


class DigestPath(Struct, frozen=True):
    """The path parameters of a published document."""

    digest: Annotated[
        str,
        Meta(
            description="Digest of the document.",
            examples=["sha256:2936839a50d9a12306b2c5c942f823cce77c880462efa3358acd611885d8dd23"],
        ),
    ]


AnyPatch: TypeAlias = getitem(Union, tuple(types.patch for types in REQUEST_TYPES.values()))  # type: ignore[valid-type]  # made at run time


class CorrectionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The correction of a published assessment, or the addition of an assessment that was left out after a return."""

    organisation: Annotated[
        str, Meta(min_length=1, max_length=200, pattern=NO_CONTROL, description="Id of the organisation.")
    ]
    assessment: Annotated[
        AnyPatch,
        Meta(
            description="A merge patch as for `editions.assessments.update`, to what is published, or to what an "
            "added organisation submitted last."
        ),
    ]


class PublicationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request to publish an edition for the first time, or a correction of it.

    `corrections` are the assessments to correct; empty for the first publication.
    """

    reason: Reason
    supersedes: (
        Annotated[
            str,
            Meta(
                pattern="^sha256:[0-9a-f]{64}$",
                description="Only for a correction: the digest of the newest revision, which it replaces.",
            ),
        ]
        | None
    ) = None
    corrections: Annotated[tuple[CorrectionRequest, ...], Meta(max_length=CORRECTIONS_MAX)] = ()


class ApprovalPath(EditionPath, frozen=True):
    """The path parameters of an approval."""

    approval: Annotated[str, Meta(description="Number of the approval.", examples=["1"])]


class ApprovalRequest(PublicationRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request that will publish, and the digest of the pending publication."""

    digest: Annotated[
        str,
        Meta(
            pattern="^sha256:[0-9a-f]{64}$",
            description="Digest of the pending publication: the `suggestion` in the refusal of the publication, "
            "and of another digest.",
        ),
    ]


class PublicationApproval(Struct, frozen=True, kw_only=True):
    """The approval of a pending publication by a key. `number` counts the approvals of one edition from 1."""

    edition: str
    number: Annotated[int, Meta(ge=1)]
    digest: Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="Digest of the pending publication.")]
    key: Annotated[str, Meta(description="Id of the key that approved.")]
    role: Annotated[str, Meta(description="Role of the key.")]
    approved: datetime


class PublicationApprovalPage(Page[PublicationApproval], frozen=True):
    """A page of approvals."""


class Signature(Struct, frozen=True, kw_only=True):
    """A detached JWS (RFC 7515, section 7.2.2 and appendix F) over the exact bytes of a document, with Ed25519."""

    protected: Annotated[str, Meta(description="The protected header, `alg` and `kid`, in base64url.")]
    signature: Annotated[str, Meta(description="The signature in base64url.")]


class CorrectionLine(Struct, frozen=True, kw_only=True):
    """A score that a revision corrects, or adds.

    `before` and `after` are the digests of the old and the new score document; `before` is null if the revision adds
    the score. An index or level that a document lacks is null. The edition document also has the difference in points,
    for each group and indicator.
    """

    organisation: str
    before: Digest | None
    after: Digest
    index_before: Figure | None
    index_after: Figure | None
    level_before: int | None
    level_after: int | None


class PublicationLinks(Struct, frozen=True, kw_only=True):
    """The paths of the edition document, the signature and the bundle of a publication."""

    document: Annotated[str, Meta(description="The edition document at its permanent path.")]
    signature: Annotated[str, Meta(description="Its signature.")]
    bundle: Annotated[str, Meta(description="The complete publication in one file.")]


class Publication(Struct, frozen=True, kw_only=True):
    """A revision of a published edition. It stays readable after a newer revision replaces it.

    `reason` says why it was published; `corrections` are the scores that it changes.
    """

    edition: str
    revision: Annotated[int, Meta(ge=1)]
    digest: Annotated[Digest, Meta(description="Digest of the edition document.")]
    reason: str
    published: datetime
    supersedes: Annotated[str | None, Meta(description="Digest of the previous revision; null for the first.")]
    superseded_by: Annotated[str | None, Meta(description="Digest of the next revision; null for the newest.")]
    organisations: Annotated[int, Meta(ge=1, description="Number of scores.")]
    corrections: tuple[CorrectionLine, ...]
    signature: Signature
    checkpoint: Annotated[
        str,
        Meta(description="Signed note of the first ledger checkpoint that includes this publication."),
    ]
    bundle_digest: Annotated[Digest, Meta(description="SHA-256 of the bundle.")]
    bundle_size: Annotated[int, Meta(ge=1, description="Bytes of the bundle.")]
    links: PublicationLinks


class PublicationPage(Page[Publication], frozen=True, kw_only=True):
    """A page of publications."""


def build_plan(request: PublicationRequest) -> PublicationPlan:
    """Convert a request to publish or to approve to the plan of a publication."""
    return PublicationPlan(
        reason=request.reason,
        supersedes=request.supersedes,
        corrections=tuple(
            PlannedCorrection(correction.organisation, correction.assessment) for correction in request.corrections
        ),
    )


def build_approval(record: Approval) -> PublicationApproval:
    """Build the response about an approval."""
    return PublicationApproval(**structs.asdict(record))


def build_publication(record: PublicationRecord) -> Publication:
    """Build the response about a publication."""
    return copy_members(
        record,
        Publication,
        corrections=tuple(copy_members(correction, CorrectionLine) for correction in record.corrections),
        signature=Signature(protected=record.protected, signature=record.signature),
        checkpoint=record.note,
        bundle_digest=f"sha256:{record.bundle_digest}",
        links=PublicationLinks(
            document=format_document_path(record.digest),
            signature=f"{format_document_path(record.digest)}/signature",
            bundle=f"{format_path(record.edition, record.revision)}/bundle",
        ),
    )


def format_path(edition: str, revision: int | str) -> str:
    """Return the path of a publication; `revision` is a number or `latest`."""
    return f"/v1/editions/{edition}/publications/{revision}"


def format_document_path(digest: str) -> str:
    """Return the permanent path of a published document."""
    return f"/v1/published/{digest}"
