"""`demo`: serve a demonstration with invented organisations."""

from __future__ import annotations

import argparse
import threading
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

from msgspec import structs
from rich.console import Console

from actitud_api.cli.common import CommandError, load_settings, show_progress
from actitud_api.cli.readiness import catch_unreachable, check_revisions
from actitud_api.cli.server import Server, build_configuration
from actitud_api.cli.serving import (
    build_application,
    get_database,
    get_readiness,
    give_up,
    is_for_this_machine,
)
from actitud_api.demo import service as demo
from actitud_api.demo.printing import render_report
from actitud_api.demo.report import SimulationReport
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.jobs.workers import open_worker_pool
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.revisions import get_revisions
from actitud_api.settings import Settings

DATABASE: Final = "sqlite:///var/demo.sqlite3"
"""Default database of the demonstration, so that no invented data enter the real one."""
SIGNING_FOLDER: Final = "demo"
"""Folder of the demonstration's signing key, within the signing folder of the settings."""

_SIMULATING = Texts("Simulando municipios", "Simulating municipalities")
_PUBLISHING = Texts("Publicando resultados", "Publishing scores")
_PUBLISHED = Texts(
    "La base de datos ya tiene una demostración publicada, que no cambia: indique otra con --database.",
    "The database has a demonstration that is published already, and does not change: name another with --database.",
)
_KEY = Texts("Clave de administración, por un día: {key}", "Key of an administrator, for a day: {key}")
_READY = Texts(
    "Lista en {address}, con datos simulados. Ctrl+C termina.", "Ready at {address}, with simulated data. Ctrl+C ends."
)


def run_demo(options: argparse.Namespace, language: Language) -> int:
    """Run `demo`: serve a demonstration with invented organisations until the service is stopped.

    The service accepts requests while the demonstration loads; `/readyz` returns 200 when it is loaded and published.
    Return 0, or 1 if the service was stopped before that.

    Raises:
        CommandError: The database cannot be used or another process serves it, or its published demonstration cannot be
            kept, because another version of the simulator made it or the option `--in-review` or `--drafts` asks for an
            unpublished one.
    """
    settings = build_settings(load_settings(options), options.database)
    loaded = threading.Event()
    is_left = options.in_review or options.drafts
    with build_application(settings, language, may_be_new=True) as app:
        database = get_database(app)
        with catch_unreachable(settings, language):
            check_revisions(settings, get_revisions(database), language)
            database.migrate()
        is_kept = demo.load_report(database) is not None
        if (is_left and demo.is_published(database)) or (demo.is_fixed(database) and not is_kept):
            raise CommandError(_PUBLISHED.into(language))
        _make_signing_key(database, settings)
        get_readiness(app).register(demo.EDITION, loaded.is_set)
        config = build_configuration(app, settings)
        server = Server(config, get_readiness(app), 0, lambda: None, partial(give_up, app))
        # Bound before the loading starts, so that a port in use ends the command at once.
        socket = config.bind_socket()

        def load() -> None:
            try:
                report = _load_demonstration(database, language, as_drafts=options.drafts)
                _publish_demonstration(database, settings, language, is_left=is_left)
            except BaseException:
                if server.should_exit:
                    return  # stopped before it was ready: the unfinished transaction is dropped
                server.should_exit = True
                raise
            loaded.set()
            console = Console()
            console.print(render_report(report, language))
            if is_left:
                console.print(_KEY.into(language).format(key=_create_key(database, settings)), soft_wrap=True)
            console.print(_READY.into(language).format(address=settings.address))

        # A daemon thread, so that Ctrl+C does not wait for the end of the simulation.
        threading.Thread(target=load, daemon=True).start()
        with suppress(KeyboardInterrupt):
            server.run(sockets=[socket])
    return 0 if loaded.is_set() else 1


def build_settings(base: Settings, database: str | None) -> Settings:
    """Return the settings of a demonstration, which has its own database and signing keys.

    `base`: settings of the installation. `database`: database URL from the option `--database`; None for the database
    that demonstrations have by default. The settings returned have no rate limits if only this machine can reach the
    service.
    """
    settings = structs.replace(
        base,
        database_url=database or DATABASE,
        signing_folder=base.signing_folder / SIGNING_FOLDER,
        files_folder=base.files_folder / SIGNING_FOLDER,
    )
    if not is_for_this_machine(settings):
        return settings
    # Whoever tries a client against it needs no protection from themselves.
    return structs.replace(settings, rate_limit_read=0, rate_limit_write=0, rate_limit_score=0, rate_limit_refused=0)


def _create_key(database: Database, settings: Settings) -> str:
    """Create an administrator key that is valid for one day, and return its text."""
    now = datetime.now(UTC)
    with database.write() as session:
        created = access.create_key(session, settings.peppers, role="administrator", days=1, now=now)
        entry = ledger.Event(
            action="cli.demo",
            actor=None,
            subject=f"/v1/keys/{created.record.id}",
            public=False,
            hidden=True,
            details={"key": created.record.id, "role": created.record.role},
        )
        ledger.append_entry(session, entry, now=now)
    return created.text


def _make_signing_key(database: Database, settings: Settings) -> None:
    """Create a signing key if there is none that can sign.

    A key cannot sign if its file is missing, not readable, open to other users, or holds another key. Another key is no
    remedy for a database that was brought back from a copy.
    """
    now = datetime.now(UTC)
    with database.write() as session:
        try:
            ledger.load_signer(session, settings.signing_folder)
        except ledger.SigningKeyFault as error:
            if error.code == "restored":
                return
            event = ledger.Event(action="cli.demo", actor=None, subject=ledger.SIGNING_KEYS_PATH, public=True)
            ledger.rotate_signing_key(session, settings.signing_folder, event, now=now)


def _load_demonstration(database: Database, language: Language, *, as_drafts: bool) -> SimulationReport:
    """Return the report of the stored demonstration; if none is stored, simulate and store it first.

    `as_drafts`: the answers of its edition are drafts. One that is stored otherwise is replaced.
    """
    report = demo.load_report(database)
    if report is not None and demo.is_open(database) == as_drafts:
        return report
    with show_progress(_SIMULATING.into(language), demo.ORGANISATIONS) as advance:
        return demo.store_demonstration(database, advance, as_drafts=as_drafts)


def _publish_demonstration(database: Database, settings: Settings, language: Language, *, is_left: bool) -> None:
    """Publish what is not published yet; if `is_left`, of the earlier edition only."""
    unpublished = demo.count_unpublished(database)
    if is_left:
        del unpublished[demo.EDITION]
    if not unpublished:
        return
    publish = demo.publish_earlier_edition if is_left else demo.publish_demonstration
    progress = show_progress(_PUBLISHING.into(language), sum(unpublished.values()))
    with open_worker_pool() as spread, progress as advance:
        publish(database, settings.signing_folder, advance, now=datetime.now(UTC), spread=spread)
