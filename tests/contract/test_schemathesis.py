"""Schemathesis with its default checks, in process, all phases: it must find nothing.

The engine is the one that `make contract URL=…` runs. Only how much it tries is set here, and at the gate its seed,
so that a landing does not depend on luck.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
import schemathesis
from litestar import Litestar
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName

from tests.contract.scale import EXAMPLES, NIGHT

CONFIG = {"generation": {"max-examples": EXAMPLES}, **({} if NIGHT else {"seed": 20_260_101})}
PHASES = (PhaseName.EXAMPLES, PhaseName.COVERAGE, PhaseName.FUZZING, PhaseName.STATEFUL_TESTING)


@pytest.fixture(scope="module")
def ran(app: Litestar) -> list[events.EngineEvent]:
    schema = schemathesis.openapi.from_asgi("/v1/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    return list(from_schema(schema).execute())


def failures(ran: list[events.EngineEvent]) -> Iterator[str]:
    for event in ran:
        if isinstance(event, events.NonFatalError | events.FatalError):
            yield str(event)
        if isinstance(event, events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                for check in checks:
                    if check.failure_info is not None:
                        failure, code = check.failure_info.failure, check.failure_info.code_sample
                        yield f"{event.label}: {failure.title}: {failure.message}\n{code}"


def test_it_finds_nothing(ran: list[events.EngineEvent]) -> None:
    found = list(dict.fromkeys(failures(ran)))
    assert not found, f"{len(found)} failures:\n" + "\n\n".join(found[:10])


def test_every_phase_ran(ran: list[events.EngineEvent]) -> None:
    finished = {event.phase.name: event.status for event in ran if isinstance(event, events.PhaseFinished)}
    assert {name: finished[name] for name in PHASES} == dict.fromkeys(PHASES, Status.SUCCESS)


def test_every_operation_was_tried_and_answered_well(app: Litestar, ran: list[events.EngineEvent]) -> None:
    """Each operation has answers below 300: nothing hides behind its own refusals."""
    good: Counter[str] = Counter()
    labels = set()
    for event in ran:
        if isinstance(event, events.ScenarioFinished):
            for case_id, interaction in event.recorder.interactions.items():
                label = event.recorder.cases[case_id].value.operation.label
                labels.add(label)
                if interaction.response is not None and interaction.response.status_code < 300:
                    good[label] += 1
    assert not {label: good[label] for label in labels if not good[label]}
    assert len(labels) >= 9
