"""Answers of an invented municipality that tells the truth; the higher its maturity, the better they are.

The answers agree with the profile and with each other where a rule of the methodology requires it (V03 to V08,
V11, V12, V15, V20, V26 to V29, V32 and V33). Indicators that do not apply, or that a rule scores 0, have no
answer. The ids are those of methodology 2026.1.
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
"""Indicators that apply to every municipality and are answered with a level of a ladder."""

COUNTS = {"D3.06": 7.0, "D4.07": 5.0, "D6.01": 4.0, "D6.02": 4.0}
"""Indicators that apply to every municipality and are answered with a count.

The value is the count at the highest maturity.
"""


class _AnswerMaker:
    """Draws and collects the answers of one municipality.

    The quality of an answer is a random number near the maturity of the municipality in the dimension of the
    indicator. Each `answer_…` method draws the answer to one indicator and stores it in `answers`.
    """

    def __init__(self, chance: Chance, maturity: Maturity) -> None:
        self.chance = chance
        self.maturity = maturity
        self.spread = 0.05 if maturity.exemplary else 0.16
        self.answers: Answers = {}
        self.listed: dict[str, tuple[str, ...]] = {}

    def draw_quality(self, indicator: str) -> float:
        """Draw the quality of the answer to an indicator, from 0 for the worst answer to 1 for the best."""
        dimension = int(indicator[1 : indicator.index(".")]) - 1
        return clamp(self.maturity.of[dimension] + self.spread * self.chance.draw_deviation())

    def answer_level(self, indicator: str) -> None:
        self.answers[indicator] = {"level": min(4, int(4.7 * self.draw_quality(indicator)))}

    def answer_count(self, indicator: str, highest: float) -> int:
        count = max(0, int(highest * self.draw_quality(indicator) + self.chance.uniform() - 0.3))
        self.answers[indicator] = {"count": count}
        return count

    def answer_ratio(self, indicator: str, denominator: int, best: float = 1.0) -> None:
        """Draw a numerator of at most `denominator`, and store both as the answer.

        `best` is the ratio at quality 1. If it exceeds 1, a quality below 1 is enough for a numerator equal to
        the denominator.
        """
        numerator = min(denominator, int(denominator * best * self.draw_quality(indicator) + self.chance.uniform()))
        self.answers[indicator] = {"numerator": numerator, "denominator": denominator}

    def answer_components(self, indicator: str, known: tuple[str, ...]) -> None:
        quality = self.draw_quality(indicator)
        listed = tuple(component for component in known if self.chance.draw_event(1.05 * quality))
        self.answers[indicator] = {"components": listed}
        self.listed[indicator] = listed

    def answer_yes_no(self, indicator: str) -> None:
        self.answers[indicator] = {"value": self.chance.draw_event(clamp(1.5 * self.draw_quality(indicator) - 0.35))}


def simulate_answers(chance: Chance, profile: Profile, maturity: Maturity) -> Answers:
    """Return the answers of a municipality, by indicator.

    Every indicator is answered that applies to the profile and that no zero rule scores 0.
    """
    maker = _AnswerMaker(chance, maturity)
    for indicator in LEVELS:
        maker.answer_level(indicator)
    for indicator, highest in COUNTS.items():
        maker.answer_count(indicator, highest)
    _answer_papers(maker, profile)
    _answer_people(maker, profile)
    if profile.accounts_active:
        _answer_accounts(maker, profile)
        _answer_content(maker, profile)
        _answer_debate(maker)
    if profile.accounts_open:
        _answer_conversation(maker, profile)
    _answer_reach(maker, profile)
    _answer_functions(maker, profile)
    return maker.answers


def _answer_papers(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on strategy, manuals and learning from errors.

    The answers are added to `maker`.
    """
    strategy = _get_fact(maker.answers, "D4.01", "level")
    if not strategy and _get_fact(maker.answers, "D1.06", "level") >= 3:
        maker.answers["D1.06"] = {"level": 2}
    if strategy >= 2:
        maker.answer_ratio("D4.02", maker.chance.draw_integer(3, 8))
    maker.answer_components("D4.04", tuple(f"c{number}" for number in range(1, 9)))
    if profile.error_log == "entries":
        maker.answer_ratio("D5.07", maker.chance.draw_integer(1, 6))
    if profile.incidents:
        maker.answer_ratio("D6.05", profile.incidents)
    maker.answer_yes_no("D6.06")
    if profile.services:
        maker.answer_ratio("D7.04", min(10, profile.services))
    maker.answer_yes_no("D9.06")


