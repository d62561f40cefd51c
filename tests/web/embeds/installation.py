"""Three editions of some organisations whose figures are written down here, one of them still open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import update

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.triggers import suspend_triggers
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.queries import ORGANISATIONS
from actitud_api.resources.publications.queries import SCORES
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.editions import draft_edition
from tests.support.publishing import compute_points, publish_stored

Client = TestClient[Litestar]

NOW: Final = datetime(2027, 3, 1, tzinfo=UTC)
BASE: Final = "https://madurez.example"
"""Under which people reach the service."""

ZAMORA: Final = "ES-DIR3-L01492756"
"""In all three editions."""
ALIAS: Final = "ES-INE-49275"
"""Another identifier of the same."""
AVILA: Final = "ES-DIR3-L01050193"
"""Only in 2026."""
SORIA: Final = "ES-DIR3-L01421735"
"""Only in 2025."""
POOR: Final = "XX-T-POOR"
"""Without enough evidence in 2026."""
VOID: Final = "XX-T-VOID"
"""Not rateable in 2026."""
DRAFTING: Final = "XX-T-DRAFT"
"""Only in 2027, which is not published."""

NAMES: Final = {
    ZAMORA: "Ayuntamiento de Zamora",
    AVILA: "Ayuntamiento de Ávila",
    SORIA: "Ayuntamiento de Soria",
    POOR: "Ayuntamiento de Poca Prueba",
    VOID: "Ayuntamiento de Nada",
    DRAFTING: "Ayuntamiento en Borrador",
}


class Figures(NamedTuple):
    """Hundredths of a point; coverage in ten-thousandths. `dimensions`: D1, D2 and so on, as many as are said."""

    status: str
    level: int | None
    points: int | None
    coverage: int | None
    dimensions: tuple[int | None, ...] = ()


EDITIONS: Final[Mapping[str, Mapping[str, Figures]]] = {
    "2025": {
        ZAMORA: Figures("complete", 2, 3_050, 10_000),
        SORIA: Figures("complete", 3, 5_000, 9_000),
    },
    "2026": {
        ZAMORA: Figures("complete", 3, 4_403, 9_550, (3_875, None, 10_000, 0)),
        AVILA: Figures("sufficient", 4, 7_000, 8_000),
        POOR: Figures("insufficient_evidence", None, 9_000, 2_500),
        VOID: Figures("not_rateable", None, None, None),
    },
    "2027": {
        ZAMORA: Figures("complete", 5, 9_900, 10_000),
        DRAFTING: Figures("complete", 4, 7_777, 10_000),
    },
}


@contextmanager
def installed(url: str, public_url: str | None = BASE) -> Iterator[Client]:
    """A client of the service on a database with the tables."""
    with borrow_app(structs.replace(unlimited(url), public_url=public_url)) as app:
        database: Database = app.state["database"]
        with database.write() as session:
            organisations.add(session, [_entry(identifier, name) for identifier, name in NAMES.items()], NOW)
            for year, scored in EDITIONS.items():
                add_edition(session, year, scored, "open" if year == "2027" else "in_review")
        for year in ("2025", "2026"):
            publish_stored(database, year)
        with TestClient(app) as client:
            yield client


def add_edition(session: Session, year: str, scored: Mapping[str, Figures], state: editions.State) -> None:
    """An edition of a year with its scores."""
    draft = draft_edition(
        year, methodology="2027.1", year=int(year[:4]), titles={"es": f"Edición {year}", "en": f"Edition {year}"}
    )
    editions.add(session, editions.build_record(draft, now=NOW, state=state))
    assessments.store_rows(session, [_row(year, organisation, figures) for organisation, figures in scored.items()])


def add_organisation(session: Session, identifier: str, name: str) -> None:
    """One organisation more."""
    organisations.add(session, [_entry(identifier, name)], NOW)


def rename(client: Client, organisation: str, name: str) -> None:
    """Give an organisation a name, in what is published too, whose rows the database keeps."""
    with (
        client.app.state["database"].write() as session,
        suspend_triggers(session, {"published_score_refuses_update": "published_score"}),
    ):
        session.execute(update(ORGANISATIONS).where(ORGANISATIONS.c.id == organisation).values(name=name))
        session.execute(update(SCORES).where(SCORES.c.organisation == organisation).values(name=name))


def _entry(identifier: str, name: str) -> organisations.OrganisationEntry:
    return organisations.OrganisationEntry(
        id=identifier, name=name, kind="MUN", aliases=(ALIAS,) if identifier == ZAMORA else ()
    )


def _row(edition: str, organisation: str, figures: Figures) -> dict[str, Any]:
    simulated = next(simulate(load_methodology("2027.1")))
    made = assessments.to_row(edition, organisation, simulated.submission, simulated.evaluation, NOW)
    made |= {
        "status": figures.status,
        "level": figures.level,
        "index_value": figures.points,
        "coverage": figures.coverage,
    }
    made["rank_points"] = compute_points(made)
    return made | {f"d{number}": points for number, points in enumerate(figures.dimensions, start=1)}
