"""The examples of the OpenAPI document are real."""

from __future__ import annotations

import json

from litestar import Litestar
from litestar.testing import TestClient

from tests.contract.examples import CREATES, FOLDER, READS, WITHOUT, answers


def test_each_example_is_what_the_service_answers(client: TestClient[Litestar]) -> None:
    for name, answer in answers(client).items():
        written = json.loads((FOLDER / f"{name}.response.json").read_bytes())
        assert written == answer, f"{name}: python -m tests.contract.examples writes it anew"


def test_every_operation_has_one(app: Litestar) -> None:
    document = json.loads(app.state["document"])
    ids = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    assert ids == READS.keys() | CREATES.keys() | WITHOUT
