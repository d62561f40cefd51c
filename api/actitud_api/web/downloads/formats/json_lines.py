"""JSON Lines: a JSON object on each line, with every column in each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actitud_api.web.downloads.formats.tables import Batches, TableColumn


def encode_json_lines(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """Yield the rows as bytes, a piece for each batch; numbers in their shortest form, null for None."""
    names = [column.name for column in columns]
    encoder = msgspec.json.Encoder()
    for batch in batches:
        if batch:
            yield encoder.encode_lines([dict(zip(names, row, strict=True)) for row in batch])
