"""The revisions of the database that this release has, by the names of their files."""

from pathlib import Path

from actitud_api.storage.migrations import versions

REVISIONS = tuple(sorted(file.name[1:5] for file in Path(versions.__path__[0]).glob("r[0-9]*.py")))
NEWEST = REVISIONS[-1]
