"""Every sentence about a score is in plain words: over all rules and gates, and over the demonstration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from msgspec import Struct

from actitud_api.demo.simulator import simulate
from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.model import Compare, Constant, Rule
from actitud_api.engine.methodology.predicates import walk_groups, walk_indicators, walk_operands
from actitud_api.engine.narration.changes import get_change_sentences
from actitud_api.engine.narration.narrated import narrate, narrate_path
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.level_path import Unreachable, find_level_path
from actitud_api.engine.scoring.result import BlockingGate, Finding
from tests.support.plain_words import LONG_NUMBERS, find_tokens
from tests.support.scale import NARRATED

STATED: Final = ("text", "name")
"""Members of a narrated score that people read."""


def list_sentences(value: object) -> Iterator[str]:
    """Every text and name in a narrated score or path."""
    match value:
        case Struct():
            for member in value.__struct_fields__:
                inner = getattr(value, member)
                if member in STATED and isinstance(inner, str):
                    yield inner
                else:
                    yield from list_sentences(inner)
        case tuple():
            for member in value:
                yield from list_sentences(member)
        case _:
            return


def list_facts(rule: Rule) -> dict[str, int]:
    """Values of the facts that a rule reads, by the names that a finding has."""
    names = []
    assert rule.holds is not None
    for operand in walk_operands(rule.holds):
        members = {name: getattr(operand, name) for name in operand.__struct_fields__}
        match members:
            case {"field": field}:
                names.append(field)
            case {"indicator": indicator, "fact": fact} | {"indicator": indicator, "component": fact}:
                names.append(f"{indicator}.{fact}")
            case _:
                pass
    return {name: 2 + position for position, name in enumerate(dict.fromkeys(names))}


def is_plain(text: str) -> bool:
    """Return True if a text is a whole sentence in plain words."""
    return not find_tokens(text) and not text[0].islower() and text.endswith((".", "?"))


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("version", list_versions())
def test_every_broken_rule_is_told_with_its_numbers(version: str, language: Language) -> None:
    methodology = load_methodology(version)
    sentences = get_sentences(methodology, language)
    indicators = [one.id for one in walk_indicators(methodology.document.root)]
    broken = [rule for rule in methodology.document.rules if rule.holds is not None]
    assert len(broken) > 20
    for rule in broken:
        assert rule.severity != "review"
        facts = list_facts(rule)
        assert facts
        for touched in ((), tuple(indicators[:1]), tuple(indicators[:3])):
            finding = Finding(
                rule=rule.id,
                severity=rule.severity,
                code="contradicted",
                indicators=touched,
                missing=tuple(indicators[3:5]),
                facts={**facts},
            )
            text = sentences.describe_finding(finding)
            assert is_plain(text), text
            # Each number that does not fit is there, and so is the name of each indicator that it costs.
            assert all(f": {number}" in text for number in facts.values()), text
            assert all(sentences.name_indicator(name) in text for name in touched), text


@pytest.mark.parametrize("language", WRITTEN)
@pytest.mark.parametrize("version", list_versions())
def test_every_gate_is_told_whatever_blocks_it(version: str, language: Language) -> None:
    methodology = load_methodology(version)
    sentences = get_change_sentences(methodology, language)
    gates = [gate for level in methodology.document.levels for gate in level.gates]
    assert gates or version == "2027.1-short"
    names = tuple(one.id for one in walk_indicators(methodology.document.root))[:2]
    for gate in gates:
        assert isinstance(gate.holds, Compare)
        required = gate.holds.right.value if isinstance(gate.holds.right, Constant) else 1
        numeric = not isinstance(required, bool | str)
        shown = [
            BlockingGate(gate=gate.id, actual=None, required=required, distance=None),
            BlockingGate(
                gate=gate.id, actual=0.25 if numeric else True, required=required, distance=0.125 if numeric else None
            ),
            BlockingGate(
                gate=gate.id, actual=1 if numeric else True, required=required, distance=1 if numeric else None
            ),
        ]
        for blocking in shown:
            assert is_plain(sentences.describe_gate(blocking)), gate.id
            obstacles = [
                Unreachable(gate=blocking, code="profile_first", indicators=()),
                Unreachable(gate=blocking, code="profile", indicators=()),
                Unreachable(gate=blocking, code="not_applicable", indicators=()),
                Unreachable(gate=blocking, code="zero_by_rule", indicators=names),
                Unreachable(gate=blocking, code="contradicted", indicators=names),
                Unreachable(gate=blocking, code="unanswered", indicators=names),
                Unreachable(gate=blocking, code="exhausted", indicators=names),
            ]
            for obstacle in obstacles:
                assert is_plain(sentences.describe_obstacle(obstacle)), gate.id


@pytest.mark.parametrize("version", list_versions())
def test_every_name_stands_for_one_thing(version: str) -> None:
    """A sentence names things without their ids, so that two of one name could not be told apart."""
    methodology: Methodology = load_methodology(version)
    for language in WRITTEN:
        told = get_sentences(methodology, language)
        indicators = [told.name_indicator(one.id) for one in walk_indicators(methodology.document.root)]
        groups = [told.name_group(one.id) for one in walk_groups(methodology.document.root)]
        assert len({*indicators, *groups}) == len(indicators) + len(groups)


def test_a_step_never_seems_to_gain_more_than_is_lost() -> None:
    """Gains and losses are rounded on their own; beside each other they are shown as they add up."""
    methodology, rounded_up = load_methodology("2027.1"), 0
    for simulated in simulate(methodology, list(NARRATED)):
        told = narrate(explain(methodology, simulated.submission), methodology, "es")
        for indicator in (one for dimension in told.dimensions for one in dimension.indicators):
            step, lost = indicator.next_step, indicator.lost
            if step is None or lost is None:
                continue
            gain = step.gain if step.gain is not None else step.gain_max
            shown = re.search(r"(\d+,\d\d) puntos del índice", step.text)
            if gain is None or shown is None:
                continue
            shown_gain = float(shown[1].replace(",", "."))
            rounded_up += 0 < gain - lost < 0.015
            assert shown_gain == pytest.approx(min(gain, lost) if gain - lost < 0.015 else gain)
    # Otherwise nothing was tried.
    assert rounded_up > 0


def test_the_whole_of_a_score_is_in_plain_words() -> None:
    """Over the demonstration: reasons, steps, findings, gates and paths, in both languages; no number is long."""
    methodology = load_methodology("2027.1")
    odd, written = set[str](), 0
    for simulated in simulate(methodology, list(NARRATED)):
        score, path = explain(methodology, simulated.submission), find_level_path(methodology, simulated.submission)
        for language in WRITTEN:
            told = (narrate(score, methodology, language), narrate_path(path, methodology, language))
            for text in (sentence for one in told for sentence in list_sentences(one)):
                written += 1
                if find_tokens(text) or LONG_NUMBERS[language].search(text):
                    odd.add(text)
    assert odd == set()
    assert written > 200 * len(NARRATED)
