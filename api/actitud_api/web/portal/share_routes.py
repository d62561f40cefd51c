"""Routes of the preview pictures of pages whose links are shared (PNG, 1200 × 630 pixels).

The parameter `lang` sets the language; without it, the language is Spanish. The request's own language is not used,
because a program of a social network fetches the picture, not its readers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from litestar import Controller, Response
from litestar.params import FromPath

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.ranking import RANKED
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.representations import REVALIDATE, SHARED, conditional
from actitud_api.platform.http.scope import ApiRequest, Moved, redirect
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.service import IdentifierIsAlias
from actitud_api.resources.scores import comparison, comparison_schemas, territories
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import EditionScore, UnknownScore
from actitud_api.resources.scores.territories import UnknownTerritory
from actitud_api.web.charts import share_pictures
from actitud_api.web.charts.share_pictures import LevelCount, OrganisationCard, OverviewCard
from actitud_api.web.charts.tiles import classify
from actitud_api.web.embeds import service as embeds
from actitud_api.web.embeds.texts import capitalise, describe_standing
from actitud_api.web.portal import findings
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.layout import read_file_language, select_edition_title
from actitud_api.web.portal.routes import describe_kind_and_place
from actitud_api.web.portal.sharing import SITE_DESCRIPTION
from actitud_api.web.portal.verdict import write_verdict

PNG: Final = "image/png"

_QUESTION: Final = Texts(
    "¿Cuánto le falta a su administración para conversar?", "How far is your administration from a conversation?"
)
_SIMULATED: Final = Texts("Datos inventados para la demostración", "Data invented for the demonstration")
_COUNTED_ONE: Final = Texts("1 organización", "1 organisation")
_COUNTED: Final = Texts("{count} organizaciones", "{count} organisations")
_DATED: Final = Texts("{counted}, a {day}", "{counted}, as of {day}")
_MEDIAN: Final = Texts("{counted} · mediana: {median} de {full}", "{counted} · median: {median} of {full}")


class ShareController(Controller):
    """Routes of the preview pictures for shared links."""

    path = "/"
    include_in_schema = False

    @get_page("/share.png", operation_id="share.site", access=ANYBODY, by_language=False, is_constant=True)
    def show_site(self, request: ApiRequest) -> LargeResponse:
        """Show the preview picture of pages that belong to no edition."""
        language = read_file_language(request)

        def draw() -> bytes:
            return share_pictures.render_site(_QUESTION.into(language), SITE_DESCRIPTION.into(language), language)

        return _answer(request, draw, language, REVALIDATE)

    @get_page("/share/{name:str}", operation_id="share.edition", access=ANYBODY, by_language=False)
    def show_edition(self, request: ApiRequest, name: FromPath[str], database: Database) -> LargeResponse:
        """Show the preview picture of a published edition; respond with 404 if there is no such edition."""
        edition, language = _read_name(name), read_file_language(request)
        return _answer(request, lambda: _draw_edition(database, edition, language), language, SHARED)

    @get_page(
        "/share/{edition:str}/territories/{name:str}", operation_id="share.territory", access=ANYBODY, by_language=False
    )
    def show_territory(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        name: FromPath[str],
        database: Database,
        computed: ComputationCache,
    ) -> LargeResponse:
        """Show the preview picture of a territory in a published edition.

        Respond with 404 if the edition is not published or has no such territory.
        """
        territory, language = _read_name(name), read_file_language(request)

        def draw() -> bytes:
            return _draw_territory(database, computed, edition, territory, language)

        return _answer(request, draw, language, SHARED)

    @get_page("/share/{edition:str}/{name:str}", operation_id="share.organisation", access=ANYBODY, by_language=False)
    def show_organisation(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        name: FromPath[str],
        database: Database,
        computed: ComputationCache,
    ) -> LargeResponse | Response[bytes]:
        """Show the preview picture of an organisation in a published edition; respond with 404 if there is no score."""
        organisation, language = _read_name(name), read_file_language(request)
        try:
            standing = embeds.find_standing(database, edition, organisation)
            sent = scores.get_edition_score(database, standing.edition, organisation)
        except (UnknownEdition, UnknownScore):
            raise ProblemError(NOT_FOUND, NOT_FOUND.description) from None
        except IdentifierIsAlias as alias:
            return redirect(request.scope, Moved("name", f"{alias.organisation}.png"))

        def draw() -> bytes:
            return _draw_organisation(database, computed, standing, sent, language)

        return _answer(request, draw, language, SHARED)


def _answer(request: ApiRequest, draw: Callable[[], bytes], language: Language, cache: str) -> LargeResponse:
    """Return the response with a picture. Drawing it takes 0.1 s of processor time, so only few are drawn at a time."""

    def make() -> Response[bytes]:
        try:
            body = draw()
        except (UnknownEdition, UnknownTerritory):
            raise ProblemError(NOT_FOUND, NOT_FOUND.description) from None
        return conditional(request, body, {"Cache-Control": cache, "Content-Language": language}, PNG)

    return LargeResponse(make)


def _draw_edition(database: Database, edition: str, language: Language) -> bytes:
    found = territories.list_territories(database, edition)
    figures = FigureFormatter(load_methodology(found.edition.methodology), language)
    of = len(figures.list_levels())
    medians = {
        one.territory.code: one.index.median
        for one in found.territories
        if one.territory is not None and one.territory.level == "province" and one.index is not None
    }
    card = OverviewCard(
        title=select_edition_title(found.edition, language),
        about=_DATED.into(language).format(
            counted=_count_organisations(found.whole.organisations, figures),
            day=figures.format_date(found.edition.period_to),
        ),
        edition="",
        finding=findings.describe_levels(found.whole.levels, of, language),
        levels=_count_levels(found.whole.levels, figures),
        of=of,
        steps=classify({code: figures.round_units(median) for code, median in medians.items()}),
        remark=_SIMULATED.into(language) if found.edition.simulated else None,
    )
    return share_pictures.render_overview(card, language)


def _draw_territory(
    database: Database, computed: ComputationCache, edition: str, territory: str, language: Language
) -> bytes:
    profile = territories.get_territory(database, computed, edition, territory)
    methodology = load_methodology(profile.edition.methodology)
    figures = FigureFormatter(methodology, language)
    summary, of = profile.summary, len(figures.list_levels())
    about = _count_organisations(summary.organisations, figures)
    if summary.index is not None:
        median = figures.format_whole(figures.to_points(summary.index.median))
        full = methodology.document.root.range.maximum
        about = _MEDIAN.into(language).format(counted=about, median=median, full=full)
    card = OverviewCard(
        title=profile.territory.name,
        about=about,
        edition=select_edition_title(profile.edition, language),
        finding=findings.describe_levels(summary.levels, of, language),
        levels=_count_levels(summary.levels, figures),
        of=of,
        steps={},
        remark=_SIMULATED.into(language) if profile.edition.simulated else None,
    )
    return share_pictures.render_overview(card, language)


def _draw_organisation(
    database: Database,
    computed: ComputationCache,
    standing: embeds.EmbedStanding,
    sent: EditionScore,
    language: Language,
) -> bytes:
    methodology, score = scores.get_explained_score(sent)
    narrated = narrate(score, methodology, language, result_digest=sent.result_digest)
    figures = FigureFormatter(methodology, language)
    edition = embeds.find_edition(database, standing.edition)
    registered = organisations.get(database, standing.organisation)
    shown = describe_standing(standing, language, "")
    beside = comparison.find_peers(database, computed, standing.edition, standing.organisation, principal=None)
    verdict = write_verdict(
        narrated, sent.submission.profile, comparison_schemas.build_peers(beside, language), methodology, language
    )
    is_shown = narrated.index is not None and narrated.status in RANKED
    level = None
    if narrated.level is not None and narrated.level_details.name is not None:
        # Some names have an explanation in brackets, for which there is no room.
        short = narrated.level_details.name.partition(" (")[0]
        level = (narrated.level, len(figures.list_levels()), short)
    card = OrganisationCard(
        name=shown.name,
        identifier=standing.organisation,
        about=describe_kind_and_place(registered, figures),
        edition=select_edition_title(edition, language),
        figure=figures.format_whole(narrated.index) if is_shown else capitalise(shown.score),
        full=shown.full if is_shown else None,
        share=narrated.index / methodology.document.root.range.maximum
        if is_shown and narrated.index is not None
        else None,
        level=level,
        sentences=(capitalise(verdict.headline), *verdict.sentences[:1]),
        remark=capitalise(shown.remarks[0]) if shown.remarks else None,
    )
    return share_pictures.render_organisation(card, language)


def _count_organisations(count: int, figures: FigureFormatter) -> str:
    text = _COUNTED_ONE if count == 1 else _COUNTED
    return text.into(figures.language).format(count=figures.format_count(count))


def _count_levels(levels: dict[int | None, int], figures: FigureFormatter) -> list[LevelCount]:
    numbers: list[int | None] = [*figures.list_levels(), None]
    return [
        LevelCount(level=number, count=levels.get(number, 0), text=figures.format_count(levels.get(number, 0)))
        for number in numbers
    ]


def _read_name(name: str) -> str:
    """Return the name of a picture without its suffix.

    Raises:
        ProblemError: 404 if it is no PNG file.
    """
    stem = name.removesuffix(".png")
    if stem == name:
        raise ProblemError(NOT_FOUND, NOT_FOUND.description)
    return stem
