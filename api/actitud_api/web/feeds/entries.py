"""The entries of a feed: a publication or a correction in words, for one language."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts, nearest
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.engine.scoring.result import to_points
from actitud_api.resources.publications.news import CorrectedScore, NewsItem, PublishedFigures
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.feeds.addresses import FeedScope

ANSWERS_MAX: Final = 3
"""Maximum number of corrected answers that a sentence names."""

NAMESPACE: Final = UUID("5b9f4b52-7d0e-4c0b-9b52-6f1f3f0c7a41")
"""The name space of the ids of feeds and entries (RFC 9562, version 5)."""

_PUBLISHED: Final = Texts("Publicada: {edition}", "Published: {edition}")
_PUBLISHED_IN: Final = Texts("{place}, publicada: {edition}", "{place}, published: {edition}")
_CORRECTED_ONE: Final = Texts("Corrección: {name} ({edition})", "Correction: {name} ({edition})")
_CORRECTED_MANY: Final = Texts(
    "Corrección de {count} organizaciones ({edition})", "Correction of {count} organisations ({edition})"
)
_OWN: Final = Texts("{name}: {score} ({edition})", "{name}: {score} ({edition})")
_OWN_CORRECTED: Final = Texts("{name}, corregida: {score} ({edition})", "{name}, corrected: {score} ({edition})")
_COUNTED_ONE: Final = Texts(
    "1 organización, con la metodología {version}.", "1 organisation, under the methodology {version}."
)
_COUNTED: Final = Texts(
    "{count} organizaciones, con la metodología {version}.",
    "{count} organisations, under the methodology {version}.",
)
_METHODOLOGY: Final = Texts("Con la metodología {version}.", "Under the methodology {version}.")
_REASON: Final = Texts("Motivo: {reason}", "Reason: {reason}")
_ERASED: Final = Texts("texto borrado.", "text erased.")
_SIMULATED: Final = Texts("Datos inventados para la demostración.", "Data invented for the demonstration.")
_SCORE: Final = Texts("{index} de {full}", "{index} of {full}")
_SCORE_LEVEL: Final = Texts("{score}, nivel {level} de {levels}", "{score}, level {level} of {levels}")
_NO_SCORE: Final = Texts("sin puntuación", "no score")
_ADDED: Final = Texts("se añade.", "is added.")
_INDEX: Final = Texts("el índice pasa de {before} a {after}", "the index goes from {before} to {after}")
_INDEX_SAME: Final = Texts("el índice sigue igual", "the index stays the same")
_LEVEL: Final = Texts("el nivel pasa de {before} a {after}", "the level goes from {before} to {after}")
_NONE: Final = Texts("ninguno", "none")
_ANSWER: Final = Texts("Respuesta corregida: {names}.", "Corrected answer: {names}.")
_ANSWERS: Final = Texts("Respuestas corregidas: {names}.", "Corrected answers: {names}.")
_MORE: Final = Texts("{count} más", "{count} more")
_AND: Final = Texts("{first}, y {second}.", "{first}, and {second}.")
_ALONE: Final = Texts("{first}.", "{first}.")


class FeedEntry(Struct, frozen=True, kw_only=True):
    """An entry of a feed: a publication or correction of an edition.

    Attributes:
        id: Id, which never changes.
        title: Title of the entry.
        url: URL of the page to read.
        document: Path of the signed edition document.
        updated: Time of the publication, which never changes.
        content: Text of the entry as HTML.
        simulated: True if the organisations are invented.
        edition: Id of the edition.
        revision: Number of the published revision.
        digest: Digest of the edition document.
    """

    id: str
    title: str
    url: str
    document: str
    updated: datetime
    content: str
    simulated: bool
    edition: str
    revision: int
    digest: str


def build_id(*facts: str) -> str:
    """Build the id of a feed or an entry: a URN that is computed from facts that never change."""
    return uuid5(NAMESPACE, " ".join(facts)).urn


def build_entry(item: NewsItem, scope: FeedScope, place: str, base: str, language: Language) -> FeedEntry:
    """Build the entry about a publication or correction for the feed of a subject.

    `place` is the name of the territory if the subject is a territory, else empty. `base` is the scheme and authority
    of links.
    """
    writer = _EntryWriter(item, base, language)
    own = item.figures.get(scope.id) if scope.kind == "organisation" else None
    if own is not None:
        title, content = writer.describe_own(own)
        url = writer.build_organisation_url(own.organisation)
    else:
        title, content = writer.describe_publication(place)
        if len(item.corrections) == 1:
            url = writer.build_organisation_url(item.corrections[0].organisation)
        else:
            url = writer.build_url(f"/territories/{scope.id}" if scope.kind == "territory" else "")
    is_simulated = item.edition.simulated or (own is not None and own.simulated)
    if is_simulated:
        content = Markup("<p><strong>{}</strong></p>").format(_SIMULATED.into(language)) + content
    subject = scope.id if scope.kind in ("organisation", "territory") else ""
    return FeedEntry(
        id=build_id("entry", item.digest, subject, language),
        title=title,
        url=url,
        document=f"/v1/published/{item.digest}",
        updated=item.published,
        content=str(content),
        simulated=is_simulated,
        edition=item.edition.id,
        revision=item.revision,
        digest=item.digest,
    )


def describe_change(correction: CorrectedScore, methodology: str, language: Language) -> str:
    """Describe the change of index and level by the correction of a published score.

    The index is in whole points, or with decimals if its values before and after would be equal in whole points.
    `methodology` is the version under which the edition is scored.
    """

    def fill(text: Texts, **values: object) -> str:
        return text.into(language).format(**values)

    def show(decimals: int) -> list[str]:
        return [
            fill(_NONE) if figure is None else words.format_score(figure, decimals, language)
            for figure in (correction.index_before, correction.index_after)
        ]

    if correction.index_before == correction.index_after:
        index = fill(_INDEX_SAME)
    else:
        before, after = show(0)
        if before == after:
            before, after = show(load_methodology(methodology).document.decimals)
        index = fill(_INDEX, before=before, after=after)
    if correction.level_before == correction.level_after:
        return fill(_ALONE, first=index)
    levels = [
        fill(_NONE) if level is None else str(level) for level in (correction.level_before, correction.level_after)
    ]
    return fill(_AND, first=index, second=fill(_LEVEL, before=levels[0], after=levels[1]))


def name_corrected_answers(correction: CorrectedScore, methodology: str, language: Language) -> str | None:
    """Name the answers that a correction changes; return None if it changes no answer.

    The first `ANSWERS_MAX` answers have the name of their indicator; of the others the sentence says how many they are.
    `methodology` is the version under which the edition is scored.
    """
    if not correction.answers:
        return None
    version = load_methodology(methodology)
    order = [indicator.id for indicator in walk_indicators(version.document.root) if indicator.id in correction.answers]
    sentences = get_sentences(version, language)
    names = [
        words.quote(clean_text(sentences.name_indicator(indicator)), language) for indicator in order[:ANSWERS_MAX]
    ]
    if left := len(order) - len(names):
        names.append(_MORE.into(language).format(count=words.format_number(left, language)))
    text = _ANSWER if len(order) == 1 else _ANSWERS
    return text.into(language).format(names=words.join_list(names, language))


def describe_reason(reason: str, language: Language) -> str:
    """Return the sentence with the reason of a publication; if it was erased (is empty), the sentence says so."""
    return _REASON.into(language).format(reason=clean_text(reason) or _ERASED.into(language))


class _EntryWriter:
    """Writes what an entry says of a publication."""

    def __init__(self, item: NewsItem, base: str, language: Language) -> None:
        self._item, self._base, self._language = item, base, language
        self._edition = clean_text(nearest(item.edition.titles, language))

    def build_organisation_url(self, organisation: str) -> str:
        """Return the URL of the page of an organisation in the edition."""
        return Addresses(self._base, self._item.edition.id, organisation, self._language).explanation

    def build_url(self, path: str) -> str:
        """Return the URL of a page of the edition; `path` is empty for its first page."""
        query = "" if self._language == "es" else f"?lang={self._language}"
        return f"{self._base}/portal/{self._item.edition.id}{path}{query}"

    def describe_publication(self, place: str) -> tuple[str, Markup]:
        """Return title and content of an entry about all that a publication brings."""
        corrections = self._item.corrections
        if self._item.revision == 1:
            counted = self._fill(
                _COUNTED_ONE if self._item.organisations == 1 else _COUNTED,
                count=words.format_number(self._item.organisations, self._language),
                version=self._item.edition.methodology,
            )
            title = self._fill(_PUBLISHED_IN if place else _PUBLISHED, place=place, edition=self._edition)
            return title, self._write(counted)
        listed = Markup("<ul>{}</ul>").format(Markup().join(map(self._write_line, corrections)))
        if len(corrections) == 1:
            title = self._fill(_CORRECTED_ONE, name=self._name(corrections[0].organisation), edition=self._edition)
        else:
            count = words.format_number(len(corrections), self._language)
            title = self._fill(_CORRECTED_MANY, count=count, edition=self._edition)
        return title, listed + self._write()

    def describe_own(self, own: PublishedFigures) -> tuple[str, Markup]:
        """Return title and content of an entry about one organisation."""
        correction = next(iter(self._item.corrections), None)
        is_first = correction is None or correction.before is None
        title = self._fill(
            _OWN if is_first else _OWN_CORRECTED,
            name=self._name(own.organisation),
            score=self._describe_score(own),
            edition=self._edition,
        )
        if correction is not None and not is_first:
            change = self._describe_correction(correction)
            return title, self._write(change[:1].upper() + change[1:])
        return title, self._write(self._fill(_METHODOLOGY, version=own.methodology))

    def _name(self, organisation: str) -> str:
        return clean_text(self._item.figures[organisation].name) or organisation

    def _write_line(self, correction: CorrectedScore) -> Markup:
        url = self.build_organisation_url(correction.organisation)
        text = self._describe_correction(correction)
        return Markup('<li><a href="{}">{}</a>: {}</li>').format(url, self._name(correction.organisation), text)

    def _describe_correction(self, correction: CorrectedScore) -> str:
        """Describe the change of a score, or that it is added, and name the corrected answers."""
        methodology = self._item.edition.methodology
        change = (
            self._fill(_ADDED)
            if correction.before is None
            else describe_change(correction, methodology, self._language)
        )
        names = name_corrected_answers(correction, methodology, self._language)
        return change if names is None else f"{change} {names}"

    def _write(self, *sentences: str) -> Markup:
        """Return paragraphs: these sentences, then the reason of the publication."""
        reason = describe_reason(self._item.reason, self._language)
        return Markup().join(Markup("<p>{}</p>").format(sentence) for sentence in (*sentences, reason))

    def _describe_score(self, own: PublishedFigures) -> str:
        document = load_methodology(own.methodology).document
        index = to_points(own.index_value, 10**document.decimals)
        if own.status not in RANKED or index is None:
            return self._fill(_NO_SCORE)
        full = words.format_number(document.root.range.maximum, self._language)
        score = self._fill(_SCORE, index=words.format_score(index, 0, self._language), full=full)
        if own.level is None:
            return score
        return self._fill(_SCORE_LEVEL, score=score, level=own.level, levels=len(document.levels))

    def _fill(self, text: Texts, **values: object) -> str:
        return text.into(self._language).format(**values)
