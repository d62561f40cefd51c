"""What is counted of whole synthetic town halls is what the worlds know of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from actitud.cli import main
from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.windows import Days
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from tests.support import scale
from tests.support.worlds.model import World
from tests.support.worlds.truth import count_proposals, make_windows, tell_body_truth
from tests.support.worlds.writing import Manner, write_world
from tests.unit.counting.test_answers import TOWN_HALL
from tests.unit.counting.test_reading_worlds import MAPPING, WORLDS, get_world, name_accounts, read
from tests.unit.counting.workbooks import Row, fill

DEFINITIONS: Final = load_definitions("2027.1")
FIVE: Final = ("facebook-business.es", "instagram-business.es", "x-archive", "youtube-studio.es", "log-csv")
"""Five exports of a town hall; the log has the messages of all accounts, and what no network's file tells."""
LOGS: Final = ("decidim-json", "log-csv")
COLUMNS_OF_ACCOUNTS: Final = tuple(question.id for question in DEFINITIONS.account_questions)
MANNERS: Final = (Manner(), Manner(overlapping=True, duplicated=True, shuffled=True))


def count(world: World, paths: list[Path], electoral: bool) -> FactCounter:
    windows = make_windows(world.year)
    chosen = {"W90": windows["W90 electoral" if electoral else "W90"], "W12": windows["W12"]}
    reading = read(world, paths, world.accounts)
    whole = Days(windows["W12"].first, windows["W12"].last)
    main = NetworkAccount(world.main.platform, world.main.handle)
    return FactCounter(
        reading.table,
        reading.sources,
        CountPlan(
            methodology="2027.1",
            windows={name: Days(window.first, window.last) for name, window in chosen.items()},
            time_zone=str(world.zone),
            seed="0" * 32,
            population=20_000,
            main=main,
            accounts=tuple(NetworkAccount(account.platform, account.handle) for account in world.accounts),
            periods={source.sha256: whole for source in reading.sources},
        ),
        DEFINITIONS,
    )


def test_five_exports_of_a_town_hall_give_its_numbers(tmp_path: Path) -> None:
    for seed in WORLDS if scale.NIGHT else WORLDS[:1]:
        world, electoral, manner = get_world(seed), seed % 2 == 0, MANNERS[seed // 2 % 2]
        exports = write_world(world, tmp_path / str(seed), FIVE, manner)
        counter = count(world, [path for export in exports for path in export.paths], electoral)
        window = make_windows(world.year)["W90 electoral" if electoral else "W90"]
        truth = tell_body_truth(world, window)
        facts = {code: fact.value for code, fact in counter.count_all().items()}
        assert {
            "accounts_active": truth.accounts_active,
            "accounts_dormant": truth.accounts_dormant,
            "platforms_active": truth.platforms_active,
            "own_posts_w90": truth.own_posts,
            "visual_posts": truth.visual_posts,
            "D2.03.numerator": sum(number >= 3 for number in truth.weeks),
            "D2.03.denominator": 12,
            "D8.08.answers": truth.answered,
            "D8.08.posts": truth.own_posts,
        }.items() <= facts.items(), (seed, manner)
        counter.table.close()


def code_message(row: Row) -> dict[str, object]:
    return {"need": "q", "reply": "1"} if row["reply_1"] else {"need": "n"}


def test_five_exports_become_a_draft_of_all_that_can_be_counted(tmp_path: Path) -> None:
    world = get_world(1)
    exports = write_world(world, tmp_path / "exports", ("facebook-business.es", "x-archive", "press-rss", *LOGS))
    (tmp_path / "mapping.json").write_bytes(msgspec.json.encode(MAPPING))
    arguments = ["count", *(str(path) for export in exports for path in export.paths), "--lang", "es"]
    arguments += ["--year", str(world.year), "--population", "20000", "--seed", "0" * 32]
    arguments += ["--period", f"{world.year}-01-01/{world.year}-12-31", "--mapping", str(tmp_path / "mapping.json")]
    arguments += ["--main", f"{world.main.platform}:{world.main.handle}", "--output", str(tmp_path)]
    for account in name_accounts(world.accounts):
        arguments += ["--account", "=".join((f"{account.platform}:{account.name}", *account.aliases))]
    assert main(arguments) == 0
    answers: dict[str, Callable[[Row], Mapping[str, object]]] = {
        "Publicaciones": lambda row: {"subject": "u", "press": "no", "voice": "no", "plain": "sí"},
        "Imágenes y vídeos": lambda row: {"accessible": "no"},
        "Respuestas": lambda row: {"solves": "sí"},
        "Mensajes": code_message,
        "Propuestas": lambda row: {"valid": "sí", "decision": "no"},
        "Cuentas": lambda row: dict.fromkeys(COLUMNS_OF_ACCOUNTS, "sí") if row["name"] else {},
        "Clases de información": lambda row: {"answer": "sí"},
    }
    path = tmp_path / "coding.xlsx"
    path.write_bytes(fill(path.read_bytes(), answers))
    assert main([*arguments, "--coded", str(path)]) == 0
    draft = json.loads((tmp_path / "answers.json").read_bytes())
    assert draft["profile"].keys() == DEFINITIONS.profile.keys()
    # Of the eighteen D3.07 is taken from the profile.
    assert draft["answers"].keys() == DEFINITIONS.indicators.keys() - {"D3.07"}
    truth = tell_body_truth(world, make_windows(world.year)["W90"])
    proposals, _ = count_proposals(world, make_windows(world.year)["W12"])
    assert draft["answers"]["D9.08"] == {"numerator": 0, "denominator": proposals}
    assert draft["answers"]["D8.03"]["denominator"] == min(100, truth.own_posts)
    submission = Submission(
        profile={**TOWN_HALL, **draft["profile"], "test_questions": 0, "test_answered": 0, "integrity_case": False},
        answers={
            indicator: {name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()}
            for indicator, facts in draft["answers"].items()
        },
    )
    assert evaluate(load_methodology("2027.1"), submission).broken_rules == []
