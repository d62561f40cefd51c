"""The sentences of paths, of what-ifs and of changes, built from their real numbers."""

from __future__ import annotations

from itertools import pairwise

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import Sentences, join_sentences
from actitud_api.engine.scoring.change_decomposition import (
    STAGES,
    Carried,
    Chain,
    ChangeDecomposition,
    Delta,
    GroupChange,
    GroupDelta,
    IndicatorChange,
    IndicatorDelta,
    ScoreDifference,
    Stage,
    compute_delta,
)
from actitud_api.engine.scoring.level_path import LevelPath, Move, Obstacle, Unreachable
from actitud_api.engine.scoring.result import Figure

_PATH: dict[Language, dict[str, str]] = table(
    en={
        "report_level": "Answer “{question}” with level {to} at least: “{text}”",
        "report_boolean": "Answer yes to “{question}”",
        "report_checklist": "Answer “{question}” with these at least: {listed}",
        "report_number": "Answer “{question}” with {to} ({label})",
        "gain": "That brings {gain}: the index is then {index}",
        "stays": "The index stays at {index}",
        "one": "1 improvement leads to level {level} ({name}), with an index of {index}.",
        "many": "{count} improvements lead to level {level} ({name}), with an index of {index}.",
        "highest": "There is no higher level.",
        "no_level": "There is no level yet: more has to be answered before there is a path.",
        "stuck": "No improvements that can be told from here lead to level {level} ({name}).",
    },
    es={
        "report_level": "Responder a «{question}» con el nivel {to} al menos: «{text}»",
        "report_boolean": "Responder que sí a «{question}»",
        "report_checklist": "Responder a «{question}» al menos con: {listed}",
        "report_number": "Responder a «{question}» con {to} ({label})",
        "gain": "Eso suma {gain}: el índice queda en {index}",
        "stays": "El índice sigue en {index}",
        "one": "1 mejora lleva al nivel {level} ({name}), con un índice de {index}.",
        "many": "{count} mejoras llevan al nivel {level} ({name}), con un índice de {index}.",
        "highest": "No hay un nivel más alto.",
        "no_level": "Todavía no hay nivel: hay que responder más para que haya un camino.",
        "stuck": "Ninguna mejora que pueda decirse desde aquí lleva al nivel {level} ({name}).",
    },
)
_OBSTACLES: dict[Language, dict[Obstacle, str]] = table(
    en={
        "profile": "It depends on the profile, not on an answer.",
        "review": "Review allows no higher level.",
        "not_applicable": "The indicator does not apply.",
        "zero_by_rule": "A rule leaves it at 0: {indicators}.",
        "contradicted": "Correct first what contradicts itself: {indicators}.",
        "unanswered": "Answer first: {indicators}.",
        "exhausted": "All that can be improved together is not enough.",
    },
    es={
        "profile": "Depende del perfil y no de una respuesta.",
        "review": "La revisión no admite un nivel más alto.",
        "not_applicable": "El indicador no se aplica.",
        "zero_by_rule": "Una regla lo deja en 0: {indicators}.",
        "contradicted": "Antes hay que corregir lo que se contradice: {indicators}.",
        "unanswered": "Antes hay que responder: {indicators}.",
        "exhausted": "Todo lo que se puede mejorar junto no basta.",
    },
)
_CHANGES: dict[Language, dict[str, str]] = table(
    en={
        "index": "The index goes from {before} to {after}: {difference}.",
        "same": "The index stays at {after}.",
        "ends": "The index was {before}; now there is none.",
        "begins": "There was no index; now it is {after}.",
        "never": "There is no index.",
        "level": "The level goes from {before} to {after}.",
        "node": "{name} ({id}): from {before} to {after}.",
        "node_same": "{name} ({id}): {after}.",
        "less": "It costs {lost} of the index less.",
        "more": "It costs {lost} of the index more.",
        "nothing": "nothing",
        "parts": "Methodology {methodology}, coverage {coverage}, data {data}.",
        "unsplit": "The change cannot be split: there is no index {stages}.",
        "step": "from {before} to {after} by {part}",
        "everything": "All that was stated counts under {version}.",
        "dropped_answers": "{version} does not ask these answers, or not in that form: {named}.",
        "new_indicators": "{version} also asks, and it is not known: {named}.",
        "dropped_fields": "{version} does not ask these profile data, or not in that form: {named}.",
        "new_fields": "{version} also asks these profile data: {named}.",
    },
    es={
        "index": "El índice pasa de {before} a {after}: {difference}.",
        "same": "El índice sigue en {after}.",
        "ends": "El índice era {before}; ahora no lo hay.",
        "begins": "No había índice; ahora es {after}.",
        "never": "No hay índice.",
        "level": "El nivel pasa de {before} a {after}.",
        "node": "{name} ({id}): de {before} a {after}.",
        "node_same": "{name} ({id}): {after}.",
        "less": "Cuesta {lost} menos del índice.",
        "more": "Cuesta {lost} más del índice.",
        "nothing": "nada",
        "parts": "Metodología {methodology}, cobertura {coverage}, datos {data}.",
        "unsplit": "El cambio no se puede repartir: no hay índice {stages}.",
        "step": "de {before} a {after} por {part}",
        "everything": "Todo lo declarado cuenta con {version}.",
        "dropped_answers": "{version} no pide estas respuestas, o no en esa forma: {named}.",
        "new_indicators": "{version} pide además, y no se sabe: {named}.",
        "dropped_fields": "{version} no pide estos datos del perfil, o no en esa forma: {named}.",
        "new_fields": "{version} pide además estos datos del perfil: {named}.",
    },
)
_STAGES: dict[Language, dict[Stage, str]] = table(
    en={
        "before": "before",
        "methodology": "under the later methodology",
        "coverage": "with the same answers known",
        "after": "after",
    },
    es={
        "before": "antes",
        "methodology": "con la metodología posterior",
        "coverage": "con las mismas respuestas conocidas",
        "after": "después",
    },
)
_PARTS: dict[Language, dict[Stage, str]] = table(
    en={"methodology": "the methodology", "coverage": "the coverage", "after": "the data"},
    es={"methodology": "la metodología", "coverage": "la cobertura", "after": "los datos"},
)


