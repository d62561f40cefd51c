"""The verdict on an organisation: a sentence for every status and level, in both languages, and how it compares."""

from __future__ import annotations

from typing import Any, Final

import pytest
from msgspec import UNSET, structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.narration.narrated import NarratedEstimate, NarratedMainReason, NarratedScore, narrate
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.explain import explain
from actitud_api.resources.scores.comparison_schemas import PeerFigure, PeerGroup, Peers
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.verdict import (
    HEADLINES,
    PeerNoun,
    ProfileFacts,
    VerdictCase,
    choose_case,
    describe_group,
    describe_peers,
    read_facts,
    write_verdict,
)
from tests.support.plain_words import find_tokens
from tests.support.scale import DESCRIBED

METHODOLOGY: Final = load_methodology("2027.1")
NOTHING: Final = ProfileFacts(None, None, None)


def facts(*, account: bool = True, is_open: bool = True, answered: float | None = None) -> ProfileFacts:
    return ProfileFacts(account, is_open, answered)


CASES: Final[tuple[tuple[Status, int | None, ProfileFacts, VerdictCase, str, str], ...]] = (
    (
        "not_rateable",
        None,
        NOTHING,
        "not_rateable",
        "no tiene puntuación: aquí se aplica demasiado poco de lo que se mide.",
        "has no score: too little of what is measured applies here.",
    ),
    (
        "insufficient_evidence",
        None,
        facts(),
        "insufficient",
        "todavía no se puede valorar: falta demasiado por saber.",
        "cannot be rated yet: too much is still unknown.",
    ),
    (
        "complete",
        None,
        facts(),
        "unlevelled",
        "ha respondido lo suficiente para tener puntuación.",
        "has answered enough to have a score.",
    ),
    (
        "complete",
        1,
        facts(account=False, is_open=False),
        "absent",
        "todavía no está en las redes: no tiene ninguna cuenta activa.",
        "is not on social networks yet: it has no active account.",
    ),
    (
        "sufficient",
        1,
        facts(is_open=False),
        "closed",
        "publica, pero no deja que nadie le escriba.",
        "posts, but lets nobody write to it.",
    ),
    (
        "sufficient",
        1,
        facts(answered=0.9),
        "unnoticed",
        "está en las redes, pero apenas se nota.",
        "is on social networks, but is hardly noticed.",
    ),
    (
        "complete",
        2,
        facts(is_open=False),
        "closed",
        "publica, pero no deja que nadie le escriba.",
        "posts, but lets nobody write to it.",
    ),
    (
        "complete",
        2,
        facts(answered=0.24),
        "silent",
        "publica, pero casi no conversa.",
        "posts, but hardly converses.",
    ),
    (
        "complete",
        2,
        facts(answered=0.25),
        "one_way",
        "informa más de lo que conversa.",
        "informs more than it converses.",
    ),
    (
        "sufficient",
        2,
        facts(answered=None),
        "one_way",
        "informa más de lo que conversa.",
        "informs more than it converses.",
    ),
    (
        "sufficient",
        2,
        facts(answered=0.5),
        "answering",
        "contesta a buena parte de quien le escribe, pero lo demás se queda corto.",
        "answers many of the people who write, but falls short in the rest.",
    ),
    (
        "complete",
        3,
        facts(answered=0.69),
        "desk_share",
        "contesta a 6 de cada 10 mensajes, y lo que publica sirve.",
        "answers 6 of every 10 messages, and what it posts is of use.",
    ),
    (
        "complete",
        3,
        facts(answered=1.0),
        "desk_all",
        "contesta a todos los mensajes, y lo que publica sirve.",
        "answers every message, and what it posts is of use.",
    ),
    (
        "complete",
        3,
        facts(answered=None),
        "desk",
        "atiende a quien le escribe, y lo que publica sirve.",
        "attends to people, and what it posts is of use.",
    ),
    (
        "sufficient",
        4,
        facts(answered=0.8),
        "conversation",
        "conversa: contesta a casi todo, y la gente participa, tiene voz o ve qué cambia.",
        "converses: it answers nearly everything, and people take part, have a voice or see what changes.",
    ),
    (
        "complete",
        5,
        facts(answered=0.9),
        "community",
        "conversa con la gente y construye con ella.",
        "converses with people, and builds together with them.",
    ),
)


