"""The sample of assessments to look at, which anybody can draw again (pure)."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections.abc import Iterable
from fractions import Fraction


def generate_seed() -> str:
    """Generate a seed that nobody can predict: 32 hexadecimal digits from the operating system."""
    return secrets.token_hex(16)


def select_sample(seed: str, share: float, organisations: Iterable[str]) -> tuple[str, ...]:
    """Select the sample of some organisations, in the order of the draw.

    They are ordered by the SHA-256, in hexadecimal, of the UTF-8 of the seed, a line feed and the id; the first
    ceil(share · n) are drawn, with the share as the exact decimal that is written.
    """
    ordered = sorted(organisations, key=lambda name: hashlib.sha256(f"{seed}\n{name}".encode()).hexdigest())
    return tuple(ordered[: math.ceil(Fraction(repr(share)) * len(ordered))])
