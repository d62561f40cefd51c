"""The content of the two printed pages of an organisation, as texts in one language; `sheet.typ` lays them out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration.narrated import NarratedDimension, NarratedScore
from actitud_api.engine.scoring.result import Figure
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web import fonts
from actitud_api.web.downloads.publisher import LICENSE_NAME, Publisher
from actitud_api.web.embeds.text_metrics import clean_text, truncate_text
from actitud_api.web.embeds.texts import EmbedTexts, capitalise
from actitud_api.web.feeds.entries import ANSWERS_MAX
from actitud_api.web.portal.corrections import CorrectionNotice
from actitud_api.web.portal.layout import SITE, select_edition_title
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.sheet import OrganisationView

_RUNNING_WIDTH: Final = 60.0
"""Width of a name in the line that stands on both pages, in widths of its letters."""

_BRAND: Final = Texts("{site} · {index}", "{site} · {index}")
_RUNNING: Final = Texts("{name} · {edition}", "{name} · {edition}")
_VERDICT: Final = Texts("{name} {headline}", "{name} {headline}")
_LEVEL: Final = Texts("Nivel", "Level")
_LEVEL_NOTE: Final = Texts("{meaning}. {remark}", "{meaning}. {remark}")
_RANK: Final = Texts("Puesto en la edición", "Rank in the edition")
_RANK_OF: Final = Texts("{rank} de {total}", "{rank} of {total}")
_PEERS: Final = Texts("Sus pares", "Its peers")
_UNKNOWN: Final = Texts("Lo que falta por saber", "What is not known")
_DIMENSIONS: Final = Texts("Cada dimensión, de 0 a 100", "Every dimension, from 0 to 100")
_DIMENSION: Final = Texts("Dimensión", "Dimension")
_SCALE: Final = Texts("De 0 a 100", "From 0 to 100")
_POINTS: Final = Texts("Puntos", "Points")
_MEDIAN: Final = Texts("Mediana del grupo", "Median of the group")
_STEPS: Final = Texts("Qué hacer ahora", "What to do now")
_SOURCE: Final = Texts("De dónde sale", "Where this comes from")
_CODE: Final = Texts("Código QR que lleva a {address}", "QR code that leads to {address}")
_INVITATION: Final = Texts(
    "En esta dirección está explicado cada punto y, si se corrige algo, están los datos corregidos:",
    "This address explains every point and, if something is corrected, has the corrected data:",
)
_EDITION: Final = Texts("Edición:", "Edition:")
_EDITION_DATED: Final = Texts("{edition}, con datos a {day}", "{edition}, with data as of {day}")
_PUBLISHED: Final = Texts("Publicada:", "Published:")
_PUBLISHED_FIRST: Final = Texts("{day} (primera versión)", "{day} (first version)")
_PUBLISHED_AGAIN: Final = Texts(
    "{day} (versión {number}, con correcciones)", "{day} (version {number}, with corrections)"
)
_METHODOLOGY: Final = Texts("Metodología:", "Methodology:")
_EXACT: Final = Texts("Índice con decimales:", "Index with decimals:")
_IDENTIFIER: Final = Texts("Identificador:", "Identifier:")
_PUBLISHER: Final = Texts("Publica:", "Published by:")
_PUBLISHER_LICENSED: Final = Texts("{name}, con licencia {license}", "{name}, under the licence {license}")
_CONTACT: Final = Texts("Contacto:", "Contact:")
_DIGEST: Final = Texts(
    "Huella digital (SHA-256) del documento firmado:", "Fingerprint (SHA-256) of the signed document:"
)


class PrintedFact(Struct, frozen=True, kw_only=True):
    """A fact with its label on a printed page.

    `note` is a line below the fact, None for none. `pips` are the numbers of filled and of all squares beside the fact,
    None for no squares.
    """

    label: str
    value: str
    note: str | None = None
    pips: tuple[int, int] | None = None


class PrintedDimension(Struct, frozen=True, kw_only=True):
    """A dimension in the printed table: its name, its score and the median of the peers as texts.

    `share` is the length of its bar, 0 to 100, None without a score. `median` is None if there is no peer group.
    """

    name: str
    share: Figure | None
    points: str
    median: str | None


class PrintedTable(Struct, frozen=True, kw_only=True):
    """The printed table of the dimensions.

    `heads` are the titles of its columns: three, or four if the medians of the peers are shown.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[PrintedDimension, ...]


