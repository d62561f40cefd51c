"""What is read of the files of synthetic town halls, in each format of each platform, is what the worlds know."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest

from actitud.counting.messages import Message
from actitud.counting.options import LogMapping, OwnAccount
from actitud.counting.reading import Reading, read_files
from actitud.counting.table import MessageTable
from tests.support import scale
from tests.support.worlds.formats.log import COLUMNS
from tests.support.worlds.generation import make_world
from tests.support.worlds.identifiers import INSTANCE
from tests.support.worlds.model import Account, World
from tests.support.worlds.truth import (
    FORMATS,
    Precision,
    Window,
    count_proposals,
    make_windows,
    round_down,
    tell_truth,
)
from tests.support.worlds.writing import OUTPUTS, Manner, write_world

WORLDS: Final = range(1, scale.COUNTED_WORLDS + 1)
CHANGED: Final = WORLDS[::3]
"""Those of which exports are written twice: all four manners in turn."""
FEWER: Final = WORLDS[::8] if scale.NIGHT else WORLDS
"""For what reads many files of each."""
SIZE: Final = 0.25 if scale.NIGHT else 0.1
MAPPING: Final = LogMapping(
    columns=dict(
        zip(
            (
                "platform",
                "account",
                "id",
                "thread",
                "parent",
                "time",
                "kind",
                "private",
                "author",
                "text",
                "media",
                "alternative_text",
                "reactions",
                "comments",
                "shares",
                "permalink",
            ),
            COLUMNS,
            strict=True,
        )
    ),
    kinds={"publicación": "own_post", "respuesta": "public_reply", "difusión": "repost", "recibido": "received"},
)
NATIVE: Final = tuple(name for name, output in OUTPUTS.items() if not output.format.startswith("log"))
VISUAL: Final = frozenset({"photo", "video", "live"})
HARMLESS: Final = {"several_accounts", "file_twice", "files_ignored", "no_messages", "number_rounded"}
"""Notes that name no message that was lost."""


@cache
def get_world(seed: int) -> World:
    return make_world(seed, size=SIZE)


def list_aliases(account: Account) -> tuple[str, str]:
    """Other names that the platforms' files give an account."""
    return account.name, f"{account.handle}@{INSTANCE.removeprefix('https://')}"


def name_accounts(accounts: Iterable[Account]) -> tuple[OwnAccount, ...]:
    """The accounts as an officer names them."""
    return tuple(OwnAccount(account.platform, account.handle, list_aliases(account)) for account in accounts)


def read(world: World, paths: Iterable[Path], accounts: Iterable[Account]) -> Reading:
    return read_files(paths, accounts=name_accounts(accounts), mapping=MAPPING, time_zone=str(world.zone))


def list_kept(table: MessageTable, account: Account) -> list[Message]:
    """The messages of an account in their order, without those that were taken away."""
    return [
        message for message in table.select(platform=account.platform, account=account.handle) if not message.deleted
    ]


def count(messages: Iterable[Message], window: Window, zone: ZoneInfo) -> dict[str, object]:
    """Count messages as `tell_truth` does."""
    inside = [message for message in messages if window.holds(message.time, zone)]
    kinds = Counter((message.kind, message.private) for message in inside)
    posts = [message for message in inside if message.kind == "own_post"]
    weeks: Counter[date] = Counter()
    numbers: Counter[str] = Counter()
    for post in posts:
        day = post.time.astimezone(zone).date()
        weeks[day - timedelta(days=day.weekday())] += 1
        numbers.update(post.counts)
    visual = [post for post in posts if VISUAL.intersection(post.media)]
    return {
        "own_posts": len(posts),
        "public_replies": kinds["public_reply", False],
        "private_replies": kinds["private_reply", True],
        "reposts": kinds["repost", False],
        "received_public": kinds["received", False],
        "received_private": kinds["received", True],
        "weeks": tuple(weeks[monday] for monday in window.list_mondays()),
        "visual_posts": len(visual),
        "described_posts": sum(
            post.alternative_texts is not None and all(text and text.strip() for text in post.alternative_texts)
            for post in visual
        ),
        "reactions": numbers["reactions"],
        "comments": numbers["comments"],
        "shares": numbers["shares"],
    }


