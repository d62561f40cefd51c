"""Secret texts of the settings, protected against being printed."""

from __future__ import annotations


class SecretText:
    """Secret text of the settings, such as a pepper of key hashes. Its `repr` hides it from log lines and messages."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Keep a secret text.

        Raises:
            ValueError: The text has fewer than 32 characters, so that it could be guessed.
        """
        if len(text) < 32:
            raise ValueError("shorter than 32 characters")
        self._text = text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def reveal(self) -> str:
        """Return the secret text in plain form."""
        return self._text
