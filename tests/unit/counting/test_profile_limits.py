"""The limits of profiles are those of each methodology version, and what breaks them is said."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from actitud.counting.definitions import UnknownVersion, list_counted_versions
from actitud.counting.profile_limits import (
    find_contradictions,
    find_invalid_values,
    list_foreign_fields,
    load_profile_limits,
)
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from tests.contract.profile_limits import FOLDER, build_limits

VERSION = pytest.mark.parametrize("version", list_counted_versions())
LIMITS = load_profile_limits("2027.1")
SHORT = load_profile_limits("2027.1-short")


@VERSION
def test_the_data_are_an_extract_of_the_document_in_use(version: str) -> None:
    assert (FOLDER / f"{version}.json").read_bytes() == build_limits(version)


def test_a_version_that_is_not_counted_has_none() -> None:
    with pytest.raises(UnknownVersion):
        load_profile_limits("../2027.1")


@VERSION
def test_whole_profiles_contradict_themselves_where_the_engine_finds_it(version: str) -> None:
    limits, methodology, random = load_profile_limits(version), load_methodology(version), Random(7)
    rules = {relation.id for relation in limits.relations}
    seen: set[str] = set()
    for _ in range(40):
        profile: dict[str, Any] = {
            field.name: random.choice([*field.values] or [0, 1, 2, 3, 9]) for field in limits.fields
        }
        submission = Submission(
            profile={**profile, "test_questions": 0, "test_answered": 0, "integrity_case": False}, answers={}
        )
        broken = {one.rule.definition.id for one in evaluate(methodology, submission).broken_rules} & rules
        found = find_contradictions(profile, limits)
        texts = {relation.text.es.rstrip(".") for relation in limits.relations if relation.id in broken}
        assert {contradiction.detail.es.rpartition(" (")[0] for contradiction in found} == texts
        seen |= broken
    assert seen == rules


def test_what_is_blank_contradicts_nothing_that_it_may_be() -> None:
    assert find_contradictions({}, LIMITS) == []
    # There may be two dormant accounts; but none makes five active ones three.
    assert find_contradictions({"accounts_active": 3, "accounts_total": 5, "accounts_dormant": None}, LIMITS) == []
    (found,) = find_contradictions({"accounts_active": 5, "accounts_total": 3}, LIMITS)
    assert found.fields == ("accounts_active", "accounts_total")
    assert found.detail.en == (
        "Active and dormant accounts have to add up to the total of accounts (accounts_active 5, accounts_total 3)."
    )
    assert find_contradictions({"messages_w12": 3, "messages_w90": 4}, LIMITS) != []
    assert find_contradictions({"accounts_open": 3, "accounts_active": 3, "messages_w90": 4}, LIMITS) == []


@pytest.mark.parametrize(
    ("profile", "spanish"),
    [
        ({"employees": -3}, "employees: -3 no es un número entero desde 0."),
        ({"population_served": "veinte mil"}, 'population_served: "veinte mil" no es un número entero desde 0.'),
        ({"units": 2.5}, "units: 2.5 no es un número entero desde 0."),
        ({"services": True}, "services: true no es un número entero desde 0."),
        ({"units": 10**13}, f"units: {10**13} no es un número entero desde 0 hasta {10**12}."),
        ({"unit": 9}, '"unit" no es un dato del perfil: ¿quiso decir units?'),
        ({"test_questions": 3}, "test_questions: lo fija la revisión; quítelo."),
    ],
)
def test_a_value_that_a_field_does_not_take_is_named_with_what_is_allowed(
    profile: dict[str, Any], spanish: str
) -> None:
    assert [problem.es for problem in find_invalid_values(profile, LIMITS)] == [spanish]


def test_a_code_that_there_is_not_is_named_with_those_that_there_are() -> None:
    (problem,) = find_invalid_values({"org_type": "ayuntamiento"}, LIMITS)
    assert problem.es.startswith('org_type: "ayuntamiento" no es un código; se admiten MUN (Ayuntamiento), PRO (')
    assert problem.en.startswith('org_type: "ayuntamiento" is no code; allowed are MUN (Municipality), PRO (')


def test_a_profile_of_the_long_form_serves_the_short_one() -> None:
    profile = {"org_type": "MUN", "employees": 150, "units": None}
    assert find_invalid_values(profile, LIMITS) == find_invalid_values(profile, SHORT) == []
    assert (list_foreign_fields(profile, LIMITS), list_foreign_fields(profile, SHORT)) == ([], ["employees"])
