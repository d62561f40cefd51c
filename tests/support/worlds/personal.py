"""Invented personal data of private persons: names, handles, e-mail addresses, telephone and identity numbers."""

from __future__ import annotations

from random import Random

from tests.support.worlds.model import Person

SYLLABLES = (
    "zar",
    "ram",
    "plin",
    "quel",
    "dor",
    "fis",
    "mau",
    "tren",
    "gol",
    "vix",
    "bru",
    "neb",
    "lum",
    "cra",
    "jov",
    "wen",
)
LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
"""Check letters of Spanish identity numbers: the remainder of the number by 23."""


def make_person(random: Random, number: int) -> Person:
    """Return a person whose name and handle occur nowhere else."""
    first, last, other = ("".join(random.choices(SYLLABLES, k=3)).capitalize() for _ in range(3))
    return Person(f"{first} {last} {other}o", f"{first.lower()}_{last.lower()}{number}", number)


def make_addresses(random: Random, person: Person) -> tuple[str, str, str]:
    """Return an e-mail address, a telephone number and an identity number of a person."""
    number = random.randint(1_000_000, 9_999_999)
    prefix = random.choice(("", "", "X", "Y"))
    remainder = (number + {"": 0, "X": 0, "Y": 10_000_000}[prefix]) % 23
    identity = f"{prefix}{number:0{7 if prefix else 8}d}{LETTERS[remainder]}"
    telephone = random.choice(
        ("6{:02d} {:02d} {:02d} {:02d}", "+34 6{:02d}{:02d}{:02d}{:02d}", "9{:02d}-{:02d}-{:02d}-{:02d}")
    )
    digits = [random.randint(0, 99) for _ in range(4)]
    return f"{person.handle.replace('_', '.')}@example.org", telephone.format(*digits), identity
