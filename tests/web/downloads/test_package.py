"""The Data Package read by frictionless: every table is as its descriptor says, and is refused where it is not."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]

ADDRESS = "/v1/editions/2026"


DAMAGES: Final[Mapping[str, tuple[str, bytes, bytes]]] = {
    "constraint-error": ("scores.csv", b",complete,", b",perfect,"),
    "type-error": ("scores.csv", b",44.03,", b",much,"),
    "primary-key": ("indicators.csv", b"XX-T-2,", b"XX-T-1,"),
    "incorrect-label": ("scores.csv", b"index_max", b"index_top"),
}
"""What is changed in a table, by the error that it is: before and after."""
WHOLE: Final = "whole"
"""The package as it is downloaded."""
VALIDATE: Final = """
import frictionless, json, os, sys
for folder in sys.argv[1:]:
    os.chdir(folder)
    print(json.dumps(frictionless.validate("datapackage.json").to_descriptor()))
"""


def download(site: Client, folder: Path) -> None:
    """Write the descriptor and its tables to a folder, as somebody has them who keeps the data set."""
    raw = site.get(f"{ADDRESS}/datapackage.json").content
    (folder / "datapackage.json").write_bytes(raw)
    for resource in json.loads(raw)["resources"]:
        (folder / resource["path"]).write_bytes(site.get(f"{ADDRESS}/{resource['path']}").content)


@pytest.fixture(scope="module")
def reports(site: Client, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The reports of frictionless on the package as it is and on each that is damaged.

    In a process of its own: importing it warns, and warnings are errors here. In one, as importing takes 1.6 s of CPU.
    """
    folders = {name: tmp_path_factory.mktemp(name) for name in (WHOLE, *DAMAGES)}
    download(site, folders[WHOLE])
    for kind, (table, before, after) in DAMAGES.items():
        shutil.copytree(folders[WHOLE], folders[kind], dirs_exist_ok=True)
        raw = (folders[kind] / table).read_bytes()
        assert before in raw
        (folders[kind] / table).write_bytes(raw.replace(before, after))
    command = [sys.executable, "-c", VALIDATE, *map(str, folders.values())]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    return dict(zip(folders, map(json.loads, lines), strict=True))


def test_frictionless_finds_nothing_wrong(reports: Mapping[str, Any]) -> None:
    report = reports[WHOLE]
    assert report["valid"], report
    rows = [(task["name"], task["stats"]["rows"]) for task in report["tasks"]]
    assert rows == [("scores", 3), ("indicators", 3 * 69)]


@pytest.mark.parametrize("kind", DAMAGES)
def test_frictionless_finds_what_is_wrong(reports: Mapping[str, Any], kind: str) -> None:
    assert kind in {error["type"] for task in reports[kind]["tasks"] for error in task["errors"]}


def test_it_describes_each_column_in_a_language(site: Client) -> None:
    spanish, english = (site.get(f"{ADDRESS}/datapackage.json", params={"lang": lang}).json() for lang in ("es", "en"))
    assert spanish["title"] == "Edición 2026"
    assert english["licenses"] == [
        {
            "name": "CC-BY-4.0",
            "path": "https://creativecommons.org/licenses/by/4.0/",
            "title": "Creative Commons Attribution 4.0",
        }
    ]
    assert english["contributors"][0]["title"] == "Diputación de Ejemplo"
    for one, other in zip(spanish["resources"], english["resources"], strict=True):
        assert one["schema"]["primaryKey"] == other["schema"]["primaryKey"]
        for field, same in zip(one["schema"]["fields"], other["schema"]["fields"], strict=True):
            assert field["name"] == same["name"]
            assert all(told[name] for told in (field, same) for name in ("title", "description"))
    keys = [one["schema"]["primaryKey"] for one in english["resources"]]
    assert keys == [["edition", "organisation"], ["edition", "organisation", "indicator"]]


def test_the_columns_are_those_of_every_format(site: Client) -> None:
    descriptor = site.get(f"{ADDRESS}/datapackage.json").json()
    for resource in descriptor["resources"]:
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert site.get(f"{ADDRESS}/{resource['path']}").text.splitlines()[0] == ",".join(names)
        first = site.get(f"{ADDRESS}/{resource['name']}.jsonl?limit=1").content.splitlines()[0]
        assert list(json.loads(first)) == names
