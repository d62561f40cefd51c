"""Accepted breaks: a file beside the baseline that names each with its rule, its place and the decision about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from actitud_api.cli.compatibility.rules import Break


class AcceptedBreak(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An accepted break.

    `rule` and `place` are those of the report. A place that begins with `* ` is that of every operation. `record` is
    the file with the decision, followed by a colon and words that stand in it.
    """

    rule: str
    place: str
    record: str

    def covers(self, found: Break) -> bool:
        """Return True if this is the entry of a break."""
        place = found.place
        if self.place.startswith("* ") and found.operation:
            place = "*" + place.removeprefix(found.operation)
        return (self.rule, self.place) == (found.rule, place)

    def has_record(self, folder: Path) -> bool:
        """Return True if the file with the decision is in a folder and has the words."""
        name, _, words = self.record.partition(": ")
        file = folder / name
        return file.is_file() and " ".join(words.split()) in " ".join(file.read_text().split())


def read_accepted(text: bytes) -> Sequence[AcceptedBreak]:
    """Read the file of accepted breaks, a JSON array.

    Raises:
        msgspec.DecodeError: The text is no such file.
    """
    return msgspec.json.decode(text, type=list[AcceptedBreak])