def get_change_sentences(methodology: Methodology, language: Language) -> ChangeSentences:
    """The sentences of a methodology in a language, with those of paths and changes, made once."""
    key = (methodology.digest, methodology.text_digests[language])
    known = _made.get(key)
    if known is None:
        known = _made[key] = ChangeSentences(methodology, language)
    return known


class ChangeSentences(Sentences):
    """The sentences of one methodology in one language, with those of paths and changes."""

    def describe_path(self, found: LevelPath) -> str:
        """Where a path leads, or that there is none."""
        templates = _PATH[self._language]
        if found.target is None:
            return templates["no_level" if found.level is None else "highest"]
        if found.moves is None or found.index_after is None:
            return templates["stuck"].format(level=found.target, name=self.name_level(found.target))
        return templates["one" if len(found.moves) == 1 else "many"].format(
            count=len(found.moves),
            level=found.level_after,
            name=self.name_level(found.level_after),
            index=self._score(found.index_after),
        )

    def describe_move(self, move: Move) -> str:
        """What to do for one indicator, what it brings, and what has to follow."""
        indicator, templates = self._indicators[move.indicator], _PATH[self._language]
        sentences: list[str] = []
        if move.kind == "improve":
            sentences.append(self._improvement(indicator, move.facts, move.change))
        elif move.kind == "report":
            sentences.append(self._report(move))
        if move.evidence:
            sentences.append(self._evidence(move.indicator))
        if move.gain is not None and move.index is not None:
            told = {"gain": self._points(move.gain), "index": self._score(move.index)}
            sentences.append(templates["gain" if move.gain else "stays"].format(**told))
        return join_sentences(sentences + self._required(move.requires))

    def _report(self, move: Move) -> str:
        """What an indicator that has no answer has to be answered with."""
        text, templates = self._texts.indicators[move.indicator], _PATH[self._language]
        name, after = next(iter(move.change.items()))
        if isinstance(after, bool):
            return templates["report_boolean"].format(question=text.question)
        if isinstance(after, tuple):
            listed = "; ".join(text.components[component] for component in after)
            return templates["report_checklist"].format(question=text.question, listed=listed)
        if text.ladder:
            return templates["report_level"].format(question=text.question, to=after, text=text.ladder[int(after)])
        to = words.format_number(after, self._language)
        return templates["report_number"].format(question=text.question, to=to, label=text.facts[name])

    def describe_obstacle(self, found: Unreachable) -> str:
        """A gate that is out of reach, and what is in the way."""
        gate = "" if found.gate is None else f"{self.describe_gate(found.gate)} "
        sentences = [
            _OBSTACLES[self._language][found.obstacle].format(indicators=self.list_indicators(found.indicators))
        ]
        if found.obstacle == "exhausted" and found.indicators:
            unanswered = _OBSTACLES[self._language]["unanswered"]
            sentences.append(unanswered.format(indicators=self.list_indicators(found.indicators)))
        return gate + " ".join(sentences)

    # what differs

    def describe_difference(self, found: ScoreDifference) -> str:
        """What differs between two scores, on the whole."""
        return self._whole(found.index, found.level_before, found.level_after)

    def describe_delta(self, found: GroupDelta | IndicatorDelta) -> str:
        """What differs in a node."""
        templates = _CHANGES[self._language]
        before, after = self._counted(found.score.before), self._counted(found.score.after)
        told = [
            templates["node" if before != after else "node_same"].format(
                name=self.find_name(found.id), id=found.id, before=before, after=after
            )
        ]
        lost = found.lost.difference
        if lost:
            told.append(templates["less" if lost < 0 else "more"].format(lost=self._points(abs(lost))))
        return " ".join(told)

    def describe_change(self, found: ChangeDecomposition) -> str:
        """How an organisation changed, on the whole, and by what."""
        templates, parts = _CHANGES[self._language], found.parts
        chain = found.index
        whole = self._whole(compute_delta(chain.before, chain.after), found.level_before, found.level_after)
        if parts is None:
            stages = words.join_list([_STAGES[self._language][stage] for stage in found.unrated], self._language)
            return f"{whole} {templates['unsplit'].format(stages=stages)}"
        methodology, coverage, data = (self._signed(part) for part in (parts.methodology, parts.coverage, parts.data))
        return f"{whole} {templates['parts'].format(methodology=methodology, coverage=coverage, data=data)}"

    def describe_stages(self, found: GroupChange | IndicatorChange, name: str) -> str:
        """How a node changed, and by what; `name`: its own."""
        steps = "; ".join(self._steps(found.score))
        return f"{name} ({found.id}): {steps or self._counted(found.score.after)}."

    def describe_carried(self, found: Carried, source: Sentences) -> str:
        """What the change of version does to what was stated; `source`: of the version that it was stated under."""
        templates, version = _CHANGES[self._language], self._document.version
        named = {
            "dropped_answers": source.list_indicators(found.dropped_answers),
            "new_indicators": self.list_indicators(found.new_indicators),
            "dropped_fields": source.list_fields(found.dropped_fields),
            "new_fields": self.list_fields(found.new_fields),
        }
        told = [templates[kind].format(version=version, named=names) for kind, names in named.items() if names]
        return " ".join(told) or templates["everything"].format(version=version)

    def _whole(self, index: Delta, level_before: int | None, level_after: int | None) -> str:
        templates = _CHANGES[self._language]
        if index.before is None or index.after is None:
            known = {(True, True): "never", (True, False): "begins", (False, True): "ends"}
            kind = known[index.before is None, index.after is None]
        else:
            kind = "index" if index.before != index.after else "same"
        told = [
            templates[kind].format(
                before=self._counted(index.before),
                after=self._counted(index.after),
                difference=self._signed(index.difference or 0),
            )
        ]
        if level_before is not None and level_after is not None and level_before != level_after:
            before, after = (f"{level} ({self.name_level(level)})" for level in (level_before, level_after))
            told.append(templates["level"].format(before=before, after=after))
        return " ".join(told)

    def _steps(self, chain: Chain) -> list[str]:
        scores = {stage: self._counted(getattr(chain, stage)) for stage in STAGES}
        return [
            _CHANGES[self._language]["step"].format(
                before=scores[before], after=scores[after], part=_PARTS[self._language][after]
            )
            for before, after in pairwise(STAGES)
            if scores[before] != scores[after]
        ]

    def _counted(self, figure: Figure | None) -> str:
        return _CHANGES[self._language]["nothing"] if figure is None else self._score(figure)

    def _signed(self, figure: Figure) -> str:
        return f"{'+' if figure > 0 else ''}{self._points(figure)}"

    def find_name(self, node: str) -> str | None:
        """The name of an indicator or group; None where there is none of that id."""
        if node in self._indicators:
            return self.name_indicator(node)
        return self.name_group(node) if node in self._texts.groups else None


_made: dict[tuple[str, str], ChangeSentences] = {}
