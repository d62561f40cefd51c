"""What a person reads: the sentences of examples A and B and of the third organisation, in full."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from actitud_api.methodology.model import LANGUAGES, Language
from actitud_api.scores.wire import Indicator, NarratedScore, narrated
from actitud_api.scoring.explain import explain
from tests.scoring.builders import decode
from tests.scoring.organisations import METHODOLOGY, organisation
from tests.scoring.sheets import case
from tests.scoring.test_third_organisation import REQUEST


@cache
def told(name: str, language: Language) -> NarratedScore:
    """`a`, `b`, or `c`: the third organisation as sent."""
    body = msgspec.json.encode(REQUEST) if name == "c" else bytes(case(f"example_{name}").request)
    return narrated(explain(METHODOLOGY, decode(METHODOLOGY, body)), METHODOLOGY, language)


def indicator(name: str, language: Language, identifier: str) -> Indicator:
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
        "Cuenta 0 hasta que se responda D10.03 (Equipo con experiencia vivida en redes), de lo que depende.",
    ),
    (
        "c",
        "en",
        "D10.04",
        "It counts 0 until D10.03 (Team with lived experience of networks) is answered, which it depends on.",
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
        "Subir al nivel 2: «Pautas escritas para crisis en redes». Eso suma 0,50 puntos del índice. Redactar un "
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
        "Responder primero D10.03 (Equipo con experiencia vivida en redes). Puede sumar hasta 1,50 puntos del índice.",
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
        "Casos propios documentados y compartidos (D6.02): pierde 2,22 puntos del índice.",
        "Publicaciones promocionales o de autoelogio (D2.01): pierde 1,82 puntos del índice.",
        "Prácticas adoptadas de otras entidades (D6.01): pierde 1,67 puntos del índice.",
        "Comparación con entidades similares (D6.04): pierde 1,66 puntos del índice.",
    ]
    assert told("b", "en").main_reasons[0].text == (
        "Promotional or self-praising posts (D2.01): loses 2.50 points of the index."
    )


def test_gates() -> None:
    assert [gate.text for gate in told("b", "es").level.blocked_by] == [
        "El índice debe ser como mínimo 20: aquí 16,51; faltan 3,49."
    ]
    spanish = {gate.gate: gate.text for gate in told("a", "es").level.blocked_by}
    assert spanish["L4.min"] == "La dimensión más baja debe ser como mínimo 35: aquí 25; faltan 10."
    assert spanish["L4.D8"] == (
        "La puntuación de Contenido con valor (D8) debe ser como mínimo 50: aquí 48,94; faltan 1,06."
    )
    english = {gate.gate: gate.text for gate in told("c", "en").level.blocked_by}
    assert english["L3.D9.01"] == unbroken(
        "Response rate (D9.01) must be at least 38 %: here there is no documented value."
    )


def test_the_distance_of_a_share_is_in_percentage_points() -> None:
    """From 51.5 % to 65 % there are 13.5 points, not 13.5 % (which would be 58.5 %)."""
    gates = {gate.gate: gate.text for gate in told("a", "es").level.blocked_by}
    assert "13,5 puntos porcentuales" in gates["L4.D9.01"]
    gates = {gate.gate: gate.text for gate in told("a", "en").level.blocked_by}
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


def test_what_else_must_follow_is_told_and_not_only_numbered() -> None:
    """Fewer dormant accounts: the accounts must still make the total (V06.total)."""
    told = {
        "es": "cuentas activas más cuentas inactivas debe ser igual a cuentas oficiales en total",
        "en": "active accounts plus dormant accounts must be equal to official accounts in total",
    }
    for language in LANGUAGES:
        step = indicator("a", language, "D3.02").next_step
        assert step is not None
        assert step.requires == ("V06.total",)
        assert told[language] in step.text


def test_a_contradiction_tells_the_numbers_that_contradict() -> None:
    """Five of four accounts."""
    finding = next(found for found in told("c", "es").findings if found.rule == "V01.D3.05")
    assert "cuentas con ficha de identidad (5)" in finding.text
    assert "cuentas activas tomadas como base (4)" in finding.text
    assert finding.text.endswith("Mientras no se corrija, puntúan 0: D3.05.")


def test_a_finding_says_what_to_answer_first() -> None:
    """F7 is claimed and D4.07 not answered."""
    body = msgspec.json.decode(msgspec.json.encode(REQUEST))
    del body["answers"]["D4.07"]
    score = narrated(explain(METHODOLOGY, decode(METHODOLOGY, msgspec.json.encode(body))), METHODOLOGY, "es")
    finding = next(found for found in score.findings if found.rule == "V15.F7")
    assert finding.text.endswith(
        "Mientras no se corrija, puntúan 0: D10.02. Responda primero: D4.07 (Informes de evaluación a la dirección)."
    )


def test_names() -> None:
    assert (told("a", "es").level.name, told("a", "en").level.name) == ("Ventanilla", "Service desk")
    assert (told("b", "es").level.name, told("b", "en").level.name) == ("Puertas cerradas", "Closed doors")
    assert told("a", "es").dimensions[8].name == "Escucha y conversación pública"


def sentences(sheet: NarratedScore) -> list[str]:
    """Every sentence of a sheet."""
    found = [gate.text for gate in sheet.level.blocked_by]
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_whole(language: Language) -> None:
    """Whatever the organisation: begun with a capital, closed with a full stop, and nothing wrong inside."""
    odd: set[str] = set()
    for seed in range(40):
        for text in sentences(narrated(explain(METHODOLOGY, organisation(seed)), METHODOLOGY, language)):
            inside = text.replace("“None”", "“Nothing”")  # a step of a ladder
            if text[0].islower() or not text.endswith(".") or any(wrong in inside for wrong in WRONG):
                odd.add(text)
    assert odd == set()
