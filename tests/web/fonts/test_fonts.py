"""The font of pictures and printed pages has the letters of Spain, and the widths that are written beside it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PIL import ImageFont

from actitud_api.web import fonts
from tests.web.embeds.hostile import names


@pytest.mark.parametrize(
    "text",
    [
        "El Índice de Madurez 2.0 de A Coruña, Güímar y Alegría-Dulantzi: 61,5 de 100 · 1.º",
        "L'Hospitalet de l'Infant, Sant Cugat del Vallès, la Palma d'Ebre, paraŀlel, plaça, Eivissa",
        "“What weighs most” – 1,234 of 8,131 bodies… €",
        "Ş ş ő ů ł ż ğ",
        "▲ ● □ ✓ → ≥ −",
    ],
)
def test_the_font_has_the_letters_of_spain_and_its_neighbours(text: str) -> None:
    assert fonts.replace_missing(text) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("e\u0301", "é"),
        ("ﬁn １＋１", "fin 1+1"),
        ("Ḧa", "Ha"),
        ("北京市 Villa", "□ Villa"),
        ("Ζωγράφου", "□"),
        ("a\u200db\u202ec\ufffe\x01", "abc"),
        ("a\u00a0\u3000b", "a\u00a0 b"),
        ("\U0001f3db\U0001f3db!", "□!"),
        ("", ""),
    ],
)
def test_a_character_that_the_font_lacks_is_replaced(text: str, written: str) -> None:
    assert fonts.replace_missing(text) == written


def test_what_is_written_has_only_characters_of_the_font_and_at_most_one_box_for_a_run() -> None:
    for name in names(500):
        written = fonts.replace_missing(name)
        assert fonts.replace_missing(written) == written
        assert (fonts.MISSING, fonts.MISSING) not in set(pairwise(written))


@pytest.mark.parametrize("bold", [False, True])
def test_widths_are_those_of_the_font_files(bold: bool) -> None:
    font = ImageFont.truetype(fonts.list_files()[bold], size=1000, layout_engine=ImageFont.Layout.BASIC)
    for character in "AñŀW1 .·–…€□▲":
        assert fonts.measure_width(character, 1000, bold=bold) == pytest.approx(font.getlength(character), abs=1)


def test_the_font_comes_with_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts.find_folder() / "OFL.txt").read_text()
    assert [file.rpartition("/")[2] for file in fonts.list_files()] == ["Inter-Regular.ttf", "Inter-Bold.ttf"]
