"""What the service really publishes holds for every verifier, and one digit of it changed is found and named by all."""

from __future__ import annotations

import gzip
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actitud import Client, verify
from actitud_api import cli
from actitud_api.app import create_app
from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service as publication
from actitud_api.settings import Settings
from actitud_api.verification.rescoring import ScoreRescorer
from tests.support import publishing
from tests.support.databases import opened
from tests.support.scale import NIGHT
from tests.support.serving import served
from tests.verification.bundles import Edition, packed
from tests.verification.test_defects import Found, by_script, by_sdk, by_service


def bundle_of(database: Database, edition: str, revision: int = 1) -> bytes:
    return b"".join(publication.stream_bundle(database, edition, revision))


@pytest.fixture
def published(database: Database, tmp_path: Path) -> bytes:
    """The bundle of a small edition, published on each database."""
    publishing.prepare(database, tmp_path)
    publishing.publish(database, tmp_path)
    return bundle_of(database, publishing.EDITION)


def another_digit(lines: list[bytes], line: int) -> list[bytes]:
    """The first digit of an index changed in a line, which is as long as before."""

    def change(found: re.Match[bytes]) -> bytes:
        return b'"index":%d%s"index_geometric"' % ((int(found[1]) + 1) % 10 or 1, found[2])

    changed = list(lines)
    text = changed[line - 1]
    changed[line - 1] = re.sub(rb'"index":(\d)([\d.]*,)"index_geometric"', change, text)
    assert changed[line - 1] != text
    assert len(changed[line - 1]) == len(text)
    return changed


def found_by_all(file: bytes, path: Path) -> tuple[Found, Found, Found]:
    path.write_bytes(file)
    return by_script(path), by_sdk(file), by_service(file)


def test_a_small_edition_holds_for_all_and_no_changed_digit_does(published: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    lines = gzip.decompress(published).splitlines()

    assert found_by_all(published, path) == (set(), set(), set())
    for line in range(3, len(lines) + 1):
        changed = gzip.compress(b"".join(text + b"\n" for text in another_digit(lines, line)))
        digest = {(str(line), "digest")}
        assert found_by_all(changed, path) == (digest, digest, digest | {(f"{line}:/score/index", "score")})


def test_a_correction_holds_against_the_revision_before(database: Database, tmp_path: Path) -> None:
    publishing.prepare(database, tmp_path)
    first = publishing.publish(database, tmp_path)
    publishing.publish(database, tmp_path, publishing.correction(first, D9_02={"hours": 500}))
    second = bundle_of(database, publishing.EDITION, 2)

    assert found_by_all(second, tmp_path / "file") == (set(), set(), set())
    alone = verify(second)
    assert any("the revision before" in text["en"] for text in alone.unchecked)
    documents = {
        verify(text).digest: text for text in gzip.decompress(bundle_of(database, publishing.EDITION)).splitlines()[1:]
    }
    held = verify(second, published=documents.get, rescorer=ScoreRescorer())
    assert held.problems == ()
    assert not any("the revision before" in text["en"] for text in held.unchecked)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_figure_that_was_changed_in_the_database_is_named_at_the_address(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its owner drops the trigger first. All documents stay as they were, and so all of them hold."""
    with opened(url) as database:
        publishing.prepare(database, tmp_path)
        publishing.publish(database, tmp_path)
    # Without memory, which would go on giving what was published.
    app = create_app(Settings(database_url=url, signing_folder=tmp_path, memory_bytes=0))
    with served(app) as address:
        asked = ["verify", f"{address}/v1/editions/{publishing.EDITION}", "--lang", "en"]
        assert cli.main(asked) == 0, capsys.readouterr().out
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute("DROP TRIGGER published_score_refuses_update")
            connection.execute(
                "UPDATE published_score SET index_value = 9999, rank_points = 9999, level = 5 WHERE organisation = ?",
                (publishing.SMALL,),
            )
        capsys.readouterr()
        assert cli.main(asked) == 1
    app.state["database"].close()
    assert f"for {publishing.SMALL}, index 99.99 is shown and 16.51 is signed" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_correction_that_was_taken_back_is_named_at_the_address(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its owner removes the revision. The one before is whole and signed, and only the ledger knows of a later one."""
    with opened(url) as database:
        publishing.prepare(database, tmp_path)
        first = publishing.publish(database, tmp_path)
        second = publishing.publish(database, tmp_path, publishing.correction(first, D9_02={"hours": 500}))
    app = create_app(Settings(database_url=url, signing_folder=tmp_path, memory_bytes=0))
    with served(app) as address:
        asked = ["verify", f"{address}/v1/editions/{publishing.EDITION}", "--lang", "en"]
        assert cli.main(asked) == 0, capsys.readouterr().out
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            for table in ("published_score", "correction", "publication"):
                connection.execute(f"DROP TRIGGER {table}_refuses_delete")
                connection.execute(f"DELETE FROM {table} WHERE revision = 2")
        capsys.readouterr()
        assert cli.main(asked) == 1
        told = capsys.readouterr().out
        assert cli.main(["verify", f"{address}/v1/editions/{publishing.EDITION}/publications/1", "--lang", "en"]) == 0
    app.state["database"].close()
    assert f"of the ledger is of a later one: {second.digest}" in told


def test_what_the_client_fetches_is_verified_as_it_is(url: str, tmp_path: Path) -> None:
    with opened(url) as database:
        publishing.prepare(database, tmp_path)
        made = publishing.publish(database, tmp_path)
    app = create_app(Settings(database_url=url, signing_folder=tmp_path))
    with served(app) as address, Client(base_url=address) as client:
        keys = client.signing_keys.list()
        bundle = verify(client.editions.publications.bundle(publishing.EDITION), keys=keys, digest=made.digest)
        text = client.published.get(made.digest)
        alone = verify(text, keys=keys, digest=made.digest, signature=client.published.signature(made.digest))
        foreign = verify(text, keys=keys[:0], signature=client.published.signature(made.digest))
    app.state["database"].close()

    assert (bundle.holds, bundle.kind, bundle.key) == (True, "bundle", keys[0].kid)
    assert (alone.holds, alone.kind, alone.key) == (True, "edition", keys[0].kid)
    assert [problem.code for problem in foreign.problems] == ["foreign_key"]


def test_a_digit_among_many_is_found_by_all(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """At night, of one of the 8,131 scores of the demonstration."""
    if NIGHT:
        with opened(request.getfixturevalue("demonstration")) as database:
            whole, line = bundle_of(database, demo.EDITION), 4712
    else:
        whole, line = packed(Edition().lines()), 5
    path = tmp_path / "file"
    lines = gzip.decompress(whole).splitlines()
    changed = gzip.compress(b"".join(text + b"\n" for text in another_digit(lines, line)), 1)

    assert found_by_all(whole, path) == (set(), set(), set())
    digest = {(str(line), "digest")}
    assert found_by_all(changed, path) == (digest, digest, digest | {(f"{line}:/score/index", "score")})
