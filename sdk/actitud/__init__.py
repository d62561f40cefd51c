"""Client library of the 2.0-maturity index of public administrations (Índice de Madurez 2.0).

>>> from actitud import Client
>>> with Client() as client:
...     for row in client.editions.scores.list("2026-demo"):
...         print(row.rank, row.organisation_name, row.index)
"""

import importlib as _importlib
import typing as _typing

from actitud import bodies, errors, models
from actitud._calls import Response, responses
from actitud._config import Timeouts
from actitud._model import Model, Nodes
from actitud._notices import ActitudDeprecationWarning, ActitudLanguageWarning
from actitud._streams import Progress
from actitud._version import __version__
from actitud.bodies import *  # noqa: F403 # the names in its `__all__`
from actitud.client import AsyncClient, Client
from actitud.embedding import Embed
from actitud.errors import *  # noqa: F403 # the names in its `__all__`
from actitud.models import *  # noqa: F403 # the names in its `__all__`
from actitud.pages import AsyncListing, AsyncPage, Page

if _typing.TYPE_CHECKING:
    from actitud.verification import Verification, VerificationCheck, VerificationProblem, verify

__all__ = [
    "ActitudDeprecationWarning",
    "ActitudLanguageWarning",
    "AsyncClient",
    "AsyncListing",
    "AsyncPage",
    "Client",
    "Embed",
    "Model",
    "Nodes",
    "Page",
    "Progress",
    "Response",
    "Timeouts",
    "Verification",
    "VerificationCheck",
    "VerificationProblem",
    "__version__",
    "responses",
    "verify",
]
__all__ += bodies.__all__
__all__ += errors.__all__
__all__ += models.__all__

_OF_VERIFICATION = frozenset({"Verification", "VerificationCheck", "VerificationProblem", "verify"})


def __getattr__(name: str) -> object:
    # Imported when it is first used: most programs verify nothing, and it is a tenth of the import.
    if name not in _OF_VERIFICATION:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(_importlib.import_module("actitud.verification"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
