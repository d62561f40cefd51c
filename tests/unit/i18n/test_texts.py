"""What is said is said in both languages, and the catalogues have it."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import Catalog

from actitud_api.engine.i18n.catalogue import load_catalogues, read_catalogue
from tests.unit.i18n.catalogues import FOLDER, PARTIAL, defects, faults, template, update, updated, written
from tests.unit.i18n.extraction import PACKAGE, UNREADABLE, Text, texts
from tests.unit.i18n.scope import FILES, select_partial

CODE = """
Texts("uno {x}", "one {x}")
Texts("dos {x} y {z!r}", "two {z!r} {x}", x=1, z=len(y))
Texts("tres " "y medio", "three and a half")
i18n.Texts("cuatro", "four", **values)
Texts("{a}: {b}", "{a}: {b}", a=1, b=2)
Defect("/place", Texts("{n} son el 5%", "{n} are 5%", n=n))
Texts("seis", "six") if x else Texts("siete {{x}}", "seven {{x}}")
table(es={"a": "nueve", "b": " y "}, en={"b": " and ", "a": "nine"})
"""
TEMPLATE_CODE = """<p>{{ t("hola", "hello") }}</p>
{% macro a(b) %}<b title="{{ t('diez «{b}»', 'ten “{b}”', b=b) }}">{% endmacro %}
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
        ("dos {x} y {z!r}", "two {z!r} {x}"),
        ("tres y medio", "three and a half"),
        ("cuatro", "four"),
        ("{n} son el 5%", "{n} are 5%"),
        ("seis", "six"),
        ("siete {{x}}", "seven {{x}}"),
        ("nueve", "nine"),
        (" y ", " and "),
        ("hola", "hello"),
        ("diez «{b}»", "ten “{b}”"),
    ]
    assert list(defects(texts(package))) == []


@pytest.mark.parametrize(
    ("code", "defect"),
    [
        ('Texts("", "one")', "code.py:10: it is there in one language only: 'one'"),
        ('Texts("uno", " ")', "code.py:10: it is there in one language only: 'uno'"),
        ('Texts("de {a}", "of {b}")', "code.py:10: the placeholders of both languages differ: 'de {a}' and 'of {b}'"),
        ('Texts("de {a}", "of {a}", b=1)', "code.py:10: its values are b, its placeholders a: 'de {a}'"),
        ('Texts(f"de {a}", f"of {a}")', f"code.py:10: {UNREADABLE.format(name='Texts')}"),
        ('Texts("de {}".format(a), "of {}".format(a))', f"code.py:10: {UNREADABLE.format(name='Texts')}"),
        ("Texts(es, en)", f"code.py:10: {UNREADABLE.format(name='Texts')}"),
        ('table(es={"a": f"de {a}"}, en={"a": f"of {a}"})', f"code.py:10: {UNREADABLE.format(name='table')}"),
        (
            'NAMES = {"es": "uno", "en": "one"}',
            "code.py:10: a text is in Texts or table, and by locale there is LOCALES",
        ),
        (
            'x if language == "en" else y',
            "code.py:10: what is so in English only leaves out the further languages",
        ),
        ('table(es={"a": "x"}, en={"b": "y"})', "code.py:10: not in both languages: a, b"),
    ],
)
def test_a_text_without_its_other_language_is_named_with_its_place(package: Path, code: str, defect: str) -> None:
    add(package, code)
    assert list(defects(texts(package))) == [defect]


def test_a_template_writes_both_texts_there(package: Path) -> None:
    (package / "templates" / "card.svg").write_text("<svg>\n{{ t(spanish, english) }}</svg>", encoding="utf-8")
    assert list(defects(texts(package))) == [f"templates/card.svg:2: {UNREADABLE.format(name='t')}"]


def test_every_text_of_the_service_is_in_both_languages_and_in_the_catalogues_with_the_same_placeholders() -> None:
    found = list(texts(PACKAGE))
    assert list(defects(found)) == []
    assert len(found) > 900
    assert list(faults(FOLDER, template(found))) == []
    assert {text.file for text in found} >= FILES
    assert sorted(file.stem for file in PARTIAL.glob("*.po")) == ["ca", "eu", "gl"]
    assert list(faults(PARTIAL, template(select_partial(found)))) == []


# --- a translator at work -----------------------------------------------------------------------------------------


