"""Numbers, shares, days and lists as each language writes them: the figures are those of CLDR."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from babel.numbers import format_percent

from actitud_api.engine.i18n import LOCALES, PAGE_LANGUAGES, Language, name, nearest
from actitud_api.engine.narration import words


@pytest.mark.parametrize(
    ("language", "number", "score", "share", "whole", "day", "listed"),
    [
        ("es", "1.234,5", "44,0", "95,5 %", "8 %", "2 de marzo de 2026", "a, b y c"),
        ("en", "1,234.5", "44.0", "95.5 %", "8 %", "2 March 2026", "a, b and c"),
        ("ca", "1.234,5", "44,0", "95,5 %", "8 %", "2 de març del 2026", "a, b i c"),
        ("gl", "1.234,5", "44,0", "95,5 %", "8 %", "2 de marzo de 2026", "a, b e c"),
        ("eu", "1.234,5", "44,0", "% 95,5", "% 8", "2026(e)ko martxoaren 2(a)", "a, b eta c"),
    ],
)
def test_each_language_has_its_own_signs(
    language: Language, number: str, score: str, share: str, whole: str, day: str, listed: str
) -> None:
    assert words.format_number(1234.5, language) == number
    assert words.format_score(44, 1, language) == score
    assert words.format_share(0.955, language).replace("\u00a0", " ") == share
    assert words.format_share(0.08, language).replace("\u00a0", " ") == whole
    assert words.format_day(date(2026, 3, 2), language) == day
    assert words.join_list(["a", "b", "c"], language) == listed
    assert words.join_list(["a", "b"], language) == listed.removeprefix("a, ").replace("b", "a").replace("c", "b")
    assert words.join_list(["a"], language) == "a"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (7, "7"),
        (999, "999"),
        (1000, "1.000"),
        (12.0, "12"),
        (61.6, "61,6"),
        (0.1 + 0.2, "0,3"),  # 0,30000000000000004
        (1e-12, "0,000000000001"),
        (1e-13, "0"),
        (999.4999999999999, "999,5"),
        (999.9999999999999, "1.000"),
        (1234567, "1.234.567"),
        (12345.25, "12.345,25"),
        (10**18 + 1, "1.000.000.000.000.000.001"),
        (-0.5, "-0,5"),
        (-1234.5, "-1.234,5"),
    ],
)
def test_a_number_has_as_many_decimals_as_it_needs_up_to_twelve(number: float, shown: str) -> None:
    assert words.format_number(number, "es") == shown


@pytest.mark.parametrize(
    ("score", "decimals", "shown"),
    [
        (0, 2, "0,00"),
        (100, 2, "100,00"),
        (7.5, 2, "7,50"),
        (0.015, 2, "0,02"),
        (0.025, 2, "0,03"),  # half up
        (99.995, 2, "100,00"),
        (-0.44, 2, "-0,44"),
        (1234.5, 2, "1.234,50"),
        (1234567.125, 2, "1.234.567,13"),  # half up
        (99.123456, 6, "99,123456"),
        (123456789.1, 6, "123.456.789,100000"),
        (123456789012.1, 6, "123.456.789.012,100000"),  # the double is 123456789012.100006
        (-0.0, 2, "0,00"),
        (61.6, 0, "62"),
        (40.5, 0, "41"),
        (41.5, 0, "42"),
    ],
)
def test_a_score_has_the_decimals_of_its_methodology(score: float, decimals: int, shown: str) -> None:
    assert words.format_score(score, decimals, "es") == shown


def test_each_hundredth_of_a_score_is_shown_as_it_is() -> None:
    """Only a score with more decimals is rounded in decimal arithmetic, and no double is just below its hundredth."""
    shown = [words.format_score(number / 100, 2, "en") for number in range(10_001)]
    assert shown == [f"{Decimal(number).scaleb(-2):.2f}" for number in range(10_001)]


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_a_share_is_written_as_the_language_writes_it(language: Language) -> None:
    pattern = LOCALES[language].percent_formats[None].pattern.replace("#,##0", "#,##0.#")
    for number in (*range(0, 1_001, 7), 1_000, 12_345, 1_234_567, -5):
        expected = format_percent(Decimal(number).scaleb(-3), format=pattern, locale=LOCALES[language])
        assert words.format_share(number / 1_000, language).replace("\u00a0", "") == expected.replace("\u00a0", "")


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0"), (1, "100"), (0.333333, "33,3"), (0.0015, "0,2"), (0.0025, "0,2"), (0.99951, "100")]
)
def test_a_share_has_one_decimal_at_most(share: float, shown: str) -> None:
    assert words.format_share(share, "es") == f"{shown}\u00a0%"


def test_a_language_is_called_as_it_calls_itself() -> None:
    names = {language: name(language) for language in PAGE_LANGUAGES}
    assert names == {"es": "Español", "en": "English", "ca": "Català", "eu": "Euskara", "gl": "Galego"}


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_a_text_for_one_and_a_text_for_all_other_whole_numbers_are_enough(language: Language) -> None:
    """Texts that depend on a number come in pairs: CLDR has no further form for the whole numbers that occur."""
    plural = LOCALES[language].plural_form
    assert [number for number in range(10_000) if plural(number) == "one"] == [1]
    assert {plural(number) for number in range(10_000)} == {"one", "other"}


@pytest.mark.parametrize(
    ("texts", "language", "text"),
    [
        ({"en": "A", "es": "B", "ca": "C"}, "ca", "C"),
        ({"en": "A", "es": "B"}, "ca", "B"),
        ({"en": "A"}, "ca", "A"),
        ({"en": "A", "es": "B"}, "en", "A"),
    ],
)
def test_of_what_somebody_gave_in_some_languages_the_nearest_is_told(
    texts: dict[str, str], language: Language, text: str
) -> None:
    assert nearest(texts, language) == text
