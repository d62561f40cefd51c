"""The report of a count as a browser shows it from a file."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from actitud.cli import main
from tests.browser.chromium import Scheme, showing

pytestmark = pytest.mark.night

ROWS = (
    "Id,Hilo,Responde a,Red,Cuenta,Fecha y hora,Tipo,Texto,Privado",
    "p1,,,x,Ayuntamiento_con_un_nombre_sin_espacios_mas_largo_que_la_pantalla,2027-10-05 10:00:00,Publicación,a,no",
    "p2,,,x,Ayuntamiento,2027-10-06 10:00:00,Publicación,b,no",
    "q1,t1,,x,Ayuntamiento,2027-10-06 11:00:00,Recibido,c,no",
    "r1,t1,q1,x,Ayuntamiento,2027-10-06 13:00:00,Respuesta pública,d,no",
)
WAYS: tuple[tuple[int, str, Scheme], ...] = tuple(product((320, 360, 1_440), ("es", "en"), ("light", "dark")))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report in both languages."""
    folder = tmp_path_factory.mktemp("count")
    log = folder / "registro.csv"
    log.write_text("\n".join(ROWS), "utf-8")
    for language in ("es", "en"):
        told = ["--year", "2027", "--population", "20000", "--lang", language, "-o", str(folder / language)]
        assert main(["count", str(log), *told, "--html", str(folder / f"{language}.html")]) == 0
    return folder


@pytest.mark.parametrize(("width", "language", "scheme"), WAYS)
def test_it_is_accessible_fits_and_asks_for_nothing(
    browser: Browser, reports: Path, width: int, language: str, scheme: Scheme
) -> None:
    address = (reports / f"{language}.html").as_uri()
    with showing(browser, address, width=width, scheme=scheme) as seen:
        charts = seen.page.locator("svg")
        # the weeks, the waiting, and the hours of the posts, the messages and the replies
        assert charts.count() == 5
        for chart in charts.all():
            box = chart.bounding_box()
            assert box is not None
            assert 0 < box["width"] <= width
        seen.fits()
        seen.is_accessible()
        seen.is_quiet()
        assert [url for url in seen.asked if not url.startswith("data:")] == [address]
