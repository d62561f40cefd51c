"""Entries for reference managers, of published data: BibTeX and CSL-JSON."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Language

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
"""The macros of months that every style of BibTeX defines."""
_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        # Not `\{`: BibTeX counts braces without looking at the backslash, so a single one would not end its field.
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{character: f"\\{character}" for character in "%&#_$"},
    }
)
"""The characters that LaTeX does not take for themselves. All others stay, in UTF-8, as biber reads them."""
_VERBATIM: Final = str.maketrans({"\\": "%5C", "{": "%7B", "}": "%7D"})
"""In a URL, which BibTeX styles set as it is, only these characters need another form."""
_NO_KEY: Final = re.compile(r"[^A-Za-z0-9.:-]+")


class BibliographyEntry(Struct, frozen=True, kw_only=True):
    """An entry for one revision of published data.

    Attributes:
        ids: Ids of the edition and, for a score, of the organisation.
        author: Name of the publisher, who stands in the place of the author.
        title: Title of the data.
        published: Day of the revision (UTC).
        revision: Number of the revision.
        url: URL of the page.
        note: Text that identifies the revision.
        language: Language of `title` and `note`.
    """

    ids: tuple[str, ...]
    author: str
    title: str
    published: date
    revision: int
    url: str
    note: str
    language: Language

    def build_key(self) -> str:
        """Build the key with which a document cites the data, from letters that need no escaping."""
        return "-".join(_NO_KEY.sub("-", part) for part in ("actitud", *self.ids, f"r{self.revision}"))

    def write_bibtex(self) -> str:
        """Write the entry as a BibTeX entry, for BibTeX and biber.

        The type is `misc`, which every style knows. Double braces keep a name in one piece and the capitals of a title.
        """
        fields = {
            "author": f"{{{{{escape_latex(self.author)}}}}}",
            "title": f"{{{{{escape_latex(self.title)}}}}}",
            "year": f"{{{self.published.year}}}",
            "month": _MONTHS[self.published.month - 1],
            "url": f"{{{self.url.translate(_VERBATIM)}}}",
            "note": f"{{{escape_latex(self.note)}}}",
        }
        lines = [f"  {name} = {value}," for name, value in fields.items()]
        return "\n".join([f"@misc{{{self.build_key()},", *lines, "}"])

    def write_csl(self) -> str:
        """Write the entry as CSL-JSON, the format of the Citation Style Language: a list with one item."""
        item = {
            "id": self.build_key(),
            "type": "dataset",
            "title": self.title,
            "author": [{"literal": self.author}],
            "issued": {"date-parts": [[self.published.year, self.published.month, self.published.day]]},
            "version": str(self.revision),
            "URL": self.url,
            "note": self.note,
            "language": self.language,
        }
        return json.dumps([item], ensure_ascii=False, indent=2)


def escape_latex(text: str) -> str:
    """Return a text as LaTeX prints it again, for a field of a BibTeX entry."""
    return text.translate(_LATEX)
