"""Chats of WhatsApp: Android and iOS, Spanish and English, whose they are, and in which order their dates stand."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Final

import pytest

from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.support import read, utc, write

OWN: Final = [OwnAccount("whatsapp", "villar", ("Ayuntamiento de Villar",))]
ANDROID_EN: Final = (
    "3/14/26, 10:08\u202fAM - Messages and calls are end-to-end encrypted.\n"
    "3/14/26, 10:08\u202fAM - Lucía Pérez: ¿A qué hora abren?\nEs urgente: gracias\n"
    "3/14/26, 12:00\u202fPM - Ayuntamiento de Villar: A las 9 <This message was edited>\n"
    "3/14/26, 12:01\u202fPM - Lucía Pérez: This message was deleted\n"
    "3/14/26, 12:02\u202fAM - Lucía Pérez: <Media omitted>\n"
)
ANDROID_ES: Final = (
    "14/3/26, 10:08 - Los mensajes y las llamadas están cifrados de extremo a extremo.\n"
    "14/3/26, 10:08 - Lucía Pérez: ¿A qué hora abren?\nEs urgente: gracias\n"
    "14/3/26, 12:00 - Ayuntamiento de Villar: A las 9 <Se editó este mensaje.>\n"
    "14/3/26, 12:01 - Lucía Pérez: Se eliminó este mensaje.\n"
    "14/3/26, 0:02 - Lucía Pérez: <Multimedia omitido>\n"
)
IOS_ES: Final = (
    "[14/3/26, 10:08:00] Lucía Pérez: \u200eLos mensajes y las llamadas están cifrados de extremo a extremo.\r\n"
    "[14/3/26, 10:08:00] Lucía Pérez: ¿A qué hora abren?\nEs urgente: gracias\r\n"
    "[14/3/26, 12:00:00] Ayuntamiento de Villar: A las 9 \u200e<Se editó este mensaje.>\r\n"
    "[14/3/26, 12:01:00] Lucía Pérez: \u200eSe eliminó este mensaje.\r\n"
    "\u200e[14/3/26, 0:02:00] Lucía Pérez: \u200eimagen omitida\r\n"
)


@pytest.mark.parametrize("chat", [ANDROID_EN, ANDROID_ES, IOS_ES], ids=["android en", "android es", "ios es"])
def test_a_chat_becomes_messages(chat: str, tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "Chat de WhatsApp con Lucía Pérez.txt", chat), accounts=OWN)
    assert outcome.faults == []
    messages = sorted(outcome.messages, key=lambda message: (message.time, message.kind))
    assert [(message.time, message.kind, message.text, message.deleted) for message in messages] == [
        (utc(2026, 3, 13, 23, 2), "received", "", False),
        (utc(2026, 3, 14, 9, 8), "received", "¿A qué hora abren?\nEs urgente: gracias", False),
        (utc(2026, 3, 14, 11), "private_reply", "A las 9", False),
        (utc(2026, 3, 14, 11, 1), "received", "", True),
    ]
    assert len(messages[0].media) == 1
    assert all(message.private for message in messages)
    assert len({message.thread for message in messages}) == 1
    (source,) = outcome.sources
    assert source.rows.skipped == {"service_message": 1}
    assert "Luc" not in source.file
    assert not any("luc" in f"{message.id}{message.thread}".lower() for message in messages)


def test_two_chats_tell_whose_they_are_and_who_got_no_answer_counts(tmp_path: Path) -> None:
    write(tmp_path, "WhatsApp Chat with Lucía.txt", ANDROID_EN)
    alone = read(tmp_path)
    assert (alone.messages, alone.codes) == ([], ["own_name_unknown"])
    write(
        tmp_path, "WhatsApp Chat with Ana.txt", ANDROID_EN.replace("Lucía Pérez", "Ana Gil").replace("14/26", "15/26")
    )
    write(tmp_path, "WhatsApp Chat with Eva.txt", "3/14/26, 10:08\u202fAM - Eva Sanz: ¿Hay alguien?\n")
    outcome = read(tmp_path)
    assert outcome.faults == []
    assert [message.kind for message in outcome.messages].count("private_reply") == 2
    assert len({message.thread for message in outcome.messages}) == 3


def test_a_chat_of_others_is_refused(tmp_path: Path) -> None:
    accounts = [OwnAccount("whatsapp", "Ayuntamiento de Otro Pueblo")]
    outcome = read(write(tmp_path, "chat.txt", ANDROID_ES), accounts=accounts)
    assert (outcome.messages, outcome.codes) == ([], ["own_name_unknown"])


def test_the_order_of_dates_is_told_by_their_sequence_or_by_the_other_chats(tmp_path: Path) -> None:
    def make_chat(name: str, *days: str) -> str:
        return "".join(f"{day}, 10:0{n} - {name}: Hola {n}\n" for n, day in enumerate(days))

    rising = write(tmp_path / "a", "chat.txt", make_chat("Eva", "3/4/26", "1/5/26", "2/5/26"))
    assert [message.time for message in read(rising, accounts=OWN).messages] == [
        utc(2026, 4, 3, 8), utc(2026, 5, 1, 8, 1), utc(2026, 5, 2, 8, 2),
    ]  # fmt: skip
    unsure = write(tmp_path / "b", "chat.txt", make_chat("Ana", "3/4/26", "3/5/26"))
    asked = read(unsure, accounts=OWN)
    assert (asked.messages, asked.places) == ([], [("date_ambiguous", 1, None), ("date_ambiguous", 2, None)])
    assert asked.faults[0].suggestion == "2026-03-04 / 2026-04-03"
    assert len(read(unsure, accounts=OWN, date_order="mdy").messages) == 2
    write(tmp_path / "b", "other.txt", make_chat("Eva", "13/4/26", "14/4/26"))
    assert [message.time.month for message in read(tmp_path / "b", accounts=OWN).messages] == [4, 4, 4, 5]
    mixed = write(tmp_path / "c", "chat.txt", make_chat("Eva", "13/4/26", "4/14/26"))
    assert read(mixed, accounts=OWN).codes == ["dates_contradict"]


def test_overlapping_exports_of_a_chat_are_counted_once(tmp_path: Path) -> None:
    late = ANDROID_ES + "15/3/26, 9:00 - Lucía Pérez: Gracias\n15/3/26, 9:00 - Lucía Pérez: Gracias\n"
    archive = tmp_path / "WhatsApp Chat - Lucía Pérez.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("_chat.txt", late)
    paths = [write(tmp_path, "chat.txt", ANDROID_ES), archive]
    for order in (paths, paths[::-1]):
        outcome = read(*order, accounts=OWN)
        assert len(outcome.messages) == 6
        assert [message.text for message in outcome.messages][-2:] == ["Gracias", "Gracias"]


def test_a_time_that_is_none_is_named_by_its_line(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "chat.txt", ANDROID_ES + "15/3/26, 25:00 - Lucía Pérez: Gracias\n"), accounts=OWN)
    assert outcome.places == [("time_invalid", 7, None)]
    assert len(outcome.messages) == 4
