"""Methodologies as arguments of a command: the name of a version, or the file of a document.

The texts of a document are read from the folder `texts/` beside the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from actitud_api.cli.common import CommandError, read_content
from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology

_NEITHER: Final = Texts(
    "«{value}» no es una versión ({versions}) ni un fichero", "“{value}” is neither a version ({versions}) nor a file"
)
_DEFECTIVE: Final = Texts("{value} tiene defectos:", "{value} has defects:")

_BESIDE: Final = "texts"


def read_texts_beside(file: str, language: Language) -> dict[Language, bytes]:
    """Return the contents of the text files in the folder `texts/` beside a methodology document, by language.

    Languages without a file are left out. `language` is that of the error.

    Raises:
        CommandError: A file cannot be read (exit code 2).
    """
    folder = Path(file).parent / _BESIDE
    return {
        known: read_content(str(folder / f"{known}.json"), language)
        for known in LANGUAGES
        if (folder / f"{known}.json").is_file()
    }


def read_methodology(value: str, language: Language) -> Methodology:
    """Return the methodology that `value` names: a registered version, or the file of a draft with its texts.

    Raises:
        CommandError: The value is neither a version nor a file (exit code 2), or the file has defects (exit code 1).
    """
    if value in loader.list_versions():
        return loader.load_methodology(value)
    if not Path(value).is_file():
        versions = ", ".join(loader.list_versions())
        raise CommandError(_NEITHER.into(language).format(value=value, versions=versions), 2)
    try:
        return loader.read_methodology(None, "draft", read_content(value, language), read_texts_beside(value, language))
    except loader.DefectiveMethodology as error:
        defects = "".join(f"\n{defect.pointer}: {defect.translate(language)}" for defect in error.defects)
        raise CommandError(_DEFECTIVE.into(language).format(value=value) + defects) from error
