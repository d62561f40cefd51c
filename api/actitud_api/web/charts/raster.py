"""Drawing of SVG as PNG, the same bytes on every machine."""

from __future__ import annotations

import resvg_py

from actitud_api.web import fonts


def render_png(svg: str, width: int | None = None) -> bytes:
    """Draw an SVG picture of this package as PNG, in its own width or scaled to `width` pixels.

    All text is drawn in the font of `web/fonts`. Files and URLs to which the picture refers are not loaded.
    """
    return resvg_py.svg_to_bytes(
        svg_string=svg,
        width=width,
        skip_system_fonts=True,
        font_files=fonts.list_files(),
        font_family=fonts.FAMILY,
        sans_serif_family=fonts.FAMILY,
    )
