"""Organisations of 2026.1 drawn by chance: mostly consistent, with every state and some contradictions.

Small numbers are frequent, because the thresholds of the catalogue (10 employees, 20 messages, 5 criticisms, no
open account…) lie there.
"""

from __future__ import annotations

from random import Random
from typing import get_args

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import Fact, Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from tests.unit.scoring import builders as b

METHODOLOGY = loader.load_methodology("2026.1")
INDICATORS: dict[str, Indicator] = {known.id: known for known in walk_indicators(METHODOLOGY.document.root)}
SET_ASIDE: tuple[SetAside, ...] = get_args(SetAside)
SAMPLED = ("D2.01", "D5.04", "D5.05", "D5.08", "D8.02", "D8.03")


def organisation(seed: int, *, noise: float = 0.03, silence: float = 0.1) -> Submission:
    """A submission; `noise` is the chance that a fact is anything at all, `silence` that an answer is missing."""
    chance = Random(seed)
    profile = _profile(chance)
    answers = _answers(chance, profile)
    for known in INDICATORS.values():
        if chance.random() < silence:
            answers.pop(known.id, None)
        for fact in known.facts:
            if known.id in answers and chance.random() < noise:
                answers[known.id][fact.name] = _anything(chance, fact, known)
    for field in ("accounts_open", "critical_messages", "own_posts_w90", "accounts_dormant"):
        if chance.random() < noise:
            profile[field] = chance.randrange(300)
    declared = [field.name for field in METHODOLOGY.document.profile if field.set_by == "organisation"]
    return b.submit(
        answers,
        profile,
        self_declared=[name for name in answers if chance.random() < 0.15],
        profile_self_declared=[name for name in declared if chance.random() < 0.1],
        set_aside={name: chance.choice(SET_ASIDE) for name in answers if chance.random() < 0.02},
    )


def _profile(chance: Random) -> dict[str, Scalar | None]:
    def some(*tops: int) -> int:
        return chance.randint(0, chance.choice(tops))

    active, dormant = some(0, 3, 20, 20, 20), some(0, 2, 10)
    opened = chance.choice((active, active, some(active)))
    messages = some(5, 25, 400, 400)
    critical = min(messages, some(3, 10, 80))
    posts = 3 * active + some(0, 50, 500) if active else 0
    followers = some(0, 150, 9_000) if active else 0
    return {
        "org_type": chance.choice(("MUN", "PRO", "UNI", "MIN")),
        "population_served": some(0, 5_000, 200_000),
        "employees": some(9, 30, 30, 900),
        "units": 1 + some(0, 12),
        "languages": 1 + some(0, 1),
        "foreign_share": round(chance.random() * 0.2, 6),
        "accounts_total": active + dormant,
        "accounts_active": active,
        "accounts_dormant": dormant,
        "platforms_active": chance.randint(1, active) if active else 0,
        "accounts_open": opened,
        "followers_largest": some(followers),
        "followers_measured": followers,
        "own_posts_w90": posts,
        "public_replies_w90": some(0, 60, 400),
        "messages_w90": messages,
        "messages_w12": messages + some(0, 6, 2_000),
        "critical_messages": critical,
        "incidents": some(0, 3),
        "error_log": chance.choice(("none", "empty", "entries")),
        "services": some(0, 20),
        "visual_posts": some(posts),
        "foreign_language_messages": some(0, messages),
        "previous_level": chance.choice((None, 1, 3, 4, 5)),
        "integrity_case": chance.random() < 0.1,
    }


def _answers(chance: Random, profile: dict[str, Scalar | None]) -> dict[str, dict[str, FactValue]]:
    """Answers that agree with the profile, as the rules ask; those that the rules do not bind are free."""

    def given(field: str) -> int:
        number = profile[field]
        assert isinstance(number, int)
        return number

    window = given("messages_w90") if given("messages_w90") >= 10 else given("messages_w12")
    sample = min(100, given("own_posts_w90"))
    whole = {
        "D1.03": given("employees"),
        "D1.05": given("units"),
        "D2.03": 12,
        "D2.04": given("accounts_active"),
        "D3.01": given("accounts_total"),
        "D3.03": given("accounts_active"),
        "D3.05": given("accounts_active"),
        "D4.03": given("platforms_active"),
        "D5.06": min(50, given("public_replies_w90")),
        "D6.05": given("incidents"),
        "D7.01": chance.randint(3, 6),
        "D7.04": min(10, given("services")),
        "D7.05": min(100, given("visual_posts")),
        "D7.06": given("foreign_language_messages"),
        "D9.01": window,
        "D9.04": min(50, given("critical_messages")),
        **dict.fromkeys(SAMPLED, sample),
    }
    answers: dict[str, dict[str, FactValue]] = {}
    strong = chance.random() < 0.3
    for known in INDICATORS.values():
        if not known.facts:
            continue
        answers[known.id] = {fact.name: _anything(chance, fact, known, strong=strong) for fact in known.facts}
        if known.type == "ratio" and known.id != "D8.01":
            total = whole.get(known.id, chance.randint(0, 9))
            least, most = (0, total)
            if strong and known.direction == "higher_is_better":
                least = 9 * total // 10
            elif strong:
                most = total // 10
            answers[known.id] |= {"denominator": total, "numerator": chance.randint(least, most)}
    promotional = answers["D2.01"]["numerator"]
    assert isinstance(promotional, int)
    useful = (sample - promotional) // 2 if strong else 0
    answered = chance.randint(9 * window // 10 if strong else 0, window)
    private = chance.randint(0, answered)
    return answers | {
        "D1.04": {"numerator": chance.randint(0, given("employees")), "base": given("employees")},
        "D2.04": {"numerator": given("accounts_open"), "denominator": given("accounts_active")},
        "D7.02": {"numerator": given("followers_largest"), "base": given("population_served")},
        "D8.01": {"replies": given("public_replies_w90"), "posts": given("own_posts_w90")},
        "D8.03": {"numerator": chance.randint(useful, sample - promotional), "denominator": sample},
        "D8.06": {
            "interactions": chance.randint(0, 4_000),
            "posts": given("own_posts_w90"),
            "followers": given("followers_measured"),
        },
        "D9.01": {
            "numerator": min(answered, given("public_replies_w90") + private) if window >= 10 else answered,
            "denominator": window,
            "answered_private": private,
        },
        "D10.06": {"numerator": round(chance.random() * 6, 3), "base": given("employees")},
    }


def _anything(chance: Random, fact: Fact, known: Indicator, *, strong: bool = False) -> FactValue:
    """Any admissible value; a strong organisation gives the best ones."""
    match fact.type:
        case "boolean":
            return strong or chance.random() < 0.5
        case "components":
            few = 0.1 if fact.set_by == "service" else 1 if strong else 0.6
            return tuple(component for component in known.components if chance.random() < few)
        case "number":
            return round(chance.random() * chance.choice((5, 80)), 3)
        case "integer" if known.type == "level" and strong:
            return chance.randint(3, 4)
        case "integer":
            return chance.randint(0, min(fact.maximum or 0, chance.choice((4, 12, 200))))
