"""Schemathesis with its default checks, in process, without a key and with one: it must find nothing.

The engine is the one that `make contract URL=…` runs. Only how much it tries is set here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import pytest
from litestar import Litestar
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from msgspec import structs
from schemathesis.config import ChecksConfig
from schemathesis.engine import Status
from schemathesis.engine.run import PhaseName

from actitud_api.app import create_app
from actitud_api.resources.assessments.lifecycle import AssessmentState
from tests.contract.examples import OF_FILES
from tests.contract.installation import Operation, installed, operations, tagged
from tests.contract.running import TRIED, WITH_KEY, Config, Report, only, phases, run, run_links
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.scale import ENDS, EXAMPLES, FOLLOWED, KEYED, NIGHT

BY_DAY: Final = (PhaseName.EXAMPLES, PhaseName.COVERAGE)
AT_NIGHT: Final = (*BY_DAY, PhaseName.FUZZING, PhaseName.STATEFUL_TESTING)
ALL: Final = operations()
EDITION: Final = "2099"
"""The first one in the list."""
PUBLISHED: Final = "2098"
"""The latest one."""
STATES: Final[tuple[AssessmentState, ...]] = ("final", "hearing", "under_review", "submitted")
"""Where assessments of it are."""
WAYS: Final = {
    "methodologies": (1, ()),
    "publications": (3, ("editions.get", "editions.scores.list", "editions.scores.get")),
    "reviews": (10 if NIGHT else 6, ("editions.get",)),
}
"""How often links are followed to the operations of a tag, and what of other tags leads to them."""
WITHOUT_EXAMPLES: Final = frozenset({"system"})
"""The tag whose operations take nothing that could have an example."""
WITHOUT_LINKS: Final = frozenset({"embeds", "scores", "system"})
"""The tags none of whose links lead to an operation of the same tag: nothing to follow.

Schemathesis calls it an error to follow links where there is none.
"""
TAGS: Final = sorted({tag for one in ALL for tag in one.described["tags"]})
LINKED: Final = {
    "methodologies": frozenset(
        {"methodologies.get", "methodologies.indicators.export", "methodologies.schema"}
        | {"methodologies.workbook.fill", "methodologies.workbook.get"}
    ),
    "publications": frozenset({"editions.publications.scores.get", "published.get", "published.signature"}),
    "reviews": frozenset({"editions.samples.list"}),
}
"""What is named by a version, a digest or what was published, which has no example, and the sample, whose example is of
the sandbox: a link leads to it."""
WELL: Final = frozenset(
    {"editions.create", "editions.update", "keys.create", "organisations.create", "suggestions.create"}
)
"""Writes with a key that have to succeed."""
COVERED_KEYED: Final = "sqlite"
"""The database on which the ends of the members of large bodies are tried at night: they hardly get as far as it."""
LARGE: Final[Config] = {
    "include-operation-id": [
        "editions.assessments.put",
        "editions.assessments.update",
        "editions.approvals.create",
        "editions.publications.create",
        "methodologies.workbook.fill",
    ],
    "generation": {"max-examples": EXAMPLES // 4 if NIGHT else 5},
    "phases": {"coverage": {"enabled": False}},
}
"""The five operations that take answers to all indicators: by day their documented examples only, no ends.

At night a quarter of the examples of others: one is drawn in up to half a second.

