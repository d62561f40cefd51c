"""The service with catalogues of further languages, as a translator leaves them: begun, and not yet whole."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from tests.http.asking import Answer, Answers, Asked
from tests.support.databases import sqlite_url
from tests.unit.i18n.catalogues import template, updated, written
from tests.unit.i18n.extraction import PACKAGE, texts
from tests.web.embeds import reading
from tests.web.embeds.installation import ZAMORA

CATALOGUES: Final[Mapping[str, Mapping[str, str]]] = {
    "ca": {
        "nivel {number}, {name}": "nivell {number}, {name}",
        "edición {edition}, a {day}": "edició {edition}, a {day}",
        "cobertura {coverage}": "cobertura del {coverage}",
        "de {full}": "de {full}",
        "Madurez 2.0": "Maduresa 2.0",
        "No existe": "No existeix",
        "Las diez dimensiones": "Les deu dimensions",
        "Dimensión": "Dimensió",
        "{facts}. Puntúa {score} de {most}.": "{facts}. Puntua {score} de {most}.",
        "{name} ({id}): pierde {lost} del índice.": "{name} ({id}): perd {lost} de l’índex.",
        "{figure} puntos": "{figure} punts",
        "Debe ser uno de estos valores: %(listed)s.": "Ha de ser un d’aquests valors: %(listed)s.",
        "Falta este parámetro.": "Falta aquest paràmetre {inventat}.",
        "Parte de los textos está todavía en español.": "Una part dels textos encara és en espanyol.",
    },
    "gl": {
        "nivel {number}, {name}": "nivel {number}, {name}",
        "edición {edition}, a {day}": "edición {edition}, a {day}",
        "Las diez dimensiones": "As dez dimensións",
        "No existe": "Non existe",
        "{name} ({id}): pierde {lost} del índice.": "{name} ({id}): perde {lost} do índice.",
    },
    "eu": {
        "Las diez dimensiones": "Hamar dimentsioak",
        "edición {edition}, a {day}": "{edition} edizioa, {day}",
    },
}
BODY: Final[dict[str, object]] = json.loads(Path("openapi/examples/scores.create.request.json").read_text())
SHEET: Final = f"/portal/2026/{ZAMORA}"

ASKED: Final[Mapping[str, Asked]] = {
    "sheet ca": Asked(f"{SHEET}?lang=ca"),
    "sheet accepted": Asked(SHEET, "ca, es;q=0.5"),
    "sheet gl": Asked(SHEET, "fr, gl-ES;q=0.4, es;q=0.3"),
    "sheet eu": Asked(f"{SHEET}?lang=eu"),
    "sheet es": Asked(f"{SHEET}?lang=es"),
    "sheet unknown": Asked(f"{SHEET}?lang=xx"),
    "asked ca": Asked("/portal/2026?q=z&lang=ca"),
    "badge ca": Asked(f"/badge/2026/{ZAMORA}.svg?lang=ca"),
    "oembed ca": Asked(f"/oembed?url=https%3A%2F%2Fmadurez.example%2Fportal%2F2026%2F{ZAMORA}%3Flang%3Dca"),
    "first ca": Asked("/", "ca"),
    "score ca": Asked("/v1/scores?lang=ca", body=BODY),
    "score es": Asked("/v1/scores?lang=es", body=BODY),
    "score gl": Asked("/v1/scores", "gl", body=BODY),
    "methodology ca": Asked("/v1/methodologies/2026.1?lang=ca"),
    "methodology gl": Asked("/v1/methodologies/2026.1", "gl"),
    "methodologies": Asked("/v1/methodologies?lang=gl"),
    "editions ca": Asked("/v1/editions/2026?lang=ca"),
    "problem ca": Asked("/v1/editions/1999?lang=ca"),
    "problem unknown": Asked("/v1/editions/2026?lang=fr", "ca"),
    "problem misfit": Asked("/v1/organisations/changes?lang=ca"),
    "openapi": Asked("/v1/openapi.json"),
}


@pytest.fixture(scope="module")
def came(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What a copy of the package answers that has catalogues, and texts of the methodology in Catalan."""
    folder = tmp_path_factory.mktemp("further")
    package = folder / "actitud_api"
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(PACKAGE.parent.parent / "openapi" / "examples", package / "examples", dirs_exist_ok=True)
    found = list(texts())
    for language, translations in CATALOGUES.items():
        catalogue = updated(language, None, template(found))
        for spanish, translation in translations.items():
            catalogue[spanish].string = translation
        (package / "engine" / "i18n" / "catalogues" / f"{language}.po").write_bytes(written(catalogue))
    methodology = package / "engine" / "methodology" / "versions" / "2026.1" / "texts"
    own = json.loads((methodology / "es.json").read_text())
    own["language"], own["groups"]["D1"]["name"] = "ca", "Xarxes tancades"
    (methodology / "ca.json").write_text(json.dumps(own, ensure_ascii=False))
    done = subprocess.run(
        [sys.executable, "-m", "tests.http.asking", sqlite_url(folder)],
        input=msgspec.json.encode(list(ASKED.values())),
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(Path.cwd())])},
        stdout=subprocess.PIPE,
        timeout=120,
        check=True,
    )
    answers = msgspec.json.decode(done.stdout, type=Answers)
    assert answers.package == str(package / "__init__.py")
    return answers


def answer(came: Answers, name: str, status: int = 200) -> Answer:
    given = came.answers[list(ASKED).index(name)]
    assert given.status == status, given
    return given


def value(came: Answers, name: str, status: int = 200) -> Any:
    return json.loads(answer(came, name, status).text)


