"""Write tables as JSON Lines: each row is one line with a JSON object that has every column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from actitud_api.web.downloads.formats.tables import Batches, TableColumn


def encode_json_lines(columns: Sequence[TableColumn], batches: Batches) -> Iterator[bytes]:
    """Yield the table as JSON Lines, one item for each batch that has rows.

    An item is the UTF-8 bytes of the lines of its batch: for each row a JSON object with the values by column name, and
    a newline. Numbers are written in their shortest form; None is written as null.
    """
    names = [column.name for column in columns]
    encoder = msgspec.json.Encoder()
    for batch in batches:
        if batch:
            yield encoder.encode_lines([dict(zip(names, row, strict=True)) for row in batch])
