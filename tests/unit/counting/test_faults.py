"""Faults: they show a place and as much of a value as names nobody, and their number does not fill the memory."""

from __future__ import annotations

import pytest

from actitud.counting.fault_texts import FAULT_TEXTS
from actitud.counting.faults import CountingFault, FaultLog, show_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("31/04/2026", "31/04/2026"),
        ("2026-02-30T10:00:00Z", "2026-02-30T10:00:00Z"),
        ("20260230", "20260230"),
        ("30 febrero 2026 25:61", "30 febrero 2026 25:61"),
        (" 1.234,5 ", "1.234,5"),
        (12, "12"),
        (None, "None"),
        ("Lucía Fernández Ruiz", "… … …"),
        ("Abril", "…"),
        ("Lifetime", "Lifetime"),
        ("@lucia_f", "…"),
        ("lucia@example.org", "…"),
        ("https://x.com/lucia", "…"),
        ("600 123 123", "…"),
        ("+34 600123123", "+…"),
        ("12345678Z", "…"),
        ("X1234567L", "…"),
        ("1" * 300, "…"),
        ("1;2;" * 300, "1;2;" * 9 + "1;2…"),
    ],
)
def test_of_a_value_only_what_names_nobody_is_shown(value: object, shown: str) -> None:
    assert show_value(value) == shown


def test_of_a_million_faults_twenty_have_a_place_and_all_are_counted() -> None:
    log = FaultLog()
    for line in range(1, 1_001):
        log.add(CountingFault(code="copies_differ", file="a.csv", line=line, column="Date"))
    for member in range(30):
        log.add(CountingFault(code="copies_differ", file="b.json", column=f"/messages/{member}/date"))
    assert len(log) == log.count("copies_differ") == 1_030
    assert log.count(file="b.json") == 30
    assert [fault.line for fault in log][:20] == list(range(1, 21))
    assert len(list(log)) == 40
    assert [(kind.column, number) for kind, number in log.list_numbers()] == [("Date", 1_000), ("/messages/*/date", 30)]


@pytest.mark.parametrize("code", sorted(FAULT_TEXTS))
def test_each_code_says_what_is_wrong_and_what_to_do_in_both_languages(code: str) -> None:
    fault = CountingFault(code=code, file="a.csv", line=3, column="Date", value="7", suggestion="Fecha")
    sentences = [function(language) for function in (fault.explain, fault.advise) for language in ("es", "en")]
    assert len(set(sentences)) == 4
    for sentence in sentences:
        assert sentence.endswith((".", "?", ":"))
        assert "{" not in sentence


@pytest.mark.parametrize("column", ["kind", "/46/kind"])
def test_copies_that_differ_name_the_field_in_words(column: str) -> None:
    fault = CountingFault(code="copies_differ", file="a.csv", line=3, column=column)
    assert fault.explain("es").endswith("no dicen lo mismo: la clase de mensaje.")
    assert fault.explain("en").endswith("do not say the same: the kind of message.")
