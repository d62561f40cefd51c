"""The script that verifies, for tests that call it many times."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from tests.verification.test_defects import SCRIPT


@pytest.fixture(scope="session")
def script() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("verify_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
