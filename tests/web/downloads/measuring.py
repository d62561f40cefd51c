"""Measure the memory that files take: `make` an installation, then `python -m tests.web.downloads.measuring FOLDER …`.

In a process of its own, so that what makes the data does not count.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.types import Message
from msgspec import structs

from actitud_api.app import create_app
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain_evaluation
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.documents import PublishedOrganisation, build_score_document, pack_document
from actitud_api.resources.publications.queries import SignedDocument
from actitud_api.resources.reviews.replies import service as replies
from tests.contract.asgi import Sent, build_scope
from tests.support.databases import make_key, sqlite_url, unlimited
from tests.support.publishing import BEFORE, BIG, METHODOLOGY, NOW, submissions

EDITION = "2026"
FILES = (
    f"/v1/editions/{EDITION}/scores.csv",
    f"/v1/editions/{EDITION}/scores.jsonl",
    f"/v1/editions/{EDITION}/scores.jsonstat",
    f"/v1/editions/{EDITION}/scores.xlsx?limit=60000",
    f"/v1/editions/{EDITION}/indicators.csv",
    f"/v1/editions/{EDITION}/indicators.jsonl",
    "/v1/organisations.csv",
)
_PART = 1_000


def make(folder: Path, size: int) -> None:
    """An installation with a published edition of so many organisations, which all have the same document."""
    url = sqlite_url(folder)
    database = Database(url)
    database.migrate()
    make_key(database, folder)
    with database.write() as session:
        draft = editions.EditionDraft(
            id=EDITION,
            titles={"es": "Edición", "en": "Edition"},
            methodology="2026.1",
            period_from=BEFORE.date().replace(year=2026, month=1, day=1),
            period_to=BEFORE.date().replace(year=2026, month=12, day=31),
        )
        editions.add(session, editions.build_record(draft, now=BEFORE, state="in_review"))
    sent = submissions()[BIG]
    evaluation = evaluate(METHODOLOGY, sent)
    row = assessments.to_row(EDITION, BIG, sent, evaluation, BEFORE)
    names = [f"XX-M-{number:06}" for number in range(size)]
    for start in range(0, size, _PART):
        part = names[start : start + _PART]
        with database.write() as session:
            entries = [{"id": name, "name": f"Ayuntamiento {name}", "kind": "MUN", "population": 9} for name in part]
            organisations.add(
                session, [msgspec.convert(entry, organisations.OrganisationEntry) for entry in entries], BEFORE
            )
            assessments.store_rows(session, [{**row, "organisation": name} for name in part])
    _publish(database, folder, names)
    database.close()


def _publish(database: Database, folder: Path, names: list[str]) -> None:
    """Publishes the edition with one document for all: what is measured reads them, and does not compare them."""
    sent = submissions()[BIG]
    described = PublishedOrganisation(
        id=BIG, name="Ávila", kind="MUN", population=9, band="P1", province=None, region=None, simulated=True
    )
    score = explain_evaluation(evaluate(METHODOLOGY, sent), sent)
    document = build_score_document(EDITION, described, sent, score, replies.build_empty_outcome("final"))
    form = pack_document(document)
    with database.write() as session:
        place = editions.find(session, EDITION)
        editions.lock(session, place)
        signer = ledger.load_signer(session, folder)
        jws = signer.sign(form.text)
        queries.insert_documents(session, "score", [SignedDocument(form, jws)])
        editions.publish(session, place, now=NOW)
        event = ledger.Event(action="cli.publish", actor=None, subject=f"/v1/editions/{EDITION}", public=True)
        entry = ledger.append_entry(session, event, now=NOW)
        signed = ledger.make_checkpoint(session, signer, NOW)
        queries.insert_publication(
            session,
            queries.NewPublication(
                edition=EDITION,
                revision=1,
                digest=form.digest,
                published=NOW,
                reason="To be measured.",
                supersedes=None,
                actor=None,
                organisations=len(names),
                corrections=(),
                entry=entry.seq,
                checkpoint=signed.size,
                header=b"",
                bundle_digest="",
                bundle_size=0,
            ),
        )
        row = queries.NewScore(
            digest=form.digest,
            organisation=described,
            name_order="avila",
            figures=assessments.figure_columns(evaluate(METHODOLOGY, sent)),
            submission=msgspec.json.encode(sent),
        )
        rows = [structs.replace(row, organisation=structs.replace(described, id=name)) for name in names]
        queries.insert_scores(session, EDITION, 1, rows)


def read(folder: Path, paths: Sequence[str]) -> None:
    """Reads files from the application, one after another, and throws them away.

    Prints their bytes, their lines, and the greatest resident set of the process so far, in bytes.
    """
    app = create_app(structs.replace(unlimited(sqlite_url(folder)), signing_folder=folder))
    for path in paths:
        size, lines = asyncio.run(_read(app, path))
        print(path, size, lines, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, flush=True)
    app.state["database"].close()


async def _read(app: Litestar, path: str) -> tuple[int, int]:
    found = [0, 0, 0]

    done = asyncio.Event()

    async def receive() -> Any:
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            found[2] = message["status"]
        elif message["type"] == "http.response.body":
            found[0] += len(message["body"])
            found[1] += message["body"].count(b"\n")
            if not message["more_body"]:
                done.set()

    await app(build_scope(Sent("GET", path.encode())), receive, send)
    assert found[2] == 200, found
    return found[0], found[1]


if __name__ == "__main__":
    read(Path(sys.argv[1]), sys.argv[2:])
