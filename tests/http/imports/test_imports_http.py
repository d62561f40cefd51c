"""Imports over HTTP: many organisations from one file, all or nothing for each of them; both databases."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import httpx
import openpyxl
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.resources.imports import routes
from actitud_api.resources.organisations import service as organisations
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.assessing import DOMAIN, body_a
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.importing import (
    CSV,
    EDITION,
    JSON_LINES,
    NEW,
    TITLES,
    VERSION,
    XLSX,
    encode,
    lines,
    list_rows,
    name,
    register,
    tidy,
    wide,
)
from tests.support.keys import sign_in

pytestmark = pytest.mark.serving
IMPORTS = f"/v1/editions/{EDITION}/imports"
ASSESSMENTS = f"/v1/editions/{EDITION}/assessments"
Client = TestClient[Litestar]
Job = dict[str, Any]


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    """A client with the key of an administrator; an edition is open, and there are eight organisations."""
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        opened.headers.update(sign_in(opened))
        assert opened.post("/v1/editions", json=NEW).status_code == 201
        register(database(opened), 8)
        yield opened


def database(client: Client) -> Database:
    found: Database = client.app.state["database"]
    return found


def send(
    client: Client,
    content: bytes,
    kind: str = CSV,
    *,
    holder: Mapping[str, str] | None = None,
    dry_run: bool = False,
    all_or_nothing: bool = False,
) -> httpx.Response:
    headers = {"Content-Type": kind, **(holder or {})}
    query = {"dry_run": str(dry_run).lower(), "all_or_nothing": str(all_or_nothing).lower()}
    return client.post(IMPORTS, content=content, params=query, headers=headers)


def do(client: Client, content: bytes, kind: str = CSV, **options: Any) -> Job:
    """Send a file with the options of `send`, let its job be done, and return the job."""
    answer = send(client, content, kind, **options)
    assert answer.status_code == 202, answer.text
    runner: JobRunner = client.app.state["jobs"]
    runner.run_due()
    return read_body(client.get(answer.headers["location"]))


def refused(client: Client, job: Job) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/v1/jobs/{job['id']}/items?outcome=refused").json()["items"]
    return items


def faults(client: Client, job: Job) -> list[tuple[Any, ...]]:
    """Where each fault is, and which rule is broken."""
    return [
        (fault["sheet"], fault["row"], fault["column"], fault["rule"])
        for item in refused(client, job)
        for fault in item["detail"]["faults"]
    ]


def written(client: Client) -> list[str]:
    """The assessments that the ledger says were written by imports."""
    with database(client).read() as session:
        return [
            one.opening.subject
            for one in ledger.iterate_entries(session)
            if one.opening is not None and one.opening.owner is not None
        ]


FORMS: dict[str, tuple[Callable[[Sequence[str]], bytes], str]] = {
    "tidy": (tidy, CSV),
    "wide": (wide, CSV),
    "spanish": (lambda ids: b"\xef\xbb\xbf" + wide(ids, delimiter=";"), CSV),
    "lines": (lines, JSON_LINES),
}


@pytest.mark.both_databases
def test_an_import_writes_what_a_put_of_each_assessment_would(client: Client) -> None:
    ids = [name(number) for number in (1, 2)]
    job = do(client, tidy(ids))
    assert (job["state"], job["outcomes"], job["edition"]) == ("succeeded", {"created": 2}, EDITION)
    assert job["done"] == job["total"] == job["result"]["rows"]
    put = client.put(f"{ASSESSMENTS}/{name(3)}", json=body_a(VERSION), headers={"If-None-Match": "*"})
    assert put.status_code == 201
    own = ("organisation", "organisation_name", "created", "updated")
    for one in ids:
        imported = client.get(f"{ASSESSMENTS}/{one}").json()
        assert {k: v for k, v in imported.items() if k not in own} == {
            k: v for k, v in put.json().items() if k not in own
        }
    with database(client).read() as session:
        entries = [one for one in ledger.iterate_entries(session) if one.opening is not None and one.opening.owner]
    assert [one.opening.subject for one in entries if one.opening] == [
        f"{ASSESSMENTS}/{one}" for one in (*ids, name(3))
    ]
    imported, by_put = (json.loads(entry.entry.record) for entry in (entries[0], entries[-1]))
    assert imported["action"] == "editions.imports.create"
    assert imported["actor"]["key"] == by_put["actor"]["key"]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_says_the_same(client: Client, form: str) -> None:
    write, kind = FORMS[form]
    expected = client.put(f"{ASSESSMENTS}/{name(1)}", json=body_a(VERSION), headers={"If-None-Match": "*"}).json()
    job = do(client, write([name(1), name(2)]), kind)
    assert job["outcomes"] == {"created": 1, "unchanged": 1}, refused(client, job)
    found = client.get(f"{ASSESSMENTS}/{name(2)}").json()
    assert [found[member] for member in ("profile", "answers", "index")] == [
        expected[member] for member in ("profile", "answers", "index")
    ]


@pytest.mark.both_databases
def test_the_same_file_twice_changes_nothing(client: Client) -> None:
    content = tidy([name(1), name(2)])
    do(client, content)
    tags, entries = [client.get(f"{ASSESSMENTS}/{name(number)}").headers["etag"] for number in (1, 2)], written(client)
    again = do(client, content)
    assert again["outcomes"] == {"unchanged": 2}
    assert [client.get(f"{ASSESSMENTS}/{name(number)}").headers["etag"] for number in (1, 2)] == tags
    assert written(client) == entries


@pytest.mark.both_databases
def test_rows_that_look_empty_are_skipped(client: Client) -> None:
    blank = b" , ,,\n,,, \n"
    assert do(client, tidy([name(1)]) + blank + blank)["outcomes"] == {"created": 1}


def test_one_bad_organisation_keeps_no_other_out_unless_that_is_asked_for(client: Client) -> None:
    rows = [row for number in range(1, 5) for row in list_rows(name(number))]
    rows[3][3] = "muchas"
    content = encode(rows)
    for mode, outcomes in (
        ("dry_run", {"created": 3, "refused": 1}),
        ("all_or_nothing", {"refused": 1, "withheld": 3}),
    ):
        job = do(client, content, dry_run=mode == "dry_run", all_or_nothing=mode == "all_or_nothing")
        assert (job["outcomes"], written(client)) == (outcomes, [])
    job = do(client, content)
    assert job["outcomes"] == {"created": 3, "refused": 1}
    (item,) = refused(client, job)
    (fault,) = item["detail"]["faults"]
    assert item["subject"] == name(1)
    assert {name: fault[name] for name in ("row", "column", "rule", "value", "sheet")} == {
        "row": 5,
        "column": "value",
        "rule": "type",
        "value": '"muchas"',
        "sheet": None,
    }
    assert set(fault["detail"]) == {"es", "en"}
    assert client.get(f"{ASSESSMENTS}/{name(1)}").status_code == 404
    whole = do(client, tidy([name(5), name(6)]), all_or_nothing=True)
    assert whole["outcomes"] == {"created": 2}
    assert len(written(client)) == 5


def test_the_annotated_copy_is_the_file_with_its_faults_and_can_be_sent_again(client: Client) -> None:
    rows = [row for number in (1, 2) for row in list_rows(name(number))]
    rows[0][3] = "VILLAGE"
    job = do(client, encode(rows))
    path = job["result"]["annotated"]
    answer = client.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    found = answer.content.decode("utf-8-sig").splitlines()
    assert found[0] == ",".join((*TITLES, "faults"))
    assert found[1].startswith(",".join(rows[0]))
    assert "MUN" in found[1]
    assert [line for line in found[2:] if not line.endswith(",")] == []
    assert faults(client, do(client, answer.content)) == [(None, 2, "value", "enum")]
    assert client.get(path.replace(".csv", ".xlsx")).status_code == 404
    other = sign_in(client, "registrar")
    assert client.get(path, headers=other).status_code == 404
    line = lines([name(3)]).replace(b'"units": 12', b'"units": "x"')
    copy = client.get(do(client, line, JSON_LINES)["result"]["annotated"]).json()
    assert (copy["organisation"], copy["faults"]) == (name(3), ["/profile/units: It must be an integer."])


def test_a_line_that_cannot_be_read_is_named_and_the_others_go_in(client: Client) -> None:
    nested = b'{"organisation":"' + name(2).encode() + b'","answers":' + 100_000 * b"[" + b"\n"
    job = do(client, nested + b"{,}\n" + lines([name(3)]), JSON_LINES)
    assert job["outcomes"] == {"refused": 2, "created": 1}
    assert faults(client, job) == [(None, 1, None, "depth"), (None, 2, None, "syntax")]
    copies = client.get(job["result"]["annotated"]).text.splitlines()
    assert [list(json.loads(copy)) for copy in copies[:2]] == [["line", "faults"], ["line", "faults"]]


def count_files(client: Client) -> list[int]:
    """Return the numbers of files and of their pieces."""
    with database(client).read() as session:
        connection = session.connection()
        return [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
            for table in ("import_file", "import_piece")
        ]


def test_a_file_without_faults_leaves_nothing_behind(client: Client) -> None:
    job = do(client, tidy([name(1)]))
    assert job["result"]["annotated"] is None
    assert count_files(client) == [0, 0]


def test_an_import_that_is_cancelled_before_it_begins_leaves_nothing_behind(client: Client) -> None:
    path = send(client, tidy([name(1)])).headers["location"]
    assert count_files(client) == [1, 1]
    assert client.post(f"{path}/cancellations").json()["state"] == "cancelled"
    assert count_files(client) == [0, 0]


@pytest.mark.both_databases
def test_a_job_whose_request_fails_after_its_commit_keeps_its_file(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one whose connection to the database breaks before it is told of the commit."""

    def fail(*arguments: Any) -> NoReturn:
        idempotent(*arguments)
        raise Unavailable("the connection is lost")

    monkeypatch.setattr(routes, "idempotent", fail)
    assert send(client, tidy([name(1)])).status_code == 503
    assert count_files(client) == [1, 1]
    runner: JobRunner = client.app.state["jobs"]
    assert runner.run_due() == 1
    (job,) = client.get("/v1/jobs").json()["items"]
    assert (job["state"], job["outcomes"]) == ("succeeded", {"created": 1})
    assert count_files(client) == [0, 0]


