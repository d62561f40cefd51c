"""Tables read by programs that are not ours: the same figures as the JSON, to the digit, and every text as it is."""

from __future__ import annotations

import csv
import io
import json
import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import openpyxl
import polars
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from openpyxl.cell import Cell
from python_calamine import CalamineWorkbook

from actitud_api.web.downloads.edition_files import TableFile
from actitud_api.web.downloads.formats.delimited import Dialect, encode_csv
from actitud_api.web.downloads.formats.tables import TableColumn
from tests.support.figures import FigureRecorder
from tests.web.downloads.hostile import FORMULAS, HOSTILE
from tests.web.downloads.test_formulas import STARTS, find_formulas

Client = TestClient[Litestar]
Table = Sequence[Mapping[str, Any]]

SCORES = "/v1/editions/2026/scores"
INDICATORS = "/v1/editions/2026/indicators"
DIALECTS: tuple[tuple[Dialect, str], ...] = (("rfc4180", ","), ("excel-es", ";"))
NUMBERS = {"population", "rank", "index", "index_max", "coverage", "level", *(f"d{number}" for number in range(1, 11))}
OF_INDICATORS = {"value", "score", "weight", "possible", "won", "lost"}


def read_csv(raw: bytes) -> Table:
    """The rows, each text as the page about formats says that a program gets it."""
    rows = csv.DictReader(io.StringIO(raw.decode(), newline=""), strict=True)
    return [{name: unguard(cell) for name, cell in row.items()} for row in rows]


def unguard(cell: str) -> str:
    return re.sub(r"(^|[,;\t\r\n])'", r"\1", cell)


def read_polars(raw: bytes, fields: Mapping[str, str]) -> Table:
    """What polars reads with the types that the Data Package states: guessing them loses the 0 of the codes of INE."""
    types = {name: TYPES[kind] for name, kind in fields.items()}
    return polars.read_csv(raw, schema_overrides=types, infer_schema_length=None).to_dicts()


def read_lines(raw: bytes) -> Table:
    assert raw.endswith(b"\n") or not raw
    return [json.loads(line) for line in raw.splitlines()]


def read_openpyxl(raw: bytes) -> Table:
    sheet = openpyxl.load_workbook(io.BytesIO(raw)).worksheets[0]
    names, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


def read_calamine(raw: bytes) -> Table:
    names, *rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, names), row, strict=True)) for row in rows]


TYPES = {
    "string": polars.String,
    "integer": polars.Int64,
    "number": polars.Float64,
    "boolean": polars.Boolean,
    "date": polars.Date,
}
READERS: Mapping[str, tuple[str, Callable[[bytes], Table]]] = {
    "csv": ("csv", read_csv),
    "polars": ("csv", lambda raw: read_polars(raw, {})),
    "json": ("jsonl", read_lines),
    "openpyxl": ("xlsx", read_openpyxl),
    "calamine": ("xlsx", read_calamine),
}
by_every_reader = pytest.mark.parametrize("reader", READERS)


def table(site: Client, path: str, reader: str, query: str = "") -> Table:
    suffix, read = READERS[reader]
    response = site.get(f"{path}.{suffix}{query}")
    assert response.status_code == 200, response.text
    if reader == "polars" and path in (SCORES, INDICATORS):
        descriptor = site.get("/v1/editions/2026/datapackage.json").json()
        (found,) = [one for one in descriptor["resources"] if path.endswith(one["name"])]
        return read_polars(response.content, {one["name"]: one["type"] for one in found["schema"]["fields"]})
    return read(response.content)


def number(cell: Any) -> Decimal | None:
    """What a cell says as a number, exactly; None of an empty one."""
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    return Decimal(cell if isinstance(cell, str) else repr(cell))


def text(cell: Any) -> str | None:
    return None if cell in (None, "") else str(cell)


def truth(cell: Any) -> bool:
    return cell in (True, "true")


def expected_scores(site: Client) -> Table:
    return [
        {**row, **{name.lower(): points for name, points in row["dimensions"].items()}}
        for row in site.get(SCORES).json()["items"]
    ]


