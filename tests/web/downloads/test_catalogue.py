"""The catalogue read by rdflib, and held by pyshacl to what DCAT-AP-ES asks (`shapes.ttl`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyshacl
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, URIRef
from rdflib.compare import isomorphic

from actitud_api.app import create_app
from actitud_api.platform.storage.database import Database
from tests.support.databases import migrated_sqlite, unlimited
from tests.support.publishing import publish_filled
from tests.web.downloads.conftest import BASE

Client = TestClient[Litestar]

# The parser of JSON-LD in rdflib uses a class that rdflib itself deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

LEGISLATION = URIRef("http://data.europa.eu/r5r/applicableLegislation")
SHAPES = Path(__file__).parent / "shapes.ttl"
FORMATS = {"ttl": "turtle", "jsonld": "json-ld", "rdf": "xml"}


def graph(client: Client, suffix: str = "ttl") -> Graph:
    return Graph().parse(data=client.get(f"/catalog.{suffix}").content, format=FORMATS[suffix])


def violations(data: Graph, shapes: Graph) -> list[str]:
    _, found, text = pyshacl.validate(data, shacl_graph=shapes, inference="none", allow_warnings=True)
    assert isinstance(found, Graph)
    severity = URIRef("http://www.w3.org/ns/shacl#resultSeverity")
    bad = list(found.subjects(severity, URIRef("http://www.w3.org/ns/shacl#Violation")))
    return [text] if bad else []


@pytest.fixture(scope="module")
def shapes() -> Graph:
    return Graph().parse(SHAPES)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service that says no more of who publishes than its name."""
    folder = tmp_path_factory.mktemp("plain")
    url = migrated_sqlite(folder)
    app = create_app(structs.replace(unlimited(url), public_url=BASE))
    found: Database = app.state["database"]
    publish_filled(found, folder)
    with TestClient(app) as client:
        yield client
    found.close()


def test_every_format_holds_the_same_graph(site: Client) -> None:
    turtle, others = graph(site), [graph(site, suffix) for suffix in ("jsonld", "rdf")]
    assert len(turtle) > 100
    for other in others:
        assert isomorphic(turtle, other)


def test_it_breaks_none_of_the_rules_of_dcat_ap_es(site: Client, shapes: Graph) -> None:
    assert violations(graph(site), shapes) == []


@pytest.mark.parametrize(
    ("subject", "predicate"),
    [
        ("/catalog", FOAF.homepage),
        ("/catalog", DCTERMS.issued),
        ("/catalog", DCAT.themeTaxonomy),
        ("/v1/editions/2026", DCTERMS.title),
        ("/v1/editions/2026", DCAT.distribution),
        ("/v1/editions/2026", DCAT.contactPoint),
        ("/v1/editions/2026/scores.csv", DCAT.accessURL),
        ("/v1", DCAT.endpointDescription),
        ("/v1", DCTERMS.publisher),
    ],
)
def test_the_rules_see_what_is_missing(site: Client, shapes: Graph, subject: str, predicate: URIRef) -> None:
    data = graph(site)
    data.remove((URIRef(BASE + subject), predicate, None))
    assert violations(data, shapes)


def test_the_rules_see_a_publisher_that_is_no_public_body(plain: Client, shapes: Graph) -> None:
    assert violations(graph(plain), shapes)


def test_it_says_where_everything_is(site: Client) -> None:
    data = graph(site)
    dataset, service = URIRef(f"{BASE}/v1/editions/2026"), URIRef(f"{BASE}/v1")
    assert list(data.subjects(RDF.type, DCAT.Dataset)) == [dataset]
    assert data.value(service, DCAT.endpointDescription) == URIRef(f"{BASE}/v1/openapi.json")
    assert data.value(service, DCAT.servesDataset) == dataset
    assert data.value(dataset, DCTERMS.publisher) == URIRef(
        "http://datos.gob.es/recurso/sector-publico/org/Organismo/L02000041"
    )
    files = sorted(str(data.value(one, DCAT.downloadURL)) for one in data.objects(dataset, DCAT.distribution))
    assert [file.removeprefix(f"{BASE}/v1/editions/2026/") for file in files] == [
        "indicators.csv",
        "scores.csv",
        "scores.jsonstat",
        "scores.xlsx",
    ]
    for file in files:
        response = site.head(file.removeprefix(BASE))
        assert response.status_code == 200
        media_type = data.value(URIRef(file), DCAT.mediaType)
        assert str(media_type).endswith(response.headers["content-type"].partition(";")[0])
    for address in (f"{BASE}/v1/openapi.json", f"{BASE}/docs", str(dataset), f"{BASE}/"):
        assert site.get(address.removeprefix(BASE) or "/").status_code == 200
    law = URIRef("https://www.boe.es/eli/es/l/2007/11/16/37")
    assert set(data.subjects(LEGISLATION, law)) == {service, *map(URIRef, files)}
    (card,) = set(data.objects(dataset, DCAT.contactPoint))
    assert data.value(card, URIRef("http://www.w3.org/2006/vcard/ns#hasUID")) == data.value(dataset, DCTERMS.publisher)
    for subject, what, class_ in (
        (dataset, DCAT.landingPage, FOAF.Document),
        (URIRef(f"{BASE}/catalog"), FOAF.homepage, FOAF.Document),
        (dataset, DCTERMS.conformsTo, DCTERMS.Standard),
        (URIRef(f"{BASE}/v1/editions/2026/scores.jsonstat"), DCTERMS.conformsTo, DCTERMS.Standard),
    ):
        assert (data.value(subject, what), RDF.type, class_) in data, what
    titles = set(data.objects(dataset, DCTERMS.title))
    assert titles == {
        Literal("Madurez de las administraciones públicas en redes sociales: Edición 2026", lang="es"),
        Literal("Maturity of public administrations on social networks: Edition 2026", lang="en"),
    }


def test_without_a_dir3_code_it_is_plain_dcat_ap(plain: Client) -> None:
    data = graph(plain)
    publisher = data.value(URIRef(f"{BASE}/v1"), DCTERMS.publisher)
    assert (publisher, RDF.type, FOAF.Organization) in data
    assert set(data.objects(publisher, FOAF.name)) == {Literal("Actitud", lang="es"), Literal("Actitud", lang="en")}
    assert not list(data.objects(None, DCAT.contactPoint))
    assert not list(data.objects(None, LEGISLATION))  # it binds the public bodies of Spain


def test_nothing_that_is_said_can_break_out_of_a_format() -> None:
    from actitud_api.web.downloads.formats import rdf

    text = '"\\ \n<script> ]] @es . \u202e ñ 👩'
    node = rdf.Node("dcat:Dataset", [("dct:title", rdf.Literal(text, language="es"))], 'https://x.example/a b>"{}c')
    for suffix, form in FORMATS.items():
        data = Graph().parse(data=rdf.SERIALISERS[suffix]([node]), format=form)
        ((subject, title),) = data.subject_objects(DCTERMS.title)
        assert title == Literal(text, lang="es"), suffix
        assert subject == URIRef("https://x.example/a%20b%3E%22%7B%7Dc")
