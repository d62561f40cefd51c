"""Traits of invented municipalities: how well each would answer each indicator, compared with the others.

A first simulator had a single factor. Its dimensions correlated by 0.83 to 0.93, alpha was 0.97 and one component
explained 78 %: in every experiment with such data, ranks and levels looked steady. Here the documents of a municipality
and its conduct are two factors that correlate only in part, as in the cases on which the index is based.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, Literal

from msgspec import Struct

from actitud_api.demo.census import Municipality
from actitud_api.demo.chance import Chance, Points, interpolate, to_share
from actitud_api.engine.methodology.loader import load_methodology

METHODOLOGY: Final = "2027.1"
"""Version of the methodology that the simulated answers follow."""

GENERAL: Final = 0.40
"""Loading of an indicator on the factor of all, 0.4 to 0.5 by the audit of the first simulator."""
GROUP: Final = 0.40
"""Loading on the factor of its pillar, conversation or organisation: as much as on that of all, by judgement."""
DIMENSION: Final = 0.42
"""Loading on the deviation of its dimension: as much again, or ten dimensions would be two. Judgement."""
SIZE: Final = 0.22
"""Loading on the size of the municipality. Judgement; index and population then correlate by about a third."""
OWN: Final = 0.67
"""Loading on what is peculiar to the indicator: the rest of the variance of 1."""

SIZE_MEAN: Final = 0.222
SIZE_DEVIATION: Final = 0.176
"""Mean and standard deviation of `Municipality.size`, which make it a factor like the others."""

ABSENT: Final[Points] = ((0, 0.45), (100, 0.35), (500, 0.2), (1_000, 0.1), (5_000, 0.03), (20_000, 0))
"""Share of the municipalities without any account, by population: judgement."""
ABSENT_LACK: Final = 1.0
"""Standard deviations that they lack in the factor of all: who has no account has few papers about them."""

EXEMPLARY: Final = 0.03
"""Share of exemplary municipalities from `EXEMPLARY_FROM` inhabitants on. Judgement: the article has some."""
EXEMPLARY_FROM: Final = 5_000
"""Villages get few messages in a year: their best would lead the ranking at level 3, with nothing to show for 4."""
EXEMPLARY_LEAD: Final = 1.8
"""Standard deviations by which they are better in everything: few would reach level 5 by chance alone."""

GAMERS: Final = 0.05
"""Share of gamers from `GAMERS_FROM` inhabitants on: papers and planted messages instead of conduct. Judgement."""
GAMERS_FROM: Final = 1_000
GAMERS_LEAD: Final = 1.3
GAMERS_LACK: Final = 0.6
"""Standard deviations by which gamers are better in organisation, and worse in conversation. Judgement."""
PLANTED: Final = ("D5.10", "D9.01", "D9.10")
"""Indicators of conversation in which gamers lead too, because they plant the messages that these count."""

COMPUTED: Final = ("D3.07", "D9.09")
"""Indicators that nobody can inflate: a reviewer counts the accounts, and the index puts the test questions."""
INFLATED: Final = 0.12
"""Share of answers that claim more than there is, before the review. Judgement."""
INFLATED_BY_GAMERS: Final = 0.3
"""The same of gamers. Judgement."""
INFLATION: Final = 0.9
"""Standard deviations that an inflated answer claims too much. Judgement."""

IMPROVEMENT: Final = 0.12
"""Standard deviations by which a municipality improves in a year, on average: most improve a little. Judgement."""
VARIATION: Final = 0.2
"""Standard deviation of the improvement between municipalities, some of which fall, and again between indicators."""

Kind = Literal["ordinary", "exemplary", "gamer"]


class Traits(Struct, frozen=True):
    """Traits of an invented municipality: how well it answers each indicator, compared with others.

    Attributes:
        kind: Kind of municipality, such as ordinary or exemplary.
        absent: True if the municipality has no account on a social network.
        deviations: Quality of the answer to each indicator, in standard deviations from the mean of all municipalities.
        inflated: Indicators whose answers claim more than is true; `deviations` contains the exaggeration.
    """

    kind: Kind
    absent: bool
    deviations: Mapping[str, float]
    inflated: frozenset[str]

    def get_rank(self, indicator: str) -> float:
        """Return the share of invented municipalities, from 0 to 1, whose answer to an indicator is worse."""
        return to_share(self.deviations[indicator])


@cache
def list_indicators() -> tuple[tuple[str, str, str], ...]:
    """Return the ids of each indicator, its dimension and its pillar, in this order, sorted by pillar."""
    return tuple(
        (indicator, indicator.partition(".")[0], pillar)
        for pillar, indicators in load_methodology(METHODOLOGY).document.pillars.items()
        for indicator in indicators
    )


def draw_traits(chance: Chance, municipality: Municipality) -> Traits:
    """Draw the traits of an invented municipality at random: how well it answers each indicator."""
    population = municipality.population
    kind = _draw_kind(chance, population)
    absent = chance.draw_event(interpolate(ABSENT, population)) and kind == "ordinary"
    size = SIZE * (municipality.size - SIZE_MEAN) / SIZE_DEVIATION
    general = GENERAL * (chance.draw_deviation() - ABSENT_LACK * absent)
    groups = {"conversation": GROUP * chance.draw_deviation(), "organisation": GROUP * chance.draw_deviation()}
    dimensions = {f"D{number}": DIMENSION * chance.draw_deviation() for number in range(1, 11)}
    if kind == "exemplary":
        general += EXEMPLARY_LEAD
    elif kind == "gamer":
        groups["organisation"] += GAMERS_LEAD
        groups["conversation"] -= GAMERS_LACK
    deviations: dict[str, float] = {}
    inflated: set[str] = set()
    rate = {"ordinary": INFLATED, "exemplary": 0.0, "gamer": INFLATED_BY_GAMERS}[kind]
    for indicator, dimension, pillar in list_indicators():
        deviation = size + general + groups[pillar] + dimensions[dimension] + OWN * chance.draw_deviation()
        if kind == "gamer" and indicator in PLANTED:
            deviation += GAMERS_LACK + GAMERS_LEAD
        if chance.draw_event(rate) and indicator not in COMPUTED:
            inflated.add(indicator)
            deviation += INFLATION
        deviations[indicator] = deviation
    return Traits(kind, absent, deviations, frozenset(inflated))


def draw_earlier_traits(chance: Chance, traits: Traits) -> Traits:
    """Draw the traits of a municipality one year earlier, given its present traits."""
    improvement = IMPROVEMENT + VARIATION * chance.draw_deviation()
    deviations = {
        indicator: deviation - improvement - VARIATION * chance.draw_deviation()
        for indicator, deviation in traits.deviations.items()
    }
    return Traits(traits.kind, traits.absent, deviations, traits.inflated)


def _draw_kind(chance: Chance, population: int) -> Kind:
    drawn = chance.uniform()
    if population >= EXEMPLARY_FROM and drawn < EXEMPLARY:
        return "exemplary"
    if population >= GAMERS_FROM and drawn >= 1 - GAMERS:
        return "gamer"
    return "ordinary"
