"""From five exports of a synthetic town hall to a draft of all that can be counted, as the service takes it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import msgspec

from actitud.cli import main
from actitud.counting.definitions import load_definitions
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from tests.support.worlds.truth import count_proposals, make_windows, tell_body_truth
from tests.support.worlds.writing import write_world
from tests.unit.counting.test_answers import TOWN_HALL
from tests.unit.counting.test_reading_worlds import MAPPING, get_world, name_accounts
from tests.unit.counting.workbooks import Answer, Row, fill_in

DEFINITIONS: Final = load_definitions("2027.1")
LOGS: Final = ("proposals-csv", "log-csv")
COLUMNS_OF_ACCOUNTS: Final = tuple(question.id for question in DEFINITIONS.account_questions)


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
    answers: dict[str, Answer] = {
        "Publicaciones": lambda row: {"subject": "u", "press": "no", "voice": "no", "plain": "sí"},
        "Imágenes y vídeos": lambda row: {"accessible": "no"},
        "Respuestas": lambda row: {"solves": "sí"},
        "Mensajes": code_message,
        "Propuestas": lambda row: {"valid": "sí", "decision": "no"},
        "Cuentas": lambda row: dict.fromkeys(COLUMNS_OF_ACCOUNTS, "sí") if row["name"] else {},
        "Clases de información": lambda row: {"answer": "sí"},
    }
    path = tmp_path / "coding.xlsx"
    fill_in(path, answers)
    assert main([*arguments, "--coded", str(path)]) == 0
    draft = json.loads((tmp_path / "answers.json").read_bytes())
    for given in draft["answers"].values():
        assert given.pop("source")["kind"] == "counted"
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
