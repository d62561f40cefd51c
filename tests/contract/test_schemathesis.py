"""Schemathesis with its default checks, in process, without a key and with one: it must find nothing.

The engine is the one that `make contract URL=…` runs. Only how much it tries is set here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar
from msgspec import structs
from schemathesis.config import ChecksConfig
from schemathesis.engine import Status
from schemathesis.engine.run import PhaseName

from actitud_api.app import create_app
from actitud_api.resources.assessments.service import State
from tests.contract.examples import OF_FILES
from tests.contract.installation import Operation, installed, operations
from tests.contract.running import TRIED, Config, Report, run
from tests.databases import unlimited
from tests.scale import EXAMPLES, FOLLOWED, KEYED, NIGHT

PHASES: Final = (PhaseName.EXAMPLES, PhaseName.COVERAGE, PhaseName.FUZZING, PhaseName.STATEFUL_TESTING)
WITH_KEY: Final[Config] = tomllib.loads(
    (Path(__file__).parents[2] / "openapi" / "schemathesis.toml").read_text(encoding="utf-8")
)
ALL: Final = operations()
EDITION: Final = "2099"
"""The first one in the list."""
PUBLISHED: Final = "2098"
"""The latest one."""
STATES: Final[tuple[State, ...]] = ("final", "hearing", "under_review", "submitted")
"""Where assessments of it are."""
TRAILS: Final = {
    "keys": 1,
    "ledger": 1,
    "methodologies": 1,
    "organisations": 1,
    "suggestions": 1,
    "assessments": 3,
    "reviews": 10,
    "publications": 3,
    "editions": 8,
}
"""The tags whose links are followed, the longer ways more often. Editions come last: who reviews one closes it."""
WAYS: Final = {
    "reviews": ("editions.get", "editions.assessments.list", "editions.assessments.get"),
    "publications": ("editions.get",),
}
"""What leads to the operations of a tag and has another one."""
MADE: Final = (*WAYS["reviews"], "editions.samples.list", "editions.flags.list")
"""What leads to whatever a POST makes. Each of these is tried alone: they begin ways themselves, which lead nowhere."""
SHEETS: Final = [one.id for one in ALL if one.id.startswith(("editions.scores.", "editions.exemplars."))]
"""What is about the scores of an edition, among more than twice as many that have the tag of editions."""
LARGE: Final[Config] = {
    "include-operation-id": [
        "editions.assessments.put",
        "editions.assessments.update",
        "editions.approvals.create",
        "editions.publications.create",
        "methodologies.workbook.fill",
    ],
    "generation": {"max-examples": EXAMPLES if NIGHT else 5},
    "phases": {"coverage": {"enabled": NIGHT}},
}
"""Five bodies have so many members that it takes minutes to try the ends of each."""
SCORED: Final[Config] = {"include-operation-id": ["scores.create"], "phases": {"coverage": {"enabled": NIGHT}}}
"""Two versions, with what each supposes: the ends of each of their members take minutes too."""
WHOLE: Final[Config] = {
    **LARGE,
    "include-operation-id": ["organisations.export", "editions.scores.export", "editions.indicators.export"],
}
"""Each file has all of 8,131 organisations, up to 561,039 rows."""
DRAWN: Final[Config] = {**LARGE, "include-operation-id": ["editions.robustness.list"]}
"""Each other seed is computed anew over 8,131 organisations, for seconds."""
KEYLESS: Final[Config] = {"include-tag": ["methodologies", "scores", "system"], "enabled": False}
"""What looks at no key and leads to nothing that does is tried without one."""


def followed(app: Litestar, config: Config, ids: Collection[str], times: int, key: str | None = None) -> Report:
    """A run that goes where links lead, from the list of editions through these operations."""
    rest = {"exclude-operation-id": ["editions.list", *ids], "enabled": False}
    stateful = {
        "inference": {"algorithms": []},
        "max-steps": 16,
        "generation": {"mode": "positive", "max-examples": times * FOLLOWED},
    }
    phases = {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing")} | {"stateful": stateful}
    operations = [*config.get("operations", ()), rest]
    return run(app, {**config, **TRIED, "operations": operations, "phases": phases}, key, first_pages=True)


def of(tag: str) -> list[str]:
    """What leads to the operations of a tag, and these, but for what only begins a way that leads nowhere."""
    return [*WAYS.get(tag, ()), *(one.id for one in ALL if tag in one.described["tags"] and not is_alone(one))]


def is_alone(operation: Operation) -> bool:
    """Whether it makes something below an edition."""
    return operation.method == "post" and operation.path.startswith("/v1/editions/{")


@pytest.fixture(scope="module")
def without_key(app: Litestar) -> Report:
    """A run over the demonstration."""
    return run(app, {**TRIED, "operations": [LARGE, SCORED, DRAWN, WHOLE]})


@pytest.fixture(scope="module")
def published(app: Litestar) -> Report:
    """A run over the demonstration where the links of what is published lead, to which nothing else does."""
    return followed(app, {}, of("publications"), 1)


@pytest.fixture(scope="module")
def installed_app(location: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Litestar, str]]:
    """An application where there is something to find and to change, and the key of an administrator."""
    folder = tmp_path_factory.mktemp("signing")
    with installed(location, folder) as installation:
        key = installation.key("administrator")
        installation.edition(EDITION)
        organisations = [f"XX-DEMO-{number:05}" for number in range(30)]
        for organisation in organisations:
            installation.organisation(organisation)
            installation.draft(EDITION, organisation)
        for organisation, state in zip(organisations[-8:], STATES * 2, strict=True):
            installation.submit(EDITION, organisation)
            installation.settle(EDITION, organisation, state)
            if state == "hearing":
                installation.reply(EDITION, organisation)
        installation.edition(PUBLISHED)
        for organisation in organisations[:2]:
            installation.draft(PUBLISHED, organisation)
            installation.submit(PUBLISHED, organisation)
            installation.settle(PUBLISHED, organisation)
        installation.review(PUBLISHED)
        installation.correct(PUBLISHED, installation.publish(PUBLISHED), organisations[0])
    app = create_app(structs.replace(unlimited(location), signing_folder=folder))
    yield app, key
    app.state["database"].close()


@pytest.fixture(scope="module")
def following(installed_app: tuple[Litestar, str]) -> list[Report]:
    """Runs that go where the links of the document lead, from its lists and creations through one tag after another."""
    app, key = installed_app
    made = [one.id for one in ALL if is_alone(one)]
    return [
        *(followed(app, WITH_KEY, [*MADE, name], 1, key) for name in made if not name.startswith("editions.publ")),
        followed(app, WITH_KEY, SHEETS, 3, key),
        *(followed(app, WITH_KEY, of(tag), times, key) for tag, times in TRAILS.items()),
        followed(app, WITH_KEY, [*MADE, "editions.publications.create"], 1, key),
    ]


@pytest.fixture(scope="module")
def with_key(installed_app: tuple[Litestar, str], following: list[Report]) -> Report:
    """A run over what those left."""
    app, key = installed_app
    return run(app, {**WITH_KEY, **TRIED, "operations": [*WITH_KEY["operations"], LARGE, KEYLESS]}, key)


on_databases = pytest.mark.parametrize("location", KEYED, indirect=True, scope="module")


def assert_nothing_found(report: Report) -> None:
    found = list(report.failures)
    assert not found, f"{len(found)} failures:\n" + "\n\n".join(found[:10])


def test_without_a_key_it_finds_nothing(without_key: Report) -> None:
    assert_nothing_found(without_key)
    assert {name: without_key.phases[name] for name in PHASES} == dict.fromkeys(PHASES, Status.SUCCESS)


def test_without_a_key_what_is_open_answers_well_and_nothing_else_does(without_key: Report, published: Report) -> None:
    """Nothing hides behind its own refusals, and nothing needs a key only in the document."""
    assert_nothing_found(published)
    assert without_key.answered.keys() == {operation.label for operation in ALL}
    # No file of a format is drawn by chance: what takes one refuses it (409).
    # 204 is what OPTIONS is answered with, which is tried on every path.
    answered_well = {
        one.id
        for one in ALL
        if any(report.answered[one.label].keys() & {200, 201} for report in (without_key, published))
    }
    assert answered_well == {operation.id for operation in ALL if operation.roles is None} - OF_FILES


@on_databases
def test_with_a_key_it_finds_nothing(with_key: Report) -> None:
    assert_nothing_found(with_key)
    assert {name: with_key.phases[name] for name in PHASES} == dict.fromkeys(PHASES, Status.SUCCESS)


@on_databases
def test_links_lead_to_most_items_and_most_are_answered_well(following: list[Report]) -> None:
    for report in following:
        assert_nothing_found(report)
    items = {operation.id: operation.label for operation in ALL if operation.is_item}

    def answered(*statuses: int) -> set[str]:
        """The operations on items that a link led to and that were answered so."""
        return {
            name
            for name, label in items.items()
            if any(one.followed[label][status] for one in following for status in statuses)
        }

    good = (200, 201, 204)
    # What is there is told from what is not by these as well: it changed meanwhile, or its state does not allow it.
    reached = answered(*good, 304, 409, 412)
    assert len(reached) >= 0.85 * len(items), f"no link led to {sorted(items.keys() - reached)}"
    # What brings an assessment from state to state is refused in any other than one.
    assert len(answered(*good)) >= 0.7 * len(items), f"never answered well: {sorted(items.keys() - answered(*good))}"


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_with_a_key_only_what_depends_on_what_is_stored_is_expected_as_well(operation: Operation) -> None:
    of_version = {"412", "428"} if "If-Match" in operation.headers else set()
    of_repeat = {"422"} if "Idempotency-Key" in operation.headers else set()
    expected = {
        "positive_data_acceptance": of_version | of_repeat,
        "missing_required_header": of_version - {"412"},
    }
    usual = ChecksConfig()
    named = [one["checks"] for one in WITH_KEY["operations"] if operation.id in one["include-operation-id"]]
    added: dict[str, set[str]] = {}
    for name, check in (named[0] if named else {}).items():
        assert check.keys() == {"expected-statuses"}
        statuses = {str(status) for status in check["expected-statuses"]}
        assert statuses >= set(getattr(usual, name).expected_statuses)
        added[name] = statuses - set(getattr(usual, name).expected_statuses)
    assert len(named) <= 1
    assert added == {name: statuses for name, statuses in expected.items() if statuses}


def test_the_configuration_disables_and_excludes_nothing() -> None:
    assert WITH_KEY.keys() == {"auth", "operations"}
    assert all(one.keys() == {"include-operation-id", "checks"} for one in WITH_KEY["operations"])
    assert all(isinstance(one["include-operation-id"], list) for one in WITH_KEY["operations"])
