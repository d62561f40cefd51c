"""The HTML to copy into a page that embeds a score, and the Content-Security-Policy that the page needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.resources.editions.service import LATEST
from actitud_api.web.embeds import element
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.oembed import HEIGHT
from actitud_api.web.embeds.pictures import CARD_WIDTH, read_static_file
from actitud_api.web.embeds.rankings import RankingEmbed
from actitud_api.web.embeds.texts import EmbedTexts

_IMAGE: Final = Markup(
    '<a href="{url}"><img src="{picture}" alt="{name}" {size} style="max-width:100%;height:auto"></a>'
)
_FRAME: Final = Markup('<iframe src="{frame}" title="{name}" width="100%" height="{height}" frameborder="0"></iframe>')
_ELEMENT: Final = Markup(
    '<script src="{script}" integrity="{integrity}" crossorigin="anonymous" defer></script>\n'
    '<actitud-score organisation="{organisation}"{more} lang="{language}"><a href="{url}">{name}</a></actitud-score>'
)
HOST_SCRIPT: Final = read_static_file("host.js")
"""Script for a page with frames, which makes each as high as what it shows."""
_ATTRIBUTE: Final = Markup(' {name}="{value}"')

Form = Literal["badge", "card", "table", "frame", "element", "oembed"]
"""A form in which a score is embedded; `oembed` is the frame that WordPress makes from a URL."""
FORMS: Final[tuple[Form, ...]] = get_args(Form)
RankingForm = Literal["ranking", "ranking_table"]
"""A form in which the ranking of a territory is embedded: an image of badges, or an HTML table."""
RANKING_FORMS: Final[tuple[RankingForm, ...]] = get_args(RankingForm)


class Snippet(Struct, frozen=True):
    """The HTML to copy for one form of a score or of a ranking.

    `code` is the HTML, and `title` its heading. `policy` contains the sources that the Content-Security-Policy of the
    embedding page must allow; empty if no source is needed.
    """

    form: Form | RankingForm
    title: Texts
    code: str
    policy: str


def list_snippets(embed: EmbedTexts, addresses: Addresses) -> Sequence[Snippet]:
    """Build the snippets of the forms that always show the current score: badge, card, frame, custom element."""
    name, base = f"{embed.index}: {embed.name}", addresses.base
    script = element.build_manifest(base)

    # `Markup.format` escapes its values: names come from other people.
    def image(picture: str, size: Markup) -> str:
        return str(_IMAGE.format(url=addresses.explanation, picture=picture, name=name, size=size))

    return (
        Snippet(
            "badge",
            Texts("Distintivo, como imagen", "Badge, as an image"),
            image(addresses.badge, Markup('height="22"')),
            f"img-src {base}",
        ),
        Snippet(
            "card",
            Texts("Tarjeta, como imagen", "Card, as an image"),
            image(addresses.card, Markup(f'width="{CARD_WIDTH}"')),
            f"img-src {base}",
        ),
        Snippet(
            "frame",
            Texts("Marco", "Frame"),
            str(_FRAME.format(frame=addresses.frame, name=name, height=HEIGHT)),
            f"frame-src {base}",
        ),
        Snippet(
            "element",
            Texts("Componente web, con su huella digital", "Web component, with its fingerprint"),
            str(
                _ELEMENT.format(
                    script=script.url,
                    integrity=script.integrity,
                    organisation=addresses.organisation,
                    more=_format_attributes(addresses),
                    language=embed.language,
                    url=addresses.explanation,
                    name=name,
                )
            ),
            f"script-src {base}; connect-src {base}",
        ),
    )


def build_table_snippet(fragment: str) -> Snippet:
    """Build the snippet with the score as an HTML table, for editors that accept nothing else.

    `fragment` is the table. Its figures stay the same when the score changes.
    """
    return Snippet("table", Texts("Tabla de HTML", "Table of HTML"), fragment, "")


def build_oembed_snippet(addresses: Addresses) -> Snippet:
    """Build the snippet that is only the URL of the page that explains the score.

    WordPress turns the URL into a frame if nothing else is on its line.
    """
    return Snippet(
        "oembed",
        Texts("Dirección para WordPress (oEmbed)", "Address for WordPress (oEmbed)"),
        addresses.explanation,
        f"frame-src {addresses.base}",
    )


def list_ranking_snippets(ranking: RankingEmbed, base: str) -> Sequence[Snippet]:
    """Build the snippets of the ranking of a territory; `base` is the scheme and authority of the service."""
    image = _IMAGE.format(url=ranking.page, picture=ranking.picture, name=ranking.title, size=Markup('loading="lazy"'))
    return (
        Snippet("ranking", Texts("Clasificación, como imagen", "Ranking, as an image"), str(image), f"img-src {base}"),
        Snippet(
            "ranking_table",
            Texts("Clasificación, como tabla de HTML", "Ranking, as a table of HTML"),
            str(ranking.table),
            "",
        ),
    )


def _format_attributes(addresses: Addresses) -> Markup:
    """Format the HTML attributes `edition` and `theme` of the custom element.

    An attribute is left out if it has its default: the latest edition, or the theme `auto`, which the element takes
    from the page around it.
    """
    attributes = {
        "edition": None if addresses.edition == LATEST else addresses.edition,
        "theme": None if addresses.theme == "auto" else addresses.theme,
    }
    return Markup("").join(_ATTRIBUTE.format(name=name, value=value) for name, value in attributes.items() if value)
