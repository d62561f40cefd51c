"""What notebooks show: well-formed, escaped, with the figures of the model."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import msgspec
import pytest
from justhtml import JustHTML

from actitud import EditionScore, Score, ScoreRow
from actitud.models import Changes, DimensionScore, Estimate, Peers, PillarScore
from actitud.testing import FakeServer, build
from tests.unit.sdk.support import Answers, connected, listing, organisation

EVIL = '<script>alert("1")</script>&amp;'


def read(shown: str) -> JustHTML:
    """The parsed HTML, which holds nothing but a few harmless elements without attributes that act."""
    document = JustHTML(shown, fragment=True, strict=True, sanitize=False)
    allowed = {"table", "caption", "thead", "tbody", "tr", "th", "td", "p", "ul", "li"}
    for element in document.query("*"):
        assert element.name in allowed
        attributes = dict(element.attrs or {})
        assert attributes.pop("style", "text-align:left") in ("text-align:left", "text-align:right")
        assert attributes.keys() <= {"scope"}
    return document


def cells(document: JustHTML) -> list[list[str]]:
    return [[cell.to_text().strip() for cell in row.query("td, th")] for row in document.query("tr")]


def test_a_score_shows_its_index_its_reasons_and_its_dimensions() -> None:
    score = build(EditionScore, index=61.5, coverage=0.8333, rank=7, simulated=True)
    document = read(score._repr_html_())
    caption = document.query("caption")[0].to_text()
    assert score.organisation_name in caption
    assert "rank 7" in caption
    assert "simulated data" in caption
    rows = cells(document)
    assert ["Index", "61.50"] in rows
    assert ["Coverage", "83.33%"] in rows
    assert len([row for row in rows if row[0].startswith("D")]) == len(score.dimensions) == 10
    said = [item.to_text().strip() for item in document.query("li")]
    assert len(score.pillars) == 2
    shown = (score.pillars, score.main_reasons, score.level_details.blocked_by)
    assert said == [one.text for members in shown for one in members]


def test_an_estimate_and_the_pillars_stand_before_the_reasons() -> None:
    estimate = Estimate(of="2027.1", index=58, lower=49, upper=66, confidence=0.9, text="An estimate.")
    pillar = PillarScore(id="talk", name="Talk", score=48.0, score_max=48.0, share=0.625, text="Talk: 48.")
    score = msgspec.structs.replace(build(Score), standing="provisional", estimate=estimate, pillars=(pillar,))
    document = read(score._repr_html_())
    assert "An estimate." in [found.to_text().strip() for found in document.query("p")]
    assert document.query("li")[0].to_text().strip() == "Talk: 48."


def test_a_score_without_them_reads_as_before() -> None:
    """As a score of 2026.1, which has no pillars."""
    wire = build(Score).to_dict()
    assert wire.pop("pillars")
    score = msgspec.convert(wire, Score)
    assert (score.standing, score.estimate, score.pillars) == (None, None, ())
    encoded = msgspec.json.decode(msgspec.json.encode(score))
    assert {"standing", "estimate", "pillars"}.isdisjoint(encoded)


def test_what_does_not_exist_is_a_dash() -> None:
    score = build(Score)
    details = msgspec.structs.replace(score.level_details, name=None, blocked_by=())
    bare = msgspec.structs.replace(
        score, index=None, coverage=None, level=None, level_details=details, main_reasons=(), pillars=()
    )
    document = read(bare._repr_html_())
    assert [row[1] for row in cells(document)[:3]] == ["–", "–", "–"]
    assert document.query("li") == []


def test_a_dimension_shows_every_indicator_with_its_reason() -> None:
    dimension = build(Score).dimensions[0]
    nested = msgspec.structs.replace(dimension, groups=(dimension,), own_indicators=dimension.own_indicators[:1])
    rows = cells(read(nested._repr_html_()))
    shown = [row[0] for row in rows if row[0].startswith("D1.")]
    assert shown == [one.id for one in nested.indicators]
    assert len(shown) == len(dimension.indicators) + 1
    assert dimension.indicators[0].reason.text in [row[4] for row in rows if len(row) > 4]


def test_changes_and_peers_show_their_figures() -> None:
    changes = build(Changes)
    rows = cells(read(changes._repr_html_()))
    assert rows[0][0] == f"{changes.edition_before} → {changes.edition}"
    assert len(rows) == 4 + 1 + len(changes.groups)
    unrated = cells(read(msgspec.structs.replace(changes, parts=None)._repr_html_()))
    assert [row[1] for row in unrated[1:4]] == ["–"] * 3
    peers = build(Peers)
    rows = cells(read(peers._repr_html_()))
    assert len(rows) == 1 + 1 + len(peers.dimensions)
    assert peers.index.spread is not None
    assert rows[1][-2] == f"{peers.index.spread.median:.2f}"
    alone = msgspec.structs.replace(peers.index, rank=None, spread=None, percentile=None)
    assert cells(read(msgspec.structs.replace(peers, index=alone)._repr_html_()))[1][3:] == ["–", "–", "", "", ""]


def test_a_page_shows_its_items_and_that_there_are_more() -> None:
    items = [{**organisation(number), "name": f"Villa {number}"} for number in range(25)]
    handler = Answers(listing(*items, following="/v1/organisations?cursor=2"))
    with connected(handler) as client:
        page = client.organisations.list()
    document = read(page._repr_html_())
    rows = cells(document)
    assert len(rows) == 1 + 20
    assert dict(zip(rows[0], rows[1], strict=True))["name"] == "Villa 0"
    assert "aliases" not in rows[0]
    assert [one.to_text().strip() for one in document.query("p")] == ["20 of 25 on this page; more pages follow"]


@pytest.mark.parametrize(
    ("lang", "index", "words", "others"),
    [("es", "61,50", ("Índice", "Ganado"), ("Index", "Won")), ("en", "61.50", ("Index", "Won"), ("Índice", "Ganado"))],
)
def test_a_table_is_in_the_language_of_the_answer(
    lang: str, index: str, words: tuple[str, ...], others: tuple[str, ...]
) -> None:
    server = FakeServer()
    server.answer("editions.scores.get", build(EditionScore, index=61.5))
    score = server.client(lang=lang).editions.scores.get("2026", "x")
    shown = score._repr_html_()
    assert index in shown
    assert all(f">{word}<" in shown for word in words)
    assert not any(f">{word}<" in shown for word in others)
    assert f">{'Puntuación' if lang == 'es' else 'Score'}<" in score.dimensions["D1"]._repr_html_()


def test_the_numbers_of_a_column_have_the_same_decimals_and_stand_at_the_right() -> None:
    row = build(ScoreRow)
    server = FakeServer()
    rows = [msgspec.structs.replace(row, coverage=coverage, rank=rank) for coverage, rank in ((1.0, 1), (0.9778, None))]
    server.answer("editions.scores.list", rows)
    document = read(server.client(lang="en").editions.scores.list("2026")._repr_html_())
    heads, *shown = [row.query("td, th") for row in document.query("tr")]
    place = [head.to_text().strip() for head in heads].index("coverage")
    assert [row[place].to_text().strip() for row in shown] == ["1.0000", "0.9778"]
    assert {(row[place].attrs or {})["style"] for row in shown} == {"text-align:right"}
    position = [head.to_text().strip() for head in heads].index("rank")
    assert [row[position].to_text().strip() for row in shown] == ["1", "–"]
    assert [one.to_text().strip() for one in document.query("p")] == ["2 of 2 on this page, the last"]


def test_a_page_that_knows_how_many_there_are_says_so() -> None:
    items = [organisation(number) for number in range(2)]
    handler = Answers(httpx.Response(200, json={"items": items, "next": "/v1/organisations?cursor=2", "total": 266}))
    with connected(handler, lang="es") as client:
        page = client.organisations.list()
    assert [one.to_text().strip() for one in read(page._repr_html_()).query("p")] == ["2 de 266"]


def test_an_asynchronous_page_shows_the_same() -> None:

    async def main() -> str:
        return (await FakeServer().async_client().editions.scores.list("2026"))._repr_html_()

    assert asyncio.run(main()) == FakeServer().client().editions.scores.list("2026")._repr_html_()


@pytest.mark.parametrize("kind", [EditionScore, Changes, Peers, DimensionScore, ScoreRow])
def test_whatever_a_name_holds_is_shown_as_text(kind: type) -> None:
    def hostile(value: object) -> object:
        if isinstance(value, dict):
            return {name: hostile(one) for name, one in value.items()}
        if isinstance(value, list):
            return [hostile(one) for one in value]
        return EVIL if isinstance(value, str) else value

    model = build(Score).dimensions[0] if kind is DimensionScore else build(kind)
    evil: Any = msgspec.convert(hostile(msgspec.to_builtins(model)), kind)
    if kind is ScoreRow:
        server = FakeServer()
        server.answer("editions.scores.list", [evil])
        evil = server.client().editions.scores.list("2026")
    shown = evil._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;" in shown
    read(shown)
