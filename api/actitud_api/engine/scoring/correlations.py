"""Correlations of all nodes of an index with each other, and the principal components of some of them.

The measures are those of the OECD/JRC handbook on constructing composite indicators (2008), step 4, multivariate
analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from msgspec import Struct

from actitud_api.engine.scoring.audit import Floats, compute_correlation

CorrelationMatrix: TypeAlias = tuple[tuple[float | None, ...], ...]
"""Pearson's r of each pair of columns, 1 on the diagonal; None where it is undefined."""


class Component(Struct, frozen=True, kw_only=True):
    """A principal component of a correlation matrix.

    `eigenvalue` is its variance, and `share` its part of the variance of all columns, from 0 to 1. `loadings` contains
    the correlation of each column with the component, in the order of the columns. The sign of a component is
    arbitrary: here the loadings have a sum of at least 0.
    """

    eigenvalue: float
    share: float
    loadings: tuple[float, ...]


def compute_correlation_matrix(columns: Sequence[Floats]) -> CorrelationMatrix:
    """Compute Pearson's r of every two columns, each over the organisations that have a value in both columns.

    Columns have one entry for each organisation, NaN if missing. The matrix has r in the order of the columns, None if
    one of the two columns is constant over these organisations.
    """
    rows: list[list[float | None]] = [[None] * len(columns) for _ in columns]
    for i, column in enumerate(columns):
        for j in range(i + 1):
            rows[i][j] = rows[j][i] = compute_correlation(column, columns[j])
    return tuple(tuple(row) for row in rows)


def compute_components(matrix: CorrelationMatrix) -> tuple[Component, ...]:
    """Compute the principal components of a correlation matrix, the one with the greatest eigenvalue first.

    Columns that do not vary (their correlation with themselves is None) are left out: their loadings are 0. Return no
    component if no column varies, or if a correlation of two columns that vary is undefined. If some values are
    missing, the correlations are over different sets of organisations, and the last eigenvalues may be slightly below
    0.
    """
    kept = [position for position, row in enumerate(matrix) if row[position] is not None]
    values = [[matrix[i][j] for j in kept] for i in kept]
    if not kept or any(value is None for row in values for value in row):
        return ()
    eigenvalues, vectors = np.linalg.eigh(np.array(values, np.float64))
    components = []
    for eigenvalue, vector in zip(eigenvalues[::-1].tolist(), vectors.T[::-1], strict=True):
        loadings = np.zeros(len(matrix))
        loadings[kept] = vector * np.sqrt(max(eigenvalue, 0.0)) * (-1 if vector.sum() < 0 else 1)
        components.append(
            Component(eigenvalue=eigenvalue, share=eigenvalue / len(kept), loadings=tuple(loadings.tolist()))
        )
    return tuple(components)
