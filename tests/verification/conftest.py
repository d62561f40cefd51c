"""What the tests of verification share: the script that verifies, and scores that are computed once."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from types import ModuleType
from typing import Final

import msgspec
import pytest

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Score
from actitud_api.verification import rescoring
from tests.verification.test_defects import SCRIPT

_SCORES: Final[dict[tuple[str, bytes], Score]] = {}


@pytest.fixture(scope="session")
def script() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("verify_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def _scores_computed_once() -> Iterator[None]:
    """Score each submission once: in a bundle that is broken, nearly all are those of all other bundles."""

    def explain_once(methodology: Methodology, submission: Submission) -> Score:
        key = methodology.digest, msgspec.json.encode(submission, order="deterministic")
        if key not in _SCORES:
            _SCORES[key] = explain(methodology, submission)
        return _SCORES[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rescoring, "explain", explain_once)
        yield
