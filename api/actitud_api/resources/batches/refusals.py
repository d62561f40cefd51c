"""Problems of refused steps in a batch: the same problems that a request about a single assessment gets."""

from __future__ import annotations

from typing import Final

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import (
    CONFLICT,
    PRECONDITION_FAILED,
    Fault,
    ProblemError,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import routes as assessments
from actitud_api.resources.assessments import transition_routes as transitions
from actitud_api.resources.editions import routes as editions
from actitud_api.resources.organisations import routes as organisations
from actitud_api.resources.organisations.service import IdentifierIsAlias
from actitud_api.resources.reviews import routes as reviews

_MAPPINGS: Final[tuple[ProblemMapping, ...]] = (
    *organisations.PROBLEMS,
    *editions.PROBLEMS,
    *assessments.PROBLEMS,
    *transitions.PROBLEMS,
    *reviews.PROBLEMS,
    maps_to(StaleVersion, PRECONDITION_FAILED, PRECONDITION_FAILED.description),
    # A request for one organisation is redirected to its id.
    maps_to(
        IdentifierIsAlias,
        CONFLICT,
        Texts(
            "Es otro identificador de {organisation}: use ese.",
            "It is another identifier of {organisation}: use that one.",
        ),
        lambda error, detail: [Fault("/organisations", "alias", None, detail, error.organisation)],
    ),
)
_BUILDERS: Final = dict(_MAPPINGS)


def describe_refusal(refusal: Exception) -> ProblemError:
    """Convert the exception that refused a step of one assessment to the problem (error response) about it.

    `refusal` is an instance of one of `service.REFUSALS`, or a `StaleVersion`.
    """
    problem = _BUILDERS[type(refusal)](refusal)
    assert isinstance(problem, ProblemError)
    return problem
