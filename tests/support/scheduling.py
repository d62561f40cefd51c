"""How the tests are shared out between processes."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadFileScheduling

from tests.support import options

LONG: Final = "tests/contract/test_schemathesis.py"
"""The file of which some tests take a quarter of an hour each at night."""


class FilesAtOnce(LoadFileScheduling):
    """Keep the tests of a file in one process, for what they share.

    At night those on PostgreSQL may be in another process than those on SQLite, and each test of `LONG` in its own:
    else one process would still be at a single file when the other has done all the rest.
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if not options.night:
            return file
        database = "postgresql" if "postgresql" in test else ""
        return f"{file} {database} {test.partition('[')[0] if file == LONG else ''}"
