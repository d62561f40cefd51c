"""Routes of the home page, the page of an edition with its ranking, and the page of an organisation."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Controller, Response
from litestar.params import FromPath

from actitud_api.engine.i18n import Language, choose_whole_language, nearest_language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.narration import words
from actitud_api.engine.narration.narrated import narrate
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import (
    ApiRequest,
    choose_page_language,
    find_base_url,
    mark_incomplete,
    read_parameters,
)
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import LATEST, UnknownEdition
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.service import UnknownOrganisation
from actitud_api.resources.publications import service as publications
from actitud_api.resources.scores import schemas
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import UnknownScore
from actitud_api.web.downloads import service as exports
from actitud_api.web.downloads.dataset import build_dataset, escape_json_ld
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.embeds import service
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.embeds.addresses import Addresses, format_link_header
from actitud_api.web.embeds.snippets import list_snippets
from actitud_api.web.feeds.addresses import FeedScope
from actitud_api.web.portal.chart_links import list_takings
from actitud_api.web.portal.citations import CitationWriter
from actitud_api.web.portal.corrections import (
    EditionCorrection,
    describe_edition_corrections,
    list_edition_corrections,
)
from actitud_api.web.portal.edition_charts import draw_level_shares
from actitud_api.web.portal.filters import redirect_to_page
from actitud_api.web.portal.findings import describe_levels
from actitud_api.web.portal.layout import (
    SITE,
    Crumb,
    build_edition_crumb,
    build_links,
    choose_segment,
    is_preparing,
    list_published_editions,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.names import Names, name_territory
from actitud_api.web.portal.ranking import build_ranking_page
from actitud_api.web.portal.sharing import Sharing, share_edition
from actitud_api.web.portal.sheet import HISTORY_MAX, describe_organisation, describe_review
from actitud_api.web.portal.short_form import find_short_form
from actitud_api.web.portal.unpublished_editions import list_unpublished_editions, render_unpublished_edition


class PortalController(Controller):
    """Routes of the pages about published scores. The pages work without scripts."""

    path = "/portal"
    include_in_schema = False

    @get_page("/", operation_id="portal.index", access=ANYBODY, has_clean_address=True)
    def index(self, request: ApiRequest, database: Database) -> Response[bytes]:
        """Show the home page: a description of the index, the published and the next editions, and the search."""
        published = list_published_editions(database)
        language = choose_page_language(request.scope, "es")
        values = {
            "published": published,
            "preparing": not published and is_preparing(request),
            "next_editions": list_unpublished_editions(database, language),
            "title_of": select_edition_title,
            "title_language": lambda edition: nearest_language(edition.titles, language),
            "day": words.format_day,
            "number": words.format_number,
            "version": loader.load_newest().version,
            "questionnaire": find_short_form(loader.load_newest().version) or loader.load_newest().version,
            "indicators": len(list(walk_indicators(loader.load_newest().document.root))),
        }
        return render_portal_page(request, "index.html", SITE, values, translated="page")

    @get_page(
        "/{edition:str}",
        operation_id="portal.edition",
        access=ANYBODY,
        has_clean_address=True,
        parameters=("q", "kind", "region", "province", "band", "level", "status", "sort", "marked", "page"),
    )
    def edition(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        database: Database,
        computed: ComputationCache,
        publisher: Publisher,
    ) -> Response[bytes]:
        """Show the page of an edition: its ranking, and the distribution of the index.

        If the edition is not published yet, show its days in place of results; if it does not exist, show the 404 page.
        If a filter has an unknown value, the list is shown without this filter, with the status 404.
        """
        try:
            record = editions.get(database, edition).record
        except UnknownEdition:
            return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
        if record.state != "published":
            return render_unpublished_edition(request, database, record)
        language = choose_page_language(request.scope, "es")
        names = Names(loader.load_methodology(record.methodology), language)
        to, segment = build_links(request), choose_segment(request, record)
        listed = build_ranking_page(database, computed, record, read_parameters(request), to, language, segment=segment)
        if not listed.unknown and (moved := redirect_to_page(request, listed.number)) is not None:
            return moved
        if listed.awaits_intervals:
            mark_incomplete(request.scope)
        latest = editions.get_published(database, LATEST).record
        source = exports.load_source(database, record.id)
        described = corrected = citation = None
        corrections: tuple[EditionCorrection, ...] = ()
        if source.published is not None:
            corrected = describe_edition_corrections(source.published, choose_whole_language(language))
            if corrected is not None:
                corrections = list_edition_corrections(database, record, choose_whole_language(language))
            described = escape_json_ld(
                build_dataset(
                    source, source.published, find_base_url(request), publisher, choose_whole_language(language)
                )
            )
            citation = CitationWriter(
                edition=record,
                published=source.published,
                publisher=publisher,
                names=names,
                base=find_base_url(request),
            ).cite_edition()
        return render_portal_page(
            request,
            "edition.html",
            select_edition_title(record, language),
            {
                "list": listed,
                "names": names,
                "dataset": described,
                "citation": citation,
                "corrected": corrected,
                "corrections": corrections,
                "corrected_language": choose_whole_language(language),
                "newer": None if latest.id == record.id else latest,
                "figure": lambda units: names.format_points(schemas.to_points(units, names.decimals)),
                "shares": draw_level_shares(listed.summary.levels, names),
                "takings": list_takings(to, [record.id], language) if not listed.request.is_filtered else None,
            },
            section="edition",
            edition=record,
            sharing=share_edition(record, describe_levels(listed.summary.levels, len(names.list_levels()), language)),
            trail=(build_edition_crumb(record, language),),
            status=404 if listed.unknown else 200,
            translated="page",
        )

    @get_page(
        "/{edition:str}/{organisation:str}", operation_id="portal.organisation", access=ANYBODY, has_clean_address=True
    )
    def organisation(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        organisation: FromPath[str],
        database: Database,
        computed: ComputationCache,
        publisher: Publisher,
        language: Language,
    ) -> Response[bytes]:
        """Show the page of an organisation in an edition, which explains every point of its score.

        If there is no published score, show the 404 page, with links to the scores of the organisation in other
        editions. If the edition is not published yet, show its days in place of results, with the status 404.
        """
        try:
            standing = service.find_standing(database, edition, organisation)
            sent = scores.get_edition_score(database, standing.edition, organisation)
        except UnknownEdition:
            return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
        except UnknownScore as error:
            return render_unscored_page(request, database, error)
        record = service.find_edition(database, standing.edition)
        registered = organisations.get(database, standing.organisation)
        methodology, score = scores.get_explained_score(sent)
        lead_language = choose_page_language(request.scope, "es")
        names, lead = Names(methodology, language), Names(methodology, lead_language)
        narrated = narrate(score, methodology, language, result_digest=sent.result_digest)
        addresses = Addresses(find_base_url(request), standing.edition, standing.organisation, lead_language)
        shown = embed_texts.describe_standing(standing, lead_language, addresses.explanation)
        view = describe_organisation(database, computed, record, sent, narrated, names, lead)
        if view.rank is not None and view.rank.text is None:
            mark_incomplete(request.scope)
        contact = registered.contact
        citation = None
        if sent.document is not None:
            published = publications.get(database, record.id, publications.LATEST)
            writer = CitationWriter(
                edition=record, published=published, publisher=publisher, names=names, base=addresses.base
            )
            citation = writer.cite_score(standing.organisation, shown.name, sent.document)
        return render_portal_page(
            request,
            "organisation.html",
            f"{shown.name} · {shown.index}",
            {
                "texts": shown,
                "details": embed_texts.describe_standing(standing, language, addresses.explanation),
                "about": describe_kind_and_place(registered, lead),
                "province": registered.province,
                "own_contact": () if contact is None else tuple(filter(None, (contact.email, contact.url))),
                "meaning": None
                if shown.level is None or standing.level is None
                else lead.explain_level(standing.level),
                "document": sent.document,
                "citation": citation,
                "superseded_by": standing.superseded_by,
                "sheet": narrated,
                "view": view,
                "review": describe_review(sent, names, methodology, view.corrections),
                "names": names,
                "addresses": addresses,
                "snippets": list_snippets(
                    shown, Addresses(addresses.base, LATEST, standing.organisation, lead_language)
                ),
            },
            edition=record,
            trail=(
                build_edition_crumb(record, lead_language, build_links(request)(choose_segment(request, record))),
                Crumb(shown.name or standing.organisation),
            ),
            headers={"Link": format_link_header(addresses, shown.title)},
            feed=FeedScope("organisation", standing.organisation),
            sharing=Sharing(
                description=" ".join([f"{shown.name} {view.verdict.headline}", *view.verdict.sentences]),
                image=f"/share/{quote(record.id)}/{quote(standing.organisation, safe=':')}.png",
                alt=shown.title,
            ),
            translated="lead",
        )


def describe_kind_and_place(organisation: organisations.OrganisationRecord, names: Names) -> str:
    """Describe the kind of an organisation and its territory in one line."""
    parts = (names.name_kind(organisation.kind), name_territory(organisation.province, organisation.region))
    return " · ".join(part for part in parts if part)


def render_unscored_page(request: ApiRequest, database: Database, error: UnknownScore) -> Response[bytes]:
    """Render the 404 page for an organisation without a score in the edition.

    The page links to the scores of the organisation in other editions. If the edition is not published yet, it shows
    the days of the edition, whether the organisation takes part or not.
    """
    record = service.find_edition(database, error.edition)
    to = build_links(request)
    try:
        past = scores.list_history(database, error.organisation, PageRange(limit=HISTORY_MAX), principal=None)
    except UnknownOrganisation:
        past = []
    instead = [
        Crumb(f"{error.organisation} · {one.past.edition}", to(one.past.edition, error.organisation)) for one in past
    ]
    if record.state != "published":
        return render_unpublished_edition(request, database, record, status=404, instead=instead)
    return render_missing_page(request, database, embed_texts.UNKNOWN_SCORE, edition=record, instead=instead)
