"""Bodies with many items, each of which is the body of another operation: `{"items": [...]}`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import msgspec
from litestar.concurrency import sync_to_thread

from actitud_api.platform.http.inputs import ITEMS_MAX, VALUES_MAX, Body, NotJson, parse_json, read_json_body
from actitud_api.platform.http.problems import Fault, limit_faults
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.validation import Json, SchemaValidator

_ITEMS: Final = "items"


class Batch(msgspec.Struct, frozen=True):
    """Decoded body with many items."""

    items: tuple[msgspec.Struct, ...]


class BatchBody:
    """Decoder of a JSON body with 1 to `ITEMS_MAX` items, each decoded by another `Body`.

    One faulty item refuses the whole body, with every fault of every item: `/items/17/answers/D1.01`.
    """

    def __init__(self, item: Body[Any]) -> None:
        self.item = item
        self.media_type = item.media_type
        self._envelope = SchemaValidator(Batch, describe_batch({}))

    async def decode(self, request: ApiRequest) -> Batch | list[Fault]:
        """Return the body of a request, or the list of all its faults.

        Raises:
            ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected.
        """
        return await sync_to_thread(self._parse, await read_json_body(request, self.media_type))

    def _parse(self, raw: bytes) -> Batch | list[Fault]:
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
    """Return the JSON Schema of a body with many items; `item` is the schema of an item."""
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
