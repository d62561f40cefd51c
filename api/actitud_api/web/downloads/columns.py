"""The columns of every table that can be downloaded.

Programs rely on these columns: a new one is added at the end, and none changes its name or meaning.
"""

from __future__ import annotations

from typing import Final, NamedTuple, get_args, get_type_hints

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.indicator_result import Code, State
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.editions.service import State as EditionState
from actitud_api.resources.organisations import kinds
from actitud_api.resources.scores.service import DIMENSION_KEYS
from actitud_api.web.downloads.formats.tables import ColumnType, TableColumn


class _ColumnTexts(NamedTuple):
    """A column of a table, with its title and description in every language.

    Attributes:
        name: Name, which never changes.
        kind: Type of the values.
        title: Title of the column.
        description: Description of the column.
        values: Allowed values, empty if any value is allowed.
        key: True if the column is part of the primary key.
        decimals: Fixed number of decimals; if None, numbers are written in their shortest form.
    """

    name: str
    kind: ColumnType
    title: Texts
    description: Texts
    values: tuple[str, ...] = ()
    key: bool = False
    decimals: int | None = None

    def into(self, language: Language, decimals: int | None = None) -> TableColumn:
        return TableColumn(
            name=self.name,
            kind=self.kind,
            title=self.title.into(language),
            description=self.description.into(language),
            decimals=self.decimals if decimals is None else decimals,
            values=self.values,
            key=self.key,
        )


def _list_names(*columns: _ColumnTexts) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


