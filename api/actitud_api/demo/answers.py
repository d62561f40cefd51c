"""Answers of an invented municipality that answers everything truthfully, by its maturity.

The answers repeat the profile where the rules ask for it (V03 to V08, V11, V12, V15, V20, V26 to V29, V32, V33), and
leave out what does not apply or is zero by rule. The names are those of the methodology 2026.1.
"""

from __future__ import annotations

from actitud_api.demo.chance import Chance, clamp
from actitud_api.demo.profiles import SAMPLE, Maturity, Profile
from actitud_api.engine.methodology.requests.answers import FactValue

Answers = dict[str, dict[str, FactValue]]

LEVELS = (
    "D1.02", "D1.06", "D2.06", "D3.04", "D4.01", "D4.05", "D4.06", "D5.02", "D5.03", "D6.03", "D6.04", "D7.03",
    "D7.07", "D8.04", "D8.05", "D9.03", "D10.01", "D10.05", "D10.07",
)  # fmt: skip
"""Ladders that every body answers."""

COUNTS = {"D3.06": 7.0, "D4.07": 5.0, "D6.01": 4.0, "D6.02": 4.0}
"""Counts that every body answers, with that of a body of the highest maturity."""


class _AnswerMaker:
    """Draws answers around the maturity of their dimension."""

    def __init__(self, chance: Chance, mature: Maturity) -> None:
        self.chance = chance
        self.mature = mature
        self.spread = 0.05 if mature.exemplary else 0.16
        self.answers: Answers = {}
        self.listed: dict[str, tuple[str, ...]] = {}

    def quality(self, indicator: str) -> float:
        """Draw the quality of an indicator, 0 to 1."""
        dimension = int(indicator[1 : indicator.index(".")]) - 1
        return clamp(self.mature.of[dimension] + self.spread * self.chance.draw_deviation())

    def level(self, indicator: str) -> None:
        self.answers[indicator] = {"level": min(4, int(4.7 * self.quality(indicator)))}

    def count(self, indicator: str, most: float) -> int:
        count = max(0, int(most * self.quality(indicator) + self.chance.uniform() - 0.3))
        self.answers[indicator] = {"count": count}
        return count

    def ratio(self, indicator: str, denominator: int, best: float = 1.0) -> None:
        """Answer a ratio; `best`: the share of a body of the highest maturity."""
        numerator = min(denominator, int(denominator * best * self.quality(indicator) + self.chance.uniform()))
        self.answers[indicator] = {"numerator": numerator, "denominator": denominator}

    def components(self, indicator: str, known: tuple[str, ...]) -> None:
        quality = self.quality(indicator)
        listed = tuple(component for component in known if self.chance.draw_event(1.05 * quality))
        self.answers[indicator] = {"components": listed}
        self.listed[indicator] = listed

    def yes(self, indicator: str) -> None:
        self.answers[indicator] = {"value": self.chance.draw_event(clamp(1.5 * self.quality(indicator) - 0.35))}


def simulate_answers(chance: Chance, profile: Profile, mature: Maturity) -> Answers:
    """Simulate the answers to every indicator that applies and is not zero by rule."""
    make = _AnswerMaker(chance, mature)
    for indicator in LEVELS:
        make.level(indicator)
    for indicator, most in COUNTS.items():
        make.count(indicator, most)
    _answer_papers(make, profile)
    _answer_people(make, profile)
    if profile.accounts_active:
        _answer_accounts(make, profile)
        _answer_content(make, profile)
        _answer_debate(make)
    if profile.accounts_open:
        _answer_conversation(make, profile)
    _answer_reach(make, profile)
    _answer_functions(make, profile)
    return make.answers


