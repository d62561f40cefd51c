"""What is counted of synthetic town halls is what the worlds know, and nothing of a person leaves the computer."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import zipfile
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from actitud.cli import main
from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.manifest import build_manifest, encode_manifest
from actitud.counting.proposals import PRESS_SHARE, PressRelease, measure_overlaps, split_words
from actitud.counting.runs import count_faults
from actitud.counting.windows import Days, list_window_days
from tests.support import scale
from tests.support.worlds.generation import make_world
from tests.support.worlds.model import World
from tests.support.worlds.truth import make_windows, tell_body_truth, tell_truth
from tests.support.worlds.writing import OUTPUTS, Manner, write_world
from tests.unit.counting.test_reading_worlds import FEWER, MAPPING, NATIVE, list_aliases, read

WORLDS: Final = range(1, scale.COUNTED_WORLDS + 1)
SIZE: Final = 0.25 if scale.NIGHT else 0.1
METHODOLOGY: Final = "2027.1"
POPULATION: Final = 20_000


@cache
def get_world(seed: int) -> World:
    return make_world(seed, size=SIZE)


def make_plan(world: World, *, electoral: bool = False) -> CountPlan:
    windows = list_window_days(load_definitions(METHODOLOGY).windows, world.year, electoral=electoral)
    return CountPlan(
        methodology=METHODOLOGY,
        windows=windows,
        time_zone=str(world.zone),
        seed="0123456789abcdef",
        population=POPULATION,
        main=NetworkAccount(world.main.platform, world.main.handle),
        accounts=tuple(sorted(NetworkAccount(account.platform, account.handle) for account in world.accounts)),
    )


def count(world: World, paths: Iterable[Path], *, electoral: bool = False) -> tuple[dict[str, Any], bytes]:
    """Count files. Return the values of all facts, and the manifest."""
    with read(world, paths, world.accounts) as reading:
        # A late file in which a quiet account does not occur tells nothing of it, unless somebody says what it covers.
        whole = Days(date(world.year, 1, 1), date(world.year, 12, 31))
        periods = {source.sha256: whole for source in reading.sources}
        plan = msgspec.structs.replace(make_plan(world, electoral=electoral), periods=periods)
        counter = FactCounter(reading.table, reading.sources, plan, load_definitions(METHODOLOGY))
        manifest = encode_manifest(build_manifest(counter, faults=count_faults(reading)))
        return {code: fact.value for code, fact in counter.count_all().items()}, manifest


def describe_truth(world: World, *, electoral: bool = False) -> dict[str, int]:
    truth = tell_body_truth(world, make_windows(world.year)["W90 electoral" if electoral else "W90"])
    return {
        "accounts_active": truth.accounts_active,
        "accounts_dormant": truth.accounts_dormant,
        "platforms_active": truth.platforms_active,
        "own_posts_w90": truth.own_posts,
        "visual_posts": truth.visual_posts,
        "D2.03.numerator": sum(number >= 3 for number in truth.weeks),
        "D2.03.denominator": 12,
        "D8.08.answers": truth.answered,
        "D8.08.posts": truth.own_posts,
    }


@pytest.mark.parametrize("electoral", [False, True], ids=["autumn", "winter"])
def test_every_fact_that_a_log_tells_is_the_truth(electoral: bool, tmp_path: Path) -> None:
    for seed in WORLDS:
        world = get_world(seed)
        output = ("log-csv", "log-xlsx", "log-jsonl")[seed % 3]
        manner = Manner(overlapping=seed % 2 == 0, duplicated=seed % 5 == 0, shuffled=seed % 3 == 0)
        (export,) = write_world(world, tmp_path / str(seed), [output], manner)
        facts, _ = count(world, export.paths, electoral=electoral)
        expected = describe_truth(world, electoral=electoral)
        assert {code: facts[code] for code in expected} == expected, seed


def test_every_fact_of_all_formats_together_is_the_truth(tmp_path: Path) -> None:
    """The platforms' own files, and a log of the comments that they do not hand out: each message is counted once."""
    for seed in FEWER:
        world = get_world(seed)
        chosen = choose_accounts(world)
        exports = write_world(
            chosen, tmp_path / str(seed), [*NATIVE, "log-comments"], Manner(overlapping=seed % 2 == 0)
        )
        facts, _ = count(chosen, [path for export in exports for path in export.paths])
        expected = describe_truth(chosen)
        # Not all networks hand out private messages: what was answered there is not known.
        del expected["D8.08.answers"]
        assert {code: facts[code] for code in expected} == expected, seed
        assert facts["D8.08.answers"] is None


def choose_accounts(world: World) -> World:
    """Leave out accounts that may be dormant, of which no file tells that nobody wrote, and WhatsApp, without posts."""
    accounts = {account.platform: account for account in reversed(world.accounts) if account.platform != "whatsapp"}
    return dataclasses.replace(world, accounts=tuple(reversed(accounts.values())))


