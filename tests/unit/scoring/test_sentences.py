"""What a person reads: the sentences of examples A and B and of the third organisation, in full."""

from __future__ import annotations

from functools import cache
from typing import Any as Anything

import msgspec
import pytest
from msgspec import structs

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Aggregation,
    All,
    Any,
    Gate,
    IndexOperand,
    Level,
    Minimum,
    Missing,
    Predicate,
    Product,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.narration.narrated import NarratedIndicator, NarratedScore, narrate
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import BlockingGate, PassedGoalpost
from tests.support.scale import NIGHT
from tests.unit.scoring import builders as b
from tests.unit.scoring.builders import decode
from tests.unit.scoring.organisations import INDICATORS, METHODOLOGY, organisation
from tests.unit.scoring.sheets import case
from tests.unit.scoring.test_third_organisation import REQUEST


@cache
def told(name: str, language: Language) -> NarratedScore:
    """`a`, `b`, or `c`: the third organisation as sent."""
    body = msgspec.json.encode(REQUEST) if name == "c" else bytes(case(f"example_{name}").request)
    return narrate(explain(METHODOLOGY, decode(METHODOLOGY, body)), METHODOLOGY, language)


def indicator(name: str, language: Language, identifier: str) -> NarratedIndicator:
    return next(
        known
        for dimension in told(name, language).dimensions
        for known in dimension.indicators
        if known.id == identifier
    )


def unbroken(text: str) -> str:
    """As the product writes it: a line never breaks before the per cent sign."""
    return text.replace(" %", "\u00a0%")


REASONS: list[tuple[str, Language, str, str]] = [
    (
        "a",
        "es",
        "D9.01",
        "Mensajes respondidos en 72 horas: 206; mensajes que requerían respuesta: 400; mensajes respondidos en "
        "privado: 60 (valor: 51,5 %). Entre 38 %, que puntúa 40, y 65 %, que puntúa 75: 57,50 de 100.",
    ),
    (
        "a",
        "en",
        "D9.01",
        "Messages answered within 72 hours: 206; messages that needed a response: 400; messages answered in "
        "private: 60 (value: 51.5 %). Between 38 %, which scores 40, and 65 %, which scores 75: 57.50 of 100.",
    ),
    (
        "a",
        "es",
        "D7.02",
        "Personas seguidoras indicadas en la respuesta: 3.780; población tomada como base: 42.000 (valor: 90 personas "
        "seguidoras por cada 1.000 habitantes). Entre 14,7 personas seguidoras por cada 1.000 habitantes, que puntúa "
        "0, y 235 personas seguidoras por cada 1.000 habitantes, que puntúa 100: 65,37 de 100.",
    ),
    ("a", "es", "D9.02", "Mediana de horas hasta la primera respuesta: 14,5. Puntúa 60,00 de 100."),
    ("a", "es", "D9.05", "Nivel 2 («Normas publicadas y enlazadas en cada perfil»). Puntúa 50,00 de 100."),
    ("a", "en", "D9.05", "Level 2 (“Rules published and linked from every profile”). It scores 50.00 of 100."),
    (
        "a",
        "es",
        "D2.03",
        "Semanas que llegan al mínimo: 12; semanas completas del periodo: 12 (valor: 100 %). "
        "Obtiene la puntuación máxima.",
    ),
    (
        "a",
        "en",
        "D2.03",
        "Weeks that reach the minimum: 12; full weeks of the period: 12 (value: 100 %). It reaches full marks.",
    ),
    (
        "a",
        "es",
        "D9.06",
        "Norma pública contra los contracomentarios encubiertos: no. Puntúa 0 de 100.",
    ),
    (
        "b",
        "es",
        "D8.01",
        "Respuestas públicas a personas: 40; publicaciones propias tomadas como base: 960 (valor: 4 %). "
        "Puntúa 10,00 de 100.",
    ),
    (
        "b",
        "en",
        "D6.05",
        "Incidents with a written review: 0; incidents taken as base: 2 (value: 0 %). It scores 0 of 100.",
    ),
    ("c", "es", "D3.03", "Sin responder: cuenta 0 en el índice."),
    ("c", "en", "D3.03", "Not answered: it counts 0 in the index."),
    (
        "c",
        "es",
        "D6.06",
        "Reconocimiento interno de buenas prácticas: sí. Puntuaría 100,00, pero solo está declarado, sin evidencia: "
        "como máximo 50,00.",
    ),
    (
        "c",
        "es",
        "D10.04",
        "Cuenta 0 hasta que se responda a «Equipo con experiencia vivida en redes», de lo que depende.",
    ),
    (
        "c",
        "en",
        "D10.04",
        "It counts 0 until “Team with lived experience of networks” is answered, which it depends on.",
    ),
]


