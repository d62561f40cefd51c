"""The sentences of a score: reasons, next steps, findings, gates, built from its real numbers."""

from __future__ import annotations

import re

from actitud_api.methodology.answers import FactValue
from actitud_api.methodology.loader import Methodology
from actitud_api.methodology.model import Document, Indicator, Language, Rule, Texts, ValueOperand
from actitud_api.methodology.predicates import indicators
from actitud_api.scoring.result import (
    BlockingGate,
    Finding,
    IndicatorScore,
    MainReason,
    NextStep,
    Parameters,
)
from actitud_api.texts import words

_REASONS: dict[Language, dict[str, str]] = {
    "en": {
        "value": "value: {value}",
        "full": "{facts}. It reaches full marks.",
        "partial_between": "{facts}. Between {x0}, which scores {s0}, and {x1}, which scores {s1}: {score} of 100.",
        "partial_at": "{facts}. It scores {score} of 100.",
        "zero": "{facts}. It scores 0 of 100.",
        "no_value": "{facts}. With a denominator of 0 there is no value: it scores 0.",
        "zero_by_rule": "It scores 0 by rule because {cause}.",
        "capped": "{facts}. It would score {uncapped}, but it is only declared, without evidence: at most {cap}.",
        "contradicted": "It scores 0 because what was sent contradicts itself: see {rules}.",
        "unsupported": "It scores 0 until {missing} is answered, which it depends on: see {rules}.",
        "unsupported_itself": "Not answered, and others depend on it: see {rules}. It counts 0 in the index.",
        "unknown": "Not answered: it counts 0 in the index.",
        "unknown_zero_rule": "It counts 0 until {missing} is answered, which it depends on.",
        "unknown_fields": "It counts 0: {cause}, and with that it would not apply, but {fields} has no evidence.",
        "withdrawn": "The answer was withdrawn: it counts 0 in the index.",
        "rejected": "The answer was rejected in review: it counts 0 in the index.",
        "stale": "The evidence lies outside the window: it counts 0 in the index.",
        "not_applicable": "It applies only if {needed}. Its weight is shared by the others.",
    },
    "es": {
        "value": "valor: {value}",
        "full": "{facts}. Obtiene la puntuación máxima.",
        "partial_between": "{facts}. Entre {x0}, que puntúa {s0}, y {x1}, que puntúa {s1}: {score} de 100.",
        "partial_at": "{facts}. Puntúa {score} de 100.",
        "zero": "{facts}. Puntúa 0 de 100.",
        "no_value": "{facts}. Con un denominador de 0 no hay valor: puntúa 0.",
        "zero_by_rule": "Puntúa 0 por regla porque {cause}.",
        "capped": "{facts}. Puntuaría {uncapped}, pero solo está declarado, sin evidencia: como máximo {cap}.",
        "contradicted": "Puntúa 0 porque lo enviado se contradice: véase {rules}.",
        "unsupported": "Puntúa 0 hasta que se responda {missing}, de lo que depende: véase {rules}.",
        "unsupported_itself": "Sin responder, y de ello dependen otras: véase {rules}. Cuenta 0 en el índice.",
        "unknown": "Sin responder: cuenta 0 en el índice.",
        "unknown_zero_rule": "Cuenta 0 hasta que se responda {missing}, de lo que depende.",
        "unknown_fields": "Cuenta 0: {cause} y, con eso, no se aplicaría, pero falta la evidencia de {fields}.",
        "withdrawn": "La respuesta se retiró: cuenta 0 en el índice.",
        "rejected": "La respuesta se rechazó en la revisión: cuenta 0 en el índice.",
        "stale": "La evidencia queda fuera de la ventana: cuenta 0 en el índice.",
        "not_applicable": "Solo se aplica si {needed}. Su peso se reparte entre los demás.",
    },
}
_STEPS: dict[Language, dict[str, str]] = {
    "en": {
        "level": "Move up to level {to}: “{text}”",
        "boolean": "Get to answer yes to “{question}”",
        "checklist": "Add what is missing: {missing}",
        "gain": "That brings {gain} points of the index",
        "evidence": "Attach the evidence: {evidence}",
        "evidence_too": "Attach the evidence as well, since without it the score stays at {cap}",
        "fields": "Attach the evidence of the profile data: {fields}",
        "report": "Answer it: “{question}”",
        "report_first": "Answer {missing} first",
        "renew": "Answer it again with valid evidence: “{question}”",
        "correct": "Correct what contradicts itself ({rules})",
        "unlock": "Lift first what makes it 0: {cause}",
        "gain_max": "It can bring up to {gain} points of the index",
        "requires": "Other data have to follow: {rules}",
    },
    "es": {
        "level": "Subir al nivel {to}: «{text}»",
        "boolean": "Poder responder que sí a «{question}»",
        "checklist": "Añadir lo que falta: {missing}",
        "gain": "Eso suma {gain} puntos del índice",
        "evidence": "Aportar la evidencia: {evidence}",
        "evidence_too": "Aportar además la evidencia, porque sin ella la puntuación se queda en {cap}",
        "fields": "Aportar la evidencia de los datos del perfil: {fields}",
        "report": "Responder: «{question}»",
        "report_first": "Responder primero {missing}",
        "renew": "Volver a responder con una evidencia válida: «{question}»",
        "correct": "Corregir lo que se contradice ({rules})",
        "unlock": "Quitar primero lo que lo deja en 0: {cause}",
        "gain_max": "Puede sumar hasta {gain} puntos del índice",
        "requires": "Otros datos tienen que acompañar: {rules}",
    },
}
_FINDINGS: dict[Language, dict[str, str]] = {
    "en": {
        "rule": "{text} Here: {told}.",
        "error": "Until it is mended these score 0: {indicators}.",
        "missing": "Answer first: {missing}.",
        "gate": "{gate}: here {there}, {distance} short.",
        "gate_share": "{gate}: here {there}, {distance} percentage points short.",
        "gate_there": "{gate}: here {there}.",
        "gate_absent": "{gate}: here there is no documented value.",
        "main": "{name} ({id}): loses {lost} points of the index.",
    },
    "es": {
        "rule": "{text} Aquí: {told}.",
        "error": "Mientras no se corrija, puntúan 0: {indicators}.",
        "missing": "Responda primero: {missing}.",
        "gate": "{gate}: aquí {there}; faltan {distance}.",
        "gate_share": "{gate}: aquí {there}; faltan {distance} puntos porcentuales.",
        "gate_there": "{gate}: aquí {there}.",
        "gate_absent": "{gate}: aquí no hay un valor documentado.",
        "main": "{name} ({id}): pierde {lost} puntos del índice.",
    },
}


