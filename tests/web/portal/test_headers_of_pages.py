"""What every page of these answers besides its text."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import pytest

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.platform.auth import service as access
from tests.support.databases import migrated_sqlite
from tests.web.embeds.reading import page
from tests.web.portal.places import EDITION, OPEN, UNPUBLISHED, Client, placed

PATHS: Final = (
    OPEN,
    "2026/territories",
    "2026/territories/region-13",
    "2026/dimensions",
    "2026/dimensions/D1",
    "2026/compare?organisation=XX-T-1&organisation=XX-T-2",
    "methodologies",
    "methodologies/2026.1",
    "suggestions",
    "suggestions?kind=error&state=accepted&dimension=D1",
    "embed?organisation=XX-T-1",
    "embed?form=ranking_table&territory=region-07",
)


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_kept_by_whoever_has_it_until_it_changes(places: Client, path: str) -> None:
    first = places.get(f"/portal/{path}")
    headers = first.headers
    assert (headers["content-language"], headers["vary"]) == ("es", "Accept-Language, Accept-Encoding")
    assert headers["cache-control"] == "public, no-cache"
    again = places.get(f"/portal/{path}", headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = places.head(f"/portal/{path}")
    assert (head.status_code, head.headers["etag"], head.content) == (200, headers["etag"], b"")
    assert "set-cookie" not in headers
    assert not [name for name in headers if name.startswith("access-control")]
    more = "&" if "?" in path else "?"
    assert places.get(f"/portal/{path}{more}utm_source=x&foo=%00").status_code == 200


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_in_the_language_that_is_asked_for(places: Client, path: str) -> None:
    more = "&" if "?" in path else "?"
    for language in LANGUAGES:
        for asked, headers in ((f"{path}{more}lang={language}", {}), (path, {"Accept-Language": language})):
            response = places.get(f"/portal/{asked}", headers=headers)
            assert response.headers["content-language"] == language
            (root,) = page(response.text).query("html")
            assert root.attrs["lang"] == language
    assert places.get(f"/portal/{path}", headers={"Accept-Language": "de"}).headers["content-language"] == "es"


@pytest.mark.parametrize("path", PATHS)
def test_headings_are_in_order(places: Client, path: str) -> None:
    levels = [
        int(one.name[1]) for one in page(places.get(f"/portal/{path}").text).query("main h1, main h2, main h3, main h4")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
def test_the_latest_edition_is_the_published_one(places: Client, path: str) -> None:
    if path.startswith(EDITION):
        latest, named = (
            places.get(f"/portal/{edition}/{path.partition('/')[2]}").text for edition in ("latest", EDITION)
        )
        assert page(latest).query("main h1")[0].text == page(named).query("main h1")[0].text


def test_a_key_shows_nothing_more(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = migrated_sqlite(tmp_path_factory.mktemp("keyed"))
    with placed(url) as client:
        with client.app.state["database"].write() as session:
            made = access.create_key(session, (), role="administrator", days=1, now=datetime.now(UTC))
        key = {"Authorization": f"Bearer {made.text}"}
        assert client.get(f"/v1/editions/{OPEN}/scores/{UNPUBLISHED}", headers=key).status_code == 200
        for path in (
            f"{OPEN}/territories",
            f"{OPEN}/territories/region-13",
            f"{OPEN}/dimensions",
            f"{OPEN}/dimensions/D1",
            f"{OPEN}/compare?organisation={UNPUBLISHED}",
            f"embed?edition={OPEN}&organisation={UNPUBLISHED}",
        ):
            response = client.get(f"/portal/{path}", headers=key)
            assert response.status_code == 404, path
            assert response.headers["cache-control"] == "no-store"
        keyed, plain = (client.get(f"/portal/{OPEN}", headers=headers) for headers in (key, {}))
        assert (keyed.status_code, keyed.text) == (200, plain.text)
        assert UNPUBLISHED not in keyed.text
