"""Schemathesis follows the links of the document in the sandbox, with a key: nearly every item is answered well."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

import pytest

from actitud_api.app import find_examples
from actitud_api.cli.sandbox import RESET, Sandbox
from actitud_api.demo import sandbox as seed
from tests.contract.asgi import Sent, exchange
from tests.contract.examples import OF_FILES
from tests.contract.installation import operations, tagged
from tests.contract.running import WITH_KEY, Report, run_links

SEED: Final = 20_260_101
"""Seed of the first run on each trail; the next ones have the numbers after it."""
ROUNDS: Final = 8
"""Largest number of runs on a trail, each from the seed of the sandbox on.

One run gets to most operations of its trail. What is drawn depends on what the service answered before, versions and
digests included, so that runs with the same seed differ: the trails are tried again until the share is reached.
"""
SHARE: Final = 0.9
"""Share of the operations with an id in their path that links have to lead to, and that have to be answered well."""
GOOD: Final = range(200, 300)
ITEMS: Final = {operation.id: operation.label for operation in operations() if operation.is_item}


class Trail(NamedTuple):
    """Operations between which one run follows links, beside the list of editions, and the number of its scenarios."""

    operations: Collection[str]
    scenarios: int


def _start(*prefixes: str) -> list[str]:
    return [one.id for one in operations() if one.id.startswith(prefixes)]


def _assessments(*names: str) -> list[str]:
    """Return operations on an assessment, and those that lead to one."""
    return ["editions.get", *_start(*(f"editions.assessments.{name}" for name in ("list", "get", *names)))]


def _tag(tag: str) -> list[str]:
    return [one.id for one in tagged(tag)]


TRAILS: Final = {
    "keys": Trail(_tag("keys"), 10),
    "ledger": Trail(_tag("ledger"), 10),
    "methodologies": Trail(_tag("methodologies"), 15),
    "jobs": Trail(_tag("jobs"), 10),
    "suggestions": Trail(_tag("suggestions"), 15),
    "webhooks": Trail(_tag("webhooks"), 20),
    "organisations": Trail(_tag("organisations"), 20),
    "imports": Trail(["editions.get", "jobs.get", *_start("editions.imports.")], 15),
    "drafts": Trail(_assessments("put", "update", "delete", "submissions."), 30),
    "transitions": Trail(
        _assessments("reviews.", "hearings.", "returns.", "finals.", "extensions.", "transitions."), 40
    ),
    "verdicts": Trail(_assessments("verdicts.", "review."), 40),
    "batches": Trail([*_assessments(), *_start("editions.transitions.", "editions.verdicts.")], 20),
    "replies": Trail(_assessments("replies."), 40),
    "flags": Trail(
        [*_assessments("flags."), *_start("editions.flags.", "editions.samples.", "editions.agreement.")], 20
    ),
    "publications": Trail(
        ["editions.get", *_start("editions.scores.list", "editions.scores.get"), *_tag("publications")], 40
    ),
    "scores": Trail(
        [
            *_assessments(),
            *_start("editions.scores.", "editions.summary", "editions.statistics", "editions.robustness."),
            *_start("editions.audit", "editions.exemplars.", "organisations.scores.", "editions.rescorings."),
        ],
        40,
    ),
    "embeds": Trail(
        ["editions.get", *_start("editions.scores.list", "editions.scores.get"), *_start("badges.", "embeds.")], 30
    ),
    "editions": Trail(
        _start(
            *("catalogue.", "editions.create", "editions.get", "editions.update", "editions.delete", "editions.export"),
            *("editions.datapackage", "editions.indicators.", "editions.scores.export"),
        ),
        20,
    ),
}
"""The trails by their subject."""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    examples = find_examples()
    assert examples is not None
    app = Sandbox(tmp_path_factory.mktemp("sandbox"), examples, 8000)
    yield app
    app.close()


def follow(app: Sandbox, trail: Trail, number: int) -> Report:
    """Return the report of a run on a trail, from the seed of the sandbox on."""
    asyncio.run(exchange(app, Sent("POST", RESET.encode())))
    key = seed.build_key("SandboxAdmin").to_text()
    return run_links(app, {**WITH_KEY, "seed": SEED + number}, trail.operations, trail.scenarios, key)


def find_good(report: Report) -> set[str]:
    """Return the operations with an id in their path that a link led to and that were answered well."""
    return {name for name, label in ITEMS.items() if any(report.followed[label][status] for status in GOOD)}


def test_every_item_has_a_trail() -> None:
    assert {name for trail in TRAILS.values() for name in trail.operations} >= ITEMS.keys()


@pytest.mark.night
def test_nine_of_ten_items_are_reached_by_a_link_and_answered_well(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    good: set[str] = set()
    enough = SHARE * len(ITEMS)
    for number, (subject, trail) in itertools.product(range(ROUNDS), TRAILS.items()):
        # No file of a format is drawn by chance.
        if len(good) >= enough or ITEMS.keys() & set(trail.operations) <= good | OF_FILES:
            continue
        report = follow(sandbox, trail, number)
        assert not report.failures, subject + "\n\n" + "\n\n".join([*report.failures][:10])
        good |= find_good(report)
    with capsys.disabled():
        print(f"\nlinks: {len(good)} of {len(ITEMS)} items answered well; not: {sorted(ITEMS.keys() - good)}")
    assert len(good) >= enough, sorted(ITEMS.keys() - good)