def translate_all(catalogue: Catalog) -> Catalog:
    for message in catalogue:
        if message.id:
            message.string, message.flags = message.id, message.flags - {"fuzzy"}
    return catalogue


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of complete catalogues, and one of those that are begun, which is not there yet."""
    (tmp_path / "complete").mkdir()
    return tmp_path / "complete", tmp_path / "begun"


def test_a_translator_sees_both_languages_and_the_file(package: Path) -> None:
    assert (
        '#. en: one {x}\n#: code.py\n#, python-brace-format\nmsgid "uno {x}"\nmsgstr ""\n'
        in written(template(texts(package))).decode()
    )
    in_two_places = [Text("sí", "yes", "a.py", 1), Text("sí", "it is", "b.py", 2)]
    assert '#. en: yes\n#. en: it is\n#: a.py b.py\nmsgid "sí"\n' in written(template(in_two_places)).decode()


def test_a_catalogue_is_begun_apart_and_goes_to_the_complete_ones_once_it_is(
    package: Path, folders: tuple[Path, Path]
) -> None:
    complete, begun = folders
    wanted = template(texts(package))
    first = update("gl", wanted, complete, begun)
    assert first.file == begun / "gl.po"
    assert len(first.faults) == len(wanted)
    assert list(complete.iterdir()) == []
    first.file.write_bytes(written(translate_all(read_catalogue(first.file.read_bytes()))))
    assert update("gl", wanted, complete, begun) == (complete / "gl.po", [])
    assert list(begun.iterdir()) == []
    assert load_catalogues(complete)["gl"]["hola"] == "hola"
    assert list(faults(complete, wanted)) == []
    assert update("gl", wanted, complete, begun) == (complete / "gl.po", [])


def test_a_catalogue_begins_with_what_the_partial_one_has(package: Path, folders: tuple[Path, Path]) -> None:
    complete, begun = folders
    (complete / "partial").mkdir()
    some = template(text for text in texts(package) if isinstance(text, Text) and text.file.endswith(".html"))
    partial = translate_all(updated("gl", None, some))
    (complete / "partial" / "gl.po").write_bytes(written(partial))
    left = update("gl", template(texts(package)), complete, begun)
    assert len(left.faults) == len(template(texts(package))) - 2
    assert not any("hola" in fault or "diez" in fault for fault in left.faults)


def test_what_was_translated_stays_and_what_is_new_is_left_open(package: Path, folders: tuple[Path, Path]) -> None:
    complete, begun = folders
    (complete / "gl.po").write_bytes(written(translate_all(updated("gl", None, template(texts(package))))))
    add(package, 'Texts("nada que se le parezca", "nothing like it")')
    wanted = template(texts(package))
    assert list(faults(complete, wanted)) == [
        f"{complete / 'gl.po'}: a text of the code is missing: 'nada que se le parezca': make languages NEW=gl"
    ]
    again = update("gl", wanted, complete, begun)
    assert [fault.partition(": ")[2] for fault in again.faults] == ["'nada que se le parezca': not translated"]
    assert update("gl", wanted, complete, begun) == again


def test_a_text_that_is_no_longer_in_the_code_is_named(package: Path, folders: tuple[Path, Path]) -> None:
    complete, _ = folders
    add(package, 'Texts("viejo", "old")')
    (complete / "gl.po").write_bytes(written(translate_all(updated("gl", None, template(texts(package))))))
    (package / "code.py").write_text(CODE, encoding="utf-8")
    assert list(faults(complete, template(texts(package)))) == [
        f"{complete / 'gl.po'}: it is no text of the code: 'viejo': make languages NEW=gl"
    ]


def test_a_translation_with_other_placeholders_is_refused_with_its_place(
    package: Path, folders: tuple[Path, Path]
) -> None:
    complete, _ = folders
    wanted = template(texts(package))
    content = written(translate_all(updated("ca", None, wanted))).decode()
    broken = content.replace('msgid "uno {x}"\nmsgstr "uno {x}"', 'msgid "uno {x}"\nmsgstr "un {y}"')
    (complete / "ca.po").write_text(broken, encoding="utf-8")
    line = broken.splitlines().index('msgid "uno {x}"') + 1
    misfit = "the placeholders of the translation are {y}, those of the text {x}"
    assert list(faults(complete, wanted)) == [f"{complete / 'ca.po'}: line {line}: 'uno {{x}}': {misfit}"]


def test_a_file_that_is_no_catalogue_is_a_fault(package: Path, folders: tuple[Path, Path]) -> None:
    complete, _ = folders
    (complete / "gl.po").write_text('msgid "a"\nmsgstr ""\nNOTHING\n', encoding="utf-8")
    (found,) = faults(complete, template(texts(package)))
    assert found.startswith(f"{complete / 'gl.po'}: it cannot be read: ")
