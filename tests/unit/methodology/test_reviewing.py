"""What a review says of a whole assessment: read by the closed type of the version, and told by name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.overall_review import (
    ReviewRequest,
    build_review_request_type,
    collect_answers,
    collect_profile,
    list_service_facts,
)

METHODOLOGY = load_methodology("2026.1")


def read(**said: Any) -> ReviewRequest:  # JSON
    body = {"methodology": "2026.1", "reason": "A court has found it."} | said
    return msgspec.json.decode(msgspec.json.encode(body), type=build_review_request_type(METHODOLOGY))


def test_what_is_said_is_told_by_name_and_the_rest_is_not_there() -> None:
    request = read(
        profile={"incidents": 2, "previous_level": None}, answers={"D2.02": {"outside_remit": ["c1", "c10"]}}
    )
    assert collect_profile(request) == {"incidents": 2, "previous_level": None}
    assert collect_answers(request) == {"D2.02": {"outside_remit": ("c1", "c10")}}
    assert request.max_level is None


def test_of_nothing_said_nothing_is_told() -> None:
    request = read(max_level=2)
    assert (collect_profile(request), collect_answers(request), request.max_level) == ({}, {}, 2)
    assert collect_answers(read(answers={"D2.02": {}})) == {"D2.02": {"outside_remit": ()}}


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"max_level": 0}, "`int` >= 1 - at `$.max_level`"),
        ({"max_level": 6}, "`int` <= 5 - at `$.max_level`"),
        ({"profile": {"population": 5}}, "unknown field `population` - at `$.profile`"),
        ({"answers": {"D1.01": {}}}, "unknown field `D1.01` - at `$.answers`"),
        ({"answers": {"D2.02": {"channels": []}}}, "unknown field `channels` - at `$.answers.D2.02`"),
        ({"answers": {"D2.02": {"outside_remit": ["c1", "c1"]}}}, "repeated elements"),
        ({"methodology": "2099.1-draft"}, "Invalid value '2099.1-draft' - at `$.methodology`"),
        ({"levels": 1}, "unknown field `levels`"),
    ],
)
def test_what_the_version_has_not_or_the_organisation_sends_is_refused(said: dict[str, object], place: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        read(**said)
    assert place in str(refused.value)


def test_the_service_sets_one_fact_of_one_indicator() -> None:
    found = {indicator.id: list_service_facts(indicator) for indicator in walk_indicators(METHODOLOGY.document.root)}
    told = {name: [fact.name for fact in facts] for name, facts in found.items() if facts}
    assert (len(found), told) == (69, {"D2.02": ["outside_remit"]})