def _answer_people(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on staff and team.

    The answers are added to `maker`.
    """
    chance, employees = maker.chance, profile.employees
    maker.answer_ratio("D1.01", max(1, employees - int(employees * 0.3 * chance.uniform())), 1.15)
    if employees >= 10:
        maker.answer_ratio("D1.03", employees, 0.38)
        quality = maker.draw_quality("D1.04")
        maker.answers["D1.04"] = {"numerator": int(employees * 0.11 * quality), "base": employees}
    if profile.units >= 2:
        maker.answer_ratio("D1.05", profile.units, 1.1)
    if employees >= 25:
        people = max(200, employees) * 0.0052 * maker.draw_quality("D10.06")
        maker.answers["D10.06"] = {"numerator": int(people * 10) / 10, "base": employees}
    people_in_charge = chance.draw_integer(1, 3) if chance.draw_event(0.35 + maker.maturity.of[9]) else 0
    maker.answer_ratio("D10.03", people_in_charge, 1.15)
    if people_in_charge:
        maker.answers["D10.04"] = {"hours": int(66 * maker.draw_quality("D10.04")) / 2}


def _answer_accounts(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on accounts, their identity and order.

    The answers are added to `maker`.
    """
    active = profile.accounts_active
    maker.answer_components("D2.02", tuple(f"c{number}" for number in range(1, 11)))
    maker.answer_ratio("D2.03", 12, 1.15)
    maker.answers["D2.04"] = {"numerator": profile.accounts_open, "denominator": active}
    maker.answer_level("D2.05")
    maker.answer_ratio("D3.01", profile.accounts_total, 1.1)
    maker.answer_ratio("D3.03", active, 1.1)
    maker.answer_ratio("D3.05", active, 1.1)
    maker.answer_ratio("D4.03", profile.platforms_active, 1.1)
    maker.answer_count("D5.01", 6.5)
    maker.answer_ratio("D7.01", maker.chance.draw_integer(3, 5), 1.1)
    maker.answer_yes_no("D7.08")
    maker.answer_level("D9.05")


def _answer_content(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on a sample of posts; a post is promotional, useful or neither.

    The answers are added to `maker`.
    """
    sample = min(SAMPLE, profile.own_posts_w90)
    chance = maker.chance

    def draw_posts(indicator: str, lower: float, upper: float) -> int:
        """Draw the number of posts in the sample that an indicator counts.

        Their share of the sample is `lower` at quality 0 and `upper` at quality 1.
        """
        return int(sample * clamp(lower + (upper - lower) * maker.draw_quality(indicator)))

    useful = draw_posts("D8.03", 0.15, 0.88)
    numerators = {
        "D8.03": useful,
        "D2.01": min(sample - useful, draw_posts("D2.01", 0.48, 0.02)),
        "D5.04": draw_posts("D5.04", 0.0, 0.34),
        "D5.05": draw_posts("D5.05", 0.1, 0.95),
        "D5.08": draw_posts("D5.08", 0.05, 0.55),
        "D8.02": draw_posts("D8.02", 0.7, 0.05),
    }
    for indicator, numerator in numerators.items():
        maker.answers[indicator] = {"numerator": numerator, "denominator": sample}
    if profile.visual_posts:
        maker.answer_ratio("D7.05", min(SAMPLE, profile.visual_posts), 0.98)
    if profile.followers_measured >= 100:
        per_post = 0.001 * profile.followers_measured * 6 * maker.draw_quality("D8.06") * chance.uniform()
        maker.answers["D8.06"] = {
            "interactions": int(per_post * profile.own_posts_w90),
            "posts": profile.own_posts_w90,
            "followers": profile.followers_measured,
        }
    maker.answer_components("D8.07", tuple(f"c{number}" for number in range(1, 6)))


def _answer_debate(maker: _AnswerMaker) -> None:
    """Answer the indicators on debates and proposals.

    The answers are added to `maker`.
    """
    debates = maker.answer_count("D9.07", 4.5)
    if debates or _get_fact(maker.answers, "D2.05", "level") >= 2:
        maker.answer_ratio("D9.08", maker.chance.draw_integer(3, 40), 0.98)


def _answer_reach(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on followers, and on messages in other languages of the territory.

    No more messages in other languages are answered than messages in all languages together (rule V27). The
    answers are added to `maker`.
    """
    maker.answers["D7.02"] = {"numerator": profile.followers_largest, "base": profile.population_served}
    if profile.foreign_language_messages and (profile.languages >= 2 or profile.foreign_share >= 0.05):
        received = profile.foreign_language_messages
        has_few_messages = profile.accounts_open >= 1 and profile.messages_w12 < 10
        answered = received if has_few_messages else _get_fact(maker.answers, "D9.01", "numerator")
        maker.answers["D7.06"] = {
            "numerator": min(answered, int(received * maker.draw_quality("D7.06") + maker.chance.uniform())),
            "denominator": received,
        }


def _answer_conversation(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicators on replies to messages, in public and in private.

    The answers are added to `maker`.
    """
    chance = maker.chance
    if profile.messages_w90 >= 10:
        received, public = profile.messages_w90, profile.public_replies_w90
    else:
        received = profile.messages_w12
        public = int(received * maker.draw_quality("D9.01"))
    if profile.messages_w12 >= 10:
        private = int(public * 0.3 * chance.uniform())
        answered = min(received, public + private)
        maker.answers["D9.01"] = {
            "numerator": answered,
            "denominator": received,
            "answered_private": min(private, answered),
        }
        if answered:
            maker.answers["D9.02"] = {"hours": int(2 * (2 + 74 * clamp(1.02 - maker.draw_quality("D9.02")))) / 2}
    if profile.messages_w90 >= 10 and profile.public_replies_w90:
        maker.answer_ratio("D5.06", min(50, profile.public_replies_w90), 0.98)
    if profile.messages_w90 >= 20:
        maker.answers["D8.01"] = {"replies": profile.public_replies_w90, "posts": profile.own_posts_w90}
    if profile.critical_messages >= 5:
        maker.answer_ratio("D9.04", min(50, profile.critical_messages), 0.98)


def _answer_functions(maker: _AnswerMaker, profile: Profile) -> None:
    """Answer the indicator on the functions of the team (`D10.02`).

    A function is listed only if another answer supports it; else rule V15 would contradict the list. So this
    function has to run after all others.

    The answers are added to `maker`.
    """
    answers = maker.answers
    has_few_messages = profile.accounts_open >= 1 and profile.messages_w12 < 10
    # Rule V15: a function that no other answer supports would count as unsupported.
    has_support = {
        "F1": _get_fact(answers, "D8.05", "level") >= 1,
        "F2": _get_fact(answers, "D9.01", "numerator") >= 1 or has_few_messages,
        "F3": _get_fact(answers, "D8.04", "level") >= 1,
        "F4": _get_fact(answers, "D9.05", "level") >= 1,
        "F5": "c8" in maker.listed["D4.04"],
        "F6": _get_fact(answers, "D4.06", "level") >= 2,
        "F7": _get_fact(answers, "D4.07", "count") >= 1,
    }
    maker.answer_components("D10.02", tuple(function for function, is_supported in has_support.items() if is_supported))


def _get_fact(answers: Answers, indicator: str, fact: str) -> int:
    """Return the integer value of a fact, or 0 if its indicator was not answered."""
    value = answers.get(indicator, {}).get(fact, 0)
    assert isinstance(value, int)
    return value
