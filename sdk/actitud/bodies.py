"""Types of request bodies: the profile of an organisation, and one shape for each form of answer.

They are dictionaries whose members type checkers know, so that a misspelt member is an error before anything is sent.
They have the members of all versions of the methodology, because editions made with 2026.1 still accept assessments. A
test compares them with the OpenAPI document and with 2026.1.

If all members of one type also belong to another, mypy may confuse the two and refuse the further members. Call the
type instead of writing a dictionary: ``SelfPraiseAnswer(numerator=12, denominator=100, office_holders=5,
ceremonial=9)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

__all__ = [
    "Answer",
    "Answers",
    "ComponentsAnswer",
    "ConversationAnswer",
    "CountAnswer",
    "EngagementAnswer",
    "HoursAnswer",
    "HypotheticalFacts",
    "LevelAnswer",
    "MessagesAnswer",
    "PrivateRatioAnswer",
    "Profile",
    "RateAnswer",
    "RatioAnswer",
    "RepliesAnswer",
    "SelfPraiseAnswer",
    "ServicesAnswer",
    "StaffAnswer",
    "YesNoAnswer",
]


class Profile(TypedDict, total=False):
    """Profile of an organisation in a request: ``{"org_type": "MUN", "population_served": 42000}``.

    ``None`` removes a field from an assessment; for ``previous_level`` it also means that there was no previous level.
    Fields that end in ``_w90`` count 90 days, in ``_w12`` 12 months; the other fields with posts or messages count 90
    days too.

    Attributes:
        org_type: Kind of organisation, such as ``MUN`` for a municipality.
        population_served: Inhabitants or users, 0 if undefined.
        units: Units in the first two levels of the organisation chart.
        foreign_share: Share of foreign population, 0 to 1.
        accounts_open: Active accounts to which people can write.
        followers_largest, followers_measured: Followers of the largest active account, and of all active accounts.
        messages_w90, messages_w12: Messages that needed an answer.
        replies_w12: Messages that got a substantive answer.
        critical_messages: Messages with respectful criticism, among ``messages_w90``.
        incidents: Significant incidents in 24 months.
        error_log: State of the log of errors: there is none, it is empty, or it has entries.
        test_questions, test_answered: Test questions put without notice, and those answered within 72 hours.
        integrity_case: True if a case of undisclosed counter-comments or of mass removal of criticism is proven.
        previous_level: Level published in the previous edition, 1 to 5.
        services: Services that the organisation gives directly to people.
        visual_posts: Own posts with an image or video.
        foreign_language_messages: Messages that needed an answer, in a language of the territory other than the main
            one.
    """

    org_type: Literal["MUN", "PRO", "SUP", "REG", "MIN", "AGE", "UNI", "EMP", "CTL"] | None
    population_served: int | None
    employees: int | None
    units: int | None
    languages: int | None
    foreign_share: float | None
    accounts_total: int | None
    accounts_active: int | None
    accounts_dormant: int | None
    platforms_active: int | None
    accounts_open: int | None
    followers_largest: int | None
    followers_measured: int | None
    own_posts_w90: int | None
    public_replies_w90: int | None
    messages_w90: int | None
    messages_w12: int | None
    replies_w12: int | None
    critical_messages: int | None
    incidents: int | None
    error_log: Literal["none", "empty", "entries"] | None
    test_questions: int | None
    test_answered: int | None
    integrity_case: bool | None
    previous_level: int | None
    services: int | None
    visual_posts: int | None
    foreign_language_messages: int | None


class _Basis(TypedDict, total=False):
    basis: Literal["evidenced", "self_declared"]


class RatioAnswer(_Basis):
    """Answer with a part and its whole: ``{"numerator": 160, "denominator": 320}``."""

    numerator: int
    denominator: int


class PrivateRatioAnswer(RatioAnswer):
    """Answer with the numbers of messages received (``denominator``) and answered (``numerator``).

    ``answered_private``: number of the messages that were answered in private.
    """

    answered_private: int


class MessagesAnswer(PrivateRatioAnswer):
    """Answer with the numbers of messages received (``denominator``) and answered (``numerator``).

    ``critical_received`` and ``critical_answered``: numbers of critical messages among them.
    """

    critical_received: int
    critical_answered: int


class SelfPraiseAnswer(RatioAnswer):
    """Answer with the number of self-praising posts (``numerator``) in a sample of posts (``denominator``).

    ``office_holders``: number of posts that praise office-holders. ``ceremonial``: number of ceremonial posts, which
    are counted apart.
    """

    office_holders: int
    ceremonial: int


class RateAnswer(_Basis):
    """Answer with a number in relation to a base, such as minutes for each employee."""

    numerator: float
    base: int


class LevelAnswer(_Basis):
    """Answer with a step of a ladder: ``{"level": 2}``."""

    level: int


class ComponentsAnswer(_Basis):
    """Answer with the components that exist: ``{"components": ["c1", "c3"]}``."""

    components: Sequence[str]


class _OutsideRemit(TypedDict, total=False):
    outside_remit: Sequence[str]


class ServicesAnswer(ComponentsAnswer, _OutsideRemit):
    """Answer with the components that exist, and with those that do not apply.

    ``outside_remit``: components that are outside the remit of the organisation.
    """


class CountAnswer(_Basis):
    """Answer with a count: ``{"count": 3}``."""

    count: int


class HoursAnswer(_Basis):
    """Answer with a duration in hours: ``{"hours": 14.5}``."""

    hours: float


class RepliesAnswer(_Basis):
    """Answer with the number of the organisation's replies, and the number of its posts."""

    replies: int
    posts: int


class ConversationAnswer(_Basis):
    """Answer with the number of messages answered, in public or in private, and of the organisation's posts."""

    answers: int
    posts: int


class EngagementAnswer(_Basis):
    """Answer with the numbers of interactions, of the posts that received them, and of followers."""

    interactions: int
    posts: int
    followers: int


class StaffAnswer(_Basis):
    """Answer with jobs in full-time equivalents: ``{"fte": 1.5}``."""

    fte: float


class YesNoAnswer(_Basis):
    """Answer with yes or no: ``{"value": True}``."""

    value: bool


Answer: TypeAlias = (
    RatioAnswer
    | PrivateRatioAnswer
    | MessagesAnswer
    | SelfPraiseAnswer
    | RateAnswer
    | LevelAnswer
    | ComponentsAnswer
    | ServicesAnswer
    | CountAnswer
    | HoursAnswer
    | RepliesAnswer
    | ConversationAnswer
    | EngagementAnswer
    | StaffAnswer
    | YesNoAnswer
)
"""The facts of one indicator, in the shape that the indicator asks for."""

Answers: TypeAlias = Mapping[str, Answer]
"""Answers by indicator id. An indicator that is missing counts as unknown."""


class HypotheticalFacts(TypedDict, total=False):
    """Hypothetical facts that replace the real facts of an organisation; an answer that is ``None`` is removed.

    ``profile_self_declared``: names of the profile fields without evidence.
    """

    answers: Mapping[str, Answer | None]
    profile: Profile
    profile_self_declared: Sequence[str]
