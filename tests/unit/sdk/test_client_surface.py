"""What the distribution shows: names, signatures, dependencies."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

import actitud
from actitud import models
from tests.unit.sdk.support import operations

PACKAGE = Path(actitud.__file__).parent


def test_all_names_are_there_sorted_and_documented() -> None:
    assert sorted(actitud.__all__, key=lambda name: (not name[0].isupper(), name)) == actitud.__all__
    public = {name for name in vars(actitud) if not name.startswith("_")}
    modules = {"client", "embedding", "errors", "frames", "models", "pages", "resources", "testing", "verification"}
    assert public - modules == set(actitud.__all__) - {"__version__"}
    classes = [value for name in actitud.__all__ if inspect.isclass(value := vars(actitud)[name])]
    assert [kind.__name__ for kind in classes if not inspect.getdoc(kind)] == []


def test_every_model_is_public() -> None:
    structs = {
        name
        for name, value in vars(models).items()
        if inspect.isclass(value) and issubclass(value, msgspec.Struct) and value is not models.Listing
    }
    assert structs <= set(actitud.__all__)


def test_the_versions_agree() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == actitud.__version__
    assert [name.split(">")[0] for name in project["dependencies"]] == ["httpx", "msgspec"]


def test_only_the_transport_imports_httpx() -> None:
    importers = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.partition(".")[0] in {"httpx", "httpcore"} for name in names):
                importers.add(path.name)
    assert importers == {"_network.py", "_transport.py"}


def test_importing_brings_in_nothing_but_its_dependencies() -> None:
    command = (
        "import httpx, msgspec, sys; before = set(sys.modules); import actitud;"
        "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["actitud"]


def test_both_clients_have_the_same_operations_with_the_same_parameters() -> None:
    """Which operations and parameters there are, test_end_to_end.py takes from the OpenAPI document."""
    blocking, asynchronous = operations(actitud.Client()), operations(actitud.AsyncClient())
    assert blocking == asynchronous
    assert blocking["score"] == blocking["scores.create"]
    assert (
        inspect.signature(actitud.Client).parameters.keys() == inspect.signature(actitud.AsyncClient).parameters.keys()
    )


@pytest.mark.parametrize("client", [actitud.Client, actitud.AsyncClient])
def test_a_misspelt_keyword_is_an_error(client: type[actitud.Client]) -> None:
    with pytest.raises(TypeError, match="profil"):
        inspect.signature(client().score).bind(profil={}, answers={})
