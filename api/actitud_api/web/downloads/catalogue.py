"""The catalogue of published editions: DCAT-AP 3.0.1, and DCAT-AP-ES 1.0.0 for a Spanish public body.

A Spanish public body is a publisher with a code in DIR3, the directory of these bodies. DCAT-AP-ES
(https://datosgobes.github.io/DCAT-AP-ES/) numbers its conventions; docstrings and comments here cite these
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

from actitud_api.engine.i18n import WRITTEN, Language, Texts
from actitud_api.platform.http.representations import CSV, XLSX
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.web.downloads import package
from actitud_api.web.downloads.formats.rdf import Iri, Literal, Node
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.downloads.service import EditionSource, select_title

Properties = list[tuple[str, Iri | Literal | Node]]

_EU: Final = "http://publications.europa.eu/resource/authority"
_ES: Final = "http://datos.gob.es"
LICENSE: Final = Iri(f"{_EU}/licence/CC_BY_4_0")
_LANGUAGES: Final = (Iri(f"{_EU}/language/SPA"), Iri(f"{_EU}/language/ENG"))
_TAXONOMIES: Final = (Iri(f"{_ES}/kos/sector-publico/sector"), Iri(f"{_EU}/data-theme"))
"""The two lists that the catalogue takes themes from: public sectors of Spain, and data themes of the EU.

Convention 10 of DCAT-AP-ES requires the list of public sectors.
"""
_THEMES: Final = (Iri(f"{_ES}/kos/sector-publico/sector/sector-publico"), Iri(f"{_EU}/data-theme/GOVE"))
_SPAIN: Final = Iri(f"{_ES}/recurso/sector-publico/territorio/Pais/España")
_STABLE: Final = Iri(f"{_EU}/planned-availability/STABLE")
_PUBLIC: Final = Iri(f"{_EU}/access-right/PUBLIC")
_ANNUAL: Final = Iri(f"{_EU}/frequency/ANNUAL")
_REUSE: Final = Iri("https://www.boe.es/eli/es/l/2007/11/16/37")
"""The official identifier (ELI) of Law 37/2007 on the reuse of public sector information.

