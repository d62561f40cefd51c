"""Plain words: what a text for people never has, because it is the name of a thing in the program or a sign of it."""

from __future__ import annotations

import re
from typing import Final

_TOKENS: Final = re.compile(
    r"""
    (?<![\w.#/-]) (?:
        D\d{1,2} (?:\.\d\d)? (?:\.\w+)?             # dimensions, indicators and their facts
      | V\d\d (?:\.\w+)*                            # rules
      | L\d\.\w+                                    # gates
      | [WSD]\d\d? | S0                             # periods and sources
      | [PE][1-5]                                   # size bands
      | F[1-7] | c\d\d?                             # functions and elements of lists
      | [a-z]+ (?:_[a-z0-9]+)+                      # names of members
      | null | true | false | True | False | NaN
      | sha256:\w*
    ) (?![\w/-])
  | [<>≤≥=] =? | != | [{}\[\]|] | \bmin\( | \bmax\(
  | \.\. (?!\.) | \s[.,;:] | \(\) | \s\s
  """,
    re.VERBOSE,
)
"""Ids of the methodology, names and values of JSON, signs of comparison, and signs of a sentence put together badly."""

LONG_NUMBERS: Final = {"es": re.compile(r"\d,\d{3,}"), "en": re.compile(r"\d\.\d{3,}")}
"""By language, a number with more than two decimals, as no person would say it."""


def find_tokens(text: str) -> list[str]:
    """List what is in a text and should not be."""
    return [match[0] for match in _TOKENS.finditer(text.replace("…", ""))]
