"""HTML tables for notebooks. Every text in them is escaped.

Labels are in Spanish and English, because a response does not say in which language its sentences are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import msgspec

DASH = "–"
"""Shown in place of a value that does not exist."""

_ROWS_SHOWN = 20
"""Maximum number of rows shown of a page."""


def render_paragraph(text: str) -> str:
    """Render a sentence as an HTML paragraph."""
    return f"<p>{escape(text)}</p>"


def render_page(items: Sequence[object], more: bool) -> str:
    """Render the first items of a page as a table.

    The columns are the members that are neither lists nor objects. ``more``: whether further pages follow.
    Notes below the table say how many items are left out, and that further pages follow.
    """
    heads: dict[str, None] = {}
    shown = []
    for item in items[:_ROWS_SHOWN]:
        members = msgspec.to_builtins(item) if isinstance(item, msgspec.Struct) else {"": item}
        row = {name: value for name, value in members.items() if not isinstance(value, dict | list | tuple)}
        heads |= dict.fromkeys(row)
        shown.append(row)
    rows = ([DASH if row.get(name) is None else str(row[name]) for name in heads] for row in shown)
    hidden = len(items) - len(shown)
    notes = [f"+ {hidden}"] * (hidden > 0) + ["hay más páginas · more pages follow"] * more
    return render_table(tuple(heads), rows) + "".join(render_paragraph(note) for note in notes)


def render_facts(caption: str, facts: Iterable[tuple[str, str]]) -> str:
    """Render a captioned table with one row per name and value."""
    rows = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts)
    return f"<table><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>"


def render_list(title: str, texts: Sequence[str]) -> str:
    """Render a titled list of texts; return an empty string if there are none."""
    if not texts:
        return ""
    return f"<p>{escape(title)}</p><ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def render_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Render a table with a header row.

    ``heads``: titles of the columns. ``rows``: the cells of each row.
    """
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def format_figure(value: float | None) -> str:
    """Format a score or a number of points with two decimals, ``None`` as a dash."""
    return DASH if value is None else f"{value:.2f}"


def format_share(value: float | None) -> str:
    """Format a share, 0 to 1, as a percentage with two decimals, ``None`` as a dash."""
    return DASH if value is None else f"{value:.2%}"
