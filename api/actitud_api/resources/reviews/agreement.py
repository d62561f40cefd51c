"""Agreement of two assessors: share of equal verdicts and Cohen's kappa. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from fractions import Fraction
from typing import Final

from msgspec import Struct

MIN_AGREEMENT: Final = Fraction(4, 5)
"""Smallest acceptable share of equal verdicts of two assessors.

If the share is below, they judge the answers again (rule R8 of the catalogue).
"""


class AgreementCount(Struct, frozen=True):
    """The number of pairs of verdicts on the same answer, and the number of pairs whose verdicts are equal."""

    pairs: int
    agreed: int

    @property
    def share(self) -> Fraction | None:
        """Share of pairs with equal verdicts, or None if there are no pairs."""
        return Fraction(self.agreed, self.pairs) if self.pairs else None

    @property
    def too_low(self) -> bool:
        """True if the share of equal verdicts is below `MIN_AGREEMENT`, so that the answers must be judged again.

        False if there are no pairs.
        """
        return self.share is not None and self.share < MIN_AGREEMENT


class VerdictAgreement(AgreementCount, frozen=True):
    """The agreement of two assessors on the answers that both judged.

    `kappa` is Cohen's kappa. It is None if there are no pairs, or if both assessors gave one and the same verdict on
    all answers, because it would then be 0 / 0.
    """

    kappa: Fraction | None


def compute_agreement(pairs: Iterable[tuple[Hashable, Hashable]]) -> VerdictAgreement:
    """Compute the agreement of two assessors; each of `pairs` holds their verdicts on one answer.

    Kappa is (p_o - p_e) / (1 - p_e). p_o is the share of pairs with equal verdicts. p_e is the share expected
    by chance: the sum, over all verdicts, of the product of the shares with which each assessor uses it. Kappa
    is None without pairs, and if p_e is 1. Source: J. Cohen, A Coefficient of Agreement for Nominal Scales,
    Educational and Psychological Measurement 20 (1960), 37-46.
    """
    counted = Counter(pairs)
    count = counted.total()
    agreed = sum(times for (first, second), times in counted.items() if first == second)
    if not count:
        return VerdictAgreement(0, 0, None)
    firsts: Counter[Hashable] = Counter()
    seconds: Counter[Hashable] = Counter()
    for (first, second), times in counted.items():
        firsts[first] += times
        seconds[second] += times
    by_chance = Fraction(sum(times * seconds[category] for category, times in firsts.items()), count**2)
    observed = Fraction(agreed, count)
    return VerdictAgreement(count, agreed, None if by_chance == 1 else (observed - by_chance) / (1 - by_chance))
