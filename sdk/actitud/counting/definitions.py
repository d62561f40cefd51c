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
    """The same text in Spanish (``es``) and in English (``en``)."""

    es: str
    en: str

    def into(self, language: str) -> str:
        """Return the Spanish text if ``language`` is "es", else the English text."""
        return self.es if language == "es" else self.en


class WindowRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Days of a window of the measured year: from ``start`` for ``days`` days, or from ``start`` to ``end``.

    ``start``, ``end`` and ``electoral_start`` are month and day, such as ``"09-15"``. ``electoral_start`` replaces the
    start for organisations that must not publish in the usual days, because of an election; None if the window has no
    such start.
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
    - ``kinds``: only messages of these kinds, such as own posts.
    - ``window``: name of the window in which the messages were sent.
    - ``needs``: kinds of data that the files of each account must contain for the whole window; otherwise there is no
      sample.
    - ``media``: only messages with one of these kinds of media; all messages if empty.
    - ``platforms``: only messages of these platforms; of all networks if empty.
    - ``accounts``: "active" for the messages of active accounts only, "official" for those of all official accounts.
    - ``size``: size of the sample; None if all messages are coded.
    - ``draw``: "seed" draws at random by the seed of the edition, "latest" takes the latest messages.
    - ``reserve``: number of further drawn messages, coded one after another until enough of the coded messages needed
      an answer.
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
    """Possible value of a coded variable: its id, its name, and its explanation in the code book, None without one."""

    id: str
    name: TextPair
    book: TextPair | None = None


class Variable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Variable of the coding workbook: a question that a coder answers for each row of a sheet.

    ``codes``: the possible answers. ``book``: explanation of the question in the code book, None if it needs none.
    ``indicators``: ids of the indicators that need the answer.
    """

    id: str
    sheet: str
    question: TextPair
    codes: tuple[Code, ...]
    indicators: tuple[str, ...]
    book: TextPair | None = None


class SheetQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Question that a person answers for each account with yes or no.

    ``can_be_missing``: True if a third answer is allowed, that the network does not offer the feature.
    """

    id: AccountColumn
    question: TextPair
    can_be_missing: bool = False


class InformationClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Class of information in a checklist, with the words by which posts are proposed as examples of it."""

    id: str
    name: TextPair
    words: tuple[str, ...]


class FactRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Rule by which one fact is counted. A field that the kind of ``rule`` does not use has its default.

    - ``rule``: the kind of rule, such as "messages", which counts the messages that match the other fields.
    - ``basis``: "counted" from messages alone, "coded" from a sample that persons coded, "confirmed" by a person.
    - ``window``: name of the window in which messages count.
    - ``kinds``: kinds of messages that count, such as own posts.
    - ``media``: only messages with one of these kinds of media; all messages if empty.
    - ``accounts``: the accounts that count.
    - ``needs``: kinds of data that the files of each account must contain for the whole window; otherwise the number is
      unknown.
    - ``precision``: coarsest precision of times that is enough; a number that depends on coarser times is unknown.
    - ``frame``: name of the frame whose sample is coded.
    - ``frames``: names of the frames for response times: the first with ``enough`` messages that needed an answer is
      taken, else the last one.
    - ``variable``: id of the coded variable. ``codes``: its codes that count.
    - ``answered``: True if only messages count that got a reply.
    - ``columns``: questions about each account. ``holds``: "all" of them must be answered with yes, or "any" of them.
    - ``figure``: what is counted of response times, such as messages answered in time or hours until half are answered.
    - ``hours``: longest time to a reply that is in time.
    - ``minimum``: least number of posts in a week that counts; ``small_minimum`` for an organisation that serves at
      most ``small_population`` people.
    - ``identical_max``: number of messages with an identical reply that count; None for no limit.
    - ``limit``: profile field that the number must not exceed, because the methodology checks this.
    - ``at_least``: profile field that is the least value of the number.
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
    - ``windows`` and ``frames``: by their names. A frame is a set of messages from which a sample is drawn.
    - ``activity``: condition for an active account.
    - ``variables``: questions that a coder answers for each row of a sample. ``account_questions``: for each account.
    - ``classes``: classes of information, of which a person confirms that the organisation publishes them.
    - ``profile``: rules of the counted profile fields. ``indicators``: rules of the counted indicators, by id.
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
        """Return the variable with the id ``name`` on a sheet of the coding workbook; it must exist."""
        return next(variable for variable in self.variables if (variable.sheet, variable.id) == (sheet, name))

    def list_rules(self) -> Mapping[str, FactRule]:
        """Return all rules by the code of their fact.

        A code is the name of a profile field, or indicator and fact, such as ``D2.03.numerator``.
        """
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
