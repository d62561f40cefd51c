"""The distribution: what is in it, that it stays small, and what it says of itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import BytesParser
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement

SDK: Final = Path(__file__).parents[3] / "sdk"
LARGEST: Final = 480_000


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(folder),
            str(SDK),
        ],
        check=True,
        capture_output=True,
        env={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PATH": ""},
    )
    (made,) = folder.glob("*.whl")
    return made


def test_it_holds_the_package_and_nothing_else(wheel: Path) -> None:
    package = {
        str(file.relative_to(SDK))
        for file in (SDK / "actitud").rglob("*")
        if file.suffix in (".py", ".json") or file.name == "py.typed"
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        licence = archive.read(next(name for name in names if name.endswith("/LICENSE")))
    assert {name for name in names if ".dist-info/" not in name} == package
    told = {name.partition("/")[2] for name in names - package}
    assert told == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert licence == (SDK.parent / "LICENSE").read_bytes()


def test_it_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < LARGEST


def test_it_needs_httpx_and_msgspec_and_the_rest_is_asked_for(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = BytesParser().parsebytes(archive.read(name))
    needed = [str(one) for one in metadata.get_all("Requires-Dist", []) if "extra ==" not in str(one)]
    assert sorted(one.partition(">")[0].partition("<")[0] for one in needed) == ["httpx", "msgspec"]
    assert sorted(metadata.get_all("Provides-Extra", [])) == ["cache", "cli", "count", "frames", "verify"]
    assert metadata["Requires-Python"] == ">=3.11"


def test_on_windows_the_counter_brings_the_time_zones_that_the_system_lacks(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = BytesParser().parsebytes(archive.read(name))
    counter = [Requirement(one) for one in metadata.get_all("Requires-Dist", []) if "extra ==" in str(one)]

    def list_needed(system: str) -> set[str]:
        place = {"sys_platform": system, "extra": "count"}
        return {one.name for one in counter if one.marker is None or one.marker.evaluate(place)}

    assert list_needed("win32") - list_needed("linux") == {"tzdata"}


def test_the_types_of_all_public_names_are_known(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path, with_pip=False)
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    checker = Path(sysconfig.get_path("scripts"), "basedpyright")
    done = subprocess.run(
        [checker, "--verifytypes", "actitud", "--ignoreexternal", "--outputjson"],
        capture_output=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        },  # it asks `python` for folders
        check=False,
    )
    completeness = json.loads(done.stdout)["typeCompleteness"]
    assert completeness["exportedSymbolCounts"]["withKnownType"] > 1500
    assert completeness["completenessScore"] == 1
