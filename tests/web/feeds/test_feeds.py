"""Feeds tell what was published and corrected, to readers that are not ours, and nothing that pages do not show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import feedparser
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import update

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.platform.storage.database import Database
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.queries import ORGANISATIONS
from actitud_api.resources.publications import service as publications
from actitud_api.web.embeds.text_metrics import clean_text
from actitud_api.web.feeds import routes
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, make_key, migrated_sqlite, unlimited
from tests.support.publishing import BARE, BEFORE, BIG, LATE, NOW, SMALL, correction, fill, publish
from tests.support.scale import NAMES, NIGHT
from tests.web.embeds.hostile import names
from tests.web.embeds.installation import rename
from tests.web.embeds.reading import fragment, page

Client = TestClient[Litestar]

BASE: Final = "https://madurez.example"
ALIAS: Final = "XI-WIKIDATA-Q28070001"
UNPUBLISHED: Final = "XX-T-9"
"""An organisation with an alias that no edition scores."""
TIMES: Final = tuple(NOW + timedelta(days=number) for number in range(4))
"""When 2026 is published, Ávila is corrected, the ministry is corrected, and 2027 is published."""
ALL: Final = (
    "Published: Edition 2027",
    "Correction: Ministerio de 𝔐uestras (Edition 2026)",
    "Correction: Ávila (Edition 2026)",
    "Published: Edition 2026",
)
SUBJECTS: Final[Mapping[str, Sequence[int]]] = {
    "/feeds": (0, 1, 2, 3),
    "/feeds/editions/2026": (1, 2, 3),
    "/feeds/editions/2027": (0,),
    f"/feeds/organisations/{SMALL}": (0, 1, 3),
    f"/feeds/organisations/{BIG}": (0, 2, 3),
    f"/feeds/organisations/{BARE}": (0, 3),
    "/feeds/territories/region-07": (0, 2, 3),
    "/feeds/territories/province-05": (0, 2, 3),
    "/feeds/territories/province-49": (),
}
"""Which of these is in the feed of a subject: Ávila alone is in a territory. By day one of each kind is read."""


class Reader(NamedTuple):
    """What an independent reader has of a feed: entries as id, title, time, address and HTML."""

    id: str
    title: str
    updated: str
    links: Sequence[Mapping[str, str]]
    entries: Sequence[Mapping[str, Any]]

    @property
    def titles(self) -> Sequence[str]:
        return [entry["title"] for entry in self.entries]

    def find(self, relation: str, media_type: str | None = None) -> str | None:
        """Return the address of the only link of a relation, None if there is none."""
        found = [
            link["href"] for link in self.links if link["rel"] == relation and media_type in (None, link.get("type"))
        ]
        assert len(found) <= 1
        return found[0] if found else None


@pytest.fixture(scope="module", params=BOTH)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service with two editions, one of which was corrected twice; for tests that only read."""
    folder = tmp_path_factory.mktemp("feeds")
    with made_anew(request, folder) as url, published(url, folder) as client:
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the signing key of `own`."""
    return tmp_path_factory.mktemp("own")


@pytest.fixture(scope="module")
def own(folder: Path) -> Iterator[Client]:
    """The same, in which more is published, and the ministry called otherwise."""
    with published(migrated_sqlite(folder), folder) as client:
        yield client


@contextmanager
def published(url: str, folder: Path) -> Iterator[Client]:
    """A client of a service that published two editions and corrected one of them."""
    with borrow_app(structs.replace(unlimited(url), public_url=BASE)) as app:
        database: Database = app.state["database"]
        make_key(database, folder, BEFORE)
        fill(database)
        first = publish(database, folder, now=TIMES[0])
        second = publish(database, folder, correction(first, BIG, D9_02={"hours": 500}), now=TIMES[1])
        publish(database, folder, correction(second, SMALL, D9_06={"value": True}), now=TIMES[2])
        fill(database, "2027", year=2027)
        publish(database, folder, edition="2027", now=TIMES[3])
        entry = organisations.OrganisationEntry(id=UNPUBLISHED, name="Nunca", kind="MUN", aliases=(ALIAS,))
        with database.write() as session:
            organisations.add(session, [entry], BEFORE)
        with TestClient(app) as client:
            yield client


def read_atom(client: Client, address: str) -> Reader:
    response = client.get(address)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/atom+xml")
    parsed = feedparser.parse(response.content, sanitize_html=False)
    assert not parsed.bozo, parsed.bozo_exception
    assert parsed.version == "atom10"
    return Reader(
        parsed.feed.id,
        parsed.feed.title,
        parsed.feed.updated,
        parsed.feed.links,
        [
            {
                "id": one.id,
                "title": one.title,
                "updated": one.updated,
                "published": one.published,
                "url": one.link,
                "html": one.content[0].value,
                "type": one.content[0].type,
                "via": [link.href for link in one.links if link.rel == "via"],
            }
            for one in parsed.entries
        ],
    )


def read_json(client: Client, address: str) -> Mapping[str, Any]:
    """A JSON Feed, after the rules of its version 1.1 were checked."""
    response = client.get(address)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("application/feed+json")
    feed: Mapping[str, Any] = response.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    known = {
        *("version", "title", "home_page_url", "feed_url", "description", "user_comment", "next_url", "icon"),
        *("favicon", "authors", "language", "expired", "hubs", "items"),
    }
    assert feed.keys() <= known
    assert {"title", "items"} <= feed.keys()
    for name in ("home_page_url", "feed_url", "next_url"):
        assert re.match(r"https?://", feed.get(name, "https://")), name
    for author in feed["authors"]:
        assert author.keys() <= {"name", "url", "avatar"}
        assert author
    item_members = {
        *("id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "banner_image"),
        *("date_published", "date_modified", "authors", "tags", "language", "attachments"),
    }
    for item in feed["items"]:
        assert {name for name in item if not name.startswith("_")} <= item_members
        assert isinstance(item["id"], str)
        assert "content_html" in item or "content_text" in item
        for name in ("date_published", "date_modified"):
            assert datetime.fromisoformat(item[name]).tzinfo is not None
    assert len({item["id"] for item in feed["items"]}) == len(feed["items"])
    return feed


@pytest.mark.parametrize(("path", "numbers"), list(SUBJECTS.items())[:: 1 if NIGHT else 3])
def test_a_feed_has_the_news_of_its_subject_newest_first(site: Client, path: str, numbers: Sequence[int]) -> None:
    atom = read_atom(site, f"{path}/atom.xml?lang=en")
    times = [TIMES[3 - number].isoformat().replace("+00:00", "Z") for number in numbers]
    assert [entry["updated"] for entry in atom.entries] == [entry["published"] for entry in atom.entries] == times
    assert atom.updated == (times[0] if times else "2026-01-01T00:00:00Z")
    feed = read_json(site, f"{path}/feed.json?lang=en")
    assert [
        (one["id"], one["title"], one["date_modified"], one["url"], one["content_html"]) for one in feed["items"]
    ] == [(one["id"], one["title"], one["updated"], one["url"], one["html"]) for one in atom.entries]
    if not path.startswith(("/feeds/organisations", "/feeds/territories")):
        assert atom.titles == [ALL[number] for number in numbers]
    for entry in atom.entries if path in ("/feeds", "/feeds/territories/region-07") else ():
        assert site.get(entry["url"].removeprefix(BASE)).status_code == 200
        (via,) = entry["via"]
        assert site.get(via.removeprefix(BASE)).json()["edition"] in entry["url"]
    assert atom.find("self") == f"{BASE}{path}/atom.xml?lang=en"
    assert atom.find("alternate", "application/feed+json") == feed["feed_url"] == f"{BASE}{path}/feed.json?lang=en"
    home = atom.find("alternate", "text/html")
    assert home == feed["home_page_url"]
    assert home is not None
    assert site.get(home.removeprefix(BASE)).status_code == 200
    assert (atom.find("next"), atom.find("first"), feed.get("next_url")) == (None, None, None)


def test_an_entry_says_what_changed(site: Client) -> None:
    (told,) = site.get("/v1/editions/2026/publications/2").json()["corrections"]
    before, after = (
        Decimal(str(told[name])).quantize(Decimal(1), ROUND_HALF_EVEN) for name in ("index_before", "index_after")
    )
    if before == after:
        before, after = (Decimal(str(told[name])).quantize(Decimal("0.01")) for name in ("index_before", "index_after"))
    changed = f"ndex goes from {before} to {after}"
    for path in ("/feeds", "/feeds/territories/region-07", f"/feeds/organisations/{BIG}"):
        entry = read_atom(site, f"{path}/atom.xml?lang=en").entries[-2]
        text = fragment(entry["html"]).text
        assert entry["type"] == "text/html"
        assert changed in text
        assert "Reason: A wrong answer." in text
    first = read_atom(site, "/feeds/territories/region-07/atom.xml?lang=en").entries[-1]
    assert first["title"] == "Castilla y León, published: Edition 2026"
    assert fragment(first["html"]).text.startswith("1 organisation, under the methodology 2026.1.")
    whole = read_atom(site, "/feeds/editions/2026/atom.xml?lang=en").entries[-1]
    assert fragment(whole["html"]).text.startswith("3 organisations, under the methodology 2026.1.")


def test_the_feed_of_an_organisation_has_its_scores(site: Client) -> None:
    score = site.get(f"/v1/editions/2027/scores/{BIG}").json()
    told = score.get("score", score)
    index = Decimal(str(told["index"])).quantize(Decimal(1), ROUND_HALF_EVEN)
    titles = read_atom(site, f"/feeds/organisations/{BIG}/atom.xml?lang=en").titles
    assert titles[0] == f"Ávila: {index} of 100, level {told['level']} of 5 (Edition 2027)"
    assert titles[1].startswith("Ávila, corrected: ")
    assert titles[2].startswith("Ávila: ")
    bare = read_atom(site, f"/feeds/organisations/{BARE}/atom.xml?lang=es").titles
    assert bare[0] == 'La "Nada": sin puntuación (Edición 2027)'


def test_ids_never_change_and_are_of_one_text(own: Client, folder: Path) -> None:
    subjects = ("/feeds", "/feeds/editions/2026", f"/feeds/organisations/{BIG}", "/feeds/territories/region-07")
    addresses = [f"{path}/atom.xml?lang={lang}" for path in subjects for lang in LANGUAGES]
    before = {address: read_atom(own, address) for address in addresses}
    assert len({feed.id for feed in before.values()}) == len(addresses)
    # The same entry stands in the feeds of all and of the edition; any other text has an id of its own.
    texts = {(one["id"], one["title"], one["html"]) for feed in before.values() for one in feed.entries}
    assert len({identifier for identifier, _, _ in texts}) == len(texts)
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", identifier) for identifier, _, _ in texts)
    correct(own, folder, BIG)
    for address, earlier in before.items():
        after = read_atom(own, address)
        assert after.id == earlier.id
        assert len(after.entries) == len(earlier.entries) + 1
        assert after.entries[1:] == earlier.entries


def correct(client: Client, folder: Path, organisation: str) -> None:
    """Correct an answer of an organisation in 2026, a day after the publication before."""
    database: Database = client.app.state["database"]
    newest = publications.get(database, "2026", publications.LATEST)
    at = datetime.fromisoformat(client.get("/feeds/feed.json").json()["items"][0]["date_published"])
    plan = correction(newest, organisation, D9_02={"hours": 100 + newest.revision})
    publish(database, folder, plan, now=at + timedelta(days=1))


def test_pages_of_a_feed_are_linked(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_atom(site, "/feeds/atom.xml?lang=en")
    monkeypatch.setattr(routes, "LENGTH", 3)
    first = read_atom(site, "/feeds/atom.xml?lang=en")
    following = first.find("next")
    assert following is not None
    second = read_atom(site, following.removeprefix(BASE))
    assert [*first.titles, *second.titles] == list(ALL)
    assert (second.find("next"), second.find("first"), second.find("self")) == (None, first.find("self"), following)
    assert (second.id, second.updated) == (first.id, first.updated) == (whole.id, whole.updated)
    feed = read_json(site, "/feeds/feed.json?lang=en")
    rest = read_json(site, feed["next_url"].removeprefix(BASE))
    assert [one["title"] for one in (*feed["items"], *rest["items"])] == list(ALL)
    assert "next_url" not in rest


@pytest.mark.parametrize("form", ["atom.xml", "feed.json"])
@pytest.mark.parametrize("cursor", ["", "x", "WzEsIiIsWzEsIngiLDFdXQ", "\x00", "a" * 2_000])
def test_a_cursor_that_leads_nowhere_is_refused(site: Client, form: str, cursor: str) -> None:
    response = site.get(f"/feeds/{form}", params={"cursor": cursor})
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    "path",
    [
        "editions/2099",
        "editions/%00",
        f"organisations/{LATE}",
        f"organisations/{UNPUBLISHED}",
        "organisations/x",
        "territories/region-99",
        "territories/05",
        "territories/x",
    ],
)
def test_what_is_not_published_has_no_feed(site: Client, path: str) -> None:
    for file in ("atom.xml", "feed.json"):
        response = site.get(f"/feeds/{path}/{file}")
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")
        assert response.headers["cache-control"] == "no-store"


def test_another_identifier_leads_to_the_id(site: Client) -> None:
    response = site.get(f"/feeds/organisations/{ALIAS}/atom.xml?lang=en", follow_redirects=False)
    assert response.status_code == 308
    assert urlsplit(response.headers["location"]).path == f"/feeds/organisations/{UNPUBLISHED}/atom.xml"


@pytest.mark.parametrize("address", ["/feeds/atom.xml", f"/feeds/organisations/{BIG}/feed.json"])
def test_a_feed_is_read_as_other_public_reads_are(site: Client, address: str) -> None:
    first = site.get(address, headers={"Origin": "https://reader.example"})
    headers = first.headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cache-control"].startswith("public, max-age=60")
    assert headers["content-language"] == "es"
    assert "Accept-Language" in headers["vary"]
    again = site.get(address, headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = site.head(address)
    assert (head.status_code, head.headers["etag"], head.content) == (200, headers["etag"], b"")
    assert site.get(f"{address}?utm_source=x&foo=%00").content == first.content
    english = site.get(address, headers={"Accept-Language": "en"})
    assert english.headers["content-language"] == "en"
    assert english.content == site.get(f"{address}?lang=en").content != first.content


def test_pages_announce_feeds(site: Client) -> None:
    expected = {
        "/portal": ("/feeds",),
        "/portal/2026": ("/feeds/editions/2026", "/feeds"),
        f"/portal/2026/{BIG}": (f"/feeds/organisations/{BIG}", "/feeds/editions/2026", "/feeds"),
        "/portal/2026/territories/region-07": ("/feeds/territories/region-07", "/feeds/editions/2026", "/feeds"),
    }
    for path, subjects in expected.items():
        found = page(site.get(f"{path}?lang=en").text)
        assert not found.errors
        links = [
            (one.attrs["type"], one.attrs["href"])
            for one in found.query("link[rel=alternate]")
            if one.attrs["href"].startswith("/feeds")
        ]
        assert links == [
            pair
            for subject in subjects
            for pair in (
                ("application/atom+xml", f"{subject}/atom.xml?lang=en"),
                ("application/feed+json", f"{subject}/feed.json?lang=en"),
            )
        ]
        assert all(site.get(href).status_code == 200 for _, href in links)


def test_a_feed_is_inert_whatever_an_organisation_is_called(own: Client) -> None:
    for name in names(500)[:: 500 // NAMES]:
        rename(own, SMALL, name)
        shown = clean_text(name) or SMALL
        for path in ("/feeds", f"/feeds/organisations/{SMALL}"):
            items = read_json(own, f"{path}/feed.json?lang=en")["items"]
            entries = read_atom(own, f"{path}/atom.xml?lang=en").entries
            named = [item for item in items if SMALL in item["url"]]
            assert named
            assert all(shown in item["title"] for item in named), name
            for entry, item in zip(entries, items, strict=True):
                found = fragment(item["content_html"])
                assert not found.errors
                assert {one.name for one in found.query("*")} <= {"p", "ul", "li", "a", "strong"}
                assert all(one.attrs["href"].startswith(f"{BASE}/portal/") for one in found.query("a"))
                assert fragment(entry["html"]).text == found.text
                if path == "/feeds" and item in named:
                    assert found.query("a")[0].node.to_text(separator="", strip=False) == shown


def test_an_organisation_is_called_as_on_the_pages_now(own: Client, folder: Path) -> None:
    with own.app.state["database"].write() as session:
        session.execute(update(ORGANISATIONS).where(ORGANISATIONS.c.id == SMALL).values(name="Ministerio Nuevo"))
    correct(own, folder, SMALL)
    titles = read_atom(own, "/feeds/editions/2026/atom.xml?lang=en").titles
    assert titles.count("Correction: Ministerio Nuevo (Edition 2026)") == 2
    feed = read_atom(own, f"/feeds/organisations/{SMALL}/atom.xml?lang=en")
    assert feed.title == "Actitud: Ministerio Nuevo"
    assert feed.titles[0].startswith("Ministerio Nuevo, corrected: ")


def test_nothing_of_a_draft_is_in_a_feed(site: Client) -> None:
    for path in SUBJECTS:
        for file in ("atom.xml", "feed.json"):
            text = site.get(f"{path}/{file}").text
            assert LATE not in text
            assert "Tarde" not in text
            assert "Nunca" not in text


def test_simulated_data_are_said_to_be_so(client: Client) -> None:
    for path in ("/feeds", "/feeds/organisations/XX-DEMO-00100"):
        entry = read_atom(client, f"{path}/atom.xml?lang=en").entries[0]
        assert fragment(entry["html"]).text.startswith("Data invented for the demonstration.")
        assert read_json(client, f"{path}/feed.json?lang=en")["items"][0]["tags"] == ["simulated"]


def test_a_service_that_has_published_nothing_has_an_empty_feed(tmp_path: Path) -> None:
    with borrow_app(unlimited(migrated_sqlite(tmp_path))) as app, TestClient(app) as client:
        assert read_atom(client, "/feeds/atom.xml").entries == []
        assert read_json(client, "/feeds/feed.json")["items"] == []
