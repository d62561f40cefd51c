"""A later release may add to its answers and say them in other words, and may change nothing else."""

from __future__ import annotations

import pytest

from tests.released.answers import ANY, Json, compare_values

KEPT: Json = {"index": 61.5, "text": ANY, "items": [{"id": "a"}, {"id": "b"}], "none": None}


@pytest.mark.parametrize(
    "now",
    [
        KEPT,
        {**KEPT, "text": "In other words."},
        {**KEPT, "new": 1},
        {**KEPT, "items": [{"id": "a", "new": 1}, {"id": "between"}, {"id": "b"}, {"id": "after"}]},
    ],
    ids=["the same", "words", "member", "items"],
)
def test_what_may_change(now: Json) -> None:
    assert list(compare_values(KEPT, now, "")) == []


@pytest.mark.parametrize(
    ("now", "found"),
    [
        ({**KEPT, "index": 61.49}, "/index: 61.49, it was 61.5"),
        ({**KEPT, "index": None}, "/index: None, it was 61.5"),
        ({**KEPT, "none": 0}, "/none: 0, it was None"),
        ({name: value for name, value in KEPT.items() if name != "text"}, "/text is gone"),
        ({**KEPT, "items": [{"id": "a"}]}, '/items/1 is gone or was changed: {"id":"b"}'),
        ({**KEPT, "items": [{"id": "b"}, {"id": "a"}]}, '/items/1 is gone or was changed: {"id":"b"}'),
        ({**KEPT, "items": {}}, "/items: {}, it was [{'id': 'a'}, {'id': 'b'}]"),
    ],
    ids=["figure", "null", "no null", "member", "item", "order", "type"],
)
def test_what_may_not(now: Json, found: str) -> None:
    assert list(compare_values(KEPT, now, "")) == [found]