@pytest.mark.parametrize(("name", "language", "identifier", "text"), REASONS)
def test_reasons(name: str, language: Language, identifier: str, text: str) -> None:
    assert indicator(name, language, identifier).reason.text == unbroken(text)


STEPS: list[tuple[str, Language, str, str]] = [
    (
        "a",
        "es",
        "D9.01",
        "Responder con contenido a más mensajes en 72 horas: de 206 a 260 (54 más), de un total de 400. Eso suma 0,44 "
        "puntos del índice. Compartir la bandeja con atención ciudadana y fijar un turno diario.",
    ),
    (
        "a",
        "en",
        "D9.01",
        "Give a substantive answer to more messages within 72 hours: from 206 to 260 (54 more), out of 400. That "
        "brings 0.44 points of the index. Share the inbox with the citizen service and set a daily turn.",
    ),
    (
        "a",
        "es",
        "D2.01",
        "Reducir las publicaciones promocionales o de autoelogio: de 30 a 20 (10 menos), en la muestra de 100. Eso "
        "suma 0,57 puntos del índice. Llevar los mensajes políticos y promocionales a otros canales y reservar las "
        "cuentas oficiales para el servicio.",
    ),
    (
        "a",
        "es",
        "D9.02",
        "Reducir la mediana de tiempo hasta la primera respuesta con contenido: de 14,5 a 4 horas (10,5 menos). Eso "
        "suma 0,40 puntos del índice. Cubrir tardes y fines de semana con revisiones breves.",
    ),
    (
        "a",
        "es",
        "D4.06",
        "Subir al paso 2: «Pautas escritas para crisis en redes». Eso suma 0,50 puntos del índice. Redactar un "
        "protocolo de cuatro páginas con plantillas y ensayarlo una vez al año.",
    ),
    (
        "a",
        "en",
        "D8.07",
        "Add what is missing: live broadcast; map or data visual. That brings 0.20 points of the index. Try one new "
        "format per quarter where it helps understanding.",
    ),
    (
        "c",
        "es",
        "D6.06",
        "Aportar la evidencia: nota en la intranet, actas o premio. Eso suma 0,55 puntos del índice.",
    ),
    (
        "c",
        "es",
        "D10.04",
        "Responder primero a «Equipo con experiencia vivida en redes». Puede sumar hasta 1,50 puntos del índice.",
    ),
    (
        "c",
        "es",
        "D6.04",
        "Responder: «¿Cómo se compara la organización con entidades similares?». Puede sumar hasta 2,22 puntos del "
        "índice.",
    ),
]


@pytest.mark.parametrize(("name", "language", "identifier", "text"), STEPS)
def test_next_steps(name: str, language: Language, identifier: str, text: str) -> None:
    step = indicator(name, language, identifier).next_step
    assert step is not None
    assert step.text == unbroken(text)


def test_main_reasons() -> None:
    assert [reason.text for reason in told("a", "es").main_reasons] == [
        "Casos propios documentados y compartidos: pierde 2,22 puntos del índice.",
        "Publicaciones promocionales o de autoelogio: pierde 1,82 puntos del índice.",
        "Prácticas adoptadas de otras entidades: pierde 1,67 puntos del índice.",
        "Comparación con entidades similares: pierde 1,66 puntos del índice.",
    ]
    assert told("b", "en").main_reasons[0].text == (
        "Promotional or self-praising posts: loses 2.50 points of the index."
    )


