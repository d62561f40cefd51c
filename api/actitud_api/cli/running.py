"""Running a command: its errors become a message and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from io import UnsupportedOperation

from actitud_api.cli.common import CommandError, get_reason, is_file_error
from actitud_api.cli.parsers import CommandRunner
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.storage.database import Unavailable
from actitud_api.settings import FaultySettings, describe_fault

_SETTINGS = Texts("La configuración no es válida:", "The settings are not valid:")

_UNAVAILABLE = Texts("La base de datos no está disponible: {reason}", "The database is not available: {reason}")

_UNWRITTEN = Texts("No se puede escribir la salida: {reason}", "Cannot write the output: {reason}")


def run_command(run: CommandRunner, options: argparse.Namespace, language: Language) -> int:
    """Run a command and return its exit code; print the message of an error to standard error.

    The exit code is 2 for faulty settings and for a file that cannot be read or written, such as standard output on a
    full disk, and 1 for a database that cannot be reached; a `CommandError` states its own exit code.
    """
    # Here and not in `main`: the logging library would slow down `--help` and completion.
    configure_logs()
    try:
        code = run(options, language)
        # Not a method of `sys.stdout`, which is None where a service is started without one.
        print(end="", flush=True)
        return code
    except FaultySettings as error:
        lines = [_SETTINGS.into(language), *(f"  {describe_fault(fault, language)}" for fault in error.faults)]
        sys.stderr.write("\n".join(lines) + "\n")
        return 2
    except Unavailable as error:
        sys.stderr.write(f"{_UNAVAILABLE.into(language).format(reason=error)}\n")
        return 1
    except CommandError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    except OSError as error:
        if not is_file_error(error):
            raise
        reason = get_reason(error, language)
        if error.filename is None:
            _discard_output()
            sys.stderr.write(f"{_UNWRITTEN.into(language).format(reason=reason)}\n")
        else:
            sys.stderr.write(f"{error.filename}: {reason}\n")
        return 2


def _discard_output() -> None:
    """Send the rest of standard output nowhere: the interpreter would fail to write it once more at its end."""
    with suppress(UnsupportedOperation):
        output = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)
