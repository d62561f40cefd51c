"""The form of a text in which it is searched: without accents, case or punctuation."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Letters and digits in lower case without diacritics; everything else becomes one space.

    `L'Alcúdia de Crespins` → `l alcudia de crespins`; `Vila-real` → `vila real`. The middle dot of Catalan goes
    without a trace, as people leave it out: `Castellar de n'Hug` → `castellar de n hug`, `col·legi` → `collegi`.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (character for character in decomposed if character != "·" and not unicodedata.combining(character))
    return " ".join("".join(character if character.isalnum() else " " for character in kept).split())


def split_words(query: str) -> list[str]:
    """The words of a search, each once, in the form of `fold`."""
    return list(dict.fromkeys(fold(query).split()))
