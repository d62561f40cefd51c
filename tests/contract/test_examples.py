"""The examples of the OpenAPI document are real."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from litestar import Litestar

from actitud_api.app import create_app
from actitud_api.settings import Settings
from tests.contract.examples import (
    CREATES,
    FOLDER,
    OF_KEYS,
    OF_LEDGER,
    OF_PUBLICATIONS,
    OF_WEBHOOKS,
    OF_WORKBOOKS,
    PUBLIC_URL,
    READS,
    READS_WITH_KEY,
    RESCORING,
    WITHOUT,
    WRITES,
    answers,
    of_approvals,
    of_jobs,
    of_keys,
    of_ledger,
    of_publications,
    of_webhooks,
)
from tests.support import second_version
from tests.support.ledgers import find_chain_problems, read_statement

JOBS = {RESCORING, *(f"jobs.{name}" for name in ("cancel", "get", "list", "items.list"))}
APPROVED = {f"editions.approvals.{name}" for name in ("create", "list", "get")}


@pytest.mark.night
def test_each_example_is_what_the_service_answers(demonstration: str, tmp_path: Path) -> None:
    copy = tmp_path / "demonstration.sqlite3"
    shutil.copy(demonstration.removeprefix("sqlite:///"), copy)
    app = create_app(Settings(database_url=f"sqlite:///{copy}", public_url=PUBLIC_URL))
    found = answers(app) | of_ledger(tmp_path) | of_publications(tmp_path) | of_keys(tmp_path) | of_approvals(tmp_path)
    found |= of_jobs(tmp_path) | of_webhooks(tmp_path)
    app.state["database"].close()
    listed = found["methodologies.list"]
    # Tests have a version more, and one in use that the product has retired.
    registry = json.loads((second_version.PRODUCT / "registry.json").read_bytes())
    listed["items"] = [
        {**item, **{name: value for name, value in registry[item["version"]].items() if name in item}}
        for item in listed["items"]
        if item["version"] in registry
    ]
    for name, answer in found.items():
        written = json.loads((FOLDER / f"{name}.response.json").read_bytes())
        assert written == answer, f"{name}: python -m tests.contract.examples writes it anew"


def test_the_ledger_of_the_examples_holds() -> None:
    """Whoever tries a verifier of their own on them finds what they say; what everybody sees has no path of a draft."""
    read = {name: json.loads((FOLDER / f"{name}.response.json").read_bytes()) for name in OF_LEDGER}
    note, items = read["ledger.checkpoints.get"]["note"], read["ledger.list"]["items"]
    entries = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    assert find_chain_problems(entries, note, read["signing_keys.list"]) == []
    assert (read_statement(note).size, len(items)) == (3, 3)
    assert items[0]["record"]["origin"] == read_statement(note).origin == "actitud.example/ledger/00010203"
    assert [item["opening"] is None for item in items] == [True, False, False]


def test_no_example_names_a_host_that_only_tests_have() -> None:
    for file in FOLDER.iterdir():
        assert "testserver" not in file.read_text(encoding="utf-8"), file.name


def test_every_operation_has_one(app: Litestar) -> None:
    document = json.loads(app.state["document"].read())
    ids = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    others = WITHOUT | {"editions.publications.create", *APPROVED} | OF_PUBLICATIONS.keys() | OF_KEYS.keys()
    others |= {*OF_WORKBOOKS, *JOBS} | OF_WEBHOOKS.keys() | {"editions.imports.create", "editions.verdicts.create"}
    assert ids == READS.keys() | READS_WITH_KEY.keys() | OF_LEDGER.keys() | CREATES.keys() | WRITES.keys() | others
