"""What a score says of an indicator, whole, in each of the states that an answer can have (SCORING, section 7)."""

from __future__ import annotations

import hashlib

import pytest

from actitud_api.engine.methodology.model import All, Any, Gate, Implies, Not, Predicate, ProfileField
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Figure, MethodologyReference, PassedGoalpost, ReasonParameters
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import indicator_of

KNOTS: b.Knots = ((0, 0), (0.25, 50), (0.5, 75), (1, 100))
IDLE = b.profile_ratio("Idle", "idle", "all", ((0, 100), (1, 0)))
KNOWN = b.methodology(
    b.root(
        b.group(
            "D",
            b.ratio("R", 2, knots=KNOTS),
            b.ratio("Half", 3, knots=KNOTS),
            b.ladder("Declared"),
            b.boolean("Locked", zero_when=b.compare(b.fact("Key", "level"), "lt", 2)),
            b.ladder("Key"),
            b.boolean("Away", applies=b.compare(b.field("kind"), "eq", "region")),
            b.ratio("Wrong"),
            b.ladder("Silent"),
            b.boolean("Yes", zero_when=b.lists("C", "two")),
            b.checklist("C", 1, ("one", "two", "three"), ((0, 0), (3, 100))),
            b.boolean("Waiting", zero_when=b.lists("Unsent", "two")),
            b.checklist("Unsent", 1, ("one", "two"), ((0, 0), (2, 100))),
            IDLE,
        )
    ),
    profile=(
        ProfileField(name="kind", type="enum", set_by="organisation", values=("town", "region")),
        b.integer_field("idle"),
        b.integer_field("all"),
    ),
    rules=(b.rule("V", b.compare(b.fact("Wrong", "numerator"), "le", b.fact("Wrong", "denominator")), "Wrong"),),
)
SENT = b.submit(
    {
        "R": b.of(1, 3),
        "Half": b.of(1, 2),
        "Declared": {"level": 3},
        "Locked": {"value": True},
        "Key": {"level": 1},
        "Wrong": b.of(5, 4),
        "Yes": {"value": True},
        "C": {"components": ("two", "one")},
        "Waiting": {"value": True},
    },
    {"kind": "town", "idle": 1, "all": 4},
    self_declared=["Declared"],
)


def parameters(
    facts: dict[str, FactValue | str | None],
    value: Figure | bool | None = None,
    *between: tuple[float, float],
    cap: Figure | None = None,
    uncapped: Figure | None = None,
    rules: tuple[str, ...] = (),
    missing: tuple[str, ...] = (),
) -> ReasonParameters:
    passed = tuple(PassedGoalpost(x=x, score=score) for x, score in between)
    return ReasonParameters(
        facts=facts,
        value=value,
        between=passed,
        cap=cap,
        uncapped=uncapped,
        level_sent=None,
        rules=rules,
        missing=missing,
        fields=(),
    )


@pytest.mark.parametrize(
    ("name", "weight", "score", "code", "said"),
    [
        # a third lies between the goalposts 1/4 and 1/2: 50 + 25 · (1/12)/(1/4) = 58.33
        ("R", 2, 58.33, "partial", parameters({"numerator": 1, "denominator": 3}, 0.333333, (0.25, 50), (0.5, 75))),
        ("Half", 3, 75, "partial", parameters({"numerator": 1, "denominator": 2}, 0.5, (0.5, 75))),
        ("Declared", 1, 50, "capped", parameters({"level": 3}, 3, (3, 75), cap=50, uncapped=75)),
        ("Locked", 1, 0, "zero_by_rule", parameters({"Key.level": 1})),
        ("Away", 1, None, "not_applicable", parameters({"kind": "town"})),
        ("Wrong", 1, 0, "contradicted", parameters({}, rules=("V",))),
        ("Silent", 1, 0, "unknown", parameters({})),
        ("Yes", 1, 0, "zero_by_rule", parameters({"C.two": True})),
        ("Waiting", 1, 0, "unknown", parameters({"Unsent.two": None}, missing=("Unsent",))),
        ("Idle", 1, 75, "partial", parameters({"idle": 1, "all": 4}, 0.25, (0, 100), (1, 0))),
        ("C", 1, 66.67, "partial", parameters({"components": ("one", "two")}, 2, (0, 0), (3, 100))),
    ],
)
def test_what_is_said_of_an_indicator(
    name: str, weight: int, score: float | None, code: str, said: ReasonParameters
) -> None:
    found = indicator_of(explain(KNOWN, SENT), name)
    assert (found.weight, found.score, found.reason.code) == (weight, score, code)
    assert found.reason.parameters == said


def test_a_score_says_which_methodology_it_is_of() -> None:
    assert explain(KNOWN, SENT).methodology == MethodologyReference(version="test.1", digest=KNOWN.digest)


def test_a_list_is_digested_in_the_order_of_the_document() -> None:
    known = b.methodology(b.root(b.checklist("C", 1, ("one", "two", "three"), ((0, 0), (3, 100)))))
    answers = '{"C":{"basis":"evidenced","components":["one","three"]}}'
    form = f'{{"answers":{answers},"methodology":"test.1","profile":{{}},"profile_self_declared":[]}}'
    for components in (("one", "three"), ("three", "one")):
        found = explain(known, b.submit({"C": {"components": components}})).input_digest
        assert found == "sha256:" + hashlib.sha256(form.encode()).hexdigest()


A, B, C = (b.compare(b.fact(name, "level"), "ge", 1) for name in "ABC")


@pytest.mark.parametrize(
    ("holds", "missing"),
    [
        # B holds, whatever C will be
        (Not(of=All(of=(A, Any(of=(B, C))))), ("A",)),
        (Not(of=All(of=(A, C))), ("A", "C")),
        (Implies(when=Any(of=(B, C)), then=A), ("A",)),
        (Implies(when=A, then=Not(of=Any(of=(B, C)))), ("A",)),
        (Implies(when=C, then=A), ("A", "C")),
        (All(of=(A, Any(of=(B, C)))), ("A",)),
    ],
)
def test_only_what_a_rule_turns_on_is_missing(holds: Predicate, missing: tuple[str, ...]) -> None:
    """Of A, B and C only B is answered, and to any of them the least favourable answer breaks the rule."""
    rule = b.rule("V", All(of=(holds, b.compare(b.fact("A", "level"), "ge", 4))), "B")
    known = b.methodology(b.root(b.ladder("A"), b.ladder("B"), b.ladder("C")), rules=(rule,))
    (finding,) = explain(known, b.submit({"B": {"level": 1}})).findings
    assert (finding.code, finding.indicators) == ("unsupported", ("B",))
    assert finding.missing == missing


def test_what_a_gate_asks_keeps_the_decimals_of_the_finest_fact() -> None:
    levels = b.levels_of(Gate(id="G", holds=b.compare(b.value("A"), "ge", 0.12345678)))
    known = b.methodology(b.root(b.group("D", b.amount("A", decimals=8))), levels=levels)
    (blocked,) = explain(known, b.submit({"A": {"hours": 0.1}})).level_details.blocked_by
    assert (blocked.actual, blocked.required, blocked.distance) == (0.1, 0.12345678, 0.02345678)
