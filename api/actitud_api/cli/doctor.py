"""`doctor`: looks at an installation and says what is wrong and what to do."""

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
from actitud_api.cli.common import settings_of
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.places import is_absent
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


class Report(msgspec.Struct, frozen=True):
    """What was found: the worst status, and every check."""

    status: Status
    checks: list[Check]


def run_doctor(options: argparse.Namespace, language: Language) -> int:
    """The exit code is 0 where there is no problem, warnings or not, and 1 where there is one."""
    report = _report(list(_checks(options, language)))
    if options.json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(report), indent=2).decode() + "\n")
    else:
        _print(report, language)
    return int(report.status == "problem")


def _checks(options: argparse.Namespace, language: Language) -> Iterator[Check]:
    try:
        settings = settings_of(options)
    except FaultySettings as error:
        yield checks.faulty_settings(error, language)
        yield checks.methodologies(language)
        return
    now = datetime.now(UTC)
    yield checks.settings_hold(settings, language)
    yield from _of_database(settings, now, language)
    yield checks.methodologies(language)
    yield checks.address(settings, language)


def _of_database(settings: Settings, now: datetime, language: Language) -> Iterator[Check]:
    """The checks of the database; where one that the others need fails they are left out."""
    if is_absent(settings.database_url):
        yield checks.absent(settings, language)
        yield checks.clock(now, None, language)
        return
    try:
        database = Database(settings.database_url)
    except ValueError as error:
        yield checks.unusable(error, language)
        return
    try:
        reached = checks.reachable(settings, database, language)
        yield reached
        if reached.status == "problem":
            return
        migrated = checks.migrated(settings, database, language)
        yield migrated
        yield from checks.sqlite(database, language)
        yield from checks.disk(settings, language)
        if migrated.status == "problem":
            yield checks.clock(now, None, language)
            return
        yield checks.writable(database, language)
        records = checks.administrators(database)
        yield checks.clock(now, max((record.created for record in records), default=None), language)
        yield checks.keys(records, settings.peppers, now, language)
        yield checks.signing(settings, database, language)
    finally:
        database.close()


def _report(found: list[Check]) -> Report:
    statuses = {check.status for check in found}
    worst: Status = "problem" if "problem" in statuses else "warning" if "warning" in statuses else "ok"
    return Report(worst, found)


def _print(report: Report, language: Language) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for check in report.checks:
        mark, colour = _MARKS[check.status]
        console.print(Text.assemble((f"{mark.into(language):<9}", colour), f"{check.title}: {check.found}"))
        if check.remedy is not None:
            console.print(Text(f"{'':<9}→ {check.remedy}"))
    counts = {status: sum(check.status == status for check in report.checks) for status in _MARKS}
    console.print(_TOTALS.into(language).format(**counts))
