"""Search form of a text: without accents, case or punctuation."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return a text in the form for search: lower case, without accents, words separated by one space.

    Each run of signs other than letters and digits becomes one space. `L'Alcúdia de Crespins` → `l alcudia de
    crespins`; `Vila-real` → `vila real`. The middle dot of Catalan is removed without a space, because people omit it:
    `col·legi` → `collegi`.
    """
    # NFKD separates letters from their accents, which are then dropped as combining characters.
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = (character for character in decomposed if character != "·" and not unicodedata.combining(character))
    return " ".join("".join(character if character.isalnum() else " " for character in kept).split())


def split_words(query: str) -> list[str]:
    """Return the distinct words of a search query, in lower case and without accents, in their order in the query."""
    return list(dict.fromkeys(fold(query).split()))
