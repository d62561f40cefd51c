"""What is true of an account: counted from the world itself, and of it only what a format can tell.

A file that cannot tell something leaves it None here, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from tests.support.worlds.model import Account, Entry, World

Precision = Literal["second", "minute", "day"]


@dataclass(frozen=True, slots=True)
class Window:
    """Days of the town hall's own calendar, both ends included."""

    name: str
    first: date
    last: date

    def holds(self, moment: datetime, zone: ZoneInfo) -> bool:
        return self.first <= moment.astimezone(zone).date() <= self.last

    def list_mondays(self) -> list[date]:
        """Return the Mondays of the full weeks inside the window."""
        monday = self.first + timedelta(days=-self.first.weekday() % 7)
        mondays = []
        while monday + timedelta(days=6) <= self.last:
            mondays.append(monday)
            monday += timedelta(days=7)
        return mondays


def make_windows(year: int) -> dict[str, Window]:
    """Return the windows of an edition: ninety days in autumn, those under electoral silence in winter, the year."""
    return {
        "W90": Window("W90", date(year, 9, 15), date(year, 12, 13)),
        "W90 electoral": Window("W90 electoral", date(year, 1, 15), date(year, 1, 15) + timedelta(days=89)),
        "W12": Window("W12", date(year, 1, 1), date(year, 12, 31)),
    }


@dataclass(frozen=True, slots=True)
class Format:
    """What a format holds of an account, and what it tells of what it holds."""

    platform: str
    holds: Callable[[Entry], bool]
    tells: frozenset[str]
    precision: Precision = "second"


def _is_published(entry: Entry) -> bool:
    return entry.kind in {"own_post", "repost"}


def _is_own_post(entry: Entry) -> bool:
    return entry.kind == "own_post"


def _is_public_and_own(entry: Entry) -> bool:
    return not entry.private and entry.kind != "received"


def _is_own(entry: Entry) -> bool:
    return entry.kind != "received"


def _is_public_without_reposts(entry: Entry) -> bool:
    return not entry.private and entry.kind in {"own_post", "public_reply"}


def _is_own_or_private(entry: Entry) -> bool:
    return entry.private or entry.kind in {"own_post", "public_reply", "repost"}


def _is_post_or_private(entry: Entry) -> bool:
    return entry.private or entry.kind == "own_post"


def _is_published_or_private(entry: Entry) -> bool:
    return entry.private or _is_published(entry)


def _is_comment(entry: Entry) -> bool:
    return not entry.private and entry.role in {"question", "answer"}


def _is_anything(entry: Entry) -> bool:
    return True


POSTS: Final = {"own_posts", "texts"}
CHATS: Final = {"private_replies", "received_private", "private_threads"}
REPORTED: Final = {"media", "comments", "shares", "reactions"}

