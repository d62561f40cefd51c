"""Every text that the service says, read from its code and its templates without running them.

A text is a Spanish and an English string, one after the other, given to a callable with parameters `es` and `en`
(`Texts`, `Defect` and whatever passes them on) or put in variables of these names, to `table` by name, or to `t` in a
template. The values of an f-string stand in it as `%(name)s`, those that are filled in later as they are written:
`{name}`.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise
from pathlib import Path
from string import Formatter
from typing import Final, NamedTuple

import jinja2
from jinja2 import nodes

from actitud_api.engine.i18n.catalogue import FILLED

PACKAGE: Final = Path("api/actitud_api")
TEMPLATES: Final = ("*.html", "*.svg")

LANGUAGES: Final = "engine/i18n/"
"""Where all of this is made."""

STORED: Final = frozenset({"demo/service.py"})
"""Where texts are written that are kept, as those that people send are."""

Positions = Mapping[str, set[int]]
"""Where callables take the Spanish; the English is the next."""

_WORD: Final = re.compile(r"[^\W\d_]{2,}")


class Text(NamedTuple):
    """A text in Spanish and English, with the file, from the package on, and the line where it stands."""

    es: str
    en: str
    file: str
    line: int


class Unreadable(NamedTuple):
    """Something that should be a text and cannot be read as one."""

    file: str
    line: int
    reason: str


def texts(package: Path = PACKAGE) -> Iterator[Text | Unreadable]:
    """All of them, file by file and line by line; a text that stands in two places comes twice."""
    trees = {
        file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(package.rglob("*.py")) if _is_ours(file)
    }
    positions = _positions(trees.values())
    for file, tree in trees.items():
        name = file.relative_to(package).as_posix()
        yield from sorted(_of_module(tree, positions, name), key=lambda found: found.line)
    for file in templates(package):
        yield from _of_template(file, file.relative_to(package).as_posix())


def templates(package: Path = PACKAGE) -> list[Path]:
    """Every template."""
    return sorted(file for pattern in TEMPLATES for file in package.rglob(f"templates/{pattern}"))


def _is_ours(file: Path) -> bool:
    return "migrations" not in file.parts


def _positions(trees: Iterable[ast.Module]) -> Positions:
    """The callables of the package that take both, by their names."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    bases: dict[str, list[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [parameter.arg for parameter in node.args.args if parameter.arg not in ("self", "cls")]
                _note(found, node.name, names)
            elif isinstance(node, ast.ClassDef):
                bases[node.name] = [base.id for base in node.bases if isinstance(base, ast.Name)]
                fields = [
                    member.target.id
                    for member in node.body
                    if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name)
                ]
                _note(found, node.name, fields)
                for member in node.body:
                    if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                        _note(found, node.name, [parameter.arg for parameter in member.args.args[1:]])
    for name, above in bases.items():
        for base in above:
            if base in found and name not in found:
                found[name] |= found[base]
    return found


def _note(found: defaultdict[str, set[int]], name: str, names: list[str]) -> None:
    if "es" in names and names[names.index("es") + 1 :][:1] == ["en"]:
        found[name].add(names.index("es"))


def _of_module(tree: ast.Module, positions: Positions, file: str) -> Iterator[Text | Unreadable]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            for position in positions.get(called, ()):
                yield from _of_pair(node.args[position : position + 2], file)
            if called == "table":
                yield from _of_table(node, file)
        elif not file.startswith(LANGUAGES) and file not in STORED:
            match node:
                case (
                    ast.Dict(keys=[ast.Constant(value="es"), ast.Constant(value="en")])
                    | ast.Dict(keys=[ast.Constant(value="en"), ast.Constant(value="es")])
                ):
                    yield Unreadable(file, node.lineno, "a text is in Texts or table, and by locale there is LOCALES")
                case ast.Compare(comparators=[ast.Constant(value="en")]):
                    reason = "what is so in English only leaves out the further languages"
                    yield Unreadable(file, node.lineno, reason)
        for _, block in ast.iter_fields(node):
            if isinstance(block, list):
                yield from _of_variables(block, file)


