"""An edition scored again under another version, as a job: both scores side by side, and the change attributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import update

from actitud_api.platform.jobs.queries import JOBS
from actitud_api.platform.jobs.runner import JobRun, JobRunner
from actitud_api.platform.jobs.workers import map_serially
from actitud_api.platform.storage.database import Database
from actitud_api.resources.scores import tasks
from actitud_api.resources.scores.rescoring import summarise_rescored
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.keys import create_header
from tests.support.publishing import BARE, BIG, EDITION, LATE, SMALL, fill, publish_stored

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]
RESCORINGS = f"/v1/editions/{EDITION}/rescorings"


@pytest.fixture
def client(url: str, database: Database) -> Iterator[Client]:
    """A service with an edition under 2026.1, in review, and a client that an administrator has."""
    fill(database)
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        opened.headers.update(create_header(database))
        yield opened


def ask(client: Client, methodology: str = "2027.1") -> Any:
    return client.post(RESCORINGS, json={"methodology": methodology})


def rescore(client: Client, methodology: str = "2027.1") -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The job once it has ended, and its results by organisation."""
    asked = ask(client, methodology)
    assert asked.status_code == 202, asked.text
    path = asked.headers["location"]
    runner: JobRunner = client.app.state["jobs"]
    runner.run_due()
    items = client.get(f"{path}/items").json()["items"]
    return client.get(path).json(), {item["subject"]: item for item in items}


def test_both_scores_stand_side_by_side_and_the_change_is_attributed(client: Client) -> None:
    job, found = rescore(client)
    assert (job["state"], job["kind"], job["edition"]) == ("succeeded", "editions.rescorings.create", EDITION)
    assert (job["done"], job["total"]) == (4, 4)
    assert found.keys() == {BIG, SMALL, BARE, LATE}
    for organisation in (BIG, SMALL):
        detail = found[organisation]["detail"]
        stored = client.get(f"/v1/editions/{EDITION}/scores/{organisation}").json()
        before, after, parts = detail["before"], detail["after"], detail["parts"]
        assert before == {"index": stored["index"], "level": stored["level"], "status": stored["status"]}
        assert parts["total"] == pytest.approx(after["index"] - before["index"], abs=1e-9)
        # The facts are the same, so all of it is the methodology.
        assert (parts["methodology"], parts["coverage"], parts["data"]) == (parts["total"], 0, 0)
        assert [node["id"] for node in detail["dimensions"]] == [f"D{number}" for number in range(1, 11)]
        for node in detail["dimensions"]:
            if node["difference"] is not None:
                assert node["difference"] == pytest.approx(node["after"] - node["before"], abs=1e-9)
        assert detail["version_effects"]["new_indicators"]
        outcome = "risen" if parts["total"] > 0 else "fallen" if parts["total"] < 0 else "same"
        assert found[organisation]["outcome"] == outcome
    assert job["outcomes"] == dict(Counter(item["outcome"] for item in found.values()))
    # Under the other version it is the score of the history.
    query = {"methodology": "2027.1"}
    for organisation in (BIG, SMALL):
        (past,) = client.get(f"/v1/organisations/{organisation}/scores", params=query).json()["items"]
        after = found[organisation]["detail"]["after"]
        assert after == {"index": past["index"], "level": past["level"], "status": past["status"]}
    result = job["result"]
    sides = [item["detail"] for item in found.values()]
    rated = [side for side in sides if side["parts"] is not None]
    assert (result["methodology_before"], result["methodology_after"]) == ("2026.1", "2027.1")
    assert (result["organisations"], result["rated"]) == (4, len(rated))
    for name in ("before", "after"):
        mean = sum(side[name]["index"] for side in rated) / len(rated)
        assert result[f"mean_{name}"] == pytest.approx(mean, abs=0.0051)
    moves = Counter((side["before"]["level"], side["after"]["level"]) for side in sides)
    assert {(move["before"], move["after"]): move["organisations"] for move in result["levels"]} == moves


def test_means_are_half_up() -> None:
    """50.01 and 50 are 50.005 in the mean, which is 50.01 as everywhere, and not the even 50."""
    indices = [(50.01, 40), (50, 40.03)]
    details = [
        {"before": {"index": before, "level": 3}, "after": {"index": after, "level": 3}} for before, after in indices
    ]
    summary = summarise_rescored("2026.1", "2027.1", details)
    # 80.03/2 = 40.015
    assert (summary.mean_before, summary.mean_after) == (50.01, 40.02)


def test_under_the_same_version_nothing_changes(client: Client) -> None:
    job, found = rescore(client, "2026.1")
    assert set(job["outcomes"]) <= {"same", "unrated"}
    assert job["result"]["mean_before"] == job["result"]["mean_after"]
    assert all(item["detail"]["before"] == item["detail"]["after"] for item in found.values())


def test_of_a_published_edition_it_is_what_was_published(client: Client, database: Database) -> None:
    publish_stored(database)
    before = client.get(f"/v1/editions/{EDITION}/scores").content
    job, found = rescore(client)
    assert found.keys() == {BIG, SMALL, BARE}
    assert job["total"] == 3
    assert client.get(f"/v1/editions/{EDITION}/scores").content == before, "nothing of the edition changes"


def test_a_version_that_only_estimates_is_refused(client: Client) -> None:
    (error,) = problem(ask(client, "2027.1-short"), 409, "conflict")["errors"]
    assert (error["pointer"], error["rule"], error["value"]) == ("/methodology", "incomparable", "2027.1-short")
    assert client.get("/v1/jobs").json()["items"] == []


class Killed(BaseException):
    """Stands for the end of the process."""


def test_who_takes_it_up_goes_on_after_the_last_batch(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 1)
    path = ask(client).headers["location"]
    runner = JobRunner(database, [tasks.build_rescoring_task(lambda: nullcontext(map_serially))])
    step = JobRun.step
    steps: list[int] = []

    def end_at_third(self: JobRun[Any], **options: Any) -> Any:
        steps.append(1)
        if len(steps) == 3:
            raise Killed
        return step(self, **options)

    monkeypatch.setattr(JobRun, "step", end_at_third)
    with pytest.raises(Killed):
        runner.run_due()
    halfway = client.get(path).json()
    assert (halfway["state"], halfway["done"]) == ("running", 2)
    with database.write() as session:
        session.execute(update(JOBS).values(lease_expires=datetime.now(UTC) - timedelta(seconds=1)))
    assert runner.run_due() == 1
    items = client.get(f"{path}/items").json()["items"]
    assert [item["position"] for item in items] == [1, 2, 3, 4]
    assert [item["subject"] for item in items] == sorted([BIG, SMALL, BARE, LATE])
