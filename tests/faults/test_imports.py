"""Imports whose worker is killed: nothing is lost, and nothing stored twice; both databases."""

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec
import pytest
from sqlalchemy import text

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.service import get_status
from actitud_api.platform.jobs.workers import map_serially, run_here
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports.import_run import ImportResult, ImportWorkers
from actitud_api.resources.imports.service import Importer, ImportRequest
from tests.faults.integrity import find_damage
from tests.faults.killed_workers import kill_workers
from tests.support.databases import Kind
from tests.support.importing import CSV, NEW, encode, list_rows, register
from tests.support.scale import WORKER_KILLS

ORGANISATIONS: Final = 21


@pytest.mark.night
@pytest.mark.both_databases
def test_an_import_whose_worker_is_killed_is_done_once(
    database: Database, url: str, kind: Kind, tmp_path: Path
) -> None:
    ids = register(database, ORGANISATIONS)
    rows = [row for one in ids for row in list_rows(one)]
    # One of them has a fault, so that there is a copy to be made.
    rows[3][3] = "many"
    content = encode(rows)
    made: list[str] = []

    def enqueue(number: int) -> int:
        made.append(f"2027-k{number}")
        draft = msgspec.convert({**NEW, "id": made[-1]}, editions.EditionDraft)
        with database.write() as session:
            editions.create(session, draft, now=datetime.now(UTC))
        importer = Importer(database, ImportWorkers(lambda: nullcontext(map_serially), run_here))
        received = importer.receive_file(made[-1], BytesIO(content), len(content), CSV, "nobody")
        request = ImportRequest(dry_run=False, all_or_nothing=False, language="en", request=None)
        with database.write(hidden=True) as session:
            return importer.enqueue_import(session, received, None, request).id

    deaths = kill_workers(database, url, kind, enqueue, kills=WORKER_KILLS[kind], folder=tmp_path)
    assert deaths.in_the_middle == WORKER_KILLS[kind]
    for edition, job in zip(made, deaths.jobs, strict=True):
        status = get_status(database, str(job), None)
        result = msgspec.convert(status.record.result, ImportResult)
        assert (result.created, result.refused, result.faults) == (ORGANISATIONS - 1, 1, 1)
        assert status.outcomes == {"created": ORGANISATIONS - 1, "refused": 1}
        with database.read() as session:
            found = assessments.find_assessments(session, edition, ids)
        assert {name: record.version for name, record in found.items()} == dict.fromkeys(ids[1:], 1)
    with database.read() as session:
        owners = [entry.opening for entry in ledger.iterate_entries(session)]
        counted = Counter(opening.subject for opening in owners if opening is not None and opening.owner is not None)
        left = session.execute(text("SELECT count(*) FROM import_file WHERE job IS NULL")).scalar_one()
    assert counted == {f"/v1/editions/{edition}/assessments/{one}": 1 for edition in made for one in ids[1:]}
    assert left == 0
    assert find_damage(database) == []
