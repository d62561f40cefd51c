"""Exports as people have them: early and late ones, unpacked ones, single chats, tables in several languages."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.support import read, utc, write, write_json

OWN = "Ayuntamiento de Villar"
VILLAR = (OwnAccount("whatsapp", "villar", (OWN,)),)
ACCOUNT = 'window.YTD.account.part0 = [ { "account" : { "username" : "villar", "accountId" : "42" } } ]'


def zip_members(**members: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(f"data/{name.replace('_', '-')}.js", text)
    return content.getvalue()


def make_private_messages(*identities: str) -> str:
    messages = [
        {
            "messageCreate": {
                "id": identity,
                "senderId": "7",
                "text": f"Hola {identity}",
                "createdAt": f"2026-03-04T10:0{place}:00.000Z",
            }
        }
        for place, identity in enumerate(identities)
    ]
    conversation = {"dmConversation": {"conversationId": "42-7", "messages": messages}}
    return f"window.YTD.direct_messages.part0 = {json.dumps([conversation])}"


def test_an_early_and_a_late_archive_share_the_file_of_the_account(tmp_path: Path) -> None:
    early = write(tmp_path, "a/x.zip", zip_members(account=ACCOUNT, direct_messages=make_private_messages("1")))
    late = write(tmp_path, "b/x.zip", zip_members(account=ACCOUNT, direct_messages=make_private_messages("1", "2")))
    for order in ((early, late), (late, early)):
        outcome = read(*order)
        assert [(message.id, message.account, message.kind) for message in outcome.messages] == [
            ("1", "villar", "received"),
            ("2", "villar", "received"),
        ]
        assert outcome.codes == ["file_twice"]


def test_other_files_of_an_unpacked_archive_are_ignored_and_a_table_is_named(tmp_path: Path) -> None:
    outbox = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": 0,
        "orderedItems": [],
    }
    write_json(tmp_path, "archive/outbox.json", outbox)
    write_json(tmp_path, "archive/actor.json", {"type": "Person", "preferredUsername": "villar"})
    write(tmp_path, "archive/notes.csv", "a;b\n1;2\n")
    write_json(tmp_path, "other.json", {"a": 1})
    write(tmp_path, "x/data/account.js", ACCOUNT)
    write(tmp_path, "x/data/like.js", "window.YTD.like.part0 = [ ]")
    write(tmp_path, "x/Your archive.html", "<!doctype html><title>X</title>")
    faults = read(tmp_path).faults
    assert {(fault.code, fault.file) for fault in faults if fault.is_refusal} == {
        ("unknown_format", "archive/notes.csv")
    }
    assert [fault.value for fault in faults if fault.code == "files_ignored"] == ["4"]


def test_the_account_of_a_mastodon_archive_has_the_name_that_the_archive_says(tmp_path: Path) -> None:
    """Of newer accounts the address has a number."""
    actor = "https://social.example/ap/users/115"
    context = "https://www.w3.org/ns/activitystreams"
    boost = {"type": "Announce", "actor": actor, "published": "2026-03-04T10:00:00Z", "object": "https://o.example/1"}
    write_json(tmp_path, "a/outbox.json", {"@context": context, "orderedItems": [boost]})
    described = {"@context": [context], "id": actor, "type": "Person", "preferredUsername": "villar"}
    write_json(tmp_path, "a/actor.json", described)
    for accounts, name in (((), "villar@social.example"), ((OwnAccount("mastodon", "villar"),), "villar")):
        outcome = read(tmp_path / "a", accounts=accounts)
        assert ([message.account for message in outcome.messages], outcome.faults) == ([name], [])
    # Without the file that describes it, the address is all that is known.
    assert [message.account for message in read(tmp_path / "a/outbox.json").messages] == [actor]


def test_a_chat_of_ios_is_read_without_its_notices(tmp_path: Path) -> None:
    chat = (
        "[25/9/26, 9:05:03] Lucía: \u200eLos mensajes y las llamadas están cifrados de extremo a extremo.\r\n"
        "[25/9/26, 9:05:03] Lucía: ¿Abren hoy?\r\nEs urgente\r\n"
        f"[25/9/26, 9:07:00] {OWN}: Sí\r\n"
        "\u200e[25/9/26, 9:08:00] Lucía: \u200eimagen omitida\r\n"
    )
    outcome = read(write(tmp_path, "_chat.txt", chat), accounts=VILLAR)
    assert [(message.kind, message.text, message.media, message.time) for message in outcome.messages] == [
        ("received", "¿Abren hoy?\nEs urgente", (), utc(2026, 9, 25, 7, 5, 3)),
        ("private_reply", "Sí", (), utc(2026, 9, 25, 7, 7)),
        ("received", "", ("photo",), utc(2026, 9, 25, 7, 8)),
    ]
    assert not outcome.codes


def test_who_was_never_answered_is_not_lost(tmp_path: Path) -> None:
    chat = "25/9/26, 9:05 - Lucía: ¿Abren hoy?\n25/9/26, 9:06 - Lucía: ¿Hola?\n"
    path = write(tmp_path, "chat.txt", chat)
    assert read(path).codes == ["own_name_unknown"]
    outcome = read(path, accounts=VILLAR)
    assert [(message.kind, message.account) for message in outcome.messages] == [("received", "villar")] * 2


def test_chats_of_a_telephone_have_one_order_of_dates(tmp_path: Path) -> None:
    unclear = f"3/4/26, 9:05 - Lucía: ¿Abren?\n3/4/26, 9:06 - {OWN}: Sí\n"
    clear = f"25/9/26, 9:05 - Marta: ¿Abren?\n25/9/26, 9:06 - {OWN}: Sí\n"
    alone = read(write(tmp_path, "a.txt", unclear), accounts=VILLAR)
    assert (alone.messages, {*alone.codes}) == ([], {"date_ambiguous"})
    outcome = read(tmp_path / "a.txt", write(tmp_path, "b.txt", clear), accounts=VILLAR)
    assert [message.time for message in outcome.messages][:2] == [utc(2026, 4, 3, 7, 5), utc(2026, 4, 3, 7, 6)]


def test_a_download_belongs_to_the_page_that_converses_in_it(tmp_path: Path) -> None:
    """With several pages only the name in the conversations says whose the posts of the same download are."""
    pages = (OwnAccount("facebook", "villar", (OWN,)), OwnAccount("facebook", "cultura", ("Cultura Villar",)))
    conversation = {
        "participants": [{"name": "Marta"}, {"name": OWN}],
        "messages": [{"sender_name": "Marta", "timestamp_ms": 1772618400000, "content": "Hola"}],
        "title": "Marta",
        "thread_path": "inbox/marta_1",
    }
    write_json(tmp_path, "facebook/messages/inbox/marta_1/message_1.json", conversation)
    write_json(
        tmp_path, "facebook/posts/profile_posts_1.json", [{"timestamp": 1772618400, "data": [{"post": "Pleno"}]}]
    )
    outcome = read(tmp_path / "facebook", accounts=pages)
    assert {(message.account, message.kind) for message in outcome.messages} == {
        ("villar", "own_post"),
        ("villar", "received"),
    }
    assert not outcome.codes


@pytest.mark.parametrize(("clock", "faults"), [("09:05", []), ("18:05", ["zone_unusual"])])
def test_meta_writes_the_time_of_california_unless_addresses_say_otherwise(
    clock: str, faults: list[str], tmp_path: Path
) -> None:
    # A public post of 4 January 2019, 17:05:45 UTC; the second was scheduled.
    table = (
        "Post ID,Account username,Description,Publish time,Permalink,Post type\n"
        f"1,villar,El huevo,01/04/2019 {clock},https://www.instagram.com/p/BsOGulcndj-/,IG image\n"
        "2,villar,Pleno,01/14/2019 12:00,https://www.instagram.com/p/BsOGulcndj-/,IG image\n"
    )
    outcome = read(write(tmp_path, "posts.csv", table))
    assert [message.time for message in outcome.messages if message.id == "1"] == [utc(2019, 1, 4, 17, 5)]
    assert outcome.codes == faults


def test_shares_are_told_by_the_column_of_a_spanish_export(tmp_path: Path) -> None:
    headers = (
        "Identificador de la publicación,Nombre de la página,Título,Hora de publicación,Enlace permanente,"
        "Es una publicación cruzada,Es una publicación compartida,Tipo de publicación,Veces que se compartió\n"
    )
    rows = (
        "1,Villar,Propia,03/25/2026 11:00,https://www.facebook.com/1,1,0,Fotos,4\n"
        "2,Villar,De otros,03/25/2026 12:00,https://www.facebook.com/2,0,1,Enlaces,0\n"
    )
    outcome = read(write(tmp_path, "posts.csv", headers + rows))
    assert [(message.id, message.kind, message.counts["shares"]) for message in outcome.messages] == [
        ("1", "own_post", 4),
        ("2", "repost", 0),
    ]
    renamed = headers.replace("Es una publicación compartida", "Es una publicación compartida (UTC)")
    broken = read(write(tmp_path, "renamed.csv", renamed + rows))
    assert (broken.messages, broken.codes) == ([], ["column_missing"])
