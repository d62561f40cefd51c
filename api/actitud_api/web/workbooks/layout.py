"""Where everything stands in the workbook of a methodology: the one description by which it is written and read.

A row is known by the code in its first column, never by its place, so that rows may be sorted or removed. The codes
are the same in every language: a field of the profile, an indicator, a fact of an indicator, an element of a fact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load
from actitud_api.engine.methodology.model import Fact, Group, Indicator, IndicatorText, ProfileField, ProfileText
from actitud_api.engine.methodology.model import Texts as MethodologyTexts

FORMAT: Final = 1
"""The version of this layout: what is written by another one is not read."""

METADATA: Final = "_metadata"
LISTS: Final = "_lists"
"""The hidden sheets: what the workbook is, and what its drop-downs offer."""

HEADER: Final = 3
"""The row of the titles of the columns, counted from 0; all rows above it are for people."""

DOCUMENTS_MIN: Final = 200
"""Rows for further documents in an empty workbook."""

Form = Literal["integer", "number", "yes_no", "choice"]


class Column(NamedTuple):
    """A column: its id, its title, its width in characters, and whether it is filled in."""

    id: str
    title: Texts
    width: int
    is_input: bool = False


class Sheet(NamedTuple):
    """A sheet that is filled in."""

    id: Literal["profile", "indicators", "documents"]
    title: Texts
    columns: tuple[Column, ...]

    def column(self, name: str) -> int:
        """The place of a column, counted from 0."""
        return next(place for place, column in enumerate(self.columns) if column.id == name)


_CODE: Final = Column("code", Texts("Código", "Code"), 17)
_ANSWER: Final = Column("answer", Texts("Respuesta", "Answer"), 34, True)
_DECLARED: Final = Column("declared", Texts("Solo declarado", "Only declared"), 12, True)
_URL: Final = Column("url", Texts("Documento: dirección", "Document: address"), 38, True)
_DATE: Final = Column("date", Texts("Documento: fecha", "Document: date"), 14, True)
_NOTE: Final = Column("note", Texts("Nota", "Note"), 38, True)
_ALLOWED: Final = Column("allowed", Texts("Qué se puede responder", "What can be answered"), 44)

PROFILE: Final = Sheet(
    "profile",
    Texts("Perfil", "Profile"),
    (_CODE, Column("question", Texts("Dato", "Field"), 52), _ANSWER, _ALLOWED, _DECLARED, _URL, _DATE),
)
INDICATORS: Final = Sheet(
    "indicators",
    Texts("Indicadores", "Indicators"),
    (
        _CODE,
        Column("question", Texts("Pregunta", "Question"), 58),
        _ANSWER,
        _ALLOWED,
        _DECLARED,
        _URL,
        _DATE,
        _NOTE,
        Column("why", Texts("Por qué se pregunta", "Why it is asked"), 40),
        Column("evidence", Texts("Qué vale como prueba", "What counts as evidence"), 48),
    ),
)
DOCUMENTS: Final = Sheet(
    "documents",
    Texts("Documentos", "Documents"),
    (
        Column("code", Texts("Código", "Code"), 24, True),
        Column("url", Texts("Dirección", "Address"), 60, True),
        Column("date", Texts("Fecha", "Date"), 14, True),
        _NOTE,
        Column("sha256", Texts("SHA-256", "SHA-256"), 68, True),
    ),
)
SHEETS: Final = (PROFILE, INDICATORS, DOCUMENTS)

YES: Final = Texts("Sí", "Yes")
NO: Final = Texts("No", "No")


class Choice(NamedTuple):
    """One of the values that an input may have, and what it means."""

    value: str | int
    text: str

    @property
    def label(self) -> str:
        """How a drop-down offers it."""
        return f"{self.value} · {self.text}"


@dataclass(frozen=True, slots=True)
class Input:
    """A cell for an answer: where in the questionnaire its value goes, and what it may be.

    `component`: it says whether this element is listed in the fact. `required`: an answer lacks something without it.
    """

    code: str
    pointer: str
    form: Form
    label: str
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Choice, ...] = ()
    component: str | None = None
    required: bool = True
    of_service: bool = False


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that begins an indicator, with what goes with its answer as a whole, or a dimension."""

    code: str
    indicator: Indicator | None


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows of the workbook of a methodology in a language."""

    profile: tuple[Input, ...]
    indicators: tuple[Heading | Input, ...]

    @property
    def supported(self) -> tuple[str, ...]:
        """The codes that documents may be given for."""
        fields = tuple(row.code for row in self.profile if not row.of_service)
        asked = (row for row in self.indicators if isinstance(row, Heading))
        return fields + tuple(row.code for row in asked if row.indicator is not None and row.indicator.facts)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All the cells for answers."""
        return self.profile + tuple(row for row in self.indicators if isinstance(row, Input))


@cache
def layout(version: str, language: Language) -> Layout:
    """The layout of the workbook of a registered version; raises `UnknownMethodology`."""
    methodology = load(version)
    texts = methodology.texts[language]
    return Layout(
        tuple(_field(field, texts.profile[field.name]) for field in methodology.document.profile),
        tuple(_rows(methodology.document.root, texts)),
    )


def _field(field: ProfileField, text: ProfileText) -> Input:
    forms: dict[str, Form] = {"enum": "choice", "boolean": "yes_no", "integer": "integer", "number": "number"}
    return Input(
        field.name,
        f"/profile/{field.name}",
        forms[field.type],
        text.label if text.label == text.description else f"{text.label} ({text.description})",
        field.minimum,
        field.maximum,
        tuple(Choice(value, text.values[value]) for value in field.values),
        required=field.set_by == "organisation",
        of_service=field.set_by == "service",
    )


def _rows(group: Group, texts: MethodologyTexts) -> Iterator[Heading | Input]:
    for child in group.children:
        if isinstance(child, Group):
            yield Heading(child.id, None)
            yield from _rows(child, texts)
            continue
        yield Heading(child.id, child)
        for fact in child.facts:
            yield from _inputs(child, fact, texts.indicators[child.id])


def _inputs(indicator: Indicator, fact: Fact, text: IndicatorText) -> Iterator[Input]:
    code, pointer = f"{indicator.id}.{fact.name}", f"/answers/{indicator.id}/{fact.name}"
    of_service = fact.set_by == "service"
    if fact.type == "components":
        for component in indicator.components:
            element = text.components[component]
            yield Input(
                f"{code}.{component}",
                pointer,
                "yes_no",
                f"{text.facts[fact.name]}: {element}" if of_service else element,
                component=component,
                required=fact.required,
                of_service=of_service,
            )
        return
    is_ladder = fact.type == "integer" and indicator.type == "level"
    form: Form = "choice" if is_ladder else "yes_no" if fact.type == "boolean" else fact.type
    yield Input(
        code,
        pointer,
        form,
        ": ".join(filter(None, fact_texts(text, fact.name))),
        fact.minimum,
        fact.maximum,
        tuple(Choice(*level) for level in enumerate(text.ladder)) if is_ladder else (),
        required=fact.required,
        of_service=of_service,
    )


def fact_texts(text: IndicatorText, fact: str) -> tuple[str, str]:
    """The label of a fact, and what it means where the methodology says more of it (numerators and denominators)."""
    definition = {"numerator": text.numerator, "denominator": text.denominator}.get(fact)
    label = text.facts[fact]
    return label, "" if definition in (None, label) else str(definition)


def address(sheet: str, row: int, column: int) -> str:
    """A cell as people name it, such as `Perfil!C12`; row and column are counted from 0."""
    return f"{sheet}!{xl_rowcol_to_cell(row, column)}"
