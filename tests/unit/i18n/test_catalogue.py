from __future__ import annotations

import pytest

from actitud_api.engine import i18n
from actitud_api.engine.i18n import LANGUAGES, InLanguages, Texts, into, table
from actitud_api.engine.i18n.catalogue import Catalogue, misfit, read

CATALAN = Catalogue(
    {
        "No existe": "No existeix",
        "No se puede leer {file}: {reason}": "No es pot llegir {file}: {reason}",
        "Debe ser %(n)s o más.": "Ha de ser %(n)s o més.",
        "Debe tener %(n)s caracteres o más.": "Ha de tenir %(n)s caràcters o més.",
        "Falta este miembro. %(es)s": "Falta aquest membre. %(es)s",
        "de %(before)s a %(after)s": "a %(after)s des de %(before)s",
        "el %(share)s%% de %(whole)s": "%(whole)s: el %(share)s%%",
        "Sin traducir": "",
    }
)


@pytest.mark.parametrize(
    ("spanish", "catalan"),
    [
        ("No existe", "No existeix"),
        ("No existe.", "No existe."),
        ("Sin traducir", "Sin traducir"),
        # A text that is filled in later is translated as it is written.
        ("No se puede leer {file}: {reason}", "No es pot llegir {file}: {reason}"),
        # One that has its values is found by what stands around them.
        ("Debe ser 12 o más.", "Ha de ser 12 o més."),
        ("Debe ser  o más.", "Ha de ser  o més."),
        ("Debe ser 12 o menos.", "Debe ser 12 o menos."),
        ("Debe ser o más.", "Debe ser o más."),
        ("Debe tener 3 caracteres o más.", "Ha de tenir 3 caràcters o més."),
        ("de 3 a 5", "a 5 des de 3"),
        ("de a a a", "a a des de a"),
        ("el 40% de 200", "200: el 40%"),
        # What looks like a place for a value inside a value is not one.
        ("Debe ser %(n)s {n} o más.", "Ha de ser %(n)s {n} o més."),
        # A value is as it was sent, even if it reads as a text of ours ...
        ("Debe ser No existe o más.", "Ha de ser No existe o més."),
        # ... unless it is one.
        ("Falta este miembro. Debe ser 12 o más.", "Falta aquest membre. Ha de ser 12 o més."),
        ("Falta este miembro. Sin traducir", "Falta aquest membre. Sin traducir"),
    ],
)
def test_a_text_is_found_by_its_spanish(spanish: str, catalan: str) -> None:
    assert CATALAN.translated(spanish) == catalan


def test_of_two_that_could_be_meant_it_is_the_one_that_says_more() -> None:
    two = Catalogue({"Falta %(name)s": "A %(name)s", "Falta %(name)s en la lista": "B %(name)s"})
    assert two.translated("Falta el pan en la lista") == "B el pan"


@pytest.mark.parametrize(
    ("spanish", "translation", "reason"),
    [
        ("de {x0} a {x1}", "a {x1} des de {x0}", None),
        ("de {x0}", "{x0}, {x0}", None),
        ("de {x0}", "de {x1}", "its placeholders are {x1}, those of the text {x0}"),
        ("de {x0}", "de", "its placeholders are none, those of the text {x0}"),
        ("de {x0}", "de {x0!r}", "its placeholders are {x0!r}, those of the text {x0}"),
        ("de {}", "de {} {}", "its placeholders are {0}, {1}, {}, those of the text {0}, {}"),
        ("de {x0}", "de {x0", "its placeholders are none, those of the text {x0}"),
        ("de %(n)s", "del %(m)s", "its placeholders are m, those of the text n"),
        ("de %(n)s", "%(n)s %", "a % that is meant has to be %%"),
        ("de %(n)s", "%(n)s %%", None),
        ("con un 95 %", "amb un 95 %", None),
        (" y ", "i", "it does not begin and end with the same blanks as the text"),
        (" y ", " i ", None),
    ],
)
def test_a_translation_fits_its_text_or_is_not_used(spanish: str, translation: str, reason: str | None) -> None:
    assert misfit(spanish, translation) == reason
    only = Catalogue({spanish: translation})
    assert only.whole is (reason is None)
    filled = spanish.replace("%(n)s", "7")
    wanted = translation.replace("%(n)s", "7").replace("%%", "%")
    assert only.translated(filled) == (filled if reason else wanted)


def test_a_translation_that_somebody_has_to_look_at_is_not_used() -> None:
    content = 'msgid ""\nmsgstr ""\n\n#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid "ñ"\nmsgstr "n·h"\n'
    assert list(read(content.encode())) == [("a", ""), ("ñ", "n·h")]


def test_a_language_without_a_catalogue_says_what_spanish_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "_CATALOGUES", {"ca": Catalogue({"sí": "sí, senyor"})})
    assert Texts("sí", "yes").into("en") == "yes"
    assert Texts("sí", "yes").into("eu") == into("sí", "yes", "es") == "sí"
    assert Texts("sí", "yes").into("ca") == "sí, senyor"
    assert table(es={"yes": "sí"}, en={"yes": "yes"}) == {
        "es": {"yes": "sí"},
        "en": {"yes": "yes"},
        "ca": {"yes": "sí, senyor"},
        "gl": {"yes": "sí"},
        "eu": {"yes": "sí"},
    }


def test_what_there_is_not_in_a_language_is_given_in_spanish() -> None:
    there = InLanguages[int]({"es": 1, "en": 2})
    assert (there["ca"], there["en"], "ca" in there, list(there)) == (1, 2, False, ["es", "en"])
    with pytest.raises(KeyError):
        InLanguages[int]({"en": 2})["ca"]


def test_the_languages_of_the_code_are_always_offered() -> None:
    assert LANGUAGES[:2] == ("es", "en")
