"""The pages about the methodology versions: an overview, one page for each dimension, sources, rules, changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal, get_args

from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.differences import compare_documents
from actitud_api.engine.methodology.loader import Methodology, UnknownMethodology
from actitud_api.engine.methodology.model import Group, Indicator, IndicatorText
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration import words
from actitud_api.engine.narration.differences import DocumentSide, describe_differences
from actitud_api.engine.narration.indicators import GoalpostText, describe_goalposts, describe_zero_rule
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.resources.methodologies import service
from actitud_api.resources.suggestions.service import SuggestionFilters
from actitud_api.web.portal.layout import Crumb, build_links, render_missing_page, render_portal_page
from actitud_api.web.portal.sources import SourceLink, parse_source
from actitud_api.web.portal.suggestion_routes import describe_suggestions

_METHODOLOGIES: Final = Texts("Metodologías", "Methodologies")
_METHODOLOGY: Final = Texts("Metodología {version}", "Methodology {version}")
_PAGE: Final = Texts("{name} · Metodología {version}", "{name} · Methodology {version}")
MethodologyPart = Literal["changes", "rules", "sources"]
"""A part of a methodology that has a page of its own."""
_PARTS: Final[Mapping[MethodologyPart, Texts]] = {
    "changes": Texts("Qué cambia desde la versión anterior", "What changes since the version before"),
    "rules": Texts("Lo que se comprueba en las respuestas", "What is checked in the answers"),
    "sources": Texts("Fuentes", "Sources"),
}
_SUGGESTIONS_MAX: Final = 5
"""Maximum number of newest suggestions on the page of a methodology version.

