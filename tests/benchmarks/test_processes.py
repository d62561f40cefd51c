"""The benchmark of processes measures what one and two of them take, where `serve` starts two."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import processes, scaling
from tests.benchmarks.trial import Trial


@pytest.mark.night
def test_one_and_two_processes_are_measured(tmp_path: Path) -> None:
    if not processes.can_start_many():
        pytest.skip(f"`actitud-api serve` has no option {processes.OPTION}")
    found = processes.run(Trial(rounds=1, seconds=0.005), 60)
    assert found is not None
    scaling.record_figures({"processes": found}, tmp_path)
    assert [figure.read for figure in found.figures] == ["sheet cold", "sheet hot", "list cold", "list hot"]
    for figure in found.figures:
        assert figure.service.median > 0
        assert figure.two.median > 0
    assert scaling.read_figures(tmp_path).processes == found
