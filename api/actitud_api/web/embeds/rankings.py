"""The ranking of a territory for other sites: an image of badges that is always current, and an HTML table to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlencode

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import FALLBACK, Language, Texts, build_translator
from actitud_api.engine.narration import words
from actitud_api.platform.http.pages import load_templates
from actitud_api.resources.organisations.territories import Territory
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.texts import EmbedTexts, capitalise, describe_standing, list_notices

RANKED_MAX: Final = 50
"""Maximum number of organisations in a ranking to embed: as many as the image of badges has by default."""

NO_RANK: Final = "–"
"""The text in place of the rank of an organisation that is not ranked."""

_TITLE: Final = Texts("{index}: clasificación", "{index}: ranking")
_TITLE_OF_PLACE: Final = Texts("{index}: clasificación de {place}", "{index}: ranking of {place}")

_templates = load_templates("actitud_api.web.embeds")


class RankingTableRow(Struct, frozen=True):
    """An organisation in the table to copy: its rank in the whole edition as text, its name or id, and its score."""

    rank: str
    name: str
    texts: EmbedTexts


class RankingEmbed(Struct, frozen=True, kw_only=True):
    """The ranking of a territory, or of a whole edition, to embed in other sites.

    Attributes:
        title: Title of the ranking.
        picture: URL of the image of badges.
        page: URL of the ranking in the portal.
        table: The ranking as an HTML table, whose figures stay the same when scores change.
    """

    title: str
    picture: str
    page: str
    table: Markup


def build_ranking(
    standings: Sequence[EmbedStanding], territory: Territory | None, base: str, edition: str, language: Language
) -> RankingEmbed:
    """Build the ranking of a territory to embed.

    Args:
        standings: Scores of the organisations of the territory, best first; at least one, at most `RANKED_MAX`.
        territory: The territory, None for the whole edition.
        base: Scheme and authority of the URLs; an empty text gives relative URLs.
        edition: Edition in the URLs of image and page: an id, or `latest` to follow from one edition to the next. The
            table links to the edition whose scores it has.
        language: Language of the texts.
    """
    dated = standings[0].edition
    lines = [_describe_line(standing, base, language) for standing in standings]
    title = _write_title(lines[0].texts.index, territory, language)
    return RankingEmbed(
        title=title,
        picture=f"{base}/badge/{quote(edition, safe='')}.svg{_format_query(territory, language)}",
        page=_build_page(base, edition, territory, language),
        table=_render_table(title, lines, _build_page(base, dated, territory, language), language),
    )


def _describe_line(standing: EmbedStanding, base: str, language: Language) -> RankingTableRow:
    explanation = Addresses(base, standing.edition, standing.organisation, language).explanation
    rank = NO_RANK if standing.rank is None else words.format_number(standing.rank, language)
    texts = describe_standing(standing, language, explanation)
    return RankingTableRow(rank, texts.name or standing.organisation, texts)


def _write_title(index: str, territory: Territory | None, language: Language) -> str:
    if territory is None:
        return _TITLE.fill(index=index).into(language)
    return _TITLE_OF_PLACE.fill(index=index, place=territory.name).into(language)


def _build_page(base: str, edition: str, territory: Territory | None, language: Language) -> str:
    return f"{base}/portal/{quote(edition, safe='')}{_format_query(territory, language)}"


def _format_query(territory: Territory | None, language: Language) -> str:
    parameters: dict[str, str] = {} if territory is None else {territory.level: territory.code}
    if language != FALLBACK:
        parameters["lang"] = language
    return f"?{urlencode(parameters)}" if parameters else ""


def _render_table(title: str, lines: Sequence[RankingTableRow], page: str, language: Language) -> Markup:
    first = lines[0].texts
    text = _templates.get_template("ranking_table.html").render(
        t=build_translator(language),
        title=title,
        lines=lines,
        under=capitalise("; ".join((first.edition, first.methodology))),
        remarks=dict.fromkeys(remark for line in lines for remark in line.texts.remarks),
        notices=list(zip((language, FALLBACK), list_notices(language), strict=False)),
        page=page,
    )
    # The template escapes whatever it is filled with.
    return Markup(text.strip())
