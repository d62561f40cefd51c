"""What is published, on the wire."""

from __future__ import annotations

from datetime import datetime
from operator import getitem
from typing import Annotated, Literal, TypeAlias, Union

from msgspec import Meta, Struct

from actitud_api.engine.methodology.free_text import NO_CONTROL, TRIMMED
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.http.paging import Page
from actitud_api.resources.assessments.service import REQUEST_TYPES
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.publications.approvals import Approval
from actitud_api.resources.publications.service import PlannedCorrection, PublicationPlan, PublicationRecord

Digest = Annotated[
    str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="SHA-256 of the exact bytes of a published document.")
]
Reason = Annotated[
    str, Meta(min_length=1, max_length=1000, pattern=TRIMMED, description="Why; it is published with it.")
]
CORRECTIONS_MAX = 100
"""Assessments that one revision may correct."""


class PublicationPath(EditionPath, frozen=True):
    """Path parameters of a publication."""

    revision: Annotated[str, Meta(description="Number of the revision, or `latest`.", examples=["latest"])]


class PublishedScorePath(PublicationPath, frozen=True):
    """Path parameters of the score of an organisation in a publication."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00002"])]


class DigestPath(Struct, frozen=True):
    """Path parameters of a published document."""

    digest: Annotated[
        str,
        Meta(
            description="Digest of the document.",
            examples=["sha256:2936839a50d9a12306b2c5c942f823cce77c880462efa3358acd611885d8dd23"],
        ),
    ]


AnyPatch: TypeAlias = getitem(Union, tuple(known.patch for known in REQUEST_TYPES.values()))  # type: ignore[valid-type]  # made at run time


class CorrectionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An assessment of the edition that is corrected."""

    organisation: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_CONTROL, description="Id of it.")]
    assessment: Annotated[
        AnyPatch,
        Meta(
            description="The merge patch that `editions.assessments.update` would take. What it does not name stays as "
            "it was published."
        ),
    ]


class PublicationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an edition is to be published: for the first time, or with corrections."""

    reason: Reason
    supersedes: (
        Annotated[
            str,
            Meta(
                pattern="^sha256:[0-9a-f]{64}$",
                description="Of a correction: the digest of the newest revision, which it takes the place of.",
            ),
        ]
        | None
    ) = None
    corrections: Annotated[tuple[CorrectionRequest, ...], Meta(max_length=CORRECTIONS_MAX)] = ()


class ApprovalPath(EditionPath, frozen=True):
    """What names an approval in a path."""

    approval: Annotated[str, Meta(description="Number of the approval.", examples=["1"])]


class ApprovalRequest(PublicationRequest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is approved: the very request that is to publish it, and the digest of what that comes to."""

    digest: Annotated[
        str,
        Meta(
            pattern="^sha256:[0-9a-f]{64}$",
            description="Digest of what would be published, as the refusal of the publication, or of an approval of "
            "another digest, says it (`suggestion`).",
        ),
    ]


class PublicationApproval(Struct, frozen=True, kw_only=True):
    """That a key has approved to publish something."""

    edition: str
    number: Annotated[int, Meta(ge=1)]
    digest: Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$", description="Digest of what would be published.")]
    key: Annotated[str, Meta(description="Id of the key that approved.")]
    role: Annotated[str, Meta(description="Its role.")]
    approved: datetime


class PublicationApprovalPage(Page[PublicationApproval], frozen=True):
    """A page of approvals, the oldest first."""


class Signature(Struct, frozen=True, kw_only=True):
    """A detached JWS (RFC 7515, section 7.2.2 and appendix F) over the exact bytes of a document, by Ed25519."""

    protected: Annotated[str, Meta(description="The protected header, `alg` and `kid`, in base64url.")]
    signature: Annotated[str, Meta(description="The signature in base64url.")]


