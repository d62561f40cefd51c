"""A complete count, from files to facts, for the command ``count`` and its check of a manifest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, NamedTuple, Self

from msgspec import structs

from actitud.counting.codes import NOTHING_CODED
from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import load_definitions
from actitud.counting.export_files import Progress, hide_names
from actitud.counting.manifest import (
    CodingFile,
    Json,
    ManifestDifference,
    build_manifest,
    compare_manifests,
    encode_manifest,
    read_manifest,
)
from actitud.counting.options import OwnAccount, read_mapping
from actitud.counting.reading import Reading, read_files
from actitud.counting.windows import Days
from actitud.counting.workbook_reading import CellProblem, read_coding_workbooks

NO_ALIASES: Final[Mapping[NetworkAccount, Sequence[str]]] = MappingProxyType({})


class CountFiles(NamedTuple):
    """Files of a count: exports of platforms, mappings of message logs, and coding workbooks, one per coder."""

    exports: tuple[Path, ...]
    mappings: tuple[Path, ...] = ()
    workbooks: tuple[Path, ...] = ()


class UnknownFile(ValueError):
    """Raised if a person states a period for a file that was not read; ``file`` is its name in the statement."""

    def __init__(self, file: str) -> None:
        super().__init__(file)
        self.file = file


class StatedPeriod(NamedTuple):
    """Days that a file covers, as stated by a person; ``file`` is its name or folder, None for all files."""

    file: str | None
    days: Days


class CountRun(NamedTuple):
    """Count of facts, with the files that were read and the cells of coding workbooks that could not be read.

    ``reading``: the messages, files and faults. ``counter``: the counter of the facts. ``coding``: the coding workbooks
    that were read. ``problems``: their unreadable cells. At the end of a ``with`` block, the table of the messages is
    deleted.
    """

    reading: Reading
    counter: FactCounter
    coding: tuple[CodingFile, ...]
    problems: tuple[CellProblem, ...]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.reading.table.close()

    def build_manifest(self) -> dict[str, Json]:
        """Build the evidence manifest of the count: its numbers, the digests of its files, and its rules."""
        return build_manifest(self.counter, coding=self.coding, faults=count_faults(self.reading))


def run_count(
    files: CountFiles,
    plan: CountPlan,
    *,
    periods: Sequence[StatedPeriod] = (),
    aliases: Mapping[NetworkAccount, Sequence[str]] = NO_ALIASES,
    progress: Progress | None = None,
) -> CountRun:
    """Read files and count the facts of a plan.

    Args:
        files: Export files, mappings and coding workbooks.
        plan: Plan of the count. The digests of the mappings and the periods of the files are added to it.
        periods: Days that files cover, as a person states them.
        aliases: Other names that files use for accounts of the plan. They may be names of employees, so the manifest
            does not contain them, and a new count needs them again.
        progress: Called with the name of a file and the number of bytes read since the last call; each file is read
            twice.

    Raises:
        ValueError: If there is no such time zone, or a mapping or a coding workbook is invalid.
        UnknownVersion: If there are no counting data of the methodology version.
        UnknownFile: If a period is stated for a file that was not read.
        OSError: If a mapping or a coding workbook cannot be read.
    """
    definitions = load_definitions(plan.methodology)
    coding = NOTHING_CODED
    problems: list[CellProblem] = []
    if files.workbooks:
        coding, problems = read_coding_workbooks(files.workbooks, definitions, seed=plan.seed)
    plan = structs.replace(plan, mappings=tuple(sorted(_hash_file(path) for path in files.mappings)))
    reading = read_files(
        files.exports,
        accounts=[OwnAccount(*account, tuple(aliases.get(account, ()))) for account in plan.accounts],
        mapping=[read_mapping(path) for path in files.mappings],
        time_zone=plan.time_zone,
        date_order=plan.date_order,
        progress=progress,
    )
    try:
        stated = _find_periods(reading, periods)
        plan = structs.replace(plan, periods={**plan.periods, **stated})
        counter = FactCounter(reading.table, reading.sources, plan, definitions, coding)
        counter.count_all()
    except BaseException:
        reading.table.close()
        raise
    workbooks = tuple(CodingFile(_hash_file(path), path.stat().st_size) for path in files.workbooks)
    return CountRun(reading, counter, workbooks, tuple(problems))


def check_manifest(
    content: bytes,
    files: CountFiles,
    *,
    aliases: Mapping[NetworkAccount, Sequence[str]] = NO_ALIASES,
    progress: Progress | None = None,
) -> tuple[list[ManifestDifference], Reading]:
    """Count files again by the plan of a manifest, and return the differences.

    The second value has the files that were read and their faults; its table of messages is closed.

    Args:
        content: Bytes of the manifest.
        files: The files of the first count.
        aliases: Other names that the files use for accounts, as in the first count; the manifest does not contain them.
        progress: Called with the name of a file and the number of bytes read since the last call; None for no calls.

    Raises:
        InvalidManifest: If the content is no manifest.
        ValueError: If there is no such time zone, or a mapping or a coding workbook is invalid.
        UnknownVersion: If there are no counting data of the methodology version.
        OSError: If a mapping or a coding workbook cannot be read.
    """
    expected, plan = read_manifest(content)
    # A period that was stated of all files holds for one that has changed too, whose digest the plan does not know.
    stated = set(plan.periods.values())
    of_all = len(stated) == 1 and len(plan.periods) == len(expected["files"])
    periods = [StatedPeriod(None, days) for days in stated if of_all]
    with run_count(files, plan, periods=periods, aliases=aliases, progress=progress) as run:
        found, _ = read_manifest(encode_manifest(run.build_manifest()))
        names = {source.sha256: source.file for source in run.reading.sources}
        names |= {_hash_file(path): path.name for path in files.workbooks}
        return compare_manifests(expected, found, names), run.reading


def count_faults(reading: Reading) -> Mapping[str, int]:
    """Return the number of faults that were found while files were read, by their codes."""
    numbers: Counter[str] = Counter()
    for kind, number in reading.faults.list_numbers():
        numbers[kind.code] += number
    return numbers


def _find_periods(reading: Reading, periods: Sequence[StatedPeriod]) -> dict[str, Days]:
    """Return the period that is stated of each file, by its SHA-256: of several the one that names it."""
    stated: dict[str, Days] = {}
    for period in sorted(periods, key=lambda period: period.file is not None):
        sources = [source for source in reading.sources if period.file is None or _is_named(source.file, period.file)]
        if period.file is not None and not sources:
            raise UnknownFile(period.file)
        stated.update({source.sha256: period.days for source in sources})
    return stated


def _is_named(file: str, given: str) -> bool:
    """Return True if a file has this name, or is a member of an archive or folder that has it."""
    name, whole = hide_names(given), file.partition(":")[0]
    return name in (file, whole) or whole.endswith(f"/{name}") or f"/{name}/" in f"/{whole}"


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
