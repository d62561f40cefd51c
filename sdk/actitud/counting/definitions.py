"""The counting definitions of each methodology version: data on how its indicators and profile fields are counted.

The data of a version are stored beside its document in the service, as ``counting.json``, and copied here byte by byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Final, Literal

import msgspec

from actitud.counting.messages import Kind, Precision
from actitud.counting.sources import Tell

Basis = Literal["counted", "coded", "confirmed"]
"""How a number comes to be: by a rule alone, from a sample that persons coded, from a sheet that a person ticked."""

Rule = Literal[
    "accounts",
    "platforms",
    "messages",
    "weeks",
    "full_weeks",
    "answered",
    "coded",
    "sampled",
    "estimated",
    "responses",
    "account_sheet",
    "every_account",
    "classes",
]
AccountChoice = Literal["official", "active", "dormant", "main"]
ResponseFigure = Literal["needed", "answered", "answered_private", "critical", "critical_answered", "half_hours"]
AccountColumn = Literal["official", "comments", "messages", "inventory", "complete", "notice"]

_FOLDER: Final = "methodologies"
SECOND_SHARE: Final = Fraction(1, 5)
"""Share of a sample that a second person codes too (rule R8)."""


class UnknownVersion(LookupError):
    """Raised if a methodology version does not exist, or has no definitions for counting."""


class TextPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Text in Spanish and in English."""

    es: str
    en: str

    def into(self, language: str) -> str:
        """Return the Spanish text if ``language`` is "es", else the English text."""
        return self.es if language == "es" else self.en


class WindowRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days of a window of the measured year: from ``start`` (month and day) for ``days`` days, or until ``end``.

    ``electoral_start`` replaces the start for organisations that keep electoral silence in the usual days.
    """

    start: str
    end: str | None = None
    days: int | None = None
    electoral_start: str | None = None


class ActivityRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Condition for an active account: a minimum of own posts, or of answered messages, in a window."""

    window: str
    posts: int
    answers: int


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Frame of a sample: the messages from which it is drawn.

    - ``sheet``: sheet of the coding workbook with the sample.
    - ``media``: only messages with one of these kinds of media; all messages if empty.
    - ``platforms``: only messages of these platforms; of all networks if empty.
    - ``size``: size of the sample; None if all messages are coded.
    - ``draw``: "seed" draws at random by the seed of the edition, "latest" takes the latest messages.
    - ``reserve``: number of further drawn messages, coded one after another until enough of the coded messages
      needed an answer.
    """

    name: TextPair
    sheet: Literal["posts", "visual_posts", "replies", "messages", "proposals"]
    kinds: tuple[Kind, ...]
    window: str
    needs: tuple[Tell, ...]
    draw: Literal["seed", "latest"]
    size: int | None = None
    reserve: int = 0
    media: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    accounts: AccountChoice = "official"


class Code(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Possible value of a variable that is coded: its id, its name, and its explanation in the code book."""

    id: str
    name: TextPair
    book: TextPair | None = None


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Variable of the coding workbook: a question that a coder answers for each row of a sheet.

    ``indicators``: the indicators that need the answer.
    """

    id: str
    sheet: str
    question: TextPair
    codes: tuple[Code, ...]
    indicators: tuple[str, ...]
    book: TextPair | None = None


class SheetQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Question that a person answers for each account: yes, no, or that the network does not offer the feature."""

    id: AccountColumn
    question: TextPair
    can_be_missing: bool = False


class InformationClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Class of information in a checklist, with the words by which posts are proposed as examples of it."""

    id: str
    name: TextPair
    words: tuple[str, ...]


class FactRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rule by which one fact is counted.

    - ``needs``: kinds of data that the files of each account must contain for the whole window; otherwise the number
      is unknown.
    - ``precision``: coarsest precision of times that is enough; a number that depends on coarser times is unknown.
    - ``limit``: profile field that the number must not exceed, because the methodology checks this.
    - ``note``: interpretation of the methodology's words on which the rule is based.
    """

    rule: Rule
    basis: Basis
    name: TextPair
    window: str | None = None
    kinds: tuple[Kind, ...] = ()
    media: tuple[str, ...] = ()
    accounts: AccountChoice = "official"
    needs: tuple[Tell, ...] = ()
    precision: Precision = "day"
    frame: str | None = None
    frames: tuple[str, ...] = ()
    variable: str | None = None
    codes: tuple[str, ...] = ()
    answered: bool = False
    columns: tuple[AccountColumn, ...] = ()
    holds: Literal["all", "any"] = "all"
    figure: ResponseFigure | None = None
    minimum: int = 0
    small_minimum: int = 0
    small_population: int = 0
    identical_max: int | None = None
    limit: str | None = None
    hours: int | None = None
    enough: int | None = None
    at_least: str | None = None
    note: TextPair | None = None


class IndicatorRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rules of an indicator that is counted: the rule of each of its facts, and its name.

    ``facts`` is empty if the indicator follows from the profile.
    """

    name: TextPair
    facts: dict[str, FactRule]


class Definitions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Definitions for counting under a methodology version: rules, windows, frames and questions for coders.

    - ``document``: digest of the methodology document on which the rules are based.
    - ``no_private_messages``, ``no_public_messages``: platforms on which nobody can write in private, or in public.
    - ``not_networks``: platforms that are no social network, such as the press room, and therefore have no accounts.
    """

    format: Literal["actitud-counting/1"]
    methodology: str
    document: str
    windows: dict[str, WindowRule]
    activity: ActivityRule
    no_private_messages: tuple[str, ...]
    no_public_messages: tuple[str, ...]
    not_networks: tuple[str, ...]
    frames: dict[str, Frame]
    variables: tuple[Variable, ...]
    account_questions: tuple[SheetQuestion, ...]
    classes: tuple[InformationClass, ...]
    profile: dict[str, FactRule]
    indicators: dict[str, IndicatorRules]

    def find_variable(self, sheet: str, name: str) -> Variable:
        """Return the variable with an id on a sheet of the coding workbook."""
        return next(variable for variable in self.variables if (variable.sheet, variable.id) == (sheet, name))

    def list_rules(self) -> Mapping[str, FactRule]:
        """Return all rules by the code of their fact, such as ``D2.03.numerator``, as in the service's workbook."""
        facts = {
            f"{indicator}.{fact}": rule
            for indicator, rules in self.indicators.items()
            for fact, rule in rules.facts.items()
        }
        return {**self.profile, **facts}


_DECODER: Final = msgspec.json.Decoder(Definitions)


def read_definitions(version: str) -> bytes:
    """Return the definitions for counting under a methodology version as stored bytes (JSON).

    Raises UnknownVersion if there are none.
    """
    file = resources.files("actitud.counting") / _FOLDER / f"{version}.json"
    if version != version.strip("./\\") or "/" in version or not file.is_file():
        raise UnknownVersion(version)
    return file.read_bytes()


@cache
def load_definitions(version: str) -> Definitions:
    """Return the definitions for counting under a methodology version. Raise UnknownVersion if there are none."""
    return _DECODER.decode(read_definitions(version))


def list_counted_versions() -> list[str]:
    """Return the methodology versions that have definitions for counting."""
    files = (resources.files("actitud.counting") / _FOLDER).iterdir()
    return sorted(file.name.removesuffix(".json") for file in files if file.name.endswith(".json"))
