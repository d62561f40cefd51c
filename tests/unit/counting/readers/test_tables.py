"""Tables of the platforms: each in its languages, and each kind of damage named with its line and column."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from actitud.counting.header_tables import load_header_tables
from actitud.counting.messages import Message
from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.support import read, utc, write
from tests.unit.counting.readers.tables import (
    CASES,
    Case,
    fill_rows,
    make_csv,
)

each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.format} {case.language}" for case in CASES])


def check_messages(messages: Sequence[Message], case: Case) -> None:
    by_id = {message.id: message for message in messages}
    assert by_id.keys() == {members["id"] for members in case.expected}
    for members in case.expected:
        message = by_id[members["id"]]
        assert {name: getattr(message, name) for name in members} == members


@each_case
def test_a_table_becomes_messages(case: Case, tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "export.csv", make_csv(case)))
    check_messages(outcome.messages, case)
    (source,) = outcome.sources
    assert source.format == case.format
    assert source.headers is not None
    assert source.headers.language == case.language
    assert source.rows.skipped == case.skipped
    assert source.rows.refused == 0
    assert source.rows.read == source.rows.taken + sum(source.rows.skipped.values())
    assert set(outcome.codes) <= {"number_rounded"}
    times = [message.time for message in outcome.messages]
    assert (source.period.first, source.period.last) == (min(times), max(times))


@each_case
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_encoding_makes_no_difference(case: Case, encoding: str, tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "export.csv", make_csv(case).encode(encoding)))
    check_messages(outcome.messages, case)


@each_case
def test_separator_order_and_further_columns_make_no_difference(case: Case, tmp_path: Path) -> None:
    reversed_rows = [["x", *reversed(row)] for row in fill_rows(case)]
    other = case._replace(separator="\t", skipped={})
    text = make_csv(other, ["Something new", *reversed(case.headers)], reversed_rows)
    outcome = read(write(tmp_path, "export.txt", text))
    # A sum is known by the first two cells, which are others now; it has no date.
    assert {message.id for message in outcome.messages} == {members["id"] for members in case.expected}


@each_case
def test_a_workbook_with_a_title_makes_no_difference(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        workbook.add_worksheet("Metrics").write_row(0, 0, ("Date", "Impressions (total)"))
        sheet = workbook.add_worksheet("All posts")
        sheet.write(0, 0, "Engagement metrics for individual posts")
        sheet.write_row(1, 0, case.headers)
        for number, row in enumerate(fill_rows(case), start=2):
            sheet.write_row(number, 0, row)
    outcome = read(path)
    check_messages(outcome.messages, case)
    assert outcome.messages[0].origin.row == (4 if case.skipped == {"total": 1} else 3)


@pytest.mark.parametrize("case", [case for case in CASES if "é" in str(case) or "ñ" in str(case) or "í" in str(case)])
def test_text_that_was_decoded_wrongly_is_repaired_and_noted(case: Case, tmp_path: Path) -> None:
    broken = make_csv(case).encode().decode("cp1252", "ignore")
    outcome = read(write(tmp_path, "export.csv", broken))
    assert "mojibake_repaired" in outcome.codes
    assert {message.id for message in outcome.messages} == {members["id"] for members in case.expected}


@each_case
def test_a_missing_column_is_named_with_the_likely_new_one(case: Case, tmp_path: Path) -> None:
    renamed = [f"{header} (UTC)" if header == case.required else header for header in case.headers]
    outcome = read(write(tmp_path, "export.csv", make_csv(case, renamed)))
    assert outcome.messages == []
    (fault,) = [fault for fault in outcome.faults if fault.code == "column_missing"]
    assert (fault.file, fault.line, fault.suggestion) == ("export.csv", 1, f"{case.required} (UTC)")
    assert fault.is_refusal
    assert fault.column == case.required


@each_case
def test_a_file_that_breaks_off_is_not_counted_at_all(case: Case, tmp_path: Path) -> None:
    whole = make_csv(case).rstrip()
    for columns in (1, 2, 3):
        beginning = whole.rsplit(case.separator, columns)[0]
        outcome = read(write(tmp_path, "export.csv", beginning))
        assert outcome.messages == []
        assert outcome.codes in (["half_file"], ["half_file", "number_rounded"])
    # Within its last cell nobody can tell, but the line has no end.
    outcome = read(write(tmp_path, "export.csv", whole[:-1] if whole[-1] != '"' else whole))
    assert "last_line_open" in outcome.codes


@each_case
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_counted(case: Case, tmp_path: Path) -> None:
    rows = fill_rows(case)
    time = next(
        index
        for index, header in enumerate(case.headers)
        if header in ("Publish time", "Hora de publicación", "Date", "Fecha", "time", "Post time", "published_at",
                      "Video publish time", "Hora de publicación del vídeo", "Created date", "Fecha de creación")
    )  # fmt: skip
    model = next(row for row in rows if row[time] and "stor" not in " ".join(row).lower())
    bad = list(model)
    bad[time] = "31/31/2026, Lucía Pérez"
    outcome = read(write(tmp_path, "export.csv", make_csv(case, rows=[*rows, bad, [*model, "extra"]])))
    check_messages(outcome.messages, case)
    # Rows with line breaks in them make the line and the number of the row differ.
    line = 2 + sum(1 + sum(cell.count("\n") for cell in row) for row in rows)
    faults = [fault for fault in outcome.faults if fault.is_refusal]
    assert [(fault.code, fault.line, fault.column, fault.value) for fault in faults] == [
        ("row_length", line + 1 + sum(cell.count("\n") for cell in bad), None, str(len(case.headers) + 1)),
        ("time_invalid", line, case.headers[time], "31/31/2026, … …"),
    ]
    assert outcome.sources[0].rows.refused == 2


@pytest.mark.parametrize("language", ["en", "es"])
def test_dates_with_two_readings_are_decided_by_the_whole_column(language: str, tmp_path: Path) -> None:
    case = next(case for case in CASES if (case.format, case.language) == ("facebook-posts", language))
    row = fill_rows(case)[0]

    def read_dates(*dates: str, **options: Any) -> Any:
        rows = [[str(number), *row[1:6], date, *row[7:]] for number, date in enumerate(dates)]
        return read(write(tmp_path, "export.csv", make_csv(case, rows=rows)), **options)

    assert [m.time for m in read_dates("03/04/2026 10:00", "03/25/2026 10:00").messages] == [
        utc(2026, 3, 4, 18), utc(2026, 3, 25, 17),
    ]  # fmt: skip
    assert [m.time for m in read_dates("03/04/2026 10:00", "25/03/2026 10:00").messages] == [
        utc(2026, 3, 25, 17), utc(2026, 4, 3, 17),
    ]  # fmt: skip
    asked = read_dates("03/04/2026 10:00", "05/05/2026 10:00")
    assert [message.id for message in asked.messages] == ["1"]
    (fault,) = asked.faults
    assert (fault.code, fault.line, fault.value) == ("date_ambiguous", 2, "03/04/2026 10:00")
    assert fault.suggestion == "2026-03-04 / 2026-04-03"
    assert len(read_dates("03/04/2026 10:00", "05/05/2026 10:00", date_order="dmy").messages) == 2
    told = read_dates("03/04/2026 10:00", "03/25/2026 10:00", date_order="dmy")
    assert [message.time.month for message in told.messages] == [3, 3]
    contradictory = read_dates("13/04/2026 10:00", "04/13/2026 10:00", date_order="dmy")
    assert contradictory.messages == []
    assert contradictory.codes == ["dates_contradict"]


def test_a_post_of_another_account_is_left_out_if_the_own_ones_are_known(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "instagram-posts")
    rows = fill_rows(case)[:1]
    guest = ["18099999", "1785", "fiestas", *rows[0][3:]]
    path = write(tmp_path, "export.csv", make_csv(case, rows=[*rows, guest]))
    unknown = read(path)
    assert len(unknown.messages) == 2
    assert unknown.codes == ["several_accounts"]
    known = read(path, accounts=[OwnAccount("instagram", "Villar", ("@villar",))])
    assert [(message.id, message.account) for message in known.messages] == [("18012345", "Villar")]
    assert known.sources[0].rows.skipped == {"other_account": 1}


def test_an_id_that_a_spreadsheet_rounded_is_named(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "x-posts")
    rows = [["2,03593E+18", *row[1:]] for row in fill_rows(case)]
    outcome = read(write(tmp_path, "export.csv", make_csv(case, rows=rows)))
    assert (outcome.messages, outcome.places) == ([], [("id_rounded", 2, "Post id"), ("id_rounded", 3, "Post id")])
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, case.headers)
        for number, row in enumerate(fill_rows(case), start=1):
            sheet.write_row(number, 0, [int(row[0]), *row[1:]])
    outcome = read(path)
    assert [message.id for message in outcome.messages] == ["123"]
    assert outcome.places == [("id_rounded", 2, "Post id")]


def test_an_id_of_thousands_of_digits_is_an_id(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "x-posts")
    rows = [["9" * 5_000, *row[1:]] for row in fill_rows(case)[:1]]
    assert len(read(write(tmp_path, "export.csv", make_csv(case, rows=rows))).messages) == 1


def test_an_id_of_sixteen_digits_has_lost_the_last_in_a_spreadsheet(tmp_path: Path) -> None:
    """Else a post of 2026 that is in the export too, with its right id, would be two."""
    case = next(case for case in CASES if case.format == "facebook-posts")
    row = fill_rows(case)[0]
    right = write(tmp_path, "export.csv", make_csv(case, rows=[["1157426986413217", *row[1:]]]))
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, case.headers)
        sheet.write_row(1, 0, [1157426986413210, *row[1:]])
    outcome = read(right, path)
    assert [message.id for message in outcome.messages] == ["1157426986413217"]
    assert ("id_rounded", 2, "Post ID") in outcome.places


def test_an_export_by_days_counts_a_post_once_and_without_figures(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "facebook-posts")
    first = fill_rows(case)[0]
    second = [*first[:12], "03/26/2026", *first[13:15], "2", "0", "0"]
    outcome = read(write(tmp_path, "export.csv", make_csv(case, rows=[first, second])))
    assert [(message.id, dict(message.counts)) for message in outcome.messages] == [("111", {})]
    # The first row has two lines.
    assert {(fault.code, fault.line) for fault in outcome.faults} == {("counts_daily", 2), ("counts_daily", 4)}


def test_a_day_without_a_year_is_completed_by_the_id_or_asked_for(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "tiktok-videos")
    # 7412345678901234567 // 2 ** 32 = 1725821215 seconds: 2024-09-08 18:46:55.
    link = "https://www.tiktok.com/@villar/video/{}"
    days = [f"{day} de septiembre" for day in (6, 7, 8, 9, 10)]
    rows = [[day, link.format(7412345678901234560 + n), day, "1", "1", "1", "1"] for n, day in enumerate(days)]
    outcome = read(write(tmp_path, "export.csv", make_csv(case, rows=rows)))
    exact = utc(2024, 9, 8, 18, 46, 55), "second"
    assert {m.text: (m.time, m.precision) for m in outcome.messages} == dict.fromkeys(days[1:4], exact)
    assert outcome.places == [("date_without_year", line, "Post time") for line in (2, 6)]


def test_the_analytics_and_the_archive_of_the_same_posts_are_counted_once(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "x-posts")
    archive = """window.YTD.tweets.part0 = [ {"tweet": {"id_str": "123", "full_text": "@vecina Sí, mañana",
        "created_at": "Tue Mar 24 10:11:12 +0000 2026", "in_reply_to_status_id_str": "99",
        "in_reply_to_user_id_str": "7", "favorite_count": "4"}} ]"""
    paths = [write(tmp_path, "a.csv", make_csv(case)), write(tmp_path, "tweets.js", archive)]
    for order in (paths, paths[::-1]):
        outcome = read(*order)
        assert outcome.faults == []
        reply = next(message for message in outcome.messages if message.id == "123")
        assert len(outcome.messages) == 2
        assert (reply.time, reply.precision, reply.account) == (utc(2026, 3, 24, 10, 11, 12), "second", "villar")
        assert reply.counts == {"views": 10, "reactions": 4, "comments": 0, "shares": 0}


def test_each_header_table_names_where_it_was_seen() -> None:
    for table in load_header_tables():
        assert table.sightings
        assert all(len(sighting.seen) > 20 for sighting in table.sightings)
        assert set(table.required) <= table.columns.keys()
        assert set(table.values) <= table.columns.keys()
    assert {(case.format, case.language) for case in CASES} == {
        (table.format, table.language) for table in load_header_tables() if table.format != "log-messages"
    }
