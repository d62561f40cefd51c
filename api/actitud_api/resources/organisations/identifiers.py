"""Identifiers of organisations, in the form of org-id.guide: `<register>-<identifier within it>`.

The name of a register has two parts: a country or a supranational prefix, and a list, as in `ES-DIR3`, `GB-COH`,
`XI-WIKIDATA`. DIR3 and INE codes of Spanish municipalities and NIF numbers are checked by their control digits,
Wikidata items by their form. Identifiers of other registers are checked only for the form of org-id.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final, Literal

import pycountry
from stdnum.es import cif

from actitud_api.resources.organisations.territories import PROVINCES

SUPRANATIONAL = frozenset({"XI", "XM", "XR", "XX"})
"""Prefixes of org-id.guide for registers of no single country, and XX, which ISO 3166-1 leaves to users."""

DEMONSTRATION = "XX-DEMO"
"""Register of invented organisations."""

DIR3 = "ES-DIR3"
"""Register of the common directory of units of the Spanish administrations."""

INE = "ES-INE"
"""Register of Spanish municipalities by INE code: province, number and an optional control digit."""

NIF = "ES-NIF"
"""Register of Spanish tax numbers; only those of bodies are accepted, never those of persons."""

WIKIDATA = "XI-WIKIDATA"
"""Register of the items of Wikidata."""

MAXIMUM_LENGTH: Final = 100

PATTERN: Final = r"^[A-Z]{2}-[A-Z0-9_]{2,20}-[A-Za-z0-9][A-Za-z0-9._:-]*$"
"""Regular expression of every identifier, for schemas."""

_FORM = re.compile(r"(?P<country>[A-Z]{2})-(?P<list>[A-Z0-9_]{2,20})-(?P<local>[A-Za-z0-9][A-Za-z0-9._:-]*)")
_DIR3_UNIT = re.compile(r"[A-Z][A-Z0-9][0-9]{7}")
_DIR3_MUNICIPALITY = "L01"
_INE_MUNICIPALITY = re.compile(r"[0-9]{5}(?P<digit>[0-9]?)")
_NIF_BODY = re.compile(r"[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]")
_NIF_LETTERED = frozenset("NPQRSW")
"""First letters of a NIF that make its control character a letter."""
_WIKIDATA_ITEM = re.compile(r"Q[1-9][0-9]*")

# Substitution tables of the control digit of INE.
_INE_A = (0, 7, 2, 8, 3, 6, 9, 5, 1, 4)
_INE_B = (0, 8, 6, 4, 2, 9, 7, 5, 3, 1)


Reason = Literal["form", "country", "dir3_form", "ine_form", "nif_form", "wikidata_form", "province", "control_digit"]
"""The reason why an identifier is invalid.

`form`: it is not a register, a hyphen and an id. `country`: its first two letters are no country. `dir3_form`,
`ine_form`, `nif_form`, `wikidata_form`: the id does not have the form that this register requires. `province`:
there is no province with its province code. `control_digit`: its control digit is wrong.
"""


class InvalidIdentifier(ValueError):
    """A text is not a valid identifier; `reason` is the code of the fault. Raised by `parse_identifier`.

    `expected` is the right control digit if the control digit is wrong, else None.
    """

    def __init__(self, reason: Reason, expected: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


def parse_identifier(identifier: str) -> str:
    """Return an identifier in canonical spelling: an INE code loses its control digit.

    Raises:
        InvalidIdentifier: The text is not a valid identifier.
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
            return f"{INE}-{_parse_municipality(local)}"
        case "ES-NIF":
            _check_nif(local)
        case "XI-WIKIDATA" if not _WIKIDATA_ITEM.fullmatch(local):
            raise InvalidIdentifier("wikidata_form")
    return identifier


def normalise_identifier(text: str) -> str:
    """Return an identifier in its canonical spelling; return a text that is no valid identifier unchanged.

    Only INE codes have two spellings: with the control digit, `ES-INE-460010`, and without it, `ES-INE-46001`,
    which is canonical.
    """
    try:
        return parse_identifier(text)
    except InvalidIdentifier:
        return text


def find_province(identifier: str) -> str | None:
    """Return the INE code of the province in the DIR3 or INE identifier of a municipality.

    Return None for any other identifier, and if there is no province with the code.
    """
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


def _parse_municipality(local: str) -> str:
    """Return the five digits of an INE code without its optional control digit.

    Raises:
        InvalidIdentifier: The form of the code, its province or its control digit is wrong.
    """
    form = _INE_MUNICIPALITY.fullmatch(local)
    if form is None:
        raise InvalidIdentifier("ine_form")
    _check_municipality(local[:5], form["digit"])
    return local[:5]


def _check_municipality(municipality: str, digit: str) -> None:
    """Check the province in an INE code of five digits, and its control digit unless `digit` is empty.

    Raises `InvalidIdentifier` if there is no such province, or if the control digit is wrong.
    """
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
    """Return the control digit that INE gives to a municipality code of five digits (province and number)."""
    c1, c2, c3, c4, c5 = (int(character) for character in municipality)
    return str((_INE_B[c1] + _INE_A[c2] + (10 - c3) % 10 + _INE_B[c4] + _INE_A[c5]) % 10)


def format_ine_identifier(municipality: str) -> str:
    """Return the identifier of a Spanish municipality from its INE code: `28079` → `ES-INE-28079`."""
    return f"{INE}-{municipality}"


def format_demonstration_identifier(number: int) -> str:
    """Return the identifier of an invented organisation from its number: 1 → `XX-DEMO-00001`."""
    return f"{DEMONSTRATION}-{number:05d}"


def is_demonstration(identifier: str) -> bool:
    """Return True if an identifier belongs to the register of invented organisations."""
    return identifier.startswith(f"{DEMONSTRATION}-")


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries) | SUPRANATIONAL
