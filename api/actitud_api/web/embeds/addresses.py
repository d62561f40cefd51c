"""The URLs of the forms in which a score can be embedded in other sites."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from actitud_api.engine.i18n import Language
from actitud_api.web.embeds.pictures import Theme


class Addresses:
    """The URLs of the forms in which the score of an organisation can be embedded.

    If the edition is `latest`, the URLs lead to the newest published edition.
    """

    def __init__(self, base: str, edition: str, organisation: str, language: Language, theme: Theme = "light") -> None:
        """Build the URLs for one organisation, edition and language.

        `base` is the scheme and authority of the service; an empty text gives relative URLs. `theme` sets the colours
        of the form; the default theme is left out of the URLs.
        """
        self.base = base
        self.edition = edition
        self.organisation = organisation
        self.theme = theme
        self._path = f"{quote(edition, safe='')}/{quote(organisation, safe=':')}"
        parameters = {} if language == "es" else {"lang": language}
        self._query = _format_query(parameters)
        self._themed = _format_query(parameters if theme == "light" else {**parameters, "theme": theme})

    @property
    def explanation(self) -> str:
        """The URL of the portal page that explains the score."""
        return f"{self.base}/portal/{self._path}{self._query}"

    @property
    def badge(self) -> str:
        """The URL of the badge, an SVG image."""
        return f"{self.base}/badge/{self._path}.svg{self._query}"

    @property
    def card(self) -> str:
        """The URL of the card, an SVG image."""
        return f"{self.base}/embed/{self._path}/card.svg{self._themed}"

    @property
    def table(self) -> str:
        """The URL of the score as an HTML table."""
        return f"{self.base}/embed/{self._path}/table.html{self._query}"

    @property
    def frame(self) -> str:
        """The URL of the page that shows the score in an `iframe`."""
        return f"{self.base}/embed/{self._path}{self._themed}"

    @property
    def discovery_json(self) -> str:
        """The URL of the oEmbed response in JSON for the page that explains the score."""
        return self._build_oembed("json")

    @property
    def discovery_xml(self) -> str:
        """The URL of the oEmbed response in XML for the page that explains the score."""
        return self._build_oembed("xml")

    def _build_oembed(self, form: str) -> str:
        return f"{self.base}/oembed?{urlencode({'url': self.explanation, 'format': form})}"


def _format_query(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}" if parameters else ""


def format_link_header(addresses: Addresses, title: str) -> str:
    """Format the `Link` header of a response that shows a score, such as a badge (RFC 8288; titles by RFC 8187).

    The header links to the page that explains the score, and to the oEmbed responses for that page.
    """
    named = f"title*=UTF-8''{quote(title, safe='')}"
    return ", ".join(
        [
            f'<{addresses.explanation}>; rel="describedby"',
            f'<{addresses.discovery_json}>; rel="alternate"; type="application/json+oembed"; {named}',
            f'<{addresses.discovery_xml}>; rel="alternate"; type="text/xml+oembed"; {named}',
        ]
    )
