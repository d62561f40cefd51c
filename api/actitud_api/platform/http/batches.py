"""Bodies with many items, each of which is the body of another operation: `{"items": [...]}`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from litestar.concurrency import sync_to_thread

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.inputs import ITEMS_MAX, VALUES_MAX, Body, NotJson, parse_json, read_json_body
from actitud_api.platform.http.problems import INVALID_REQUEST, Fault, ProblemError, limit_faults
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.validation import Json, SchemaValidator

PLACES: Final = 4
"""Bodies that are read at a time; more wait unread. 50 endless ones at once took 138 MiB, each up to its limit."""
READ_SECONDS: Final = 30
"""Longest time that a body may take to come, once it has its place."""
_ITEMS: Final = "items"


class Batch(msgspec.Struct, frozen=True):
    """Request body with many items, decoded."""

    items: tuple[msgspec.Struct, ...]


class BatchBody:
    """Decoder of the JSON body `{"items": […]}` with 1 to `ITEMS_MAX` items, each the body of another operation.

    If an item has a fault, the whole body is refused. All faults of all items are listed, each with a JSON Pointer such
    as `/items/17/answers/D1.01`.
    """

    def __init__(self, item: Body[Any]) -> None:
        self.item = item
        self.media_type = item.media_type
        self._envelope = SchemaValidator(Batch, describe_batch({}))
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def decode(self, request: ApiRequest) -> Batch | list[Fault]:
        """Read the body of a request and decode it; return the items, or the list of all faults in the body.

        Raises:
            ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected or
                takes too long.
        """
        async with self._find_places():
            try:
                async with asyncio.timeout(READ_SECONDS):
                    raw = await read_json_body(request, self.media_type)
            except TimeoutError:
                detail = Texts("El cuerpo tardó demasiado en llegar.", "The body took too long to come.")
                raise ProblemError(INVALID_REQUEST, detail) from None
        return await sync_to_thread(self.parse, raw)

    def _find_places(self) -> asyncio.Semaphore:
        # A semaphore belongs to an event loop, and tests have many.
        return self._places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PLACES))

    def parse(self, raw: bytes) -> Batch | list[Fault]:
        """Decode the bytes of a body, and return its items, or the list of all faults in it."""
        try:
            value = parse_json(raw, values_max=ITEMS_MAX * VALUES_MAX)
        except NotJson as error:
            return error.faults
        faults = self._envelope.find_faults(value)
        if faults:
            return faults
        assert isinstance(value, dict)
        decoded = [self.item.convert(item) for item in value[_ITEMS]]
        found = limit_faults(_locate_faults(decoded))
        return found or Batch(tuple(item for item in decoded if isinstance(item, msgspec.Struct)))


def describe_batch(item: dict[str, Json]) -> dict[str, Json]:
    """Return the JSON Schema of a body with many items; `item` is the schema of one item."""
    return {
        "type": "object",
        "properties": {_ITEMS: {"type": "array", "minItems": 1, "maxItems": ITEMS_MAX, "items": item}},
        "required": [_ITEMS],
        "additionalProperties": False,
    }


def _locate_faults(decoded: list[msgspec.Struct | list[Fault]]) -> Iterator[Fault]:
    for number, item in enumerate(decoded):
        if isinstance(item, list):
            yield from (replace(fault, pointer=f"/{_ITEMS}/{number}{fault.pointer}") for fault in item)
