"""Memory of an import: that of a file of a million rows is that of a tenth of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.support.importing import list_rows
from tests.support.scale import NIGHT

ROWS: Final = 1_000_000 if NIGHT else 20_000
ALLOWED: Final = 1.1

PROGRAM: Final = """
import resource, sys
from pathlib import Path
from actitud_api.platform.storage.database import Database
from tests.benchmarks.imports import import_file, prepare, write_file
def main():
    folder, organisations = Path(sys.argv[1]), int(sys.argv[2])
    file = folder / "answers.csv"
    write_file(file, organisations)
    database = Database(f"sqlite:///{folder}/imports.sqlite3")
    prepare(database, organisations)
    assert import_file(database, file).created == organisations
    print(*(resource.getrusage(whose).ru_maxrss for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
if __name__ == "__main__":
    main()
"""
"""What imports a file in a process of its own, and prints the most memory that it and its worker took, in kibibytes."""


@pytest.mark.night
def test_a_million_rows_take_the_memory_of_a_hundred_thousand(tmp_path: Path) -> None:
    program = tmp_path / "importing.py"
    program.write_text(PROGRAM)
    of_each = len(list(list_rows("")))
    taken: list[tuple[int, int]] = []
    for rows in (ROWS // 10, ROWS):
        folder = tmp_path / str(rows)
        folder.mkdir()
        command = [sys.executable, str(program), str(folder), str(rows // of_each)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env={"PYTHONPATH": str(Path.cwd())})
        of_self, of_worker = done.stdout.split()[-2:]
        taken.append((int(of_self), int(of_worker)))
    (own, worker), (own_of_all, worker_of_all) = taken
    assert own_of_all <= ALLOWED * own, taken
    assert worker_of_all <= ALLOWED * worker, taken
