"""When a call is tried again. The expected waits are worked out by hand beside each case."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from actitud._retry import RetryPolicy, decide_delay, is_temporary, parse_rate_limit, parse_retry_after

POLICY = RetryPolicy(max_retries=4, total=120.0, first_wait=0.5, longest_wait=3.0, longest_obeyed=60.0)
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def after(
    *,
    policy: RetryPolicy = POLICY,
    retries_done: int = 0,
    elapsed: float = 0.0,
    status: int | None = 503,
    retry_after: float | None = None,
    chance: float = 1.0,
) -> float | None:
    return decide_delay(
        policy,
        retries_done=retries_done,
        elapsed=elapsed,
        status=status,
        retry_after=retry_after,
        chance=chance,
    )


@pytest.mark.parametrize("status", [None, 408, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int | None) -> None:
    assert is_temporary(status)
    assert after(status=status) == 0.5


@pytest.mark.parametrize("status", [200, 304, 400, 401, 404, 407, 409, 412, 422, 428, 430, 499, 501, 600])
def test_what_will_not_pass_is_not(status: int) -> None:
    assert not is_temporary(status)
    assert after(status=status) is None


def test_the_wait_doubles_up_to_its_ceiling() -> None:
    # 0.5 · 1, 2, 4 and then 8 → 4, above the ceiling of 3.
    assert [after(retries_done=done) for done in range(4)] == [0.5, 1.0, 2.0, 3.0]


@pytest.mark.parametrize(("chance", "wait"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_half_of_the_wait_is_left_to_chance(chance: float, wait: float) -> None:
    assert after(retries_done=1, chance=chance) == wait


def test_a_huge_number_of_retries_does_not_overflow() -> None:
    patient = RetryPolicy(max_retries=10_000, total=120.0)
    assert after(policy=patient, retries_done=9_999) == 8.0


def test_it_stops_at_the_number_of_retries() -> None:
    assert after(retries_done=3) is not None
    assert after(retries_done=4) is None
    assert after(policy=RetryPolicy(max_retries=0, total=120.0)) is None


def test_retry_after_is_obeyed_and_never_undercut() -> None:
    # 7 s, and up to one first wait (0.5) more by chance; the own wait of 0.5 is shorter.
    assert after(retry_after=7.0, chance=0.0) == 7.0
    assert after(retry_after=7.0, chance=1.0) == 7.5
    # An own wait of 3 · (0.5 + 0.5) is longer than the 0 s that the service asks for.
    assert after(retries_done=3, retry_after=0.0) == 3.0


def test_a_retry_after_above_the_ceiling_stops_the_call() -> None:
    assert after(retry_after=60.0, chance=0.0) == 60.0
    assert after(retry_after=60.1) is None
    assert after(retry_after=math.inf) is None


def test_a_wait_that_would_use_up_the_budget_stops_the_call() -> None:
    assert after(elapsed=119.4) == 0.5
    assert after(elapsed=119.5) is None
    assert after(elapsed=500.0) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 5 ", 5.0),
        ("9" * 5000, math.inf),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 13:00:30 +0100", 30.0),
        ("Tue, 24 Nov 2026 12:00:30 -0000", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("Tue, 99 Nov 2026 12:00:30 GMT", None),
        ("Tue, 24 Nov 99999999999 12:00:30 GMT", None),
        ("Tue, 24 Nov 2026 12:00:30 +99999999999", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date_and_never_fails(value: str, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_a_date_is_measured_from_the_moment_given() -> None:
    assert parse_retry_after("Tue, 24 Nov 2026 12:00:30 GMT", NOW + timedelta(seconds=20)) == 10.0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ('"read";r=0;t=30', 30.0),
        ('"read";r=1;t=30', 0.0),
        ('"read";r=10;t=30', 0.0),
        ('"read";r=00;t=7', 7.0),
        ('"read";r=5;t=60, "write";r=0;t=7', 7.0),
        ('"read";r=0;t=7,"write";r=0;t=60', 60.0),
        ('"read";r=0', 0.0),
        ('"read";r=0;t=30;pk=:x:', 0.0),
        ('"read";r=-1;t=30', 0.0),
        ('"read";r=0;t=9999999999', 0.0),
        ("100", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_only_a_spent_limit_is_a_reason_to_wait(value: str | None, seconds: float) -> None:
    assert parse_rate_limit(value) == seconds


def test_the_policy_of_a_client_that_says_nothing_is_what_the_documentation_says() -> None:
    policy = RetryPolicy(max_retries=2, total=120.0)
    assert (policy.first_wait, policy.longest_wait, policy.longest_obeyed) == (0.5, 8.0, 60.0)
    with pytest.raises(AttributeError, match="immutable"):
        policy.max_retries = 3  # type: ignore[misc]  # on purpose
    with pytest.raises(TypeError, match="positional"):
        RetryPolicy(2, 120.0)  # type: ignore[call-arg]  # on purpose
