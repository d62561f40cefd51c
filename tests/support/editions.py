"""Editions as tests make them: of a whole year, with everything else as usual."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from actitud_api.resources.editions.service import EditionDraft, NamedSpans

TITLES = {"es": "Edición", "en": "Edition"}


def draft_edition(
    identifier: str,
    *,
    methodology: str = "2026.1",
    year: int = 2026,
    titles: Mapping[str, str] = TITLES,
    calendar: NamedSpans | None = None,
) -> EditionDraft:
    """An edition that is to be made, which looks at a year."""
    return EditionDraft(
        id=identifier,
        titles=dict(titles),
        methodology=methodology,
        period_from=date(year, 1, 1),
        period_to=date(year, 12, 31),
        calendar=calendar,
    )
