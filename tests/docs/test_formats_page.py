"""The page about formats tells the truth: every column in both languages, every file, every link inside of it."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import get_args

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology, load_newest
from actitud_api.engine.narration.bands import describe_band
from actitud_api.engine.scoring.indicator_result import Code, derive_state
from actitud_api.web.downloads import columns
from actitud_api.web.downloads.formats.tables import TableColumn

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
SUFFIX = ".{format}"
TYPES = {"string": "texto", "integer": "entero", "number": "número", "boolean": "booleano", "date": "fecha"}
SECTIONS = {
    "en": ("## Columns", ("Scores", "Indicators", "Organisations", "Editions", "Methodologies")),
    "es": ("## Columnas", ("Puntuaciones", "Indicadores", "Organizaciones", "Ediciones", "Metodologías")),
}
CODES = {
    "en": ("## Codes", ("Kinds", "Size bands", "Reasons")),
    "es": ("## Códigos", ("Tipos", "Tramos de tamaño", "Motivos")),
}


def tables(language: Language) -> tuple[tuple[TableColumn, ...], ...]:
    methodology = load_methodology("2027.1")
    return (
        columns.list_score_columns(methodology, language),
        columns.list_indicator_columns(methodology, language),
        columns.list_organisation_columns(language),
        columns.list_edition_columns(language),
        columns.list_catalogue_columns(language),
    )


def list_formats(document: bytes) -> dict[str, list[str]]:
    """List the suffixes of each file in an OpenAPI document, by the address without suffix.

    Badges are no files, and the copy of a file that was sent is for who has sent it.
    """
    read = json.loads(document)
    paths, shared = read["paths"], read["components"]["parameters"]
    files = {
        path.removesuffix(SUFFIX): path_item["get"]
        for path, path_item in paths.items()
        if path.endswith(SUFFIX) and path_item["get"]["tags"] != ["embeds"] and "/imports/" not in path
    }
    return {
        path: [f".{suffix}" for suffix in parameter["schema"]["enum"]]
        for path, operation in files.items()
        for listed in operation["parameters"]
        for parameter in [shared[listed["$ref"].rpartition("/")[2]] if "$ref" in listed else listed]
        if parameter["name"] == "format"
    }


@pytest.mark.parametrize("half", [0, 1], ids=["en", "es"])
def test_the_page_has_every_format_of_every_file(client: TestClient[Litestar], half: int) -> None:
    table = PAGE.read_text("utf-8").split("\n## Qué hay\n")[half]
    rows = re.findall(r"^\| `(/[^`]+)` \| .+? \| ([^|]*)\|", table, re.MULTILINE)
    listed = {path: re.findall(r"`(\.\w+)`", formats) for path, formats in rows}
    assert {path: formats for path, formats in listed.items() if formats} == list_formats(
        client.app.state["document"].read()
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_column_is_described_as_it_is(language: Language) -> None:
    heading, names = SECTIONS[language]
    section = PAGE.read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    for name, table in zip(names, tables(language), strict=True):
        listed = section.split(f"\n### {name}\n")[1].split("\n### ")[0]
        rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", listed, re.MULTILINE)
        wanted = [
            (
                column.name,
                (column.kind if language == "en" else TYPES[column.kind])
                + ("" if column.decimals is None else f", {column.decimals}"),
                column.description,
            )
            for column in table
        ]
        assert rows == wanted


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_code_is_explained(language: Language) -> None:
    heading, names = CODES[language]
    section = PAGE.read_text("utf-8").split(f"\n{heading}\n")[1].split("\n## ")[0]
    methodology = load_newest()
    document, texts = methodology.document, methodology.texts[language]

    def list_rows(name: str) -> list[tuple[str, str]]:
        listed = section.split(f"\n### {name}\n")[1].split("\n### ")[0].partition("|---")[2]
        return re.findall(r"^\| `(\w+)` \| `?([^|`]+?)`? \|", listed, re.MULTILINE)

    assert list_rows(names[0]) == [
        (kind.code, texts.organisation_types[kind.code]) for kind in document.organisation_types
    ]
    assert list_rows(names[1]) == [
        (band.code, describe_band(document, band.code, language))
        for bands in document.size_bands.values()
        for band in bands
    ]
    assert list_rows(names[2]) == [(code, derive_state(code)) for code in get_args(Code)]
    assert all(
        f"{number} {level.name}" in section
        for number, level in load_methodology("2027.1").texts[language].levels.items()
    )


def test_two_editions_are_compared_as_the_service_compares_them(
    client: TestClient[Litestar], address: str, tmp_path: Path
) -> None:
    codes = [
        code for code in re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S) if "read(" in code
    ]
    assert len(codes) == 2
    assert codes[0] == codes[1]
    file = tmp_path / "changes.py"
    file.write_text(codes[0].replace("http://127.0.0.1:8000", address), encoding="utf-8")
    changes = runpy.run_path(str(file))["changes"]
    assert "XX-DEMO-00005" in changes
    for organisation in sorted(changes)[:5]:
        compared = client.get(f"/v1/editions/2026-demo/scores/{organisation}/changes?from=2025-demo").json()
        assert compared["parts"]["total"] == changes[organisation], organisation


def test_names_of_columns_are_ids() -> None:
    spanish, english = tables("es"), tables("en")
    for one, other in zip(spanish, english, strict=True):
        names = [column.name for column in one]
        assert names == [column.name for column in other]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_every_file_of_the_page_is_there(client: TestClient[Litestar]) -> None:
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `(/[^`]+)` \| .+? \| ([^|]*)\|", text, re.MULTILINE)
    assert len(rows) == 16
    for path, formats in rows:
        named = path.format(edition="latest", version="2027.1", organisation="XX-DEMO-00001")
        for suffix in re.findall(r"`(\.\w+)`", formats) or [""]:
            assert client.head(named + suffix).status_code == 200, named + suffix
