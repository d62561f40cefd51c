"""The tables of organisations, their aliases, their successors and the words by which they are found."""

from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class OrganisationTable(Base, table=True):
    """An organisation of the register.

    Columns as in `queries.OrganisationRecord`, but for aliases and successors, which have tables of their own, and
    `name_order`: the name in lower case and without accents (`storage.folding.fold`), for sorting. `parent` is not
    declared as a foreign key, because SQLite cannot drop such a constraint later: writes check it instead, and only
    invented organisations are ever deleted.
    """

    __tablename__ = "organisation"
    # With the id: a list by one of them is in the order of ids already, and its page is read from the index alone.
    # So is that of a day, which may have to walk past all that did not exist yet.
    __table_args__ = (
        *(Index(None, column, "id") for column in ("kind", "parent", "band", "province", "region")),
        Index(None, "id", "valid_from", "valid_to"),
    )

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    name: str
    kind: str
    parent: str | None = Field(sa_type=IDENTIFIER)
    population: int | None = Field(sa_column=Column(BigInteger))
    population_year: int | None
    employees: int | None = Field(sa_column=Column(BigInteger))
    employees_year: int | None
    band: str | None
    province: str | None
    region: str | None
    former_names: list[dict[str, str]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    valid_from: date | None
    valid_to: date | None
    contact: dict[str, str | None] | None = Field(sa_column=Column(JSON_DOCUMENT))
    domains: list[str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    simulated: bool
    name_order: str = Field(sa_type=IDENTIFIER)
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int


class OrganisationAlias(Base, table=True):
    """Another identifier of an organisation. Writes check that it is not the id of any organisation."""

    __tablename__ = "organisation_alias"

    alias: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, foreign_key="organisation.id", index=True)


class OrganisationSuccessor(Base, table=True):
    """A pair of organisations: `successor` replaced `organisation`, or a part of it."""

    __tablename__ = "organisation_successor"

    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id")
    successor: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id", index=True)


class OrganisationWord(Base, table=True):
    """A word of the names, the id or the aliases of an organisation, in lower case and without accents.

    `distance` is 0 for a word that is the whole name, and grows with further words in the name
    (`search_terms.index_words`). There are two indexes: from a word to its organisations, closest first, and from an
    organisation to its words.
    """

    __tablename__ = "organisation_word"
    __table_args__ = (Index(None, "organisation", "word", "distance"), {"sqlite_with_rowid": False})

    word: str = Field(sa_type=IDENTIFIER, primary_key=True)
    distance: int = Field(primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id")


class WordTrigram(Base, table=True):
    """Three neighbouring characters of a word of a name; a search finds mistyped words by them.

    Spaces around the word count as characters.
    """

    __tablename__ = "word_trigram"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    trigram: str = Field(sa_type=IDENTIFIER, primary_key=True)
    word: str = Field(sa_type=IDENTIFIER, primary_key=True)


class RegisterState(Base, table=True):
    """A table with one row: the number of writes of the register of organisations, and the time of the last write.

    Pages that show names of organisations read this row to notice changes; otherwise each would count all
    organisations.
    """

    __tablename__ = "register_state"

    id: int = Field(primary_key=True)
    writes: int = Field(sa_column=Column(BigInteger, nullable=False))
    written: datetime = Field(sa_column=Column(UtcTime, nullable=False))
