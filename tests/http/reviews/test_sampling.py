"""Samples that anybody draws again."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from actitud_api.resources.reviews.sampling import generate_seed, select_sample

SEED = "actitud-2026"
IDS = ("XX-T-1", "XX-T-2", "XX-T-3", "XX-T-4", "XX-T-5")


def test_who_is_drawn_is_what_sha256sum_says() -> None:
    """`printf '%s\\n%s' SEED ID | sha256sum` for each, sorted: as a researcher does it."""
    if shutil.which("sha256sum") is None:
        pytest.fail("the tests need sha256sum (coreutils)")
    digests = {
        name: subprocess.run(["sha256sum"], input=f"{SEED}\n{name}".encode(), capture_output=True, check=True).stdout
        for name in IDS
    }
    assert select_sample(SEED, 1, IDS) == tuple(sorted(IDS, key=lambda name: digests[name].split()[0]))


def test_the_order_in_which_they_are_named_says_nothing() -> None:
    assert select_sample(SEED, 0.4, IDS) == select_sample(SEED, 0.4, reversed(IDS))


@pytest.mark.parametrize(
    ("share", "count", "expected"),
    [
        (0.2, 0, 0),
        (0.2, 1, 1),
        (0.2, 5, 1),
        (0.2, 6, 2),
        (1, 7, 7),
        (0.1, 30, 3),
        (0.7, 10, 7),
        (1e-300, 9, 1),
        (0.15, 20, 3),
    ],
)
def test_the_share_is_the_decimal_that_is_written_rounded_up(share: float, count: int, expected: int) -> None:
    """0.7 of 10 and 0.15 of 20 are whole, though no double is 0.7 or 0.15."""
    assert len(select_sample(SEED, share, [f"XX-T-{number}" for number in range(count)])) == expected


def test_a_larger_share_draws_the_same_and_more() -> None:
    few, many = select_sample(SEED, 0.4, IDS), select_sample(SEED, 0.8, IDS)
    assert many[: len(few)] == few


def test_another_seed_draws_others() -> None:
    names = [f"XX-T-{number}" for number in range(100)]
    assert select_sample("a", 0.2, names) != select_sample("b", 0.2, names)


def test_seeds_are_new() -> None:
    first, second = generate_seed(), generate_seed()
    assert first != second
    assert len(first) == 32
