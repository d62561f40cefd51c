"""`python -m tests.mutation.retrying`: do the tests of the retry policy of the SDK see each small change of it?

The policy is one short module, so each mutant of it (by the operators of mutmut) is tried on all of its tests, in a
process of its own. Less than `KILLED` of the mutants killed ends it with 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import libcst
import pytest
from libcst import Module
from mutmut.mutation.file_mutation import create_mutations, deep_replace

SOURCE: Final = Path("sdk") / "actitud" / "_retry.py"
TESTS: Final = "tests/sdk/test_retry_decisions.py"
ARGUMENTS: Final = (
    "--override-ini=addopts=--import-mode=importlib",
    *("-qq", "-x", "--noconftest", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"),
)
KILLED: Final = 0.95


def main() -> None:
    """Tries all of them and says which survive."""
    import actitud._retry as policy

    if not _passes(policy, SOURCE.read_text(encoding="utf-8")):
        sys.exit("The tests do not pass without a mutant")
    made = list(mutants())
    survivors = [source for source in made if _passes(policy, source)]
    original = SOURCE.read_text(encoding="utf-8").splitlines()
    for source in survivors:
        changed = [line.strip() for line in source.splitlines() if line not in original]
        print("survives:", *changed, sep="\n  ")
    share = 1 - len(survivors) / len(made)
    print(f"{len(made)} mutants, {len(made) - len(survivors)} killed: {share:.1%}")
    sys.exit(share < KILLED)


def mutants() -> Iterator[str]:
    """The source of the module with each change."""
    tree, mutations, _, _ = create_mutations(str(SOURCE), SOURCE.read_text(encoding="utf-8"))
    for mutation in mutations:
        changed = deep_replace(tree, mutation.original_node, mutation.mutated_node)
        yield changed.code if isinstance(changed, Module) else libcst.Module([changed]).code


def _passes(policy: ModuleType, source: str) -> bool:
    child = os.fork()
    if child == 0:
        # Also what cannot be imported any more is seen by the tests, which import it.
        code = pytest.ExitCode.TESTS_FAILED
        try:
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            exec(compile(source, str(SOURCE), "exec"), policy.__dict__)
            code = pytest.ExitCode(pytest.main([*ARGUMENTS, TESTS]))
        finally:
            os._exit(int(code))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


if __name__ == "__main__":
    main()
