"""Whether a database is whole: what the service and its verifiers can say of it."""

from __future__ import annotations

import hashlib
from collections import Counter

from sqlalchemy import text

from actitud_api.platform.audit_log import queries as ledger_queries
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.triggers import find_missing_triggers
from actitud_api.resources.publications import service as publications
from tests.support.ledgers import find_chain_problems, make_jwks


def find_damage(database: Database) -> list[str]:
    """What is wrong with the file, the triggers, the ledger with its newest checkpoint, or what is published."""
    damage: list[str] = []
    with database.read() as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            checked = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            damage += [] if checked == "ok" else [f"file: {checked}"]
        entries = [opened.entry for opened in ledger.iterate_entries(session)]
        checkpoint = ledger_queries.get_newest_checkpoint(session)
        keys = make_jwks(*ledger.list_signing_keys(session))
        published = connection.execute(text("SELECT edition, revision FROM publication ORDER BY 1, 2")).all()
    damage += [f"triggers: {name}" for name in find_missing_triggers(database)[0]]
    if entries:
        note = None if checkpoint is None else checkpoint.note
        problems = find_chain_problems(entries, note, None if note is None else keys)
        damage += [f"ledger: {place} {code}" for place, code in problems]
    altered = publications.find_altered_figure(database)
    damage += [] if altered is None else [f"published: {altered}"]
    return damage + [
        f"bundle: {edition}/{revision}"
        for edition, revision in published
        if not is_bundle_whole(database, edition, revision)
    ]


def is_bundle_whole(database: Database, edition: str, revision: int) -> bool:
    """Whether the bundle of a publication is the one that was published, to the byte."""
    digest, size = hashlib.sha256(), 0
    try:
        for piece in publications.stream_bundle(database, edition, revision):
            digest.update(piece)
            size += len(piece)
        record = publications.get(database, edition, str(revision))
    except publications.UnknownPublication:
        return False  # it lacks scores, so it is not read
    return (digest.hexdigest(), size) == (record.bundle_digest, record.bundle_size)


def count_additions(database: Database) -> Counter[str]:
    """How often each organisation was added, as the ledger has it, among those that are stored."""
    with database.read() as session:
        stored = set(session.connection().execute(text("SELECT id FROM organisation")).scalars())
        subjects = Counter(opened.opening.subject for opened in ledger.iterate_entries(session) if opened.opening)
    return Counter({name: subjects[f"/v1/organisations/{name}"] for name in stored})