class PrintedStep(Struct, frozen=True, kw_only=True):
    """A step that the organisation can take; `flags` are short texts about its effects, such as the gain in points."""

    title: str
    text: str
    flags: tuple[str, ...]


class PrintedSteps(Struct, frozen=True, kw_only=True):
    """The steps that the organisation can take now, with a title and a sentence (`lead`) before them."""

    title: str
    lead: str
    items: tuple[PrintedStep, ...]


class PrintedSource(Struct, frozen=True, kw_only=True):
    """The source of the figures on the printed pages.

    `address` is the URL in the QR code, `alt` the alternative text for the code, and `invitation` the text beside the
    code. `digest` is the digest of the signed score document, None if there is none.
    """

    title: str
    alt: str
    invitation: str
    address: str
    facts: tuple[PrintedFact, ...]
    digest: PrintedFact | None


class PrintedSheet(Struct, frozen=True, kw_only=True):
    """All texts on the two printed pages, in the order of the pages.

    Only `title` and `author` are on no page.

    Attributes:
        running: Line that identifies a single page.
        name: Name of the organisation.
        remarks: Remarks on both pages, such as that the data are simulated.
        correction: Sentence about the newest correction of the score, None if it was never corrected.
        corrected: Sentences about the first few answers that this correction changes.
        measure: Short name of the index.
        figure: Index as a whole number, None if `score` is shown in its place.
        full: Text after the figure, such as "of 100".
        score: Text in place of the index if there is no figure.
        facts: Facts beside the index, each with its label.
        dimensions: Table of the dimensions.
        steps: Next steps, None if there is nothing to propose.
        source: Source of the figures.
    """

    language: Language
    title: str
    author: str
    brand: str
    running: str
    name: str
    about: str
    remarks: tuple[str, ...]
    verdict: str
    sentences: tuple[str, ...]
    correction: str | None
    corrected: tuple[str, ...]
    measure: str
    figure: str | None
    full: str
    score: str
    facts: tuple[PrintedFact, ...]
    dimensions: PrintedTable
    steps: PrintedSteps | None
    source: PrintedSource


def build_printed_sheet(
    view: OrganisationView,
    score: NarratedScore,
    texts: EmbedTexts,
    names: Names,
    *,
    about: str,
    organisation: str,
    address: str,
    edition: EditionRecord,
    published: PublicationRecord,
    document: str | None,
    publisher: Publisher,
) -> PrintedSheet:
    """Build the content of the printed pages of an organisation from the content of its page in the portal.

    Args:
        view: Sections of the page in the portal.
        score: The score with names and sentences.
        texts: Texts of the embedded score.
        names: Names and formats in the language of the pages.
        about: Kind and place of the organisation.
        organisation: Id of the organisation.
        address: Absolute URL of its page in the portal.
        edition: Edition of the score.
        published: Newest publication of the edition.
        document: Digest of the score document in this publication, None if there is none.
        publisher: Publisher of the data.
    """
    language = names.language
    name = choose_name(texts.name, organisation)
    edition_title = clean_text(select_edition_title(edition, language))

    def fill(text: Texts, **values: object) -> str:
        return text.into(language).format(**values)

    facts = [
        PrintedFact(label=fill(label), value=value)
        for label, value in ((_PEERS, view.group), (_UNKNOWN, view.at_best))
        if value
    ]
    if view.rank is not None:
        rank = fill(_RANK_OF, rank=view.rank.rank, total=view.rank.total)
        if view.rank.level is not None:
            rank = f"{rank} ({view.rank.level})"
        facts.insert(0, PrintedFact(label=fill(_RANK), value=rank, note=view.rank.range))
    if view.level is not None:
        meaning, remark = view.level.meaning, view.level.remark
        note = meaning if remark is None else fill(_LEVEL_NOTE, meaning=meaning, remark=remark)
        facts.insert(0, PrintedFact(label=fill(_LEVEL), value=view.level.name, note=note, pips=view.level.pips))
    return PrintedSheet(
        language=language,
        title=texts.title,
        author=publisher.name,
        brand=fill(_BRAND, site=SITE, index=texts.index),
        running=fill(_RUNNING, name=truncate_text(name, _RUNNING_WIDTH, 1), edition=edition_title),
        name=name,
        about=about,
        remarks=tuple(map(capitalise, texts.remarks)),
        verdict=fill(_VERDICT, name=name, headline=view.verdict.headline),
        sentences=view.verdict.sentences,
        correction=None if view.corrections is None else view.corrections.text,
        corrected=() if view.corrections is None else tuple(_list_corrected_answers(view.corrections)),
        measure=texts.measure,
        figure=view.figure,
        full=texts.full,
        score=capitalise(texts.score),
        facts=tuple(facts),
        dimensions=_build_table(view, score.dimensions, names),
        steps=None
        if not view.steps
        else PrintedSteps(
            title=fill(_STEPS),
            lead=view.lead,
            items=tuple(
                PrintedStep(
                    title=step.title, text=step.text, flags=tuple(flag for flag in (step.gain, step.level) if flag)
                )
                for step in view.steps
            ),
        ),
        source=PrintedSource(
            title=fill(_SOURCE),
            alt=fill(_CODE, address=address),
            invitation=fill(_INVITATION),
            address=address,
            facts=tuple(
                PrintedFact(label=fill(label), value=value)
                for label, value in (
                    (_EDITION, fill(_EDITION_DATED, edition=edition_title, day=names.format_date(edition.period_to))),
                    (_PUBLISHED, _describe_publication(published, names)),
                    (_METHODOLOGY, edition.methodology),
                    (_EXACT, None if view.figure is None else texts.score),
                    (_IDENTIFIER, organisation),
                    (_PUBLISHER, fill(_PUBLISHER_LICENSED, name=publisher.name, license=LICENSE_NAME)),
                    (_CONTACT, publisher.contact),
                )
                if value is not None
            ),
            digest=None if document is None else PrintedFact(label=fill(_DIGEST), value=document),
        ),
    )


