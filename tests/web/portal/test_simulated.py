"""Where figures are invented, every page with some of them says so, and so does what is shown of it elsewhere."""

from __future__ import annotations

from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.web.embeds.reading import page

EDITION: Final = "2026-demo"
ORGANISATIONS: Final = ("XX-DEMO-00100", "XX-DEMO-00064")
BOTH: Final = "&".join(f"organisation={organisation}" for organisation in ORGANISATIONS)
PATHS: Final = (
    "/portal",
    f"/portal/{EDITION}",
    f"/portal/{EDITION}/{ORGANISATIONS[0]}",
    f"/portal/{EDITION}/territories",
    f"/portal/{EDITION}/territories/region-01",
    f"/portal/{EDITION}/dimensions",
    f"/portal/{EDITION}/dimensions/D1",
    f"/portal/{EDITION}/compare?{BOTH}",
    f"/portal/embed?organisation={ORGANISATIONS[0]}&form=frame",
    f"/portal/questionnaires/2027.1?edition={EDITION}&organisation={ORGANISATIONS[0]}",
    f"/charts/{EDITION}/map",
    f"/embed/{EDITION}/{ORGANISATIONS[0]}",
)
SHARED: Final = (*PATHS[1:5], f"/charts/{EDITION}/map")
"""Pages whose links are shared with a figure or a verdict."""


@pytest.mark.parametrize("path", PATHS)
def test_a_page_with_invented_figures_says_so(client: TestClient[Litestar], path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    found = page(response.text)
    if "form=frame" in path:
        # The frame is a page of its own.
        found = page(client.get(found.query("iframe")[0].attrs["src"]).text)
    assert "datos inventados para la demostración" in found.query("main")[0].text.lower()


@pytest.mark.parametrize("path", SHARED)
def test_a_link_to_it_says_so_where_it_is_shared(client: TestClient[Litestar], path: str) -> None:
    for query, remark in (
        ("", "Datos inventados para la demostración. "),
        ("?lang=en", "Data invented for the demonstration. "),
    ):
        (head,) = page(client.get(path + query).text).query("meta[name=description]")
        assert head.attrs["content"].startswith(remark)