def sentences_of(methodology: Methodology, language: Language) -> Sentences:
    """The sentences of a methodology in a language, made once."""
    key = (methodology.digest, methodology.text_digests[language])
    known = _made.get(key)
    if known is None:
        known = _made[key] = Sentences(methodology, language)
    return known


class Sentences:
    """The sentences of one methodology in one language."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        self._document: Document = methodology.document
        self._texts: Texts = methodology.texts[language]
        self._language: Language = language
        self._indicators = {indicator.id: indicator for indicator in indicators(methodology.document.root)}
        self._shares = frozenset(name for name, known in self._indicators.items() if words.is_share(known))
        self._rules: dict[str, Rule] = {rule.id: rule for rule in methodology.document.rules}
        self._gates = {gate.id: gate for level in methodology.document.levels for gate in level.gates}

    def group(self, group: str) -> str:
        """The name of a group."""
        return self._texts.groups[group].name

    def indicator(self, indicator: str) -> str:
        """The name of an indicator."""
        return self._texts.indicators[indicator].name

    def level(self, level: int | None) -> str | None:
        """The name of a level."""
        return None if level is None else self._texts.levels[str(level)].name

    def reason(self, scored: IndicatorScore) -> str:
        """Why an indicator has its score."""
        indicator, given = self._indicators[scored.id], scored.reason.parameters
        templates, code = _REASONS[self._language], scored.reason.code
        if code in ("full", "partial", "zero", "capped"):
            facts = self._facts(indicator, given)
            if scored.value is None:
                return templates["no_value"].format(facts=facts)
            if code == "capped":
                assert given.cap is not None
                assert given.uncapped is not None
                return templates["capped"].format(
                    facts=facts, cap=self._score(given.cap), uncapped=self._score(given.uncapped)
                )
            assert scored.score is not None
            if code == "partial" and len(given.between) == 2:
                (below, above) = given.between
                return templates["partial_between"].format(
                    facts=facts,
                    x0=words.value(indicator, below.x, self._texts),
                    s0=words.number(below.score, self._language),
                    x1=words.value(indicator, above.x, self._texts),
                    s1=words.number(above.score, self._language),
                    score=self._score(scored.score),
                )
            name = "partial_at" if code == "partial" else code
            return templates[name].format(facts=facts, score=self._score(scored.score))
        if code == "zero_by_rule":
            return templates[code].format(cause=self._cause(indicator, given))
        if code == "not_applicable":
            lacking = words.deciding(indicator.applies, given.facts, False)
            narrator = words.Narrator(self._texts, given.facts, stated=True)
            return templates[code].format(needed=narrator.predicate(lacking))
        if code == "unknown" and given.fields:
            cause = words.enumeration(
                [
                    f"{self._texts.profile[name].label} = {words.fact_value(raw, self._language)}"
                    for name, raw in given.facts.items()
                ],
                self._language,
            )
            return templates["unknown_fields"].format(cause=cause, fields=self._labels(given.fields))
        if code == "unknown" and given.missing:
            return templates["unknown_zero_rule"].format(missing=self._named(given.missing))
        itself = code == "unsupported" and not given.missing
        return templates["unsupported_itself" if itself else code].format(
            rules=words.enumeration(list(given.rules), self._language), missing=self._named(given.missing)
        )

    def _cause(self, indicator: Indicator, given: Parameters) -> str:
        """What makes an indicator 0 by rule."""
        holds = words.deciding(indicator.zero_when, given.facts, True)
        return words.Narrator(self._texts, given.facts, stated=True).predicate(holds)

    def _facts(self, indicator: Indicator, given: Parameters) -> str:
        """The facts of an observed indicator and its raw value, as the start of a sentence."""
        text = self._texts.indicators[indicator.id]
        if indicator.type == "level":
            assert given.value is not None
            told = f"{text.facts['level']} {words.value(indicator, given.value, self._texts)}"
        elif indicator.type == "boolean":
            assert given.value is not None
            told = f"{text.facts['value']}: {words.value(indicator, given.value, self._texts)}"
        elif indicator.type == "checklist":
            listed = given.facts["components"]
            assert isinstance(listed, tuple)
            outside = given.facts.get("outside_remit")
            left_out = len(outside) if isinstance(outside, tuple) else 0
            told = f"{text.facts['count']}: {len(listed)} / {len(indicator.components) - left_out}"
            if listed:
                told += f" ({'; '.join(text.components[component] for component in listed)})"
        else:
            told = "; ".join(
                f"{self._label(indicator, name)}: {words.fact_value(raw, self._language)}"
                for name, raw in given.facts.items()
            )
            if given.value is not None and not isinstance(given.value, bool) and len(given.facts) > 1:
                raw = words.value(indicator, given.value, self._texts)
                told += f" ({_REASONS[self._language]['value'].format(value=raw)})"
        return told[:1].upper() + told[1:]

    def _label(self, indicator: Indicator, name: str) -> str:
        text = self._texts.indicators[indicator.id]
        return text.facts[name] if name in text.facts else self._texts.profile[name].label

    def step(self, scored: IndicatorScore, step: NextStep) -> str:
        """What to do next for an indicator, what it brings, and what has to follow."""
        indicator, text = self._indicators[scored.id], self._texts.indicators[scored.id]
        given, templates = scored.reason.parameters, _STEPS[self._language]
        sentences: list[str] = []
        match step.kind:
            case "improve":
                sentences.append(self._improvement(indicator, given, step))
                if step.evidence:
                    sentences.append(
                        templates["evidence_too"].format(
                            cap=words.number(self._document.self_declared_cap, self._language)
                        )
                    )
            case "evidence" if given.fields:
                sentences.append(templates["fields"].format(fields=self._labels(given.fields)))
            case "evidence":
                sentences.append(templates["evidence"].format(evidence=words.lowered(text.evidence)))
            case "report" if given.missing:
                sentences.append(templates["report_first"].format(missing=self._named(given.missing)))
            case "report":
                name = "renew" if scored.reason.code in ("rejected", "stale") else "report"
                sentences.append(templates[name].format(question=text.question))
            case "correct":
                rules = words.enumeration(list(given.rules), self._language)
                sentences.append(templates["correct"].format(rules=rules))
            case "unlock":
                sentences.append(templates["unlock"].format(cause=self._cause(indicator, given)))
            case "act":
                pass
        if step.gain is not None:
            sentences.append(templates["gain"].format(gain=self._score(step.gain)))
        elif step.gain_max is not None:
            sentences.append(templates["gain_max"].format(gain=self._score(step.gain_max)))
        if step.requires:
            told = [self._asked(rule) for rule in step.requires]
            sentences.append(templates["requires"].format(rules="; ".join(dict.fromkeys(told))))
        if step.kind in ("improve", "act"):
            sentences.append(_inside(text.action))
        return " ".join(sentence + ("" if sentence.endswith((".", "?")) else ".") for sentence in sentences)

    def _improvement(self, indicator: Indicator, given: Parameters, step: NextStep) -> str:
        text, templates = self._texts.indicators[indicator.id], _STEPS[self._language]
        ((name, after),) = step.change.items()
        if indicator.type == "level":
            assert isinstance(after, int)
            return templates["level"].format(to=after, text=text.ladder[after])
        if indicator.type == "boolean":
            return templates["boolean"].format(question=text.question)
        if isinstance(after, tuple):
            before = given.facts[name]
            assert isinstance(before, tuple)
            missing = [text.components[component] for component in after if component not in before]
            return templates["checklist"].format(missing="; ".join(missing))
        before = given.facts[name]
        assert text.step is not None
        assert isinstance(before, int | float)
        assert isinstance(after, int | float)
        return text.step.format(
            **{
                "delta": words.number(round(abs(after - before), 6), self._language),
                "from": words.number(before, self._language),
                "to": words.number(after, self._language),
                "of": words.fact_value(self._base(given, name), self._language),
            }
        )

    def _base(self, given: Parameters, moved: str) -> FactValue | str | None:
        """What the moved fact is out of, as sent: the denominator, the base of a rate, or else the other fact."""
        others = [name for name in given.facts if name != moved]
        named = [name for name in ("denominator", "base") if name in others] or others
        return given.facts[named[0]] if named else None

    def finding(self, finding: Finding) -> str:
        """A rule that does not hold: what it says, what stands here, what it costs, what to answer first."""
        rule, templates = self._rules[finding.rule], _FINDINGS[self._language]
        assert rule.holds is not None
        if words.multiplies(rule.holds):
            told = "; ".join(
                f"{self._fact(name)}: {words.fact_value(raw, self._language)}" for name, raw in finding.facts.items()
            )
        else:
            told = words.Narrator(self._texts, finding.facts, stated=False).predicate(rule.holds)
        sentences = [templates["rule"].format(text=self._rule(finding.rule), told=told)]
        if finding.indicators:
            sentences.append(templates["error"].format(indicators=", ".join(finding.indicators)))
        if finding.missing:
            sentences.append(templates["missing"].format(missing=self._named(finding.missing)))
        return " ".join(sentences)

    def _rule(self, rule: str) -> str:
        """The text of a rule, with the labels of the profile fields that it names."""
        return _FIELD.sub(
            lambda found: self._texts.profile[found[0]].label if found[0] in self._texts.profile else found[0],
            self._texts.rules[rule],
        )

    def _asked(self, rule: str) -> str:
        """What a rule asks, inside a sentence: its text, or its predicate where several rules share the text."""
        holds = self._rules[rule].holds
        shared = list(self._texts.rules.values()).count(self._texts.rules[rule]) > 1
        if holds is None or not shared or words.multiplies(holds):
            return words.lowered(self._rule(rule))
        return words.Narrator(self._texts, {}, stated=False).predicate(holds)

    def _fact(self, name: str) -> str:
        """The label of a fact as findings name it: a profile field, or `D4.01.level`."""
        if name in self._texts.profile:
            return self._texts.profile[name].label
        indicator, _, fact = name.rpartition(".")
        return words.fact_label(indicator, fact, self._texts)

    def gate(self, blocking: BlockingGate) -> str:
        """A failing gate: what it asks, what is there, how far it is."""
        templates, holds = _FINDINGS[self._language], self._gates[blocking.gate].holds
        told = words.Narrator(self._texts, {}, stated=False, shares=self._shares).predicate(holds)
        gate = told[:1].upper() + told[1:]
        if blocking.there is None:
            return templates["gate_absent"].format(gate=gate)
        share = isinstance(holds.left, ValueOperand) and holds.left.indicator in self._shares
        if blocking.distance is None or isinstance(blocking.there, bool | str):
            return templates["gate_there"].format(gate=gate, there=words.fact_value(blocking.there, self._language))
        if share:
            there = words.percent(blocking.there, self._language)
            distance = words.number(round(blocking.distance * 100, 4), self._language)
            return templates["gate_share"].format(gate=gate, there=there, distance=distance)
        there, distance = (words.number(figure, self._language) for figure in (blocking.there, blocking.distance))
        return templates["gate"].format(gate=gate, there=there, distance=distance)

    def main_reason(self, reason: MainReason) -> str:
        """One of the largest losses."""
        return _FINDINGS[self._language]["main"].format(
            name=self.indicator(reason.indicator), id=reason.indicator, lost=self._score(reason.lost)
        )

    def _score(self, figure: float | int) -> str:
        return words.score(figure, self._document.decimals, self._language)

    def _named(self, ids: tuple[str, ...]) -> str:
        return words.enumeration([f"{name} ({self.indicator(name)})" for name in ids], self._language)

    def _labels(self, fields: tuple[str, ...]) -> str:
        return words.enumeration([self._texts.profile[field].label for field in fields], self._language)


_FIELD = re.compile(r"[a-z]+(?:_[a-z0-9]+)+|employees|services")
"""What may name a profile field in the text of a rule."""

_made: dict[tuple[str, str], Sentences] = {}


def _inside(text: str) -> str:
    """A text of the methodology inside a sentence of ours: without its final full stop."""
    return text.removesuffix(".")
