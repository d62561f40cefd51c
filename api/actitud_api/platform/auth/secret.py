"""Secret texts that must not be shown."""

from __future__ import annotations


class SecretText:
    """Text that shows in no `repr`, log line or message."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raise `ValueError` if the text is short enough to be guessed."""
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
        """Return the text."""
        return self._text
