"""Sentences about the comparison of organisations (peers, robustness), and about the statistical audit of an index."""

from __future__ import annotations

from typing import Literal

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import bands, words
from actitud_api.engine.scoring.audit import HIGH, RELIABLE, WEAK, AuditRemark, RemarkCode
from actitud_api.engine.scoring.ranking import PeerBasis, PeerGroup, RankPosition

_GROUPS: dict[Language, dict[PeerBasis, str]] = table(
    es={
        "kind_and_band": "Se compara con las organizaciones con puesto de su tipo y tamaño ({kind}, {band}): {count}.",
        "kind": "Se compara con las organizaciones con puesto de su tipo ({kind}): {count}.",
        "band_scale": "Se compara con las organizaciones con puesto cuyo tamaño se mide de la misma manera: {count}.",
        "all": "Se compara con todas las organizaciones con puesto: {count}.",
    },
    en={
        "kind_and_band": "Its peers are those ranked of its kind and size ({kind}, {band}): {count}.",
        "kind": "Its peers are those ranked of its kind ({kind}): {count}.",
        "band_scale": "Its peers are those ranked whose size is measured in the same way: {count}.",
        "all": "Its peers are all ranked organisations: {count}.",
    },
)
_FIGURES: dict[Language, dict[str, str]] = table(
    es={
        "level": "{score} en el nivel {level}",
        "standing": "Con {score} está por encima de {below} de las otras {others}; la mediana es {median}.",
        "above_one": "Con {score} está por encima de la otra; la mediana es {median}.",
        "not_above_one": "Con {score} no está por encima de la otra; la mediana es {median}.",
        "above_none": "Con {score} no está por encima de ninguna de las otras {others}; la mediana es {median}.",
        "alone": "Con {score} es la única de su grupo.",
        "score": "{score}, sin puesto; la mediana de su grupo es {median}.",
        "median": "Sin puntuación; la mediana de su grupo es {median}.",
        "only": "{score}; nadie más de su grupo tiene puntuación.",
        "none": "Ni la organización ni su grupo tienen puntuación.",
        "hidden": "Hasta que se publique la edición no se compara con las demás.",
        "provisional": "La metodología de esta edición solo estima: sus cifras no se comparan con las de nadie.",
    },
    en={
        "level": "{score} at level {level}",
        "standing": "With {score} it is above {below} of the {others} others; the median is {median}.",
        "above_one": "With {score} it is above the other; the median is {median}.",
        "not_above_one": "With {score} it is not above the other; the median is {median}.",
        "above_none": "With {score} it is above none of the {others} others; the median is {median}.",
        "alone": "With {score} it is the only one of its group.",
        "score": "{score}, unranked; the median of its group is {median}.",
        "median": "No score; the median of its group is {median}.",
        "only": "{score}; nobody else of its group has a score.",
        "none": "Neither the organisation nor its group has a score.",
        "hidden": "Until the edition is published it is not compared with the others.",
        "provisional": "The methodology of this edition only estimates: its figures are compared with nobody's.",
    },
)
_ROBUST: dict[Language, dict[str, str]] = table(
    es={
        "rank": "Si mantiene su nivel y varían los pesos, 9 de 10 veces su puesto queda entre el {low} y el {high}",
        "index": "Al variar los pesos al azar, 9 de cada 10 veces su índice queda entre {low} y {high}",
        "same_rank": "Si mantiene su nivel y varían los pesos, 9 de 10 veces su puesto es el {low}",
        "same_index": "Al variar los pesos al azar, 9 de cada 10 veces su índice es {low}",
        "level": "{start}. Con esos pesos, el {share} de las veces el nivel es {level}.",
        "always": "{start}. Con esos pesos el nivel es siempre {level}.",
        "no_level": "{start}.",
    },
    en={
        "rank": "If it keeps its level and weights vary, 9 times of 10 its rank lies between {low} and {high}",
        "index": "With weights varied at random, 9 times of 10 its index lies between {low} and {high}",
        "same_rank": "If it keeps its level and weights vary, 9 times of 10 its rank is {low}",
        "same_index": "With weights varied at random, 9 times of 10 its index is {low}",
        "level": "{start}. With those weights its level is {level} in {share} of the draws.",
        "always": "{start}. With those weights its level is always {level}.",
        "no_level": "{start}.",
    },
)
_REMARKS: dict[Language, dict[RemarkCode, str]] = table(
    es={
        "negative_correlation": "{node} se correlaciona negativamente ({value}) con aquello de lo que forma parte.",
        "weak_correlation": (
            "{node} apenas se correlaciona ({value}, menos de {weak}) con aquello de lo que forma parte: "
            "dice otra cosa."
        ),
        "high_correlation": (
            "{node} se correlaciona casi del todo ({value}, más de {high}) con aquello de lo que forma parte: "
            "quizá sobra."
        ),
        "uneven_weight": (
            "{node} pesa en los resultados {value} veces lo que dice su peso: no cuenta lo que se decidió que contara."
        ),
        "low_alpha": "El alfa de Cronbach {of} es {value}, menos de {reliable}: sus partes no miden lo mismo.",
    },
    en={
        "negative_correlation": "{node} correlates negatively ({value}) with what it is a part of.",
        "weak_correlation": (
            "{node} hardly correlates ({value}, less than {weak}) with what it is a part of: it says something else."
        ),
        "high_correlation": (
            "{node} correlates almost entirely ({value}, more than {high}) with what it is a part of: "
            "it may be redundant."
        ),
        "uneven_weight": (
            "{node} weighs {value} times its stated weight in the results: it does not count as much as was decided."
        ),
        "low_alpha": "Cronbach's alpha {of} is {value}, less than {reliable}: its parts do not measure the same.",
    },
)
_OF: dict[Language, dict[str, str]] = table(
    es={"index": "del índice", "node": "de {}"}, en={"index": "of the index", "node": "of {}"}
)


