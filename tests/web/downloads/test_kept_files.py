"""The files of whole tables of a published edition are made once and kept; they are made before anybody asks."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.file_store import FileStore
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores import audits
from actitud_api.web.downloads import service
from actitud_api.web.downloads.edition_files import SUFFIXES
from actitud_api.web.downloads.preparation import (
    FilePreparation,
    PreparationFailed,
    PreparationStopped,
    build_preparing_lifespan,
)
from actitud_api.web.downloads.publisher import Publisher
from tests.support.applications import borrow_app
from tests.support.copying import fill_once
from tests.support.databases import unlimited
from tests.support.forking import fork_workers
from tests.support.keys import create_header
from tests.support.publishing import BIG, NOW, correction, fill, publish, publish_filled, publish_year
from tests.support.waiting import PATIENCE

Client = TestClient[Litestar]

BASE: Final = "https://madurez.example"
EDITION: Final = "/v1/editions/2026"
SCORES: Final = f"{EDITION}/scores"
TABLES: Final[Mapping[str, int]] = {
    f"{SCORES}.csv": 1,
    f"{SCORES}.jsonl": 1,
    f"{SCORES}.xlsx": 2,
    f"{SCORES}.jsonstat": 2,
    f"{EDITION}/indicators.csv": 1,
    f"{EDITION}/indicators.jsonl": 1,
    f"{EDITION}/indicators.xlsx": 2,
}
"""Each table, with the number of its kept files: one for each language, or one for both if it has no texts."""
PATHS: Final = tuple(f"{path}?lang={language}" for path in TABLES for language in ("es", "en"))
KEPT: Final = sum(TABLES.values())
"""Files of an edition that are kept."""
COMPUTED: Final = 4
"""Computations over an edition: draws, means, statistics and what an audit has besides."""
COMPUTATIONS: Final = (
    f"{EDITION}/robustness",
    f"{EDITION}/statistics",
    f"{EDITION}/audit",
    "/portal/2026",
    "/portal/2026/dimensions",
)
NONE: Final = {"numerator": 0, "denominator": 200}
PUBLISHER: Final = Publisher(name="Actitud", dir3=None, contact=None)


@pytest.fixture(autouse=True)
def _forked_makers(monkeypatch: pytest.MonkeyPatch) -> None:
    fork_workers(monkeypatch)


@pytest.fixture
def published(database: Database, tmp_path: Path) -> Database:
    fill_once(database, tmp_path, publish_filled)
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


def ask(url: str, folder: Path, room: int = 10_000_000, base: str | None = BASE) -> Any:
    """The application on a database, with a folder of files."""
    settings = structs.replace(unlimited(url), files_folder=folder, files_bytes=room, public_url=base)
    return borrow_app(settings)


@pytest.fixture
def client(published: Database, url: str, folder: Path) -> Iterator[Client]:
    with ask(url, folder) as app, TestClient(app) as opened:
        yield opened


@pytest.fixture
def made(published: Database, url: str, folder: Path) -> dict[str, bytes]:
    """The files as they are made for each reader."""
    with ask(url, folder, 0) as app, TestClient(app) as client:
        return {path: client.get(path).content for path in PATHS}


def prepare(database: Database, folder: Path, **seconds: float) -> FilePreparation:
    return FilePreparation(database, FileStore(folder, 10_000_000), PUBLISHER, BASE, **seconds)


def list_names(folder: Path, prefix: str = "2026.") -> list[str]:
    return sorted(file.name for file in folder.iterdir() if file.name.startswith(prefix))


def test_every_whole_file_of_an_edition_is_tried_here() -> None:
    tables = {f"{EDITION}/{table}.{suffix}" for table, suffixes in SUFFIXES.items() for suffix in suffixes}
    assert tables == set(TABLES)


def refuse_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise AssertionError("it was made anew")

    for name in ("list_score_rows", "list_cube_units", "list_indicator_rows"):
        monkeypatch.setattr(service, name, fail)


def test_a_kept_file_has_the_bytes_of_one_that_is_made(
    client: Client, made: dict[str, bytes], url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {path: client.get(path) for path in PATHS}
    assert {path: response.content for path, response in first.items()} == made
    assert len(list_names(folder)) == KEPT
    refuse_to_read(monkeypatch)
    with ask(url, folder) as app, TestClient(app) as restarted:
        for path in PATHS:
            again = restarted.get(path, headers={"accept-encoding": "identity"})
            assert again.content == made[path], path
            assert again.headers["content-length"] == str(len(made[path]))
            assert again.headers["etag"] == first[path].headers["etag"].replace("-br", "").replace("-gzip", "")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_the_head_of_a_kept_file_has_the_headers_of_its_body(client: Client, coding: str) -> None:
    path, asked = f"{EDITION}/indicators.csv", {"accept-encoding": coding}
    client.get(path, headers=asked)
    body, head = (client.request(method, path, headers=asked).headers for method in ("GET", "HEAD"))
    assert body["content-encoding"] == coding
    names = ("content-encoding", "content-length", "accept-ranges", "etag", "vary")
    assert {name: head.get(name) for name in names} == {name: body.get(name) for name in names}


def test_ranges_of_a_kept_file(client: Client) -> None:
    path = f"{SCORES}.csv"
    whole = client.get(path).content
    tag = client.head(path).headers["etag"]
    part = client.get(path, headers={"range": "bytes=10-29"})
    assert (part.status_code, part.content) == (206, whole[10:30])
    assert part.headers["content-range"] == f"bytes 10-29/{len(whole)}"
    assert (part.headers["content-length"], part.headers["etag"]) == ("20", tag)
    assert client.get(path, headers={"range": "bytes=-5"}).content == whole[-5:]
    assert client.get(path, headers={"range": "bytes=5-", "if-range": tag}).content == whole[5:]
    other = client.get(path, headers={"range": "bytes=5-", "if-range": '"other"'})
    assert (other.status_code, other.content) == (200, whole)
    beyond = client.get(path, headers={"range": f"bytes={len(whole)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(whole)}")
    assert client.get(path, headers={"range": "bytes=0-4", "if-none-match": tag}).status_code == 304
    head = client.head(path, headers={"range": "bytes=0-4", "accept-encoding": "identity"})
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(whole)))
    assert head.headers["accept-ranges"] == "bytes"


def test_a_damaged_file_is_made_anew(client: Client, folder: Path, made: dict[str, bytes]) -> None:
    path = f"{SCORES}.jsonl?lang=en"
    client.get(path)
    (name,) = list_names(folder)
    os.truncate(folder / name, 100)
    assert client.get(path).content == made[path]
    assert (folder / name).stat().st_size > len(made[path])
    (folder / name).unlink()
    assert client.get(path).content == made[path]


def test_only_whole_tables_that_anybody_reads_are_kept(client: Client, published: Database, folder: Path) -> None:
    fill(published, "2027")
    queries = ("limit=1", "level=1", "fields=rank", "sort=-rank", "dialect=excel-es")
    others = ("/v1/organisations.csv", "/v1/editions/2027/scores.csv")
    for path in (*(f"{SCORES}.csv?{query}" for query in queries), *others):
        assert client.get(path).status_code == 200, path
    assert client.get(f"{SCORES}.csv", headers=create_header(published)).status_code == 200
    assert not folder.exists()


def test_a_host_that_a_request_names_is_in_no_kept_file(published: Database, url: str, folder: Path) -> None:
    with ask(url, folder, base=None) as app, TestClient(app) as client:
        for host in ("localhost:1", "127.0.0.9:2"):
            assert host.encode() in client.get(f"{SCORES}.jsonstat", headers={"host": host}).content
        assert not folder.exists()
        # The address on which the service listens is in the settings.
        assert b"http://127.0.0.1:8000" in client.get(f"{SCORES}.jsonstat", headers={"host": "127.0.0.1:8000"}).content
        assert b"http://127.0.0.1:8000" in client.get(f"{SCORES}.jsonstat", headers={"host": "evil.example"}).content
    assert len(list_names(folder)) == 1


def test_files_and_computations_are_made_before_anybody_asks(
    made: dict[str, bytes],
    published: Database,
    url: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They have the same bytes and digits, and nothing is computed again; after a correction there are others."""
    with ask(url, folder, 0) as app, TestClient(app) as client:
        computed = {path: client.get(path) for path in COMPUTATIONS}
    assert [response.status_code for response in computed.values()] == [200] * len(COMPUTATIONS)
    preparation = prepare(published, folder)
    assert len(preparation.make_missing()) == KEPT + COMPUTED
    before, computed_before = list_names(folder), list_names(folder, "computed-2026.")
    assert (len(before), len(computed_before)) == (KEPT, COMPUTED)
    assert preparation.make_missing() == []

    def fail(*_: object) -> Any:
        raise AssertionError("it was computed again")

    with monkeypatch.context() as patch, ask(url, folder) as app, TestClient(app) as client:
        refuse_to_read(patch)
        patch.setattr(audits, "build_columns", fail)
        assert {path: client.get(path).content for path in PATHS} == made
        for path, response in computed.items():
            assert client.get(path).content == response.content, path
        assert client.get(f"{EDITION}/robustness?seed=7").status_code == 500, "only the usual draws are kept"

    newest = service.load_published_source(published, "2026")[1]
    publish(published, tmp_path, correction(newest, D1_01=NONE), now=NOW)
    with ask(url, folder) as app, TestClient(app) as client:
        corrected = {path: client.get(path).content for path in (*PATHS, *COMPUTATIONS)}
    former = made | {path: response.content for path, response in computed.items()}
    assert [path for path, content in corrected.items() if content == former[path]] == []
    assert preparation.make_missing() == [], "whoever asked first had them kept"
    publish_year(published, 2025)
    outdated = folder / "2025.erased-since.scores.kept"
    outdated.touch()
    full = FileStore(folder, sum(file.stat().st_size for file in folder.glob("2026.*")))
    assert FilePreparation(published, full, PUBLISHER, BASE).make_missing() == [], "there is no room for an older one"
    assert not outdated.exists()
    assert not {*before, *computed_before} & {*list_names(folder), *list_names(folder, "computed-2026.")}