@by_every_reader
def test_scores_are_those_of_the_json_to_the_digit(site: Client, reader: str) -> None:
    rows = table(site, SCORES, reader)
    wanted = expected_scores(site)
    assert len(rows) == len(wanted) == 3
    for row, line in zip(rows, wanted, strict=True):
        assert {name: number(row[name]) for name in NUMBERS} == {name: number(line[name]) for name in NUMBERS}
        for name in (
            "organisation",
            "organisation_name",
            "kind",
            "region",
            "province",
            "band",
            "status",
            "methodology",
        ):
            assert text(row[name]) == line[name], name
        assert truth(row["simulated"]) is line["simulated"]
        assert str(row["edition"]) == "2026"
        assert str(row["period_to"])[:10] == "2026-12-31"
    # The worked examples A and B of the catalogue, and an organisation that answers nothing.
    assert [number(row["index"]) for row in rows] == [Decimal("44.03"), Decimal("16.51"), Decimal("0.75")]
    assert [number(row["rank"]) for row in rows] == [1, 2, None]


@by_every_reader
def test_what_is_not_asked_of_a_village_is_empty_and_not_0(client: Client, reader: str) -> None:
    # Below 1,000 people served nothing of D1 is asked; this one got no message either, so that D9 is not rated.
    scores = {row["organisation"]: row for row in table(client, "/v1/editions/2026-demo/scores", reader)}
    village, town = scores["XX-DEMO-06143"], scores["XX-DEMO-00064"]
    assert {name for name in NUMBERS if number(village[name]) is None} == {"d1", "d9"}
    assert not {name for name in NUMBERS if number(town[name]) is None}
    indicators = [
        row
        for row in table(client, "/v1/editions/2026-demo/indicators", reader, "?province=41")
        if row["organisation"] == "XX-DEMO-06143" and row["dimension"] == "D1"
    ]
    assert [row["indicator"] for row in indicators] == ["D1.07", "D1.03", "D1.08", "D1.06"]
    assert {(row["state"], number(row["score"])) for row in indicators} == {("not_applicable", None)}


@by_every_reader
def test_indicators_are_those_of_the_explained_score(site: Client, reader: str) -> None:
    rows = table(site, INDICATORS, reader)
    wanted = []
    for organisation in ("XX-T-1", "XX-T-2", "XX-T-3"):
        sheet = site.get(f"{SCORES}/{organisation}").json()
        wanted += [
            (organisation, dimension["id"], indicator)
            for dimension in sheet["dimensions"]
            for indicator in dimension["indicators"]
        ]
    assert len(rows) == len(wanted) == 3 * 69
    for row, (organisation, dimension, indicator) in zip(rows, wanted, strict=True):
        told = {name: number(row[name]) for name in OF_INDICATORS}
        value = indicator["value"]
        said = {**indicator, "value": int(value) if isinstance(value, bool) else value}
        assert told == {name: number(said[name]) for name in OF_INDICATORS}, indicator["id"]
        assert (row["organisation"], row["dimension"], row["indicator"]) == (organisation, dimension, indicator["id"])
        assert (row["state"], row["reason"]) == (indicator["state"], indicator["reason"]["code"])


@pytest.mark.parametrize("reader", ["csv", "json", "openpyxl", "calamine"])
def test_hostile_names_come_out_as_they_are(site: Client, reader: str) -> None:
    rows = table(site, "/v1/organisations", reader, "?region=09")
    named = {row["organisation"]: row["name"] for row in rows}
    assert [named[f"XX-T-H{place:03}"] for place in range(len(HOSTILE))] == list(HOSTILE)
    assert {row["domains"] for row in rows if "-H" in row["organisation"]} == {"a.example b.example"}


