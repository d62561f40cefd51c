"""The sentences of comparisons in both languages, whole."""

from __future__ import annotations

import pytest

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration.comparison import (
    describe_peer_figure,
    describe_peer_group,
    describe_remark,
    describe_robustness,
)
from actitud_api.engine.scoring.audit import AuditRemark
from actitud_api.engine.scoring.ranking import PeerGroup, RankPosition

METHODOLOGY = load_methodology("2026.1")


@pytest.mark.parametrize(
    ("group", "spanish", "english"),
    [
        (
            PeerGroup("kind_and_band", ("MUN",), "P2", 1_234),
            "Se compara con las organizaciones con puesto de su tipo y tamaño (Ayuntamiento, de 5.001 a 20.000 "
            "habitantes): 1.234.",
            "Its peers are those ranked of its kind and size (Municipality, 5,001 to 20,000 inhabitants): 1,234.",
        ),
        (
            PeerGroup("kind", ("MUN",), None, 12),
            "Se compara con las organizaciones con puesto de su tipo (Ayuntamiento): 12.",
            "Its peers are those ranked of its kind (Municipality): 12.",
        ),
        (
            PeerGroup("band_scale", ("MUN", "PRO", "SUP"), None, 13),
            "Se compara con las organizaciones con puesto cuyo tamaño se mide de la misma manera: 13.",
            "Its peers are those ranked whose size is measured in the same way: 13.",
        ),
        (
            PeerGroup("all", None, None, 4),
            "Se compara con todas las organizaciones con puesto: 4.",
            "Its peers are all ranked organisations: 4.",
        ),
        (
            None,
            "Hasta que se publique la edición no se compara con las demás.",
            "Until the edition is published it is not compared with the others.",
        ),
    ],
)
def test_peer_groups(group: PeerGroup | None, spanish: str, english: str) -> None:
    assert describe_peer_group(group, "MUN", "P2", METHODOLOGY, "es") == spanish
    assert describe_peer_group(group, "MUN", "P2", METHODOLOGY, "en") == english


@pytest.mark.parametrize(
    ("score", "level", "standing", "median", "spanish", "english"),
    [
        (
            61.6,
            4,
            RankPosition(3, 1_210, 1_213, 99_79),
            44,
            "Con 61,60 en el nivel 4 está por encima de 1.210 de las otras 1.212; la mediana es 44,00.",
            "With 61.60 at level 4 it is above 1,210 of the 1,212 others; the median is 44.00.",
        ),
        (
            61.6,
            None,
            RankPosition(1, 1, 2, None),
            61,
            "Con 61,60 está por encima de la otra; la mediana es 61,00.",
            "With 61.60 it is above the other; the median is 61.00.",
        ),
        (
            61.6,
            None,
            RankPosition(1, 0, 2, None),
            61.6,
            "Con 61,60 no está por encima de la otra; la mediana es 61,60.",
            "With 61.60 it is not above the other; the median is 61.60.",
        ),
        (
            61.6,
            None,
            RankPosition(9, 0, 9, None),
            70,
            "Con 61,60 no está por encima de ninguna de las otras 8; la mediana es 70,00.",
            "With 61.60 it is above none of the 8 others; the median is 70.00.",
        ),
        (
            61.6,
            None,
            RankPosition(1, 0, 1, None),
            61.6,
            "Con 61,60 es la única de su grupo.",
            "With 61.60 it is the only one of its group.",
        ),
        (
            61.6,
            None,
            None,
            44,
            "61,60, sin puesto; la mediana de su grupo es 44,00.",
            "61.60, unranked; the median of its group is 44.00.",
        ),
        (
            None,
            None,
            None,
            44,
            "Sin puntuación; la mediana de su grupo es 44,00.",
            "No score; the median of its group is 44.00.",
        ),
        (
            61.6,
            None,
            None,
            None,
            "61,60; nadie más de su grupo tiene puntuación.",
            "61.60; nobody else of its group has a score.",
        ),
        (
            None,
            None,
            None,
            None,
            "Ni la organización ni su grupo tienen puntuación.",
            "Neither the organisation nor its group has a score.",
        ),
    ],
)
def test_figures_beside_those_of_the_group(
    score: float | None,
    level: int | None,
    standing: RankPosition | None,
    median: float | None,
    spanish: str,
    english: str,
) -> None:
    assert describe_peer_figure(score, level, standing, median, 2, "es") == spanish
    assert describe_peer_figure(score, level, standing, median, 2, "en") == english