def test_the_name_of_an_organisation_is_that_of_the_publication(
    client: Client, published: Database, folder: Path, made: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a rename leaves the files as they are."""
    for path in PATHS:
        client.get(path)
    with published.write() as session:
        organisations.update(
            session,
            BIG,
            organisations.OrganisationChange(name="Otro nombre"),
            expected=lambda _: True,
            domains_changed=lambda *_: None,
            now=NOW,
        )
    refuse_to_read(monkeypatch)
    assert {path: client.get(path).content for path in PATHS} == made


def test_what_is_stopped_leaves_no_file_of_its_table(
    published: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preparation = prepare(published, folder)
    read = service.read_score_batches

    def stop(*arguments: Any) -> Iterator[service.ScoreBatch]:
        yield from read(*arguments)
        preparation.stop()

    monkeypatch.setattr(service, "read_score_batches", stop)
    monkeypatch.setattr(audits, "find_missing_computations", lambda *_: None)
    with pytest.raises(PreparationStopped):
        preparation.make_missing()
    assert list(folder.glob("*")) == []
    assert multiprocessing.active_children() == []
    with pytest.raises(PreparationStopped):
        preparation.make_missing()


def test_a_process_that_fails_is_a_failure(
    published: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "find_missing_computations", lambda *_: None)
    (tmp_path / "taken").write_text("no folder")
    with pytest.raises(PreparationFailed):
        prepare(published, tmp_path / "taken").make_missing()


def test_a_service_looks_for_missing_files_at_its_start_and_after_a_change(
    published: Database, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    preparation = prepare(published, folder, look=0.01, quiet=0.02)
    passes = threading.Semaphore(0)
    monkeypatch.setattr(preparation, "make_missing", passes.release)
    app = Litestar(lifespan=[build_preparing_lifespan(preparation)], openapi_config=None)
    with TestClient(app):
        assert passes.acquire(timeout=PATIENCE)
        newest = service.load_published_source(published, "2026")[1]
        publish(published, tmp_path, correction(newest, D1_01=NONE), now=NOW)
        assert passes.acquire(timeout=PATIENCE)
    assert not passes.acquire(blocking=False), "nothing has changed since"
