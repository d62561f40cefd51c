"""An edition with four drafts, and what takes a step of all of them at a time that the test chooses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import TransitionRecord
from actitud_api.resources.batches import service
from actitud_api.resources.batches.service import StepResult
from actitud_api.resources.batches.steps import PlainStep, Step
from tests.support.drafting import EDITION, fill_drafts

SUBMITTING, REVIEWING, HEARING, SETTLING, PUBLISHING = (
    datetime(2027, month, day, 13, tzinfo=UTC) for month, day in ((2, 10), (3, 10), (4, 10), (5, 16), (6, 5))
)
ADMINISTRATOR: Final = Principal("k1", "administrator", "k1")
ASSESSOR: Final = Principal("k2", "assessor", "k2")
EVENT: Final = ledger.Event(
    action="editions.transitions.create",
    actor=ledger.Actor("k1", "administrator"),
    subject=f"/v1/editions/{EDITION}/transitions",
    public=False,
    hidden=True,
    request="r1",
)


class Batch:
    """Four drafts, and steps of all of them at a time that the test chooses."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.names = fill_drafts(database, 4)

    def take(
        self, step: Step, now: datetime, *names: str, principal: Principal = ADMINISTRATOR, edition: str = EDITION
    ) -> list[StepResult]:
        with self.database.write() as session:
            return service.take_step(
                session, edition, step, names or self.names, principal=principal, event=EVENT, now=now
            )

    def outcomes(self, step: Step, now: datetime, *names: str, principal: Principal = ADMINISTRATOR) -> list[str]:
        return [result.outcome for result in self.take(step, now, *names, principal=principal)]

    def refusals(self, step: Step, now: datetime, *names: str) -> list[type[Exception]]:
        return [type(result.refusal) for result in self.take(step, now, *names) if result.refusal is not None]

    def bring(self, state: str) -> None:
        """Bring all to a state."""
        for step, now, after in (
            (PlainStep(step="submissions"), SUBMITTING, "submitted"),
            (PlainStep(step="reviews"), REVIEWING, "under_review"),
            (PlainStep(step="hearings"), HEARING, "hearing"),
            (PlainStep(step="finals"), SETTLING, "final"),
        ):
            assert self.outcomes(step, now) == ["done"] * 4
            if after == state:
                return

    def states(self) -> list[str]:
        with self.database.read() as session:
            found = assessments.find_assessments(session, EDITION, self.names)
        return [found[name].state for name in self.names]

    def history(self, name: str) -> list[TransitionRecord]:
        return transitions.list_transitions(self.database, EDITION, name, PageRange(limit=100))

    def entries(self) -> list[ledger.OpenedEntry]:
        with self.database.read() as session:
            return list(ledger.iterate_entries(session))[1:]

    def write(self, act: Callable[[Any], object]) -> None:
        with self.database.write() as session:
            act(session)


@pytest.fixture
def batch(database: Database) -> Batch:
    return Batch(database)
