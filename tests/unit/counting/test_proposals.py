"""Proposals beside the rows of a coding workbook."""

from __future__ import annotations

import pytest

from actitud.counting.proposals import (
    PressRelease,
    Readability,
    count_syllables,
    find_dates,
    find_procedures,
    measure_overlaps,
    measure_readability,
    propose_accessible,
    propose_plain,
    propose_solution,
    split_words,
)


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("año", 2),
        ("país", 2),
        ("río", 2),
        ("oía", 3),
        ("ciudad", 2),
        ("ayuntamiento", 5),
        ("administración", 5),
        ("guitarra", 3),
        ("queso", 2),
        ("hoy", 1),
        ("yo", 1),
        ("y", 1),
        ("pingüino", 3),
        ("averiguáis", 4),
        ("mhm", 1),
    ],
)
def test_syllables_are_counted_as_in_spanish(word: str, number: int) -> None:
    assert count_syllables(word) == number


def test_the_readability_is_that_of_the_formula() -> None:
    # El agua está cortada. Vuelva mañana. / 6 words, 2 sentences, 1+2+2+3+2+3 = 13 syllables.
    assert measure_readability("El agua está cortada. Vuelva mañana.") == Readability(6, 2, 13)
    assert Readability(6, 2, 13).inflesz == pytest.approx(206.835 - 62.3 * 13 / 6 - 6 / 2)
    assert measure_readability("😀 https://example.org") is None


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("El martes no hay clase. Abrimos el jueves.", True),
        ("La CEU del SPEIS informa de la modificación.", False),  # acronyms that nobody explained
        ("El alcalde se complace en anunciar la fiesta.", False),  # a ceremonial formula
        ("🎉🎉 https://example.org", False),
        (" ".join(["sí"] * 26) + ".", False),  # a sentence of 26 words
        (" ".join(["sí"] * 25) + ".", True),
        # 44 words in 4 sentences, 1 syllable each: 206.835 - 62.3 - 11 is far above 55.
        (". ".join([" ".join(["sí"] * 11)] * 4) + ".", True),
        # 40 words in 2 sentences, 5 syllables each: 206.835 - 311.5 - 20 is below 55.
        (". ".join([" ".join(["administración"] * 20)] * 2) + ".", False),
    ],
)
def test_plain_language_is_proposed(text: str, is_plain: bool) -> None:
    assert propose_plain(text) is is_plain


def test_a_post_that_repeats_a_press_release_is_found() -> None:
    release = PressRelease(split_words("El pleno aprueba el presupuesto municipal de 2028"), "https://example.org/n/1")
    posts = {
        "same": "El pleno aprueba el presupuesto municipal https://example.org/n/1",
        "adapted": "¿En qué se gasta su dinero? Así es el presupuesto municipal",
        "short": "El presupuesto",
    }
    overlaps = measure_overlaps(posts, [release, PressRelease(split_words("Otra cosa"), None)])
    # el, pleno, aprueba, presupuesto, municipal: all five. Of the other el, presupuesto, municipal, of eleven words.
    assert overlaps["same"] == (1.0, "https://example.org/n/1")
    assert overlaps["adapted"][0] == pytest.approx(3 / 11)
    assert "short" not in overlaps


def test_procedures_dates_and_solutions_are_found() -> None:
    text = "Hasta el 12 de marzo en https://sede.example.org/tramites/7, de 9:00 a 14:00 h"
    assert find_procedures(text) == ["https://sede.example.org/tramites/7"]
    assert find_dates(text) == ["12 de marzo", "9:00", "14:00 h"]
    assert propose_solution("Puede pedirla el 3/10/2027")
    assert not propose_solution("Gracias por su mensaje")


@pytest.mark.parametrize(
    ("alternatives", "holds"),
    [
        (("Plano de las calles cortadas",), True),
        (("Plano de las calles cortadas", None), False),
        (("Imagen",), False),
        (("IMG_2031.jpg",), False),
        ((), False),
    ],
)
def test_alternative_texts_are_judged(alternatives: tuple[str | None, ...], holds: bool) -> None:
    assert propose_accessible(alternatives) is holds
