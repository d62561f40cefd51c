"""Column evaluator: scores many organisations at once in NumPy arrays, with exactly the results of `evaluate`.

Each fact is an array with one row for each organisation (`table`). Rows are scored in blocks, one block after the other
(`evaluator`): in each block, contradictions (`rules`) come first, then `indicators`, groups (`tree`) and `levels`. A
mask is an array of booleans that marks rows.
"""

from __future__ import annotations

from actitud_api.engine.scoring.columns.evaluator import ColumnScores, aggregate_columns, score_columns
from actitud_api.engine.scoring.columns.table import (
    NO_LIMIT,
    Columns,
    DefectiveColumns,
    build_columns,
    build_columns_from_arrays,
)

__all__ = [
    "NO_LIMIT",
    "ColumnScores",
    "Columns",
    "DefectiveColumns",
    "aggregate_columns",
    "build_columns",
    "build_columns_from_arrays",
    "score_columns",
]
