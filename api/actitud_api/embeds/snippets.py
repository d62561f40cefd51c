"""What to copy into a page to embed a score, and what a Content-Security-Policy there has to allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from msgspec import Struct

from actitud_api.embeds import element
from actitud_api.embeds.addresses import Addresses
from actitud_api.embeds.equivalent import Equivalent
from actitud_api.embeds.oembed import HEIGHT, WIDTH
from actitud_api.embeds.pictures import CARD_WIDTH
from actitud_api.http.negotiation import Texts

_IMAGE: Final = Markup('<a href="{url}"><img src="{picture}" alt="{name}" {size}></a>')
_FRAME: Final = Markup('<iframe src="{frame}" title="{name}" width="{width}" height="{height}"></iframe>')
_ELEMENT: Final = Markup(
    '<script src="{script}" integrity="{integrity}" crossorigin="anonymous" defer></script>\n'
    '<actitud-score organisation="{organisation}" lang="{language}"><a href="{url}">{name}</a></actitud-score>'
)


class Snippet(Struct, frozen=True):
    """A form of a score: what it is, the code of it, and the sources that it needs in a Content-Security-Policy."""

    title: Texts
    code: str
    policy: str


def snippets(said: Equivalent, addresses: Addresses) -> Sequence[Snippet]:
    """Every form that a page can have in itself."""
    name, base = f"{said.index}: {said.name}", addresses.base
    script = element.manifest(base)

    def image(picture: str, size: Markup) -> str:
        return str(_IMAGE.format(url=addresses.explanation, picture=picture, name=name, size=size))

    return (
        Snippet(
            Texts("Distintivo, como imagen", "Badge, as an image"),
            image(addresses.badge, Markup('height="22"')),
            f"img-src {base}",
        ),
        Snippet(
            Texts("Tarjeta, como imagen", "Card, as an image"),
            image(addresses.card, Markup(f'width="{CARD_WIDTH}"')),
            f"img-src {base}",
        ),
        Snippet(
            Texts("Marco", "Frame"),
            str(_FRAME.format(frame=addresses.frame, name=name, width=WIDTH, height=HEIGHT)),
            f"frame-src {base}",
        ),
        Snippet(
            Texts("Elemento propio, con su hash", "Custom element, with its hash"),
            str(
                _ELEMENT.format(
                    script=script.url,
                    integrity=script.integrity,
                    organisation=addresses.organisation,
                    language=said.language,
                    url=addresses.explanation,
                    name=name,
                )
            ),
            f"script-src {base}; connect-src {base}",
        ),
    )
