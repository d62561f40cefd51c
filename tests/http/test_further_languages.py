"""The service with complete catalogues of further languages, made up here, and with one that is not complete."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from babel.dates import format_date

from tests.http.asking import Answer, Answers, Asked
from tests.support.databases import sqlite_url
from tests.unit.i18n.catalogues import template, updated, written
from tests.unit.i18n.extraction import PACKAGE, texts
from tests.web.embeds import reading
from tests.web.embeds.installation import ZAMORA

pytestmark = pytest.mark.night

MARK: Final = "¤"
"""Begins every translation of the catalogues that are made up here."""

FURTHER: Final = ("ast", "gl")
"""Languages with a complete catalogue; the methodologies in use have texts in the first only.

That of Galician takes the place of the partial one of the package.
"""

BODY: Final[dict[str, object]] = json.loads(Path("openapi/examples/scores.create.request.json").read_text())
SHEET: Final = f"/portal/2026/{ZAMORA}"

ASKED: Final[Mapping[str, Asked]] = {
    "sheet ast": Asked(f"{SHEET}?lang=ast"),
    "sheet accepted": Asked(SHEET, "ast, es;q=0.5"),
    "sheet gl": Asked(SHEET, "fr, gl-ES;q=0.4, es;q=0.3"),
    "sheet es": Asked(f"{SHEET}?lang=es"),
    "sheet unknown": Asked(f"{SHEET}?lang=oc", "oc, an"),
    "asked ast": Asked("/portal/2026?q=z&lang=ast"),
    "badge ast": Asked(f"/badge/2026/{ZAMORA}.svg?lang=ast"),
    "oembed ast": Asked(f"/oembed?url=https%3A%2F%2Fmadurez.example%2Fportal%2F2026%2F{ZAMORA}%3Flang%3Dast"),
    "problem page ast": Asked("/problems/not-found", "ast"),
    "score ast": Asked("/v1/scores?lang=ast", body=BODY),
    "score es": Asked("/v1/scores?lang=es", body=BODY),
    "score gl": Asked("/v1/scores", "gl", body=BODY),
    "methodology ast": Asked("/v1/methodologies/2027.1?lang=ast"),
    "methodology gl": Asked("/v1/methodologies/2027.1", "gl"),
    "methodologies": Asked("/v1/methodologies?lang=gl"),
    "editions ast": Asked("/v1/editions/2026?lang=ast"),
    "problem ast": Asked("/v1/editions/1999?lang=ast"),
    "problem unknown": Asked("/v1/editions/2026?lang=fr", "ast"),
    "problem nested": Asked("/v1/scores?lang=ast", body={**BODY, "profile": []}),
    "openapi": Asked("/v1/openapi.json"),
}


def translate(text: str) -> str:
    """Make up a translation: the text with a mark, after the blanks with which it begins."""
    return text[: len(text) - len(text.lstrip())] + MARK + text.lstrip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, with catalogues of two languages that it does not have."""
    folder = tmp_path_factory.mktemp("further")
    package = folder / "actitud_api"
    # With the bytecode: to compile the package takes as long as all that is asked of it.
    shutil.copytree(PACKAGE, package)
    shutil.copytree(PACKAGE.parent.parent / "openapi" / "examples", package / "examples", dirs_exist_ok=True)
    wanted = template(texts())
    for language in FURTHER:
        catalogue = updated(language, None, wanted)
        for message in catalogue:
            if message.id:
                message.string = translate(str(message.id))
        (package / "engine" / "i18n" / f"{language}.po").write_bytes(written(catalogue))
    for version in ("2027.1", "2027.1-short"):
        methodology = package / "engine" / "methodology" / "versions" / version / "texts"
        own = json.loads((methodology / "es.json").read_text())
        own["language"], own["groups"]["D1"]["name"] = "ast", "Redes zarraes"
        (methodology / "ast.json").write_text(json.dumps(own, ensure_ascii=False))
    return folder


def run(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run Python with the copy of the package."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())])},
        capture_output=True,
        timeout=120,
        **options,
    )


