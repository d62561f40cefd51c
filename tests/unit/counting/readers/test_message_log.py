"""The generic log: CSV, workbook and JSON Lines, with its own headers or with a mapping of a help desk's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
import xlsxwriter

from actitud.counting.options import LogMapping, MappingInvalid, OwnAccount, read_mapping
from tests.unit.counting.readers.support import Outcome, read, utc, write

ENGLISH: Final = """platform,account,id,thread,date and time,kind,text,media,alternative text,private,reactions
x,@villar,1,,2026-03-04 10:00,own post,Corte de agua,"photo, photo",El grifo |,no,"1,200"
x,@villar,2,2,2026-03-04 11:00:05,received,¿Hasta cuándo?,,,,
x,@villar,3,2,2026-03-04 11:30,public reply,Hasta las 14,,,,
facebook,Villar,4,4,2026-03-04 12:00,received,Hola,,,yes,
facebook,Villar,5,4,2026-03-04 12:10,public reply,Buenos días,,,yes,
"""
SPANISH: Final = """\
Red;Cuenta;Identificador;Conversación;Fecha y hora;Tipo;Texto;Contenido;Texto alternativo;Privado;Reacciones
x;@villar;1;;04/03/2026 10:00;Publicación propia;Corte de agua;Fotos, Imagen;El grifo |;no;1.200
x;@villar;2;2;04/03/2026 11:00:05;Recibido;¿Hasta cuándo?;;;;
x;@villar;3;2;04/03/2026 11:30;Respuesta pública;Hasta las 14;;;;
facebook;Villar;4;4;04/03/2026 12:00;Recibido;Hola;;;sí;
facebook;Villar;5;4;04/03/2026 12:10;Respuesta pública;Buenos días;;;sí;
"""


def check_log(outcome: Outcome) -> None:
    assert outcome.faults == []
    kinds = [(m.platform, m.account, m.id, m.kind, m.private) for m in outcome.messages]
    assert kinds == [
        ("x", "villar", "1", "own_post", False),
        ("x", "villar", "2", "received", False),
        ("x", "villar", "3", "public_reply", False),
        ("facebook", "Villar", "4", "received", True),
        ("facebook", "Villar", "5", "private_reply", True),
    ]
    post = outcome.messages[0]
    assert (post.time, post.precision, post.counts) == (utc(2026, 3, 4, 9), "minute", {"reactions": 1200})
    assert (post.media, post.alternative_texts) == (("photo",), ("El grifo", None))
    assert outcome.messages[1].time == utc(2026, 3, 4, 10, 0, 5)
    assert {message.thread for message in outcome.messages[1:3]} == {"2"}
    assert set(outcome.sources[0].tells) == {
        "own_posts", "public_replies", "private_replies", "received_public", "received_private", "threads", "texts",
        "media", "alternative_texts", "time_of_day", "reactions",
    }  # fmt: skip


@pytest.mark.parametrize("text", [ENGLISH, SPANISH], ids=["english", "spanish"])
def test_a_log_with_the_headers_of_the_template_needs_no_mapping(text: str, tmp_path: Path) -> None:
    check_log(read(write(tmp_path, "log.csv", text), date_order="dmy"))


def test_a_workbook_with_dates_of_its_own_is_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm:ss"}) as workbook:
        sheet = workbook.add_worksheet()
        for number, line in enumerate(SPANISH.splitlines()):
            for column, cell in enumerate(line.split(";")):
                if number and column == 4:
                    form = "%d/%m/%Y %H:%M:%S" if cell.count(":") == 2 else "%d/%m/%Y %H:%M"
                    sheet.write_datetime(number, column, datetime.strptime(cell, form))
                elif number and column == 2:
                    sheet.write_number(number, column, int(cell))
                else:
                    sheet.write(number, column, cell)
    outcome = read(path)
    assert [(m.id, m.time) for m in outcome.messages][:2] == [
        ("1", utc(2026, 3, 4, 9)), ("2", utc(2026, 3, 4, 10, 0, 5)),
    ]  # fmt: skip


def write_workbook(path: Path, sheets: Mapping[str, Sequence[Sequence[object]]]) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm"}) as workbook:
        for title, rows in sheets.items():
            sheet = workbook.add_worksheet(title)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return path


HEADERS: Final[list[object]] = ["Identificador", "Fecha y hora", "Tipo", "Texto"]
MAPPED: Final = LogMapping(
    columns={"id": "Nº", "date": "Día", "clock": "Hora", "kind": "Tipo"}, kinds={"Recibido": "received"}
)


def test_a_workbook_with_messages_on_several_sheets_is_not_read_in_part(tmp_path: Path) -> None:
    months = {
        f"Mes {month}": [HEADERS, [str(month), datetime(2026, month, 4, 10), "Recibido", "Hola"]] for month in (1, 2)
    }
    outcome = read(write_workbook(tmp_path / "log.xlsx", months))
    assert (outcome.messages, outcome.places) == ([], [("several_sheets", None, None)])
    assert outcome.faults[0].value == "2"
    mapped = {title: [["Nº", "Día", "Hora", "Tipo"], ["1", "2026-03-04", "10:00", "Recibido"]] for title in months}
    assert read(write_workbook(tmp_path / "desk.xlsx", mapped), mapping=MAPPED).codes == ["several_sheets"]
    # Sheets that wait for their messages take nothing away.
    waiting = {"Mes 0": [HEADERS], **months, "Mes 2": [HEADERS]}
    outcome = read(write_workbook(tmp_path / "log.xlsx", waiting))
    assert ([message.id for message in outcome.messages], outcome.faults) == (["1"], [])


def test_dates_of_which_a_spreadsheet_has_read_some_are_not_counted(tmp_path: Path) -> None:
    """Excel in Spain takes the 4th of March of an American file for the 3rd of April, and leaves the 15th as it is."""
    rows: list[list[object]] = [
        HEADERS,
        ["1", datetime(2026, 4, 3, 10), "Recibido", "Hola"],
        ["2", "03/15/2026 10:00", "Recibido", "Hola"],
    ]
    outcome = read(write_workbook(tmp_path / "log.xlsx", {"log": rows}))
    assert (outcome.messages, outcome.places) == ([], [("dates_mixed", None, "Fecha y hora")])
    rows[2][1] = "2026-03-15 10:00"
    assert len(read(write_workbook(tmp_path / "log.xlsx", {"log": rows})).messages) == 2


def test_a_column_that_is_there_twice_is_named(tmp_path: Path) -> None:
    text = "Id;Fecha y hora;Tipo;Texto;fecha y hora\n1;2026-03-04 10:00;Recibido;Hola;2026-03-09 10:00\n"
    outcome = read(write(tmp_path, "log.csv", text))
    assert (outcome.messages, outcome.places) == ([], [("column_repeated", 1, "Fecha y hora")])


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "1970-01-01 01:00", "9999-12-31T23:59:59Z"])
def test_a_time_that_stands_for_none_does_not_widen_the_days_of_the_file(time: str, tmp_path: Path) -> None:
    text = f"Id;Fecha y hora;Tipo;Texto\n1;{time};Recibido;Hola\n2;2026-03-04 10:00;Recibido;Hola\n"
    outcome = read(write(tmp_path, "log.csv", text))
    assert ([message.id for message in outcome.messages], outcome.places) == (
        ["2"], [("time_invalid", 2, "Fecha y hora")],
    )  # fmt: skip
    assert outcome.sources[0].period.first == outcome.sources[0].period.last == utc(2026, 3, 4, 9)


def test_logs_that_give_different_messages_one_id_are_not_counted(tmp_path: Path) -> None:
    """Months that are numbered from 1 each would lose all but one; of one message an edited copy is none."""
    first = "Id;Red;Cuenta;Fecha y hora;Tipo;Texto\n1;x;villar;2026-01-04 10:00;Recibido;Hola\n"
    january = write(tmp_path, "january.csv", first)
    other = first.replace("2026-01-04", "2026-02-04").replace("Hola", "Buenas")
    outcome = read(january, write(tmp_path, "february.csv", other))
    assert (outcome.messages, outcome.sources) == ([], ())
    assert sorted((fault.code, fault.file, fault.line) for fault in outcome.faults) == [
        ("ids_repeated", "february.csv", 2), ("ids_repeated", "january.csv", 2),
    ]  # fmt: skip
    tickets = write(tmp_path, "tickets.csv", first + "1;x;villar;2026-01-04 11:00;Respuesta pública;Buenas\n")
    assert read(tickets).places == [("ids_repeated", 2, None)]
    edited = write(tmp_path, "edited.csv", first.replace("Hola", "Hola a todos"))
    outcome = read(january, edited)
    assert ([message.text for message in outcome.messages], outcome.codes) == (["Hola a todos"], ["copies_differ"])


def test_rows_that_look_empty_are_skipped(tmp_path: Path) -> None:
    outcome = read(
        write(tmp_path, "log.csv", "Id;Fecha y hora;Tipo;Texto\n1;2026-03-04 10:00;Recibido;Hola\n ; ;;\n;;;\n")
    )
    assert (len(outcome.messages), outcome.faults) == (1, [])
    rows: list[list[object]] = [HEADERS, ["1", datetime(2026, 3, 4, 10), "Recibido", "Hola"], [" ", "", " "]]
    outcome = read(write_workbook(tmp_path / "log.xlsx", {"log": rows}))
    assert (len(outcome.messages), outcome.faults) == (1, [])


def test_the_clock_may_be_a_part_of_the_day(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Nº", "Día", "Hora", "Tipo"], ["1", datetime(2026, 3, 4), 0.25, "Recibido"]]
    (message,) = read(write_workbook(tmp_path / "desk.xlsx", {"log": rows}), mapping=MAPPED).messages
    assert message.time == utc(2026, 3, 4, 5)


# A help desk as Kaggle's customer support on Twitter has it: inbound or not, and who is answered.
DESK: Final = """tweet_id,author_id,inbound,created_at,text,in_response_to_tweet_id
1,115712,True,Tue Oct 31 22:10:47 +0000 2017,@villar ¿y el agua?,
2,villar,False,Tue Oct 31 22:11:45 +0000 2017,@115712 Mañana,1
3,115712,True,Tue Oct 31 22:12:00 +0000 2017,@villar Gracias,2
"""
DESK_COLUMNS: Final[Any] = {
    "id": "tweet_id",
    "time": "created_at",
    "kind": "inbound",
    "text": "text",
    "parent": "in_response_to_tweet_id",
}
DESK_MAPPING: Final = LogMapping(
    columns=DESK_COLUMNS, kinds={"true": "received", "False": "public_reply"}, platform="x", account="villar"
)


def check_desk(outcome: Outcome) -> None:
    assert outcome.faults == []
    assert [(m.id, m.kind, m.thread, m.account, m.platform) for m in outcome.messages] == [
        ("1", "received", "1", "villar", "x"),
        ("2", "public_reply", "1", "villar", "x"),
        ("3", "received", "1", "villar", "x"),
    ]
    assert outcome.messages[0].time == utc(2017, 10, 31, 22, 10, 47)


def test_a_help_desk_is_read_by_its_mapping(tmp_path: Path) -> None:
    check_desk(read(write(tmp_path, "desk.csv", DESK), mapping=DESK_MAPPING))


def make_lines(**changes: Any) -> str:
    rows = [line.split(",") for line in DESK.splitlines()]
    items = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    return "".join(json.dumps({"tweet": item | changes}) + "\n" for item in items)


NESTED: Final = LogMapping(
    columns={field: f"tweet.{name}" for field, name in DESK_COLUMNS.items()},
    kinds=DESK_MAPPING.kinds,
    platform="x",
    account="villar",
)


def test_json_lines_are_read_by_paths(tmp_path: Path) -> None:
    check_desk(read(write(tmp_path, "desk.jsonl", make_lines()), mapping=NESTED))


def test_a_member_of_the_first_line_may_be_null(tmp_path: Path) -> None:
    """The first message of a desk answers none."""
    lines = make_lines().replace('"in_response_to_tweet_id": ""', '"in_response_to_tweet_id": null')
    check_desk(read(write(tmp_path, "desk.jsonl", lines), mapping=NESTED))


def test_the_kind_may_be_told_by_the_author(tmp_path: Path) -> None:
    columns: Any = {"id": "tweet_id", "time": "created_at", "author": "author_id", "text": "text"}
    mapping = LogMapping(columns=columns, own_authors=("@Villar",), platform="x", account="villar", private=True)
    outcome = read(write(tmp_path, "desk.csv", DESK), mapping=mapping)
    assert [(message.kind, message.private) for message in outcome.messages] == [
        ("received", True), ("private_reply", True), ("received", True),
    ]  # fmt: skip
    declared = LogMapping(columns=columns, platform="x", account="villar")
    outcome = read(write(tmp_path, "desk.csv", DESK), mapping=declared, accounts=[OwnAccount("x", "villar")])
    assert [message.kind for message in outcome.messages] == ["received", "public_reply", "received"]


def test_the_day_and_the_clock_may_stand_apart_in_the_time_zone_of_the_desk(tmp_path: Path) -> None:
    text = "día,hora,quién,qué\n13/03/2026,6:05 p. m.,ciudadano,Hola\n14/03/2026,12:30 a. m.,ayto,Buenas\n"
    mapping = LogMapping(
        columns={"date": "día", "clock": "hora", "kind": "quién", "text": "qué"},
        kinds={"ciudadano": "received", "ayto": "public_reply"},
        time_zone="Atlantic/Canary",
    )
    outcome = read(write(tmp_path, "desk.csv", text), mapping=mapping)
    assert [message.time for message in outcome.messages] == [utc(2026, 3, 13, 18, 5), utc(2026, 3, 14, 0, 30)]
    assert all(message.id.startswith("~") for message in outcome.messages)


def test_a_mapped_column_that_is_missing_is_named(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "desk.csv", DESK.replace("created_at", "created at")), mapping=DESK_MAPPING)
    (fault,) = outcome.faults
    assert (fault.code, fault.line, fault.column, fault.suggestion) == ("column_missing", 1, "created_at", "created at")


def test_an_own_column_that_looks_like_a_known_one_is_told(tmp_path: Path) -> None:
    text = (
        "Id,Hilos,Red,Cuenta,Fecha y hora,Tipo,Privada,Texto,Canal de entrada\n"
        "1,A,x,ayto,2026-03-13 10:05:00,Recibido,no,Hola,web\n"
    )
    outcome = read(write(tmp_path, "log.csv", text))
    told = [(fault.code, fault.line, fault.column, fault.suggestion, fault.is_refusal) for fault in outcome.faults]
    assert told == [
        ("column_unlikely", 1, "Hilos", "hilo", False),
        ("column_unlikely", 1, "Privada", "privado", False),
    ]
    assert len(outcome.messages) == 1
    # Of a field that has its column, no other is likely.
    both = text.replace("Canal de entrada", "Hilo").replace(",web", ",B")
    assert [fault.column for fault in read(write(tmp_path, "log.csv", both)).faults] == ["Privada"]


def test_a_word_that_is_neither_private_nor_public_is_told(tmp_path: Path) -> None:
    text = ENGLISH.replace(",yes,\n", ",perhaps,\n", 1).replace("y,,,,\n", "y,,,Public,\n")
    outcome = read(write(tmp_path, "log.csv", text))
    assert [(fault.code, fault.line, fault.column) for fault in outcome.faults] == [("word_unknown", 5, "private")]
    assert [message.private for message in outcome.messages] == [False, False, False, False, True]


def test_own_authors_that_wrote_nothing_are_told(tmp_path: Path) -> None:
    """All would be received, and none answered."""
    columns: Any = {"id": "tweet_id", "time": "created_at", "author": "author_id", "text": "text"}
    mapping = LogMapping(columns=columns, own_authors=("@Vilar",), platform="x", account="ayto")
    outcome = read(write(tmp_path, "desk.csv", DESK), mapping=mapping)
    assert [(fault.code, fault.column, fault.is_refusal) for fault in outcome.faults] == [
        ("own_authors_unknown", "author_id", False)
    ]
    nested = LogMapping(columns={field: f"tweet.{name}" for field, name in columns.items()}, own_authors=("@Vilar",))
    assert read(write(tmp_path, "desk.jsonl", make_lines()), mapping=nested).codes == ["own_authors_unknown"]


def test_a_word_that_is_no_kind_refuses_its_row(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "desk.csv", DESK.replace("False", "Lucía")), mapping=DESK_MAPPING)
    (fault,) = outcome.faults
    assert (fault.code, fault.line, fault.column, fault.value) == ("kind_unknown", 3, "inbound", "…")
    assert len(outcome.messages) == 2


def test_a_kind_that_the_template_does_not_know_is_told_once(tmp_path: Path) -> None:
    """Its row is refused, so it is not told as well that the message counts without it."""
    text = (
        "Id,Hilo,Responde a,Red,Cuenta,Fecha y hora,Tipo,Privado,Texto\n"
        "1,A,,x,ayto,2026-03-13 10:05:00,Recibido,no,Hola\n"
        "2,A,1,x,ayto,2026-03-13 11:20:00,Contestado,no,Buenas\n"
    )
    outcome = read(write(tmp_path, "log.csv", text))
    assert [(fault.code, fault.line, fault.column) for fault in outcome.faults] == [("kind_unknown", 3, "Tipo")]
    assert len(outcome.messages) == 1


def test_lines_that_break_off_or_are_none_are_not_counted_at_all(tmp_path: Path) -> None:
    lines = make_lines()
    half = read(write(tmp_path, "desk.jsonl", lines[:-20]), mapping=NESTED)
    assert (half.messages, half.places) == ([], [("half_file", 3, None)])
    broken = read(write(tmp_path, "desk.jsonl", lines.replace("}}\n", "}\n", 2)), mapping=NESTED)
    assert (broken.messages, broken.codes) == ([], ["unknown_format"])
    broken = read(write(tmp_path, "desk.jsonl", lines.replace("Gracias", 'Gra"cias')), mapping=NESTED)
    assert (broken.messages, broken.places) == ([], [("broken_json", 3, None)])


def test_a_bad_time_in_lines_is_named_by_its_line_and_path(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "desk.jsonl", make_lines(created_at="pronto")), mapping=NESTED)
    assert outcome.places == [("time_invalid", line, "tweet.created_at") for line in (1, 2, 3)]


def test_a_mapping_is_read_from_a_small_file(tmp_path: Path) -> None:
    text = """
platform = "x"
account = "villar"
[columns]
id = "tweet_id"
time = "created_at"
kind = "inbound"
text = "text"
parent = "in_response_to_tweet_id"
[kinds]
true = "received"
False = "public_reply"
"""
    assert read_mapping(write(tmp_path, "desk.toml", text)) == DESK_MAPPING
    with pytest.raises(MappingInvalid, match=r"desk\.toml: .*colour"):
        read_mapping(write(tmp_path, "desk.toml", text + '[colour]\nx = "y"\n'))
    with pytest.raises(MappingInvalid, match=r"desk\.json"):
        read_mapping(write(tmp_path, "desk.json", "{"))
