"""What the service runs with: no version with a known fault, no tools of development, and a bill of all of it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support import options

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "requirements"
LOCKS: Final = sorted(FOLDER.glob("*.txt"))
FLOORS: Final[list[dict[str, str]]] = tomllib.loads((FOLDER / "floors.toml").read_text("utf-8"))["floor"]
PINNED: Final = re.compile(
    r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==([^\s;]+)(?: ; [^\\\n]+)?((?: \\\n +--hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)
UNUSED: Final = {"granian", "joserfc", "pyjwt"}
"""Packages with a floor that are in no lock."""


def pins(lock: str) -> list[tuple[str, str]]:
    """Return the packages of a lock with their versions; some have one for each version of Python."""
    return [(name, version) for name, version, _ in PINNED.findall(lock)]


def below(lock: str) -> list[str]:
    """Return what a lock has below a floor."""
    floors = {floor["package"]: Version(floor["version"]) for floor in FLOORS}
    return [f"{name}=={version}" for name, version in pins(lock) if name in floors and Version(version) < floors[name]]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_is_below_a_floor(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert len(pins(text)) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)) > 0
    assert below(text) == []


def test_a_version_below_its_floor_is_found() -> None:
    lock = "".join(f"{name}=={version} \\\n    --hash=sha256:{'0' * 64}\n" for name, version in [("h11", "0.14.0")])
    assert below(lock) == ["h11==0.14.0"]


def test_each_floor_is_of_a_locked_package_and_has_its_advisory() -> None:
    locked = {name for lock in LOCKS for name, _ in pins(lock.read_text("utf-8"))}
    names = [floor["package"] for floor in FLOORS]
    assert len(names) == len(set(names))
    assert set(names) - locked == UNUSED
    assert all(floor["advisory"] and floor["why"] for floor in FLOORS)


def test_the_run_time_has_no_tool_of_development() -> None:
    tools = {
        Requirement(line).name
        for name in ("build.in", "test.in", "bench.in", "mutation.in", "uv.in")
        for line in (FOLDER / name).read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    needed = tomllib.loads((ROOT / "api" / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    running = {name for name, _ in pins((FOLDER / "run.txt").read_text("utf-8"))}
    assert tools & running == tools & {Requirement(line).name for line in needed}
    # Faker comes with Polyfactory, which Litestar imports when it starts.
    assert "polyfactory" in {Requirement(line).name for line in requires("litestar") or ()}
    assert "faker" in {Requirement(line).name for line in requires("polyfactory") or ()}


def test_every_component_of_the_run_time_is_in_the_bill(tmp_path: Path) -> None:
    (recipe,) = re.findall(r"cyclonedx-py (.*?--output-file) dist/\S+ (\S+)$", makefile(), re.MULTILINE)
    bill = tmp_path / "bill.json"
    command = [str(Path(sys.executable).with_name("cyclonedx-py")), *recipe[0].split(), str(bill), recipe[1]]
    # To validate it against the schema of the format takes seconds.
    checked = subprocess.run([*command, "--validate" if options.night else "--no-validate"], cwd=ROOT, timeout=300)
    assert checked.returncode == 0
    document = json.loads(bill.read_bytes())
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert document["metadata"]["component"]["name"] == "actitud-api"
    found = {}
    for component in document["components"]:
        hashes = {
            digest["content"] for reference in component["externalReferences"] for digest in reference.get("hashes", ())
        }
        found[component["name"], component["version"]] = hashes
        assert component["purl"].partition("?")[0].endswith(f"/{component['name']}@{component['version']}")
    locked = PINNED.findall((FOLDER / "run.txt").read_text("utf-8"))
    expected = {(name, version): set(re.findall(r"[0-9a-f]{64}", rest)) for name, version, rest in locked}
    assert found == expected


def makefile() -> str:
    """Return the Makefile with its long lines joined."""
    return (ROOT / "Makefile").read_text("utf-8").replace("\\\n\t\t", "")
