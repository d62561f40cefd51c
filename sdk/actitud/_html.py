"""HTML tables for notebooks, in the language of the response. Every text in them is escaped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

import msgspec

DASH = "–"
"""Shown in place of a value that does not exist."""

_ROWS_SHOWN = 20
"""Maximum number of items of a page that its table shows."""

_MOST_DECIMALS = 4
_READ_IN_SPANISH = frozenset({"es", "ca", "eu", "gl"})
# Notebooks align every cell to the right unless told otherwise.
_LEFT, _RIGHT = "text-align:left", "text-align:right"


def render_paragraph(text: str) -> str:
    """Render a sentence as an HTML paragraph."""
    return f"<p>{escape(text)}</p>"


class Words:
    """Language of an HTML table: its words and the format of its numbers.

    Spanish is used for Spanish and for the other languages of Spain, English for every other language.
    """

    def __init__(self, language: str) -> None:
        self.is_spanish: bool = language.lower().partition("-")[0] in _READ_IN_SPANISH

    def __call__(self, spanish: str, english: str) -> str:
        return spanish if self.is_spanish else english

    def number(self, value: float, decimals: int) -> str:
        """Format a number with a fixed number of decimals, with a comma in Spanish."""
        text = f"{value:.{decimals}f}"
        return text.replace(".", ",") if self.is_spanish else text

    def figure(self, value: float | None) -> str:
        """Format a score or a number of points with two decimals, ``None`` as a dash."""
        return DASH if value is None else self.number(value, 2)

    def share(self, value: float | None) -> str:
        """Format a share, 0 to 1, as a percentage with two decimals, ``None`` as a dash."""
        return DASH if value is None else self.number(value * 100, 2) + self("\u202f%", "%")


def render_page(items: Sequence[object], language: str, total: int | None, more: bool) -> str:
    """Render the first items of a page as an HTML table of their scalar members, with the number of omitted items.

    ``total``: number of items of all pages, ``None`` if it is not known. ``more``: ``True`` if further pages follow.
    """
    words = Words(language)
    shown = [_list_scalars(item) for item in items[:_ROWS_SHOWN]]
    heads = list(dict.fromkeys(name for row in shown for name in row))
    columns = [_format_column([row.get(name) for row in shown], words) for name in heads]
    numbers = [position for position, (_, numeric) in enumerate(columns) if numeric]
    table = render_table(heads, zip(*(cells for cells, _ in columns), strict=True), numbers=numbers)
    if total is not None:
        return table + render_paragraph(words(f"{len(shown)} de {total}", f"{len(shown)} of {total}"))
    spanish, english = f"{len(shown)} de {len(items)} en esta página", f"{len(shown)} of {len(items)} on this page"
    if more:
        return table + render_paragraph(words(f"{spanish}; hay más páginas", f"{english}; more pages follow"))
    return table + render_paragraph(words(f"{spanish}, la última", f"{english}, the last"))


def _list_scalars(item: object) -> dict[str, object]:
    members = msgspec.to_builtins(item) if isinstance(item, msgspec.Struct) else {"": item}
    return {name: value for name, value in members.items() if not isinstance(value, dict | list | tuple)}


def _format_column(values: Sequence[object], words: Words) -> tuple[list[str], bool]:
    """Return the cells of a column as texts, and True if it is a column of numbers.

    All numbers of a column get the same number of decimals.
    """
    filled = [value for value in values if value is not None]
    numbers = [value for value in filled if isinstance(value, int | float) and not isinstance(value, bool)]
    if not numbers or len(numbers) < len(filled):
        return [_format_cell(value, words) for value in values], False
    decimals = min(_MOST_DECIMALS, max(_count_decimals(value) for value in numbers))
    return [words.number(value, decimals) if isinstance(value, int | float) else DASH for value in values], True


def _format_cell(value: object, words: Words) -> str:
    if isinstance(value, bool):
        return words("sí", "yes") if value else "no"
    return DASH if value is None else str(value)


def _count_decimals(value: float) -> int:
    return 0 if isinstance(value, int) else len(f"{value:.{_MOST_DECIMALS}f}".rstrip("0").partition(".")[2])


def render_facts(caption: str, facts: Iterable[tuple[str, str]]) -> str:
    """Render an HTML table with a caption and one row per name and value."""
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td style="{_RIGHT}">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return f"<table><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>"


def render_list(title: str, texts: Sequence[str]) -> str:
    """Render an HTML list of texts with a title; return an empty string if there are no texts."""
    if not texts:
        return ""
    return f"<p>{escape(title)}</p><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def render_table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int] = ()) -> str:
    """Render an HTML table with a header row.

    ``heads``: titles of the columns. ``rows``: cells of each row. ``numbers``: positions of the columns that are
    aligned to the right.
    """
    styles = [_RIGHT if position in numbers else _LEFT for position in range(len(heads))]
    head = "".join(
        f'<th scope="col" style="{style}">{escape(name)}</th>' for name, style in zip(heads, styles, strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_render_cell, row, styles))}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _render_cell(text: str, style: str) -> str:
    return f'<td style="{style}">{escape(text)}</td>'
