"""The table of editions."""

from datetime import date

from sqlalchemy import Column
from sqlmodel import Field

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT, Base


class Edition(Base, table=True):
    """An edition. `titles` by language; `organisations` counts the scores that it has."""

    __tablename__ = "edition"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    titles: dict[str, str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    methodology: str
    state: str
    period_from: date
    period_to: date
    simulated: bool
    organisations: int
