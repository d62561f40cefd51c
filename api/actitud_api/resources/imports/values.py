"""Read the texts of cells as values of the member of an assessment that the column or row names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import EVIDENCE_MAX
from actitud_api.platform.http.validation import Json
from actitud_api.platform.spreadsheets.cells import InvalidCell
from actitud_api.platform.spreadsheets.source_cells import SOURCE_LABELS, SOURCE_MEMBERS, parse_source_member

ValueType: TypeAlias = Literal["integer", "number", "boolean", "components", "enum", "text", "date", "source"]

DOCUMENT_MEMBERS: Final[Mapping[str, ValueType]] = {"url": "text", "date": "date", "note": "text", "sha256": "text"}
"""Type of each member of an evidence document."""

SOURCE_TITLES: Final[Mapping[str, str]] = {"source": "kind", "source_manifest": "manifest", "source_edition": "edition"}
"""The member of the source of an answer by its column; a column `edition` is that of the row."""

PROFILE: Final = "profile"
"""Name of the profile where the id of an indicator stands."""

_BOOLEANS: Final = {
    **dict.fromkeys(("true", "verdadero", "yes", "sí", "si", "1"), True),
    **dict.fromkeys(("false", "falso", "no", "0"), False),
}
_NO_COMPONENTS: Final = frozenset({"none", "ninguno", "ninguna"})
"""Words for a checklist of which nothing is done: an empty cell is no answer."""

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,2})?")
THOUSANDS: Final = re.compile(r"-?[1-9][0-9]{0,2}(?:[.\u00a0\u202f ][0-9]{3})+(?:,[0-9]+)?")
"""Number whose points or spaces may be separators of thousands."""
_SPANISH_DATE: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_COMMAS: Final = re.compile(r"-?[0-9]+(?:,[0-9]+)+")
_GUARD: Final = re.compile(r"(?:\A|(?<=[,;\t\r\n]))'")
"""Apostrophe that keeps spreadsheets from reading a text as a formula, as downloads write it."""


class InvalidValue(ValueError):
    """The text of a cell is no value of the expected type.

    `rule` is the code of the broken rule, `detail` a sentence about the fault. `suggestion` is the value that was
    probably meant, None if it is not known. Raised by `read_text` and `read_date`.
    """

    def __init__(self, rule: str, detail: Texts, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.detail = detail
        self.suggestion = suggestion


class ValueTarget(Struct, frozen=True):
    """The member of the body of an assessment that a cell sets, and the type of its value.

    `path` has the steps of the JSON Pointer to the member. `components` has the ids that a checklist may contain, empty
    for a value of another type. `set_by_service`: True if assessors set the value in a review, not the organisation.
    """

    path: tuple[str, ...]
    type: ValueType
    components: tuple[str, ...] = ()
    set_by_service: bool = False


@cache
def list_facts(version: str) -> Mapping[tuple[str, str], ValueTarget]:
    """Return the member of an assessment that each fact of a methodology version sets.

    Facts are keyed by indicator and name, profile fields by `PROFILE` and name.
    """
    document = load_methodology(version).document
    targets = {
        (PROFILE, field.name): ValueTarget((PROFILE, field.name), field.type, set_by_service=field.set_by == "service")
        for field in document.profile
    }
    for indicator in walk_indicators(document.root):
        for fact in indicator.facts:
            targets[indicator.id, fact.name] = ValueTarget(
                ("answers", indicator.id, fact.name),
                fact.type,
                indicator.components if fact.type == "components" else (),
                set_by_service=fact.set_by == "service",
            )
    return targets


@cache
def list_columns(version: str) -> Mapping[str, ValueTarget]:
    """Return the member of an assessment that each column of a CSV file sets, by name of the column.

    The file has one row for each organisation; `version` is the methodology version. An ambiguous name is absent, such
    as `a.b.c`, which could be the fact `c` of `a.b` or `b.c` of `a`.
    """
    named: list[tuple[str, ValueTarget]] = []
    short: dict[str, ValueTarget] = {}
    facts: dict[str, list[ValueTarget]] = {}
    for (place, name), target in list_facts(version).items():
        named.append((f"{PROFILE}:{name}" if place == PROFILE else f"{place}.{name}", target))
        if place == PROFILE and not target.set_by_service:
            named += _list_documents(f"{PROFILE}:{name}", ("profile_evidence", name))
            named += _list_source_columns(f"{PROFILE}:{name}", ("profile_sources", name))
        elif place != PROFILE and not target.set_by_service:
            facts.setdefault(place, []).append(target)
    for indicator, targets in facts.items():
        if len(targets) == 1:
            short[indicator] = targets[0]
        named.append((f"{indicator}.note", ValueTarget(("answers", indicator, "note"), "text")))
        named += _list_documents(indicator, ("answers", indicator, "evidence"))
        named += _list_source_columns(indicator, ("answers", indicator, "source"))
    names = [name for name, _ in named]
    repeated = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
    return short | {name: target for name, target in named if name not in repeated}


def _list_documents(prefix: str, path: tuple[str, ...]) -> list[tuple[str, ValueTarget]]:
    """Return the columns of the documents of an answer or field: `….evidence_url`, `….evidence_url_2` and so on."""
    return [
        (
            f"{prefix}.evidence_{member}{'' if number == 0 else f'_{number + 1}'}",
            ValueTarget((*path, str(number), member), type_),
        )
        for number in range(EVIDENCE_MAX)
        for member, type_ in DOCUMENT_MEMBERS.items()
    ]


def _list_source_columns(prefix: str, path: tuple[str, ...]) -> list[tuple[str, ValueTarget]]:
    """Return the columns of the source of an answer or field: `….source`, `….source_manifest`, `….source_edition`."""
    return [(f"{prefix}.{title}", ValueTarget((*path, member), "source")) for title, member in SOURCE_TITLES.items()]


def read_text(text: str, target: ValueTarget, *, is_spanish: bool) -> Json:
    """Convert the text of a cell that is not empty to a value of the type that `target` names.

    `is_spanish`: True if numbers may have decimal commas. An unknown code of an enumeration or checklist is returned
    unchanged: the schema, which has the codes, refuses it later.

    Raises:
        InvalidValue: The text is no value of the type of `target`.
    """
    match target.type:
        case "integer" | "number":
            return _read_number(text, is_spanish=is_spanish)
        case "boolean":
            value = _BOOLEANS.get(text.casefold())
            if value is None:
                raise InvalidValue("enum", _YES_OR_NO)
            return value
        case "components":
            if text.casefold() in _NO_COMPONENTS and text not in target.components:
                return []
            return [component for component in re.split(r"[\s,;]+", text) if component]
        case "date":
            return read_date(text)
        case "source":
            return _read_source_member(target.path[-1], text)
        case "text":
            return _GUARD.sub("", text)
        case "enum":
            return text


def _read_source_member(member: str, text: str) -> str:
    """Return a member of a source; its kind may be written as in a workbook, as a code or as a name in any language."""
    (column,) = (column for column, named in SOURCE_MEMBERS.items() if named == member)
    try:
        return parse_source_member(column, text)
    except InvalidCell as wrong:
        raise InvalidValue(wrong.rule, _NO_SOURCE, wrong.suggestion) from None


def _read_number(text: str, *, is_spanish: bool) -> int | float:
    if _INTEGER.fullmatch(text):
        return int(text)
    if THOUSANDS.fullmatch(text) and (is_spanish or not _NUMBER.fullmatch(text)):
        plain = re.sub(r"[.\u00a0\u202f ]", "", text).replace(",", ".")
        raise InvalidValue("number", THOUSANDS_REFUSED, plain)
    plain = text.replace(",", ".") if is_spanish else text
    if not _NUMBER.fullmatch(plain):
        if text[:1] == "=":
            raise InvalidValue("formula", _FORMULA)
        raise InvalidValue("type", _NO_NUMBER if is_spanish or not _COMMAS.fullmatch(text) else _DECIMAL_COMMA)
    number = float(plain)
    return int(number) if number.is_integer() and abs(number) < 10**15 else number


def read_date(text: str) -> str:
    """Convert a date, written as 2026-12-31 or as 31/12/2026, to the form 2026-12-31.

    Raises:
        InvalidValue: The text is no date.
    """
    spanish = _SPANISH_DATE.fullmatch(text)
    try:
        if spanish is not None:
            return date(int(spanish[3]), int(spanish[2]), int(spanish[1])).isoformat()
        if len(text) == 10:
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise InvalidValue("format", _NO_DATE)


_YES_OR_NO: Final = Texts(
    "Debe ser true o false: escriba «Sí» o «No».", "It must be true or false: write “yes” or “no”."
)
_DECIMAL_COMMA: Final = Texts(
    "Escriba los decimales con punto, porque las comas separan las celdas, y los miles sin separador.",
    "Write decimals with a point, because commas separate the cells, and thousands without a separator.",
)
_NO_NUMBER: Final = Texts(
    "Debe ser un número: escríbalo sin unidades ni otras palabras.",
    "It must be a number: write it without units or other words.",
)
THOUSANDS_REFUSED: Final = Texts(
    "No se sabe si el separador es de miles o de decimales: escriba el número sin separador de miles.",
    "It is not clear whether the separator is one of thousands: write the number without it.",
)
_FORMULA: Final = Texts("Hay una fórmula: escriba el valor.", "There is a formula: write the value.")
_NO_DATE: Final = Texts("Debe ser una fecha: escríbala como 2026-12-31.", "It must be a date: write it as 2026-12-31.")
_NO_SOURCE: Final = Texts(
    "La fuente tiene que ser una de estas: {known}.",
    "The source has to be one of these: {known}.",
    known=lambda language: ", ".join(f"{kind} ({label.into(language)})" for kind, label in SOURCE_LABELS.items()),
)
