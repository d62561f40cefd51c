"""A decoder that is fed hostile bytes: what it may answer with, and what it may cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final, NamedTuple

CPU_MAX: Final = 0.1
"""Processor seconds that one input may take: those of this thread, so that a busy machine fails nobody."""
_TRIALS: Final = 3
"""Times that a slow input is measured: the first one may pay for a cache or a garbage collection."""


class SlowInput(Exception):
    """A decoder takes longer than `CPU_MAX` for an input, each time it is measured."""


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


def try_input(target: Target, data: bytes) -> None:
    """Decode an input. Raise whatever its decoder raises that is no refusal, and `SlowInput` if it takes too long."""
    fastest = float("inf")
    for _ in range(_TRIALS):
        begin = time.thread_time()
        with suppress(*target.refusals):
            target.decode(data)
        fastest = min(fastest, time.thread_time() - begin)
        if fastest <= CPU_MAX:
            return
    raise SlowInput(f"{fastest * 1000:.0f} ms for {len(data)} bytes")
