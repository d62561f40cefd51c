"""What is said is said in both languages, and the catalogues have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import Catalog

from actitud_api.engine.i18n.catalogue import read
from tests.unit.i18n.catalogues import FOLDER, TEMPLATE, defects, faults, template, updated, written
from tests.unit.i18n.extraction import PACKAGE, Text, texts

CODE = """
class Remark:
    place: str
    es: str
    en: str

class Defect(Remark): ...

def told(self, code, es, en): ...

class Texts:
    es: str
    en: str

Texts("uno {x}", "one {x}")
Texts(f"dos {x} y {y.z} {len(x)}", f"two {x} {y.z} {len(x)}")
Texts("tres " "y medio", "three and a half")
Texts(es, en)
Texts(f"{a}: {b}", f"{a}: {b}")
Defect("/place", f"{a!r} y {b.name} y {c.name} son el 5%", f"{a!r} and {b.name} and {c.name} are 5%")
self.told("code", "cuatro", "four")
told("cinco", "five", "six")
es = f"y {it.es}"
en = f"and {it.en}"
Texts("seis" if x else f"siete {x}", "six" if x else f"seven {x}")
Texts("ocho {}".format(x), "eight {}".format(x))
table(es={"a": "nueve", "b": " y "}, en={"b": " and ", "a": "nine"})
"""
TEMPLATE_CODE = """<p>{{ t("hola", "hello") }}</p>
{% macro a(b) %}<b title="{{ t('diez «' ~ b ~ '»', 'ten “' ~ b ~ '”') }}">{% endmacro %}
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "code.py").write_text(CODE, encoding="utf-8")
    (tmp_path / "templates" / "page.html").write_text(TEMPLATE_CODE, encoding="utf-8")
    return tmp_path


def add(package: Path, code: str) -> None:
    with (package / "code.py").open("a", encoding="utf-8") as file:
        file.write(code + "\n")


def test_texts_are_read_from_code_and_templates_as_they_are_written(package: Path) -> None:
    assert [(text.es, text.en) for text in texts(package) if isinstance(text, Text)] == [
        ("uno {x}", "one {x}"),
        ("dos %(x)s y %(z)s %(value)s", "two %(x)s %(z)s %(value)s"),
        ("tres y medio", "three and a half"),
        ("%(a)s y %(name)s y %(name2)s son el 5%%", "%(a)s and %(name)s and %(name2)s are 5%%"),
        ("cuatro", "four"),
        ("five", "six"),
        ("y %(es)s", "and %(es)s"),
        ("seis", "six"),
        ("siete %(x)s", "seven %(x)s"),
        ("ocho %(value0)s", "eight %(value0)s"),
        ("nueve", "nine"),
        (" y ", " and "),
        ("hola", "hello"),
        ("diez «%(b)s»", "ten “%(b)s”"),
    ]
    assert list(defects(texts(package))) == []


@pytest.mark.parametrize(
    ("code", "defect"),
    [
        ('Texts("", "one")', "code.py:28: it is there in one language only: 'one'"),
        ('Texts("uno", " ")', "code.py:28: it is there in one language only: 'uno'"),
        ('Texts("de {a}", "of {b}")', "code.py:28: the placeholders of both languages differ: 'de {a}' and 'of {b}'"),
        (
            'Texts(f"de {a}", f"of {b}")',
            "code.py:28: the placeholders of both languages differ: 'de %(a)s' and 'of %(b)s'",
        ),
        (
            'NAMES = {"es": "uno", "en": "one"}',
            "code.py:28: a text is in Texts or table, and by locale there is LOCALES",
        ),
        (
            'x if language == "en" else y',
            "code.py:28: what is so in English only leaves out the further languages",
        ),
        ('table(es={"a": "x"}, en={"b": "y"})', "code.py:28: not in both languages: a, b"),
    ],
)
def test_a_text_without_its_other_language_is_named_with_its_place(package: Path, code: str, defect: str) -> None:
    add(package, code)
    assert list(defects(texts(package))) == [defect]


