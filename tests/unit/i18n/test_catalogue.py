"""Texts with named values, and the catalogues in which the further languages look them up."""

from __future__ import annotations

from pathlib import Path

import pytest

from actitud_api.engine import i18n
from actitud_api.engine.i18n import (
    LANGUAGES,
    PAGE_LANGUAGES,
    InLanguages,
    Texts,
    build_translator,
    choose_whole_language,
    table,
    translate,
)
from actitud_api.engine.i18n.catalogue import SHOWN_MAX, IncompleteCatalogue, find_misfit, list_files, load_catalogues

CATALAN = {
    "sí": "sí, senyor",
    "No existe": "No existeix",
    "Debe ser {n} o más.": "Ha de ser {n} o més.",
    "Falta este miembro. {expected}": "Falta aquest membre. {expected}",
    "de {before} a {after}": "a {after} des de {before}",
    "el {share}% de {whole}": "{whole}: el {share}%",
    "escriba {{n}} o {n}": "escriviu {{n}} o {n}",
    "No se puede leer {file}": "No es pot llegir {file}",
    " o ": " o bé ",
}


@pytest.fixture(autouse=True)
def offer_catalan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_CATALOGUES", {"ca": CATALAN})
    monkeypatch.setattr(i18n, "_PARTIAL_FILES", {})


AT_LEAST = Texts("Debe ser {n} o más.", "It must be {n} or more.", n=12)


@pytest.mark.parametrize(
    ("texts", "spanish", "english", "catalan"),
    [
        (Texts("No existe", "Not there"), "No existe", "Not there", "No existeix"),
        (Texts("Sin traducir", "Untranslated"), "Sin traducir", "Untranslated", "Sin traducir"),
        (AT_LEAST, "Debe ser 12 o más.", "It must be 12 or more.", "Ha de ser 12 o més."),
        (
            Texts("de {before} a {after}", "from {before} to {after}", before=3, after=5),
            "de 3 a 5",
            "from 3 to 5",
            "a 5 des de 3",
        ),
        (
            Texts("el {share}% de {whole}", "{share}% of {whole}", share=40, whole=200),
            "el 40% de 200",
            "40% of 200",
            "200: el 40%",
        ),
        (
            Texts("escriba {{n}} o {n}", "write {{n}} or {n}", n=1),
            "escriba {n} o 1",
            "write {n} or 1",
            "escriviu {n} o 1",
        ),
        # A value is as it was sent, even if it reads as a text of ours or as a placeholder ...
        (AT_LEAST.fill(n="sí"), "Debe ser sí o más.", "It must be sí or more.", "Ha de ser sí o més."),
        (AT_LEAST.fill(n="{n}"), "Debe ser {n} o más.", "It must be {n} or more.", "Ha de ser {n} o més."),
        # ... unless it is a text, or made for a language.
        (
            Texts("Falta este miembro. {expected}", "This member is missing. {expected}", expected=AT_LEAST),
            "Falta este miembro. Debe ser 12 o más.",
            "This member is missing. It must be 12 or more.",
            "Falta aquest membre. Ha de ser 12 o més.",
        ),
        (
            AT_LEAST.fill(n=lambda language: i18n.OR.into(language).join(["3", "5"])),
            "Debe ser 3 o 5 o más.",
            "It must be 3 or 5 or more.",
            "Ha de ser 3 o bé 5 o més.",
        ),
        # A text without values is filled in later, by whoever has them.
        (
            Texts("No se puede leer {file}", "{file} cannot be read"),
            "No se puede leer {file}",
            "{file} cannot be read",
            "No es pot llegir {file}",
        ),
    ],
)
def test_a_text_is_filled_in_in_the_language_that_is_asked_for(
    texts: Texts, spanish: str, english: str, catalan: str
) -> None:
    assert [texts.into(language) for language in ("es", "en", "ca", "eu")] == [spanish, english, catalan, spanish]


def test_a_template_translates_as_the_code_does() -> None:
    t = build_translator("ca")
    assert (t("sí", "yes"), t("Debe ser {n} o más.", "It must be {n} or more.", n=7)) == (
        "sí, senyor",
        "Ha de ser 7 o més.",
    )


def test_a_table_has_its_texts_in_every_language() -> None:
    assert table(es={"yes": "sí", "no": "no"}, en={"yes": "yes", "no": "no"}) == {
        "es": {"yes": "sí", "no": "no"},
        "en": {"yes": "yes", "no": "no"},
        "ca": {"yes": "sí, senyor", "no": "no"},
    }


def test_texts_are_equal_if_their_languages_and_values_are() -> None:
    assert Texts("Debe ser {n} o más.", "It must be {n} or more.", n=12) == AT_LEAST
    assert AT_LEAST.fill(n=13) != AT_LEAST
    assert hash(AT_LEAST) == hash(Texts("Debe ser {n} o más.", "It must be {n} or more.", n=12))


# --- catalogues as files ------------------------------------------------------------------------------------------

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


def write(folder: Path, language: str, *messages: str) -> None:
    (folder / f"{language}.po").write_text(HEAD + "\n\n".join(messages) + "\n", encoding="utf-8")


