"""Documents that only estimate: no rank, no level, and an estimate with its margin (SCORING, sections 5, 7 and 8)."""

from __future__ import annotations

import pytest
from msgspec import UNSET, structs

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Coverage, Margin, Share, Standing
from actitud_api.engine.narration.changes import get_change_sentences
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.change_decomposition import IncomparableVersions, decompose_change
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.level_path import find_level_path
from actitud_api.engine.scoring.result import Estimate
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import METHODOLOGY, organisation
from tests.unit.scoring.test_columns import assert_equal
from tests.unit.scoring.test_sentences import unbroken

MARGIN = Margin(half_width=8.5, confidence=0.9, of="test.9", intercept=4.8, slope=0.88)


def known(standing: Standing = "provisional", margin: Margin | None = MARGIN) -> Methodology:
    """Two numbers of points that count the same; half of the weight has to be known."""
    half = Share(num=1, den=2)
    document = b.document(b.root(b.group("D", b.points("a"), b.points("c"))), coverage=Coverage(half, half))
    return b.read(structs.replace(document, standing=standing, margin=margin, levels=()))


@pytest.mark.parametrize(
    ("index", "estimate", "lower", "upper"),
    [
        (60, 58, 49, 66),  # 4.8 + 0.88 · 60 = 57.6; 49.1 and 66.1
        (3, 7, 0, 16),  # 7.44; -1.06 and 15.94
        (100, 93, 84, 100),  # 92.8; 84.3 and 101.3
        (45, 44, 36, 53),  # 44.4; 35.9 and 52.9
        (0.23, 5, 0, 14),  # 5.0024; 13.5024
    ],
)
def test_the_estimate_by_hand(index: float, estimate: int, lower: int, upper: int) -> None:
    score = explain(known(), b.scoring(a=index, c=index))
    assert (score.standing, score.status, score.index) == ("provisional", "complete", index)
    assert score.estimate == Estimate(of="test.9", index=estimate, lower=lower, upper=upper, confidence=0.9)


def test_a_half_is_rounded_up() -> None:
    """2.5 + 1 · 60 = 62.5; 60 and 65."""
    half = structs.replace(MARGIN, intercept=2.5, slope=1, half_width=2.5)
    assert explain(known(margin=half), b.scoring(a=60, c=60)).estimate == Estimate(
        of="test.9", index=63, lower=60, upper=65, confidence=0.9
    )


def test_without_an_index_or_enough_evidence_there_is_no_estimate() -> None:
    nothing, half = explain(known(), b.scoring()), explain(known(), b.scoring(a=60))
    assert (nothing.status, nothing.estimate, nothing.standing) == ("insufficient_evidence", None, "provisional")
    assert (half.status, half.index) == ("sufficient", 30)
    assert isinstance(half.estimate, Estimate)
    applies = b.compare(b.field("people"), "ge", 1)
    never = b.document(b.root(b.group("D", b.ratio("R", applies=applies))), profile=(b.integer_field("people"),))
    none = b.read(structs.replace(never, standing="provisional", margin=MARGIN, levels=()))
    score = explain(none, b.submit({}, {"people": 0}))
    assert (score.status, score.estimate) == ("not_rateable", None)


def test_a_full_document_says_neither() -> None:
    score = explain(METHODOLOGY, organisation(1))
    assert (score.standing, score.estimate) == (UNSET, UNSET)


def test_an_outline_has_both() -> None:
    score = outline_score(known(), b.scoring(a=60, c=60))
    assert (score.standing, score.estimate) == ("provisional", explain(known(), b.scoring(a=60, c=60)).estimate)


def test_columns_score_it_as_any_other() -> None:
    assert assert_equal(known(), [b.scoring(a=60, c=60), b.scoring(a=60), b.scoring()]).level.tolist() == [0, 0, 0]


def test_its_scores_are_not_compared_with_those_of_another_version() -> None:
    full = b.read(structs.replace(known("full", None).document, version="test.9"))
    sent = b.scoring(a=60, c=60)
    for before, after in ((known(), full), (full, known())):
        with pytest.raises(IncomparableVersions) as refused:
            decompose_change(before, sent, after, sent)
        assert (refused.value.before, refused.value.after) == (before.version, after.version)
    assert decompose_change(known(), sent, known(), b.scoring(a=70, c=60)).parts is not None


def test_in_words() -> None:
    score = explain(known(), b.scoring(a=60, c=60))
    assert [_estimate_text(known(), language) for language in WRITTEN] == [
        unbroken(
            "Una estimación: con la metodología test.9 el índice sería más o menos 58, y con un 90 % de confianza "
            "estaría entre 49 y 66."
        ),
        unbroken(
            "An estimate: under methodology test.9 the index would be about 58, and with 90 % confidence between 49 "
            "and 66."
        ),
    ]
    assert narrate(explain(known(), b.scoring()), known(), "es").estimate is None
    assert narrate(score, known(), "es").result_digest == narrate(score, known(), "en").result_digest


def _estimate_text(methodology: Methodology, language: str) -> str:
    sheet = narrate(explain(methodology, b.scoring(a=60, c=60)), methodology, "es" if language == "es" else "en")
    assert not isinstance(sheet.estimate, type(UNSET))
    assert sheet.estimate is not None
    return sheet.estimate.text


def test_the_path_says_that_there_are_no_levels() -> None:
    path = find_level_path(known(), b.scoring(a=60, c=60))
    assert [get_change_sentences(known(), language).describe_path(path) for language in WRITTEN] == [
        "Esta metodología no tiene niveles.",
        "This methodology has no levels.",
    ]
