"""Answer cells: the single inputs of a spreadsheet questionnaire, with their labels and allowed values in a language.

A cell has a code, which is the same in every language: the name of a profile field, `indicator.fact`, or
`indicator.fact.component`. A checklist has a cell for each of its components.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, NamedTuple

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Fact, Indicator, IndicatorText, ProfileField, ProfileText
from actitud_api.engine.methodology.predicates import walk_indicators

AnswerForm = Literal["integer", "number", "yes_no", "choice"]


class AnswerChoice(NamedTuple):
    """A value that can be chosen in an answer cell, with the text that explains the value."""

    value: str | int
    text: str

    @property
    def label(self) -> str:
        """The text of the choice in a drop-down list: the value and its explanation."""
        return f"{self.value} · {self.text}"


@dataclass(frozen=True, slots=True)
class AnswerInput:
    """An input of a questionnaire in a spreadsheet: the code of its cell, and the values that the cell accepts.

    Attributes:
        code: Code of the cell, the same in every language.
        pointer: JSON Pointer of the value in the questionnaire document.
        form: Kind of value.
        label: Text that asks for the value.
        minimum: Lowest number that is accepted, None if there is no limit.
        maximum: Highest number that is accepted, None if there is no limit.
        choices: Values to choose from, empty if there is no list.
        component: Component that a "yes" in the cell adds to the list at `pointer`; None if the cell contains the value
            itself.
        required: True if the answer is incomplete without this cell.
        set_by_service: True if a review sets the value, not the organisation.
    """

    code: str
    pointer: str
    form: AnswerForm
    label: str
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[AnswerChoice, ...] = ()
    component: str | None = None
    required: bool = True
    set_by_service: bool = False


@cache
def list_inputs(version: str, language: Language) -> tuple[AnswerInput, ...]:
    """List the answer cells of a methodology version: first the profile fields, then the indicators, in document order.

    Raises:
        UnknownMethodology: If there is no such version.
    """
    methodology = load_methodology(version)
    texts = methodology.texts[language]
    profile = (build_profile_input(field, texts.profile[field.name]) for field in methodology.document.profile)
    answers = (
        item
        for indicator in walk_indicators(methodology.document.root)
        for fact in indicator.facts
        for item in build_answer_inputs(indicator, fact, texts.indicators[indicator.id])
    )
    return (*profile, *answers)


@cache
def map_options(version: str) -> Mapping[str, Mapping[str, str | int]]:
    """Return the values of choices, by code of the answer cell and then by each text that users may write for it.

    The texts of a choice are its value, its label and its explanation in every language, all in lower case. Cells
    without choices are left out.
    """
    options: dict[str, dict[str, str | int]] = {}
    for language in load_methodology(version).texts:
        for field in list_inputs(version, language):
            for choice in field.choices:
                for text in (str(choice.value), choice.label, choice.text):
                    options.setdefault(field.code, {}).setdefault(text.strip().casefold(), choice.value)
    return options


def build_profile_input(field: ProfileField, text: ProfileText) -> AnswerInput:
    """Build the answer cell for a profile field."""
    forms: dict[str, AnswerForm] = {"enum": "choice", "boolean": "yes_no", "integer": "integer", "number": "number"}
    return AnswerInput(
        field.name,
        f"/profile/{field.name}",
        forms[field.type],
        text.label if text.label == text.description else f"{text.label} ({text.description})",
        field.minimum,
        field.maximum,
        tuple(AnswerChoice(value, text.values[value]) for value in field.values),
        required=field.set_by == "organisation",
        set_by_service=field.set_by == "service",
    )


def build_answer_inputs(indicator: Indicator, fact: Fact, text: IndicatorText) -> Iterator[AnswerInput]:
    """Yield the answer cells for a fact of an indicator: one for each component of a checklist, otherwise only one."""
    code, pointer = f"{indicator.id}.{fact.name}", f"/answers/{indicator.id}/{fact.name}"
    set_by_service = fact.set_by == "service"
    if fact.type == "components":
        for component in indicator.components:
            element = text.components[component]
            yield AnswerInput(
                f"{code}.{component}",
                pointer,
                "yes_no",
                f"{text.facts[fact.name]}: {element}" if set_by_service else element,
                component=component,
                required=fact.required,
                set_by_service=set_by_service,
            )
        return
    is_ladder = fact.type == "integer" and indicator.type == "level"
    form: AnswerForm = "choice" if is_ladder else "yes_no" if fact.type == "boolean" else fact.type
    yield AnswerInput(
        code,
        pointer,
        form,
        ": ".join(filter(None, describe_fact(text, fact.name))),
        fact.minimum,
        fact.maximum,
        tuple(AnswerChoice(*level) for level in enumerate(text.ladder)) if is_ladder else (),
        required=fact.required,
        set_by_service=set_by_service,
    )


def describe_fact(text: IndicatorText, fact: str) -> tuple[str, str]:
    """Return the label and the definition of a fact; the definition is empty if the texts have none."""
    definition = {"numerator": text.numerator, "denominator": text.denominator}.get(fact)
    label = text.facts[fact]
    return label, "" if definition in (None, label) else str(definition)
