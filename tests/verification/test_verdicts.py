"""A revision in which a verdict vanishes is named by all verifiers, although every digest and signature holds.

Whoever forges it has the key that signs: only the revision before shows what was there.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
import pytest
import rfc8785

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.change_decomposition import decompose_change
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring.organisations import METHODOLOGY
from tests.verification.bundles import Edition, Json, correction, list_scores, packed
from tests.verification.test_defects import compare_revisions, run_script

NUMBER: Final = 1
"""Of the organisation that is corrected."""
JUDGED, CAPPED, CORRECTED = "D1.01", "D1.02", "D9.06"
"""Indicators that it has answered."""
NAMED: Final = {("2:/corrections/0/answers", "verdict")}


def judge(document: Json) -> None:
    """A review that rejects an answer, caps another one and allows level 3 at most."""
    document["submission"] |= {"set_aside": {JUDGED: "rejected"}, "level_caps": {CAPPED: 1}, "max_level": 3}
    at = "2026-10-01T09:00:00Z"
    found = [(JUDGED, "rejected", None), (CAPPED, "capped", 1)]
    document["review"]["verdicts"] = [
        {"indicator": name, "verdict": verdict, "level": level, "reason": "No.", "rule": None, "at": at}
        for name, verdict, level in found
    ]


def correct(document: Json) -> None:
    """What the revision says that it corrects."""
    answer = document["submission"]["answers"][CORRECTED]
    answer["value"] = not answer["value"]


def revise(change: Callable[[Json], object], *named: str) -> tuple[Edition, Edition]:
    """An edition with a judged answer, and its second revision, which corrects another one and does `change` too."""
    first, second = Edition(), Edition()
    for edition, changes in ((first, (judge,)), (second, (judge, correct, change))):
        document = edition.documents[NUMBER]
        for one in changes:
            one(document)
        _score(edition)
    before, after = (_get_submission(edition) for edition in (first, second))
    made = correction(second, NUMBER, first.edition["scores"][NUMBER]["document"])
    made["answers"] = [CORRECTED, *named]
    made["change"] = msgspec.to_builtins(decompose_change(METHODOLOGY, before, METHODOLOGY, after))
    second.edition |= {"revision": 2, "supersedes": first.header["digest"], "corrections": [made]}
    second.seal()
    return first, second


def _get_submission(edition: Edition) -> Submission:
    return msgspec.convert(edition.documents[NUMBER]["submission"], Submission)


def _score(edition: Edition) -> None:
    """Makes the score anew, and what follows from it."""
    edition.documents[NUMBER]["score"] = msgspec.to_builtins(explain(METHODOLOGY, _get_submission(edition)))
    edition.edition |= list_scores(edition.documents)
    edition.seal()


def found_by_all(first: Edition, second: Edition, folder: Path) -> list[set[tuple[str, str]]]:
    """What the script, the SDK and the service name, which have the revision before."""
    lines, reports = compare_revisions(first, second, folder)
    assert all(line.endswith("is not corrected") for line in lines)
    told = {("2:/corrections/0/answers", "correction" if "the answer to" in line else "verdict") for line in lines}
    return [told, *({(one.location, one.code) for one in report.problems} for report in reports)]


FORGED: Final[dict[str, Callable[[Json], object]]] = {
    "a verdict and its effect": lambda document: (
        document["review"]["verdicts"].pop(0),
        document["submission"]["set_aside"].clear(),
    ),
    "a verdict alone": lambda document: document["review"]["verdicts"].pop(0),
    "an answer set aside alone": lambda document: document["submission"]["set_aside"].clear(),
    "a cap": lambda document: document["submission"]["level_caps"].update({CAPPED: 2}),
    "the rule of a verdict": lambda document: document["review"]["verdicts"][0].update(rule="V21"),
    "an answer that counts without evidence": lambda document: document["submission"].update(
        self_declared=sorted({*document["submission"]["self_declared"]} ^ {CAPPED})
    ),
    "the highest level": lambda document: document["submission"].update(max_level=None),
}
"""What changes with no correction of its answer."""


@pytest.mark.parametrize("name", FORGED)
def test_what_a_review_found_changes_only_with_its_answer(name: str, tmp_path: Path) -> None:
    assert found_by_all(*revise(FORGED[name]), tmp_path) == [NAMED] * 3


def test_a_verdict_ends_with_the_answer_that_it_judged(tmp_path: Path) -> None:
    """The control: the same revision, which says so."""
    changed = FORGED["a verdict and its effect"]
    assert found_by_all(*revise(changed, JUDGED), tmp_path) == [set()] * 3
    assert found_by_all(*revise(lambda document: None), tmp_path) == [set()] * 3


def test_a_reason_may_be_erased(tmp_path: Path) -> None:
    """The texts of a review are no findings."""
    erased = revise(lambda document: document["review"]["verdicts"][0].update(reason=""))
    assert found_by_all(*erased, tmp_path) == [set()] * 3


def test_an_answer_that_changes_is_named(tmp_path: Path) -> None:
    hidden = revise(lambda document: document["submission"]["answers"]["D10.07"].update(level=4))
    assert found_by_all(*hidden, tmp_path) == [{("2:/corrections/0/answers", "correction")}] * 3


def test_the_script_compares_with_the_revision_before_only(tmp_path: Path) -> None:
    first, second = revise(lambda document: None)
    for name, edition in (("before", first), ("after", second)):
        (tmp_path / name).write_bytes(packed(edition.lines()))
    other = run_script(tmp_path / "after", "--before", str(tmp_path / "after"))
    assert (other.returncode, "it supersedes" in other.stdout) == (1, True)
    (tmp_path / "one").write_bytes(rfc8785.dumps(first.edition))
    alone = run_script(tmp_path / "one", "--before", str(tmp_path / "before"))
    assert (alone.returncode, "--before is for whole editions" in alone.stderr) == (2, True)


def test_the_script_names_a_document_that_the_revision_before_lacks(tmp_path: Path) -> None:
    """Whoever leaves it out hides what the correction changes."""
    first, second = revise(lambda document: None)
    lines = first.lines()
    del lines[2 + NUMBER]
    for name, text in (("before", packed(lines)), ("after", packed(second.lines()))):
        (tmp_path / name).write_bytes(text)
    done = run_script(tmp_path / "after", "--before", str(tmp_path / "before"))
    assert (done.returncode, "is not in --before, and cannot be compared" in done.stdout) == (1, True)