# --- who ------------------------------------------------------------------------------------------------------


def test_a_key_of_organisations_imports_these_and_no_other(client: Client) -> None:
    holder = sign_in(client, "organisation_editor", name(1), name(2))
    job = do(client, tidy([name(1), name(3)]), holder=holder)
    assert job["outcomes"] == {"created": 1, "refused": 1}
    assert [item["subject"] for item in refused(client, job)] == [name(3)]
    assert do(client, tidy([name(3)]), holder=sign_in(client, "registrar"))["outcomes"] == {"created": 1}


def test_a_template_has_the_organisations_of_the_key_and_what_it_may_read(client: Client) -> None:
    do(client, tidy([name(1), name(3)]))
    own = client.get(f"{IMPORTS}/template.xlsx", headers=sign_in(client, "organisation_editor", name(1), name(2)))
    assert own.headers["content-type"] == XLSX
    cells = [[cell.value for cell in row[:5]] for row in sheet(own.content, "Profile").iter_rows(min_row=5)]
    assert [row[0] for row in cells] == [name(1), name(2)]
    assert [row[4] for row in cells] == [42000, None]
    registrar = client.get(f"{IMPORTS}/template.xlsx", headers=sign_in(client, "registrar"))
    cells = [[cell.value for cell in row[:5]] for row in sheet(registrar.content, "Profile").iter_rows(min_row=5)]
    assert [row[0] for row in cells] == [name(number) for number in range(1, 9)]
    assert {row[4] for row in cells} == {None}


