"""Reads the command line and runs the command that it names."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from actitud_api.cli import (
    copying,
    demonstration,
    doctor,
    document,
    flagging,
    importing,
    installing,
    keys,
    ledger,
    methodologies,
    migrating,
    policy,
    publishing,
    scoring,
    serving,
    verifying,
)
from actitud_api.cli.common import CommandError, Run, language_of
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.storage.database import Unavailable
from actitud_api.settings import FaultySettings, describe

_SETTINGS = Texts("La configuración no es válida:", "The settings are not valid:")

_UNAVAILABLE = Texts("La base de datos no está disponible: {reason}", "The database is not available: {reason}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; the exit code is 0, 1 where it failed, 2 where it was called or set up wrongly."""
    language = language_of(os.environ)
    options = parser(language).parse_args(arguments)
    configure_logs()
    run: Run = options.run
    try:
        return run(options, language)
    except FaultySettings as error:
        lines = [_SETTINGS.into(language), *(f"  {describe(fault, language)}" for fault in error.faults)]
        sys.stderr.write("\n".join(lines) + "\n")
        return 2
    except Unavailable as error:
        sys.stderr.write(f"{_UNAVAILABLE.into(language).format(reason=error)}\n")
        return 1
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.code


def parser(language: Language) -> argparse.ArgumentParser:
    """The commands, with their explanations in a language."""
    line = argparse.ArgumentParser(prog="actitud-api")
    commands = line.add_subparsers(required=True, metavar="COMMAND")

    def added(text: Texts, name: str, run: Run | None = None) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text.into(language), description=text.into(language))
        if run is not None:
            command.set_defaults(run=run)
        return command

    for group in (
        installing,
        serving,
        doctor,
        migrating,
        copying,
        keys,
        policy,
        ledger,
        importing,
        publishing,
        flagging,
        scoring,
        methodologies,
        verifying,
        demonstration,
        document,
    ):
        group.add(added, language)
    return line
