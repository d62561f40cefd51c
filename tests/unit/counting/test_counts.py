"""Counts of facts. The expected numbers are counted by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from actitud.counting.codes import CodedRow, Coding
from actitud.counting.counts import FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.export_guides import advise_exports
from actitud.counting.messages import Message, Origin
from actitud.counting.sources import Period, Tell
from actitud.counting.windows import Days, to_instant
from tests.unit.counting.support import EVERYTHING, TOWN, local, make_counter, make_source, write

PAGE = NetworkAccount("facebook", "Ayuntamiento de Ejemplo")
WITHOUT_RECEIVED = tuple(tell for tell in EVERYTHING if not tell.startswith("received"))
"""What a file tells that does not say how many messages were received, so that answers are not bounded by them."""


def values(counter: FactCounter, *codes: str) -> list[object]:
    return [counter.count(code).value for code in codes]


def reasons(counter: FactCounter, code: str) -> set[str]:
    fact = counter.count(code)
    assert fact.value is None
    return {reason.code for reason in fact.reasons}


def posts(number: int, day: str = "2027-10-05", **more: Any) -> list[Message]:
    return [write(f"{day}-{index}", f"{day} 10:{index:02}", **more) for index in range(number)]


# --- posts --------------------------------------------------------------------------------------------------------


def test_posts_are_counted_between_the_midnights_of_the_window() -> None:
    counter = make_counter(
        [
            write("before", "2027-09-14 23:59:59"),
            write("first", "2027-09-15 00:00:00"),
            write("middle", "2027-10-31 02:30:00"),
            write("last", "2027-12-13 23:59:59"),
            write("after", "2027-12-14 00:00:00"),
            write("reply", "2027-10-01 10:00", "public_reply", thread="somebody"),
            write("shared", "2027-10-01 10:00", "repost"),
        ]
    )
    fact = counter.count("own_posts_w90")
    assert (fact.value, fact.counted, fact.files) == (3, 3, {0: 3})
    assert fact.left_out == {"outside_window": 2}


def test_posts_that_were_taken_away_do_not_count_as_few_files_have_them() -> None:
    counter = make_counter([*posts(3), write("gone", "2027-10-05 12:00", deleted=True)])
    assert values(counter, "own_posts_w90", "D8.03.denominator") == [3, 3]
    assert counter.count("own_posts_w90").left_out == {"deleted": 1}


def test_posts_of_dormant_accounts_do_not_count() -> None:
    counter = make_counter(
        [*posts(3), *(write(f"p{number}", "2027-10-05 10:00", account=PAGE, source=1) for number in range(2))],
        [make_source(), make_source(1, account=PAGE)],
    )
    assert values(counter, "own_posts_w90", "accounts_active", "accounts_dormant", "platforms_active") == [3, 1, 1, 1]
    assert counter.count("own_posts_w90").left_out == {"dormant_account": 2}


def test_three_messages_answered_make_an_account_active_too() -> None:
    replies = [
        write(f"r{number}", f"2027-10-0{number} 10:00", "private_reply", parent=f"q{number}") for number in (1, 2, 3)
    ]
    assert values(make_counter(replies), "accounts_active", "own_posts_w90") == [1, 0]
    assert values(make_counter(replies[:2]), "accounts_active", "accounts_dormant") == [0, 1]


def test_posts_with_image_or_video_are_counted_once() -> None:
    counter = make_counter(
        [
            write("photos", "2027-10-01 10:00", media=("photo", "video")),
            write("live", "2027-10-02 10:00", media=("live",)),
            write("link", "2027-10-03 10:00", media=("link",)),
            write("none", "2027-10-04 10:00"),
        ]
    )
    assert values(counter, "visual_posts", "own_posts_w90") == [2, 4]
    assert counter.count("visual_posts").left_out == {"without_media": 2}


def test_media_that_are_named_by_unknown_words_leave_their_number_unknown() -> None:
    messages = [
        write("1", "2027-10-01 10:00", media=("photo",)),
        *posts(2, media=("lámina",)),
        *posts(1, "2027-01-05", media=("x",)),
    ]
    counter = make_counter(messages)
    (reason,) = counter.count("visual_posts").reasons
    assert (reason.code, reason.number) == ("unknown_media", 2)
    assert reasons(counter, "D7.05.denominator") == {"unknown_media"}
    assert values(counter, "own_posts_w90") == [3]


def test_what_the_files_cannot_tell_is_unknown_and_never_nothing() -> None:
    tells = [tell for tell in EVERYTHING if tell != "media"]
    counter = make_counter(posts(5), [make_source(tells=tells)])
    assert values(counter, "own_posts_w90") == [5]
    assert reasons(counter, "visual_posts") == {"not_told"}


def test_an_account_of_which_there_is_no_file_leaves_the_sums_unknown() -> None:
    counter = make_counter(posts(5), accounts=(PAGE,))
    assert reasons(counter, "own_posts_w90") == {"activity_unknown", "not_told"}
    assert reasons(counter, "accounts_active") == {"activity_unknown", "not_told"}
    named = {reason.account for reason in counter.count("own_posts_w90").reasons}
    assert named == {PAGE.name}


def test_without_an_account_nothing_is_known() -> None:
    counter = make_counter([], [])
    known = {code for code, fact in counter.count_all().items() if fact.value is not None}
    assert known == {"D2.03.denominator"}  # the weeks of the calendar
    assert reasons(counter, "own_posts_w90") == reasons(counter, "messages_w12") == {"no_account"}


def test_the_rows_that_count_are_listed_with_their_places() -> None:
    counter = make_counter(
        [
            write("b", "2027-10-05 10:00", row=7),
            write("a", "2027-10-04 10:00", row=9, media=("photo",)),
            write("c", "2027-10-06 10:00", row=3, account=PAGE, source=1),
            write("d", "2027-10-06 11:00", row=4),
        ],
        [make_source(), make_source(1, account=PAGE)],
    )
    rows = list(counter.list_rows("own_posts_w90"))  # that of the page is dormant
    assert [(row.source, row.row, row.id) for row in rows] == [(0, 9, "a"), (0, 7, "b"), (0, 4, "d")]
    assert [row.id for row in counter.list_rows("visual_posts")] == ["a"]
    assert list(counter.list_rows("accounts_active")) == []
    assert list(counter.list_rows("D9.08.numerator")) == []


# --- periods --------------------------------------------------------------------------------------------------------


def test_a_period_that_is_not_covered_wholly_is_unknown_and_the_days_are_named() -> None:
    autumn = Period(stated_first=date(2027, 9, 1), stated_last=date(2027, 11, 30))
    counter = make_counter(posts(5), [make_source(period=autumn)])
    assert reasons(counter, "own_posts_w90") == {"not_covered"}
    (reason,) = counter.count("own_posts_w90").reasons
    assert (reason.first, reason.last) == (date(2027, 12, 1), date(2027, 12, 13))
    assert "2027-12-01" in reason.explain("es")


def test_files_that_follow_each_other_cover_a_period_together() -> None:
    first = Period(stated_first=date(2027, 9, 1), stated_last=date(2027, 10, 31))
    second = Period(stated_first=date(2027, 11, 1), stated_last=date(2027, 12, 31))
    gap = Period(stated_first=date(2027, 11, 3), stated_last=date(2027, 12, 31))
    messages = posts(5)
    assert values(
        make_counter(messages, [make_source(period=first), make_source(1, period=second)]), "own_posts_w90"
    ) == [5]
    counter = make_counter(messages, [make_source(period=first), make_source(1, period=gap)])
    (reason,) = counter.count("own_posts_w90").reasons
    assert (reason.first, reason.last) == (date(2027, 11, 1), date(2027, 11, 2))


def test_a_log_that_does_not_name_an_account_does_not_say_that_it_is_dormant() -> None:
    early = Period(stated_first=date(2027, 9, 1), stated_last=date(2027, 10, 31))
    late = Period(stated_first=date(2027, 10, 15), stated_last=date(2027, 12, 31))
    logs = [
        structs.replace(make_source(place, period=period), format="log-messages", platform="log", account="")
        for place, period in enumerate((early, late))
    ]
    # Of the page there is one post, and it stands in the first log alone.
    messages = [*posts(3), write("p", "2027-11-02 10:00", source=1), write("one", "2027-10-01 10:00", account=PAGE)]
    counter = make_counter(messages, logs)
    unknown = [reason for reason in counter.count("accounts_dormant").reasons if reason.code != "activity_unknown"]
    assert {(reason.code, reason.account, reason.first, reason.last) for reason in unknown} == {
        ("not_named", PAGE.name, date(2027, 11, 1), date(2027, 12, 13))
    }
    assert {advice.accounts for advice in advise_exports(unknown)} == {(f"facebook:{PAGE.name}",)}
    # What the reason asks to add is the answer.
    assert all("--period" in reason.explain(language) for reason in unknown for language in ("es", "en"))
    whole = Days(date(2027, 9, 1), date(2027, 12, 31))
    stated = make_counter(messages, logs, periods={log.sha256: whole for log in logs})
    assert values(stated, "accounts_active", "accounts_dormant", "own_posts_w90") == [1, 1, 4]
    # Files of one account each do not tell of another one.
    alone = [structs.replace(logs[0], platform="x"), structs.replace(logs[1], platform="x", account=TOWN.name)]
    assert reasons(make_counter(messages, alone), "accounts_dormant") == {"activity_unknown", "not_covered"}


def test_conversations_in_files_of_their_own_cover_the_days_between_them() -> None:
    early = Period(stated_first=date(2027, 9, 1), stated_last=date(2027, 9, 20))
    late = Period(stated_first=date(2027, 12, 10), stated_last=date(2027, 12, 20))
    tells = tuple(tell for tell in WITHOUT_RECEIVED if tell != "private_replies")
    periods = enumerate((early, late), start=1)
    chats = [make_source(place, period=period, tells=("private_replies",)) for place, period in periods]
    messages = [*posts(3), reply("r", "2027-10-01 10:00")]
    assert reasons(make_counter(messages, [make_source(tells=tells), *chats]), "D8.08.answers") == {"not_covered"}
    chats = [structs.replace(source, format="whatsapp-chat") for source in chats]
    assert values(make_counter(messages, [make_source(tells=tells), *chats]), "D8.08.answers") == [1]


@pytest.mark.parametrize(
    ("platform", "unknown"),
    [
        ("whatsapp", set()),  # in chats nothing is posted
        ("whatsapp_channel", {"not_told"}),
        ("google_reviews", set()),
        ("threads", {"not_told"}),
    ],
)
def test_an_account_that_cannot_post_has_no_posts(platform: str, unknown: set[str]) -> None:
    other = NetworkAccount(platform, "Ayuntamiento")
    told = make_source(1, account=other, tells=("received_public", "received_private", "private_replies", "threads"))
    received = [write(f"r{n}", "2027-10-05 10:00", "private_reply", account=other, source=1) for n in range(3)]
    counter = make_counter([*posts(4), *received], [make_source(), told], accounts=(TOWN, other))
    facts = [counter.count(code) for code in ("own_posts_w90", "visual_posts")]
    if unknown:
        assert [{reason.code for reason in fact.reasons} for fact in facts] == [unknown] * 2
    else:
        assert [fact.value for fact in facts] == [4, 0]


def test_a_person_may_state_the_period_of_a_file() -> None:
    counter = make_counter(
        posts(5),
        [make_source(period=Period())],
        periods={f"{0:064x}": Days(date(2027, 9, 15), date(2027, 12, 13))},
    )
    assert values(counter, "own_posts_w90") == [5]
    assert reasons(make_counter(posts(5), [make_source(period=Period())]), "own_posts_w90") == {"not_told"}


def test_messages_that_two_files_have_under_other_ids_are_not_counted_twice() -> None:
    log = structs.replace(make_source(1), format="log-messages")
    archived = [*posts(3), write("p", "2027-10-06 10:00:30", text="Hoy se riegan los parques")]
    logged = [write("ticket-7", "2027-10-06 10:00", text="Hoy se riegan los parques", precision="minute", source=1)]
    counter = make_counter([*archived, *logged], [make_source(), log])
    (reason,) = counter.count("own_posts_w90").reasons
    assert (reason.code, reason.account, reason.number) == ("told_twice", TOWN.name, 1)
    # The same text on another day, or in two files of one format, is another message.
    for other in (
        [write("ticket-7", "2027-10-07 10:00", text="Hoy se riegan los parques", source=1)],
        [write("ticket-7", "2027-10-06 10:00", text="Mañana se riegan los parques", source=1)],
    ):
        assert values(make_counter([*archived, *other], [make_source(), log]), "own_posts_w90") == [5]
    assert values(make_counter([*archived, *logged], [make_source(), make_source(1)]), "own_posts_w90") == [5]


@pytest.mark.parametrize(("hours", "told"), [((9, 9, 9), 3), ((9, 9, 8), None), ((24, 24, 24), None)])
def test_posts_that_another_file_has_in_another_time_zone_are_not_counted_twice(
    hours: tuple[int, ...], told: int | None
) -> None:
    first = [write(f"p{day}", f"2027-10-0{day} 10:00:{day}0") for day in (1, 2, 3)]
    later = [
        structs.replace(
            one, id=f"other-{one.id}", origin=Origin(1, 1), time=one.time.replace(second=0) + timedelta(hours=shift)
        )
        for one, shift in zip(first, hours, strict=True)
    ]
    counter = make_counter([*first, *later], [make_source(), structs.replace(make_source(1), format="table")])
    assert [reason.number for reason in counter.count("own_posts_w90").reasons] == ([] if told is None else [told])


# --- weeks ----------------------------------------------------------------------------------------------------------


def weekly(numbers: Mapping[str, int]) -> list[Message]:
    return [message for day, number in numbers.items() for message in posts(number, day)]


def test_weeks_with_three_posts_are_counted() -> None:
    # Weeks of 20 September (3 posts), 27 September (2), 4 October (4). The 15th lies before the first full week.
    messages = weekly({"2027-09-15": 5, "2027-09-20": 2, "2027-09-26": 1, "2027-09-28": 2, "2027-10-06": 4})
    counter = make_counter(messages, population=20_000)
    assert values(counter, "D2.03.numerator", "D2.03.denominator") == [2, 12]
    assert counter.count("D2.03.numerator").left_out == {"outside_full_weeks": 5}


def test_a_small_town_needs_one_post_a_week() -> None:
    messages = weekly({"2027-09-20": 3, "2027-09-28": 1, "2027-10-06": 2})
    assert values(make_counter(messages, population=5_000), "D2.03.numerator") == [3]
    assert values(make_counter(messages, population=5_001), "D2.03.numerator") == [1]
    assert values(make_counter(messages, population=0), "D2.03.numerator") == [1]  # a body without a population
    assert reasons(make_counter(messages), "D2.03.numerator") == {"population"}


def test_the_population_does_not_matter_where_both_minima_give_the_same() -> None:
    assert values(make_counter(weekly({"2027-09-20": 3, "2027-10-06": 4})), "D2.03.numerator") == [2]


def test_the_same_text_counts_once_in_a_week() -> None:
    same = [write(f"a{number}", f"2027-09-2{number} 10:00", text="Buenos  días") for number in (0, 1, 2)]
    pictures = [write(f"b{number}", f"2027-09-28 1{number}:00", text="", media=("photo",)) for number in (0, 1, 2)]
    counter = make_counter([*same, *pictures], population=20_000)
    assert values(counter, "D2.03.numerator") == [1]
    assert counter.count("D2.03.numerator").left_out == {"same_text": 2}


def test_the_main_account_has_to_be_named_where_there_are_several() -> None:
    sources = [make_source(), make_source(1, account=PAGE)]
    messages = [*posts(3), *(write(f"p{one}", "2027-10-05 10:00", account=PAGE, source=1) for one in range(3))]
    assert reasons(make_counter(messages, sources), "D2.03.numerator") == {"main_account"}
    assert values(make_counter(messages, sources, main=TOWN), "D2.03.numerator") == [1]


# --- conversation ---------------------------------------------------------------------------------------------------


def answered(messages: list[Message]) -> object:
    # Three posts, so that the account is active.
    return make_counter([*posts(3), *messages], [make_source(tells=WITHOUT_RECEIVED)]).count("D8.08.answers").value


def ask(identity: str, time: str, thread: str, **more: Any) -> Message:
    return write(identity, time, "received", thread=thread, **more)


def reply(identity: str, time: str, thread: str | None = None, **more: Any) -> Message:
    return write(identity, time, "public_reply", thread=thread, **more)


def test_a_reply_within_the_same_minute_answers() -> None:
    """WhatsApp tells the minute alone: a reply does not come before what it answers because of its id."""
    first = [ask("q1", "2027-10-01 09:00", "t"), reply("r1", "2027-10-01 09:30", "t")]
    same = [ask("q2", "2027-10-01 10:00", "t"), reply("a-first-id", "2027-10-01 10:00", "t")]
    assert answered([*first, *same]) == 2


def test_a_message_answered_counts_once() -> None:
    assert answered([ask("q", "2027-10-01 10:00", "t"), reply("r1", "2027-10-01 11:00", "t")]) == 1
    # The second reply goes on with the first one.
    twice = [
        ask("q", "2027-10-01 10:00", "t"),
        reply("r1", "2027-10-01 11:00", "t"),
        reply("r2", "2027-10-01 11:01", "t"),
    ]
    assert answered(twice) == 1
    assert answered([ask("q", "2027-10-01 10:00", "t")]) == 0


def test_one_reply_answers_one_message() -> None:
    comments = [ask(f"q{number}", f"2027-10-01 10:0{number}", "post") for number in range(5)]
    assert answered([*comments, reply("r", "2027-10-01 11:00", "post")]) == 1


def test_replies_that_name_their_message_answer_that_one() -> None:
    comments = [ask(f"q{number}", f"2027-10-01 10:0{number}", "post", parent="post") for number in range(3)]
    replies = [
        reply("r0", "2027-10-01 11:00", "post", parent="q0"),
        reply("r1", "2027-10-01 11:01", "post", parent="q0"),
        reply("r2", "2027-10-01 11:02", "post", parent="q2"),
    ]
    assert answered([*comments, *replies]) == 2


def test_a_reply_that_goes_on_with_another_answers_nobody() -> None:
    first = [ask("q", "2027-10-01 10:00", "q"), reply("r1", "2027-10-01 11:00", "q", parent="q")]
    assert answered([*first, reply("r2", "2027-10-01 11:01", "q", parent="r1")]) == 1


def test_a_reply_that_names_the_post_above_answers_one_of_its_comments() -> None:
    above = write("post", "2027-10-01 09:00", thread="post")
    comments = [ask(f"q{number}", f"2027-10-01 10:0{number}", "post") for number in range(2)]
    replies = [reply(f"r{number}", f"2027-10-01 11:0{number}", "post", parent="post") for number in range(3)]
    assert answered([above, *comments, *replies]) == 2


def test_replies_to_messages_that_no_file_has_count_by_conversation() -> None:
    replies = [
        reply("r1", "2027-10-01 10:00", "a"),
        reply("r2", "2027-10-01 10:01", "a"),
        reply("r3", "2027-10-02 10:00"),
    ]
    assert answered(replies) == 2


def test_private_answers_count_and_those_of_other_days_do_not() -> None:
    messages = [
        write("q1", "2027-09-14 20:00", "received", thread="c", private=True),
        write("r1", "2027-09-15 08:00", "private_reply", thread="c", private=True),
        write("q2", "2027-12-13 20:00", "received", thread="d", private=True),
        write("r2", "2027-12-14 00:00", "private_reply", thread="d", private=True),
    ]
    assert answered(messages) == 1


def test_more_than_ten_identical_answers_count_as_ten() -> None:
    same = [reply(f"r{number}", f"2027-10-01 10:{number:02}", text="Escríbanos.") for number in range(14)]
    messages = [*posts(3), *same, reply("other", "2027-10-02 10:00")]
    counter = make_counter(messages, [make_source(tells=WITHOUT_RECEIVED)])
    assert values(counter, "D8.08.answers") == [11]
    assert counter.count("D8.08.answers").left_out == {"identical_answer": 4}


def test_private_answers_that_no_file_tells_leave_the_weight_of_conversation_unknown() -> None:
    tells = [tell for tell in WITHOUT_RECEIVED if tell != "private_replies"]
    counter = make_counter([*posts(3), reply("r", "2027-10-01 10:00")], [make_source(tells=tells)])
    assert reasons(counter, "D8.08.answers") == {"not_told"}
    closed = Coding(accounts={TOWN: {"messages": "no"}})
    counter = make_counter([*posts(3), reply("r", "2027-10-01 10:00")], [make_source(tells=tells)], coding=closed)
    assert values(counter, "D8.08.answers") == [1]


def test_there_are_not_more_answers_than_messages_that_needed_one() -> None:
    messages = [*posts(3), ask("q", "2027-10-01 10:00", "t"), reply("r", "2027-10-01 11:00", "t")]
    rows = code(make_counter(messages), "messages_w12", {"need": "n"})
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "messages_w90", "D8.08.answers") == [0, 0]
    assert counter.count("D8.08.answers").left_out == {"more_than_messages": 1}


def test_a_message_log_stands_for_all_accounts() -> None:
    log = NetworkAccount("log", "")
    tells: tuple[Tell, ...] = ("own_posts", "media")
    counter = make_counter(
        [
            *posts(3),
            write("q", "2027-10-01 10:00", "received", account=log, thread="q", source=1),
            write("r", "2027-10-01 11:00", "private_reply", account=log, thread="q", source=1),
        ],
        [make_source(tells=tells), make_source(1, account=log)],
    )
    assert values(counter, "D8.08.answers", "accounts_active") == [1, 1]


# --- samples --------------------------------------------------------------------------------------------------------


def code(counter: FactCounter, frame: str, *codes: Mapping[str, str]) -> dict[str, CodedRow]:
    """Code the messages of a frame in the order of the draw; the last codes hold for all that follow."""
    drawn = counter.sample(frame).draw.drawn
    return {one.key: CodedRow(codes=codes[min(place, len(codes) - 1)]) for place, one in enumerate(drawn)}


def post_codes(subject: str, *flags: str) -> dict[str, str]:
    return {"subject": subject, **{name: "yes" if name in flags else "no" for name in ("press", "voice", "plain")}}


def test_codes_of_a_sample_become_answers() -> None:
    messages = posts(8)
    rows = code(
        make_counter(messages),
        "posts",
        post_codes("a"),
        post_codes("b", "press"),
        post_codes("x"),
        post_codes("c"),
        post_codes("u", "plain", "voice"),
        post_codes("u", "plain"),
        post_codes("o", "plain"),
    )
    counter = make_counter(messages, coding=Coding(rows={"posts": rows}))
    facts = ("numerator", "denominator", "office_holders", "ceremonial")
    assert values(counter, *(f"D2.01.{fact}" for fact in facts)) == [3, 8, 2, 1]  # a, b, x; a, x; c
    assert values(counter, "D8.03.numerator", "D8.02.numerator", "D5.09.numerator", "D5.05.numerator") == [2, 1, 1, 4]


def test_a_sample_that_is_not_coded_wholly_answers_nothing() -> None:
    messages = posts(8)
    rows = code(make_counter(messages), "posts", post_codes("u"))
    rows.pop(next(iter(rows)))
    counter = make_counter(messages, coding=Coding(rows={"posts": rows}))
    (reason,) = counter.count("D8.03.numerator").reasons
    assert (reason.code, reason.number, reason.total) == ("not_coded", 7, 8)
    assert values(counter, "D8.03.denominator") == [8]


def test_a_sample_needs_the_seed_only_where_it_is_one() -> None:
    hundred = [write(str(number), f"2027-10-{1 + number // 10:02} 10:{number % 10:02}") for number in range(101)]
    assert values(make_counter(hundred[:100], seed=None), "D8.03.denominator") == [100]
    assert reasons(make_counter(hundred, seed=None), "D8.03.denominator") == {"no_seed"}
    assert values(make_counter(hundred), "D8.03.denominator", "own_posts_w90") == [100, 101]


def test_coders_who_disagree_code_again() -> None:
    messages = posts(10)
    rows = code(make_counter(messages), "posts", post_codes("u"))
    keys = list(rows)
    # Of five rows coded twice the subject is equal in three, and the rest in all.
    second = {key: CodedRow(codes=post_codes("u" if place < 3 else "o")) for place, key in enumerate(keys[:5])}
    counter = make_counter(messages, coding=Coding(rows={"posts": rows}, second={"posts": second}))
    (reason,) = counter.count("D8.03.numerator").reasons
    assert (reason.code, reason.number, reason.total) == ("recode", 3, 5)
    assert values(counter, "D8.02.numerator") == [0]


# --- responses ------------------------------------------------------------------------------------------------------


def make_inbox() -> list[Message]:
    """Six messages: answered after 1 h, 10 h, 72 h and 73 h, not answered, and one that needed no answer."""
    delays = {"1": "2027-10-01 11:00", "2": "2027-10-01 20:00", "3": "2027-10-04 10:00", "4": "2027-10-04 11:00"}
    asked = [ask(f"q{number}", "2027-10-01 10:00", f"t{number}") for number in range(1, 7)]
    replies = [reply(f"r{number}", time, f"t{number}") for number, time in delays.items()]
    private = replies[1]
    replies[1] = write("r2", "2027-10-01 20:00", "private_reply", thread=private.thread, private=True)
    return [*posts(3), *asked, *replies]


def code_inbox(counter: FactCounter) -> Coding:
    codes = {
        "q1": {"need": "q", "reply": "1"},
        "q2": {"need": "k", "reply": "1"},
        "q3": {"need": "c", "reply": "1"},
        "q4": {"need": "k", "reply": "1"},
        "q5": {"need": "r", "reply": "0"},
        "q6": {"need": "n"},
    }
    drawn = counter.sample("messages_w12").draw.drawn
    return Coding(rows={"messages": {one.key: CodedRow(codes=codes[one.id]) for one in drawn}})


def test_responses_are_measured_from_the_codes_and_the_files() -> None:
    counter = make_counter(make_inbox(), coding=code_inbox(make_counter(make_inbox())))
    assert values(counter, "messages_w90", "messages_w12", "replies_w12") == [5, 5, 4]
    facts = ("denominator", "numerator", "answered_private", "critical_received", "critical_answered")
    # Within 72 hours, which the third reply took exactly: q1, q2, q3. Private: q2. Critical: q2 in time, and q4.
    assert values(counter, *(f"D9.01.{fact}" for fact in facts)) == [5, 3, 1, 2, 1]
    # Of five, the third one to be answered took 72 hours.
    assert values(counter, "D9.10.hours") == [72.0]


def test_hours_are_rounded_half_up_to_hundredths() -> None:
    # 1 h 0 min 18 s = 1.005 h.
    messages = [*posts(3), ask("q", "2027-10-01 10:00:00", "t"), reply("r", "2027-10-01 11:00:18", "t")]
    rows = code(make_counter(messages), "messages_w12", {"need": "q", "reply": "1"})
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "D9.10.hours") == [1.01]


def test_there_are_no_hours_where_half_were_not_answered() -> None:
    messages = make_inbox()[:-1]  # without the reply after 73 hours; and none to the third message
    messages = [message for message in messages if message.id != "r3"]
    coding = code_inbox(make_counter(messages))
    unanswered = {
        key: CodedRow(codes={"need": row.codes["need"], "reply": "0"}) if row.codes["need"] in "ck" else row
        for key, row in coding.rows["messages"].items()
    }
    counter = make_counter(messages, coding=Coding(rows={"messages": unanswered}))
    assert values(counter, "D9.01.numerator", "D9.01.denominator") == [1, 5]
    assert reasons(counter, "D9.10.hours") == {"not_half_answered"}


@pytest.mark.parametrize(("replied", "numerator"), [("2027-10-03", 1), ("2027-10-04", None), ("2027-10-05", 0)])
def test_a_day_without_its_time_is_not_rounded(replied: str, numerator: int | None) -> None:
    # Asked on 1 October at 10:00. A reply of the 3rd is in time, one of the 4th may be, one of the 5th is not.
    messages = [
        *posts(3),
        ask("q", "2027-10-01 10:00", "t"),
        reply("r", f"{replied} 00:00", "t", precision="day"),
    ]
    rows = code(make_counter(messages), "messages_w12", {"need": "q", "reply": "1"})
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "D9.01.numerator", "D9.01.denominator") == [numerator, 1]


def test_a_reply_found_elsewhere_counts_with_its_time() -> None:
    messages = [*posts(3), ask("q", "2027-10-01 10:00", "t")]
    (key,) = code(make_counter(messages), "messages_w12", {})
    at = write("r", "2027-10-02 10:00").time
    row = CodedRow(codes={"need": "q", "reply": "4"}, replied_at=int(at.timestamp()) * 1_000_000, was_private=True)
    counter = make_counter(messages, coding=Coding(rows={"messages": {key: row}}))
    assert values(counter, "D9.01.numerator", "D9.01.answered_private", "D9.10.hours") == [1, 1, 24.0]


@pytest.mark.parametrize(
    "row",
    [
        CodedRow(codes={"need": "q", "reply": "2"}),  # there is one reply
        CodedRow(codes={"need": "q", "reply": "4"}, was_private=True),  # without its time
        CodedRow(codes={"need": "q", "reply": "4"}, replied_at=1),  # in public or in private?
    ],
)
def test_a_reply_that_is_not_clear_leaves_the_responses_unknown(row: CodedRow) -> None:
    messages = make_inbox()
    coding = code_inbox(make_counter(messages))
    (key,) = [one.key for one in make_counter(messages).sample("messages_w12").draw.drawn if one.id == "q1"]
    counter = make_counter(messages, coding=Coding(rows={"messages": {**coding.rows["messages"], key: row}}))
    (reason,) = counter.count("D9.01.numerator").reasons
    assert (reason.code, reason.number) == ("reply_unclear", 1)
    assert values(counter, "messages_w90") == [5]


def test_a_message_without_its_reply_is_not_coded_wholly() -> None:
    messages = make_inbox()
    rows = dict(code_inbox(make_counter(messages)).rows["messages"])
    rows = {key: CodedRow(codes={"need": row.codes["need"]}) for key, row in rows.items()}
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "messages_w12") == [5]
    (reason,) = counter.count("replies_w12").reasons
    assert (reason.code, reason.number, reason.total) == ("not_coded", 0, 5)
    assert reasons(counter, "D9.01.denominator") == {"reply_unclear"}


def test_coders_who_see_other_replies_code_again() -> None:
    messages = make_inbox()
    coding = code_inbox(make_counter(messages))
    second = {key: CodedRow(codes={**row.codes, "reply": "0"}) for key, row in coding.rows["messages"].items()}
    counter = make_counter(messages, coding=Coding(rows=coding.rows, second={"messages": second}))
    assert values(counter, "messages_w90") == [5]
    assert reasons(counter, "replies_w12") == reasons(counter, "D9.01.numerator") == {"recode"}


def test_hours_are_unknown_where_only_the_day_of_a_reply_is_known() -> None:
    messages = [*posts(3), ask("q", "2027-10-01 10:00", "t"), reply("r", "2027-10-02", "t", precision="day")]
    rows = code(make_counter(messages), "messages_w12", {"need": "q", "reply": "1"})
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "D9.01.numerator") == [1]
    assert reasons(counter, "D9.10.hours") == {"precision"}


def receive(number: int, day: str) -> list[Message]:
    return [ask(f"{day}-{one:03}", f"{day} {one // 60:02}:{one % 60:02}", f"{day}-{one:03}") for one in range(number)]


def test_the_year_is_measured_where_ninety_days_have_fewer_than_a_hundred() -> None:
    for number, expected in ((99, 109), (100, 100)):
        messages = [*posts(3), *receive(10, "2027-03-01"), *receive(number, "2027-10-01")]
        rows = code(make_counter(messages), "messages_w12", {"need": "q", "reply": "0"})
        counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
        assert values(counter, "D9.01.denominator") == [expected]


def test_many_messages_are_estimated_from_four_hundred() -> None:
    messages = [*posts(3), *receive(600, "2027-10-01")]
    drawn = make_counter(messages).sample("messages_w90").draw.drawn
    assert len(drawn) == 600  # 400, and a reserve of 400 of which there are 200
    # Of the first 400 every fourth needed none: 300 of 400 did. 600 · 300 / 400 = 450 of all.
    needs = {one.key: "n" if place % 4 == 0 else "q" for place, one in enumerate(drawn)}
    rows = {key: CodedRow(codes={"need": need, "reply": "0"}) for key, need in list(needs.items())[:400]}
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "messages_w90") == [450]
    # Four hundred that needed an answer are asked for, and 300 are coded.
    (reason,) = counter.count("D9.01.denominator").reasons
    assert (reason.code, reason.number, reason.total) == ("reserve", 300, 400)
    # With those of the reserve up to the 534th there are 400: of 534, 134 needed none.
    more = {key: CodedRow(codes={"need": need, "reply": "0"}) for key, need in list(needs.items())[:534]}
    counter = make_counter(messages, coding=Coding(rows={"messages": more}))
    assert values(counter, "D9.01.denominator", "messages_w90") == [400, 450]
    assert counter.count("D9.01.denominator").counted == 534


def test_all_messages_are_counted_instead_of_estimated_where_all_are_coded() -> None:
    messages = [*posts(3), *receive(600, "2027-10-01")]
    drawn = make_counter(messages).sample("messages_w90").draw.drawn
    # Of the first 400 every fourth needed no answer, and all of the 200 after them did: 300 and 200, not 450.
    needs = {one.key: "n" if place < 400 and place % 4 == 0 else "q" for place, one in enumerate(drawn)}
    rows = {key: CodedRow(codes={"need": need, "reply": "0"}) for key, need in needs.items()}
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}))
    assert values(counter, "messages_w90") == [500]


@pytest.mark.parametrize(
    ("methodology", "frame", "received", "chosen", "counted"),
    [
        ("2027.1", "messages_w90", 600, None, 400),
        ("2027.1", "messages_w90", 600, 500, 500),
        ("2027.1", "messages_w90", 600, 600, 600),
        ("2027.1", "messages_w90", 900, 999_999, 900),
        ("2027.1-short", "messages_w12", 60, None, 20),
        ("2027.1-short", "messages_w12", 60, 60, 60),
    ],
)
def test_a_sample_may_be_as_large_as_the_whole(
    methodology: str, frame: str, received: int, chosen: int | None, counted: int
) -> None:
    """All needed an answer, and every second one of the draw got one. Whoever codes all of them needs no seed."""
    messages = [*posts(3), *receive(received, "2027-10-01")]
    plan: dict[str, Any] = {"methodology": methodology, "samples": {} if chosen is None else {frame: chosen}}
    sample = make_counter(messages, **plan).sample(frame).sample
    answered = CodedRow(
        codes={"need": "q", "reply": "4"}, replied_at=to_instant(local("2027-10-02 10:00")), was_private=False
    )
    ignored = CodedRow(codes={"need": "q", "reply": "0"})
    rows = {one.key: ignored if place % 2 else answered for place, one in enumerate(sample)}
    counter = make_counter(messages, coding=Coding(rows={"messages": rows}), **plan)
    facts = (frame, "D9.01.denominator", "D9.01.numerator")
    assert values(counter, *facts) == [received, counted, counted // 2]
    assert bool(make_counter(messages, **plan, seed=None).sample(frame).reasons) == (
        counted < received and methodology == "2027.1"
    )


def test_the_year_has_no_fewer_messages_than_its_ninety_days() -> None:
    # A hundred messages of autumn needed an answer, four hundred of March did not. Of the 400 drawn from the year with
    # this seed 76 are of autumn, so that the estimate is 500 · 76 / 400 = 95.
    messages = [*posts(3), *receive(100, "2027-10-01"), *receive(400, "2027-03-01")]
    sample = make_counter(messages, seed="c" * 32).sample("messages_w12")
    assert sum(one.id.startswith("2027-10") for one in sample.sample) == 76
    drawn = {*sample.sample, *make_counter(messages, seed="c" * 32).sample("messages_w90").sample}
    rows = {
        one.key: CodedRow(codes={"need": "q" if one.id.startswith("2027-10") else "n", "reply": "0"}) for one in drawn
    }
    counter = make_counter(messages, seed="c" * 32, coding=Coding(rows={"messages": rows}))
    assert values(counter, "messages_w90", "messages_w12") == [100, 100]


def test_replies_that_solve_are_counted_of_as_many_as_were_of_substance() -> None:
    messages = make_inbox()
    first = make_counter(messages)
    rows = code(first, "replies", {"solves": "yes"}, {"solves": "no"})
    coding = code_inbox(first)
    counter = make_counter(messages, coding=Coding(rows={**coding.rows, "replies": rows}))
    assert values(counter, "D5.10.numerator", "D5.10.denominator") == [1, 4]


# --- sheets ---------------------------------------------------------------------------------------------------------


def sheet(**columns: str) -> dict[str, str]:
    names = ("official", "comments", "messages", "inventory", "complete", "notice")
    return {**dict.fromkeys(names, "yes"), **columns}


def test_the_sheet_of_accounts_is_counted() -> None:
    tube = NetworkAccount("youtube", "Ayuntamiento")
    old = NetworkAccount("facebook", "Fiestas 2019")
    accounts = [TOWN, PAGE, tube, old]
    messages = [
        write(f"{account.platform}{number}", "2027-10-05 10:00", account=account, source=place)
        for place, account in enumerate(accounts[:3])
        for number in range(3)
    ]
    coding = Coding(
        accounts={
            TOWN: sheet(messages="no", notice="no"),
            PAGE: sheet(complete="no"),
            tube: sheet(messages="missing"),
            old: sheet(official="no"),
        }
    )
    counter = make_counter(
        messages, [make_source(place, account=account) for place, account in enumerate(accounts)], coding=coding
    )
    assert values(counter, "accounts_total", "accounts_active", "accounts_dormant", "platforms_active") == [3, 3, 0, 3]
    # Somebody can write to all three; to two in every way that their network has.
    assert values(counter, "accounts_open", "D2.04.numerator", "D2.04.denominator") == [3, 2, 3]
    assert values(counter, "D3.01.numerator", "D3.01.denominator", "D3.08.numerator") == [3, 3, 2]
    assert values(counter, "D7.08.value") == [False]


def test_what_nobody_confirmed_is_unknown() -> None:
    counter = make_counter(posts(3))
    for fact in ("accounts_total", "accounts_open", "D3.01.numerator", "D7.08.value"):
        assert reasons(counter, fact) == {"not_confirmed"}
    assert reasons(counter, "D2.02.components") == {"not_coded"}


def test_classes_of_information_are_listed() -> None:
    classes = {f"c{number}": "yes" if number in (2, 10) else "no" for number in range(1, 11)}
    assert values(make_counter(posts(3), coding=Coding(classes=classes)), "D2.02.components") == [("c2", "c10")]


def test_proposals_of_a_participation_platform_are_counted_apart() -> None:
    decidim = NetworkAccount("decidim", "participa.example.org")
    messages = [
        *posts(3),
        *(write(f"p{one}", "2027-05-05 10:00", "received", account=decidim, source=1) for one in range(3)),
    ]
    sources = [make_source(), make_source(1, account=decidim)]
    codes = ({"valid": "yes", "decision": "yes"}, {"valid": "yes", "decision": "no"}, {"valid": "no", "decision": "no"})
    rows = code(make_counter(messages, sources), "proposals", *codes)
    counter = make_counter(messages, sources, coding=Coding(rows={"proposals": rows}))
    assert values(counter, "D9.08.numerator", "D9.08.denominator") == [1, 2]
    assert [account.platform for account in counter.accounts] == ["x"]
    assert counter.sample("messages_w12").draw.population == 0


def test_the_short_form_takes_the_last_ones() -> None:
    messages = [write(f"{number:02}", f"2027-10-{number:02} 10:00") for number in range(1, 26)]
    counter = make_counter(messages, methodology="2027.1-short", seed=None)
    assert [one.id for one in counter.sample("posts").sample] == [f"{number:02}" for number in range(25, 5, -1)]
    assert values(counter, "D8.03.denominator", "own_posts_w90") == [20, 25]
