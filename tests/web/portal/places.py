"""An edition in three provinces, with figures that are easy to reckon by hand.

Madrid is a region of one province; Ávila and Zamora are provinces of one region. One organisation is of no place.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.demo.simulator import SimulatedOrganisation, simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.editions import draft_edition
from tests.support.publishing import compute_points, publish_stored

Client = TestClient[Litestar]

NOW: Final = datetime(2027, 7, 1, tzinfo=UTC)
EDITION: Final = "2026"
OPEN: Final = "2027"
"""An edition that is not published."""


class Place(NamedTuple):
    """An organisation: where it is, and its figures; scores in hundredths, None of who does not rank."""

    id: str
    name: str
    province: str | None
    population: int | None
    level: int | None
    points: int | None
    d1: int | None


PLACES: Final = (
    Place("XX-T-1", "Villa Uno", "28", 1_000, 3, 4_000, 1_000),
    Place("XX-T-2", "Villa Dos", "28", 3_000, 4, 6_000, 2_000),
    Place("XX-T-3", "Villa Tres", "28", None, 5, 8_000, None),
    Place("XX-T-4", "Villa Sin Prueba", "28", 500, None, None, 9_999),
    Place("XX-T-5", "Puerto de Ávila", "05", 100, 2, 2_000, 3_000),
    Place("XX-T-6", "Puerto de Zamora", "49", 200, 3, 5_000, 4_050),
    Place("XX-T-7", "De ninguna parte", None, 10, 1, 1_000, 500),
)
ALIAS: Final = "XI-WIKIDATA-Q28070001"
"""Another identifier of `XX-T-1`."""
UNPUBLISHED: Final = "XX-T-8"
"""Only in the edition that is not published."""


@functools.cache
def simulate_bodies() -> Sequence[SimulatedOrganisation]:
    """Return the first seven municipalities of the simulation.

    Not on import, which each process that collects tests would pay for.
    """
    return tuple(islice(simulate(load_methodology("2027.1")), 7))


@contextmanager
def placed(url: str) -> Iterator[Client]:
    """A client of the service on a database with the tables."""
    with borrow_app(structs.replace(unlimited(url), public_url="https://madurez.example")) as app:
        database: Database = app.state["database"]
        with database.write() as session:
            organisations.add(session, [_entry(place) for place in PLACES], NOW)
            new = organisations.OrganisationEntry(id=UNPUBLISHED, name="Todavía No", kind="MUN")
            organisations.add(session, [new], NOW)
            states: dict[str, editions.State] = {EDITION: "in_review", OPEN: "open"}
            for year, state in states.items():
                draft = draft_edition(
                    year,
                    methodology="2027.1",
                    year=int(year),
                    titles={"es": f"Edición {year}", "en": f"Edition {year}"},
                )
                editions.add(session, editions.build_record(draft, now=NOW, state=state))
            simulated = simulate_bodies()
            rows = [_row(EDITION, place, one) for place, one in zip(PLACES, simulated, strict=True)]
            unpublished = PLACES[0]._replace(id=UNPUBLISHED, points=7_700)
            assessments.store_rows(session, [*rows, _row(OPEN, unpublished, simulated[0])])
        publish_stored(database, EDITION)
        with TestClient(app) as client:
            yield client


def _entry(place: Place) -> organisations.OrganisationEntry:
    return organisations.OrganisationEntry(
        id=place.id,
        name=place.name,
        kind="MUN",
        province=place.province,
        population=place.population,
        aliases=(ALIAS,) if place.id == "XX-T-1" else (),
    )


def _row(edition: str, place: Place, simulated: SimulatedOrganisation) -> dict[str, Any]:
    made = assessments.to_row(edition, place.id, simulated.submission, simulated.evaluation, NOW)
    ranks = place.points is not None
    made |= {
        "status": "complete" if ranks else "insufficient_evidence",
        "level": place.level,
        "index_value": place.points if ranks else 9_000,
        "coverage": 10_000 if ranks else 2_500,
        "d1": place.d1,
    }
    return made | {"rank_points": compute_points(made)}