def test_gates() -> None:
    assert [gate.text for gate in told("b", "es").level_details.blocked_by] == [
        "Índice de 20 o más: aquí 16,51; faltan 3,5."
    ]
    spanish = {gate.gate: gate.text for gate in told("a", "es").level_details.blocked_by}
    assert spanish["L4.min"] == "Todas las dimensiones con 35 puntos o más: aquí 25; faltan 10."
    assert spanish["L4.D8"] == "Contenido con 50 puntos o más: aquí 48,94; faltan 1,1."
    english = {gate.gate: gate.text for gate in told("c", "en").level_details.blocked_by}
    assert english["L3.D9.01"] == (
        "Answers at least 38 % of the messages: here no value is documented; attach a document to the answer, or have "
        "it assessed."
    )


@pytest.mark.parametrize(
    ("code", "english", "spanish"),
    [
        ("partial", "attach a document to the answer, or have it assessed.", "o pida evaluarla."),
        ("unknown", "answer what is missing first.", "responda primero a lo que falta."),
        ("unsupported", "answer what is missing first.", "responda primero a lo que falta."),
        ("contradicted", "correct first what does not add up.", "corrija primero lo que no cuadra."),
        ("zero_by_rule", "change first what keeps it at 0.", "cambie primero lo que lo deja en 0."),
        ("not_applicable", "there is no documented value.", "aquí no hay un valor documentado."),
    ],
)
def test_a_gate_without_a_value_says_its_step(code: str, english: str, spanish: str) -> None:
    rate = structs.replace(indicator("c", "en", "D9.01"), value=0.5)
    rate = structs.replace(rate, reason=structs.replace(rate.reason, code=code))
    blocking = BlockingGate(gate="L3.D9.01", actual=None, required=0.38, distance=None)
    for language, ending in (("en", english), ("es", spanish)):
        assert get_sentences(METHODOLOGY, language).describe_gate(blocking, [rate]).endswith(ending)


@pytest.mark.parametrize(
    ("actual", "required", "text"),
    [(0.37996, 0.38, "37.9 %; faltan 0,1"), (0.337, 0.38, "33,7 %; faltan 4,3"), (0.33666, 0.38, "33,7 %; faltan 4,3")],
)
def test_a_share_below_the_required_one_is_not_shown_as_equal(actual: float, required: float, text: str) -> None:
    blocking = BlockingGate(gate="L3.D9.01", actual=actual, required=required, distance=required - actual)
    assert unbroken(text.replace(".", ",")) in get_sentences(METHODOLOGY, "es").describe_gate(blocking)


@pytest.mark.parametrize(
    ("hours", "reached", "text"),
    [(0.1, 0.412216, "from 0.1 to 0.42."), (0.2, 0.203768, "from 0.2 to 0.21.")],
)
def test_a_number_to_reach_has_two_decimals_and_is_enough(hours: float, reached: float, text: str) -> None:
    amount = b.amount("x", knots=((0, 0), (reached, 100)), decimals=6, maximum=1)
    known = b.methodology(b.root(amount))
    (told_amount,) = narrate(explain(known, b.submit({"x": {"hours": hours}})), known, "en").indicators
    step = told_amount.next_step
    assert step is not None
    assert (step.change, text in step.text) == ({"hours": reached}, True), step.text


def test_the_distance_of_a_share_is_in_percentage_points() -> None:
    """From 51.5 % to 65 % there are 13.5 points, not 13.5 % (which would be 58.5 %)."""
    gates = {gate.gate: gate.text for gate in told("a", "es").level_details.blocked_by}
    assert "13,5 puntos porcentuales" in gates["L4.D9.01"]
    gates = {gate.gate: gate.text for gate in told("a", "en").level_details.blocked_by}
    assert "13.5 percentage points" in gates["L4.D9.01"]


def test_a_zero_by_rule_states_only_what_holds() -> None:
    """B has no error log (it is not true that it is empty), 36 active accounts (not 0), a register at level 0."""
    log = indicator("b", "es", "D5.07").reason.text
    assert "sin registro de errores" in log
    assert "sin anotaciones" not in log
    replies = indicator("b", "es", "D9.08").reason.text
    assert "Registro de aportaciones ciudadanas" in replies
    assert "36" not in replies
    assert "sin responder" not in replies
    step = indicator("b", "en", "D9.08").next_step
    assert step is not None
    assert "36" not in step.text


def test_a_checklist_counts_what_is_within_the_remit() -> None:
    """Three of nine: one of the ten classes is outside the remit of the third organisation."""
    assert indicator("c", "es", "D2.02").value == pytest.approx(1 / 3, abs=1e-6)
    assert "3 / 9" in indicator("c", "es", "D2.02").reason.text


