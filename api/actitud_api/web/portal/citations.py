"""Citations of published editions and scores, each in one line that is ready to copy."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.portal.layout import Links, select_edition_title
from actitud_api.web.portal.names import Names

_CITATION: Final = Texts(
    "{publisher}: {subject}, revisión {revision}, metodología {version}, {day}, {digest}. {url} (CC BY 4.0)",
    "{publisher}: {subject}, revision {revision}, methodology {version}, {day}, {digest}. {url} (CC BY 4.0)",
)


class Citation(Struct, frozen=True):
    """A citation in one line. It names `digest`, the digest of the signed document that is cited."""

    text: str
    digest: str


class CitationWriter(Struct, frozen=True, kw_only=True):
    """Writer of citations of one revision of an edition, in the language of `names`.

    Attributes:
        edition: The edition.
        published: The revision, whose number and day (UTC) a citation has.
        publisher: The publisher, who stands in the place of the author.
        names: Names of the methodology of the edition.
        base: Scheme and authority of the URL in a citation.
    """

    edition: EditionRecord
    published: PublicationRecord
    publisher: Publisher
    names: Names
    base: str

    def cite_edition(self) -> Citation:
        """Write the citation of the revision."""
        return self._write((), self.published.digest)

    def cite_score(self, organisation: str, name: str, digest: str) -> Citation:
        """Write the citation of the score of an organisation; `digest` is that of its score document."""
        return self._write((organisation,), digest, name)

    def _write(self, path: tuple[str, ...], digest: str, *subject: str) -> Citation:
        language = self.names.language
        to = Links(None if language == "es" else language)
        text = _CITATION.fill(
            publisher=self.publisher.name,
            subject=", ".join((self.names.name_index(), *subject, select_edition_title(self.edition, language))),
            revision=self.published.revision,
            version=self.edition.methodology,
            day=self.published.published.date().isoformat(),
            digest=digest,
            url=self.base + to(self.edition.id, *path),
        )
        return Citation(text.into(language), digest)
