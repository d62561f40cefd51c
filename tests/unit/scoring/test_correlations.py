"""Correlations of all with all and principal components, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from actitud_api.engine.scoring.correlations import CorrelationMatrix, compute_components, compute_correlation_matrix


def test_every_column_is_correlated_with_every_column() -> None:
    """1 2 3 with 1 3 2: products of deviations 1, squares 2 and 2, r = 1/2. With 3 2 1: -1 and -1/2."""
    columns = [np.array(values, np.float64) for values in ((1, 2, 3), (1, 3, 2), (3, 2, 1))]
    matrix = compute_correlation_matrix(columns)
    assert np.array(matrix) == pytest.approx(np.array([[1, 0.5, -1], [0.5, 1, -0.5], [-1, -0.5, 1]]))


def test_a_column_that_does_not_vary_has_no_correlation() -> None:
    """It has none even with itself."""
    matrix = compute_correlation_matrix([np.array([1.0, 2, 3]), np.ones(3)])
    assert matrix[0][0] == pytest.approx(1)
    assert (matrix[0][1], matrix[1]) == (None, (None, None))


def test_three_columns_that_correlate_alike() -> None:
    """r = 1/2 between all: eigenvalues 1 + 2/2 = 2 and twice 1/2. The first vector is (1, 1, 1)/√3, loading √(2/3)."""
    half: CorrelationMatrix = ((1, 0.5, 0.5), (0.5, 1, 0.5), (0.5, 0.5, 1))
    components = compute_components(half)
    assert [component.eigenvalue for component in components] == pytest.approx([2, 0.5, 0.5])
    assert [component.share for component in components] == pytest.approx([2 / 3, 1 / 6, 1 / 6])
    assert components[0].loadings == pytest.approx([(2 / 3) ** 0.5] * 3)


def test_a_column_that_stands_apart() -> None:
    """r = 0.6 between two, 0 with the third: 1.6 with loadings √0.8, then 1 with the third alone, then 0.4."""
    apart: CorrelationMatrix = ((1, 0.6, 0), (0.6, 1, 0), (0, 0, 1))
    first, second, third = compute_components(apart)
    assert (first.eigenvalue, second.eigenvalue, third.eigenvalue) == pytest.approx((1.6, 1, 0.4))
    assert first.loadings == pytest.approx([0.8**0.5, 0.8**0.5, 0])
    assert second.loadings == pytest.approx([0, 0, 1])
    assert np.abs(third.loadings) == pytest.approx([0.2**0.5, 0.2**0.5, 0])


def test_two_columns_that_oppose_each_other() -> None:
    """r = -0.5: eigenvalues 1.5, with loadings of opposite sign, and 0.5."""
    first, second = compute_components(((1, -0.5), (-0.5, 1)))
    assert (first.eigenvalue, second.eigenvalue) == pytest.approx((1.5, 0.5))
    assert first.loadings[0] == pytest.approx(-first.loadings[1])
    assert second.loadings == pytest.approx([0.5, 0.5])


def test_a_column_that_does_not_vary_is_left_out() -> None:
    first, second = compute_components(((1, None, 0.5), (None, None, None), (0.5, None, 1)))
    assert (first.eigenvalue, first.share, second.eigenvalue) == pytest.approx((1.5, 0.75, 0.5))
    assert first.loadings == pytest.approx([0.75**0.5, 0, 0.75**0.5])


def test_there_are_no_components_of_what_is_unknown() -> None:
    assert compute_components(()) == ()
    assert compute_components(((None,),)) == ()
    assert compute_components(((1, None), (None, 1))) == ()
