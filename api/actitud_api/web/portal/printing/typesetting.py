"""Typesetting of the printed pages as an accessible PDF (PDF/UA-1): tagged, with title and language."""

from __future__ import annotations

import functools
import hashlib
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Final

import segno
import typst

from actitud_api import __version__
from actitud_api.web import fonts
from actitud_api.web.portal.printing.content import PrintedSheet, encode_sheet

PDF: Final = "application/pdf"

_FOLDER: Final = Path(str(files("actitud_api.web.portal.printing")))
_TEMPLATE: Final = _FOLDER / "sheet.typ"


class TypesetSheet:
    """A PDF of a printed sheet that is typeset on request; the same sheet and time give the same bytes."""

    def __init__(self, sheet: PrintedSheet, published: datetime) -> None:
        """Prepare a PDF with the content `sheet`; the time `published` becomes the creation time of the file."""
        self._sheet = sheet
        self._json = encode_sheet(sheet)
        self._timestamp = int(published.timestamp())

    @property
    def tag(self) -> str:
        """The `ETag` of the file: a digest of all data on which its bytes depend."""
        facts = (__version__, version("typst"), self._timestamp, _TEMPLATE.read_text("utf-8"), self._json.decode())
        return f'"{hashlib.sha256(repr(facts).encode()).hexdigest()}"'

    def make(self) -> bytes:
        """Typeset the pages and return the PDF.

        This takes about 50 ms, during which other threads continue.
        """
        # Levels of error correction: "m" bears a fold or a stain.
        code = segno.make(self._sheet.source.address, error="m", micro=False).svg_inline(border=2)
        pages = typst.compile(
            _TEMPLATE,
            format="pdf",
            # There is nothing to read from the disk, and nothing to download, but what is here.
            root=_FOLDER,
            package_path=_FOLDER,
            package_cache_path=_FOLDER,
            font_paths=_load_fonts(),
            sys_inputs={"sheet": self._json.decode(), "code": code},
            pdf_standards=["ua-1"],
            timestamp=self._timestamp,
        )
        assert isinstance(pages, bytes)  # a list only of pages that are pictures
        return pages


@functools.cache
def _load_fonts() -> typst.Fonts:
    """Return the font of printed pages alone: another one would make the bytes differ from machine to machine."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts.find_folder())])
