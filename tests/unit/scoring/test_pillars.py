"""Pillars: figures beside the index, and gates that read them (SCORING, section 6)."""

from __future__ import annotations

import pytest
from msgspec import UNSET, structs

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Gate, Missing, PillarOperand
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.narration.narrated import narrate
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.level_path import find_level_path
from actitud_api.engine.scoring.result import PillarScore, Score
from tests.unit.scoring import builders as b
from tests.unit.scoring.organisations import METHODOLOGY, organisation
from tests.unit.scoring.test_columns import assert_equal
from tests.unit.scoring.test_sentences import unbroken

PILLARS = {"conversation": ("a", "c"), "organisation": ("b",)}
APPLIES = b.compare(b.field("people"), "ge", 1)


def known(*required: float, missing: Missing = "zero", passes: bool = False) -> Methodology:
    """Dimensions of weight 3 (a and b, 50 each) and 1 (c, 100, from one person on); gates on the conversation."""
    tree = b.root(
        b.group("D1", b.points("a", 50), b.points("b", 50), weight=3, missing=missing),
        b.group("D2", b.points("c", 100, applies=APPLIES), weight=1, missing=missing),
        missing=missing,
    )
    gates = [
        Gate(
            id=f"L{number}",
            holds=b.compare(PillarOperand(pillar="conversation"), "ge", least),
            when_not_applicable="pass" if passes else "fail",
        )
        for number, least in enumerate(required, start=2)
    ]
    levels = b.levels_of(*gates)
    document = b.document(tree, profile=(b.integer_field("people"),), levels=levels, coverage=b.SOME)
    return b.read(structs.replace(document, pillars=PILLARS))


def send(people: int = 1, **points: float) -> Submission:
    return structs.replace(b.scoring(**points), profile={"people": people})


def pillars(score: Score) -> dict[str, PillarScore]:
    assert score.pillars is not UNSET
    return {pillar.id: pillar for pillar in score.pillars}


# --- by hand ------------------------------------------------------------------------------------------------------


def test_where_a_dimension_is_not_rated_its_indicators_leave_the_pillar() -> None:
    """Conversation (3·50·80)/(3·50) = 80.00; organisation 20.00; index 50.00."""
    score = explain(known(), send(0, a=80, b=20))
    assert (score.index, pillars(score)["conversation"].score, pillars(score)["organisation"].score) == (50, 80, 20)


def test_the_weights_are_those_of_the_document() -> None:
    """With c applicable and 0: conversation (150·80 + 100·0)/250 = 48.00; index (3·50 + 1·0)/4 = 37.50."""
    score = explain(known(), send(a=80, b=20, c=0))
    assert (score.index, pillars(score)["conversation"].score, pillars(score)["organisation"].score) == (37.5, 48, 20)
    # 150 and 100 of 400 points, and 150
    assert (pillars(score)["conversation"].share, pillars(score)["organisation"].share) == (0.625, 0.375)


def test_an_unknown_counts_as_it_does_in_the_index_and_at_its_best() -> None:
    """c unknown counts 0, and 100 at its best: (150·80 + 100·100)/250 = 88.00."""
    score = explain(known(), send(a=80, b=20))
    figure = pillars(score)["conversation"]
    assert (figure.score, figure.score_max) == (48, 88)
    assert outline_score(known(), send(a=80, b=20)).pillars == score.pillars


def test_a_pillar_is_rounded_half_up() -> None:
    """(150·0.02 + 100·0.01)/250 = 0.016, and (150·0.01 + 100·0.06)/250 = 0.03."""
    assert pillars(explain(known(), send(a=0.02, c=0.01)))["conversation"].score == 0.02
    assert pillars(explain(known(), send(a=0.01, c=0.06)))["conversation"].score == 0.03


def test_an_indicator_with_a_score_counts_only_in_a_rated_dimension() -> None:
    """Below one person e leaves, and 40 of 100 of D2 are less than half: c scores 90, and is no part of the pillar."""
    tree = b.root(
        b.group("D1", b.points("a"), rated_share=(0, 1)),
        b.group("D2", b.points("c", 40), b.points("e", 60, applies=APPLIES), rated_share=(1, 2)),
    )
    pillars_of = {"conversation": ("a", "c"), "organisation": ("e",)}
    gate = Gate(id="G", holds=b.compare(PillarOperand(pillar="conversation"), "ge", 20.01))
    levels = b.levels_of(gate)
    document = b.document(tree, profile=(b.integer_field("people"),), levels=levels, coverage=b.SOME)
    methodology = b.read(structs.replace(document, pillars=pillars_of))
    rows = [send(0, a=20, c=90), send(1, a=20, c=90, e=0)]
    figures = [pillars(explain(methodology, row)) for row in rows]
    # a weighs 1 and c 40: (1·20 + 40·90)/41 = 88.2927
    assert [figure["conversation"].score for figure in figures] == [20, 88.29]
    assert assert_equal(methodology, rows).level.tolist() == [1, 2]


