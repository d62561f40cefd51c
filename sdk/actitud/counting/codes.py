"""The codes, confirmations and ticks that persons wrote into coding workbooks."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from actitud.counting.coverage import NetworkAccount

YES = "yes"
NO = "no"
MISSING = "missing"
"""The network does not offer it."""


class CodedRow(msgspec.Struct, frozen=True, kw_only=True):
    """Codes that a coder gave to one row of a sample, by variable.

    ``replied_at`` (microseconds since 1970) and ``was_private`` describe a reply that is in no file but that the coder
    found elsewhere; None if there is none.
    """

    codes: Mapping[str, str]
    replied_at: int | None = None
    was_private: bool | None = None


class Coding(msgspec.Struct, frozen=True, kw_only=True):
    """Codes and answers that one or two coders wrote into coding workbooks.

    - ``rows``: codes of the first coder, by sheet and key of the message.
    - ``second``: codes of the second coder, by sheet and key of the message.
    - ``accounts``: answers about accounts, by account and column: yes, no, or that the network does not offer the
      feature.
    - ``classes``: yes or no by class of information.
    """

    rows: Mapping[str, Mapping[str, CodedRow]] = msgspec.field(default_factory=dict)
    second: Mapping[str, Mapping[str, CodedRow]] = msgspec.field(default_factory=dict)
    accounts: Mapping[NetworkAccount, Mapping[str, str]] = msgspec.field(default_factory=dict)
    classes: Mapping[str, str] = msgspec.field(default_factory=dict)


NOTHING_CODED = Coding()