def test_each_file_is_the_catalogue_of_a_language(tmp_path: Path) -> None:
    write(tmp_path, "gl", 'msgid "sí"\nmsgstr "si"')
    write(tmp_path, "ast", 'msgid "sí"\nmsgstr "sí, ho"', 'msgid "de {n}"\nmsgstr "de los {n}"')
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    assert load_catalogues(tmp_path) == {"ast": {"sí": "sí, ho", "de {n}": "de los {n}"}, "gl": {"sí": "si"}}


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ('msgid "no"\nmsgstr ""', "line 7: 'no': not translated"),
        ('#, fuzzy\nmsgid "no"\nmsgstr "non"', "line 8: 'no': not translated"),
        (
            'msgid "de {n}"\nmsgstr "de {m}"',
            "line 7: 'de {n}': the placeholders of the translation are {m}, those of the text {n}",
        ),
    ],
)
def test_a_catalogue_that_is_not_complete_is_refused_and_the_error_names_what_is_missing(
    tmp_path: Path, message: str, fault: str
) -> None:
    write(tmp_path, "gl", 'msgid "sí"\nmsgstr "si"', message)
    with pytest.raises(IncompleteCatalogue) as refused:
        load_catalogues(tmp_path)
    assert str(refused.value) == f"gl.po is not complete; faults: 1\n  {fault}"


def test_of_many_faults_the_first_are_shown(tmp_path: Path) -> None:
    write(tmp_path, "gl", *(f'msgid "t{number}"\nmsgstr ""' for number in range(SHOWN_MAX + 3)))
    with pytest.raises(IncompleteCatalogue) as refused:
        load_catalogues(tmp_path)
    lines = str(refused.value).splitlines()
    assert (lines[0], lines[-1]) == (f"gl.po is not complete; faults: {SHOWN_MAX + 3}", "  and 3 more")
    assert len(lines) == SHOWN_MAX + 2


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gl.po").write_text('msgid "a"\nmsgstr ""\nNOTHING\n', encoding="utf-8")
    with pytest.raises(IncompleteCatalogue, match=r"gl\.po is not complete"):
        load_catalogues(tmp_path)


@pytest.mark.parametrize(
    ("spanish", "translation", "reason"),
    [
        ("de {x0} a {x1}", "a {x1} des de {x0}", None),
        ("de {x0}", "{x0}, {x0}", None),
        ("de {x0}", "de {x1}", "the placeholders of the translation are {x1}, those of the text {x0}"),
        ("de {x0}", "de", "the placeholders of the translation are none, those of the text {x0}"),
        ("de {x0}", "de {x0!r}", "the placeholders of the translation are {x0!r}, those of the text {x0}"),
        ("de {}", "de {} {}", "the placeholders of the translation are {0}, {1}, {}, those of the text {0}, {}"),
        ("de {x0}", "de {x0", "the placeholders of the translation are none, those of the text {x0}"),
        ("con un 95 %", "amb un 95 %", None),
        (" y ", "i", "the translation does not begin and end with the same blanks as the text"),
        (" y ", " i ", None),
    ],
)
def test_a_translation_fits_its_text_or_its_misfit_is_described(
    spanish: str, translation: str, reason: str | None
) -> None:
    assert find_misfit(spanish, translation) == reason


def test_what_there_is_not_in_a_language_is_given_in_spanish() -> None:
    there = InLanguages[int]({"es": 1, "en": 2})
    assert (there["ca"], there["en"], "ca" in there, list(there)) == (1, 2, False, ["es", "en"])
    with pytest.raises(KeyError):
        InLanguages[int]({"en": 2})["ca"]


def test_only_languages_with_a_catalogue_are_offered() -> None:
    """Spanish and English need none; a catalogue of the package adds its language."""
    files = [file.stem for file in Path(i18n.__file__).parent.glob("*.po")]
    assert list(LANGUAGES) == ["es", "en", *sorted(files)]
    partial = {file.stem for file in Path(i18n.__file__).parent.glob("partial/*.po")} - set(LANGUAGES)
    assert list(PAGE_LANGUAGES) == [*LANGUAGES, *sorted(partial)] == ["es", "en", "ca", "eu", "gl"]


def test_what_a_partial_catalogue_lacks_is_spanish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(tmp_path, "eu", 'msgid "sí"\nmsgstr "bai"')
    monkeypatch.setattr(i18n, "_PARTIAL_FILES", list_files(tmp_path))
    i18n._load_partial.cache_clear()
    try:
        assert [Texts(es, "?").into("eu") for es in ("sí", "no")] == ["bai", "no"]
        assert (translate("sí", "eu"), translate("no", "eu"), translate("sí", "en")) == ("bai", "no", "sí")
        # A sentence of a table is never a mixture of languages.
        assert table(es={"a": "sí", "b": "no"}, en={"a": "yes", "b": "no"})["eu"] == {"a": "sí", "b": "no"}
        # A complete catalogue of the same language is used in its place.
        monkeypatch.setattr(i18n, "_CATALOGUES", {"eu": {"sí": "baietz"}})
        assert Texts("sí", "yes").into("eu") == "baietz"
    finally:
        i18n._load_partial.cache_clear()


def test_the_language_of_what_is_not_translated_is_spanish_for_every_partial_one() -> None:
    assert {language: choose_whole_language(language) for language in PAGE_LANGUAGES} == {
        "es": "es",
        "en": "en",
        "ca": "es",
        "eu": "es",
        "gl": "es",
    }
