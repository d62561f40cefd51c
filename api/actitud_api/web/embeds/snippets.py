"""What to copy into a page to embed a score, and what a Content-Security-Policy there has to allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.resources.editions.service import LATEST
from actitud_api.web.embeds import element
from actitud_api.web.embeds.addresses import Addresses
from actitud_api.web.embeds.equivalent import Equivalent
from actitud_api.web.embeds.oembed import HEIGHT, WIDTH
from actitud_api.web.embeds.pictures import CARD_WIDTH

_IMAGE: Final = Markup('<a href="{url}"><img src="{picture}" alt="{name}" {size}></a>')
_FRAME: Final = Markup('<iframe src="{frame}" title="{name}" width="{width}" height="{height}"></iframe>')
_ELEMENT: Final = Markup(
    '<script src="{script}" integrity="{integrity}" crossorigin="anonymous" defer></script>\n'
    '<actitud-score organisation="{organisation}"{more} lang="{language}"><a href="{url}">{name}</a></actitud-score>'
)
_ATTRIBUTE: Final = Markup(' {name}="{value}"')

Form = Literal["badge", "card", "table", "frame", "element", "oembed"]
"""A form of a score that a page can have in itself; `oembed`: what WordPress makes of its address alone."""
FORMS: Final[tuple[Form, ...]] = get_args(Form)


class Snippet(Struct, frozen=True):
    """A form of a score: what it is, the code of it, and the sources that it needs in a Content-Security-Policy.

    `policy` is empty where it needs none.
    """

    form: Form
    title: Texts
    code: str
    policy: str


def list_snippets(said: Equivalent, addresses: Addresses) -> Sequence[Snippet]:
    """Every form that a page can have in itself and that goes on saying what is so."""
    name, base = f"{said.index}: {said.name}", addresses.base
    script = element.build_manifest(base)

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
            str(_FRAME.format(frame=addresses.frame, name=name, width=WIDTH, height=HEIGHT)),
            f"frame-src {base}",
        ),
        Snippet(
            "element",
            Texts("Elemento propio, con su hash", "Custom element, with its hash"),
            str(
                _ELEMENT.format(
                    script=script.url,
                    integrity=script.integrity,
                    organisation=addresses.organisation,
                    more=_format_attributes(addresses),
                    language=said.language,
                    url=addresses.explanation,
                    name=name,
                )
            ),
            f"script-src {base}; connect-src {base}",
        ),
    )


def build_table_snippet(fragment: str) -> Snippet:
    """A fragment of HTML, for editors that keep nothing but tables: it stays as it is when it is copied."""
    return Snippet("table", Texts("Tabla de HTML", "Table of HTML"), fragment, "")


def build_oembed_snippet(addresses: Addresses) -> Snippet:
    """The address alone, in a line of its own, of which WordPress makes a frame."""
    return Snippet(
        "oembed",
        Texts("Dirección para WordPress (oEmbed)", "Address for WordPress (oEmbed)"),
        addresses.explanation,
        f"frame-src {addresses.base}",
    )


def _format_attributes(addresses: Addresses) -> Markup:
    """What the custom element is told besides: another edition than the latest, another theme than the reader's."""
    told = {
        "edition": None if addresses.edition == LATEST else addresses.edition,
        "theme": None if addresses.theme == "auto" else addresses.theme,
    }
    return Markup("").join(_ATTRIBUTE.format(name=name, value=value) for name, value in told.items() if value)
