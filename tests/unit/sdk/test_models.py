"""What the models offer beyond their members: a short text, nodes by id, dictionaries, JSON, data frames."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from typing import Any, get_args

import httpx
import msgspec
import pytest

from actitud import (
    EditionScore,
    LevelPath,
    Methodology,
    Model,
    NewAccessKey,
    Nodes,
    Peers,
    Score,
    ScoreRow,
    models,
)
from actitud.testing import _KINDS, FakeServer, build
from tests.unit.sdk.support import Answers, connected, listing, organisation


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_the_text_of_a_model_is_one_short_line(kind: type[Model]) -> None:
    shown = repr(build(kind))
    assert str(build(kind)) == shown
    assert shown.startswith(f"{kind.__name__}(")
    assert len(shown) <= 200
    assert "\n" not in shown


def test_the_text_says_what_it_is() -> None:
    score = build(EditionScore, edition="2026", organisation="X-1", index=61.5, status="complete", rank=None)
    assert repr(score).startswith("EditionScore(edition='2026', organisation='X-1', organisation_name=")
    for part in ("rank=None", "index=61.5", f"level={score.level}", "status='complete'"):
        assert part in repr(score)
    long = build(EditionScore, organisation_name="x" * 300)
    assert len(repr(long)) <= 200
    assert repr(long).endswith(", …)")
    assert repr(build(Score).dimensions[0].own_indicators[0]).startswith("IndicatorScore(id='D1.07', name=")


def test_the_text_of_a_key_hides_its_secret() -> None:
    assert "***" in repr(FakeServer().client().keys.create(role="assessor"))
    assert NewAccessKey.__repr__ is not Model.__repr__


def test_indicators_and_dimensions_are_read_by_id() -> None:
    score = build(Score)
    assert score.indicators["D1.07"].id == "D1.07"
    assert score.dimensions["D10"].id == "D10"
    assert list(score.dimensions.keys()) == [f"D{number}" for number in range(1, 11)]
    assert list(score.indicators) == [one for dimension in score.dimensions for one in dimension.indicators]
    assert "D1.07" in score.indicators
    assert "D1.01" not in score.indicators
    assert "D99" not in score.dimensions
    assert score.indicators[0] in score.indicators
    assert dict(score.dimensions)["D2"] is score.dimensions[1]
    assert score.dimensions.get("D99") is None
    assert score.dimensions["D1"].indicators.get("D2.01", "no") == "no"
    assert score.dimensions[:2] == (score.dimensions["D1"], score.dimensions["D2"])
    with pytest.raises(KeyError, match=r"there is no 'D1.7'; did you mean 'D1.07'"):
        score.indicators["D1.7"]
    with pytest.raises(KeyError, match="there is no 'xyz'"):
        score.dimensions["xyz"]


def test_indicators_of_groups_and_of_no_dimension_are_among_them() -> None:
    score = build(Score)
    first, second, *_ = score.dimensions
    nested = msgspec.structs.replace(first, groups=(second,))
    loose = second.own_indicators[0]
    score = msgspec.structs.replace(score, dimensions=(nested,), own_indicators=(loose,))
    ids = [*(one.id for one in second.own_indicators), *(one.id for one in first.own_indicators), loose.id]
    assert [one.id for one in score.indicators] == ids
    assert score.dimensions["D1"].groups["D2"] is second


def test_what_has_nodes_can_be_copied_and_kept() -> None:
    score = build(EditionScore)
    assert pickle.loads(pickle.dumps(score)) == score
    assert type(copy.deepcopy(score).dimensions) is Nodes
    assert msgspec.json.decode(msgspec.json.encode(score), type=EditionScore) == score


@pytest.mark.parametrize("kind", _KINDS, ids=lambda kind: kind.__name__)
def test_a_model_is_a_dictionary_and_json_as_the_service_sends_them(kind: type[Model]) -> None:
    model = build(kind)
    assert json.loads(model.to_json()) == json.loads(json.dumps(model.to_dict()))
    assert msgspec.convert(model.to_dict(), kind) == model
    assert "\n" not in model.to_json()
    assert model.to_json(indent=2).startswith('{\n  "')


def test_a_path_without_moves_says_why() -> None:
    path = build(LevelPath)
    assert path.moves
    assert path.reason is None
    wire = {**path.to_dict(), "moves": None}
    blocked = msgspec.convert(wire, LevelPath)
    assert blocked.moves == ()
    assert blocked.reason == blocked.text
    gate: Any = {"gate": None, "code": "review", "indicators": [], "text": "The review allows level 2 at most."}
    blocked = msgspec.convert({**wire, "unreachable": [gate]}, LevelPath)
    assert blocked.reason == "The review allows level 2 at most."


def test_pages_are_sequences_of_their_items() -> None:
    handler = Answers(listing(organisation(1), organisation(2), following="/v1/organisations?cursor=2"), listing())
    with connected(handler) as client:
        page = client.organisations.list()
        assert len(page) == 2
        assert page[0] is page.first() is page.items[0]
        assert page[-1].id == "XX-DEMO-2"
        assert page[:1] == page.items[:1]
        assert page.total is None
        assert page.edition is None
        assert page.to_dict() == {"items": [one.to_dict() for one in page.items], "edition": None, "total": None}
        assert json.loads(page.to_json(indent=1)) == page.to_dict()
        assert repr(page) == "<Page of 2 items, more to follow>"
        last = page.next_page()
        assert last is not None
        assert len(last) == 0
        assert last.first() is None


@pytest.mark.parametrize(("location", "edition"), [(None, "latest"), ("/v1/editions/2027-x/scores?limit=2", "2027-x")])
def test_a_page_says_its_edition_and_how_many_there_are(location: str | None, edition: str) -> None:
    headers = {} if location is None else {"content-location": location}
    row = build(ScoreRow).to_dict()
    handler = Answers(httpx.Response(200, json={"items": [row], "next": None, "total": 266}, headers=headers))
    with connected(handler) as client:
        page = client.editions.scores.list("latest")
    assert (page.edition, page.total) == (edition, 266)
    assert repr(page) == f"<Page of 1 items of 266, edition {edition!r}, the last>"


def test_pandas_and_polars_make_a_column_of_each_member() -> None:
    # Here, because both take a third of a second in every process that collects tests.
    import pandas
    import polars

    server = FakeServer()
    rows = [build(ScoreRow, rank=rank, index=index) for rank, index in ((1, 61.5), (2, None))]
    server.answer("editions.scores.list", rows)
    page = server.client().editions.scores.list("2026")
    frame = pandas.DataFrame(page)  # type: ignore[arg-type]  # the stubs ask for mappings; data classes do as well
    assert list(frame.columns) == list(ScoreRow.__struct_fields__)
    assert list(frame["rank"]) == [1, 2]
    assert polars.DataFrame(list(page))["index"].to_list() == [61.5, None]
    assert dataclasses.asdict(rows[0])["index"] == 61.5


def test_whatever_has_nodes_is_a_data_frame() -> None:
    score, peers = build(EditionScore), build(Peers)
    frame = score.to_frame()
    assert frame.height == len(score.indicators)
    assert frame["indicator"][0] == score.indicators[0].id
    compared = peers.dimensions.to_frame(backend="pandas")
    assert list(compared["id"]) == list(peers.dimensions.keys())
    spread = peers.dimensions["D1"].spread
    assert spread is not None
    assert compared["spread_median"][0] == spread.median
    assert str(compared["below"].dtype) == "Int64"
    editions = FakeServer().client().editions.list()
    assert editions.to_frame()["id"].to_list() == [edition.id for edition in editions] == ["2026-demo", "2025-demo"]


def test_an_enumeration_is_closed_for_type_checkers_and_open_for_a_newer_service() -> None:
    row = msgspec.convert({**build(ScoreRow).to_dict(), "status": "new", "province": "99"}, ScoreRow)
    assert (str(row.status), str(row.province)) == ("new", "99")
    assert "complete" in get_args(get_args(models.ScoreStatus)[0])


def test_a_methodology_is_no_longer_a_page_of_text() -> None:
    methodology = Methodology(
        version="2026.1",
        status="active",
        digest="sha256:0",
        text_digests={},
        document={f"node{number}": "x" * 100 for number in range(99)},
        texts={},
    )
    assert repr(methodology) == (
        "Methodology(version='2026.1', status='active', digest='sha256:0', text_digests={}, "
        "document={99 items}, texts={})"
    )
