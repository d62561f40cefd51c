"""Flaws of simulated answers: gaps, missing evidence, answers that a review sets aside, contradictions."""

from __future__ import annotations

from collections import Counter
from typing import Final, get_args

from msgspec import Struct

from actitud_api.demo.answers import ASKED_FROM, Answers
from actitud_api.demo.chance import Chance
from actitud_api.demo.profiles import Profile
from actitud_api.demo.traits import Kind, Traits
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside

REASONS: Final[tuple[SetAside, ...]] = get_args(SetAside)

DECLARABLE: Final = ("employees", "units", "messages_w12", "messages_w90", "visual_posts")
"""Profile fields that a municipality may state without evidence, as small ones tend to do."""
DECLARED_FIELD: Final = 0.02
"""Probability of it for each field. Judgement."""

CAUGHT: Final = 0.4
"""Share of the inflated answers that the review rejects; it lets the others pass. Judgement."""

HALF_EMPTY: Final = 0.03
"""Share of municipalities that leave a third to two thirds of the questions unanswered. Judgement."""
SPARED: Final = ("D2.01", "D3.08", "D6.07", "D8.03", "D9.01")
"""Answers that villages do not lose: without one of them, more than half of a dimension is unknown, and there is no
level. An assessor asks again. Judgement."""
CONTRADICTED_PROFILE: Final = 0.006
"""Probability of each contradiction between profile fields. Judgement."""


class FlawRates(Struct, frozen=True):
    """Probabilities, from 0 to 1, that an answer of an invented municipality gets a flaw.

    Attributes:
        silent: The answer is missing.
        declared: The answer has no evidence.
        aside: A review decides that the answer does not count, for example because it is rejected.
        mistaken: The facts of the answer contradict each other.
        gaps: Largest number of answers of one dimension that may be missing, set aside or mistaken; not a probability.
    """

    silent: float
    declared: float
    aside: float
    mistaken: float
    gaps: int


RATES: Final[dict[Kind, FlawRates]] = {
    "ordinary": FlawRates(silent=0.012, declared=0.1, aside=0.015, mistaken=0.012, gaps=1),
    "exemplary": FlawRates(silent=0.004, declared=0.01, aside=0.004, mistaken=0.002, gaps=1),
    # Who games the index has a paper for everything.
    "gamer": FlawRates(silent=0.004, declared=0.01, aside=0.015, mistaken=0.004, gaps=1),
}
"""Rates of each kind of municipality: judgement."""


class Flaws(Struct):
    """Flaws of simulated answers that leave the facts unchanged, such as missing evidence.

    Attributes:
        self_declared: Ids of the indicators whose answers have no evidence.
        profile_self_declared: Names of the profile fields without evidence.
        set_aside: Reason for each answer that does not count after a review, by id of the indicator.
    """

    self_declared: set[str]
    profile_self_declared: set[str]
    set_aside: dict[str, SetAside]


def draw_flaw_rates(chance: Chance, traits: Traits) -> FlawRates:
    """Draw the flaw rates of an invented municipality.

    They are the usual rates of its kind, or those of a questionnaire that was left half empty.
    """
    rates = RATES[traits.kind]
    if traits.kind != "ordinary" or not chance.draw_event(HALF_EMPTY):
        return rates
    silent = 0.33 + 0.33 * chance.uniform()
    return FlawRates(silent=silent, declared=rates.declared, aside=rates.aside, mistaken=rates.mistaken, gaps=10)


def add_flaws(chance: Chance, profile: Profile, answers: Answers, rates: FlawRates, traits: Traits) -> Flaws:
    """Add random flaws to the answers and the profile of an invented municipality.

    Facts are removed from `answers` and `profile`, or made contradictory, in place. Flaws that leave the facts
    unchanged, such as missing evidence, are returned. `rates` has the probability of each flaw.
    """
    flaws = Flaws(set(), set(), {})
    gaps: Counter[str] = Counter()
    spared = SPARED if profile.population_served < ASKED_FROM and rates.gaps == 1 else ()
    if traits.kind == "ordinary":
        _contradict_profile(chance, profile)
        flaws.profile_self_declared.update(field for field in DECLARABLE if chance.draw_event(DECLARED_FIELD))
    # A copy of the names, because answers are removed on the way.
    for indicator in list(answers):
        dimension, lost = indicator.partition(".")[0], True
        if gaps[dimension] >= rates.gaps or indicator in spared:
            lost = False
        elif chance.draw_event(rates.silent):
            del answers[indicator]
        elif chance.draw_event(rates.mistaken):
            _contradict(answers[indicator])
        elif indicator in traits.inflated and chance.draw_event(CAUGHT):
            flaws.set_aside[indicator] = "rejected"
        elif chance.draw_event(rates.aside):
            flaws.set_aside[indicator] = chance.choose(REASONS)
        else:
            lost = False
        gaps[dimension] += lost
        # Without the count of self-praise, rule V12 takes the useful posts away, too.
        gaps["D8"] += lost and indicator == "D2.01"
        if not lost and chance.draw_event(rates.declared):
            flaws.self_declared.add(indicator)
    return flaws


def _contradict(answer: dict[str, FactValue]) -> None:
    """Change one fact so that the answer contradicts itself or the profile.

    The numerator becomes larger than the denominator, or the number of posts differs from the one in the profile. An
    answer without such a fact stays as it is.
    """
    for whole, other in (("denominator", "numerator"), ("posts", "posts")):
        value = answer.get(whole)
        if isinstance(value, int):
            answer[other] = value + 1
            return


def _contradict_profile(chance: Chance, profile: Profile) -> None:
    """Change a profile so that its fields contradict each other, with a low probability."""
    if chance.draw_event(CONTRADICTED_PROFILE):
        profile.accounts_dormant += 1
    if chance.draw_event(CONTRADICTED_PROFILE) and profile.messages_w90:
        profile.messages_w12 = profile.messages_w90 - 1
    if chance.draw_event(CONTRADICTED_PROFILE) and profile.accounts_active:
        profile.accounts_open = profile.accounts_active + 1
    if chance.draw_event(CONTRADICTED_PROFILE):
        profile.visual_posts = profile.own_posts_w90 + 1