FORMATS: Final = {
    "facebook-business": Format("facebook", _is_published, frozenset(POSTS | REPORTED | {"reposts"}), "minute"),
    "instagram-business": Format("instagram", _is_own_post, frozenset(POSTS | REPORTED), "minute"),
    "facebook-information": Format("facebook", _is_post_or_private, frozenset(POSTS | CHATS | {"media"})),
    "instagram-information": Format("instagram", _is_post_or_private, frozenset(POSTS | CHATS | {"media"})),
    "x-archive": Format(
        "x",
        _is_own_or_private,
        frozenset(POSTS | CHATS | {"public_replies", "reposts", "media", "shares", "reactions"}),
    ),
    "x-tweet-activity": Format(
        "x",
        _is_public_without_reposts,
        frozenset(POSTS | {"public_replies", "comments", "shares", "reactions"}),
        "minute",
    ),
    "x-content": Format(
        "x", _is_public_without_reposts, frozenset(POSTS | {"public_replies", "comments", "shares", "reactions"}), "day"
    ),
    "youtube-studio": Format("youtube", _is_own_post, frozenset(POSTS | REPORTED), "day"),
    "mastodon-archive": Format(
        "mastodon",
        _is_own,
        frozenset(POSTS | {"public_replies", "private_replies", "reposts", "media", "alternative_texts"}),
    ),
    "tiktok-studio": Format("tiktok", _is_own_post, frozenset(POSTS | REPORTED), "minute"),
    "linkedin-page": Format("linkedin", _is_own_post, frozenset(POSTS | REPORTED), "day"),
    "telegram-export": Format("telegram", _is_published_or_private, frozenset(POSTS | CHATS | {"reposts", "media"})),
    "whatsapp-chat": Format("whatsapp", _is_anything, frozenset(CHATS | {"texts", "media"}), "minute"),
    "log-comments": Format(
        "",
        _is_comment,
        frozenset(REPORTED | {"public_replies", "received_public", "public_threads", "texts", "alternative_texts"}),
    ),
    "log": Format(
        "",
        _is_anything,
        frozenset(
            POSTS
            | CHATS
            | REPORTED
            | {"public_replies", "reposts", "received_public", "public_threads", "alternative_texts"}
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Question:
    """A message received, and the time until the first answer in its conversation, None without one."""

    time: datetime
    private: bool
    delay: timedelta | None
    opens: bool
    """True for the first message of the conversation."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Numbers of an account in a window; None where the format cannot tell."""

    own_posts: int | None
    public_replies: int | None
    private_replies: int | None
    reposts: int | None
    received_public: int | None
    received_private: int | None
    weeks: tuple[int, ...] | None
    """Own posts of each full week, Monday to Sunday."""
    visual_posts: int | None
    described_posts: int | None
    """Visual posts of which each photo, video and live broadcast has an alternative text."""
    reactions: int | None
    comments: int | None
    shares: int | None
    """Of all own posts together."""
    recycled: frozenset[str] | None
    """Ids of own posts that repeat a press release."""
    questions: tuple[Question, ...] | None
    answered: int | None
    """Messages of people that were answered in the window, in public or in private: each once."""

    def count_weeks(self, posts: int) -> int | None:
        """Return the number of full weeks with at least so many own posts."""
        return None if self.weeks is None else sum(number >= posts for number in self.weeks)

    @property
    def is_active(self) -> bool | None:
        """True with three own posts or more in the window."""
        return None if self.own_posts is None else self.own_posts >= 3


def tell_truth(world: World, account: Account, name: str, window: Window) -> Truth:
    """Count an account in a window, as far as the format can tell."""
    form = FORMATS[name]
    held = [entry for entry in account.entries if entry.deleted is None and form.holds(entry)]
    inside = [entry for entry in held if window.holds(entry.time, world.zone)]
    kinds = Counter((entry.kind, entry.private) for entry in inside)
    posts = [entry for entry in inside if entry.kind == "own_post"]
    visual = [entry for entry in posts if any(medium.is_visual for medium in entry.media)]

    def ask(tell: str, number: Callable[[], int]) -> int | None:
        return number() if tell in form.tells else None

    public = "public_threads" in form.tells
    private = "private_threads" in form.tells
    return Truth(
        own_posts=ask("own_posts", lambda: len(posts)),
        public_replies=ask("public_replies", lambda: kinds["public_reply", False]),
        private_replies=ask("private_replies", lambda: kinds["private_reply", True]),
        reposts=ask("reposts", lambda: kinds["repost", False]),
        received_public=ask("received_public", lambda: kinds["received", False]),
        received_private=ask("received_private", lambda: kinds["received", True]),
        weeks=_count_weeks(posts, window, world.zone) if "own_posts" in form.tells else None,
        visual_posts=ask("media", lambda: len(visual)),
        described_posts=ask(
            "alternative_texts",
            lambda: sum(all(medium.is_described for medium in entry.media if medium.is_visual) for entry in visual),
        ),
        reactions=ask("reactions", lambda: sum(entry.reactions for entry in posts)),
        comments=ask("comments", lambda: sum(entry.comments for entry in posts)),
        shares=ask("shares", lambda: sum(entry.shares for entry in posts)),
        answered=_count_answered(account, inside) if form.tells & {"public_replies", "private_replies"} else None,
        recycled=frozenset(entry.id for entry in posts if entry.release) if form.tells >= POSTS else None,
        questions=tuple(_list_questions(held, form, window, world.zone, public=public, private=private))
        if public or private
        else None,
    )


def _count_answered(account: Account, inside: Iterable[Entry]) -> int:
    """Count the answers, without those that go on with an answer of our own."""
    own = {entry.id for entry in account.entries if entry.role == "answer"}
    return sum(entry.role == "answer" and entry.parent not in own for entry in inside)


@dataclass(frozen=True, slots=True)
class BodyTruth:
    """Numbers of all accounts together, as the methodology asks for them, in the window of ninety days."""

    accounts_active: int
    accounts_dormant: int
    platforms_active: int
    own_posts: int
    visual_posts: int
    """Of the active accounts."""
    answered: int
    weeks: tuple[int, ...]
    """Own posts of the main account in each full week; the same text again in a week does not count."""


def tell_body_truth(world: World, window: Window) -> BodyTruth:
    """Count all accounts. An account is active with three own posts or three messages answered."""
    kept = {
        account: [entry for entry in account.entries if not entry.deleted and window.holds(entry.time, world.zone)]
        for account in world.accounts
    }
    posts = {account: [entry for entry in entries if entry.kind == "own_post"] for account, entries in kept.items()}
    active = [account for account in kept if len(posts[account]) >= 3 or _count_answered(account, kept[account]) >= 3]
    of_active = [post for account in active for post in posts[account]]
    seen: set[tuple[date, str]] = set()
    distinct = []
    for post in posts.get(world.main, ()):
        day = post.time.astimezone(world.zone).date()
        key = day - timedelta(days=day.weekday()), " ".join(post.text.split())
        if not post.text or key not in seen:
            distinct.append(post)
        seen.add(key)
    return BodyTruth(
        accounts_active=len(active),
        accounts_dormant=len(kept) - len(active),
        platforms_active=len({account.platform for account in active}),
        own_posts=len(of_active),
        visual_posts=sum(any(medium.is_visual for medium in post.media) for post in of_active),
        answered=sum(_count_answered(account, entries) for account, entries in kept.items()),
        weeks=_count_weeks(distinct, window, world.zone),
    )


def _count_weeks(posts: Iterable[Entry], window: Window, zone: ZoneInfo) -> tuple[int, ...]:
    days: Counter[date] = Counter()
    for post in posts:
        day = post.time.astimezone(zone).date()
        days[day - timedelta(days=day.weekday())] += 1
    return tuple(days[monday] for monday in window.list_mondays())


def _list_questions(
    held: list[Entry], form: Format, window: Window, zone: ZoneInfo, *, public: bool, private: bool
) -> Iterable[Question]:
    exchanges: dict[str, list[Entry]] = {}
    for entry in held:
        if entry.conversation and entry.role in {"question", "answer"} and (private if entry.private else public):
            exchanges.setdefault(entry.conversation, []).append(entry)
    for exchange in exchanges.values():
        for place, entry in enumerate(exchange):
            if entry.role != "question" or not window.holds(entry.time, zone):
                continue
            answer = next((later for later in exchange[place:] if later.role == "answer"), None)
            asked = round_down(entry.time, form.precision)
            delay = round_down(answer.time, form.precision) - asked if answer else None
            yield Question(asked, entry.private, delay, opens=place == 0)


def round_down(moment: datetime, precision: Precision) -> datetime:
    """Return the time as far as a format tells it."""
    return moment if precision == "second" else moment.replace(second=0)


def count_proposals(world: World, window: Window) -> tuple[int, int]:
    """Return how many proposals were published in a window and not withdrawn, and how many have a reasoned decision."""
    valid = [each for each in world.proposals if window.holds(each.published, world.zone) and each.withdrawn is None]
    return len(valid), sum(each.state in {"accepted", "rejected"} and bool(each.answer) for each in valid)
