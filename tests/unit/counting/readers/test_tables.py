"""Tables of the platforms: each in its languages, and each kind of damage named with its line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest
import xlsxwriter

from actitud.counting.header_tables import load_header_tables
from actitud.counting.messages import Message
from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.support import read, utc, write

FACEBOOK_EN: Final = (
    "Post ID", "Page ID", "Page name", "Title", "Description", "Duration (sec)", "Publish time", "Caption type",
    "Permalink", "Is crosspost", "Is share", "Post type", "Date", "Views", "Reach", "Reactions", "Comments", "Shares",
)  # fmt: skip
FACEBOOK_ES: Final = (
    "Identificador de la publicación", "Identificador de la página", "Nombre de la página", "Título", "Descripción",
    "Duración (segundos)", "Hora de publicación", "Tipo de subtítulo", "Enlace permanente", "Es publicación cruzada",
    "Es una publicación compartida", "Tipo de publicación", "Fecha", "Visualizaciones", "Alcance", "Reacciones",
    "Comentarios", "Veces que se ha compartido",
)  # fmt: skip
INSTAGRAM_EN: Final = (
    "Post ID", "Account ID", "Account username", "Account name", "Description", "Duration (sec)", "Publish time",
    "Permalink", "Post type", "Data comment", "Date", "Views", "Reach", "Likes", "Shares", "Follows", "Comments",
    "Saves",
)  # fmt: skip
INSTAGRAM_ES: Final = (
    "Identificador de la publicación", "Identificador de la cuenta", "Nombre de usuario de la cuenta",
    "Nombre de la cuenta", "Descripción", "Duración (segundos)", "Hora de publicación", "Enlace permanente",
    "Tipo de publicación", "Comentario sobre los datos", "Fecha", "Visualizaciones", "Alcance", "Me gusta",
    "Veces que se compartió", "Seguimientos", "Comentarios", "Veces que se guardó",
)  # fmt: skip
X_POSTS_EN: Final = (
    "Post id", "Date", "Post text", "Post Link", "Impressions", "Likes", "Engagements", "Bookmarks", "Shares",
    "New follows", "Replies", "Reposts",
)  # fmt: skip
X_POSTS_ES: Final = (
    "ID del post", "Fecha", "Texto del post", "Postear enlace", "Impresiones", "Me gusta", "Interacciones", "Guardados",
    "Compartidos", "Nuevos seguidores", "Respuestas", "Reposts",
)  # fmt: skip
X_TWEETS: Final = (
    "Tweet id", "Tweet permalink", "Tweet text", "time", "impressions", "engagements", "engagement rate", "retweets",
    "replies", "likes",
)  # fmt: skip
YOUTUBE_EN: Final = ("Content", "Video title", "Video publish time", "Duration", "Views", "Likes", "Comments added")
YOUTUBE_ES: Final = (
    "Contenido", "Título del vídeo", "Hora de publicación del vídeo", "Duración", "Visualizaciones", "Me gusta",
    "Comentarios añadidos",
)  # fmt: skip
TIKTOK: Final = (
    "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares", "Total views",
)  # fmt: skip
LINKEDIN_EN: Final = (
    "Post title", "Post link", "Post type", "Posted by", "Created date", "Impressions", "Clicks", "Likes", "Comments",
    "Reposts", "Content Type",
)  # fmt: skip
LINKEDIN_ES: Final = (
    "Título de la publicación", "Enlace de la publicación", "Tipo de publicación", "Publicado por", "Fecha de creación",
    "Impresiones", "Clics", "Recomendaciones", "Comentarios", "Veces compartido", "Tipo de contenido",
)  # fmt: skip
DECIDIM: Final = (
    "id", "participatory_space/id", "component/id", "title/es", "body/es", "state", "answer/es", "answered_at",
    "comments", "published_at", "url", "title/ca", "withdrawn",
)  # fmt: skip

FACEBOOK_ROW: Final = (
    "111", "9", "Ayuntamiento de Villar", "Mañana no hay agua.\nDe 8 a 10", "", "0", "03/25/2026 08:08", "N/A",
    "https://www.facebook.com/villar/posts/111", "0", "0", "{photo}", "Lifetime", "1,234", "900", "12", "3", "0",
)  # fmt: skip
FACEBOOK_SHARE: Final = (
    "112", "9", "Ayuntamiento de Villar", "", "", "0", "03/26/2026 09:00", "N/A",
    "https://www.facebook.com/villar/posts/112", "0", "1", "{link}", "Lifetime", "", "0", "0", "0", "0",
)  # fmt: skip
INSTAGRAM_ROW: Final = (
    "18012345", "1784", "villar", "Villar", "El puente, \"nuevo\" 🌉", "45", "07/22/2026 19:30",
    "https://www.instagram.com/p/ABC123/", "{reel}", "", "Lifetime", "20.000", "10000", "300", "10", "8", "20", "5",
)  # fmt: skip
INSTAGRAM_STORY: Final = (
    "18012346", "1784", "villar", "Villar", "", "15", "07/23/2026 10:00", "https://www.instagram.com/stories/villar/1/",
    "{story}", "", "Lifetime", "1", "1", "0", "0", "0", "0", "0",
)  # fmt: skip
X_ROW: Final = (
    "2035933611212357737", "Mon, Mar 23, 2026", "Agua cortada", "https://x.com/villar/status/2035933611212357737",
    "10050", "14", "20", "0", "0", "0", "2", "5",
)  # fmt: skip
X_REPLY: Final = (
    "123", "Tue, Mar 24, 2026", "@vecina Sí, mañana", "https://x.com/villar/status/123", "10", "1", "1", "0", "0", "0",
    "0", "0",
)  # fmt: skip
TWEET_ROW: Final = (
    "9001", "https://x.com/villar/status/9001", "Pleno, hoy\na las 18", "2026-09-18 12:00 +0000", "120", "3", "0.02",
    "1", "0", "7",
)  # fmt: skip
YOUTUBE_TOTAL: Final = ("Total", "", "", "", "9000", "", "")
LINKEDIN_ROW: Final = (
    "Empleo público", "https://www.linkedin.com/feed/update/urn:li:activity:7300000000000000001", "Organic", "Ana Ruiz",
    "02/24/2025", "410", "12", "20", "2", "1", "{image}",
)  # fmt: skip
DECIDIM_ROW: Final = (
    "77",
    "5",
    "12",
    "Más sombra",
    "<p>En la plaza.</p>",
    "accepted",
    "<p>Se plantarán doce árboles.</p>",
    "2026-03-09 10:00:00 +0100",
    "4",
    "2026-03-02 09:15:00 +0100",
    "https://decide.villar.example/p/5/proposals/77",
    "",
    "false",
)
DECIDIM_WITHDRAWN: Final = (
    "78", "5", "12", "", "", "", "", "", "0", "2026-03-03 09:15:00 +0100",
    "https://decide.villar.example/p/5/proposals/78", "Més ombra", "true",
)  # fmt: skip


class Case(NamedTuple):
    """A table: its format and language, its headers and rows, and the members of its messages.

    ``words``: what stands in the rows for {names}. ``required``: header of a column that it cannot do without.
    """

    format: str
    language: str
    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    expected: Sequence[dict[str, Any]]
    required: str
    separator: str = ","
    words: Mapping[str, str] = MappingProxyType({})
    skipped: Mapping[str, int] = MappingProxyType({})


FACEBOOK_EXPECTED: Final = (
    {
        "platform": "facebook", "account": "Ayuntamiento de Villar", "id": "111", "time": utc(2026, 3, 25, 7, 8),
        "precision": "minute", "kind": "own_post", "text": "Mañana no hay agua.\nDe 8 a 10", "media": ("photo",),
        "alternative_texts": None, "counts": {"views": 1234, "reactions": 12, "comments": 3, "shares": 0},
        "permalink": "https://www.facebook.com/villar/posts/111",
    },
    {"id": "112", "kind": "repost", "media": ("link",), "counts": {"reactions": 0, "comments": 0, "shares": 0}},
)  # fmt: skip
INSTAGRAM_EXPECTED: Final = (
    {
        "platform": "instagram", "account": "villar", "id": "18012345", "time": utc(2026, 7, 22, 17, 30),
        "precision": "minute", "kind": "own_post", "text": 'El puente, "nuevo" 🌉', "media": ("video",),
        "counts": {"views": 20_000, "reactions": 300, "shares": 10, "comments": 20, "saves": 5},
    },
)  # fmt: skip
# 2035933611212357737 // 2 ** 22 + 1288834974657 milliseconds since 1970.
X_EXPECTED: Final = (
    {
        "platform": "x", "account": "villar", "id": "2035933611212357737", "kind": "own_post",
        "time": utc(2026, 3, 23, 4, 16, 13, 387), "precision": "second",
        "text": "Agua cortada", "counts": {"views": 10_050, "reactions": 14, "comments": 2, "shares": 5},
    },
    {"id": "123", "time": utc(2026, 3, 23, 23), "precision": "day", "kind": "public_reply"},
)  # fmt: skip
YOUTUBE_EXPECTED: Final = (
    {
        "platform": "youtube", "id": "abcDEF12345", "time": utc(2026, 10, 2, 22), "precision": "day",
        "kind": "own_post", "text": "El pleno", "media": ("video",),
        "counts": {"views": 1234, "reactions": 50, "comments": 2},
        "permalink": "https://www.youtube.com/watch?v=abcDEF12345",
    },
)  # fmt: skip
# 7300000000000000001 // 2 ** 22 milliseconds since 1970.
LINKEDIN_EXPECTED: Final = (
    {
        "platform": "linkedin", "id": "7300000000000000001", "kind": "own_post",
        "time": utc(2025, 2, 25, 3, 53, 47, 441), "precision": "second",
        "text": "Empleo público", "media": ("photo",),
        "counts": {"views": 410, "reactions": 20, "comments": 2, "shares": 1},
    },
)  # fmt: skip

CASES: Final = (
    Case("facebook-posts", "en", FACEBOOK_EN, (FACEBOOK_ROW, FACEBOOK_SHARE), FACEBOOK_EXPECTED, "Publish time",
         words={"photo": "Photos", "link": "Links"}),
    Case("facebook-posts", "es", FACEBOOK_ES, (FACEBOOK_ROW, FACEBOOK_SHARE), FACEBOOK_EXPECTED, "Hora de publicación",
         words={"photo": "Fotos", "link": "Enlaces"}),
    Case("instagram-posts", "en", INSTAGRAM_EN, (INSTAGRAM_ROW, INSTAGRAM_STORY), INSTAGRAM_EXPECTED, "Publish time",
         words={"reel": "IG reel", "story": "IG story"}, skipped={"story": 1}),
    Case("instagram-posts", "es", INSTAGRAM_ES, (INSTAGRAM_ROW, INSTAGRAM_STORY), INSTAGRAM_EXPECTED,
         "Hora de publicación", words={"reel": "Reel de Instagram", "story": "Historia de Instagram"},
         skipped={"story": 1}),
    Case("x-posts", "en", X_POSTS_EN, (X_ROW, X_REPLY), X_EXPECTED, "Post text"),
    Case("x-posts", "es", X_POSTS_ES, (X_ROW, X_REPLY), X_EXPECTED, "Texto del post"),
    Case("x-tweets", "en", X_TWEETS, (TWEET_ROW,), (
        {"platform": "x", "account": "villar", "id": "9001", "time": utc(2026, 9, 18, 12), "precision": "minute",
         "kind": "own_post", "text": "Pleno, hoy\na las 18",
         "counts": {"views": 120, "shares": 1, "comments": 0, "reactions": 7}},
    ), "Tweet text"),
    Case("youtube-videos", "en", YOUTUBE_EN,
         (YOUTUBE_TOTAL, ("abcDEF12345", "El pleno", "Oct 3, 2026", "44", "1234", "50", "2")),
         YOUTUBE_EXPECTED, "Video publish time", skipped={"total": 1}),
    Case("youtube-videos", "es", YOUTUBE_ES,
         (YOUTUBE_TOTAL, ("abcDEF12345", "El pleno", "3 oct 2026", "44", "1.234", "50", "2")),
         YOUTUBE_EXPECTED, "Hora de publicación del vídeo", separator=";", skipped={"total": 1}),
    Case("tiktok-videos", "en", TIKTOK, (
        ("La feria", "https://www.tiktok.com/@villar/video/7412345678901234567?lang=en", "2026-08-02 19:05:00", "1.2K",
         "48", "31", "18,400"),
    ), (
        {"platform": "tiktok", "account": "villar", "id": "7412345678901234567", "time": utc(2026, 8, 2, 17, 5),
         "precision": "second", "kind": "own_post", "media": ("video",),
         "counts": {"comments": 48, "shares": 31, "views": 18_400},
         "permalink": "https://www.tiktok.com/@villar/video/7412345678901234567"},
    ), "Video link"),
    Case("linkedin-posts", "en", LINKEDIN_EN, (LINKEDIN_ROW,), LINKEDIN_EXPECTED, "Post link",
         words={"image": "Image"}),
    Case("linkedin-posts", "es", LINKEDIN_ES, (LINKEDIN_ROW,), LINKEDIN_EXPECTED, "Enlace de la publicación",
         words={"image": "Imagen"}),
    Case("decidim-proposals", "en", DECIDIM, (DECIDIM_ROW, DECIDIM_WITHDRAWN), (
        {"platform": "decidim", "account": "decide.villar.example", "id": "proposal-77", "kind": "received",
         "time": utc(2026, 3, 2, 8, 15), "text": "Más sombra\nEn la plaza.", "thread": "proposal-77",
         "counts": {"comments": 4}, "private": False},
        {"id": "answer-77", "kind": "public_reply", "time": utc(2026, 3, 9, 9), "thread": "proposal-77",
         "text": "Se plantarán doce árboles."},
        {"id": "proposal-78", "kind": "received", "text": "Més ombra", "deleted": True},
    ), "published_at", separator=";"),
)  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.format} {case.language}" for case in CASES])


def fill_rows(case: Case) -> list[list[str]]:
    return [[cell.format(**case.words) if cell.startswith("{") else cell for cell in row] for row in case.rows]


def make_csv(case: Case, headers: Sequence[str] | None = None, rows: Sequence[Sequence[str]] | None = None) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=case.separator, lineterminator="\r\n")
    writer.writerow(case.headers if headers is None else headers)
    writer.writerows(fill_rows(case) if rows is None else rows)
    return text.getvalue()


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
        utc(2026, 3, 4, 9), utc(2026, 3, 25, 9),
    ]  # fmt: skip
    assert [m.time for m in read_dates("03/04/2026 10:00", "25/03/2026 10:00").messages] == [
        utc(2026, 3, 25, 9), utc(2026, 4, 3, 8),
    ]  # fmt: skip
    asked = read_dates("03/04/2026 10:00", "05/05/2026 10:00")
    assert [message.id for message in asked.messages] == ["1"]
    (fault,) = asked.faults
    assert (fault.code, fault.line, fault.value) == ("date_ambiguous", 2, "03/04/2026 10:00")
    assert fault.suggestion == "2026-03-04 / 2026-04-03"
    assert len(read_dates("03/04/2026 10:00", "05/05/2026 10:00", date_order="dmy").messages) == 2
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


def test_a_day_without_a_year_is_completed_by_the_id_or_asked_for(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.format == "tiktok-videos")
    # 7412345678901234567 // 2 ** 32 = 1725821215 seconds: 2024-09-08 18:46:55.
    link = "https://www.tiktok.com/@villar/video/{}"
    rows = [
        ["a", link.format(7412345678901234567), "8 de septiembre", "1", "1", "1", "1"],
        ["b", link.format(7412345678901234568), "9 de septiembre", "1", "1", "1", "1"],
    ]
    outcome = read(write(tmp_path, "export.csv", make_csv(case, rows=rows)))
    assert [(m.text, m.time, m.precision) for m in outcome.messages] == [("a", utc(2024, 9, 8, 18, 46, 55), "second")]
    assert outcome.places == [("date_without_year", 3, "Post time")]


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
