"""The table of replies."""

from datetime import datetime

from sqlalchemy import Column, ForeignKeyConstraint
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class Reply(Base, table=True):
    """The reply of an organisation to the verdict on one indicator. Columns as in `queries.ReplyRecord`."""

    __tablename__ = "reply"
    __table_args__ = (
        ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_reply_edition_organisation_assessment",
            ondelete="CASCADE",
        ),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    indicator: str = Field(sa_type=IDENTIFIER, primary_key=True)
    text: str
    evidence: list[dict[str, object]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int
