"""A decoder that is fed hostile bytes: what it may answer with, and what it costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple


class Target(NamedTuple):
    """A decoder.

    `decode` reads the bytes and throws the result away. `refusals` are the exceptions with which the project says that
    an input is wrong; any other is a fault. `seeds` makes inputs to begin with, which need not be committed: examples,
    and what is too large for a corpus. `tokens` are words, with spaces between, that the fuzzer inserts. `length_max`
    is the length in bytes of the longest input that the fuzzer makes. `inputs_max` is the number of inputs after which
    it ends, whatever the time; None for the time that is asked for.
    """

    decode: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()
    seeds: Callable[[], Iterable[bytes]] = tuple
    tokens: bytes = b""
    length_max: int = 4096
    inputs_max: int | None = None


def try_input(target: Target, data: bytes) -> float:
    """Decode an input, and return its processor seconds. Raise whatever its decoder raises that is no refusal."""
    begin = time.thread_time()
    with suppress(*target.refusals):
        target.decode(data)
    return time.thread_time() - begin
