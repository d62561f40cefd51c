"""Flaws added to simulated answers: gaps, missing evidence, answers that a review sets aside, contradictions."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from msgspec import Struct

from actitud_api.demo.answers import Answers
from actitud_api.demo.chance import Chance
from actitud_api.demo.profiles import Maturity, Profile
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside

REASONS: tuple[SetAside, ...] = get_args(SetAside)

DECLARABLE = ("employees", "units", "messages_w12", "messages_w90", "critical_messages")
"""Profile fields that a municipality may state without evidence, as small ones tend to do."""

SUPPORTING_INDICATORS = {
    "F1": "D8.05",
    "F2": "D9.01",
    "F3": "D8.04",
    "F4": "D9.05",
    "F5": "D4.04",
    "F6": "D4.06",
    "F7": "D4.07",
}
"""Indicator whose answer supports each function of a team (rule V15).

If that answer is missing, the answer that lists the function is unsupported.
"""


class FlawRates(Struct, frozen=True):
    """Probabilities, from 0 to 1, that an answer of a municipality gets a flaw.

    `silent`: the answer is missing. `declared`: it has no evidence. `aside`: a review sets it aside.
    `mistaken`: its facts contradict each other. `gaps` is no probability, but the largest number of answers
    that one dimension may lose because they are missing, set aside or mistaken.
    """

    silent: float
    declared: float
    aside: float
    mistaken: float
    gaps: int


class Flaws(Struct):
    """Flaws that are not in the facts themselves.

    `self_declared` and `profile_self_declared` are the answers and profile fields without evidence. `set_aside`
    has the reason for each answer that a review sets aside.
    """

    self_declared: set[str]
    profile_self_declared: set[str]
    set_aside: dict[str, SetAside]


def draw_flaw_rates(chance: Chance, maturity: Maturity) -> FlawRates:
    """Draw the flaw rates of a municipality.

    Exemplary municipalities have hardly any flaws. Of all other municipalities, three in a hundred leave a
    third to two thirds of the indicators unanswered.
    """
    if maturity.exemplary:
        return FlawRates(silent=0.004, declared=0.01, aside=0.004, mistaken=0.002, gaps=1)
    half_empty = chance.draw_event(0.03)
    care = 1 - maturity.whole
    return FlawRates(
        silent=0.30 + 0.35 * chance.uniform() if half_empty else 0.04 * care * chance.uniform(),
        declared=0.04 + 0.30 * chance.uniform() * chance.uniform(),
        aside=0.03 + 0.09 * chance.uniform(),
        mistaken=0.032 + 0.03 * chance.uniform(),
        gaps=10 if half_empty else 1,
    )


def add_flaws(chance: Chance, profile: Profile, answers: Answers, rates: FlawRates, maturity: Maturity) -> Flaws:
    """Add random flaws to the answers and the profile of a municipality.

    Missing and contradictory facts are made by changing `answers` and `profile` in place. The other flaws, such
    as missing evidence, are returned. `rates` has the probability of each flaw.
    """
    flaws = Flaws(set(), set(), {})
    gaps: Counter[str] = Counter()
    if not maturity.exemplary:
        gaps.update(_overstate(chance, answers))
        _contradict_profile(chance, profile)
        flaws.profile_self_declared.update(field for field in DECLARABLE if chance.draw_event(0.02))
    # A copy of the names, because answers are removed on the way.
    for indicator in list(answers):
        dimension, lost = indicator.partition(".")[0], True
        if gaps[dimension] >= rates.gaps:
            lost = False
        elif chance.draw_event(rates.silent):
            del answers[indicator]
        elif chance.draw_event(rates.mistaken):
            _contradict(answers[indicator])
        elif chance.draw_event(rates.aside):
            flaws.set_aside[indicator] = chance.choose(REASONS)
        else:
            lost = False
        gaps[dimension] += lost
        if not lost and chance.draw_event(rates.declared):
            flaws.self_declared.add(indicator)
    return flaws


def _contradict(answer: dict[str, FactValue]) -> None:
    """Change one fact so that the answer contradicts itself or the profile.

    The numerator becomes larger than the denominator, or the number of messages or posts differs from the one
    in the profile. An answer without such a fact stays as it is.
    """
    for whole, other in (("denominator", "numerator"), ("base", "base"), ("posts", "posts")):
        value = answer.get(whole)
        if isinstance(value, int):
            answer[other] = value + 1
            return


def _overstate(chance: Chance, answers: Answers) -> set[str]:
    """Make some answers claim more than the others support, and return the dimensions of the answers affected.

    With some probability a claim is raised, or the answer that supports a claim is removed, as in a team that
    lists functions without evidence of them. A rule of the methodology then contradicts the claim, which scores
    0.
    """
    lost: set[str] = set()
    functions = answers["D10.02"]["components"]
    if isinstance(functions, tuple) and functions and chance.draw_event(0.38):
        support = SUPPORTING_INDICATORS[chance.choose(functions)]
        answers.pop(support, None)
        lost |= {"D10", support.partition(".")[0]}
    elif chance.draw_event(0.25):
        answers["D10.02"] = {"components": tuple(SUPPORTING_INDICATORS)}
        lost.add("D10")
    if chance.draw_event(0.12) and "D8.03" in answers:
        answers.pop("D2.01")
        lost |= {"D2", "D8"}
    if chance.draw_event(0.16):
        answers["D1.06"] = {"level": 3}
        answers.pop("D4.01")
        lost |= {"D1", "D4"}
    return lost


def _contradict_profile(chance: Chance, profile: Profile) -> None:
    """Change a profile so that its fields contradict each other, with a low probability."""
    if chance.draw_event(0.008):
        profile.accounts_dormant += 1
    if chance.draw_event(0.008) and profile.messages_w90:
        profile.messages_w12 = profile.messages_w90 - 1
    if chance.draw_event(0.008) and profile.accounts_active:
        profile.own_posts_w90 = 3 * profile.accounts_active - 1
    if chance.draw_event(0.008):
        profile.followers_measured = max(0, profile.followers_largest - 1)
