"""Texts in Spanish and English for contradictions of an edition."""

from __future__ import annotations

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import Fault
from actitud_api.resources.editions.service import EditionContradiction

_TEXTS: dict[str, Texts] = {
    "range": Texts(
        "La fecha de referencia de una edición está en los años {against}.",
        "The reference date of an edition lies in the years {against}.",
    ),
    "order": Texts(
        "Termina el {value}, antes de empezar, el {against}.",
        "It ends on {value}, before it begins, on {against}.",
    ),
    "reference_date": Texts(
        "Termina el {value}, después de la fecha de referencia, {against}.",
        "It ends on {value}, after the reference date, {against}.",
    ),
    "overlap": Texts(
        "Empieza el {value}, y la fase anterior no termina hasta el {against}.",
        "It begins on {value}, and the phase before it does not end until {against}.",
    ),
    "shorter": Texts(
        "La audiencia ya ha empezado: su último día, el {against}, solo se puede retrasar.",
        "The hearing has begun: its last day, {against}, can only become a later one.",
    ),
    "taken": Texts("Ya hay una edición {value}.", "There is an edition {value} already."),
    "draft": Texts(
        "{value} es un borrador, que todavía puede cambiar: con `accept_draft` se dice que es lo que se quiere.",
        "{value} is a draft, which may still change: `accept_draft` says that it is meant.",
    ),
    "state": Texts("Una edición publicada no cambia.", "An edition that is published does not change."),
    "assessments": Texts(
        "No se borra una edición con evaluaciones: tiene {value}.",
        "An edition with assessments is not removed: it has {value}.",
    ),
}


def build_fault(contradiction: EditionContradiction) -> Fault:
    """Convert a contradiction to a fault of the request, with its text in Spanish and English."""
    text = _TEXTS[contradiction.rule].fill(value=contradiction.value, against=contradiction.against)
    return Fault(contradiction.pointer, contradiction.rule, contradiction.value, text)