@pytest.mark.parametrize(("status", "level", "known", "case", "spanish", "english"), CASES)
def test_every_status_and_level_has_its_sentence(
    status: Status, level: int | None, known: ProfileFacts, case: VerdictCase, spanish: str, english: str
) -> None:
    assert choose_case(status, level, known, levels=5, is_estimate=False) == case
    values = {} if known.answered is None else {"tenths": int(10 * known.answered)}
    assert HEADLINES[case].into("es").format(**values) == spanish
    assert HEADLINES[case].into("en").format(**values) == english


def test_the_cases_are_all_but_estimates_and_other_scales() -> None:
    assert {case for *_, case, _, _ in CASES} == HEADLINES.keys() - {"estimate", "other_level"}
    assert choose_case("complete", 2, NOTHING, levels=3, is_estimate=False) == "other_level"
    assert choose_case("complete", None, NOTHING, levels=0, is_estimate=True) == "estimate"


MEN: Final = PeerNoun(Texts("ayuntamientos", "municipalities"), feminine=False)
WOMEN: Final = PeerNoun(Texts("universidades públicas", "public universities"), feminine=True)


@pytest.mark.parametrize(
    ("below", "others", "spanish", "english"),
    [
        (0, 1, None, None),
        (1, 1, None, None),
        (
            0,
            9,
            ": no está por delante de los demás ayuntamientos",
            ": not ahead of the other municipalities",
        ),
        (
            2,
            4,
            ": por delante de 2 de los otros 4 ayuntamientos",
            ": ahead of 2 of 4 other municipalities",
        ),
        (4, 4, ": por delante de todos los demás ayuntamientos", ": ahead of all other municipalities"),
        (99, 1_000, ": por delante de unos pocos ayuntamientos", ": ahead of a few municipalities"),
        (
            100,
            1_000,
            ": por delante de 1 de cada 10 ayuntamientos",
            ": ahead of 1 in 10 municipalities",
        ),
        (
            500,
            1_000,
            ": por delante de la mitad de los ayuntamientos",
            ": ahead of half of the municipalities",
        ),
        (
            799,
            1_000,
            ": por delante de 7 de cada 10 ayuntamientos",
            ": ahead of 7 in 10 municipalities",
        ),
        (
            949,
            1_000,
            ": por delante de 9 de cada 10 ayuntamientos",
            ": ahead of 9 in 10 municipalities",
        ),
        (
            950,
            1_000,
            ": por delante de casi todos los ayuntamientos",
            ": ahead of nearly all municipalities",
        ),
    ],
)
def test_it_is_compared_in_numbers_that_people_say(
    below: int, others: int, spanish: str | None, english: str | None
) -> None:
    assert describe_peers(below, others, MEN, "ayuntamientos", "es") == spanish
    assert describe_peers(below, others, MEN, "municipalities", "en") == english


def test_the_other_gender_agrees() -> None:
    def describe(below: int, others: int) -> str | None:
        return describe_peers(below, others, WOMEN, "universidades públicas", "es")

    assert describe(4, 4) == ": por delante de todas las demás universidades públicas"
    assert describe(0, 4) == ": no está por delante de las demás universidades públicas"
    assert describe(1, 4) == ": por delante de 1 de las otras 4 universidades públicas"
    assert describe(1, 50) == ": por delante de unas pocas universidades públicas"
    assert describe(49, 50) == ": por delante de casi todas las universidades públicas"


