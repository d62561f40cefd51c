"""Telegram and WhatsApp: exported chats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.worlds.formats.delivery import Delivery, dump
from tests.support.worlds.identifiers import to_utc_seconds
from tests.support.worlds.model import Account, Entry

CHANNEL = 1_000_000


def _write_entities(text: str) -> tuple[Any, list[dict[str, str]]]:
    """Return the text and its parts, as Telegram Desktop has them: a list where something is marked."""
    start = text.find("https://")
    if start < 0:
        return text, [{"type": "plain", "text": text}] if text else []
    end = min((place for place in (text.find(" ", start), text.find("\n", start)) if place >= 0), default=len(text))
    before, link, after = text[:start], text[start:end], text[end:]
    marked: list[Any] = [part for part in (before, {"type": "link", "text": link}, after) if part]
    return marked, [part if isinstance(part, dict) else {"type": "plain", "text": part} for part in marked]


def _make_message(delivery: Delivery, account: Account, entry: Entry, number: int) -> dict[str, Any]:
    text, entities = _write_entities(entry.text)
    if entry.private:
        own = ("user" + account.id, account.name)
        sender = ("user" + str(5 * 10**8 + entry.person.number), entry.person.name) if entry.person else own
        identity, name = sender if entry.kind == "received" else own
    else:
        identity, name = "channel" + account.id, account.name
    message: dict[str, Any] = {
        "id": number,
        "type": "message",
        "date": f"{delivery.to_local(entry.time):%Y-%m-%dT%H:%M:%S}",
        "date_unixtime": str(to_utc_seconds(entry.time)),
    }
    if entry.edited:
        message |= {
            "edited": f"{delivery.to_local(entry.edited):%Y-%m-%dT%H:%M:%S}",
            "edited_unixtime": str(to_utc_seconds(entry.edited)),
        }
    message |= {"from": name, "from_id": identity}
    if entry.role == "repost":
        message["forwarded_from"] = "Diputación de Ejemplo"
    for medium in entry.media:
        if medium.kind == "photo":
            message |= {
                "photo": f"photos/photo_{number}@12-01-2026.jpg",
                "photo_file_size": 9_000,
                "width": 800,
                "height": 600,
            }
        elif medium.kind == "video":
            message |= {
                "file": f"video_files/video_{number}.mp4",
                "file_name": "video.mp4",
                "media_type": "video_file",
                "mime_type": "video/mp4",
                "duration_seconds": 20,
            }
        elif medium.kind == "poll":
            message["poll"] = {
                "question": "¿Qué le parece?",
                "closed": False,
                "total_voters": 12,
                "answers": [
                    {"text": "Bien", "voters": 9, "chosen": False},
                    {"text": "Mal", "voters": 3, "chosen": False},
                ],
            }
    message |= {"text": text, "text_entities": entities}
    return message


def write_telegram_export(delivery: Delivery) -> list[Path]:
    """Write `result.json` of Telegram Desktop: everything at once, or a folder for each chat."""
    account = delivery.portion.account
    numbers = {entry.id: number for number, entry in enumerate(account.entries, 2)}
    channel = {
        "name": account.name,
        "type": "public_channel",
        "id": int(account.id),
        "messages": [
            {
                "id": 1,
                "type": "service",
                "date": "2023-05-02T09:00:00",
                "date_unixtime": "1683010800",
                "actor": account.name,
                "actor_id": "channel" + account.id,
                "action": "create_channel",
                "title": account.name,
                "text": "",
                "text_entities": [],
            },
            *(
                _make_message(delivery, account, entry, numbers[entry.id])
                for entry in delivery.portion.kept
                if not entry.private
            ),
        ],
    }
    chats = []
    for chat in delivery.portion.list_chats():
        person = next(entry.person for entry in chat if entry.person)
        kept = [entry for entry in chat if entry.deleted is None]
        if kept:
            chats.append(
                {
                    "name": person.name,
                    "type": "personal_chat",
                    "id": 5 * 10**8 + person.number,
                    "messages": [
                        _make_message(delivery, account, entry, CHANNEL + numbers[entry.id]) for entry in kept
                    ],
                }
            )
    everything = [channel, *chats]
    if delivery.shuffled:
        delivery.random.shuffle(everything)
    if delivery.random.random() < 0.5:
        return [
            delivery.write_text(f"ChatExport_{number}/result.json", dump(chat, indent=1))
            for number, chat in enumerate(everything)
        ]
    whole = {
        "about": "Here is the data you requested.",
        "personal_information": {
            "user_id": int(account.id),
            "first_name": account.name,
            "last_name": "",
            "phone_number": "+34 900 00 00 00",
            "username": f"@{account.handle}",
            "bio": "Cuenta oficial",
        },
        "chats": {"about": "This page lists all chats from this export.", "list": everything},
    }
    return [delivery.write_text("DataExport_2026-01-12/result.json", dump(whole, indent=1))]


STYLES = ("android es", "ios es", "android en")
NOTICES = {
    "android es": "Los mensajes y las llamadas están cifrados de extremo a extremo. Nadie de fuera puede leerlos.",
    "ios es": "Los mensajes y las llamadas están cifrados de extremo a extremo. Nadie de fuera puede leerlos.",
    "android en": "Messages and calls are end-to-end encrypted. Only people in this chat can read or share them.",
}
DELETED = {
    "android es": ("Se eliminó este mensaje.", "Eliminaste este mensaje."),
    "ios es": ("\u200eSe eliminó este mensaje.", "\u200eEliminaste este mensaje."),
    "android en": ("This message was deleted", "You deleted this message"),
}
EDITED = {
    "android es": " <Se editó este mensaje.>",
    "ios es": " \u200e<Se editó este mensaje.>",
    "android en": " <This message was edited>",
}
MEDIA = {"android es": "<Multimedia omitido>", "ios es": "\u200eimagen omitida", "android en": "<Media omitted>"}


def write_whatsapp_chats(delivery: Delivery) -> list[Path]:
    """Write a text file for each chat: no ids, the minute (iOS: the second), the zone of the telephone, names as saved.

    What was deleted leaves a line that says so, which is no message any more.
    """
    account = delivery.portion.account
    style = delivery.random.choice(STYLES)
    paths = []
    for chat in delivery.order(delivery.portion.list_chats()):
        person = next(entry.person for entry in chat if entry.person)
        first = delivery.to_local(chat[0].time)
        lines = [_begin_line(style, first, "") + NOTICES[style]]
        if style == "ios es":
            lines = [_begin_line(style, first, person.name) + "\u200e" + NOTICES[style]]
        for entry in chat:
            is_received = entry.kind == "received"
            text = entry.text.replace("\r\n", "\n")
            if entry.media:
                text = MEDIA[style]  # a picture is a message of its own: its text does not stand beside
            if entry.edited:
                text += EDITED[style]
            if entry.deleted:
                text = DELETED[style][0 if is_received else 1]
            lines.append(
                _begin_line(style, delivery.to_local(entry.time), person.name if is_received else account.name) + text
            )
        ending = "\r\n" if style == "ios es" else "\n"
        content = ending.join(lines) + ending
        if style == "ios es":
            paths.append(delivery.write_zip(f"WhatsApp Chat - {person.name}.zip", {"_chat.txt": content}))
        else:
            name = (
                f"Chat de WhatsApp con {person.name}.txt"
                if style == "android es"
                else f"WhatsApp Chat with {person.name}.txt"
            )
            paths.append(delivery.write_text(name, content))
    return paths


def _begin_line(style: str, moment: Any, name: str) -> str:
    match style:
        case "android es":
            start = f"{moment.day}/{moment.month}/{moment:%y}, {moment.hour}:{moment:%M} - "
        case "ios es":
            return f"[{moment.day}/{moment.month}/{moment:%y}, {moment.hour}:{moment:%M:%S}] {name}: "
        case _:
            hour, half = moment.hour % 12 or 12, "PM" if moment.hour >= 12 else "AM"
            start = f"{moment.month}/{moment.day}/{moment:%y}, {hour}:{moment:%M}\u202f{half} - "
    return f"{start}{name}: " if name else start
