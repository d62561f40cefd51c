"""A correction keeps the verdict on every answer that it does not change, whatever was erased of that answer."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service
from actitud_api.resources.publications.documents import ScoreDocument, parse_edition, parse_score
from actitud_api.resources.publications.service import PublicationRecord, PublicationRefused
from actitud_api.resources.reviews import service as reviews
from tests.support.assessing import body_a
from tests.support.figures import FigureRecorder
from tests.support.publishing import BIG, EDITION, correction, publish
from tests.support.reviewed import LATER, PERSON, publish_reviewed

ERASED: Final = {
    "its evidence and its note": "json_remove(evidence, '$.answers.\"D1.01\"')",
    "everything": "'{}'",
}
"""What an operator erased, as an SQLite expression of what is stored beside an assessment."""


def get_score(database: Database, made: PublicationRecord) -> ScoreDocument:
    edition = parse_edition(service.get_document(database, made.digest).form.text)
    return parse_score(service.get_document(database, edition.scores[0].document).form.text)


def erase(database: Database, evidence: str) -> None:
    """What an operator did before there was a command: no trigger is in the way."""
    with database.write() as session:
        connection = session.connection()
        connection.execute(text("DROP TRIGGER assessment_refuses_update"))
        connection.execute(text(f"UPDATE assessment SET evidence = {evidence}"))


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("evidence", ERASED.values(), ids=ERASED)
def test_what_was_erased_brings_no_answer_back(
    database: Database, tmp_path: Path, evidence: str, figure: FigureRecorder
) -> None:
    """The attack S2: after it, a rejected answer counted again at the next correction of another one."""
    first = publish_reviewed(database, tmp_path)
    before = get_score(database, first)
    erase(database, evidence)
    after = get_score(database, publish(database, tmp_path, correction(first, D9_06={"value": True}), now=LATER))
    assert after.submission.answers["D9.06"] == {"value": True}
    assert after.submission.set_aside == before.submission.set_aside == {"D1.01": "rejected"}
    assert after.submission.level_caps == before.submission.level_caps == {"D10.07": 1}
    assert after.submission.self_declared == before.submission.self_declared == {"D2.05"}
    assert after.submission.max_level == before.submission.max_level == 3
    assert after.review == before.review
    judged = reviews.list_answer_reviews(database, EDITION, BIG)
    lost = sum(one.counted_verdict is None for one in judged if one.indicator in ("D1.01", "D2.05", "D10.07"))
    figure(
        "S2",
        "verdicts whose evidence somebody erased by hand, at a correction of another answer: those that vanish",
        tried=3,
        failed=0,
        control=f"told from what is left in the database {lost} of 3 vanish",
    )


def test_a_correction_lifts_only_the_verdicts_on_what_it_changes(database: Database, tmp_path: Path) -> None:
    """Each of the three effects ends with its verdict: what was insufficient has its documents again."""
    first = publish_reviewed(database, tmp_path)
    asked = correction(first, D1_01={"numerator": 161, "denominator": 320}, D2_05={"level": 1}, D10_07={"level": 3})
    second = publish(database, tmp_path, asked, now=LATER)
    after = get_score(database, second)
    assert after.submission.set_aside == {}
    assert after.submission.level_caps == {"D10.07": 1}
    assert after.submission.self_declared == frozenset()
    assert [verdict.indicator for verdict in after.review.verdicts] == ["D10.07"]
    (corrected,) = parse_edition(service.get_document(database, second.digest).form.text).corrections
    assert corrected.answers == ("D1.01", "D2.05")


def test_a_correction_back_to_an_answer_that_was_judged_before_has_that_verdict(
    database: Database, tmp_path: Path
) -> None:
    """With this note it was rejected, returned, and rejected again with another one: so nothing would change."""
    first = publish_reviewed(database, tmp_path)
    answer = body_a()["answers"]["D1.01"] | {"note": f"{PERSON} lo lleva."}
    with pytest.raises(PublicationRefused, match="unchanged"):
        publish(database, tmp_path, correction(first, D1_01=answer), now=LATER)
    assert service.get(database, EDITION, "latest") == first


def test_an_answer_that_is_named_and_not_changed_keeps_its_verdict(database: Database, tmp_path: Path) -> None:
    first = publish_reviewed(database, tmp_path)
    with pytest.raises(PublicationRefused, match="unchanged"):
        publish(database, tmp_path, correction(first, D10_07={"level": 3}), now=LATER)
    assert service.get(database, EDITION, "latest") == first
