"""The tree of indicators that Gobierto imports (`app/importers/gobierto_indicators` in its source).

Gobierto, a transparency portal, looks up a figure by year in `values` and shows 0 if the year is missing. So an
unknown score gets no leaf in the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count

import msgspec

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration.narrated import NarratedDimension, NarratedIndicator
from actitud_api.engine.scoring.result import Points
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores.schemas import Sheet
from actitud_api.web.downloads.schemas import TreeAttributes, TreeNode

_SCORE = Texts("Puntuación de 0 a 100.", "Score of 0 to 100.")
_RESULT = Texts("Resultado", "Result")


def encode_tree(
    sheet: Sheet, edition: editions.EditionRecord, methodology: Methodology, source: str, language: Language
) -> bytes:
    """Encode the explained score of an organisation as JSON: the index, then each dimension with its indicators.

    `sheet` is the explained score, with sentences in `language`. `source` is the name of the source of the data, which
    Gobierto shows beside each figure.
    """
    return msgspec.json.encode([_TreeBuilder(edition, methodology, source, language).build_root(sheet)])


class _TreeBuilder:
    def __init__(
        self, edition: editions.EditionRecord, methodology: Methodology, source: str, language: Language
    ) -> None:
        self._year = str(edition.period_to.year)
        self._texts = methodology.texts[language]
        self._decimals = methodology.document.decimals
        self._root = methodology.document.root.id
        self._source = source
        self._language = language
        self._ids = count()

    def build_root(self, sheet: Sheet) -> TreeNode:
        """Build the root node of the tree, with one group for the index and one for each dimension.

        A group whose scores are all unknown is left out.
        """
        identifier = next(self._ids)
        name = self._texts.groups[self._root].name
        groups = [
            self._build_group(
                _RESULT.into(self._language), self._build_figure(name, sheet.index, sheet.level_details.text or "")
            )
        ]
        groups += [
            self._build_group(dimension.name, self._build_dimension(dimension)) for dimension in sheet.dimensions
        ]
        title = f"{sheet.organisation_name}: {name}"
        children = tuple(group for group in groups if group.children)
        return TreeNode(id=identifier, level=0, attributes=TreeAttributes(title=title), children=children)

    def _build_group(self, title: str, leaves: Iterator[TreeNode]) -> TreeNode:
        identifier = next(self._ids)
        return TreeNode(id=identifier, level=1, attributes=TreeAttributes(title=title), children=tuple(leaves))

    def _build_dimension(self, dimension: NarratedDimension) -> Iterator[TreeNode]:
        yield from self._build_figure(dimension.name, dimension.score, "")
        for indicator in _iterate_indicators([dimension]):
            yield from self._build_figure(indicator.name, indicator.score, indicator.reason.text, indicator.id)

    def _build_figure(
        self, title: str, points: Points | None, calculation: str, indicator: str | None = None
    ) -> Iterator[TreeNode]:
        if points is None:
            return
        text = None if indicator is None else self._texts.indicators[indicator]
        yield TreeNode(
            id=next(self._ids),
            level=2,
            attributes=TreeAttributes(
                title=title,
                source=self._source,
                description=_SCORE.into(self._language) if text is None else text.question,
                methodology=self._texts.title if text is None else text.basis,
                calculation=calculation,
                values=({self._year: f"{points:.{self._decimals}f}"},),
            ),
        )


def _iterate_indicators(groups: Sequence[NarratedDimension]) -> Iterator[NarratedIndicator]:
    for group in groups:
        yield from group.indicators
        yield from _iterate_indicators(group.groups)