def test_a_language_is_offered_once_its_catalogue_is_there(came: Answers) -> None:
    assert came.languages == ("es", "en", "ca", "gl", "eu")
    (lang,) = (
        known for known in value(came, "openapi")["components"]["parameters"].values() if known["name"] == "lang"
    )
    assert lang["schema"]["enum"] == ["es", "en", "ca", "gl", "eu"]


def page(came: Answers, name: str, language: str) -> reading.Document:
    given = answer(came, name)
    read = reading.page(given.text)
    assert [root.attrs["lang"] for root in read.query("html")] == [given.language] == [language]
    return read


@pytest.mark.parametrize("name", ["sheet ca", "sheet accepted"])
def test_a_page_says_what_is_translated_and_the_rest_in_spanish(came: Answers, name: str) -> None:
    told = page(came, name, "ca").text
    assert "Les deu dimensions" in told
    assert "nivell 3, Ventanilla" in told
    assert "Edició 2026, a 31 de desembre del 2026; metodología 2026.1; cobertura del 95,5 %" in told
    assert "Identificador" in told
    assert ZAMORA in told
    assert "Xarxes tancades" in told


def test_dates_and_shares_are_written_as_the_language_does(came: Answers) -> None:
    assert "Edición 2026, a 31 de decembro de 2026" in page(came, "sheet gl", "gl").text
    basque = page(came, "sheet eu", "eu").text
    assert "2026 edizioa, 2026(e)ko abenduaren 31(a); metodología 2026.1; cobertura % 95,5" in basque


@pytest.mark.parametrize(
    ("name", "switch", "before"),
    [("first ca", "footer a", "?"), ("sheet ca", ".languages a", "?"), ("asked ca", ".languages a", "?q=z&")],
)
def test_a_page_leads_to_itself_in_every_other_language_and_says_that_something_is_spanish(
    came: Answers, name: str, switch: str, before: str
) -> None:
    read = page(came, name, "ca")
    links = [(link.attrs["href"], link.attrs["hreflang"], link.attrs["lang"], link.text) for link in read.query(switch)]
    assert links == [
        (f"{before}lang=es", "es", "es", "Español"),
        (f"{before}lang=en", "en", "en", "English"),
        (f"{before}lang=gl", "gl", "gl", "Galego"),
        (f"{before}lang=eu", "eu", "eu", "Euskara"),
    ]
    assert "Una part dels textos encara és en espanyol." in read.text


def test_what_is_in_spanish_anyway_does_not_say_so(came: Answers) -> None:
    assert "todavía en español" not in page(came, "sheet es", "es").text
    assert "todavía en español" in page(came, "sheet gl", "gl").text


def test_an_unknown_language_is_as_it_was(came: Answers) -> None:
    assert page(came, "sheet unknown", "es").text == page(came, "sheet es", "es").text
    refused = value(came, "problem unknown", 400)
    (fault,) = refused["errors"]
    assert fault["detail"] == "Ha de ser un d’aquests valors: es, en, ca, gl, eu."


def test_what_other_sites_show_is_in_the_language_of_their_page(came: Answers) -> None:
    badge = answer(came, "badge ca")
    assert badge.language == "ca"
    assert "nivell 3, Ventanilla" in badge.text
    assert "nivell 3, Ventanilla" in value(came, "oembed ca")["title"]


def test_an_explanation_is_translated_and_its_figures_and_ids_are_the_same(came: Answers) -> None:
    catalan, spanish = value(came, "score ca"), value(came, "score es")
    assert answer(came, "score ca").language == "ca"
    assert catalan["dimensions"][0]["name"] == "Xarxes tancades"
    first, same = catalan["main_reasons"][0], spanish["main_reasons"][0]
    assert same["text"].startswith(f"{same['indicator']}") is False
    assert first["text"] == same["text"].replace("pierde", "perd").replace("del índice", "de l’índex").replace(
        "puntos", "punts"
    )
    assert bare(catalan) == bare(spanish)
    assert catalan["index"] == 44.03


TOLD: Final = {"text", "name", "title", "description", "meaning"}


def bare(value: Any) -> Any:
    """An answer without what is told in it."""
    if isinstance(value, dict):
        return {name: bare(member) for name, member in value.items() if name not in TOLD}
    return [bare(member) for member in value] if isinstance(value, list) else value


def test_what_quotes_a_methodology_that_has_no_texts_in_a_language_is_wholly_spanish(came: Answers) -> None:
    assert value(came, "score gl") == value(came, "score es")
    assert answer(came, "score gl").language == "gl"
    galician = value(came, "methodology gl")
    assert galician["texts"]["language"] == "es"
    assert value(came, "methodologies")["items"][0]["languages"] == ["es", "en", "ca"]
    catalan = value(came, "methodology ca")
    assert catalan["texts"]["language"] == "ca"
    assert catalan["texts"]["groups"]["D1"]["name"] == "Xarxes tancades"
    assert catalan["digest"] == galician["digest"]
    assert set(catalan["text_digests"]) == {"es", "en", "ca"}


def test_what_somebody_wrote_in_two_languages_is_spanish_in_a_further_one(came: Answers) -> None:
    assert value(came, "editions ca")["title"] == "Edición 2026"


def test_a_problem_is_told_as_far_as_it_is_translated(came: Answers) -> None:
    problem = value(came, "problem ca", 404)
    assert (problem["title"], problem["detail"]) == ("No existeix", "No hay ninguna edición 1999.")
    assert answer(came, "problem ca", 404).language == "ca"


def test_a_translation_with_places_of_its_own_is_not_used(came: Answers) -> None:
    assert "inventat" not in "".join(given.text for given in came.answers)
