"""The second version of the tests, with other weights, one goalpost and one indicator more."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import Document, Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Score
from tests.unit.scoring.builders import decode
from tests.unit.scoring.sheets import case, dimension_of, indicator_of

BEFORE = loader.load_methodology("2026.1")
DRAFT = loader.load_methodology("2099.1-draft")
DIALOGUE = {"D1": 8, "D2": 9, "D3": 8, "D4": 10, "D5": 12, "D6": 5, "D7": 12, "D8": 12, "D9": 14, "D10": 10}
"""The dialogue-first weights of the catalogue (CATALOGUE, section 4)."""


def scored(name: str, **answers: dict[str, object]) -> Score:
    """An example of the catalogue under the draft, with other answers in the place of some."""
    request = msgspec.json.decode(case(name).request)
    request["methodology"] = "2099.1-draft"
    request["answers"] |= {indicator.replace("_", "."): answer for indicator, answer in answers.items()}
    return explain(DRAFT, decode(DRAFT, msgspec.json.encode(request)))


def test_it_is_a_draft() -> None:
    assert (DRAFT.status, DRAFT.document.version) == ("draft", "2099.1-draft")


def test_its_dimensions_weigh_as_the_catalogue_puts_dialogue_first() -> None:
    assert {child.id: child.weight for child in DRAFT.document.root.children} == DIALOGUE
    assert DRAFT.document.alternative_weights == {"equal": dict.fromkeys(DIALOGUE, 10)}
    for dimension in DRAFT.document.root.children:
        assert isinstance(dimension, Group)
        assert sum(child.weight for child in dimension.children) == 100, dimension.id


def plain(document: Document) -> dict[str, dict[str, object]]:
    return {known.id: msgspec.to_builtins(known) for known in walk_indicators(document.root)}


def test_of_its_indicators_one_is_new_and_two_differ() -> None:
    before, after = plain(BEFORE.document), plain(DRAFT.document)
    assert after.keys() - before.keys() == {"D9.09"}
    assert before.keys() <= after.keys()
    assert [name for name in before if before[name] != after[name]] == ["D9.02", "D9.03"]
    assert (before["D9.03"]["weight"], after["D9.03"]["weight"]) == (15, 10)
    assert {**after["D9.03"], "weight": 15} == before["D9.03"]
    (slow,) = [known for known in walk_indicators(DRAFT.document.root) if known.id == "D9.02"]
    assert [(goalpost.x, goalpost.score) for goalpost in slow.curve.goalposts] == [
        (4, 100), (14.5, 60), (21, 40), (48, 20), (72, 0)
    ]  # fmt: skip


def test_all_that_an_organisation_says_of_itself_is_the_same() -> None:
    """So facts that were sent under 2026.1 can be scored under it as they are."""
    assert DRAFT.document.profile == BEFORE.document.profile
    assert (DRAFT.document.rules, DRAFT.document.levels) == (BEFORE.document.rules, BEFORE.document.levels)


@pytest.mark.parametrize("name", ["example_a", "example_b"])
def test_an_example_differs_in_the_ninth_dimension_only(name: str) -> None:
    found = {dimension.id: dimension.score for dimension in scored(name).dimensions}
    published = case(name).published.dimensions
    assert {known: score for known, score in found.items() if known != "D9"} == {
        known: score for known, score in published.items() if known != "D9"
    }


def test_example_a_under_it() -> None:
    """D9 = (25·57.5 + 10·60 + 10·50 + 15·40 + 10·50) / 100 = 36.375, its maximum 5 points more, for D9.09.

    8·38.75 + 9·60.82 + 8·43.81 + 10·42.5 + 12·43.37 + 5·25 + 12·44.78 + 12·48.94 + 14·36.38 + 10·53.43 = 4446.56, so
    the index is 44.4656; with 14·41.38 the maximum is 45.1656. Known are all but 5 of the 100 of D9: 1 - 0.14·0.05.
    """
    score = scored("example_a")
    assert (score.index, score.index_max, score.coverage, score.status) == (44.47, 45.17, 0.993, "sufficient")
    assert (dimension_of(score, "D9").score, dimension_of(score, "D9").score_max) == (36.38, 41.38)
    assert score.level == 3
    assert (indicator_of(score, "D9.09").state, indicator_of(score, "D9.09").score) == ("unknown", 0)


def test_example_b_under_it() -> None:
    """D9 = (25·15 + 10·20 + 10·25) / 100 = 8.25.

    8·11.5 + 9·26.92 + 8·15.92 + 10·18.13 + 12·13.39 + 5·13.75 + 12·14.5 + 12·20.75 + 14·8.25 + 10·20.77 = 1618.77.
    """
    score = scored("example_b")
    assert (score.index, score.level) == (16.19, 1)


@pytest.mark.parametrize(
    ("hours", "points"),
    [
        (21, 40),
        (24, 37.78),  # 40 - 20·3/27
        (14.5, 60),
        (48, 20),
        (17.75, 50),  # half way from 14.5 to 21
    ],
)
def test_the_goalpost_that_moved(hours: float, points: float) -> None:
    assert indicator_of(scored("example_a", D9_02={"hours": hours}), "D9.02").score == points


def test_the_new_indicator_scores_and_is_told() -> None:
    """Level 3 of 4 gives 75: 3.75 more of D9 than nothing, 40.125."""
    score = scored("example_a", D9_09={"level": 3})
    assert (indicator_of(score, "D9.09").score, dimension_of(score, "D9").score, score.coverage) == (75, 40.13, 1)


def test_it_is_zero_by_rule_where_no_account_is_active() -> None:
    request = msgspec.json.decode(case("example_a").request)
    request["methodology"] = "2099.1-draft"
    request["profile"] |= {"accounts_active": 0, "accounts_open": 0}
    score = explain(DRAFT, decode(DRAFT, msgspec.json.encode(request)))
    assert indicator_of(score, "D9.09").reason.code == "zero_by_rule"


def test_every_registered_version_has_what_an_edition_needs() -> None:
    """Ten dimensions, for which an assessment has columns, and the phases of a year."""
    for version in loader.list_versions():
        document = loader.load_methodology(version).document
        assert [child.id for child in document.root.children] == [f"D{number}" for number in range(1, 11)]
        assert [step.id for step in document.calendar] == ["submission", "review", "hearing", "publication"]