def sheet(content: bytes, title: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content))[title]


# --- an assessment that is not as it was ----------------------------------------------------------------------


def test_rows_written_for_another_revision_are_refused(client: Client) -> None:
    do(client, tidy([name(1)]))
    tag = client.get(f"{ASSESSMENTS}/{name(1)}").headers["etag"]
    changed = body_a(VERSION)
    changed["profile"]["units"] = 13

    def rows(body: dict[str, Any], revision: str) -> bytes:
        return encode([[*row[:-1], revision] for row in list_rows(name(1), body)])

    assert do(client, rows(changed, "none"))["outcomes"] == {"refused": 1}
    assert do(client, rows(changed, tag))["outcomes"] == {"replaced": 1}
    changed["profile"]["units"] = 14
    job = do(client, rows(changed, tag))
    assert faults(client, job) == [(None, 2, None, "revision")]
    # What is stored already needs no leave.
    changed["profile"]["units"] = 13
    assert do(client, rows(changed, tag))["outcomes"] == {"unchanged": 1}


def test_an_assessment_that_its_organisation_may_not_write_is_refused(client: Client) -> None:
    do(client, tidy([name(1), name(2)]))
    path = f"{ASSESSMENTS}/{name(1)}"
    tag = client.get(path).headers["etag"]
    assert client.post(f"{path}/submissions", json={}, headers={"If-Match": tag}).status_code == 201
    changed = body_a(VERSION)
    changed["profile"]["units"] = 13
    job = do(client, tidy([name(1), name(2)], changed))
    assert job["outcomes"] == {"refused": 1, "replaced": 1}
    assert faults(client, job) == [(None, 2, "organisation", "state")]


