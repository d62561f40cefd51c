"""`python -m tests.mutation [PART…]`: every module of scoring and methodology, or the modules or functions named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.applying import functions, modules, name
from tests.mutation.making import mutants
from tests.mutation.trying import ARGUMENTS, TESTS, Trying
from tests.mutation.verdicts import LISTED, Kept, Mutant, listed, report

FOLDER: Final = Path(".mutation")


def main() -> None:
    """Tries what is named; ends with 1 where a mutant survives that is not listed."""
    parts = sys.argv[1:]
    chosen: dict[str, list[Mutant]] = {}
    whole: set[str] = set()
    for file in modules():
        named = {function for function in functions(file) if not parts or any(asked(function, part) for part in parts)}
        if named:
            whole |= named
            chosen[name(file)] = [mutant for mutant in mutants(file) if mutant.function in named]
    if not chosen:
        sys.exit(f"No module or function is called {' or '.join(parts)}")
    FOLDER.mkdir(exist_ok=True)
    kept = Kept(FOLDER / "verdicts.jsonl")
    trying = Trying([mutant for made in chosen.values() for mutant in made], kept, FOLDER / "calls.json")
    code = pytest.main([*ARGUMENTS, *TESTS], plugins=[trying])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit(int(code))
    judged = report(chosen, kept, listed(LISTED.read_text(encoding="utf-8")), whole=whole)
    failures = list(judged.failures())
    print("\n\n".join([*failures, str(judged)]))
    sys.exit(bool(failures))


def asked(function: str, part: str) -> bool:
    """Whether a function is in a part: its module, the package of that, or the function, by the end of its name."""
    return f".{part}." in f".{function}."


if __name__ == "__main__":
    main()
