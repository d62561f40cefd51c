"""Make the files of a release: what it publishes, a database of each kind with its answers, methodology versions."""

from __future__ import annotations

import hashlib
import lzma
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from litestar.testing import TestClient

from actitud_api.demo import service as demo
from actitud_api.platform.audit_log import queries as ledger_queries
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service as publications
from tests.released import databases, registry
from tests.released.answers import KeptAnswer, read_kept
from tests.released.world import fill_database
from tests.support import postgresql
from tests.support.applications import borrow_app
from tests.support.databases import Kind, migrated_sqlite, opened, unlimited
from tests.support.ledgers import export_entries

FOLDER: Final = Path(__file__).parent
MANIFEST: Final = "manifest.json"
LEDGER: Final = "ledger.jsonl"
CHECKPOINT: Final = "checkpoint.txt"
KEYS: Final = "keys.json"
ANSWERS: Final[Mapping[Kind, str]] = {"sqlite": "answers-sqlite.jsonl.xz", "postgresql": "answers-postgresql.jsonl.xz"}
"""The file of the answers about the database of each kind."""
UNRELEASED: Final = ".dev"
"""How the name of a version ends that is not released yet: its files may be made anew (ADR 17)."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `manifest.json` beside the files of a release.

    `editions`: the digest of the edition document of each revision, in their order. `files`: the SHA-256 of each file.
    """

    release: str
    note: str
    editions: tuple[str, ...]
    files: Mapping[str, str]


def build_release(release: str) -> Mapping[str, bytes]:
    """Return all files of a release by their names."""
    with tempfile.TemporaryDirectory() as name:
        files = dict(build_published(release, Path(name)))
        editions = msgspec.json.decode(files[MANIFEST], type=Manifest).editions
        url = f"sqlite:///{name}/made/test.sqlite3"
        with opened(url) as database:
            files[databases.FILES["sqlite"]] = databases.dump_sqlite(url, Path(name))
            files[ANSWERS["sqlite"]] = pack_answers(read_kept(database, url))
    with (
        tempfile.TemporaryDirectory() as name,
        postgresql.server() as server,
        server.database() as kept,
        opened(server.url(kept)) as database,
    ):
        database.migrate()
        fill_database(database, server.url(kept), Path(name))
        files[databases.FILES["postgresql"]] = databases.dump_postgresql(server, kept)
        files[ANSWERS["postgresql"]] = pack_answers(read_kept(database, server.url(kept)))
    files[registry.FILE] = registry.pack_versions()
    return {**files, MANIFEST: _build_manifest(release, editions, files)}


def build_published(release: str, folder: Path) -> Mapping[str, bytes]:
    """Return the bundles, ledger, checkpoint, public keys and manifest of a release by the names of their files.

    The database is left in the folder.
    """
    url = migrated_sqlite(folder)
    with opened(url) as database:
        fill_database(database, url, folder)
        records = [publications.get(database, demo.EDITION, revision) for revision in ("1", "2")]
        bundles = [b"".join(publications.stream_bundle(database, one.edition, one.revision)) for one in records]
        files = {f"edition-{number}.jsonl.gz": bundle for number, bundle in enumerate(bundles, start=1)}
        files |= read_proofs(database, url)
    return {**files, MANIFEST: _build_manifest(release, [one.digest for one in records], files)}


def read_proofs(database: Database, url: str) -> Mapping[str, bytes]:
    """Return what a verifier needs beside a bundle, by the names of the files: ledger, checkpoint and public keys."""
    with database.read() as session:
        entries = [shown.entry for shown in ledger.iterate_entries(session)]
        checkpoint = ledger_queries.get_newest_checkpoint(session)
    assert checkpoint is not None
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        keys = client.get("/.well-known/jwks.json").content
    return {LEDGER: export_entries(entries), CHECKPOINT: checkpoint.note.encode(), KEYS: keys}


def pack_answers(answers: Iterable[KeptAnswer]) -> bytes:
    """Return answers as a file, one a line."""
    return lzma.compress(b"".join(msgspec.json.encode(answer) + b"\n" for answer in answers), preset=9)


def unpack_answers(file: Path) -> list[KeptAnswer]:
    """Return the answers in a file."""
    lines = lzma.decompress(file.read_bytes()).splitlines()
    return [msgspec.json.decode(line, type=KeptAnswer) for line in lines]


def _build_manifest(release: str, editions: Sequence[str], files: Mapping[str, bytes]) -> bytes:
    manifest = Manifest(
        release,
        "Test data: invented municipalities, signed by keys that were thrown away.",
        tuple(editions),
        {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items() if name != MANIFEST},
    )
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