@pytest.fixture(scope="module")
def came(folder: Path) -> Answers:
    """The answers of the copy."""
    requests = msgspec.json.encode(list(ASKED.values()))
    done = run(folder, "-m", "tests.http.asking", sqlite_url(folder), input=requests)
    assert done.returncode == 0, done.stderr.decode()
    answers = msgspec.json.decode(done.stdout, type=Answers)
    assert answers.package == str(folder / "actitud_api" / "__init__.py")
    return answers


def answer(came: Answers, name: str, status: int = 200) -> Answer:
    given = came.answers[list(ASKED).index(name)]
    assert given.status == status, given
    return given


def value(came: Answers, name: str, status: int = 200) -> Any:
    return json.loads(answer(came, name, status).text)


def enums(document: Any) -> list[list[str]]:
    """List the enumerations of a document in which Spanish stands."""
    if isinstance(document, dict):
        inside = [found for member in document.values() for found in enums(member)]
        return [*([document["enum"]] if "es" in document.get("enum", ()) else []), *inside]
    return [found for member in document for found in enums(member)] if isinstance(document, list) else []


def test_a_language_is_offered_once_its_catalogue_is_there(came: Answers) -> None:
    assert came.languages == ("es", "en", *FURTHER)
    found = enums(value(came, "openapi"))
    assert len(found) > 3
    assert {tuple(sorted(values)) for values in found} == {
        ("ast", "en", "es", "gl"),
        ("ast", "ca", "en", "es", "eu", "gl"),
    }


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (f'msgstr "{MARK}No existe"', 'msgstr ""', "'No existe': not translated"),
        (
            f'msgstr "{MARK}No hay ninguna edición {{edition}}."',
            f'msgstr "{MARK}Non."',
            "'No hay ninguna edición {edition}.': the placeholders of the translation are none, "
            "those of the text {edition}",
        ),
    ],
)
def test_a_service_with_an_incomplete_catalogue_does_not_start_and_says_what_is_missing(
    folder: Path, came: Answers, before: str, after: str, fault: str
) -> None:
    assert came.languages == ("es", "en", *FURTHER)
    file = folder / "actitud_api" / "engine" / "i18n" / "gl.po"
    complete = file.read_text(encoding="utf-8")
    assert complete.count(before) == 1
    file.write_text(complete.replace(before, after), encoding="utf-8")
    refused = run(folder, "-c", "import actitud_api.app")
    file.write_text(complete, encoding="utf-8")
    assert refused.returncode == 1
    told = refused.stderr.decode().splitlines()
    assert "gl.po is not complete; faults: 1" in told[-2]
    assert told[-1].endswith(f": {fault}")


def page(came: Answers, name: str, language: str) -> reading.Document:
    given = answer(came, name)
    read = reading.page(given.text)
    assert [root.attrs["lang"] for root in read.query("html")] == [given.language] == [language]
    return read


def day(language: str) -> str:
    return format_date(date(2026, 12, 31), "long", locale=language)


@pytest.mark.parametrize("name", ["sheet ast", "sheet accepted"])
def test_a_page_is_wholly_in_the_language(came: Answers, name: str) -> None:
    told = page(came, name, "ast").text
    assert f"{MARK}Las diez dimensiones" in told
    assert f"{MARK}todavía no se puede valorar: falta demasiado por saber." in told
    assert f"{MARK}edición 2026, a {day('ast')}" in told
    assert "Redes zarraes" in told
    assert "todavía en español" not in told
    spanish = page(came, "sheet es", "es").text
    assert MARK not in spanish
    assert told.replace(MARK, "").count("Las diez dimensiones") == spanish.count("Las diez dimensiones")


def test_dates_and_shares_are_written_as_the_language_does(came: Answers) -> None:
    told = page(came, "sheet gl", "gl").text
    assert f"{MARK}edición 2026, a {day('gl')}" in told
    assert day("gl") == "31 de decembro de 2026"


