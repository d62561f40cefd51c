"""How numbers are read that people type, what follows from them, and what is published: the scripts, run in node."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import pytest
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.derived_facts import find_derived_facts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.resources.scores.service import REQUESTS, compute_score
from tests.support.assessing import request_a
from tests.support.node import run_node

STATIC: Final = files("actitud_api.web.portal").joinpath("static")
SCRIPTS: Final = "".join(STATIC.joinpath(name).read_text("utf-8") for name in ("numbers.js", "questionnaire-facts.js"))

WHOLE: Final = {"isWhole": True, "least": 0, "most": 10**12}
HOURS: Final = {"least": 0, "most": 10**9}
SHARE: Final = {"isShare": True, "least": 0, "most": 1}
FEW: Final = {"least": 0, "most": 40}
"""Hours of training: at most 40."""

Reading = float | int | list[float | int] | str | None
"""A number that is read, the readings of one that is asked back, why it is wrong, or None for an empty field."""

TABLE: Final[list[tuple[str, dict[str, Any], str, Reading]]] = [
    # Whole numbers, as Spanish writes them.
    ("es", WHOLE, "", None),
    ("es", WHOLE, "   ", None),
    ("es", WHOLE, "0", 0),
    ("es", WHOLE, "007", 7),
    ("es", WHOLE, "21", 21),
    ("es", WHOLE, "21000", 21_000),
    ("es", WHOLE, "21.000", 21_000),
    ("es", WHOLE, " 21.000 ", 21_000),
    ("es", WHOLE, "1.234", 1_234),
    ("es", WHOLE, "1.234.567", 1_234_567),
    ("es", WHOLE, "21 000", 21_000),
    ("es", WHOLE, "21\u00a0000", 21_000),
    ("es", WHOLE, "21\u202f000", 21_000),
    ("es", WHOLE, "21\u2009000", 21_000),
    ("es", WHOLE, "1 234 567", 1_234_567),
    ("es", WHOLE, "1'234'567", 1_234_567),
    ("es", WHOLE, "21.000,00", 21_000),
    ("es", WHOLE, "21,0", 21),
    ("es", WHOLE, "+5", 5),
    # What can be read in two ways is asked, and what is left of two readings as well.
    ("es", WHOLE, "21,000", [21, 21_000]),
    ("es", WHOLE, "21'000", [21, 21_000]),
    ("es", WHOLE, "1,234", [1_234]),
    ("es", WHOLE, "21.00", [21]),
    ("es", WHOLE, "21.0000", [21]),
    ("es", WHOLE, "1,234,567", 1_234_567),
    ("es", WHOLE, "1,234,567.00", 1_234_567),
    # What is no whole number says so.
    ("es", WHOLE, "2,5", "whole"),
    ("es", WHOLE, "2.5", "whole"),
    ("es", WHOLE, "1.234,5", "whole"),
    ("es", WHOLE, "-1", "least"),
    ("es", WHOLE, "−1.000", "least"),
    ("es", WHOLE, "1000000000001", "most"),
    ("es", {"isWhole": True, "least": 0, "most": 1_000}, "1.001", "most"),
    # What is no number at all.
    ("es", WHOLE, "12.34.567", "number"),
    ("es", WHOLE, "1.23.456", "number"),
    ("es", WHOLE, "12 34", "number"),
    ("es", WHOLE, "1.234 567", "number"),
    ("es", WHOLE, "21.", "number"),
    ("es", WHOLE, "21..000", "number"),
    ("es", WHOLE, "21. 000", "number"),
    ("es", WHOLE, "1e3", "number"),
    ("es", WHOLE, "mil", "number"),
    ("es", WHOLE, "21 mil", "number"),
    ("es", WHOLE, "12 %", "number"),
    ("es", WHOLE, "--1", "number"),
    ("es", WHOLE, ".", "number"),
    ("es", WHOLE, "٣", "number"),
    ("es", WHOLE, "0x10", "number"),
    ("es", WHOLE, "Infinity", "number"),
    # Whole numbers, as English writes them.
    ("en", WHOLE, "21,000", 21_000),
    ("en", WHOLE, "1,234", 1_234),
    ("en", WHOLE, "21 000", 21_000),
    ("en", WHOLE, "21.000", [21, 21_000]),
    ("en", WHOLE, "1.234", [1_234]),
    ("en", WHOLE, "1.234.567", 1_234_567),
    ("en", WHOLE, "21.0", 21),
    ("en", WHOLE, "21,00", [21]),
    # The other languages of Spain write as Spanish does.
    ("ca", WHOLE, "21.000", 21_000),
    ("eu", WHOLE, "21,000", [21, 21_000]),
    ("gl", HOURS, "14,5", 14.5),
    # Numbers with decimals.
    ("es", HOURS, "14,5", 14.5),
    ("es", HOURS, "14.5", 14.5),
    ("es", HOURS, "0,25", 0.25),
    ("es", HOURS, "0.25", 0.25),
    ("es", HOURS, "0.250", 0.25),
    ("es", HOURS, ",5", 0.5),
    ("es", HOURS, "14'5", 14.5),
    ("es", HOURS, "14,500", 14.5),
    ("es", HOURS, "14.500", [14.5, 14_500]),
    ("es", HOURS, "1.234,5", 1_234.5),
    ("es", HOURS, "1 234,5", 1_234.5),
    ("es", HOURS, "1,234.5", 1_234.5),
    ("es", HOURS, "1500", 1_500),
    ("es", HOURS, "12", 12),
    ("es", FEW, "14.500", [14.5]),
    ("es", FEW, "40,1", "most"),
    ("es", FEW, "50.000", "most"),
    ("es", FEW, "-0,5", "least"),
    ("es", FEW, "-0", 0),
    ("en", HOURS, "14.5", 14.5),
    ("en", HOURS, "14,5", 14.5),
    ("en", HOURS, "14.500", 14.5),
    ("en", HOURS, "14,500", [14.5, 14_500]),
    ("en", HOURS, "1,234.5", 1_234.5),
    # Shares are written as percentages.
    ("es", SHARE, "12", 0.12),
    ("es", SHARE, "12 %", 0.12),
    ("es", SHARE, "12%", 0.12),
    ("es", SHARE, "12,5", 0.125),
    ("es", SHARE, "33,3", 0.333),
    ("es", SHARE, "7", 0.07),
    ("es", SHARE, "0", 0),
    ("es", SHARE, "1", 0.01),
    ("es", SHARE, "100", 1),
    ("es", SHARE, "100,5", "most"),
    ("es", SHARE, "12.500", [0.125]),
    # As it was asked before, from 0 to 1: 0,12 may be 12 %.
    ("es", SHARE, "0,12", [0.0012, 0.12]),
    ("es", SHARE, "0,12 %", 0.0012),
    ("en", SHARE, "0.5", [0.005, 0.5]),
    ("es", SHARE, "%", "number"),
]

WRITTEN: Final[list[tuple[str, dict[str, Any], float | int, str, str]]] = [
    # Language, field, value, as it stands in its field, as it is said.
    ("es", WHOLE, 42_000, "42.000", "42.000"),
    ("es", WHOLE, 1_234, "1234", "1.234"),
    ("es", WHOLE, 1_234_567, "1.234.567", "1.234.567"),
    ("en", WHOLE, 42_000, "42,000", "42,000"),
    ("en", WHOLE, 1_234, "1,234", "1,234"),
    ("es", HOURS, 14.5, "14,5", "14,5"),
    ("es", HOURS, 14.125, "14,125", "14,125"),
    ("es", HOURS, 42_000, "42000", "42.000"),
    ("en", HOURS, 1_234.125, "1234.125", "1,234.125"),
    ("es", SHARE, 0.03, "3", "3 %"),
    ("es", SHARE, 0.07, "7", "7 %"),
    ("es", SHARE, 0.333, "33,3", "33,3 %"),
    ("es", SHARE, 0.0012, "0,12 %", "0,12 %"),
    ("es", SHARE, 0.0000001, "0,00001 %", "0,00001 %"),
    ("en", SHARE, 1, "100", "100 %"),
]

SCALES: Final = {
    "es": [
        {"unit": 1_000_000, "one": "un millón", "many": "{count} millones"},
        {"unit": 1_000, "one": "mil", "many": "{count} mil"},
    ],
    "en": [
        {"unit": 1_000_000, "one": "1 million", "many": "{count} million"},
        {"unit": 1_000, "one": "1 thousand", "many": "{count} thousand"},
    ],
}
IN_WORDS: Final = [
    ("es", 999, ""),
    ("es", 1_000, "mil"),
    ("es", 1_050, ""),
    ("es", 21_000, "21 mil"),
    ("es", 21_005, ""),
    ("es", 1_000_000, "un millón"),
    ("es", 2_500_000, "2 millones 500 mil"),
    ("es", 2_001_000, "2 millones mil"),
    ("es", 2_001_001, ""),
    ("es", 1_000_000_000, ""),
    ("es", 1_234.5, ""),
    ("en", 21_000, "21 thousand"),
    ("en", 1_250_000, "1 million 250 thousand"),
]


def run(expression: str, given: object, folder: Path) -> Any:
    """Evaluate an expression of JavaScript over `given`, after the scripts."""
    done = run_node(
        "-e",
        f"{SCRIPTS}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({expression}));",
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def simplify(answer: dict[str, Any]) -> Reading:
    match answer:
        case {"kind": "number", "value": value}:
            return cast(float, value)
        case {"kind": "asked", "readings": readings}:
            return cast(list[float | int], readings)
        case {"kind": "wrong", "why": why}:
            return str(why)
    assert answer == {"kind": "empty"}
    return None


def test_numbers_are_read_as_the_language_writes_them_and_never_guessed(tmp_path: Path) -> None:
    given = [[text, {**field, "language": language}] for language, field, text, _ in TABLE]
    answers = run("given.map(([text, field]) => Numbers.read(text, field))", given, tmp_path)
    read = [(language, text, simplify(answer)) for (language, _, text, _), answer in zip(TABLE, answers, strict=True)]
    assert read == [(language, text, expected) for language, _, text, expected in TABLE]


def test_what_is_written_into_a_field_is_read_as_the_same_number(tmp_path: Path) -> None:
    given = [[value, {**field, "language": language}] for language, field, value, _, _ in WRITTEN]
    answers = run(
        "given.map(([value, field]) => { const text = Numbers.write(value, field);"
        " return [text, Numbers.say(value, field), Numbers.read(text, field)]; })",
        given,
        tmp_path,
    )
    assert answers == [[text, said, {"kind": "number", "value": value}] for _, _, value, text, said in WRITTEN]


def test_whole_thousands_are_said_in_words_that_no_mark_can_change(tmp_path: Path) -> None:
    given = [[value, SCALES[language]] for language, value, _ in IN_WORDS]
    said = run("given.map(([value, scales]) => Numbers.sayInWords(value, scales))", given, tmp_path)
    assert said == [expected for _, _, expected in IN_WORDS]


@pytest.mark.parametrize("version", ["2026.1", "2027.1"])
def test_the_published_example_answers_what_follows_from_its_profile(version: str, tmp_path: Path) -> None:
    request = request_a(version)
    formulas = find_derived_facts(load_methodology(version).document)
    given = {"formulas": formulas, "profile": request["profile"]}
    values = run(
        "Object.fromEntries(Object.entries(given.formulas).map(([pointer, formula]) =>"
        " [pointer, Facts.evaluate(formula, (name) => given.profile[name])]))",
        given,
        tmp_path,
    )
    answered = {}
    for pointer in formulas:
        _, top, *names = pointer.split("/")
        found = request[top].get(names[0]) if top == "answers" else request["profile"]
        if found is not None:
            answered[pointer] = found[names[-1]]
    assert len(answered) >= 17
    assert {pointer: values[pointer] for pointer in answered} == answered


def test_nothing_follows_from_a_profile_that_is_not_filled_in(tmp_path: Path) -> None:
    formulas = find_derived_facts(load_methodology("2027.1").document)
    follow = (
        "Object.entries(given.formulas).filter(([, formula]) =>"
        " Facts.evaluate(formula, (name) => given.profile[name]) !== undefined).map(([pointer]) => pointer)"
    )
    assert run(follow, {"formulas": formulas, "profile": {}}, tmp_path) == ["/answers/D2.03/denominator"]
    # With more than 100 messages in 90 days those of 12 months do not matter.
    assert "/answers/D9.01/denominator" in run(
        follow, {"formulas": formulas, "profile": {"messages_w90": 100}}, tmp_path
    )
    assert "/answers/D9.01/denominator" not in run(
        follow, {"formulas": formulas, "profile": {"messages_w90": 99}}, tmp_path
    )


def test_published_answers_give_the_published_index(tmp_path: Path) -> None:
    """With answers that review rejected or capped, others without evidence, and one that was taken back."""
    methodology = load_methodology("2027.1")
    submissions = [simulated.submission for simulated in simulate(methodology, (31, 33, 36, 42))]
    assert {reason for one in submissions for reason in one.set_aside.values()} == {"rejected", "stale", "withdrawn"}
    assert any(one.profile_self_declared for one in submissions)
    first = submissions[0]
    levels = {name: facts.get("level") for name, facts in first.answers.items() if name not in first.set_aside}
    ladder = next(name for name, level in levels.items() if isinstance(level, int) and level > 1)
    submissions[0] = structs.replace(submissions[0], level_caps={ladder: 1})
    held = run("given.map(Facts.fromPublished)", msgspec.to_builtins(submissions), tmp_path)
    for submission, taken in zip(submissions, held, strict=True):
        profile = {name: value for name, value in taken["profile"].items() if value is not None}
        body = {"methodology": "2027.1", **taken, "profile": profile}
        score = compute_score(methodology, msgspec.convert(body, REQUESTS["2027.1"]))
        assert score.index is not None
        assert round(100 * score.index) == evaluate(methodology, submission).index
    assert held[0]["answers"][ladder]["level"] == 1
