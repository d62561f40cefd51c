"""A small edition of three organisations, written by hand, in review and ready to be published."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import structs
from sqlalchemy import text

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import Submission, to_submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.ranking import compute_rank_points
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import queries as assessment_queries
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import TransitionRecord
from actitud_api.resources.assessments.records import AssessmentSupport, SubmissionRecord
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import queries
from actitud_api.resources.publications.service import (
    EditionPublisher,
    PlannedCorrection,
    PreparedScores,
    PublicationPlan,
    PublicationRecord,
)
from actitud_api.resources.scores.service import REQUESTS
from tests.support.copying import fill_once
from tests.support.databases import make_key
from tests.support.editions import draft_edition

EDITION: Final = "2026"
NOW: Final = datetime(2027, 6, 1, 9, 30, 0, 5, tzinfo=UTC)
"""When it is published."""
BEFORE: Final = datetime(2027, 1, 10, tzinfo=UTC)
"""When all else is made."""
BIG, SMALL, BARE, LATE = "XX-T-1", "XX-T-2", "XX-T-3", "XX-T-4"
"""Example A of the catalogue, example B, one that answers nothing; and one with a draft that is never submitted."""
METHODOLOGY: Final = load_methodology("2026.1")
_CASES: Final = Path(__file__).parents[1] / "cases"
_EVENT: Final = ledger.Event(action="cli.publish", actor=None, subject=f"/v1/editions/{EDITION}", public=True)
DESCRIBED: Final[Mapping[str, Mapping[str, Any]]] = {
    BIG: {"name": "Ávila", "kind": "MUN", "population": 57_000, "province": "05", "region": "07"},
    SMALL: {"name": "Ministerio de 𝔐uestras", "kind": "MIN", "employees": 6_000},
    BARE: {"name": 'La "Nada"', "kind": "UNI", "employees": 900},
    LATE: {"name": "Tarde", "kind": "MUN", "population": 900, "province": "25", "region": "09"},
}
"""A character beyond the basic plane and a quotation mark, which the encoder does not write as RFC 8785 does."""


def submissions() -> dict[str, Submission]:
    """What the organisations submit; the last one has it as a draft."""
    big, small = (_example(name) for name in ("example_a", "example_b"))
    bare = structs.replace(big, answers={}, self_declared=frozenset(), profile_self_declared=frozenset())
    return {BIG: big, SMALL: small, BARE: bare, LATE: big}


def _example(name: str) -> Submission:
    request = json.loads((_CASES / f"{name}.json").read_bytes())["request"]
    return to_submission(METHODOLOGY, msgspec.convert(request, REQUESTS["2026.1"]))


def fill(
    database: Database,
    edition: str = EDITION,
    rows: Mapping[str, Mapping[str, object]] | None = None,
    *,
    year: int = 2026,
) -> None:
    """The organisations, and an edition in review; `rows`: other figures than those of the scalar evaluator."""
    others = rows or {}
    made = {
        name: {**assessments.to_row(edition, name, sent, evaluate(METHODOLOGY, sent), BEFORE), **others.get(name, {})}
        for name, sent in submissions().items()
    }
    made[LATE] |= {"state": "draft", "submitted": None}
    with database.write() as session:
        organisations.add(
            session,
            [
                msgspec.convert({"id": name, **told}, organisations.OrganisationEntry)
                for name, told in DESCRIBED.items()
                if not organisations.exists(session, name)
            ],
            BEFORE,
        )
        editions.add(session, _build_record(edition, year))
        assessments.store_rows(session, made.values())


def prepare(database: Database, folder: Path) -> None:
    """The same in a database that nobody has used, and a key that signs in a folder."""
    fill_once(database, folder, _fill_with_key)


def publish_filled(database: Database, folder: Path) -> PublicationRecord:
    """The same, published, with a key that signs in a folder."""
    _fill_with_key(database, folder)
    return publish(database, folder)


def _fill_with_key(database: Database, folder: Path) -> None:
    fill(database)
    make_key(database, folder)


def return_submitted(session: Session, organisation: str) -> None:
    """As if the organisation had submitted its assessment and been given it back."""
    changed = "UPDATE assessment SET state = 'returned' WHERE organisation = :one"
    session.connection().execute(text(changed), {"one": organisation})
    submitted = SubmissionRecord(
        edition=EDITION,
        organisation=organisation,
        number=1,
        submitted=BEFORE,
        methodology="2026.1",
        explanations={},
        submission=submissions()[organisation],
        evidence=AssessmentSupport(),
    )
    assessment_queries.insert_submission(session, submitted)
    step = TransitionRecord(
        edition=EDITION,
        organisation=organisation,
        number=1,
        at=BEFORE,
        role="assessor",
        before="submitted",
        after="returned",
        reason="Look again.",
        until=date(2027, 3, 10),
    )
    assessment_queries.insert_transition(session, step)


def fill_many(database: Database, edition: str, number: int) -> None:
    """An edition in review with so many organisations, which are made where they are missing."""
    sent = submissions()
    scored = [(one, evaluate(METHODOLOGY, one)) for one in (sent[BIG], sent[SMALL])]
    names = [f"XX-M-{place:04}" for place in range(number)]
    with database.write() as session:
        missing = [name for name in names if not organisations.exists(session, name)]
        entries = [{"id": name, "name": f"Villa {name}", "kind": "MUN", "population": 900} for name in missing]
        organisations.add(session, msgspec.convert(entries, list[organisations.OrganisationEntry]), BEFORE)
        editions.add(session, _build_record(edition))
        rows = [assessments.to_row(edition, name, *scored[place % 2], BEFORE) for place, name in enumerate(names)]
        assessments.store_rows(session, rows)


def _build_record(edition: str, year: int = 2026) -> editions.EditionRecord:
    draft = draft_edition(edition, year=year, titles={"es": f"Edición {edition}", "en": f"Edition {edition}"})
    return editions.build_record(draft, now=BEFORE, state="in_review")


def publish(
    database: Database,
    folder: Path,
    asked: PublicationPlan | None = None,
    *,
    edition: str = EDITION,
    now: datetime = NOW,
) -> PublicationRecord:
    """Publishes, as the command line does."""
    publishing = EditionPublisher(database, folder)
    wanted = PublicationPlan(reason="The calendar says so.") if asked is None else asked

    def write(prepared: PreparedScores | None) -> PublicationRecord:
        with database.write() as session:
            return publishing.publish(session, edition, wanted, prepared, _EVENT, now=now)

    return publishing.write_prepared(edition, wanted, write, now=now)


def compute_points(row: Mapping[str, Any]) -> int:
    """The rank points of an assessment with these figures."""
    return compute_rank_points(row["status"], row["level"], row["index_value"], "full")


def publish_stored(database: Database, edition: str = EDITION) -> None:
    """Publishes an edition in review with the figures that its assessments have, whatever was submitted."""
    wanted = PublicationPlan(reason="The calendar says so.")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_key(database, folder)
        publishing = EditionPublisher(database, folder)

        def write(prepared: PreparedScores | None) -> PublicationRecord:
            assert prepared is not None
            with database.write() as session:
                names = [scored.line.organisation for scored in prepared.scores]
                stored = {
                    sent.organisation.id: sent.figures for sent in queries.list_submissions(session, edition, names)
                }
                kept = [
                    structs.replace(
                        scored,
                        row=structs.replace(scored.row, figures=stored[scored.line.organisation]),
                        changed=False,
                    )
                    for scored in prepared.scores
                ]
                whole = structs.replace(prepared, scores=kept)
                return publishing.publish(session, edition, wanted, whole, _EVENT, now=NOW)

        publishing.write_prepared(edition, wanted, write, now=NOW)


def publish_year(database: Database, year: int, edition: str | None = None) -> None:
    """Makes an edition of a year and publishes it; its id is the year unless it is given."""
    fill(database, edition or str(year), year=year)
    publish_stored(database, edition or str(year))


def correction(before: PublicationRecord, organisation: str = BIG, /, **answers: object) -> PublicationPlan:
    """A correction of some answers of an organisation, by their ids with `_` for the dot."""
    named = {name.replace("_", "."): facts for name, facts in answers.items()}
    patch = msgspec.convert({"methodology": "2026.1", "answers": named}, assessments.REQUEST_TYPES["2026.1"].patch)
    return PublicationPlan(
        reason="A wrong answer.", supersedes=before.digest, corrections=(PlannedCorrection(organisation, patch),)
    )
