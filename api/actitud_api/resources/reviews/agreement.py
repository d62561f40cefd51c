"""Agreement of two assessors (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Final

from msgspec import Struct

MIN_AGREEMENT: Final = Fraction(4, 5)
"""Share of equal verdicts below which answers are judged again (rule R8 of the catalogue)."""


class PairAgreement(Struct, frozen=True):
    """The agreement of two assessors: of the answers that both judged (`pairs`), the number of equal verdicts.

    `kappa`: Cohen's, None without pairs or if chance alone would make them agree.
    """

    pairs: int
    agreed: int
    kappa: Fraction | None

    @property
    def share(self) -> Fraction | None:
        """The share of pairs that are equal; None without any."""
        return Fraction(self.agreed, self.pairs) if self.pairs else None

    @property
    def recode(self) -> bool:
        """Whether too few pairs are equal."""
        return self.share is not None and self.share < MIN_AGREEMENT


def compute_agreement(pairs: Iterable[tuple[Hashable, Hashable]]) -> PairAgreement:
    """Compute the agreement of two assessors who put the same answers into categories, one pair for each answer.

    Kappa is (p_o - p_e) / (1 - p_e), with p_o the share of equal pairs and p_e the share expected by chance, the sum
    over the categories of the product of the shares with which either uses it: J. Cohen, A Coefficient of Agreement
    for Nominal Scales, Educational and Psychological Measurement 20 (1960), 37-46.
    """
    counted = Counter(pairs)
    count = counted.total()
    agreed = sum(times for (first, second), times in counted.items() if first == second)
    if not count:
        return PairAgreement(0, 0, None)
    firsts: Counter[Hashable] = Counter()
    seconds: Counter[Hashable] = Counter()
    for (first, second), times in counted.items():
        firsts[first] += times
        seconds[second] += times
    by_chance = Fraction(sum(times * seconds[category] for category, times in firsts.items()), count**2)
    observed = Fraction(agreed, count)
    return PairAgreement(count, agreed, None if by_chance == 1 else (observed - by_chance) / (1 - by_chance))
