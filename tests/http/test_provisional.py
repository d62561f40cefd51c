"""An edition under a methodology that only estimates: nobody is ranked, grouped or compared with another version."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service as publication
from actitud_api.resources.publications.shown import find_altered_figure
from actitud_api.resources.scores import service as scores
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.databases import migrated_sqlite
from tests.support.editions import draft_edition
from tests.support.publishing import BIG, SMALL, publish_stored, submissions
from tests.support.second_version import PRODUCT, VERSIONS, Overlay
from tests.verification.test_defects import by_script, by_sdk, by_service

Client = TestClient[Litestar]
Answer = dict[str, Any]
NOW = datetime(2027, 1, 10, tzinfo=UTC)
VERSION = "2098.1-draft"
"""2026.1 without levels, of which a score only estimates one of 2026.1."""


def write_version(folder: Path) -> None:
    document = msgspec.json.decode((PRODUCT / "2026.1" / "document.json").read_bytes())
    margin = {"half_width": 8.5, "confidence": 0.9, "of": "2026.1", "intercept": 4.8, "slope": 0.88}
    document |= {"version": VERSION, "levels": [], "standing": "provisional", "margin": margin}
    names = [[leaf["id"] for leaf in dimension["children"]] for dimension in document["root"]["children"]]
    document["pillars"] = {"talk": names.pop(8), "papers": [leaf for dimension in names for leaf in dimension]}
    registry = msgspec.json.decode((VERSIONS / "registry.json").read_bytes())
    registry[VERSION] = {"status": "draft", "digest": ""}
    (folder / VERSION / "texts").mkdir(parents=True)
    (folder / VERSION / "document.json").write_bytes(msgspec.json.encode(document))
    (folder / "registry.json").write_bytes(msgspec.json.encode(registry))
    for language in ("es", "en"):
        texts = msgspec.json.decode((PRODUCT / "2026.1" / "texts" / f"{language}.json").read_bytes())
        texts |= {"levels": {}, "gates": {}, "pillars": {"talk": {"name": "Talk"}, "papers": {"name": "Papers"}}}
        (folder / VERSION / "texts" / f"{language}.json").write_bytes(msgspec.json.encode(texts))


def fill(database: Database) -> None:
    """Two editions of the same two organisations: 2025 under 2026.1, and 2026 under the version that estimates."""
    versions = {2025: "2026.1", 2026: VERSION}
    with database.write() as session:
        made = [
            {"id": BIG, "name": "Ávila", "kind": "MUN", "population": 57_000},
            {"id": SMALL, "name": "Zamora", "kind": "MUN", "population": 59_000},
        ]
        organisations.add(session, [msgspec.convert(entry, organisations.OrganisationEntry) for entry in made], NOW)
        for year, version in versions.items():
            draft = draft_edition(str(year), methodology=version, year=year, titles={"es": str(year), "en": str(year)})
            editions.add(session, editions.build_record(draft, now=NOW, state="in_review"))
            methodology = load_methodology(version)
            for name in (BIG, SMALL):
                sent = submissions()[name]
                row = assessments.to_row(str(year), name, sent, evaluate(methodology, sent), NOW)
                assessments.store_rows(session, [row])
    for year in versions:
        publish_stored(database, str(year))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("versions")
    write_version(folder)
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(loader, "_open_versions_folder", lambda: Overlay(cast("Any", folder), VERSIONS))
        loader._read_registry.cache_clear()
        url = migrated_sqlite(tmp_path_factory.mktemp("provisional"))
        with borrow_app(Settings(database_url=url)) as app:
            fill(app.state["database"])
            with TestClient(app) as client:
                yield client
    loader._read_registry.cache_clear()


def got(client: Client, path: str, **parameters: str) -> Answer:
    return read_body(client.get(path, params=parameters))


def test_nobody_has_a_rank(client: Client) -> None:
    ranked, estimated = (got(client, f"/v1/editions/{year}/scores")["items"] for year in (2025, 2026))
    assert sorted(row["rank"] for row in ranked) == [1, 2]
    assert [(row["rank"], row["level"]) for row in estimated] == [(None, None)] * 2
    assert {row["index"] for row in ranked} == {row["index"] for row in estimated}


def test_the_score_says_what_it_is_and_estimates(client: Client) -> None:
    """Example A: 4.8 + 0.88 · 44.03 = 43.5464; 35.0464 and 52.0464."""
    sheet = got(client, f"/v1/editions/2026/scores/{BIG}", lang="en")
    assert (sheet["standing"], sheet["rank"], sheet["level"], sheet["index"]) == ("provisional", None, None, 44.03)
    assert sheet["estimate"].pop("text").startswith("An estimate: under methodology 2026.1 the index would be about 44")
    assert sheet["estimate"] == {"of": "2026.1", "index": 44, "lower": 35, "upper": 52, "confidence": 0.9}
    full = got(client, f"/v1/editions/2025/scores/{BIG}")
    assert {"standing", "estimate"}.isdisjoint(full)


def test_pillars_stand_beside_the_index(client: Client) -> None:
    """D9 alone has the talk: of example A 38.88, a tenth of the points."""
    sheet = got(client, f"/v1/editions/2026/scores/{BIG}", lang="en")
    assert sheet["pillars"][0] == {
        "id": "talk",
        "name": "Talk",
        "score": 38.88,
        "score_max": 38.88,
        "share": 0.1,
        "text": "Talk: 38.88 of 100. It holds 10\u00a0% of the points.",
    }
    assert "pillars" not in got(client, f"/v1/editions/2025/scores/{BIG}")


def test_nobody_has_peers_and_nothing_is_summarised(client: Client) -> None:
    peers = got(client, f"/v1/editions/2026/scores/{BIG}/peers", lang="en")
    assert (peers["group"], peers["rank"], peers["index"]["percentile"]) == (None, None, None)
    assert "only estimates" in peers["text"]
    assert peers["index"]["text"] == peers["text"]
    summary = got(client, "/v1/editions/2026/summary")
    assert (summary["ranked"], summary["index"]) == (0, None)
    assert set(summary["dimensions"].values()) == {None}
    assert got(client, "/v1/editions/2026/exemplars", dimension="D1")["items"] == []
    assert got(client, "/v1/editions/2026/robustness")["items"] == []
    audit = got(client, "/v1/editions/2026/statistics")
    assert (audit["index"]["mean"], audit["remarks"]) == (None, [])


@pytest.mark.parametrize(("edition", "since"), [("2026", "2025"), ("2025", "2026")])
def test_it_is_not_compared_with_another_version(client: Client, edition: str, since: str) -> None:
    response = client.get(
        f"/v1/editions/{edition}/scores/{BIG}/changes", params={"from": since}, headers={"Accept-Language": "en"}
    )
    (error,) = problem(response, 400, "invalid-request")["errors"]
    assert (error["pointer"], error["rule"]) == ("from", "incomparable")
    assert VERSION in error["detail"]


def test_it_takes_the_place_of_no_other_score(client: Client) -> None:
    own = {"2025": "2026.1", "2026": VERSION}
    past = got(client, f"/v1/organisations/{BIG}/scores", methodology="2026.1")["items"]
    assert {row["edition"]: row["methodology"] for row in past} == own
    rows = scores.list_history(
        client.app.state["database"], BIG, PageRange(limit=9), principal=None, methodology=VERSION
    )
    assert {row.past.edition: row.past.methodology for row in rows} == own


def test_its_documents_hold_for_every_verifier(client: Client, tmp_path: Path) -> None:
    bundle = b"".join(publication.stream_bundle(client.app.state["database"], "2026", 1))
    edition = msgspec.json.decode(gzip.decompress(bundle).splitlines()[1])
    assert [(row["rank"], row["standing"]) for row in edition["scores"]] == [(None, "provisional")] * 2
    assert edition["counts"]["ranked"] == 0
    assert find_altered_figure(client.app.state["database"]) is None
    (tmp_path / "file").write_bytes(bundle)
    assert (by_script(tmp_path / "file"), by_sdk(bundle), by_service(bundle)) == (set(), set(), set())


def test_pages_say_so(client: Client) -> None:
    ranking = client.get("/portal/2026", params={"lang": "en"}).text
    assert "an estimate only" in ranking
    page = client.get(f"/portal/2026/{BIG}", params={"lang": "en"}).text
    assert "An estimate: under methodology 2026.1" in page
    assert "takes part in no ranking" in page
    assert "It holds 10\u00a0% of the points." in page
    method = client.get(f"/portal/methodologies/{VERSION}", params={"lang": "en"}).text
    assert "it only estimates the index of 2026.1" in method
    assert "The figures beside the index" in method
    assert "The levels and what they ask" not in method
    assert "Its peers" not in page
