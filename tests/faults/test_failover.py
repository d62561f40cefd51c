"""The primary is killed while many write, and its standby takes over: what was acknowledged is there, once."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec
import pytest

from actitud_api import cli
from actitud_api.cli.doctor import DoctorReport
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.postgresql import STATEMENT_TIMEOUT
from tests.faults.adders import WRITERS, Adders, adding
from tests.faults.integrity import count_additions, find_damage
from tests.faults.serving import one_serving
from tests.support.databases import opened
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.replication import Pair, replicated

FAILOVERS = 20
WRITES = 500
"""Writes that are acknowledged before each."""
ALONE = (STATEMENT_TIMEOUT / 1_000 + 1, None, 0.2, None)
"""Seconds for which a commit waits in vain for the standby before the primary is lost, in turn; None: it is not lost.

The first are longer than a statement may take: a commit that waits for the standby is no statement that gives up.
"""
UNSENT = 100
"""Writes that are acknowledged without the standby, where nobody waits for it."""


class FailedOver(NamedTuple):
    """What came of it: the writes that were acknowledged, those of them that are lost, and seconds without any."""

    acknowledged: set[str]
    lost: set[str]
    away: float


@pytest.fixture
def pair() -> Iterator[Pair]:
    with replicated() as made:
        with opened(made.url("postgres")) as database:
            database.migrate()
        yield made


def fail_over(
    pair: Pair,
    database: Database,
    address: str,
    headers: Mapping[str, str],
    numbers: Iterator[int],
    *,
    synchronous: bool,
    alone: float | None,
) -> FailedOver:
    """Kills the primary under writers; `alone`: once a commit has waited so long for a standby that is cut off."""
    pair.add_standby(synchronous=synchronous)
    with adding(address, headers, numbers) as adders:
        adders.await_answers(WRITES)
        if alone is not None:
            pair.cut()
            write_without_standby(pair, adders, alone, synchronous=synchronous)
        killed = time.monotonic()
        pair.fail_over()
        adders.await_answers(1)
        away = time.monotonic() - killed
        adders.await_answers(2 * WRITERS)
    acknowledged = adders.list_names()
    return FailedOver(acknowledged, acknowledged - count_additions(database).keys(), away)


def write_without_standby(pair: Pair, adders: Adders, seconds: float, *, synchronous: bool) -> None:
    """Lets them write; who waits for the standby is told of no write but those that it had, at most one of each."""
    if not synchronous:
        adders.await_answers(UNSENT)
        return
    before = adders.list_names()
    pair.primary.await_true(
        "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
        f"AND clock_timestamp() - query_start > '{seconds} seconds')"
    )
    assert len(adders.list_names() - before) <= WRITERS


@pytest.mark.night
def test_a_synchronous_standby_that_takes_over_has_all_that_was_acknowledged(
    pair: Pair, figure: FigureRecorder
) -> None:
    """The service finds it by itself; the same without waiting for the standby loses what it had not received."""
    numbers = itertools.count(1)
    acknowledged: set[str] = set()
    away = []
    url = pair.url("postgres")
    with opened(url) as database:
        headers = create_header(database)
        with one_serving(url) as process:
            for number in range(FAILOVERS):
                done = fail_over(
                    pair,
                    database,
                    process.address,
                    headers,
                    numbers,
                    synchronous=True,
                    alone=ALONE[number % len(ALONE)],
                )
                assert done.lost == set()
                acknowledged |= done.acknowledged
                away.append(done.away)
            additions = count_additions(database)
            assert additions.keys() == acknowledged
            assert set(additions.values()) == {1}
            assert find_damage(database) == []
            careless = fail_over(pair, database, process.address, headers, numbers, synchronous=False, alone=0)
    # What each writer had sent when the standby was cut off may have reached it.
    assert len(careless.lost) >= UNSENT - WRITERS
    figure(
        "R6",
        f"writes acknowledged by 8 writers over HTTP while the primary was killed {FAILOVERS} times and its standby "
        "promoted, each then looked for; the time is that without any answer 2xx",
        tried=len(acknowledged),
        failed=0,
        control=f"where commits do not wait for the standby, {len(careless.lost)} of {len(careless.acknowledged)} "
        "acknowledged writes are lost",
        worst_seconds=max(away),
    )


@pytest.mark.night
def test_doctor_knows_a_standby_that_nobody_waits_for(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACTITUD_DATABASE_URL", pair.url("postgres"))

    def report() -> list[str]:
        cli.main(["doctor", "--json"])
        checks = msgspec.json.decode(capsys.readouterr().out, type=DoctorReport).checks
        return [check.status for check in checks if check.name == "standby"]

    assert report() == []
    pair.add_standby(synchronous=False)
    assert report() == ["warning"]
    pair.fail_over()
    pair.add_standby(synchronous=True)
    assert report() == ["ok"]
