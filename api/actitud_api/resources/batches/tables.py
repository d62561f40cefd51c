"""The table of the files of batches."""

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import Base


class BatchFile(Base, table=True):
    """The file that a job reads. It is deleted in the transaction that ends the job.

    It is stored in the transaction that asks for the job, and every process that may take the job finds it.
    """

    __tablename__ = "batch_file"

    job: int = Field(primary_key=True, foreign_key="job.id", ondelete="CASCADE")
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
