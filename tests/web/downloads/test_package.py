"""The Data Package read by frictionless: every table is as its descriptor says, and is refused where it is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]

ADDRESS = "/v1/editions/2026"


def downloaded(site: Client, folder: Path) -> dict[str, Any]:
    """The descriptor and its tables in a folder, as somebody has them who keeps the data set."""
    raw = site.get(f"{ADDRESS}/datapackage.json").content
    (folder / "datapackage.json").write_bytes(raw)
    descriptor: dict[str, Any] = json.loads(raw)
    for resource in descriptor["resources"]:
        (folder / resource["path"]).write_bytes(site.get(f"{ADDRESS}/{resource['path']}").content)
    return descriptor


def validated(folder: Path) -> dict[str, Any]:
    """The report of frictionless, in a process of its own: importing it warns, and warnings are errors here."""
    code = (
        "import frictionless, json; report = frictionless.validate('datapackage.json');"
        "print(json.dumps(report.to_descriptor()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


def test_frictionless_finds_nothing_wrong(site: Client, tmp_path: Path) -> None:
    descriptor = downloaded(site, tmp_path)
    report = validated(tmp_path)
    assert report["valid"], report
    rows = {task["name"]: task["stats"]["rows"] for task in report["tasks"]}
    assert rows == {"scores": 3, "indicators": 3 * 69}
    assert [one["name"] for one in descriptor["resources"]] == ["scores", "indicators"]


@pytest.mark.parametrize(
    ("table", "before", "after", "kind"),
    [
        ("scores.csv", b",complete,", b",perfect,", "constraint-error"),
        ("scores.csv", b",44.03,", b",much,", "type-error"),
        ("indicators.csv", b"XX-T-2,", b"XX-T-1,", "primary-key"),
        ("scores.csv", b"index_max", b"index_top", "incorrect-label"),
    ],
)
def test_frictionless_finds_what_is_wrong(
    site: Client, tmp_path: Path, table: str, before: bytes, after: bytes, kind: str
) -> None:
    downloaded(site, tmp_path)
    raw = (tmp_path / table).read_bytes()
    assert before in raw
    (tmp_path / table).write_bytes(raw.replace(before, after))
    report = validated(tmp_path)
    assert kind in {error["type"] for task in report["tasks"] for error in task["errors"]}


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
