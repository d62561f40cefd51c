"""Sentences in Spanish and English about flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.narration import words
from actitud_api.resources.assessments.evidence import REUSE_LIMIT
from actitud_api.resources.reviews.deviations import DEVIATION_LIMIT
from actitud_api.resources.reviews.flagging import FlagKind

_SENTENCES: Final[Mapping[Language, Mapping[FlagKind, str]]] = table(
    es={
        "outlier": (
            "{indicator} vale {value}; la mediana de las {organisations} entidades comparables es {median}, y {far} "
            "desviaciones absolutas medianas son {reach}."
        ),
        "growth": "La cuenta con más seguidores tenía {before} en la edición anterior y ahora tiene {now}.",
        "document_reused": "El mismo documento, {url}, sirve de evidencia a {indicators} indicadores, más de {most}.",
        "document_shared": "El documento {url} lo citan {organisations} organizaciones.",
    },
    en={
        "outlier": (
            "{indicator} is {value}; the median of the {organisations} comparable bodies is {median}, and {far} median "
            "absolute deviations are {reach}."
        ),
        "growth": "The account with most followers had {before} in the edition before, and has {now} now.",
        "document_reused": "The same document, {url}, is evidence of {indicators} indicators, more than {most}.",
        "document_shared": "{organisations} organisations name the document {url}.",
    },
)


def format_flag(
    kind: FlagKind, indicator: str | None, facts: Mapping[str, int | float | str], language: Language
) -> str:
    """Return the sentence that describes a flag, in one language.

    `indicator` is the id of the indicator that the flag is about, None if there is none. `facts` are the values for
    the sentence, by name, such as the value and the median of the peers.
    """
    values = {
        name: value if isinstance(value, str) else words.format_number(value, language) for name, value in facts.items()
    }
    deviation = facts.get("deviation", 0)
    assert not isinstance(deviation, str)
    reach = words.format_number(DEVIATION_LIMIT * deviation, language)
    return _SENTENCES[language][kind].format(
        **values, indicator=indicator, far=DEVIATION_LIMIT, reach=reach, most=REUSE_LIMIT
    )