_ORGANISATION: Final = _ColumnTexts(
    "organisation",
    "string",
    Texts("Organización", "Organisation"),
    Texts(
        "Identificador de la organización, con la forma de org-id.guide; nunca cambia.",
        "Id of the organisation in the form of org-id.guide; it never changes.",
    ),
    key=True,
)
_EDITION: Final = _ColumnTexts(
    "edition",
    "string",
    Texts("Edición", "Edition"),
    Texts("Identificador de la edición.", "Id of the edition."),
    key=True,
)
_NAME: Final = _ColumnTexts("name", "string", Texts("Nombre", "Name"), Texts("Nombre de la organización.", "Its name."))
_ORGANISATION_NAME: Final = _ColumnTexts(
    "organisation_name", "string", Texts("Nombre", "Name"), Texts("Nombre de la organización.", "Its name.")
)
_KIND: Final = _ColumnTexts(
    "kind",
    "string",
    Texts("Tipo", "Kind"),
    Texts(
        "Tipo de organización, por su código en la metodología.",
        "Kind of organisation, by its code in the methodology.",
    ),
    values=get_args(kinds.Kind),
)
_REGION: Final = _ColumnTexts(
    "region",
    "string",
    Texts("Comunidad autónoma", "Region"),
    Texts("Código INE de la comunidad autónoma, dos cifras.", "INE code of the region, two digits."),
)
_REGION_NAME: Final = _ColumnTexts(
    "region_name",
    "string",
    Texts("Nombre de la comunidad", "Name of the region"),
    Texts("Nombre oficial de la comunidad autónoma.", "Official name of the region."),
)
_PROVINCE: Final = _ColumnTexts(
    "province",
    "string",
    Texts("Provincia", "Province"),
    Texts("Código INE de la provincia, dos cifras.", "INE code of the province, two digits."),
)
_PROVINCE_NAME: Final = _ColumnTexts(
    "province_name",
    "string",
    Texts("Nombre de la provincia", "Name of the province"),
    Texts("Nombre oficial de la provincia.", "Official name of the province."),
)
_BAND: Final = _ColumnTexts(
    "band",
    "string",
    Texts("Tramo de tamaño", "Size band"),
    Texts("P1 a P5 por habitantes, E1 a E5 por plantilla.", "P1 to P5 by inhabitants, E1 to E5 by employees."),
    values=get_args(kinds.Band),
)
_POPULATION: Final = _ColumnTexts(
    "population", "integer", Texts("Población", "Population"), Texts("Habitantes.", "Inhabitants.")
)
_METHODOLOGY: Final = _ColumnTexts(
    "methodology",
    "string",
    Texts("Metodología", "Methodology"),
    Texts("Versión de la metodología que puntúa.", "Version of the methodology that scores it."),
)
_SIMULATED: Final = _ColumnTexts(
    "simulated",
    "boolean",
    Texts("Simulado", "Simulated"),
    Texts("Los datos son inventados, para demostración.", "The data are invented, for demonstration."),
)
_PERIOD_TO: Final = _ColumnTexts(
    "period_to",
    "date",
    Texts("Fecha de referencia", "Reference date"),
    Texts("Último día del año que mira la edición.", "Last day of the year that the edition looks at."),
)
_SCORES: Final = (
    _ColumnTexts(
        "rank",
        "integer",
        Texts("Puesto", "Rank"),
        Texts(
            "1 es el mejor, en toda la edición, por nivel y después por índice; los empates comparten el mejor puesto "
            "y el siguiente se salta; vacío si no entra en la clasificación.",
            "1 is best, over the whole edition, by level and then by index; ties share the best rank and the next is "
            "skipped; empty where it does not rank.",
        ),
    ),
    _ColumnTexts(
        "index",
        "number",
        Texts("Índice", "Index"),
        Texts("Índice de Madurez 2.0, de 0 a 100.", "The index (Índice de Madurez 2.0), 0 to 100."),
    ),
    _ColumnTexts(
        "index_max",
        "number",
        Texts("Índice máximo", "Greatest index"),
        Texts(
            "El índice si todo lo que no se sabe fuera lo mejor.", "The index, were all that is unknown at its best."
        ),
    ),
    _ColumnTexts(
        "coverage",
        "number",
        Texts("Cobertura", "Coverage"),
        Texts("Parte del peso que se conoce, de 0 a 1.", "Share of the weight that is known, 0 to 1."),
        decimals=COVERAGE_DECIMALS,
    ),
    _ColumnTexts(
        "status",
        "string",
        Texts("Estado", "Status"),
        Texts(
            "complete: se sabe todo; sufficient: bastante; insufficient_evidence: demasiado poco para clasificar; "
            "not_rateable: no hay índice.",
            "complete: all is known; sufficient: enough is; insufficient_evidence: too little to rank; not_rateable: "
            "there is no index.",
        ),
        values=get_args(Status),
    ),
    _ColumnTexts(
        "level",
        "integer",
        Texts("Nivel", "Level"),
        Texts("Nivel alcanzado, de 1 a 5; vacío si no hay.", "Level reached, 1 to 5; empty where there is none."),
    ),
)
_POINTS: Final = Texts("de 0 a 100; vacío si no se puntúa.", "0 to 100; empty where it is not rated.")


_REVIEW_COUNTS: Final = (
    _ColumnTexts(
        "verdicts",
        "integer",
        Texts("Dictámenes", "Verdicts"),
        Texts("Respuestas sobre las que la revisión dictaminó.", "Answers of which the review has found something."),
    ),
    _ColumnTexts(
        "replies",
        "integer",
        Texts("Alegaciones", "Replies"),
        Texts(
            "Indicadores sobre los que la organización alegó en la audiencia.",
            "Indicators about which the organisation replied in the hearing.",
        ),
    ),
)


_ABOUT_SCORES: Final = (
    _EDITION,
    _PERIOD_TO,
    _ORGANISATION,
    _ORGANISATION_NAME,
    _KIND,
    _REGION,
    _REGION_NAME,
    _PROVINCE,
    _PROVINCE_NAME,
    _BAND,
    _POPULATION,
)
_AFTER_SCORES: Final = (_METHODOLOGY, _SIMULATED, *_REVIEW_COUNTS)
SCORE_NAMES: Final = (
    *_list_names(*_ABOUT_SCORES, *_SCORES),
    *(key.lower() for key in DIMENSION_KEYS),
    *_list_names(*_AFTER_SCORES),
)
"""Names of the columns of an edition's scores table, in order."""


