"""The query parameters of downloads, and the JSON structures of Data Packages and Gobierto's tree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.scores import schemas as scores
from actitud_api.web.downloads import columns
from actitud_api.web.downloads.formats.delimited import Dialect

ROWS_MAX: Final = 10_000_000

Rows = Annotated[int, Meta(ge=1, le=ROWS_MAX, description="Largest number of rows; all rows by default.")]


def _allow(names: Sequence[str]) -> Meta:
    return Meta(extra_json_schema={"enum": list(names)})


_FIELDS: Final = Meta(min_length=1, description="Only these columns, with commas between, in the order of the table.")

OrganisationFields = Annotated[tuple[Annotated[str, _allow(columns.ORGANISATION_NAMES)], ...], _FIELDS]
EditionFields = Annotated[tuple[Annotated[str, _allow(columns.EDITION_NAMES)], ...], _FIELDS]
ScoreFields = Annotated[tuple[Annotated[str, _allow(columns.SCORE_NAMES)], ...], _FIELDS]
IndicatorFields = Annotated[tuple[Annotated[str, _allow(columns.INDICATOR_NAMES)], ...], _FIELDS]
CatalogueFields = Annotated[tuple[Annotated[str, _allow(columns.CATALOGUE_NAMES)], ...], _FIELDS]


class FileQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of all tables; each table has its own subclass.

    `fields` are the names of the columns to return, in a subclass only those of its table; None returns all columns.
    """

    fields: tuple[str, ...] | None = None

    dialect: Annotated[
        Dialect,
        Meta(
            description="Form of a CSV file. `rfc4180`: as that RFC says. `excel-es`: as Excel in Spain opens it, "
            "with semicolons, decimal commas and a byte order mark. Both have an apostrophe before "
            "texts that could be formulas."
        ),
    ] = "rfc4180"


class PagedQuery(FileQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of a table that can be downloaded in part. Without `limit`, all rows are returned."""

    limit: Rows | None = None
    offset: Annotated[int, Meta(ge=0, le=1_000_000, description="Number of rows to skip.")] = 0


class CatalogueQuery(FileQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of a methodology's indicators table; without `fields`, all columns are returned."""

    fields: CatalogueFields | None = None


class EditionsQuery(PagedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the editions table; without `fields`, all columns are returned."""

    fields: EditionFields | None = None


class OrganisationsQuery(PagedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the organisations table, with the filters of the list of organisations.

    A filter that is None excludes no organisation. Without `fields`, all columns are returned.
    """

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None
    q: organisations.OfWords | None = None
    on: organisations.OfDay | None = None
    fields: OrganisationFields | None = None


class EditionQuery(PagedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an edition's tables, with the filters and the order of the edition's ranking.

    A filter that is None excludes no organisation. `limit` and `offset` count organisations, not rows.
    """

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None
    q: organisations.OfWords | None = None
    level: scores.OfLevel | None = None
    status: scores.OfStatus | None = None
    organisation: scores.OfOrganisations | None = None
    sort: scores.SortedBy = "rank"


class ScoresQuery(EditionQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an edition's scores table; without `fields`, all columns are returned."""

    fields: ScoreFields | None = None


class IndicatorsQuery(EditionQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an edition's indicators table; without `fields`, all columns are returned."""

    fields: IndicatorFields | None = None


# --- Data Package (datapackage.org, version 2) ----------------------------------------------------------------


class License(Struct, frozen=True, kw_only=True):
    """A licence in a Data Package: its short name, its URL (`path`) and its title."""

    name: str
    path: str
    title: str


class Contributor(Struct, frozen=True, kw_only=True):
    """The publisher in a Data Package: its name (`title`) and the URL of the service (`path`)."""

    title: str
    path: str
    role: Literal["publisher"] = "publisher"


class Constraints(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The constraints of a column: `required` if each row needs a value, and `enum` with the allowed values.

    Without `enum` any value is allowed.
    """

    required: bool | UnsetType = UNSET
    enum: tuple[str, ...] | UnsetType = UNSET


class TableField(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column in a Table Schema. `constraints` are left out if any value is allowed."""

    name: str
    type: str
    title: str
    description: str
    constraints: Constraints | UnsetType = UNSET


class TableSchema(Struct, frozen=True, kw_only=True):
    """The columns of a table, its primary key, and the texts that stand for a missing value."""

    fields: tuple[TableField, ...]
    primary_key: tuple[str, ...] = field(name="primaryKey")
    missing_values: tuple[str, ...] = field(name="missingValues", default=("",))


class Resource(Struct, frozen=True, kw_only=True):
    """A table as a file of a Data Package. `path` is relative to the descriptor."""

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
    """The Data Package descriptor of a published edition."""

    schema: str = field(name="$schema")
    name: str
    id: str
    title: str
    description: str
    version: Annotated[str, Meta(description="Number of the newest revision of the edition.")]
    created: datetime
    homepage: str
    licenses: tuple[License, ...]
    contributors: tuple[Contributor, ...]
    resources: tuple[Resource, ...]


# --- the tree of indicators of Gobierto -----------------------------------------------------------------------


class TreeAttributes(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The attributes of a node in Gobierto's tree. A leaf has all of them, any other node only the title.

    `values` maps a year to a figure as text.
    """

    title: str
    source: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    methodology: str | UnsetType = UNSET
    calculation: str | UnsetType = UNSET
    values: tuple[dict[str, str], ...] | UnsetType = UNSET


class TreeNode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node in Gobierto's tree: an area (level 0), a group (level 1), or a figure (level 2) without `children`."""

    id: int
    level: Annotated[int, Meta(ge=0, le=2)]
    attributes: TreeAttributes
    children: tuple[TreeNode, ...] | UnsetType = UNSET
