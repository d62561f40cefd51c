"""The first part of the page of an organisation, its result: its level, the range of its rank, its best case.

These texts are in the language of the page, which a partial catalogue may translate; the details below are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.narrated import NarratedScore
from actitud_api.resources.scores import audits
from actitud_api.resources.scores.service import EditionScore
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.verdict import read_facts

_RANK_RANGE: Final = Texts("aproximadamente entre el {low} y el {high}", "approximately between {low} and {high}")
_LEVEL_RANK: Final = Texts("{rank}.º de los {count} del nivel {level}", "{rank}th of the {count} at level {level}")
_LEVEL_RANKS: Final = {
    1: Texts("{rank}.º de los {count} del nivel {level}", "{rank}st of the {count} at level {level}"),
    2: Texts("{rank}.º de los {count} del nivel {level}", "{rank}nd of the {count} at level {level}"),
    3: Texts("{rank}.º de los {count} del nivel {level}", "{rank}rd of the {count} at level {level}"),
}
_ALONE: Final = Texts("la única del nivel {level}", "the only one at level {level}")
_LEVEL_OF: Final = Texts("{level} de {levels}: {name}", "{level} of {levels}: {name}")
_LEVEL: Final = Texts("{level}, {name}", "{level}, {name}")
_START_MEANING: Final = Texts("todavía sin ninguna cuenta activa", "no active account yet")
_AT_BEST: Final = Texts(
    "Si lo que falta por responder le fuera favorable, llegaría a {points}.",
    "If all that is not answered were in its favour, it would reach {points}.",
)


class LevelLabel(Struct, frozen=True, kw_only=True):
    """The level of an organisation as texts; `remark` says why it is provisional, None if it is final."""

    name: str
    short: str
    meaning: str
    pips: tuple[int, int]
    remark: str | None


def describe_level(
    score: NarratedScore, edition_score: EditionScore, methodology: Methodology, names: Names
) -> LevelLabel | None:
    """Describe the level of an organisation; return None if the organisation has no level."""
    if score.level is None or score.level_details.name is None:
        return None
    levels, language = methodology.document.levels, names.language
    name, meaning = names.translate_name(score.level_details.name), names.explain_level(score.level)
    if score.level == levels[0].number and read_facts(score, edition_score.submission.profile).has_account is False:
        meaning = _START_MEANING.into(language)
    remark = None
    if score.level_details.provisional:
        name = names.mark_provisional(name)
        remark = names.explain_provisional(score.level)
    return LevelLabel(
        name=_LEVEL_OF.into(language).format(level=score.level, levels=len(levels), name=name),
        short=_LEVEL.into(language).format(level=score.level, name=name),
        meaning=meaning,
        pips=(score.level, len(levels)),
        remark=remark,
    )


def describe_best(score: NarratedScore, names: Names) -> str | None:
    """Describe the index with every unknown answer at its best; None if it equals the index in whole points."""
    if score.index is None or score.index_max is None:
        return None
    best = words.format_score(score.index_max, 0, names.language)
    if best == words.format_score(score.index, 0, names.language):
        return None
    return _AT_BEST.into(names.language).format(points=best)


def describe_level_rank(rank: int, level: int | None, counts: Mapping[int | None, int], names: Names) -> str | None:
    """Describe the rank among the organisations of its level, of which `counts` has the numbers; None without level."""
    if level is None:
        return None
    own, count = rank - sum(number for other, number in counts.items() if other and other > level), counts[level]
    text = _LEVEL_RANK if own // 10 % 10 == 1 else _LEVEL_RANKS.get(own % 10, _LEVEL_RANK)
    text = _ALONE if count == 1 else text
    figures = {"rank": names.format_count(own), "count": names.format_count(count)}
    return text.into(names.language).format(**figures, level=level)


def describe_rank_range(drawn: audits.OrganisationRobustness, names: Names) -> str | None:
    """Describe the range of an organisation's rank within its level over random draws; None if it does not vary."""
    if drawn.rank is None or drawn.rank[0] == drawn.rank[2]:
        return None
    low, high = names.format_count(drawn.rank[0]), names.format_count(drawn.rank[2])
    return _RANK_RANGE.into(names.language).format(low=low, high=high)
