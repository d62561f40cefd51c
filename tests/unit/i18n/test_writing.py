"""Numbers, shares, days and lists as each language writes them: the figures are those of CLDR."""

from __future__ import annotations

from datetime import date

import pytest

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
