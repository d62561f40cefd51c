"""Formatting of numbers, facts and predicates as text in one language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache
from typing import Final

from babel.dates import format_date
from babel.numbers import format_decimal, format_percent, get_decimal_symbol, get_group_symbol
from msgspec import UNSET

from actitud_api.engine.i18n import LOCALES, OR, Language, table
from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    Compare,
    ComparisonOperator,
    ComponentOperand,
    Constant,
    Implies,
    IndexOperand,
    Indicator,
    LowerBoundOperand,
    Maximum,
    MethodologyTexts,
    Minimum,
    Not,
    Operand,
    PillarOperand,
    Predicate,
    Present,
    Product,
    ProfileOperand,
    Quotient,
    ScoreOperand,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import Evaluated, Truth, compile_predicate, to_exact, walk_operands
from actitud_api.engine.methodology.requests.answers import FactValue

Facts = Mapping[str, FactValue | str | None]
"""Values of facts by name, as in reasons and findings.

The name of a profile field stands alone; the fact of an answer is named as in `D4.01.level`.
"""

_COMPARISONS: dict[Language, dict[ComparisonOperator, str]] = table(
    en={
        "eq": "must be equal to",
        "ne": "must differ from",
        "lt": "must be less than",
        "le": "must be at most",
        "gt": "must be more than",
        "ge": "must be at least",
    },
    es={
        "eq": "debe ser igual a",
        "ne": "debe ser distinto de",
        "lt": "debe ser menor que",
        "le": "debe ser como máximo",
        "gt": "debe ser mayor que",
        "ge": "debe ser como mínimo",
    },
)
_STATED_COMPARISONS: dict[Language, dict[ComparisonOperator, str]] = table(
    en={"eq": "is", "ne": "is not", "lt": "is below", "le": "is at most", "gt": "is above", "ge": "is at least"},
    es={
        "eq": "es",
        "ne": "no es",
        "lt": "es menor que",
        "le": "es como máximo",
        "gt": "es mayor que",
        "ge": "es como mínimo",
    },
)
_PHRASES: dict[Language, dict[str, str]] = table(
    en={
        "all": " and ",
        "any": " or ",
        "min": "the least of {}",
        "max": "the greatest of {}",
        "sum": " plus ",
        "times": " times ",
        "per": "{} per {}",
        "yes": "yes",
        "no": "no",
        "none": "none",
        "absent": "not answered",
        "answered": "{} is answered",
        "lower_bound": "with {1} confidence, {0}",
        "pillar": "the figure of {}",
        "index": "the index",
        "dimensions": "the lowest dimension",
        "level": "the step of {}",
        "score": "the score of {}",
        "be": "must be",
        "is": "is",
        "chosen": "{} is listed",
        "nothing": "there are no {}",
        "of": "{} of {}",
        "if": "if {}, {}",
        "not": "not: {}",
        "listed": "“{}”",
        "exists": "if there are {label} (here {actual})",
        "from": "from {least} {label} (here {actual})",
        "from_or": "from {least} {label}, or with {other} (here {actual})",
    },
    es={
        "all": " y ",
        "any": " o ",
        "min": "el menor de {}",
        "max": "el mayor de {}",
        "sum": " más ",
        "times": " por ",
        "per": "{} por {}",
        "yes": "sí",
        "no": "no",
        "none": "ninguno",
        "absent": "sin responder",
        "answered": "{} está respondido",
        "lower_bound": "con un {1} de confianza, {0}",
        "pillar": "la cifra de {}",
        "index": "el índice",
        "dimensions": "la dimensión más baja",
        "level": "el paso de {}",
        "score": "la puntuación de {}",
        "be": "debe ser",
        "is": "es",
        "chosen": "se indica {}",
        "nothing": "no hay {}",
        "of": "{} de {}",
        "if": "si {}, {}",
        "not": "no: {}",
        "listed": "«{}»",
        "exists": "si hay {label} (aquí {actual})",
        "from": "a partir de {least} {label} (aquí {actual})",
        "from_or": "a partir de {least} {label}, o con {other} (aquí {actual})",
    },
)

# Labels of facts begin with an article in some languages, so a preposition before them may have to be contracted.
_CONTRACTIONS: Final[Mapping[Language, tuple[tuple[str, str], ...]]] = {
    "es": ((" a el ", " al "), (" de el ", " del ")),
}
"""For each language, words that are contracted, and their contraction, such as `de el` and `del`.