def list_delays(
    messages: Iterable[Message], window: Window, zone: ZoneInfo, precision: Precision
) -> Counter[tuple[object, ...]]:
    """The messages received in a window: time, privacy, and the time until the first answer of their conversation."""
    threads: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if message.kind in {"received", "public_reply", "private_reply"}:
            threads[message.thread or message.id].append(message)
    delays: Counter[tuple[object, ...]] = Counter()
    for thread in threads.values():
        # Of the same minute, if that is all that is known, answers come last.
        thread.sort(key=lambda message: (round_down(message.time, precision), message.kind != "received"))
        for place, message in enumerate(thread):
            if message.kind != "received" or not window.holds(message.time, zone):
                continue
            answer = next((later for later in thread[place:] if later.kind != "received"), None)
            asked = round_down(message.time, precision)
            delay = round_down(answer.time, precision) - asked if answer else None
            delays[asked, message.private, delay] += 1
    return delays


def describe(table: MessageTable) -> list[tuple[str, ...]]:
    """All messages, each without the rows that it was read from."""
    fields = [field for field in Message.__struct_fields__ if field not in {"origin", "counts"}]
    return sorted(
        (*(repr(getattr(message, field)) for field in fields), repr(sorted(message.counts.items())))
        for message in table
    )


def check_numbers(reading: Reading, world: World, accounts: Iterable[Account], name: str) -> None:
    """Hold what was read of accounts in one format against the truth, in each window."""
    form = FORMATS[name]
    for account in accounts:
        messages = list_kept(reading.table, account)
        for window in make_windows(world.year).values():
            truth = tell_truth(world, account, name, window)
            place = (world.seed, name, account.platform, account.handle, window.name)
            known = {
                field: value
                for field, value in count(messages, window, world.zone).items()
                if getattr(truth, field) is not None
            }
            assert known == {field: getattr(truth, field) for field in known}, place
            if truth.questions is None:
                continue
            asked = list_delays(messages, window, world.zone, form.precision)
            told = {
                private for private in (False, True) if ("public_threads", "private_threads")[private] in form.tells
            }
            expected = Counter((each.time, each.private, each.delay) for each in truth.questions)
            assert Counter({key: number for key, number in asked.items() if key[1] in told}) == expected, place


def check_sources(reading: Reading, name: str) -> None:
    """Nothing was refused, and no source says that it can tell what its format cannot."""
    assert {fault.code for fault in reading.faults} <= HARMLESS
    told = {tell for source in reading.sources for tell in source.tells} - {"views", "time_of_day", "threads"}
    assert told <= FORMATS[name].tells, name


ACCOUNT_OUTPUTS: Final = [name for name, output in OUTPUTS.items() if output.format in FORMATS]


@pytest.mark.parametrize("output", ACCOUNT_OUTPUTS)
def test_every_number_is_the_truth(output: str, tmp_path: Path) -> None:
    for seed in WORLDS:
        world = get_world(seed)
        for export in write_world(world, tmp_path / str(seed), [output]):
            with read(world, export.paths, export.accounts) as reading:
                check_sources(reading, OUTPUTS[output].format)
                check_numbers(reading, world, export.accounts, OUTPUTS[output].format)


def test_every_proposal_is_read_and_every_answer(tmp_path: Path) -> None:
    for seed in WORLDS:
        world = get_world(seed)
        window = make_windows(world.year)["W12"]
        (export,) = write_world(world, tmp_path / str(seed), ["proposals-csv"])
        with read(world, export.paths, ()) as reading:
            assert not [*reading.faults]
            kept = [message for message in reading.table if not message.deleted]
            received = {
                message.id for message in kept if message.kind == "received" and window.holds(message.time, world.zone)
            }
            answers = {message.thread for message in kept if message.kind == "public_reply"}
        assert len(received) == count_proposals(world, window)[0]
        assert len(answers) == sum(proposal.answer is not None for proposal in world.proposals)


