"""The second evaluator: many organisations at once, in columns of NumPy; equal to `scalar` in every integer."""

from __future__ import annotations

from actitud_api.engine.scoring.columns.evaluator import ColumnScores, aggregate_columns, score_columns
from actitud_api.engine.scoring.columns.table import NO_LIMIT, Columns, DefectiveColumns, columns_from, columns_of

__all__ = [
    "NO_LIMIT",
    "ColumnScores",
    "Columns",
    "DefectiveColumns",
    "aggregate_columns",
    "columns_from",
    "columns_of",
    "score_columns",
]