def test_a_template_writes_both_texts_there(package: Path) -> None:
    (package / "templates" / "card.svg").write_text("<svg>\n{{ t(spanish, english) }}</svg>", encoding="utf-8")
    reason = "t() takes a Spanish and an English text, written there"
    assert list(defects(texts(package))) == [f"templates/card.svg:2: {reason}"]


def test_every_text_of_the_service_is_in_both_languages_and_in_the_catalogues_with_the_same_placeholders() -> None:
    found = list(texts(PACKAGE))
    assert list(defects(found)) == []
    assert len(found) > 900
    assert list(faults(FOLDER, template(found))) == []


# --- a translator at work -----------------------------------------------------------------------------------------


def kept(folder: Path, wanted: Catalog) -> None:
    (folder / TEMPLATE).write_bytes(written(wanted))


def test_a_template_that_is_out_of_date_is_a_fault(package: Path, tmp_path: Path) -> None:
    folder = tmp_path
    reason = f"{folder / TEMPLATE}: these are not the texts of the code: make languages"
    assert list(faults(folder, template(texts(package)))) == [reason]
    kept(folder, template(texts(package)))
    assert list(faults(folder, template(texts(package)))) == []
    add(package, 'Texts("nuevo", "new")')
    assert list(faults(folder, template(texts(package)))) == [reason]


def test_a_translator_sees_both_languages_and_the_file(package: Path) -> None:
    assert (
        '#. en: one {x}\n#: code.py\n#, python-brace-format\nmsgid "uno {x}"\nmsgstr ""\n'
        in written(template(texts(package))).decode()
    )
    in_two_places = [Text("sí", "yes", "a.py", 1), Text("sí", "it is", "b.py", 2)]
    assert '#. en: yes\n#. en: it is\n#: a.py b.py\nmsgid "sí"\n' in written(template(in_two_places)).decode()


def test_what_was_translated_stays_and_what_is_new_is_left_open(package: Path) -> None:
    first = written(updated("gl", None, template(texts(package)))).decode()
    assert 'msgid "hola"\nmsgstr ""\n' in first
    translated = first.replace('msgid "hola"\nmsgstr ""', 'msgid "hola"\nmsgstr "ola"').encode()
    add(package, 'Texts("nada que se le parezca", "nothing like it")')
    again = written(updated("gl", translated, template(texts(package))))
    assert written(updated("gl", again, template(texts(package)))) == again
    translations = dict(read(again))
    assert (translations["hola"], translations["nada que se le parezca"]) == ("ola", "")
    assert {text for text, said in translations.items() if said} == {"hola"}


def test_a_translation_with_other_placeholders_is_refused_with_its_place(package: Path, tmp_path: Path) -> None:
    wanted = template(texts(package))
    kept(tmp_path, wanted)
    content = written(updated("ca", None, wanted)).decode()
    broken = content.replace('msgid "uno {x}"\nmsgstr ""', 'msgid "uno {x}"\nmsgstr "un {y}"')
    file = tmp_path / "ca.po"
    file.write_text(broken, encoding="utf-8")
    line = broken.splitlines().index('msgid "uno {x}"') + 1
    assert list(faults(tmp_path, wanted)) == [
        f"{file}:{line}: its placeholders are {{y}}, those of the text {{x}}: 'un {{y}}'"
    ]


def test_a_catalogue_without_the_texts_of_today_or_that_is_none_is_a_fault(package: Path, tmp_path: Path) -> None:
    kept(tmp_path, template(texts(package)))
    (tmp_path / "gl.po").write_bytes(written(updated("gl", None, template(texts(package)))))
    add(package, 'Texts("nuevo", "new")')
    wanted = template(texts(package))
    kept(tmp_path, wanted)
    assert list(faults(tmp_path, wanted)) == [
        f"{tmp_path / 'gl.po'}: these are not the texts of the code: make languages"
    ]
    (tmp_path / "gl.po").write_text('msgid "a"\nmsgstr ""\nNOTHING\n', encoding="utf-8")
    (found,) = faults(tmp_path, wanted)
    assert found.startswith(f"{tmp_path / 'gl.po'}: it cannot be read: ")