def make_peers(group: PeerGroup | None, below: int | None = None) -> Peers:
    figure = PeerFigure(
        score=50.0,
        rank=None if below is None else 1,
        below=below,
        organisations=None if group is None or below is None else group.organisations,
        percentile=None,
        spread=None,
        text="",
    )
    return Peers(
        edition="2026",
        organisation="XX-T-1",
        organisation_name="Villa",
        kind="MUN",
        band="P1",
        status="complete",
        rank=figure.rank,
        group=group,
        index=figure,
        dimensions=(),
        methodology="2027.1",
        simulated=True,
        text="",
    )


@pytest.mark.parametrize(
    ("group", "spanish", "english"),
    [
        (
            PeerGroup("kind_and_band", ("MUN",), "P1", 6_418),
            "Se compara con otros 6.417 ayuntamientos de hasta 5.000 habitantes.",
            "It is compared with 6,417 other municipalities of up to 5,000 inhabitants.",
        ),
        (
            PeerGroup("kind_and_band", ("MUN",), "P2", 861),
            "Se compara con otros 860 ayuntamientos de 5.001 a 20.000 habitantes.",
            "It is compared with 860 other municipalities of 5,001 to 20,000 inhabitants.",
        ),
        (
            PeerGroup("kind", ("UNI",), None, 13),
            "Se compara con otras 12 universidades públicas.",
            "It is compared with 12 other public universities.",
        ),
        (
            PeerGroup("band_scale", ("MIN", "AGE"), None, 30),
            "Se compara con otras 29 organizaciones comparables.",
            "It is compared with 29 other comparable organisations.",
        ),
        (
            PeerGroup("all", None, None, 8),
            "Se compara con otras 7 organizaciones de la edición.",
            "It is compared with 7 other organisations of the edition.",
        ),
        (PeerGroup("all", None, None, 2), None, None),
        (None, None, None),
    ],
)
def test_the_peers_are_named(group: PeerGroup | None, spanish: str | None, english: str | None) -> None:
    peers = make_peers(group, below=None if group is None else 0)
    assert describe_group(peers, Names(METHODOLOGY, "es")) == spanish
    assert describe_group(peers, Names(METHODOLOGY, "en")) == english


def test_who_is_not_ranked_is_compared_with_nobody() -> None:
    assert describe_group(make_peers(PeerGroup("all", None, None, 8)), Names(METHODOLOGY, "es")) is None


def make_score(number: int, language: Language, **changes: Any) -> tuple[NarratedScore, dict[str, Any]]:
    (simulated,) = simulate(METHODOLOGY, [number])
    score = narrate(explain(METHODOLOGY, simulated.submission), METHODOLOGY, language)
    return structs.replace(score, **changes), dict(simulated.submission.profile)


def write(number: int, language: Language, methodology: Methodology = METHODOLOGY, **changes: Any) -> list[str]:
    score, profile = make_score(number, language, **changes)
    group = PeerGroup("kind_and_band", ("MUN",), "P1", 1_001)
    verdict = write_verdict(score, profile, make_peers(group, below=690), methodology, language)
    return [verdict.headline, *verdict.sentences]


def test_a_village_without_accounts_is_at_the_starting_point() -> None:
    assert write(316, "es") == [
        "todavía no está en las redes: no tiene ninguna cuenta activa.",
        "Puntúa 10 de 100: por delante de 6 de cada 10 ayuntamientos de su tamaño.",
        "Es el punto de partida: con una cuenta activa empiezan a contar otros 18 indicadores.",
    ]
    assert write(316, "en") == [
        "is not on social networks yet: it has no active account.",
        "It scores 10 of 100: ahead of 6 in 10 municipalities of its size.",
        "That is the starting point: with one active account 18 more indicators begin to count.",
    ]


