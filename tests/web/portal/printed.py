"""A printed sheet as two readers find it that are not what made it: PDFium its text, qpdf its structure."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary

_BROKEN: Final = str.maketrans({"\u200b": None, "\r": None, "\x02": "-"})
"""What PDFium has in a text where a line was broken, and what it stands for."""


class Tag(NamedTuple):
    """An element of the structure: its kind, such as `H1`, and its text for whoever does not see it."""

    kind: str
    alt: str | None


class PrintedPages(NamedTuple):
    """What is in a PDF: text by page, structure, and what it says of itself."""

    texts: Sequence[str]
    sizes: Sequence[tuple[int, int]]
    tags: Sequence[Tag]
    language: str
    is_marked: bool
    shows_title: bool
    metadata: Mapping[str, str]
    addresses: Sequence[str]
    has_actions: bool

    @property
    def text(self) -> str:
        """The text of all pages."""
        return " ".join(self.texts)

    def count(self, kind: str) -> int:
        """Count the elements of a kind."""
        return sum(tag.kind == kind for tag in self.tags)


def read_pages(content: bytes) -> PrintedPages:
    """Read a PDF."""
    document = pypdfium2.PdfDocument(content)
    texts, sizes = [], []
    for page in document:
        letters = page.get_textpage().get_text_bounded()
        texts.append(" ".join(letters.translate(_BROKEN).split()))
        sizes.append((round(page.get_width()), round(page.get_height())))
    document.close()
    with pikepdf.open(io.BytesIO(content)) as pdf:
        root = pdf.Root
        annotations = [one for page in pdf.pages for one in page.get("/Annots", Array())]
        with pdf.open_metadata() as metadata:
            told = {name: str(value) for name, value in metadata.items()}
        return PrintedPages(
            texts=texts,
            sizes=sizes,
            tags=list(_walk(root.StructTreeRoot)),
            language=str(root.Lang),
            is_marked=bool(root.MarkInfo.Marked),
            shows_title=bool(root.ViewerPreferences.DisplayDocTitle),
            metadata=told,
            addresses=[str(one.A.URI) for one in annotations if "/A" in one],
            has_actions=any(name in root for name in ("/OpenAction", "/AA", "/AcroForm", "/Names"))
            and any(word in content for word in (b"/JavaScript", b"/JS", b"/Launch")),
        )


def _walk(node: Any) -> Iterator[Tag]:
    children = node.get("/K", Array())
    for child in children if isinstance(children, Array) else [children]:
        if isinstance(child, Dictionary) and "/S" in child:
            yield Tag(str(child.S).removeprefix("/"), str(child.Alt) if "/Alt" in child else None)
            yield from _walk(child)