# --- bad input ------------------------------------------------------------------------------------------------


def test_a_file_that_is_none_is_refused_at_once_with_its_place(client: Client) -> None:
    row = next(list_rows(name(1)))
    for content, pointer, rule in (
        (encode([row]).replace(b"MUN", b"MU\xd1"), "2", "encoding"),
        (encode([row]).decode().encode("utf-16"), "1", "encoding"),
        (b"", "1:organisation", "required"),
        (encode([]), "1", "empty"),
        (b"organisation;D1.07.numerador\r\nX;1\r\n", "1:D1.07.numerador", "column"),
        (b"organisation,D1.07\r\nX,1\r\n", "1:D1.07", "column"),
        (b"organisation,organisation\r\nX,1\r\n", "1:organisation", "duplicate"),
    ):
        found = problem(send(client, content), 409, "conflict")
        assert (found["errors"][0]["pointer"], found["errors"][0]["rule"]) == (pointer, rule), content[:40]
    assert send(client, b"%PDF", "application/pdf").status_code == 415
    assert client.get("/v1/jobs").json()["items"] == []


def test_a_file_that_breaks_off_is_not_imported_at_all(client: Client) -> None:
    misspelt = tidy([name(1), name(2)]).replace(b"D1.07,numerator,", b"D1.O7,numerator,")
    job = do(client, misspelt + b'XX-DEMO-00002,,units,"12\r\n')
    assert job["state"] == "failed"
    assert {"csv", "enum"} <= {error["rule"] for error in job["problem"]["errors"]}
    assert client.get(f"{ASSESSMENTS}?total=true").json()["total"] == 0


def test_a_structural_fault_of_a_tidy_file_hides_no_other(client: Client) -> None:
    rows = list(list_rows(name(1)))
    where = {(row[1], row[2]): number for number, row in enumerate(rows)}
    rows[where["D1.07", "numerator"]][3] = "341"
    rows[where["D2.02", "components"]][3] = "c99"
    unknown, contradiction = where["D2.02", "components"] + 2, where["D1.07", "numerator"] + 2
    planted = {(unknown, "value", "enum"), (contradiction, None, "V01.D1.07")}
    # A row that is too short, an organisation and a column that nobody knows.
    short = do(client, encode([*rows, [name(1), "D1.07"]]))
    assert planted | {(len(rows) + 2, None, "cells")} == {fault[1:] for fault in faults(client, short)}
    strange = do(client, encode([["XX-NOBODY", *row[1:3], "=1", *row[4:]] for row in rows[contradiction - 2 :][:1]]))
    assert [rule for *_, rule in faults(client, strange)] == ["organisation", "formula"]
    titles = [*TITLES[:-1], "revisions"]
    found = problem(send(client, encode(rows, titles)), 409, "conflict")["errors"]
    assert [(fault["pointer"], fault["rule"]) for fault in found] == [
        ("1:revisions", "column"),
        (f"{unknown}:value", "enum"),
    ]


