"""The functions that mutants change, found by their names and changed in the process that tries one."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, cast

from tests.mutation.verdicts import Mutant

PACKAGE: Final = Path("api") / "actitud_api"
ROOMS: Final = ("methodology", "scoring")
"""What is mutated: packages without framework, database and clock."""


def modules() -> list[Path]:
    """The files of the modules of `ROOMS`, in the order of their names."""
    return sorted(file for room in ROOMS for file in (PACKAGE / room).rglob("*.py") if file.name != "__init__.py")


def name(file: Path) -> str:
    """The module of a file, below `actitud_api`: `scoring.columns.tree`."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)


def functions(file: Path) -> dict[str, int]:
    """The functions and methods of a module, as `Mutant.function` names them, and the lines of their `def`."""
    found = {}
    for statement in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.FunctionDef):
            found[f"{name(file)}.{statement.name}"] = statement.lineno
        elif isinstance(statement, ast.ClassDef):
            methods = (member for member in statement.body if isinstance(member, ast.FunctionDef))
            found |= {f"{name(file)}.{statement.name}.{method.name}": method.lineno for method in methods}
    return found


def module_of(function: str) -> str:
    """The module of a function as `Mutant.function` names it: `scoring.columns.tree` of `scoring.columns.tree.f`."""
    names = function.split(".")
    while not PACKAGE.joinpath(*names).with_suffix(".py").is_file():
        names.pop()
    return ".".join(names)


def resolved(function: str) -> FunctionType:
    """The function object of a name, without its decorators."""
    module = module_of(function)
    *classes, last = function.removeprefix(f"{module}.").split(".")
    owner: Any = importlib.import_module(f"actitud_api.{module}")  # a member of a module can be anything
    for part in classes:
        owner = getattr(owner, part)
    found = inspect.getattr_static(owner, last)
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, functools.cached_property):
        found = found.func
    elif isinstance(found, staticmethod | classmethod):
        found = found.__func__
    return cast(FunctionType, inspect.unwrap(cast(Callable[..., object], found)))


def codes(function: FunctionType) -> Iterator[CodeType]:
    """The code of a function and of all that is defined in it."""
    pending = [function.__code__]
    while pending:
        code = pending.pop()
        yield code
        pending.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))


def reached(mutant: Mutant) -> frozenset[int] | None:
    """The lines of the statements that a mutant changes, from 0 in `original`; None if they run whenever it is called.

    A test that runs none of these lines does not see the mutant.
    """
    definition = ast.parse(mutant.original).body[0]
    before, after = mutant.original.splitlines(), mutant.source.splitlines()
    lines: set[int] = set()
    for tag, start, end, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            for line in range(start, max(end, start + 1)):
                statement = _innermost(definition, line + 1)
                if statement is definition:
                    return None
                lines |= _own(statement)
    return frozenset(line - 1 for line in lines)


def _innermost(statement: ast.stmt, line: int) -> ast.stmt:
    """The smallest statement that a line is in."""
    for inner in _statements(statement):
        if inner.lineno <= line <= cast(int, inner.end_lineno):
            return _innermost(inner, line)
    return statement


def _own(statement: ast.stmt) -> set[int]:
    """The lines of a statement that are not those of a statement in it."""
    inner = {line for part in _statements(statement) for line in range(part.lineno, cast(int, part.end_lineno) + 1)}
    return set(range(statement.lineno, cast(int, statement.end_lineno) + 1)) - inner


def _statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements directly in a node, through what is none: handlers and cases."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        else:
            yield from _statements(child)


def apply(mutant: Mutant) -> None:
    """Has the function do what the mutant says, wherever it is kept, for the rest of the process."""
    function = resolved(mutant.function)
    body = "".join(f"    {line}\n" for line in mutant.source.splitlines())
    # `super()` without arguments finds its class in a variable of this name.
    name = function.__name__
    # Global, so that one that calls itself does it as it did: by its name in the module.
    text = f"from __future__ import annotations\ndef make(__class__):\n    global {name}\n{body}    return {name}\n"
    names = dict(function.__globals__)
    exec(compile(text, function.__code__.co_filename, "exec"), names)
    changed = names["make"](None)
    # A mutant without the `super()` of the original has no use for that variable, and is given it nevertheless.
    function.__code__ = changed.__code__.replace(co_freevars=function.__code__.co_freevars)
    function.__defaults__ = changed.__defaults__
    function.__kwdefaults__ = changed.__kwdefaults__
