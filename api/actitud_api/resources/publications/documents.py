"""The documents that a publication is made of, to the byte: pure, so that whoever verifies them needs nothing else.

A document is the RFC 8785 form of one of these Structs, and its digest the SHA-256 of those bytes. What a document of
a score holds follows from the edition, the organisation and what it sent alone: not from its rank or the revision, so
that a correction leaves the documents of all other scores as they are. Evidence and notes are in no document: they may
hold personal data, which must stay erasable.
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
"""The format of all documents, and of bundles; another one, whenever a member is added or means something else."""
KINDS: Final = ("bundle", "edition", "score")

_EXACT: Final = 2**53
"""Integers below it are doubles too."""

_GZIP: Final = 16 + zlib.MAX_WBITS


class PublishedOrganisation(Struct, frozen=True, kw_only=True):
    """What is said of an organisation when its score is published."""

    id: str
    name: str
    kind: str
    population: int | None
    band: str | None
    province: str | None
    region: str | None
    simulated: bool


class ScoreDocument(Struct, frozen=True, kw_only=True):
    """The score of an organisation in an edition, with what it was computed from and what its review came to."""

    kind: Literal["score"] = "score"
    format: Literal[1] = FORMAT
    edition: str
    organisation: PublishedOrganisation
    submission: Submission
    score: Score
    review: ReviewOutcome


class ScoreLine(Struct, frozen=True, kw_only=True):
    """A score in an edition: the digest of its document, and its figures there.

    `rank`: 1 is best, ties share the best and the next is skipped; None where it does not rank.
    """

    organisation: str
    document: str
    status: Status
    level: int | None
    index: Figure | None
    rank: int | None


class EditionCounts(Struct, frozen=True, kw_only=True):
    """How many organisations an edition scores, how many of them rank, and how many have each status and level.

    `levels`: by the number of the level, `none` for those without one.
    """

    organisations: int
    ranked: int
    statuses: dict[str, int]
    levels: dict[str, int]


class Correction(Struct, frozen=True, kw_only=True):
    """A score that a revision corrects: the digests of its documents, and the difference in points."""

    organisation: str
    before: str
    after: str
    change: ChangeDecomposition


class EditionDocument(Struct, frozen=True, kw_only=True):
    """A revision of a published edition.

    `supersedes`: the digest of the edition document of the revision before. `engine`: the version that computed the
    scores that are new in it. `checkpoint`: the last of the ledger before it. `scores` and `corrections` are in the
    order of the ids of the organisations, by code points.
    """

    kind: Literal["edition"] = "edition"
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
    """A public key (RFC 8037); `retired` is absent of the one that signs."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str
    kid: str
    use: Literal["sig"] = "sig"
    alg: Literal["EdDSA"] = "EdDSA"
    created: datetime
    retired: datetime | UnsetType = UNSET


class BundleKeys(Struct, frozen=True, kw_only=True):
    """The public keys, retired ones too, at the time of a publication (RFC 7517)."""

    keys: tuple[BundleKey, ...]


class BundleHeader(Struct, frozen=True, kw_only=True):
    """The first line of a bundle.

    `digest` and `jws` are of the edition document; `checkpoint` is that of the ledger with this publication in it.
    """

    kind: Literal["bundle"] = "bundle"
    format: Literal[1] = FORMAT
    digest: str
    jws: Jws
    checkpoint: str
    keys: BundleKeys


class PackedDocument(Struct, frozen=True):
    """A document as it is kept: its digest, and its bytes with a line end as one gzip member."""

    digest: str
    member: bytes

    @property
    def text(self) -> bytes:
        """The exact bytes."""
        return unpack_line(self.member)


def pack_document(document: ScoreDocument | EditionDocument) -> PackedDocument:
    """The bytes of a document."""
    text = canonicalize(document)
    return PackedDocument(hash_bytes(text), pack_line(text))


def pack_line(line: bytes) -> bytes:
    """A line, with its end, as one gzip member. Members one after another are a gzip file of all their lines."""
    return gzip.compress(line + b"\n", compresslevel=6, mtime=0)


def unpack_line(member: bytes) -> bytes:
    """The line of a gzip member."""
    return zlib.decompress(member, _GZIP)[:-1]


def build_score_document(
    edition: str, organisation: PublishedOrganisation, submission: Submission, score: Score, review: ReviewOutcome
) -> ScoreDocument:
    """Return the document of a score; what is a whole number is one in it, whichever way it was sent."""
    return ScoreDocument(
        review=review,
        edition=edition,
        organisation=organisation,
        submission=structs.replace(
            submission,
            profile={name: _whole(value) for name, value in submission.profile.items()},
            answers={
                name: {fact: _whole(value) for fact, value in facts.items()}
                for name, facts in submission.answers.items()
            },
        ),
        score=score,
    )


def build_score_line(document: ScoreDocument, digest: str) -> ScoreLine:
    """A score as its edition lists it, not yet ranked."""
    score = document.score
    return ScoreLine(
        organisation=document.organisation.id,
        document=digest,
        status=score.status,
        level=score.level.number,
        index=score.index,
        rank=None,
    )


def rank_scores(scores: Iterable[ScoreLine]) -> tuple[ScoreLine, ...]:
    """The scores of an edition in the order of their organisations, each with its rank (SCORING, section 8)."""
    ordered = sorted(scores, key=lambda score: score.organisation)
    indices = Counter(score.index for score in ordered if score.index is not None and score.status in RANKED)
    ranks: dict[Figure, int] = {}
    better = 0
    for index in sorted(indices, reverse=True):
        ranks[index] = better + 1
        better += indices[index]
    return tuple(
        structs.replace(score, rank=None if score.index is None or score.status not in RANKED else ranks[score.index])
        for score in ordered
    )


def count_scores(scores: Sequence[ScoreLine]) -> EditionCounts:
    """How many scores of each kind there are."""
    return EditionCounts(
        organisations=len(scores),
        ranked=sum(score.rank is not None for score in scores),
        statuses=dict(Counter(score.status for score in scores)),
        levels=dict(Counter("none" if score.level is None else str(score.level) for score in scores)),
    )


def parse_score(text: bytes) -> ScoreDocument:
    """The document of a score, from its bytes; raises `msgspec.ValidationError` for any other."""
    return msgspec.json.decode(text, type=ScoreDocument)


def parse_edition(text: bytes) -> EditionDocument:
    """The document of an edition, from its bytes; raises `msgspec.ValidationError` for any other."""
    return msgspec.json.decode(text, type=EditionDocument)


def build_header(document: PackedDocument, jws: Jws, checkpoint: str, keys: Sequence[BundleKey]) -> bytes:
    """The first line of a bundle, packed."""
    header = BundleHeader(digest=document.digest, jws=jws, checkpoint=checkpoint, keys=BundleKeys(keys=tuple(keys)))
    return pack_line(canonicalize(header))


def _whole(value: FactValue | Scalar | None) -> FactValue | Scalar | None:
    """A number that is whole as an integer, as RFC 8785 writes it."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT else value
