"""The benchmark of growth asks for what each size has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import growth, scaling
from tests.benchmarks.trial import Trial


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Plaza Fantasía del Sur", "Plaza Fantasía"),
        ("San Brella de la Torre", "Brella Torre"),
        ("Villa", "Villa"),
    ],
)
def test_a_search_has_the_two_longest_words_of_a_name(name: str, words: str) -> None:
    assert growth.select_words(name) == words


@pytest.mark.night
def test_both_databases_are_filled_and_measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(growth, "SCORED_MAX", 60)
    found = growth.run(Trial(rounds=1, seconds=0.005, addresses=4), (60, 150))
    scaling.record_figures({"growth": found}, tmp_path)
    measured = {(figure.kind, figure.read, figure.organisations): figure for figure in found.figures}
    both = ("organisation", "list", "search")
    scored = ("sheet", "list of scores", "organisation page", "ranking page")
    assert measured.keys() == {
        *((kind, read, size) for kind in ("sqlite", "postgresql") for read in both for size in (60, 150)),
        *((kind, read, 60) for kind in ("sqlite", "postgresql") for read in scored),
    }
    assert {(size, figure.scored) for (_, _, size), figure in measured.items()} == {(60, 60), (150, 0)}
    for (kind, _, _), figure in measured.items():
        assert figure.service.median > 0
        assert (figure.database.median > 0) == (kind == "postgresql")
    assert scaling.read_figures(tmp_path).growth == found
