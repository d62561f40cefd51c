"""What a template says to people is inside `t`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest
from jinja2 import nodes

from tests.unit.i18n.extraction import PACKAGE, parsed, templates

NAMES: Final = frozenset(
    [
        "API",
        "Actitud",
        "OpenAPI",
        "Content",
        "Security",
        "Policy",
        "CC",
        "BY",
        "EUPL",
        "SHA",
        "CSV",
        "JSON",
        "Lines",
        "Excel",
        "stat",
        "XLSX",
        "HTML",
        "SVG",
        "PNG",
        "URL",
        "DCAT",
        "AP",
        "ES",
    ]
)
"""Words that are the same in every language."""

SPOKEN: Final = frozenset({"alt", "aria-label", "placeholder", "title"})
"""Attributes that people read or hear."""

SILENT: Final = frozenset({"code", "script", "style"})

_EXPRESSION: Final = "0"
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.told += [value for name, value in attrs if name in SPOKEN and value]
        if tag in SILENT:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT and self._inside:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not self._inside:
            self.told.append(data)


def untold(file: Path) -> Iterator[str]:
    """The words of a template that are in no language, and texts in its expressions outside of `t`."""
    tree = parsed(file)
    reader = _Reader()
    reader.feed("".join(_written(tree)))
    reader.close()
    for data in reader.told:
        yield from (word for word in _WORD.findall(re.sub(r"/[\w./]+", "", data)) if word not in NAMES)
    inside_t = {id(argument) for call in tree.find_all(nodes.Call) if _is_t(call) for argument in _constants(call)}
    for constant in _constants(tree):
        if id(constant) not in inside_t and isinstance(constant.value, str):
            names = set(_WORD.findall(constant.value)) <= NAMES
            if re.search(r"\w\w \w\w|[áéíóúñ«»“”¿]", constant.value) and not (names and constant.value.isascii()):
                yield constant.value
            if constant.value in ("en", "ca", "gl", "eu"):
                yield f"asks for the language {constant.value}"


def _written(node: nodes.Node) -> Iterator[str]:
    """What stands in a template, in its order, with a sign in place of each expression."""
    for child in node.iter_child_nodes():
        if isinstance(child, nodes.TemplateData):
            yield child.data
        elif isinstance(child, nodes.Expr):
            yield _EXPRESSION
        else:
            yield from _written(child)


def _is_t(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name == "t"


def _constants(node: nodes.Node) -> Iterator[nodes.Const]:
    yield from node.find_all(nodes.Const)


@pytest.mark.parametrize("file", templates(), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_a_template_has_no_text_outside_of_t(file: Path) -> None:
    assert list(untold(file)) == []


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('<p>{{ t("Hola", "Hello") }} 12 · </p>', []),
        ("<p>Hola</p>", ["Hola"]),
        ('<p>{{ t("Hola", "Hello") }}{% if x %} mundo{% endif %}</p>', ["mundo"]),
        ('{% macro a() %}{% for b in c %}<p class="big">Cada {{ b }}</p>{% endfor %}{% endmacro %}', ["Cada"]),
        ('<img alt="Una {{ x }}" src="una.png">', ["Una"]),
        ('<img alt="{{ t("Una", "A") }}" class="{{ \'a b\' if x }} one">', []),
        ("<p>{{ 'sin puntos' if x is none }}</p>", ["sin puntos"]),
        ("<p>{{ x | default('«»') }}</p>", ["«»"]),
        ("<code>GET /v1/openapi.json</code><script>run()</script><b>Actitud</b>", []),
        ("<a href=\"{{ '?lang=en' if language == 'en' }}\">", ["asks for the language en"]),
    ],
)
def test_that_it_has_some_would_be_seen(tmp_path: Path, written: str, found: list[str]) -> None:
    file = tmp_path / "page.html"
    file.write_text(written, encoding="utf-8")
    assert list(untold(file)) == found
