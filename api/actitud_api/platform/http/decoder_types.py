"""Preparation of decoders before there are threads.

msgspec describes a Struct when it is first decoded. If the Struct contains itself, msgspec marks the description as
existing before it is complete. Another thread that decodes the Struct meanwhile reads the incomplete description, and
the process ends with a segmentation fault: seen when sixteen sheets were the first requests of a process.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import msgspec


@cache
def prepare_decoders() -> None:
    """Make msgspec build its description of every Struct of the process; later calls do nothing.

    Call it before threads decode, because building a description while another thread uses it ends the process.
    """
    for type_ in list(_walk_subclasses(msgspec.Struct)):
        try:
            msgspec.json.Decoder(type_)
        except TypeError:
            # Not made to be decoded: it has members of types that msgspec does not know.
            continue


def _walk_subclasses(type_: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for subclass in type_.__subclasses__():
        yield subclass
        yield from _walk_subclasses(subclass)
