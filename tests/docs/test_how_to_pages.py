"""The pages of docs/how-to name files, commands and targets that exist, and every file that their example touches."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Callable
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from actitud_api.cli.parsers import build_parser

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted((ROOT / "docs" / "how-to").glob("*.md"))
SERVICE: Final = "api/actitud_api"
TOP: Final = ("api/", "sdk/", "tests/", "docs/", "openapi/", "deploy/", "requirements/")
PACKAGES: Final = (
    "engine/",
    "platform/",
    "resources/",
    "web/",
    "verification/",
    "cli/",
    "demo/",
    "settings.py",
    "app.py",
)
SUFFIXES: Final = {".py", ".json", ".md", ".html", ".toml", ".js", ".in", ".txt"}
UNLISTED: Final = (
    "tests/fuzzing/corpora/*",
    "CHANGELOG.md",
    "docs/how-to/*",
    "docs/adr/*",
    "openapi/released/*",
    "tests/docs/test_how_to_pages.py",
    "docs/methodology-*.md",
    "tests/cases/*",
    f"{SERVICE}/engine/methodology/versions/*/*",
    "tests/support/methodologies/*/*",
    "tests/support/second_version.py",
    "tests/browser/test_questionnaire.py",
    "*.egg-info/*",
)
"""Files that mention an example and that no page needs to list.

They mention everything, are written at a release only (`openapi/released`), or name the D9.09 of 2027.1 and the draft.
"""


def read_draft_digest() -> str:
    """Return the registered digest of the draft of the tests."""
    registry = json.loads((ROOT / "tests/support/methodologies/registry.json").read_text("utf-8"))
    return next(str(entry["digest"]) for entry in registry.values() if entry["status"] == "draft")


def names_draft_indicator(text: str) -> bool:
    """Return True if a text names D9.09 of the draft of the tests; 2027.1 has another indicator of that id."""
    return "D9.09" in text and ("2099.1" in text or "second_version" in text)


EXAMPLES: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("add-an-indicator", names_draft_indicator),
    ("change-a-goalpost", lambda text: read_draft_digest() in text),
    ("add-a-route", lambda text: "suggestions.create" in text),
    ("add-a-route", lambda text: "editions.exemplars.list" in text),
    ("add-an-export-format", lambda text: "jsonstat" in text),
    ("add-a-language", lambda text: '"ast"' in text),
    ("review-a-translation", lambda text: "REVIEWED: Final[frozenset" in text),
    ("add-a-field-to-organisations", lambda text: "employees_year" in text),
    ("add-a-reader", lambda text: "tiktok-videos" in text),
)
"""Pages, each with a function that returns True of the text of every file that its task touches."""


def list_files() -> list[str]:
    """List the text files of the repository that a page may have to name, as paths from the root."""
    below = [path for folder in TOP for path in (ROOT / folder).rglob("*")]
    paths = [path.relative_to(ROOT) for path in (*ROOT.iterdir(), *below) if path.suffix in SUFFIXES and path.is_file()]
    return [
        str(path)
        for path in paths
        if not any(part.startswith(".") or part == "node_modules" for part in path.parts)
        and not any(fnmatch(str(path), other) for other in UNLISTED)
    ]


def list_paths(page: Path) -> list[str]:
    """List the paths in backticks of a page, from the root; a part in angle brackets stands for any."""
    paths = []
    for named in re.findall(r"`([\w./<>*-]+)`", page.read_text("utf-8")):
        if named.startswith(TOP) or re.fullmatch(r"[A-Z]+(\.es)?\.md|pyproject\.toml|Makefile", named):
            paths.append(named)
        elif page.stem == "where-things-go" and named.startswith(PACKAGES):
            paths.append(f"{SERVICE}/{named}")
    return paths


def list_commands(page: Path) -> list[list[str]]:
    """List the commands in fenced blocks of a page, as their arguments."""
    blocks = re.findall(r"^ *```bash\n(.*?)^ *```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def is_listed(path: str, listed: list[str]) -> bool:
    """Return True if a path is listed as it is or by a pattern with angle brackets."""
    return any(fnmatch(path, re.sub(r"<[^>]*>", "*", pattern)) for pattern in listed)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_of_a_page_exists(page: Path) -> None:
    paths = list_paths(page)
    assert paths
    assert [path for path in paths if "<" not in path and not (ROOT / path).exists()] == []
    folders = [path.split("<")[0].rpartition("/")[0] for path in paths if "<" in path]
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", page.read_text("utf-8")))
    assert named <= targets
    for command, *arguments in list_commands(page):
        match command:
            case "make":
                assert arguments[0] in targets
                parts = [value.removeprefix("PART=") for value in arguments if value.startswith("PART=")]
                assert all((ROOT / part).exists() for part in parts)
            case ".venv/bin/python":
                assert arguments[0] == "-m"
                assert find_spec(arguments[1])
            case ".venv/bin/actitud-api":
                options: argparse.Namespace = build_parser("en").parse_args(arguments)
                assert options.run
            case _:
                pytest.fail(f"{page.name} names {command}")


@pytest.mark.parametrize(("name", "has_example"), EXAMPLES)
def test_a_page_lists_every_file_that_its_example_touches(name: str, has_example: Callable[[str], bool]) -> None:
    touched = [path for path in list_files() if has_example((ROOT / path).read_text("utf-8"))]
    listed = list_paths(ROOT / "docs" / "how-to" / f"{name}.md")
    assert touched
    assert [path for path in touched if not is_listed(path, listed)] == []


def test_the_other_page_names_each_page() -> None:
    text = (ROOT / "docs" / "how-to" / "where-things-go.md").read_text("utf-8")
    assert [page.name for page in PAGES if page.stem != "where-things-go" and f"({page.name})" not in text] == []
    assert {page.stem for page in PAGES} == {*(name for name, _ in EXAMPLES), "where-things-go"}
