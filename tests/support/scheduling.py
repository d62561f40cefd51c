"""How the tests are shared out between processes."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadFileScheduling

from tests.support import options

LONG: Final = "tests/contract/test_schemathesis.py"
"""The file of which some tests take a quarter of an hour each at night."""
FEW_AND_LONG: Final = (
    "tests/contract/test_drafts_unseen.py",
    "tests/http/reviews/test_story.py",
    "tests/web/downloads/test_memory.py",
    "tests/docs/test_publishing_tutorial_page.py",
    "tests/fuzzing/test_fuzzing.py",
)
"""Files of few tests that take 5 to 12 s: xdist begins with the files of most tests, and would end with these."""


class FilesAtOnce(LoadFileScheduling):
    """Keep the tests of a file in one process, for what they share.

    At night those on PostgreSQL may be in another process than those on SQLite, and each test of `LONG` in its own:
    else one process would still be at a single file when the other has done all the rest.
    """

    def schedule(self) -> None:
        """Hand out the files, by day those of few and long tests before the rest, so that no process waits for one."""
        super().schedule()
        for file in FEW_AND_LONG:
            if file in self.workqueue:
                self.workqueue.move_to_end(file, last=False)

    def _split_scope(self, nodeid: str) -> str:
        file, _, test = nodeid.partition("::")
        if not options.night:
            return file
        database = "postgresql" if "postgresql" in test else ""
        return f"{file} {database} {test.partition('[')[0] if file == LONG else ''}"
