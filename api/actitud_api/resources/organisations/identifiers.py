"""Identifiers of organisations, in the form of org-id.guide: `<register>-<identifier within it>`.

A register is a country or a supranational prefix and a list: `ES-DIR3`, `GB-COH`, `XI-WIKIDATA`. Of some registers
more is known and verified: the DIR3 and INE codes of Spanish municipalities and the NIF with their control digits, the
form of Wikidata. An identifier of any other is checked for its form as org-id.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal

import pycountry
from stdnum.es import cif

from actitud_api.resources.organisations.territories import PROVINCES

SUPRANATIONAL = frozenset({"XI", "XM", "XR", "XX"})
"""Prefixes that org-id.guide gives to registers of no single country, and XX, which ISO 3166-1 leaves to users."""

DEMONSTRATION = "XX-DEMO"
"""The register of invented organisations."""

DIR3 = "ES-DIR3"
"""The register of the common directory of units of the Spanish administrations."""

INE = "ES-INE"
"""The register of Spanish municipalities by INE: province, number and, optionally, the control digit."""

NIF = "ES-NIF"
"""The register of Spanish tax numbers, here only those of bodies and never those of persons."""

WIKIDATA = "XI-WIKIDATA"
"""The items of Wikidata."""

MAXIMUM_LENGTH: Final = 100

PATTERN: Final = r"^[A-Z]{2}-[A-Z0-9_]{2,20}-[A-Za-z0-9][A-Za-z0-9._:-]*$"
"""The form of every identifier, for schemas."""

_FORM = re.compile(r"(?P<country>[A-Z]{2})-(?P<list>[A-Z0-9_]{2,20})-(?P<local>[A-Za-z0-9][A-Za-z0-9._:-]*)")
_DIR3_UNIT = re.compile(r"[A-Z][A-Z0-9][0-9]{7}")
_DIR3_MUNICIPALITY = "L01"
_INE_MUNICIPALITY = re.compile(r"[0-9]{5}(?P<digit>[0-9]?)")
_NIF_BODY = re.compile(r"[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]")
_NIF_LETTERED = frozenset("NPQRSW")
"""The kinds of bodies whose NIF ends with a letter."""
_WIKIDATA_ITEM = re.compile(r"Q[1-9][0-9]*")

_A = (0, 7, 2, 8, 3, 6, 9, 5, 1, 4)
_B = (0, 8, 6, 4, 2, 9, 7, 5, 3, 1)


Reason = Literal["form", "country", "dir3_form", "ine_form", "nif_form", "wikidata_form", "province", "control_digit"]
"""What is wrong with an identifier: its form as org-id, the country of its register, its form in that register, the
province in it, its control digit."""


class InvalidIdentifier(ValueError):
    """A text that is no identifier of an organisation; `expected` is the right control digit where that is wrong."""

    def __init__(self, reason: Reason, expected: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


def parse_identifier(identifier: str) -> str:
    """An identifier of an organisation in its one spelling: an INE code goes without its control digit.

    Raises `InvalidIdentifier` for any other text.
    """
    form = _FORM.fullmatch(identifier)
    if form is None or len(identifier) > MAXIMUM_LENGTH:
        raise InvalidIdentifier("form")
    if form["country"] not in _countries():
        raise InvalidIdentifier("country")
    local = form["local"]
    match f"{form['country']}-{form['list']}":
        case "ES-DIR3":
            _check_dir3(local)
        case "ES-INE":
            return f"{INE}-{_municipality(local)}"
        case "ES-NIF":
            _check_nif(local)
        case "XI-WIKIDATA" if not _WIKIDATA_ITEM.fullmatch(local):
            raise InvalidIdentifier("wikidata_form")
    return identifier


def normalise_identifier(text: str) -> str:
    """The one spelling of an identifier; a text that is none stays as it is."""
    try:
        return parse_identifier(text)
    except InvalidIdentifier:
        return text


def find_province(identifier: str) -> str | None:
    """The province in the identifier of a Spanish municipality; None for any other."""
    for prefix in (f"{DIR3}-{_DIR3_MUNICIPALITY}", f"{INE}-"):
        if identifier.startswith(prefix):
            province = identifier.removeprefix(prefix)[:2]
            return province if province in PROVINCES else None
    return None


def _check_dir3(unit: str) -> None:
    if not _DIR3_UNIT.fullmatch(unit):
        raise InvalidIdentifier("dir3_form")
    if unit.startswith(_DIR3_MUNICIPALITY):
        _check_municipality(unit[3:8], unit[8])


def _municipality(local: str) -> str:
    """The five digits of an INE code."""
    form = _INE_MUNICIPALITY.fullmatch(local)
    if form is None:
        raise InvalidIdentifier("ine_form")
    _check_municipality(local[:5], form["digit"])
    return local[:5]


def _check_municipality(municipality: str, digit: str) -> None:
    """`digit`: that of control, or nothing."""
    if municipality[:2] not in PROVINCES:
        raise InvalidIdentifier("province")
    expected = compute_control_digit(municipality)
    if digit not in ("", expected):
        raise InvalidIdentifier("control_digit", expected)


def _check_nif(number: str) -> None:
    if not _NIF_BODY.fullmatch(number):
        raise InvalidIdentifier("nif_form")
    if not cif.is_valid(number):
        candidates = cif.calc_check_digits(number[:-1])
        raise InvalidIdentifier("control_digit", candidates[number[0] in _NIF_LETTERED])


def compute_control_digit(municipality: str) -> str:
    """The control digit that INE gives to the code of a municipality (five digits: province and number)."""
    c1, c2, c3, c4, c5 = (int(character) for character in municipality)
    return str((_B[c1] + _A[c2] + (10 - c3) % 10 + _B[c4] + _A[c5]) % 10)


def format_ine_identifier(municipality: str) -> str:
    """The identifier of a Spanish municipality by its INE code: `28079` → `ES-INE-28079`."""
    return f"{INE}-{municipality}"


def format_demonstration_identifier(number: int) -> str:
    """The identifier of an invented organisation: 1 → `XX-DEMO-00001`."""
    return f"{DEMONSTRATION}-{number:05d}"


def is_demonstration(identifier: str) -> bool:
    """Whether an identifier is that of an invented organisation."""
    return identifier.startswith(f"{DEMONSTRATION}-")


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries) | SUPRANATIONAL