def test_every_fault_of_a_tidy_file_is_at_its_cell(client: Client) -> None:
    rows = list(list_rows(name(1)))
    where = {(row[1], row[2]): number for number, row in enumerate(rows)}
    first, second = where["D1.07", "numerator"], where["D1.07", "denominator"]
    rows[first][3] = "=1+1"
    rows[second][4:6] = ["http://ayto.example/x", "31/02/2026"]
    rows[where["", "units"]][3] = ""
    rows[where["", "services"]][3] = "3,5"
    rows[where["", "employees"]][2] = "employes"
    rows.append([name(1), "D1.07", "numerator", "3", "", "", "", ""])
    rows.append([name(1), "D9.99", "numerator", "3", "", "", "", ""])
    rows.append([name(1), "", "previous_level", "3", "", "", "", ""])
    rows.append([name(1), "D1.07", "", "", "", "", "DNI 12345678Z", ""])
    rows.append([name(1), "D1.07"])
    last = len(rows) + 1
    job = do(client, encode(rows))
    expected = {
        (first + 2, "value", "formula"),
        (second + 2, "evidence_date", "format"),
        (second + 2, "evidence_url", "pattern"),
        (where["", "employees"] + 2, "field", "enum"),
        (where["", "services"] + 2, "value", "type"),
        (last - 4, "value", "duplicate"),
        (last - 3, "indicator", "enum"),
        (last - 2, "value", "place"),
        (last - 1, "note", "not"),
        (last, None, "cells"),
    }
    found = {(row, column, rule) for _, row, column, rule in faults(client, job)}
    assert expected <= found
    assert {rule for _, _, rule in found - expected} == {"required"}
    shown = {(fault["row"], fault["column"]): fault for fault in refused(client, job)[0]["detail"]["faults"]}
    assert shown[where["", "employees"] + 2, "field"]["suggestion"] == "employees"
    assert shown[last - 1, "note"]["value"] is None
    assert "commas separate the cells" in shown[where["", "services"] + 2, "value"]["detail"]["en"]


SOURCES: Final = ("source", "source_manifest", "source_edition")
MANIFEST: Final = f"sha256:{'0f' * 32}"


def add_sources(form: str, organisation: str, cells: Mapping[tuple[str, str], Sequence[str]]) -> bytes:
    """Write a file of one organisation with the sources of some answers, by indicator (none for the profile) and field.

    In a wide file the cells beside the first field of an indicator are those of the whole answer.
    """
    rows = list(list_rows(organisation))
    if form == "tidy":
        blank = [""] * len(SOURCES)
        return encode([[*row, *cells.get((row[1], row[2]), blank)] for row in rows], (*TITLES, *SOURCES))
    titles, values = (line.split(",") for line in wide([organisation]).decode().splitlines())
    for (indicator, field), written in cells.items():
        titles += [f"{indicator or f'profile:{field}'}.{column}" for column in SOURCES]
        values += written
    return encode([values], titles)


@pytest.mark.parametrize("form", ["tidy", "wide"])
def test_sources_of_answers_are_read_from_csv_and_kept(client: Client, form: str) -> None:
    assert do(client, tidy([name(1)]))["outcomes"] == {"created": 1}
    content = add_sources(
        form,
        name(1),
        {
            ("D1.07", "numerator"): ["Contado en los ficheros", MANIFEST, ""],
            ("D2.02", "components"): ["declared", "", ""],
            ("", "employees"): ["From an earlier edition", "", "2025"],
        },
    )
    assert do(client, content)["outcomes"] == {"replaced": 1}
    found = client.get(f"{ASSESSMENTS}/{name(1)}").json()
    assert {code: answer["source"] for code, answer in found["answers"].items() if answer["source"]} == {
        "D1.07": {"kind": "counted", "manifest": MANIFEST, "edition": None},
        "D2.02": {"kind": "declared", "manifest": None, "edition": None},
    }
    assert found["profile_sources"] == {"employees": {"kind": "previous_edition", "manifest": None, "edition": "2025"}}
    assert do(client, content)["outcomes"] == {"unchanged": 1}
    # What is read is a line of JSON Lines, and says as much.
    assert do(client, json.dumps(found).encode(), JSON_LINES)["outcomes"] == {"unchanged": 1}
    # A file without these columns is as valid as before, and says of no answer where it comes from.
    assert do(client, tidy([name(1)]))["outcomes"] == {"replaced": 1}
    assert client.get(f"{ASSESSMENTS}/{name(1)}").json()["profile_sources"] == {}


def test_the_rows_of_an_answer_may_repeat_its_source_and_share_its_members(client: Client) -> None:
    cells = {("D1.07", "numerator"): ["counted", "", ""], ("D1.07", "denominator"): ["counted", MANIFEST, ""]}
    assert do(client, add_sources("tidy", name(1), cells))["outcomes"] == {"created": 1}
    found = client.get(f"{ASSESSMENTS}/{name(1)}").json()
    assert found["answers"]["D1.07"]["source"] == {"kind": "counted", "manifest": MANIFEST, "edition": None}


