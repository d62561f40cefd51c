"""The page that sets organisations side by side, on both databases."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.web.portal.places import ALIAS, OPEN, PLACES, UNPUBLISHED, Client
from tests.web.portal.reading import hrefs, read, rows, words

IDS = [place.id for place in PLACES]
D1 = "Internal access and staff involvement"


def beside(*ids: str, **more: str) -> str:
    pairs = [("organisation", one) for one in ids] + list(more.items())
    return "2026/compare?" + "&".join(f"{name}={value}" for name, value in pairs)


def letters(client: Client, path: str, *, status: int = 200) -> Sequence[str]:
    return [words(one) for one in read(client, path, status=status).query(".side h3")]


def test_two_stand_side_by_side(places: Client) -> None:
    found = read(places, beside("XX-T-1", "XX-T-2"))
    assert [words(one) for one in found.query(".side h3")] == ["A Villa Uno", "B Villa Dos"]
    assert [words(one) for one in found.query(".side .figure strong")] == ["40.00", "60.00"]
    dimensions = rows(found, "The difference goes")
    assert dimensions[D1] == ["10.00", "20.00 (the highest)", "B +10.00"]
    assert len(dimensions) == 10
    (described,) = found.query("desc")
    assert f"{D1}: A 10.00, B 20.00; " in words(described)


def test_five_stand_in_the_order_in_which_they_are_named(places: Client) -> None:
    order = ["XX-T-5", "XX-T-3", "XX-T-1", "XX-T-4", "XX-T-7"]
    found = read(places, beside(*order))
    assert [words(one.query(".soft")[0]).split()[-1] for one in found.query(".side")] == order
    # One is not rated there; one has too little evidence for an index, and its dimensions still stand.
    assert rows(found, "The difference goes")[D1] == [
        "30.00", "–", "10.00", "99.99 (the highest)", "5.00", "D +94.99",
    ]  # fmt: skip
    assert words(found.query(".side .figure")[3]) == "insufficient evidence"


def test_every_indicator_has_the_scores_of_the_sheets(places: Client) -> None:
    sheets = [places.get(f"/v1/editions/2026/scores/{one}").json() for one in ("XX-T-1", "XX-T-2")]
    found = rows(read(places, beside("XX-T-1", "XX-T-2")), "Points from 0 to 100")
    known = [
        {one["name"]: one["score"] for dimension in sheet["dimensions"] for one in dimension["indicators"]}
        for sheet in sheets
    ]
    assert len(found) == 10 + 46  # dimensions and indicators of 2027.1
    for name in known[0]:
        scores = [one[name] for one in known]
        assert [cell.removesuffix(" (the highest)") for cell in found[name][:2]] == [
            "–" if score is None else f"{score:.2f}" for score in scores
        ]
        if None in scores:
            assert found[name][2] == "–"
        elif scores[0] == scores[1]:
            assert found[name][2] == "equal"
        else:
            best = "A" if scores[0] > scores[1] else "B"
            assert found[name][2] == f"{best} +{abs(scores[0] - scores[1]):.2f}"


def test_each_counts_once_by_whatever_identifier(places: Client) -> None:
    assert letters(places, beside("XX-T-1", "XX-T-1", ALIAS, "XX-T-2")) == ["A Villa Uno", "B Villa Dos"]


@pytest.mark.parametrize("ids", [(), ("XX-T-1",), ("XX-T-1", ALIAS), ("",)])
def test_fewer_than_two_are_not_compared_yet(places: Client, ids: Sequence[str]) -> None:
    found = read(places, beside(*ids))
    assert "The comparison appears with two." in found.text
    assert not found.query("table")
    assert found.query("form input[name=q]")


def test_more_than_five_are_refused_with_what_to_take_away(places: Client) -> None:
    found = read(places, beside(*IDS[:6]), status=400)
    assert "At most 5 are compared, and these are 6." in found.text
    assert not found.query("table")
    named = [words(item) for item in found.query(".notice li")]
    assert named[:2] == ["Villa Uno · take away Villa Uno", "Villa Dos · take away Villa Dos"]
    without = [link for link in hrefs(found) if link.startswith("/portal/2026/compare?organisation")]
    assert len(without) == 6
    assert letters(places, without[0].removeprefix("/portal/")) == [
        "A Villa Dos", "B Villa Tres", "C Villa Sin Prueba", "D Puerto de Ávila", "E Puerto de Zamora",
    ]  # fmt: skip


@pytest.mark.parametrize("unknown", ["XX-T-NOBODY", UNPUBLISHED])
def test_who_has_no_published_score_there_is_named(places: Client, unknown: str) -> None:
    found = read(places, beside("XX-T-1", unknown, "XX-T-2"), status=404)
    (notice,) = found.query(".notice")
    assert unknown in words(notice)
    (on,) = [link.attrs["href"] for link in notice.query("a")]
    assert letters(places, on.removeprefix("/portal/")) == ["A Villa Uno", "B Villa Dos"]
    assert rows(found, "The difference goes")
    assert "Todavía No" not in found.text


@pytest.mark.parametrize("edition", [OPEN, "1999", "compare"])
def test_an_edition_that_is_not_published_is_not_there(places: Client, edition: str) -> None:
    read(places, f"{edition}/compare?organisation={UNPUBLISHED}", status=404)


def test_a_search_adds_the_only_one_that_it_finds(places: Client) -> None:
    assert letters(places, beside("XX-T-1", q="avila")) == ["A Villa Uno", "B Puerto de Ávila"]
    assert letters(places, beside("XX-T-1", q="XX-T-6")) == ["A Villa Uno", "B Puerto de Zamora"]
    assert letters(places, beside("XX-T-2", q=ALIAS)) == ["A Villa Dos", "B Villa Uno"]


def test_a_search_lets_choose_among_several(places: Client) -> None:
    found = read(places, beside("XX-T-1", q="villa"))
    assert "Several match. Which?" in found.text
    offered = [link for link in found.query("main ul li a") if "compare" in link.attrs["href"]]
    # Of names of two words the one with a known population is first; the name of three words is further away.
    assert [words(link) for link in offered] == ["Villa Dos", "Villa Tres", "Villa Sin Prueba"]
    assert letters(places, offered[1].attrs["href"].removeprefix("/portal/")) == ["A Villa Uno", "B Villa Tres"]


def test_who_is_only_called_alike_is_offered_and_not_taken(places: Client) -> None:
    found = read(places, beside("XX-T-1", q="zamroa"))
    assert "None matches; these have similar names. Is it one of them?" in found.text
    (offered,) = [link for link in found.query("main ul li a") if "compare" in link.attrs["href"]]
    assert words(offered) == "Puerto de Zamora"
    assert found.query("input[name=q]")[0].attrs["value"] == "zamroa"


@pytest.mark.parametrize(
    ("ids", "query", "said"),
    [
        (["XX-T-1"], "nadie", "No organisation of this edition matches «nadie»."),
        (["XX-T-1"], "todavia", "No organisation of this edition matches «todavia»."),
        (["XX-T-1"], "%20*%20", "No organisation of this edition matches «*»."),
        (["XX-T-1"], "uno", "That one is there already."),
        (IDS[:5], "zamora", "There is no room for another: take one away first."),
    ],
)
def test_a_search_says_what_came_of_it(places: Client, ids: Sequence[str], query: str, said: str) -> None:
    assert said in read(places, beside(*ids, q=query)).letters


def test_one_can_be_taken_away(places: Client) -> None:
    found = read(places, beside("XX-T-1", "XX-T-2", "XX-T-3"))
    away = [link.attrs["href"] for link in found.query(".side a") if "compare" in link.attrs["href"]]
    assert letters(places, away[1].removeprefix("/portal/")) == ["A Villa Uno", "B Villa Tres"]


def test_the_form_keeps_who_is_there_and_the_language(places: Client) -> None:
    found = read(places, beside("XX-T-1", "XX-T-2"))
    kept = [(one.attrs["name"], one.attrs["value"]) for one in found.query("form input[type=hidden]")]
    assert kept == [("organisation", "XX-T-1"), ("organisation", "XX-T-2"), ("lang", "en")]
