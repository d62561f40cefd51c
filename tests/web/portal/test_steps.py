"""What to do now: at most five steps, what keeps indicators at zero first, and never none where there is a level."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.narration.narrated import NarratedPath, NarratedScore, narrate, narrate_path
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.level_path import find_level_path
from actitud_api.web.portal.steps import STEPS_MAX, Step, describe_lead, iterate_indicators, list_blockers, list_steps
from tests.support.plain_words import find_tokens
from tests.support.scale import DESCRIBED
from tests.unit.methodology.test_methodology_2027 import ALL_BODIES, EXAMPLES, Body, Example, send

METHODOLOGY: Final = load_methodology("2027.1")
VILLAGE: Final = 316
"""Without accounts."""
CONTRADICTED: Final = 631
"""It says that it answered 401 of 400 messages."""
SLOW: Final = 100
"""It answered 1 of 13 messages."""
ROUNDED: Final = 14
"""A move of its path gains 0.01 more than its indicator loses."""
BEST: Final = 7_722
"""At level 5, with almost all points."""
KEEP: Final = ("Mantener lo que ya se hace", "Keep up what is done already")


def simulate_one(number: int) -> Submission:
    (simulated,) = simulate(METHODOLOGY, [number])
    return simulated.submission


def narrate_both(submission: Submission, language: Language = "es") -> tuple[NarratedScore, NarratedPath]:
    score = narrate(explain(METHODOLOGY, submission), METHODOLOGY, language)
    return score, narrate_path(find_level_path(METHODOLOGY, submission), METHODOLOGY, language)


def advise(submission: Submission, language: Language = "es") -> list[Step]:
    return list_steps(*narrate_both(submission, language), METHODOLOGY, language)


def lead(submission: Submission) -> str:
    return describe_lead(*narrate_both(submission), METHODOLOGY, "es")


def test_a_village_without_accounts_first_needs_one() -> None:
    village = simulate_one(VILLAGE)
    first, *others = advise(village)
    assert (first.title, first.indicator, first.gain, first.level, first.is_blocker) == (
        "Tener una cuenta activa",
        None,
        "72 puntos en juego",
        None,
        True,
    )
    assert first.text == (
        "Hoy no hay ninguna. Basta con una que publique o conteste con regularidad. "
        "Mientras tanto, 18 indicadores puntúan 0."
    )
    # What no account is needed for is of use already; what is at zero for want of one is told once.
    assert len(others) == STEPS_MAX - 1
    held = {indicator.id for indicator in list_blockers(narrate_both(village)[0])[0].indicators}
    assert not held & {step.indicator for step in others}
    assert lead(village) == "Primero hay que quitar lo que deja en 0 lo demás."


def close(submission: Submission) -> Submission:
    answers = dict(submission.answers)
    answers["D2.04"] = answers["D2.04"] | {"numerator": 0}
    return structs.replace(submission, profile=submission.profile | {"accounts_open": 0}, answers=answers)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("es", "Abrir alguna cuenta a comentarios o mensajes"),
        ("en", "Open an account to comments or messages"),
    ],
)
def test_whoever_lets_nobody_write_first_opens_an_account(language: Language, title: str) -> None:
    closed = close(simulate_one(SLOW))
    first = advise(closed, language)[0]
    assert (first.title, first.indicator, first.is_blocker) == (title, "D2.04", True)
    score, path = narrate_both(closed)
    assert "D2.04" in {move.indicator for move in path.moves or ()}
    (blocker, *_) = list_blockers(score)
    assert blocker.cause == "closed"
    assert {"D9.01", "D9.09", "D9.10", "D8.08", "D5.10"} >= {indicator.id for indicator in blocker.indicators}
    # Told once, though it keeps indicators at zero, is a move of the path and is a next step as well.
    assert [step.indicator for step in advise(closed)].count("D2.04") == 1


def test_a_move_of_the_path_that_ends_a_zero_stands_first_and_leads_on() -> None:
    first = advise(simulate_one(SLOW))[0]
    assert (first.title, first.indicator, first.level, first.is_blocker) == (
        "Contestar al menos a la mitad de los mensajes",
        "D9.01",
        "para el nivel 3",
        True,
    )
    assert first.text == (
        "Dar una respuesta de fondo a más mensajes en 72 horas: de 1 a 7 (6 más), de un total de 13. "
        "Mientras tanto, «Horas hasta haber respondido a la mitad» puntúa 0."
    )
    assert lead(simulate_one(SLOW)) == "Lo marcado lleva al nivel 3, Ventanilla."


def test_a_contradiction_is_corrected_first_with_the_numbers_that_do_not_fit() -> None:
    first = advise(simulate_one(CONTRADICTED))[0]
    assert (first.title, first.indicator) == ("Corregir lo que no cuadra en «Tasa de respuesta»", "D9.01")
    assert first.text == (
        "No cuadra: mensajes respondidos en 72 horas: 401; mensajes que pedían respuesta: 400. No puede haber más "
        "mensajes respondidos en 72 horas que mensajes que pedían respuesta. Mientras tanto, «Tasa de respuesta» "
        "puntúa 0."
    )
    assert lead(simulate_one(CONTRADICTED)) == (
        "Para el nivel 3, Ventanilla, hace falta además algo que se explica en los detalles."
    )
    answer, _, question, *_ = advise(simulate_one(1))
    assert answer.title == "Responder a «Publicaciones de autoelogio»"
    assert "Mientras no se responda a la pregunta del autoelogio, toda la muestra cuenta como tal." in answer.text
    assert question.text == (
        "Responder: «De los mensajes que pedían respuesta, ¿cuántos recibieron una respuesta de fondo en 72 horas? "
        "Cuentan los públicos y los privados»."
    )


def test_many_contradicted_indicators_are_counted_in_the_title() -> None:
    score, path = narrate_both(simulate_one(CONTRADICTED))
    (finding,) = (one for one in score.findings if one.indicators == ("D9.01",))
    wider = structs.replace(finding, indicators=("D9.01", "D5.10", "D8.08", "D9.10"))
    first = list_steps(structs.replace(score, findings=(wider,)), path, METHODOLOGY, "es")[0]
    assert first.title == (
        "Corregir lo que no cuadra en «Tasa de respuesta», «Respuestas que resuelven» y otros 2 indicadores"
    )


def test_points_are_whole_and_never_none() -> None:
    assert [step.gain for step in advise(simulate_one(BEST))] == ["menos de 1 punto", "menos de 1 punto"]
    assert lead(simulate_one(BEST)) == "Ya está en el nivel más alto; esto es lo que aún da puntos."
    assert lead(simulate_one(1)) == "Para tener nivel hay que responder lo que falta. Esto es lo que más cuenta."


def test_a_move_says_no_points_that_differ_from_the_loss_beside_it() -> None:
    """Its gain is a difference of rounded indices: here 0.01 more than what the sheet says that the indicator loses."""
    score, path = narrate_both(simulate_one(ROUNDED))
    losses = {indicator.id: indicator.lost for indicator in iterate_indicators(score)}
    move = next(move for move in path.moves or () if move.indicator == "D9.01")
    assert (losses["D9.01"], move.gain, move.index) == (11.84, 11.85, 44.9)
    assert move.text.endswith("El índice sube entonces a 44,90.")
    assert "11,8" not in move.text


def test_a_step_gains_no_more_whole_points_than_its_indicator_loses() -> None:
    """3.50 is 4 points, but beside a loss of 3.49, which is 3, it is the same figure rounded on its own."""
    score, path = narrate_both(simulate_one(BEST))
    (dimension, indicator) = next(
        (dimension, indicator)
        for dimension in score.dimensions
        for indicator in dimension.indicators
        if indicator.next_step is not None and indicator.next_step.gain
    )
    assert indicator.next_step is not None
    for lost, gain, shown in ((3.49, 3.5, "+3 puntos"), (3.5, 3.51, "+4 puntos"), (9.0, 3.5, "+4 puntos")):
        changed = structs.replace(indicator, lost=lost, next_step=structs.replace(indicator.next_step, gain=gain))
        listed = tuple(changed if one is indicator else one for one in dimension.indicators)
        replaced = structs.replace(dimension, indicators=listed)
        dimensions = tuple(replaced if one is dimension else one for one in score.dimensions)
        first = list_steps(structs.replace(score, dimensions=dimensions), path, METHODOLOGY, "es")[0]
        assert (first.indicator, first.gain) == (indicator.id, shown)


def test_a_review_that_allows_no_higher_level_is_told() -> None:
    limited = structs.replace(simulate_one(SLOW), max_level=2)
    assert lead(limited) == "La revisión no admite hoy un nivel más alto; esto es lo que más puntos da."


def test_whoever_has_all_points_is_told_to_keep_them() -> None:
    score, path = narrate_both(simulate_one(BEST))

    def fill(group: Any) -> Any:
        full = tuple(structs.replace(one, next_step=None) for one in group.indicators)
        return structs.replace(group, indicators=full, groups=tuple(map(fill, group.groups)))

    perfect = structs.replace(score, dimensions=tuple(map(fill, score.dimensions)), findings=())
    (only,) = list_steps(perfect, path, METHODOLOGY, "en")
    assert (only.title, only.text) == (
        "Keep up what is done already",
        "No indicator has any points left to gain.",
    )


def test_below_the_top_level_nobody_is_left_without_a_step() -> None:
    """Either the path is whole, or a sentence says what it waits for, and that is a step where it can be one."""
    bodies = [simulated.submission for simulated in simulate(METHODOLOGY, range(1, 301))]
    cases: list[Body | Example] = [*ALL_BODIES.values(), *EXAMPLES.values()]
    bodies += map(send, cases)
    waiting = 0
    for body in bodies:
        path = find_level_path(METHODOLOGY, body)
        level = evaluate(METHODOLOGY, body).level
        if level == 5 or (path.moves and not path.unreachable):
            continue
        waiting += 1
        assert path.unreachable or level is None
        for language in WRITTEN:
            score, narrated = narrate_both(body, language)
            steps = list_steps(score, narrated, METHODOLOGY, language)
            assert all(obstacle.text for obstacle in narrated.unreachable)
            assert any(step.title not in KEEP for step in steps)
            assert any(step.level for step in steps) or not any(gate.indicators for gate in path.unreachable)
    assert waiting


def find_kind(step: Step) -> int:
    """What holds at zero, the rest of the path to the next level, contradictions beside it, what else gains."""
    if step.is_blocker:
        return 2 if step.level is None and step.title.startswith(("Corregir lo que no cuadra", "Responder a")) else 0
    return 3 if step.level is None else 1


def test_every_score_of_the_demonstration_with_a_level_has_steps() -> None:
    levelled = 0
    for simulated in simulate(METHODOLOGY, list(DESCRIBED)):
        score, path = narrate_both(simulated.submission)
        steps = list_steps(score, path, METHODOLOGY, "es")
        assert len(steps) <= STEPS_MAX
        said = [describe_lead(score, path, METHODOLOGY, "es")]
        said += [text for step in steps for text in (step.title, step.text, step.gain, step.level) if text is not None]
        said += [gate.text for gate in score.level_details.blocked_by]
        assert [text for text in said if find_tokens(text) or re.search(r"\d,\d{3,}", text)] == []
        kinds = [find_kind(step) for step in steps]
        assert kinds == sorted(kinds)
        others = [step.indicator for step in steps if step.indicator is not None]
        assert len(others) == len(set(others))
        if score.level is not None:
            levelled += 1
            assert steps
    assert levelled > len(DESCRIBED) / 2
