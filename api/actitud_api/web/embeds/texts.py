"""The texts of an embedded score in one language; all forms of a score show the same texts."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import FALLBACK, REVIEWED, UNREVIEWED, Language, Texts, translate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.text_metrics import clean_text

MEASURE: Final = Texts("Madurez 2.0", "2.0 maturity")
"""The name of the index, short enough for a badge."""

UNKNOWN: Final = Texts("desconocida", "unknown")
"""The text in place of a score that does not exist."""

NO_ORGANISATIONS: Final = Texts("ninguna organización", "no organisation")
"""The text of an image of badges that has no organisation to show."""

UNKNOWN_EDITION: Final = Texts(
    "No hay una edición publicada con ese nombre.", "There is no published edition of that name."
)
UNKNOWN_SCORE: Final = Texts(
    "Esa organización no tiene puntuación publicada en esa edición.",
    "That organisation has no published score in that edition.",
)

_STATUSES: Final[dict[Status, Texts]] = {
    "insufficient_evidence": Texts("evidencia insuficiente", "insufficient evidence"),
    "not_rateable": Texts("no evaluable", "not rateable"),
}
"""The texts in place of a score, for the statuses with which no score is shown."""

_FULL: Final = Texts("de {full}", "of {full}")
_LEVEL: Final = Texts("nivel {number}, {name}", "level {number}, {name}")
_PROVISIONAL: Final = Texts("provisional", "provisional")
_DATED: Final = Texts("edición {edition}, a {day}", "edition {edition}, as of {day}")
_METHODOLOGY: Final = Texts("metodología {version}", "methodology {version}")
_COVERAGE: Final = Texts("cobertura {coverage}", "coverage {coverage}")
_SIMULATED: Final = Texts("simulada", "simulated")
_SIMULATED_LONG: Final = Texts("datos inventados para la demostración", "data invented for the demonstration")
_ESTIMATE_LONG: Final = Texts(
    "solo una estimación: no entra en ninguna clasificación", "an estimate only: it takes part in no ranking"
)
_STALE: Final = Texts("superada por {edition}", "superseded by {edition}")
_STALE_LONG: Final = Texts(
    "no es la última: hay una edición posterior, {edition}", "not the latest: there is a later edition, {edition}"
)
_REVIEWED: Final = Texts("revisada", "reviewed")
_REPLIES: Final[dict[bool, Texts]] = {
    True: Texts("{count} alegación de la organización", "{count} reply of the organisation"),
    False: Texts("{count} alegaciones de la organización", "{count} replies of the organisation"),
}
_LINK: Final = Texts("Explicación de cada punto", "Explanation of every point")
_TITLE: Final = Texts("{name}: {figures}", "{name}: {figures}")
_SUMMARY: Final = Texts("{title} ({index}). {rest}. {link}: {url}", "{title} ({index}). {rest}. {link}: {url}")
_NOT_RATED: Final = Texts("sin puntuación", "not rated")


class DimensionLine(Struct, frozen=True, kw_only=True):
    """A dimension of an embed: its score from 0 to 100, null if it has none, and the score as text."""

    id: str
    name: str
    score: float | None
    text: str


class EmbedTexts(Struct, frozen=True, kw_only=True):
    """The texts of an embedded score in one language; a text that does not apply is null.

    `measure` is the short name of the index. `score` is "61.5 of 100" (the `figure` and `full`), or the reason why
    there is no score. `remarks` are warnings, such as that the data are simulated or that a later edition scores the
    organisation (`stale`). `brief` is score and level for a badge, `version` edition, warnings and review in few words,
    `under` edition, methodology, coverage and review. `link` is the text of the link to the explanation, `url` its URL,
    and `text` everything as one text. `pips` are the level and the number of levels, both 0 without a level.
    """

    language: str
    name: str
    measure: str
    index: str
    figure: str | None
    full: str
    score: str
    level: str | None
    edition: str
    methodology: str
    coverage: str | None
    review: str | None
    remarks: tuple[str, ...]
    brief: str
    version: str
    title: str
    text: str
    under: str
    link: str
    url: str
    dimensions: tuple[DimensionLine, ...]
    pips: tuple[int, int]
    stale: bool


def describe_standing(standing: EmbedStanding, language: Language, url: str) -> EmbedTexts:
    """Build the texts of the score of an organisation in a language.

    `url` is the URL of the page that explains the score. In a language in which the methodology has no texts, its names
    are looked up in the catalogue of the language.
    """
    methodology = load_methodology(standing.methodology)
    document, sentences = methodology.document, get_sentences(methodology, language)
    format_text = _Formatter(language)
    name = clean_text(standing.name)
    figure, full = None, format_text(_FULL, full=words.format_number(document.root.range.maximum, language))
    remark = _STATUSES.get(standing.status)
    if remark is None and standing.index is not None:
        figure = words.format_score(standing.index, document.decimals, language)
        score = f"{figure} {full}"
    else:
        score = (remark or _STATUSES["not_rateable"]).into(language)
    level, brief = None, score
    if standing.level is not None:
        word = translate(sentences.name_level(standing.level) or "", language)
        if standing.provisional:
            word += f" ({format_text(_PROVISIONAL)})"
        level = format_text(_LEVEL, number=standing.level, name=word)
        brief = f"{score} · {word}"
    version = standing.edition
    remarks = []
    if standing.simulated:
        version += f" · {format_text(_SIMULATED)}"
        remarks.append(format_text(_SIMULATED_LONG))
    if document.standing == "provisional":
        remarks.append(format_text(_ESTIMATE_LONG))
    if standing.superseded_by is not None:
        version += f" · {format_text(_STALE, edition=standing.superseded_by)}"
        remarks.append(format_text(_STALE_LONG, edition=standing.superseded_by))
    day = words.format_day(standing.period_to, language)
    edition = format_text(_DATED, edition=standing.edition, day=day)
    used = format_text(_METHODOLOGY, version=standing.methodology)
    coverage = None
    if standing.coverage is not None:
        coverage = format_text(_COVERAGE, coverage=words.format_share(standing.coverage, language))
    title = format_text(_TITLE, name=name, figures=", ".join(part for part in (score, level) if part))
    index = translate(sentences.name_group(document.root.id), language)
    review = _describe_review(standing, format_text)
    if review is not None:
        version += f" · {review}"
    under = [part for part in (edition, used, coverage, review) if part is not None]
    link = _LINK.into(language)
    rest = ". ".join(
        [capitalise("; ".join([*under, *remarks])), *(notice.removesuffix(".") for notice in list_notices(language))]
    )
    text = format_text(_SUMMARY, title=title, index=index, rest=rest, link=link, url=url)
    return EmbedTexts(
        language=language,
        name=name,
        measure=MEASURE.into(language),
        index=index,
        figure=figure,
        full=full,
        score=score,
        level=level,
        edition=edition,
        methodology=used,
        coverage=coverage,
        review=review,
        remarks=tuple(remarks),
        brief=brief,
        version=version,
        title=title,
        text=text,
        under=capitalise("; ".join(under)),
        link=link,
        url=url,
        dimensions=tuple(
            DimensionLine(
                id=dimension,
                name=translate(sentences.name_group(dimension), language),
                score=points,
                text=_NOT_RATED.into(language)
                if points is None
                else words.format_score(points, document.decimals, language),
            )
            for dimension, points in standing.dimensions.items()
        ),
        pips=(0, 0) if standing.level is None else (standing.level, len(document.levels)),
        stale=standing.superseded_by is not None,
    )


def list_notices(language: Language) -> tuple[str, ...]:
    """List the notices that the texts in a language are not reviewed yet, in this language and in Spanish.

    The list is empty if the texts are reviewed.
    """
    return () if language in REVIEWED else (UNREVIEWED.into(language), UNREVIEWED.into(FALLBACK))


def _describe_review(standing: EmbedStanding, format_text: _Formatter) -> str | None:
    """Describe the review of a score in a few words; None if the score has neither a review nor replies.

    `format_text` puts values into templates, in the language of the embed.
    """
    parts = [format_text(_REVIEWED)] if standing.reviewed else []
    if standing.replies:
        parts.append(format_text(_REPLIES[standing.replies == 1], count=standing.replies))
    return ", ".join(parts) or None


def capitalise(text: str) -> str:
    """Return the text with its first letter in upper case."""
    return text[:1].upper() + text[1:]


class _Formatter:
    """Formats texts in one language.

    A call takes a `Texts` with placeholders, such as `level {number}`, and the values to put in their place.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, text: Texts, **values: object) -> str:
        return text.into(self._language).format(**values)
