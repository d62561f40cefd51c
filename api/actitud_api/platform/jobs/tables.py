"""The tables of jobs and of their results, subject by subject."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Boolean, Column, Index, Integer, false
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class JobTable(Base, table=True):
    """Table of jobs. A job is kept for a time after its end, so that its holder can read its result.

    Columns as in `JobRecord`, and two more.

    Attributes:
        edition: Id of the edition of the job; no foreign key, because editions can be deleted.
        holder: As in `JobRecord`; it stays the same after a rotation of the key.
        touched: Time of the last change of the row, by which a clock that was set back is noticed.
        lease_expires: Time until which no other run than `lease` can claim the job.
    """

    __tablename__ = "job"
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_autoincrement": True}

    id: int = Field(sa_column=Column(Integer, primary_key=True))
    kind: str
    state: str
    edition: str | None = Field(sa_type=IDENTIFIER)
    holder: str | None = Field(sa_type=IDENTIFIER)
    principal: dict[str, object] | None = Field(sa_column=Column(JSON_DOCUMENT))
    parameters: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    cursor: object = Field(sa_column=Column(JSON_DOCUMENT))
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    run_after: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    started: datetime | None = Field(sa_column=Column(UtcTime))
    resumed: datetime | None = Field(sa_column=Column(UtcTime))
    finished: datetime | None = Field(sa_column=Column(UtcTime))
    touched: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    lease: str | None
    lease_expires: datetime | None = Field(sa_column=Column(UtcTime))
    attempts: int
    done: int
    resumed_done: int
    total: int | None
    result: dict[str, object] | None = Field(sa_column=Column(JSON_DOCUMENT))
    problem: dict[str, object] | None = Field(sa_column=Column(JSON_DOCUMENT))
    cancel_requested: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=false()))


class JobItemTable(Base, table=True):
    """Table of the results of jobs, one for each subject. Columns as in `JobItem`."""

    __tablename__ = "job_item"

    job: int = Field(primary_key=True, foreign_key="job.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    subject: str
    outcome: str
    detail: dict[str, object] | None = Field(sa_column=Column(JSON_DOCUMENT))


_JOBS = Base.metadata.tables[JobTable.__tablename__].c
Index("ix_job_state_id", _JOBS.state, _JOBS.id)
Index("ix_job_holder_id", _JOBS.holder, _JOBS.id)
_ITEMS = Base.metadata.tables[JobItemTable.__tablename__].c
Index("ix_job_item_job_outcome_position", _ITEMS.job, _ITEMS.outcome, _ITEMS.position)
