"""Every text that the service says, read from its code and its templates without running them.

A text is a Spanish and an English string, one after the other, written there: in `Texts`, by name in the two mappings
of `table`, or in `t` of a template. Values have names, in braces: `{name}`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Final, NamedTuple

import jinja2
from jinja2 import nodes

PACKAGE: Final = Path("api/actitud_api")
TEMPLATES: Final = ("*.html", "*.svg")

LANGUAGES: Final = "engine/i18n/"
"""Where `Texts` and `table` are defined."""

STORED: Final = frozenset({"demo/sandbox.py", "demo/service.py"})
"""Where texts are written that are stored, like those that people send."""

UNREADABLE: Final = "{name} takes a Spanish and an English text, written there, without f or format"

_WORD: Final = re.compile(r"[^\W\d_]{2,}")


class Text(NamedTuple):
    """A text in Spanish and English, with its file, from the package on, its line, and the values that it is given."""

    es: str
    en: str
    file: str
    line: int
    values: frozenset[str] = frozenset()


class Unreadable(NamedTuple):
    """Something that should be a text and cannot be read as one."""

    file: str
    line: int
    reason: str


def texts(package: Path = PACKAGE) -> Iterator[Text | Unreadable]:
    """Read all texts, file by file and line by line; a text that stands in two places comes twice."""
    for file in sorted(package.rglob("*.py")):
        if "migrations" not in file.parts:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            found = _read_module(tree, file.relative_to(package).as_posix())
            yield from sorted(found, key=lambda text: text.line)
    for file in templates(package):
        yield from _read_template(file, file.relative_to(package).as_posix())


def templates(package: Path = PACKAGE) -> list[Path]:
    """List the templates."""
    return sorted(file for pattern in TEMPLATES for file in package.rglob(f"templates/{pattern}"))


def _read_module(tree: ast.Module, file: str) -> Iterator[Text | Unreadable]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="Texts") | ast.Attribute(attr="Texts")):
                yield from _read_texts(node, file)
            case ast.Call(func=ast.Name(id="table"), keywords=[_, _]):
                yield from _read_table(node, file)
            case (
                ast.Dict(keys=[ast.Constant(value="es"), ast.Constant(value="en")])
                | ast.Dict(keys=[ast.Constant(value="en"), ast.Constant(value="es")])
            ) if _is_checked(file):
                yield Unreadable(file, node.lineno, "a text is in Texts or table, and by locale there is LOCALES")
            case ast.Compare(comparators=[ast.Constant(value="en")]) if _is_checked(file):
                yield Unreadable(file, node.lineno, "what is so in English only leaves out the further languages")


def _is_checked(file: str) -> bool:
    return not file.startswith(LANGUAGES) and file not in STORED


def _read_texts(call: ast.Call, file: str) -> Iterator[Text | Unreadable]:
    match call.args:
        case [ast.Constant(value=str(es)), ast.Constant(value=str(en))]:
            names = frozenset(keyword.arg for keyword in call.keywords if keyword.arg is not None)
            yield from _build_text(Text(es, en, file, call.args[0].lineno, names))
        case _ if not file.startswith(LANGUAGES):
            yield Unreadable(file, call.lineno, UNREADABLE.format(name="Texts"))


def _read_table(call: ast.Call, file: str) -> Iterator[Text | Unreadable]:
    sides = {keyword.arg: keyword.value for keyword in call.keywords}
    es, en = (_read_entries(sides.get(language)) for language in ("es", "en"))
    if es is None or en is None:
        yield Unreadable(file, call.lineno, UNREADABLE.format(name="table"))
        return
    if set(es) != set(en):
        yield Unreadable(file, call.lineno, f"not in both languages: {', '.join(sorted(set(es) ^ set(en)))}")
    for name in es:
        if name in en:
            yield from _build_text(Text(es[name].value, en[name].value, file, es[name].line))


class _Entry(NamedTuple):
    value: str
    line: int


def _read_entries(side: ast.expr | None) -> dict[str, _Entry] | None:
    """Read a mapping of names to strings; None if it is anything else."""
    if not isinstance(side, ast.Dict):
        return None
    entries = {}
    for key, value in zip(side.keys, side.values, strict=True):
        match key, value:
            case ast.Constant(value=str(name)), ast.Constant(value=str(text)):
                entries[name] = _Entry(text, value.lineno)
            case _:
                return None
    return entries


def _read_template(file: Path, name: str) -> Iterator[Text | Unreadable]:
    for call in parsed(file).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            match call.args:
                case [nodes.Const(value=str(es)), nodes.Const(value=str(en))]:
                    values = frozenset(keyword.key for keyword in call.kwargs)
                    yield from _build_text(Text(es, en, name, call.lineno, values))
                case _:
                    yield Unreadable(name, call.lineno, UNREADABLE.format(name="t"))


def parsed(file: Path) -> nodes.Template:
    """Parse a template as Jinja does."""
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True).parse(file.read_text(encoding="utf-8"))


def list_names(text: str) -> set[str]:
    """List the names of the placeholders of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def _build_text(text: Text) -> Iterator[Text]:
    """Yield the text, unless there is nothing in it but values and signs."""
    nothing_but_one = bool(text.es.strip()) != bool(text.en.strip())
    if nothing_but_one or _WORD.search(re.sub(r"\{[^{}]*\}", "", text.es + text.en)):
        yield text
