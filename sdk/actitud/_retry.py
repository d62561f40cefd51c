"""Retry decisions as pure functions, without clock, randomness or network."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

_RATE_LIMIT = re.compile(r"[^;,]*;r=(\d{1,9});t=(\d{1,9})")


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the retries of a call: their number, and their delays in seconds.

    Attributes:
        max_retries: Number of retries after the first attempt.
        total: Limit of the whole call, with all attempts and delays.
        first_wait: Delay before the first retry, which doubles with each further retry up to ``longest_wait``.
        longest_obeyed: The longest ``Retry-After`` after which the call is repeated; a longer one ends the call.
    """

    max_retries: int
    total: float
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_obeyed: float = 60.0


def is_temporary(status: int | None) -> bool:
    """Return True if a retry of a failed request may succeed.

    ``status``: HTTP status, or ``None`` if no response arrived, which is temporary. 408, 429 and the 5xx are temporary,
    except 501: a feature that the server lacks is still missing a second later.
    """
    return status is None or status in (408, 429) or (500 <= status <= 599 and status != 501)


def decide_delay(
    policy: RetryPolicy,
    *,
    retries_done: int,
    elapsed: float,
    status: int | None,
    retry_after: float | None,
    chance: float,
) -> float | None:
    """Return the seconds to wait before the next attempt of a call, or ``None`` to give up.

    Half of the exponential delay is fixed and half is proportional to ``chance``, so that many clients do not return at
    the same instant. The call ends if no retry can help or none is left, if ``Retry-After`` is above ``longest_obeyed``
    (an earlier retry would be useless, and waiting would look like a hang), or if the delay would end after the
    ``total`` seconds of the policy.

    Args:
        policy: Limits of the retries.
        retries_done: Number of retries so far.
        elapsed: Seconds since the call began.
        status: Status of the last response, ``None`` if none arrived.
        retry_after: Seconds in its ``Retry-After`` header, ``None`` without one.
        chance: Random number from 0 to 1.
    """
    if retries_done >= policy.max_retries or not is_temporary(status):
        return None
    # The exponent is bounded because 2.0 ** 1024 overflows; 30 doublings are beyond any ceiling.
    backoff = min(policy.longest_wait, policy.first_wait * 2.0 ** min(retries_done, 30))
    wait = backoff * (0.5 + chance / 2)
    if retry_after is not None:
        if retry_after > policy.longest_obeyed:
            return None
        wait = max(wait, retry_after + policy.first_wait * chance)
    return wait if elapsed + wait < policy.total else None


def parse_retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds from ``now`` that a ``Retry-After`` header (RFC 9110, section 10.2.3) states.

    A date in the past is 0. An unreadable value is ``None``, so that it does not hide the original error.
    """
    text = value.strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # RFC 5322 reads "-0000" as UTC of unknown place, which Python returns without a zone.
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def parse_rate_limit(value: str | None) -> float:
    """Return the seconds until an exhausted rate limit is renewed, 0 if none is exhausted.

    ``value``: a ``RateLimit`` header in the form of draft-ietf-httpapi-ratelimit-headers-11, ``"read";r=0;t=30``,
    possibly several limits separated by commas; ``None`` if the response has none. Unreadable parts of it are ignored.
    """
    limits = (_RATE_LIMIT.fullmatch(item.strip()) for item in (value or "").split(","))
    return max((float(limit[2]) for limit in limits if limit and int(limit[1]) == 0), default=0.0)
