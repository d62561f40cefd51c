"""The worlds that the counter is held against: their truth against hand arithmetic, and their files."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.worlds.generation import make_world
from tests.support.worlds.model import Account, Entry, Medium, Person, World
from tests.support.worlds.truth import make_windows, tell_truth
from tests.support.worlds.writing import OUTPUTS, Manner, write_world

MADRID = ZoneInfo("Europe/Madrid")
ANA = Person("Ana Inventada", "ana_inventada", 1)
DESCRIBED, BLANK = Medium("photo", "Un plano"), Medium("photo", " ")


def at(month: int, day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, month, day, hour, minute, second, tzinfo=MADRID).astimezone(UTC)


def make_hand_made_world() -> World:
    entries = (
        Entry("a", at(9, 14, 23, 59, 59), "post", "La víspera", "es", reactions=50),
        Entry(
            "b", at(9, 15, 0), "post", "Plano", "es", media=(DESCRIBED, DESCRIBED), reactions=1, comments=2, shares=3
        ),
        Entry("c", at(9, 15, 0, 0, 40), "continuation", "2/2", "es", parent="b", conversation="b", shares=1),
        Entry("d", at(9, 21, 23, 59, 59), "post", "Foto", "es", media=(DESCRIBED, BLANK), comments=5),
        Entry("e", at(9, 22, 0), "post", "Encuesta", "es", media=(Medium("poll"),), release="2025-001"),
        Entry("f", at(9, 22, 9), "repost", "De otros", "es"),
        Entry("g", at(9, 22, 10), "post", "Borrada", "es", deleted=at(9, 22, 11)),
        Entry("h", at(10, 25, 22), "question", "¿Abren?", "es", person=ANA, private=True, conversation="h"),
        Entry("i", at(10, 28, 22, 0, 30), "answer", "Sí", "es", person=ANA, private=True, parent="h", conversation="h"),
        Entry("j", at(10, 28, 23), "question", "Gracias", "es", person=ANA, private=True, conversation="h"),
        Entry("k", at(11, 3, 9), "question", "¿Y el lunes?", "es", person=ANA, parent="b", conversation="k"),
        Entry("l", at(11, 3, 10, 0, 50), "answer", "También", "es", person=ANA, parent="k", conversation="k"),
        Entry("m", at(12, 13, 23, 59, 59), "quote", "Hoy", "es"),
        Entry("n", at(12, 14, 0), "post", "Tarde", "es"),
    )
    account = Account("x", "1", "aytoprueba", "Ayuntamiento de Prueba", 10, entries)
    return World(0, "Prueba", MADRID, 2025, at(12, 31, 12), (account,), (), (), ())


def test_truth_of_a_world_made_by_hand() -> None:
    world = make_hand_made_world()
    truth = tell_truth(world, world.accounts[0], "log", make_windows(2025)["W90"])
    assert (truth.own_posts, truth.reposts) == (5, 1)  # b, c, d, e and m; f
    assert (truth.public_replies, truth.private_replies) == (1, 1)
    assert (truth.received_public, truth.received_private) == (1, 2)
    # 15 September 2025 is a Monday: twelve full weeks, and six days that are none.
    assert truth.weeks == (3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert (truth.count_weeks(3), truth.count_weeks(1)) == (1, 2)
    assert (truth.visual_posts, truth.described_posts) == (2, 1)
    assert (truth.reactions, truth.comments, truth.shares) == (1, 7, 4)
    assert truth.recycled == frozenset({"e"})
    assert truth.questions is not None
    # The night of 26 October has an hour more.
    assert [(each.private, each.delay, each.opens) for each in truth.questions] == [
        (True, timedelta(hours=73, seconds=30), True),
        (True, None, False),
        (False, timedelta(hours=1, seconds=50), True),
    ]


def test_truth_is_unknown_where_a_format_cannot_tell() -> None:
    world = make_hand_made_world()
    windows = make_windows(2025)
    archive = tell_truth(world, world.accounts[0], "x-archive", windows["W90"])
    assert (archive.own_posts, archive.public_replies, archive.received_private) == (5, 1, 2)
    assert (archive.received_public, archive.described_posts, archive.comments) == (None, None, None)
    assert archive.questions is not None
    assert [each.delay for each in archive.questions] == [timedelta(hours=73, seconds=30), None]
    table = tell_truth(world, world.accounts[0], "x-content", windows["W90"])
    assert (table.own_posts, table.reposts, table.received_private, table.questions) == (5, None, None, None)


def test_times_are_told_as_finely_as_the_format_has_them() -> None:
    world = make_hand_made_world()
    account = dataclasses.replace(world.accounts[0], platform="whatsapp")
    truth = tell_truth(world, account, "whatsapp-chat", make_windows(2025)["W90"])
    assert truth.questions is not None
    assert [each.delay for each in truth.questions if each.private] == [timedelta(hours=73), None]


@pytest.mark.parametrize(("year", "monday", "weeks"), [(2025, date(2025, 9, 15), 12), (2024, date(2024, 9, 16), 12)])
def test_windows_have_twelve_full_weeks(year: int, monday: date, weeks: int) -> None:
    mondays = make_windows(year)["W90"].list_mondays()
    assert (mondays[0], len(mondays)) == (monday, weeks)


def test_electoral_window_ends_a_day_earlier_in_leap_years() -> None:
    assert make_windows(2025)["W90 electoral"].last == date(2025, 4, 14)
    assert make_windows(2024)["W90 electoral"].last == date(2024, 4, 13)


def digest(folder: Path) -> dict[str, str]:
    """Digests of all files of a folder but workbooks, which have the time in them when they were made."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".xlsx"
    }


def test_a_world_is_the_same_whenever_it_is_made(tmp_path: Path) -> None:
    write_world(make_world(7, size=0.2), tmp_path / "one")
    write_world(make_world(7, size=0.2), tmp_path / "two")
    files = digest(tmp_path / "one")
    assert len(files) >= len(OUTPUTS) - 2
    assert files == digest(tmp_path / "two")


def test_each_platform_says_what_it_says_in_each_of_its_forms(tmp_path: Path) -> None:
    """A shuffled, duplicated and overlapping delivery has the files of a plain one and more, and none is empty."""
    world = make_world(8, size=0.2)
    exports = write_world(world, tmp_path, manner=Manner(overlapping=True, duplicated=True, shuffled=True))
    assert {export.output for export in exports} == set(OUTPUTS)
    for export in exports:
        assert export.paths
        assert all(path.is_dir() or path.stat().st_size for path in export.paths)


def test_planted_personal_data_is_unlike_anything_else() -> None:
    world = make_world(9, size=0.5, personal_data=1_000)
    assert len(set(world.planted)) == len(world.planted) >= 1_000
    words = [entry.text for account in world.accounts for entry in account.entries]
    everything = "\n".join(words)
    assert all(datum in everything for datum in world.planted)
    own = {account.handle for account in world.accounts} | {account.name for account in world.accounts} | {world.town}
    assert own.isdisjoint(world.planted)
