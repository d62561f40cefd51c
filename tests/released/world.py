"""The database that a release keeps: small, invented, with a row in every table.

It is what the sandbox has (assessments in every state, keys, jobs, a webhook), and beside it a correction, an edition
under a version that is retired by now with an erasure, and one under the short version.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from unittest.mock import patch

import msgspec
from litestar.testing import TestClient
from sqlalchemy import inspect, text

from actitud_api.demo import sandbox
from actitud_api.demo import service as demo
from actitud_api.demo.simulator import METHODOLOGY, simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import to_submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import keys
from actitud_api.platform.auth import service as access
from actitud_api.platform.jobs.service import enqueue_job
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.batches import queries as batch_queries
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import erasure
from actitud_api.resources.publications import service as publications
from actitud_api.resources.publications.service import PlannedCorrection, PublicationPlan
from actitud_api.resources.scores.service import REQUESTS
from tests.contract.examples import FOLDER as EXAMPLES
from tests.support import publishing, reviewed
from tests.support.applications import borrow_app
from tests.support.assessing import request_a
from tests.support.databases import unlimited
from tests.support.toy_jobs import Counting

NUMBERS: Final = range(1, 7)
"""The municipalities of the demonstration that are in its editions."""
CORRECTED: Final = 2
"""The one of them with whose answers nothing is wrong."""
SHORT: Final = "2026-short"
"""The edition under the short version."""
UNUSED: Final = frozenset({"request_count"})
"""Tables without rows: a count is not logged, and gone after a crash and in every copy."""
_PUBLISHED: Final = demo.CREATED + timedelta(days=1)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


class EmptyTables(Exception):
    """Raised by `fill_database` if a table has no rows, so that nobody would see that a later release loses them."""


def fill_database(database: Database, url: str, folder: Path) -> None:
    """Store and publish everything in a database whose tables are empty.

    `url`: URL of the database. `folder`: folder of the private keys, which are in no copy of a database.

    Raises:
        EmptyTables: A table has no rows.
    """
    with patch.object(sandbox, "DEMONSTRATED", NUMBERS), patch.object(sandbox, "build_key", _build_secret_key):
        sandbox.seed_sandbox(database, folder, EXAMPLES)
    _publish_correction(database, folder)
    reviewed.add_reviewed(database, folder)
    with database.write() as session:
        erasure.erase(
            session, publishing.EDITION, publishing.BIG, "D1.01", "A person asked for it.", now=reviewed.LATER
        )
    _publish_short(database, folder)
    _add_file_of_batch(database)
    _write_over_http(database, url)
    with database.write() as session:
        ledger.make_checkpoint(session, ledger.load_signer(session, folder), reviewed.LATER + timedelta(days=1))
    if empty := _list_empty_tables(database) - UNUSED:
        raise EmptyTables(", ".join(sorted(empty)))


def _build_secret_key(identifier: str) -> keys.Key:
    # The sandbox prints its keys; a key in this database must open nothing.
    return keys.Key(identifier, keys.generate_key().secret)


def _publish_correction(database: Database, folder: Path) -> None:
    corrected = next(simulate(load_methodology(METHODOLOGY), [CORRECTED])).municipality.id
    answers = {"methodology": METHODOLOGY, "answers": {"D1.06": {"level": 1}}}
    change = PlannedCorrection(corrected, msgspec.convert(answers, assessments.REQUEST_TYPES[METHODOLOGY].patch))
    supersedes = publications.get(database, demo.EDITION, "latest").digest
    plan = PublicationPlan(reason="A wrong answer.", supersedes=supersedes, corrections=(change,))
    publishing.publish(database, folder, plan, edition=demo.EDITION, now=_PUBLISHED)


def _publish_short(database: Database, folder: Path) -> None:
    """Publish an edition under the short version: of example A only what it asks for."""
    methodology = load_methodology("2027.1-short")
    body = request_a("2027.1")
    asked = {indicator.id for indicator in walk_indicators(methodology.document.root)}
    fields = {field.name for field in methodology.document.profile}
    request = msgspec.convert(
        {
            "methodology": methodology.version,
            "profile": {name: value for name, value in body["profile"].items() if name in fields},
            "answers": {name: facts for name, facts in body["answers"].items() if name in asked},
        },
        REQUESTS[methodology.version],
    )
    submission = to_submission(methodology, request)
    draft = editions.EditionDraft(
        id=SHORT,
        titles={"es": "Edición breve", "en": "Short edition"},
        methodology=methodology.version,
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
    )
    row = assessments.to_row(SHORT, publishing.BIG, submission, evaluate(methodology, submission), reviewed.SETTLED)
    with database.write() as session:
        editions.add(session, editions.build_record(draft, now=reviewed.SETTLED, state="in_review"))
        assessments.store_rows(session, [row])
    publishing.publish(database, folder, edition=SHORT, now=reviewed.LATER)


def _add_file_of_batch(database: Database) -> None:
    """Store a file for a job that nobody ever does, because a job that is done has none."""
    with database.write() as session:
        job = enqueue_job(
            session, kind="toys.count", parameters=Counting(1), principal=None, edition=sandbox.OPEN, run_after=_NEVER
        )
        batch_queries.store_file(session, job.id, b"organisation,indicator,verdict\r\n")


def _write_over_http(database: Database, url: str) -> None:
    """Add an organisation with a name for each attempt, and be refused with a key that may only read."""
    now = datetime.now(UTC)
    with database.write(hidden=True) as session:
        administrator = access.create_key(session, (), role="administrator", days=1, now=now)
        reader = access.create_key(
            session, (), role="organisation_reader", organisations=sandbox.ORGANISATIONS[:1], days=1, now=now
        )
    old = {
        "id": "XX-TEST-OLD",
        "name": "Villa Antigua",
        "kind": "MUN",
        "aliases": ["XX-TEST-ALIAS"],
        "succeeded_by": [sandbox.ORGANISATIONS[0]],
        "valid_to": "2020-12-31",
    }
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        for key, status in ((administrator, 201), (reader, 403)):
            headers = {"Authorization": f"Bearer {key.text}", "Idempotency-Key": "old"}
            response = client.post("/v1/organisations", json=old, headers=headers)
            assert response.status_code == status, response.text


def _list_empty_tables(database: Database) -> set[str]:
    with database.read() as session:
        connection = session.connection()
        tables = inspect(connection).get_table_names()
        return {one for one in tables if connection.execute(text(f'SELECT 1 FROM "{one}" LIMIT 1')).first() is None}