def _build_table(view: OrganisationView, dimensions: Sequence[NarratedDimension], names: Names) -> PrintedTable:
    heads = [_DIMENSION, _SCALE, _POINTS, *([_MEDIAN] if view.whole_medians else [])]

    def build_row(dimension: NarratedDimension) -> PrintedDimension:
        unrated = view.unrated.get(dimension.id)
        return PrintedDimension(
            name=dimension.name,
            share=dimension.score,
            points=names.format_whole(dimension.score) if unrated is None else unrated.text,
            median=view.whole_medians.get(dimension.id, names.format_whole(None)) if view.whole_medians else None,
        )

    return PrintedTable(
        title=_DIMENSIONS.into(names.language),
        heads=tuple(head.into(names.language) for head in heads),
        rows=tuple(map(build_row, dimensions)),
    )


def _list_corrected_answers(corrections: CorrectionNotice) -> Iterator[str]:
    """Yield the sentences about each of the first few answers of the newest correction, which its text names."""
    for answer in corrections.items[0].answers[:ANSWERS_MAX]:
        yield " ".join((answer.points, *answer.details))


def _describe_publication(published: PublicationRecord, names: Names) -> str:
    text = _PUBLISHED_FIRST if published.revision == 1 else _PUBLISHED_AGAIN
    day = names.format_date(published.published.date())
    return text.into(names.language).format(day=day, number=published.revision)


def choose_name(name: str, organisation: str) -> str:
    """Return the name of an organisation, or its id if the font contains no letter of the name."""
    return name if write_printable(name).replace(fonts.MISSING, "").strip() else organisation


def write_printable(text: str) -> str:
    """Return a text with only characters that the font contains, and without accents that are separate characters.

    Several such accents on one letter would cover the lines above.
    """
    return "".join(character for character in fonts.replace_missing(text) if not unicodedata.combining(character))


def encode_sheet(sheet: PrintedSheet) -> bytes:
    """Encode the content as the JSON that `sheet.typ` reads.

    Every text on the pages is reduced to characters that the font contains, because the file could not be valid PDF/UA
    with any other. `title` and `author`, which programs show in their own fonts, stay unchanged.
    """
    printable = _write_all_printable(msgspec.to_builtins(sheet))
    assert isinstance(printable, dict)
    return msgspec.json.encode({**printable, "title": sheet.title, "author": sheet.author})


def _write_all_printable(value: object) -> object:
    match value:
        case str():
            return write_printable(value)
        case Mapping():
            return {name: _write_all_printable(member) for name, member in value.items()}
        case list() | tuple():
            return [_write_all_printable(item) for item in value]
        case _:
            return value
