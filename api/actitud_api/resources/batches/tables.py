"""The table of the files of batches."""

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import Base


class BatchFile(Base, table=True):
    """The file that the job of a batch reads, such as a workbook of verdicts.

    It is stored in the transaction that enqueues the job, so that every process that may run the job finds it, and
    deleted in the transaction that ends the job.
    """

    __tablename__ = "batch_file"

    job: int = Field(primary_key=True, foreign_key="job.id", ondelete="CASCADE")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
