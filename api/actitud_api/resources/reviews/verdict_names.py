"""Names of verdicts for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Texts
from actitud_api.resources.assessments.reviewed_submission import Verdict

VERDICT_NAMES: Final[Mapping[Verdict, Texts]] = {
    "accepted": Texts("la respuesta vale", "the answer stands"),
    "rejected": Texts("la respuesta se rechaza y no cuenta", "the answer is rejected and does not count"),
    "insufficient": Texts(
        "la evidencia no lo demuestra: cuenta como solo declarado",
        "the evidence does not show it: it counts as only declared",
    ),
    "stale": Texts("la evidencia es de otra época y no cuenta", "the evidence is of another time and does not count"),
    "capped": Texts(
        "se demuestra el paso {level}, no el que se envió", "step {level} is shown, not the one that was sent"
    ),
}
"""The name of each verdict in Spanish and English. That of `capped` has a placeholder for the step."""
