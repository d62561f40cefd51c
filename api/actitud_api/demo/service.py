"""Use cases of the demonstration: store it, and publish it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from actitud_api.demo import queries
from actitud_api.demo.census import MUNICIPALITIES, SIZES_YEAR, Municipality
from actitud_api.demo.report import ReportTally, SimulationReport
from actitud_api.demo.simulator import METHODOLOGY, compute_fingerprint, simulate
from actitud_api.engine.methodology.loader import load_methodology as load_methodology
from actitud_api.platform.audit_log import service as ledger
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
from actitud_api.resources.publications.workers import MapFunction, map_serially
from actitud_api.resources.suggestions import service as suggestions

EDITION = "2026-demo"
"""Id of the simulated edition."""

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


def load_report(database: Database) -> SimulationReport | None:
    """Return the report of the stored demonstration.

    Return None if no demonstration is stored, or if another version of the simulator or of the methodology made the
    stored one.
    """
    with database.read() as session:
        record = queries.find_simulation(session, EDITION)
    if record is None or record.fingerprint != compute_fingerprint(load_methodology(METHODOLOGY)):
        return None
    return msgspec.convert(record.report, SimulationReport, strict=False)


class AlreadyPublished(Exception):
    """Raised by `store_demonstration` if a published demonstration is stored, which cannot be replaced."""


def store_demonstration(
    database: Database, advance: Callable[[], None], numbers: Sequence[int] | None = None
) -> SimulationReport:
    """Simulate the demonstration, store it in the state `in_review`, and return its report.

    An earlier demonstration is replaced in the same transaction. `advance` is called once per organisation. `numbers`:
    only the organisations with these numbers, counted from 1; None for all.

    Raises:
        AlreadyPublished: The stored demonstration is published.
    """
    if is_published(database):
        raise AlreadyPublished
    methodology = load_methodology(METHODOLOGY)
    invented: list[organisations.OrganisationEntry] = []
    rows: list[dict[str, object]] = []
    tally = ReportTally()
    # Simulated before the transaction begins, so that the write lock is held for the insertion only.
    for simulated in simulate(methodology, numbers):
        municipality, evaluation = simulated.municipality, simulated.evaluation
        invented.append(_build_organisation(municipality))
        rows.append(assessments.to_row(EDITION, municipality.id, simulated.submission, evaluation, CREATED))
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
        editions.add(session, editions.build_record(DRAFT, now=CREATED, state="in_review", simulated=True))
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


def is_published(database: Database) -> bool:
    """Return True if a demonstration is published, whichever version of the simulator stored it."""
    try:
        return editions.get(database, EDITION).record.state == "published"
    except editions.UnknownEdition:
        return False


def publish_demonstration(
    database: Database, folder: Path, advance: Callable[[], None], *, now: datetime, spread: MapFunction = map_serially
) -> PublicationRecord:
    """Publish the demonstration like any edition, and return its publication.

    `folder`: folder of the private signing keys. `advance`: called once per score. `spread`: replacement of
    `map` that prepares the scores, for example in several processes; by default they are prepared one after
    another.
    """
    publishing = EditionPublisher(database, folder, map_batches=spread)

    def write(prepared: PreparedScores | None) -> PublicationRecord:
        with database.write() as session:
            return publishing.publish(session, EDITION, PUBLICATION_REQUEST, prepared, EVENT, now=now)

    return publishing.write_prepared(EDITION, PUBLICATION_REQUEST, write, advance, now=now)


def _delete_demonstration(session: Session) -> None:
    queries.delete_simulation(session, EDITION)
    assessments.clear_edition(session, EDITION)
    editions.remove(session, EDITION)
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
