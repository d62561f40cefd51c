"""The command ``count``: from the files of platforms to answers and their evidence (extra ``[count]``)."""

from __future__ import annotations

import sqlite3
from importlib.util import find_spec
from typing import Final

from actitud.cli.common import CommandError, Session, describe_missing

_NEEDED: Final = ("feedparser", "ijson", "python_calamine", "xlsxwriter")


def run_count(session: Session) -> int:
    """Run ``count``: count facts in export files, or count the files of a manifest again.

    Return exit code 1 if a new count differs from the manifest, else 0.
    """
    if any(find_spec(name) is None for name in _NEEDED):
        raise CommandError(describe_missing(session.words, "count"))
    from actitud.cli.count_command import CountCommand

    command = CountCommand(session)
    try:
        return command.count() if session.options.check is None else command.check()
    except sqlite3.OperationalError as error:
        # The table of messages is a temporary file of SQLite.
        if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
            raise
        text = session.words(
            "no queda sitio en la carpeta de ficheros temporales (TMPDIR)",
            "no room is left in the folder for temporary files (TMPDIR)",
        )
        raise CommandError(text) from error
