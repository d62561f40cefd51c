"""Tables as the platforms hand them out, with what they say."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tests.unit.counting.readers.support import utc

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
        "platform": "facebook", "account": "Ayuntamiento de Villar", "id": "111", "time": utc(2026, 3, 25, 15, 8),
        "precision": "minute", "kind": "own_post", "text": "Mañana no hay agua.\nDe 8 a 10", "media": ("photo",),
        "alternative_texts": None, "counts": {"views": 1234, "reactions": 12, "comments": 3, "shares": 0},
        "permalink": "https://www.facebook.com/villar/posts/111",
    },
    {"id": "112", "kind": "repost", "media": ("link",), "counts": {"reactions": 0, "comments": 0, "shares": 0}},
)  # fmt: skip
INSTAGRAM_EXPECTED: Final = (
    {
        "platform": "instagram", "account": "villar", "id": "18012345", "time": utc(2026, 7, 23, 2, 30),
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
)  # fmt: skip


def fill_rows(case: Case) -> list[list[str]]:
    return [[cell.format(**case.words) if cell.startswith("{") else cell for cell in row] for row in case.rows]


def make_csv(case: Case, headers: Sequence[str] | None = None, rows: Sequence[Sequence[str]] | None = None) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=case.separator, lineterminator="\r\n")
    writer.writerow(case.headers if headers is None else headers)
    writer.writerows(fill_rows(case) if rows is None else rows)
    return text.getvalue()
