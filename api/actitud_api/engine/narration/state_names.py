"""Names of the states of an assessment, and of the states and phases of an edition, in Spanish and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Texts

STATES: Final[Mapping[str, Texts]] = {
    "draft": Texts("borrador", "draft"),
    "submitted": Texts("presentada", "submitted"),
    "under_review": Texts("en revisión", "under review"),
    "hearing": Texts("en audiencia", "in hearing"),
    "returned": Texts("devuelta", "returned"),
    "final": Texts("definitiva", "final"),
}
"""Name of each state of an assessment, for use inside a sentence."""

EDITION_STATES: Final[Mapping[str, Texts]] = {
    "open": Texts("abierta", "open"),
    "in_review": Texts("en revisión", "in review"),
    "published": Texts("publicada", "published"),
}
"""Name of each state of an edition, for use inside a sentence."""

PHASES: Final[Mapping[str, Texts]] = {
    "submission": Texts("la presentación", "the submission"),
    "review": Texts("la revisión", "the review"),
    "hearing": Texts("la audiencia", "the hearing"),
}
"""Name of each phase of an edition, with its article, for use inside a sentence."""