def test_without_enough_evidence_it_says_how_much_is_missing() -> None:
    assert write(1, "es") == [
        "todavía no se puede valorar: falta demasiado por saber.",
        "Según lo que falta por saber, estaría entre 36 y 95 de 100.",
        "Se conoce el 40\u00a0% de lo que se mide, y hace falta al menos el 67\u00a0%.",
    ]
    # What is less than two thirds does not read as two thirds.
    told = "66\u00a0% of what is measured is known, and at least 67\u00a0% is needed."
    assert write(1, "en", coverage=0.6665)[-1] == told
    score, _ = make_score(1, "en")

    def know_half(*, but: set[str]) -> Any:
        return tuple(structs.replace(one, coverage=0.49 if one.id in but else 0.5) for one in score.dimensions)

    assert write(1, "en", coverage=0.89, dimensions=know_half(but={"D1", "D9"}))[-1] == (
        "Too little is known of these dimensions: Internal access and staff involvement and Listening and public "
        "conversation."
    )
    assert write(1, "en", coverage=0.89, dimensions=know_half(but={"D1"}))[-1] == (
        "Too little is known of this dimension: Internal access and staff involvement."
    )


def test_what_weighs_most_is_named() -> None:
    loses = (NarratedMainReason(indicator="D9.01", lost=10.6, text=""),)
    assert write(100, "es", main_reasons=loses)[-1] == "Lo que más le pesa: «Tasa de respuesta», 11 puntos menos."
    # Of 100 posts 87 are useful, which is only declared.
    assert write(60, "es")[-1] == "Lo que más le pesa: falta la evidencia de «Contenido útil», 3 puntos menos."
    assert write(60, "en")[-1] == "What weighs most: the evidence of “Useful content” is missing, 3 points less."
    least = (NarratedMainReason(indicator="D9.01", lost=0.2, text=""),)
    # Whatever is lost is a point at least: "0 points less" would say that nothing weighs.
    assert write(7_722, "en", main_reasons=least)[-1] == "What weighs most: “Response rate”, 1 point less."
    assert write(631, "es")[-1] == "Lo que más le pesa: lo enviado no cuadra en «Tasa de respuesta»."
    assert write(7_722, "es", main_reasons=())[1:] == [
        "Puntúa 99 de 100: por delante de 6 de cada 10 ayuntamientos de su tamaño."
    ]


def test_without_a_score_there_is_nothing_to_compare() -> None:
    unrated: dict[str, Any] = {
        "status": "not_rateable",
        "level": None,
        "index": None,
        "index_max": None,
        "main_reasons": (),
    }
    assert write(1, "es", **unrated) == ["no tiene puntuación: aquí se aplica demasiado poco de lo que se mide."]


def test_an_estimate_says_its_margin() -> None:
    estimate = NarratedEstimate(of="2027.1", index=45, lower=36, upper=54, confidence=0.9, text="")
    short = load_methodology("2027.1-short")
    told = write(100, "es", short, level=None, estimate=estimate, standing="provisional")
    assert told[:2] == [
        "puntuaría unos 45 de 100 con la encuesta completa.",
        "Es una estimación, entre 36 y 54: no da nivel ni puesto.",
    ]
    assert make_score(100, "es")[0].estimate is UNSET


def test_every_score_of_the_demonstration_has_a_verdict() -> None:
    group, written = PeerGroup("kind_and_band", ("MUN",), "P1", 1_001), 0
    for simulated in simulate(METHODOLOGY, list(DESCRIBED)):
        score = narrate(explain(METHODOLOGY, simulated.submission), METHODOLOGY, "es")
        known = read_facts(score, simulated.submission.profile)
        assert known.has_account is (simulated.submission.profile["accounts_active"] != 0)
        verdict = write_verdict(score, simulated.submission.profile, make_peers(group, 500), METHODOLOGY, "es")
        assert verdict.headline.endswith(".")
        assert verdict.sentences
        assert [find_tokens(said) for said in (verdict.headline, *verdict.sentences) if find_tokens(said)] == []
        written += 1
    assert written == len(DESCRIBED)
