"""What the distribution shows: names, signatures, dependencies."""

from __future__ import annotations

import ast
import asyncio
import inspect
import pydoc
import re
import subprocess
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, get_type_hints

import msgspec
import pytest

import actitud
from actitud import models
from actitud._bind import bind_blocking
from actitud._calls import Bound, Call, build_get, fetch
from actitud._config import Core
from actitud._model import Shown
from actitud.resources.exports import FileRow
from tests.unit.sdk.support import operations

PACKAGE = Path(actitud.__file__).parent
ASYNCHRONOUS = {"Page": "AsyncListing", "Iterator": "AsyncIterator"}


def test_all_names_are_there_once_and_documented() -> None:
    assert len(set(actitud.__all__)) == len(actitud.__all__)
    public = {name for name in dir(actitud) if not name.startswith("_")}
    modules = {
        "bodies",
        "cli",
        "client",
        "counting",
        "embedding",
        "errors",
        "frames",
        "models",
        "pages",
        "resources",
        "testing",
        "verification",
        "webhooks",
    }
    assert public - modules == set(actitud.__all__) - {"__version__"}
    classes = [value for name in actitud.__all__ if inspect.isclass(value := getattr(actitud, name))]
    assert [kind.__name__ for kind in classes if not inspect.getdoc(kind)] == []


def test_every_model_is_public() -> None:
    structs = {
        name
        for name, value in vars(models).items()
        if inspect.isclass(value) and issubclass(value, msgspec.Struct) and value not in (models.Listing, Shown)
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


def test_the_counter_is_imported_by_its_command_alone() -> None:
    command = (
        # What measures the lines of a process may have imported sqlite3 for itself.
        "import sys; before = set(sys.modules);"
        "import actitud, actitud.cli; actitud.cli.command_line.build_parser(actitud._html.Words('en'));"
        "new = sys.modules.keys() - before;"
        "print(*[name for name in new if name.startswith('actitud.counting') or name == 'sqlite3'])"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_verifies_is_imported_when_it_is_used() -> None:
    command = (
        "import actitud, sys; before = 'actitud.verification' in sys.modules; assert 'verify' in dir(actitud);"
        "print(before, actitud.verify is sys.modules['actitud.verification'].verify)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    with pytest.raises(AttributeError, match="module 'actitud' has no attribute 'verified'"):
        attrgetter("verified")(actitud)


def test_both_clients_have_the_same_operations_with_the_same_parameters() -> None:
    """Which operations and parameters there are, test_end_to_end.py takes from the OpenAPI document."""
    blocking, asynchronous = operations(actitud.Client()), operations(actitud.AsyncClient())
    assert blocking.keys() == asynchronous.keys()
    for name, signature in blocking.items():
        assert signature.parameters == asynchronous[name].parameters
        result = signature.return_annotation
        either = {result, re.sub(r"^(Page|Iterator)\[", lambda kind: ASYNCHRONOUS[kind[1]] + "[", result)}
        assert asynchronous[name].return_annotation in either
    assert blocking["score"] == blocking["scores.create"]
    assert (
        inspect.signature(actitud.Client).parameters.keys() == inspect.signature(actitud.AsyncClient).parameters.keys()
    )


@pytest.mark.parametrize("client", [actitud.Client, actitud.AsyncClient])
def test_a_misspelt_keyword_is_an_error(client: type[actitud.Client]) -> None:
    with pytest.raises(TypeError, match="profil"):
        inspect.signature(client().score).bind(profil={}, answers={})


def test_the_signature_is_that_of_the_method() -> None:
    client, asynchronous = actitud.Client(), actitud.AsyncClient()
    shown = pydoc.plain(pydoc.render_doc(client.editions.scores.list))
    assert "Page[ScoreRow]" in shown
    assert not re.search(r"\bcore\b|Call\[|Fetched", shown)
    for method, result in (
        (client.editions.scores.list, actitud.Page[actitud.ScoreRow]),
        (asynchronous.editions.scores.list, actitud.AsyncListing[actitud.ScoreRow]),
        (client.editions.scores.get, actitud.EditionScore),
        (client.editions.scores.stream, Iterator[FileRow]),
        (asynchronous.editions.scores.stream, AsyncIterator[FileRow]),
        (client.editions.delete, type(None)),
    ):
        assert get_type_hints(method)["return"] == result
    assert next(iter(inspect.signature(actitud.Client.score).parameters)) == "self"
    assert inspect.iscoroutinefunction(asynchronous.editions.scores.get)


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (
            lambda sdk: sdk.editions.scores.get("latest", None),
            TypeError,
            "get(): organisation must be a string, not None",
        ),
        (lambda sdk: sdk.editions.scores.get("latest", ""), ValueError, "get(): organisation must be an id, not ''"),
        (lambda sdk: sdk.editions.scores.get(2026, "x"), TypeError, "get(): edition must be a string, not 2026"),
        (lambda sdk: sdk.editions.scores.list("x", regoin="1"), TypeError, "list() got an unexpected keyword argument"),
        (lambda sdk: sdk.editions.scores.stream("x", regoin="1"), TypeError, "stream() got an unexpected keyword"),
        (lambda sdk: sdk.editions.scores.changes("2", "x"), TypeError, "changes() missing 1 required keyword-only"),
        (lambda sdk: sdk.editions.scores.list(".."), ValueError, "list(): edition must be an id, not '..'"),
    ],
)
def test_a_wrong_argument_names_itself_and_the_method(
    use: Callable[[Any], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refused:
        use(actitud.Client())
    assert str(refused.value).startswith(f"EditionScores.{message}")

    async def call() -> None:
        result = use(actitud.AsyncClient())
        if inspect.iscoroutine(result):
            await result

    with pytest.raises(error) as refused:
        asyncio.run(call())
    assert str(refused.value).startswith(f"AsyncEditionScores.{message}")


def test_a_part_of_a_path_that_is_no_argument_is_refused_too() -> None:
    def get_nothing(core: Core) -> Call[actitud.Edition]:
        return fetch(core, build_get(core, "editions", ".."), actitud.Edition)

    class Probe(Bound):
        get: Final = bind_blocking(get_nothing)

    editions = actitud.Client().editions
    with pytest.raises(ValueError, match=r"^'\.\.' is not an id$"):
        Probe(editions._core, editions._transport).get()
