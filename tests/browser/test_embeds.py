"""Every embed in a real browser, on the page of somebody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Final, NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser

from actitud_api.web.embeds import element
from tests.browser.chromium import Scheme, showing
from tests.browser.hosts import Host
from tests.support.scale import NIGHT
from tests.web.embeds.installation import AVILA, ZAMORA

pytestmark = pytest.mark.night

ELEMENT: Final = f"/embed/{element.TAG}-{element.VERSION}.js"


class Shown(NamedTuple):
    """How a rung is shown: how wide, in which language, on what."""

    width: int
    language: str
    scheme: Scheme


def got(service: str, path: str) -> str:
    response = httpx.get(service + path)
    assert response.status_code == 200
    return response.text


def image(service: str, path: str) -> str:
    return f'<p><img src="{service}{path}" alt="Madurez 2.0" style="max-width:100%"></p>'


def custom(service: str, attributes: str, inside: str = "") -> str:
    integrity = httpx.get(f"{service}/embed/element.json").json()["integrity"]
    return (
        f'<script src="{service}{ELEMENT}" integrity="{integrity}" crossorigin="anonymous" defer></script>'
        f"<actitud-score {attributes}>{inside}</actitud-score>"
    )


def framed(service: str, path: str, attributes: str = "") -> str:
    return f'<iframe src="{service}{path}" title="Madurez 2.0" width="100%" height="900" {attributes}></iframe>'


RUNGS: Final[Mapping[str, Callable[[str, str], str]]] = {
    "badge": lambda service, query: image(service, f"/badge/2026/{ZAMORA}.svg{query}"),
    "stale": lambda service, query: image(service, f"/badge/2025/{ZAMORA}.svg{query}"),
    "badges": lambda service, query: image(service, f"/badge/2026.svg{query}#{AVILA}"),
    "card": lambda service, query: image(service, f"/embed/2026/{ZAMORA}/card.svg{query}"),
    "table": lambda service, query: got(service, f"/embed/2026/{ZAMORA}/table.html{query}"),
    "frame": lambda service, query: framed(service, f"/embed/2025/{ZAMORA}{query}"),
    "oembed": lambda service, query: httpx.get(
        f"{service}/oembed", params={"url": f"{service}/portal/2026/{ZAMORA}{query}", "maxwidth": 280}
    ).json()["html"],
    "element": lambda service, query: custom(service, f'organisation="{ZAMORA}" lang="{query[-2:]}"'),
}
"""What stands in the page, by the address of the service and the query that names the language."""

PAIRWISE: Final = ((0, 0, 0), (1, 1, 1), (0, 1, 1), (1, 0, 0), (1, 0, 1), (0, 1, 0), (1, 1, 0), (0, 0, 1))


def cases() -> Iterator[tuple[str, Shown]]:
    """Every rung in every way, or so that every two choices meet: two opposite ways for each rung."""
    for number, rung in enumerate((*RUNGS, "page", "page alone")):
        ways = list(product((0, 1), repeat=3)) if NIGHT else [PAIRWISE[2 * number % 8], PAIRWISE[(2 * number + 1) % 8]]
        for width, language, scheme in ways:
            yield rung, Shown((320, 1_440)[width], ("es", "en")[language], ("light", "dark")[scheme])


def named(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, Shown) else str(value)


@pytest.mark.parametrize(("rung", "way"), list(cases()), ids=named)
def test_it_is_quiet_accessible_and_fits(browser: Browser, service: str, host: Host, rung: str, way: Shown) -> None:
    query = f"?lang={way.language}"
    if rung == "page":
        url, origins = f"{service}/portal/2026/{ZAMORA}{query}", {service}
    elif rung == "page alone":
        url, origins = f"{service}/embed/2026/{ZAMORA}{query}", {service}
    else:
        url, origins = host.put(RUNGS[rung](service, query), lang=way.language), {service, host.address}
    with showing(browser, url, width=way.width, scheme=way.scheme) as seen:
        if rung == "table":
            origins = {host.address}
        assert seen.origins == origins
        assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
        seen.is_accessible()
        seen.fits()
        seen.is_quiet()


def test_two_ways_of_each_rung_have_every_two_choices() -> None:
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert {(way[one], way[other]) for _, way in cases()} == set(
            product(*[((320, 1_440), ("es", "en"), ("light", "dark"))[factor] for factor in (one, other)])
        )
    for rung in RUNGS:
        for factor in range(3):
            assert len({way[factor] for name, way in cases() if name == rung}) == 2
