"""The texts of every version: complete in Spanish and in English, and really two languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter

import pytest
from msgspec import Struct

from actitud_api.engine.i18n import WRITTEN
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import MethodologyTexts
from actitud_api.engine.methodology.predicates import walk_indicators

SAME_IN_BOTH = {
    "2026.1": {"%", "0-4", "residual", "incidental", "debates", "debate"},
    "2027.1-short": {"%", "0-4"},
    "2027.1": {"%", "0-4", "debates", "debate"},
    "2099.1-draft": {"%", "0-4", "residual", "incidental", "debates", "debate"},
}
"""Words of each version that both languages write alike."""
AT_LEAST = {"2026.1": 1_600, "2027.1-short": 550, "2027.1": 1_250, "2099.1-draft": 1_600}
"""Texts of each version: fewer, and they were not all walked."""


@pytest.fixture(params=loader.list_versions())
def methodology(request: pytest.FixtureRequest) -> Methodology:
    return loader.load_methodology(str(request.param))


def strings(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its place."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from strings(member, f"{place}/{key}")
    elif isinstance(value, tuple):
        for position, member in enumerate(value):
            yield from strings(member, f"{place}/{position}")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from strings(getattr(value, name), f"{place}/{name}")


def all_of(texts: MethodologyTexts) -> dict[str, str]:
    return dict(strings(texts))


def test_every_version_has_its_figures_here() -> None:
    """Other tests read them by the version."""
    assert set(SAME_IN_BOTH) == set(AT_LEAST) == set(loader.list_versions()), "name the version in both tables here"


def test_both_languages_say_the_same_things(methodology: Methodology) -> None:
    spanish, english = (all_of(methodology.texts[language]) for language in WRITTEN)
    assert set(spanish) == set(english)
    assert len(spanish) > AT_LEAST[methodology.version]


def test_nothing_was_left_untranslated(methodology: Methodology) -> None:
    spanish, english = (all_of(methodology.texts[language]) for language in WRITTEN)
    same = {text for place, text in spanish.items() if text == english[place]}
    assert same == SAME_IN_BOTH[methodology.version]


def test_spanish_does_not_hold_english_words_nor_english_spanish_ones(methodology: Methodology) -> None:
    """Words that the other language does not have, outside of titles and quotations."""
    english = re.compile(r"\b(the|of|and|with|without|which|every|from|is|are)\b", re.IGNORECASE)
    spanish = re.compile(r"\b(el|los|las|del|que|para|con|sin|cada|entidad|según)\b", re.IGNORECASE)
    for place, text in all_of(methodology.texts["es"]).items():
        if not place.startswith("/sources"):
            assert not english.search(re.sub(r"\{\w+\}", "", text)), (place, text)
    for place, text in all_of(methodology.texts["en"]).items():
        if not place.startswith("/sources"):
            assert not spanish.search(text), (place, text)


def test_numbers_are_written_as_each_language_writes_them(methodology: Methodology) -> None:
    """12.500 and 0,38 in Spanish; 12,500 and 0.38 in English; codes such as D9.01 and 5.4 are neither."""
    coded = re.compile(r"\b[A-Z]+\d+(\.\d+)*|\b\d+\.\d\b(?!\d)|>= 0\.\d+")
    for place, text in all_of(methodology.texts["es"]).items():
        if place.startswith(("/indicators", "/principles", "/profile", "/windows")):
            assert not re.search(r"\d\.\d{1,2}\b", coded.sub("", text)), (place, text)
    for place, text in all_of(methodology.texts["en"]).items():
        if place.startswith(("/indicators", "/principles", "/profile", "/windows")):
            assert not re.search(r"\d,\d{1,2}\b", coded.sub("", text)), (place, text)


def test_spanish_leaves_a_space_before_the_per_cent_sign(methodology: Methodology) -> None:
    for place, text in all_of(methodology.texts["es"]).items():
        assert not re.search(r"\d%", text), (place, text)


def test_a_step_tells_from_where_to_where(methodology: Methodology) -> None:
    """Its places are only those that the product fills."""
    for language in WRITTEN:
        for known in walk_indicators(methodology.document.root):
            step = methodology.texts[language].indicators[known.id].step
            if known.type in ("level", "boolean", "checklist"):
                assert step is None
                continue
            assert step is not None
            names = {name for _, name, _, _ in Formatter().parse(step) if name is not None}
            assert {"from", "to"} <= names <= {"delta", "from", "to", "of"}, (language, known.id)
            assert not step.endswith("."), (language, known.id)


def test_the_names_of_the_levels(methodology: Methodology) -> None:
    """All versions have the same, but for the short form, which has no levels.

    The lowest blames nobody: a village without an account has closed no door.
    """
    named = {
        language: [texts.levels[str(level.number)].name for level in methodology.document.levels]
        for language, texts in ((language, methodology.texts[language]) for language in WRITTEN)
    }
    if methodology.version == "2027.1-short":
        assert named == {"es": [], "en": []}
        return
    assert named == {
        "es": ["Punto de partida", "Escaparate", "Ventanilla", "Conversación", "Comunidad"],
        "en": ["Starting point", "Showcase", "Service desk", "Conversation", "Community"],
    }
