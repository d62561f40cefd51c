"""How the tests are shared out between processes."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

from tests.support import options

ROOT: Final = Path(__file__).parents[2]
LONG: Final = "tests/contract/test_schemathesis.py"
"""The file of which some tests take a quarter of an hour each at night."""
BROWSER: Final = "tests/browser"
"""The folder whose tests share a browser, which takes 2 s of CPU to start."""
LONG_BY_DAY: Final = (
    "tests/contract/test_schemathesis.py",
    "tests/unit/scoring/test_columns.py",
    BROWSER,
    "tests/fuzzing/test_fuzzing.py",
    "tests/http/test_demo.py",
    "tests/contract/test_policy.py",
    "tests/http/reviews/test_story.py",
    "tests/http/test_memory_negotiation.py",
    "tests/contract/test_never_stale.py",
    "tests/web/downloads/test_kept_files.py",
    "tests/contract/test_drafts_unseen.py",
    "tests/web/portal/test_links.py",
    "tests/web/portal/test_rankings.py",
)
"""What takes 7 s or more by day, the longest first.

The others follow in the order of their names: were these among them, all processes but one would wait for the last one.
"""


_FOR_FIRST: Final = re.compile(
    r"\bboth_databases\b|\bpostgresql: |\bdemonstration_in_review\b"
    r"|\btests\.(?:support\.forking|faults\.(?:serving|writers|killed_workers))\b"
)
"""What a file of tests has in it that takes the PostgreSQL of its process, or another that services are forked from.

To start and fill the one takes 11 s of CPU, to start the other 3.
"""


class FilesAtOnce(LoadFileScheduling):
    """Keep the tests of a file in one process, for what they share, and by day those that share a browser.

    By day the files on PostgreSQL are for the first process, so that one server is started and filled, and not one for
    each process, and so are those that fork services, from a process that imports the service once; the others take of
    them only what the first has not begun when nothing else is left.
    At night those on PostgreSQL may be in another process than those on SQLite, and each test of `LONG` in its own:
    else one process would still be at a single file when the other has done all the rest.
    """

    def schedule(self) -> None:
        """Hand out the files, by day the long ones before the rest, so that no process waits for one."""
        super().schedule()
        for file in reversed(LONG_BY_DAY):
            if file in self.workqueue:
                self.workqueue.move_to_end(file, last=False)

    def _assign_work_unit(self, node: WorkerController) -> None:
        if not options.night:
            is_first = node.gateway.id == "gw0"
            alike = (file for file in self.workqueue if _is_for_first(file) == is_first)
            self.workqueue.move_to_end(next(alike, next(iter(self.workqueue))), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if not options.night:
            return BROWSER if file.startswith(BROWSER) else file
        database = "postgresql" if "postgresql" in test else ""
        return f"{file} {database} {test.partition('[')[0] if file == LONG else ''}"


@functools.cache
def _is_for_first(file: str) -> bool:
    """Return True if tests of a file, relative to the root of the tree, need what the first process starts."""
    return file.endswith(".py") and _FOR_FIRST.search((ROOT / file).read_text(encoding="utf-8")) is not None
