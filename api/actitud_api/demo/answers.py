"""Answers of an invented municipality that agree with its profile and with each other.

They keep the error rules of methodology 2027.1: V01 to V07, V11, V12, V16, V26, V28, V29, V32 and V33. Indicators that
do not apply, or that a rule scores 0, have no answer.
"""

from __future__ import annotations

from typing import Final

from actitud_api.demo.chance import Chance, clamp, interpolate
from actitud_api.demo.margins import CEREMONIAL, HOURS, OPEN, POSTS, SAMPLED, SHARES, STEPS, TRAINING
from actitud_api.demo.profiles import Profile, get_answered
from actitud_api.demo.traits import Traits
from actitud_api.engine.methodology.requests.answers import FactValue

Answers = dict[str, dict[str, FactValue]]

ASKED_FROM: Final = 1_000
"""Population from which all indicators are asked."""
SMALL: Final = 5_000
"""Population up to which one post a week is enough, and who writes alone decides alone."""
ALONE: Final = 0.4
"""Share of small municipalities where whoever writes also decides, which is step 3 of D2.06: judgement."""

POST_SAMPLE: Final = 100
REPLY_SAMPLE: Final = 50
MESSAGE_SAMPLE: Final = 400
"""Largest samples of posts, of replies and of messages (rules V11, V26 and V03)."""

ALWAYS: Final = ("D2.06", "D4.05", "D4.08", "D4.09", "D6.07", "D7.03", "D9.11", "D10.07", "D10.08")
"""Ladders that every municipality answers."""
LARGER: Final = ("D1.06", "D3.09", "D5.02", "D8.09")
"""Ladders that those from `ASKED_FROM` inhabitants on answer too."""


class _AnswerMaker:
    """Draws and collects the answers of one municipality.

    Each `answer_…` method draws the answer to one indicator and stores it in `answers`.
    """

    def __init__(self, chance: Chance, profile: Profile, traits: Traits) -> None:
        self.chance = chance
        self.profile = profile
        self.traits = traits
        self.is_larger = profile.population_served >= ASKED_FROM
        self.answers: Answers = {}

    def count_steps(self, indicator: str) -> int:
        rank = self.traits.get_rank(indicator)
        return sum(share <= rank for share in STEPS[indicator])

    def answer_level(self, indicator: str) -> None:
        self.answers[indicator] = {"level": self.count_steps(indicator)}

    def answer_count(self, indicator: str) -> None:
        self.answers[indicator] = {"count": self.count_steps(indicator)}

    def answer_yes_no(self, indicator: str) -> None:
        self.answers[indicator] = {"value": self.count_steps(indicator) > 0}

    def answer_share(self, indicator: str, denominator: int) -> None:
        share = interpolate(SHARES[indicator], self.traits.get_rank(indicator))
        self.answers[indicator] = {
            "numerator": self.chance.draw_count(denominator, share),
            "denominator": denominator,
        }

    def answer_checklist(self, indicator: str, size: int) -> None:
        count = self.chance.draw_count(size, interpolate(SHARES[indicator], self.traits.get_rank(indicator)))
        components = self.chance.shuffle([f"c{number}" for number in range(1, size + 1)])[:count]
        self.answers[indicator] = {"components": tuple(sorted(components, key=lambda component: int(component[1:])))}

    def draw_sampled(self, indicator: str, size: int) -> int:
        """Draw how many posts or replies of a sample the indicator counts."""
        return self.chance.draw_count(size, interpolate(SAMPLED[indicator], self.traits.get_rank(indicator)))


def simulate_answers(chance: Chance, profile: Profile, traits: Traits) -> Answers:
    """Simulate the answers of an invented municipality, and return them by indicator.

    Indicators that do not apply to the profile, or that a rule scores 0, have no answer. `traits` say how well the
    municipality answers each indicator, compared with others.
    """
    maker = _AnswerMaker(chance, profile, traits)
    _answer_papers(maker)
    if maker.is_larger:
        _answer_organisation(maker)
    if profile.accounts_total and maker.is_larger:
        maker.answer_share("D3.01", profile.accounts_total)
    if profile.accounts_active:
        _answer_accounts(maker)
        _answer_content(maker)
        if maker.is_larger:
            _answer_reach(maker)
    if profile.accounts_open:
        _answer_conversation(maker)
    return maker.answers


def _answer_papers(maker: _AnswerMaker) -> None:
    """Add the answers that every municipality gives: ladders, and figures of the team."""
    chance, profile = maker.chance, maker.profile
    for indicator in ALWAYS:
        maker.answer_level(indicator)
    if profile.population_served <= SMALL and chance.draw_event(ALONE):
        maker.answers["D2.06"] = {"level": max(3, maker.count_steps("D2.06"))}
    # With nobody in charge there is nobody to train.
    hours = interpolate(TRAINING, maker.traits.get_rank("D10.09")) if maker.count_steps("D10.08") else 0
    maker.answers["D10.09"] = {"hours": int(2 * hours) / 2}
    if profile.employees >= 25:
        reference = max(25_000, min(250_000, profile.population_served, 250 * profile.employees)) / 50_000
        jobs = reference * interpolate(SHARES["D10.10"], maker.traits.get_rank("D10.10"))
        # Rule V17: a post that is written down has some time.
        floor = 0.1 if maker.count_steps("D10.08") >= 3 else 0
        maker.answers["D10.10"] = {"fte": max(floor, int(10 * jobs) / 10)}


