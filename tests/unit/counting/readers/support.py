"""Files of exports for the tests of their readers, and the reading of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from actitud.counting.faults import CountingFault
from actitud.counting.messages import Message
from actitud.counting.options import LogMapping, OwnAccount
from actitud.counting.reading import read_files
from actitud.counting.sources import Source
from actitud.counting.times import DateOrder


class Outcome(NamedTuple):
    messages: list[Message]
    sources: tuple[Source, ...]
    faults: list[CountingFault]

    @property
    def places(self) -> list[tuple[str, int | None, str | None]]:
        return [(fault.code, fault.line, fault.column) for fault in self.faults]

    @property
    def codes(self) -> list[str]:
        return [fault.code for fault in self.faults]


def read(
    *paths: Path,
    accounts: Sequence[OwnAccount] = (),
    mapping: LogMapping | Sequence[LogMapping] = (),
    date_order: DateOrder | None = None,
    time_zone: str = "Europe/Madrid",
) -> Outcome:
    with read_files(paths, accounts=accounts, mapping=mapping, date_order=date_order, time_zone=time_zone) as reading:
        return Outcome(list(reading.table), reading.sources, list(reading.faults))


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def write_json(folder: Path, name: str, content: Any) -> Path:
    return write(folder, name, json.dumps(content, ensure_ascii=False))


def utc(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, millisecond: int = 0
) -> datetime:
    return datetime(year, month, day, hour, minute, second, millisecond * 1000, tzinfo=UTC)