def test_no_text_becomes_a_formula_or_a_link_in_a_workbook(site: Client) -> None:
    raw = site.get("/v1/organisations.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(raw))
    assert book.sheetnames == ["organisations", "metadata"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b", "d", "inlineStr"}
    assert not [cell for cell in cells if cell.hyperlink]
    assert {cell.value for cell in cells} >= set(FORMULAS)


def test_cells_of_a_workbook_are_typed_and_show_all_decimals(site: Client) -> None:
    book = openpyxl.load_workbook(io.BytesIO(site.get(f"{SCORES}.xlsx?lang=es").content))
    sheet, notes = book.worksheets
    assert (sheet.title, notes.title) == ("scores", "metadatos")
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:AE4")
    names = [cell.value for cell in sheet[1]]
    first = {name: cell for name, cell in zip(names, sheet[2], strict=True) if isinstance(cell, Cell)}
    assert (first["index"].data_type, first["index"].number_format) == ("n", "0.00")
    assert (first["coverage"].number_format, first["rank"].number_format) == ("0.0000", "0")
    assert (first["region"].data_type, first["region"].value) == ("s", "07")
    assert first["period_to"].is_date
    assert (first["simulated"].data_type, first["simulated"].value) == ("b", False)
    told = {row[0]: row[1:] for row in notes.iter_rows(values_only=True)}
    assert told["license"][0] == "Creative Commons Attribution 4.0, https://creativecommons.org/licenses/by/4.0/"
    assert told["publisher"][0] == "Diputación de Ejemplo"
    assert told["title"][0] == "Edición 2026"
    (publication,) = site.get("/v1/editions/2026/publications").json()["items"]
    assert told["published"][0] == publication["published"]
    assert told["d1"][0] == "Acceso interno y participación de la plantilla"
    assert set(names) <= told.keys()


def test_csv_is_as_rfc_4180_has_it(site: Client) -> None:
    response = site.get(f"{SCORES}.csv")
    raw = response.content
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert raw.count(b"\r\n") == raw.count(b"\n") == 4
    assert raw.endswith(b"\r\n")
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b'"La ""Nada"""' in raw
    assert b",44.03,44.03,1.0000,complete,3,38.75," in raw
    assert b",,0.75,99.25,0.0150,insufficient_evidence,," in raw


def test_the_spanish_dialect_opens_in_excel_and_harms_nobody(site: Client) -> None:
    raw = site.get(f"{SCORES}.csv?dialect=excel-es").content
    assert raw.startswith(b"\xef\xbb\xbfedition;period_to;")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [row["index"] for row in rows] == ["44,03", "16,51", "0,75"]
    assert {row["simulated"] for row in rows} == {"FALSO"}


@pytest.mark.parametrize(("dialect", "delimiter"), DIALECTS)
def test_no_text_becomes_a_formula_in_a_spreadsheet(site: Client, dialect: Dialect, delimiter: str) -> None:
    names = site.get(f"/v1/organisations.csv?dialect={dialect}&region=09").content.decode("utf-8-sig")
    told = [row["name"] for row in csv.DictReader(io.StringIO(names, newline=""), delimiter=delimiter)]
    assert [name for name in told if name.startswith(tuple("=+-@"))] == []
    assert {f"'{formula}" for formula in FORMULAS if ";" not in formula} <= set(told)
    assert {unguard(name) for name in told} >= set(FORMULAS)


def generate_texts(count: int) -> list[str]:
    """Texts of the characters that matter, in any order, the same in every run."""
    chance = random.Random(14)
    pieces = (*STARTS, "'", '"', ",", ";", "\t", "\r", "\n")
    more = (" ", "x", "1", "cmd|' /C calc'!A0", 'HYPERLINK("http://evil.example")', "Á")
    return ["".join(chance.choices((*pieces, *more), k=chance.randint(0, 8))) for _ in range(count)]


@pytest.mark.parametrize(("dialect", "delimiter"), DIALECTS)
def test_no_generated_text_becomes_a_formula_and_each_comes_back(
    dialect: Dialect, delimiter: str, figure: FigureRecorder
) -> None:
    """Wherever the file is opened: a spreadsheet of another country splits at another character."""
    texts = generate_texts(2_000)
    columns = [TableColumn(name=name, kind="string", title="", description="") for name in ("id", "text", "last")]
    rows = [(f"XX-{number}", text, text) for number, text in enumerate(texts)]
    raw = b"".join(encode_csv(columns, [rows], dialect)).decode("utf-8-sig")
    bare = io.StringIO(newline="")
    csv.writer(bare, delimiter=delimiter).writerows(rows)
    own = list(csv.reader(io.StringIO(raw, newline=""), delimiter=delimiter))
    assert [unguard(row[1]) for row in own[1:]] == [unguard(row[2]) for row in own[1:]] == texts
    assert split_formulas(raw) == []
    without = len(split_formulas(bare.getvalue()))
    assert without > 1_000
    figure(
        "S14",
        f"generated texts in CSV ({dialect}), read with three separators, of which one that begins a formula or does "
        "not come back fails",
        tried=len(texts),
        failed=0,
        control=f"without the guard {without:,} cells begin a formula",
    )


def split_formulas(raw: str) -> list[object]:
    """The cells that a spreadsheet takes for formulas, whichever separator it splits at."""
    split = (csv.reader(io.StringIO(raw, newline=""), delimiter=separator) for separator in ",;\t")
    return [cell for rows in split for cell in find_formulas(list(rows))]


def test_our_own_codes_and_figures_are_never_guarded() -> None:
    column = TableColumn(name="gain", kind="number", title="", description="", decimals=2)
    assert b"".join(encode_csv([column], [[(-1.5,)]], "excel-es")) == b"\xef\xbb\xbfgain\r\n-1,50\r\n"
    assert b"".join(encode_csv([column], [[(-1.5,)]])) == b"gain\r\n-1.50\r\n"
    whole = TableColumn(name="change", kind="integer", title="", description="")
    assert b"".join(encode_csv([whole], [[(-3,), (None,)]])) == b'change\r\n-3\r\n""\r\n'


@pytest.mark.parametrize(
    ("value", "written"), [(1e-06, "0.000001"), (1e22, "1" + "0" * 22), (0.1, "0.1"), (-0.5, "-0.5")]
)
def test_a_raw_number_has_no_exponent(value: float, written: str) -> None:
    column = TableColumn(name="value", kind="number", title="", description="")
    assert b"".join(encode_csv([column], [[(value,)]])).decode() == f"value\r\n{written}\r\n"
    spanish = b"".join(encode_csv([column], [[(value,)]], "excel-es")).decode("utf-8-sig")
    assert spanish == f"value\r\n{written.replace('.', ',')}\r\n"


@by_every_reader
def test_editions_and_methodologies_are_tables_too(site: Client, reader: str) -> None:
    rows = table(site, "/v1/editions", reader, "?lang=es")
    assert [(str(row["edition"]), row["title"], row["state"]) for row in rows] == [
        ("2027", "Edición 2027", "in_review"),
        ("2026", "Edición 2026", "published"),
    ]
    indicators = table(site, "/v1/methodologies/2026.1/indicators", reader, "?lang=es")
    assert len(indicators) == 69
    first = indicators[0]
    assert (first["indicator"], first["dimension"], first["goalposts"]) == ("D1.01", "D1", "0:0 1:100")
    assert first["name"] == "Plantilla con acceso a redes desde el puesto"
    assert number(first["weight"]) == 25


@pytest.mark.both_databases
def test_filters_order_and_parts_are_those_of_the_list(site: Client) -> None:
    def ids(query: str) -> list[str]:
        return [row["organisation"] for row in table(site, SCORES, "csv", query)]

    assert ids("?sort=-organisation") == ["XX-T-3", "XX-T-2", "XX-T-1"]
    assert ids("?kind=MIN") == ["XX-T-2"]
    assert ids("?offset=1&limit=1") == ["XX-T-2"]
    assert ids("?limit=2") == ["XX-T-1", "XX-T-2"]
    assert ids("?offset=3") == []
    assert ids("?level=3") == ["XX-T-1"]
    assert ids("?status=insufficient_evidence") == ["XX-T-3"]
    assert ids("?organisation=XX-T-3,XX-T-1&sort=organisation_name") == ["XX-T-1", "XX-T-3"]
    assert {row["organisation"] for row in table(site, INDICATORS, "csv", "?kind=UNI")} == {"XX-T-3"}


@pytest.mark.parametrize("reader", ["csv", "json", "openpyxl"])
@pytest.mark.parametrize("fields", ["organisation,index,d1", "d1,index,organisation", "index,d1,organisation,index"])
def test_a_file_has_the_columns_that_are_asked_for_in_their_order(site: Client, reader: str, fields: str) -> None:
    chosen = table(site, SCORES, reader, f"?fields={fields}&sort=-organisation")
    names = ["organisation", "index", "d1"]
    whole = table(site, SCORES, reader, "?sort=-organisation")
    assert [list(row.items()) for row in chosen] == [[(name, row[name]) for name in names] for row in whole]
    assert [row["organisation"] for row in chosen] == ["XX-T-3", "XX-T-2", "XX-T-1"]


@pytest.mark.parametrize(
    "path",
    [SCORES, INDICATORS, "/v1/organisations", "/v1/editions", "/v1/methodologies/2026.1/indicators"],
)
def test_each_column_of_a_file_can_be_asked_for(site: Client, path: str) -> None:
    whole = site.get(f"{path}.csv")
    rows = table(site, path, "csv")
    names = list(rows[0])
    for name in names:
        assert table(site, path, "csv", f"?fields={name}") == [{name: row[name]} for row in rows]
    every = site.get(f"{path}.csv?fields={','.join(names)}")
    assert every.content == whole.content
    (fault,) = site.get(f"{path}.csv?fields=nothing").json()["errors"]
    assert fault["allowed"] == names


def test_columns_that_do_not_exist_are_refused_all_at_once(site: Client) -> None:
    response = site.get(f"{SCORES}.csv?fields=indx,index,,D1&limit=0")
    assert response.status_code == 400
    faults = {fault["pointer"]: fault for fault in response.json()["errors"]}
    assert list(faults) == ["fields/0", "fields/2", "fields/3", "limit"]
    assert [faults[f"fields/{place}"]["suggestion"] for place in (0, 2, 3)] == ["index", None, "d1"]
    assert {faults[f"fields/{place}"]["rule"] for place in (0, 2, 3)} == {"enum"}


def test_columns_may_be_parameters_of_their_own(site: Client) -> None:
    commas = site.get(f"{SCORES}.jsonl?fields=organisation,index")
    assert site.get(f"{SCORES}.jsonl?fields=index&fields=organisation").content == commas.content
    (fault,) = site.get(f"{SCORES}.jsonl?sort=rank&sort=rank").json()["errors"]
    assert fault["rule"] == "duplicate"


def test_columns_are_chosen_where_accept_chooses_the_format(site: Client) -> None:
    response = site.get(f"{SCORES}?fields=organisation", headers={"Accept": "application/jsonl"})
    assert response.content.splitlines()[0] == b'{"organisation":"XX-T-1"}'
    assert response.headers["content-location"] == f"{SCORES}.jsonl?fields=organisation"
    whole = site.get(SCORES, headers={"Accept": "application/jsonl"})
    assert response.headers["etag"] != whole.headers["etag"]
    # The schema of JSON requires every member.
    (fault,) = site.get(f"{SCORES}?fields=organisation").json()["errors"]
    assert (fault["pointer"], fault["rule"]) == ("fields", "additionalProperties")


def test_a_cube_has_every_measure(site: Client) -> None:
    whole, chosen = (site.get(f"{SCORES}.jsonstat{query}").json() for query in ("", "?fields=index"))
    assert chosen["value"] == whole["value"]


@pytest.mark.both_databases
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_end_to_end_are_the_whole(site: Client, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = site.get(f"{SCORES}.jsonl").content
    monkeypatch.setattr("actitud_api.web.downloads.service.PAGE", size)
    assert site.get(f"{SCORES}.jsonl").content == whole
    lines = whole.splitlines(keepends=True)
    assert site.get(f"{SCORES}.jsonl?limit=2").content == b"".join(lines[:2])
    assert site.get(f"{SCORES}.jsonl?offset=1").content == b"".join(lines[1:])


def test_a_table_in_an_unknown_format_is_not_written_as_a_workbook() -> None:
    with pytest.raises(ValueError, match="not written as parquet"):
        TableFile(suffix="parquet", sheet="x", columns=()).encode([])
