"""Samples that anybody can draw again, and the agreement of two coders."""

from __future__ import annotations

import hashlib
from fractions import Fraction

from actitud.counting.agreement import compute_coding_agreement
from actitud.counting.sampling import DrawnMessage, choose_second, draw_sample
from actitud_api.resources.reviews.sampling import select_sample

SEED = "0123456789abcdef0123456789abcdef"
ROWS = [(number, "x", "Ayuntamiento", str(number)) for number in range(250)]


def draw_by_hand(seed: str, number: int) -> list[str]:
    """Draw as the documentation tells a stranger to."""
    keyed = sorted(
        (hashlib.sha256("\n".join((seed, platform, account, identity)).encode()).hexdigest(), identity)
        for _, platform, account, identity in ROWS
    )
    return [identity for _, identity in keyed[:number]]


def test_the_draw_is_the_one_that_is_documented() -> None:
    draw = draw_sample(ROWS, 100, seed=SEED, draw="seed")
    assert draw.population == 250
    assert [drawn.id for drawn in draw.drawn] == draw_by_hand(SEED, 100)


def test_the_draw_is_that_of_the_service() -> None:
    identities = ["\n".join(row[1:]) for row in ROWS]
    drawn = draw_sample(ROWS, 100, seed=SEED, draw="seed").drawn
    assert tuple("\n".join((one.platform, one.account, one.id)) for one in drawn) == select_sample(
        SEED, 0.4, identities
    )


def test_the_order_of_the_messages_makes_no_difference() -> None:
    assert draw_sample(reversed(ROWS), 100, seed=SEED, draw="seed") == draw_sample(ROWS, 100, seed=SEED, draw="seed")


def test_a_larger_sample_holds_the_smaller_one() -> None:
    fifty = draw_sample(ROWS, 50, seed=SEED, draw="seed").drawn
    assert draw_sample(ROWS, 100, seed=SEED, draw="seed").drawn[:50] == fifty


def test_fewer_than_the_sample_are_all_drawn() -> None:
    draw = draw_sample(ROWS[:30], 100, seed=SEED, draw="seed")
    assert (draw.population, len(draw.drawn)) == (30, 30)


def test_the_latest_are_drawn_without_a_seed() -> None:
    assert [one.id for one in draw_sample(ROWS, 3, seed="", draw="latest").drawn] == ["249", "248", "247"]


def test_the_second_coder_gets_a_fifth_rounded_up() -> None:
    drawn = tuple(DrawnMessage(str(number), "x", "a", str(number)) for number in range(11))
    assert choose_second(drawn) == drawn[:3]
    assert choose_second(()) == ()


def test_kappa_is_that_of_the_formula() -> None:
    # 20 rows: 8 yes-yes, 7 no-no, 3 yes-no, 2 no-yes. Observed 15/20. By chance 11/20 · 10/20 + 9/20 · 10/20 = 1/2.
    pairs = [("yes", "yes")] * 8 + [("no", "no")] * 7 + [("yes", "no")] * 3 + [("no", "yes")] * 2
    agreement = compute_coding_agreement(pairs)
    assert not agreement.is_enough
    assert agreement == (20, 15, Fraction(1, 2))


def test_eighty_percent_is_enough() -> None:
    agreement = compute_coding_agreement([("a", "a")] * 4 + [("a", "b")])
    assert agreement.is_enough
    assert agreement.kappa == 0  # by chance 1 · 4/5


def test_one_code_alone_has_no_kappa() -> None:
    assert compute_coding_agreement([("a", "a")] * 3) == (3, 3, None)
    assert compute_coding_agreement([]) == (0, 0, None)