@pytest.mark.parametrize("output", ["press-rss", "press-atom"])
def test_every_press_release_is_read(output: str, tmp_path: Path) -> None:
    for seed in WORLDS:
        world = get_world(seed)
        (export,) = write_world(world, tmp_path / str(seed), [output])
        with read(world, export.paths, ()) as reading:
            assert not [*reading.faults]
            read_releases = {(message.permalink, message.time) for message in reading.table}
            texts = [message.text for message in reading.table]
        assert read_releases == {(release.link, release.time) for release in world.releases}
        assert all(any(release.title in text for text in texts) for release in world.releases)


DELIVERED: Final = (
    tuple(OUTPUTS)
    if scale.NIGHT
    else (
        "facebook-business.es",
        "facebook-information",
        "x-archive",
        "mastodon-archive",
        "linkedin-page",
        "telegram-export",
        "whatsapp-chat",
        "log-comments",
    )
)
"""By day the forms that differ most in how their messages are known again."""
MANNERS: Final = {
    "overlapping": Manner(overlapping=True),
    "duplicated": Manner(duplicated=True),
    "shuffled": Manner(shuffled=True),
    "all": Manner(overlapping=True, duplicated=True, shuffled=True),
}


@pytest.mark.parametrize("output", DELIVERED)
def test_overlapping_and_duplicated_exports_and_shuffled_rows_change_nothing(output: str, tmp_path: Path) -> None:
    for seed in CHANGED:
        world = get_world(seed)
        plain = write_world(world, tmp_path / str(seed) / "plain", [output])
        name = [*MANNERS][seed % len(MANNERS)]
        other = write_world(world, tmp_path / str(seed) / name, [output], MANNERS[name])
        for first, second in zip(plain, other, strict=True):
            with read(world, first.paths, first.accounts) as one, read(world, second.paths, second.accounts) as two:
                assert describe(one.table) == describe(two.table), (seed, name)
                assert {fault.code for fault in two.faults} <= HARMLESS


def test_the_order_of_files_changes_nothing(tmp_path: Path) -> None:
    for seed in FEWER:
        world = get_world(seed)
        exports = write_world(world, tmp_path / str(seed), DELIVERED, Manner(overlapping=True))
        paths = [path for export in exports for path in export.paths]
        shuffled = Random(seed).sample(paths, len(paths))
        with read(world, paths, world.accounts) as one, read(world, shuffled, world.accounts) as two:
            assert describe(one.table) == describe(two.table), seed
            assert one.sources == two.sources
            assert Counter(map(repr, one.faults)) == Counter(map(repr, two.faults))
            assert [message.origin for message in one.table] == [message.origin for message in two.table]


TOGETHER: Final = {
    "facebook": ("facebook-business.es", "facebook-information"),
    "instagram": ("instagram-business.en", "instagram-information"),
    "x": ("x-archive", "x-tweet-activity", "x-content"),
}


@pytest.mark.parametrize("platform", TOGETHER if scale.NIGHT else ("facebook", "x"))
def test_formats_of_the_same_account_complete_each_other(platform: str, tmp_path: Path) -> None:
    """A post that several formats have is one post, whether or not they give it the same id."""
    for seed in FEWER:
        world = get_world(seed)
        accounts = world.get_accounts(platform)
        exports = write_world(world, tmp_path / str(seed), TOGETHER[platform])
        with read(world, [path for export in exports for path in export.paths], accounts) as reading:
            for account in accounts:
                messages = list_kept(reading.table, account)
                for window in make_windows(world.year).values():
                    truths = [tell_truth(world, account, OUTPUTS[name].format, window) for name in TOGETHER[platform]]
                    for field, value in count(messages, window, world.zone).items():
                        known = {getattr(truth, field) for truth in truths} - {None}
                        if len(known) == 1:
                            assert value in known, (seed, account.handle, window.name, field)