A body of answers has 16,500 ends of members. To try them took 49 to 62 s of CPU for each of assessments.put,
assessments.update and approvals.create. Without a key all of them are refused for want of one, so they are tried at
night, with a key, on `COVERED_KEYED` alone.
"""
SCORED: Final[Config] = {
    "include-operation-id": ["scores.create", "scores.create_many"],
    "phases": {"coverage": {"enabled": NIGHT}},
}
"""Two versions, with what each supposes: the ends of their members take minutes. Who asks makes no difference to it and
no database is asked, so they are tried at night, once, without a key."""
SCORED_KEYED: Final[Config] = {**SCORED, "phases": {"coverage": {"enabled": False}}}
WHOLE: Final[Config] = {
    "include-operation-id": ["organisations.export", "editions.scores.export", "editions.indicators.export"],
    "generation": {"max-examples": 10},
    "phases": {"coverage": {"enabled": False}},
}
"""The three exports, at night: 10 examples for each phase instead of 100, and no ends. Each answer has all of 8,131
organisations and up to 561,039 rows. By day, over 301 organisations, their ends are tried."""
DRAWN: Final[Config] = {**WHOLE, "include-operation-id": ["editions.robustness.list"]}
"""As `WHOLE`: at night each other seed is computed anew over 8,131 organisations, for seconds."""


@pytest.fixture(scope="module")
def app(demonstration: str) -> Iterator[Litestar]:
    """An application apart: Schemathesis runs the lifespan of what it tries, and a client waits for its own."""
    # With a public URL the example of oEmbed is of this service whatever `Host` is sent.
    made = create_app(structs.replace(unlimited(demonstration), public_url="http://127.0.0.1:8000"))
    yield made
    made.state["database"].close()


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
        # The example of a key is bound to it.
        installation.organisation("XX-DEMO-00034")
        installation.edition(PUBLISHED)
        installation.finalise(PUBLISHED, *organisations[:2])
        installation.correct(PUBLISHED, installation.publish(PUBLISHED), organisations[0])
    app = create_app(structs.replace(unlimited(location), signing_folder=folder))
    yield app, key
    app.state["database"].close()


on_databases = pytest.mark.parametrize("location", KEYED, indirect=True, scope="module")
by_tag = pytest.mark.parametrize("tag", TAGS)


def assert_nothing_found(report: Report) -> None:
    found = list(report.failures)
    assert not found, f"{len(found)} failures:\n" + "\n\n".join(found[:10])


def assert_phases(report: Report, tag: str | None, wanted: Collection[PhaseName]) -> None:
    """Assert that a run found nothing, and tried something in each of these phases where its tag has anything."""
    assert_nothing_found(report)
    idle = {
        PhaseName.EXAMPLES: tag in WITHOUT_EXAMPLES,
        PhaseName.STATEFUL_TESTING: tag in WITHOUT_LINKS,
    }
    statuses = {name: report.phases[name] for name in wanted}
    assert statuses == {name: Status.SKIP if idle.get(name) else Status.SUCCESS for name in wanted}


def assert_open_answers_well(reports: Collection[Report], asked: Collection[Operation]) -> None:
    """Assert that what is open is answered well, and nothing else: no refusal hides it."""
    # No file of a format is drawn by chance: what takes one refuses it (409).
    # 204 is the answer to OPTIONS, which is tried on every path.
    good = {one.id for one in asked if any(report.answered[one.label].keys() & {200, 201} for report in reports)}
    assert good == {one.id for one in asked if one.roles is None} - OF_FILES


def following_links(tag: str) -> Config:
    """Return the configuration that follows links between the operations of a tag, if there are any."""
    return {"phases": {"stateful": {"enabled": tag not in WITHOUT_LINKS}}}


def without_ends(asked: Sequence[Operation], whole: Collection[str] = ()) -> Sequence[Config]:
    """Return the configuration that tries the ends of one of `ENDS` operations, in turn, and of those in `whole`.

    What has no example is called by its ends alone, so it keeps them.
    """
    rest = {*whole, *(name for one in (LARGE, SCORED) for name in one["include-operation-id"])}
    others = [one.id for one in asked if one.id not in rest and has_example(one)]
    left_out = [name for number, name in enumerate(others) if number % ENDS]
    return [{"include-operation-id": left_out, "phases": {"coverage": {"enabled": False}}}] if left_out else []


def has_example(operation: Operation) -> bool:
    """Return True if a parameter or the body of an operation has an example."""
    return "requestBody" in operation.described or any("example" in one for one in operation.described["parameters"])


FOUND_BY_ENDS: Final = ("suggestions.get",)
"""What is found only by an end of its number: that of its example is of the sandbox."""


def run_by_day(app: ASGIApp, asked: Sequence[Operation], whole: Collection[str] = FOUND_BY_ENDS) -> Report:
    """Run examples and ends of operations without a key; of those in `whole` the ends in any case."""
    operations = [LARGE, SCORED, *without_ends(asked, whole), only(one.id for one in asked)]
    return run(app, {**TRIED, "phases": phases("examples", "coverage"), "operations": operations})


@pytest.mark.day
def test_examples_and_ends_without_a_key_are_answered_as_described(app: Litestar) -> None:
    # One run of all: each reads the whole document anew.
    report = run_by_day(app, ALL)
    assert_phases(report, None, BY_DAY)
    assert report.answered.keys() == {one.label for one in ALL}
    assert_open_answers_well([report], [one for one in ALL if one.id not in frozenset().union(*LINKED.values())])


def find_what_is_not_described(app: ASGIApp) -> str:
    """Return what is found in an application that answers about keys in other ways: the control."""
    changes = {("/v1/keys", 401): 500, ("/v1/keys/reports", 400): 200, ("/v1/keys/reports", 415): 200}

    async def changing(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_changed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["status"] = changes.get((scope["path"], message["status"]), message["status"])
                if scope["path"].endswith("/revocations"):
                    others = [(name, value) for name, value in message["headers"] if name != b"content-type"]
                    message["headers"] = [*others, (b"content-type", b"text/plain")]
            await send(message)

        await app(scope, receive, send_changed)

    whole = ("keys.list", "keys.create", "keys.reports.create", "keys.revocations.create")
    found = {": ".join(failure.split(": ")[:2]) for failure in run_by_day(changing, tagged("keys"), whole).failures}
    planted = {
        "GET /v1/keys: Server error",
        "POST /v1/keys: Server error",
        "POST /v1/keys/reports: Schema-violating request accepted",
        "POST /v1/keys/{key}/revocations: Undocumented Content-Type",
    }
    assert found >= planted
    return f"of {len(planted)} answers that are made other than described {len(found & planted)} are found"


def count_answers(report: Report) -> int:
    """Return how many requests of a run were answered."""
    return sum(answers.total() for answers in report.answered.values())


@pytest.mark.parametrize("tag", LINKED)
def test_what_only_links_lead_to_is_answered_well_without_a_key(app: Litestar, tag: str) -> None:
    times, through = WAYS[tag]
    # What needs a key is refused, and leads nowhere.
    open_ones = [one.id for one in tagged(tag) if one.roles is None]
    report = run_links(app, TRIED, [*through, *open_ones], times * FOLLOWED)
    assert_nothing_found(report)
    assert_open_answers_well([report], [one for one in ALL if one.id in LINKED[tag]])


@pytest.mark.parametrize("location", ["sqlite"], indirect=True, scope="module")
def test_examples_and_ends_of_writes_with_a_key_are_answered_as_described(
    installed_app: tuple[Litestar, str], figure: FigureRecorder
) -> None:
    app, key = installed_app
    writes = [one for one in ALL if one.method != "get" and one.roles is not None]
    config = {
        **WITH_KEY,
        **TRIED,
        "phases": phases("examples", "coverage"),
        "operations": [LARGE, *without_ends(writes), only(one.id for one in writes)],
    }
    report = run(app, config, key)
    assert_phases(report, None, BY_DAY)
    assert report.answered.keys() == {one.label for one in writes}
    well = {one.id for one in writes if report.answered[one.label].keys() & {200, 201}}
    assert well >= WELL
    figure(
        "R12",
        f"requests with a key to {len(writes)} operations that change something: their examples and the ends of their "
        "members; failed are answers other than described",
        tried=count_answers(report),
        failed=len(report.failures),
        control=find_what_is_not_described(app),
    )


@pytest.mark.night
@by_tag
def test_without_a_key_it_finds_nothing(app: Litestar, tag: str, figure: FigureRecorder) -> None:
    asked = tagged(tag)
    operations = [LARGE, SCORED, DRAWN, WHOLE, only(one.id for one in asked)]
    report = run(app, {**TRIED, **following_links(tag), "operations": operations})
    assert_phases(report, tag, AT_NIGHT)
    assert report.answered.keys() == {one.label for one in asked}
    assert_open_answers_well([report], [one for one in asked if one.id not in LINKED.get(tag, ())])
    figure(
        "R12",
        f"generated requests without a key to {len(asked)} operations of {tag}, with their ends and links; failed are "
        "answers other than described",
        tried=count_answers(report),
        failed=len(report.failures),
        control=find_what_is_not_described(app) if tag == "keys" else None,
    )


@pytest.mark.night
@on_databases
@by_tag
def test_with_a_key_it_finds_nothing(installed_app: tuple[Litestar, str], location: str, tag: str) -> None:
    app, key = installed_app
    large = {**LARGE, "phases": {"coverage": {"enabled": location.startswith(COVERED_KEYED)}}}
    operations = [large, SCORED_KEYED, only(one.id for one in tagged(tag))]
    # The other database runs the same handlers: a tenth of the examples tells what depends on it.
    share = 1 if location.startswith(COVERED_KEYED) else 10
    tried = {**TRIED, "generation": {"max-examples": EXAMPLES // share}}
    config = {**WITH_KEY, **tried, **following_links(tag), "operations": operations}
    assert_phases(run(app, config, key), tag, AT_NIGHT)


def test_the_configuration_adds_the_refusals_of_if_match_and_disables_and_excludes_nothing() -> None:
    assert WITH_KEY.keys() == {"auth", "checks", "request-timeout"}
    usual, added = ChecksConfig(), {"missing_required_header": {"428"}, "positive_data_acceptance": {"412", "428"}}
    assert WITH_KEY["checks"].keys() == added.keys()
    for name, check in WITH_KEY["checks"].items():
        assert check.keys() == {"expected-statuses"}
        statuses = {str(status) for status in check["expected-statuses"]}
        assert statuses == {*getattr(usual, name).expected_statuses, *added[name]}