def test_what_else_has_to_change_is_told_by_its_name() -> None:
    """Fewer dormant accounts: the accounts must still make the total (V06.total)."""
    told = {
        "es": "Actualizar también estos datos: cuentas activas; cuentas oficiales en total.",
        "en": "Also bring these data up to date: active accounts; official accounts in total.",
    }
    for language in WRITTEN:
        step = indicator("a", language, "D3.02").next_step
        assert step is not None
        assert step.requires == ("V06.total",)
        assert told[language] in step.text


def test_a_contradiction_tells_the_numbers_that_contradict() -> None:
    """Five of four accounts."""
    finding = next(found for found in told("c", "es").findings if found.rule == "V01.D3.05")
    assert finding.text == (
        "No cuadra: cuentas con ficha de identidad: 5; cuentas activas tomadas como base: 4. No puede haber más "
        "cuentas con ficha de identidad que cuentas activas. Hasta que se corrija, «Cuentas con ficha de "
        "identidad» puntúa 0."
    )


def test_a_finding_says_what_to_answer_first() -> None:
    """F7 is claimed and D4.07 not answered."""
    body = msgspec.json.decode(msgspec.json.encode(REQUEST))
    del body["answers"]["D4.07"]
    score = narrate(explain(METHODOLOGY, decode(METHODOLOGY, msgspec.json.encode(body))), METHODOLOGY, "es")
    finding = next(found for found in score.findings if found.rule == "V15.F7")
    assert finding.text.endswith(
        "Hasta que se corrija, «Funciones de gestión de comunidad cubiertas» puntúa 0. Responda primero a «Informes de "
        "evaluación a la dirección»."
    )


def test_names() -> None:
    assert (told("a", "es").level_details.name, told("a", "en").level_details.name) == ("Ventanilla", "Service desk")
    assert (told("b", "es").level_details.name, told("b", "en").level_details.name) == (
        "Punto de partida",
        "Starting point",
    )
    assert told("a", "es").dimensions[8].name == "Escucha y conversación pública"


def sentences(sheet: NarratedScore) -> list[str]:
    """Every sentence of a sheet."""
    found = [gate.text for gate in sheet.level_details.blocked_by]
    found += [reason.text for reason in sheet.main_reasons]
    found += [finding.text for finding in sheet.findings]
    for dimension in sheet.dimensions:
        for known in dimension.indicators:
            found.append(known.reason.text)
            if known.next_step is not None:
                found.append(known.next_step.text)
    return found


WRONG = ("{", "}", "None", "True", "False", "..", " .", " ,", "  ", "()", ";.", " a el ", " de el ")
"""What no sentence may hold: places left unfilled, Python's words, doubled or stray signs, uncontracted articles."""


@pytest.mark.parametrize("language", WRITTEN)
def test_every_sentence_is_whole(language: Language) -> None:
    """Whatever the organisation: begun with a capital, closed with a full stop, and nothing wrong inside."""
    odd: set[str] = set()
    for seed in range(40 if NIGHT else 15):
        for text in sentences(narrate(explain(METHODOLOGY, organisation(seed)), METHODOLOGY, language)):
            inside = text.replace("“None”", "“Nothing”")  # a step of a ladder
            if text[0].islower() or not text.endswith(".") or any(wrong in inside for wrong in WRONG):
                odd.add(text)
    assert odd == set()


# --- other documents than 2026.1 ------------------------------------------------------------------------------


def reason_of(known: Methodology, submission: Submission, name: str, language: Language) -> str:
    score = narrate(explain(known, submission), known, language)
    return next(found for found in score.indicators if found.id == name).reason.text


