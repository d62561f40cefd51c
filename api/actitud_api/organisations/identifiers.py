"""Identifiers of organisations, in the form of org-id.guide: `<register>-<identifier within it>`.

A register is a country or a supranational prefix and a list: `ES-DIR3`, `GB-COH`, `XI-WIKIDATA`. Of a Spanish
municipality the control digits are verified; any other identifier is checked for its form.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

import pycountry

from actitud_api.organisations.territories import PROVINCES

SUPRANATIONAL = frozenset({"XI", "XM", "XR", "XX"})
"""Prefixes that org-id.guide gives to registers of no single country, and XX, which ISO 3166-1 leaves to users."""

DEMONSTRATION = "XX-DEMO"
"""The register of invented organisations."""

DIR3 = "ES-DIR3"
"""The register of the common directory of units of the Spanish administrations."""

MAXIMUM_LENGTH = 100

_FORM = re.compile(r"(?P<country>[A-Z]{2})-(?P<list>[A-Z0-9_]{2,20})-(?P<local>[A-Za-z0-9][A-Za-z0-9._:-]*)")
_DIR3_UNIT = re.compile(r"[A-Z][A-Z0-9][0-9]{7}")
_DIR3_MUNICIPALITY = "L01"

_A = (0, 7, 2, 8, 3, 6, 9, 5, 1, 4)
_B = (0, 8, 6, 4, 2, 9, 7, 5, 3, 1)


Reason = Literal["form", "country", "dir3_form", "province", "control_digit"]
"""What is wrong with an identifier: its form as org-id, the country of its register, its form as DIR3 code, the
province in it, its control digit."""


class InvalidIdentifier(ValueError):
    """A text that is no identifier of an organisation; `expected` is the right control digit where that is wrong."""

    def __init__(self, reason: Reason, expected: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


def check(identifier: str) -> None:
    """Raises `InvalidIdentifier` unless the text is an identifier of an organisation."""
    form = _FORM.fullmatch(identifier)
    if form is None or len(identifier) > MAXIMUM_LENGTH:
        raise InvalidIdentifier("form")
    if form["country"] not in _countries():
        raise InvalidIdentifier("country")
    if identifier.startswith(f"{DIR3}-"):
        _check_dir3(form["local"])


def _check_dir3(unit: str) -> None:
    if not _DIR3_UNIT.fullmatch(unit):
        raise InvalidIdentifier("dir3_form")
    if not unit.startswith(_DIR3_MUNICIPALITY):
        return
    municipality, digit = unit[3:8], unit[8]
    if municipality[:2] not in PROVINCES:
        raise InvalidIdentifier("province")
    expected = control_digit(municipality)
    if digit != expected:
        raise InvalidIdentifier("control_digit", expected)


def control_digit(municipality: str) -> str:
    """The control digit that INE gives to the code of a municipality (five digits: province and number)."""
    c1, c2, c3, c4, c5 = (int(character) for character in municipality)
    return str((_B[c1] + _A[c2] + (10 - c3) % 10 + _B[c4] + _A[c5]) % 10)


def of_municipality(municipality: str) -> str:
    """The identifier derived from the INE code of a Spanish municipality: `28079` → `ES-DIR3-L01280796`.

    Derived, not confirmed by the directory.
    """
    return f"{DIR3}-{_DIR3_MUNICIPALITY}{municipality}{control_digit(municipality)}"


def of_demonstration(number: int) -> str:
    """The identifier of an invented organisation: 1 → `XX-DEMO-00001`."""
    return f"{DEMONSTRATION}-{number:05d}"


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries) | SUPRANATIONAL
