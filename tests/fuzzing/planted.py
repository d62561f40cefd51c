"""A decoder with a fault that only guidance by coverage finds: the control of the fuzzing itself."""

from __future__ import annotations

from typing import Final

from tests.fuzzing.target import Target

NAME: Final = "planted"


class PlantedFault(Exception):
    """The fault."""


def decode(data: bytes) -> None:
    """Read a file of a kind that nobody has; raise `PlantedFault` for one in its version.

    A blind search needs 2^48 inputs. One that sees which comparison failed needs some thousand.
    """
    if data[:4] != b"ACTL":
        return
    if data[4:6] == b"v7":
        raise PlantedFault


TARGETS: Final = {NAME: Target(decode, length_max=16, inputs_max=1_000_000)}
