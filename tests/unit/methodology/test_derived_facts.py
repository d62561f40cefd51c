"""Which facts follow from the profile, told from the rules of the catalogues."""

from __future__ import annotations

from typing import Final

import pytest

from actitud_api.engine.methodology.derived_facts import find_derived_facts
from actitud_api.engine.methodology.loader import load_methodology

EMPLOYEES: Final = {"field": "employees"}
POSTS: Final = {"field": "own_posts_w90"}
DORMANT: Final = {"minus": [{"field": "accounts_total"}, {"field": "accounts_active"}]}


def sample(most: int, field: str) -> dict[str, object]:
    return {"least": {"min": [{"constant": most}, {"field": field}]}}


def test_whole_sets_of_2027_follow_from_the_profile() -> None:
    hundred, many = sample(100, "own_posts_w90"), {"constant": 100}
    assert find_derived_facts(load_methodology("2027.1").document) == {
        "/profile/accounts_dormant": DORMANT,
        "/answers/D1.03/denominator": EMPLOYEES,
        "/answers/D1.08/denominator": {"field": "units"},
        **{f"/answers/{code}/denominator": hundred for code in ("D2.01", "D5.05", "D5.09", "D8.02", "D8.03")},
        "/answers/D2.03/denominator": {"constant": 12},
        "/answers/D2.04/denominator": {"field": "accounts_active"},
        "/answers/D3.01/denominator": {"field": "accounts_total"},
        "/answers/D3.08/denominator": {"field": "accounts_active"},
        "/answers/D4.03/denominator": {"field": "platforms_active"},
        "/answers/D5.10/denominator": sample(50, "replies_w12"),
        # Ten services are tried out, or all of fewer: nobody tries more.
        "/answers/D7.04/denominator": sample(10, "services")["least"],
        "/answers/D7.05/denominator": sample(100, "visual_posts"),
        "/answers/D8.08/posts": POSTS,
        # The messages of 90 days, or of 12 months if those are few.
        "/answers/D9.01/denominator": {
            "least": {
                "cases": [
                    {"op": op, "left": {"field": "messages_w90"}, "right": many, "then": sample(400, field)["least"]}
                    for op, field in (("ge", "messages_w90"), ("lt", "messages_w12"))
                ]
            }
        },
    }


def test_the_short_form_has_smaller_samples() -> None:
    derived = find_derived_facts(load_methodology("2027.1-short").document)
    assert derived["/answers/D9.01/denominator"] == sample(20, "messages_w12")
    assert derived["/answers/D5.10/denominator"] == sample(10, "replies_w12")
    assert "/profile/accounts_dormant" not in derived


def test_all_facts_of_an_indicator_may_follow() -> None:
    derived = find_derived_facts(load_methodology("2026.1").document)
    assert derived["/profile/accounts_dormant"] == DORMANT
    assert derived["/answers/D2.04/numerator"] == {"field": "accounts_open"}
    assert derived["/answers/D2.04/denominator"] == {"field": "accounts_active"}
    assert derived["/answers/D8.06/posts"] == POSTS
    assert derived["/answers/D8.06/followers"] == {"field": "followers_measured"}
    # A review sets the incidents; until then there are none.
    assert derived["/answers/D6.05/denominator"] == {"field": "incidents", "default": 0}


@pytest.mark.parametrize(
    "pointer", ["/answers/D1.01/denominator", "/answers/D7.02/numerator", "/profile/accounts_open"]
)
def test_only_equations_count(pointer: str) -> None:
    """Computers are counted and open accounts asked for, whatever else the profile says; only followers follow."""
    derived = find_derived_facts(load_methodology("2026.1").document)
    assert (pointer in derived) == (pointer == "/answers/D7.02/numerator")
