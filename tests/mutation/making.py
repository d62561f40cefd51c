"""The mutants of a module, by the operators of mutmut.

mutmut itself runs pytest anew for each mutant and sends every call of a function through a switch; here the code of the
function is replaced in a process that has collected the tests, which is several times as fast. Functions with
decorators, which mutmut passes over, are mutated as well: the decorator stays. No mutants are made of what no test
could see: the `strict=True` of a zip, which asserts what the lines before it make true, and the type of a cast.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Final

import libcst
from libcst import ClassDef, FunctionDef, Module
from mutmut.mutation.file_mutation import create_mutations, deep_replace

from tests.mutation.applying import name
from tests.mutation.verdicts import Mutant

UNSEEN: Final = re.compile(r",\s*(strict=(True|False|None)\s*)?,?\s*(?=\))|\bcast\(\s*(\"[^\"]*\"|None)(?=,)")


def mutants(file: Path) -> list[Mutant]:
    """The mutants of a module, in the order of the text."""
    plain = libcst.parse_module(file.read_text(encoding="utf-8")).visit(_Undecorated())
    tree, mutations, _, _ = create_mutations(str(file), plain.code)
    names = dict(_functions(tree, name(file)))
    seen: Counter[tuple[str, str]] = Counter()
    made = []
    for mutation in mutations:
        function = mutation.contained_by_top_level_function
        if function not in names:
            continue
        before = _source(function)
        after = _source(deep_replace(function, mutation.original_node, mutation.mutated_node))
        if UNSEEN.sub("", after) == UNSEEN.sub("", before):
            continue
        place = (names[function], _change(before, after))
        made.append(Mutant(*place, seen[place], before, after))
        seen[place] += 1
    return made


class _Undecorated(libcst.CSTTransformer):  # type: ignore[misc]  # libcst may be Any
    def leave_FunctionDef(self, original_node: FunctionDef, updated_node: FunctionDef) -> FunctionDef:
        return updated_node.with_changes(decorators=())


def _functions(tree: Module, prefix: str) -> Iterator[tuple[FunctionDef, str]]:
    for statement in tree.body:
        if isinstance(statement, FunctionDef):
            yield statement, f"{prefix}.{statement.name.value}"
        elif isinstance(statement, ClassDef):
            for member in statement.body.body:
                if isinstance(member, FunctionDef):
                    yield member, f"{prefix}.{statement.name.value}.{member.name.value}"


def _source(function: FunctionDef) -> str:
    code: str = Module([function.with_changes(leading_lines=())]).code
    return code


def _change(before: str, after: str) -> str:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(f"{line[0]} {line[1:].strip()}" for line in list(lines)[2:] if line[0] in "-+")
