"""`python -m tests.mutation [--sample N] [PART…]`: all of scoring and methodology, or the modules or functions named.

A sample of them, the same each time, tells in minutes about how many are killed.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path
from typing import Final

import pytest

from actitud_api.scoring.intervals import MILLION, wilson
from tests.mutation.applying import functions, modules, name
from tests.mutation.making import mutants
from tests.mutation.trying import ARGUMENTS, TESTS, Trying
from tests.mutation.verdicts import LISTED, Kept, Mutant, listed, report

FOLDER: Final = Path(".mutation")


def main() -> None:
    """Tries what is named; ends with 1 where a mutant survives that is not listed."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("parts", nargs="*", metavar="PART", help="a module or a function, by the end of its name")
    parser.add_argument("--sample", type=int, metavar="N", help="so many of the mutants, drawn at random")
    arguments = parser.parse_args()
    parts = arguments.parts
    chosen: dict[str, list[Mutant]] = {}
    whole: set[str] = set()
    for file in modules():
        named = {function for function in functions(file) if not parts or any(asked(function, part) for part in parts)}
        if named:
            whole |= named
            chosen[name(file)] = [mutant for mutant in mutants(file) if mutant.function in named]
    if not chosen:
        sys.exit(f"No module or function is called {' or '.join(parts)}")
    if arguments.sample is not None:
        whole.clear()
        drawn = set(sample([mutant for made in chosen.values() for mutant in made], arguments.sample))
        chosen = {module: [mutant for mutant in made if mutant in drawn] for module, made in chosen.items()}
    FOLDER.mkdir(exist_ok=True)
    kept = Kept(FOLDER / "verdicts.jsonl")
    trying = Trying([mutant for made in chosen.values() for mutant in made], kept, FOLDER / "calls.json")
    code = pytest.main([*ARGUMENTS, *TESTS], plugins=[trying])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit(int(code))
    judged = report(chosen, kept, listed(LISTED.read_text(encoding="utf-8")), whole=whole)
    failures = list(judged.failures())
    print("\n\n".join([*failures, str(judged)]))
    if arguments.sample is not None:
        low, high = wilson(judged.total.killed, judged.total.mutants)
        print(f"Of all mutants {low / MILLION:.1%} to {high / MILLION:.1%} are killed (95 % interval)")
    sys.exit(bool(failures))


def sample(mutants: list[Mutant], size: int) -> list[Mutant]:
    """So many mutants, the same as long as there are the same."""
    return random.Random(0).sample(mutants, min(size, len(mutants)))


def asked(function: str, part: str) -> bool:
    """Whether a function is in a part: its module, the package of that, or the function, by the end of its name."""
    return f".{part}." in f".{function}."


if __name__ == "__main__":
    main()
