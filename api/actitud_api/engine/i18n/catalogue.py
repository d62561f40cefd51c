"""Catalogues of translations into languages other than Spanish and English.

A catalogue is a PO file (GNU gettext) that maps each Spanish text to its translation.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from io import BytesIO
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po

SHOWN_MAX = 10
"""Maximum number of faults of a catalogue that an error message names."""


class IncompleteCatalogue(Exception):
    """Raised if a catalogue is unreadable, lacks a translation, or contains one that does not fit its text.

    A translation fits if it has the same placeholders as its text, and begins and ends with the same blanks. The
    service does not start with a catalogue that raises this error.
    """

    def __init__(self, file: str, faults: list[str]) -> None:
        """Build the message: the name of the file, the number of its faults, and the first `SHOWN_MAX` of them."""
        shown = [f"  {fault}" for fault in faults[:SHOWN_MAX]]
        more = [f"  and {len(faults) - SHOWN_MAX} more"] if len(faults) > SHOWN_MAX else []
        super().__init__("\n".join([f"{file} is not complete; faults: {len(faults)}", *shown, *more]))
        self.faults = faults
        """Sentences about all faults of the catalogue, each with the line in the file."""


def load_catalogues(folder: Traversable) -> dict[str, dict[str, str]]:
    """Load the catalogues of a folder; return the translations by language and Spanish text.

    Raises:
        IncompleteCatalogue: If a catalogue cannot be read, lacks a translation, or contains one that does not fit its
            text.
    """
    return {language: load_catalogue(file) for language, file in list_files(folder).items()}


def list_files(folder: Traversable) -> dict[str, Traversable]:
    """Return the catalogue files in a folder, by language; an empty dict if the folder does not exist."""
    files = folder.iterdir() if folder.is_dir() else ()
    found = sorted((file for file in files if file.name.endswith(".po")), key=lambda file: file.name)
    return {file.name.removesuffix(".po"): file for file in found}


def load_catalogue(file: Traversable) -> dict[str, str]:
    """Read a translation catalogue (PO file) and return the translations by Spanish text.

    Raises:
        IncompleteCatalogue: If the catalogue cannot be read, lacks a translation, or contains one with other
            placeholders or other blanks at its ends than its text.
    """
    try:
        catalogue = read_catalogue(file.read_bytes())
    except PoFileError as error:
        raise IncompleteCatalogue(file.name, [str(error)]) from error
    faults = list(find_faults(catalogue))
    if faults:
        raise IncompleteCatalogue(file.name, faults)
    return {str(message.id): str(message.string) for message in catalogue if message.id}


def read_catalogue(content: bytes, language: str | None = None) -> Catalog:
    """Parse the content of a PO file; `language` is its language, None if the header of the file states it.

    Raises:
        PoFileError: If the content is not a PO file.
    """
    return read_po(BytesIO(content), locale=language, abort_invalid=True)


def find_faults(catalogue: Catalog) -> Iterator[str]:
    """Yield a sentence about each fault of a catalogue.

    Faults are texts without a translation, translations marked as uncertain (fuzzy), and translations that do not fit.
    """
    for message in catalogue:
        if message.id:
            text, translation = str(message.id), str(message.string)
            fault = "not translated" if message.fuzzy or not translation else find_misfit(text, translation)
            if fault is not None:
                yield f"line {message.lineno}: {text!r}: {fault}"


def find_misfit(text: str, translation: str) -> str | None:
    """Return a sentence in English on why a translation does not fit its text, or None if it fits.

    Text and translation must have the same placeholders, and begin and end with the same blanks.
    """
    wanted, actual = find_placeholders(text), find_placeholders(translation)
    if wanted != actual:
        told, expected = (", ".join(either) or "none" for either in (actual, wanted))
        return f"the placeholders of the translation are {told}, those of the text {expected}"
    if _split_margins(text) != _split_margins(translation):
        return "the translation does not begin and end with the same blanks as the text"
    return None


def find_placeholders(text: str) -> list[str]:
    """List the placeholders of a text with their format, such as `{score:.2f}`, sorted and without duplicates.

    For placeholders without a name, numbered ones are added: the list of a text with two `{}` is `{0}`, `{1}`, `{}`. So
    texts with different numbers of placeholders have different lists. The list is empty if the braces in the text are
    not in pairs.
    """
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:  # a brace that opens nothing: it is no template
        return []
    told = [f"{{{name}{f'!{form}' if form else ''}{f':{spec}' if spec else ''}}}" for _, name, spec, form in fields]
    return sorted({*told} | {f"{{{number}}}" for number in range(told.count("{}"))})


def _split_margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
