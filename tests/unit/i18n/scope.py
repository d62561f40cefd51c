"""What the partial catalogues translate: the texts of some pages and of embeds, and the names of the methodologies."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from tests.unit.i18n.extraction import PACKAGE, Text, Unreadable

FILES: Final = frozenset(
    [
        "engine/i18n/__init__.py",
        "engine/narration/bands.py",
        "web/embeds/rankings.py",
        "web/embeds/templates/frame.html",
        "web/embeds/templates/ranking_table.html",
        "web/embeds/templates/table.html",
        "web/embeds/templates/untabled.html",
        "web/embeds/texts.py",
        "web/portal/chart_links.py",
        "web/portal/citations.py",
        "web/portal/edition_charts.py",
        "web/portal/findings.py",
        "web/portal/layout.py",
        "web/portal/names.py",
        "web/portal/ranking.py",
        "web/portal/result.py",
        "web/portal/sharing.py",
        "web/portal/steps.py",
        "web/portal/templates/citation.html",
        "web/portal/templates/edition.html",
        "web/portal/templates/index.html",
        "web/portal/templates/lists.html",
        "web/portal/templates/missing.html",
        "web/portal/templates/portal.html",
        "web/portal/templates/preparing.html",
        "web/portal/templates/result.html",
        "web/portal/templates/search.html",
        "web/portal/templates/unpublished_edition.html",
        "web/portal/unpublished_editions.py",
        "web/portal/verdict.py",
    ]
)
"""Files whose texts are translated: of every embed, the ranking, the search, and the first part of a sheet."""

VERSIONS: Final = "engine/methodology/versions"


def select_partial(texts: Iterable[Text | Unreadable], package: Path = PACKAGE) -> Iterator[Text]:
    """Select those `texts` of the code that a partial catalogue has, and read the names in the methodologies."""
    yield from (text for text in texts if isinstance(text, Text) and text.file in FILES)
    yield from methodology_names(package)


def methodology_names(package: Path = PACKAGE) -> Iterator[Text]:
    """Read the names in the methodologies: of dimensions, indicators, levels and kinds of organisations."""
    for folder in sorted((package / VERSIONS).iterdir()):
        if folder.joinpath("texts").is_dir():
            file = f"{VERSIONS}/{folder.name}/texts/es.json"
            spanish, english = (json.loads((folder / "texts" / f"{name}.json").read_text()) for name in ("es", "en"))
            for es, en in zip(_list_names(spanish), _list_names(english), strict=True):
                yield Text(es, en, file, 0)


def _list_names(document: Any) -> list[str]:
    levels = [level for _, level in sorted(document["levels"].items())]
    return [
        *(group["name"] for _, group in sorted(document["groups"].items())),
        *(indicator["name"] for _, indicator in sorted(document["indicators"].items())),
        *(text for level in levels for text in (level["name"], level["meaning"], level["provisional_unless"]) if text),
        *(name for _, name in sorted(document["organisation_types"].items())),
    ]
