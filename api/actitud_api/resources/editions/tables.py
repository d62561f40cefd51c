"""The table of editions."""

from datetime import date, datetime

from sqlalchemy import Column
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class EditionTable(Base, table=True):
    """A stored edition.

    `titles` holds the title by language; `windows` and `calendar` are the JSON of `dates.Windows` and
    `dates.Calendar`. `version` is the number of times that the row was written. `period_from` and `period_to` are
    the first and last day that the answers describe. `simulated` is true if the data are invented.
    """

    __tablename__ = "edition"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    titles: dict[str, str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    methodology: str
    state: str
    period_from: date
    period_to: date
    windows: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    calendar: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    simulated: bool
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int
