"""Schemathesis run in process, and what its events report."""

from __future__ import annotations

import os
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar
from unittest.mock import patch
from urllib.parse import unquote

import msgspec
import requests
import schemathesis
from litestar.types import ASGIApp
from schemathesis.config import ProjectConfig, SchemathesisConfig
from schemathesis.core.jsonschema.bundler import BUNDLE_STORAGE_KEY
from schemathesis.core.result import Ok
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import CaseNode, RecordedScenario
from schemathesis.engine.run import PhaseName
from schemathesis.hooks import HookContext
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import examples
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.support.scale import EXAMPLES, NIGHT

Config = dict[str, Any]
Operation = APIOperation[Any, Any, Any, Any]
T = TypeVar("T")

WITH_KEY: Final[Config] = tomllib.loads(
    (Path(__file__).parents[2] / "openapi" / "schemathesis.toml").read_text(encoding="utf-8")
)
"""The configuration of a run with a key."""

NAMES_OF_PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
"""The phases of a run by the names that they have in its configuration."""

PATIENCE: Final = 3_600
"""Seconds after which a request is given up.

A request in process has no network to time out on: the 10 seconds that are usual depend on how busy the machine is.
"""

TRIED: Final[Config] = {
    "generation": {"max-examples": EXAMPLES},
    "request-timeout": PATIENCE,
    **({} if NIGHT else {"seed": 20_260_101}),
}
"""How much it tries, and by day its seed, so that a landing does not depend on luck.
"""
WITHOUT_CONSTANTS: Final[Config] = {"analysis": {"constants": {"enabled": False}}}
"""It finds no constants in an application of Litestar, but imports Django and Flask to look for them."""


class Report:
    """What a run found; operations by their label, as `GET /v1/organisations`.

    `answered`: how often each was answered with which status. `followed`: the same of the calls in which a link of the
    document gave every parameter of the path.
    """

    def __init__(self) -> None:
        self.phases: dict[PhaseName, Status] = {}
        self.failures: dict[str, None] = {}
        self.answered: Mapping[str, Counter[int]] = defaultdict(Counter)
        self.followed: Mapping[str, Counter[int]] = defaultdict(Counter)

    def take(self, event: events.EngineEvent) -> None:
        """Takes note of an event."""
        if isinstance(event, events.PhaseFinished):
            self.phases[event.phase.name] = event.status
        elif isinstance(event, events.NonFatalError | events.FatalError):
            self.failures[str(event)] = None
        elif isinstance(event, events.ScenarioFinished):
            self.failures |= dict.fromkeys(_failures(event.label, event.recorder))
            for case_id, interaction in event.recorder.interactions.items():
                node = event.recorder.cases[case_id]
                if interaction.response is not None:
                    label, status = node.value.operation.label, interaction.response.status_code
                    self.answered[label][status] += 1
                    self.followed[label][status] += _is_followed(node)


def only(ids: Iterable[str]) -> Config:
    """Return the configuration that disables every operation but these."""
    return {"exclude-operation-id": sorted(ids), "enabled": False}


def phases(*enabled: str, **settings: Config) -> Config:
    """Return the configuration that runs these phases, with these settings, and no other."""
    return {name: {"enabled": name in enabled, **settings.get(name, {})} for name in NAMES_OF_PHASES}


def run(app: ASGIApp, config: Config, key: str | None = None, *, first_pages: bool = False) -> Report:
    """The report of a run over an application.

    `key`: what stands for `${ACTITUD_API_KEY}` in the configuration. `first_pages`: no list is asked for from somewhere
    in its middle, where there is nothing to go on from.
    """
    report = Report()
    environment = {} if key is None else {"ACTITUD_API_KEY": key}
    # `requests` would look for a netrc file at each request, which no test may depend on.
    without_netrc = patch.object(requests.sessions, "get_netrc_auth", lambda url: None)
    # Nobody reads its warnings about the document, which take a quarter of a second in each run.
    without_warnings = patch.object(OpenApiSchema, "iter_schema_warnings", lambda _: ())
    with _drawing_once(), _merging_once(), without_netrc, without_warnings, patch.dict(os.environ, environment):
        settings = SchemathesisConfig.from_dict({**WITHOUT_CONSTANTS, **config})
        # `requests` would ask for Brotli, by which the document is compressed for 0.6 s each time.
        schema = schemathesis.openapi.from_asgi(
            "/v1/openapi.json", app, config=settings, timeout=PATIENCE, headers={"Accept-Encoding": "identity"}
        )
        if first_pages:
            schema.hook(map_query)
        for event in from_schema(schema).execute():
            report.take(event)
    return report