def _answer_organisation(maker: _AnswerMaker) -> None:
    """Add the answers about staff and manuals, which small municipalities are not asked for."""
    chance, profile = maker.chance, maker.profile
    for indicator in LARGER:
        maker.answer_level(indicator)
    # Rule V20: no team was involved in a strategy that does not exist.
    if not maker.count_steps("D4.08"):
        maker.answers["D1.06"] = {"level": min(2, maker.count_steps("D1.06"))}
    maker.answer_share("D1.07", max(1, profile.employees - int(profile.employees * 0.3 * chance.uniform())))
    if profile.employees >= 10:
        maker.answer_share("D1.03", profile.employees)
    if profile.units >= 2 and profile.accounts_active:
        maker.answer_share("D1.08", profile.units)
    maker.answer_checklist("D4.04", 8)
    maker.answer_count("D6.01")
    maker.answer_yes_no("D9.06")


def _answer_accounts(maker: _AnswerMaker) -> None:
    """Add the answers about active accounts and how they are run."""
    profile, traits = maker.profile, maker.traits
    active = profile.accounts_active
    both = maker.chance.draw_count(active, interpolate(OPEN, traits.get_rank("D2.04")))
    maker.answers["D2.04"] = {"numerator": min(both, profile.accounts_open), "denominator": active}
    posts = interpolate(POSTS, traits.get_rank("D2.03"))
    minimum = 1 if profile.population_served <= SMALL else 3
    # Half of the weeks at an average of the minimum, and seven in eight at 8.2, as pages of US districts had.
    reached = posts * posts / (posts * posts + minimum * minimum)
    maker.answers["D2.03"] = {"numerator": maker.chance.draw_count(12, reached), "denominator": 12}
    maker.answer_share("D3.08", active)
    maker.answer_count("D5.01")
    maker.answer_yes_no("D7.08")
    maker.answer_level("D9.12")


def _answer_content(maker: _AnswerMaker) -> None:
    """Add the answers about a sample of posts; a post is useful, self-praising, ceremonial or none of these."""
    chance, profile = maker.chance, maker.profile
    sample = min(POST_SAMPLE, profile.own_posts_w90)
    useful = maker.draw_sampled("D8.03", sample)
    praise = min(sample - useful, maker.draw_sampled("D2.01", sample))
    maker.answers["D2.01"] = {
        "numerator": praise,
        "denominator": sample,
        "office_holders": int(praise * chance.uniform()),
        "ceremonial": int((sample - useful - praise) * CEREMONIAL * chance.uniform()),
    }
    maker.answers["D8.03"] = {"numerator": useful, "denominator": sample}
    for indicator in ("D5.05", "D5.09", "D8.02"):
        maker.answers[indicator] = {"numerator": maker.draw_sampled(indicator, sample), "denominator": sample}
    if profile.visual_posts:
        seen = min(POST_SAMPLE, profile.visual_posts)
        maker.answers["D7.05"] = {"numerator": maker.draw_sampled("D7.05", seen), "denominator": seen}


def _answer_reach(maker: _AnswerMaker) -> None:
    """Add the answers about networks, audiences, services and debates, which small ones are not asked for."""
    chance, profile = maker.chance, maker.profile
    maker.answer_checklist("D2.02", 10)
    maker.answer_share("D4.03", profile.platforms_active)
    maker.answer_share("D7.01", chance.draw_integer(3, 5))
    maker.answer_share("D7.04", min(10, profile.services))
    maker.answer_count("D9.07")
    has_proposals = maker.count_steps("D9.07") or maker.count_steps("D9.11") >= 2
    maker.answer_share("D9.08", chance.draw_integer(3, 40) if has_proposals else 0)


def _answer_conversation(maker: _AnswerMaker) -> None:
    """Add the answers about the messages that came in."""
    chance, profile, traits = maker.chance, maker.profile, maker.traits
    if not profile.messages_w12:
        return
    received = min(MESSAGE_SAMPLE, profile.messages_w90 if profile.messages_w90 >= 100 else profile.messages_w12)
    answered = min(profile.replies_w12, chance.draw_count(received, get_answered(traits)))
    critical = chance.draw_count(received, 0.05 + 0.15 * chance.uniform())
    maker.answers["D9.01"] = {
        "numerator": answered,
        "denominator": received,
        "answered_private": int(answered * 0.6 * chance.uniform()),
        "critical_received": critical,
        # Criticism gets a little less than the rest (rule V31 warns below half).
        "critical_answered": min(answered, int(critical * answered / received * (0.7 + 0.3 * chance.uniform()) + 0.5)),
    }
    if 2 * answered >= received:
        hours = interpolate(HOURS, traits.get_rank("D9.10"))
        maker.answers["D9.10"] = {"hours": int(2 * clamp(hours, 0.5, 72)) / 2}
    if profile.replies_w12:
        sample = min(REPLY_SAMPLE, profile.replies_w12)
        maker.answers["D5.10"] = {"numerator": maker.draw_sampled("D5.10", sample), "denominator": sample}
    if profile.messages_w90 >= 20:
        replies = min(profile.messages_w90, profile.replies_w12 * profile.messages_w90 // profile.messages_w12)
        maker.answers["D8.08"] = {"answers": replies, "posts": profile.own_posts_w90}
