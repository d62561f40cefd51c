"""Stand-in texts for a methodology document that comes without texts: each id serves as its own name."""

from __future__ import annotations

from typing import Final

from msgspec import UNSET, structs

from actitud_api.engine.i18n import WRITTEN, InLanguages, Language, table
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    ArticleText,
    Document,
    Indicator,
    IndicatorText,
    LevelText,
    MethodologyTexts,
    NamedText,
    PrincipleText,
    ProfileText,
    SourceText,
)
from actitud_api.engine.methodology.predicates import name_derived_count, walk_groups, walk_indicators

_WORDS: Final[dict[Language, dict[str, str]]] = table(
    # The doubled braces survive this formatting: the sentence of a next step fills in `{from}` and `{to}` later.
    es={"level": "nivel {number}", "step": "{name}: de {{from}} a {{to}}"},
    en={"level": "level {number}", "step": "{name}: from {{from}} to {{to}}"},
)


def fill_missing_texts(methodology: Methodology) -> Methodology:
    """Return a copy of the methodology in which ids serve as names in Spanish and English where texts are missing."""
    missing = {
        language: _build_id_texts(methodology.document, language)
        for language in WRITTEN
        if language not in methodology.texts
    }
    digests = {language: compute_digest(text) for language, text in missing.items()}
    return structs.replace(
        methodology,
        texts=InLanguages({**methodology.texts, **missing}),
        text_digests=InLanguages({**methodology.text_digests, **digests}),
    )


def _build_id_texts(document: Document, language: Language) -> MethodologyTexts:
    """Build the texts of a methodology from its document alone.

    The name or label of each thing is its id. Texts that explain a thing, such as descriptions and notes, are
    empty.
    """
    answered = document.answers
    return MethodologyTexts(
        language=language,
        title=document.version,
        note="",
        groups={group.id: NamedText(name=group.id) for group in walk_groups(document.root)},
        indicators={
            indicator.id: _build_indicator_text(indicator, language) for indicator in walk_indicators(document.root)
        },
        profile={
            field.name: ProfileText(
                label=field.name, description="", unit="", values={value: value for value in field.values}
            )
            for field in document.profile
        },
        rules={rule.id: rule.id for rule in document.rules},
        gates={gate.id: gate.id for level in document.levels for gate in level.gates},
        levels={
            str(level.number): LevelText(name=_WORDS[language]["level"].format(number=level.number), meaning="")
            for level in document.levels
        },
        windows={window: window for window in document.windows},
        organisation_types={kind.code: kind.code for kind in document.organisation_types},
        calendar={step.id: step.id for step in document.calendar},
        principles={name: PrincipleText(name=name, text="") for name in document.principles},
        article=ArticleText(
            bullets={key: key for key in answered.bullets},
            functions={key: key for key in answered.functions},
            comments={key: key for key in answered.comments},
            ideas={key: key for key in answered.ideas},
        ),
        sources={key: SourceText(read="", used_for="") for key in document.sources},
        sources_not_found=(),
        integrity="",
        peer_groups=(),
        pillars={name: NamedText(name=name) for name in document.pillars} or UNSET,
    )


def _build_indicator_text(indicator: Indicator, language: Language) -> IndicatorText:
    facts = [fact.name for fact in indicator.facts]
    facts += [name_derived_count(fact.name) for fact in indicator.facts if fact.type == "components"]
    levels = len(indicator.curve.goalposts)
    return IndicatorText(
        name=indicator.id,
        question=indicator.id,
        unit="",
        evidence="",
        anti_gaming="",
        applies="",
        basis="",
        seed="",
        action=indicator.id,
        facts={name: name for name in facts},
        step=None if indicator.step is None else _WORDS[language]["step"].format(name=indicator.id),
        ladder=tuple(map(str, range(levels))) if indicator.curve.kind == "ladder" else (),
        components={component: component for component in indicator.components},
    )
