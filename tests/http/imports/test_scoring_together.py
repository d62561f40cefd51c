"""Assessments that are scored together have the figures of each scored alone."""

from __future__ import annotations

import pytest

from actitud_api.demo import simulator
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.resources.assessments.content_batches import score_submissions
from actitud_api.resources.assessments.service import figure_columns
from tests.support.publishing import METHODOLOGY, submissions
from tests.support.scale import DEMONSTRATED


def test_figures_of_many_are_those_of_each() -> None:
    methodology = load_methodology(simulator.METHODOLOGY)
    numbers = DEMONSTRATED[:: 1 if len(DEMONSTRATED) > 1_000 else 9]
    found = [one.submission for one in simulator.simulate(methodology, numbers)]
    assert [*map(dict, score_submissions(methodology, found))] == [
        figure_columns(evaluate(methodology, submission)) for submission in found
    ]


@pytest.mark.parametrize("names", [None, ()])
def test_those_of_examples_and_of_none_too(names: tuple[str, ...] | None) -> None:
    found = list(submissions().values()) if names is None else []
    assert [*map(dict, score_submissions(METHODOLOGY, found))] == [
        figure_columns(evaluate(METHODOLOGY, submission)) for submission in found
    ]
