"""The catalogues as files: the template for translators, and those of the further languages brought to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages import Catalog
from babel.messages.pofile import PoFileError, read_po, write_po

from actitud_api.engine.i18n.catalogue import misfit, places
from tests.unit.i18n.extraction import PACKAGE, Text, Unreadable

FOLDER: Final = PACKAGE / "engine" / "i18n" / "catalogues"
TEMPLATE: Final = "actitud.pot"

_HEADER: Final = """\
# The texts of Actitud. Each is found by its Spanish; "en:" is its English.
# {name} and %(name)s are filled in with values: a translation has the same, in any order.
# %(es)s is another of these texts. Beside %(name)s, %% is a per cent sign."""
_UNSTEADY: Final = re.compile(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By): .*\n', re.MULTILINE)
"""What would make of the same texts another file."""


def defects(texts: Iterable[Text | Unreadable]) -> Iterator[str]:
    """What is wrong with the texts of the code, each with its place."""
    for text in texts:
        place = f"{text.file}:{text.line}"
        if isinstance(text, Unreadable):
            yield f"{place}: {text.reason}"
        elif not text.es.strip() or not text.en.strip():
            yield f"{place}: it is there in one language only: {text.es or text.en!r}"
        elif set(places(text.es)) != set(places(text.en)):
            yield f"{place}: the placeholders of both languages differ: {text.es!r} and {text.en!r}"


def template(texts: Iterable[Text | Unreadable]) -> Catalog:
    """The template for translators: every text once, with its English and the files where it stands."""
    made = Catalog(project="Actitud", header_comment=_HEADER, charset="utf-8", fuzzy=False)
    for text in texts:
        if isinstance(text, Text):
            comment = " / ".join(part.strip() for part in text.en.splitlines())
            made.add(
                text.es,
                locations=[(text.file, 0)],
                auto_comments=[f"en: {comment}"],
            )
    return made


def written(catalogue: Catalog) -> bytes:
    """A catalogue as it is kept: the same texts are always the same bytes."""
    file = BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    return _UNSTEADY.sub(b"", file.getvalue())


def updated(language: str, kept: bytes | None, wanted: Catalog) -> Catalog:
    """The catalogue of a language with the texts that there are now; what was a similar text is marked as fuzzy."""
    if kept is None:
        catalogue = Catalog(locale=language, project="Actitud", header_comment=_HEADER, charset="utf-8", fuzzy=False)
    else:
        catalogue = read_po(BytesIO(kept), locale=language)
    catalogue.update(wanted)
    return catalogue


def faults(folder: Path, wanted: Catalog) -> Iterator[str]:
    """What is wrong with the catalogues in a folder, each with its place."""
    if not (folder / TEMPLATE).is_file() or (folder / TEMPLATE).read_bytes() != written(wanted):
        yield f"{folder / TEMPLATE}: these are not the texts of the code: make languages"
    for file in sorted(folder.glob("*.po")):
        try:
            catalogue = read_po(BytesIO(file.read_bytes()), abort_invalid=True)
        except PoFileError as error:
            yield f"{file}: it cannot be read: {error}"
            continue
        if {message.id for message in catalogue} != {message.id for message in wanted}:
            yield f"{file}: these are not the texts of the code: make languages"
        for message in catalogue:
            if message.id and message.string and not message.fuzzy:
                wrong = misfit(str(message.id), str(message.string))
                if wrong is not None:
                    yield f"{file}:{message.lineno}: {wrong}: {message.string!r}"