@pytest.mark.parametrize(
    ("missing", "aggregation", "spanish", "english"),
    [
        ("zero", "arithmetic", "Sin responder: cuenta 10 en el índice.", "Not answered: it counts 10 in the index."),
        (
            "leave",
            "arithmetic",
            "Sin responder: no cuenta, y su peso se reparte entre los demás.",
            "Not answered: it does not count, and its weight is shared by the others.",
        ),
        ("leave", "min", "Sin responder: no cuenta.", "Not answered: it does not count."),
        (
            "void",
            "arithmetic",
            "Sin responder: «group index» se queda sin puntuación.",
            "Not answered: “group index” is left without a score.",
        ),
    ],
)
def test_an_unknown_answer_tells_what_it_does_in_its_group(
    missing: Missing, aggregation: Aggregation, spanish: str, english: str
) -> None:
    tree = b.root(
        b.points("x", span=(10, 20)),
        b.points("y", span=(10, 20)),
        missing=missing,
        aggregation=aggregation,
        span=(10, 20),
    )
    known = b.methodology(tree)
    assert reason_of(known, b.scoring(y=15), "x", "es") == spanish
    assert reason_of(known, b.scoring(y=15), "x", "en") == english


@pytest.mark.parametrize(
    ("aggregation", "ending"), [("arithmetic", " Its weight is shared by the others."), ("min", "")]
)
def test_what_does_not_apply_shares_its_weight_where_there_are_weights(aggregation: Aggregation, ending: str) -> None:
    applies = b.compare(b.field("p"), "ge", 3)
    tree = b.root(b.points("x", applies=applies), b.points("y"), aggregation=aggregation)
    known = b.methodology(tree, profile=(b.integer_field("p"),))
    text = reason_of(known, b.submit({"y": {"hours": 1}}, {"p": 2}), "x", "en")
    assert text == f"It applies only from 3 p (here 2).{ending}"


PEOPLE, STAFF = b.field("people"), b.field("staff")
DEFINED = Any(of=(b.compare(PEOPLE, "eq", 0), b.compare(PEOPLE, "ge", 1000)))
SEVEN = Any(of=(b.compare(PEOPLE, "eq", 7), b.compare(PEOPLE, "ge", 1000)))


@pytest.mark.parametrize(
    ("applies", "english", "spanish"),
    [
        (b.compare(STAFF, "ge", 1), "if there are staff (here 0)", "si hay staff (aquí 0)"),
        (DEFINED, "from 1,000 people (here 14)", "a partir de 1.000 people (aquí 14)"),
        (SEVEN, "from 1,000 people, or with 7 (here 14)", "a partir de 1.000 people, o con 7 (aquí 14)"),
        (
            All(of=(b.compare(STAFF, "ge", 10), DEFINED)),
            "from 10 staff (here 0) and from 1,000 people (here 14)",
            "a partir de 10 staff (aquí 0) y a partir de 1.000 people (aquí 14)",
        ),
        # what a scope does not say is told as a condition
        (
            All(of=(b.compare(STAFF, "gt", 9), DEFINED)),
            "if staff (0) is above 9 and (people (14) is 0 or people (14) is at least 1,000)",
            "si staff (0) es mayor que 9 y (people (14) es 0 o people (14) es como mínimo 1.000)",
        ),
        (
            Any(of=(b.compare(STAFF, "eq", 3), b.compare(PEOPLE, "ge", 1000))),
            "if staff (0) is 3 or people (14) is at least 1,000",
            "si staff (0) es 3 o people (14) es como mínimo 1.000",
        ),
    ],
)
def test_what_does_not_apply_says_from_which_numbers_it_does(applies: Predicate, english: str, spanish: str) -> None:
    tree = b.root(b.points("x", applies=applies), b.points("y"), aggregation="min")
    known = b.methodology(tree, profile=(b.integer_field("people"), b.integer_field("staff")))
    submission = b.submit({"y": {"hours": 1}}, {"people": 14, "staff": 0})
    assert reason_of(known, submission, "x", "en") == f"It applies only {english}."
    assert reason_of(known, submission, "x", "es") == f"Solo se aplica {spanish}."


def test_a_count_is_short_by_whole_numbers() -> None:
    """0.02 of 38 people is 0.76 of a message; of the index, 49.5, 0.76 points are short."""
    asked = Product(of=(b.const(0.02), PEOPLE))
    messages = Minimum(of=(b.const(400), Sum(of=(b.field("messages"), b.const(0)))))
    levels = b.levels_of(Gate(id="L2", holds=b.compare(messages, "ge", asked)))
    known = b.methodology(
        b.root(b.points("y")), profile=(b.integer_field("people"), b.integer_field("messages")), levels=levels
    )
    score = narrate(explain(known, b.submit({"y": {"hours": 1}}, {"people": 38, "messages": 0})), known, "en")
    (gate,) = score.level_details.blocked_by
    assert (gate.distance, gate.text.endswith(": here 0, 1 short.")) == (0.76, True)


