"""2026.1 is the catalogue: its ids, weights, goalposts, rules, gates and texts, and its two examples."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import Curve, Group, Indicator
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.compile import compile_methodology, load_facts
from tests.support.plain_words import find_tokens
from tests.unit.methodology import catalogue as its
from tests.unit.methodology.catalogue import Catalogue, Facts, Node
from tests.unit.scoring.organisations import organisation
from tests.unit.scoring.sheets import CASES

METHODOLOGY = loader.load_methodology("2026.1")
DOCUMENT = METHODOLOGY.document
PLAN = compile_methodology(METHODOLOGY)
OURS: dict[str, Indicator] = {known.id: known for known in walk_indicators(DOCUMENT.root)}
BOTH: tuple[Language, ...] = ("es", "en")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return its.catalogue()


def translated(node: object) -> object:
    """A predicate or operand of the catalogue in the words of our documents, as plain JSON."""
    match node:
        case {"cmp": {"op": op, "left": left, "right": right}}:
            return {"kind": "compare", "op": op, "left": translated(left), "right": translated(right)}
        case {"if": when, "then": then}:
            return {"kind": "implies", "when": translated(when), "then": translated(then)}
        case {"present": name}:
            return {"kind": "present", "indicator": name}
        case {"not": member}:
            return {"kind": "not", "of": translated(member)}
        case {"const": value}:
            return {"kind": "constant", "value": value}
        case {"profile": name}:
            return {"kind": "profile", "field": name}
        case {"answer": name, "field": field, **others}:
            absent = translated(others["absent"]) if "absent" in others else None
            return {"kind": "answer", "indicator": name, "fact": field, "absent": absent}
        case {"component": component, "of": name}:
            return {"kind": "component", "indicator": name, "component": component}
        case {"divide": [above, below]}:
            return {"kind": "divide", "numerator": translated(above), "denominator": translated(below)}
        case {"value": name}:
            return {"kind": "value", "indicator": name}
        case {"score": name}:
            return {"kind": "score", "node": name}
        case {"index": True}:
            return {"kind": "index"}
        case dict() if len(node) == 1:
            ((kind, members),) = node.items()
            assert kind in ("all", "any", "min", "max", "sum", "times")
            return {"kind": kind, "of": [translated(member) for member in members]}
        case _:
            raise ValueError(node)


def same(ours: object, theirs: Node | None) -> bool:
    plain: object = msgspec.json.decode(msgspec.json.encode(ours))
    return plain == (None if theirs is None else translated(theirs))


# --- the document ---------------------------------------------------------------------------------------------


def test_dimensions_and_indicators(catalogue: Catalogue) -> None:
    dimensions = [child for child in DOCUMENT.root.children if isinstance(child, Group)]
    assert [(known.id, known.weight) for known in dimensions] == [
        (known.id, known.default_weight) for known in catalogue.dimensions
    ]
    assert DOCUMENT.alternative_weights == {
        "dialogue": {known.id: known.dialogue_profile_weight for known in catalogue.dimensions}
    }
    found = [(group.id, known.id, known.weight, known.type) for group in dimensions for known in walk_indicators(group)]
    assert found == [(known.dimension, known.id, known.weight, known.type) for known in catalogue.indicators]


def test_facts(catalogue: Catalogue) -> None:
    for theirs in catalogue.indicators:
        ours = OURS[theirs.id]
        assert [(fact.name, fact.required) for fact in ours.facts] == [
            (fact.name, fact.required) for fact in theirs.inputs
        ], theirs.id
        for fact, wanted in zip(ours.facts, theirs.inputs, strict=True):
            if fact.type in ("integer", "number"):
                assert (fact.type, fact.minimum, fact.maximum) == (wanted.type, wanted.min, wanted.max), theirs.id
        assert ours.components == tuple(component.id for component in theirs.components)
        assert ours.direction == theirs.direction.replace(" ", "_")
        assert ours.part_of_denominator == theirs.numerator_part_of_denominator, theirs.id
        assert ours.sample == ("sample" in theirs.window)
        assert set(ours.windows) == set(theirs.window.replace(" sample", "").split(" + "))


def test_curves(catalogue: Catalogue) -> None:
    kinds = {"piecewise": "linear", "level": "ladder", "boolean": "boolean", "log": "log"}
    for theirs in catalogue.indicators:
        curve: Curve = OURS[theirs.id].curve
        assert curve.kind == kinds[theirs.scoring.kind], theirs.id
        assert [(post.x, post.score, post.basis, post.sources) for post in curve.goalposts] == [
            (post.x, post.score, post.basis, post.sources) for post in theirs.goalposts
        ], theirs.id


def test_value_formulas_applicability_and_zero_rules(catalogue: Catalogue) -> None:
    for theirs in catalogue.indicators:
        ours = OURS[theirs.id]
        assert same(ours.value, theirs.value_formula), theirs.id
        assert same(ours.applies, theirs.applicability.predicate), theirs.id
        assert same(ours.zero_when, theirs.zero_when.predicate), theirs.id
        assert (ours.bullets, ours.functions) == (
            tuple(ref for ref in theirs.seed_refs if not ref.startswith("C")),
            theirs.functions,
        ), theirs.id
        assert ours.comments == tuple(ref for ref in theirs.seed_refs if ref.startswith("C")), theirs.id


def test_rules(catalogue: Catalogue) -> None:
    assert [rule.id for rule in DOCUMENT.rules] == [rule.id for rule in catalogue.validation_rules]
    for ours, theirs in zip(DOCUMENT.rules, catalogue.validation_rules, strict=True):
        assert (ours.group, ours.severity, ours.scope) == (theirs.group, theirs.severity, theirs.scope)
        assert same(ours.holds, theirs.predicate), ours.id
        assert ours.invalidates == theirs.invalidates, ours.id


def test_levels_and_gates(catalogue: Catalogue) -> None:
    assert [level.number for level in DOCUMENT.levels] == [level.level for level in catalogue.levels]
    for ours, theirs in zip(DOCUMENT.levels, catalogue.levels, strict=True):
        assert [(gate.id, gate.when_not_applicable) for gate in ours.gates] == [
            (gate.id, gate.when_not_applicable) for gate in theirs.gates
        ]
        for gate, wanted in zip(ours.gates, theirs.gates, strict=True):
            assert same(gate.holds, wanted.predicate), gate.id
        unless = theirs.provisional_unless
        assert same(ours.provisional_unless, None if unless is None else unless.predicate)


def test_the_profile(catalogue: Catalogue) -> None:
    assert [(field.name, field.set_by, field.needs_evidence, field.default) for field in DOCUMENT.profile] == [
        (field.name, field.set_by, field.needs_evidence, field.default) for field in catalogue.profile_fields
    ]
    for field, theirs in zip(DOCUMENT.profile, catalogue.profile_fields, strict=True):
        assert theirs.type.startswith(field.type), field.name
        assert field.nullable == theirs.type.endswith("or null")


def test_what_it_answers_and_its_sources(catalogue: Catalogue) -> None:
    assert DOCUMENT.answers.bullets == catalogue.coverage.bullets
    assert DOCUMENT.answers.functions == catalogue.coverage.functions
    assert DOCUMENT.answers.comments == catalogue.coverage.comments
    assert set(DOCUMENT.sources) == set(catalogue.sources)


def test_kinds_and_sizes(catalogue: Catalogue) -> None:
    assert [(kind.code, kind.band_scale) for kind in DOCUMENT.organisation_types] == [
        (kind.code, kind.band_scale) for kind in catalogue.organisation_types
    ]
    for scale, bands in catalogue.size_bands.items():
        assert [(band.code, band.start, band.to) for band in DOCUMENT.size_bands[scale]] == [
            (band.code, band.start, band.to) for band in bands
        ]


# --- the texts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", BOTH)
def test_texts_that_the_catalogue_has_in_both_languages(catalogue: Catalogue, language: Language) -> None:
    texts = METHODOLOGY.texts[language]
    for theirs in catalogue.indicators:
        ours = texts.indicators[theirs.id]
        for member in ("name", "question", "action"):
            assert getattr(ours, member) == getattr(theirs, f"{member}_{language}"), (theirs.id, member)
        assert ours.ladder == tuple(getattr(step, language) for step in theirs.ladder)
        assert ours.components == {known.id: getattr(known, language) for known in theirs.components}
    # The catalogue writes rules and gates as formulas, and blames who is at the lowest level: those words are our own.
    assert texts.rules.keys() == {rule.id for rule in catalogue.validation_rules}
    assert texts.gates.keys() == {gate.id for level in catalogue.levels for gate in level.gates}
    for level in catalogue.levels[1:]:
        assert texts.levels[str(level.level)].name == getattr(level, f"name_{language}")
    for dimension in catalogue.dimensions:
        assert texts.groups[dimension.id].name == getattr(dimension, f"name_{language}")


def test_texts_that_it_has_in_english_only(catalogue: Catalogue) -> None:
    texts = METHODOLOGY.texts["en"]
    for theirs in catalogue.indicators:
        ours = texts.indicators[theirs.id]
        assert (ours.basis, ours.seed, ours.unit) == (theirs.basis_note, theirs.seed_note, theirs.unit), theirs.id
        for said, written in (
            (ours.evidence, theirs.evidence),
            (ours.anti_gaming, theirs.anti_gaming),
            (ours.applies, theirs.applicability.text),
        ):
            # What has ids in the catalogue is said in other words.
            assert said == written or find_tokens(written), theirs.id
        if OURS[theirs.id].curve.kind in ("linear", "log"):
            assert ours.goalposts == tuple(post.reason for post in theirs.goalposts)


# --- the examples ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_committed_examples_are_the_catalogue_s(catalogue: Catalogue, name: str) -> None:
    """`values`: null was not sent; a bare number or boolean is the only fact of its indicator.

    In `blocked_by` the catalogue calls `actual` and `required` by their former names.
    """
    (example,) = (known for known in catalogue.examples if known.id == name)
    only = {known.id: known.inputs[0].name for known in catalogue.indicators if known.inputs}
    answers = {
        indicator: value if isinstance(value, dict) else {only[indicator]: value}
        for indicator, value in example.values.items()
        if value is not None
    }
    case = msgspec.json.decode((CASES / f"example_{name.lower()}.json").read_bytes())
    assert case["request"] == {"methodology": "2026.1", "profile": example.profile, "answers": answers}
    theirs = msgspec.json.decode(example.expected["published"])
    renamed = {"there": "actual", "asked": "required"}
    theirs["blocked_by"] = [
        {renamed.get(name, name): value for name, value in gate.items()} for gate in theirs["blocked_by"]
    ]
    assert case["published"] == theirs


# --- its rules, interpreted on their own ------------------------------------------------------------------------


def profiles_and_answers(catalogue: Catalogue) -> list[Facts]:
    """The examples and forty organisations drawn by chance, each with an absent answer counted in both ways."""
    found: list[Facts] = []
    for name in ("a", "b"):
        request = msgspec.json.decode((CASES / f"example_{name}.json").read_bytes())["request"]
        found.append(Facts(request["profile"], _in_tuples(request["answers"]), least=True))
    for seed in range(40):
        submission = organisation(seed, noise=0.1, silence=0.3)
        found.append(Facts(submission.profile, submission.answers, least=True))
    return found


def _in_tuples(answers: dict[str, dict[str, FactValue | list[str]]]) -> dict[str, dict[str, FactValue]]:
    return {
        name: {fact: tuple(value) if isinstance(value, list) else value for fact, value in facts.items()}
        for name, facts in answers.items()
    }


def test_rules_zero_rules_applicability_and_values_mean_what_the_catalogue_says(catalogue: Catalogue) -> None:
    """The compiled predicates against an interpreter of the catalogue's own grammar, fact by fact."""
    predicates = {rule.id: rule.predicate for rule in catalogue.validation_rules}
    truths: set[tuple[str, bool | None]] = set()
    for least in profiles_and_answers(catalogue):
        exact = Facts(least.profile, least.answers, least=False)
        facts = load_facts(PLAN, _submission(least))
        for compiled in PLAN.rules:
            predicate = predicates[compiled.definition.id]
            assert predicate is not None
            assert compiled.holds(facts) == its.holds(predicate, least), compiled.definition.id
            assert compiled.could_hold(facts) == its.holds(predicate, exact), compiled.definition.id
            truths.add(("rule", compiled.holds(facts)))
        for leaf, theirs in zip(PLAN.indicators, catalogue.indicators, strict=True):
            zero = its.holds(theirs.zero_when.predicate, exact)
            assert (False if leaf.zero_when is None else leaf.zero_when(facts)) == zero, theirs.id
            applies = its.holds(theirs.applicability.predicate, exact)
            assert (True if leaf.applies is None else leaf.applies(facts)) == applies, theirs.id
            value = its.operand(theirs.value_formula, exact)
            ours = leaf.compute_value(facts)
            if value is its.ABSENT:
                assert ours is None, theirs.id
            else:
                assert ours is not None
                assert ours[0] == value * ours[1], theirs.id  # type: ignore[operator]  # a number here
            truths |= {("zero", zero), ("applies", applies)}
    assert truths == {
        ("rule", True),
        ("rule", False),
        ("zero", True),
        ("zero", False),
        ("zero", None),
        ("applies", True),
        ("applies", False),
    }


def _submission(facts: Facts) -> Submission:
    return Submission(
        profile=dict(facts.profile), answers={name: dict(answer) for name, answer in facts.answers.items()}
    )