def list_score_columns(methodology: Methodology, language: Language) -> tuple[TableColumn, ...]:
    """Return the columns of an edition's scores table, with one column per dimension."""
    decimals = methodology.document.decimals
    texts = methodology.texts[language]
    return (
        *(column.into(language) for column in _ABOUT_SCORES),
        *(column.into(language, decimals if column.name in ("index", "index_max") else None) for column in _SCORES),
        *(
            TableColumn(
                name=child.id.lower(),
                kind="number",
                title=texts.groups[child.id].name,
                description=f"{texts.groups[child.id].name}: {_POINTS.into(language)}",
                decimals=decimals,
            )
            for child in methodology.document.root.children
        ),
        *(column.into(language) for column in _AFTER_SCORES),
    )


def list_measure_columns(methodology: Methodology, language: Language) -> tuple[TableColumn, ...]:
    """Return the numeric columns of the scores table, which are the measures of the JSON-stat cube."""
    dimensions = {child.id.lower() for child in methodology.document.root.children}
    named = {"rank", "index", "index_max", "coverage", "level"} | dimensions
    return tuple(column for column in list_score_columns(methodology, language) if column.name in named)


_DIMENSION: Final = _ColumnTexts(
    "dimension",
    "string",
    Texts("Dimensión", "Dimension"),
    Texts("Identificador de la dimensión; vacío si no es de ninguna.", "Id of the dimension; empty where of none."),
)
_INDICATOR: Final = _ColumnTexts(
    "indicator",
    "string",
    Texts("Indicador", "Indicator"),
    Texts("Identificador del indicador en la metodología.", "Id of the indicator in the methodology."),
    key=True,
)
_WEIGHT: Final = _ColumnTexts(
    "weight", "integer", Texts("Peso", "Weight"), Texts("Peso en su grupo.", "Weight in its group.")
)
_INDICATORS: Final = (
    _ColumnTexts(
        "state",
        "string",
        Texts("Situación", "State"),
        Texts(
            "observed: se sabe; not_applicable: no le toca; unknown: no se sabe.",
            "observed: it is known; not_applicable: it is not asked of it; unknown: it is not known.",
        ),
        values=get_args(State),
    ),
    _ColumnTexts(
        "reason",
        "string",
        Texts("Motivo", "Reason"),
        Texts("Código de por qué puntúa lo que puntúa.", "Code of why it scores what it does."),
        values=get_args(Code),
    ),
    _ColumnTexts(
        "value",
        "number",
        Texts("Valor", "Value"),
        Texts(
            "Valor bruto en la unidad del indicador; 1 es sí y 0 es no.",
            "Raw value in the unit of the indicator; 1 is yes and 0 is no.",
        ),
    ),
    _ColumnTexts("score", "number", Texts("Puntuación", "Score"), _POINTS),
    _WEIGHT,
    _ColumnTexts(
        "possible",
        "number",
        Texts("Puntos posibles", "Points possible"),
        Texts("Puntos del índice que decide.", "Points of the index that it decides."),
    ),
    _ColumnTexts(
        "won", "number", Texts("Puntos ganados", "Points won"), Texts("Los que ha ganado.", "Those that it has won.")
    ),
    _ColumnTexts(
        "lost",
        "number",
        Texts("Puntos perdidos", "Points lost"),
        Texts("Los que ha perdido.", "Those that it has lost."),
    ),
)


_REVIEW_TEXTS: Final = (
    _ColumnTexts(
        "verdict",
        "string",
        Texts("Dictamen", "Verdict"),
        Texts(
            "Lo que la revisión dictaminó sobre la respuesta; vacío si nadie la revisó.",
            "What the review found of the answer; empty where nobody has judged.",
        ),
        values=get_args(Verdict),
    ),
    _ColumnTexts(
        "verdict_reason",
        "string",
        Texts("Motivo del dictamen", "Reason of the verdict"),
        Texts("Por qué, en palabras de quien revisó.", "Why, in the words of who judged."),
    ),
    _ColumnTexts(
        "reply",
        "string",
        Texts("Alegación", "Reply"),
        Texts("Lo que la organización alegó en la audiencia.", "What the organisation replied in the hearing."),
    ),
)