def test_scores_are_told_out_of_the_range_of_their_indicator() -> None:
    known = b.methodology(b.root(b.points("x", span=(10, 20)), span=(10, 20)))
    assert reason_of(known, b.scoring(x=12.5), "x", "es").endswith("que puntúa 20: 12,50 de 20.")
    assert reason_of(known, b.scoring(x=10), "x", "en").endswith("It scores 10 of 20.")


def test_numbers_keep_the_decimals_of_their_facts() -> None:
    fine = b.amount("x", knots=((0, 0), (0.00000001, 100)), decimals=12, maximum=1)
    told_fact = reason_of(b.methodology(b.root(fine)), b.submit({"x": {"hours": 0.000000002}}), "x", "en")
    assert told_fact.startswith("Hours: 0.000000002.")


def test_a_declared_answer_that_stops_at_the_cap_says_that_evidence_brings_the_rest() -> None:
    known = b.methodology(b.root(b.boolean("x")))
    score = explain(known, b.submit({"x": {"value": False}}, self_declared=["x"]))
    found = {
        language: next_step.text
        for language in WRITTEN
        if (next_step := narrate(score, known, language).indicators[0].next_step) is not None
    }
    assert (
        "Eso suma 50,00 puntos del índice. Sin evidencia la puntuación se queda en 50; con ella llega el resto."
        in (found["es"])
    )
    assert (
        "That brings 50.00 points of the index. Without evidence the score stops at 50; with it, the rest comes."
        in (found["en"])
    )


def test_a_negative_gain_is_not_promised() -> None:
    """Under leave an answer, at its best 40, would lower the 80 that stand alone."""
    tree = b.root(b.ladder("x", points=(0, 40)), b.points("y"), missing="leave")
    known = b.methodology(tree)
    (x, _) = narrate(explain(known, b.scoring(y=80)), known, "en").indicators
    assert x.next_step is not None
    assert (x.next_step.gain_max, x.next_step.text) == (-20, "Answer it: “x?”.")


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"score": 51}, "Nivel 2 («{level}»). Puntúa 51,00 de 100."),
        ({"code": "zero", "score": 0}, "Nivel 2 («{level}»). Puntúa 0 de 100."),
        ({"code": "full"}, "Nivel 2 («{level}»). Obtiene la puntuación máxima."),
        ({"between": (PassedGoalpost(x=2, score=60),)}, "Nivel 2 («{level}»). Puntúa 50,00 de 100."),
        (
            {"code": "capped", "cap": 50, "uncapped": 75},
            "Nivel 2 («{level}»). Puntuaría 75,00, pero solo está declarado, sin evidencia: como máximo 50,00.",
        ),
        (
            {"code": "capped", "cap": 50, "uncapped": 80},
            "Nivel 2 («{level}»). Puntuaría 80,00, pero solo está declarado, sin evidencia: como máximo 50,00.",
        ),
        (
            {"code": "capped", "cap": 40, "uncapped": 80},
            "Nivel 2 («{level}»). Puntuaría 80,00, pero solo está declarado, sin evidencia: como máximo 40,00.",
        ),
        (
            {"code": "capped", "uncapped": 75, "level_sent": 3},
            "Nivel 2 («{level}»). Puntuaría 75,00, pero la revisión lo bajó del paso 3.",
        ),
        ({"level_sent": 4}, "Nivel 2 («{level}»). Puntúa 50,00 de 100. La revisión lo bajó del paso 4."),
    ],
)
def test_a_reason_is_that_of_its_own_score_whatever_was_told_before(changed: dict[str, Anything], text: str) -> None:
    """The same answer is in many scores, with other figures."""
    told_before = indicator("a", "es", "D9.05")
    level = "Normas publicadas y enlazadas en cada perfil"
    code, score = changed.get("code", "partial"), changed.get("score", 50)
    others = {name: value for name, value in changed.items() if name not in ("code", "score")}
    parameters = structs.replace(told_before.reason.parameters, **others)
    scored = structs.replace(
        told_before, score=score, reason=structs.replace(told_before.reason, code=code, parameters=parameters)
    )
    assert get_sentences(METHODOLOGY, "es").describe_reason(scored) == text.format(level=level)