def test_every_fault_of_a_source_in_csv_is_at_its_cell(client: Client) -> None:
    rows = {(row[1], row[2]): number for number, row in enumerate(list_rows(name(1)), 2)}
    content = add_sources(
        "tidy",
        name(1),
        {
            ("", "employees"): ["counte", "", ""],
            ("", "units"): ["counted", "abc", ""],
            ("", "services"): ["previous_edition", "", "12345678Z"],
            ("D2.02", "components"): ["", MANIFEST, ""],
            ("D1.07", "numerator"): ["declared", "", ""],
            ("D1.07", "denominator"): ["register", "", ""],
        },
    )
    job = do(client, content)
    assert sorted(faults(client, job), key=str) == sorted(
        [
            (None, rows["", "employees"], "source", "enum"),
            (None, rows["", "units"], "source_manifest", "pattern"),
            (None, rows["", "services"], "source_edition", "not"),
            (None, rows["D2.02", "components"], "source", "required"),
            (None, rows["D1.07", "denominator"], "source", "duplicate"),
        ],
        key=str,
    )
    shown = {fault["rule"]: fault for fault in refused(client, job)[0]["detail"]["faults"]}
    assert shown["enum"]["suggestion"] == "counted"
    assert shown["enum"]["detail"]["es"].startswith(
        "La fuente tiene que ser una de estas: counted (Contado en los ficheros), register (De un registro)"
    )
    assert str(rows["D1.07", "numerator"]) in shown["duplicate"]["detail"]["en"]
    # The annotated copy has the columns that were sent.
    annotated = client.get(job["result"]["annotated"]).text.splitlines()
    assert annotated[0].endswith(",source,source_manifest,source_edition,faults")
    assert f",{MANIFEST}," in annotated[rows["D2.02", "components"] - 1]
    cells = {("D2.02", "components"): ["", MANIFEST, ""], ("", "units"): ["registro", "", ""]}
    assert sorted(faults(client, do(client, add_sources("wide", name(2), cells)))) == [
        (None, 2, "D2.02.source", "required"),
        (None, 2, "profile:units.source", "enum"),
    ]


def test_organisations_in_several_places_unknown_ones_and_rows_without_any_are_refused(client: Client) -> None:
    one, two = list(list_rows(name(1))), list(list_rows(name(2)))
    nameless = [["", *row[1:]] for row in two[:1]]
    unknown = list(list_rows("XX-NOBODY"))
    job = do(client, encode([*one[:4], *two, *one[4:], *nameless, *unknown]))
    assert job["outcomes"] == {"created": 1, "refused": 4}
    after = len(one) + len(two)
    assert faults(client, job) == [
        (None, 2, "organisation", "duplicate"),
        (None, len(two) + 6, "organisation", "duplicate"),
        (None, after + 2, "organisation", "required"),
        (None, after + 3, "organisation", "organisation"),
    ]
    job = do(client, wide([name(3), name(4), name(3)]))
    assert job["outcomes"] == {"created": 1, "refused": 2}


def test_an_alias_names_its_organisation(client: Client) -> None:
    made = client.post(
        "/v1/organisations", json={"id": "XX-TEST-1", "name": "Villa", "kind": "MUN", "aliases": ["XX-TEST-OTHER"]}
    )
    assert made.status_code == 201, made.text
    job = do(client, tidy(["XX-TEST-OTHER"]))
    assert job["outcomes"] == {"created": 1}
    assert client.get(f"{ASSESSMENTS}/XX-TEST-1").status_code == 200
    twice = do(client, wide(["XX-TEST-OTHER", "XX-TEST-1"]))
    assert twice["outcomes"] == {"refused": 2}


def test_a_document_of_another_domain_is_stored_and_does_not_count(client: Client) -> None:
    content = tidy([name(1)]).replace(DOMAIN.encode(), b"elsewhere.example")
    assert do(client, content)["outcomes"] == {"created": 1}
    found = client.get(f"{ASSESSMENTS}/{name(1)}").json()
    assert {finding["rule"] for finding in found["findings"] if finding["severity"] == "error"} >= {"undeclared_domain"}


def test_too_large_a_file_is_refused_before_it_is_read(client: Client) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 1_000_000

    headers = {"Content-Type": CSV, "Content-Length": str(10 * 2**30)}
    problem(client.post(IMPORTS, content=endless(), headers=headers), 413, "content-too-large")


def test_an_attempt_that_only_checked_a_file_does_not_stand_for_its_import(client: Client) -> None:
    once = {"Idempotency-Key": "once"}
    checked = send(client, tidy([name(1)]), holder=once, dry_run=True)
    problem(send(client, tidy([name(1)]), holder=once), 409, "idempotency-key-reused")
    assert send(client, tidy([name(1)]), holder=once, dry_run=True).headers["location"] == checked.headers["location"]


