"""The page that lists suggestions for further errors and indicators, with the decisions on them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec
from babel import Locale
from litestar import Controller, Response
from msgspec import Struct

from actitud_api.engine.i18n import LOCALES, PAGE_LANGUAGES, Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest, find_base_url, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.suggestions import schemas, service
from actitud_api.resources.suggestions.service import DIMENSION_BY_INDICATOR, Kind, SuggestionFilters, SuggestionRecord
from actitud_api.resources.suggestions.service import State as Decided
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.filters import (
    FilterField,
    UnknownFilter,
    build_field,
    list_unknown_filters,
    read_page_number,
    redirect_to_page,
)
from actitud_api.web.portal.layout import Crumb, Links, build_links, render_portal_page
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.ranking import PageLink, select_pages

PER_PAGE: Final = 20
SUGGESTIONS: Final = Texts("Propuestas", "Suggestions")
_METHODOLOGIES: Final = Texts("Metodologías", "Methodologies")

_SUGGESTION_LANGUAGES: Final = tuple(dict.fromkeys((*PAGE_LANGUAGES, "ca", "gl", "eu")))
"""Languages in which a suggestion may be written, as the form says."""
_KINDS: Final[Mapping[Kind, Texts]] = {
    "error": Texts("un error más", "a further error"),
    "indicator": Texts("un indicador", "an indicator"),
}
_STATES: Final[Mapping[Decided, Texts]] = {
    "undecided": Texts("por decidir", "undecided"),
    "accepted": Texts("aceptada", "accepted"),
    "rejected": Texts("rechazada", "rejected"),
    "deferred": Texts("aplazada", "deferred"),
}
_LABELS: Final[Mapping[str, Texts]] = {
    "kind": Texts("Qué se propone", "What is proposed"),
    "state": Texts("Decisión", "Decision"),
    "dimension": Texts("Dimensión", "Dimension"),
}
_ANY: Final = Texts("Cualquiera", "Any")
_EXAMPLE: Final[Mapping[str, str]] = {"kind": "error", "title": "…", "text": "…"}


class DecisionView(Struct, frozen=True, kw_only=True):
    """A decision on a suggestion as text.

    `language` is the language of the reason. `methodology` is the version that the decision names, and `href` the URL
    of the page of this version; both are None if it names none.
    """

    state: str
    reason: str
    language: str
    day: str
    methodology: str | None
    href: str | None


class SuggestionTarget(Struct, frozen=True):
    """The indicator or dimension that a suggestion is about: its id and name, and the URL of its methodology page."""

    text: str
    href: str


class SuggestionView(Struct, frozen=True, kw_only=True):
    """A suggestion as text.

    `language` is the language of its title and text. `about` is the indicator or dimension that it is about, None if it
    names neither. `decisions` are the decisions on it, newest first.
    """

    id: int
    kind: str
    title: str
    text: str
    language: str
    about: SuggestionTarget | None
    state: str
    day: str
    decisions: tuple[DecisionView, ...]


class SuggestionList(Struct, frozen=True, kw_only=True):
    """A page of the list of suggestions, with its filters.

    Attributes:
        fields: Drop-down lists of the filters.
        unknown: Filters of the request with an unknown value.
        without: URL of the list without the unknown filters.
        suggestions: Suggestions on this page.
        found: Number of suggestions that the filters select.
        number: Number of the page.
        first: Position of the first suggestion of the page in the list, from 1.
        pages: Links to the pages of the list.
        previous: URL of the previous page, None if there is none.
        following: URL of the next page, None if there is none.
        is_filtered: True if the request has a filter.
    """

    fields: tuple[FilterField, ...]
    unknown: tuple[UnknownFilter, ...]
    without: str
    suggestions: tuple[SuggestionView, ...]
    found: int
    number: int
    first: int
    pages: tuple[PageLink, ...]
    previous: str | None
    following: str | None
    is_filtered: bool


class SuggestionPagesController(Controller):
    """The route of the page that lists suggestions."""

    path = "/portal/suggestions"
    include_in_schema = False

    @get_page(
        "/",
        operation_id="portal.suggestions",
        access=ANYBODY,
        has_clean_address=True,
        parameters=("kind", "state", "dimension", "page"),
    )
    def list_suggestions(self, request: ApiRequest, database: Database, language: Language) -> Response[bytes]:
        """Show the suggestions with the decisions on them, and how to make a suggestion.

        The list has filters and links to further pages. The page has the status 404 if a filter has an unknown value.
        """
        to = build_links(request)
        names = Names(loader.load_newest(), language)
        listed = _build_list(database, dict(read_parameters(request)), to, names)
        if not listed.unknown and (moved := redirect_to_page(request, listed.number)) is not None:
            return moved
        title = SUGGESTIONS.into(language)
        example = {**_EXAMPLE, "language": language}
        return render_portal_page(
            request,
            "suggestions.html",
            title,
            {
                "list": listed,
                "names": names,
                "base": find_base_url(request),
                "example": json.dumps(example, ensure_ascii=False),
                "kinds": {kind: text.into(language) for kind, text in _KINDS.items()},
                "dimensions": names.map_dimensions(),
                "indicators": _map_indicators(language),
                "languages": {tag: _name_language(tag, language) for tag in _SUGGESTION_LANGUAGES},
                "title_max": schemas.TITLE_MAX,
                "text_max": schemas.TEXT_MAX,
            },
            section="methodology",
            trail=(Crumb(_METHODOLOGIES.into(language), to("methodologies")), Crumb(title)),
            status=404 if listed.unknown else 200,
        )


def describe_suggestions(
    database: Database, filters: SuggestionFilters, language: Language, to: Links, limit: int
) -> list[SuggestionView]:
    """Describe the newest suggestions that the filters select as texts, at most `limit` of them."""
    return [
        describe_suggestion(record, language, to)
        for record in service.list_page(database, filters, PageRange(limit=limit))
    ]


def describe_suggestion(record: SuggestionRecord, language: Language, to: Links) -> SuggestionView:
    """Describe a suggestion as texts in a language.

    Its title, its text and the reasons of decisions stay in the language in which they were written.
    """
    return SuggestionView(
        id=record.id,
        kind=_KINDS[record.kind].into(language),
        title=clean_text(record.title),
        text=clean_text(record.text),
        language=record.language,
        about=_find_target(record, language, to),
        state=_STATES[record.state].into(language),
        day=_format_date(record.created, language),
        decisions=tuple(
            DecisionView(
                state=_STATES[made.decision].into(language),
                reason=clean_text(made.reason),
                language=made.language,
                day=_format_date(made.decided, language),
                methodology=made.methodology,
                href=None if made.methodology is None else to("methodologies", made.methodology),
            )
            # Decisions are stored oldest first; readers want the present state first.
            for made in reversed(record.decisions)
        ),
    )


def _find_target(record: SuggestionRecord, language: Language, to: Links) -> SuggestionTarget | None:
    """Return the indicator, or else the dimension, that a suggestion names; None if it names neither.

    Its name is taken from the active methodology, or from the newest version that has the indicator or dimension.
    """
    named = record.indicator or record.dimension
    if named is None:
        return None
    known = next(
        one
        for one in _list_methodologies()
        if named in {*one.texts[language].indicators, *DIMENSION_BY_INDICATOR.values()}
    )
    sentences = get_sentences(known, language)
    text = sentences.name_indicator(named) if named in DIMENSION_BY_INDICATOR else sentences.name_group(named)
    return SuggestionTarget(text, f"{to('methodologies', known.version)}#{named}")


def _list_methodologies() -> Sequence[loader.Methodology]:
    """List all methodologies: the active version first, then the others from the newest to the oldest."""
    used = loader.load_newest()
    return [
        used,
        *(loader.load_methodology(version) for version in reversed(loader.list_versions()) if version != used.version),
    ]


def _map_indicators(language: Language) -> dict[str, str]:
    """Return the names of the indicators of the active methodology, by id."""
    texts = loader.load_newest().texts[language].indicators
    return {identifier: text.name for identifier, text in texts.items()}


def _name_language(tag: str, language: Language) -> str:
    """Return the name of the language with the tag `tag`, in the language `language`."""
    return str(Locale.parse(tag).get_display_name(LOCALES[language]))


def _format_date(moment: datetime, language: Language) -> str:
    return words.format_day(moment.date(), language)


def _build_list(database: Database, parameters: Mapping[str, str], to: Links, names: Names) -> SuggestionList:
    language = names.language
    options: dict[str, dict[str, str]] = {
        "kind": {kind: text.into(language) for kind, text in _KINDS.items()},
        # A reader of the page sees no suggestion that is undecided.
        "state": {state: text.into(language) for state, text in _STATES.items() if state != "undecided"},
        "dimension": names.map_dimensions(),
    }
    chosen = {name: value for name, known in options.items() if (value := parameters.get(name, "")) in known}
    fields = tuple(
        build_field(name, _LABELS[name].into(language), known, chosen.get(name, ""), _ANY.into(language))
        for name, known in options.items()
    )
    filters = msgspec.convert(chosen, SuggestionFilters)
    found = service.count_suggestions(database, filters)
    last = max(1, -(-found // PER_PAGE))
    number = min(read_page_number(parameters), last)
    records = service.list_page(database, filters, PageRange(offset=PER_PAGE * (number - 1), limit=PER_PAGE))

    def address(page: int) -> str:
        pairs: list[tuple[str, str | int]] = [*chosen.items(), *([("page", page)] if page > 1 else [])]
        return to.add_query(to.build_path("suggestions"), pairs)

    return SuggestionList(
        fields=fields,
        unknown=list_unknown_filters(parameters, options, _LABELS, language),
        without=address(1),
        suggestions=tuple(describe_suggestion(record, language, to) for record in records),
        found=found,
        number=number,
        first=PER_PAGE * (number - 1) + 1,
        pages=tuple(
            PageLink(shown, None if shown in (None, number) else address(shown)) for shown in select_pages(number, last)
        ),
        previous=address(number - 1) if number > 1 else None,
        following=address(number + 1) if number < last else None,
        is_filtered=bool(chosen),
    )