@pytest.mark.parametrize(
    ("name", "switch", "before"),
    [("problem page ast", "footer a", "?"), ("sheet ast", ".languages a", "?"), ("asked ast", ".languages a", "?q=z&")],
)
def test_a_page_leads_to_itself_in_every_other_language(came: Answers, name: str, switch: str, before: str) -> None:
    read = page(came, name, "ast")
    links = [(link.attrs["href"], link.attrs["hreflang"], link.attrs["lang"], link.text) for link in read.query(switch)]
    assert links == [
        (f"{before}lang=es", "es", "es", "Español"),
        (f"{before}lang=en", "en", "en", "English"),
        (f"{before}lang=gl", "gl", "gl", "Galego"),
        (f"{before}lang=ca", "ca", "ca", "Català"),
        (f"{before}lang=eu", "eu", "eu", "Euskara"),
    ]


def test_a_page_says_that_a_methodology_is_in_spanish_where_it_is_not_what_was_asked_for(came: Answers) -> None:
    assert "todavía en español" in page(came, "sheet gl", "gl").text
    assert "todavía en español" not in page(came, "sheet es", "es").text


def test_a_language_without_a_catalogue_is_unknown(came: Answers) -> None:
    assert page(came, "sheet unknown", "es").text == page(came, "sheet es", "es").text
    (fault,) = value(came, "problem unknown", 400)["errors"]
    assert fault["detail"] == f'{MARK}Debe ser uno de estos valores: "es", "en", "ast", "gl", "ca", "eu".'


def test_what_other_sites_show_is_in_the_language_of_their_page(came: Answers) -> None:
    badge = answer(came, "badge ast")
    assert badge.language == "ast"
    assert f"{MARK}nivel 3, Ventanilla" in badge.text
    assert f"{MARK}nivel 3, Ventanilla" in value(came, "oembed ast")["title"]


def test_an_explanation_is_translated_and_its_figures_and_ids_are_the_same(came: Answers) -> None:
    asturian, spanish = value(came, "score ast"), value(came, "score es")
    assert answer(came, "score ast").language == "ast"
    assert asturian["dimensions"][0]["name"] == "Redes zarraes"
    first, same = asturian["main_reasons"][0], spanish["main_reasons"][0]
    assert MARK in first["text"]
    assert first["text"].replace(MARK, "") == same["text"]
    assert bare(asturian) == bare(spanish)
    assert asturian["index"] == 72.71


TOLD: Final = {"text", "name", "title", "description", "meaning"}


def bare(value: Any) -> Any:
    """An answer without what is told in it."""
    if isinstance(value, dict):
        return {name: bare(member) for name, member in value.items() if name not in TOLD}
    return [bare(member) for member in value] if isinstance(value, list) else value


def test_what_quotes_a_methodology_that_has_no_texts_in_a_language_is_wholly_spanish(came: Answers) -> None:
    assert value(came, "score gl") == value(came, "score es")
    assert answer(came, "score gl").language == "gl"
    galician, asturian = value(came, "methodology gl"), value(came, "methodology ast")
    assert galician["texts"]["language"] == "es"
    languages = {item["version"]: item["languages"] for item in value(came, "methodologies")["items"]}
    assert (languages["2027.1"], languages["2026.1"]) == (["es", "en", "ast"], ["es", "en"])
    assert asturian["texts"]["language"] == "ast"
    assert asturian["texts"]["groups"]["D1"]["name"] == "Redes zarraes"
    assert asturian["digest"] == galician["digest"]
    assert set(asturian["text_digests"]) == {"es", "en", "ast"}


def test_what_somebody_wrote_in_two_languages_is_spanish_in_a_further_one(came: Answers) -> None:
    assert value(came, "editions ast")["title"] == "Edición 2026"


def test_a_problem_is_told_in_the_language_with_its_values(came: Answers) -> None:
    problem = value(came, "problem ast", 404)
    assert (problem["title"], problem["detail"]) == (f"{MARK}No existe", f"{MARK}No hay ninguna edición 1999.")
    assert answer(came, "problem ast", 404).language == "ast"


def test_a_text_within_a_text_is_translated_as_well(came: Answers) -> None:
    details = [fault["detail"] for fault in value(came, "problem nested", 400)["errors"]]
    assert f"{MARK}Debe ser {MARK}un objeto." in details
