"""`doctor`: check an installation and name remedies."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from rich.console import Console
from rich.text import Text

from actitud_api.cli import checks
from actitud_api.cli.checks import Check, Status
from actitud_api.cli.common import load_settings
from actitud_api.cli.verifying import load_key_ids
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import is_absent
from actitud_api.settings import FaultySettings, Settings

_MARKS: dict[Status, tuple[Texts, str]] = {
    "ok": (Texts("bien", "ok"), "green"),
    "warning": (Texts("aviso", "warning"), "yellow"),
    "problem": (Texts("problema", "problem"), "red"),
}
_TOTALS = Texts(
    "Comprobaciones: {ok} bien, {warning} con aviso, {problem} con problema.",
    "Checks: {ok} ok, {warning} with a warning, {problem} with a problem.",
)


class DoctorReport(msgspec.Struct, frozen=True):
    """Report of the command `doctor`: the results of all checks, and the worst of their statuses."""

    status: Status
    checks: list[Check]


def run_doctor(options: argparse.Namespace, language: Language) -> int:
    """Run `doctor`: check an installation, print the report, and return exit code 1 if there is a problem, else 0.

    Raises:
        CommandError: The file or address of the trusted keys cannot be read (exit code 2).
    """
    pinned = None
    if options.keys is not None:
        pinned = checks.PinnedKeys(options.keys, load_key_ids(options.keys, language))
    report = _build_report(list(_run_checks(options, pinned, language)))
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    else:
        _print(report, language)
    return int(report.status == "problem")


def _run_checks(options: argparse.Namespace, pinned: checks.PinnedKeys | None, language: Language) -> Iterator[Check]:
    try:
        settings = load_settings(options)
    # Without settings there is no database to check; the methodologies are part of the installation.
    except FaultySettings as error:
        yield checks.report_faulty_settings(error, language)
        yield checks.check_methodologies(language)
        return
    now = datetime.now(UTC)
    yield checks.check_settings(settings, language)
    yield from _check_database(settings, pinned, now, language)
    yield checks.check_methodologies(language)
    yield checks.check_address(settings, language)
    yield checks.check_links(settings, language)
    yield from checks.check_files(settings, language)


def _check_database(
    settings: Settings, pinned: checks.PinnedKeys | None, now: datetime, language: Language
) -> Iterator[Check]:
    """Yield the results of all checks of the database and of what is stored in it.

    If a check fails, the checks that need it are left out: for example, keys cannot be checked without tables.
    """
    if is_absent(settings.database_url):
        yield checks.report_absent_database(settings, language)
        yield checks.check_clock(now, None, language)
        return
    try:
        database = Database(settings.database_url)
    except ValueError as error:
        yield checks.report_unusable_database(error, language)
        return
    try:
        reached = checks.check_reachable(settings, database, language)
        yield reached
        if reached.status == "problem":
            return
        migrated = checks.check_migrations(settings, database, language)
        yield migrated
        yield from checks.check_sqlite(database, language)
        yield from checks.check_disk(settings, language)
        yield from checks.check_permissions(settings, language)
        yield from checks.check_standby(database, language)
        # Another revision may have other columns, so the checks below cannot read its rows.
        if migrated.status == "problem":
            yield checks.check_clock(now, None, language)
            return
        yield checks.check_writable(database, language)
        records = checks.list_administrators(database)
        yield checks.check_clock(now, max((record.created for record in records), default=None), language)
        yield checks.check_keys(records, settings.peppers, now, language)
        yield checks.check_signing(settings, database, language)
        yield checks.check_checkpoint(database, now, language)
        yield checks.check_jobs(database, now, language)
        yield checks.check_webhooks(settings, database, language)
        yield checks.check_triggers(database, language)
        yield checks.check_publications(database, language, pinned)
    finally:
        database.close()


def _build_report(found: list[Check]) -> DoctorReport:
    statuses = {check.status for check in found}
    worst: Status = "problem" if "problem" in statuses else "warning" if "warning" in statuses else "ok"
    return DoctorReport(worst, found)


def _print(report: DoctorReport, language: Language) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in report.checks:
        mark, colour = _MARKS[check.status]
        console.print(Text.assemble((f"{mark.into(language):<9}", colour), f"{check.title}: {check.found}"))
        if check.remedy is not None:
            console.print(Text(f"{'':<9}→ {check.remedy}"))
    counts = {status: sum(check.status == status for check in report.checks) for status in _MARKS}
    console.print(_TOTALS.into(language).format(**counts))
