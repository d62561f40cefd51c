"""Files, folders and archives: read in place, each once, within limits, and never outside."""

from __future__ import annotations

import gzip
import itertools
import json
import socket
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from actitud.counting.export_files import Limits, hide_names
from actitud.counting.reading import read_files
from tests.unit.counting.readers.support import read, write

TWEET: Final = {"tweet": {"id_str": "1", "full_text": "Hola", "created_at": "Wed Mar 04 10:00:00 +0000 2026"}}
TWEETS: Final = f"window.YTD.tweets.part0 = {json.dumps([TWEET])}"
ACCOUNT: Final = 'window.YTD.account.part0 = [{"account": {"username": "villar", "accountId": "42"}}]'
LIKES: Final = 'window.YTD.like.part0 = [{"like": {"tweetId": "7"}}]'


def write_zip(path: Path, members: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_an_archive_is_read_in_place(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "data/tweets.js": TWEETS,
        "data/account.js": ACCOUNT,
        "data/like.js": LIKES,
        "data/media/1.jpg": b"\xff\xd8\0\0",
    }
    path = write_zip(tmp_path / "twitter-2026.zip", members)
    before = sorted(tmp_path.rglob("*"))
    outcome = read(path)
    assert [(message.id, message.account) for message in outcome.messages] == [("1", "villar")]
    assert [source.file for source in outcome.sources] == ["twitter-2026.zip:data/tweets.js"]
    assert [(fault.code, fault.value, fault.is_refusal) for fault in outcome.faults] == [("files_ignored", "1", False)]
    assert sorted(tmp_path.rglob("*")) == before


def test_the_same_files_in_any_order_twice_and_packed_give_the_same(tmp_path: Path) -> None:
    second = TWEETS.replace('"1"', '"2"')
    folder = tmp_path / "unpacked"
    write(folder, "data/tweets.js", TWEETS)
    write(folder, "data/tweets-part1.js", second)
    write(folder, "data/account.js", ACCOUNT)
    packed = write_zip(
        tmp_path / "a.zip", {"data/tweets.js": TWEETS, "data/tweets-part1.js": second, "data/account.js": ACCOUNT}
    )
    copy = write(tmp_path, "b.zip", packed.read_bytes())
    expected = read(packed).messages
    assert [message.id for message in expected] == ["1", "2"]
    for order in itertools.permutations((folder, packed, copy)):
        outcome = read(*order)
        assert outcome.messages == expected
        assert [source.index for source in outcome.sources] == sorted(source.index for source in outcome.sources)
        assert set(outcome.codes) == {"file_twice"}


@pytest.mark.parametrize(
    "name", ["../tweets.js", "/etc/tweets.js", "data/../../tweets.js", "C:/tweets.js", "..\\tweets.js"]
)
def test_an_archive_with_a_path_outside_is_refused(name: str, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"data/tweets.js": TWEETS, name: TWEETS})
    outcome = read(path)
    assert (outcome.messages, outcome.places) == ([], [("path_outside", None, None)])
    assert outcome.faults[0].file == "a.zip"


def test_an_archive_with_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("tweets.js")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert read(tmp_path / "a.zip").codes == ["path_outside"]


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = write_zip(tmp_path / "bomb.zip", {"data/tweets.js": TWEETS + " " * (8 << 20)})
    assert bomb.stat().st_size < 20_000
    outcome = read(bomb)
    assert (outcome.messages, outcome.codes) == ([], ["archive_too_large"])
    inside = write_zip(tmp_path / "outer.zip", {"a/inner.zip": bomb.read_bytes(), "data/tweets.js": TWEETS})
    outcome = read(inside)
    assert outcome.codes == ["archive_in_archive"]
    assert outcome.faults[0].file == "outer.zip:a/inner.zip"
    assert len(outcome.messages) == 1


def test_an_archive_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"1.js": TWEETS, "2.js": TWEETS.replace('"1"', '"2"')}, zipfile.ZIP_STORED)
    for limits, number in (
        (Limits(archive_members=1), 0),
        (Limits(archive_bytes=2 * len(TWEETS) - 1), 0),
        (Limits(archive_members=2, archive_bytes=2 * len(TWEETS)), 2),
    ):
        with read_files([path], limits=limits) as reading:
            assert len(reading.table) == number
            assert [fault.code for fault in reading.faults] == (["archive_too_large"] if number == 0 else [])


def test_a_workbook_and_a_feed_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    feed = write(tmp_path, "rss.xml", '<rss version="2.0"><channel/></rss>' + " " * 1_000)
    with read_files([feed], limits=Limits(whole_bytes=1_000)) as reading:
        assert [fault.code for fault in reading.faults] == ["file_too_large"]


