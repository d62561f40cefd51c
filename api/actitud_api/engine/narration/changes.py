"""Sentences about paths to the next level, scores with supposed facts (what-if), and changes between editions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from actitud_api.engine.i18n import Language, table
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.predicates import find_fields_read
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import Sentences, join_sentences
from actitud_api.engine.scoring.change_decomposition import (
    STAGES,
    ChangeDecomposition,
    Delta,
    GroupChange,
    GroupDelta,
    IndicatorChange,
    IndicatorDelta,
    ScoreDifference,
    Stage,
    StagedScores,
    VersionEffects,
    compute_delta,
)
from actitud_api.engine.scoring.level_path import LevelPath, Move, Obstacle, Unreachable
from actitud_api.engine.scoring.result import Figure

_PATH: dict[Language, dict[str, str]] = table(
    en={
        "report_level": "Answer “{question}” with step {to} at least: “{text}”",
        "report_boolean": "Answer yes to “{question}”",
        "report_checklist": "Answer “{question}” with these at least: {listed}",
        "report_number": "Get to this figure or a better one, and report it: {label}, {to}",
        "boolean": "{action}: to “{question}” the answer is then yes",
        "gain": "The index then rises to {index}",
        "stays": "The index stays at {index}",
        "costs": "The index then falls to {index}",
        "profile": "The profile then says: {fields}",
        "service": "It counts once the service has entered this: {fields}",
        "one": "1 improvement leads to level {level} ({name}), with an index of {index}.",
        "many": "{count} improvements lead to level {level} ({name}), with an index of {index}.",
        "part_one": (
            "1 improvement leads towards level {level} ({name}), with an index of {index}, but something else is "
            "missing."
        ),
        "part_many": (
            "{count} improvements lead towards level {level} ({name}), with an index of {index}, but something else is "
            "missing."
        ),
        "highest": "There is no higher level.",
        "without_levels": "This methodology has no levels.",
        "no_level": "There is no level yet: more has to be answered before there is a path.",
        "profile_first": "The first step towards level {level} ({name}) is in the profile, not in an answer.",
        "stuck": "The improvements that the answers show are not enough for level {level} ({name}).",
    },
    es={
        "report_level": "Responder a «{question}» con el paso {to} al menos: «{text}»",
        "report_boolean": "Responder que sí a «{question}»",
        "report_checklist": "Responder a «{question}» al menos con: {listed}",
        "report_number": "Llegar a esta cifra o a una mejor, y comunicarla: {label}, {to}",
        "boolean": "{action}: a «{question}» se responde entonces que sí",
        "gain": "El índice sube entonces a {index}",
        "stays": "El índice sigue en {index}",
        "costs": "El índice baja entonces a {index}",
        "profile": "El perfil pasa a decir: {fields}",
        "service": "Cuenta cuando el servicio anote esto: {fields}",
        "one": "1 mejora lleva al nivel {level} ({name}), con un índice de {index}.",
        "many": "{count} mejoras llevan al nivel {level} ({name}), con un índice de {index}.",
        "part_one": "1 mejora acerca al nivel {level} ({name}), con un índice de {index}, pero falta algo más.",
        "part_many": (
            "{count} mejoras acercan al nivel {level} ({name}), con un índice de {index}, pero falta algo más."
        ),
        "highest": "No hay un nivel más alto.",
        "without_levels": "Esta metodología no tiene niveles.",
        "no_level": "Todavía no hay nivel: hay que responder más para que haya un camino.",
        "profile_first": "El primer paso hacia el nivel {level} ({name}) está en el perfil y no en una respuesta.",
        "stuck": "Las mejoras que se ven en las respuestas no bastan para el nivel {level} ({name}).",
    },
)
_OBSTACLES: dict[Language, dict[Obstacle | Literal["service"], str]] = table(
    en={
        "profile_first": "This comes first: the other steps depend on it.",
        "profile": "It depends on the profile, not on an answer.",
        "service": "It is not for the organisation to answer: the service enters it.",
        "review": "Review allows no higher level.",
        "not_applicable": "The indicator does not apply.",
        "zero_by_rule": "Change first what keeps {indicators} at 0.",
        "contradicted": "Correct first what does not add up in {indicators}.",
        "unanswered": "Answer {indicators} first.",
        "exhausted": "All that can be improved together is not enough.",
    },
    es={
        "profile_first": "Es lo primero: los demás pasos dependen de ello.",
        "profile": "Depende del perfil y no de una respuesta.",
        "service": "No lo responde la organización: lo anota el servicio.",
        "review": "La revisión no admite un nivel más alto.",
        "not_applicable": "El indicador no se aplica.",
        "zero_by_rule": "Antes hay que cambiar lo que deja en 0 {indicators}.",
        "contradicted": "Antes hay que corregir lo que no cuadra en {indicators}.",
        "unanswered": "Antes hay que responder a {indicators}.",
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
        "node": "{name}: from {before} to {after}.",
        "node_same": "{name}: {after}.",
        "less": "It costs {lost} of the index less.",
        "more": "It costs {lost} of the index more.",
        "nothing": "nothing",
        "parts": "Methodology {methodology}, coverage {coverage}, data {data}.",
        "unsplit": "The change cannot be split: there is no index {stages}.",
        "step": "from {before} to {after} by {part}",
        "everything": "All that was stated counts under methodology {version}.",
        "dropped_answers": "Methodology {version} does not ask for these answers, or not in that form: {named}.",
        "new_indicators": "Methodology {version} also asks this, which is not known: {named}.",
        "dropped_fields": (
            "Methodology {version} does not ask for these data of the profile, or not in that form: {named}."
        ),
        "new_fields": "Methodology {version} also asks for these data of the profile: {named}.",
    },
    es={
        "index": "El índice pasa de {before} a {after}: {difference}.",
        "same": "El índice sigue en {after}.",
        "ends": "El índice era {before}; ahora no lo hay.",
        "begins": "No había índice; ahora es {after}.",
        "never": "No hay índice.",
        "level": "El nivel pasa de {before} a {after}.",
        "node": "{name}: de {before} a {after}.",
        "node_same": "{name}: {after}.",
        "less": "Cuesta {lost} menos del índice.",
        "more": "Cuesta {lost} más del índice.",
        "nothing": "nada",
        "parts": "Metodología {methodology}, cobertura {coverage}, datos {data}.",
        "unsplit": "El cambio no se puede repartir: no hay índice {stages}.",
        "step": "de {before} a {after} por {part}",
        "everything": "Todo lo declarado cuenta con la metodología {version}.",
        "dropped_answers": "La metodología {version} no pide estas respuestas, o no en esa forma: {named}.",
        "new_indicators": "La metodología {version} pide además esto, que no se sabe: {named}.",
        "dropped_fields": "La metodología {version} no pide estos datos del perfil, o no en esa forma: {named}.",
        "new_fields": "La metodología {version} pide además estos datos del perfil: {named}.",
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
    """Return the writer of sentences about changes of scores under a methodology, in a language.

    The writer is built once and cached by the digests of the methodology document and of its texts.
    """
    key = (methodology.digest, methodology.text_digests[language])
    sentences = _cache.get(key)
    if sentences is None:
        sentences = _cache[key] = ChangeSentences(methodology, language)
    return sentences


class ChangeSentences(Sentences):
    """Writer of sentences about paths to the next level, scores with supposed facts, and changes of scores."""

    def describe_path(self, path: LevelPath) -> str:
        """Describe a path to the next level: the number of its moves (changes of answers) and the level after them.

        If there is no path, describe the reason.
        """
        templates = _PATH[self._language]
        if path.target is None:
            if not self._document.levels:
                return templates["without_levels"]
            return templates["no_level" if path.level is None else "highest"]
        level = path.target if path.unreachable else path.level_after
        if path.moves is None or path.index_after is None:
            is_first = any(unreachable.code == "profile_first" for unreachable in path.unreachable)
            return templates["profile_first" if is_first else "stuck"].format(level=level, name=self.name_level(level))
        kind = "one" if len(path.moves) == 1 else "many"
        return templates[f"part_{kind}" if path.unreachable else kind].format(
            count=len(path.moves),
            level=level,
            name=self.name_level(level),
            index=self._format_score(path.index_after),
        )

    def describe_move(self, move: Move) -> str:
        """Describe a move of a path to the next level: the change of one answer, and the index after it.

        If the move breaks validation rules unless other facts are changed too, the text names these facts.
        """
        templates, sentences = _PATH[self._language], self._list_changes(move)
        changed = {f"{move.indicator}.{name}" for name in move.change}.union(move.profile)
        if move.gain is not None and move.index is not None:
            # The index alone: the gain, a difference of rounded indices, may be 0.01 off the loss shown beside it.
            template = "stays" if not move.gain else "gain" if move.gain > 0 else "costs"
            sentences.append(templates[template].format(index=self._format_score(move.index)))
        return join_sentences(sentences + self._list_requirements(move.requires, changed))

    def describe_move_action(self, move: Move) -> str:
        """Describe the change of an answer in a move of a path, without its gain and broken rules."""
        return join_sentences(self._list_changes(move))

    def _list_changes(self, move: Move) -> list[str]:
        """List the sentences that say what changes with a move."""
        changes: list[str] = []
        indicator = self._indicators[move.indicator]
        if move.kind == "improve" and indicator.type == "boolean":
            changes.append(
                _PATH[self._language]["boolean"].format(
                    action=self._get_action(move.indicator), question=self._get_question(move.indicator)
                )
            )
        elif move.kind == "improve":
            changes.append(self._describe_improvement(indicator, move.facts, move.change))
        elif move.kind == "report":
            changes.append(self._describe_report(move))
        changes += self._describe_profile(move)
        if move.needs_evidence:
            changes.append(self._describe_evidence(move.indicator))
        return changes

    def _describe_profile(self, move: Move) -> Iterator[str]:
        """Describe the profile fields that change with a move: those of the organisation, and those of the service."""
        for set_by, template in (("organisation", "profile"), ("service", "service")):
            changed = {field.name for field in self._document.profile if field.set_by == set_by}
            named = [
                f"{self._texts.profile[name].label}, {words.format_number(value, self._language)}"
                for name, value in move.profile.items()
                if name in changed
            ]
            if named:
                yield _PATH[self._language][template].format(fields="; ".join(named))

    def _describe_report(self, move: Move) -> str:
        """Describe a move that answers an unknown indicator; `move.change` has the facts of the answer."""
        text, templates = self._texts.indicators[move.indicator], _PATH[self._language]
        question, (name, after) = self._get_question(move.indicator), next(iter(move.change.items()))
        if isinstance(after, bool):
            return templates["report_boolean"].format(question=question)
        if isinstance(after, tuple):
            listed = "; ".join(text.components[component] for component in after)
            return templates["report_checklist"].format(question=question, listed=listed)
        if text.ladder:
            return templates["report_level"].format(question=question, to=after, text=text.ladder[int(after)])
        to = words.format_number(after, self._language)
        return templates["report_number"].format(question=question, to=to, label=text.facts[name])

    def describe_obstacle(self, unreachable: Unreachable) -> str:
        """Describe a gate of the next level that the moves of a path cannot pass, and the reason.

        If `unreachable.gate` is None, the reason is that a review limits the level, and only this reason is described.
        """
        gate = "" if unreachable.gate is None else f"{self.describe_gate(unreachable.gate)} "
        reason: Obstacle | Literal["service"] = unreachable.code
        if unreachable.gate is not None and reason == "profile" and self._is_set_by_service(unreachable.gate.gate):
            reason = "service"
        sentences = [_OBSTACLES[self._language][reason].format(indicators=self.list_indicators(unreachable.indicators))]
        if unreachable.code == "exhausted" and unreachable.indicators:
            unanswered = _OBSTACLES[self._language]["unanswered"]
            sentences.append(unanswered.format(indicators=self.list_indicators(unreachable.indicators)))
        return gate + " ".join(sentences)

    def _is_set_by_service(self, gate_id: str) -> bool:
        """Return True if the service sets all profile fields that a gate reads."""
        gate = next(gate for level in self._document.levels for gate in level.gates if gate.id == gate_id)
        read = find_fields_read(gate.holds)
        return all(field.set_by == "service" for field in self._document.profile if field.name in read)

    # what differs

    def describe_difference(self, difference: ScoreDifference) -> str:
        """Describe the difference of two scores in their index and level.

        The level is mentioned only if both scores have a level and the two levels differ.
        """
        return self._describe_overall(difference.index, difference.level_before, difference.level_after)

    def describe_delta(self, delta: GroupDelta | IndicatorDelta) -> str:
        """Describe the difference of two scores in one group or indicator.

        The text states the score of the group or indicator before and after, and the difference of the index points
        that it loses.
        """
        templates = _CHANGES[self._language]
        before, after = self._format_counted(delta.score.before), self._format_counted(delta.score.after)
        parts = [
            templates["node" if before != after else "node_same"].format(
                name=self.find_name(delta.id), before=before, after=after
            )
        ]
        lost = delta.lost.difference
        if lost:
            parts.append(templates["less" if lost < 0 else "more"].format(lost=self._format_points(abs(lost))))
        return " ".join(parts)

    def describe_change(self, change: ChangeDecomposition) -> str:
        """Describe the change of index and level between editions, and the parts of the index change.

        The parts are methodology, coverage and data, each the effect of one stage of the change. If there is no index
        at some stage, the text names this stage instead of the parts.
        """
        templates, parts = _CHANGES[self._language], change.parts
        staged = change.index
        whole = self._describe_overall(
            compute_delta(staged.before, staged.after), change.level_before, change.level_after
        )
        if parts is None:
            stages = words.join_list([_STAGES[self._language][stage] for stage in change.unrated], self._language)
            return f"{whole} {templates['unsplit'].format(stages=stages)}"
        methodology, coverage, data = (
            self._format_signed(part) for part in (parts.methodology, parts.coverage, parts.data)
        )
        return f"{whole} {templates['parts'].format(methodology=methodology, coverage=coverage, data=data)}"

    def describe_stages(self, change: GroupChange | IndicatorChange, name: str) -> str:
        """Describe the score of a group or indicator at each stage of a change between editions.

        The stages are the new methodology, the new coverage and the new data. Only the stages that change the score are
        described; if none does, the text states only the score. `name` is the name of the group or indicator, which may
        exist only in the methodology of the other edition.
        """
        steps = "; ".join(self._list_steps(change.score))
        return f"{name}: {steps or self._format_counted(change.score.after)}."

    def describe_version_effects(self, effects: VersionEffects, source: Sentences) -> str:
        """Describe the effects of scoring a submission of another version under the version of this writer.

        The text names the answers and profile fields that this version does not ask for, and those that it asks for in
        addition. `source` writes sentences for the version of the submission, which has the names of the dropped
        questions.
        """
        templates, version = _CHANGES[self._language], self._document.version
        named = {
            "dropped_answers": source.list_indicators(effects.dropped_answers),
            "new_indicators": self.list_indicators(effects.new_indicators),
            "dropped_fields": source.list_fields(effects.dropped_fields),
            "new_fields": self.list_fields(effects.new_fields),
        }
        parts = [templates[kind].format(version=version, named=names) for kind, names in named.items() if names]
        return " ".join(parts) or templates["everything"].format(version=version)

    def _describe_overall(self, index: Delta, level_before: int | None, level_after: int | None) -> str:
        templates = _CHANGES[self._language]
        if index.before is None or index.after is None:
            kinds = {(True, True): "never", (True, False): "begins", (False, True): "ends"}
            template = kinds[index.before is None, index.after is None]
        else:
            template = "index" if index.before != index.after else "same"
        sentences = [
            templates[template].format(
                before=self._format_counted(index.before),
                after=self._format_counted(index.after),
                difference=self._format_signed(index.difference or 0),
            )
        ]
        if level_before is not None and level_after is not None and level_before != level_after:
            before, after = (f"{level} ({self.name_level(level)})" for level in (level_before, level_after))
            sentences.append(templates["level"].format(before=before, after=after))
        return " ".join(sentences)

    def _list_steps(self, staged: StagedScores) -> list[str]:
        scores = {stage: self._format_counted(getattr(staged, stage)) for stage in STAGES}
        return [
            _CHANGES[self._language]["step"].format(
                before=scores[before], after=scores[after], part=_PARTS[self._language][after]
            )
            for before, after in pairwise(STAGES)
            if scores[before] != scores[after]
        ]

    def _format_counted(self, figure: Figure | None) -> str:
        return _CHANGES[self._language]["nothing"] if figure is None else self._format_score(figure)

    def _format_signed(self, figure: Figure) -> str:
        return f"{'+' if figure > 0 else ''}{self._format_points(figure)}"

    def find_name(self, node: str) -> str | None:
        """Return the name of an indicator or group; None if the methodology has neither with this id."""
        if node in self._indicators:
            return self.name_indicator(node)
        return self.name_group(node) if node in self._texts.groups else None


_cache: dict[tuple[str, str], ChangeSentences] = {}
