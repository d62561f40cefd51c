"""Every dotted name of the service that stands in a text of the repository leads to something."""

from __future__ import annotations

import importlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("api", "docs", "tests", "deploy", "requirements", ".ci")
SUFFIXES: Final = {"", ".py", ".toml", ".md", ".yaml", ".html", ".txt", ".in"}
NAME: Final = re.compile(r"(?<![\w.$])actitud_api(?:\.[A-Za-z_]\w*)+")
PATH: Final = re.compile(r"(?<![\w.])api/actitud_api/[\w./-]*\w")


def texts() -> list[Path]:
    """The files in which somebody may name a module, of the repository alone."""
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    return [
        path
        for path in (*ROOT.iterdir(), *below)
        if path.is_file() and path.suffix in SUFFIXES and path != Path(__file__)
    ]


def leads_nowhere(name: str) -> bool:
    """Return True if neither a module nor a member of one has this dotted name."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        module = ".".join(parts[:length])
        if is_module(module):
            found: object = importlib.import_module(module)
            for part in parts[length:]:
                if not hasattr(found, part):
                    return True
                found = getattr(found, part)
            return False
    return True


def is_module(name: str) -> bool:
    """Return True if a module has this name."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def is_there(name: str) -> bool:
    """Return True for a file or folder; for a catalogue that somebody may add, if its folder is there."""
    return (ROOT / name).exists() or (name.endswith(".po") and (ROOT / name).parent.is_dir())


def test_every_dotted_name_of_the_service_leads_to_something() -> None:
    named = {name for path in texts() for name in NAME.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 200
    assert sorted(name for name in named if leads_nowhere(name)) == []


def test_every_path_of_the_service_leads_to_a_file() -> None:
    named = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in texts()
        if path.name != "CHANGELOG.md"
        for name in PATH.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 3
    assert sorted((place, name) for place, name in named if not is_there(name)) == []


def test_a_name_that_leads_nowhere_is_found() -> None:
    assert leads_nowhere("actitud_api.engine.nothing")
    assert leads_nowhere("actitud_api.engine.i18n.Nothing")
    assert not leads_nowhere("actitud_api.engine.i18n.Texts")
