"""The trials of a busy service ask for what they say, and report what they saw."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.benchmarks import busy, scaling
from tests.benchmarks.busy import BusySizes, attack, compute_slope, list_file_targets, make_searches, mix_reads
from tests.benchmarks.reads import EDITION, PublicRead


def test_fifty_different_files_of_whole_tables_are_asked_for(address: str) -> None:
    targets = list_file_targets(EDITION)
    assert len(set(targets)) == 50
    assert {urlsplit(target).path.rpartition("/")[2] for target in targets} == set(busy.FILES)
    with httpx.Client(base_url=address) as client:
        for target in targets:
            assert not {"limit", "offset"} & parse_qs(urlsplit(target).query).keys()
            assert client.head(target).status_code == 200, target


def test_the_attack_asks_for_no_address_twice_and_in_no_order() -> None:
    targets = list(itertools.islice(attack("2026", random.Random(1)), 20_000))
    assert len(set(targets)) == 20_000
    pages = [tuple(int(value[0]) for value in parse_qs(urlsplit(target).query).values()) for target in targets]
    limits, offsets = ([page[position] for page in pages] for position in (0, 1))
    assert (min(limits), max(limits)) == (1, 100)
    assert max(offsets) < 10_000
    # Neighbours in the order of time are no neighbours in the ranking: half of all steps go back.
    backward = sum(after < before for before, after in itertools.pairwise(offsets))
    assert 9_000 < backward < 11_000


def test_what_the_attack_and_the_searches_ask_for_is_answered(address: str) -> None:
    chance = random.Random(1)
    with httpx.Client(base_url=address) as client:
        for target in (next(attack(EDITION, chance)), next(make_searches(chance))):
            assert client.get(target).status_code == 200, target


def test_reads_are_mixed_as_the_page_assumes() -> None:
    reads = {name: PublicRead(f"{name} hot", [f"{name} {number}" for number in range(200)]) for name in scaling.LABELS}
    mixed = list(itertools.islice(mix_reads(reads, random.Random(1)), 100_000))
    popular = {f"{name} {which}" for name in reads for which in ("hot", *range(busy.POPULAR - 1))}
    assert sum(target in popular for target in mixed) / len(mixed) == pytest.approx(scaling.FROM_MEMORY, abs=0.01)
    for name, share in scaling.MIX.items():
        asked = [target for target in mixed if target.startswith(f"{name} ")]
        assert len(asked) / len(mixed) == pytest.approx(share / 100, abs=0.01)
        # Each of the others comes in its turn.
        others = [target for target in asked if target not in popular]
        assert len(set(others)) == min(len(others), 200 - busy.POPULAR)


def test_a_small_edition_has_popular_addresses_only() -> None:
    reads = {name: PublicRead(f"{name} hot", []) for name in scaling.LABELS}
    assert set(itertools.islice(mix_reads(reads, random.Random(1)), 1_000)) <= {f"{name} hot" for name in reads}


def test_the_slope_is_of_a_minute() -> None:
    # 3 more in each second.
    assert compute_slope([(10.0, 100), (11.0, 103), (12.0, 106)]) == pytest.approx(180)


@pytest.mark.night
def test_the_whole_benchmark_runs(tmp_path: Path) -> None:
    found = busy.run(BusySizes(120, 1.0))
    assert [figure.asked for figure in found.files] == ["no files", "files", "the same files again"]
    for figure in found.files:
        assert figure.reads.most > 0
        assert figure.readiness.outcomes.keys() == {"200"}
    assert [sum(figure.outcomes.values()) for figure in found.files] == [0, 50, 50]
    assert [figure.kind for figure in found.publications] == ["sqlite", "postgresql"]
    for publication in found.publications:
        assert publication.before.median > 0
        assert publication.reads.outcomes.keys() == {"200"}
    assert found.hour.most > found.hour.first > 0
    assert 0 < found.hour.from_memory <= 1
    assert all(found.hour.requests[group] for group in ("popular", "readers", "searches", "attack"))
    scaling.record_figures({"busy": found}, tmp_path)
    assert scaling.read_figures(tmp_path).busy == found
    assert "## When it is busy" in (tmp_path / "scaling.md").read_text("utf-8")
