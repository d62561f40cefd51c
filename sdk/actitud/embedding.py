"""HTML that shows a score in a web page: a badge, a card, a frame or the tag ``<actitud-score>``."""

from __future__ import annotations

from html import escape
from typing import Literal, TypeAlias
from urllib.parse import quote, urlencode

import msgspec

from actitud._config import check_language

EmbedForm: TypeAlias = Literal["badge", "card", "frame", "element"]
EmbedTheme: TypeAlias = Literal["light", "dark", "auto"]

_INDEX = {"es": "Índice de Madurez 2.0", "en": "2.0-maturity index"}
_FLUID = 'style="max-width:100%;height:auto"'
_ELEMENT = "actitud-score-1.1.0.js"
_INTEGRITY = "sha384-eLyJli+gI7tBsBlt1ruThGzyY1QXANvEstCJhhobYX1A0la3qMqX6p5ImdQr/CsV"
"""Subresource-integrity hash (W3C) of the element's script, which never changes."""


class Embed(msgspec.Struct, frozen=True, kw_only=True):
    """HTML that shows a score in a web page.

    ``html``: to be pasted into the page unchanged; all names in it are escaped. ``policy``: sources that the page's
    Content-Security-Policy must allow. ``explanation``: URL of the page that explains the score.
    """

    html: str
    policy: str
    explanation: str


def embed(
    base_url: str,
    *,
    edition: str,
    organisation: str,
    name: str,
    form: EmbedForm,
    lang: str,
    theme: EmbedTheme,
) -> Embed:
    """Build the HTML that shows a score in a web page, without sending a request.

    Raises ``ValueError`` for an unknown form or an invalid language tag.

    Args:
        base_url: URL of the service.
        edition: Id of the edition, or ``latest``.
        organisation: Id of the organisation.
        name: Name of the organisation, for the text alternative.
        form: ``badge`` or ``card`` (images), ``frame`` (an ``iframe``) or ``element`` (the HTML tag ``<actitud-score>``
            and its script).
        lang: Language of the texts.
        theme: Colours of the card, frame or element.
    """
    check_language(lang)
    # The client's URL always has a port. The service writes its own URLs without the default one.
    base = base_url.removesuffix(":443" if base_url.startswith("https:") else ":80")
    path = f"{quote(edition, safe='')}/{quote(organisation, safe=':')}"
    parameters = {} if lang == "es" else {"lang": lang}
    plain = f"?{urlencode(parameters)}" if parameters else ""
    themed = parameters if theme == "light" else {**parameters, "theme": theme}
    query = f"?{urlencode(themed)}" if themed else ""
    label = escape(f"{_INDEX.get(lang, _INDEX['es'])}: {name}")
    url = escape(f"{base}/portal/{path}{plain}")
    match form:
        case "badge":
            picture = escape(f"{base}/badge/{path}.svg{plain}")
            html, policy = (
                f'<a href="{url}"><img src="{picture}" alt="{label}" height="22" {_FLUID}></a>',
                f"img-src {base}",
            )
        case "card":
            picture = escape(f"{base}/embed/{path}/card.svg{query}")
            html, policy = (
                f'<a href="{url}"><img src="{picture}" alt="{label}" width="360" {_FLUID}></a>',
                f"img-src {base}",
            )
        case "frame":
            frame = escape(f"{base}/embed/{path}{query}")
            html = f'<iframe src="{frame}" title="{label}" width="100%" height="800" frameborder="0"></iframe>'
            policy = f"frame-src {base}"
        case "element":
            attributes = {
                "edition": None if edition == "latest" else edition,
                "theme": None if theme == "auto" else theme,
            }
            more = "".join(f' {attribute}="{escape(value)}"' for attribute, value in attributes.items() if value)
            html = (
                f'<script src="{escape(base)}/embed/{_ELEMENT}" integrity="{_INTEGRITY}" crossorigin="anonymous" defer>'
                f'</script>\n<actitud-score organisation="{escape(organisation)}"{more} lang="{escape(lang)}">'
                f'<a href="{url}">{label}</a></actitud-score>'
            )
            policy = f"script-src {base}; connect-src {base}"
        case _:
            raise ValueError(f"{form!r} is none of the forms badge, card, frame and element")
    return Embed(html=html, policy=policy, explanation=f"{base}/portal/{path}{plain}")