def test_a_letter_that_is_packed_as_a_workbook_is_of_no_known_format(tmp_path: Path) -> None:
    write_zip(tmp_path / "letter.docx", {"[Content_Types].xml": "<Types/>", "word/document.xml": "<document/>"})
    write(tmp_path, "Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000))
    write(tmp_path, "tweets.js", TWEETS)
    outcome = read(tmp_path)
    assert [(fault.file, fault.code) for fault in outcome.faults] == [
        ("Thumbs.db", "unknown_format"), ("letter.docx", "unknown_format"),
    ]  # fmt: skip
    assert len(outcome.messages) == 1


def test_an_archive_that_is_no_zip_is_named(tmp_path: Path) -> None:
    packed = write(tmp_path, "archive-2026.tar.gz", gzip.compress(TWEETS.encode()))
    assert read(packed).codes == ["archive_not_zip"]


def test_a_zip_for_each_of_many_chats_is_read(tmp_path: Path) -> None:
    for number in range(40):
        chat = f"14/3/26, 10:00 - Vecina {number}: Hola\n14/3/26, 10:05 - Villar: Buenos días\n"
        write_zip(tmp_path / f"WhatsApp Chat - Vecina {number}.zip", {"_chat.txt": chat})
    outcome = read(tmp_path)
    assert (len(outcome.messages), outcome.faults) == (80, [])


def test_an_encrypted_archive_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"tweets.js": TWEETS}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert read(write(tmp_path, "b.zip", bytes(content))).codes == ["archive_encrypted"]


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {"data/tweets.js": TWEETS * 50})
    content = path.read_bytes()
    half = write(tmp_path, "half.zip", content[: len(content) // 2])
    assert read(half).places == [("half_file", None, None)]
    start = content.index(b"tweets.js") + len(b"tweets.js") + 5
    damaged = write(tmp_path, "damaged.zip", content[:start] + b"\xff\xff\xff\xff" + content[start + 4 :])
    (fault,) = read(damaged).faults
    assert (fault.code, fault.file) == ("half_file", "damaged.zip:data/tweets.js")


def test_what_is_no_export_is_named(tmp_path: Path) -> None:
    paths = {
        "empty.csv": (b"", "empty_file"),
        "photo.jpg": (b"\xff\xd8\xff\0\0\0", "unknown_format"),
        "letter.txt": ("Estimada señora:".encode(), "unknown_format"),
        "other.csv": (b"a,b\n1,2\n", "unknown_format"),
        "other.json": (b'{"a": 1}', "unknown_format"),
        "page.html": (b"<!doctype html><p>x</p>", "unknown_format"),
        "other.js": (LIKES.encode(), "unknown_format"),
        "not.xlsx": (b"PK\x05\x06" + bytes(18), "empty_file"),
    }
    for name, (content, code) in paths.items():
        outcome = read(write(tmp_path, name, content))
        assert (outcome.codes, outcome.messages) == ([code], []), name
    assert read(tmp_path / "missing.csv").codes == ["file_missing"]
    folder = tmp_path / "folder"
    write(folder, "settings.json", "{}")
    write(folder, "sheet.csv", "a,b\n1,2\n")
    assert read(folder).codes == ["nothing_recognised", "unknown_format"]


def test_names_of_persons_in_names_of_files_are_hidden() -> None:
    assert hide_names("WhatsApp Chat with Lucía Pérez.txt") == "WhatsApp ….txt"
    assert hide_names("Chat de WhatsApp con Lucía Pérez.txt") == "WhatsApp ….txt"
    assert hide_names("WhatsApp Chat - Lucía.zip") == "WhatsApp ….zip"
    assert hide_names("chats/WhatsApp Chat - L. Pérez/_chat.txt") == "chats/WhatsApp …/_chat.txt"
    assert hide_names("messages/inbox/luciaperez_17/message_1.json") == "messages/inbox/…/message_1.json"
    assert hide_names("posts/your_posts_1.json") == "posts/your_posts_1.json"
    assert hide_names("tweets.js") == "tweets.js"


def test_progress_is_told_each_byte_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "tweets.js", TWEETS)
    told: list[tuple[str, int]] = []
    with read_files([path], progress=lambda name, number: told.append((name, number))):
        pass
    assert sum(number for _, number in told) == 2 * len(TWEETS)


def test_no_socket_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    feed = (
        '<?xml version="1.0"?><!DOCTYPE rss SYSTEM "http://example.org/rss.dtd" [<!ENTITY x SYSTEM "http://example.org/x">]>'
        '<rss version="2.0"><channel><link>https://villar.example</link><item><guid>1</guid><title>&x;Obras</title>'
        "<pubDate>Wed, 04 Mar 2026 10:00:00 +0100</pubDate></item></channel></rss>"
    )
    plain = feed[feed.index("<rss") :].replace("&x;", "")
    outcome = read(
        write(tmp_path, "rss.xml", feed), write(tmp_path, "plain.xml", plain), write(tmp_path, "tweets.js", TWEETS)
    )
    assert {(message.platform, message.text) for message in outcome.messages} == {
        ("press_room", "Obras"),
        ("x", "Hola"),
    }


def test_the_sdk_is_imported_without_the_counter_and_the_counter_without_the_network() -> None:
    program = (
        "import sys, actitud\n"
        "assert not [name for name in sys.modules if name.startswith('actitud.counting')]\n"
        "network = lambda: [name for name in sys.modules if name.split('.')[0] in ('httpx', 'httpcore')]\n"
        "for name in network(): del sys.modules[name]\n"
        "import actitud.counting.reading\n"
        "assert not network()\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
