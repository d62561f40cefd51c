"""Signed documents of a publication: their members and their exact bytes. Pure: no database, no clock.

A document is the RFC 8785 form of one of these Structs; its digest is the SHA-256 of those bytes. A score
document depends only on the edition, the organisation, its submission and the review, not on its rank or the
revision: a correction of one score leaves all other score documents as they are. Evidence and notes are in no
document: they may hold personal data, which must stay erasable.
"""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from actitud_api.engine.methodology.digests import canonicalize, hash_bytes
from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.change_decomposition import ChangeDecomposition
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.engine.scoring.result import Figure, MethodologyReference, Score
from actitud_api.platform.audit_log.signing import Jws
from actitud_api.resources.editions.service import Calendar, Windows
from actitud_api.resources.reviews.replies.service import ReviewOutcome

FORMAT: Final = 1
"""Format of all documents and bundles. It changes whenever a member is added or changes its meaning."""

_EXACT: Final = 2**53
"""Limit below which `_to_integer` converts floats: below 2**53, a 64-bit float holds every whole number exactly."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_SCORE_MAX: Final = 64 * 1024
"""Size of the first buffer of a decompressed line: a score document fits in it, and none is copied from two."""


class PublishedOrganisation(Struct, frozen=True, kw_only=True):
    """The description of an organisation that is published with its score; unknown members are null."""

    id: str
    name: str
    kind: str
    population: int | None
    band: str | None
    province: str | None
    region: str | None
    simulated: bool


class ScoreDocument(Struct, frozen=True, kw_only=True, tag_field="kind", tag="score"):
    """The signed document of a score: an organisation in an edition, its submission, and the outcome of its review."""

    format: Literal[1] = FORMAT
    edition: str
    organisation: PublishedOrganisation
    submission: Submission
    score: Score
    review: ReviewOutcome


class ScoreLine(Struct, frozen=True, kw_only=True):
    """The line of a score in an edition document.

    `document` is the digest of the score document. An index or level that the score lacks is null. `rank` is 1 for the
    best, by level and then by index; equal ones share a rank, and the ranks after them are skipped. `rank` is null if
    the score is not ranked, for example because its `standing` is `provisional`.
    """

    organisation: str
    document: str
    status: Status
    level: int | None
    index: Figure | None
    rank: int | None
    standing: Literal["provisional"] | UnsetType = UNSET

    @property
    def order(self) -> tuple[int, Figure] | None:
        """Level and index, by which the score is ranked; None if it is not."""
        if self.index is None or self.status not in RANKED or self.standing is not UNSET:
            return None
        return self.level or 0, self.index


class EditionCounts(Struct, frozen=True, kw_only=True):
    """Numbers of organisations in an edition: all, ranked, by status and by level (`none` for no level)."""

    organisations: int
    ranked: int
    statuses: dict[str, int]
    levels: dict[str, int]


class Correction(Struct, frozen=True, kw_only=True):
    """A score that a revision corrects, or adds.

    `before` and `after` are the digests of the old and the new score document. `answers` are the ids of the indicators
    whose answers the correction adds, changes or removes; the verdicts on all other answers stay. `change` splits the
    difference in points by cause. For a score that the revision adds, `before` and `change` are null, and `answers` are
    the indicators whose answers differ from the last submission of the organisation.
    """

    organisation: str
    before: str | None
    after: str
    answers: tuple[str, ...]
    change: ChangeDecomposition | None


class EditionDocument(Struct, frozen=True, kw_only=True, tag_field="kind", tag="edition"):
    """A revision of a published edition.

    `supersedes` is the digest of the edition document of the previous revision, null for the first. `reason` says why
    the revision was published. The answers describe the days from `period_from` to `period_to`. `engine` is the
    software version that computed the new scores. `checkpoint` is the signed note of the last checkpoint of the ledger
    before the publication, null if there was none. `scores` and `corrections` are ordered by the code points of the
    organisation ids.
    """

    format: Literal[1] = FORMAT
    edition: str
    revision: int
    supersedes: str | None
    reason: str
    published: datetime
    titles: dict[str, str]
    simulated: bool
    period_from: date
    period_to: date
    windows: Windows
    calendar: Calendar
    methodology: MethodologyReference
    engine: str
    counts: EditionCounts
    corrections: tuple[Correction, ...]
    checkpoint: str | None
    scores: tuple[ScoreLine, ...]


class BundleKey(Struct, frozen=True, kw_only=True):
    """A public Ed25519 signing key as a JSON Web Key (RFC 8037).

    `x` is the public key in base64url, and `kid` its id. `retired` is the time at which it stopped signing; it is
    absent for the active key. `compromised_since` is the number of the ledger entry from which on its signatures no
    longer count, because somebody else had the key; absent otherwise.
    """

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str
    kid: str
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"
    created: datetime
    retired: datetime | UnsetType = UNSET
    compromised_since: int | UnsetType = UNSET


class BundleKeys(Struct, frozen=True, kw_only=True):
    """The public signing keys at the time of a publication, including retired ones (RFC 7517)."""

    keys: tuple[BundleKey, ...]


class BundleHeader(Struct, frozen=True, kw_only=True):
    """The first line of a bundle, which is the file with all documents of a publication.

    `digest` and `jws` are the digest and the signature of the edition document. `checkpoint` is the signed text of
    the ledger checkpoint that was made with this publication and covers its entry. `keys` are the public keys that
    verify the signatures.
    """

    kind: Literal["bundle"] = "bundle"
    format: Literal[1] = FORMAT
    digest: str
    jws: Jws
    checkpoint: str
    keys: BundleKeys


class PackedDocument(Struct, frozen=True):
    """A document in the compressed form in which it is stored.

    `digest` is the SHA-256 of the bytes of the document. `member` is these bytes with a line end, compressed as one
    gzip member.
    """

    digest: str
    member: bytes

    @property
    def text(self) -> bytes:
        """The exact bytes of the document, decompressed and without the line end."""
        return unpack_line(self.member)


def pack_document(document: ScoreDocument | EditionDocument) -> PackedDocument:
    """Compress the canonical bytes (RFC 8785) of a document. Return them with their digest."""
    text = canonicalize(document)
    return PackedDocument(hash_bytes(text), pack_line(text))


def pack_line(line: bytes) -> bytes:
    """Compress a line, with a line end added, to one gzip member.

    Members that are written one after the other form a gzip file with all lines.
    """
    # Without time in the gzip header, equal lines give equal bytes.
    return gzip.compress(line + b"\n", compresslevel=6, mtime=0)


def unpack_line(member: bytes) -> bytes:
    """Decompress a gzip member and return the line in it, without its line end.

    Raises `zlib.error` if the bytes are damaged.
    """
    return zlib.decompress(member, _GZIP, _SCORE_MAX)[:-1]


def build_score_document(
    edition: str, organisation: PublishedOrganisation, submission: Submission, score: Score, review: ReviewOutcome
) -> ScoreDocument:
    """Build the document of a score.

    Floats without a fractional part become integers, so that the facts `1` and `1.0` lead to the same digest.
    """
    return ScoreDocument(
        review=review,
        edition=edition,
        organisation=organisation,
        submission=structs.replace(
            submission,
            profile={name: _to_integer(value) for name, value in submission.profile.items()},
            answers={
                name: {fact: _to_integer(value) for fact, value in facts.items()}
                for name, facts in submission.answers.items()
            },
        ),
        score=score,
    )


def build_score_line(document: ScoreDocument, digest: str) -> ScoreLine:
    """Build the line of a score in its edition document.

    `digest` is the digest of the score document. The rank is None until `rank_scores` sets it.
    """
    score = document.score
    return ScoreLine(
        organisation=document.organisation.id,
        document=digest,
        status=score.status,
        level=score.level,
        index=score.index,
        rank=None,
        standing=score.standing,
    )


def rank_scores(scores: Iterable[ScoreLine]) -> tuple[ScoreLine, ...]:
    """Return the scores of an edition with their ranks, ordered by organisation id.

    The highest index of the highest level has rank 1. Equal ones share a rank, and the ranks after them are skipped.
    The rank is None for a score that is not ranked.
    """
    ordered = sorted(scores, key=lambda score: score.organisation)
    orders = sorted((score.order for score in ordered if score.order is not None), reverse=True)
    ranks: dict[tuple[int, Figure] | None, int] = {}
    for rank, order in enumerate(orders, 1):
        ranks.setdefault(order, rank)
    return tuple(structs.replace(score, rank=ranks.get(score.order)) for score in ordered)


def count_scores(scores: Sequence[ScoreLine]) -> EditionCounts:
    """Count the scores of an edition: all, ranked, by status and by level."""
    return EditionCounts(
        organisations=len(scores),
        ranked=sum(score.rank is not None for score in scores),
        statuses=dict(Counter(score.status for score in scores)),
        levels=dict(Counter("none" if score.level is None else str(score.level) for score in scores)),
    )


def parse_score(text: bytes) -> ScoreDocument:
    """Decode a score document. Raises `msgspec.ValidationError` if the bytes are no score document."""
    return msgspec.json.decode(text, type=ScoreDocument)


class _ScoreBytes(Struct):
    score: msgspec.Raw


def digest_score(text: bytes) -> str:
    """Return the digest of the score in a score document: the SHA-256 of the bytes of its member `score`.

    The bytes of a document are canonical (RFC 8785), so the bytes of this member are canonical too.
    """
    return hash_bytes(bytes(msgspec.json.decode(text, type=_ScoreBytes).score))


def parse_edition(text: bytes) -> EditionDocument:
    """Decode an edition document. Raises `msgspec.ValidationError` if the bytes are no edition document."""
    return msgspec.json.decode(text, type=EditionDocument)


def build_header(document: PackedDocument, jws: Jws, checkpoint: str, keys: Sequence[BundleKey]) -> bytes:
    """Build the first line of a bundle, which verifies the others, and return it as a gzip member.

    `document` is the edition document and `jws` its signature. `checkpoint` is the signed text of the ledger checkpoint
    that was made with the publication, and `keys` are the public keys that verify the signatures.
    """
    header = BundleHeader(digest=document.digest, jws=jws, checkpoint=checkpoint, keys=BundleKeys(keys=tuple(keys)))
    return pack_line(canonicalize(header))


def _to_integer(value: FactValue | Scalar | None) -> FactValue | Scalar | None:
    """Return a float without a fractional part as an integer (`3.0` → `3`), and any other value unchanged.

    RFC 8785 writes such a float as an integer too.
    """
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value
