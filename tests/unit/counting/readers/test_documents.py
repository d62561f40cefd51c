"""JSON and feeds of the platforms: each becomes messages, and each kind of damage is named with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.documents import (
    ACCOUNT,
    ATOM,
    CASES,
    FACEBOOK_POSTS,
    MASTODON,
    RSS,
    TELEGRAM_CHANNEL,
    TELEGRAM_CHAT,
    Case,
    make_conversation,
    make_tweet,
)
from tests.unit.counting.readers.support import read, utc, write

each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.format} {len(case.expected)}" for case in CASES])


def change_member(value: Any, name: str, new: Any) -> Any:
    """Return a document with the first member of a name changed, looking into the first of what is listed."""
    text = json.dumps(value)
    first = json.dumps(find_member(value, name))
    return json.loads(text.replace(f'"{name}": {first}', f'"{name}": {json.dumps(new)}'))


def find_member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        found = find_member(each, name)
        if found is not None:
            return found
    return None


@each_case
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_becomes_messages(case: Case, encoding: str, tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "export.json", json.dumps(case.content, ensure_ascii=False).encode(encoding)))
    assert outcome.faults == []
    (source,) = outcome.sources
    assert (source.format, source.rows.skipped, source.rows.refused) == (case.format, case.skipped, 0)
    assert len(outcome.messages) == len(case.expected)
    for message, members in zip(outcome.messages, case.expected, strict=True):
        assert {name: getattr(message, name) for name in members} == members


@each_case
@pytest.mark.parametrize("share", [0.6, 0.97])
def test_a_document_that_breaks_off_is_not_counted_at_all(case: Case, share: float, tmp_path: Path) -> None:
    text = json.dumps(case.content)
    outcome = read(write(tmp_path, "export.json", text[: int(len(text) * share)]))
    assert outcome.messages == []
    assert set(outcome.codes) <= {"half_file", "unknown_format"}
    assert len(outcome.faults) == 1


@each_case
def test_a_document_with_something_else_in_its_middle_is_not_counted_at_all(case: Case, tmp_path: Path) -> None:
    text = json.dumps(case.content)
    outcome = read(write(tmp_path, "export.json", text[:-1] + "oops" + text[-1:]))
    assert outcome.messages == []
    assert outcome.codes == ["broken_json"]


@each_case
def test_a_time_that_cannot_be_read_is_named_and_the_others_are_counted(case: Case, tmp_path: Path) -> None:
    content = change_member(case.content, case.time, "ayer, dijo Lucía Pérez")
    outcome = read(write(tmp_path, "export.json", json.dumps(content)))
    assert len(outcome.messages) < max(1, len(case.expected))
    fault = outcome.faults[0]
    assert (fault.code, fault.value, fault.is_refusal) == ("time_invalid", "…, … … …", True)
    assert fault.column is not None
    assert fault.column.startswith("/")
    assert fault.column.endswith(("published", case.time, "date", "Time/timestamp"))
    assert outcome.sources[0].rows.refused == len(outcome.faults)


def test_what_is_no_object_is_refused(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "a.json", json.dumps({**MASTODON, "orderedItems": [*MASTODON["orderedItems"], 7]})))
    assert outcome.places == [("object_expected", None, "/orderedItems/8")]
    assert len(outcome.messages) == 6


def test_the_same_text_twice_in_a_minute_is_two_messages_and_in_two_exports_still_two(tmp_path: Path) -> None:
    twice = [{"timestamp": 1772618400, "data": [{"post": "Gracias"}], "attachments": []}] * 2
    more = [*twice, {"timestamp": 1772618300, "data": [{"post": "Antes"}], "attachments": []}]
    outcome = read(write(tmp_path, "1.json", json.dumps(twice)), write(tmp_path, "2.json", json.dumps(more)))
    assert [message.text for message in outcome.messages] == ["Antes", "Gracias", "Gracias"]


def test_a_post_of_the_download_is_the_one_of_the_business_suite(tmp_path: Path) -> None:
    table = (
        "Post ID,Page name,Title,Publish time,Permalink,Is share,Post type,Reactions\n"
        '111,Villar,"Mañana,  pleno 🌉",03/04/2026 02:00,https://www.facebook.com/111,0,Photos,4\n'
        "112,Villar,Otro,03/25/2026 11:00,https://www.facebook.com/112,0,Photos,4\n"
    )
    paths = [write(tmp_path, "posts.csv", table), write(tmp_path, "posts.json", json.dumps(FACEBOOK_POSTS))]
    for order in (paths, paths[::-1]):
        outcome = read(*order)
        assert [(m.id[:3], m.account, m.precision) for m in outcome.messages if m.text.startswith("Ma")] == [
            ("111", "Villar", "second")
        ]
        assert len(outcome.messages) == 3


def test_collections_of_addresses_are_no_outbox(tmp_path: Path) -> None:
    """The archive of Mastodon has likes and bookmarks beside the outbox."""
    write(tmp_path, "outbox.json", json.dumps(MASTODON))
    likes = {**MASTODON, "id": "likes.json", "orderedItems": ["https://social.example/users/ana/statuses/1"]}
    write(tmp_path, "likes.json", json.dumps(likes, indent=2))
    outcome = read(tmp_path)
    assert ([source.file for source in outcome.sources], outcome.codes) == (["outbox.json"], ["files_ignored"])


def test_notes_to_oneself_in_telegram_are_no_messages_of_people(tmp_path: Path) -> None:
    saved = {**TELEGRAM_CHAT, "type": "saved_messages", "id": 9}
    content = {"about": "x", "chats": {"about": "x", "list": [saved, TELEGRAM_CHAT]}}
    outcome = read(write(tmp_path, "result.json", json.dumps(content)))
    assert [message.kind for message in outcome.messages] == ["received", "private_reply"]
    assert outcome.sources[0].rows.skipped == {"saved_message": 2}


def test_chats_of_telegram_may_stand_behind_many_contacts(tmp_path: Path) -> None:
    contacts = {"about": "x", "list": [{"first_name": "Ana", "phone_number": "+34 600 000 000"}] * 2_000}
    content = {"about": "x", "contacts": contacts, "chats": {"about": "x", "list": [TELEGRAM_CHAT]}}
    assert len(read(write(tmp_path, "result.json", json.dumps(content))).messages) == 2


def test_all_chats_of_telegram_are_read(tmp_path: Path) -> None:
    content = {"about": "x", "chats": {"about": "x", "list": [TELEGRAM_CHANNEL, TELEGRAM_CHAT]}}
    outcome = read(write(tmp_path, "result.json", json.dumps(content)))
    assert [message.kind for message in outcome.messages] == ["own_post", "repost", "received", "private_reply"]
    assert "received_private" in outcome.sources[0].tells


def test_a_feed_becomes_messages(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "rss.xml", RSS))
    (message,) = outcome.messages
    assert (message.platform, message.account, message.id) == ("press_room", "villar.example", "g1")
    assert (message.time, message.text) == (utc(2026, 3, 4, 9), "Obras en la calle Mayor\nEmpiezan hoy.")
    assert (message.media, message.alternative_texts) == (("photo",), (None,))
    assert outcome.places == [("time_missing", None, "/entry/1/published")]
    (message,) = read(write(tmp_path, "atom.xml", ATOM)).messages
    assert (message.time, message.edited, message.text) == (utc(2026, 3, 4, 10), utc(2026, 3, 5, 10), "Pleno\nHoy")


def test_a_feed_may_have_blank_lines_before_it_and_dates_in_spanish(tmp_path: Path) -> None:
    feed = RSS.replace("<title>Sin fecha</title>", "<pubDate>mié, 04 mar 2026 10:00:00 +0100</pubDate>")
    outcome = read(write(tmp_path, "rss.xml", f"\ufeff\r\n\n{feed}"))
    assert ([message.time for message in outcome.messages], outcome.faults) == ([utc(2026, 3, 4, 9)] * 2, [])


def test_an_entry_of_a_year_that_stands_for_none_is_refused(tmp_path: Path) -> None:
    feed = RSS.replace("<title>Sin fecha</title>", "<pubDate>Mon, 01 Jan 0001 00:00:00 GMT</pubDate>")
    outcome = read(write(tmp_path, "rss.xml", feed))
    assert (len(outcome.messages), outcome.places) == (1, [("time_invalid", None, "/entry/1/published")])


@pytest.mark.parametrize("feed", [RSS, ATOM], ids=["rss", "atom"])
def test_a_feed_that_breaks_off_is_not_counted_at_all(feed: str, tmp_path: Path) -> None:
    for length in (len(feed) - 30, len(feed) - 10):
        outcome = read(write(tmp_path, "rss.xml", feed[:length]))
        assert outcome.messages == []
        assert outcome.codes == ["half_file"]
    outcome = read(write(tmp_path, "rss.xml", feed.replace("</title>", "</titel>", 1)))
    assert (outcome.messages, outcome.codes) == ([], ["broken_xml"])


def test_a_feed_of_laughs_and_one_with_an_outside_entity_add_nothing(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laughs = RSS.replace("<rss", f'<!DOCTYPE rss [<!ENTITY l0 "ja">{entities}]><rss').replace("Sin fecha", "&l11;")
    outside = RSS.replace("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss').replace(
        "Obras en la calle", "&x;"
    )
    for feed in (laughs, outside):
        assert all("root:" not in message.text for message in read(write(tmp_path, "rss.xml", feed)).messages)


def test_an_archive_of_x_in_several_parts_becomes_messages(tmp_path: Path) -> None:
    first = [
        make_tweet("1", "Pleno &amp; obras", favorite_count="4", retweet_count="2", lang="es",
                   extended_entities={"media": [{"type": "photo"}, {"type": "animated_gif"}]}),
        make_tweet("2", "@ana Sí", in_reply_to_status_id_str="9", in_reply_to_user_id_str="7",
                   in_reply_to_screen_name="ana"),
        make_tweet("3", "y más", in_reply_to_status_id_str="1", in_reply_to_user_id_str="42"),
    ]  # fmt: skip
    second = [
        make_tweet("4", "RT @cruzroja: Donación"),
        make_tweet("5", "Mire", entities={"urls": [{"expanded_url": "https://x.com/ana/status/9"}]}),
    ]
    write(tmp_path, "data/account.js", ACCOUNT)
    write(tmp_path, "data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(first)};\n")
    write(tmp_path, "data/tweets-part1.js", f"window.YTD.tweets.part1 = {json.dumps(second)}")
    write(
        tmp_path, "data/deleted-tweets.js", f"window.YTD.deleted_tweets.part0 = {json.dumps([make_tweet('6', 'Ay')])}"
    )
    outcome = read(tmp_path)
    assert outcome.faults == []
    messages = {message.id: message for message in outcome.messages}
    assert {message.account for message in outcome.messages} == {"villar"}
    assert {identity: message.kind for identity, message in messages.items()} == {
        "1": "own_post", "2": "public_reply", "3": "own_post", "4": "repost", "5": "own_post", "6": "own_post",
    }  # fmt: skip
    assert (messages["1"].text, messages["1"].media) == ("Pleno & obras", ("photo", "video"))
    assert messages["1"].counts == {"reactions": 4, "shares": 2}
    assert (messages["2"].thread, messages["3"].thread) == ("9", "1")
    assert messages["5"].media == ("quote",)
    assert messages["6"].deleted
    assert messages["1"].alternative_texts is None


def test_private_messages_of_x_are_told_apart_by_the_account_of_the_archive(tmp_path: Path) -> None:
    events = [
        {
            "messageCreate": {
                "id": str(n),
                "senderId": sender,
                "text": "Hola",
                "createdAt": f"2026-03-04T1{n}:00:00.000Z",
            }
        }
        for n, sender in enumerate(("7", "42"))
    ]
    conversation = [{"dmConversation": {"conversationId": "7-42", "messages": events}}]
    path = write(tmp_path, "direct-messages.js", f"window.YTD.direct_messages.part0 = {json.dumps(conversation)}")
    assert read(path).codes == ["own_name_unknown"]
    outcome = read(path, write(tmp_path, "account.js", ACCOUNT))
    assert [(message.kind, message.private) for message in outcome.messages] == [
        ("received", True), ("private_reply", True),
    ]  # fmt: skip
    assert len({message.thread for message in outcome.messages}) == 1


def test_an_archive_of_x_that_is_a_program_or_half_is_named(tmp_path: Path) -> None:
    program = "window.YTD.tweet.part0 = [ { created_at: 'Wed Feb 02 15:47:28 -0000 2022' } ]"
    assert read(write(tmp_path, "tweet.js", program)).codes == ["script_not_json"]
    whole = f"window.YTD.tweets.part0 = {json.dumps([make_tweet('1', 'a'), make_tweet('2', 'b')])}"
    outcome = read(write(tmp_path, "tweets.js", whole[:-20]))
    assert (outcome.messages, outcome.places) == ([], [("half_file", None, "/1")])


def test_conversations_of_a_download_tell_whose_they_are(tmp_path: Path) -> None:
    own = "Ayuntamiento de Villar"
    first = make_conversation("Lucía", ("Lucía", "¿Abren mañana?"), (own, "Sí"), ("Lucía", ""))
    write(tmp_path, "messages/inbox/lucia_1/message_1.json", json.dumps(first))
    alone = read(tmp_path)
    assert (alone.messages, alone.codes) == ([], ["own_name_unknown"])
    named = read(tmp_path, accounts=[OwnAccount("facebook", "villar", (own,))])
    assert [(m.kind, m.text, m.time) for m in named.messages] == [
        ("received", "¿Abren mañana?", utc(2026, 3, 4, 10)), ("private_reply", "Sí", utc(2026, 3, 4, 10, 1)),
    ]  # fmt: skip
    assert named.sources[0].rows.skipped == {"without_content": 1}
    write(tmp_path, "messages/inbox/ana_2/message_1.json", json.dumps(make_conversation("Ana", ("Ana", "Hola"))))
    both = read(tmp_path)
    assert both.faults == []
    assert [message.kind for message in both.messages].count("received") == 2
    assert all("lucia" not in source.file and "ana" not in source.file for source in both.sources)


def test_a_conversation_is_of_the_platform_that_its_path_names_last(tmp_path: Path) -> None:
    """A folder may have the downloads of both."""
    accounts = [OwnAccount(platform, "Ayuntamiento de Villar") for platform in ("facebook", "instagram")]
    for folder in ("facebook-villar", "instagram-villar"):
        # Also in a conversation with somebody who is called like the other.
        name = f"{folder}/messages/inbox/facebookfan_1/message_1.json"
        write(tmp_path, f"Facebook e Instagram/{name}", json.dumps(make_conversation("Ana", ("Ana", folder))))
    outcome = read(tmp_path / "Facebook e Instagram", accounts=accounts)
    assert {(message.platform, message.text) for message in outcome.messages} == {
        ("facebook", "facebook-villar"), ("instagram", "instagram-villar"),
    }  # fmt: skip


def test_the_parts_of_a_conversation_are_one_thread(tmp_path: Path) -> None:
    accounts = [OwnAccount("facebook", "Ayuntamiento de Villar")]
    first, second = (make_conversation("Ana", ("Ana", text)) for text in ("Hola", "Buenas"))
    paths = [write(tmp_path, f"message_{n}.json", json.dumps(each)) for n, each in enumerate((first, second))]
    outcome = read(*paths, accounts=accounts)
    assert len({message.thread for message in outcome.messages}) == 1
    assert len(outcome.messages) == 2
