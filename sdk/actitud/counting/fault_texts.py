"""The texts of faults by their code: what is wrong and what to do, each in Spanish and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class FaultText(NamedTuple):
    """What is wrong and what to do about it, each as a pair of Spanish and English."""

    what: tuple[str, str]
    remedy: tuple[str, str]


FAULT_TEXTS: Final[Mapping[str, FaultText]] = {
    "copies_differ": FaultText(
        (
            "Un mensaje está en varios ficheros, y no dicen lo mismo ({column}).",
            "A message is in several files, which do not say the same ({column}).",
        ),
        (
            "Se cuenta una vez. Mire si uno de los ficheros es anterior a una corrección del mensaje.",
            "It is counted once. See whether one of the files is older than a correction of the message.",
        ),
    ),
}
