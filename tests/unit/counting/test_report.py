"""What a report of a count shows, and which export it asks for next."""

from __future__ import annotations

from datetime import date

from actitud._html import Words
from actitud.counting.coverage import NetworkAccount
from actitud.counting.export_guides import GUIDES, advise_exports, find_guide
from actitud.counting.reasons import Reason
from actitud.counting.report import collect_report
from actitud.counting.report_texts import join_reasons
from actitud.counting.sources import Period
from tests.unit.counting.support import EVERYTHING, make_counter, make_source, write

PRESS = NetworkAccount("press_room", "www.example.org")


def test_the_rhythm_is_that_of_weeks_and_hours_of_the_town() -> None:
    counter = make_counter(
        [
            write("p1", "2027-01-04 00:30"),  # the first Monday of the year
            write("p2", "2027-07-04 23:30"),  # a Sunday, in summer time
            write("day", "2027-07-05 00:00", precision="day"),
            write("q", "2027-07-05 09:00", "received", thread="t"),
            write("r", "2027-07-05 17:59", "public_reply", thread="t"),
            write("shared", "2027-07-05 12:00", "repost"),
            write("n", "2027-07-05 12:00", account=PRESS, source=1),
        ],
        [make_source(), make_source(1, account=PRESS)],
    )
    report = collect_report(counter)
    weeks = {week.monday: tuple(week)[1:] for week in report.weeks if any(week[1:])}
    assert weeks == {
        date(2027, 1, 4): (1, 0, 0),
        date(2027, 6, 28): (1, 0, 0),
        date(2027, 7, 5): (1, 1, 1),
    }
    hours = {hour: numbers for hour, numbers in enumerate(report.hours) if any(numbers)}
    assert hours == {0: (1, 0, 0), 9: (0, 1, 0), 17: (0, 0, 1), 23: (1, 0, 0)}


def test_messages_are_counted_by_the_delay_of_the_next_reply() -> None:
    moments = ("01 10:59", "01 11:00", "01 14:00", "02 10:00", "04 10:00", "04 10:01")
    replied = {f"t{number}": f"2027-10-{moment}" for number, moment in enumerate(moments)}
    messages = [write(f"q{name}", "2027-10-01 10:00", "received", thread=name) for name in (*replied, "never")]
    for name, time in replied.items():
        messages.append(write(f"r{name}", time, "private_reply", thread=name))
    report = collect_report(make_counter(messages))
    # 59 minutes and one hour; four hours; a day; three days; longer.
    assert (report.delays, report.unanswered) == ([2, 1, 1, 1, 1], 1)
    # The two in the middle are four hours and a day.
    assert report.median_delay == 14 * 3_600_000_000


def test_weeks_that_a_file_does_not_cover_are_unknown() -> None:
    other = NetworkAccount("facebook", "Ayuntamiento")
    period = Period(stated_first=date(2027, 1, 1), stated_last=date(2027, 12, 14))
    report = collect_report(
        make_counter([write("p", "2027-10-05 10:00")], [make_source(), make_source(1, account=other, period=period)])
    )
    # The file of the second account ends on a Tuesday.
    assert report.unknown_weeks == {date(2027, 12, 13), date(2027, 12, 20)}
    assert report.unknown_conversations
    assert len(collect_report(make_counter([], [])).unknown_weeks) == 51


def test_what_is_missing_asks_for_the_file_that_tells_it() -> None:
    posts = [write(f"p{number}", "2027-10-01 10:00") for number in range(3)]
    tells = [tell for tell in EVERYTHING if tell not in ("private_replies", "received_public")]
    report = collect_report(make_counter(posts, [make_source(tells=tells)]))
    asked = [(advice.guide.platform, advice.accounts) for advice in report.exports]
    # The archive of X has the private replies; no file of X has what others wrote.
    assert asked == [("x", ("x:Ayuntamiento",)), ("decidim", ()), ("log", ("x:Ayuntamiento",))]
    assert {one.code for one in report.missing} >= {"messages_w90", "D8.08", "D9.08"}


def test_days_that_are_missing_are_those_to_export() -> None:
    gaps = [(date(2027, 9, 15), date(2027, 9, 20)), (date(2027, 12, 1), date(2027, 12, 13))]
    reasons = [
        Reason(code="not_covered", platform="tiktok", account="ayto", tell="own_posts", first=first, last=last)
        for first, last in gaps
    ]
    (advice,) = advise_exports(reasons)
    assert (advice.guide.platform, advice.accounts) == ("tiktok", ("tiktok:ayto",))
    assert (advice.first, advice.last) == (date(2027, 9, 15), date(2027, 12, 13))
    assert advise_exports([Reason(code="no_seed"), Reason(code="main_account")]) == []


def test_every_guide_has_its_steps_in_both_languages() -> None:
    assert find_guide("facebook", "own_posts").title.en == "Facebook: content of Meta Business Suite"
    assert find_guide("facebook", "received_private").title.es == "Facebook: «Descargar tu información»"
    assert find_guide("facebook", "received_public").platform == "log"
    for guide in GUIDES:
        assert guide.steps
        assert all(step.es != step.en and step.es.endswith(".") and step.en.endswith(".") for step in guide.steps)


def test_what_is_to_be_confirmed_of_several_accounts_is_one_sentence() -> None:
    def confirm(subject: str, platform: str) -> Reason:
        return Reason(code="not_confirmed", sheet="accounts", subject=subject, platform=platform, account="ayto")

    reasons = [confirm("official", "x"), confirm("official", "tiktok"), confirm("notice", "x")]
    reasons.append(Reason(code="no_seed"))
    assert join_reasons(reasons, Words("es"), most=2) == (
        "En la hoja «Cuentas» falta decir de cada cuenta si es oficial: x:ayto, tiktok:ayto. En la hoja «Cuentas» "
        "falta decir de x:ayto si enlaza al aviso. Y un motivo más."
    )
    assert join_reasons(reasons, Words("en"), most=1) == (
        "The sheet “Accounts” does not say of each account whether it is official: x:ayto, tiktok:ayto. And 2 more "
        "reasons."
    )
