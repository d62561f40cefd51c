"""Match the messages of people with the replies that answer them, and measure the delays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from actitud.counting.messages import Precision
from actitud.counting.sampling import DrawnMessage
from actitud.counting.table import MessageTable
from actitud.counting.windows import Window

REPLIES_SHOWN: Final = 3
"""Replies to a message that a coder sees beside it."""
_DAY: Final = 86_400_000_000
LENGTHS: Final = {"second": 1, "minute": 60_000_000, "day": _DAY}
"""Microseconds in which a time of a precision may lie."""


class AnsweredMessage(NamedTuple):
    """Message of a person that was answered, described by the reply to it.

    All members are those of the reply: ``time`` in microseconds since 1970, ``source`` as the index of its file.
    ``text_key`` is equal for equal texts of replies, 0 without a text.
    """

    time: int
    platform: str
    account: str
    id: str
    source: int
    text_key: int


class FollowingReply(NamedTuple):
    """Reply of the organisation that came after a message in the same conversation.

    ``time``: microseconds since 1970.
    """

    id: str
    time: int
    precision: Precision
    is_private: bool
    text: str


class Delay(NamedTuple):
    """Time from a message to a reply, as a range: the shortest and the longest possible time, in microseconds.

    They differ if only the day of the message or of the reply is known.
    """

    least: int
    most: int


def list_answered(table: MessageTable, window: Window, kinds: Collection[str]) -> Iterator[AnsweredMessage]:
    """Yield the messages of people that were answered in a window, each once, conversation by conversation.

    - A reply that names the message to which it belongs answers this message. A further reply to the message is not
      counted, nor is a reply that continues another reply of the organisation.
    - A reply that names no message answers an earlier message of its conversation that has no answer yet. If the files
      contain no received message of the conversation, only its first reply is counted.
    - A reply without a conversation is counted as the answer to a message that the files do not contain.

    Args:
        table: The messages.
        window: The period in which the replies were sent.
        kinds: The kinds of replies that count, such as public ones.
    """
    marks = ", ".join("?" * len(kinds))
    rows = table.query(
        "SELECT platform, account, coalesce(thread, id), time, id, kind, parent, source, text_key FROM messages "
        f"WHERE (kind IN ('received', 'own_post') OR kind IN ({marks})) AND NOT deleted AND time < ? "
        # Of the same minute, which is all that WhatsApp tells, replies come last.
        "ORDER BY 1, 2, 3, 4, kind IN ('public_reply', 'private_reply'), 5",
        (*kinds, window.end),
    )
    for (platform, account, _), conversation in groupby(rows, key=lambda row: row[:3]):
        received = answered = 0
        known: set[str] = set()
        replies: set[str] = set()
        posts: set[str] = set()
        for _, _, _, instant, identity, kind, parent, source, text_key in conversation:
            if kind == "received":
                received += 1
                continue
            if kind == "own_post":
                posts.add(identity)
                continue
            replies.add(identity)
            # A log may name the post under which people comment instead of the comment.
            if parent is not None and parent not in posts:
                is_answer = parent not in known and parent not in replies
                known.add(parent)
            else:
                is_answer = received > answered or (received == 0 and answered == 0)
            if is_answer:
                answered += 1
                if instant in window:
                    yield AnsweredMessage(instant, platform, account, identity, source, text_key)


def cap_identical(answered: Iterator[AnsweredMessage], most: int) -> Iterator[tuple[AnsweredMessage, bool]]:
    """Yield each answered message with a flag: True if at least ``most`` messages before it had an identical reply.

    A reply without a text is identical to no other reply.
    """
    numbers: Counter[int] = Counter()
    for message in answered:
        if message.text_key:
            numbers[message.text_key] += 1
        yield message, bool(message.text_key) and numbers[message.text_key] > most


def find_replies(table: MessageTable, drawn: Collection[DrawnMessage]) -> dict[DrawnMessage, list[FollowingReply]]:
    """Return the first replies to each message of a sample: at most three, oldest first; an empty list if it has none.

    They are replies that name the message. If there are none, they are the later replies of the same conversation that
    name no message.
    """
    waiting: dict[tuple[str, str, str], list[tuple[int, DrawnMessage]]] = {}
    parents: dict[tuple[str, str, str], DrawnMessage] = {}
    for message in drawn:
        for instant, thread in table.query(
            "SELECT time, coalesce(thread, id) FROM messages WHERE platform = ? AND account = ? AND id = ?",
            (message.platform, message.account, message.id),
        ):
            waiting.setdefault((message.platform, message.account, thread), []).append((instant, message))
            parents[message.platform, message.account, message.id] = message
    direct: dict[DrawnMessage, list[FollowingReply]] = {}
    later: dict[DrawnMessage, list[FollowingReply]] = {}
    for platform, account, thread, parent, identity, instant, precision, kind, text in table.query(
        "SELECT platform, account, thread, parent, id, time, precision, kind, text FROM messages "
        "WHERE kind IN ('public_reply', 'private_reply') AND thread IS NOT NULL AND NOT deleted "
        "ORDER BY time, platform, account, id"
    ):
        replies, asked = later, []
        if parent is not None:
            replies = direct
            if (platform, account, parent) in parents:
                asked = [parents[platform, account, parent]]
        else:
            asked = [
                message
                for asked_at, message in waiting.get((platform, account, thread), ())
                if asked_at < instant + LENGTHS[precision]
            ]
        for message in asked:
            shown = replies.setdefault(message, [])
            if len(shown) < REPLIES_SHOWN:
                shown.append(FollowingReply(identity, instant, precision, kind == "private_reply", text))
    return {message: direct.get(message) or later.get(message, []) for message in drawn}


def measure_delay(asked: int, asked_precision: Precision, replied: int, replied_precision: Precision) -> Delay:
    """Compute the time from a message to its reply, as a range.

    Times with seconds or minutes are subtracted. A time of which only the day is known may be any time of that day.
    """
    least = most = replied - asked
    if asked_precision == "day":
        least -= _DAY
    if replied_precision == "day":
        most += _DAY
    return Delay(max(least, 0), max(most, 0))