They arise where a name that begins with an article follows a preposition.
"""

_DECIMALS_MAX: Final = 12
_NEAR_TIE: Final = 1e-6
_FEW_DIGITS: Final = 1e9
"""Below it, a number has at most 15 digits with the 6 decimals that a score may have."""
_PERCENT: Final = "#,##0.#"
"""Number in the pattern of a percentage: at most one decimal."""


@lru_cache(maxsize=8192)
def format_number(value: float | int, language: Language) -> str:
    """Format a number with up to 12 decimals, with the separators of the language: 12.500 and 61,6 in Spanish."""
    if value < 0:
        return format_decimal(Decimal(str(value)), format="#,##0." + "#" * _DECIMALS_MAX, locale=LOCALES[language])
    # Babel takes 70 µs for a number, and decimal arithmetic 2.
    if isinstance(value, int):
        return f"{value:,}".replace(",", _get_group_symbol(language))
    whole, _, fraction = f"{Decimal(str(value)):,.{_DECIMALS_MAX}f}".partition(".")
    whole = whole.replace(",", _get_group_symbol(language))
    shown = fraction.rstrip("0")
    return f"{whole}{_get_decimal_symbol(language)}{shown}" if shown else whole


@lru_cache(maxsize=2**15)
def format_score(value: float | int, decimals: int, language: Language) -> str:
    """Format a score in points with exactly `decimals` decimals, rounded half up in decimal arithmetic."""
    if value >= 0 and decimals:
        # Most scores have no more decimals, and those of a double are exact up to 15 digits.
        is_rounded = value < _FEW_DIGITS and round(value, decimals) == value
        number = value if is_rounded else round_score(value, decimals)
        whole, _, fraction = f"{abs(number):,.{decimals}f}".partition(".")
        return f"{whole.replace(',', _get_group_symbol(language))}{_get_decimal_symbol(language)}{fraction}"
    shown = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(round_score(value, decimals), format=shown, locale=LOCALES[language])


def round_score(value: float | int, decimals: int = 0) -> Decimal:
    """Round a score half up to `decimals` decimals in decimal arithmetic: 0.285 gives 0.29 with two decimals.

    Every score that people read is rounded here, so that two texts never show different numbers for one score.
    """
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def format_share(value: float | int, language: Language) -> str:
    """Format a share, 0 to 1, as a percentage with at most one decimal."""
    # Rounded before it is looked up: the limits of intervals have six decimals, of which three are shown.
    thousandths = value * 1000
    rounded = round(thousandths)
    if abs(abs(thousandths - rounded) - 0.5) < _NEAR_TIE:
        # Half to even, by the digits of the number and not by the double next to it.
        rounded = int(Decimal(str(value)).scaleb(3).to_integral_value())
    return _format_thousandths(rounded, language)


@lru_cache(maxsize=8192)
def _format_thousandths(value: int, language: Language) -> str:
    pattern = _build_percent_pattern(language)
    if value < 0:
        return format_percent(Decimal(value).scaleb(-3), format=pattern, locale=LOCALES[language])
    # Babel takes 70 µs for a number.
    return pattern.replace(_PERCENT, format_number(value / 10, language))


@lru_cache(maxsize=1024)
def format_day(value: date, language: Language) -> str:
    """Format a date with the name of its month, such as 2 de marzo de 2026."""
    return format_date(value, "long", locale=LOCALES[language])


def format_truth(value: bool, language: Language) -> str:
    """Return the word for yes (True) or no (False)."""
    return _PHRASES[language]["yes" if value else "no"]


def join_list(parts: list[str], language: Language) -> str:
    """Join texts into a list in words, with the conjunction of the language before the last: `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + _get_conjunction(language) + parts[-1]


@cache
def _get_conjunction(language: Language) -> str:
    """Return the conjunction before the last item of a list, with spaces around it."""
    pattern: str = LOCALES[language].list_patterns["standard"]["end"]
    return pattern.format("", "")


@cache
def _get_group_symbol(language: Language) -> str:
    return get_group_symbol(LOCALES[language])


@cache
def _get_decimal_symbol(language: Language) -> str:
    return get_decimal_symbol(LOCALES[language])


@cache
def _build_percent_pattern(language: Language) -> str:
    """Return the pattern of a percentage: at most one decimal, and a non-breaking space before the sign.

    The SI asks for this space; the locale data (CLDR) have none for English.
    """
    pattern: str = LOCALES[language].percent_formats[None].pattern
    return pattern.replace("0%", "0\u00a0%").replace("#,##0", _PERCENT)


def name_pillar(pillar: str, texts: MethodologyTexts) -> str:
    """Return the name of a pillar (a part of the indicators) by its id; the id if the texts name no pillars."""
    return pillar if texts.pillars is UNSET else texts.pillars[pillar].name


def is_share(indicator: Indicator) -> bool:
    """Return True if the raw value of an indicator is a share from 0 to 1, which is shown as a percentage."""
    return indicator.type == "ratio" or (indicator.type == "checklist" and isinstance(indicator.value, Quotient))


def format_value(indicator: Indicator, raw: float | int | bool, texts: MethodologyTexts) -> str:
    """Format a raw value of an indicator: a percentage, a level with its text, or a number with its unit."""
    language, text = texts.language, texts.indicators[indicator.id]
    if isinstance(raw, bool):
        return format_truth(raw, language)
    if indicator.type == "level":
        return f"{format_number(raw, language)} ({quote(text.ladder[int(raw)], language)})"
    if is_share(indicator):
        return format_share(raw, language)
    # Two decimals are enough in a sentence; the exact value stands beside it in the canonical result.
    shown = round(raw, 2)
    unit = text.unit if shown != 1 or text.unit_one is None else text.unit_one
    return f"{format_number(shown, language)} {unit.split(' (')[0]}".rstrip()


def quote(text: str, language: Language) -> str:
    """Put a text in the quotation marks of a language."""
    return _PHRASES[language]["listed"].format(text)


def label_fact(indicator: str, fact: str, texts: MethodologyTexts) -> str:
    """Return the label of a fact of an indicator, from the texts of the methodology.

    The label of a level is only the word "level", so the name of the indicator is added to it. The label of a component
    is its text.
    """
    text = texts.indicators[indicator]
    if fact in text.components:
        return quote(text.components[fact], texts.language)
    if fact == "level":
        return _PHRASES[texts.language]["of"].format(text.facts[fact], quote(text.name, texts.language))
    return text.facts[fact]


def format_fact(raw: FactValue | str | None, language: Language) -> str:
    """Format the value of a fact; None is formatted as "not answered"."""
    if type(raw) is int:
        return format_number(raw, language)
    if raw is None:
        return _PHRASES[language]["absent"]
    if isinstance(raw, bool):
        return format_truth(raw, language)
    if isinstance(raw, str):
        return raw
    if isinstance(raw, tuple):
        return ", ".join(raw) if raw else _PHRASES[language]["none"]
    return format_number(raw, language)


def _compile_fact_reader(operand: Operand) -> Callable[[Facts], Evaluated]:
    """Return a function that reads the value of an operand from facts by name.

    Raises:
        TypeError: If the operand reads a score or the index, which are not facts.
    """
    match operand:
        case ProfileOperand(field=field):
            return lambda facts: _to_evaluated(facts.get(field))
        case AnswerOperand(indicator=indicator, fact=fact):
            return lambda facts: _to_evaluated(facts.get(f"{indicator}.{fact}"))
        case ComponentOperand(indicator=indicator, component=component):
            return lambda facts: _to_evaluated(facts.get(f"{indicator}.{component}"))
        case _:
            raise TypeError(f"{type(operand).__name__} reads no facts")


def _to_evaluated(raw: FactValue | str | None) -> Evaluated:
    if isinstance(raw, tuple):
        raise TypeError("a predicate reads no list")
    return to_exact(raw) if isinstance(raw, float) else raw


def _reject_presence(indicator: str) -> Callable[[Facts], bool]:
    raise TypeError(f"whether {indicator} was answered is not among the facts")


def select_deciding(predicate: Predicate, facts: Facts, truth: bool) -> Predicate:
    """Return the part of a predicate that decides its truth value for given facts.

    `truth` is the truth value of the predicate for `facts`. A true `any` is reduced to its true members, and a false
    `all` to its false members; any other predicate is returned whole.
    """
    match predicate:
        case Any(of=members) if truth:
            return Any(of=_select_members(members, facts, truth))
        case All(of=members) if not truth:
            return All(of=_select_members(members, facts, truth))
        case _:
            return predicate


def _select_members(members: tuple[Predicate, ...], facts: Facts, truth: bool) -> tuple[Predicate, ...]:
    return tuple(select_deciding(member, facts, truth) for member in members if _compile_member(member)(facts) is truth)


@lru_cache(maxsize=1024)
def _compile_member(member: Predicate) -> Callable[[Facts], Truth]:
    return compile_predicate(member, _compile_fact_reader, _reject_presence)


def lower_first(text: str) -> str:
    """Convert a text of a methodology to a clause: drop the final full stop, and begin with a small letter.

    An abbreviation at the start of the text keeps its capitals.
    """
    inside = text.removesuffix(".")
    # An abbreviation such as "DIR3" keeps its capitals: its second letter is not in lower case.
    return inside[:1].lower() + inside[1:] if inside[1:2].islower() else inside


def has_product(predicate: Predicate) -> bool:
    """Return True if a predicate contains a product of facts.

    Such a predicate is hard to read in words, so callers list its facts instead.
    """
    return any(isinstance(operand, Product) for operand in walk_operands(predicate))


def are_all_dimensions(operands: tuple[Operand, ...], texts: MethodologyTexts) -> bool:
    """Return True if the operands are the scores of all groups below the root.

    Only then may the minimum of the operands be called "the lowest dimension".
    """
    nodes = {operand.node for operand in operands if isinstance(operand, ScoreOperand)}
    return len(nodes) == len(operands) == len(texts.groups) - 1 and nodes <= texts.groups.keys()


class PredicateNarrator:
    """Writer that puts predicates into words, with the values of the facts that they read.

    The constructor receives `facts`, the known values; with an empty mapping, predicates are described without values.
    With `stated`, a predicate becomes a statement ("is at least"), otherwise a requirement ("must be at least").
    `shares` are the ids of the indicators whose raw values are shown as percentages. `texts` contains the labels of the
    facts; the words are in the language of these texts.
    """

    def __init__(
        self, texts: MethodologyTexts, facts: Facts, *, stated: bool, shares: frozenset[str] = frozenset()
    ) -> None:
        self._texts = texts
        self._facts = facts
        self._shares = shares
        self._language = texts.language
        self._phrases = _PHRASES[texts.language]
        self._stated = stated
        self._comparisons = (_STATED_COMPARISONS if stated else _COMPARISONS)[texts.language]

    def describe(self, predicate: Predicate) -> str:
        """Describe a predicate as a clause without a full stop."""
        text = self._describe_clause(predicate)
        for separate, contracted in _CONTRACTIONS.get(self._language, ()):
            text = text.replace(separate, contracted)
        return text

    def describe_scope(self, predicate: Predicate) -> str | None:
        """Describe a predicate that only sets minimums for profile fields: `from 10 people on the staff (here 2)`.

        Return None for any other predicate, which only `describe` can describe.
        """
        match predicate:
            case All(of=members):
                clauses = [self.describe_scope(member) for member in members]
                return None if None in clauses else self._phrases["all"].join(filter(None, clauses))
            case Compare(op="ge", left=ProfileOperand(field=field), right=Constant(value=int(least))):
                return self._describe_numbers(field, "exists" if least == 1 else "from", least=least)
            case Any(
                of=(
                    Compare(op="eq", left=ProfileOperand(field=field), right=Constant(value=int(other))),
                    Compare(op="ge", left=ProfileOperand(field=same), right=Constant(value=int(least))),
                )
            ) if field == same:
                # A number of people that is 0 is one that nobody can tell, which is not worth a word here.
                phrase = "from_or" if other else "from"
                return self._describe_numbers(field, phrase, least=least, other=other)
            case _:
                return None

    def _describe_numbers(self, field: str, phrase: str, **bounds: int) -> str | None:
        if field not in self._facts:
            return None
        shown = {name: format_number(bound, self._language) for name, bound in bounds.items()}
        actual = format_fact(self._facts[field], self._language)
        return self._phrases[phrase].format(label=self._texts.profile[field].label, actual=actual, **shown)

    def _describe_clause(self, predicate: Predicate) -> str:
        match predicate:
            case All(of=members):
                return self._phrases["all"].join(self._describe_member(member) for member in members)
            case Any(of=members):
                return self._phrases["any"].join(self._describe_member(member) for member in members)
            case Not(of=member):
                return self._phrases["not"].format(self._describe_clause(member))
            # Only an answer that was sent can break such a rule, so its condition goes without saying.
            case Implies(when=Present(), then=then):
                return self._describe_clause(then)
            case Implies(when=when, then=then):
                condition = PredicateNarrator(self._texts, self._facts, stated=True).describe(when)
                return self._phrases["if"].format(condition, self._describe_clause(then))
            case Compare(op="eq", left=ProfileOperand() | AnswerOperand() as left, right=Constant(value=0)) if (
                self._stated and self._is_count_of_none(left)
            ):
                return self._phrases["nothing"].format(self._label_operand(left))
            case Compare(op="eq", left=ComponentOperand() as left, right=Constant(value=True)) if self._stated:
                return self._phrases["chosen"].format(self.describe_operand(left))
            case Compare(op="eq", left=left, right=Constant(value=bool(wanted))):
                verb = self._phrases["is" if self._stated else "be"]
                return f"{self.describe_operand(left)} {verb} {format_truth(wanted, self._language)}"
            case Compare(op="eq", left=ProfileOperand(field=field), right=Constant(value=str(raw))) if self._stated:
                text = self._texts.profile[field]
                return f"{text.label} {self._phrases['is']} {quote(text.values.get(raw, raw), self._language)}"
            case Compare(op=op, left=left, right=right):
                return f"{self.describe_operand(left)} {self._comparisons[op]} {self._describe_right_side(left, right)}"
            case Present(indicator=indicator):
                name = self._texts.indicators[indicator].name
                return self._phrases["answered"].format(quote(name, self._language))

    def _describe_member(self, predicate: Predicate) -> str:
        """Describe a member of an `all` or `any`, in brackets if it is itself an `all` or `any`."""
        text = self._describe_clause(predicate)
        nested = isinstance(predicate, All | Any) and len(predicate.of) > 1
        return f"({text})" if nested else text

    def _describe_right_side(self, left: Operand, right: Operand) -> str:
        """Describe the operand on the right of a comparison.

        A value that is compared with a profile field is shown by its text. A number that is compared with a share is
        shown as a percentage.
        """
        match left, right:
            case ProfileOperand(field=field), Constant(value=str(raw)):
                return self._texts.profile[field].values.get(raw, raw)
            case ValueOperand(indicator=indicator), Constant(value=int() | float() as share) if (
                indicator in self._shares
            ):
                return format_share(share, self._language)
            case LowerBoundOperand(), Constant(value=int() | float() as share):
                return format_share(share, self._language)
            case _:
                return self.describe_operand(right)

    def describe_operand(self, operand: Operand) -> str:
        """Describe an operand; if it is a fact with a known value, add the value."""
        match operand:
            case Constant(value=raw):
                return format_fact(raw, self._language)
            case ProfileOperand(field=field):
                text = self._texts.profile[field]
                return self._append_fact(text.label, field, text.values)
            case AnswerOperand(indicator=indicator, fact=fact):
                return self._append_fact(label_fact(indicator, fact, self._texts), f"{indicator}.{fact}", {})
            case ComponentOperand(indicator=indicator, component=component):
                label = label_fact(indicator, component, self._texts)
                return self._append_fact(label, f"{indicator}.{component}", {})
            case ValueOperand(indicator=indicator):
                measured = self._texts.indicators[indicator]
                name = quote(measured.name, self._language)
                return self._phrases["level"].format(name) if measured.ladder else name
            case ScoreOperand(node=node):
                names = self._texts.groups if node in self._texts.groups else self._texts.indicators
                return self._phrases["score"].format(quote(names[node].name, self._language))
            case LowerBoundOperand(indicators=names, confidence=confidence):
                named = OR.into(self._language).join(
                    quote(self._texts.indicators[name].name, self._language) for name in names
                )
                return self._phrases["lower_bound"].format(named, format_share(confidence, self._language))
            case PillarOperand(pillar=pillar):
                return self._phrases["pillar"].format(quote(name_pillar(pillar, self._texts), self._language))
            case IndexOperand():
                return self._phrases["index"]
            case Minimum(of=members) if are_all_dimensions(members, self._texts):
                return self._phrases["dimensions"]
            case Minimum(of=members):
                return self._phrases["min"].format(
                    join_list([self.describe_operand(member) for member in members], self._language)
                )
            case Maximum(of=members):
                return self._phrases["max"].format(
                    join_list([self.describe_operand(member) for member in members], self._language)
                )
            case Sum(of=members):
                return self._phrases["sum"].join(self.describe_operand(member) for member in members)
            case Product(of=members):
                return self._phrases["times"].join(self.describe_operand(member) for member in members)
            case Quotient(numerator=numerator, denominator=denominator):
                return self._phrases["per"].format(self.describe_operand(numerator), self.describe_operand(denominator))

    def _is_count_of_none(self, operand: ProfileOperand | AnswerOperand) -> bool:
        """Return True if an operand is a number, not a level, and its known value is 0."""
        if isinstance(operand, ProfileOperand):
            raw = self._facts.get(operand.field)
        else:
            raw = None if operand.fact == "level" else self._facts.get(f"{operand.indicator}.{operand.fact}")
        return raw == 0 and raw is not False

    def _label_operand(self, operand: ProfileOperand | AnswerOperand) -> str:
        if isinstance(operand, ProfileOperand):
            return self._texts.profile[operand.field].label
        return label_fact(operand.indicator, operand.fact, self._texts)

    def _append_fact(self, label: str, name: str, values: Mapping[str, str]) -> str:
        """Return the label of the fact `name`, with its value if that is known: `active accounts (12)`.

        `values` has the texts of the enumerated values of a profile field.
        """
        if name not in self._facts or self._facts[name] is True:
            return label
        raw = self._facts[name]
        shown = values.get(raw, raw) if isinstance(raw, str) else format_fact(raw, self._language)
        return f"{label} ({shown})"
