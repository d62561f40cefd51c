"""Where the forms of a score are."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from actitud_api.methodology.model import Language


class Addresses:
    """The absolute addresses of what there is of an organisation in an edition, which `latest` may name."""

    def __init__(self, base: str, edition: str, organisation: str, language: Language) -> None:
        """`base`: scheme and authority of the service."""
        self.base = base
        self.organisation = organisation
        self._place = f"{quote(edition, safe='')}/{quote(organisation, safe=':')}"
        self._query = "" if language == "es" else f"?lang={language}"

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
        return f"{self.base}/embed/{self._place}/card.svg{self._query}"

    @property
    def frame(self) -> str:
        """The page to be framed."""
        return f"{self.base}/embed/{self._place}{self._query}"

    @property
    def discovery_json(self) -> str:
        """What oEmbed says of the explanation, as JSON."""
        return self._oembed("json")

    @property
    def discovery_xml(self) -> str:
        """The same as XML."""
        return self._oembed("xml")

    def _oembed(self, form: str) -> str:
        return f"{self.base}/oembed?{urlencode({'url': self.explanation, 'format': form})}"


def links(addresses: Addresses, title: str) -> str:
    """The header `Link` that leads to the explanation and to oEmbed (RFC 8288; RFC 8187 for the title)."""
    named = f"title*=UTF-8''{quote(title, safe='')}"
    return ", ".join(
        [
            f'<{addresses.explanation}>; rel="describedby"',
            f'<{addresses.discovery_json}>; rel="alternate"; type="application/json+oembed"; {named}',
            f'<{addresses.discovery_xml}>; rel="alternate"; type="text/xml+oembed"; {named}',
        ]
    )
