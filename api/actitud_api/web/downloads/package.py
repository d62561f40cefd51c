"""The Data Package of an edition (datapackage.org), which describes its tables column by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET, UnsetType

from actitud_api.engine.i18n import Language, Texts
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads import columns, schemas
from actitud_api.web.downloads.formats.tables import TableColumn
from actitud_api.web.downloads.publisher import LICENSE, LICENSE_NAME, LICENSE_TITLE, Publisher
from actitud_api.web.downloads.service import EditionSource, select_title

PROFILE: Final = "https://datapackage.org/profiles/2.0/datapackage.json"

SCORES: Final = Texts("Puntuaciones de la edición", "Scores of the edition")
INDICATORS: Final = Texts("Indicadores de cada organización", "Indicators of each organisation")
ABOUT_SCORES: Final = Texts(
    "Una fila por organización: índice, nivel, puesto, cobertura y las diez dimensiones.",
    "A row for each organisation: index, level, rank, coverage and the ten dimensions.",
)
ABOUT_INDICATORS: Final = Texts(
    "Una fila por organización e indicador: valor, puntuación, motivo y puntos del índice.",
    "A row for each organisation and indicator: value, score, reason and points of the index.",
)
SIMULATED: Final = Texts(
    "Datos simulados: las organizaciones y sus respuestas son inventadas.",
    "Simulated data: the organisations and their answers are invented.",
)
_ABOUT: Final = Texts(
    "Hasta dónde ha llegado cada administración en los diez errores clásicos en redes sociales, según la metodología "
    "{version}.",
    "How far each administration has got from the ten classic errors on social networks, by the methodology {version}.",
)


def describe_edition(source: EditionSource, language: Language) -> str:
    """Return a description of an edition in one or two sentences.

    If the edition is simulated, the first sentence says so.
    """
    text = _ABOUT.into(language).format(version=source.methodology.version)
    return f"{SIMULATED.into(language)} {text}" if source.edition.simulated else text


def build_data_package(
    source: EditionSource, published: PublicationRecord, base: str, publisher: Publisher, language: Language
) -> schemas.DataPackage:
    """Build the Data Package descriptor of a published edition.

    `published` is the revision whose number and date the descriptor states. `base` is the scheme and authority of the
    service, such as `https://example.org`.
    """
    address = f"{base}/v1/editions/{source.edition.id}"
    tables = (
        ("scores", SCORES, ABOUT_SCORES, columns.list_score_columns(source.methodology, language)),
        ("indicators", INDICATORS, ABOUT_INDICATORS, columns.list_indicator_columns(source.methodology, language)),
    )
    return schemas.DataPackage(
        schema=PROFILE,
        name=source.name,
        id=f"{address}/datapackage.json",
        title=select_title(source.edition, language),
        description=describe_edition(source, language),
        version=str(published.revision),
        created=published.published,
        homepage=f"{base}/portal/{source.edition.id}",
        licenses=(schemas.License(name=LICENSE_NAME, path=LICENSE, title=LICENSE_TITLE),),
        contributors=(schemas.Contributor(title=publisher.name, path=base),),
        resources=tuple(
            schemas.Resource(
                name=name,
                path=f"{name}.csv",
                title=title.into(language),
                description=description.into(language),
                schema=_build_schema(table),
            )
            for name, title, description, table in tables
        ),
    )


def _build_schema(table: Sequence[TableColumn]) -> schemas.TableSchema:
    return schemas.TableSchema(
        fields=tuple(
            schemas.TableField(
                name=column.name,
                type=column.kind,
                title=column.title,
                description=column.description,
                constraints=_build_constraints(column),
            )
            for column in table
        ),
        primary_key=tuple(column.name for column in table if column.key),
    )


def _build_constraints(column: TableColumn) -> schemas.Constraints | UnsetType:
    if not column.key and not column.values:
        return UNSET
    return schemas.Constraints(required=True if column.key else UNSET, enum=column.values or UNSET)