Withheld = Literal["hidden", "provisional"]
"""Reason why nobody is compared: the edition is not published yet, or its methodology only estimates."""


def find_reason_withheld(methodology: Methodology) -> Withheld:
    """Return the reason why organisations scored under a methodology are not compared with peers.

    It is `provisional` if the methodology only estimates the index of another version. Otherwise it is `hidden`: the
    edition is not published.
    """
    return "provisional" if methodology.document.standing == "provisional" else "hidden"


def describe_peer_group(
    group: PeerGroup | None, kind: str, band: str | None, methodology: Methodology, language: Language
) -> str:
    """Describe the peer group of an organisation.

    `kind` is the kind of the organisation, and `band` its size band (None if its size is not known). If `group` is
    None, the sentence states the reason why there is no comparison: the methodology only estimates the index of another
    version, or the edition is not published.
    """
    if group is None:
        return _FIGURES[language][find_reason_withheld(methodology)]
    kinds = methodology.texts[language].organisation_types
    count = words.format_number(group.organisations, language)
    size = None if band is None else bands.describe_band(methodology.document, band, language)
    return _GROUPS[language][group.basis].format(kind=kinds.get(kind, kind), band=size, count=count)


def describe_peer_figure(
    score: float | None,
    level: int | None,
    standing: RankPosition | None,
    median: float | None,
    decimals: int,
    language: Language,
    *,
    withheld: Withheld | None = None,
) -> str:
    """Describe the rank of one score of an organisation (the index or a dimension) in its peer group, in points.

    Args:
        score: Score of the organisation, None if it has no such score.
        level: Level, which decides the rank before the index; None for a dimension or without a level.
        standing: Rank of the score in the group, None if the organisation is not ranked.
        median: Median of the group, None if no organisation of the group has such a score.
        decimals: Number of decimals to show.
        language: Language of the sentence.
        withheld: Reason why there is no comparison, which is then the only content of the sentence; None to compare.
    """
    if withheld is not None:
        return _FIGURES[language][withheld]
    values = {
        "score": "" if score is None else words.format_score(score, decimals, language),
        "median": "" if median is None else words.format_score(median, decimals, language),
    }
    if level is not None:
        values["score"] = _FIGURES[language]["level"].format(score=values["score"], level=level)
    if standing is not None:
        others = standing.organisations - 1
        values["below"], values["others"] = (
            words.format_number(standing.below, language),
            words.format_number(others, language),
        )
        if others == 1:
            key = "above_one" if standing.below else "not_above_one"
        elif others:
            key = "standing" if standing.below else "above_none"
        else:
            key = "alone"
    elif median is not None:
        key = "median" if score is None else "score"
    else:
        key = "none" if score is None else "only"
    return _FIGURES[language][key].format(**values)


def describe_robustness(
    rank: tuple[int, int] | None,
    index: tuple[float, float],
    level: tuple[int, float] | None,
    decimals: int,
    language: Language,
) -> str:
    """Describe the range of an organisation's rank over the draws of the robustness analysis, and its usual level.

    A draw computes the ranking again with random weights and a random aggregation.

    Args:
        rank: 5th and 95th percentile of the rank over the draws, None if ranks are hidden: the range of the index is
            then described instead.
        index: 5th and 95th percentile of the index over the draws, in points.
        level: Level of most draws, and the share of the draws with this level, 0 to 1; None to mention no level.
        decimals: Number of decimals of the index to show.
        language: Language of the sentence.
    """
    if rank is None:
        key, low, high = "index", *(words.format_score(points, decimals, language) for points in index)
    else:
        key, low, high = "rank", *(words.format_number(bound, language) for bound in rank)
    sentences = _ROBUST[language]
    start = sentences[key if low != high else f"same_{key}"].format(low=low, high=high)
    if level is None:
        return sentences["no_level"].format(start=start)
    template = sentences["always" if level[1] == 1 else "level"]
    return template.format(start=start, level=level[0], share=words.format_share(level[1], language))


def describe_remark(remark: AuditRemark, methodology: Methodology, language: Language) -> str:
    """Describe a remark of the statistical audit of an index: the measured value, and the threshold if there is one."""
    texts = methodology.texts[language]
    node, of = "", _OF[language]["index"]
    if remark.node is not None:
        node_text = texts.groups.get(remark.node) or texts.indicators[remark.node]
        node = words.quote(node_text.name, language)
        of = _OF[language]["node"].format(node)
    value, weak, high, reliable = (
        words.format_number(round(number, 4), language) for number in (remark.value, WEAK, HIGH, RELIABLE)
    )
    return _REMARKS[language][remark.code].format(
        node=node, of=of, value=value, weak=weak, high=high, reliable=reliable
    )
