"""JSON Lines: one JSON object per line, each with every column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actitud_api.web.downloads.formats.tables import Batches, TableColumn


def encode_json_lines(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """Yield the table as JSON Lines, one chunk of bytes per batch. Numbers have their shortest form, None is null."""
    names = [column.name for column in columns]
    encoder = msgspec.json.Encoder()
    for batch in batches:
        if batch:
            yield encoder.encode_lines([dict(zip(names, row, strict=True)) for row in batch])
