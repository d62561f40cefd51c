"""Breaks that were accepted: a file beside the kept earlier document lists each with the decision about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from actitud_api.cli.compatibility.rules import Break


class AcceptedBreak(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the file of accepted breaks: a break of compatibility that a decision accepts.

    `rule` and `place` are the rule and the place of the break, as the report prints them. A place that begins with `* `
    stands for the same place in every operation. `record` refers to the text of the decision: the path of a file, a
    colon, and words that the file must contain.
    """

    rule: str
    place: str
    record: str

    def covers(self, found: Break) -> bool:
        """Return True if this entry accepts the break `found`."""
        place = found.place
        if self.place.startswith("* ") and found.operation:
            place = "*" + place.removeprefix(found.operation)
        return (self.rule, self.place) == (found.rule, place)

    def has_record(self, folder: Path) -> bool:
        """Return True if the decision is recorded: `folder` has the file that `record` names, with the words."""
        name, _, words = self.record.partition(": ")
        file = folder / name
        return file.is_file() and " ".join(words.split()) in " ".join(file.read_text().split())


def read_accepted(text: bytes) -> Sequence[AcceptedBreak]:
    """Read the file of accepted breaks, a JSON array.

    Raises:
        msgspec.DecodeError: The text is no valid file of accepted breaks.
    """
    return msgspec.json.decode(text, type=list[AcceptedBreak])
