"""What is remarkable in an edition, by hand, and its sentences."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec import structs

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.resources.assessments.records import AssessmentSupport
from actitud_api.resources.reviews.flagging import (
    Anomaly,
    ComparedAssessment,
    FlagKind,
    SubmittedAssessment,
    extract_compared,
    find_anomalies,
)
from actitud_api.resources.reviews.sentences import format_flag
from tests.support.assessing import METHODOLOGY
from tests.support.publishing import BIG, submissions


def body(number: int, value: int, kind: str = "MUN", band: str | None = "P2", **more: object) -> ComparedAssessment:
    known = ComparedAssessment(f"XX-T-{number:02}", kind, band, {"D7.02": Fraction(value)}, None, (), ())
    return structs.replace(known, **more)


def outliers(those: list[ComparedAssessment]) -> dict[str, dict[str, object]]:
    return {
        one.organisation: dict(one.facts) for one in find_anomalies(METHODOLOGY, those, {}) if one.kind == "outlier"
    }


NINE = [body(number, number) for number in range(1, 10)]


def test_a_value_far_from_those_of_its_peers_is_an_outlier() -> None:
    """As in test_deviations: the median is 5.5, the deviation 2.5."""
    assert find_anomalies(METHODOLOGY, [*NINE, body(10, 100)], {}) == [
        Anomaly(
            "XX-T-10", "outlier", "V24", "D7.02", {"value": 100, "median": 5.5, "deviation": 2.5, "organisations": 10}
        )
    ]
    assert outliers([*NINE, body(10, 13)]) == {}


def test_only_peers_are_compared() -> None:
    """Ten of another band, five being enough for a peer group of their own, do not make ten of nine and one."""
    others = [body(number, 1000, band="P3") for number in range(20, 30)]
    assert outliers([*NINE, *others]) == {}
    assert set(outliers([*NINE, body(10, 100), *others])) == {"XX-T-10"}


def test_who_has_too_few_peers_is_compared_with_the_wider_group_in_which_it_is_alone_remarked_on() -> None:
    """One of a band of its own has its kind as peers; those nine have peers enough, and too few for a remark."""
    assert set(outliers([*NINE, body(10, 100, band="P5")])) == {"XX-T-10"}
    assert outliers([*NINE, body(10, 100, kind="UNI", band="E5")]).keys() == {"XX-T-10"}


def test_only_what_the_methodology_says_is_compared() -> None:
    those = [structs.replace(one, values={"D1.01": one.values["D7.02"]}) for one in [*NINE, body(10, 100)]]
    assert find_anomalies(METHODOLOGY, those, {}) == []


@pytest.mark.parametrize(("before", "now", "grown"), [(100, 150, False), (100, 151, True), (0, 9, False)])
def test_followers_that_grow_by_more_than_half(before: int, now: int, grown: bool) -> None:
    one = body(1, 1, followers=now)
    expected = [Anomaly("XX-T-01", "growth", "V18", None, {"before": before, "now": now})] if grown else []
    assert find_anomalies(METHODOLOGY, [one], {"XX-T-01": before}) == expected
    assert find_anomalies(METHODOLOGY, [one], {"XX-T-02": before}) == []


def test_what_is_looked_at_of_example_a() -> None:
    """3,780 followers of 42,000 people are 90 of a thousand; 3,000 interactions, 750 posts, 8,000 followers: 0.5."""
    found = extract_compared(
        METHODOLOGY, SubmittedAssessment(BIG, "MUN", "P4", submissions()[BIG], AssessmentSupport())
    )
    assert found.followers == 3780
    # 0.8 whole posts for 400 messages count as 2 of a thousand.
    assert found.values == {"D7.02": 90, "D8.06": Fraction(1, 2), "D10.06": 2}
    assert (found.urls, found.reused) == ((), ())


def test_every_kind_has_its_sentence_in_every_language() -> None:
    facts: dict[FlagKind, dict[str, int | float | str]] = {
        "outlier": {"value": 100.5, "median": 5.5, "deviation": 2.5, "organisations": 10},
        "growth": {"before": 1000, "now": 2500},
        "document_reused": {"url": "https://a.example/b.pdf", "indicators": 6},
        "document_shared": {"url": "https://a.example/b.pdf", "organisations": 2},
    }
    assert format_flag("outlier", "D7.02", facts["outlier"], "es") == (
        "D7.02 vale 100,5; la mediana de las 10 entidades comparables es 5,5, y 3 desviaciones absolutas medianas son "
        "7,5."
    )
    assert format_flag("growth", None, facts["growth"], "en") == (
        "The account with most followers had 1,000 in the edition before, and has 2,500 now."
    )
    for language in LANGUAGES:
        for kind, numbers in facts.items():
            assert "{" not in format_flag(kind, "D7.02", numbers, language)
