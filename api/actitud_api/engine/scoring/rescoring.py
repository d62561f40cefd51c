"""Scoring of the same organisations again under documents with other curves, weights or aggregations.

An audit needs many such scores. Rules and applicability stay as they are, so only the changed curves are evaluated
again, and the tree is computed from the scores of the indicators.
"""

from __future__ import annotations

import hashlib
from typing import Final, get_args

import msgspec
import numpy as np
from msgspec import structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    ALWAYS,
    NEVER,
    AnswerOperand,
    Compare,
    ComponentOperand,
    Constant,
    Curve,
    Document,
    Fact,
    Goalpost,
    Group,
    Indicator,
    ProfileField,
    ProfileOperand,
)
from actitud_api.engine.methodology.predicates import walk_indicators, walk_operand_parts
from actitud_api.engine.scoring.columns import Columns, ColumnScores, build_columns_from_arrays, score_columns
from actitud_api.engine.scoring.columns.table import Bools
from actitud_api.engine.scoring.compile import compile_methodology
from actitud_api.engine.scoring.evaluate import Code
from actitud_api.engine.scoring.ranking import Integers
from actitud_api.engine.scoring.robustness import MISSING

_CODES: Final[tuple[Code, ...]] = get_args(Code)
_NOT_APPLICABLE: Final = _CODES.index("not_applicable")
_ZERO_BY_RULE: Final = _CODES.index("zero_by_rule")
_CURVED: Final = tuple(_CODES.index(code) for code in ("full", "partial", "zero", "capped"))
"""Places in `_CODES` of the codes of indicators whose score comes from a curve."""

_UNITS = "units"


class EditionRescorer:
    """Organisations scored under their methodology, whose scores can be computed again under changed documents.

    A changed document may differ from the methodology in curves, weights and aggregations only.
    """

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self._plan = compile_methodology(columns.methodology)
        self._curves = {leaf.definition.id: leaf.definition.curve for leaf in self._plan.indicators}
        self.scores: ColumnScores = score_columns(columns)

    @property
    def nodes(self) -> dict[str, Integers]:
        """Scores of each group and indicator by id: an array with the score of each organisation.

        The scores are in units of 10^-decimals of a point, `MISSING` for an organisation in which the node has none.
        """
        result = self.scores
        return dict(zip((*result.group_ids, *result.indicator_ids), (*result.groups, *result.scores), strict=True))

    @property
    def zeros(self) -> dict[str, Bools]:
        """Masks of the organisations whose score is zero by the zero rule, by id of the indicator.

        A zero rule makes the score the lowest one, whatever the answer is.
        """
        return dict(zip(self.scores.indicator_ids, self.scores.codes == _ZERO_BY_RULE, strict=True))

    def compute_index(self, document: Document) -> Integers:
        """Compute the published index of each organisation under a document with other curves, weights or aggregations.

        The indices are in units of 10^-decimals of a point, `MISSING` for an organisation without an index.
        """
        if not self.columns.rows:
            return self.scores.index
        changed = [node for node in walk_indicators(document.root) if node.curve != self._curves[node.id]]
        if any(_reads_others(indicator) for indicator in changed):
            return score_columns(replace_document(self.columns, document)).index
        tree = _derive_methodology(self.columns.methodology, build_score_document(document))
        scores = [
            row if indicator.curve == self._curves[indicator.id] else self._apply_curve(indicator, row)
            for indicator, row in zip(walk_indicators(document.root), self.scores.scores, strict=True)
        ]
        ids = self.scores.indicator_ids
        columns = build_columns_from_arrays(
            tree,
            self.columns.rows,
            profile=dict(zip(ids, self.scores.codes == _NOT_APPLICABLE, strict=True)),
            answers={name: {_UNITS: row} for name, row in zip(ids, scores, strict=True)},
            present={name: row != MISSING for name, row in zip(ids, scores, strict=True)},
        )
        return score_columns(columns).index

    def _apply_curve(self, indicator: Indicator, before: Integers) -> Integers:
        """Compute the scores of an indicator with the curve in `indicator`, for each organisation.

        `before` has the scores with the old curve. A score that does not come from the curve, such as that of a zero
        rule, is kept.
        """
        plan, columns = self._plan, self.columns
        layout, position, name = plan.layout, plan.positions[indicator.id], indicator.id
        # Only rows that the curve scored before get the new score, so zero rule and applicability were decided already.
        # Here they could be decided otherwise: the answers that a zero rule reads, and which profile fields are null,
        # are not passed on.
        curve_only = structs.replace(indicator, zero_when=NEVER, applies=ALWAYS)
        root = structs.replace(plan.document.root, aggregation="arithmetic", children=(curve_only,))
        facts = {fact.name: columns.facts[layout.facts[name, fact.name]] for fact in indicator.facts}
        declared = columns.self_declared
        result = score_columns(
            build_columns_from_arrays(
                _derive_methodology(
                    columns.methodology, structs.replace(plan.document, root=root, rules=(), levels=(), pillars={})
                ),
                columns.rows,
                profile={field: columns.facts[slot] for field, slot in layout.profile.items()},
                answers={name: facts},
                self_declared={} if declared is None else {name: declared[position]},
            )
        )
        return np.where(np.isin(self.scores.codes[position], _CURVED), result.scores[0], before)


def replace_document(columns: Columns, document: Document) -> Columns:
    """Return columns of the same facts under another document, which must ask for these facts in the same order."""
    return structs.replace(columns, methodology=_derive_methodology(columns.methodology, document))


def _reads_others(indicator: Indicator) -> bool:
    """Return True if the value formula of an indicator reads answers to other indicators."""
    return any(
        isinstance(part, AnswerOperand | ComponentOperand) and part.indicator != indicator.id
        for part in walk_operand_parts(indicator.value)
    )


def build_score_document(document: Document) -> Document:
    """Build a document with the groups of `document`, in which the only fact of each indicator is its score.

    With such a document, the column evaluator computes the groups from known scores, given in units of 10^-decimals of
    a point. For each indicator there is a profile field that is true if the indicator is not applicable. The new
    document has no validation rules, zero rules, levels or pillars.
    """
    unit = int(10**document.decimals)

    def replace_node(node: Group | Indicator) -> Group | Indicator:
        if isinstance(node, Group):
            return structs.replace(node, children=tuple(replace_node(child) for child in node.children))
        ends = (node.range.minimum, node.range.maximum)
        return structs.replace(
            node,
            facts=(Fact(name=_UNITS, type="integer"),),
            value=AnswerOperand(indicator=node.id, fact=_UNITS),
            curve=Curve(kind="linear", goalposts=tuple(Goalpost(x=score * unit, score=score) for score in ends)),
            step=None,
            applies=Compare(op="eq", left=ProfileOperand(field=node.id), right=Constant(value=False)),
            zero_when=NEVER,
        )

    root = replace_node(document.root)
    assert isinstance(root, Group)
    exclusions = (
        ProfileField(name=node.id, type="boolean", set_by="service") for node in walk_indicators(document.root)
    )
    return structs.replace(document, root=root, profile=tuple(exclusions), rules=(), levels=(), pillars={})


def _derive_methodology(methodology: Methodology, document: Document) -> Methodology:
    digest = hashlib.sha256(msgspec.json.encode(document)).hexdigest()
    return structs.replace(methodology, document=document, digest=digest)
