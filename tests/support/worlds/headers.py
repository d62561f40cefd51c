"""Headers of the tables that platforms hand out: literals, each with the place and the date where it was seen.

"Seen in a public repository" is a test file or a program that reads real exports, found by its header in an index of
public code on 2026-11-29; the date is that of the rows in it. Where no whole row was found it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _rename(header: tuple[str, ...], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(name, name) for name in header)


FACEBOOK_BUSINESS: Final[dict[str, tuple[str, ...]]] = {
    # Whole, with two rows of 2026-09, in a test that says it has the columns and quoting of Meta's exports per post.
    "en": (
        "Post ID",
        "Page ID",
        "Page name",
        "Title",
        "Description",
        "Duration (sec)",
        "Publish time",
        "Caption type",
        "Permalink",
        "Is crosspost",
        "Is share",
        "Post type",
        "Languages",
        "Custom labels",
        "Funded content status",
        "Data comment",
        "Date",
        "Views",
        "Reach",
        "Reactions, Comments and Shares",
        "Reactions",
        "Comments",
        "Shares",
        "Total clicks",
        "Other Clicks",
        "Matched Audience Targeting Consumption (Photo Click)",
    ),
    # The columns of an export of 2026-03-10 that a program renames one by one, in its order (Latin American Spanish).
    "es": (
        "Identificador de la publicación",
        "Identificador de la página",
        "Nombre de la página",
        "Título",
        "Descripción",
        "Duración (segundos)",
        "Hora de publicación",
        "Tipo de subtítulo",
        "Enlace permanente",
        "Es una publicación cruzada",
        "Es una publicación compartida",
        "Tipo de publicación",
        "Idiomas",
        "Etiquetas personalizadas",
        "Estado de contenido financiado",
        "Comentario sobre los datos",
        "Fecha",
        "Visualizaciones",
        "Alcance",
        "Reacciones, comentarios y veces que se compartió",
        "Reacciones",
        "Comentarios",
        "Veces que se compartió",
        "Total de clics",
        "Clics de otro tipo",
        "Clics en el enlace",
    ),
}
# In Spain two names differ, as dashboards of a Spanish broadcaster read them (2026). No whole row was found.
FACEBOOK_BUSINESS["es-ES"] = _rename(
    FACEBOOK_BUSINESS["es"],
    {
        "Reacciones, comentarios y veces que se compartió": "Reacciones, comentarios y veces que se ha compartido",
        "Veces que se compartió": "Veces que se ha compartido",
    },
)
FACEBOOK_TYPES: Final[dict[str, dict[str, str]]] = {
    # "Photos" was seen (2026-09); the other names are those of the filter in Meta Business Suite, from memory.
    "en": {"photo": "Photos", "video": "Videos", "live": "Live", "link": "Links", "text": "Text"},
    "es": {"photo": "Fotos", "video": "Videos", "live": "En vivo", "link": "Enlaces", "text": "Texto"},
    "es-ES": {"photo": "Fotos", "video": "Vídeos", "live": "En directo", "link": "Enlaces", "text": "Texto"},
}
INSTAGRAM_BUSINESS: Final[dict[str, tuple[str, ...]]] = {
    # Whole, with a row of 2026-09, in the test named above.
    "en": (
        "Post ID",
        "Account ID",
        "Account username",
        "Account name",
        "Description",
        "Duration (sec)",
        "Publish time",
        "Permalink",
        "Post type",
        "Data comment",
        "Date",
        "Views",
        "Reach",
        "Likes",
        "Shares",
        "Follows",
        "Comments",
        "Saves",
    ),
    # Whole, called "the real headers" by a test of a Chilean dashboard (2026-07); a Colombian one agrees (2026-03).
    "es": (
        "Identificador de la publicación",
        "Identificador de la cuenta",
        "Nombre de usuario de la cuenta",
        "Nombre de la cuenta",
        "Descripción",
        "Duración (segundos)",
        "Hora de publicación",
        "Enlace permanente",
        "Tipo de publicación",
        "Comentario sobre los datos",
        "Fecha",
        "Visualizaciones",
        "Alcance",
        "Me gusta",
        "Veces que se compartió",
        "Seguimientos",
        "Comentarios",
        "Veces que se guardó",
    ),
}
# In Spain three names differ: dashboards of a Spanish broadcaster, and a test with rows of 2026-03.
INSTAGRAM_BUSINESS["es-ES"] = _rename(
    INSTAGRAM_BUSINESS["es"],
    {
        "Veces que se compartió": "Veces que se ha compartido",
        "Seguimientos": "Seguidores",
        "Veces que se guardó": "Veces guardado",
    },
)
INSTAGRAM_TYPES: Final[dict[str, dict[str, str]]] = {
    # English: rows of 2026-03 to 2026-10 ("IG reel"). Spanish: three programs that map these names.
    "en": {"photo": "IG image", "carousel": "IG carousel", "video": "IG reel"},
    "es": {"photo": "Imagen de Instagram", "carousel": "Secuencia de Instagram", "video": "Reel de Instagram"},
    "es-ES": {"photo": "Imagen de Instagram", "carousel": "Secuencia de Instagram", "video": "Reel de Instagram"},
}
X_TWEET_ACTIVITY: Final = (
    # Whole, in a test of an importer, with times as "2024-03-15 18:42 +0000": what analytics.twitter.com handed out.
    "Tweet id",
    "Tweet permalink",
    "Tweet text",
    "time",
    "impressions",
    "engagements",
    "engagement rate",
    "retweets",
    "replies",
    "likes",
    "user profile clicks",
    "url clicks",
    "hashtag clicks",
    "detail expands",
    "permalink clicks",
    "app opens",
    "app installs",
    "follows",
    "email tweet",
    "dial phone",
    "media views",
    "media engagements",
)
X_CONTENT: Final = (
    # Whole, from account_analytics_content_2026-04-27_2026-07-25.csv, shortened by the test it was seen in. The date is
    # quoted and has commas: "Tue, Jul 14, 2026". It has no time of day.
    "Post id",
    "Date",
    "Post text",
    "Post Link",
    "Impressions",
    "Likes",
    "Engagements",
    "Bookmarks",
    "Shares",
    "New follows",
    "Replies",
    "Reposts",
    "Profile visits",
    "Detail Expands",
    "URL Clicks",
    "Hashtag Clicks",
    "Permalink Clicks",
)
YOUTUBE_STUDIO: Final[dict[str, tuple[str, ...]]] = {
    # Columns are chosen by whoever exports; this choice, with a row of totals first, was seen in 2026-09.
    "en": (
        "Content",
        "Video title",
        "Video publish time",
        "Duration",
        "Views",
        "Watch time (hours)",
        "Subscribers",
        "Likes",
        "Comments added",
        "Shares",
    ),
    # The first seven: a program that reads the export of a Spanish channel (2026-02). The last three from the interface
    # in Spanish, from memory: no export was found that has them.
    "es": (
        "Contenido",
        "Título del vídeo",
        "Hora de publicación del vídeo",
        "Duración",
        "Visualizaciones",
        "Tiempo de visualización (horas)",
        "Suscriptores",
        "Me gusta",
        "Comentarios añadidos",
        "Veces compartido",
    ),
}
TIKTOK_STUDIO: Final = (
    # Whole, with rows of 2026-08 ("2026-08-02 19:05:00"), in a test of an importer; two others have the same beginning.
    # A Spanish header was not found.
    "Video title",
    "Video link",
    "Post time",
    "Total likes",
    "Total comments",
    "Total shares",
    "Total views",
    "Average watch time",
)
LINKEDIN_PAGE: Final = (
    # The sheet "All posts" of a page's export of 2024-01, whose columns three programs name in this order; a line above
    # explains the columns. LinkedIn hands out .xls, which nothing here writes: the tests have the same sheet as .xlsx.
    "Post title",
    "Post link",
    "Post type",
    "Campaign name",
    "Posted by",
    "Created date",
    "Campaign start date",
    "Campaign end date",
    "Audience",
    "Impressions",
    "Views (Excluding offsite video views)",
    "Offsite Views",
    "Clicks",
    "Click through rate (CTR)",
    "Likes",
    "Comments",
    "Reposts",
    "Follows",
    "Engagement rate",
    "Content Type",
)
