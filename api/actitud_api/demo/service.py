"""Use cases of the demonstration, which has two editions: store it, and publish it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

import msgspec

from actitud_api.demo import queries
from actitud_api.demo.census import MUNICIPALITIES, SIZES_YEAR, Municipality
from actitud_api.demo.report import ReportTally, SimulationReport
from actitud_api.demo.simulator import METHODOLOGY, compute_fingerprint, simulate
from actitud_api.engine.methodology.loader import load_methodology as load_methodology
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.workers import MapFunction, map_serially
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications.service import (
    EditionPublisher,
    PreparedScores,
    PublicationPlan,
    PublicationRecord,
)
from actitud_api.resources.suggestions import service as suggestions

EDITION = "2026-demo"
"""Id of the simulated edition of all invented municipalities."""

EARLIER = "2025-demo"
"""Id of the earlier one, in which one in eight of them took part, so that there is something to compare."""

ORGANISATIONS = sum(MUNICIPALITIES.values())
"""Number of organisations in the demonstration."""

DRAFT = editions.EditionDraft(
    id=EDITION,
    titles={
        "es": "Edición de demostración 2026, con datos simulados",
        "en": "Demonstration edition 2026, with simulated data",
    },
    methodology=METHODOLOGY,
    period_from=date(2026, 1, 1),
    period_to=date(2026, 12, 31),
)

EARLIER_DRAFT = editions.EditionDraft(
    id=EARLIER,
    titles={
        "es": "Edición de demostración 2025, con datos simulados",
        "en": "Demonstration edition 2025, with simulated data",
    },
    methodology=METHODOLOGY,
    period_from=date(2025, 1, 1),
    period_to=date(2025, 12, 31),
)

PUBLICATION_REQUEST = PublicationPlan(reason="Demonstration with simulated data. / Demostración con datos simulados.")
"""Request with which the demonstration is published."""

SUGGESTION = suggestions.Proposal(
    kind="error",
    title="Propuesta inventada para la demostración: cuentas que se borran",
    text="Con cada gobierno nuevo se cierran cuentas, y con ellas se borran las respuestas que se habían dado. Nadie "
    "lo ha propuesto de verdad: está aquí para que se vea cómo es una propuesta.",
    language="es",
    dimension="D3",
)
"""Invented suggestion that is stored with the demonstration."""

SUGGESTION_DECISION = suggestions.NewDecision(decision="deferred", reason="Decisión inventada: se volverá a mirar.")
"""Invented decision on it, without which nobody would read it."""

EVENT = ledger.Event(action="cli.demo", actor=None, subject=f"/v1/editions/{EDITION}", public=True)

_PROPOSER = "demo"
"""Id that is stored instead of the id of the key that proposed the suggestion, because there is no such key."""

CREATED = datetime(2026, 12, 31, 12, tzinfo=UTC)
"""Creation time of all records of the demonstration; it is constant, because it is part of their digests."""

EARLIER_CREATED = datetime(2025, 12, 31, 12, tzinfo=UTC)
"""Creation time of the earlier edition and of its assessments."""


def load_report(database: Database) -> SimulationReport | None:
    """Return the statistics of the stored demonstration.

    Return None if no demonstration is stored, or if another version of the simulator or of the methodology made the
    stored one.
    """
    with database.read() as session:
        record = queries.find_simulation(session, EDITION)
    if record is None or record.fingerprint != compute_fingerprint(load_methodology(METHODOLOGY)):
        return None
    return msgspec.convert(record.report, SimulationReport, strict=False)


class AlreadyPublished(Exception):
    """Raised by `store_demonstration` if a published edition of the stored demonstration would have to be replaced."""


def store_demonstration(
    database: Database,
    advance: Callable[[], None],
    numbers: Sequence[int] | None = None,
    *,
    as_drafts: bool = False,
) -> SimulationReport:
    """Simulate the organisations of the demonstration, store two editions of them, and return statistics of the later.

    Both are stored in the state `in_review`; a stored demonstration is replaced in the same transaction.

    Args:
        database: Database of the demonstration.
        advance: Called once per organisation.
        numbers: Only the organisations with these numbers, counted from 1; None for all. If none of them took part in
            the earlier edition, only the later one (`EDITION`) is stored.
        as_drafts: Store the later edition in the state `open`, with the answers as drafts that have no evidence.

    Raises:
        AlreadyPublished: An edition of the stored demonstration is published.
    """
    if is_fixed(database):
        raise AlreadyPublished
    methodology = load_methodology(METHODOLOGY)
    invented: list[organisations.OrganisationEntry] = []
    rows: list[dict[str, object]] = []
    earlier_rows: list[dict[str, object]] = []
    tally = ReportTally()
    # Simulated before the transaction begins, so that the write lock is held for the insertion only.
    for simulated in simulate(methodology, numbers):
        municipality, evaluation = simulated.municipality, simulated.evaluation
        invented.append(_build_organisation(municipality))
        row = assessments.to_row(EDITION, municipality.id, simulated.submission, evaluation, CREATED)
        rows.append({**row, "state": "draft", "submitted": None} if as_drafts else row)
        if (earlier := simulated.earlier) is not None:
            earlier_rows.append(
                assessments.to_row(EARLIER, municipality.id, earlier.submission, earlier.evaluation, EARLIER_CREATED)
            )
        tally.add(
            municipality.population,
            evaluation.index,
            evaluation.level,
            evaluation.status,
            [leaf.code for leaf in evaluation.results],
        )
        advance()
    report = tally.build_report()
    with database.write() as session:
        organisations.lock(session)
        # Replaced in one transaction: readers see the old demonstration or the new one, never parts of both.
        _delete_demonstration(session)
        organisations.add(session, invented, CREATED)
        if earlier_rows:
            record = editions.build_record(EARLIER_DRAFT, now=EARLIER_CREATED, state="in_review", simulated=True)
            editions.add(session, record)
            assessments.store_rows(session, earlier_rows)
        state: Literal["open", "in_review"] = "open" if as_drafts else "in_review"
        editions.add(session, editions.build_record(DRAFT, now=CREATED, state=state, simulated=True))
        assessments.store_rows(session, rows)
        simulation = queries.SimulationRecord(
            compute_fingerprint(methodology), msgspec.to_builtins(report, str_keys=True)
        )
        queries.store_simulation(session, EDITION, simulation)
        # Only once: a second load must not add it again.
        if not suggestions.has_suggestions(session):
            made = suggestions.propose(session, SUGGESTION, proposer=_PROPOSER, now=CREATED)
            suggestions.decide(session, str(made.id), SUGGESTION_DECISION, expected=lambda _: True, now=CREATED)
        ledger.append_entry(session, EVENT, now=datetime.now(UTC))
    return report


def is_published(database: Database, edition: str = EDITION) -> bool:
    """Return True if an edition of the demonstration is published, by any version of the simulator."""
    try:
        return editions.get(database, edition).record.state == "published"
    except editions.UnknownEdition:
        return False


def is_open(database: Database) -> bool:
    """Return True if the later edition of the demonstration is stored as drafts that can still be changed."""
    with suppress(editions.UnknownEdition):
        return editions.get(database, EDITION).record.state == "open"
    return False


def is_fixed(database: Database) -> bool:
    """Return True if an edition of the demonstration is published, so that no new simulation can replace it."""
    return is_published(database, EARLIER) or is_published(database)


def count_unpublished(database: Database) -> dict[str, int]:
    """Return the number of scores of each stored, unpublished edition of the demonstration, earlier edition first."""
    counts: dict[str, int] = {}
    for edition in (EARLIER, EDITION):
        with suppress(editions.UnknownEdition):
            if editions.get(database, edition).record.state != "published":
                counts[edition] = editions.count_assessments(database, edition)
    return counts


def publish_earlier_edition(
    database: Database, folder: Path, advance: Callable[[], None], *, now: datetime, spread: MapFunction = map_serially
) -> None:
    """Publish the earlier edition of the demonstration, unless it does not exist or is published.

    Args:
        database: Database of the demonstration.
        folder: Folder of the private signing keys.
        advance: Called once per score.
        now: Time of the publication.
        spread: Replacement of `map` that prepares the scores, for example in several processes.
    """
    if EARLIER in count_unpublished(database):
        _publish(database, EARLIER, folder, advance, now, spread)


def publish_demonstration(
    database: Database, folder: Path, advance: Callable[[], None], *, now: datetime, spread: MapFunction = map_serially
) -> PublicationRecord:
    """Publish both editions of the demonstration like any edition, and return the publication of the later one.

    Both are published at `now`, as no signature may be older than its key.

    Args:
        database: Database of the demonstration.
        folder: Folder of the private signing keys.
        advance: Called once per score.
        now: Time of the publication.
        spread: Replacement of `map` that prepares the scores, for example in several processes.
    """
    publish_earlier_edition(database, folder, advance, now=now, spread=spread)
    return _publish(database, EDITION, folder, advance, now, spread)


def _publish(
    database: Database, edition: str, folder: Path, advance: Callable[[], None], now: datetime, spread: MapFunction
) -> PublicationRecord:
    publishing = EditionPublisher(database, folder, open_workers=lambda: nullcontext(spread))

    def write(prepared: PreparedScores | None) -> PublicationRecord:
        with database.write() as session:
            return publishing.publish(session, edition, PUBLICATION_REQUEST, prepared, EVENT, now=now)

    return publishing.write_prepared(edition, PUBLICATION_REQUEST, write, advance, now=now)


def _delete_demonstration(session: Session) -> None:
    queries.delete_simulation(session, EDITION)
    for edition in (EARLIER, EDITION):
        assessments.clear_edition(session, edition)
        editions.remove_edition(session, edition)
    organisations.remove_simulated(session)


def _build_organisation(municipality: Municipality) -> organisations.OrganisationEntry:
    return organisations.OrganisationEntry(
        id=municipality.id,
        name=municipality.name,
        kind="MUN",
        population=municipality.population,
        population_year=SIZES_YEAR,
        province=municipality.province,
        region=municipality.region,
        simulated=True,
    )
