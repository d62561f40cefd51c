"""The verdict on an organisation in plain words: its conversation with people, its peers, and its main weakness.

The sentences are chosen by rules from the data of a score, and never from the clock or by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import floor
from typing import Final, Literal, NamedTuple

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts, translate
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.narrated import NarratedEstimate, NarratedScore
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.result import Figure
from actitud_api.resources.scores import comparison_schemas
from actitud_api.web.portal.names import Names
from actitud_api.web.portal.steps import iterate_indicators, list_blockers

VerdictCase = Literal[
    "not_rateable",
    "insufficient",
    "estimate",
    "unlevelled",
    "absent",
    "closed",
    "unnoticed",
    "silent",
    "one_way",
    "answering",
    "desk_all",
    "desk_share",
    "desk",
    "conversation",
    "community",
    "other_level",
]
"""Case of a verdict, by the status and the level of a score and by what its profile says."""

HEADLINES: Final[Mapping[VerdictCase, Texts]] = {
    "not_rateable": Texts(
        "no tiene puntuación: aquí se aplica demasiado poco de lo que se mide.",
        "has no score: too little of what is measured applies here.",
    ),
    "insufficient": Texts(
        "todavía no se puede valorar: falta demasiado por saber.", "cannot be rated yet: too much is still unknown."
    ),
    "estimate": Texts(
        "puntuaría unos {estimate} de {full} con la encuesta completa.",
        "would score about {estimate} of {full} with the full survey.",
    ),
    "unlevelled": Texts("ha respondido lo suficiente para tener puntuación.", "has answered enough to have a score."),
    "absent": Texts(
        "todavía no está en las redes: no tiene ninguna cuenta activa.",
        "is not on social networks yet: it has no active account.",
    ),
    "closed": Texts("publica, pero no deja que nadie le escriba.", "posts, but lets nobody write to it."),
    "unnoticed": Texts("está en las redes, pero apenas se nota.", "is on social networks, but is hardly noticed."),
    "silent": Texts("publica, pero casi no conversa.", "posts, but hardly converses."),
    "one_way": Texts("informa más de lo que conversa.", "informs more than it converses."),
    "answering": Texts(
        "contesta a buena parte de quien le escribe, pero lo demás se queda corto.",
        "answers many of the people who write, but falls short in the rest.",
    ),
    "desk_all": Texts(
        "contesta a todos los mensajes, y lo que publica sirve.", "answers every message, and what it posts is of use."
    ),
    "desk_share": Texts(
        "contesta a {tenths} de cada 10 mensajes, y lo que publica sirve.",
        "answers {tenths} of every 10 messages, and what it posts is of use.",
    ),
    "desk": Texts(
        "atiende a quien le escribe, y lo que publica sirve.", "attends to people, and what it posts is of use."
    ),
    "conversation": Texts(
        "conversa: contesta a casi todo, y la gente participa, tiene voz o ve qué cambia.",
        "converses: it answers nearly everything, and people take part, have a voice or see what changes.",
    ),
    "community": Texts(
        "conversa con la gente y construye con ella.", "converses with people, and builds together with them."
    ),
    "other_level": Texts("está en el nivel {level} de {levels}, {name}.", "is at level {level} of {levels}, {name}."),
}
"""What is said after the name of the organisation."""

_SCORE: Final = Texts("Puntúa {index} de {full}{peers}.", "It scores {index} of {full}{peers}.")
_BOUNDS: Final = Texts(
    "Según lo que falta por saber, estaría entre {low} y {high} de {full}.",
    "Depending on what is still unknown, it would be between {low} and {high} of {full}.",
)
_MARGIN: Final = Texts(
    "Es una estimación, entre {low} y {high}: no da nivel ni puesto.",
    "It is an estimate, between {low} and {high}: it gives neither level nor rank.",
)
_COVERAGE: Final = Texts(
    "Se conoce el {coverage} de lo que se mide, y hace falta al menos el {required}.",
    "{coverage} of what is measured is known, and at least {required} is needed.",
)
_THIN_ONE: Final = Texts(
    "De esta dimensión se sabe demasiado poco: {names}.", "Too little is known of this dimension: {names}."
)
_THIN_MANY: Final = Texts(
    "De estas dimensiones se sabe demasiado poco: {names}.", "Too little is known of these dimensions: {names}."
)

_STARTING_POINT: Final = Texts(
    "Es el punto de partida: con una cuenta activa empiezan a contar otros {count} indicadores.",
    "That is the starting point: with one active account {count} more indicators begin to count.",
)
_CLOSED: Final = Texts(
    "Lo que más le pesa: ninguna cuenta admite comentarios ni mensajes, y por eso {count} indicadores puntúan 0.",
    "What weighs most: no account allows comments or messages, so {count} indicators score 0.",
)
_CONTRADICTED: Final = Texts(
    "Lo que más le pesa: lo enviado no cuadra en «{name}».",
    "What weighs most: what was sent does not add up in “{name}”.",
)
_UNKNOWN: Final = Texts("Lo que más le pesa: no consta «{name}».", "What weighs most: “{name}” is not known.")
_UNDOCUMENTED: Final = Texts(
    "Lo que más le pesa: falta la evidencia de «{name}», {points} menos.",
    "What weighs most: the evidence of “{name}” is missing, {points} less.",
)
_HEAVIEST: Final = Texts("Lo que más le pesa: «{name}», {points} menos.", "What weighs most: “{name}”, {points} less.")
_POINT: Final = Texts("1 punto", "1 point")
_POINTS: Final = Texts("{count} puntos", "{count} points")


class _Gendered(NamedTuple):
    """A text for Spanish nouns of either gender."""

    masculine: Texts
    feminine: Texts

    def of(self, noun: PeerNoun) -> Texts:
        return self.feminine if noun.feminine else self.masculine


_ABOVE_ALL: Final = _Gendered(
    Texts(": por delante de todos los demás {others}", ": ahead of all other {others}"),
    Texts(": por delante de todas las demás {others}", ": ahead of all other {others}"),
)
_ABOVE_NONE: Final = _Gendered(
    Texts(": no está por delante de los demás {others}", ": not ahead of the other {others}"),
    Texts(": no está por delante de las demás {others}", ": not ahead of the other {others}"),
)
_ABOVE_FEW: Final = _Gendered(
    Texts(": por delante de unos pocos {others}", ": ahead of a few {others}"),
    Texts(": por delante de unas pocas {others}", ": ahead of a few {others}"),
)
_ABOVE_TENTHS: Final = Texts(": por delante de {tenths} de cada 10 {others}", ": ahead of {tenths} in 10 {others}")
_ABOVE_HALF: Final = _Gendered(
    Texts(": por delante de la mitad de los {others}", ": ahead of half of the {others}"),
    Texts(": por delante de la mitad de las {others}", ": ahead of half of the {others}"),
)
_ABOVE_NEARLY_ALL: Final = _Gendered(
    Texts(": por delante de casi todos los {others}", ": ahead of nearly all {others}"),
    Texts(": por delante de casi todas las {others}", ": ahead of nearly all {others}"),
)
_ABOVE_COUNT: Final = _Gendered(
    Texts(": por delante de {below} de los otros {count} {others}", ": ahead of {below} of {count} other {others}"),
    Texts(": por delante de {below} de las otras {count} {others}", ": ahead of {below} of {count} other {others}"),
)
_GROUP: Final = _Gendered(
    Texts("Se compara con otros {count} {others}.", "It is compared with {count} other {others}."),
    Texts("Se compara con otras {count} {others}.", "It is compared with {count} other {others}."),
)

_NEARLY_ALL: Final = 0.95
"""From this share of the peers on an organisation stands above nearly all of them. Judgement: 19 of 20."""
_OTHERS_MIN: Final = 2
"""Number of other peers below which an organisation is compared with nobody."""
_TENTHS_FROM: Final = 10
"""Number of other peers from which their share is told in tenths: of fewer they are counted."""
_FIVE: Final = 5
_HALF: Final = 0.5
_RESPONSE_RATE: Final = "D9.01"
"""The indicator whose value is the share of answered messages, in every version of the methodology."""
_SILENT_BELOW: Final = 0.25
"""Share of answered messages below which an organisation hardly converses. Judgement: one of four."""


class PeerNoun(Struct, frozen=True):
    """The plural noun for the peers of an organisation; `feminine` is True if the Spanish noun is feminine."""

    text: Texts
    feminine: bool


_PEERS: Final[Mapping[str, PeerNoun]] = {
    "MUN": PeerNoun(Texts("ayuntamientos", "municipalities"), feminine=False),
    "PRO": PeerNoun(
        Texts("diputaciones, cabildos y consejos insulares", "provincial and island councils"), feminine=True
    ),
    "SUP": PeerNoun(Texts("mancomunidades, comarcas y consorcios", "supra-municipal bodies"), feminine=True),
    "REG": PeerNoun(
        Texts("gobiernos y consejerías autonómicas", "regional governments and departments"), feminine=False
    ),
    "MIN": PeerNoun(Texts("ministerios y departamentos estatales", "ministries and state departments"), feminine=False),
    "AGE": PeerNoun(Texts("organismos, agencias y entes públicos", "agencies and public bodies"), feminine=False),
    "UNI": PeerNoun(Texts("universidades públicas", "public universities"), feminine=True),
    "EMP": PeerNoun(Texts("empresas públicas", "public companies"), feminine=True),
    "CTL": PeerNoun(Texts("cámaras y órganos de control", "parliaments and oversight bodies"), feminine=False),
}
_COMPARABLE: Final = PeerNoun(Texts("organizaciones comparables", "comparable organisations"), feminine=True)
_ALL: Final = PeerNoun(Texts("organizaciones de la edición", "organisations of the edition"), feminine=True)
_OF_SIZE: Final = Texts("{others} de su tamaño", "{others} of its size")


class Verdict(Struct, frozen=True):
    """A verdict: the headline and the sentences after it.

    The headline has no subject: it is written after the name of the organisation.
    """

    headline: str
    sentences: tuple[str, ...]


class ProfileFacts(Struct, frozen=True):
    """Facts of an organisation from which the headline of a verdict is chosen; a member is None if it is not known.

    `has_account` is True if there is an active account, `is_open` if people can write to an account. `answered` is the
    share of messages that were answered, from 0 to 1.
    """

    has_account: bool | None
    is_open: bool | None
    answered: float | None


def choose_case(
    status: Status, level: int | None, facts: ProfileFacts, *, levels: int, is_estimate: bool
) -> VerdictCase:
    """Choose the case of a verdict, such as `closed`, which decides its headline.

    `level` is the level of the organisation, None without one. `levels` is the number of levels of the methodology.
    `is_estimate` is True if the score only estimates the index.
    """
    if status == "not_rateable":
        return "not_rateable"
    if status == "insufficient_evidence":
        return "insufficient"
    if is_estimate:
        return "estimate"
    if level is None:
        return "unlevelled"
    # Five levels have the meanings that the headlines tell; those of another scale are told by their names.
    if levels != _FIVE:
        return "other_level"
    if level <= 2 and facts.has_account is False:
        return "absent"
    if level <= 2 and facts.is_open is False:
        return "closed"
    match level:
        case 1:
            return "unnoticed"
        case 2:
            return _choose_second(facts.answered)
        case 3:
            return _choose_third(facts.answered)
        case 4:
            return "conversation"
        case _:
            return "community"


def _choose_second(answered: float | None) -> VerdictCase:
    if answered is None:
        return "one_way"
    return "silent" if answered < _SILENT_BELOW else "one_way" if answered < _HALF else "answering"


def _choose_third(answered: float | None) -> VerdictCase:
    if answered is None or answered < _HALF:
        return "desk"
    return "desk_all" if answered == 1 else "desk_share"


def write_verdict(
    score: NarratedScore,
    profile: Mapping[str, object],
    peers: comparison_schemas.Peers,
    methodology: Methodology,
    language: Language,
) -> Verdict:
    """Write the verdict on a score.

    `profile` is the profile in the submission, and `peers` the comparison with the peer group.

    In a language in which the methodology has no texts, names are looked up in the catalogue of the language.
    """
    levels, facts = len(methodology.document.levels), read_facts(score, profile)
    estimate = score.estimate if isinstance(score.estimate, NarratedEstimate) else None
    case = choose_case(score.status, score.level, facts, levels=levels, is_estimate=estimate is not None)
    writer = _SentenceWriter(score, methodology, language)
    sentences: list[str | None]
    if case == "not_rateable":
        sentences = []
    elif case == "insufficient":
        sentences = [writer.describe_bounds(), writer.describe_gap()]
    elif estimate is not None:
        sentences = [writer.describe_margin(estimate), writer.describe_heaviest()]
    else:
        sentences = [writer.describe_score(peers), writer.describe_heaviest()]
    headline = (
        HEADLINES[case]
        .into(language)
        .format(
            estimate="" if estimate is None else words.format_number(estimate.index, language),
            full=writer.full,
            tenths=0 if facts.answered is None else floor(10 * facts.answered),
            level=score.level,
            levels=levels,
            name=translate(get_sentences(methodology, language).name_level(score.level) or "", language),
        )
    )
    return Verdict(headline, tuple(sentence for sentence in sentences if sentence is not None))


def read_facts(score: NarratedScore, profile: Mapping[str, object]) -> ProfileFacts:
    """Read the facts from which the headline of a verdict is chosen, from a score and the profile in its submission."""
    active, opened = profile.get("accounts_active"), profile.get("accounts_open")
    rate = next((indicator for indicator in iterate_indicators(score) if indicator.id == _RESPONSE_RATE), None)
    counted = rate is not None and rate.state == "observed" and isinstance(rate.value, int | float)
    closed = any(blocker.cause == "closed" for blocker in list_blockers(score))
    return ProfileFacts(
        has_account=None if active is None else active != 0,
        # Accounts that only take private messages, or only comments, are open: the zero rules know.
        is_open=None if opened is None and not closed else not closed,
        answered=float(rate.value) if rate is not None and counted and rate.value is not None else None,
    )


def describe_peers(below: int, others: int, noun: PeerNoun, phrase: str, language: Language) -> str | None:
    """Describe the share of peers above which an organisation ranks, as the end of a sentence.

    `below` is the number of these peers, and `others` the number of all peers. `noun` is the plural noun for
    the peers, and `phrase` this noun in `language`, such as "municipalities of its size". Return None if there are
    too few peers to compare.
    """
    if others < _OTHERS_MIN:
        return None
    tenths = 10 * below // others
    if below == others:
        text = _ABOVE_ALL.of(noun)
    elif below == 0:
        text = _ABOVE_NONE.of(noun)
    elif others < _TENTHS_FROM:
        text = _ABOVE_COUNT.of(noun)
    elif below / others >= _NEARLY_ALL:
        text = _ABOVE_NEARLY_ALL.of(noun)
    elif tenths == 0:
        text = _ABOVE_FEW.of(noun)
    else:
        text = _ABOVE_HALF.of(noun) if tenths == 5 else _ABOVE_TENTHS
    return text.into(language).format(
        others=phrase,
        below=words.format_number(below, language),
        count=words.format_number(others, language),
        tenths=tenths,
    )


def describe_group(peers: comparison_schemas.Peers, names: Names) -> str | None:
    """Describe the peer group with which a ranked organisation is compared; return None if there is no peer group."""
    group = peers.group
    if group is None or peers.rank is None or group.organisations <= _OTHERS_MIN:
        return None
    others = group.organisations - 1
    noun = _select_noun(group)
    phrase = noun.text.into(names.language)
    if group.band is not None:
        phrase = f"{phrase} {names.qualify_by_band(group.band)}"
    return _GROUP.of(noun).into(names.language).format(count=names.format_count(others), others=phrase)


def _select_noun(group: comparison_schemas.PeerGroup) -> PeerNoun:
    if group.basis == "all":
        return _ALL
    kinds = group.kinds or ()
    return _PEERS.get(kinds[0], _COMPARABLE) if len(kinds) == 1 else _COMPARABLE


class _SentenceWriter:
    """Writes the sentences after the headline of a verdict, about one score in one language."""

    def __init__(self, score: NarratedScore, methodology: Methodology, language: Language) -> None:
        self._score, self._document, self._language = score, methodology.document, language
        self.full: str = words.format_number(methodology.document.root.range.maximum, language)

    def describe_score(self, peers: comparison_schemas.Peers) -> str | None:
        """Describe the index in whole points, and above how many of its peers an organisation ranks."""
        if self._score.index is None:
            return None
        compared = None
        group, figure = peers.group, peers.index
        if group is not None and figure.below is not None and figure.organisations is not None:
            noun = _select_noun(group)
            phrase = noun.text.into(self._language)
            if group.band is not None:
                phrase = _OF_SIZE.into(self._language).format(others=phrase)
            compared = describe_peers(figure.below, figure.organisations - 1, noun, phrase, self._language)
        return _SCORE.into(self._language).format(
            index=self._format_whole(self._score.index), full=self.full, peers=compared or ""
        )

    def describe_bounds(self) -> str | None:
        """Describe the lowest and the highest index that the unknown answers leave possible."""
        low, high = self._score.index, self._score.index_max
        if low is None or high is None:
            return None
        return _BOUNDS.into(self._language).format(
            low=self._format_whole(low), high=self._format_whole(high), full=self.full
        )

    def describe_gap(self) -> str | None:
        """Describe the coverage that is missing for a level, overall or in some dimensions."""
        needed, coverage = self._document.coverage, self._score.coverage
        if coverage is not None and coverage < needed.overall.num / needed.overall.den:
            return _COVERAGE.into(self._language).format(
                # Rounded down: 66.6 % must not read as the 67 % that it lacks.
                coverage=words.format_share(floor(round(100 * coverage, 6)) / 100, self._language),
                required=words.format_share(round(needed.overall.num / needed.overall.den, 2), self._language),
            )
        thin = [
            translate(dimension.name, self._language)
            for dimension in self._score.dimensions
            if dimension.coverage is not None
            and dimension.coverage < needed.per_dimension.num / needed.per_dimension.den
        ]
        if not thin:
            return None
        text = _THIN_ONE if len(thin) == 1 else _THIN_MANY
        return text.into(self._language).format(names=words.join_list(thin, self._language))

    def describe_margin(self, estimate: NarratedEstimate) -> str:
        """Describe the margin of an estimate."""
        return _MARGIN.into(self._language).format(
            low=words.format_number(estimate.lower, self._language),
            high=words.format_number(estimate.upper, self._language),
        )

    def describe_heaviest(self) -> str | None:
        """Describe the reason for which an organisation loses most points; None if it loses none."""
        reasons = self._score.main_reasons
        lost = reasons[0].lost if reasons else 0
        blocker = next((blocker for blocker in list_blockers(self._score) if blocker.lost >= lost), None)
        if blocker is not None and blocker.cause in ("no_account", "closed"):
            text = _STARTING_POINT if blocker.cause == "no_account" else _CLOSED
            return text.into(self._language).format(count=len(blocker.indicators))
        if blocker is not None and blocker.cause is None:
            return _CONTRADICTED.into(self._language).format(name=translate(blocker.indicators[0].name, self._language))
        if not reasons:
            return None
        indicator = next(one for one in iterate_indicators(self._score) if one.id == reasons[0].indicator)
        text = _UNKNOWN if indicator.state == "unknown" else _HEAVIEST
        if indicator.reason.parameters.cap is not None:
            # What is done well loses points because it is only declared: it does not look like a weakness then.
            text = _UNDOCUMENTED
        name = translate(indicator.name, self._language)
        return text.into(self._language).format(name=name, points=self._count_points(lost))

    def _count_points(self, points: Figure) -> str:
        whole = max(int(words.round_score(points)), 1)
        text = _POINT if whole == 1 else _POINTS
        return text.into(self._language).format(count=words.format_number(whole, self._language))

    def _format_whole(self, points: Figure) -> str:
        return words.format_score(points, 0, self._language)
