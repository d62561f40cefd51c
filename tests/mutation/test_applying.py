"""A mutant changes its function wherever that is kept, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType

import pytest

from actitud_api.methodology import loader
from actitud_api.scoring import compare
from tests.mutation.applying import apply, codes, functions, modules, name, reached, resolved
from tests.mutation.verdicts import Mutant


def changed(monkeypatch: pytest.MonkeyPatch, function: str, source: str) -> FunctionType:
    """A function after a mutant is applied, until the test ends."""
    found = resolved(function)
    for member in ("__code__", "__defaults__", "__kwdefaults__"):
        monkeypatch.setattr(found, member, getattr(found, member))
    apply(Mutant(function, "", 0, "", source))
    return found


def test_whoever_holds_the_function_gets_the_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    held: Callable[..., int] = compare.rank_points
    assert held("complete", 7) == 7
    changed(
        monkeypatch,
        "scoring.compare.rank_points",
        "def rank_points(status, index, more=5):\n    return UNRANKED if index is None else index + more\n",
    )
    assert held("complete", 7) == 12
    assert held("complete", None) == compare.UNRANKED


def test_a_method_still_finds_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(loader.UnknownMethodology("1999.1")) == "1999.1"
    changed(
        monkeypatch,
        "methodology.loader.UnknownMethodology.__init__",
        'def __init__(self, version):\n    super().__init__(version + "!")\n',
    )
    assert str(loader.UnknownMethodology("1999.1")) == "1999.1!"


def test_a_method_may_lose_the_call_that_finds_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    source = 'def __init__(self, version):\n    self.version = version + "!"\n'
    changed(monkeypatch, "methodology.loader.UnknownMethodology.__init__", source)
    assert loader.UnknownMethodology("1999.1").version == "1999.1!"


def test_a_function_that_calls_itself_still_does(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "def halfup(share):\n    return share if share < 10 else halfup(share - 10)\n"
    assert changed(monkeypatch, "methodology.predicates.halfup", body)(37) == 7


def test_every_function_is_found_by_its_name() -> None:
    for file in modules():
        for function in functions(file):
            found = resolved(function)
            assert f"{found.__module__}.{found.__qualname__}" == f"actitud_api.{function}"
            assert found.__module__ == f"actitud_api.{name(file)}"


def test_what_is_defined_in_a_function_is_part_of_it() -> None:
    function = resolved("scoring.compare.peer_group")
    assert [code.co_name for code in codes(function)] == ["peer_group", "<genexpr>", "<genexpr>", "<dictcomp>"]


BRANCHES = """def choose(first, second=None):
    if first in (
        1,
        2,
    ):
        return [
            second,
            3,
        ]
    match second:
        case 4:
            return 5
    try:
        return 6
    except ValueError:
        return 7
"""


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("second=None", "second=8", None),
        ("        2,", "        8,", {1, 2, 3, 4}),
        ("            3,", "            8,", {5, 6, 7, 8}),
        ("            second,\n", "", {5, 6, 7, 8}),
        ("case 4", "case 8", {9, 10}),
        ("return 5", "return 8", {11}),
        ("return 6", "return 8", {13}),
        ("return 7", "return 8", {15}),
    ],
)
def test_a_mutant_is_reached_by_the_lines_of_its_statement(before: str, after: str, lines: set[int] | None) -> None:
    assert BRANCHES.count(before) == 1
    assert reached(Mutant("", "", 0, BRANCHES, BRANCHES.replace(before, after))) == lines
