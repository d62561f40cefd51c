"""Decidim: exports of proposals, each a message received in public, and their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from actitud.counting.html_texts import extract_text
from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import dig, dig_counts, dig_text, iterate_items
from actitud.counting.readers.tables import TableFormat, TableRow, join_texts
from actitud.counting.source_reading import RowRefused, SourceReading
from actitud.counting.times import ReadTime

_LANGUAGES: Final = ("_ca", "_eu", "_gl", "_en")
_HOST: Final = re.compile(r"https?://([^/]+)/")


def is_export(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is a JSON export of proposals from Decidim."""
    return all(f'"{member}"' in head for member in ("participatory_space", "component", "title", "published_at"))


def read_export(source: SourceReading) -> Iterator[Message]:
    """Yield the messages in a JSON export of Decidim: its proposals, and the answers to them."""
    source.tells.update(("received_public", "threads", "texts", "time_of_day", "comments"))
    for pointer, item in iterate_items(source, "item"):
        with suppress(RowRefused):
            identity = source.require(dig_text(item, "id"), pointer, "id")
            published = dig_text(item, "published_at") or dig_text(item, "created_at")
            yield from _make_messages(
                source,
                pointer,
                identity,
                source.read_time(published, pointer, "published_at"),
                join_texts(_choose_text(dig(item, "title")), _choose_text(dig(item, "body"))),
                dig_text(item, "url"),
                _choose_text(dig(item, "answer")),
                dig_text(item, "answered_at"),
                dig_counts(item, {"comments": "comments"}),
                is_withdrawn=dig(item, "withdrawn") is True or bool(dig(item, "withdrawn_at")),
            )


def make_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the messages of one row of a Decidim export in CSV or as a workbook: a proposal, and the answer to it."""
    identity = row.require_id()
    answered = row.get("answer_time")
    yield from _make_messages(
        source,
        row.line,
        identity,
        row.get_time(),
        join_texts(_find_text(row, "title"), _find_text(row, "text")),
        row.get_text("permalink"),
        _find_text(row, "answer"),
        answered,
        row.get_counts("comments"),
        is_withdrawn=row.get_text("withdrawn").casefold() == "true",
    )


def _make_messages(
    source: SourceReading,
    place: int | str,
    identity: str,
    time: ReadTime,
    text: str,
    link: str,
    answer: str,
    answered: Any,
    counts: dict[str, int],
    *,
    is_withdrawn: bool,
) -> Iterator[Message]:
    host = _HOST.match(link)
    account = source.name_account(host[1]) if host else ""
    source.account = source.account or account
    thread = f"proposal-{identity}"
    yield source.keep(
        row=place,
        id=thread,
        account=account,
        time=time,
        kind="received",
        text=text,
        thread=thread,
        counts=counts,
        permalink=link,
        deleted=is_withdrawn,
    )
    if not answer:
        return
    if not answered:
        source.skip("answer_without_time")
        source.note_once("answers_without_time")
        return
    source.tells.add("public_replies")
    yield source.keep(
        row=place,
        id=f"answer-{identity}",
        account=account,
        time=source.read_time(answered, place, "answered_at"),
        kind="public_reply",
        text=answer,
        thread=thread,
        parent=thread,
        permalink=link,
    )


def _find_text(row: TableRow, field: str) -> str:
    """Return a text in Spanish, else in the first language that it is written in."""
    texts = (row.get_text(f"{field}{suffix}") for suffix in ("", *_LANGUAGES))
    return extract_text(next((text for text in texts if text), ""))


def _choose_text(value: Any) -> str:
    """Return a text that may be given in several languages: Spanish, else the first one that is not blank."""
    if isinstance(value, str):
        return extract_text(value)
    if not isinstance(value, dict):
        return ""
    texts = [text for text in (value.get("es"), *value.values()) if isinstance(text, str) and text.strip()]
    return extract_text(texts[0]) if texts else ""


TABLES: Final = {
    "decidim-proposals": TableFormat(
        "decidim",
        ("received_public", "threads", "texts", "time_of_day", "comments"),
        make_messages,
    ),
}
