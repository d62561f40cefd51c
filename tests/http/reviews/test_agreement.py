"""How far assessors agree, by published examples."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.resources.reviews.agreement import compute_agreement

Pair = tuple[str, str]


def pairs(yes_yes: int, yes_no: int, no_yes: int, no_no: int) -> list[Pair]:
    counted = {("yes", "yes"): yes_yes, ("yes", "no"): yes_no, ("no", "yes"): no_yes, ("no", "no"): no_no}
    return [pair for pair, times in counted.items() for _ in range(times)]


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # M. J. Khan and others, Biostatistics For Dummies, Figure 13-6: two raters of the same 50 scans.
        ((22, 5, 7, 16), "0.5138"),
        # Wikipedia, Cohen's kappa: 50 people who apply for a grant, and two tables of 100 whose raters agree as often.
        ((20, 5, 10, 15), "0.4000"),
        ((45, 15, 25, 15), "0.1304"),
        ((25, 35, 5, 35), "0.2593"),
    ],
)
def test_kappa_is_that_of_published_examples(table: tuple[int, int, int, int], kappa: str) -> None:
    found = compute_agreement(pairs(*table))

    assert found.kappa is not None
    assert f"{float(found.kappa):.4f}" == kappa
    assert (found.pairs, found.agreed) == (sum(table), table[0] + table[3])


def test_more_than_two_categories() -> None:
    """The first says a, b, c 2, 2, 1 times, the second 1, 3, 1: p_e = (2 + 6 + 1)/25, p_o = 4/5: (20 - 9)/(25 - 9)."""
    found = compute_agreement([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b"), ("c", "c")])
    assert (found.pairs, found.agreed, found.kappa) == (5, 4, Fraction(11, 16))


def test_without_pairs_there_is_nothing_to_agree_on() -> None:
    found = compute_agreement([])
    assert (found.pairs, found.agreed, found.share, found.kappa, found.too_low) == (0, 0, None, None, False)


def test_who_always_says_the_same_agrees_by_chance() -> None:
    found = compute_agreement([("yes", "yes")] * 7)
    assert (found.share, found.kappa, found.too_low) == (Fraction(1), None, False)


def test_who_never_agrees_is_below_chance() -> None:
    assert compute_agreement([("yes", "no"), ("no", "yes")]).kappa == -1


@pytest.mark.parametrize(("agreed", "too_low"), [(8, False), (7, True)])
def test_below_four_of_five_it_is_judged_again(agreed: int, too_low: bool) -> None:
    assert compute_agreement([("yes", "yes")] * agreed + [("yes", "no")] * (10 - agreed)).too_low is too_low
