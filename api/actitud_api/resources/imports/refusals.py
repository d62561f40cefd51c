"""Faults of rows that must not change an assessment whatever their values are, as if the organisation is unknown."""

from __future__ import annotations

import unicodedata
from typing import Final

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration.state_names import STATES
from actitud_api.platform.http.validation import quote_value
from actitud_api.resources.assessments.content_batches import TargetRefusal
from actitud_api.resources.assessments.lifecycle import DeadlinePassed, InvalidTransition
from actitud_api.resources.editions.service import EditionNotOpen
from actitud_api.resources.imports.sources import ImportFault, OrganisationRows, build_fault


def refuse_nameless(group: OrganisationRows) -> ImportFault:
    """Build the fault of rows that name no organisation."""
    return build_fault(group.locate(), "required", _NAMELESS)


def refuse_unknown(group: OrganisationRows) -> ImportFault:
    """Build the fault of rows whose organisation does not exist, or is not an organisation of the client's key."""
    return build_fault(group.locate(), "organisation", _UNKNOWN, quote_value(group.organisation))


def refuse_misnamed(group: OrganisationRows, name: str) -> ImportFault | None:
    """Build the fault of rows that call an organisation other than `name`, its name; None if they do not.

    Case, accents and signs do not make a name another.
    """
    other = next((one for one in group.names if one and _fold(one) != _fold(name)), None)
    if other is None:
        return None
    return build_fault(group.locate(), "name", _MISNAMED.fill(name=name), quote_value(other))


def _fold(name: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", name).casefold()))


def refuse_scattered(group: OrganisationRows, rows: list[int]) -> ImportFault:
    """Build the fault of an organisation whose rows are not adjacent.

    `rows` has the number of the first row of each group of adjacent rows.
    """
    detail = _SCATTERED.fill(rows=", ".join(map(str, rows)))
    return build_fault(group.locate(), "duplicate", detail, quote_value(group.organisation))


def explain_refusal(group: OrganisationRows, refusal: TargetRefusal) -> ImportFault:
    """Build the fault of rows of an organisation whose assessment cannot be written; `refusal` is the reason."""
    match refusal:
        case EditionNotOpen():
            return build_fault(group.locate(), "edition", _NOT_OPEN)
        case InvalidTransition():
            return build_fault(group.locate(), "state", _NOT_WRITABLE.fill(state=STATES[refusal.state]))
        case DeadlinePassed():
            return build_fault(group.locate(), "deadline", _LATE.fill(day=refusal.day))
        case _:
            return refuse_unknown(group)


_NAMELESS: Final = Texts(
    "Falta la organización: escriba su identificador en cada fila.",
    "The organisation is missing: write its identifier in each row.",
)
_UNKNOWN: Final = Texts(
    "No hay ninguna organización con este identificador, o su clave no es de ella. Búsquela en /v1/organisations.",
    "There is no organisation with this identifier, or your key is not one of it. Look it up in /v1/organisations.",
)
_MISNAMED: Final = Texts(
    "El identificador es de «{name}» y las filas dan otro nombre: corrija el que esté mal, o deje el nombre en blanco.",
    "The identifier is that of “{name}” and the rows say another name: correct the wrong one, or leave the name blank.",
)
_SCATTERED: Final = Texts(
    "La organización está en varios sitios, desde las filas {rows}: ponga sus filas juntas, o deje solo una.",
    "The organisation is in several places, from the rows {rows} on: put its rows together, or leave only one.",
)
_NOT_OPEN: Final = Texts(
    "La edición ya no admite cambios en esta evaluación.", "The edition no longer takes changes of this assessment."
)
_NOT_WRITABLE: Final = Texts(
    "La evaluación está {state}; solo se escribe en un borrador o en una devuelta.",
    "The assessment is {state}; only a draft or a returned one is written.",
)
_LATE: Final = Texts(
    "El último día para escribir en la evaluación fue el {day}. Pida una prórroga.",
    "The last day to write the assessment was {day}. Ask for an extension.",
)