def run_links(app: ASGIApp, config: Config, ids: Collection[str], scenarios: int, key: str | None = None) -> Report:
    """Return the report of a run that follows links from the list of editions, and from those of `ids`, to `ids`.

    Only links of the document are followed, not those that Schemathesis infers.
    """
    rest = {"exclude-operation-id": ["editions.list", *ids], "enabled": False}
    stateful = {
        "inference": {"algorithms": []},
        "max-steps": 16,
        "generation": {"mode": "positive", "max-examples": scenarios},
    }
    settings = {
        **TRIED,
        **config,
        "operations": [rest],
        "phases": phases("stateful", stateful=stateful),
    }
    return run(app, settings, key, first_pages=True)


def map_query(_: HookContext, query: Mapping[str, object] | None) -> Mapping[str, object]:
    """A query without what names a place in a list; Schemathesis knows the hook by its name."""
    return {name: value for name, value in (query or {}).items() if name not in ("cursor", "offset")}


@contextmanager
def _drawing_once() -> Iterator[None]:
    """Draw one value for each schema of a property without an example, not one for each property of each run.

    The answers of an assessment have 1,324 properties with some 80 schemas. To draw a value for each property of the
    five operations that take answers took 26 s of CPU in each run; now it takes 3 s, and in later runs nothing.
    """
    draw = examples._generate_single_example

    def draw_once(schema: dict[str, Any], *rest: Any) -> object:
        # A value is drawn with the same seed each time: it depends on the schema and the ones that it refers to.
        bundle = schema.get(BUNDLE_STORAGE_KEY, {})
        own = {name: member for name, member in schema.items() if name != BUNDLE_STORAGE_KEY}
        place = msgspec.json.encode([own, _select_named(own, bundle)], order="sorted")
        if place not in _DRAWN:
            _DRAWN[place] = draw(schema, *rest)
        return _DRAWN[place]

    with patch.object(examples, "_generate_single_example", draw_once):
        yield


_DRAWN: Final[dict[bytes, object]] = {}
"""Values that were drawn, by their schema."""


def _select_named(schema: object, bundle: Mapping[str, object]) -> Mapping[str, object]:
    """Return the schemas of a bundle that a schema refers to, directly or through others."""
    named: dict[str, object] = {}
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            name = str(one.get("$ref", "")).rpartition("/")[2]
            if name in bundle and name not in named:
                named[name] = bundle[name]
                waiting.append(bundle[name])
    return named


@contextmanager
def _merging_once() -> Iterator[None]:
    """Merge what is configured for an operation once in a run, not at each of its requests.

    An operation is configured by several entries. To merge them anew each time took an eighth of the CPU of a run.
    """
    with ExitStack() as stack:
        for name in ("phases_for", "generation_for", "checks_config_for"):
            stack.enter_context(patch.object(ProjectConfig, name, _keep(getattr(ProjectConfig, name))))
        yield


def _keep(merge: Callable[..., T]) -> Callable[..., T]:
    """Return a function that merges what is configured for each operation and phase of a project once."""
    merged: dict[tuple[int, str | None, str | None], tuple[ProjectConfig, T]] = {}

    def merge_once(config: ProjectConfig, *, operation: Operation | None = None, **phase: str | None) -> T:
        # The configuration stays beside it: its id would be given to another one if it were freed.
        place = (id(config), None if operation is None else operation.label, phase.get("phase"))
        if place not in merged:
            merged[place] = (config, merge(config, operation=operation, **phase))
        return merged[place][1]

    return merge_once


def _failures(label: str | None, recorder: RecordedScenario) -> Iterator[str]:
    for checks in recorder.checks.values():
        for check in checks:
            if check.failure_info is not None:
                failure, code = check.failure_info.failure, check.failure_info.code_sample
                yield f"{label}: {failure.title}: {failure.message}\n{code}"


def _is_followed(node: CaseNode) -> bool:
    if node.transition is None or node.transition.is_inferred:
        return False
    given = node.transition.parameters.get("path_parameters", {})
    taken = {name: unquote(str(found.value.ok())) for name, found in given.items() if isinstance(found.value, Ok)}
    sent = {name: unquote(str(value)) for name, value in node.value.path_parameters.items()}
    return bool(taken) and taken == sent
