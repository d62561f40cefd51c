"""Other people's sample files, which stand beside the checkout: what is counted of them, and what stumbles."""

from __future__ import annotations

from pathlib import Path

from actitud.counting.options import OwnAccount
from tests.support.shared import SHARED, shared
from tests.unit.counting.readers.support import Outcome, read, utc, write


def read_samples(folder: Path, *names: str, accounts: tuple[OwnAccount, ...] = ()) -> Outcome:
    """Read copies of sample files; without the samples the test is skipped, or fails where `CI` is set."""
    paths = [write(folder, Path(name).name, shared(f"cases/counting/{name}")) for name in names]
    return read(*paths, accounts=accounts)


def test_the_archive_of_x_is_javascript_and_not_json(tmp_path: Path) -> None:
    outcome = read_samples(tmp_path, "exports/twitter-tweet.js")
    assert (outcome.messages, outcome.codes) == ([], ["script_not_json"])


def test_the_chat_of_telegram(tmp_path: Path) -> None:
    outcome = read_samples(tmp_path, "exports/telegram-result.json")
    assert outcome.faults == []
    # The newest comes first, in the winter time of Madrid.
    assert [(message.kind, message.time) for message in outcome.messages] == [
        ("private_reply", utc(2022, 2, 14, 15, 22, 53)),
        ("private_reply", utc(2022, 2, 15, 1, 16, 42)),
        ("received", utc(2022, 2, 16, 15, 10, 49)),
        ("received", utc(2022, 2, 17, 16, 34, 28)),
        ("received", utc(2022, 2, 18, 11, 11, 23)),
    ]


def test_the_chat_of_whatsapp(tmp_path: Path) -> None:
    name = "exports/whatsapp-WhatsApp-Chat-with-Demo.txt"
    assert read_samples(tmp_path, name).codes == ["own_name_unknown"]
    outcome = read_samples(tmp_path, name, accounts=(OwnAccount("whatsapp", "Simon Hill"),))
    assert outcome.faults == []
    # 1/28/21 has one reading, and so the month comes first in 1/6/21 and 6/4/20 too.
    assert [(message.time, message.kind) for message in outcome.messages] == [
        (utc(2020, 6, 4, 7, 31), "private_reply"),
        (utc(2020, 7, 14, 4, 52), "received"),
        (utc(2021, 1, 6, 12, 38), "private_reply"),
        (utc(2021, 1, 28, 17, 46), "private_reply"),
        (utc(2021, 8, 2, 9, 52), "private_reply"),
    ]


def test_the_feeds(tmp_path: Path) -> None:
    first, second = read_samples(tmp_path, "feeds/feed_with_audio_video.rss.xml").messages
    assert (first.id, first.time, first.media) == ("http://vidjo/post", utc(2012, 12, 4), ("video",))
    assert (second.id, second.time, second.media) == ("http://podcast/post", utc(2012, 12, 4, 17, 58, 26), ("audio",))
    (note,) = read_samples(tmp_path, "feeds/feed_with_note.rss.xml").messages
    assert (note.id, note.time) == ("http://a/note", utc(2012, 12, 4))
    assert note.media == ("photo",)
    undated = read_samples(tmp_path, "feeds/feed_with_authors.rss.xml")
    assert (undated.messages, undated.codes) == ([], ["time_missing"] * 2)
    for name, code in (("attachments", "cell_missing"), ("invalid_content_fields", "time_missing")):
        assert read_samples(tmp_path, f"feeds/{name}.feed.json").codes == [code]


def test_no_sample_breaks_a_reader() -> None:
    folder = SHARED / "cases" / "counting"
    shared("cases/counting/README.md")
    outcome = read(folder)
    assert all(fault.explain("es") and fault.advise("en") for fault in outcome.faults)
    for source in outcome.sources:
        assert source.rows.read == source.rows.taken + source.rows.refused + sum(source.rows.skipped.values())
