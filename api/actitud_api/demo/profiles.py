"""Profiles of invented municipalities, whose fields do not contradict each other.

Larger and more mature municipalities have more of everything: employees, accounts, posts, messages. Rules named
V… are validation rules of methodology 2026.1.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from actitud_api.demo.census import Municipality
from actitud_api.demo.chance import Chance, clamp

TWO_LANGUAGES = frozenset({"04", "09", "10", "12", "15", "16"})
"""Codes of the regions with an official language besides Spanish, by their statutes of autonomy."""

PLATFORMS = 6
SAMPLE = 100


class Maturity(Struct, frozen=True):
    """Maturity of an invented municipality, from 0 to 1.

    `whole` is its general maturity. `of` has one number for each dimension (`of[0]` for D1), all near `whole`.
    `exemplary`: True if it has good practice in every dimension.
    """

    whole: float
    of: tuple[float, ...]
    exemplary: bool


class Profile(Struct):
    """Profile of an invented municipality, with the fields of methodology 2026.1, whose texts explain each field.

    Names in `_w90` count 90 days, in `_w12` twelve months. The fields that an organisation sets come first,
    then those that a review sets. `previous_level`: level in the previous edition, None if it has none.
    """

    org_type: Literal["MUN"]
    population_served: int
    employees: int
    units: int
    languages: int
    foreign_share: float
    accounts_total: int
    accounts_active: int
    accounts_dormant: int
    platforms_active: int
    accounts_open: int
    followers_largest: int
    followers_measured: int
    own_posts_w90: int
    public_replies_w90: int
    messages_w90: int
    messages_w12: int
    critical_messages: int
    error_log: Literal["none", "empty", "entries"]
    services: int
    visual_posts: int
    foreign_language_messages: int
    incidents: int
    previous_level: int | None
    integrity_case: bool


def draw_maturity(chance: Chance, municipality: Municipality) -> Maturity:
    """Draw a maturity, which depends on size to a small part and mostly on chance.

    One municipality in twenty is exemplary, of any size but the smallest: good practice does not depend on money and
    staff alone.
    """
    exemplary = municipality.size > 0.15 and chance.draw_event(0.05)
    if exemplary:
        whole, spread = 0.80 + 0.15 * chance.uniform(), 0.035
    else:
        whole = clamp(0.32 + 0.42 * municipality.size + 0.21 * chance.draw_deviation(), 0.02, 0.92)
        spread = 0.09
    return Maturity(
        whole=whole,
        of=tuple(clamp(whole + spread * chance.draw_deviation(), 0.0, 1.0) for _ in range(10)),
        exemplary=exemplary,
    )


def draw_profile(chance: Chance, municipality: Municipality, maturity: Maturity) -> Profile:
    """Draw a profile that keeps the validation rules V05, V06 and V33."""
    population = municipality.population
    employees = max(1, int(population * (0.006 + 0.008 * chance.uniform())) + chance.draw_integer(1, 4))
    active = _draw_active_accounts(chance, municipality, maturity)
    dormant = int((active + 1) * clamp(0.9 - maturity.of[2]) * chance.uniform())
    openness = clamp(maturity.of[1] + 0.15 * chance.draw_deviation())
    answered = clamp(1.02 * maturity.of[8] + 0.08 * chance.draw_deviation())
    open_accounts = active if openness > 0.62 else int(active * openness * 1.5)
    posts = active * (3 + int(60 * maturity.whole * (0.4 + chance.uniform())))
    messages_w90 = _draw_messages(chance, population, maturity) if active else 0
    largest = int(population * (0.01 + 0.30 * maturity.of[6] * (0.3 + chance.uniform()))) if active else 0
    foreign_share = chance.draw_integer(2, 160) / 1000
    spoken = 2 if municipality.region in TWO_LANGUAGES else 1
    return Profile(
        org_type="MUN",
        population_served=population,
        employees=employees,
        units=min(24, 1 + employees // 8),
        languages=spoken,
        foreign_share=foreign_share,
        accounts_total=active + dormant,
        accounts_active=active,
        accounts_dormant=dormant,
        platforms_active=min(active, 1 + int(PLATFORMS * 0.9 * maturity.whole)) if active else 0,
        accounts_open=open_accounts,
        followers_largest=largest,
        followers_measured=largest + int(largest * 0.8 * chance.uniform() * (active > 1)),
        own_posts_w90=posts,
        public_replies_w90=int(messages_w90 * answered) if open_accounts else 0,
        messages_w90=messages_w90,
        messages_w12=messages_w90 * 4 + chance.draw_integer(0, 4) * (messages_w90 > 0),
        critical_messages=int(messages_w90 * (0.05 + 0.15 * chance.uniform())),
        error_log=_draw_error_log(chance, maturity),
        services=min(60, 4 + int(municipality.size * 60)),
        visual_posts=int(posts * (0.2 + 0.6 * chance.uniform())),
        foreign_language_messages=int(messages_w90 * (0.15 if spoken > 1 else foreign_share) * chance.uniform()),
        incidents=chance.draw_integer(1, 3) if chance.draw_event(0.10 + 0.3 * municipality.size) else 0,
        previous_level=4 if maturity.exemplary and chance.draw_event(0.6) else None,
        integrity_case=chance.draw_event(0.004),
    )


def _draw_active_accounts(chance: Chance, municipality: Municipality, maturity: Maturity) -> int:
    """Draw the number of active accounts, which is often 0 for the smallest bodies."""
    if not maturity.exemplary and chance.draw_event(clamp(0.36 - 0.7 * municipality.size - 0.3 * maturity.whole + 0.1)):
        return 0
    return 1 + int(14 * municipality.size * municipality.size * (0.5 + chance.uniform()) + 2 * maturity.whole)


def _draw_messages(chance: Chance, population: int, maturity: Maturity) -> int:
    """Draw the number of messages received in 90 days; mature municipalities, which answer them, receive more."""
    return int(population * 0.012 * (0.2 + maturity.of[8]) * (0.4 + chance.uniform())) + chance.draw_integer(
        0, 8 + 30 * maturity.exemplary
    )


def _draw_error_log(chance: Chance, maturity: Maturity) -> Literal["none", "empty", "entries"]:
    if chance.draw_event(clamp(1.1 * maturity.of[4] - 0.1)):
        return "entries"
    return "empty" if chance.draw_event(0.3) else "none"
