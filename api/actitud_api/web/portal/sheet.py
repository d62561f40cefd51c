"""The sections of an organisation's page besides its explained score: rank, peers, history, next level, review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology import predicates
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.narrated import NarratedDimension, NarratedScore
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.change_decomposition import are_comparable
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications.news import list_score_corrections, load_corrected_documents
from actitud_api.resources.reviews.verdict_names import VERDICT_NAMES
from actitud_api.resources.scores import comparison, comparison_schemas, schemas, service, summaries
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import EditionScore, ScoreFilters
from actitud_api.web.charts import layouts as charts
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.corrections import CorrectionNotice, describe_corrections
from actitud_api.web.portal.findings import describe_above, describe_dimensions, describe_trend
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.proofs import PROOF_TEXTS, Proof, find_proof
from actitud_api.web.portal.ranking import list_robust_ranks
from actitud_api.web.portal.result import (
    LevelLabel,
    describe_best,
    describe_level,
    describe_level_rank,
    describe_rank_range,
)
from actitud_api.web.portal.steps import (
    Step,
    describe_lead,
    iterate_group_indicators,
    iterate_indicators,
    list_steps,
)
from actitud_api.web.portal.verdict import Verdict, describe_group, write_verdict

HISTORY_MAX: Final = 12
"""Maximum number of editions in the history on the page of an organisation."""

_DIMENSIONS: Final = Texts("Las diez dimensiones, de 0 a 100", "The ten dimensions, from 0 to 100")
_DIMENSIONS_ALT: Final = Texts("De la más alta a la más baja: {parts}.", "From the highest to the lowest: {parts}.")
_BESIDE: Final = Texts(
    "{name}, {points} (mediana de su grupo, {median})", "{name}, {points} (median of its group, {median})"
)
_ALONE: Final = Texts("{name}, {points}", "{name}, {points}")
_PEERS: Final = Texts("Dónde está entre sus pares", "Where it stands among its peers")
_PEERS_ALT: Final = Texts("Índice: {index} Dimensiones: {parts}", "Index: {index} Dimensions: {parts}")
_NO_PEERS: Final = Texts(
    "{parts}: nadie más de su grupo tiene puntuación.", "{parts}: nobody else of its group has a score."
)
_UNRANKED: Final = Texts("Sin puesto, su índice no se compara.", "Without a rank, its index is not compared.")
_UNRANKED_BESIDE: Final = Texts(
    "Sin puesto, su índice no se compara; la mediana de su grupo es {median}.",
    "Without a rank, its index is not compared; the median of its group is {median}.",
)
_GROUP_MEDIAN: Final = Texts("la mediana de su grupo", "the median of its group")
_INDEX: Final = Texts("Índice", "Index")
_HISTORY: Final = Texts("El índice en cada edición", "The index in every edition")
_HISTORY_ALT: Final = Texts("De la más antigua a la última: {parts}.", "From the oldest to the newest: {parts}.")
_PAST: Final = Texts("{edition}, {points}", "{edition}, {points}")


# Of short words: they stand in narrow columns, also on a telephone.
_NOT_APPLICABLE: Final = Texts("no se aplica", "does not apply")
_NOT_APPLICABLE_LONG: Final = Texts(
    "Ninguna de estas preguntas se aplica aquí, así que la dimensión no cuenta ni a favor ni en contra.",
    "None of these questions applies here, so the dimension counts neither for nor against.",
)
_NOT_RATED: Final = Texts("no se puntúa", "not rated")
_NOT_RATED_LONG: Final = Texts(
    "Aquí se aplica demasiado poco de esta dimensión para puntuarla, así que no cuenta ni a favor ni en contra.",
    "Too little of this dimension applies here to rate it, so it counts neither for nor against.",
)

SOURCE_TEXTS: Final[Mapping[service.SourceKind, Texts]] = {
    "counted": Texts("contado en los ficheros de las plataformas", "counted in the files of the platforms"),
    "register": Texts("de un registro de la organización", "from a register of the organisation"),
    "declared": Texts("declarado por la organización", "declared by the organisation"),
    "previous_edition": Texts("tomado de la edición {edition}", "taken over from the edition {edition}"),
}
_EARLIER: Final = Texts("tomado de una edición anterior", "taken over from an earlier edition")

_ERASED: Final = Texts("Texto borrado.", "Text erased.")


class VerdictView(Struct, frozen=True):
    """A verdict (decision of an assessor) on an answer as text; `reason` is empty if none was given."""

    text: str
    reason: str
    day: str


class ReplyView(Struct, frozen=True):
    """A reply of the organisation to a verdict, with its date.

    The documents sent with a reply are not published.
    """

    text: str
    day: str


class IndicatorReview(Struct, frozen=True, kw_only=True):
    """The verdict on the answer to an indicator, and the reply of the organisation.

    `verdict` is None if there is no verdict, `reply` is None if there is no reply. `ended` is a sentence about the
    verdict that a correction of the answer ended, None if there is none.
    """

    indicator: str
    name: str
    verdict: VerdictView | None
    reply: ReplyView | None
    ended: str | None


class ReviewView(Struct, frozen=True, kw_only=True):
    """The review of a score as texts.

    `remark` is the text and date of the overall review, None if there is none. `max_level` is the highest level that
    the review allows, None if it sets no limit. `indicators` are the indicators with a verdict or a reply, and those
    whose verdict a correction ended.
    """

    remark: tuple[str, str] | None
    max_level: str | None
    indicators: tuple[IndicatorReview, ...]


class EvidenceLink(Struct, frozen=True):
    """A link to a document that was sent as evidence, with the date of the document."""

    url: str
    day: str


def show_text(text: str, language: Language) -> str:
    """Return a text of a review as shown in a page; an erased (empty) text becomes a note about the erasure."""
    return clean_text(text) if text else _ERASED.into(language)


def describe_review(
    edition_score: EditionScore, names: Names, methodology: Methodology, corrections: CorrectionNotice | None
) -> ReviewView | None:
    """Describe the review of a score as texts; None if there is no verdict, no reply and no overall review.

    `corrections` are the corrections of the score, which may have ended verdicts; None if it was never corrected.
    """
    review = edition_score.review
    ended = {} if corrections is None else corrections.ended
    if not (review.overall or review.verdicts or review.replies or ended):
        return None
    language, sentences = names.language, get_sentences(methodology, names.language)
    verdicts = {one.indicator: one for one in review.verdicts}
    replies = {one.indicator: one for one in review.replies}

    def describe_indicator(indicator: str) -> IndicatorReview:
        verdict, reply = verdicts.get(indicator), replies.get(indicator)
        return IndicatorReview(
            indicator=indicator,
            name=sentences.name_indicator(indicator),
            verdict=None
            if verdict is None
            else VerdictView(
                VERDICT_NAMES[verdict.verdict].into(language).format(level=verdict.level),
                "" if verdict.reason is None else show_text(verdict.reason, language),
                names.format_date(verdict.at.date()),
            ),
            reply=None
            if reply is None
            else ReplyView(show_text(reply.text, language), names.format_date(reply.at.date())),
            ended=ended.get(indicator),
        )

    remark = review.overall
    return ReviewView(
        remark=None if remark is None else (show_text(remark.reason, language), names.format_date(remark.at.date())),
        max_level=None if remark is None or remark.max_level is None else names.name_level(remark.max_level),
        indicators=tuple(
            describe_indicator(node.id)
            for node in predicates.walk_indicators(methodology.document.root)
            if node.id in verdicts or node.id in replies or node.id in ended
        ),
    )


class AnswerEvidence(Struct, frozen=True):
    """The evidence of an answer.

    `text` says whether the answer has evidence, and `documents` are the accepted documents. `source` is the source that
    the organisation stated, None if it stated none. `manifest` is the digest of a document with which the count can be
    repeated, None if the answer was not counted from files of platforms.
    """

    text: str
    documents: tuple[EvidenceLink, ...]
    source: str | None = None
    manifest: str | None = None


class PeerRow(Struct, frozen=True, kw_only=True):
    """A score of an organisation (the index or a dimension) compared with its peer group, as texts.

    Attributes:
        name: Name of the index or dimension.
        href: Anchor in the page that explains the score, None for the index.
        own: Score of the organisation.
        median: Median of the group.
        middle: Range from the first to the third quartile of the group.
        text: The comparison as a sentence.
    """

    name: str
    href: str | None
    own: str
    median: str
    middle: str
    text: str


class PeerComparison(Struct, frozen=True, kw_only=True):
    """The comparison of an organisation with its peer group: a text, a chart and a table.

    `kind` and `band` are the filters that select the peer group in the ranking; each is None if the group is not
    limited to one kind or one size band.
    """

    text: str
    picture: charts.Picture
    rows: tuple[PeerRow, ...]
    kind: str | None
    band: str | None


class HistoryRow(Struct, frozen=True, kw_only=True):
    """The score of an organisation in one edition, as texts: a row of the history on its page.

    `is_current` is True for the edition that the page is about.
    """

    edition: str
    title: str
    day: str
    index: str
    rank: str
    level: str
    is_current: bool


class ScoreHistory(Struct, frozen=True, kw_only=True):
    """The scores of an organisation in all published editions, newest first.

    `picture` is a chart of the index in the editions in which the organisation is ranked; None if there are fewer than
    two such editions.
    """

    rows: tuple[HistoryRow, ...]
    picture: charts.Picture | None


class RankLabel(Struct, frozen=True, kw_only=True):
    """The rank of an organisation and the number of ranked organisations (`total`), as texts.

    `level` (a few words) is its rank among those of its level, None without a level. `range` (a few words) and `text`
    (a sentence) describe the uncertainty of the rank. Both are None until the uncertainty is computed.
    """

    rank: str
    total: str
    level: str | None
    range: str | None
    text: str | None


class UnratedDimension(Struct, frozen=True):
    """A dimension without a score: the text in place of its score, and a sentence with the reason."""

    text: str
    reason: str


class OrganisationView(Struct, frozen=True, kw_only=True):
    """All sections of the page of an organisation in an edition.

    Attributes:
        verdict: Verdict on the organisation in plain words.
        figure: Index as a whole number, None if it is not shown.
        level: Level with its meaning, None without a level.
        at_best: Sentence about the index with every unknown answer at its best, None if nothing is unknown.
        group: Sentence that names the peers, None without peers.
        corrections: Corrections of the published score, None if it was never corrected.
        steps: Steps that the organisation can take now.
        lead: Sentence before the steps.
        rank: Rank, None if the organisation is not ranked.
        dimensions: Chart of the scores in the dimensions.
        unrated: Dimensions without a score although there is an index, by id.
        medians: Median of the peer group by dimension.
        whole_medians: Median of the peer group by dimension, without decimals.
        peers: Comparison with the peer group, None if there is no peer group.
        history: Scores of the organisation in all published editions.
        changes: Changes since the edition `since`, None if this edition is the first.
        since: Id of the previous edition that scores the organisation, None if this edition is the first.
        path: Path to the next level.
        evidence: Evidence of each answer, by indicator.
    """

    verdict: Verdict
    figure: str | None
    level: LevelLabel | None
    at_best: str | None
    group: str | None
    corrections: CorrectionNotice | None
    steps: tuple[Step, ...]
    lead: str
    rank: RankLabel | None
    dimensions: charts.Picture
    unrated: Mapping[str, UnratedDimension]
    medians: Mapping[str, str]
    whole_medians: Mapping[str, str]
    peers: PeerComparison | None
    history: ScoreHistory
    changes: schemas.ChangesAnswer | None
    since: str | None
    path: schemas.PathAnswer
    evidence: Mapping[str, AnswerEvidence]


def describe_organisation(
    database: Database,
    computed: ComputationCache,
    edition: editions.EditionRecord,
    edition_score: EditionScore,
    score: NarratedScore,
    names: Names,
    lead: Names,
) -> OrganisationView:
    """Build the sections of the page of an organisation in a published edition.

    `edition_score` is the stored score with its rank and review; `score` is the same score with names and sentences.
    `lead` has the names for the first part of the page, which a partial catalogue may translate, and `names` those for
    the details.
    """
    beside = comparison.find_peers(database, computed, edition.id, edition_score.organisation, principal=None)
    peers = comparison_schemas.build_peers(beside, names.language)
    medians = {dimension.id: dimension.spread.median for dimension in peers.dimensions if dimension.spread is not None}
    past = service.list_history(database, edition_score.organisation, PageRange(limit=HISTORY_MAX), principal=None)
    previous = _find_previous_edition(past, edition)
    changes = None
    if previous is not None:
        attributed = service.compare_editions(database, edition.id, edition_score.organisation, since=previous)
        changes = schemas.build_changes_answer(attributed, names.language)
    corrections = list_score_corrections(database, edition.id, edition_score.organisation)
    methodology, path = service.find_level_path(edition_score)
    unrated, level = _describe_unrated(score, names), describe_level(score, edition_score, methodology, names)
    profile = edition_score.submission.profile
    narrated_path = schemas.build_path_answer(path, edition_score, methodology, names.language)
    is_shown = score.status in RANKED and score.index is not None
    return OrganisationView(
        verdict=write_verdict(score, profile, peers, methodology, lead.language),
        figure=words.format_score(score.index, 0, lead.language) if is_shown and score.index is not None else None,
        level=describe_level(score, edition_score, methodology, lead),
        at_best=describe_best(score, lead) if is_shown else None,
        group=describe_group(peers, lead),
        corrections=describe_corrections(
            corrections, load_corrected_documents(database, corrections), edition.methodology, names.language
        ),
        steps=tuple(list_steps(score, narrated_path, methodology, lead.language)),
        lead=describe_lead(score, narrated_path, methodology, lead.language),
        rank=_describe_rank(database, computed, edition_score, score.level, names, lead),
        dimensions=_draw_dimensions(score, unrated, medians, names),
        unrated=unrated,
        medians={dimension: names.format_points(median) for dimension, median in medians.items()},
        whole_medians={dimension: names.format_whole(median) for dimension, median in medians.items()},
        peers=_describe_peers(peers, unrated, names),
        history=_describe_history(past, edition, level, names),
        changes=changes,
        since=previous,
        path=narrated_path,
        evidence=_describe_evidence(service.list_support(database, edition_score), edition_score, score, names),
    )


def _describe_rank(
    database: Database,
    computed: ComputationCache,
    edition_score: EditionScore,
    level: int | None,
    names: Names,
    lead: Names,
) -> RankLabel | None:
    """Describe the rank of an organisation; its `text` stands in the details, all else in the first part."""
    if edition_score.rank is None:
        return None
    summary = summaries.compute_summary(database, computed, edition_score.edition, ScoreFilters(), principal=None)
    drawn = next(iter(list_robust_ranks(database, computed, edition_score.edition, [edition_score.organisation])), None)
    return RankLabel(
        rank=lead.format_count(edition_score.rank),
        total=lead.format_count(summary.ranked),
        level=describe_level_rank(edition_score.rank, level, summary.levels, lead),
        range=None if drawn is None else describe_rank_range(drawn, lead),
        text=None if drawn is None else comparison_schemas.build_robust_score(drawn, names.language).text,
    )


def _describe_unrated(score: NarratedScore, names: Names) -> dict[str, UnratedDimension]:
    """Describe the dimensions without a score, by id; none of them if there is no index either."""

    def describe(dimension: NarratedDimension) -> UnratedDimension:
        applies = any(indicator.state != "not_applicable" for indicator in iterate_group_indicators(dimension))
        text, reason = (_NOT_RATED, _NOT_RATED_LONG) if applies else (_NOT_APPLICABLE, _NOT_APPLICABLE_LONG)
        return UnratedDimension(text.into(names.language), reason.into(names.language))

    if score.index is None:
        return {}
    return {dimension.id: describe(dimension) for dimension in score.dimensions if dimension.score is None}


def _draw_dimensions(
    score: NarratedScore, unrated: Mapping[str, UnratedDimension], medians: Mapping[str, Figure], names: Names
) -> charts.Picture:
    def describe(dimension: NarratedDimension) -> str:
        text = _ALONE if dimension.id not in medians else _BESIDE
        return text.into(names.language).format(
            name=dimension.name,
            points=unrated[dimension.id].text if dimension.id in unrated else names.format_points(dimension.score),
            median=names.format_points(medians.get(dimension.id)),
        )

    highest = sorted(score.dimensions, key=lambda dimension: -1 if dimension.score is None else dimension.score)[::-1]
    return charts.draw_bars(
        "dimensions",
        describe_dimensions([(dimension.name, dimension.score) for dimension in score.dimensions], names)
        or _DIMENSIONS.into(names.language),
        _DIMENSIONS_ALT.into(names.language).format(parts="; ".join(map(describe, highest))),
        [
            charts.Bar(
                label=dimension.name,
                value=dimension.score,
                text=names.format_points(dimension.score),
                mark=medians.get(dimension.id),
            )
            for dimension in score.dimensions
        ],
    )


def _describe_peers(
    peers: comparison_schemas.Peers, unrated: Mapping[str, UnratedDimension], names: Names
) -> PeerComparison | None:
    if peers.group is None:
        return None
    index = _INDEX.into(names.language)
    figures: list[tuple[str, str | None, comparison_schemas.PeerFigure]] = [
        (index, None, peers.index),
        *((dimension.name, f"#{dimension.id}", dimension) for dimension in peers.dimensions),
    ]
    words = {f"#{dimension}": unrated_dimension.text for dimension, unrated_dimension in unrated.items()}
    ranked = peers.rank is not None
    kinds = peers.group.kinds
    index_text = _describe_peer_index(peers, names)
    return PeerComparison(
        text=describe_group(peers, names) or peers.text,
        picture=charts.draw_dots(
            "peers",
            describe_above(
                [
                    (dimension.score, None if dimension.spread is None else dimension.spread.median)
                    for dimension in peers.dimensions
                ]
                if ranked
                else [],
                _GROUP_MEDIAN,
                names.language,
            )
            or _PEERS.into(names.language),
            _PEERS_ALT.into(names.language).format(index=index_text, parts=_list_peer_dimensions(peers, words, names)),
            [
                charts.DotRow(
                    label=name,
                    dot=figure.score if ranked else None,
                    text=names.format_points(figure.score if ranked else None),
                    middle=None if figure.spread is None else (figure.spread.q1, figure.spread.q3),
                    mark=None if figure.spread is None else figure.spread.median,
                )
                for name, _, figure in figures
            ],
            is_own=True,
        ),
        rows=tuple(
            PeerRow(
                name=name,
                href=href,
                own=words.get(href or "") or names.format_points(figure.score if ranked or href else None),
                median=names.format_points(None if figure.spread is None else figure.spread.median),
                middle=names.format_points(None)
                if figure.spread is None
                else f"{names.format_points(figure.spread.q1)}–{names.format_points(figure.spread.q3)}",
                text=figure.text if href else index_text,
            )
            for name, href, figure in figures
        ),
        kind=kinds[0] if kinds is not None and len(kinds) == 1 else None,
        band=peers.group.band,
    )


def _describe_peer_index(peers: comparison_schemas.Peers, names: Names) -> str:
    """Return the sentence about the index among the peers; without a rank it withholds the index, as all the page."""
    if peers.rank is not None:
        return peers.index.text
    if peers.index.spread is None:
        return _UNRANKED.into(names.language)
    return _UNRANKED_BESIDE.into(names.language).format(median=names.format_points(peers.index.spread.median))


def _list_peer_dimensions(peers: comparison_schemas.Peers, words: Mapping[str, str], names: Names) -> str:
    """Return the sentences about the dimensions among the peers; one for all in which nobody else has a score.

    `words`: texts in place of a score, by the link of the dimension.
    """
    beside = [f"{dimension.name}: {dimension.text}" for dimension in peers.dimensions if dimension.spread is not None]
    alone = [
        _ALONE.into(names.language).format(
            name=dimension.name, points=words.get(f"#{dimension.id}") or names.format_points(dimension.score)
        )
        for dimension in peers.dimensions
        if dimension.spread is None
    ]
    if alone:
        beside.append(_NO_PEERS.into(names.language).format(parts="; ".join(alone)))
    return " ".join(beside)


def _find_previous_edition(past: list[service.HistoryEntry], edition: editions.EditionRecord) -> str | None:
    """Return the id of the newest edition in `past` that is earlier than `edition`; None if there is none.

    `past` are the scores of an organisation by edition, newest first. Editions that are not compared with `edition`,
    because one methodology only estimates, are left out.
    """
    current: tuple[date, str] = (edition.period_to, edition.id)
    methodology = load_methodology(edition.methodology)
    return next(
        (
            restated.past.edition
            for restated in past
            if (restated.past.period_to, restated.past.edition) < current
            and are_comparable(load_methodology(restated.past.methodology), methodology)
        ),
        None,
    )


def _describe_history(
    past: list[service.HistoryEntry], edition: editions.EditionRecord, level: LevelLabel | None, names: Names
) -> ScoreHistory:
    """Describe the scores of an organisation in all editions; `level` is that in `edition`."""

    def name_level(row: schemas.PastScore) -> str:
        if row.level is None:
            return names.format_points(None)
        if row.edition == edition.id and level is not None:
            return level.short
        # Each edition names its levels itself: another version may have other levels, or none.
        return Names(load_methodology(row.methodology), names.language).name_level(row.level)

    shown = [schemas.build_past_score(row, names.language) for row in past]
    rated = [row for row in reversed(shown) if row.index is not None and row.rank is not None]
    parts = [
        _PAST.into(names.language).format(edition=row.edition, points=names.format_points(row.index)) for row in rated
    ]
    picture = None
    if len(rated) > 1:
        picture = charts.draw_trend(
            "history",
            describe_trend([(row.edition, row.index) for row in rated], names) or _HISTORY.into(names.language),
            _HISTORY_ALT.into(names.language).format(parts="; ".join(parts)),
            [
                charts.TrendPoint(label=row.edition, value=row.index, text=names.format_points(row.index))
                for row in rated
            ],
        )
    return ScoreHistory(
        rows=tuple(
            HistoryRow(
                edition=row.edition,
                title=row.edition_title,
                day=names.format_date(row.period_to),
                index=names.format_points(row.index) if row.rank is not None else names.name_unranked(row.status),
                rank=names.format_count(row.rank),
                level=name_level(row),
                is_current=row.edition == edition.id,
            )
            for row in shown
        ),
        picture=picture,
    )


def _describe_evidence(
    support: Mapping[str, service.ShownSupport],
    edition_score: EditionScore,
    score: NarratedScore,
    names: Names,
) -> dict[str, AnswerEvidence]:
    def describe(indicator: str, outcome: Proof) -> AnswerEvidence:
        shown = support.get(indicator, service.ShownSupport())
        links = tuple(EvidenceLink(document.url, names.format_date(document.date)) for document in shown.evidence)
        text = PROOF_TEXTS[outcome].into(names.language)
        # The source of an answer that is not there any more is of no use to anybody.
        source = shown.source if outcome in ("documented", "declared") else None
        if source is None:
            return AnswerEvidence(text, links)
        said = SOURCE_TEXTS[source.kind].fill(edition=source.edition or "").into(names.language)
        if source.kind == "previous_edition" and source.edition is None:
            said = _EARLIER.into(names.language)
        return AnswerEvidence(text, links, said, source.manifest if source.kind == "counted" else None)

    return {
        indicator.id: describe(indicator.id, outcome)
        for indicator in iterate_indicators(score)
        if indicator.state != "not_applicable"
        and (outcome := find_proof(edition_score.submission, indicator.id)) is not None
    }
