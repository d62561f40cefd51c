"""Write JSON-stat 2.0 (json-stat.org/format) in one pass: a cube of three dimensions, units, periods and measures.

There is only one period. The sizes of the dimensions are known only after the last row, so they are written last,
which JSON-stat allows because the members of a JSON object have no order. Ids and names wait in temporary files until
the figures are written.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from tempfile import TemporaryFile
from typing import IO, Final

import msgspec
from msgspec import Struct

from actitud_api.web.downloads.formats.tables import TableColumn

VERSION: Final = "2.0"
_CHUNK: Final = 64 * 1024


class CubeUnit(Struct, frozen=True):
    """One unit of a cube, such as an organisation.

    `figures` contains the figure of the unit for each measure, None if the figure is unknown.
    """

    id: str
    name: str
    figures: Sequence[int | float | None]


class Cube(Struct, frozen=True, kw_only=True):
    """The description of a data cube (JSON-stat), without its figures.

    Attributes:
        unit: Id and title of the dimension of units.
        period: Id and title of the dimension of periods.
        measure: Id and title of the dimension of measures.
        period_value: Id and title of the only period.
        measures: Columns of the table that become the measures of the cube.
        more: Further members of the JSON-stat document, such as `label`, `source`, `updated` and `extension`.
    """

    unit: tuple[str, str]
    period: tuple[str, str]
    measure: tuple[str, str]
    period_value: tuple[str, str]
    measures: Sequence[TableColumn]
    more: Mapping[str, object]


def write_cube(file: IO[bytes], cube: Cube, batches: Iterable[Sequence[CubeUnit]]) -> None:
    """Write a cube as JSON-stat to `file`.

    `batches` contains the units in batches. The figures are written by unit and then by measure; None becomes null.
    """
    encode = msgspec.json.encode
    (unit, unit_title), (period, period_title), (measure, measure_title) = cube.unit, cube.period, cube.measure
    count = 0
    with TemporaryFile() as ids, TemporaryFile() as names:
        head = encode({"version": VERSION, "class": "dataset", **cube.more, "id": [unit, period, measure]})
        file.write(head[:-1] + b',"value":[')
        for batch in batches:
            if not batch:
                continue
            # The slices take off the brackets: the batches become members of one array or object.
            comma = b"," if count else b""
            file.write(comma + b",".join(encode(member.figures)[1:-1] for member in batch))
            ids.write(comma + b",".join(encode(member.id) for member in batch))
            names.write(comma + b",".join(encode({member.id: member.name})[1:-1] for member in batch))
            count += len(batch)
        file.write(b'],"size":' + encode([count, 1, len(cube.measures)]))
        file.write(b',"role":' + encode({"geo": [unit], "time": [period], "metric": [measure]}))
        file.write(b',"dimension":{' + encode(unit) + b':{"label":' + encode(unit_title))
        file.write(b',"category":{"index":[')
        _copy(ids, file)
        file.write(b'],"label":{')
        _copy(names, file)
        file.write(b"}}},")
    code, title = cube.period_value
    others = {
        period: {"label": period_title, "category": {"index": [code], "label": {code: title}}},
        measure: {
            "label": measure_title,
            "category": {
                "index": [column.name for column in cube.measures],
                "label": {column.name: column.title for column in cube.measures},
                "unit": {column.name: {"decimals": column.decimals or 0} for column in cube.measures},
            },
        },
    }
    file.write(encode(others)[1:] + b"}")


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    source.seek(0)
    shutil.copyfileobj(source, target, _CHUNK)
