"""Corrections in pages: when a published score was corrected, what, from what to what, and why.

The sentences about a whole score are those of the feeds. What is said of single answers comes from the signed score
documents before and after a correction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.narration import words
from actitud_api.engine.narration.changes import get_change_sentences
from actitud_api.engine.scoring.change_decomposition import compare_scores, decompose_change, iterate_indicators
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.publications.documents import ScoreDocument
from actitud_api.resources.publications.news import (
    CorrectedScore,
    NewsFilters,
    NewsItem,
    ScoreCorrection,
    list_news,
)
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.resources.reviews.replies.service import CountedVerdict
from actitud_api.resources.reviews.verdict_names import VERDICT_NAMES
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.feeds.entries import describe_change, describe_reason, name_corrected_answers
from actitud_api.web.portal.proofs import PROOF_TEXTS, find_proof

REVISIONS_MAX: Final = 5
"""Maximum number of corrections of an edition that its page lists."""

ORGANISATIONS_MAX: Final = 20
"""Maximum number of organisations that the page of an edition lists for each of its corrections."""

_ONCE: Final = Texts("Esta puntuación se corrigió el {day}: {change}", "This score was corrected on {day}: {change}")
_OFTEN: Final = Texts(
    "Esta puntuación se ha corregido {count} veces, la última el {day}: {change}",
    "This score has been corrected {count} times, last on {day}: {change}",
)
_ADDED: Final = Texts(
    "Esta puntuación se añadió el {day} a la edición ya publicada.",
    "This score was added on {day} to the edition already published.",
)
_ADDED_ITEM: Final = Texts("se añade esta puntuación.", "this score is added.")
_EDITION_ONCE: Final = Texts("Esta edición se corrigió el {day}.", "This edition was corrected on {day}.")
_EDITION_OFTEN: Final = Texts(
    "Esta edición se ha corregido {count} veces, la última el {day}.",
    "This edition has been corrected {count} times, last on {day}.",
)
_MORE_ORGANISATIONS: Final = Texts("Y {count} más.", "And {count} more.")
_SAME_POINTS: Final = Texts("{name}: sus puntos no cambian.", "{name}: its points do not change.")
_PROVEN: Final = Texts("{answer}. Evidencia: {proof}", "{answer}. Evidence: {proof}")
_SAME_ANSWER: Final = Texts(
    "La respuesta es la misma: cambia lo que la acompaña (documentos, fuente o nota).",
    "The answer is the same: what comes with it changed (documents, source or note).",
)
_BEFORE: Final = Texts("Antes: {answer}.", "Before: {answer}.")
_AFTER: Final = Texts("Ahora: {answer}.", "Now: {answer}.")
_FIELD: Final = Texts(
    "Dato del perfil, {label}: antes, {before}; ahora, {after}.", "Profile, {label}: before, {before}; now, {after}."
)
_FIELD_EVIDENCE: Final = Texts(
    "Dato del perfil, {label}: cambia su evidencia.", "Profile, {label}: its evidence changed."
)
_ON: Final = Texts("el {day}", "on {day}")
_MARK: Final = Texts("Respuesta corregida {days}.", "Answer corrected {days}.")
_MARK_ENDED: Final = Texts(
    "Se corrigió después de la revisión, así que su dictamen ya no se aplica.",
    "It was corrected after the review, so its verdict no longer applies.",
)
_ENDED: Final = Texts(
    "Se corrigió después de la revisión, así que su dictamen ya no se aplica. Decía: {verdict}.",
    "It was corrected after the review, so its verdict no longer applies. It said: {verdict}.",
)
_RESTORED: Final = Texts(
    "Es de nuevo una respuesta que se revisó, así que se aplica su dictamen: {verdict}.",
    "It is again an answer that was reviewed, so the verdict on it applies: {verdict}.",
)
_ENDED_REVIEW: Final = Texts(
    "Dictamen del {judged}: {verdict}. Ya no se aplica, porque la respuesta se corrigió después, el {day}.",
    "Verdict of {judged}: {verdict}. It no longer applies, because the answer was corrected later, on {day}.",
)


class CorrectedAnswer(Struct, frozen=True, kw_only=True):
    """A corrected answer as texts.

    `points` says how the points of the indicator change. `details` are sentences: the answer before and after, and
    what became of the verdict on it.
    """

    indicator: str
    points: str
    details: tuple[str, ...]


class CorrectionItem(Struct, frozen=True, kw_only=True):
    """A correction of a score as texts.

    Attributes:
        text: Sentence that says when, from what to what, and why.
        answers: Corrected answers.
        fields: Corrected data of the profile.
        others: Changes of the points of other indicators because of the correction.
        change: Change of the index split by cause, None for a score that was added.
    """

    text: str
    answers: tuple[CorrectedAnswer, ...] = ()
    fields: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    change: str | None = None


class CorrectionNotice(Struct, frozen=True, kw_only=True):
    """The corrections of a published score as texts.

    `text` is a sentence about the newest one with its reason, and `items` has each, newest first. `marks` says of each
    corrected answer when it was corrected, and if that ended its verdict. `ended` is a sentence about each verdict that
    no longer applies. Both are by indicator.
    """

    text: str
    items: tuple[CorrectionItem, ...]
    marks: Mapping[str, str]
    ended: Mapping[str, str]


class CorrectedOrganisation(Struct, frozen=True):
    """An organisation whose score a revision corrects or adds, with its name and a sentence about the change."""

    organisation: str
    name: str
    text: str


class EditionCorrection(Struct, frozen=True, kw_only=True):
    """A correction of an edition as texts: when and why, and the organisations; `more` says how many are not listed."""

    text: str
    organisations: tuple[CorrectedOrganisation, ...]
    more: str | None


def describe_corrections(
    corrections: Sequence[ScoreCorrection],
    documents: Mapping[str, ScoreDocument],
    methodology: str,
    language: Language,
) -> CorrectionNotice | None:
    """Describe the corrections of a score, newest first; return None if there are none.

    `documents` are the score documents before and after the corrections by digest; a correction without both is
    described without its details. `methodology` is the version under which the edition is scored.
    """
    if not corrections:
        return None
    newest = corrections[0]
    if newest.score.before is None:
        sentence = _ADDED.into(language).format(day=_format_day(newest.published, language))
    else:
        # The revision that added a score corrected nothing in it.
        count = sum(correction.score.before is not None for correction in corrections)
        sentence = (
            (_ONCE if count == 1 else _OFTEN)
            .into(language)
            .format(
                count=words.format_number(count, language),
                day=_format_day(newest.published, language),
                change=describe_change(newest.score, methodology, language),
            )
        )
    names = name_corrected_answers(newest.score, methodology, language)
    ended = _find_ended_verdicts(corrections, documents)
    return CorrectionNotice(
        text=" ".join(filter(None, (sentence, names, describe_reason(newest.reason, language)))),
        items=tuple(_describe_item(correction, documents, methodology, language) for correction in corrections),
        marks=_mark_answers(corrections, ended, language),
        ended={
            indicator: _ENDED_REVIEW.into(language).format(
                judged=_format_day(verdict.at, language),
                verdict=_name_verdict(verdict, language),
                day=_format_day(correction.published, language),
            )
            for indicator, (verdict, correction) in ended.items()
        },
    )


def describe_edition_corrections(newest: PublicationRecord, language: Language) -> str | None:
    """Describe how often an edition was corrected, when last, and why; return None if it never was.

    `newest` is its newest publication.
    """
    count = newest.revision - 1
    if not count:
        return None
    text = _EDITION_ONCE if count == 1 else _EDITION_OFTEN
    day = _format_day(newest.published, language)
    sentence = text.into(language).format(count=words.format_number(count, language), day=day)
    return f"{sentence} {describe_reason(newest.reason, language)}"


def list_edition_corrections(
    database: Database, edition: EditionRecord, language: Language
) -> tuple[EditionCorrection, ...]:
    """List at most `REVISIONS_MAX` corrections of an edition, newest first.

    A correction that corrects or adds no score is left out. Each has the first `ORGANISATIONS_MAX` of the organisations
    that it corrects or adds, and the number of the others.
    """
    news = list_news(database, NewsFilters(edition=edition.id), after=None, limit=REVISIONS_MAX)
    return tuple(_describe_revision(item, language) for item in news if item.revision > 1)


def _describe_revision(item: NewsItem, language: Language) -> EditionCorrection:
    left = len(item.corrections) - ORGANISATIONS_MAX
    return EditionCorrection(
        text=f"{_format_day(item.published, language)}. {describe_reason(item.reason, language)}",
        organisations=tuple(
            CorrectedOrganisation(
                score.organisation,
                clean_text(item.figures[score.organisation].name) or score.organisation,
                _describe_score(score, item.edition.methodology, language, has_names=True),
            )
            for score in item.corrections[:ORGANISATIONS_MAX]
        ),
        more=_MORE_ORGANISATIONS.into(language).format(count=words.format_number(left, language)) if left > 0 else None,
    )


def _describe_score(score: CorrectedScore, methodology: str, language: Language, *, has_names: bool) -> str:
    """Describe the change of a score, or that it is added; with `has_names`, name the corrected answers too."""
    change = _ADDED_ITEM.into(language) if score.before is None else describe_change(score, methodology, language)
    names = name_corrected_answers(score, methodology, language) if has_names else None
    return change if names is None else f"{change} {names}"


def _describe_item(
    correction: ScoreCorrection, documents: Mapping[str, ScoreDocument], methodology: str, language: Language
) -> CorrectionItem:
    score = correction.score
    before, after = _find_documents(score, documents)
    writer = (
        None
        if before is None or after is None
        else _ChangeWriter(before, after, load_methodology(methodology), language)
    )
    change = _describe_score(score, methodology, language, has_names=writer is None)
    reason = describe_reason(correction.reason, language)
    text = f"{_format_day(correction.published, language)}: {change} {reason}"
    if writer is None:
        return CorrectionItem(text=text)
    return CorrectionItem(
        text=text,
        answers=tuple(writer.list_answers(score.answers)),
        fields=tuple(writer.list_fields()),
        others=tuple(writer.list_others(score.answers)),
        change=writer.describe_change(),
    )


class _ChangeWriter:
    """Writes what differs between the signed documents of a score before and after a correction."""

    def __init__(
        self, before: ScoreDocument, after: ScoreDocument, methodology: Methodology, language: Language
    ) -> None:
        self._before, self._after = before, after
        self._methodology, self._language = methodology, language
        self._sentences = get_change_sentences(methodology, language)
        self._deltas = {delta.id: delta for delta in compare_scores(before.score, after.score).indicators}
        self._values = [
            {indicator.id: indicator.value for indicator in iterate_indicators(document.score)}
            for document in (before, after)
        ]
        self._verdicts = [_map_verdicts(document) for document in (before, after)]

    def list_answers(self, corrected: Collection[str]) -> Iterator[CorrectedAnswer]:
        """Yield the corrected answers in the order of the methodology; `corrected` are their indicators."""
        for indicator in walk_indicators(self._methodology.document.root):
            if indicator.id in corrected:
                name, delta = self._sentences.name_indicator(indicator.id), self._deltas.get(indicator.id)
                yield CorrectedAnswer(
                    indicator=indicator.id,
                    points=self._fill(_SAME_POINTS, name=name)
                    if delta is None
                    else self._sentences.describe_delta(delta),
                    details=(*self._describe_answers(indicator.id), *self._describe_verdict(indicator.id)),
                )

    def list_fields(self) -> Iterator[str]:
        """Yield a sentence about each field of the profile that differs in its value or in being documented."""
        before, after = self._before.submission, self._after.submission
        for field in self._methodology.document.profile:
            label = self._sentences.list_fields((field.name,))
            old, new = (sent.profile.get(field.name) for sent in (before, after))
            if old != new:
                values = [self._sentences.describe_field(field.name, value) for value in (old, new)]
                yield self._fill(_FIELD, label=label, before=values[0], after=values[1])
            elif (field.name in before.profile_self_declared) != (field.name in after.profile_self_declared):
                yield self._fill(_FIELD_EVIDENCE, label=label)

    def list_others(self, corrected: Collection[str]) -> Iterator[str]:
        """Yield a sentence about each indicator whose points change although its answer is not corrected."""
        for delta in self._deltas.values():
            # The points of the index that an indicator loses move a little everywhere when weights are shared anew.
            if delta.id not in corrected and delta.score.before != delta.score.after:
                yield self._sentences.describe_delta(delta)

    def describe_change(self) -> str:
        """Describe how the index changes, and how much of that comes from coverage and from data."""
        before, after = self._before.submission, self._after.submission
        change = decompose_change(self._methodology, before, self._methodology, after)
        return self._sentences.describe_change(change)

    def _describe_answers(self, indicator: str) -> Iterator[str]:
        """Yield a sentence about the answer before and one about the answer after, or one that they are the same."""
        documents = (self._before, self._after)
        answers = [
            self._describe_answer(document.submission, indicator, values[indicator])
            for document, values in zip(documents, self._values, strict=True)
        ]
        before = find_proof(self._before.submission, indicator)
        after = find_proof(self._after.submission, indicator)
        if before is not None and after is not None and before != after:
            answers = [
                self._fill(_PROVEN, answer=answer, proof=PROOF_TEXTS[proof].into(self._language))
                for answer, proof in zip(answers, (before, after), strict=True)
            ]
        if answers[0] == answers[1]:
            yield self._fill(_SAME_ANSWER)
        else:
            yield self._fill(_BEFORE, answer=answers[0])
            yield self._fill(_AFTER, answer=answers[1])

    def _describe_answer(self, submission: Submission, indicator: str, value: Figure | bool | None) -> str:
        facts = submission.answers.get(indicator)
        if facts:
            return self._sentences.describe_sent_answer(indicator, facts, value)
        return words.format_fact(None, self._language).capitalize()

    def _describe_verdict(self, indicator: str) -> Iterator[str]:
        """Yield a sentence if the correction ends the verdict on an answer, or if another verdict applies after it."""
        before, after = (verdicts.get(indicator) for verdicts in self._verdicts)
        if after is not None and (before is None or after.at != before.at):
            yield self._fill(_RESTORED, verdict=_name_verdict(after, self._language))
        elif before is not None and after is None:
            yield self._fill(_ENDED, verdict=_name_verdict(before, self._language))

    def _fill(self, text: Texts, **values: object) -> str:
        return text.into(self._language).format(**values)


def _find_ended_verdicts(
    corrections: Sequence[ScoreCorrection], documents: Mapping[str, ScoreDocument]
) -> dict[str, tuple[CountedVerdict, ScoreCorrection]]:
    """Return the verdicts that a correction ended and that none brought back, each with that correction."""
    ended: dict[str, tuple[CountedVerdict, ScoreCorrection]] = {}
    for correction in reversed(corrections):
        before, after = _find_documents(correction.score, documents)
        if before is None or after is None:
            continue
        left = _map_verdicts(after)
        ended |= {name: (verdict, correction) for name, verdict in _map_verdicts(before).items() if name not in left}
        ended = {name: one for name, one in ended.items() if name not in left}
    return ended


def _mark_answers(
    corrections: Sequence[ScoreCorrection],
    ended: Mapping[str, tuple[CountedVerdict, ScoreCorrection]],
    language: Language,
) -> dict[str, str]:
    """Return a text about each corrected answer: the days of its corrections, and if they ended its verdict."""
    days: dict[str, list[str]] = {}
    for correction in reversed(corrections):
        for indicator in correction.score.answers:
            day = _ON.into(language).format(day=_format_day(correction.published, language))
            days.setdefault(indicator, []).append(day)
    marks = {
        # Of two corrections on one day, the day is said once.
        indicator: _MARK.into(language).format(days=words.join_list(list(dict.fromkeys(listed)), language))
        for indicator, listed in days.items()
    }
    return {
        indicator: f"{mark} {_MARK_ENDED.into(language)}" if indicator in ended else mark
        for indicator, mark in marks.items()
    }


def _find_documents(
    score: CorrectedScore, documents: Mapping[str, ScoreDocument]
) -> tuple[ScoreDocument | None, ScoreDocument | None]:
    """Return the documents before and after a correction; the first is None for a score that it adds."""
    return None if score.before is None else documents.get(score.before), documents.get(score.after)


def _map_verdicts(document: ScoreDocument) -> dict[str, CountedVerdict]:
    return {verdict.indicator: verdict for verdict in document.review.verdicts}


def _name_verdict(verdict: CountedVerdict, language: Language) -> str:
    # Without its reason, a text that may have been erased since.
    return VERDICT_NAMES[verdict.verdict].into(language).format(level=verdict.level)


def _format_day(moment: datetime, language: Language) -> str:
    return words.format_day(moment.date(), language)
