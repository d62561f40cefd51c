"""WhatsApp: the text of an exported chat, of Android or iOS, in Spanish or English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from actitud.counting.decoding import open_text
from actitud.counting.made_ids import IdMaker, hide_name
from actitud.counting.messages import Message
from actitud.counting.options import normalise_account
from actitud.counting.source_reading import ArchiveOwner, RowRefused, SourceReading
from actitud.counting.times import OrderEvidence

_DAY: Final = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4},?[ \u202f]"
_CLOCK: Final = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:[ \u00a0\u202f]?[ap]\.?[ \u00a0\u202f]?m\.?)?"
_LINE: Final = re.compile(
    rf"[\u200e\u200f\ufeff]*(?:\[(?P<bracketed>{_DAY}{_CLOCK})\] |(?P<plain>{_DAY}{_CLOCK}) [-–] )(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SENDER: Final = re.compile(r"(?P<sender>[^:\n]{1,100}):[ \n](?P<text>.*)", re.DOTALL)
_DELETED: Final = re.compile(
    r"(?i)(?:this message was deleted|you deleted this message|se eliminó este mensaje|eliminaste este mensaje"
    r"|este mensaje fue eliminado)\.?"
)
_NOTICE: Final = re.compile(
    r"(?i)\u200e?(?:los mensajes y las llamadas están cifrad|messages and calls are end-to-end encrypted)"
)
_EDITED: Final = re.compile(r"(?i)\s*<(?:this message was edited|se editó este mensaje)\.?>\s*$")
_OMITTED: Final = re.compile(
    r"(?i)<(?:media omitted|multimedia omitido|archivo omitido)>"
    r"|(?P<kind>image|imagen|video|vídeo|audio|sticker|document|documento|gif) (?:omitted|omitid[oa])"
)
_ATTACHED: Final = re.compile(
    r"(?i)\S+\.(?P<suffix>\w{2,5}) \((?:file attached|archivo adjunto)\)"
    r"|<(?:attached|adjunto): \S+\.(?P<other>\w{2,5})>"
)
_KINDS: Final = {
    "image": "photo", "imagen": "photo", "video": "video", "vídeo": "video", "audio": "audio", "sticker": "sticker",
    "document": "document", "documento": "document", "gif": "video", "jpg": "photo", "jpeg": "photo", "png": "photo",
    "webp": "sticker", "mp4": "video", "opus": "audio", "ogg": "audio", "m4a": "audio", "pdf": "document",
}  # fmt: skip
_LONGEST_MESSAGE: Final = 1 << 20


class _ChatLine(NamedTuple):
    line: int
    time: str
    sender: str | None
    text: str


def is_chat(head: str) -> bool:
    """Return True if a file is an exported WhatsApp chat: two of its first lines begin with a date and a time."""
    lines = head.splitlines()[:40]
    return sum(_LINE.match(line) is not None for line in lines) >= min(2, max(1, len(lines)))


def survey_chat(source: SourceReading) -> tuple[set[str], OrderEvidence]:
    """Return the participants of a chat by their normalised names, and evidence about the order of day and month."""
    evidence = OrderEvidence(is_sorted=True)
    senders: set[str] = set()
    for line in _iterate_lines(source):
        evidence.add(line.time)
        if line.sender:
            senders.add(normalise_account(line.sender))
    return senders, evidence


def read_chat(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    """Yield the messages of an exported WhatsApp chat.

    ``owner``: account of the organisation, and order of day and month, as far as the chats of the telephone show them.

    Raises:
        FileRefused: if it is not known which participant is the organisation, or dates contradict each other.
    """
    senders, evidence = survey_chat(source)
    if evidence.is_contradictory:
        raise source.fail("dates_contradict")
    source.date_order = evidence.order or owner.order or source.date_order
    known = set(source.list_own_names()) | ({owner.name} if owner.name else set())
    own = known & senders
    # A chat of one who wrote and got no answer shows no other name.
    if not known or (not own and len(senders) > 1):
        raise source.fail("own_name_unknown")
    source.tells.update(("private_replies", "received_private", "threads", "texts", "media", "time_of_day"))
    thread = "chat-" + hide_name("\0".join(sorted(senders - own)))
    maker = IdMaker()
    for line in _iterate_lines(source):
        # iOS writes its notices under the name of the other.
        if line.sender is None or _NOTICE.match(line.text):
            source.skip("service_message")
            continue
        try:
            time = source.read_time(line.time, line.line, None)
        except RowRefused:
            continue
        text = _EDITED.sub("", line.text).strip("\u200e\u200f \n")
        is_deleted = _DELETED.fullmatch(text) is not None
        media = _list_media(text)
        sender = normalise_account(line.sender)
        yield source.keep(
            row=line.line,
            id=maker.make_id(time.time, thread, hide_name(sender), text),
            time=time,
            kind="private_reply" if sender in own else "received",
            text="" if is_deleted else _ATTACHED.sub("", _OMITTED.sub("", text)).strip(),
            thread=thread,
            media=media,
            private=True,
            deleted=is_deleted,
        )


def _iterate_lines(source: SourceReading) -> Iterator[_ChatLine]:
    """Iterate over the messages with their time as it is written; a message may have several lines."""
    begun: tuple[int, str, list[str]] | None = None
    with open_text(source.file.open(), source.file.encoding) as text:
        try:
            for number, raw in enumerate(text, start=1):
                found = _LINE.match(raw.rstrip("\r\n"))
                if found:
                    if begun:
                        yield _split_sender(begun)
                    begun = number, found["bracketed"] or found["plain"], [found["rest"]]
                elif begun and sum(map(len, begun[2])) < _LONGEST_MESSAGE:
                    begun[2].append(raw.rstrip("\r\n"))
                elif raw.strip("\ufeff\r\n "):
                    source.note_once("text_before_chat")
        except UnicodeDecodeError:
            raise source.fail("half_file") from None
    if begun:
        yield _split_sender(begun)


def _split_sender(begun: tuple[int, str, list[str]]) -> _ChatLine:
    number, time, lines = begun
    found = _SENDER.match("\n".join(lines))
    if found is None:
        return _ChatLine(number, time, None, "")
    return _ChatLine(number, time, found["sender"].strip("\u200e\u200f\u202a\u202c "), found["text"])


def _list_media(text: str) -> list[str]:
    found = [(each["kind"] or "") for each in _OMITTED.finditer(text)]
    found += [(each["suffix"] or each["other"]) for each in _ATTACHED.finditer(text)]
    return [_KINDS.get(kind.lower(), "document") for kind in found]