Convention 07 of DCAT-AP-ES requires it.
"""
_JSON_STAT: Final = Iri("https://json-stat.org/full/")
_DATA_PACKAGE: Final = Iri("https://specs.frictionlessdata.io/table-schema/")

_CATALOGUE: Final = Texts(
    "Madurez de las administraciones públicas en redes sociales",
    "Maturity of public administrations on social networks",
)
_ABOUT_CATALOGUE: Final = Texts(
    "Ediciones publicadas del Índice de Madurez 2.0: hasta dónde ha llegado cada administración, punto por punto.",
    "Published editions of the Índice de Madurez 2.0: how far each administration has got, point by point.",
)
_SERVICE: Final = Texts("API del Índice de Madurez 2.0", "API of the Índice de Madurez 2.0")
_ABOUT_SERVICE: Final = Texts(
    "Lista, filtra y explica las puntuaciones publicadas; sin clave para leer.",
    "Lists, filters and explains the published scores; no key is needed to read.",
)
_KEYWORDS: Final = (
    Texts("redes sociales", "social networks"),
    Texts("administración pública", "public administration"),
    Texts("índice de madurez", "maturity index"),
)
_CONTACT: Final = Texts("Contacto", "Contact")


class _DistributionFile(NamedTuple):
    """A file of an edition that the catalogue lists; DCAT calls it a distribution.

    `path` is the URL of the file relative to that of the edition, such as `scores.csv`. `format` is the code of the
    file type in the list of the EU Publications Office, such as `CSV`. `conforms` is the standard that the file
    follows, None if there is none to name.
    """

    path: str
    title: Texts
    description: Texts
    format: str
    media_type: str
    conforms: Iri | None = None


_FILES: Final = (
    _DistributionFile("scores.csv", package.SCORES, package.ABOUT_SCORES, "CSV", CSV, _DATA_PACKAGE),
    _DistributionFile("scores.xlsx", package.SCORES, package.ABOUT_SCORES, "XLSX", XLSX),
    _DistributionFile("scores.jsonstat", package.SCORES, package.ABOUT_SCORES, "JSON", "application/json", _JSON_STAT),
    _DistributionFile("indicators.csv", package.INDICATORS, package.ABOUT_INDICATORS, "CSV", CSV, _DATA_PACKAGE),
)


def build_catalogue(
    editions: Sequence[tuple[EditionSource, PublicationRecord]], base: str, publisher: Publisher
) -> list[Node]:
    """Build the catalogue of the published editions as RDF nodes.

    `editions` are the published editions, each with its newest publication. `base` is the scheme and authority of the
    service, such as `https://example.org`.
    """
    # The profiles ask for dates as soon as there is a data set; an empty catalogue has none.
    dates = sorted(published.published for _, published in editions)
    service = Iri(f"{base}/v1")
    datasets = [_build_dataset(source, published, base, publisher) for source, published in editions]
    head: Properties = [
        *_translate("dct:title", _CATALOGUE.into),
        *_translate("dct:description", _ABOUT_CATALOGUE.into),
        ("dct:publisher", _identify_publisher(base, publisher)),
        ("foaf:homepage", Iri(f"{base}/")),
        *(("dcat:themeTaxonomy", taxonomy) for taxonomy in _TAXONOMIES),
        *([("dct:issued", _format_time(dates[0])), ("dct:modified", _format_time(dates[-1]))] if dates else []),
        *(("dct:language", language) for language in _LANGUAGES),
        ("dct:license", LICENSE),
        ("dct:spatial", _SPAIN),
        *(("dcat:dataset", Iri(dataset.iri or "")) for dataset in datasets),
        ("dcat:service", service),
    ]
    agents = [] if publisher.dir3 else [_build_agent(base, publisher)]
    files = [_build_distribution(source, file, base, publisher) for source, _ in editions for file in _FILES]
    return [
        Node("dcat:Catalog", head, f"{base}/catalog"),
        *agents,
        _build_service(service, datasets, base, publisher),
        *datasets,
        *files,
        *_build_classes(editions, base),
    ]


def _build_classes(editions: Sequence[tuple[EditionSource, PublicationRecord]], base: str) -> list[Node]:
    """Build one node for each page and standard that the catalogue links to, which states its class.

    Pages get the class `foaf:Document`; methodologies and file formats get `dct:Standard`. The SHACL shapes of
    DCAT-AP, by which validators check a catalogue, require these classes.
    """
    sources = [source for source, _ in editions]
    documents = [f"{base}/", *(f"{base}/portal/{source.edition.id}" for source in sources)]
    methodologies = {f"{base}/v1/methodologies/{source.methodology.version}" for source in sources}
    standards = sorted({*methodologies, *(file.conforms.iri for file in _FILES if file.conforms)}) if sources else []
    return [
        *(Node("foaf:Document", [], document) for document in documents),
        *(Node("dct:Standard", [], standard) for standard in standards),
    ]


def _build_dataset(source: EditionSource, published: PublicationRecord, base: str, publisher: Publisher) -> Node:
    edition = source.edition
    address = f"{base}/v1/editions/{edition.id}"
    period = Node(
        "dct:PeriodOfTime",
        [("dcat:startDate", _format_date(edition.period_from)), ("dcat:endDate", _format_date(edition.period_to))],
    )
    properties: Properties = [
        ("dct:identifier", Literal(address)),
        *_translate("dct:title", lambda language: f"{_CATALOGUE.into(language)}: {select_title(edition, language)}"),
        *_translate("dct:description", lambda language: package.describe_edition(source, language)),
        ("dct:publisher", _identify_publisher(base, publisher)),
        *(("dcat:theme", theme) for theme in _THEMES),
        *(pair for keyword in _KEYWORDS for pair in _translate("dcat:keyword", keyword.into)),
        # A published edition never changes, so `updated` is the time of its first publication.
        ("dct:issued", _format_time(source.edition.updated if published.revision > 1 else published.published)),
        ("dct:modified", _format_time(published.published)),
        ("dct:temporal", period),
        ("dct:spatial", _SPAIN),
        *(("dct:language", language) for language in _LANGUAGES),
        ("dct:accrualPeriodicity", _ANNUAL),
        ("dct:accessRights", _PUBLIC),
        ("dct:conformsTo", Iri(f"{base}/v1/methodologies/{source.methodology.version}")),
        ("dcat:landingPage", Iri(f"{base}/portal/{edition.id}")),
        ("dcat:version", Literal(str(published.revision))),
        *_list_contacts(base, publisher),
        *(("dcat:distribution", Iri(f"{address}/{file.path}")) for file in _FILES),
    ]
    return Node("dcat:Dataset", properties, address)


def _build_distribution(source: EditionSource, file: _DistributionFile, base: str, publisher: Publisher) -> Node:
    address = f"{base}/v1/editions/{source.edition.id}/{file.path}"
    properties: Properties = [
        *_translate("dct:title", lambda language: f"{file.title.into(language)} ({file.format})"),
        *_translate("dct:description", file.description.into),
        ("dcat:accessURL", Iri(address)),
        ("dcat:downloadURL", Iri(address)),
        ("dct:format", Iri(f"{_EU}/file-type/{file.format}")),
        ("dcat:mediaType", Iri(f"http://www.iana.org/assignments/media-types/{file.media_type}")),
        ("dct:license", LICENSE),
        ("dcatap:availability", _STABLE),
        *_list_legislation(publisher),
        ("dcat:accessService", Iri(f"{base}/v1")),
        *([] if file.conforms is None else [("dct:conformsTo", file.conforms)]),
    ]
    return Node("dcat:Distribution", properties, address)


def _build_service(service: Iri, datasets: Sequence[Node], base: str, publisher: Publisher) -> Node:
    properties: Properties = [
        *_translate("dct:title", _SERVICE.into),
        *_translate("dct:description", _ABOUT_SERVICE.into),
        ("dct:publisher", _identify_publisher(base, publisher)),
        *(("dcat:theme", theme) for theme in _THEMES),
        *(pair for keyword in _KEYWORDS for pair in _translate("dcat:keyword", keyword.into)),
        ("dcat:endpointURL", service),
        ("dcat:endpointDescription", Iri(f"{base}/v1/openapi.json")),
        ("foaf:page", Iri(f"{base}/docs")),
        ("dct:license", LICENSE),
        ("dct:accessRights", _PUBLIC),
        *_list_legislation(publisher),
        *_list_contacts(base, publisher),
        *(("dcat:servesDataset", Iri(dataset.iri or "")) for dataset in datasets),
    ]
    return Node("dcat:DataService", properties, service.iri)


def _identify_publisher(base: str, publisher: Publisher) -> Iri:
    """Return the IRI of the publisher.

    Convention 01 of DCAT-AP-ES requires the IRI at datos.gob.es that contains the DIR3 code. A publisher without a
    DIR3 code gets an IRI of this service.
    """
    if publisher.dir3:
        return Iri(f"{_ES}/recurso/sector-publico/org/Organismo/{publisher.dir3}")
    return Iri(f"{base}/catalog#publisher")


def _build_agent(base: str, publisher: Publisher) -> Node:
    names = _translate("foaf:name", lambda language: publisher.name)
    return Node(
        "foaf:Organization", [*names, ("foaf:homepage", Iri(f"{base}/"))], _identify_publisher(base, publisher).iri
    )


def _list_legislation(publisher: Publisher) -> Properties:
    """Return the property that names Spain's law on reuse; an empty list if the publisher has no DIR3 code.

    Convention 07 of DCAT-AP-ES requires that property, and only publishers with a DIR3 code follow DCAT-AP-ES.
    """
    return [("dcatap:applicableLegislation", _REUSE)] if publisher.dir3 else []


def _list_contacts(base: str, publisher: Publisher) -> Properties:
    """Return the property with the contact point of the publisher; an empty list if it has no contact.

    The contact is a node of its own, because convention 20 of DCAT-AP-ES forbids to use the publisher as contact
    point.
    """
    if publisher.contact is None:
        return []
    page = publisher.contact.startswith("https:")
    card: Properties = [
        *_translate("vcard:fn", _CONTACT.into),
        *_translate("vcard:organization-name", lambda language: publisher.name),
        ("vcard:hasURL", Iri(publisher.contact)) if page else ("vcard:hasEmail", Iri(f"mailto:{publisher.contact}")),
        *([("vcard:hasUID", _identify_publisher(base, publisher))] if publisher.dir3 else []),
    ]
    return [("dcat:contactPoint", Node("vcard:Organization", card))]


def _translate(name: str, into: Callable[[Language], str]) -> Properties:
    return [(name, Literal(into(language), language=language)) for language in WRITTEN]


def _format_time(value: datetime) -> Literal:
    return Literal(value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), datatype="xsd:dateTime")


def _format_date(value: date) -> Literal:
    return Literal(value.isoformat(), datatype="xsd:date")
