"""2026.1 answers the whole article, and nothing stands in it without a reason."""

from __future__ import annotations

import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.predicates import walk_indicators

METHODOLOGY = loader.load_methodology("2026.1")
DOCUMENT = METHODOLOGY.document
INDICATORS = {known.id: known for known in walk_indicators(DOCUMENT.root)}
IDEAS = {
    "good-practice-examples",
    "new-errors",
    "counter-comments",
    "ict-and-management",
    "outsourcing",
    "citizen-at-the-centre",
}
BULLETS_OF_SECTIONS = {1: 3, 2: 2, 3: 2, 4: 4, 5: 7, 6: 1, 7: 3, 8: 3, 9: 4, 10: 6}
"""How many bullets each of the ten sections of the article has: 35."""


def test_every_bullet_is_answered() -> None:
    wanted = [f"{section}.{bullet + 1}" for section, count in BULLETS_OF_SECTIONS.items() for bullet in range(count)]
    assert list(DOCUMENT.answers.bullets) == wanted
    assert len(wanted) == 35
    assert all(set(ids) <= set(INDICATORS) and ids for ids in DOCUMENT.answers.bullets.values())


def test_every_function_of_the_community_manager_is_answered() -> None:
    assert list(DOCUMENT.answers.functions) == [f"F{number}" for number in range(1, 8)]
    assert all("D10.02" in ids and len(ids) > 1 for ids in DOCUMENT.answers.functions.values())


def test_every_comment_and_every_idea_in_them_is_answered() -> None:
    assert list(DOCUMENT.answers.comments) == [f"C{number}" for number in range(1, 12)]
    assert all(DOCUMENT.answers.comments.values())
    assert set(DOCUMENT.answers.ideas) == IDEAS
    for idea in DOCUMENT.answers.ideas.values():
        assert idea.indicators
        assert set(idea.comments) <= set(DOCUMENT.answers.comments)


@pytest.mark.parametrize("version", loader.list_versions())
def test_every_indicator_answers_a_bullet(version: str) -> None:
    document = loader.load_methodology(version).document
    answering = {name for ids in document.answers.bullets.values() for name in ids}
    assert answering == {known.id for known in walk_indicators(document.root)}


@pytest.mark.parametrize("version", loader.list_versions())
def test_both_directions_agree(version: str) -> None:
    document = loader.load_methodology(version).document
    for table, member in (
        (document.answers.bullets, "bullets"),
        (document.answers.functions, "functions"),
        (document.answers.comments, "comments"),
    ):
        told = {(name, key) for key, ids in table.items() for name in ids}
        known = {(found.id, key) for found in walk_indicators(document.root) for key in getattr(found, member)}
        if member == "functions":
            # D10.02 is the list of the functions itself
            told = {(name, key) for name, key in told if name != "D10.02"}
            known = {(name, key) for name, key in known if name != "D10.02"}
        assert known == told
