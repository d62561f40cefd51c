"""The files of whole tables of a published edition: descriptions without the rows, and names in a store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any, Final, Literal

import msgspec
from msgspec import Struct

from actitud_api import __version__
from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.platform.http.representations import FORM
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads import columns, package, service
from actitud_api.web.downloads.formats import delimited, json_lines, json_stat, workbook
from actitud_api.web.downloads.formats.delimited import Dialect
from actitud_api.web.downloads.formats.json_stat import Cube
from actitud_api.web.downloads.formats.tables import TableColumn
from actitud_api.web.downloads.publisher import LICENSE, LICENSE_TITLE, Publisher
from actitud_api.web.downloads.service import EditionSource

TableName = Literal["scores", "indicators"]

SUFFIXES: Final[Mapping[TableName, tuple[str, ...]]] = {
    "scores": ("csv", "jsonl", "xlsx", "jsonstat"),
    "indicators": ("csv", "jsonl", "xlsx"),
}

_CHUNK: Final = 64 * 1024
_NOTES: Final = Texts("metadatos", "metadata")
_ORGANISATION: Final = Texts("Organización", "Organisation")
_EDITION: Final = Texts("Edición", "Edition")
_MEASURE: Final = Texts("Medida", "Measure")


class TableFile(Struct, frozen=True, kw_only=True):
    """The description of a file with a table, without the rows; it can be passed to another process.

    Attributes:
        suffix: Suffix of the file name, which names the format, such as `csv`.
        sheet: Name of the sheet with the rows, in a workbook.
        columns: Columns of the table.
        dialect: Form of a CSV file.
        about: Texts of the second sheet of a workbook, by label; empty for other formats.
        notes: Name of the second sheet of a workbook; empty for other formats.
        cube: Description of a JSON-stat file, None for other formats.
    """

    suffix: str
    sheet: str
    columns: Sequence[TableColumn]
    dialect: Dialect = "rfc4180"
    about: Mapping[str, str] = {}
    notes: str = ""
    cube: Cube | None = None

    def encode(self, batches: Iterable[Any]) -> tuple[Iterator[bytes], int | None]:
        """Encode the file; return its content in pieces, and its length in bytes, None if the length is unknown.

        `batches` contains the rows in batches; for JSON-stat, a `CubeUnit` takes the place of each row.

        Raises:
            ValueError: The suffix names no format of tables.
        """
        cube = self.cube
        if cube is not None:
            return _write_temporary_file(lambda file: json_stat.write_cube(file, cube, batches))
        match self.suffix:
            case "csv":
                return delimited.encode_csv(self.columns, batches, self.dialect), None
            case "jsonl":
                return json_lines.encode_json_lines(self.columns, batches), None
            case "xlsx":
                return _write_temporary_file(
                    lambda file: workbook.write_workbook(
                        file, self.sheet, self.columns, batches, self.about, self.notes
                    )
                )
            case _:
                raise ValueError(f"a table is not written as {self.suffix}")


class TableFactory(Struct, frozen=True, kw_only=True):
    """Builder of descriptions of table files, in one language, for one publisher and one address of the service.

    `base` is the scheme and authority of links.
    """

    language: Language
    publisher: Publisher
    base: str

    def build_file(
        self,
        suffix: str,
        sheet: str,
        table: Sequence[TableColumn],
        *,
        dialect: Dialect = "rfc4180",
        about: Mapping[str, str] | None = None,
    ) -> TableFile:
        """Build the description of a file with any table, in a format other than JSON-stat.

        Args:
            suffix: Suffix of the file name, which names the format.
            sheet: Name of the sheet with the rows, in a workbook.
            table: Columns of the table.
            dialect: Form of a CSV file.
            about: Further texts about the table for the second sheet of a workbook, by label; None for none.
        """
        if suffix != "xlsx":
            return TableFile(suffix=suffix, sheet=sheet, columns=table, dialect=dialect)
        lines = {"license": f"{LICENSE_TITLE}, {LICENSE}", "service": self.base, **(about or {})}
        return TableFile(suffix=suffix, sheet=sheet, columns=table, about=lines, notes=_NOTES.into(self.language))

    def build_cube(self, source: EditionSource, path: str) -> TableFile:
        """Build the description of the JSON-stat file with the scores of an edition; `path` is its URL path."""
        edition, language = source.edition, self.language
        extension = {"methodology": source.methodology.version, "digest": source.methodology.digest, "license": LICENSE}
        more: dict[str, object] = {
            "label": f"{package.SCORES.into(language)}: {service.select_title(edition, language)}",
            "source": self.publisher.name,
            "updated": _format_time(edition.updated),
            "href": f"{self.base}{path}",
            "note": [package.describe_edition(source, language)],
            "extension": extension | ({} if source.published is None else {"revision": source.published.revision}),
        }
        measures = columns.list_measure_columns(source.methodology, language)
        cube = Cube(
            unit=("organisation", _ORGANISATION.into(language)),
            period=("edition", _EDITION.into(language)),
            measure=("measure", _MEASURE.into(language)),
            period_value=(edition.id, service.select_title(edition, language)),
            measures=measures,
            more=more,
        )
        return TableFile(suffix="jsonstat", sheet="scores", columns=measures, cube=cube)

    def build_whole(self, source: EditionSource, table: TableName, suffix: str) -> TableFile:
        """Build the description of the file with a whole table of an edition, without filters."""
        if suffix == "jsonstat":
            return self.build_cube(source, f"/v1/editions/{source.edition.id}/scores.jsonstat")
        listed = list_columns(source, table, self.language)
        return self.build_file(suffix, table, listed, about=self.describe_edition(source, table))

    def describe_edition(self, source: EditionSource, table: TableName) -> dict[str, str]:
        """Return the texts about a table of an edition, by label such as `publisher`, for a sheet of a workbook."""
        language, edition, published = self.language, source.edition, source.published
        description = {"scores": package.ABOUT_SCORES, "indicators": package.ABOUT_INDICATORS}[table]
        lines = {
            "title": service.select_title(edition, language),
            "description": f"{package.describe_edition(source, language)} {description.into(language)}",
            "edition": edition.id,
            "period": f"{edition.period_from}/{edition.period_to}",
            "methodology": f"{source.methodology.version}, {source.methodology.digest}",
            "publisher": self.publisher.name,
        }
        if published is None:
            return lines
        return lines | {
            "revision": str(published.revision),
            "digest": published.digest,
            "published": _format_time(published.published),
        }


def list_columns(source: EditionSource, table: TableName, language: Language) -> Sequence[TableColumn]:
    """List the columns of a table of an edition."""
    if table == "scores":
        return columns.list_score_columns(source.methodology, language)
    return columns.list_indicator_columns(source.methodology, language)


def list_whole_files(
    source: EditionSource, published: PublicationRecord, table: TableName, publisher: Publisher, base: str, rows: int
) -> dict[str, TableFile]:
    """Build the descriptions of the files with a whole table of a published edition, by their names in a store.

    There is a file for each format and language. `base` is the scheme and authority of links. `rows` is the number of
    rows of the table; workbooks are left out if they cannot contain all rows.
    """
    files: dict[str, TableFile] = {}
    for language in LANGUAGES:
        factory = TableFactory(language=language, publisher=publisher, base=base)
        for suffix in SUFFIXES[table]:
            file = factory.build_whole(source, table, suffix)
            if suffix == "xlsx" and not service.fits(rows, len(file.columns)):
                continue
            # CSV and JSON Lines are the same in every language, and so are their names.
            files[name_file(source, published, table, file)] = file
    return files


def name_state(source: EditionSource, published: PublicationRecord) -> str:
    """Return the part of file names that identifies the state of the stored data of an edition."""
    return _digest((published.digest, source.row_state))[:16]


def name_file(source: EditionSource, published: PublicationRecord, table: TableName, file: TableFile) -> str:
    """Return the name, in a store, of the file with a whole table; files with different content have different names.

    The name begins with the edition and the state of its stored data. It also depends on the version of the service,
    because another release may write the same rows differently.
    """
    has_texts = file.about or file.cube is not None
    described = file.columns if has_texts else [column.name for column in file.columns]
    facts = (__version__, FORM, table, file.suffix, described, file.about, file.notes, file.cube)
    return f"{source.edition.id}.{name_state(source, published)}.{_digest(facts)[:48]}"


def _digest(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


def _format_time(at: datetime) -> str:
    """Format a UTC time as in JSON (RFC 3339)."""
    return at.isoformat().replace("+00:00", "Z")


def _write_temporary_file(write: Callable[[IO[bytes]], None]) -> tuple[Iterator[bytes], int]:
    """Create a temporary file, let `write` fill it, and return its content in chunks and its size in bytes.

    The file is deleted after the last chunk.
    """
    file = TemporaryFile()  # noqa: SIM115  # it is read after this returns
    try:
        write(file)
        size = file.tell()
    except BaseException:
        file.close()
        raise
    return _read_chunks(file), size


def _read_chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece
