"""The two Python distributions: what they say of themselves, and that they install and run outside the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
FACTS: Final = ROOT / "openapi" / "examples" / "scores.create.request.json"
STATED: Final = "http://127.0.0.1:8000"
NAMES: Final = {"api": "actitud-api", "sdk": "actitud"}


def load_project(folder: str) -> Mapping[str, Any]:
    project: Mapping[str, Any] = tomllib.loads((ROOT / folder / "pyproject.toml").read_text("utf-8"))["project"]
    return project


@pytest.mark.parametrize("folder", NAMES)
def test_each_says_what_an_index_shows(folder: str) -> None:
    project = load_project(folder)
    assert project["name"] == NAMES[folder]
    assert {"description", "keywords", "classifiers", "urls", "authors"} <= project.keys()
    assert project["license"] == "EUPL-1.2"
    assert (ROOT / folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    readme = (ROOT / folder / str(project["readme"])).read_text("utf-8")
    assert readme.startswith(f"# {project['name']}\n")
    assert "](" not in readme, "a relative link leads nowhere on the page of an index"


def test_they_name_the_same_addresses_and_version_as_the_npm_package() -> None:
    api, sdk = load_project("api"), load_project("sdk")
    assert (api["urls"], api["version"]) == (sdk["urls"], sdk["version"])
    package = json.loads((ROOT / "sdk" / "typescript" / "package.json").read_text("utf-8"))
    assert (package["version"], package["license"]) == (sdk["version"], sdk["license"])
    urls = {"Homepage": package["homepage"], "Repository": package["repository"]["url"].removeprefix("git+")}
    assert urls.items() <= dict(sdk["urls"]).items()


def test_no_lock_names_a_registry() -> None:
    locks = [*(ROOT / "requirements").glob("*.txt"), *ROOT.glob("sdk/typescript/package-lock.json")]
    locks += ROOT.glob("tests/peers/package-lock.json")
    # A whole word: there is a package is-finalizationregistry.
    assert [lock.name for lock in locks if re.search(r"\bregistry|pypi", lock.read_text("utf-8"))] == []


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder with what `make dist` makes."""
    folder = tmp_path_factory.mktemp("dist")
    for part in NAMES:
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)],
            cwd=ROOT / part,
            check=True,
            capture_output=True,
        )
    return folder


@pytest.fixture(scope="module")
def python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an empty environment into which the wheels and what they need are installed."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False)
    install = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet"]
    locked = ROOT / "requirements" / "run.txt"
    subprocess.run([*install, "--require-hashes", "-r", str(locked)], check=True, timeout=600)
    wheels = [str(wheel) for wheel in built.glob("*.whl")]
    subprocess.run([*install, "--no-deps", "--no-index", *wheels], check=True, timeout=120)
    return environment / "bin" / "python"


def read_files(wheel: Path) -> dict[str, bytes]:
    """Read the files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


def run(python: Path, *arguments: str, folder: Path) -> str:
    """Run a program of that environment in a folder outside the checkout."""
    done = subprocess.run(
        [str(python), *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    return done.stdout


@pytest.mark.night
def test_the_source_distributions_make_the_same_wheels(built: Path, tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    for archive in built.glob("*.tar.gz"):
        subprocess.run([*build, str(archive)], check=True, timeout=120)
    for wheel in built.glob("*.whl"):
        assert read_files(tmp_path / wheel.name) == read_files(wheel)


@pytest.mark.night
def test_the_installed_service_scores_and_describes_itself(python: Path, tmp_path: Path) -> None:
    program = str(python.parent / "actitud-api")
    scored = json.loads(run(python, program, "score", "--json", str(FACTS), folder=tmp_path))
    assert scored["index"] == 72.71
    run(python, program, "openapi", str(tmp_path / "openapi.json"), folder=tmp_path)
    assert (tmp_path / "openapi.json").read_bytes() == (ROOT / "openapi" / "openapi.json").read_bytes()


@pytest.mark.night
def test_the_extra_of_the_counter_brings_all_that_it_needs(built: Path, tmp_path: Path) -> None:
    """Count in an environment that has the SDK alone, and then the SDK with the extra in the versions of the lock."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False)
    versions = tmp_path / "versions.txt"
    # Without the digests: pip then asks for one of the wheel too, which was built a moment ago.
    pins = re.findall(r"^[a-z0-9][^ ;\\\n]*==[^ ;\\\n]+", (ROOT / "requirements" / "all.txt").read_text("utf-8"), re.M)
    versions.write_text("\n".join(pins), encoding="utf-8")
    install = [sys.executable, "-m", "pip", "--python", str(environment), "install", "--quiet", "-c", str(versions)]
    (wheel,) = built.glob("actitud-[0-9]*.whl")
    python = environment / "bin" / "python"
    log = tmp_path / "registro.csv"
    posts = "".join(f"{day},x,Ayuntamiento,2027-10-0{day} 10:00:00,Publicación,Hola\n" for day in (4, 5, 6))
    log.write_text(f"Id,Red,Cuenta,Fecha y hora,Tipo,Texto\n{posts}", encoding="utf-8")
    count = ["-m", "actitud", "count", str(log), "--year", "2027", "--period", "2027-01-01/2027-12-31"]

    subprocess.run([*install, str(wheel)], check=True, timeout=600)
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        run(python, *count, folder=tmp_path)
    assert "pip install 'actitud[count]'" in refusal.value.stderr

    subprocess.run([*install, f"{wheel}[count]"], check=True, timeout=600)
    assert "--period" in run(python, "-m", "actitud", "count", "--help", folder=tmp_path)
    run(python, *count, "--output", "counted", "--html", "report.html", folder=tmp_path)
    answers = json.loads((tmp_path / "counted" / "answers.json").read_bytes())
    assert answers["profile"]["own_posts_w90"] == 3
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.night
def test_the_ten_lines_of_the_sdk_run_as_they_stand(python: Path, address: str, tmp_path: Path) -> None:
    (lines,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "sdk" / "README.md").read_text("utf-8"), re.M | re.S)
    program = tmp_path / "lines.py"
    program.write_text(lines.replace(STATED, address), encoding="utf-8")
    printed = run(python, str(program), folder=tmp_path).splitlines()
    ranks = [int(line.split()[0]) for line in printed[:3]]
    assert ranks[0] == 1
    assert ranks == sorted(ranks)  # two may share a rank
    assert len(printed) > 4
