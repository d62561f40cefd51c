"""A copy of 2026.1 as plain JSON, to plant defects in."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import cast

import msgspec

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.document import Defect

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

DATA = resources.files("actitud_api.engine.methodology") / "versions" / "2026.1"
DOCUMENT = (DATA / "document.json").read_bytes()
TEXTS: dict[Language, bytes] = {language: (DATA / "texts" / f"{language}.json").read_bytes() for language in WRITTEN}

REMOVED = object()
"""Planted instead of a value: the member goes."""
Planted = tuple[str, object]
"""A JSON Pointer (into the document, or from `/texts/<language>`) and what to put there."""


def read(*planted: Planted, languages: tuple[Language, ...] = ()) -> list[Defect]:
    """The defects that the loader finds in 2026.1 with these changes; none where it loads.

    Texts are read of the languages that are asked for or changed.
    """
    document: Json = msgspec.json.decode(DOCUMENT)
    texts: dict[Language, Json] = {}
    for language in WRITTEN:
        if language in languages or any(pointer.startswith(f"/texts/{language}/") for pointer, _ in planted):
            texts[language] = msgspec.json.decode(TEXTS[language])
    for pointer, value in planted:
        found = [language for language in texts if pointer.startswith(f"/texts/{language}/")]
        plant(texts[found[0]] if found else document, pointer.split("/")[3 if found else 1 :], value)
    try:
        loader.read_methodology(
            "2026.1",
            "draft",
            msgspec.json.encode(document),
            {language: msgspec.json.encode(text) for language, text in texts.items()},
        )
    except loader.DefectiveMethodology as defective:
        return defective.defects
    return []


def plant(node: Json, path: Sequence[str], value: object) -> None:
    """Puts something in a place of plain JSON."""
    *above, last = path
    for key in above:
        node = node[int(key)] if isinstance(node, list) else cast("dict[str, Json]", node)[key]
    if isinstance(node, list):
        if last == "-":
            node.append(cast("Json", value))
        else:
            node[int(last)] = cast("Json", value)
    elif value is REMOVED:
        del cast("dict[str, Json]", node)[last]
    else:
        cast("dict[str, Json]", node)[last] = cast("Json", value)


def at(indicator: str) -> str:
    """The pointer of an indicator: D4.02 is the second child of the fourth."""
    dimension, number = indicator.removeprefix("D").split(".")
    return f"/root/children/{int(dimension) - 1}/children/{int(number) - 1}"


def rule(name: str) -> str:
    """The pointer of a rule."""
    document = msgspec.json.decode(DOCUMENT)
    return f"/rules/{[known['id'] for known in document['rules']].index(name)}"