The page has a second list, of the suggestions that the version adopted, with a limit of its own.
"""
_ADOPTED_MAX: Final = 100
_UNKNOWN: Final = Texts("No hay ninguna metodología de esa versión.", "There is no methodology of that version.")
_UNKNOWN_DIMENSION: Final = Texts(
    "Esa metodología no tiene una dimensión con ese identificador.", "That methodology has no dimension of that id."
)
_UNKNOWN_PART: Final = Texts("Esa página de la metodología no existe.", "There is no such page of the methodology.")


class IndicatorView(Struct, frozen=True, kw_only=True):
    """An indicator of a methodology, with its texts in one language.

    Attributes:
        indicator: The indicator.
        text: Its texts.
        weight: Its share of the weight of the dimension, as text.
        goalposts: Points of its curve, as text.
        zero: Condition under which it scores 0 by rule, None if there is none.
        windows: Periods that its questions ask about.
        bullets: Points of the article that it measures, as pairs of id and text.
        functions: Functions of a team, named in the article, that it measures, as pairs of id and text.
    """

    indicator: Indicator
    text: IndicatorText
    weight: str
    goalposts: tuple[GoalpostText, ...]
    zero: str | None
    windows: tuple[str, ...]
    bullets: tuple[tuple[str, str], ...]
    functions: tuple[tuple[str, str], ...]


class DimensionView(Struct, frozen=True, kw_only=True):
    """A dimension as text, with its indicators (`measures`).

    `weight` is the share of the dimension in the weight of the index.
    """

    id: str
    name: str
    weight: str
    measures: tuple[IndicatorView, ...]


class LevelView(Struct, frozen=True, kw_only=True):
    """A level as text: its name, its meaning and its conditions.

    `gates` are the conditions for reaching the level. `provisional_unless` is a condition that is checked by review:
    while it is not met, the level is provisional. It is None if the level is never provisional.
    """

    number: int
    name: str
    meaning: str
    gates: tuple[str, ...]
    provisional_unless: str | None


class RuleView(Struct, frozen=True):
    """Validation rules that have the same text and the same severity; `ids` are their ids."""

    text: str
    ids: tuple[str, ...]
    severity: str


class SourceView(Struct, frozen=True, kw_only=True):
    """A source as text: its id, its title, the part that was read, its use in the methodology, and links to it."""

    id: str
    title: str
    read: str
    used_for: str
    link: SourceLink


class MethodologyView(Struct, frozen=True, kw_only=True):
    """A methodology version as text in one language.

    Attributes:
        dimensions: Dimensions with their indicators.
        levels: Levels.
        rules: Validation rules.
        sources: Sources that the version cites.
        before: Id of the preceding version of the same kind, None if there is none. There are two kinds: full versions,
            and versions that only estimate the index of another.
        changes: Differences from the preceding version, one line each, by heading.
    """

    dimensions: tuple[DimensionView, ...]
    levels: tuple[LevelView, ...]
    rules: tuple[RuleView, ...]
    sources: tuple[SourceView, ...]
    before: str | None
    changes: dict[str, list[str]]


class MethodologyPagesController(Controller):
    """Routes of the pages about methodology versions."""

    path = "/portal/methodologies"
    include_in_schema = False

    @get_page("/", operation_id="portal.methodologies", access=ANYBODY, has_clean_address=True)
    def list_methodologies(self, request: ApiRequest, language: Language) -> Response[bytes]:
        """Show all methodology versions, newest first."""
        found = [
            (methodology, len(list(walk_indicators(methodology.document.root))), methodology.texts[language].title)
            for methodology in reversed(service.list_methodologies(after=None))
        ]
        title = _METHODOLOGIES.into(language)
        return render_portal_page(
            request, "methodologies.html", title, {"found": found}, section="methodology", trail=(Crumb(title),)
        )

    @get_page("/{version:str}", operation_id="portal.methodology", access=ANYBODY, has_clean_address=True)
    def show_methodology(
        self, request: ApiRequest, version: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show the overview of a methodology version: its dimensions and indicators, its levels, its principles.

        For an unknown version, show the 404 page.
        """
        try:
            methodology = service.get_methodology(version)
        except UnknownMethodology:
            return render_missing_page(request, database, _UNKNOWN)
        to = build_links(request)
        adopted = SuggestionFilters(state="accepted", methodology=methodology.version)
        return _render_methodology(
            request,
            methodology,
            "methodology.html",
            {
                "taken": describe_suggestions(database, adopted, language, to, _ADOPTED_MAX),
                "proposed": describe_suggestions(database, SuggestionFilters(), language, to, _SUGGESTIONS_MAX),
            },
            language,
        )

    @get_page(
        "/{version:str}/dimensions/{dimension:str}",
        operation_id="portal.methodology_dimension",
        access=ANYBODY,
        has_clean_address=True,
    )
    def show_dimension(
        self,
        request: ApiRequest,
        version: FromPath[str],
        dimension: FromPath[str],
        database: Database,
        language: Language,
    ) -> Response[bytes]:
        """Show a dimension of a methodology version: its indicators with questions, goalposts and rules.

        For an unknown version or dimension, show the 404 page.
        """
        try:
            methodology = service.get_methodology(version)
        except UnknownMethodology:
            return render_missing_page(request, database, _UNKNOWN)
        dimensions = describe_methodology(methodology.version, language).dimensions
        ids = [one.id for one in dimensions]
        if dimension not in ids:
            return render_missing_page(
                request, database, _UNKNOWN_DIMENSION, instead=(_build_crumb(request, methodology, language),)
            )
        position = ids.index(dimension)
        shown = dimensions[position]
        return _render_methodology(
            request,
            methodology,
            "methodology_dimension.html",
            {
                "dimension": shown,
                "previous": dimensions[position - 1] if position else None,
                "following": dimensions[position + 1] if position + 1 < len(dimensions) else None,
            },
            language,
            page=shown.name,
        )

    @get_page(
        "/{version:str}/{part:str}", operation_id="portal.methodology_part", access=ANYBODY, has_clean_address=True
    )
    def show_part(
        self, request: ApiRequest, version: FromPath[str], part: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show a part of a methodology version: its sources, its validation rules, or its changes.

        For an unknown version or part, and for the changes of the first version, show the 404 page.
        """
        try:
            methodology = service.get_methodology(version)
        except UnknownMethodology:
            return render_missing_page(request, database, _UNKNOWN)
        known = next((one for one in get_args(MethodologyPart) if one == part), None)
        is_first = describe_methodology(methodology.version, language).before is None
        if known is None or (known == "changes" and is_first):
            return render_missing_page(
                request, database, _UNKNOWN_PART, instead=(_build_crumb(request, methodology, language),)
            )
        title = _PARTS[known].into(language)
        return _render_methodology(
            request, methodology, f"methodology_{known}.html", {"heading": title}, language, page=title
        )


def _render_methodology(
    request: ApiRequest,
    methodology: Methodology,
    template: str,
    values: Mapping[str, object],
    language: Language,
    *,
    page: str | None = None,
) -> Response[bytes]:
    """Render a page of a methodology version; `page` is the title of a page below the overview, None for the latter."""
    version = methodology.version
    overview = _build_crumb(request, methodology, language)
    below = (overview, Crumb(page)) if page is not None else (Crumb(overview.title),)
    title = overview.title if page is None else _PAGE.into(language).format(name=page, version=version)
    return render_portal_page(
        request,
        template,
        title,
        {
            "methodology": methodology,
            "document": methodology.document,
            "texts": methodology.texts[language],
            "shown": describe_methodology(version, language),
            **values,
        },
        section="methodology",
        trail=(Crumb(_METHODOLOGIES.into(language), build_links(request)("methodologies")), *below),
    )


def _build_crumb(request: ApiRequest, methodology: Methodology, language: Language) -> Crumb:
    """Return the link to the overview of a methodology version."""
    title = _METHODOLOGY.into(language).format(version=methodology.version)
    return Crumb(title, build_links(request)("methodologies", methodology.version))


@lru_cache(maxsize=32)
def describe_methodology(version: str, language: Language) -> MethodologyView:
    """Describe a methodology version in a language; the result is cached for the life of the process."""
    methodology = service.get_methodology(version)
    document, texts, sentences = methodology.document, methodology.texts[language], get_sentences(methodology, language)
    before, changes = _describe_changes(methodology, language)
    total = sum(child.weight for child in document.root.children)
    return MethodologyView(
        dimensions=tuple(
            DimensionView(
                id=child.id,
                name=texts.groups[child.id].name,
                weight=words.format_share(round(child.weight / total, 4), language),
                measures=_describe_indicators(methodology, child, language),
            )
            for child in document.root.children
            if isinstance(child, Group)
        ),
        levels=tuple(
            LevelView(
                number=level.number,
                name=texts.levels[str(level.number)].name,
                meaning=texts.levels[str(level.number)].meaning,
                gates=tuple(sentences.describe_gate_requirement(gate.id) for gate in level.gates),
                provisional_unless=texts.levels[str(level.number)].provisional_unless,
            )
            for level in document.levels
        ),
        rules=_list_rules(methodology, language),
        sources=tuple(
            SourceView(
                id=identifier,
                title=source.title,
                read=texts.sources[identifier].read,
                used_for=texts.sources[identifier].used_for,
                link=parse_source(source.where),
            )
            for identifier, source in document.sources.items()
        ),
        before=before,
        changes=changes,
    )


def _describe_indicators(methodology: Methodology, dimension: Group, language: Language) -> tuple[IndicatorView, ...]:
    texts = methodology.texts[language]
    known = list(walk_indicators(dimension))
    whole = sum(one.weight for one in known)
    return tuple(
        IndicatorView(
            indicator=one,
            text=texts.indicators[one.id],
            weight=words.format_share(round(one.weight / whole, 4), language),
            goalposts=tuple(describe_goalposts(one, texts)),
            zero=describe_zero_rule(one, texts),
            windows=tuple(texts.windows[window] for window in one.windows),
            bullets=tuple((bullet, texts.article.bullets[bullet]) for bullet in one.bullets),
            functions=tuple((function, texts.article.functions[function]) for function in one.functions),
        )
        for one in known
    )


def _list_rules(methodology: Methodology, language: Language) -> tuple[RuleView, ...]:
    """List the validation rules, grouped by text, because rules for several indicators share one text."""
    texts = methodology.texts[language].rules
    found: dict[tuple[str, str], list[str]] = {}
    for rule in methodology.document.rules:
        found.setdefault((texts[rule.id], rule.severity), []).append(rule.id)
    return tuple(RuleView(text, tuple(ids), severity) for (text, severity), ids in found.items())


def _describe_changes(methodology: Methodology, language: Language) -> tuple[str | None, dict[str, list[str]]]:
    """Return the id of the preceding version, and the differences from it in lines by heading.

    Versions that only estimate an index, and those that rank, precede only their like: a short form asks part of
    another version, and lines about all that it leaves out say nothing. The id is None and there are no differences
    if this version is the first of its standing.
    """
    known = [
        one for one in service.list_methodologies(after=None) if one.document.standing == methodology.document.standing
    ]
    position = [one.version for one in known].index(methodology.version)
    if not position:
        return None, {}
    before = known[position - 1]
    texts_before, texts_after = before.texts[language], methodology.texts[language]
    found = compare_documents(before.document, methodology.document, {language: texts_before}, {language: texts_after})
    sides = DocumentSide(before.document, texts_before), DocumentSide(methodology.document, texts_after)
    return before.version, describe_differences(found, *sides, language)