def test_a_pillar_of_which_nothing_counts_has_no_figure() -> None:
    alone = {"conversation": ("c",), "organisation": ("a", "b")}
    methodology = b.read(structs.replace(known().document, pillars=alone))
    figure = pillars(explain(methodology, send(0, a=80, b=20)))["conversation"]
    assert (figure.score, figure.score_max, figure.share) == (None, None, 0.25)


def test_a_document_without_pillars_has_none_in_its_scores() -> None:
    score = explain(METHODOLOGY, organisation(1))
    assert score.pillars is UNSET
    assert narrate(score, METHODOLOGY, "es").pillars is UNSET


# --- gates --------------------------------------------------------------------------------------------------------


def test_gates_read_the_figure() -> None:
    methodology = known(48, 48.01)
    score = explain(methodology, send(a=80, b=20, c=0))
    assert score.level == 2
    (gate,) = score.level_details.blocked_by
    assert (gate.actual, gate.required, gate.distance) == (48, 48.01, 0.01)


@pytest.mark.parametrize("missing", ["zero", "leave", "void"])
@pytest.mark.parametrize("passes", [True, False])
def test_columns_say_the_same(missing: Missing, passes: bool) -> None:
    """Also where nothing of the pillar applies, and where only silence took it away."""
    methodology = known(20, 48, 60, missing=missing, passes=passes)
    alone = structs.replace(methodology.document, pillars={"conversation": ("c",), "organisation": ("a", "b")})
    rows = [send(people, **sent) for people in (0, 1) for sent in (
        {"a": 80, "b": 20, "c": 0}, {"a": 80, "b": 20}, {"a": 100, "b": 0, "c": 60}, {"b": 20}, {"a": 32, "b": 1}, {}
    )]  # fmt: skip
    levels = set()
    for document in (methodology.document, alone):
        levels |= set(assert_equal(b.read(document), rows).level.tolist())
    assert {1, 4} <= levels


@pytest.mark.parametrize(("people", "level", "passes"), [(0, 2, True), (0, 1, False), (1, 1, True)])
def test_what_has_left_is_not_what_is_unknown(people: int, level: int, passes: bool) -> None:
    """The only indicator of the pillar does not apply, or is silent in a document in which silence leaves."""
    alone = {"conversation": ("c",), "organisation": ("a", "b")}
    methodology = known(1, missing="leave", passes=passes)
    methodology = b.read(structs.replace(methodology.document, pillars=alone))
    assert explain(methodology, send(people, a=80, b=20)).level == level


def test_the_path_moves_what_the_pillar_is_made_of() -> None:
    """(150·a + 100·0)/250 reaches 60 with a at 100; b, which would bring as much of the index, is left alone."""
    found = find_level_path(known(60), send(a=0, b=0, c=0))
    assert [move.indicator for move in found.moves or ()] == ["a"]
    assert found.level_after == 2


# --- in words -----------------------------------------------------------------------------------------------------


def test_a_pillar_and_its_gate_in_words() -> None:
    methodology = known(60)
    score = explain(methodology, send(a=80, b=20, c=0))
    told = [narrate(score, methodology, language) for language in WRITTEN]
    figures = [next(pillar.text for pillar in sheet.pillars or ()) for sheet in told]
    assert figures == [
        unbroken("pillar conversation: 48,00 de 100. Reúne el 62,5 % de los puntos."),
        unbroken("pillar conversation: 48.00 of 100. It holds 62.5 % of the points."),
    ]
    assert [sheet.level_details.blocked_by[0].text for sheet in told] == [
        "La cifra de «pillar conversation» debe ser como mínimo 60: aquí 48; faltan 12.",
        "The figure of “pillar conversation” must be at least 60: here 48, 12 short.",
    ]
    alone = b.read(structs.replace(methodology.document, pillars={"conversation": ("c",), "organisation": ("a", "b")}))
    sheets = [narrate(explain(alone, send(0, a=80, b=20)), alone, language) for language in WRITTEN]
    assert [next(pillar.text for pillar in sheet.pillars or ()) for sheet in sheets] == [
        "pillar conversation: no se aplica nada de lo que reúne.",
        "pillar conversation: nothing of it applies.",
    ]