@pytest.mark.parametrize(
    ("language", "rank", "level", "expected"),
    [
        (
            "en",
            (9, 1_012),
            (3, 0.913),
            "If it keeps its level and weights vary, 9 times of 10 its rank lies between 9 and 1,012. "
            "With those weights its level is 3 in 91.3\u00a0% of the draws.",
        ),
        (
            "es",
            (9, 1_012),
            (3, 1.0),
            "Si mantiene su nivel y varían los pesos, 9 de 10 veces su puesto queda entre el 9 y el "
            "1.012. Con esos pesos el nivel es siempre 3.",
        ),
        (
            "en",
            (1, 1),
            (5, 1.0),
            "If it keeps its level and weights vary, 9 times of 10 its rank is 1. With those "
            "weights its level is always 5.",
        ),
        (
            "es",
            None,
            (2, 0.5),
            "Al variar los pesos al azar, 9 de cada 10 veces su índice queda entre 40,00 y 41,25. Con esos pesos, "
            "el 50\u00a0% de las veces el nivel es 2.",
        ),
        ("en", None, None, "With weights varied at random, 9 times of 10 its index lies between 40.00 and 41.25."),
    ],
)
def test_robustness(
    language: Language, rank: tuple[int, int] | None, level: tuple[int, float] | None, expected: str
) -> None:
    assert describe_robustness(rank, (40, 41.25), level, 2, language) == expected


def test_an_index_that_is_the_same_in_every_draw() -> None:
    assert (
        describe_robustness(None, (40, 40), None, 2, "es")
        == "Al variar los pesos al azar, 9 de cada 10 veces su índice es 40,00."
    )


@pytest.mark.parametrize(
    ("found", "spanish", "english"),
    [
        (
            AuditRemark("negative_correlation", "D6", -0.125),
            "«Aprendizaje de buenas prácticas» se correlaciona negativamente (-0,125) con aquello de lo que forma "
            "parte.",
            "“Learning from good practice” correlates negatively (-0.125) with what it is a part of.",
        ),
        (
            AuditRemark("weak_correlation", "D9.01", 0.2),
            "«Tasa de respuesta» apenas se correlaciona (0,2, menos de 0,3) con aquello de lo que forma parte: "
            "dice otra cosa.",
            "“Response rate” hardly correlates (0.2, less than 0.3) with what it is a part of: it says something else.",
        ),
        (
            AuditRemark("high_correlation", "D9.01", 0.9101),
            "«Tasa de respuesta» se correlaciona casi del todo (0,9101, más de 0,9) con aquello de lo que forma "
            "parte: quizá sobra.",
            "“Response rate” correlates almost entirely (0.9101, more than 0.9) with what it is a part of: "
            "it may be redundant.",
        ),
        (
            AuditRemark("low_alpha", None, 0.5),
            "El alfa de Cronbach del índice es 0,5, menos de 0,7: sus partes no miden lo mismo.",
            "Cronbach's alpha of the index is 0.5, less than 0.7: its parts do not measure the same.",
        ),
        (
            AuditRemark("low_alpha", "D6", 0.699),
            "El alfa de Cronbach de «Aprendizaje de buenas prácticas» es 0,699, menos de 0,7: sus partes no miden "
            "lo mismo.",
            "Cronbach's alpha of “Learning from good practice” is 0.699, less than 0.7: its parts do not measure "
            "the same.",
        ),
    ],
)
def test_remarks(found: AuditRemark, spanish: str, english: str) -> None:
    assert describe_remark(found, METHODOLOGY, "es") == spanish
    assert describe_remark(found, METHODOLOGY, "en") == english
