"""Where the forms of a score are."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from actitud_api.engine.i18n import Language
from actitud_api.web.embeds.pictures import Theme


class Addresses:
    """The absolute addresses of what there is of an organisation in an edition, which `latest` may name."""

    def __init__(self, base: str, edition: str, organisation: str, language: Language, theme: Theme = "auto") -> None:
        """`base`: scheme and authority of the service; without it they are addresses inside the service."""
        self.base = base
        self.edition = edition
        self.organisation = organisation
        self.theme = theme
        self._place = f"{quote(edition, safe='')}/{quote(organisation, safe=':')}"
        asked = {} if language == "es" else {"lang": language}
        self._query = _format_query(asked)
        self._themed = _format_query(asked if theme == "auto" else {**asked, "theme": theme})

    @property
    def explanation(self) -> str:
        """The page that explains it."""
        return f"{self.base}/portal/{self._place}{self._query}"

    @property
    def badge(self) -> str:
        """The badge (SVG)."""
        return f"{self.base}/badge/{self._place}.svg{self._query}"

    @property
    def card(self) -> str:
        """The card (SVG)."""
        return f"{self.base}/embed/{self._place}/card.svg{self._themed}"

    @property
    def table(self) -> str:
        """The fragment of HTML."""
        return f"{self.base}/embed/{self._place}/table.html{self._query}"

    @property
    def frame(self) -> str:
        """The page to be framed."""
        return f"{self.base}/embed/{self._place}{self._themed}"

    @property
    def discovery_json(self) -> str:
        """What oEmbed says of the explanation, as JSON."""
        return self._build_oembed("json")

    @property
    def discovery_xml(self) -> str:
        """The same as XML."""
        return self._build_oembed("xml")

    def _build_oembed(self, form: str) -> str:
        return f"{self.base}/oembed?{urlencode({'url': self.explanation, 'format': form})}"


def _format_query(asked: Mapping[str, str]) -> str:
    return f"?{urlencode(asked)}" if asked else ""


def format_link_header(addresses: Addresses, title: str) -> str:
    """The header `Link` that leads to the explanation and to oEmbed (RFC 8288; RFC 8187 for the title)."""
    named = f"title*=UTF-8''{quote(title, safe='')}"
    return ", ".join(
        [
            f'<{addresses.explanation}>; rel="describedby"',
            f'<{addresses.discovery_json}>; rel="alternate"; type="application/json+oembed"; {named}',
            f'<{addresses.discovery_xml}>; rel="alternate"; type="text/xml+oembed"; {named}',
        ]
    )
