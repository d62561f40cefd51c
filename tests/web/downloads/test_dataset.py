"""What is said of an edition for search engines, and that it cannot end the element that it stands in."""

from __future__ import annotations

import json

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.web.downloads import service
from actitud_api.web.downloads.dataset import build_dataset, escape_json_ld
from actitud_api.web.downloads.publisher import Publisher
from tests.web.downloads.conftest import BASE

Client = TestClient[Litestar]


def test_it_says_what_the_edition_is_and_where_its_files_are(site: Client) -> None:
    found, published = service.load_published_source(site.app.state["database"], "2026")
    told = build_dataset(found, published, BASE, Publisher(name="Diputación de Ejemplo"), "es")
    assert told["@type"] == "Dataset"
    assert told["name"] == "Índice de Madurez 2.0: Edición 2026"
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert told["temporalCoverage"] == "2026-01-01/2026-12-31"
    assert told["creator"] == {"@type": "Organization", "name": "Diputación de Ejemplo", "url": BASE}
    variables = told["variableMeasured"]
    assert isinstance(variables, list)
    assert [(one["minValue"], one["maxValue"]) for one in variables] == [(0, 100)] * 11
    files = told["distribution"]
    assert isinstance(files, list)
    for file in files:
        response = site.head(file["contentUrl"].removeprefix(BASE))
        assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (
            200,
            file["encodingFormat"],
        )


def test_a_title_that_is_not_in_a_language_is_said_in_spanish(site: Client) -> None:
    found, _ = service.load_published_source(site.app.state["database"], "2026")
    record = structs.replace(found.edition, titles={"ca": "Edició 2026", "es": "Edición 2026"})
    assert service.select_title(record, "en") == "Edición 2026"


def test_hostile_texts_stay_inside_of_their_element() -> None:
    text = "</script><script>alert(1)</script><!-- & \u2028 \" '"
    made = str(escape_json_ld({"name": text}))
    assert not set("<>&") & set(made)
    assert json.loads(made) == {"name": text}
