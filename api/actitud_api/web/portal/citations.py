"""Citations of published editions and scores: a line that is ready to copy, and entries for reference managers."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.portal.bibliography import BibliographyEntry
from actitud_api.web.portal.layout import Links, select_edition_title
from actitud_api.web.portal.names import Names

_CITATION: Final = Texts(
    "{publisher}: {subject}, revisión {revision}, metodología {version}, {day}, {digest}. {url} (CC BY 4.0)",
    "{publisher}: {subject}, revision {revision}, methodology {version}, {day}, {digest}. {url} (CC BY 4.0)",
)
_NOTE: Final = Texts(
    "revisión {revision}, metodología {version}, {day}, {digest} (CC BY 4.0)",
    "revision {revision}, methodology {version}, {day}, {digest} (CC BY 4.0)",
)


class Citation(Struct, frozen=True):
    """A citation in one line, and as an entry for reference managers.

    Both name `digest`, the digest of the signed document that is cited.
    """

    text: str
    entry: BibliographyEntry
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
        ids = (self.edition.id, *path)
        url = self.base + to(*ids)
        title = ", ".join((self.names.name_index(), *subject, select_edition_title(self.edition, language)))
        day = self.published.published.date()
        facts = {
            "revision": str(self.published.revision),
            "version": self.edition.methodology,
            "day": day.isoformat(),
            "digest": digest,
        }
        text = _CITATION.fill(publisher=self.publisher.name, subject=title, url=url, **facts)
        entry = BibliographyEntry(
            ids=ids,
            author=clean_text(self.publisher.name),
            title=clean_text(title),
            published=day,
            revision=self.published.revision,
            url=url,
            note=_NOTE.fill(**facts).into(language),
            language=language,
        )
        return Citation(text.into(language), entry, digest)
