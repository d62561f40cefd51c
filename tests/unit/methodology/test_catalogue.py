"""2026.1 has the words and the two examples of the catalogue that it was made from.

Its document cannot change: `test_registry.py` holds its digest. `../shared` is not part of the project: what compares
with it runs where it stands beside the checkout, and with `CI` set its absence is a failure.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology import loader
from tests.support.plain_words import find_tokens
from tests.support.shared import shared
from tests.unit.scoring.sheets import CASES

METHODOLOGY = loader.load_methodology("2026.1")


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(shared("methodology/catalogue.json"))
    return decoded


@pytest.mark.parametrize("language", WRITTEN)
def test_texts_that_the_catalogue_has_in_both_languages(catalogue: dict[str, Any], language: Language) -> None:
    texts = METHODOLOGY.texts[language]
    for theirs in catalogue["indicators"]:
        ours = texts.indicators[theirs["id"]]
        for member in ("name", "question", "action"):
            assert getattr(ours, member) == theirs[f"{member}_{language}"], (theirs["id"], member)
        assert ours.ladder == tuple(step[language] for step in theirs.get("ladder", ()))
        assert ours.components == {known["id"]: known[language] for known in theirs.get("components", ())}
    # The catalogue writes rules and gates as formulas, and blames who is at the lowest level: those words are our own.
    assert texts.rules.keys() == {rule["id"] for rule in catalogue["validation_rules"]}
    assert texts.gates.keys() == {gate["id"] for level in catalogue["levels"] for gate in level["gates"]}
    for level in catalogue["levels"][1:]:
        assert texts.levels[str(level["level"])].name == level[f"name_{language}"]
    for dimension in catalogue["dimensions"]:
        assert texts.groups[dimension["id"]].name == dimension[f"name_{language}"]


def test_texts_that_it_has_in_english_only(catalogue: dict[str, Any]) -> None:
    for theirs in catalogue["indicators"]:
        ours = METHODOLOGY.texts["en"].indicators[theirs["id"]]
        assert (ours.basis, ours.seed, ours.unit) == (theirs["basis_note"], theirs["seed_note"], theirs["unit"])
        for said, written in (
            (ours.evidence, theirs["evidence"]),
            (ours.anti_gaming, theirs["anti_gaming"]),
            (ours.applies, theirs["applicability"]["text"]),
        ):
            # What has ids in the catalogue is said in other words.
            assert said == written or find_tokens(written), theirs["id"]
        if theirs["scoring"]["kind"] in ("piecewise", "log"):
            assert ours.goalposts == tuple(post["reason"] for post in theirs["goalposts"])


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_committed_examples_are_the_catalogue_s(catalogue: dict[str, Any], name: str) -> None:
    """`values`: null was not sent; a bare number or boolean is the only fact of its indicator.

    In `blocked_by` the catalogue calls `actual` and `required` by their former names.
    """
    (example,) = (known for known in catalogue["examples"] if known["id"] == name)
    only = {known["id"]: known["inputs"][0]["name"] for known in catalogue["indicators"] if known["inputs"]}
    answers = {
        indicator: value if isinstance(value, dict) else {only[indicator]: value}
        for indicator, value in example["values"].items()
        if value is not None
    }
    case = msgspec.json.decode((CASES / f"example_{name.lower()}.json").read_bytes())
    assert case["request"] == {"methodology": "2026.1", "profile": example["profile"], "answers": answers}
    published, renamed = example["expected"]["published"], {"there": "actual", "asked": "required"}
    blocking = [
        {renamed.get(member, member): value for member, value in gate.items()} for gate in published["blocked_by"]
    ]
    assert case["published"] == {**published, "blocked_by": blocking}
