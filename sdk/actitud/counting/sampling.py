"""Draw samples that anybody can draw again.

The service draws its samples of assessments in the same way. Each message has a key: the SHA-256, in hexadecimal, of
the UTF-8 text of the seed, a line feed, the platform, a line feed, the account, a line feed, and the id. The messages
are put in the order of their keys, and the first ones are drawn. So the draw depends neither on the files nor on their
order, and a larger sample holds every smaller one.

The latest messages are drawn without a seed: by time, the last one first; of the same time by their keys for an empty
seed.
"""

from __future__ import annotations

import hashlib
import heapq
import math
from collections.abc import Collection, Iterable, Iterator
from datetime import timedelta
from typing import Literal, NamedTuple

from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import SECOND_SHARE
from actitud.counting.messages import Message
from actitud.counting.table import MessageTable
from actitud.counting.windows import Window, to_moment


class DrawnMessage(NamedTuple):
    """Message of a random sample: its key in the draw, and its platform, account and id, which identify it."""

    key: str
    platform: str
    account: str
    id: str


class Draw(NamedTuple):
    """Result of drawing a sample: the drawn messages in their order, and the size of the population."""

    population: int
    drawn: tuple[DrawnMessage, ...]


def compute_key(seed: str, platform: str, account: str, identity: str) -> str:
    """Return the key by which messages are sorted in a draw: a SHA-256 in hexadecimal.

    It is computed from seed, platform, account and id of a message, joined by line feeds.
    """
    return hashlib.sha256(f"{seed}\n{platform}\n{account}\n{identity}".encode()).hexdigest()


def draw_sample(
    rows: Iterable[tuple[int, str, str, str]], number: int | None, *, seed: str, draw: Literal["seed", "latest"]
) -> Draw:
    """Draw a sample of messages, given as rows of time, platform, account and id. Memory grows only with the sample.

    Args:
        rows: The messages, each once; times in microseconds since 1970.
        number: Largest number of messages to draw; None draws all.
        seed: Text that determines the sample.
        draw: "seed" draws the messages with the smallest keys for the seed, "latest" the latest messages.
    """
    population = 0

    def order() -> Iterator[tuple[int, DrawnMessage]]:
        nonlocal population
        for instant, platform, account, identity in rows:
            population += 1
            drawn = DrawnMessage(compute_key(seed, platform, account, identity), platform, account, identity)
            yield (-instant if draw == "latest" else 0), drawn

    ordered = sorted(order()) if number is None else heapq.nsmallest(number, order())
    return Draw(population, tuple(drawn for _, drawn in ordered))


def choose_second(drawn: tuple[DrawnMessage, ...]) -> tuple[DrawnMessage, ...]:
    """Return the part of a sample that a second person codes: the first `SECOND_SHARE` of the draw, rounded up."""
    return drawn[: math.ceil(SECOND_SHARE * len(drawn))]


def hash_draw(drawn: Iterable[DrawnMessage]) -> str:
    """Return the SHA-256, in hexadecimal, of the keys of a sample in their order, each followed by a line feed."""
    digest = hashlib.sha256()
    for message in drawn:
        digest.update(f"{message.key}\n".encode())
    return digest.hexdigest()


def load_message(table: MessageTable, drawn: DrawnMessage) -> Message:
    """Return a drawn message with all its fields, from the table of messages."""
    ((instant,),) = table.query(
        "SELECT time FROM messages WHERE platform = ? AND account = ? AND id = ?",
        (drawn.platform, drawn.account, drawn.id),
    )
    moment = to_moment(instant)
    # By the time alone: with platform and account SQLite would search all messages of the account.
    messages = table.select(since=moment, before=moment + timedelta(microseconds=1))
    return next(one for one in messages if (one.platform, one.account, one.id) == drawn[1:])


def list_frame_rows(
    table: MessageTable,
    window: Window,
    *,
    kinds: Collection[str],
    media: Collection[str] = (),
    accounts: Collection[NetworkAccount] | None = None,
    platforms: Collection[str] = (),
) -> Iterator[tuple[int, str, str, str]]:
    """Yield time, platform, account and id of the messages from which a sample is drawn, without deleted ones.

    Times are in microseconds since 1970.

    Args:
        table: The messages.
        window: Only messages in this period.
        kinds: Only messages of these kinds.
        media: Only messages with one of these kinds of media; empty does not filter.
        accounts: Only messages of these accounts; None does not filter.
        platforms: Only messages of these platforms; empty does not filter.
    """
    marks = ", ".join("?" * len(kinds))
    with_media = " OR ".join("media LIKE ?" for _ in media)
    of_platforms = f" AND platform IN ({', '.join('?' * len(platforms))})" if platforms else ""
    rows = table.query(
        "SELECT time, platform, account, id FROM messages WHERE NOT deleted AND time >= ? AND time < ? "
        f"AND kind IN ({marks})"
        f"{f' AND ({with_media})' if media else ''}{of_platforms} ORDER BY time, platform, account, id",
        (window.start, window.end, *kinds, *(f'%"{one}"%' for one in media), *platforms),
    )
    for instant, platform, account, identity in rows:
        if accounts is None or NetworkAccount(platform, account) in accounts:
            yield instant, platform, account, identity
