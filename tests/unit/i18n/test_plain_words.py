"""What the service says is said in words: no ids, no names of members, no signs of comparison."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from msgspec import Struct

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import MethodologyTexts
from tests.support.plain_words import find_tokens
from tests.unit.i18n.extraction import PACKAGE, Text, texts

FOR_PEOPLE: Final = ("engine/narration", "web/portal", "web/embeds")
"""Rooms whose texts anybody reads. Who calls the API, reads its data, runs the service or writes a methodology writes
ids, and is answered with them."""
FOR_AUTHORS: Final = ("differences.py", "templates/methodology.html")
"""What differs between two documents, and the pages of a methodology."""
FOR_AUDITORS: Final = re.compile(r"/(basis|goalposts|derived)\b|^/(principles|sources|integrity|sources_not_found)")
"""Texts of a methodology that stand on its own pages only."""
OF_CATALOGUE: Final = re.compile(r"/seed$")
"""Texts of 2026.1, and of the draft that was made of it, that are those of its catalogue to the letter."""


def walk(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its pointer."""
    match value:
        case str():
            yield pointer, value
        case dict():
            for key, member in value.items():
                yield from walk(member, f"{pointer}/{key}")
        case tuple():
            for position, member in enumerate(value):
                yield from walk(member, f"{pointer}/{position}")
        case Struct():
            for name in value.__struct_fields__:
                yield from walk(getattr(value, name), f"{pointer}/{name}")
        case _:
            return


def list_visible(methodology_texts: MethodologyTexts) -> list[tuple[str, str]]:
    return [(pointer, text) for pointer, text in walk(methodology_texts) if not FOR_AUDITORS.search(pointer)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Puntúa 0: véase V15.F4", ["V15.F4"]),
        ("Casos propios (D6.02): pierde 2,22", ["D6.02"]),
        ("propias en W90, o null", ["W90", "null"]),
        ("numerador <= denominador", ["<="]),
        ("accounts_total menos accounts_active", ["accounts_total", "accounts_active"]),
        ("de P1: hasta 5.000", ["P1"]),
        ("Falta {count} .", ["{", "}", " ."]),
        ("Con un 38 % de 2.000 mensajes, «D. Quijote» y el COVID-19.", []),
        ("El nivel 3, a 31 de diciembre; el 95 % de 12,5.", []),
    ],
)
def test_tokens_are_found(text: str, tokens: list[str]) -> None:
    assert find_tokens(text) == tokens


def test_the_code_has_no_tokens_in_what_people_read() -> None:
    found = {
        (text.file, sentence)
        for room in FOR_PEOPLE
        for text in texts(PACKAGE / room)
        if isinstance(text, Text) and text.file not in FOR_AUTHORS
        for sentence in (text.es, text.en)
        # The places of values are no words; a text may begin or end with the sign that joins it to another.
        if find_tokens(re.sub(r"\{[^{}]*\}", "x", sentence).strip(" .,:;"))
    }
    assert found == set()


@pytest.mark.parametrize("version", loader.list_versions())
def test_a_methodology_has_none_either(version: str) -> None:
    for language in WRITTEN:
        visible = list_visible(loader.load_methodology(version).texts[language])
        assert len(visible) > 400
        # The places of the sentence of a step are filled when it is said.
        found = {
            (pointer, text)
            for pointer, text in visible
            if find_tokens(re.sub(r"\{\w+\}", "x", text) if pointer.endswith("/step") else text)
            and not (version in ("2026.1", "2099.1-draft") and OF_CATALOGUE.search(pointer))
        }
        assert found == set()


@pytest.mark.parametrize("version", loader.list_versions())
def test_no_two_levels_or_kinds_have_one_name(version: str) -> None:
    for language in WRITTEN:
        methodology_texts = loader.load_methodology(version).texts[language]
        names = [level.name for level in methodology_texts.levels.values()]
        assert len(set(names)) == len(names)
        assert len({*methodology_texts.organisation_types.values()}) == len(methodology_texts.organisation_types)
