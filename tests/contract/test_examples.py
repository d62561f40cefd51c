"""The examples of the OpenAPI document are real."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from litestar import Litestar

from actitud_api.app import create_app
from actitud_api.settings import Settings
from tests.contract.examples import CREATES, FOLDER, PUBLIC_URL, READS, READS_WITH_KEY, WITHOUT, WRITES, answers


def test_each_example_is_what_the_service_answers(demonstration: str, tmp_path: Path) -> None:
    copy = tmp_path / "demonstration.sqlite3"
    shutil.copy(demonstration.removeprefix("sqlite:///"), copy)
    app = create_app(Settings(database_url=f"sqlite:///{copy}", public_url=PUBLIC_URL))
    found = answers(app)
    app.state["database"].close()
    for name, answer in found.items():
        written = json.loads((FOLDER / f"{name}.response.json").read_bytes())
        assert written == answer, f"{name}: python -m tests.contract.examples writes it anew"


def test_no_example_names_a_host_that_only_tests_have() -> None:
    for file in FOLDER.iterdir():
        assert "testserver" not in file.read_text(encoding="utf-8"), file.name


def test_every_operation_has_one(app: Litestar) -> None:
    document = json.loads(app.state["document"])
    ids = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    others = WITHOUT | {"editions.scores.changes"}
    assert ids == READS.keys() | READS_WITH_KEY.keys() | CREATES.keys() | WRITES.keys() | others