def test_a_file_that_is_sent_twice_by_the_same_attempt_is_one_job(client: Client) -> None:
    headers = {"Content-Type": CSV, "Idempotency-Key": "once"}
    first, second = (client.post(IMPORTS, content=tidy([name(1)]), headers=headers) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    other = client.post(IMPORTS, content=tidy([name(2)]), headers=headers)
    assert other.status_code == 409
    with database(client).read() as session:
        files = session.connection().exec_driver_sql("SELECT count(*) FROM import_file").scalar_one()
    assert files <= 2


PLANTED: Final = (
    # What cannot be an assessment of the organisation is refused.
    *(("", "units", 3, value, rule) for value, rule in (("many", "type"), ("1.5", "type"), ("-3", "minimum"))),
    ("", "org_type", 3, "VILLAGE", "enum"),
    ("", "org_type", 3, "", "required"),
    ("D1.07", "numerator", 3, "", "required"),
    ("D2.02", "components", 3, "c99", "enum"),
    ("D1.07", "numerator", 4, "see annex", "pattern"),
    ("D1.07", "numerator", 5, "yesterday", "format"),
    ("D1.07", "numerator", 6, "Call 612 345 678", "not"),
    ("D1.07", "numerator", 1, "D1.O7", "enum"),
    ("D1.07", "numerator", 2, "numerador", "enum"),
    ("D1.07", "numerator", 7, "1-old", "revision"),
    ("", "org_type", 0, "XX-NOBODY", "organisation"),
    ("", "org_type", 8, "Villa XX-DEMO-00016", "name"),
    # What contradicts itself is stored, and said.
    ("", "accounts_active", 3, "5", "V06.total"),
    ("D1.07", "numerator", 3, "341", "V01.D1.07"),
    ("D1.07", "numerator", 4, "https://elsewhere.example/a.pdf", "undeclared_domain"),
    ("D1.07", "numerator", 5, "2094-10-01", "future_date"),
    ("D1.03", "numerator", 3, "401", "V01.D1.03"),
)
"""Mistakes in a tidy file: the indicator, the field and the position of a cell, its content, and the rule it breaks."""


def test_twenty_mistakes_in_200_villages_are_named_in_the_items_the_result_and_the_copy(client: Client) -> None:
    villages = [name(number) for number in range(1, 201)]
    with database(client).write() as session:
        entries = [
            organisations.OrganisationEntry(id=one, name=f"Villa {one}", kind="MUN", domains=(DOMAIN,))
            for one in villages[8:]
        ]
        organisations.add(session, entries, datetime(2026, 1, 1, tzinfo=UTC))
    rows = {one: [[*row, f"VILLA  {one}"] for row in list_rows(one)] for one in villages}
    planted = {}
    for village, (indicator, field, position, content, rule) in zip(villages, PLANTED, strict=False):
        row = next(row for row in rows[village] if row[1:3] == [indicator, field])
        row[position] = content
        if position == 0:
            rows[village] = [row]
        planted["XX-NOBODY" if position == 0 else village] = rule
    file = encode((row for village in rows.values() for row in village), (*TITLES, "organisation_name"))
    job = do(client, file)
    assert job["outcomes"] == {"created": 185, "refused": 15}
    told: dict[str, list[str]] = {}
    path: str | None = f"/v1/jobs/{job['id']}/items?limit=100"
    while path is not None:
        page = client.get(path)
        for item in page.json()["items"]:
            found = [*item["detail"].get("faults", ()), *item["detail"].get("findings", ())]
            told |= {item["subject"]: [fault["rule"] for fault in found]} if found else {}
        path = page.links.get("next", {}).get("url")
    assert told.keys() == planted.keys()
    assert {subject: rule in told[subject] for subject, rule in planted.items()} == dict.fromkeys(planted, True)
    result = job["result"]
    assert (result["erroneous"], result["faults"] + result["findings"]["error"]) == (5, sum(map(len, told.values())))
    copy = csv.DictReader(io.StringIO(client.get(job["result"]["annotated"]).content.decode("utf-8-sig")))
    assert {row["organisation"] for row in copy if row["faults"]} == planted.keys()
    again = do(client, file)
    assert (again["outcomes"], again["result"]["erroneous"]) == ({"unchanged": 185, "refused": 15}, 5)
