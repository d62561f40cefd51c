"""Profiles of invented municipalities, whose fields do not contradict each other.

Rules named V… are validation rules of methodology 2027.1.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from actitud_api.demo.census import Municipality
from actitud_api.demo.chance import Chance, interpolate
from actitud_api.demo.margins import ANSWERED, CLOSED, DORMANT, MESSAGES, OPEN, POSTS
from actitud_api.demo.traits import Traits

PLATFORMS: Final = 6

TESTED_BEST: Final = 0.7
"""Probability that test questions are put to a municipality that says it answers three in four messages.

The index promises them to whoever can reach level 4; that some are left out is judgement.
"""
TESTED_OTHERS: Final = 0.1
"""Probability for the others with open accounts. Judgement."""
TESTED_EMPTY: Final = 0.7
"""Probability of one question for a municipality that received no message, as the index promises. Judgement."""
TESTS: Final = 5
"""Number of test questions, by the gate of level 5."""

TESTED_GAMERS: Final = 0.25
"""Share of the test questions that a gamer answers, who knows only the messages that it planted. Judgement."""
PLANTED: Final = (10, 120)
"""Smallest and largest number of messages of a gamer: own ones, and friendly ones by hand. Judgement."""
PLANTED_ANSWERED: Final = 0.95
"""Share of them that a gamer answers. Judgement."""

INTEGRITY_CASES: Final = 0.004
"""Share of municipalities with a proven integrity case. Judgement."""


class Profile(Struct):
    """Profile of an invented municipality, with the fields of methodology 2027.1, whose texts explain each field.

    Fields ending in `_w90` count 90 days, in `_w12` twelve months. The fields that an organisation sets come first,
    then the fields that the service sets. `previous_level`: level of the municipality in the earlier edition, None if
    there is none.
    """

    org_type: Literal["MUN"]
    population_served: int
    employees: int
    units: int
    accounts_total: int
    accounts_active: int
    accounts_dormant: int
    platforms_active: int
    accounts_open: int
    own_posts_w90: int
    messages_w90: int
    messages_w12: int
    replies_w12: int
    services: int
    visual_posts: int
    test_questions: int
    test_answered: int
    previous_level: int | None
    integrity_case: bool


def draw_profile(chance: Chance, municipality: Municipality, traits: Traits, previous_level: int | None) -> Profile:
    """Draw a profile at random that does not break the validation rules V06, V33, V34 and V35.

    `previous_level`: level of the municipality in the earlier edition, None if it has none.
    """
    population = municipality.population
    # First what does not depend on the traits, so that it is alike in the two editions of a municipality.
    employees = max(1, int(population * (0.006 + 0.008 * chance.uniform())) + chance.draw_integer(1, 4))
    case, volume, season = chance.draw_event(INTEGRITY_CASES), chance.uniform(), 0.18 + 0.14 * chance.uniform()
    visual = 0.2 + 0.6 * chance.uniform()
    total = _draw_accounts(chance, municipality, traits)
    dormant = chance.draw_count(total, interpolate(DORMANT, traits.get_rank("D3.07")))
    active = total - dormant
    is_open = active > 0 and (traits.kind == "gamer" or traits.get_rank("D2.04") > CLOSED)
    openness = interpolate(OPEN, traits.get_rank("D2.04"))
    messages = _draw_messages(chance, population, traits, volume) if is_open else 0
    answered = get_answered(traits)
    asked, solved = _draw_tests(chance, traits, messages, answered) if is_open else (0, 0)
    # The body cannot tell test questions from others: they came in, too.
    messages += asked
    replies = max(solved, chance.draw_count(messages, answered + (1 - answered) * 0.2 * chance.uniform()))
    weekly = interpolate(POSTS, traits.get_rank("D2.03"))
    posts = max(3 * active, int(weekly * 90 / 7 * (1 + 0.4 * (active - 1)))) if active else 0
    return Profile(
        org_type="MUN",
        population_served=population,
        employees=employees,
        units=min(24, 1 + employees // 8),
        accounts_total=total,
        accounts_active=active,
        accounts_dormant=dormant,
        platforms_active=min(active, 1 + int(PLATFORMS * municipality.size)),
        # An account counts as open by one way to write, and in D2.04 only by both: about half of the others have one.
        accounts_open=max(1, chance.draw_count(active, (1 + openness) / 2)) if is_open else 0,
        own_posts_w90=posts,
        messages_w90=int(messages * season),
        messages_w12=messages,
        replies_w12=replies,
        services=min(60, 4 + int(municipality.size * 60)),
        visual_posts=int(posts * visual),
        test_questions=asked,
        test_answered=solved,
        previous_level=previous_level,
        integrity_case=case,
    )


def get_answered(traits: Traits) -> float:
    """Return the share of received messages that a municipality answers within 72 hours, from 0 to 1."""
    return PLANTED_ANSWERED if traits.kind == "gamer" else interpolate(ANSWERED, traits.get_rank("D9.01"))


def _draw_accounts(chance: Chance, municipality: Municipality, traits: Traits) -> int:
    """Draw the number of official accounts, active or not: one or two in a village, a score in a capital."""
    if traits.absent:
        return 0
    size = municipality.size
    return 1 + int(24 * size * size * (0.5 + chance.uniform()) + 1.5 * traits.get_rank("D2.03"))


def _draw_messages(chance: Chance, population: int, traits: Traits, volume: float) -> int:
    """Draw the number of messages of twelve months; a municipality that answers receives more."""
    if traits.kind == "gamer":
        return chance.draw_integer(*PLANTED)
    return int(population * interpolate(MESSAGES, volume) * (0.5 + traits.get_rank("D9.01")) + chance.uniform())


def _draw_tests(chance: Chance, traits: Traits, messages: int, answered: float) -> tuple[int, int]:
    """Draw the number of test questions that were put, and of those that were answered."""
    if not messages:
        asked = int(chance.draw_event(TESTED_EMPTY))
    else:
        asked = TESTS if chance.draw_event(TESTED_BEST if answered >= 0.75 else TESTED_OTHERS) else 0
    return asked, chance.draw_count(asked, TESTED_GAMERS if traits.kind == "gamer" else answered)