@pytest.mark.parametrize(
    ("lost", "changed", "gain"),
    [
        (0.5, {"gain": 0.3}, " Eso suma 0,30 puntos del índice."),
        (0.24, {}, " Eso suma 0,24 puntos del índice."),  # the loss, which was rounded on its own
        (0.5, {"gain": None}, " Puede sumar hasta 0,50 puntos del índice."),
        (0.5, {"gain": None, "gain_max": 0.4}, " Puede sumar hasta 0,40 puntos del índice."),
        (0.5, {"gain": None, "gain_max": None}, ""),
        (
            0.5,
            {"cap": 60},
            " Eso suma 0,25 puntos del índice. Sin evidencia la puntuación se queda en 60; con ella llega el resto.",
        ),
        (
            0.5,
            {"cap": 60, "needs_evidence": True},
            " Aportar además la evidencia, porque sin ella la puntuación se queda en 60."
            " Eso suma 0,25 puntos del índice.",
        ),
    ],
)
def test_a_step_is_that_of_its_own_score_whatever_was_told_before(
    lost: float, changed: dict[str, Anything], gain: str
) -> None:
    told_before = indicator("a", "es", "D9.05")
    assert told_before.next_step is not None
    text = get_sentences(METHODOLOGY, "es").describe_step(
        structs.replace(told_before, lost=lost), structs.replace(told_before.next_step, **changed)
    )
    assert text == (
        "Subir al paso 3: «Como 2, con registro de ocultaciones y bloqueos: motivo, aviso, plazo y recurso»."
        f"{gain} Publicar las normas, registrar cada bloqueo y revisarlos cada trimestre."
    )


# --- agreement with 1 -----------------------------------------------------------------------------------------


def test_a_goalpost_of_1_is_singular() -> None:
    """Two initiatives, practices, cases and debates: between 1 and more."""
    submission = decode(METHODOLOGY, bytes(case("example_a").request))
    counts: dict[str, dict[str, FactValue]] = {
        name: {fact.name: 2 for fact in INDICATORS[name].facts} for name in ("D5.01", "D6.01", "D6.02")
    }
    submission = structs.replace(submission, answers={**submission.answers, **counts}, self_declared=frozenset())
    for language, words in (
        ("es", ("Entre 1 iniciativa, que", "Entre 1 práctica, que", "Entre 1 caso, que", "y 3 iniciativas, que")),
        ("en", ("Between 1 initiative, which", "Between 1 practice, which", "and 3 cases, which")),
    ):
        sheet = narrate(explain(METHODOLOGY, submission), METHODOLOGY, "es" if language == "es" else "en")
        told_all = " ".join(sentences(sheet))
        for phrase in words:
            assert phrase in told_all


def test_a_distance_of_1_is_singular() -> None:
    gates = (
        Level(number=1, gates=()),
        Level(
            number=2,
            gates=(
                Gate(id="index", holds=b.compare(IndexOperand(), "ge", 51)),
                Gate(id="share", holds=b.compare(b.value("x"), "ge", 0.51)),
            ),
        ),
    )
    known = b.methodology(b.root(b.ratio("x")), levels=gates)
    score = explain(known, b.submit({"x": b.of(1, 2)}))
    spanish, english = (narrate(score, known, language).level_details.blocked_by for language in WRITTEN)
    assert [gate.text for gate in spanish] == [
        "El índice debe ser como mínimo 51: aquí 50; falta 1.",
        unbroken("«indicator x» debe ser como mínimo 51 %: aquí 50 %; falta 1 punto porcentual."),
    ]
    assert english[1].text == unbroken("“indicator x” must be at least 51 %: here 50 %, 1 percentage point short.")


def test_a_whole_point_is_singular() -> None:
    known = b.methodology(b.root(b.points("x")), decimals=0)
    (reason,) = narrate(explain(known, b.scoring(x=99)), known, "es").main_reasons
    assert reason.text == "indicator x: pierde 1 punto del índice."
    (reason,) = narrate(explain(known, b.scoring(x=98)), known, "en").main_reasons
    assert reason.text == "indicator x: loses 2 points of the index."
