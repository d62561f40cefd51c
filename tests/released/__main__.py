"""Add what this release publishes to the files that every later release has to verify:

    .venv/bin/python -m tests.released 0.1.0     # or: make released RELEASE=0.1.0

It publishes an edition of invented municipalities and corrects it, in a database that is thrown away, with a key that
is thrown away too. What is in `tests/released/VERSION` was made once, at that release, and is never made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from litestar.testing import TestClient

from actitud_api.demo import service as demo
from actitud_api.demo.simulator import METHODOLOGY, simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.publications import service as publications
from actitud_api.resources.publications.service import PlannedCorrection, PublicationPlan
from actitud_api.settings import Settings
from tests.support import publishing
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite
from tests.support.ledgers import export_entries

FOLDER: Final = Path(__file__).parent
NUMBERS: Final = range(1, 7)
"""The municipalities of the demonstration that are in the edition."""
CORRECTED: Final = 2
"""The one of them with whose answers nothing is wrong."""
PUBLISHED: Final = demo.CREATED + timedelta(days=1)
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


def publish(database: Database, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Publish the edition and a correction of it. Yield the digest and the bundle of each revision."""
    demo.store_demonstration(database, lambda: None, NUMBERS)
    make_key(database, folder, demo.CREATED)
    first = demo.publish_demonstration(database, folder, lambda: None, now=PUBLISHED)
    corrected = next(simulate(load_methodology(METHODOLOGY), [CORRECTED])).municipality.id
    answers = {"methodology": METHODOLOGY, "answers": {"D1.06": {"level": 1}}}
    change = PlannedCorrection(corrected, msgspec.convert(answers, assessments.REQUEST_TYPES[METHODOLOGY].patch))
    plan = PublicationPlan(reason="A wrong answer.", supersedes=first.digest, corrections=(change,))
    second = publishing.publish(database, folder, plan, edition=demo.EDITION, now=PUBLISHED + timedelta(days=1))
    for record in (first, second):
        yield record.digest, b"".join(publications.stream_bundle(database, demo.EDITION, record.revision))


def build(release: str) -> Mapping[str, bytes]:
    """Return the files of a release by their names: bundles, ledger, checkpoint, public keys and manifest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = migrated_sqlite(folder)
        with closing(Database(url)) as database:
            editions = list(publish(database, folder))
            with database.write() as session:
                signer = ledger.load_signer(session, folder)
                checkpoint = ledger.make_checkpoint(session, signer, PUBLISHED + timedelta(days=2))
            with database.read() as session:
                entries = [shown.entry for shown in ledger.iterate_entries(session)]
            with borrow_app(Settings(database_url=url)) as app, TestClient(app) as client:
                keys = client.get("/.well-known/jwks.json").content
    files = {f"edition-{number}.jsonl.gz": bundle for number, (_, bundle) in enumerate(editions, start=1)}
    files |= {
        "ledger.jsonl": export_entries(entries),
        "checkpoint.txt": checkpoint.note.encode(),
        "keys.json": keys,
    }
    manifest = Manifest(
        release,
        "Test data: invented municipalities, signed by a key that was thrown away.",
        tuple(digest for digest, _ in editions),
        {name: hashlib.sha256(raw).hexdigest() for name, raw in files.items()},
    )
    return {**files, "manifest.json": msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"}


def main() -> None:
    """Write the files of a release."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("release", metavar="VERSION", help="such as 0.1.0, or 0.1.0.dev before it is released")
    release: str = parser.parse_args().release
    if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+(\.dev)?", release):
        parser.error("a version has three numbers, as in 0.1.0, and may end with .dev")
    folder = FOLDER / release
    if folder.exists() and not release.endswith(UNRELEASED):
        parser.error(f"{release} is released: its files are never made anew")
    files = build(release)
    folder.mkdir(exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
        print(f"tests/released/{release}/{name}: {len(raw):,} bytes")


if __name__ == "__main__":
    main()
