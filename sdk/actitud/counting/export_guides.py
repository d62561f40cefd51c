"""Guides to the next exports, step by step for each platform, in Spanish and English."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple, get_args

from actitud.counting.definitions import TextPair
from actitud.counting.reasons import Reason
from actitud.counting.sources import Tell


class ExportGuide(NamedTuple):
    """Guide to an export of data from a platform, with its steps and the kinds of data in the export (``tells``)."""

    platform: str
    title: TextPair
    tells: tuple[Tell, ...]
    steps: tuple[TextPair, ...]


class ExportAdvice(NamedTuple):
    """Advice to export missing data from a platform: the guide, the accounts, and the first and last missing day.

    The days are None if the whole period is missing.
    """

    guide: ExportGuide
    accounts: tuple[str, ...]
    first: date | None
    last: date | None


_POSTS: Final[tuple[Tell, ...]] = ("own_posts", "texts")
_CHATS: Final[tuple[Tell, ...]] = ("received_private", "private_replies", "threads")
_META_INSIGHTS: Final = (
    TextPair(
        "Abra business.facebook.com y elija la página o cuenta del organismo.",
        "Open business.facebook.com and choose the page or account of the body.",
    ),
    TextPair("En «Estadísticas», abra «Contenido».", "In “Insights”, open “Content”."),
    TextPair(
        "Elija las fechas del periodo entero; si no caben, haga varias exportaciones seguidas.",
        "Choose the dates of the whole period; if they do not fit, make several exports that follow each other.",
    ),
    TextPair(
        "Pulse «Exportar datos», elija publicaciones y guarde el CSV sin abrirlo en una hoja de cálculo.",
        "Press “Export data”, choose posts, and save the CSV without opening it in a spreadsheet.",
    ),
)
_META_INFORMATION: Final = (
    TextPair(
        "En la configuración, abra «Centro de cuentas», «Tu información y tus permisos», «Descargar tu información».",
        "In the settings open “Accounts Centre”, “Your information and permissions”, “Download your information”.",
    ),
    TextPair(
        "Elija la página o cuenta del organismo, y en ella mensajes, publicaciones y comentarios.",
        "Choose the page or account of the body, and of it messages, posts and comments.",
    ),
    TextPair(
        "Elija las fechas del periodo, formato JSON y calidad baja de las imágenes.",
        "Choose the dates of the period, the format JSON and low quality of images.",
    ),
    TextPair(
        "Cuando llegue el aviso, descargue el ZIP. No hace falta abrirlo.",
        "When you are told that it is ready, download the ZIP. It need not be opened.",
    ),
)

_LOG: Final = ExportGuide(
    "log",
    TextPair("Registro de mensajes, de la herramienta de atención o a mano", "Message log, of a help desk or by hand"),
    ("received_public", "received_private", "public_replies", "private_replies", "threads", "texts"),
    (
        TextPair(
            "Ningún fichero de esta red dice qué comentarios se recibieron ni qué se respondió: hace falta una lista.",
            "No file of this network says which comments were received and how they were answered: a list is needed.",
        ),
        TextPair(
            "Exporte de la herramienta de atención, o lleve en una hoja de cálculo, una fila por mensaje: fecha y "
            "hora, red, cuenta, si es recibido o respuesta, si es privado, conversación y texto.",
            "Export from your help desk, or keep in a spreadsheet, a row for each message: date and time, network, "
            "account, whether it was received or is a reply, whether it is private, conversation and text.",
        ),
        TextPair(
            "Si las columnas tienen otros nombres, diga cuáles en un fichero y nómbrelo con --mapping.",
            "If the columns have other names, say which in a file, and name it by --mapping.",
        ),
    ),
)
_NO_FILE: Final = TextPair(
    "De esta red no hay fichero, o ninguno que se pueda contar: hace falta una lista de todo, también de lo publicado.",
    "Of this network there is no file, or none that can be counted: a list of everything is needed, of posts too.",
)

GUIDES: Final[tuple[ExportGuide, ...]] = (
    ExportGuide(
        "facebook",
        TextPair("Facebook: contenido de Meta Business Suite", "Facebook: content of Meta Business Suite"),
        (*_POSTS, "media", "reactions", "comments", "shares"),
        _META_INSIGHTS,
    ),
    ExportGuide(
        "facebook",
        TextPair("Facebook: «Descargar tu información»", "Facebook: “Download your information”"),
        (*_POSTS, "media", *_CHATS),
        _META_INFORMATION,
    ),
    ExportGuide(
        "instagram",
        TextPair("Instagram: contenido de Meta Business Suite", "Instagram: content of Meta Business Suite"),
        (*_POSTS, "media", "reactions", "comments", "shares"),
        _META_INSIGHTS,
    ),
    ExportGuide(
        "instagram",
        TextPair("Instagram: «Descargar tu información»", "Instagram: “Download your information”"),
        (*_POSTS, "media", *_CHATS),
        _META_INFORMATION,
    ),
    ExportGuide(
        "x",
        TextPair("X: archivo de la cuenta", "X: archive of the account"),
        (*_POSTS, "public_replies", "reposts", "media", *_CHATS),
        (
            TextPair(
                "En «Configuración y privacidad», abra «Tu cuenta» y «Descargar un archivo con tus datos».",
                "In “Settings and privacy”, open “Your account” and “Download an archive of your data”.",
            ),
            TextPair(
                "Confirme la contraseña y pida el archivo; tarda un día o más.",
                "Confirm the password and request the archive; it takes a day or more.",
            ),
            TextPair("Descargue el ZIP. No hace falta abrirlo.", "Download the ZIP. It need not be opened."),
        ),
    ),
    ExportGuide(
        "youtube",
        TextPair("YouTube: tabla de YouTube Studio", "YouTube: table of YouTube Studio"),
        (*_POSTS, "media", "views", "comments", "reactions"),
        (
            TextPair(
                "En studio.youtube.com, abra «Analytics» y «Modo avanzado».",
                "At studio.youtube.com open “Analytics” and “Advanced mode”.",
            ),
            TextPair(
                "Elija «Contenido» y las fechas del periodo, y pulse la flecha de exportar: CSV.",
                "Choose “Content” and the dates of the period, and press the export arrow: CSV.",
            ),
            TextPair("Guarde el ZIP. No hace falta abrirlo.", "Save the ZIP. It need not be opened."),
        ),
    ),
    ExportGuide(
        "mastodon",
        TextPair("Mastodon: archivo de la cuenta", "Mastodon: archive of the account"),
        (*_POSTS, "public_replies", "private_replies", "reposts", "media", "alternative_texts"),
        (
            TextPair(
                "En «Preferencias», abra «Importar y exportar» y «Exportar datos».",
                "In “Preferences”, open “Import and export” and “Data export”.",
            ),
            TextPair(
                "Pulse «Solicitar tu archivo» y, cuando esté, descárguelo. No hace falta abrirlo.",
                "Press “Request your archive” and download it when it is ready. It need not be opened.",
            ),
        ),
    ),
    ExportGuide(
        "tiktok",
        TextPair("TikTok: tabla de TikTok Studio", "TikTok: table of TikTok Studio"),
        (*_POSTS, "media", "views", "reactions", "comments", "shares"),
        (
            TextPair(
                "En tiktok.com/tiktokstudio, abra «Analíticas» y «Contenido».",
                "At tiktok.com/tiktokstudio open “Analytics” and “Content”.",
            ),
            TextPair(
                "Elija las fechas del periodo y pulse «Descargar datos»: CSV.",
                "Choose the dates of the period and press “Download data”: CSV.",
            ),
        ),
    ),
    ExportGuide(
        "linkedin",
        TextPair("LinkedIn: contenido de la página", "LinkedIn: content of the page"),
        (*_POSTS, "views", "reactions", "comments", "shares"),
        (
            TextPair(
                "Como administrador de la página, abra «Análisis» y «Contenido».",
                "As an administrator of the page open “Analytics” and “Content”.",
            ),
            TextPair(
                "Elija las fechas del periodo y pulse «Exportar».", "Choose the dates of the period and press “Export”."
            ),
        ),
    ),
    ExportGuide(
        "telegram",
        TextPair("Telegram: exportación de Telegram Desktop", "Telegram: export of Telegram Desktop"),
        (*_POSTS, "media", "reposts", *_CHATS),
        (
            TextPair(
                "En Telegram Desktop, abra el canal o el chat, su menú y «Exportar historial del chat»; para todos, "
                "«Ajustes», «Avanzados» y «Exportar datos de Telegram».",
                "In Telegram Desktop open the channel or the chat, its menu and “Export chat history”; for all of "
                "them “Settings”, “Advanced” and “Export Telegram data”.",
            ),
            TextPair("Elija el formato JSON y el periodo.", "Choose the format JSON and the period."),
        ),
    ),
    ExportGuide(
        "whatsapp",
        TextPair("WhatsApp: exportación de un chat", "WhatsApp: export of a chat"),
        _CHATS,
        (
            TextPair(
                "En cada chat, abra su menú, «Más» y «Exportar chat», sin archivos.",
                "In each chat open its menu, “More” and “Export chat”, without media.",
            ),
            TextPair("Ponga los ficheros en una carpeta.", "Put the files in one folder."),
        ),
    ),
    ExportGuide(
        "press_room",
        TextPair("Sala de prensa: canal RSS o Atom", "Press room: RSS or Atom feed"),
        _POSTS,
        (
            TextPair(
                "Abra el canal RSS o Atom de las noticias de la web y guarde la página; si solo trae las últimas, "
                "guárdelo cada mes.",
                "Open the RSS or Atom feed of the news of the website and save the page; if it only has the latest "
                "ones, save it every month.",
            ),
        ),
    ),
    *(
        ExportGuide(
            platform,
            TextPair(f"{spanish}: no se lee ningún fichero", f"{english}: no file is read"),
            get_args(Tell),
            (_NO_FILE, *_LOG.steps[1:]),
        )
        for platform, spanish, english in (
            ("bluesky", "Bluesky", "Bluesky"),
            ("threads", "Threads", "Threads"),
            ("whatsapp_channel", "Canal de WhatsApp", "WhatsApp channel"),
            ("google_reviews", "Reseñas de Google", "Google reviews"),
            ("decidim", "Decidim", "Decidim"),
        )
    ),
)


def find_guide(platform: str, tell: Tell) -> ExportGuide:
    """Return the guide to an export of a platform that contains a kind of data.

    If there is none, return the guide to the generic message log.
    """
    return next((guide for guide in GUIDES if guide.platform == platform and tell in guide.tells), _LOG)


def advise_exports(reasons: Iterable[Reason]) -> list[ExportAdvice]:
    """Return advice on the exports that would supply the data for unknown numbers, each export once.

    `reasons` say why the numbers are unknown.
    """
    asked: dict[ExportGuide, list[Reason]] = {}
    for reason in dict.fromkeys(reasons):
        if reason.platform is None:
            continue
        if reason.code == "no_file":
            tell: Tell | None = "received_public"
        else:
            tell = reason.tell if reason.code in ("not_told", "not_covered", "not_named") else None
        if tell is not None:
            asked.setdefault(find_guide(reason.platform, tell), []).append(reason)
    advice: list[ExportAdvice] = []
    for guide in (*GUIDES, _LOG):
        listed = asked.get(guide)
        if listed:
            accounts = sorted(
                {f"{reason.platform}:{reason.account}" for reason in listed if reason.account is not None}
            )
            is_whole = any(reason.first is None for reason in listed)
            first = None if is_whole else min(reason.first for reason in listed if reason.first is not None)
            last = None if is_whole else max(reason.last for reason in listed if reason.last is not None)
            advice.append(ExportAdvice(guide, tuple(accounts), first, last))
    return advice
