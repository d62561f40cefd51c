"""Digests in the examples of the OpenAPI document, which are those of the sandbox.

They follow from its seed, from the form of signed documents, and from the version of the service.
`python -m tests.contract.digests` writes them anew; then `make openapi` takes them into the document.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from actitud_api.demo import sandbox
from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import approvals
from actitud_api.resources.publications import service as publications
from tests.contract.examples import FOLDER, PACKED, packed

PARAMETERS: Final = "parameters.json"
APPROVALS: Final = "editions.approvals.create.request.json"
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")


class Digests(NamedTuple):
    """Digest of the first publication, and of the pending one of the edition in review.

    Later publications name a checkpoint of the ledger, whose root is another in each database.
    """

    published: str
    pending: str


def find_digests(database: Database) -> Digests:
    """Return the digests of a database with the seed of the sandbox."""
    published = publications.get(database, demo.EARLIER, "latest").digest
    with database.read() as session:
        pending = approvals.find(session, sandbox.IN_REVIEW, "1").digest
    return Digests(published, pending)


def read_digests() -> Digests:
    """Return the digests that the examples have now."""
    published, pending = (
        _DIGEST.findall((FOLDER / name).read_text(encoding="utf-8")) for name in (PARAMETERS, APPROVALS)
    )
    assert len(set(published)) == len(set(pending)) == 1
    return Digests(published[0], pending[0])


def main() -> None:
    """Write the digests into the examples."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/sandbox.sqlite3")
        database.migrate()
        sandbox.seed_sandbox(database, Path(folder), FOLDER)
        found = find_digests(database)
        database.close()
    files = [(FOLDER / PARAMETERS, found.published)]
    files += [(file, found.pending) for file in FOLDER.glob("editions.approvals.*.json")]
    for file, digest in files:
        file.write_text(_DIGEST.sub(digest, file.read_text(encoding="utf-8")), encoding="utf-8")
    PACKED.write_text(packed(), encoding="utf-8")


if __name__ == "__main__":
    main()
