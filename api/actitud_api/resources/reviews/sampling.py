"""Draw a sample of assessments that anybody can draw again. Pure."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable
from fractions import Fraction


def generate_seed() -> str:
    """Return a new unpredictable seed: 32 hexadecimal digits from the random source of the operating system."""
    return secrets.token_hex(16)


def select_sample(seed: str, share: float, organisations: Iterable[str]) -> tuple[str, ...]:
    """Return the sample of these organisations, in the order of the draw.

    The ids are ordered by the SHA-256, in hexadecimal, of the UTF-8 text of seed, line feed and id. The first
    ceil(share · n) of the n ids are drawn, with `share` taken as its decimal notation.
    """
    ordered = sorted(organisations, key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest())
    # repr gives the share as written: as a binary fraction, 0.1 of 10 would draw two.
    return tuple(ordered[: math.ceil(Fraction(repr(share)) * len(ordered))])
