"""Decoders of the SDK: whatever answers instead of the service is an error of the library."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import httpx
import msgspec

from actitud import ActitudError, Client, models
from actitud._model import Model
from tests.fuzzing.target import Target


class _Answerer:
    """A handler of httpx that gives the same answer to each request."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, headers=self.headers, stream=httpx.ByteStream(self.body))


_ANSWERER: Final = _Answerer()


@cache
def make_client() -> Client:
    """Make a client of the answerer that never waits."""
    http_client = httpx.Client(transport=httpx.MockTransport(_ANSWERER), verify=False)
    return Client(base_url="http://fuzzed.test", lang="es", max_retries=0, http_client=http_client)


@cache
def list_kinds() -> Mapping[str, type[Model]]:
    """Return the models of the SDK by name."""
    members = inspect.getmembers(models, inspect.isclass)
    return {name: kind for name, kind in members if issubclass(kind, Model) and kind.__module__ == models.__name__}


def decode_answer(data: bytes) -> None:
    """Read an answer: its first line has the model and the status, then headers to an empty line, then the body."""
    head, _, body = data.partition(b"\n\n")
    first, *lines = head.split(b"\n")
    name, _, status = first.decode("latin-1").partition(" ")
    if not (status.isascii() and status.isdecimal() and len(status) == 3):
        return
    pairs = (line.partition(b":") for line in lines)
    _ANSWERER.status, _ANSWERER.body = int(status), body
    _ANSWERER.headers = [(header.strip(), value.strip()) for header, colon, value in pairs if colon]
    kind, client = list_kinds().get(name), make_client()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind is not None:
            read_model(client.request("GET", "/v1/fuzzed", cast_to=kind))
        elif name == "list":
            repr(client.editions.list().items)
        elif name == "stream":
            list(client.editions.scores.stream("2026"))
        elif name == "export":
            client.editions.scores.export("2026", format="csv")


def read_model(model: object) -> None:
    """Read a model as programs do: as a line, as a dictionary, as the cells of a table."""
    assert isinstance(model, Model)
    repr(model)
    model.to_dict()
    model._build_cells()


def list_answers() -> Iterator[bytes]:
    """Yield short examples of the OpenAPI document as answers, and a problem, a stream and a redirect."""
    examples: dict[str, Any] = msgspec.json.decode(resources.files("actitud").joinpath("_examples.json").read_bytes())
    head = b" 200\ncontent-type: application/json\n\n"
    for name, kind in (
        ("editions.get", "Edition"),
        ("organisations.get", "Organisation"),
        ("editions.publications.get", "Publication"),
        ("ledger.checkpoints.get", "Checkpoint"),
        ("editions.assessments.get", "Assessment"),
        ("editions.scores.path", "LevelPath"),
    ):
        yield kind.encode() + head + msgspec.json.encode(examples[f"{name}.response"])
    yield b"list" + head + msgspec.json.encode(examples["editions.list.response"])
    row = msgspec.json.encode(examples["editions.scores.list.response"]["items"][0])
    yield b"stream 200\ncontent-type: application/jsonl\ncontent-length: 9\n\n" + row + b"\n"
    yield b"export 200\ncontent-type: text/csv\n\na,b\r\n1,2\r\n"
    yield (
        b'list 429\ncontent-type: application/problem+json\nretry-after: 2\nratelimit: "read";r=0;t=30\n\n'
        b'{"type":"/problems/too-many-requests","title":"x","status":429,"errors":[{"pointer":"","rule":"x"}]}'
    )
    yield b"list 308\nlocation: /v1/other?x=1\ndeprecation: @1700000000\nsunset: Sat, 28 Nov 2026 10:00:00 GMT\n\n"


TARGETS: Final = {
    "answer": Target(
        decode_answer,
        (ActitudError,),
        list_answers,
        b'content-type: application/json retry-after: location: ratelimit: \n\n null "items":[ etag: W/',
    ),
}