class CorrectionLine(Struct, frozen=True, kw_only=True):
    """A score that a revision corrects; the difference, in points and node by node, is in the edition document."""

    organisation: str
    before: Digest
    after: Digest
    index_before: Figure | None
    index_after: Figure | None
    level_before: int | None
    level_after: int | None


class PublicationLinks(Struct, frozen=True, kw_only=True):
    """The addresses of what belongs to a publication, as paths."""

    document: Annotated[str, Meta(description="The edition document, for ever.")]
    signature: Annotated[str, Meta(description="Its signature.")]
    bundle: Annotated[str, Meta(description="The whole publication in one file.")]


class Publication(Struct, frozen=True, kw_only=True):
    """A revision of a published edition. It stays readable when another takes its place."""

    edition: str
    revision: Annotated[int, Meta(ge=1)]
    digest: Annotated[Digest, Meta(description="Digest of the edition document.")]
    reason: str
    published: datetime
    supersedes: Annotated[str | None, Meta(description="Digest of the revision before; null of the first.")]
    superseded_by: Annotated[str | None, Meta(description="Digest of the revision after; null of the newest.")]
    organisations: Annotated[int, Meta(ge=1, description="How many scores it has.")]
    corrections: tuple[CorrectionLine, ...]
    signature: Signature
    checkpoint: Annotated[
        str,
        Meta(description="The signed note of the ledger with this publication in it: `ledger.checkpoints.get`."),
    ]
    bundle_digest: Annotated[Digest, Meta(description="SHA-256 of the bundle.")]
    bundle_size: Annotated[int, Meta(ge=1, description="Bytes of the bundle.")]
    links: PublicationLinks


class PublicationPage(Page[Publication], frozen=True, kw_only=True):
    """A page of the list of publications, the newest first."""


class PublishedDocument(Struct, frozen=True, kw_only=True):
    """A published document; its further members and their order, to the byte, are in `docs/document-format.md`."""

    kind: Literal["score", "edition"]
    format: Annotated[int, Meta(ge=1)]
    edition: str


def build_plan(request: PublicationRequest) -> PublicationPlan:
    """Return the publication described by a request."""
    return PublicationPlan(
        reason=request.reason,
        supersedes=request.supersedes,
        corrections=tuple(PlannedCorrection(fix.organisation, fix.assessment) for fix in request.corrections),
    )


def build_approval(record: Approval) -> PublicationApproval:
    """Return the response for an approval."""
    return PublicationApproval(
        edition=record.edition,
        number=record.number,
        digest=record.digest,
        key=record.key,
        role=record.role,
        approved=record.approved,
    )


def build_publication(record: PublicationRecord) -> Publication:
    """Return the response for a publication."""
    return Publication(
        edition=record.edition,
        revision=record.revision,
        digest=record.digest,
        reason=record.reason,
        published=record.published,
        supersedes=record.supersedes,
        superseded_by=record.superseded_by,
        organisations=record.organisations,
        corrections=tuple(
            CorrectionLine(
                organisation=corrected.organisation,
                before=corrected.before,
                after=corrected.after,
                index_before=corrected.index_before,
                index_after=corrected.index_after,
                level_before=corrected.level_before,
                level_after=corrected.level_after,
            )
            for corrected in record.corrections
        ),
        signature=Signature(protected=record.protected, signature=record.signature),
        checkpoint=record.note,
        bundle_digest=f"sha256:{record.bundle_digest}",
        bundle_size=record.bundle_size,
        links=PublicationLinks(
            document=format_document_path(record.digest),
            signature=f"{format_document_path(record.digest)}/signature",
            bundle=f"{format_path(record.edition, record.revision)}/bundle",
        ),
    )


def format_path(edition: str, revision: int | str) -> str:
    """Return the path of a publication."""
    return f"/v1/editions/{edition}/publications/{revision}"


def format_document_path(digest: str) -> str:
    """Return the permanent path of a document."""
    return f"/v1/published/{digest}"
