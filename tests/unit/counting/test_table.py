"""The table of messages: each counted once, whatever the number and the order of its copies."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actitud.counting.messages import Message, Origin
from actitud.counting.table import MessageTable, TableComplete

NOON = datetime(2026, 3, 4, 12, 0, 30, tzinfo=UTC)
MINUTE = NOON.replace(second=0)


def make_message(identity: str, source: int = 0, row: int = 1, **members: Any) -> Message:
    given: dict[str, Any] = {
        "platform": "x",
        "account": "ayto",
        "time": NOON,
        "precision": "second",
        "kind": "own_post",
        "text": "Corte de agua",
        "origin": Origin(source, row),
    }
    return Message(id=identity, **(given | members))


def fill(*sources: list[Message]) -> MessageTable:
    table = MessageTable()
    for messages in sources:
        table.add(messages[0].origin.source, messages)
    return table


def test_a_message_comes_back_as_it_was_added() -> None:
    message = make_message(
        "1",
        thread="0",
        parent="0",
        media=("photo", "video"),
        alternative_texts=("El puente", None),
        counts={"reactions": 3, "shares": 0},
        permalink="https://x.com/ayto/status/1",
        private=True,
        edited=NOON + timedelta(microseconds=7),
        deleted=True,
        language="gl",
    )
    with fill([message]) as table:
        assert list(table) == [message]


def test_overlapping_and_duplicated_sources_change_nothing() -> None:
    first = [make_message("1", 0, 1), make_message("2", 0, 2)]
    second = [make_message("2", 1, 1), make_message("3", 1, 2)]
    third = [make_message("1", 2, 9), make_message("2", 2, 10)]
    for order in itertools.permutations((first, second, third)):
        with fill(*order) as table:
            assert [message.id for message in table] == ["1", "2", "3"]
            assert len(table) == 3
            assert table.count_copies() == 3
            origins = "SELECT source, row FROM copies WHERE id = '2' AND state <> 'merged' ORDER BY 1"
            assert list(table.query(origins)) == [(0, 2), (1, 1), (2, 10)]
            assert table.list_differences() == []


def test_what_differs_is_merged_by_rules_that_know_no_order_and_is_named() -> None:
    posted = make_message("1", 0, 5, text="Corte de agua", alternative_texts=("El puente",), counts={"reactions": 4})
    analysed = make_message(
        "1",
        1,
        7,
        time=NOON - timedelta(hours=12, seconds=30),
        precision="day",
        counts={"reactions": 3, "views": 90},
        media=("photo",),
    )
    corrected = make_message("1", 2, 8, text="Agua", edited=NOON + timedelta(hours=1), kind="public_reply")
    expected = make_message(
        "1",
        0,
        5,
        text="Agua",
        edited=NOON + timedelta(hours=1),
        kind="public_reply",
        media=("photo",),
        alternative_texts=("El puente",),
        counts={"reactions": 4, "views": 90},
    )
    for order in itertools.permutations(([posted], [analysed], [corrected])):
        with fill(*order) as table:
            assert list(table) == [expected]
            numbers = {field: number for field, number, _ in table.list_differences()}
            assert numbers == {"text": 2, "kind": 2, "counts": 1}


def test_counts_of_days_are_no_count() -> None:
    days = [make_message("1", 0, row, counts={"comments": number}) for row, number in ((2, 3), (3, 0), (4, 2))]
    for order in itertools.permutations(days):
        with fill(list(order)) as table:
            assert [dict(message.counts) for message in table] == [{}]
            assert [(field, number) for field, number, _ in table.list_differences()] == [("counts of days", 3)]
    total = make_message("1", 1, 2, counts={"comments": 5})
    with fill(days, [total]) as table:
        assert [dict(message.counts) for message in table] == [{"comments": 5}]


def test_a_message_without_an_id_is_the_one_with_the_same_account_text_and_time() -> None:
    known = make_message("111_222", 0, 1, text="Hoy,  a las ocho")
    same = make_message("~a", 1, 1, text="Hoy, a las ocho", time=MINUTE, precision="minute")
    later = make_message("~b", 1, 2, text="Hoy, a las ocho", time=MINUTE + timedelta(minutes=1), precision="minute")
    other_text = make_message("~c", 1, 3, text="Hoy, a las nueve", time=MINUTE, precision="minute")
    other_account = make_message("~d", 1, 4, text="Hoy, a las ocho", account="policia")
    for order in itertools.permutations(([known], [same, later, other_text, other_account])):
        with fill(*order) as table:
            assert sorted(message.id for message in table) == ["111_222", "~b", "~c", "~d"]


def test_messages_without_a_text_are_not_taken_for_the_same() -> None:
    first = [make_message("1", 0, 1, text="", kind="received")]
    with fill(first, [make_message("~a", 1, 1, text="", kind="received")]) as table:
        assert len(table) == 2


def test_a_picture_without_a_text_is_the_same_post_in_two_formats() -> None:
    with fill([make_message("1", 0, 1, text="")], [make_message("~a", 1, 1, text="")]) as table:
        assert [message.id for message in table] == ["1"]


def test_the_rest_of_an_answer_is_no_post() -> None:
    messages = [
        make_message("1", row=1, kind="public_reply", parent="somebody's"),
        make_message("2", row=2, parent="1"),
        make_message("3", row=3, parent="2"),
        make_message("4", row=4),
        make_message("5", row=5, parent="4"),
    ]
    with fill(messages) as table:
        kinds = {message.id: message.kind for message in table}
    assert kinds == dict.fromkeys("123", "public_reply") | dict.fromkeys("45", "own_post")


def test_the_thread_is_the_first_message_that_is_known() -> None:
    answers = [
        make_message("4", row=4, parent="3"),
        make_message("3", row=3, parent="2"),
        make_message("2", row=2),
        make_message("9", row=5, parent="8"),
        make_message("5", row=6),
    ]
    with fill(answers) as table:
        threads = {message.id: message.thread for message in table}
    assert threads == {"2": "2", "3": "2", "4": "2", "9": "8", "5": None}


def test_what_continues_a_reply_is_a_reply_and_what_continues_a_post_is_a_post() -> None:
    messages = [
        make_message("1", row=1),
        make_message("2", row=2, parent="1"),
        make_message("3", row=3, parent="2"),
        make_message("5", row=4, parent="4", kind="public_reply"),
        make_message("6", row=5, parent="5"),
        make_message("7", row=6, parent="6", thread="4"),
    ]
    with fill(messages) as table:
        kinds = {message.id: (message.kind, message.thread) for message in table}
    assert kinds == {
        "1": ("own_post", "1"),
        "2": ("own_post", "1"),
        "3": ("own_post", "1"),
        "5": ("public_reply", "4"),
        "6": ("public_reply", "4"),
        "7": ("public_reply", "4"),
    }


def test_a_circle_of_answers_ends() -> None:
    with fill([make_message("1", parent="2"), make_message("2", row=2, parent="1")]) as table:
        assert {message.thread for message in table} <= {"1", "2"}


def test_messages_are_selected_by_account_kind_and_time() -> None:
    hour = timedelta(hours=1)
    messages = [
        make_message("1", row=1),
        make_message("2", row=2, time=NOON + hour, kind="received"),
        make_message("3", row=3, time=NOON + 2 * hour, kind="public_reply", account="policia"),
    ]
    with fill(messages) as table:
        assert [message.id for message in table.select(since=NOON + hour)] == ["2", "3"]
        assert [message.id for message in table.select(before=NOON + hour)] == ["1"]
        assert [message.id for message in table.select(kinds=("own_post", "public_reply"))] == ["1", "3"]
        assert [message.id for message in table.select(account="policia")] == ["3"]
        assert list(table.select(platform="facebook")) == []


def test_of_a_source_that_breaks_off_nothing_is_kept() -> None:
    def break_off() -> Any:
        yield make_message("1")
        raise ValueError("half a file")

    with MessageTable() as table:
        table.add(1, [make_message("2", 1)])
        with pytest.raises(ValueError, match="half a file"):
            table.add(0, break_off())
        assert [message.id for message in table] == ["2"]


def test_accounts_are_named_and_sources_discarded_before_the_first_reading() -> None:
    with fill([make_message("1", account="")], [make_message("1", 1, account="ayto")], [make_message("7", 2)]) as table:
        assert table.count_accounts() == [("x", "", 1), ("x", "ayto", 2)]
        assert table.list_nameless() == [(0, "x")]
        table.name_account(0, "x", "ayto")
        table.discard(2)
        assert [(message.id, message.account) for message in table] == [("1", "ayto")]
        with pytest.raises(TableComplete):
            table.add(3, [])
