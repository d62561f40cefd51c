"""Query parameters of downloads, and their descriptions as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.scores import schemas as scores
from actitud_api.web.downloads.formats.delimited import Dialect

ROWS_MAX: Final = 10_000_000

Rows = Annotated[int, Meta(ge=1, le=ROWS_MAX, description="How many rows at most; without it, all.")]


class FileQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of every table."""

    dialect: Annotated[
        Dialect,
        Meta(
            description="How CSV is written: by RFC 4180, or as Excel opens it by double click in Spain (`;`, decimal "
            "comma, byte order mark, texts that could be formulas made harmless). It counts for no other format."
        ),
    ] = "rfc4180"


class PagedQuery(FileQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of a table of which a part can be asked for."""

    limit: Rows | None = None
    offset: Annotated[int, Meta(ge=0, le=1_000_000, description="How many rows to leave out first.")] = 0


class OrganisationsQuery(PagedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the table of organisations, with those of their list."""

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None
    q: organisations.OfWords | None = None
    on: organisations.OfDay | None = None


class EditionQuery(PagedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the tables of an edition, with those of its ranking; `limit` and `offset` are organisations."""

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None
    level: scores.OfLevel | None = None
    status: scores.OfStatus | None = None
    organisation: scores.OfOrganisations | None = None
    sort: scores.SortedBy = "rank"


# --- Data Package (datapackage.org, version 2) ----------------------------------------------------------------


class License(Struct, frozen=True, kw_only=True):
    """A licence."""

    name: str
    path: str
    title: str


class Contributor(Struct, frozen=True, kw_only=True):
    """Who published it."""

    title: str
    path: str
    role: Literal["publisher"] = "publisher"


class Constraints(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the values of a field are held to."""

    required: bool | UnsetType = UNSET
    enum: tuple[str, ...] | UnsetType = UNSET


class Field(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column (Table Schema)."""

    name: str
    type: str
    title: str
    description: str
    constraints: Constraints | UnsetType = UNSET


class TableSchema(Struct, frozen=True, kw_only=True):
    """The columns of a table, and which of them tell a row from all others."""

    fields: tuple[Field, ...]
    primary_key: tuple[str, ...] = field(name="primaryKey")
    missing_values: tuple[str, ...] = field(name="missingValues", default=("",))


class Resource(Struct, frozen=True, kw_only=True):
    """A table as a file; `path` is relative to the descriptor."""

    name: str
    path: str
    title: str
    description: str
    schema: TableSchema
    type: Literal["table"] = "table"
    format: Literal["csv"] = "csv"
    mediatype: Literal["text/csv"] = "text/csv"
    encoding: Literal["utf-8"] = "utf-8"


class DataPackage(Struct, frozen=True, kw_only=True):
    """The descriptor of a published edition."""

    schema: str = field(name="$schema")
    name: str
    id: str
    title: str
    description: str
    version: Annotated[str, Meta(description="The number of the newest revision.")]
    created: datetime
    homepage: str
    licenses: tuple[License, ...]
    contributors: tuple[Contributor, ...]
    resources: tuple[Resource, ...]


# --- the tree of indicators of Gobierto -----------------------------------------------------------------------


class TreeAttributes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What Gobierto shows of a node; all but the title only of a leaf. `values`: figures as texts, by year."""

    title: str
    source: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    methodology: str | UnsetType = UNSET
    calculation: str | UnsetType = UNSET
    values: tuple[dict[str, str], ...] | UnsetType = UNSET


class TreeNode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node: of level 0 an area, of level 1 a group, of level 2 a figure."""

    id: int
    level: Annotated[int, Meta(ge=0, le=2)]
    attributes: TreeAttributes
    children: tuple[TreeNode, ...] | UnsetType = UNSET
