"""The texts of argparse in Spanish: the usage, the headings of the help, and the faults of arguments.

The service has the same table (`actitud_api.cli.argument_texts`): neither distribution imports the other.
"""

from __future__ import annotations

import argparse
import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

SPANISH: Final[Mapping[str, str]] = {
    "usage: ": "uso: ",
    "positional arguments": "argumentos",
    "options": "opciones",
    "show this help message and exit": "muestra esta ayuda y termina",
    "show program's version number and exit": "muestra la versión y termina",
    "argument %(argument_name)s: %(message)s": "argumento %(argument_name)s: %(message)s",
    "the following arguments are required: %s": "faltan estos argumentos: %s",
    "one of the arguments %s is required": "falta uno de estos argumentos: %s",
    "unrecognized arguments: %s": "argumentos desconocidos: %s",
    "invalid choice: %(value)r (choose from %(choices)s)": "%(value)r no vale (elija entre %(choices)s)",
    "invalid %(type)s value: %(value)r": "%(value)r no vale (se espera: %(type)s)",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s puede ser cualquiera de estas: %(matches)s",
    "not allowed with argument %s": "no se admite junto con %s",
    "ignored explicit argument %r": "no admite un valor: %r",
    "expected one argument": "le falta un valor",
    "expected at most one argument": "admite un valor como mucho",
    "expected at least one argument": "le falta al menos un valor",
    "expected %s argument": "necesita %s valor",
    "expected %s arguments": "necesita %s valores",
}
"""By the English text, which is the key in argparse. A text that only another release of Python has stays English."""


@contextmanager
def translate_arguments(*, is_spanish: bool) -> Iterator[None]:
    """Make argparse write its messages in Spanish in a ``with`` block, or in English if ``is_spanish`` is False.

    The functions that translate in argparse are replaced, because gettext would need a compiled catalogue in a folder
    of the machine, and a Spanish locale.
    """
    names = argparse.__dict__
    if is_spanish:
        names["_"] = lambda text: SPANISH.get(text, text)
        names["ngettext"] = lambda one, many, number: SPANISH.get(one if number == 1 else many, many)
    try:
        yield
    finally:
        names["_"], names["ngettext"] = gettext.gettext, gettext.ngettext
