"""Breaks that were accepted: a file beside the kept earlier document lists each with the decision about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from actitud_api.cli.compatibility.rules import Break


class AcceptedBreak(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Entry in the file of accepted breaks: an incompatible change of the OpenAPI document that was decided on.

    Attributes:
        rule: Code of the rule that finds the change.
        place: Operation, part and pointer of the change, as the report prints them. `*` in place of the operation
            accepts the change in every operation.
        record: Reference to the text of the decision: the path of a file, a colon, and words that the file contains.
    """

    rule: str
    place: str
    record: str

    def covers(self, found: Break) -> bool:
        """Return True if this entry accepts the incompatible change `found`."""
        place = found.place
        if self.place.startswith("* ") and found.operation:
            place = "*" + place.removeprefix(found.operation)
        return (self.rule, self.place) == (found.rule, place)

    def has_record(self, folder: Path) -> bool:
        """Return True if the decision is recorded: the file that `record` names exists in `folder`, with the words."""
        name, _, words = self.record.partition(": ")
        file = folder / name
        return file.is_file() and " ".join(words.split()) in " ".join(file.read_text().split())


def read_accepted(text: bytes) -> Sequence[AcceptedBreak]:
    """Return the entries of a file of accepted breaks, which is a JSON array.

    Raises:
        msgspec.DecodeError: The text is no valid file of accepted breaks.
    """
    return msgspec.json.decode(text, type=list[AcceptedBreak])