def test_no_fact_is_known_of_what_the_files_cannot_tell(tmp_path: Path) -> None:
    """Tables of posts tell nothing of answers, and without an account's file nobody knows whether it is active."""
    for seed in FEWER:
        world = get_world(seed)
        tables = ["facebook-business.es", "instagram-business.es", "x-content", "tiktok-studio", "linkedin-page"]
        exports = write_world(world, tmp_path / str(seed), tables)
        facts, _ = count(world, [path for export in exports for path in export.paths])
        unknown = (
            "accounts_active",
            "accounts_dormant",
            "own_posts_w90",
            "visual_posts",
            "D8.08.answers",
            "D8.08.posts",
        )
        assert {code: facts[code] for code in unknown} == dict.fromkeys(unknown)
        assert facts["D2.03.numerator"] == describe_truth(world)["D2.03.numerator"]


def test_the_posts_that_repeat_a_press_release_are_proposed(tmp_path: Path) -> None:
    """Headlines and first paragraphs are found, whatever stands around them; a link alone is not enough."""
    for seed in FEWER:
        world = get_world(seed)
        window = make_windows(world.year)["W12"]
        exports = write_world(world, tmp_path / str(seed), ["press-atom", "log-csv"])
        with read(world, [path for export in exports for path in export.paths], world.accounts) as reading:
            texts = {
                message.id: message.text
                for message in reading.table
                if message.kind == "own_post"
                and message.platform != "press_room"
                and window.holds(message.time, world.zone)
            }
            releases = [
                PressRelease(split_words(message.text), message.permalink)
                for message in reading.table.select(platform="press_room")
            ]
        overlaps = measure_overlaps(texts, releases)
        proposed = {identity for identity, (share, _) in overlaps.items() if share >= PRESS_SHARE}
        truths = [tell_truth(world, account, "log", window).recycled for account in world.accounts]
        recycled = {identity for truth in truths if truth for identity in truth}
        assert recycled, seed
        assert proposed == recycled, seed


@pytest.mark.night
def test_the_manifest_does_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    for seed in FEWER:
        world = get_world(seed)
        exports = write_world(world, tmp_path / str(seed), NATIVE, Manner(overlapping=True))
        paths = [path for export in exports for path in export.paths]
        assert count(world, paths) == count(world, paths[::-1]), seed


def write_mapping(folder: Path) -> Path:
    path = folder / "mapping.json"
    path.write_bytes(msgspec.json.encode(MAPPING))
    return path


def collect_texts(folder: Path) -> str:
    """Everything that was written to be published or sent, that in workbooks unpacked."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as workbook:
                texts += [workbook.read(name).decode("utf-8", "replace") for name in workbook.namelist()]
        elif path.is_file():
            texts.append(path.read_text("utf-8", "replace"))
    return "\n".join(texts)


@pytest.mark.night
def test_no_planted_datum_of_a_person_leaves_the_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A thousand names, handles, addresses and numbers stand in files of all formats, and in the names of files."""
    caplog.set_level(logging.DEBUG)
    world = make_world(42, size=SIZE, personal_data=1_000)
    assert len(world.planted) >= 1_000
    exports = write_world(world, tmp_path / "files", OUTPUTS, Manner(overlapping=True))
    # A chat whose dates have two readings, and a table that breaks off in a row with a name.
    name = world.planted[0]
    odd = tmp_path / "files" / f"Chat de WhatsApp con {name}.txt"
    odd.write_text(f"3/4/25, 9:05 - {name}: Soy {name}\n3/4/25, 9:06 - {name}: {world.planted[2]}\n")
    half = tmp_path / "files" / "half.csv"
    half.write_text(
        f'Post id,Date,Post text,Post Link,Impressions\n1,"Tue, Jul 14, 2025","Soy {name}, {world.planted[4]}'
    )
    accounts = [
        f"--account={'='.join((f'{account.platform}:{account.handle}', *list_aliases(account)))}"
        for account in world.accounts
    ]
    arguments = [
        "count",
        *(str(path) for export in exports for path in export.paths),
        *map(str, (odd, half)),
        *accounts,
        f"--mapping={write_mapping(tmp_path)}",
        f"--main={world.main.platform}:{world.main.handle}",
        f"--year={world.year}",
        f"--period={world.year}-01-01/{world.year}-12-31",
        f"--time-zone={world.zone}",
        "--population=20000",
        "--seed=abc",
        f"--output={tmp_path / 'out'}",
    ]
    assert main(arguments) == 0
    logged = capsys.readouterr()
    published = tmp_path / "published"
    published.mkdir()
    for part in ("manifest.json", "answers.json", "answers.xlsx"):
        (tmp_path / "out" / part).rename(published / part)
    said = "\n".join([collect_texts(published), logged.out, logged.err, caplog.text])
    # The workbook for coding stays with those who code: it shows that the search finds what there is.
    kept = collect_texts(tmp_path / "out")
    assert any(datum in kept for datum in world.planted)
    written = collect_texts(tmp_path / "files")
    assert all(datum in written for datum in world.planted)
    assert [datum for datum in world.planted if datum in said] == []
    # As handles and names are written without case or blanks in addresses and ids, they are looked for so too.
    plain = said.casefold().replace(" ", "")
    assert [datum for datum in world.planted if datum.casefold().replace(" ", "") in plain] == []
    assert json.loads((published / "answers.json").read_bytes())["profile"]["accounts_active"] > 0
