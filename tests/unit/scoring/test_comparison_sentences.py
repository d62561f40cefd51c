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
            "Su grupo son las organizaciones con puesto de su tipo y tramo (Ayuntamiento, P2): 1.234.",
            "Its peers are the ranked organisations of its kind and size band (Municipality, P2): 1,234.",
        ),
        (
            PeerGroup("kind", ("MUN",), None, 12),
            "Su grupo son las organizaciones con puesto de su tipo (Ayuntamiento): 12.",
            "Its peers are the ranked organisations of its kind (Municipality): 12.",
        ),
        (
            PeerGroup("band_scale", ("MUN", "PRO", "SUP"), None, 13),
            "Su grupo son las organizaciones con puesto que se miden en su misma escala de tramos: 13.",
            "Its peers are the ranked organisations that are measured on its scale of size bands: 13.",
        ),
        (
            PeerGroup("all", None, None, 4),
            "Su grupo son todas las organizaciones con puesto: 4.",
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
    ("score", "standing", "median", "spanish", "english"),
    [
        (
            61.6,
            RankPosition(3, 1_210, 1_213, 99_79),
            44,
            "Con 61,60 está por encima de 1.210 de las otras 1.212; la mediana es 44,00.",
            "With 61.60 it is above 1,210 of the 1,212 others; the median is 44.00.",
        ),
        (
            61.6,
            RankPosition(1, 1, 2, None),
            61,
            "Con 61,60 está por encima de la otra; la mediana es 61,00.",
            "With 61.60 it is above the other; the median is 61.00.",
        ),
        (
            61.6,
            RankPosition(1, 0, 2, None),
            61.6,
            "Con 61,60 no está por encima de la otra; la mediana es 61,60.",
            "With 61.60 it is not above the other; the median is 61.60.",
        ),
        (
            61.6,
            RankPosition(9, 0, 9, None),
            70,
            "Con 61,60 no está por encima de ninguna de las otras 8; la mediana es 70,00.",
            "With 61.60 it is above none of the 8 others; the median is 70.00.",
        ),
        (
            61.6,
            RankPosition(1, 0, 1, None),
            61.6,
            "Con 61,60 es la única de su grupo.",
            "With 61.60 it is the only one of its group.",
        ),
        (
            61.6,
            None,
            44,
            "61,60, sin puesto; la mediana de su grupo es 44,00.",
            "61.60, unranked; the median of its group is 44.00.",
        ),
        (
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
            "61,60; nadie más de su grupo tiene puntuación.",
            "61.60; nobody else of its group has a score.",
        ),
        (
            None,
            None,
            None,
            "Ni la organización ni su grupo tienen puntuación.",
            "Neither the organisation nor its group has a score.",
        ),
    ],
)
def test_figures_beside_those_of_the_group(
    score: float | None, standing: RankPosition | None, median: float | None, spanish: str, english: str
) -> None:
    assert describe_peer_figure(score, standing, median, 2, "es") == spanish
    assert describe_peer_figure(score, standing, median, 2, "en") == english


@pytest.mark.parametrize(
    ("language", "rank", "level", "expected"),
    [
        (
            "en",
            (9, 1_012),
            (3, 0.913),
            "In nine of ten draws its rank lies between 9 and 1,012; its level is 3 in 91.3\u00a0%.",
        ),
        (
            "es",
            (9, 1_012),
            (3, 1.0),
            "En nueve de cada diez pruebas al azar su puesto está entre el 9 y el 1.012; "
            "su nivel es el 3 en el 100\u00a0%.",
        ),
        ("en", (1, 1), (5, 1.0), "In nine of ten draws its rank is 1; its level is 5 in 100\u00a0%."),
        (
            "es",
            None,
            (2, 0.5),
            "En nueve de cada diez pruebas al azar su índice está entre 40,00 y 41,25; "
            "su nivel es el 2 en el 50\u00a0%.",
        ),
        ("en", None, None, "In nine of ten draws its index lies between 40.00 and 41.25."),
    ],
)
def test_robustness(
    language: Language, rank: tuple[int, int] | None, level: tuple[int, float] | None, expected: str
) -> None:
    assert describe_robustness(rank, (40, 41.25), level, 2, language) == expected


def test_an_index_that_is_the_same_in_every_draw() -> None:
    assert (
        describe_robustness(None, (40, 40), None, 2, "es")
        == "En nueve de cada diez pruebas al azar su índice es 40,00."
    )


@pytest.mark.parametrize(
    ("found", "spanish", "english"),
    [
        (
            AuditRemark("negative_correlation", "D6", -0.125),
            "Aprendizaje de buenas prácticas (D6) se correlaciona negativamente (-0,125) con aquello de lo que forma "
            "parte.",
            "Learning from good practice (D6) correlates negatively (-0.125) with what it is a part of.",
        ),
        (
            AuditRemark("weak_correlation", "D9.01", 0.2),
            "Tasa de respuesta (D9.01) apenas se correlaciona (0,2, menos de 0,3) con aquello de lo que forma parte: "
            "dice otra cosa.",
            "Response rate (D9.01) hardly correlates (0.2, less than 0.3) with what it is a part of: "
            "it says something else.",
        ),
        (
            AuditRemark("high_correlation", "D9.01", 0.9101),
            "Tasa de respuesta (D9.01) se correlaciona casi del todo (0,9101, más de 0,9) con aquello de lo que forma "
            "parte: quizá sobra.",
            "Response rate (D9.01) correlates almost entirely (0.9101, more than 0.9) with what it is a part of: "
            "it may be redundant.",
        ),
        (
            AuditRemark("low_alpha", None, 0.5),
            "El alfa de Cronbach del índice es 0,5, menos de 0,7: sus partes no miden lo mismo.",
            "Cronbach's alpha of the index is 0.5, less than 0.7: its parts do not measure the same.",
        ),
        (
            AuditRemark("low_alpha", "D6", 0.699),
            "El alfa de Cronbach de Aprendizaje de buenas prácticas (D6) es 0,699, menos de 0,7: sus partes no miden "
            "lo mismo.",
            "Cronbach's alpha of Learning from good practice (D6) is 0.699, less than 0.7: its parts do not measure "
            "the same.",
        ),
    ],
)
def test_remarks(found: AuditRemark, spanish: str, english: str) -> None:
    assert describe_remark(found, METHODOLOGY, "es") == spanish
    assert describe_remark(found, METHODOLOGY, "en") == english
