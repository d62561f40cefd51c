"""Texts in Spanish and English for contradictions in the entry of an organisation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import Fault
from actitud_api.platform.http.validation import quote_value
from actitud_api.resources.organisations.entries import OrganisationContradiction
from actitud_api.resources.organisations.faults import IDENTIFIER_TEXTS, TAKEN_TEXT

_TEXTS: Final[Mapping[str, Texts]] = {
    **IDENTIFIER_TEXTS,
    "taken": TAKEN_TEXT,
    "own": Texts("«{value}» ya es el identificador de la organización", "“{value}” is the id of the organisation"),
    "repeated": Texts("«{value}» está repetido", "“{value}” is there more than once"),
    "unknown": Texts("no hay ninguna organización {value}", "there is no organisation {value}"),
    "alias": Texts("{value} es un alias de {expected}", "{value} is an alias of {expected}"),
    "itself": Texts("{value} es la propia organización", "{value} is the organisation itself"),
    "cycle": Texts("{value} lleva de vuelta a esta organización", "{value} leads back to this organisation"),
    "province_differs": Texts(
        "«{value}» no es la provincia del identificador: {expected}",
        "“{value}” is not the province of the identifier: {expected}",
    ),
    "region_differs": Texts(
        "«{value}» no es la comunidad autónoma de la provincia: {expected}",
        "“{value}” is not the region of the province: {expected}",
    ),
    "year_alone": Texts("el año {value} no es de ninguna cifra", "the year {value} is of no figure"),
    "order": Texts("{value} es anterior a su primer día, {expected}", "{value} is before its first day, {expected}"),
    "before_start": Texts(
        "{value} es anterior a su primer día, {expected}", "{value} is before its first day, {expected}"
    ),
    "after_end": Texts("{value} es posterior a su último día, {expected}", "{value} is after its last day, {expected}"),
    "ended": Texts(
        "{value} terminó el {expected}, antes que la organización cuyo lugar ocuparía",
        "{value} ended on {expected}, before the organisation whose place it would take",
    ),
    "outlived": Texts(
        "{value} es anterior al último día de {expected}, cuyo lugar ocupó",
        "{value} is before the last day of {expected}, whose place it took",
    ),
    "future": Texts("{value} aún no ha llegado", "{value} is still to come"),
    "overlap": Texts(
        "hasta {value} ya se llamaba {expected}: un nombre sigue a otro",
        "until {value} it was called {expected} already: one name follows another",
    ),
}

_WITH_SUGGESTION: Final = frozenset({"control_digit", "taken", "alias", "province_differs", "region_differs"})
"""Rules for which `expected` of the contradiction is the value that the client should probably send instead."""


def build_fault(contradiction: OrganisationContradiction) -> Fault:
    """Convert a contradiction to a fault of the request, with its text in Spanish and English.

    The text never repeats a value that may be the identity number of a person.
    """
    value = quote_value(contradiction.value)
    quoted = "…" if value is None else contradiction.value
    sentence = _TEXTS[contradiction.rule].fill(value=quoted, expected=contradiction.expected)
    detail = Texts("{sentence}.", "{sentence}.", sentence=lambda language: _capitalize(sentence.into(language)))
    suggestion = contradiction.expected if contradiction.rule in _WITH_SUGGESTION else None
    return Fault(contradiction.pointer, contradiction.rule, value, detail, suggestion)


def _capitalize(sentence: str) -> str:
    """Return a sentence with its first letter as a capital; all other letters stay as they are."""
    return sentence[0].upper() + sentence[1:]
