"""Agreement of two coders: share of equal codes and Cohen's kappa."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, NamedTuple

MIN_SHARE: Final = Fraction(4, 5)
"""Smallest share of equal codes with which a coding is taken; below it both code again (rule R8)."""


class CodingAgreement(NamedTuple):
    """Agreement of two coders on a variable: how many rows both coded, and how many of these have equal codes.

    ``kappa`` is Cohen's kappa. It is None if no row was coded by both, and if both coders gave one and the same code to
    all rows, because the formula would divide 0 by 0.
    """

    pairs: int
    agreed: int
    kappa: Fraction | None

    @property
    def is_enough(self) -> bool:
        """Return True if at least 80 % of the pairs of codes are equal, or if no row was coded by both coders."""
        return self.agreed >= MIN_SHARE * self.pairs


def compute_coding_agreement(pairs: Iterable[tuple[str, str]]) -> CodingAgreement:
    """Compute the agreement of two coders from the codes that they gave to the same rows.

    Kappa is (p_o - p_e) / (1 - p_e): p_o is the share of equal codes, and p_e the share expected by chance, the sum
    over all codes of the product of the shares with which each coder uses it. Source: J. Cohen, A Coefficient of
    Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960), 37-46.
    """
    counted = Counter(pairs)
    number = counted.total()
    agreed = sum(times for (first, second), times in counted.items() if first == second)
    if not number:
        return CodingAgreement(0, 0, None)
    firsts: Counter[str] = Counter()
    seconds: Counter[str] = Counter()
    for (first, second), times in counted.items():
        firsts[first] += times
        seconds[second] += times
    by_chance = Fraction(sum(times * seconds[code] for code, times in firsts.items()), number**2)
    kappa = None if by_chance == 1 else (Fraction(agreed, number) - by_chance) / (1 - by_chance)
    return CodingAgreement(number, agreed, kappa)
