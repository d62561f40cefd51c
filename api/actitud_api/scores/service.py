"""Use cases over scores."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.editions import service as editions
from actitud_api.methodology.answers import ScoreRequest, Submission, request_type, submission
from actitud_api.methodology.loader import Methodology, load, versions
from actitud_api.organisations import service as organisations
from actitud_api.scores import queries
from actitud_api.scores.queries import Filters, Place, Row
from actitud_api.scoring.explain import explain
from actitud_api.scoring.result import Score as CanonicalScore
from actitud_api.storage.database import Database

__all__ = [
    "REQUESTS",
    "Filters",
    "Place",
    "Row",
    "Sent",
    "UnknownScore",
    "ranking",
    "scored",
    "sent",
    "sheet",
]

REQUESTS: Final = {version: request_type(load(version)) for version in versions()}
"""The closed type of what may be sent to be scored, by methodology version."""


def scored(request: ScoreRequest) -> tuple[Methodology, CanonicalScore]:
    """The explained score of facts that somebody sends; nothing is stored."""
    methodology = load(str(request.__struct_config__.tag))
    return methodology, explain(methodology, submission(methodology, request))


def sheet(found: Sent) -> tuple[Methodology, CanonicalScore]:
    """The explained score of what an organisation sent for an edition."""
    methodology = load(found.methodology)
    return methodology, explain(methodology, found.submission)


class UnknownScore(LookupError):
    """That organisation has no score in that edition."""

    def __init__(self, edition: str, organisation: str) -> None:
        super().__init__(f"{edition}/{organisation}")
        self.edition = edition
        self.organisation = organisation


class Sent(Struct, frozen=True, kw_only=True):
    """What an organisation sent for an edition, and its rank there (None: it does not rank)."""

    edition: str
    rank: int | None
    organisation: str
    name: str
    simulated: bool
    methodology: str
    submission: Submission


def ranking(
    database: Database, edition: str, filters: Filters, *, after: Place | None, offset: int, limit: int
) -> list[Row]:
    """Organisations of an edition in rank order, unranked ones last, from the one that follows `after`.

    Ranks are those over the whole edition: ties share the best, the next is skipped. Raises `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        return queries.page(session, found.id, filters, after, offset, limit)


def sent(database: Database, edition: str, organisation: str) -> Sent:
    """What an organisation sent for an edition; raises `UnknownEdition`, `AliasOf` and `UnknownScore`."""
    with database.read() as session:
        found = editions.find(session, edition)
        stored = queries.one(session, found.id, organisation)
        if stored is None:
            organisations.refuse_alias(session, organisation)
            raise UnknownScore(edition, organisation)
    return Sent(
        edition=found.id,
        rank=stored.rank,
        organisation=stored.organisation,
        name=stored.name,
        simulated=stored.simulated,
        methodology=stored.methodology,
        submission=msgspec.convert(stored.submission, Submission),
    )
