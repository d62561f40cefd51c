"""The counting data of each methodology version agree with its document and its texts."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actitud.counting.definitions import (
    Definitions,
    TextPair,
    UnknownVersion,
    list_counted_versions,
    load_definitions,
    read_definitions,
)
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators

VERSIONS = Path(__file__).parents[3] / "api/actitud_api/engine/methodology/versions"
VERSION = pytest.mark.parametrize("version", list_counted_versions())


def pair(version: str, *path: str) -> TextPair:
    """Return a text of a methodology in both languages."""
    texts = {}
    for language in ("es", "en"):
        found = msgspec.json.decode((VERSIONS / version / "texts" / f"{language}.json").read_bytes())
        for member in path:
            found = found[member]
        texts[language] = found
    return TextPair(texts["es"], texts["en"])


def test_every_version_in_use_is_counted() -> None:
    registry: dict[str, dict[str, str]] = msgspec.json.decode((VERSIONS / "registry.json").read_bytes())
    assert list_counted_versions() == sorted(name for name, entry in registry.items() if entry["status"] == "active")


@VERSION
def test_the_data_are_those_beside_the_methodology_byte_by_byte(version: str) -> None:
    assert read_definitions(version) == (VERSIONS / version / "counting.json").read_bytes()


@VERSION
def test_the_data_are_of_the_document_that_is_in_use(version: str) -> None:
    definitions = load_definitions(version)
    assert definitions.methodology == version
    assert definitions.document == load_methodology(version).digest


@VERSION
def test_every_fact_of_an_indicator_that_is_counted_is_counted(version: str) -> None:
    document = load_methodology(version).document
    asked = {
        indicator.id: [fact.name for fact in indicator.facts if fact.set_by == "organisation" and fact.required]
        for indicator in walk_indicators(document.root)
    }
    definitions = load_definitions(version)
    for indicator, rules in definitions.indicators.items():
        assert list(rules.facts) == asked[indicator]
        assert rules.name == pair(version, "indicators", indicator, "name")
        for fact, rule in rules.facts.items():
            assert rule.name == pair(version, "indicators", indicator, "facts", fact)
    fields = {field.name for field in document.profile if field.set_by == "organisation"}
    assert definitions.profile.keys() <= fields
    for name, rule in definitions.profile.items():
        assert rule.name == pair(version, "profile", name, "label")


@VERSION
def test_the_windows_are_those_of_the_indicators(version: str) -> None:
    definitions = load_definitions(version)
    windows = {
        indicator.id: indicator.windows for indicator in walk_indicators(load_methodology(version).document.root)
    }
    for indicator, rules in definitions.indicators.items():
        for rule in rules.facts.values():
            frames = [definitions.frames[name] for name in (rule.frame, *rule.frames) if name]
            for window in (rule.window, *(frame.window for frame in frames)):
                # Of what is the situation on a day, activity is that of the ninety days.
                assert window is None or window in windows[indicator] or windows[indicator] == ("S0",)


@VERSION
def test_the_code_book_is_that_of_the_methodology(version: str) -> None:
    definitions = load_definitions(version)
    codes = {code.id: code for code in definitions.find_variable("posts", "subject").codes}
    for code, principle in (("a", "K1"), ("b", "K2"), ("c", "K3")):
        assert codes[code].book == pair("2027.1", "principles", principle, "text")
    for one in definitions.classes:
        assert one.name == pair(version, "indicators", "D2.02", "components", one.id)


def test_the_long_form_counts_eighteen_indicators_and_ten_fields() -> None:
    definitions = load_definitions("2027.1")
    counted = """
        D2.01 D2.02 D2.03 D2.04 D3.01 D3.07 D3.08 D5.05 D5.09 D5.10 D7.05 D7.08 D8.02 D8.03 D8.08 D9.01 D9.08 D9.10
    """
    assert " ".join(definitions.indicators) == " ".join(counted.split())
    assert len(definitions.profile) == 10
    sizes = {name: frame.size for name, frame in definitions.frames.items()}
    # Rule R8: 100 own posts, 50 replies and 400 messages.
    assert sizes == {
        "posts": 100,
        "visual_posts": 100,
        "replies": 50,
        "messages_w90": 400,
        "messages_w12": 400,
        "proposals": None,
    }


@pytest.mark.parametrize("name", ["2026.1", "../definitions", "2027.1/x", ""])
def test_a_version_without_data_is_unknown(name: str) -> None:
    with pytest.raises(UnknownVersion):
        load_definitions(name)


def test_data_with_an_unknown_rule_are_refused() -> None:
    changed = read_definitions("2027.1").replace(b'"rule": "weeks"', b'"rule": "months"')
    with pytest.raises(msgspec.ValidationError, match="months"):
        msgspec.json.decode(changed, type=Definitions)
