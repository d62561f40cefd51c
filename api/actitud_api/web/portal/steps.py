"""The steps that the page of an organisation proposes: first to end causes of zeros, then to gain most points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import fsum
from typing import Final, Literal

from msgspec import Struct, structs

from actitud_api.engine.i18n import Language, Texts, translate
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.changes import ChangeSentences, get_change_sentences
from actitud_api.engine.narration.narrated import (
    NarratedDimension,
    NarratedFinding,
    NarratedIndicator,
    NarratedPath,
    NarratedScore,
)
from actitud_api.engine.narration.sentences import limit_rounding
from actitud_api.engine.scoring.result import Figure

STEPS_MAX: Final = 5
"""Maximum number of steps on a page."""

ZeroCause = Literal["no_account", "closed", "silent", "slow", "other"]
"""Cause of a score that is 0 by a rule.

no_account: there is no active account · closed: no account lets people write · silent: no message was answered ·
slow: less than half of the messages were answered · other: any other cause.
"""

_CAUSES: Final[tuple[ZeroCause | None, ...]] = (None, "no_account", "closed", "silent", "slow", "other")
"""All causes, None for a contradiction, each before those that it makes needless to tell."""

_TITLES: Final[dict[ZeroCause, Texts]] = {
    "no_account": Texts("Tener una cuenta activa", "Have one active account"),
    "closed": Texts("Abrir alguna cuenta a comentarios o mensajes", "Open an account to comments or messages"),
    "silent": Texts("Contestar a quien escribe", "Answer the people who write"),
    "slow": Texts("Contestar al menos a la mitad de los mensajes", "Answer at least half of the messages"),
    "other": Texts("{name}", "{name}"),
}
_TEXTS: Final[dict[ZeroCause, Texts]] = {
    "no_account": Texts(
        "Hoy no hay ninguna. Basta con una que publique o conteste con regularidad.",
        "Today there is none. One that posts or answers regularly is enough.",
    ),
    "closed": Texts(
        "Hoy ninguna los admite. Después, actualice también en el perfil el número de cuentas abiertas.",
        "Today none allows them. Then also update the number of open accounts in the profile.",
    ),
    "silent": Texts(
        "En doce meses hubo mensajes y ninguna respuesta.", "In twelve months there were messages and no answer."
    ),
    "slow": Texts("Hoy no se llega a la mitad.", "Today less than half of them get an answer."),
    "other": Texts("{reason}", "{reason}"),
}
_HELD_ONE: Final = Texts("Mientras tanto, «{name}» puntúa 0.", "Until then, “{name}” scores 0.")
_HELD_MANY: Final = Texts("Mientras tanto, {count} indicadores puntúan 0.", "Until then, {count} indicators score 0.")
_CORRECT: Final = Texts("Corregir lo que no cuadra en {names}", "Correct what does not add up in {names}")
_COMPLETE: Final = Texts("Responder a {names}", "Answer {names}")
_NAME: Final = Texts("«{name}»", "“{name}”")
_AND_MORE: Final = Texts("{names} y otros {count} indicadores", "{names} and {count} other indicators")
_NAMES_MAX: Final = 3
"""Number of indicators that the title of a step names at most; of more it names two and counts the others."""
_KEEP: Final = Texts("Mantener lo que ya se hace", "Keep up what is done already")
_KEEP_TEXT: Final = Texts("Ningún indicador tiene ya puntos por ganar.", "No indicator has any points left to gain.")
_ALL_ELSE: Final = Texts(
    "Actualizar también los datos que dependen de este", "Also update the data that follow from it"
)

_GAIN: Final = Texts("+{points} puntos", "+{points} points")
_GAIN_ONE: Final = Texts("+1 punto", "+1 point")
_GAIN_SMALL: Final = Texts("menos de 1 punto", "less than 1 point")
_UP_TO: Final = Texts("hasta {points} puntos", "up to {points} points")
_UP_TO_ONE: Final = Texts("hasta 1 punto", "up to 1 point")
_AT_STAKE: Final = Texts("{points} puntos en juego", "{points} points at stake")
_AT_STAKE_ONE: Final = Texts("1 punto en juego", "1 point at stake")
_LEADS: Final[dict[str, Texts]] = {
    "highest": Texts(
        "Ya está en el nivel más alto; esto es lo que aún da puntos.",
        "It is at the highest level already; this is what still brings points.",
    ),
    "unknown": Texts(
        "Para tener nivel hay que responder lo que falta. Esto es lo que más cuenta.",
        "To get a level, what is missing has to be answered. This counts most.",
    ),
    "unlevelled": Texts("Esto es lo que más puntos da.", "This is what brings most points."),
    "first": Texts(
        "Primero hay que quitar lo que deja en 0 lo demás.", "What keeps the rest at 0 has to be removed first."
    ),
    "all": Texts("Lo marcado lleva al nivel {level}, {name}.", "What is marked leads to level {level}, {name}."),
    "some": Texts(
        "Al nivel {level}, {name}, se llega con {count} mejoras: aquí están las primeras, y en los detalles, todas.",
        "{count} improvements lead to level {level}, {name}: here are the first, and all of them in the details.",
    ),
    "review": Texts(
        "La revisión no admite hoy un nivel más alto; esto es lo que más puntos da.",
        "The review allows no higher level today; this is what brings most points.",
    ),
    "more": Texts(
        "Para el nivel {level}, {name}, hace falta además algo que se explica en los detalles.",
        "Level {level}, {name}, takes something else as well, which the details explain.",
    ),
}
_TO_LEVEL: Final = Texts("para el nivel {level}", "for level {level}")

_GAIN_TEXTS: Final[dict[str, tuple[Texts, Texts]]] = {
    "gain": (_GAIN_ONE, _GAIN),
    "up_to": (_UP_TO_ONE, _UP_TO),
    "at_stake": (_AT_STAKE_ONE, _AT_STAKE),
}


class Step(Struct, frozen=True, kw_only=True):
    """A step that an organisation can take now, as texts.

    Attributes:
        title: Title of the step.
        text: Description of the step.
        language: Language of the text: Spanish if it quotes a methodology without texts in the language of the page.
        indicator: Id of the indicator that the step is about, None if it is about none.
        gain: Gain in whole points of the index, None if it cannot be computed.
        level: Text that says that the step leads to the next level, None if it does not.
        is_blocker: True if the step ends a cause that keeps indicators at zero.
    """

    title: str
    text: str
    language: Language
    indicator: str | None
    gain: str | None
    level: str | None
    is_blocker: bool


class Blocker(Struct, frozen=True, kw_only=True):
    """A cause that keeps indicators at zero until it ends: a zero rule, or a contradiction of answers.

    Attributes:
        cause: The zero rule, None for a contradiction.
        finding: The contradiction, None for a zero rule.
        indicators: Indicators at zero.
        key: Indicator whose answer must change to end the cause, None if the profile must change.
    """

    cause: ZeroCause | None
    finding: NarratedFinding | None
    indicators: tuple[NarratedIndicator, ...]
    key: str | None

    @property
    def lost(self) -> Figure:
        """The index points that the indicators at zero lose together."""
        return fsum(indicator.lost or 0 for indicator in self.indicators)


def iterate_indicators(score: NarratedScore) -> Iterator[NarratedIndicator]:
    """Yield every indicator of a score, in all dimensions and groups."""
    yield from score.indicators
    for dimension in score.dimensions:
        yield from iterate_group_indicators(dimension)


def iterate_group_indicators(dimension: NarratedDimension) -> Iterator[NarratedIndicator]:
    """Yield every indicator of a dimension, in all its groups."""
    yield from dimension.indicators
    for group in dimension.groups:
        yield from iterate_group_indicators(group)


def list_blockers(score: NarratedScore) -> list[Blocker]:
    """List the causes that keep indicators at zero, the cause of the largest loss of points first."""
    by_id = {indicator.id: indicator for indicator in iterate_indicators(score)}
    found = [
        Blocker(
            cause=None,
            finding=finding,
            indicators=tuple(by_id[name] for name in finding.indicators),
            key=(finding.missing or finding.indicators)[0],
        )
        for finding in score.findings
        if finding.indicators
    ]
    for indicator in by_id.values():
        if indicator.reason.code == "zero_by_rule":
            cause, key = _find_cause(indicator)
            found.append(Blocker(cause=cause, finding=None, indicators=(indicator,), key=key))
    merged: dict[str | None, Blocker] = {}
    # Contradictions come first: an answer that contradicts itself has to be corrected before it can be better.
    for blocker in sorted(found, key=lambda blocker: _CAUSES.index(blocker.cause)):
        known = merged.setdefault(blocker.key or blocker.cause, blocker)
        indicators = dict.fromkeys(indicator.id for indicator in (*known.indicators, *blocker.indicators))
        merged[blocker.key or blocker.cause] = structs.replace(
            known, indicators=tuple(by_id[name] for name in indicators)
        )
    return sorted((blocker for blocker in merged.values() if blocker.lost), key=lambda blocker: -blocker.lost)


def _find_cause(indicator: NarratedIndicator) -> tuple[ZeroCause, str | None]:
    """Find the cause why an indicator is zero by a rule, and the indicator whose answer ends it, if one does."""
    facts = indicator.reason.parameters.facts
    if any(facts.get(name) == 0 for name in ("accounts_active", "accounts_total", "platforms_active")):
        return "no_account", None
    if facts.get("accounts_open") == 0 and not facts.get("D2.04.numerator"):
        return "closed", "D2.04" if "D2.04.numerator" in facts else None
    if facts.get("replies_w12") == 0 and facts.get("messages_w12"):
        return "silent", "D9.01"
    answered, messages = facts.get("D9.01.numerator"), facts.get("D9.01.denominator")
    if isinstance(answered, int) and isinstance(messages, int) and 2 * answered < messages:
        return "slow", "D9.01"
    return "other", indicator.id


def list_steps(score: NarratedScore, path: NarratedPath, methodology: Methodology, language: Language) -> list[Step]:
    """List at most `STEPS_MAX` steps for an organisation, in the order in which an adviser would name them.

    Steps that end a cause of zeros come first. Then come the answers that the path to the next level waits for, then
    its moves (changes of answers) in the order in which they can be made, then contradictions that it does not wait
    for, then the next steps of other indicators by their gain. A score with a level always has a step.
    """
    writer = _StepWriter(methodology, language)
    moves = {move.indicator: move for move in path.moves or ()}
    awaited = {name for obstacle in path.unreachable for name in obstacle.indicators}
    losses = {indicator.id: indicator.lost for indicator in iterate_indicators(score)}
    level = _TO_LEVEL.into(language).format(level=_find_level_ahead(path)) if moves or awaited else None
    steps: list[Step] = []
    # Contradictions that cost points, but do not stand between the organisation and its next level.
    beside: list[Step] = []
    covered: set[str] = set()
    for blocker in list_blockers(score):
        move = moves.get(blocker.key or "")
        ended = {indicator.id for indicator in blocker.indicators}
        ended.update(() if blocker.finding is None else blocker.finding.missing)
        if blocker.key is not None:
            ended.add(blocker.key)
        covered |= ended
        action = None if move is None else writer.sentences.describe_move_action(move)
        leads_on = move is not None or not ended.isdisjoint(awaited)
        described = writer.describe_blocker(blocker, action, level if leads_on else None)
        (steps if blocker.cause is not None or leads_on else beside).append(described)
    others = [
        indicator
        for indicator in iterate_indicators(score)
        if indicator.next_step is not None
        and indicator.id not in covered
        and indicator.id not in moves
        and not (indicator.next_step.kind == "report" and indicator.reason.parameters.missing)
        and (_estimate_gain(indicator) or indicator.id in awaited)
    ]
    others.sort(key=lambda indicator: (indicator.id not in awaited, -_estimate_gain(indicator)))
    gaining = [writer.describe_next(indicator, level if indicator.id in awaited else None) for indicator in others]
    steps += [step for step in gaining if step.level is not None]
    for move in moves.values():
        if move.indicator not in covered:
            text = writer.sentences.describe_move_action(move)
            gain = (
                None
                if move.gain is None or move.gain < 0
                else writer.format_gain("gain", move.gain, losses.get(move.indicator))
            )
            steps.append(writer.build(move.indicator, writer.add_remark(text, move.requires), gain, level))
    steps += beside
    steps += [step for step in gaining if step.level is None]
    if not steps and score.level is not None:
        steps.append(
            Step(
                title=_KEEP.into(language),
                text=_KEEP_TEXT.into(language),
                language=language,
                indicator=None,
                gain=None,
                level=None,
                is_blocker=False,
            )
        )
    return steps[:STEPS_MAX]


def describe_lead(score: NarratedScore, path: NarratedPath, methodology: Methodology, language: Language) -> str:
    """Describe the goal of the steps, such as the next level, in one sentence."""
    level = _find_level_ahead(path)
    if level is None:
        has_levels = bool(methodology.document.levels)
        kind = "unlevelled" if not has_levels else "unknown" if score.level is None else "highest"
    elif any(obstacle.code == "profile_first" for obstacle in path.unreachable):
        kind = "first"
    elif any(obstacle.code == "review" for obstacle in path.unreachable):
        kind = "review"
    elif path.unreachable or not path.moves:
        kind = "more"
    else:
        shown = {step.indicator for step in list_steps(score, path, methodology, language) if step.level is not None}
        kind = "all" if shown >= {move.indicator for move in path.moves} else "some"
    return (
        _LEADS[kind]
        .into(language)
        .format(
            level=level,
            name=translate(get_change_sentences(methodology, language).name_level(level) or "", language),
            count=len(path.moves or ()),
        )
    )


def _find_level_ahead(path: NarratedPath) -> int | None:
    """Return the level to which a path leads; None if there is no higher level, or no level at all."""
    return path.level_after if path.moves and not path.unreachable else path.target


def _estimate_gain(indicator: NarratedIndicator) -> Figure:
    """Return the index points of the next step of an indicator; of one whose gain is not known, the most it can be."""
    step = indicator.next_step
    if step is None:
        return 0
    return max(step.gain if step.gain is not None else step.gain_max or 0, 0)


class _StepWriter:
    """Writes steps under a methodology, in one language."""

    def __init__(self, methodology: Methodology, language: Language) -> None:
        self.sentences: ChangeSentences = get_change_sentences(methodology, language)
        self._decimals: int = methodology.document.decimals
        self._language = language

    def build(self, indicator: str, text: str, gain: str | None, level: str | None) -> Step:
        """Build the step of an indicator."""
        return Step(
            title=translate(self.sentences.name_indicator(indicator), self._language),
            text=text,
            language=self.sentences.language,
            indicator=indicator,
            gain=gain,
            level=level,
            is_blocker=False,
        )

    def describe_blocker(self, blocker: Blocker, action: str | None, level: str | None) -> Step:
        """Describe the step that ends a blocker; `action` is what the move of the path says, None without a move."""
        if blocker.cause is None:
            assert blocker.finding is not None
            missing = blocker.finding.missing
            template = _COMPLETE if missing else _CORRECT
            names = missing or tuple(indicator.id for indicator in blocker.indicators)
            title = template.into(self._language).format(names=self._list_names(names))
            text = self.sentences.describe_contradiction(blocker.finding)
            language = self.sentences.language
        else:
            (first, *_) = blocker.indicators
            title = _TITLES[blocker.cause].into(self._language).format(name=translate(first.name, self._language))
            quotes = action is not None or blocker.cause == "other"
            language = self.sentences.language if quotes else self._language
            text = action or _TEXTS[blocker.cause].into(language).format(reason=first.reason.text)
        if blocker.cause != "other":
            text = f"{text} {self._describe_held(blocker, language)}"
        return Step(
            title=title,
            text=text,
            language=language,
            indicator=blocker.key,
            gain=self.format_gain("at_stake", blocker.lost),
            level=level,
            is_blocker=True,
        )

    def describe_next(self, indicator: NarratedIndicator, level: str | None) -> Step:
        """Describe the next step of an indicator."""
        step = indicator.next_step
        assert step is not None
        gain = self.format_gain("up_to", _estimate_gain(indicator), indicator.lost)
        if step.gain is not None:
            gain = self.format_gain("gain", step.gain, indicator.lost)
        text = self.add_remark(self.sentences.describe_action(indicator, step), step.requires)
        return self.build(indicator.id, text, gain, level)

    def add_remark(self, text: str, rules: Sequence[str]) -> str:
        """Add to the text of a step that other data have to change too, if it breaks `rules` otherwise."""
        return f"{text} {_ALL_ELSE.into(self.sentences.language)}." if rules else text

    def format_gain(
        self, kind: Literal["gain", "up_to", "at_stake"], points: Figure, lost: Figure | None = None
    ) -> str:
        """Format the points of a step as a whole number with its noun; `lost` is what its indicator loses."""
        whole = int(words.round_score(limit_rounding(points, lost, self._decimals)))
        if whole == 0:
            return _GAIN_SMALL.into(self._language)
        text = _GAIN_TEXTS[kind][whole > 1]
        return text.into(self._language).format(points=words.format_number(whole, self._language))

    @staticmethod
    def _describe_held(blocker: Blocker, language: Language) -> str:
        if len(blocker.indicators) == 1:
            return _HELD_ONE.into(language).format(name=translate(blocker.indicators[0].name, language))
        return _HELD_MANY.into(language).format(count=len(blocker.indicators))

    def _list_names(self, indicators: Sequence[str]) -> str:
        quoted = [
            _NAME.into(self._language).format(name=translate(self.sentences.name_indicator(name), self._language))
            for name in indicators
        ]
        if len(quoted) <= _NAMES_MAX:
            return words.join_list(quoted, self._language)
        return _AND_MORE.into(self._language).format(names=", ".join(quoted[:2]), count=len(quoted) - 2)
