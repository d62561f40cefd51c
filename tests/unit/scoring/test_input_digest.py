"""The digest of what was scored is that of a form that anyone can write (RFC 8785), so that anyone can check it."""

from __future__ import annotations

import hashlib

from msgspec import structs

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b

KNOWN = b.methodology(b.root(b.ladder("X"), b.ratio("R")), profile=(b.integer_field("people"),))
PLAIN = b.submit({"X": {"level": 2}, "R": b.of(3, 10)}, {"people": 7}, self_declared=["X"])


def digest(submission: Submission) -> str:
    return explain(KNOWN, submission).input_digest


def of(form: str) -> str:
    return "sha256:" + hashlib.sha256(form.encode()).hexdigest()


ANSWERS = '{"R":{"basis":"evidenced","denominator":10,"numerator":3},"X":{"basis":"self_declared","level":2}}'


def test_of_what_was_sent() -> None:
    assert digest(PLAIN) == of(
        f'{{"answers":{ANSWERS},"methodology":"test.1","profile":{{"people":7}},"profile_self_declared":[]}}'
    )


def test_of_what_review_says_too() -> None:
    reviewed = structs.replace(
        PLAIN,
        set_aside={"R": "rejected"},
        level_caps={"X": 1},
        max_level=1,
        profile_self_declared=frozenset({"people"}),
    )
    assert digest(reviewed) == of(
        f'{{"answers":{ANSWERS},"level_caps":{{"X":1}},"max_level":1,"methodology":"test.1",'
        '"profile":{"people":7},"profile_self_declared":["people"],"set_aside":{"R":"rejected"}}'
    )
