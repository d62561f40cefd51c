"""Table of simulations."""

from sqlalchemy import Column
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base


class Simulation(Base, table=True):
    """Table of simulated editions: the fingerprint of methodology and code that made each, and its report as JSON."""

    __tablename__ = "simulation"

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="edition.id")
    fingerprint: str
    report: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
