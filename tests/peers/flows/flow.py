"""Share between the Python flows: what they are given, and what they print for `make peers` to compare."""

import json
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

url, organisation, _path, key = sys.argv[1:]
facts = Path(_path).read_text("utf-8")


class Scored(Protocol):
    """A score of any client."""

    @property
    def index(self) -> float | None: ...


class Ranked(Protocol):
    """A row of a ranking."""

    @property
    def organisation(self) -> str: ...


class Ranking(Protocol):
    """A page of a ranking."""

    @property
    def items(self) -> Sequence[Ranked]: ...


class Past(Protocol):
    """A row of the history of an organisation."""

    @property
    def edition(self) -> str: ...


class History(Protocol):
    """A page of the history of an organisation."""

    @property
    def items(self) -> Sequence[Past]: ...


def show(score: Scored, ranking: Ranking, sheet: Scored, history: History) -> None:
    """Print what a flow has seen, with the beginning of the badge."""
    with urllib.request.urlopen(f"{url}/badge/latest/{organisation}.svg") as badge:
        seen = {
            "scored": score.index,
            "ranking": [row.organisation for row in ranking.items],
            "sheet": sheet.index,
            "history": [row.edition for row in history.items],
            "badge": badge.read(4).decode(),
        }
    print(json.dumps(seen))
