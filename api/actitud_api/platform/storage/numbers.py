"""Numbers by which paths name rows."""

from __future__ import annotations

import re
from typing import Final

_NUMBER: Final = re.compile("[1-9][0-9]{0,9}")


def parse_number(text: str, maximum: int = 999_999_999) -> int | None:
    """Return the number that `text` is, or None if it is none from 1 to `maximum`, which fits the columns.

    Only the plain form counts, so that each row has one address: no sign, no leading zero, no digits of other scripts.
    """
    number = int(text) if _NUMBER.fullmatch(text) else 0
    return number if 1 <= number <= maximum else None
