"""What became of the mutants: kept between runs, and compared with the survivors that are listed with their reasons."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LISTED: Final = Path("tests") / "mutation" / "survivors.toml"
KILLED: Final = 0.97
"""So many of all mutants have to be killed, those that are listed counted as what they are: not killed."""


@dataclass(frozen=True)
class Mutant:
    """A function that is changed in one place.

    `function` is the module below `actitud_api` with the function, `scoring.points.Distribution.of`; `change` what its
    diff removes and adds, a line each; `occurrence` counts those of a function that have the same change, from 0;
    `original` and `source` are the definition before and after.
    """

    function: str
    change: str
    occurrence: int
    original: str
    source: str

    @property
    def key(self) -> str:
        """What its verdict is kept by: another when anything of the function changes."""
        text = json.dumps([self.function, self.change, self.occurrence, self.original])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Verdict:
    """Which test killed a mutant, None if it survived all of `tests` (a digest of their files); in how many seconds."""

    killer: str | None
    tests: str
    seconds: float


class Kept:
    """The verdicts of earlier runs, a line each, appended as they are found, so that a run that was ended goes on.

    A killed mutant stays killed while its function is the same; one that survived is tried again when the tests that
    call its function changed, of which `tests` has a digest by function.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.tests: dict[str, str] = {}
        self._verdicts: dict[str, Verdict] = {}
        if file.is_file():
            for line in file.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                self._verdicts[entry["key"]] = Verdict(entry["killer"], entry["tests"], entry["seconds"])

    def verdict(self, mutant: Mutant) -> Verdict | None:
        """What is known of a mutant, None if it has to be tried."""
        found = self._verdicts.get(mutant.key)
        return None if found is None or (found.killer is None and found.tests != self._now(mutant)) else found

    def _now(self, mutant: Mutant) -> str:
        return self.tests.get(mutant.function, "none")

    def survived(self, mutant: Mutant) -> bool:
        """Whether a mutant that has its verdict survived."""
        return self._verdicts[mutant.key].killer is None

    def keep(self, mutant: Mutant, killer: str | None, seconds: float) -> None:
        """Keeps what became of a mutant."""
        verdict = Verdict(killer, self._now(mutant), seconds)
        self._verdicts[mutant.key] = verdict
        entry = {"key": mutant.key, "function": mutant.function, "change": mutant.change} | vars(verdict)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def listed(text: str) -> Counter[tuple[str, str]]:
    """The survivors of `survivors.toml`, by function and change, each as often as it stands there.

    Raises ValueError where an entry lacks its reason.
    """
    found: Counter[tuple[str, str]] = Counter()
    for entry in tomllib.loads(text).get("survivor", []):
        if not entry.get("reason", "").strip():
            raise ValueError(f"A survivor of {entry['function']} stands without its reason")
        found.update((entry["function"], change.strip()) for change in entry["changes"])
    return found


@dataclass(frozen=True)
class Count:
    """What became of the mutants of a module; `survived` are those that are listed, `unlisted` those that are not."""

    module: str
    killed: int
    survived: int
    unlisted: int

    @property
    def mutants(self) -> int:
        """All of them."""
        return self.killed + self.survived + self.unlisted

    @property
    def share(self) -> float:
        """The killed of all, 0 to 1."""
        return self.killed / self.mutants if self.mutants else 1.0


@dataclass(frozen=True)
class Report:
    """The counts by module, the survivors that no reason stands for, and the reasons that stand for no survivor."""

    counts: Sequence[Count]
    unlisted: Sequence[Mutant]
    stale: Sequence[tuple[str, str]]

    @property
    def total(self) -> Count:
        """All modules together."""
        sums = (sum(getattr(count, part) for count in self.counts) for part in ("killed", "survived", "unlisted"))
        return Count("all", *sums)

    def failures(self) -> Iterator[str]:
        """Why the run fails: nothing where it passes."""
        for mutant in self.unlisted:
            yield f"It survives, and is not listed with a reason: {mutant.function}\n{mutant.change}"
        for function, change in self.stale:
            yield f"It is listed, and does not survive: {function}\n{change}"
        if self.total.share < KILLED:
            yield f"Killed are {self.total.share:.2%} of the mutants, less than {KILLED:.0%}"

    def __str__(self) -> str:
        width = max(len(count.module) for count in self.counts)
        lines = [f"{'':{width}}  mutants  killed  listed  unlisted  killed %"]
        lines += [
            f"{count.module:{width}}  {count.mutants:7}  {count.killed:6}  {count.survived:6}  {count.unlisted:8}"
            f"  {count.share:8.2%}"
            for count in (*self.counts, self.total)
        ]
        return "\n".join(lines)


def report(
    mutants: Mapping[str, Sequence[Mutant]], kept: Kept, reasons: Counter[tuple[str, str]], *, whole: Iterable[str]
) -> Report:
    """Judges the mutants of modules, by the name of each.

    `whole` are the functions of which every mutant is here: a reason for another says nothing about this run. Every
    mutant has its verdict.
    """
    left = reasons.copy()
    counts, unlisted = [], []
    for module, made in mutants.items():
        survivors = [mutant for mutant in made if kept.survived(mutant)]
        without = []
        for mutant in survivors:
            place = (mutant.function, mutant.change)
            if left[place]:
                left[place] -= 1
            else:
                without.append(mutant)
        unlisted += without
        counts.append(Count(module, len(made) - len(survivors), len(survivors) - len(without), len(without)))
    known = set(whole)
    return Report(counts, unlisted, [place for place in (+left).elements() if place[0] in known])
