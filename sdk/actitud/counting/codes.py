"""What persons coded, confirmed and ticked in a coding workbook."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actitud.counting.coverage import NetworkAccount

YES = "yes"
NO = "no"
MISSING = "missing"
"""The network does not offer it."""


class CodedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The codes of a row by variable.

    ``replied_at`` (microseconds since 1970) and ``was_private`` are those of a reply that the coder found elsewhere.
    """

    codes: Mapping[str, str]
    replied_at: int | None = None
    was_private: bool | None = None


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """All that a coding workbook says.

    - ``rows``: by sheet and key of the message.
    - ``second``: the same of the second coder.
    - ``accounts``: answers by account and column: yes, no or missing.
    - ``classes``: yes or no by class of information.
    """

    rows: Mapping[str, Mapping[str, CodedRow]] = msgspec.field(default_factory=dict)
    second: Mapping[str, Mapping[str, CodedRow]] = msgspec.field(default_factory=dict)
    accounts: Mapping[NetworkAccount, Mapping[str, str]] = msgspec.field(default_factory=dict)
    classes: Mapping[str, str] = msgspec.field(default_factory=dict)


NOTHING_CODED = Coding()
