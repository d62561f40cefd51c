"""The catalogues as files: those of the further languages, brought to the texts of the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages import Catalog
from babel.messages.pofile import PoFileError, write_po

from actitud_api.engine.i18n.catalogue import find_faults, find_placeholders, read_catalogue
from tests.unit.i18n.extraction import PACKAGE, Text, Unreadable, list_names

FOLDER: Final = PACKAGE / "engine" / "i18n"
"""Catalogues that are complete: the service offers their languages."""

PARTIAL: Final = FOLDER / "partial"
"""Catalogues of the texts of `scope.select_partial`: the service offers those pages in their languages."""

BEGUN: Final = Path("translations")
"""Catalogues that somebody is translating; those that will be partial are in a folder `partial` of it."""

_HEADER: Final = """\
# The texts of Actitud. Each is found by its Spanish; "en:" is its English.
# {name} is filled in with a value: a translation has the same, in any order. {{ and }} are braces."""
_UNSTEADY: Final = re.compile(rb'"(POT-Creation-Date|PO-Revision-Date|Generated-By): .*\n', re.MULTILINE)
"""Lines that would make another file of the same texts."""


def defects(texts: Iterable[Text | Unreadable]) -> Iterator[str]:
    """Find what is wrong with the texts of the code, each with its place."""
    for text in texts:
        place = f"{text.file}:{text.line}"
        if isinstance(text, Unreadable):
            yield f"{place}: {text.reason}"
        elif not text.es.strip() or not text.en.strip():
            yield f"{place}: it is there in one language only: {text.es or text.en!r}"
        elif set(find_placeholders(text.es)) != set(find_placeholders(text.en)):
            yield f"{place}: the placeholders of both languages differ: {text.es!r} and {text.en!r}"
        elif text.values and text.values != list_names(text.es):
            given, wanted = (", ".join(sorted(names)) for names in (text.values, list_names(text.es)))
            yield f"{place}: its values are {given}, its placeholders {wanted}: {text.es!r}"


def template(texts: Iterable[Text | Unreadable]) -> Catalog:
    """Build a catalogue without translations: every text once, with its English and the files where it stands."""
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
    """Write a catalogue as it is kept: the same texts are always the same bytes."""
    file = BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False, ignore_obsolete=True)
    return _UNSTEADY.sub(b"", file.getvalue())


def updated(language: str, kept: bytes | None, wanted: Catalog) -> Catalog:
    """Bring the catalogue of a language to the texts that there are now; one like an old text is marked as fuzzy."""
    if kept is None:
        catalogue = Catalog(locale=language, project="Actitud", header_comment=_HEADER, charset="utf-8", fuzzy=False)
    else:
        catalogue = read_catalogue(kept, language)
    catalogue.update(wanted)
    return catalogue


def faults(folder: Path, wanted: Catalog) -> Iterator[str]:
    """Find what is wrong with the catalogues in a folder: texts that are missing, left over, or badly translated."""
    for file in sorted(folder.glob("*.po")):
        try:
            catalogue = read_catalogue(file.read_bytes())
        except PoFileError as error:
            yield f"{file}: it cannot be read: {error}"
            continue
        texts, there = ({str(message.id) for message in some if message.id} for some in (wanted, catalogue))
        repair = f"make languages NEW={file.stem}"
        yield from (f"{file}: a text of the code is missing: {text!r}: {repair}" for text in sorted(texts - there))
        yield from (f"{file}: it is no text of the code: {text!r}: {repair}" for text in sorted(there - texts))
        yield from (f"{file}: {fault}" for fault in find_faults(catalogue))


class Update(NamedTuple):
    """Catalogue that was brought to the texts of the code: where it is, and what is left to do."""

    file: Path
    faults: list[str]


def update(language: str, wanted: Catalog, folder: Path = FOLDER, begun: Path = BEGUN) -> Update:
    """Bring the catalogue of a language to the texts of the code, or begin it with what its partial one has.

    It is among those that are begun until nothing is left to do, so the service never sees one that is incomplete.
    """
    complete, open_one = folder / f"{language}.po", begun / f"{language}.po"
    partial = folder / "partial" / f"{language}.po"
    kept = next((file.read_bytes() for file in (open_one, complete, partial) if file.is_file()), None)
    content = written(updated(language, kept, wanted))
    left = list(find_faults(read_catalogue(content)))
    if left:
        begun.mkdir(exist_ok=True, parents=True)
        open_one.write_bytes(content)
        return Update(open_one, left)
    complete.write_bytes(content)
    open_one.unlink(missing_ok=True)
    return Update(complete, left)
