"""Options in a file: `actitud count exports @options.txt` for options that are the same each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

MARK: Final = "@"
"""Begins the argument that names the file."""


def expand_arguments(arguments: Sequence[str]) -> list[str]:
    """Replace each argument ``@FILE`` of the command ``count`` by the arguments in that file.

    The arguments of other commands are returned unchanged.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if it is no UTF-8; the message names the file.
    """
    if not arguments or arguments[0] != "count":
        return list(arguments)
    expanded: list[str] = []
    for argument in arguments:
        if argument.startswith(MARK):
            expanded += _split_lines(_read_text(argument.removeprefix(MARK)))
        else:
            expanded.append(argument)
    return expanded


def _read_text(name: str) -> str:
    try:
        # Editors of Windows write a byte order mark.
        return Path(name).read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{name}: UTF-8: {error.reason}") from None


def _split_lines(text: str) -> Iterator[str]:
    """Split lines into an option and its value, which may hold spaces and needs no quotation marks."""
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        if line.startswith("-"):
            yield from line.split(maxsplit=1)
        else:
            yield line
