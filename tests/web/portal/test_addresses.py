"""Addresses of pages: what is unknown or blank leaves them, whoever made the form or the link."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import pytest

from tests.web.portal.places import Client
from tests.web.portal.reading import read
from tests.web.portal.test_headers_of_pages import PATHS


@pytest.mark.parametrize(
    "path",
    ["", "2026", "2026/XX-T-1", "questionnaires/2027.1", "methodologies/2026.1/dimensions/D1", *PATHS],
)
def test_a_page_leads_to_its_address_without_what_it_does_not_know(places: Client, path: str) -> None:
    more = "&" if "?" in path else "?"
    address = f"/portal/{path}".removesuffix("/")
    response = places.get(f"{address}{more}utm_source=x&q=&fbclid=%C3%B1&lang=en", follow_redirects=False)
    assert (response.status_code, response.content) == (308, b"")
    assert response.headers["location"] == f"{address}{more}lang=en"
    assert response.headers["cache-control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", ["2026", "2026/dimensions/D1", "2026/compare?organisation=XX-T-1", "suggestions"])
def test_a_form_that_nobody_filled_in_leads_to_a_clean_address(places: Client, path: str) -> None:
    for form in read(places, path).query("main form[method=get]"):
        fields = [(one.attrs["name"], one.attrs.get("value", "")) for one in form.query("input[type=hidden]")]
        blank = [(one.attrs["name"], "") for one in form.query("select, input[type=search]")]
        sent = places.get(f"{form.attrs['action'].partition('#')[0]}?{urlencode([*fields, *blank])}")
        assert sent.status_code == 200
        assert sent.url.query.decode() == urlencode(fields)


SIX: Final = "&".join(f"organisation=%00{number}" for number in range(6))


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("2026/compare?organisation=%00a", 404),
        (f"2026/compare?{SIX}", 400),
        ("2026/compare?q=%00a", 200),
        ("embed?q=%00a", 200),
        ("embed?organisation=%00a", 404),
        ("embed?edition=%00a", 404),
    ],
)
def test_a_character_that_no_database_takes_is_none_of_an_address(places: Client, path: str, status: int) -> None:
    assert places.get(f"/portal/{path}").status_code == status
