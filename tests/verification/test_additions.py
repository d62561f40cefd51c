"""A revision that adds an organisation without saying so, or says it of one that was there, is named by all verifiers.

Whoever forges it has the key that signs: only the revision before shows who was there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.verification.bundles import Edition, Json, correction, list_scores
from tests.verification.test_defects import compare_revisions

NUMBER: Final = 1
"""Of the organisation that is added."""


def revise(was_there: bool, state: Callable[[Json], Json | None]) -> tuple[Edition, Edition]:
    """An edition, with or without an organisation, and its second revision, which has it and states a correction."""
    first, second = Edition(), Edition()
    if was_there:
        first.documents[NUMBER]["organisation"]["name"] = "Villanueva"
    else:
        first.documents.pop(NUMBER)
    first.edition |= list_scores(first.documents)
    first.seal()
    before = first.edition["scores"][NUMBER]["document"]
    stated = state(correction(second, NUMBER, before))
    # A revision corrects something: another organisation, if this one is not named.
    first.documents[0]["organisation"]["name"] = "Villanueva"
    first.edition |= list_scores(first.documents)
    first.seal()
    other = correction(second, 0, first.edition["scores"][0]["document"])
    corrections = [other] if stated is None else [other, stated]
    second.edition |= {"revision": 2, "supersedes": first.header["digest"], "corrections": corrections}
    second.seal()
    return first, second


def found_by_all(first: Edition, second: Edition, folder: Path) -> tuple[list[str], list[set[tuple[str, str, str]]]]:
    """The problems that the script names, and those of the SDK and the service, which have the revision before."""
    told, reports = compare_revisions(first, second, folder)
    return told, [
        {(problem.location, problem.code, problem.text["en"]) for problem in report.problems} for report in reports
    ]


def add(stated: Json) -> Json:
    return stated | {"before": None, "change": None}


def test_an_addition_that_is_named_holds(tmp_path: Path) -> None:
    assert found_by_all(*revise(False, add), tmp_path) == ([], [set(), set()])


ADDED: Final = "XX-TEST-00001 was not in the revision before, and no correction says that it is added"
PARTS: Final = "what is added has no document before and no difference, and what is corrected has both"
FORGED: Final[dict[str, tuple[bool, Callable[[Json], Json | None], str, str]]] = {
    "an addition that is not named": (False, lambda stated: None, "2:/scores/1/document", ADDED),
    "a correction of one that was not there": (False, lambda stated: stated, "2:/scores/1/document", ADDED),
    "an addition with a difference": (
        False,
        lambda stated: stated | {"before": None},
        "2:/corrections/1/change",
        PARTS,
    ),
    "a correction without a difference": (
        True,
        lambda stated: stated | {"change": None},
        "2:/corrections/1/change",
        PARTS,
    ),
    "an addition that replaces a score": (True, add, "2:/scores/1/document", "and no correction says so"),
}
"""Whether it was there, what the revision states of it, and which problem all verifiers name."""


@pytest.mark.parametrize("name", FORGED)
def test_what_is_added_is_named_and_was_not_there(name: str, tmp_path: Path) -> None:
    was_there, state, place, text = FORGED[name]
    told, found = found_by_all(*revise(was_there, state), tmp_path)
    assert [text in line for line in told].count(True) == 1
    for problems in found:
        assert any((where, code) == (place, "correction") and text in why for where, code, why in problems), problems
