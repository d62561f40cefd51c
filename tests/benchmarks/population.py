"""A register of any size: invented municipalities whose names, words and provinces are as many as a country has.

The words of names are made of syllables, so that a million names have tens of thousands of distinct words, and common
ones among them, as real names have.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service
from actitud_api.resources.organisations.identifiers import format_demonstration_identifier
from actitud_api.resources.organisations.territories import PROVINCES

CREATED: Final = datetime(2026, 1, 1, tzinfo=UTC)

_BATCH: Final = 10_000
_ONSETS: Final = (
    "b",
    "br",
    "c",
    "ch",
    "d",
    "f",
    "fr",
    "g",
    "gr",
    "l",
    "ll",
    "m",
    "n",
    "p",
    "pr",
    "r",
    "s",
    "t",
    "v",
    "z",
)
_RIMES: Final = ("a", "al", "an", "ar", "e", "el", "en", "er", "i", "in", "o", "on", "or", "os", "u", "ue")
_COMMON: Final = ("Villa", "San", "Santa", "Puebla", "Torre", "Valle", "Fuente", "Castro")
_LINKS: Final = ("de", "del", "de la")


def fill(database: Database, organisations: int) -> None:
    """Store this many municipalities, with ids `XX-DEMO-00001` and so on, in one transaction for each 10,000 of them.

    The same number always gives the same register, and a smaller one is the beginning of a larger one. The table of
    organisations must be empty.
    """
    entries = _make_entries()
    for start in range(0, organisations, _BATCH):
        batch = [next(entries) for _ in range(min(_BATCH, organisations - start))]
        with database.write() as session:
            service.add(session, batch, CREATED)


def _make_entries() -> Iterator[service.OrganisationEntry]:
    chance = random.Random(2026)  # nothing is kept secret
    provinces = sorted(PROVINCES)
    number = 0
    while True:
        number += 1
        province = chance.choice(provinces)
        yield service.OrganisationEntry(
            id=format_demonstration_identifier(number),
            name=_make_name(chance),
            kind="MUN",
            # Most are small: half below 1,000, one in a hundred above 100,000.
            population=int(1_000 * chance.paretovariate(1) * chance.random()) + 5,
            population_year=2025,
            province=province,
            region=PROVINCES[province].region,
            simulated=True,
        )


def _make_name(chance: random.Random) -> str:
    name = _make_word(chance)
    if chance.random() < 0.3:
        name = f"{chance.choice(_COMMON)} {name}"
    if chance.random() < 0.3:
        name = f"{name} {chance.choice(_LINKS)} {_make_word(chance)}"
    return name


def _make_word(chance: random.Random) -> str:
    """Make a word of two or three syllables; some are far more frequent than others."""
    syllables = 2 if chance.random() < 0.4 else 3
    return "".join(_pick(chance, _ONSETS) + _pick(chance, _RIMES) for _ in range(syllables)).capitalize()


def _pick(chance: random.Random, parts: tuple[str, ...]) -> str:
    return parts[min(int(chance.random() ** 1.5 * len(parts)), len(parts) - 1)]
