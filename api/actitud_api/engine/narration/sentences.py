"""Sentences about a score: reasons, next steps, findings and gates, with their figures."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache, lru_cache
from typing import Final, Literal, TypeAlias

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.methodology.checks.document import MAX_FACT_DECIMALS
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    AnswerOperand,
    Compare,
    ComponentOperand,
    Constant,
    Document,
    Indicator,
    LowerBoundOperand,
    Maximum,
    MethodologyTexts,
    Minimum,
    Operand,
    Predicate,
    Product,
    ProfileOperand,
    Rule,
    Scalar,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import walk_groups, walk_indicators, walk_operand_parts, walk_operands
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.result import (
    BlockingGate,
    Estimate,
    Figure,
    Finding,
    IndicatorScore,
    Interval,
    LevelDetails,
    MainReason,
    NextStep,
    PassedGoalpost,
    PillarScore,
    ReasonParameters,
    StepKind,
)

_REASONS: dict[Language, dict[str, str]] = table(
    en={
        "value": "value: {value}",
        "full": "{facts}. It reaches full marks.",
        "between": "Between {x0}, which scores {s0}, and {x1}, which scores {s1}",
        "partial_between": "{facts}. {between}: {score} of {most}.",
        "partial_at": "{facts}. It scores {score} of {most}.",
        "zero": "{facts}. It scores {least} of {most}.",
        "no_value": "{facts}. With a denominator of 0 there is no value: it scores {least}.",
        "zero_by_rule": "It scores {least} because {cause}.",
        "capped": "{facts}. It would score {uncapped}, but it is only declared, without evidence: at most {cap}.",
        "capped_by_review": "{facts}. It would score {uncapped}, but review lowered it from step {sent}.",
        "lowered": " Review lowered it from step {sent}.",
        "contradicted": "It scores {least} because what was sent does not add up. {rules}",
        "unsupported": "It scores {least} until {missing} is answered, which it depends on. {rules}",
        "unsupported_itself": "Not answered, and other answers depend on it: it counts {least} in the index. {rules}",
        "unknown": "Not answered: {effect}.",
        "unknown_zero_rule": "{Effect} until {missing} is answered, which it depends on.",
        "unknown_fields": "{Effect}. By the profile ({cause}) it would not apply, but {fields} has no evidence.",
        "withdrawn": "The answer was withdrawn: {effect}.",
        "rejected": "The answer was rejected in review: {effect}.",
        "stale": "The document is not of the period that is measured, so it does not count: {effect}.",
        "not_applicable": "It applies only if {needed}.",
        "not_applicable_scope": "It applies only {needed}.",
        "shared": " Its weight is shared by the others.",
        "effect_zero": "it counts {least} in the index",
        "effect_leave": "it does not count, and its weight is shared by the others",
        "effect_left_out": "it does not count",
        "effect_void": "“{group}” is left without a score",
        "Effect_zero": "It counts {least}",
        "Effect_leave": "It does not count",
        "Effect_void": "“{group}” is left without a score",
    },
    es={
        "value": "valor: {value}",
        "full": "{facts}. Obtiene la puntuación máxima.",
        "between": "Entre {x0}, que puntúa {s0}, y {x1}, que puntúa {s1}",
        "partial_between": "{facts}. {between}: {score} de {most}.",
        "partial_at": "{facts}. Puntúa {score} de {most}.",
        "zero": "{facts}. Puntúa {least} de {most}.",
        "no_value": "{facts}. Con un denominador de 0 no hay valor: puntúa {least}.",
        "zero_by_rule": "Puntúa {least} porque {cause}.",
        "capped": "{facts}. Puntuaría {uncapped}, pero solo está declarado, sin evidencia: como máximo {cap}.",
        "capped_by_review": "{facts}. Puntuaría {uncapped}, pero la revisión lo bajó del paso {sent}.",
        "lowered": " La revisión lo bajó del paso {sent}.",
        "contradicted": "Puntúa {least} porque lo enviado no cuadra. {rules}",
        "unsupported": "Puntúa {least} hasta que se responda a {missing}, de lo que depende. {rules}",
        "unsupported_itself": (
            "Sin responder, y de ello dependen otras respuestas: cuenta {least} en el índice. {rules}"
        ),
        "unknown": "Sin responder: {effect}.",
        "unknown_zero_rule": "{Effect} hasta que se responda a {missing}, de lo que depende.",
        "unknown_fields": "{Effect}. Según el perfil ({cause}) no se aplicaría, pero falta la evidencia de {fields}.",
        "withdrawn": "La respuesta se retiró: {effect}.",
        "rejected": "La respuesta se rechazó en la revisión: {effect}.",
        "stale": "El documento no es del periodo que se mide y por eso no vale: {effect}.",
        "not_applicable": "Solo se aplica si {needed}.",
        "not_applicable_scope": "Solo se aplica {needed}.",
        "shared": " Su peso se reparte entre los demás.",
        "effect_zero": "cuenta {least} en el índice",
        "effect_leave": "no cuenta, y su peso se reparte entre los demás",
        "effect_left_out": "no cuenta",
        "effect_void": "«{group}» se queda sin puntuación",
        "Effect_zero": "Cuenta {least}",
        "Effect_leave": "No cuenta",
        "Effect_void": "«{group}» se queda sin puntuación",
    },
)
_STEPS: dict[Language, dict[str, str]] = table(
    en={
        "level": "Move up to step {to}: “{text}”",
        "boolean": "Get to answer yes to “{question}”",
        "checklist": "Add what is missing: {missing}",
        "gain": "That brings {gain} of the index",
        "evidence": "Attach the evidence: {evidence}",
        "evidence_too": "Attach the evidence as well, since without it the score stays at {cap}",
        "evidence_rest": "Without evidence the score stops at {cap}; with it, the rest comes",
        "fields": "Attach the evidence of the profile data: {fields}",
        "report": "Answer it: “{question}”",
        "report_first": "Answer {missing} first",
        "renew": "Answer it again with valid evidence: “{question}”",
        "correct": "Correct what does not add up: {facts}",
        "unlock": "Change first what keeps it at {least}: {cause}",
        "gain_max": "It can bring up to {gain} of the index",
        "requires": "Also bring these data up to date: {facts}",
    },
    es={
        "level": "Subir al paso {to}: «{text}»",
        "boolean": "Poder responder que sí a «{question}»",
        "checklist": "Añadir lo que falta: {missing}",
        "gain": "Eso suma {gain} del índice",
        "evidence": "Aportar la evidencia: {evidence}",
        "evidence_too": "Aportar además la evidencia, porque sin ella la puntuación se queda en {cap}",
        "evidence_rest": "Sin evidencia la puntuación se queda en {cap}; con ella llega el resto",
        "fields": "Aportar la evidencia de los datos del perfil: {fields}",
        "report": "Responder: «{question}»",
        "report_first": "Responder primero a {missing}",
        "renew": "Volver a responder con una evidencia válida: «{question}»",
        "correct": "Corregir lo que no cuadra: {facts}",
        "unlock": "Cambiar primero lo que lo deja en {least}: {cause}",
        "gain_max": "Puede sumar hasta {gain} del índice",
        "requires": "Actualizar también estos datos: {facts}",
    },
)
_FINDINGS: dict[Language, dict[str, str]] = table(
    en={
        "error": "This does not add up: {facts}. {rule}",
        "warning": "Worth checking: {facts}. {rule}",
        "zero": "Until it is corrected, {indicators} scores 0.",
        "zeros": "Until it is corrected, {indicators} score 0.",
        "missing": "Answer {missing} first.",
        "pillar": "{name}: {score} of {full}. It holds {share} of the points.",
        "pillar_none": "{name}: nothing of it applies.",
        "estimate": (
            "An estimate: under methodology {of} the index would be about {index}, and with {confidence} confidence "
            "between {lower} and {upper}."
        ),
        "gate": "{gate}: here {actual}, {distance} short.",
        "gate_one": "{gate}: here {actual}, {distance} short.",
        "gate_share": "{gate}: here {actual}, {distance} percentage points short.",
        "gate_share_one": "{gate}: here {actual}, {distance} percentage point short.",
        "gate_actual": "{gate}: here {actual}.",
        "gate_absent": "{gate}: here there is no documented value.",
        "gate_declared": "{gate}: here no value is documented; attach a document to the answer, or have it assessed.",
        "gate_unanswered": "{gate}: here there is no documented value; answer what is missing first.",
        "gate_contradicted": "{gate}: here no value counts; correct first what does not add up.",
        "gate_zero": "{gate}: here no value counts; change first what keeps it at 0.",
        "main": "{name}: loses {lost} of the index.",
        "point": "{figure} point",
        "points": "{figure} points",
        "max_level": "Review allows no level above {level}.",
        "interval": "Of {n}: with 95\u00a0% confidence the share is between {low} and {high}{index}.",
        "interval_index": ", and the index between {low} and {high}",
    },
    es={
        "error": "No cuadra: {facts}. {rule}",
        "warning": "Conviene revisarlo: {facts}. {rule}",
        "zero": "Hasta que se corrija, {indicators} puntúa 0.",
        "zeros": "Hasta que se corrija, {indicators} puntúan 0.",
        "missing": "Responda primero a {missing}.",
        "pillar": "{name}: {score} de {full}. Reúne el {share} de los puntos.",
        "pillar_none": "{name}: no se aplica nada de lo que reúne.",
        "estimate": (
            "Una estimación: con la metodología {of} el índice sería más o menos {index}, y con un {confidence} de "
            "confianza estaría entre {lower} y {upper}."
        ),
        "gate": "{gate}: aquí {actual}; faltan {distance}.",
        "gate_one": "{gate}: aquí {actual}; falta {distance}.",
        "gate_share": "{gate}: aquí {actual}; faltan {distance} puntos porcentuales.",
        "gate_share_one": "{gate}: aquí {actual}; falta {distance} punto porcentual.",
        "gate_actual": "{gate}: aquí {actual}.",
        "gate_absent": "{gate}: aquí no hay un valor documentado.",
        "gate_declared": "{gate}: aquí falta un documento; adjúntelo a la respuesta o pida evaluarla.",
        "gate_unanswered": "{gate}: aquí no hay un valor documentado; responda primero a lo que falta.",
        "gate_contradicted": "{gate}: aquí no vale ningún valor; corrija primero lo que no cuadra.",
        "gate_zero": "{gate}: aquí no vale ningún valor; cambie primero lo que lo deja en 0.",
        "main": "{name}: pierde {lost} del índice.",
        "point": "{figure} punto",
        "points": "{figure} puntos",
        "max_level": "La revisión no admite un nivel por encima del {level}.",
        "interval": "De {n}: con un 95\u00a0% de confianza la proporción está entre {low} y {high}{index}.",
        "interval_index": ", y el índice entre {low} y {high}",
    },
)


def get_sentences(methodology: Methodology, language: Language) -> Sentences:
    """Return the writer of sentences about scores under a methodology, in a language.

    The writer is built once and cached by the digests of the methodology document and of its texts.
    """
    key = (methodology.digest, methodology.text_digests[language])
    sentences = _cache.get(key)
    if sentences is None:
        sentences = _cache[key] = Sentences(methodology, language)
    return sentences


_FEW_VALUED: Final = frozenset({"level", "boolean", "count"})
"""Types of indicators whose answers are few, so that sentences about them are the same in many scores."""

_ReadFacts: TypeAlias = tuple[tuple[str, FactValue | str | None], ...]
"""Names and values of the facts that a condition reads, as a key of a cache."""


class Sentences:
    """Writer of the sentences about scores under one methodology in one language."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        self._document: Document = methodology.document
        self._texts: MethodologyTexts = methodology.texts[language]
        self._language: Language = self._texts.language
        self._indicators = {indicator.id: indicator for indicator in walk_indicators(methodology.document.root)}
        self._shares = frozenset(name for name, known in self._indicators.items() if words.is_share(known))
        self._rules: dict[str, Rule] = {rule.id: rule for rule in methodology.document.rules}
        self._parents = {
            child.id: group for group in walk_groups(methodology.document.root) for child in group.children
        }
        self._gates = {gate.id: gate for level in methodology.document.levels for gate in level.gates}
        # Cached without a limit: these sentences depend on the methodology alone, so they are as few as its texts.
        self.describe_rule = cache(self._compose_rule)
        self.describe_gate_requirement = cache(self._compose_gate_rule)
        self._describe_segment = cache(self._compose_segment)
        self._get_labels = cache(self._collect_labels)
        self._get_range = cache(self._format_range)
        self._describe_answer = cache(self._compose_answer)
        self._describe_target_level = cache(self._compose_target_level)
        self._order_facts = cache(self._sort_facts)
        # Many indicators share a condition, such as a least population. By each, the first indicator that has the same:
        # to look up by the condition itself takes half as long as to write the sentence.
        scopes: dict[Predicate, str] = {}
        zero_rules: dict[Predicate, str] = {}
        self._same_scope = {name: scopes.setdefault(one.applies, name) for name, one in self._indicators.items()}
        self._same_zero_rule = {
            name: zero_rules.setdefault(one.zero_when, name) for name, one in self._indicators.items()
        }
        # Bounded: they depend on facts too.
        self._describe_scope = lru_cache(4096)(self._compose_scope)
        self._describe_zero_rule = lru_cache(4096)(self._compose_zero_rule)
        self._describe_repeated = lru_cache(1024)(self._compose_observed)
        self._describe_repeated_step = lru_cache(4096)(self._compose_step)
        self._find_labels = lru_cache(1024)(self._collect_rule_labels)

    @property
    def language(self) -> Language:
        """Language of the sentences: the requested language, or Spanish if the methodology has no texts in it."""
        return self._language

    def name_group(self, group: str) -> str:
        """Return the name of the group with the id `group`."""
        return self._texts.groups[group].name

    def name_indicator(self, indicator: str) -> str:
        """Return the name of the indicator with the id `indicator`."""
        return self._texts.indicators[indicator].name

    def name_pillar(self, pillar: str) -> str:
        """Return the name of the pillar with the id `pillar`."""
        return words.name_pillar(pillar, self._texts)

    def describe_pillar(self, pillar: PillarScore) -> str:
        """Describe the score of a pillar, and the share of all points of the index that its indicators hold."""
        templates, name = _FINDINGS[self._language], self.name_pillar(pillar.id)
        share = words.format_share(pillar.share, self._language)
        if pillar.score is None:
            return templates["pillar_none"].format(name=name)
        return templates["pillar"].format(
            name=name,
            score=self._format_score(pillar.score),
            full=words.format_number(self._document.root.range.maximum, self._language),
            share=share,
        )

    def describe_estimate(self, estimate: Estimate) -> str:
        """Describe the estimate of the index under another methodology version, with its margin of error."""
        return _FINDINGS[self._language]["estimate"].format(
            of=estimate.of,
            confidence=words.format_share(estimate.confidence, self._language),
            index=words.format_number(estimate.index, self._language),
            lower=words.format_number(estimate.lower, self._language),
            upper=words.format_number(estimate.upper, self._language),
        )

    def name_level(self, level: int | None) -> str | None:
        """Return the name of the level with the number `level`; None if `level` is None."""
        return None if level is None else self._texts.levels[str(level)].name

    def describe_level_cap(self, level: int | None, details: LevelDetails) -> str | None:
        """Describe the limit that a review sets to the level, if this limit alone prevents a higher level.

        Return None if no review limits the level, if a gate blocks the next level too, or if the level is the highest.
        """
        is_capped = level is not None and level == details.max_level and not details.blocked_by
        if not is_capped or level == len(self._document.levels):
            return None
        return _FINDINGS[self._language]["max_level"].format(level=level)

    def describe_reason(self, scored: IndicatorScore) -> str:
        """Describe the reason why an indicator has its score, or the reason why it has no score."""
        indicator, parameters = self._indicators[scored.id], scored.reason.parameters
        templates, code = _REASONS[self._language], scored.reason.code
        if code in ("full", "partial", "zero", "capped"):
            return self._describe_observed(indicator, scored)
        least = words.format_number(indicator.range.minimum, self._language)
        if code == "zero_by_rule":
            return templates[code].format(cause=self._describe_cause(indicator, parameters), least=least)
        if code == "not_applicable":
            sentence = self._describe_scope(self._same_scope[scored.id], tuple(parameters.facts.items()))
            return sentence + (templates["shared"] if self._shares_weight(indicator) else "")
        effects = self._describe_effects(indicator)
        if code == "unknown" and parameters.fields:
            cause = words.join_list(
                [
                    f"{self._texts.profile[name].label}: {words.format_fact(parameters.facts[name], self._language)}"
                    for name in self._order_facts(indicator.id, tuple(parameters.facts))
                ],
                self._language,
            )
            return templates["unknown_fields"].format(
                cause=cause, fields=self.list_fields(parameters.fields), **effects
            )
        if code == "unknown" and parameters.missing:
            return templates["unknown_zero_rule"].format(missing=self.list_indicators(parameters.missing), **effects)
        itself = code == "unsupported" and not parameters.missing
        return templates["unsupported_itself" if itself else code].format(
            rules=self._list_rules(parameters.rules),
            missing=self.list_indicators(parameters.missing),
            least=least,
            **effects,
        )

    def _describe_observed(self, indicator: Indicator, scored: IndicatorScore) -> str:
        """Describe the reason for the score of an answered indicator: its facts, and the score that they give."""
        parameters, code = scored.reason.parameters, scored.reason.code
        facts = self._describe_facts(indicator, parameters)
        if scored.value is None:
            least, _ = self._get_range(indicator.id)
            return _REASONS[self._language]["no_value"].format(facts=facts, least=least)
        assert scored.score is not None
        describe = self._describe_repeated if indicator.type in _FEW_VALUED else self._compose_observed
        return describe(
            indicator.id,
            code,
            facts,
            scored.score,
            parameters.between,
            parameters.cap,
            parameters.uncapped,
            parameters.level_sent,
        )

    def _compose_observed(
        self,
        indicator: str,
        code: str,
        facts: str,
        score: Figure,
        between: tuple[PassedGoalpost, ...],
        cap: Figure | None,
        uncapped: Figure | None,
        level_sent: int | None,
    ) -> str:
        """Describe the reason for the score of an answered indicator with a raw value; `facts` is the beginning."""
        templates = _REASONS[self._language]
        least, most = self._get_range(indicator)
        values = {"facts": facts, "least": least, "most": most, "score": self._format_score(score)}
        if level_sent is not None:
            values["sent"] = words.format_number(level_sent, self._language)
        lowered = "" if level_sent is None else templates["lowered"].format(**values)
        if code == "capped":
            assert uncapped is not None
            values["uncapped"] = self._format_score(uncapped)
            if cap is None:
                return templates["capped_by_review"].format(**values)
            return templates["capped"].format(cap=self._format_score(cap), **values) + lowered
        if code == "partial" and len(between) == 2:
            (below, above) = between
            values["between"] = self._describe_segment(indicator, below.x, below.score, above.x, above.score)
            return templates["partial_between"].format(**values)
        return templates["partial_at" if code == "partial" else code].format(**values) + lowered

    def _format_range(self, indicator: str) -> tuple[str, str]:
        """Return the lowest and the highest score that the indicator with the id `indicator` can have, as texts."""
        span = self._indicators[indicator].range
        return words.format_number(span.minimum, self._language), words.format_number(span.maximum, self._language)

    def _compose_segment(self, indicator: str, x0: Figure, s0: Figure, x1: Figure, s1: Figure) -> str:
        """Describe the two goalposts, raw values and their scores, between which a raw value lies."""
        definition = self._indicators[indicator]
        return _REASONS[self._language]["between"].format(
            x0=words.format_value(definition, x0, self._texts),
            s0=words.format_number(s0, self._language),
            x1=words.format_value(definition, x1, self._texts),
            s1=words.format_number(s1, self._language),
        )

    def _describe_effects(self, indicator: Indicator) -> dict[str, str]:
        """Describe what an unknown answer does to the group above: `effect` in a sentence, `Effect` at its start."""
        group, templates = self._parents[indicator.id], _REASONS[self._language]
        values = {
            "least": words.format_number(indicator.range.minimum, self._language),
            "group": self.name_group(group.id),
        }
        effect = "left_out" if group.missing == "leave" and not self._shares_weight(indicator) else group.missing
        return {
            "effect": templates[f"effect_{effect}"].format(**values),
            "Effect": templates[f"Effect_{group.missing}"].format(**values),
        }

    def _shares_weight(self, indicator: Indicator) -> bool:
        """Return True if the other children of its group share the weight of an indicator that does not count."""
        return self._parents[indicator.id].aggregation not in ("sum", "min")

    def _compose_scope(self, indicator: str, read: _ReadFacts) -> str:
        """Describe where an indicator applies, if its condition is false for the facts `read`."""
        templates, facts = _REASONS[self._language], dict(read)
        failing = words.select_deciding(self._indicators[indicator].applies, facts, False)
        narrator = words.PredicateNarrator(self._texts, facts, stated=True)
        scope = narrator.describe_scope(failing)
        if scope is None:
            return templates["not_applicable"].format(needed=narrator.describe(failing))
        return templates["not_applicable_scope"].format(needed=scope)

    def _describe_cause(self, indicator: Indicator, parameters: ReasonParameters) -> str:
        """Describe the part of an indicator's zero rule that is true for the facts in `parameters`."""
        return self._describe_zero_rule(self._same_zero_rule[indicator.id], tuple(parameters.facts.items()))

    def _compose_zero_rule(self, indicator: str, read: _ReadFacts) -> str:
        """Describe the part of an indicator's zero rule that is true for the facts `read`."""
        facts = dict(read)
        condition = words.select_deciding(self._indicators[indicator].zero_when, facts, True)
        return words.PredicateNarrator(self._texts, facts, stated=True).describe(condition)

    def describe_sent_answer(self, indicator: str, facts: Mapping[str, FactValue], value: Figure | bool | None) -> str:
        """Describe an answer as it was sent: its facts, and the raw value of a figure, if there is one."""
        definition = self._indicators[indicator]
        if definition.type in ("level", "boolean"):
            sent = facts["level" if definition.type == "level" else "value"]
            assert not isinstance(sent, tuple)
            return self._describe_answer(indicator, sent)
        return self._list_facts(definition, facts, value)

    def describe_field(self, field: str, value: Scalar | None) -> str:
        """Describe the value of a profile field in words; None is described as not answered."""
        named = self._texts.profile[field].values
        return named[value] if isinstance(value, str) and value in named else words.format_fact(value, self._language)

    def _describe_facts(self, indicator: Indicator, parameters: ReasonParameters) -> str:
        """Describe the facts of an answered indicator and its raw value, as the beginning of a sentence."""
        if indicator.type in ("level", "boolean"):
            assert parameters.value is not None
            return self._describe_answer(indicator.id, parameters.value)
        return self._list_facts(indicator, parameters.facts, parameters.value)

    def _list_facts(
        self, indicator: Indicator, facts: Mapping[str, FactValue | str | None], value: Figure | bool | None
    ) -> str:
        """List the facts of an answer that is neither a level nor a yes or no; the raw value `value` follows them."""
        if indicator.type == "checklist":
            text = self._texts.indicators[indicator.id]
            listed = facts["components"]
            assert isinstance(listed, tuple)
            outside = facts.get("outside_remit")
            outside_count = len(outside) if isinstance(outside, tuple) else 0
            summary = f"{text.facts['count']}: {len(listed)} / {len(indicator.components) - outside_count}"
            if listed:
                summary += f" ({'; '.join(text.components[component] for component in listed)})"
        else:
            labels = self._get_labels(indicator.id)
            summary = "; ".join(
                [
                    f"{labels[name]}: {words.format_fact(facts[name], self._language)}"
                    for name in self._order_facts(indicator.id, tuple(facts))
                ]
            )
            if value is not None and not isinstance(value, bool) and len(facts) > 1:
                raw = words.format_value(indicator, value, self._texts)
                summary += f" ({_REASONS[self._language]['value'].format(value=raw)})"
        return summary[:1].upper() + summary[1:]

    def _compose_answer(self, indicator: str, value: Figure | bool) -> str:
        """Describe the answer `value`, a level or a yes or no, as the beginning of a sentence."""
        definition, labels = self._indicators[indicator], self._texts.indicators[indicator].facts
        raw = words.format_value(definition, value, self._texts)
        text = f"{labels['level']} {raw}" if definition.type == "level" else f"{labels['value']}: {raw}"
        return text[:1].upper() + text[1:]

    def _collect_labels(self, indicator: str) -> dict[str, str]:
        """Map the names of the facts of an indicator, and of all profile fields, to their labels."""
        labels = {name: text.label for name, text in self._texts.profile.items()}
        return labels | self._texts.indicators[indicator].facts

    def _sort_facts(self, indicator: str, names: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of facts in the order of the methodology: those of the indicator first."""
        described = self._indicators[indicator]
        own_facts = [fact.name for fact in described.facts]
        facts_read = _list_fact_names([*walk_operand_parts(described.value), *walk_operands(described.applies)])
        return _sort_by(names, own_facts + facts_read)

    def describe_step(self, scored: IndicatorScore, step: NextStep) -> str:
        """Describe the next step for an indicator, and the index points that the step gains.

        If the step breaks validation rules unless other facts are changed too, the text names these rules.
        """
        is_repeated = step.kind != "improve" or self._indicators[scored.id].type in _FEW_VALUED
        compose = self._describe_repeated_step if is_repeated else self._compose_step
        return compose(
            scored.id,
            tuple(self._list_actions(scored, step)),
            step.kind,
            step.gain,
            step.gain_max,
            scored.lost,
            None if step.needs_evidence else step.cap,
            step.requires,
            tuple(step.change) if step.requires else (),
        )

    def _compose_step(
        self,
        indicator: str,
        actions: tuple[str, ...],
        kind: StepKind,
        gain: Figure | None,
        gain_max: Figure | None,
        lost: Figure | None,
        cap: Figure | None,
        requires: tuple[str, ...],
        changed: tuple[str, ...],
    ) -> str:
        """Describe the next step for an indicator that begins with the sentences `actions`."""
        decimals, sentences = self._document.decimals, [*actions]
        if gain is not None:
            sentences.append(_format_gain("gain", limit_rounding(gain, lost, decimals), decimals, self._language))
        elif gain_max is not None and gain_max >= 0:
            limited = limit_rounding(gain_max, lost, decimals)
            sentences.append(_format_gain("gain_max", limited, decimals, self._language))
        if cap is not None:
            shown = words.format_number(cap, self._language)
            sentences.append(_STEPS[self._language]["evidence_rest"].format(cap=shown))
        if requires:
            sentences += self._list_requirements(requires, {f"{indicator}.{name}" for name in changed}.union(changed))
        return join_sentences(sentences + self._list_advice(indicator, kind))

    def describe_action(self, scored: IndicatorScore, step: NextStep) -> str:
        """Describe the change of an answer in the next step for an indicator, without its gain and broken rules."""
        return join_sentences(self._list_actions(scored, step) + self._list_advice(scored.id, step.kind))

    def _list_actions(self, scored: IndicatorScore, step: NextStep) -> list[str]:
        """List the sentences that say what changes in a step."""
        indicator = self._indicators[scored.id]
        parameters, templates = scored.reason.parameters, _STEPS[self._language]
        match step.kind:
            case "improve":
                actions = [self._describe_improvement(indicator, parameters.facts, step.change)]
                if step.needs_evidence:
                    cap = "" if step.cap is None else words.format_number(step.cap, self._language)
                    actions.append(templates["evidence_too"].format(cap=cap))
                return actions
            case "evidence" if parameters.fields:
                return [templates["fields"].format(fields=self.list_fields(parameters.fields))]
            case "evidence":
                return [self._describe_evidence(scored.id)]
            case "report" if parameters.missing:
                return [templates["report_first"].format(missing=self.list_indicators(parameters.missing))]
            case "report":
                name = "renew" if scored.reason.code in ("rejected", "stale") else "report"
                return [templates[name].format(question=self._get_question(scored.id))]
            case "correct":
                return [templates["correct"].format(facts="; ".join(self._label_facts(parameters.rules)))]
            case "unlock":
                least = words.format_number(indicator.range.minimum, self._language)
                return [templates["unlock"].format(cause=self._describe_cause(indicator, parameters), least=least)]
            case "act":
                return []

    def _get_question(self, indicator: str) -> str:
        """Return the question of an indicator for quotation marks at the end of a sentence: without a full stop."""
        return _strip_full_stop(self._texts.indicators[indicator].question)

    def _list_advice(self, indicator: str, kind: StepKind) -> list[str]:
        """List the sentence of the methodology that says how to improve, if the step is to improve."""
        return [self._get_action(indicator)] if kind in ("improve", "act") else []

    def _get_action(self, indicator: str) -> str:
        """Return the advice of the methodology on an indicator: without a full stop."""
        return _strip_full_stop(self._texts.indicators[indicator].action)

    def _list_requirements(self, rules: tuple[str, ...], changed: Collection[str]) -> list[str]:
        """List the sentence on facts that have to change too, beside those in `changed`, so that `rules` hold."""
        labels = self._label_facts(rules, but=changed)
        return [_STEPS[self._language]["requires"].format(facts="; ".join(labels))] if labels else []

    def _label_facts(self, rules: tuple[str, ...], but: Collection[str] = ()) -> list[str]:
        """List the labels of the facts that rules read, each once, without the facts named in `but`."""
        return list(dict.fromkeys(label for name, label in self._find_labels(rules) if name not in but))

    def _collect_rule_labels(self, rules: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Return the names and labels of the facts that rules read."""
        holding = [self._rules[rule].holds for rule in rules]
        read = _list_fact_names(operand for holds in holding if holds is not None for operand in walk_operands(holds))
        return tuple((name, self._label_fact(name)) for name in read)

    def _list_rules(self, rules: tuple[str, ...]) -> str:
        """Join the texts of rules, each once, into one text."""
        return " ".join(dict.fromkeys(self.describe_rule(rule) for rule in rules))

    def _describe_evidence(self, indicator: str) -> str:
        """Return the sentence that asks for evidence of the answer to an indicator."""
        evidence = words.lower_first(self._texts.indicators[indicator].evidence)
        return _STEPS[self._language]["evidence"].format(evidence=evidence)

    def _describe_improvement(
        self, indicator: Indicator, facts: Mapping[str, FactValue | str | None], change: Mapping[str, FactValue]
    ) -> str:
        """Return the sentence that asks to change one fact of an indicator."""
        text, templates = self._texts.indicators[indicator.id], _STEPS[self._language]
        ((name, after),) = change.items()
        if indicator.type == "level":
            assert isinstance(after, int)
            return self._describe_target_level(indicator.id, after)
        if indicator.type == "boolean":
            return templates["boolean"].format(question=self._get_question(indicator.id))
        if isinstance(after, tuple):
            before = facts[name]
            assert isinstance(before, tuple)
            missing = [text.components[component] for component in after if component not in before]
            return templates["checklist"].format(missing="; ".join(missing))
        before = facts[name]
        assert text.step is not None
        assert isinstance(before, int | float)
        assert isinstance(after, int | float)
        after = _round_beyond(before, after)
        return text.step.format(
            **{
                # A difference of floats may have digits that no fact has.
                "delta": words.format_number(round(abs(after - before), MAX_FACT_DECIMALS), self._language),
                "from": words.format_number(before, self._language),
                "to": words.format_number(after, self._language),
                "of": words.format_fact(_find_base(facts, name), self._language),
            }
        )

    def _compose_target_level(self, indicator: str, level: int) -> str:
        """Return the sentence that asks to move an indicator up to a level of its ladder."""
        text = self._texts.indicators[indicator].ladder[level]
        return _STEPS[self._language]["level"].format(to=level, text=text)

    def describe_interval(self, interval: Interval) -> str:
        """Describe the confidence interval of a share, and the corresponding range of the index if there is one."""
        low = words.format_share(interval.lower, self._language)
        high = words.format_share(interval.upper, self._language)
        if interval.index_lower is None or interval.index_upper is None:
            index = ""
        else:
            index = _FINDINGS[self._language]["interval_index"].format(
                low=self._format_score(interval.index_lower), high=self._format_score(interval.index_upper)
            )
        n = words.format_number(interval.n, self._language)
        return _FINDINGS[self._language]["interval"].format(n=n, low=low, high=high, index=index)

    def describe_finding(self, finding: Finding) -> str:
        """Describe a broken validation rule, what it contradicts, and the answers that could still repair it."""
        templates, sentences = _FINDINGS[self._language], [self.describe_contradiction(finding)]
        if finding.indicators:
            key = "zero" if len(finding.indicators) == 1 else "zeros"
            sentences.append(templates[key].format(indicators=self.list_indicators(finding.indicators)))
        if finding.missing:
            sentences.append(templates["missing"].format(missing=self.list_indicators(finding.missing)))
        return " ".join(sentences)

    def describe_contradiction(self, finding: Finding) -> str:
        """Describe the contradiction of a broken rule: the facts, and the text of the rule."""
        rule, templates = self._rules[finding.rule], _FINDINGS[self._language]
        assert rule.holds is not None
        facts = "; ".join(
            f"{self._label_fact(name)}: {words.format_fact(finding.facts[name], self._language)}"
            for name in _sort_by(finding.facts, _list_fact_names(walk_operands(rule.holds)))
        )
        return templates[finding.severity].format(rule=self.describe_rule(finding.rule), facts=facts)

    def _compose_rule(self, rule: str) -> str:
        """Return the text of a rule; without texts, describe its predicate, unless that reads badly in words."""
        holds, written = self._rules[rule].holds, self._texts.rules[rule]
        if written != rule or holds is None or words.has_product(holds):
            return written
        requirement = words.PredicateNarrator(self._texts, {}, stated=False).describe(holds)
        return join_sentences([requirement[:1].upper() + requirement[1:]])

    def _label_fact(self, name: str) -> str:
        """Return the label of a profile field, or of a fact of an answer, such as `D4.01.level`."""
        if name in self._texts.profile:
            return self._texts.profile[name].label
        indicator, _, fact = name.rpartition(".")
        return words.label_fact(indicator, fact, self._texts)

    def describe_gate(self, blocking: BlockingGate, indicators: Iterable[IndicatorScore] = ()) -> str:
        """Describe a gate (condition for a level) that is not passed: requirement, actual value and their difference.

        If there is no actual value, the sentence says so, and by the reasons of `indicators` also the step to take.
        """
        templates, holds = _FINDINGS[self._language], self._gates[blocking.gate].holds
        gate = self.describe_gate_requirement(blocking.gate)
        if blocking.actual is None:
            return templates[_find_absence(holds, indicators)].format(gate=gate)
        share = isinstance(holds.left, LowerBoundOperand) or (
            isinstance(holds.left, ValueOperand) and holds.left.indicator in self._shares
        )
        if blocking.distance is None or isinstance(blocking.actual, bool | str):
            return templates["gate_actual"].format(gate=gate, actual=words.format_fact(blocking.actual, self._language))
        if share:
            actual = words.format_share(_round_actual(blocking, "0.001"), self._language)
            points = _round_distance(blocking.distance * 100)
            name, distance = (
                "gate_share_one" if points == 1 else "gate_share",
                words.format_number(points, self._language),
            )
            return templates[name].format(gate=gate, actual=actual, distance=distance)
        # A formula may ask for 0.76 of a message more, but only a whole message closes the gap.
        is_count = self._is_count(holds.left)
        short = math.ceil(blocking.distance) if is_count else _round_distance(blocking.distance)
        here = _round_actual(blocking, "0.01")
        actual, distance = (words.format_number(figure, self._language) for figure in (here, short))
        return templates["gate_one" if short == 1 else "gate"].format(gate=gate, actual=actual, distance=distance)

    def _is_count(self, operand: Operand) -> bool:
        """Return True if an operand is made of whole numbers of the profile."""
        match operand:
            case Constant(value=value):
                return isinstance(value, int)
            case ProfileOperand(field=name):
                return any(field.name == name and field.type == "integer" for field in self._document.profile)
            case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
                return all(self._is_count(member) for member in members)
            case _:
                return False

    def _compose_gate_rule(self, gate: str) -> str:
        """Return the text of a gate as the beginning of a sentence; without texts, describe its condition."""
        holds, written = self._gates[gate].holds, self._texts.gates[gate]
        if written != gate:
            return written
        requirement = words.PredicateNarrator(self._texts, {}, stated=False, shares=self._shares).describe(holds)
        return requirement[:1].upper() + requirement[1:]

    def describe_main_reason(self, reason: MainReason) -> str:
        """Describe one of the largest losses of a score: the indicator, and the index points that it loses."""
        return _FINDINGS[self._language]["main"].format(
            name=self.name_indicator(reason.indicator), lost=self._format_points(reason.lost)
        )

    def _format_points(self, figure: float | int) -> str:
        """Format points with their unit, as `0,44 puntos`; the unit is singular only for a 1 without decimals."""
        return _format_points(figure, self._document.decimals, self._language)

    def _format_score(self, figure: float | int) -> str:
        return words.format_score(figure, self._document.decimals, self._language)

    def list_indicators(self, ids: tuple[str, ...]) -> str:
        """Join the names of indicators, in quotation marks, into a list in words."""
        return words.join_list([words.quote(self.name_indicator(name), self._language) for name in ids], self._language)

    def list_fields(self, fields: tuple[str, ...]) -> str:
        """Join the labels of profile fields into a list in words."""
        return words.join_list([self._texts.profile[field].label for field in fields], self._language)


_cache: dict[tuple[str, str], Sentences] = {}


@lru_cache(maxsize=8192)
def _format_points(figure: Figure, decimals: int, language: Language) -> str:
    name = "point" if decimals == 0 and abs(figure) == 1 else "points"
    return _FINDINGS[language][name].format(figure=words.format_score(figure, decimals, language))


@lru_cache(maxsize=8192)
def _format_gain(name: Literal["gain", "gain_max"], figure: Figure, decimals: int, language: Language) -> str:
    return _STEPS[language][name].format(gain=_format_points(figure, decimals, language))


def limit_rounding(gain: Figure, lost: Figure | None, decimals: int) -> Figure:
    """Return the gain of a step, limited to the points `lost` by its indicator.

    Both figures are rounded to `decimals` separately, so a rounded gain may exceed the rounded loss by one unit of the
    last decimal. Only such an excess is cut; any other gain is returned unchanged, also if `lost` is None (unknown).
    """
    if lost is None or not 0 < gain - lost < 1.5 * 10**-decimals:
        return gain
    return lost


def join_sentences(sentences: list[str]) -> str:
    """Join sentences with spaces; add a full stop to each sentence that ends without a full stop or question mark."""
    return " ".join([sentence if sentence.endswith((".", "?")) else f"{sentence}." for sentence in sentences])


def _find_base(facts: Mapping[str, FactValue | str | None], changed_fact: str) -> FactValue | str | None:
    """Return the value of the fact that a changed fact is compared with, such as the total that it is counted of."""
    for name in ("denominator", "base", *facts):
        if name != changed_fact and name in facts:
            return facts[name]
    return None


def _strip_full_stop(text: str) -> str:
    """Return a text without its final full stop, to put it inside a sentence."""
    return text.removesuffix(".")


def _list_fact_names(operands: Iterable[Operand]) -> list[str]:
    """List the names of the facts that operands read; a fact of an answer is named as in `D4.01.level`."""
    names: list[str] = []
    for operand in operands:
        match operand:
            case ProfileOperand(field=field):
                names.append(field)
            case AnswerOperand(indicator=indicator, fact=fact):
                names.append(f"{indicator}.{fact}")
            case ComponentOperand(indicator=indicator, component=component):
                names.append(f"{indicator}.{component}")
    return names


_ABSENCES: Final[dict[str, str]] = {
    "contradicted": "gate_contradicted",
    "zero_by_rule": "gate_zero",
    **dict.fromkeys(("unsupported", "unknown", "withdrawn", "rejected", "stale"), "gate_unanswered"),
    **dict.fromkeys(("full", "partial", "zero", "capped"), "gate_declared"),
}
"""Name of the sentence about a gate without an actual value, by the reason code of the indicator that it reads."""


def _find_absence(holds: Compare, indicators: Iterable[IndicatorScore]) -> str:
    """Find the name of the sentence that says why a gate has no actual value, by the first indicator that tells."""
    read: set[str] = set()
    for part in walk_operand_parts(holds.left):
        match part:
            case ValueOperand(indicator=name):
                read.add(name)
            case LowerBoundOperand(indicators=names):
                read.update(names)
    # Where there are no cases, there is no value to document.
    codes = {
        one.reason.code for one in indicators if one.id in read and (one.value is not None or one.reason.code != "zero")
    }
    return next((name for code, name in _ABSENCES.items() if code in codes), "gate_absent")


def _round_distance(distance: float | int) -> float | int:
    """Round a distance that is not 0 to one decimal, and never to 0."""
    return max(round(distance, 1), 0.1)


def _round_beyond(before: float | int, after: float | int) -> float | int:
    """Round a new number to two decimals, on the side away from the old one."""
    rounding = ROUND_CEILING if after > before else ROUND_FLOOR
    return float(Decimal(str(after)).quantize(Decimal("0.01"), rounding))


def _round_actual(blocking: BlockingGate, digit: str) -> float | int:
    """Round the actual number of a gate that is not passed to a last digit, but never onto the required one."""
    actual, required = blocking.actual, blocking.required
    assert isinstance(actual, int | float)
    assert isinstance(required, int | float)
    exact, limit = Decimal(str(actual)), Decimal(str(required))
    rounded = exact.quantize(Decimal(digit))
    if (rounded < limit) != (exact < limit) or rounded == limit != exact:
        rounded = exact.quantize(Decimal(digit), ROUND_FLOOR if exact < limit else ROUND_CEILING)
    return float(rounded) if rounded % 1 else int(rounded)


def _sort_by(names: Iterable[str], order: Iterable[str]) -> tuple[str, ...]:
    """Return names sorted by their first position in `order`; names that are not in `order` come last."""
    positions = {name: position for position, name in reversed(list(enumerate(order)))}
    return tuple(sorted(names, key=lambda name: positions.get(name, len(positions))))
