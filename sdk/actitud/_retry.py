"""Decisions on repetition of a call, without clock, randomness or network, so that each can be tested."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

_RATE_LIMIT = re.compile(r"[^;,]*;r=(\d{1,9});t=(\d{1,9})")


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Number of repetitions and bounds of their delays, in seconds."""

    max_retries: int
    total: float
    first_wait: float = 0.5
    longest_wait: float = 8.0
    longest_obeyed: float = 60.0


def is_temporary(status: int | None) -> bool:
    """Return True if a repetition may succeed; ``None`` stands for "no answer arrived".

    408, 429 and the 5xx are temporary, except 501: what a server lacks, it lacks the second time too.
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
    """Return the seconds to wait before the next attempt, or ``None`` to stop.

    ``chance`` is a number from 0 to 1: half of the exponential wait is fixed, the other half is
    proportional to it, so that many clients do not come back at the same instant. A ``Retry-After``
    longer than ``longest_obeyed`` stops the call: to ask earlier would be rude, to wait would look hung.
    A wait that would use up the total time budget stops it too.
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
    """Read a ``Retry-After`` header (RFC 9110, section 10.2.3): seconds, or a date measured from ``now``.

    A date in the past is 0; anything unreadable is ``None``, never an error that would hide the real one.
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
    """Return for how many seconds nothing is left of a limit, by a ``RateLimit`` header; 0 where something is.

    The header is that of draft-ietf-httpapi-ratelimit-headers-11: ``"read";r=0;t=30``, several after commas. What it
    does not say so is no reason to wait.
    """
    found = (_RATE_LIMIT.fullmatch(item.strip()) for item in (value or "").split(","))
    return max((float(limit[2]) for limit in found if limit and int(limit[1]) == 0), default=0.0)
