"""The page of the embed builder: users choose a form of a score, preview it, and copy its HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from litestar import Controller, Response
from markupsafe import Markup
from msgspec import Struct, structs

from actitud_api.engine.i18n import PAGE_LANGUAGES, Language, Texts, name
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest, choose_page_language, find_base_url, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST, UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.territories import TERRITORIES
from actitud_api.resources.scores import comparison
from actitud_api.resources.scores.service import RankingRow, ScoreFilters, UnknownScore
from actitud_api.resources.scores.territories import build_territory_filters
from actitud_api.web.embeds import element, snippets
from actitud_api.web.embeds import service as embeds
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.oembed import HEIGHT
from actitud_api.web.embeds.pictures import CARD_WIDTH, THEMES, Theme
from actitud_api.web.embeds.rankings import RANKED_MAX, RankingEmbed, build_ranking
from actitud_api.web.embeds.routes import TABLE, FormContext
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.snippets import Form, RankingForm, Snippet
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.embeds.texts import EmbedTexts
from actitud_api.web.portal.filters import QUERY_MAX, RESULTS_MAX
from actitud_api.web.portal.layout import (
    Crumb,
    build_links,
    list_published_editions,
    render_portal_page,
    select_edition_title,
)

_EMBED: Final = Texts("Insertar una puntuación", "Embed a score")
_LATEST: Final = Texts("Siempre la última publicada", "Always the latest published")
_WHOLE: Final = Texts("Toda la edición", "The whole edition")
_LEVELS: Final[Mapping[str, Texts]] = {
    "region": Texts("Comunidades y ciudades autónomas", "Autonomous communities and cities"),
    "province": Texts("Provincias", "Provinces"),
}
_UNKNOWN_TERRITORY: Final = Texts(
    "En esa edición no hay ninguna organización de ese territorio, o el territorio no existe.",
    "That edition has no organisation in that territory, or there is no such territory.",
)
_FORMS: Final[Mapping[Form | RankingForm, Texts]] = {
    "badge": Texts("Distintivo: una línea, como imagen", "Badge: one line, as an image"),
    "card": Texts("Tarjeta con las diez dimensiones, como imagen", "Card with the ten dimensions, as an image"),
    "frame": Texts("Marco (iframe)", "Frame (iframe)"),
    "element": Texts("Componente web, con un script", "Web component, with a script"),
    "table": Texts("Tabla de HTML, sin imágenes ni scripts", "Table of HTML, without images or scripts"),
    "oembed": Texts("WordPress y otros que conocen oEmbed", "WordPress and others that know oEmbed"),
    "ranking": Texts("Clasificación de un territorio, como imagen", "Ranking of a territory, as an image"),
    "ranking_table": Texts(
        "Clasificación de un territorio, como tabla de HTML", "Ranking of a territory, as a table of HTML"
    ),
}
_THEMES: Final[Mapping[Theme, Texts]] = {
    "light": Texts("Claro", "Light"),
    "dark": Texts("Oscuro", "Dark"),
    "auto": Texts("Según la página o el dispositivo", "As the page or the device has it"),
}
T = TypeVar("T", bound=str)


class EmbedChoice(Struct, frozen=True, kw_only=True):
    """The choices that a user made in the embed builder.

    Attributes:
        edition: Id of the edition as requested, so it may be `latest`.
        organisation: Id of the organisation, empty if none is chosen.
        territory: Id of the territory, empty for the whole edition.
        form: Kind of embed, such as a badge. One of `snippets.RANKING_FORMS` is about a territory.
        language: Language of the embed.
        theme: Colours of the embed.
        query: Words of the search for an organisation, empty without a search.
    """

    edition: str
    organisation: str
    territory: str
    form: Form | RankingForm
    language: Language
    theme: Theme
    query: str


class EmbedPreview(Struct, frozen=True, kw_only=True):
    """The preview of the chosen form of a score, and the HTML to copy.

    Attributes:
        texts: Texts of the score.
        addresses: Relative URLs of the forms.
        snippet: HTML to copy; None if the chosen form is about a territory.
        fragment: The score as an HTML table.
        script: URL of the custom element's script.
        integrity: Hash of this script.
    """

    texts: EmbedTexts
    addresses: Addresses
    snippet: Snippet | None
    fragment: Markup
    script: str
    integrity: str


class RankingPreview(Struct, frozen=True, kw_only=True):
    """The preview of the ranking of a territory, with relative URLs, and the HTML to copy.

    `is_cut` is True if the territory has more organisations than the ranking.
    """

    shown: RankingEmbed
    snippet: Snippet
    is_cut: bool


class EmbedResult(Struct, frozen=True, kw_only=True):
    """The result of the choices that a user made in the embed builder.

    Attributes:
        choice: The choices.
        edition: The edition, None if it does not exist or is not published.
        standing: Score of the chosen organisation, None if no organisation is chosen or the chosen one has no score.
        ranked: Scores in the ranking of the chosen territory, best first, one more than a ranking has if there are so
            many; empty if the chosen form is about an organisation.
        matches: Organisations that the search found, if there are several, or if they only have similar names.
        is_similar: True if `matches` only have similar names.
        problem: Reason why there is nothing to embed (no such edition, score or territory), else None.
    """

    choice: EmbedChoice
    edition: editions.EditionRecord | None = None
    standing: EmbedStanding | None = None
    ranked: tuple[EmbedStanding, ...] = ()
    matches: tuple[RankingRow, ...] = ()
    is_similar: bool = False
    problem: Texts | None = None


class EmbedPageController(Controller):
    """The route of the embed builder, the page that makes the HTML to embed a score."""

    path = "/portal/embed"
    include_in_schema = False

    @get_page(
        "/",
        operation_id="portal.embed",
        access=ANYBODY,
        has_clean_address=True,
        parameters=("edition", "organisation", "territory", "form", "language", "theme", "q"),
    )
    def build(self, request: ApiRequest, database: Database, language: Language) -> Response[bytes]:
        """Show the embed builder, in which users choose a form of a score or ranking, preview it, and copy its HTML."""
        built = _resolve_choice(
            database, _read_choice(read_parameters(request), choose_page_language(request.scope, "es"))
        )
        title = _EMBED.into(language)
        return render_portal_page(
            request,
            "embed.html",
            title,
            _build_view(request, database, built, language),
            section="embed",
            edition=None if built.choice.edition == LATEST else built.edition,
            trail=(Crumb(title),),
            status=200 if built.problem is None else 404,
            frames=True,
        )


def _resolve_choice(database: Database, choice: EmbedChoice) -> EmbedResult:
    """Load the edition, the score and the search results that a choice asks for.

    If the search finds exactly one organisation, this organisation becomes the chosen one.
    """
    try:
        edition = editions.get_published(database, choice.edition).record
    except UnknownEdition:
        return EmbedResult(choice=choice, problem=embed_texts.UNKNOWN_EDITION)
    matches = (
        tuple(comparison.find_organisations(database, edition.id, choice.query, limit=RESULTS_MAX + 1))
        if choice.query
        else ()
    )
    is_similar = bool(matches) and not organisations.has_exact_match(database, choice.query)
    if len(matches) == 1 and not is_similar:
        choice, matches = _choose_organisation(choice, matches[0].organisation), ()
    standing, problem = None, None
    if choice.organisation:
        try:
            standing = embeds.find_named_standing(database, choice.edition, choice.organisation)
        except UnknownScore:
            problem = embed_texts.UNKNOWN_SCORE
    ranked: tuple[EmbedStanding, ...] = ()
    if choice.form in snippets.RANKING_FORMS:
        ranked = _list_ranked(database, edition, choice.territory)
        problem = problem if ranked else _UNKNOWN_TERRITORY
    return EmbedResult(
        choice=choice,
        edition=edition,
        standing=standing,
        ranked=ranked,
        matches=matches,
        is_similar=is_similar,
        problem=problem,
    )


def _list_ranked(database: Database, edition: editions.EditionRecord, territory: str) -> tuple[EmbedStanding, ...]:
    """List the scores of a territory, best first: one more than a ranking has, if there are so many.

    `territory` is an id, or empty for the whole edition. The result is empty if there is no such territory, or if no
    organisation of the edition is in it.
    """
    known = TERRITORIES.get(territory)
    if territory and known is None:
        return ()
    filters = ScoreFilters() if known is None else build_territory_filters(known)
    return tuple(embeds.list_standings(database, edition, filters, limit=RANKED_MAX + 1))


def _build_view(request: ApiRequest, database: Database, built: EmbedResult, language: Language) -> dict[str, object]:
    """Build the values from which the template renders the embed builder."""
    choice, to = built.choice, build_links(request)
    return {
        "choice": choice,
        "problem": None if built.problem is None else built.problem.into(language),
        "preview": None if built.standing is None else _build_preview(request, choice, built.standing),
        "ranking": _build_ranking_preview(request, choice, built.ranked) if built.ranked else None,
        "ranked_max": RANKED_MAX,
        "whole": _WHOLE.into(language),
        "territories": [
            (text.into(language), [one for one in TERRITORIES.values() if one.level == level])
            for level, text in _LEVELS.items()
        ],
        "matches": [
            (match, to("embed", **_build_query(_choose_organisation(choice, match.organisation))))
            for match in built.matches[:RESULTS_MAX]
        ],
        "is_similar": built.is_similar,
        "more": len(built.matches) > RESULTS_MAX,
        "nothing": bool(choice.query) and not built.matches and built.problem is None,
        "editions": [
            (LATEST, _LATEST.into(language)),
            *((one.record.id, select_edition_title(one.record, language)) for one in list_published_editions(database)),
        ],
        "forms": [(form, text.into(language)) for form, text in _FORMS.items()],
        "languages": [(known, name(known)) for known in PAGE_LANGUAGES],
        "themes": [(theme, text.into(language)) for theme, text in _THEMES.items()],
        "query_max": QUERY_MAX,
        "card_width": CARD_WIDTH,
        "height": HEIGHT,
        "host_script": snippets.HOST_SCRIPT,
    }


def _read_choice(pairs: Sequence[tuple[str, str]], language: Language) -> EmbedChoice:
    """Read the choices from the query parameters; an unknown value is replaced by the default."""
    # PostgreSQL takes no text with a NUL.
    parameters = {name: clean_text(value) for name, value in pairs}
    return EmbedChoice(
        edition=parameters.get("edition") or LATEST,
        organisation=parameters.get("organisation", ""),
        territory=parameters.get("territory", ""),
        form=_select_known(tuple(_FORMS), parameters.get("form"), "badge"),
        language=_select_known(PAGE_LANGUAGES, parameters.get("language"), language),
        theme=_select_known(THEMES, parameters.get("theme"), "light"),
        query=parameters.get("q", "")[:QUERY_MAX],
    )


def _select_known(known: Sequence[T], requested: str | None, default: T) -> T:
    return next((value for value in known if value == requested), default)


def _choose_organisation(choice: EmbedChoice, organisation: str) -> EmbedChoice:
    """Return the same choices with another organisation and without the search."""
    return structs.replace(choice, organisation=organisation, query="")


def _build_query(choice: EmbedChoice) -> dict[str, str]:
    """Return the choices as query parameters of the embed builder."""
    query = {
        "edition": choice.edition,
        "organisation": choice.organisation,
        "territory": choice.territory,
        "form": choice.form,
        "language": choice.language,
        "theme": choice.theme,
    }
    return {name: value for name, value in query.items() if value}


def _build_preview(request: ApiRequest, choice: EmbedChoice, standing: EmbedStanding) -> EmbedPreview:
    """Build the preview and the HTML to copy, in the language that the user chose for the embed."""
    parts = (choice.edition, standing.organisation, choice.language, choice.theme)
    addresses = Addresses(find_base_url(request), *parts)
    shown = embed_texts.describe_standing(standing, choice.language, addresses.explanation)
    # A copied table stays as it is, and so does what it leads to.
    dated = Addresses(find_base_url(request), standing.edition, *parts[1:])
    of_edition = embed_texts.describe_standing(standing, choice.language, dated.explanation)
    fragment = TABLE.render(FormContext(of_edition, dated, choice.theme)).decode()
    known = [
        *snippets.list_snippets(shown, addresses),
        snippets.build_table_snippet(fragment.strip()),
        snippets.build_oembed_snippet(addresses),
    ]
    snippet = next((one for one in known if one.form == choice.form), None)
    script = element.build_manifest("")
    return EmbedPreview(
        texts=shown,
        addresses=Addresses("", *parts),
        snippet=snippet,
        # It comes from a template that escapes whatever it is filled with.
        fragment=Markup(fragment),
        script=script.url,
        integrity=script.integrity,
    )


def _build_ranking_preview(request: ApiRequest, choice: EmbedChoice, ranked: Sequence[EmbedStanding]) -> RankingPreview:
    """Build the preview of the ranking of a territory and the HTML to copy, in the language of the embed.

    `ranked` are its scores, one more than a ranking has if there are so many.
    """
    base, territory, standings = find_base_url(request), TERRITORIES.get(choice.territory), ranked[:RANKED_MAX]
    to_copy = build_ranking(standings, territory, base, choice.edition, choice.language)
    (snippet,) = [one for one in snippets.list_ranking_snippets(to_copy, base) if one.form == choice.form]
    return RankingPreview(
        shown=build_ranking(standings, territory, "", choice.edition, choice.language),
        snippet=snippet,
        is_cut=len(ranked) > RANKED_MAX,
    )
