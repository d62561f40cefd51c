"""The table of organisations."""

from sqlalchemy import BigInteger, Column
from sqlmodel import Field

from actitud_api.storage.base import IDENTIFIER, Base


class Organisation(Base, table=True):
    """An organisation. `search` is its id and name in the form of `storage.folding.fold`."""

    __tablename__ = "organisation"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    name: str
    kind: str = Field(index=True)
    population: int | None = Field(sa_column=Column(BigInteger))
    band: str | None = Field(index=True)
    province: str | None = Field(index=True)
    region: str | None = Field(index=True)
    simulated: bool
    search: str
