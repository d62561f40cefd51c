"""Bar charts as SVG inside a page: as wide as the page allows, with letters that keep their size.

Widths are percentages, so that small screens need neither a script nor a second drawing. The style sheet of the page
sets colours and letters by the classes ``bar``, ``unknown``, ``axis`` and ``label``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final, NamedTuple

_CONTROLS: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Characters that a page must not have, and those that turn round what stands beside them."""
_TOP: Final = 18
"""Height above the highest column, for the number of the axis."""
_HEIGHT: Final = 140
_FOOT: Final = 22
_HATCH: Final = (
    '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="unknown" width="2" height="6"/></pattern></defs>'
)
_ROW: Final = 42
_ROW_BAR: Final = 14


class Bar(NamedTuple):
    """Bar of a bar chart, whose length is ``number``.

    ``label``: the text beside or below the bar, if any. ``is_unknown``: True if ``number`` is only a lower limit.
    """

    label: str
    number: int
    is_unknown: bool = False


def escape_text(text: str) -> str:
    """Escape a text for use in HTML or SVG, with a replacement character for each control character."""
    return escape(_CONTROLS.sub("\ufffd", text))


def draw_columns(bars: Sequence[Bar], description: str) -> str:
    """Draw a bar chart of vertical bars as SVG, with the highest number on the axis.

    A bar whose number is only a lower limit has a hatched background of the full height. ``description`` is the text of
    the chart for screen readers.
    """
    highest = max((bar.number for bar in bars), default=0)
    floor = _TOP + _HEIGHT
    # Only where it is drawn: a page has one chart with unknown bars, and an id stands once in a page.
    parts = [_HATCH] if any(bar.is_unknown for bar in bars) else []
    step = 100 / max(len(bars), 1)
    for position, bar in enumerate(bars):
        left, width = _format(position * step), _format(step * 0.8)
        if bar.is_unknown:
            parts.append(f'<rect fill="url(#hatch)" x="{left}%" y="{_TOP}" width="{width}%" height="{_HEIGHT}"/>')
        height = _HEIGHT * bar.number / highest if highest else 0
        if height:
            parts.append(
                f'<rect class="bar" x="{left}%" y="{_format(floor - height)}" width="{width}%" '
                f'height="{_format(height)}"/>'
            )
        if bar.label:
            parts.append(f'<text class="label" x="{left}%" y="{floor + 16}">{escape_text(bar.label)}</text>')
    parts.append(f'<line class="axis" x1="0" y1="{_TOP}" x2="100%" y2="{_TOP}"/>' if highest else "")
    parts.append(f'<text class="label" x="0" y="{_TOP - 5}">{highest}</text>' if highest else "")
    parts.append(f'<line class="axis" x1="0" y1="{floor}" x2="100%" y2="{floor}"/>')
    return _wrap(parts, floor + _FOOT, description)


def draw_rows(bars: Sequence[Bar], description: str) -> str:
    """Draw a bar chart of horizontal bars as SVG, with the label and the number above each bar.

    ``description`` is the text of the chart for screen readers.
    """
    highest = max((bar.number for bar in bars), default=0)
    parts: list[str] = []
    for position, bar in enumerate(bars):
        top = position * _ROW
        width = 100 * bar.number / highest if highest else 0
        parts.append(
            f'<text class="label" x="0" y="{top + 14}">{escape_text(bar.label)}</text>'
            f'<text class="label" x="100%" y="{top + 14}" text-anchor="end">{bar.number}</text>'
            f'<line class="axis" x1="0" y1="{top + 20 + _ROW_BAR}" x2="100%" y2="{top + 20 + _ROW_BAR}"/>'
        )
        if width:
            parts.append(
                f'<rect class="{"unknown" if bar.is_unknown else "bar"}" x="0" y="{top + 20}" '
                f'width="{_format(width)}%" height="{_ROW_BAR}"/>'
            )
    return _wrap(parts, len(bars) * _ROW, description)


def _wrap(parts: Sequence[str], height: int, description: str) -> str:
    return (
        f'<svg role="img" aria-label="{escape_text(description)}" width="100%" height="{height}" focusable="false">'
        f"{''.join(parts)}</svg>"
    )


def _format(number: float) -> str:
    """Format a length with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