def _answer_papers(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on strategy, manual, learning."""
    strategy = _get_fact(make.answers, "D4.01", "level")
    if not strategy and _get_fact(make.answers, "D1.06", "level") >= 3:
        make.answers["D1.06"] = {"level": 2}
    if strategy >= 2:
        make.ratio("D4.02", make.chance.draw_integer(3, 8))
    make.components("D4.04", tuple(f"c{number}" for number in range(1, 9)))
    if profile.error_log == "entries":
        make.ratio("D5.07", make.chance.draw_integer(1, 6))
    if profile.incidents:
        make.ratio("D6.05", profile.incidents)
    make.yes("D6.06")
    if profile.services:
        make.ratio("D7.04", min(10, profile.services))
    make.yes("D9.06")


def _answer_people(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on staff and team."""
    chance, employees = make.chance, profile.employees
    make.ratio("D1.01", max(1, employees - int(employees * 0.3 * chance.uniform())), 1.15)
    if employees >= 10:
        make.ratio("D1.03", employees, 0.38)
        quality = make.quality("D1.04")
        make.answers["D1.04"] = {"numerator": int(employees * 0.11 * quality), "base": employees}
    if profile.units >= 2:
        make.ratio("D1.05", profile.units, 1.1)
    if employees >= 25:
        people = max(200, employees) * 0.0052 * make.quality("D10.06")
        make.answers["D10.06"] = {"numerator": int(people * 10) / 10, "base": employees}
    in_charge = chance.draw_integer(1, 3) if chance.draw_event(0.35 + make.mature.of[9]) else 0
    make.ratio("D10.03", in_charge, 1.15)
    if in_charge:
        make.answers["D10.04"] = {"hours": int(66 * make.quality("D10.04")) / 2}


def _answer_accounts(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on accounts, their identity and order."""
    active = profile.accounts_active
    make.components("D2.02", tuple(f"c{number}" for number in range(1, 11)))
    make.ratio("D2.03", 12, 1.15)
    make.answers["D2.04"] = {"numerator": profile.accounts_open, "denominator": active}
    make.level("D2.05")
    make.ratio("D3.01", profile.accounts_total, 1.1)
    make.ratio("D3.03", active, 1.1)
    make.ratio("D3.05", active, 1.1)
    make.ratio("D4.03", profile.platforms_active, 1.1)
    make.count("D5.01", 6.5)
    make.ratio("D7.01", make.chance.draw_integer(3, 5), 1.1)
    make.yes("D7.08")
    make.level("D9.05")


def _answer_content(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on the sample of posts: each is promotional, useful or neither."""
    sample = min(SAMPLE, profile.own_posts_w90)
    chance = make.chance

    def share(indicator: str, least: float, most: float) -> int:
        """Draw a number of posts, from `least` at no maturity to `most` at the highest."""
        return int(sample * clamp(least + (most - least) * make.quality(indicator)))

    useful = share("D8.03", 0.15, 0.88)
    counted = {
        "D8.03": useful,
        "D2.01": min(sample - useful, share("D2.01", 0.48, 0.02)),
        "D5.04": share("D5.04", 0.0, 0.34),
        "D5.05": share("D5.05", 0.1, 0.95),
        "D5.08": share("D5.08", 0.05, 0.55),
        "D8.02": share("D8.02", 0.7, 0.05),
    }
    for indicator, numerator in counted.items():
        make.answers[indicator] = {"numerator": numerator, "denominator": sample}
    if profile.visual_posts:
        make.ratio("D7.05", min(SAMPLE, profile.visual_posts), 0.98)
    if profile.followers_measured >= 100:
        per_post = 0.001 * profile.followers_measured * 6 * make.quality("D8.06") * chance.uniform()
        make.answers["D8.06"] = {
            "interactions": int(per_post * profile.own_posts_w90),
            "posts": profile.own_posts_w90,
            "followers": profile.followers_measured,
        }
    make.components("D8.07", tuple(f"c{number}" for number in range(1, 6)))


def _answer_debate(make: _AnswerMaker) -> None:
    """Answer on debates and proposals."""
    debates = make.count("D9.07", 4.5)
    if debates or _get_fact(make.answers, "D2.05", "level") >= 2:
        make.ratio("D9.08", make.chance.draw_integer(3, 40), 0.98)


def _answer_reach(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on followers and on messages in the other languages of the territory, some of all answered (V27)."""
    make.answers["D7.02"] = {"numerator": profile.followers_largest, "base": profile.population_served}
    if profile.foreign_language_messages and (profile.languages >= 2 or profile.foreign_share >= 0.05):
        received = profile.foreign_language_messages
        few = profile.accounts_open >= 1 and profile.messages_w12 < 10
        answered = received if few else _get_fact(make.answers, "D9.01", "numerator")
        make.answers["D7.06"] = {
            "numerator": min(answered, int(received * make.quality("D7.06") + make.chance.uniform())),
            "denominator": received,
        }


def _answer_conversation(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on replies to messages, in public and in private."""
    chance = make.chance
    if profile.messages_w90 >= 10:
        received, public = profile.messages_w90, profile.public_replies_w90
    else:
        received = profile.messages_w12
        public = int(received * make.quality("D9.01"))
    if profile.messages_w12 >= 10:
        private = int(public * 0.3 * chance.uniform())
        answered = min(received, public + private)
        make.answers["D9.01"] = {
            "numerator": answered,
            "denominator": received,
            "answered_private": min(private, answered),
        }
        if answered:
            make.answers["D9.02"] = {"hours": int(2 * (2 + 74 * clamp(1.02 - make.quality("D9.02")))) / 2}
    if profile.messages_w90 >= 10 and profile.public_replies_w90:
        make.ratio("D5.06", min(50, profile.public_replies_w90), 0.98)
    if profile.messages_w90 >= 20:
        make.answers["D8.01"] = {"replies": profile.public_replies_w90, "posts": profile.own_posts_w90}
    if profile.critical_messages >= 5:
        make.ratio("D9.04", min(50, profile.critical_messages), 0.98)


def _answer_functions(make: _AnswerMaker, profile: Profile) -> None:
    """Answer on the functions of the team, only those that show elsewhere (V15)."""
    sent = make.answers
    few = profile.accounts_open >= 1 and profile.messages_w12 < 10
    shown = {
        "F1": _get_fact(sent, "D8.05", "level") >= 1,
        "F2": _get_fact(sent, "D9.01", "numerator") >= 1 or few,
        "F3": _get_fact(sent, "D8.04", "level") >= 1,
        "F4": _get_fact(sent, "D9.05", "level") >= 1,
        "F5": "c8" in make.listed["D4.04"],
        "F6": _get_fact(sent, "D4.06", "level") >= 2,
        "F7": _get_fact(sent, "D4.07", "count") >= 1,
    }
    make.components("D10.02", tuple(function for function, shows in shown.items() if shows))


def _get_fact(answers: Answers, indicator: str, fact: str) -> int:
    """Get an integer fact; 0 if it was not answered."""
    value = answers.get(indicator, {}).get(fact, 0)
    assert isinstance(value, int)
    return value
