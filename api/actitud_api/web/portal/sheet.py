"""What the sheet of an organisation shows besides its explained score: its place, its peers, its past and its path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology import predicates
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration.narrated import NarratedDimension, NarratedIndicator, NarratedScore
from actitud_api.engine.narration.sentences import sentences_of
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews.verdict_names import VERDICT_NAMES
from actitud_api.resources.scores import comparison, comparison_schemas, schemas, service
from actitud_api.resources.scores.computed import Computed
from actitud_api.resources.scores.service import Filters, Sent
from actitud_api.web.embeds.lettering import plain
from actitud_api.web.portal import charts
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.ranking import robust_of

MOST_PAST: Final = 12
"""Editions of a history that a page shows."""

_DIMENSIONS: Final = Texts("Las diez dimensiones, de 0 a 100", "The ten dimensions, from 0 to 100")
_DIMENSIONS_ALT: Final = Texts("De la más alta a la más baja: {parts}.", "From the highest to the lowest: {parts}.")
_BESIDE: Final = Texts(
    "{name}, {points} (mediana de su grupo, {median})", "{name}, {points} (median of its group, {median})"
)
_ALONE: Final = Texts("{name}, {points}", "{name}, {points}")
_PEERS: Final = Texts("Dónde está entre sus pares", "Where it stands among its peers")
_PEERS_ALT: Final = Texts("Índice: {index} Dimensiones: {parts}", "Index: {index} Dimensions: {parts}")
_INDEX: Final = Texts("Índice", "Index")
_HISTORY: Final = Texts("El índice en cada edición", "The index in every edition")
_HISTORY_ALT: Final = Texts("De la más antigua a la última: {parts}.", "From the oldest to the newest: {parts}.")
_PAST: Final = Texts("{edition}, {points}", "{edition}, {points}")

Proof = Literal["documented", "declared", "withdrawn", "rejected", "stale"]
"""What the evidence of an answer comes to."""

PROOFS: Final[Mapping[Proof, Texts]] = {
    "documented": Texts("documentado", "documented"),
    "declared": Texts("solo declarado, sin documento que cuente", "only declared, without a document that counts"),
    "withdrawn": Texts("la organización retiró su respuesta", "the organisation took its answer back"),
    "rejected": Texts("la revisión rechazó la respuesta", "the review rejected the answer"),
    "stale": Texts("demasiado antigua para contar", "too old to count"),
}


class VerdictTold(Struct, frozen=True):
    """A verdict in words, why, and the day."""

    text: str
    reason: str
    day: str


class ReplyTold(Struct, frozen=True):
    """A reply, its documents, and the day."""

    text: str
    documents: tuple[Document, ...]
    day: str


class Heard(Struct, frozen=True, kw_only=True):
    """What the review found of an indicator, and what the organisation replied."""

    indicator: str
    name: str
    verdict: VerdictTold | None
    reply: ReplyTold | None


class ReviewTold(Struct, frozen=True, kw_only=True):
    """What the review of a score came to, in words. `remark`: of the whole, with its day."""

    remark: tuple[str, str] | None
    max_level: str | None
    indicators: tuple[Heard, ...]


class Document(Struct, frozen=True):
    """A document that counts as evidence."""

    url: str
    day: str


def review_told(sent: Sent, names: Names, methodology: Methodology) -> ReviewTold | None:
    """What the review of a score came to, in words; None where nobody has said anything."""
    found = sent.review
    if not (found.remark or found.verdicts or found.replies):
        return None
    language, sentences = names.language, sentences_of(methodology, names.language)
    verdicts = {one.indicator: one for one in found.verdicts}
    replies = {one.indicator: one for one in found.replies}

    def heard(indicator: str) -> Heard:
        verdict, reply = verdicts.get(indicator), replies.get(indicator)
        return Heard(
            indicator=indicator,
            name=sentences.indicator(indicator),
            verdict=None
            if verdict is None
            else VerdictTold(
                VERDICT_NAMES[verdict.verdict].into(language).format(level=verdict.level),
                plain(verdict.reason or ""),
                names.day(verdict.at.date()),
            ),
            reply=None
            if reply is None
            else ReplyTold(
                plain(reply.text),
                tuple(Document(one.url, names.day(one.date)) for one in sent.replied.get(indicator, ())),
                names.day(reply.at.date()),
            ),
        )

    remark = found.remark
    return ReviewTold(
        remark=None if remark is None else (plain(remark.reason), names.day(remark.at.date())),
        max_level=None if remark is None or remark.max_level is None else names.level(remark.max_level),
        indicators=tuple(
            heard(known.id)
            for known in predicates.indicators(methodology.document.root)
            if known.id in verdicts or known.id in replies
        ),
    )


class Evidence(Struct, frozen=True):
    """What the evidence of an answer comes to, and the documents that count."""

    text: str
    documents: tuple[Document, ...]


class Beside(Struct, frozen=True, kw_only=True):
    """A figure among those of the peer group, in words; `href`: where it is explained."""

    name: str
    href: str | None
    own: str
    median: str
    middle: str
    text: str


class Peers(Struct, frozen=True, kw_only=True):
    """An organisation among its peers; `kind` and `band`: those of the group, for the ranking of it."""

    text: str
    picture: charts.Picture
    rows: tuple[Beside, ...]
    kind: str | None
    band: str | None


class Past(Struct, frozen=True, kw_only=True):
    """An edition of its history, in words."""

    edition: str
    title: str
    day: str
    index: str
    rank: str
    level: str
    here: bool


class History(Struct, frozen=True, kw_only=True):
    """The published editions that score an organisation, the newest first; a picture where there are several."""

    rows: tuple[Past, ...]
    picture: charts.Picture | None


class Place(Struct, frozen=True, kw_only=True):
    """Its rank of how many, and the sentence of the draws; None while those are not there."""

    rank: str
    of: str
    text: str | None


class Told(Struct, frozen=True, kw_only=True):
    """All of it; `changes` and `since` are None in its first edition."""

    place: Place | None
    dimensions: charts.Picture
    medians: Mapping[str, str]
    peers: Peers | None
    history: History
    changes: schemas.ChangesAnswer | None
    since: str | None
    path: schemas.PathAnswer
    evidence: Mapping[str, Evidence]


def told(
    database: Database, computed: Computed, edition: editions.Record, sent: Sent, score: NarratedScore, names: Names
) -> Told:
    """What there is to say of an organisation that a published edition scores."""
    beside = comparison.peers(database, edition.id, sent.organisation, principal=None)
    peers = comparison_schemas.peers(beside, names.language)
    medians = {dimension.id: dimension.spread.median for dimension in peers.dimensions if dimension.spread is not None}
    past = service.history(database, sent.organisation, principal=None, after=None, offset=0, limit=MOST_PAST)
    before = _before(past, edition)
    changes = None
    if before is not None:
        found = service.changes(database, edition.id, sent.organisation, since=before)
        changes = schemas.changes(found, names.language)
    methodology, path = service.path(sent)
    return Told(
        place=_place(database, computed, sent, names),
        dimensions=_dimensions(score, medians, names),
        medians={dimension: names.points(median) for dimension, median in medians.items()},
        peers=_peers(peers, names),
        history=_history(past, edition, names),
        changes=changes,
        since=before,
        path=schemas.path(path, sent, methodology, names.language),
        evidence=_evidence(service.evidence(database, sent), sent, score, names),
    )


def indicators(score: NarratedScore) -> Iterator[NarratedIndicator]:
    """Every indicator of a score."""
    yield from score.indicators
    for dimension in score.dimensions:
        yield from _below(dimension)


def _below(dimension: NarratedDimension) -> Iterator[NarratedIndicator]:
    yield from dimension.indicators
    for group in dimension.groups:
        yield from _below(group)


def _place(database: Database, computed: Computed, sent: Sent, names: Names) -> Place | None:
    if sent.rank is None:
        return None
    drawn = robust_of(database, computed, sent.edition, [sent.organisation])
    return Place(
        rank=names.count(sent.rank),
        of=names.count(service.count(database, sent.edition, Filters(ranked=True))),
        text=comparison_schemas.robust(drawn[0], names.language).text if drawn else None,
    )


def _dimensions(score: NarratedScore, medians: Mapping[str, Figure], names: Names) -> charts.Picture:
    def told_of(dimension: NarratedDimension) -> str:
        text = _ALONE if dimension.id not in medians else _BESIDE
        return text.into(names.language).format(
            name=dimension.name, points=names.points(dimension.score), median=names.points(medians.get(dimension.id))
        )

    highest = sorted(score.dimensions, key=lambda dimension: -1 if dimension.score is None else dimension.score)[::-1]
    return charts.bars(
        "dimensions",
        _DIMENSIONS.into(names.language),
        _DIMENSIONS_ALT.into(names.language).format(parts="; ".join(map(told_of, highest))),
        [
            charts.Bar(
                label=dimension.name,
                value=dimension.score,
                text=names.points(dimension.score),
                mark=medians.get(dimension.id),
            )
            for dimension in score.dimensions
        ],
    )


def _peers(peers: comparison_schemas.Peers, names: Names) -> Peers | None:
    if peers.group is None:
        return None
    index = _INDEX.into(names.language)
    figures: list[tuple[str, str | None, comparison_schemas.PeerFigure]] = [
        (index, None, peers.index),
        *((dimension.name, f"#{dimension.id}", dimension) for dimension in peers.dimensions),
    ]
    ranked = peers.rank is not None
    kinds = peers.group.kinds
    return Peers(
        text=peers.text,
        picture=charts.spreads(
            "peers",
            _PEERS.into(names.language),
            _PEERS_ALT.into(names.language).format(
                index=peers.index.text,
                parts=" ".join(f"{dimension.name}: {dimension.text}" for dimension in peers.dimensions),
            ),
            [
                charts.Spread(
                    label=name,
                    figures=None if figure.spread is None else _five(figure.spread),
                    own=figure.score if ranked else None,
                    text=names.points(figure.score if ranked else None),
                )
                for name, _, figure in figures
            ],
        ),
        rows=tuple(
            Beside(
                name=name,
                href=href,
                own=names.points(figure.score if ranked or href else None),
                median=names.points(None if figure.spread is None else figure.spread.median),
                middle=names.points(None)
                if figure.spread is None
                else f"{names.points(figure.spread.q1)}–{names.points(figure.spread.q3)}",
                text=figure.text,
            )
            for name, href, figure in figures
        ),
        kind=kinds[0] if kinds is not None and len(kinds) == 1 else None,
        band=peers.group.band,
    )


def _five(spread: schemas.PointsSpread) -> tuple[Figure, Figure, Figure, Figure, Figure]:
    return spread.min, spread.q1, spread.median, spread.q3, spread.max


def _before(past: list[service.Restated], edition: editions.Record) -> str | None:
    """The newest edition before this one that scores the organisation."""
    this: tuple[date, str] = (edition.period_to, edition.id)
    return next((one.past.edition for one in past if (one.past.period_to, one.past.edition) < this), None)


def _history(past: list[service.Restated], edition: editions.Record, names: Names) -> History:
    shown = [schemas.past(one, names.language) for one in past]
    rated = [one for one in reversed(shown) if one.index is not None and one.rank is not None]
    parts = [_PAST.into(names.language).format(edition=one.edition, points=names.points(one.index)) for one in rated]
    picture = None
    if len(rated) > 1:
        picture = charts.trend(
            "history",
            _HISTORY.into(names.language),
            _HISTORY_ALT.into(names.language).format(parts="; ".join(parts)),
            [charts.Point(label=one.edition, value=one.index, text=names.points(one.index)) for one in rated],
        )
    return History(
        rows=tuple(
            Past(
                edition=one.edition,
                title=one.edition_title,
                day=names.day(one.period_to),
                index=names.points(one.index) if one.rank is not None else names.status(one.status),
                rank=names.count(one.rank),
                level=names.level(one.level) if one.level is not None else names.points(None),
                here=one.edition == edition.id,
            )
            for one in shown
        ),
        picture=picture,
    )


def _evidence(
    documents: Mapping[str, tuple[service.Evidence, ...]], sent: Sent, score: NarratedScore, names: Names
) -> dict[str, Evidence]:
    def proof(indicator: NarratedIndicator) -> Proof | None:
        if indicator.state == "not_applicable":
            return None
        if indicator.id in sent.submission.set_aside:
            return sent.submission.set_aside[indicator.id]
        if indicator.id not in sent.submission.answers:
            return None
        return "declared" if indicator.id in sent.submission.self_declared else "documented"

    return {
        indicator.id: Evidence(
            PROOFS[found].into(names.language),
            tuple(Document(one.url, names.day(one.date)) for one in documents.get(indicator.id, ())),
        )
        for indicator in indicators(score)
        if (found := proof(indicator)) is not None
    }