def _of_variables(block: Sequence[object], file: str) -> Iterator[Text]:
    """`es = …` and then `en = …`, or both at once."""
    named: list[tuple[str, ast.expr]] = []
    for statement in block:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                named.append((name, value))
            case ast.Assign(
                targets=[ast.Tuple(elts=[ast.Name(id="es"), ast.Name(id="en")])], value=ast.Tuple(elts=pair)
            ):
                named += [("es", pair[0]), ("en", pair[1])]
    for (one, spanish), (other, english) in pairwise(named):
        if (one, other) == ("es", "en"):
            yield from _of_pair([spanish, english], file)


def _of_pair(pair: Sequence[ast.expr], file: str) -> Iterator[Text]:
    """The text of two expressions; those of both branches where they depend on something."""
    match pair:
        case [ast.IfExp() as spanish, ast.IfExp() as english]:
            yield from _of_pair([spanish.body, english.body], file)
            yield from _of_pair([spanish.orelse, english.orelse], file)
        case [spanish, english]:
            es, en = _written(spanish), _written(english)
            if es is not None and en is not None:
                yield from _text(es, en, file, spanish.lineno)


def _of_table(call: ast.Call, file: str) -> Iterator[Text | Unreadable]:
    sides = {keyword.arg: keyword.value for keyword in call.keywords}
    spanish, english = sides.get("es"), sides.get("en")
    if not isinstance(spanish, ast.Dict) or not isinstance(english, ast.Dict):
        return
    es, en = (_entries(side) for side in (spanish, english))
    if list(es) != list(en) and set(es) != set(en):
        yield Unreadable(file, call.lineno, f"not in both languages: {', '.join(sorted(set(es) ^ set(en)))}")
    for name in es:
        if name in en:
            yield from _text(es[name][0], en[name][0], file, es[name][1])


def _entries(side: ast.Dict) -> dict[str, tuple[str, int]]:
    return {
        key.value: (text, value.lineno)
        for key, value in zip(side.keys, side.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and (text := _written(value)) is not None
    }


def _written(node: ast.expr) -> str | None:
    """A string as it is written, with the values of an f-string or of `format` by name; None for anything else."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str(template)), attr="format")):
            return "".join(
                text.replace("%", "%%") + ("" if name is None else f"%(value{number})s")
                for number, (text, name, _, _) in enumerate(Formatter().parse(template))
            )
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, ast.JoinedStr):
        return None
    if not any(isinstance(part, ast.FormattedValue) for part in node.values):
        return "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    written, names = "", _Names()
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = part.value
            name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
            written += f"%({names.of(name, ast.unparse(value))})s"
        elif isinstance(part, ast.Constant):
            written += str(part.value).replace("%", "%%")
    return written


class _Names:
    """What the values of a text are called: by what they are in the code, each unlike the others."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def of(self, name: str, expression: str) -> str:
        """The name of a value; both texts of a pair have to call it the same."""
        wanted = {"": "value", "en": "es"}.get(name, name)
        if expression not in self._known:
            taken = self._known.values()
            numbered = (f"{wanted}{number}" for number in count(2))
            self._known[expression] = next(free for free in chain([wanted], numbered) if free not in taken)
        return self._known[expression]


def _of_template(file: Path, name: str) -> Iterator[Text | Unreadable]:
    for call in parsed(file).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "t":
            pair = [_joined(argument) for argument in call.args]
            if len(pair) == 2 and pair[0] is not None and pair[1] is not None:
                yield from _text(pair[0], pair[1], name, call.lineno)
            else:
                yield Unreadable(name, call.lineno, "t() takes a Spanish and an English text, written there")


def parsed(file: Path) -> nodes.Template:
    """A template as Jinja reads it."""
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True).parse(file.read_text(encoding="utf-8"))


def _joined(node: nodes.Expr) -> str | None:
    if isinstance(node, nodes.Const):
        return node.value if isinstance(node.value, str) else None
    if not isinstance(node, nodes.Concat):
        return None
    written, names = "", _Names()
    for part in node.nodes:
        if isinstance(part, nodes.Const):
            written += str(part.value).replace("%", "%%")
        else:
            name = part.name if isinstance(part, nodes.Name) else getattr(part, "attr", "")
            written += f"%({names.of(name, repr(part))})s"
    return written


def _text(es: str, en: str, file: str, line: int) -> Iterator[Text]:
    """The text, unless there is nothing in it but values and signs."""
    nothing_but_one = bool(es.strip()) != bool(en.strip())
    if nothing_but_one or _WORD.search(re.sub(r"\{[^{}]*\}", "", FILLED.sub("", es + en))):
        yield Text(es, en, file, line)