_INDICATOR_COLUMNS: Final = (
    _EDITION,
    _ORGANISATION,
    _ORGANISATION_NAME,
    _DIMENSION,
    _INDICATOR,
    *_INDICATORS,
    _METHODOLOGY,
    _SIMULATED,
    *_REVIEW_TEXTS,
)
INDICATOR_NAMES: Final = _list_names(*_INDICATOR_COLUMNS)
"""Names of the columns of an edition's indicators table, in order."""


def list_indicator_columns(methodology: Methodology, language: Language) -> tuple[TableColumn, ...]:
    """Return the columns of an edition's indicators table, which has one row per organisation and indicator."""
    decimals = methodology.document.decimals
    points = {"score", "possible", "won", "lost"}
    return tuple(column.into(language, decimals if column.name in points else None) for column in _INDICATOR_COLUMNS)


_SPACE_SEPARATED: Final = Texts("separados por espacios", "separated by spaces")


def _describe_year(of: Texts) -> Texts:
    return Texts("Año de {of}.", "The year of {of}.", of=of)


_ORGANISATIONS: Final = (
    _ORGANISATION,
    _NAME,
    _KIND,
    _ColumnTexts(
        "parent",
        "string",
        Texts("Depende de", "Depends on"),
        Texts("Organización de la que depende.", "The organisation that it depends on."),
    ),
    _REGION,
    _REGION_NAME,
    _PROVINCE,
    _PROVINCE_NAME,
    _BAND,
    _POPULATION,
    _ColumnTexts(
        "population_year",
        "integer",
        Texts("Año de la población", "Year of the population"),
        _describe_year(Texts("esa población", "that population")),
    ),
    _ColumnTexts(
        "employees",
        "integer",
        Texts("Plantilla", "Employees"),
        Texts("Personas que trabajan en ella.", "Who work there."),
    ),
    _ColumnTexts(
        "employees_year",
        "integer",
        Texts("Año de la plantilla", "Year of the employees"),
        _describe_year(Texts("esa plantilla", "those employees")),
    ),
    _ColumnTexts(
        "aliases",
        "string",
        Texts("Otros identificadores", "Other identifiers"),
        Texts(
            "Otros identificadores suyos, {separated}.",
            "Other identifiers of it, {separated}.",
            separated=_SPACE_SEPARATED,
        ),
    ),
    _ColumnTexts(
        "domains",
        "string",
        Texts("Dominios", "Domains"),
        Texts("Dominios suyos, {separated}.", "Hosts of it, {separated}.", separated=_SPACE_SEPARATED),
    ),
    _ColumnTexts(
        "valid_from",
        "date",
        Texts("Desde", "From"),
        Texts("Primer día, si se sabe.", "Its first day, where it is known."),
    ),
    _ColumnTexts(
        "valid_to",
        "date",
        Texts("Hasta", "To"),
        Texts("Último día, si se cierra.", "Its last day, where it closes."),
    ),
    _ColumnTexts(
        "succeeded_by",
        "string",
        Texts("La suceden", "Succeeded by"),
        Texts(
            "Organizaciones que ocupan su lugar, {separated}.",
            "The organisations that took its place, {separated}.",
            separated=_SPACE_SEPARATED,
        ),
    ),
    _SIMULATED,
)
_EDITIONS: Final = (
    _EDITION,
    _ColumnTexts(
        "title",
        "string",
        Texts("Título", "Title"),
        Texts("Nombre de la edición en el idioma pedido.", "Its name in the language asked for."),
    ),
    _METHODOLOGY,
    _ColumnTexts(
        "state",
        "string",
        Texts("Estado", "State"),
        Texts(
            "open: recoge respuestas; in_review: en revisión; published: publicada.",
            "open: it takes answers; in_review: in review; published.",
        ),
        values=get_args(EditionState),
    ),
    _ColumnTexts(
        "period_from",
        "date",
        Texts("Desde", "From"),
        Texts("Primer día del año que mira.", "First day of the year that it looks at."),
    ),
    _PERIOD_TO,
    _ColumnTexts(
        "organisations",
        "integer",
        Texts("Organizaciones", "Organisations"),
        Texts("Cuántas puntúa.", "How many it scores."),
    ),
    _SIMULATED,
)
_CATALOGUE: Final = (
    _ColumnTexts(
        "methodology",
        "string",
        Texts("Metodología", "Methodology"),
        Texts("Versión de la metodología.", "Version of the methodology."),
        key=True,
    ),
    _DIMENSION,
    _ColumnTexts(
        "dimension_name",
        "string",
        Texts("Nombre de la dimensión", "Name of the dimension"),
        Texts("En el idioma pedido.", "In the language asked for."),
    ),
    _ColumnTexts(
        "group",
        "string",
        Texts("Grupo", "Group"),
        Texts("Identificador del grupo en el que pesa.", "Id of the group in which it weighs."),
    ),
    _INDICATOR,
    _ColumnTexts(
        "name",
        "string",
        Texts("Nombre", "Name"),
        Texts("Nombre del indicador en el idioma pedido.", "Its name in the language asked for."),
    ),
    _ColumnTexts(
        "question",
        "string",
        Texts("Pregunta", "Question"),
        Texts("Lo que se pregunta.", "What is asked."),
    ),
    _ColumnTexts("unit", "string", Texts("Unidad", "Unit"), Texts("Unidad del valor.", "Unit of the value.")),
    _ColumnTexts(
        "type",
        "string",
        Texts("Clase", "Type"),
        Texts("Clase de indicador.", "Type of indicator."),
        values=get_args(get_type_hints(Indicator)["type"]),
    ),
    _ColumnTexts(
        "direction",
        "string",
        Texts("Sentido", "Direction"),
        Texts("Si más es mejor o menos es mejor.", "Whether higher or lower is better."),
        values=("higher_is_better", "lower_is_better"),
    ),
    _WEIGHT,
    _ColumnTexts(
        "curve",
        "string",
        Texts("Curva", "Curve"),
        Texts("Cómo puntúa el valor.", "How the value scores."),
    ),
    _ColumnTexts(
        "goalposts",
        "string",
        Texts("Valores de referencia", "Goalposts"),
        Texts(
            "Valor y puntos que da, como x:puntos, {separated}.",
            "Values and the points that they give, as x:points, {separated}.",
            separated=_SPACE_SEPARATED,
        ),
    ),
    _ColumnTexts(
        "evidence",
        "string",
        Texts("Evidencia", "Evidence"),
        Texts("Lo que vale como evidencia.", "What counts as evidence."),
    ),
    _ColumnTexts(
        "bullets",
        "string",
        Texts("Puntos del artículo", "Bullets of the article"),
        Texts(
            "Puntos del artículo a los que responde, {separated}.",
            "Bullets of the article that it answers, {separated}.",
            separated=_SPACE_SEPARATED,
        ),
    ),
)


ORGANISATION_NAMES: Final = _list_names(*_ORGANISATIONS)
"""Names of the columns of the organisations table, in order."""
EDITION_NAMES: Final = _list_names(*_EDITIONS)
"""Names of the columns of the editions table, in order."""
CATALOGUE_NAMES: Final = _list_names(*_CATALOGUE)
"""Names of the columns of a methodology's indicators table, in order."""


def list_organisation_columns(language: Language) -> tuple[TableColumn, ...]:
    """Return the columns of the organisations table, with titles and descriptions in `language`."""
    return tuple(column.into(language) for column in _ORGANISATIONS)


def list_edition_columns(language: Language) -> tuple[TableColumn, ...]:
    """Return the columns of the editions table, with titles and descriptions in `language`."""
    return tuple(column.into(language) for column in _EDITIONS)


def list_catalogue_columns(language: Language) -> tuple[TableColumn, ...]:
    """Return the columns of a methodology's indicators table, which has one row per indicator.

    Titles and descriptions of the columns are in `language`; the names are the same in all languages.
    """
    return tuple(column.into(language) for column in _CATALOGUE)
