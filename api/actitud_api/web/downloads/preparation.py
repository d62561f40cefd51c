"""Make the files and computations of published editions before a request asks for them, in a process of low priority.

The service reads the rows, because no other process may open a SQLite file, and passes them on in batches. The other
process builds and encodes the files, which is nearly all of the work. Between two batches the service pauses. The
process makes one table after another: it receives the rows of a table once, and makes its files in all formats and
languages. It ends when no file is missing.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import pickle
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final

import structlog
from msgspec import Struct

from actitud_api.platform.http.logs import configure_logs
from actitud_api.platform.jobs.workers import NICENESS, start_worker
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.file_store import FileStore
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.editions.service import EditionRecord
from actitud_api.resources.publications.service import PublicationRecord
from actitud_api.resources.scores import audits
from actitud_api.resources.scores.audits import ComputationJob
from actitud_api.resources.scores.kept_computations import KeptComputations
from actitud_api.resources.scores.service import ScoreFilters
from actitud_api.web.downloads import edition_files, service
from actitud_api.web.downloads.edition_files import TableFile, TableName
from actitud_api.web.downloads.publisher import Publisher
from actitud_api.web.downloads.service import DocumentBatch, EditionSource, RowSelection, ScoreBatch

LOOK_SECONDS: Final = 1.0
"""Seconds between two looks at the number of the public state."""

QUIET_SECONDS: Final = 5.0
"""Seconds that the public state has to stay as it is: while an import goes on, files would be outdated at once."""

REST: Final = 3.0
"""Rest after reading a batch, as a multiple of the time that it took: requests keep three quarters of a core."""

RETRY_SECONDS: Final = 60.0
"""Seconds after which files are tried again that could not be made."""

SHARE: Final = 0.75
"""Share of the store that files made beforehand may take; without it those of one edition would replace another's."""

_WHOLE: Final = RowSelection(filters=ScoreFilters())

_log = structlog.get_logger()


class PreparationStopped(Exception):
    """Raised by `FilePreparation.make_missing` if the service stops, so that unfinished files are abandoned."""


class PreparationFailed(Exception):
    """Raised by `FilePreparation.make_missing` if the process that makes files fails or is killed."""


class TableJob(Struct, frozen=True):
    """A job for the process that makes files: the files of one table, from rows that follow in batches.

    Attributes:
        table: Name of the table.
        edition: Edition of the rows.
        files: Descriptions of the files, by name.
        folder: Folder of the store that receives the files.
        room: Size limit of the store in bytes.
    """

    table: TableName
    edition: EditionRecord
    files: dict[str, TableFile]
    folder: Path
    room: int


class FilePreparation:
    """Background worker that makes files of published editions before they are requested, one table after another.

    The files contain the whole table of scores or of indicators of an edition, in each format and, where the content
    differs, in each language. Computations over an edition are made too. The work begins at the start of the service
    and after each change of the published data, once they have stayed unchanged for `quiet` seconds. The newest edition
    comes first; once the files take the share `SHARE` of the store, those of older editions are made only when they are
    requested.
    """

    def __init__(
        self,
        database: Database,
        store: FileStore,
        publisher: Publisher,
        base: str,
        *,
        look: float = LOOK_SECONDS,
        quiet: float = QUIET_SECONDS,
    ) -> None:
        """Prepare to make files from `database` and to keep them in `store`; `run` starts the work.

        Args:
            database: Source of the rows.
            store: Store that receives the files.
            publisher: Publisher that the files name.
            base: Scheme and authority of links.
            look: Seconds between two looks for changes.
            quiet: Seconds without change after which the files are made.
        """
        self._database = database
        self._store = store
        self._kept = KeptComputations(store)
        self._publisher = publisher
        self._base = base
        self._look = look
        self._quiet = quiet
        self._stopping = threading.Event()
        # Guards the process, which `stop` ends while another thread waits for it.
        self._lock = threading.Lock()
        self._process: BaseProcess | None = None

    def run(self) -> None:
        """Make the missing files now and after each change of the published data, until `stop` is called."""
        made: int | None = None
        seen: int | None = None
        since = 0.0
        while self._store.room and not self._stopping.wait(self._look):
            number = self._database.public_state.number
            if number != seen:
                seen, since = number, time.monotonic()
            if number is None or number == made or time.monotonic() - since < self._quiet:
                continue
            try:
                self.make_missing()
                made = number
            except PreparationStopped:
                return
            except StaleVersion:
                # Published meanwhile: the number has changed too.
                continue
            except Exception:  # the loop has to survive: nothing restarts it, and the next attempt may succeed
                _log.exception("files of published editions were not made")
                self._stopping.wait(RETRY_SECONDS)

    def stop(self) -> None:
        """Stop the work at once; finished files are kept."""
        self._stopping.set()
        with self._lock:
            if self._process is not None:
                self._process.kill()

    def make_missing(self) -> list[str]:
        """Make the missing files and computations, and delete those of earlier states of the data.

        Return the names of the files, and the kinds of the computations, that were made.

        Raises:
            PreparationStopped: `stop` was called.
            PreparationFailed: The other process failed or was killed.
            StaleVersion: A correction was published meanwhile.
            Unavailable: The database could not be reached in time.
        """
        made: list[str] = []
        prepared: list[str] = []
        with ExitStack() as stack:
            maker: _Maker | None = None
            for source, published in service.list_published_sources(self._database):
                # What was erased is gone from the files, too.
                self._store.drop_outdated(source.edition.id, edition_files.name_state(source, published))
                # The newest come first; of older editions each file is made when it is asked for.
                if self._store.measure(prepared) > SHARE * self._store.room:
                    continue
                computations = audits.find_missing_computations(self._database, self._kept, source.edition.id)
                if computations is not None:
                    maker = maker or stack.enter_context(self._start_maker())
                    maker.compute(self._store, computations)
                    made += computations.missing
                for table in edition_files.SUFFIXES:
                    files = self._list_files(source, published, table)
                    prepared += files
                    missing = {name: file for name, file in files.items() if not self._store.holds(name)}
                    if missing:
                        # Started only now: usually nothing is missing.
                        maker = maker or stack.enter_context(self._start_maker())
                        job = TableJob(table, source.edition, missing, self._store.folder, self._store.room)
                        maker.make(job, self._read(source, published, table))
                        made += missing
        return made

    def _list_files(
        self, source: EditionSource, published: PublicationRecord, table: TableName
    ) -> Mapping[str, TableFile]:
        rows = service.count_rows(self._database, source, _WHOLE)
        if table == "indicators":
            rows *= service.count_indicators(source.methodology)
        return edition_files.list_whole_files(source, published, table, self._publisher, self._base, rows)

    def _read(
        self, source: EditionSource, published: PublicationRecord, table: TableName
    ) -> Iterator[ScoreBatch | DocumentBatch]:
        if table == "scores":
            return service.read_score_batches(self._database, source, _WHOLE)
        return service.read_document_batches(self._database, source, published, _WHOLE)

    @contextmanager
    def _start_maker(self) -> Iterator[_Maker]:
        """Start the process that makes files, and end it at the end of the block."""
        # Not forked: this process has threads (see `workers`).
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=make_files, args=(there,), name="files", daemon=True)
        with self._lock:
            if self._stopping.is_set():
                raise PreparationStopped
            process.start()
            self._process = process
        there.close()
        try:
            yield _Maker(here, self._stopping)
        except (EOFError, OSError) as error:
            # The pipe is broken: the process has ended, because it was told to or by itself.
            if self._stopping.is_set():
                raise PreparationStopped from None
            raise PreparationFailed from error
        finally:
            here.close()
            process.kill()
            process.join()
            with self._lock:
                self._process = None


class _Maker:
    """The other process, as seen from the service."""

    def __init__(self, pipe: Connection[object, object], stopping: threading.Event) -> None:
        self._pipe = pipe
        self._stopping = stopping

    def compute(self, store: FileStore, job: ComputationJob) -> None:
        """Have computations made, and wait until they are.

        Raises:
            EOFError, OSError: The process has ended.
        """
        self._pipe.send((store.folder, store.room, job))
        self._pipe.recv()

    def make(self, job: TableJob, batches: Iterator[ScoreBatch | DocumentBatch]) -> None:
        """Have files made, and wait until they are.

        Raises:
            PreparationStopped: The service stops.
            EOFError, OSError: The process has ended.
        """
        self._pipe.send(job)
        began = time.monotonic()
        for batch in batches:
            rest = REST * (time.monotonic() - began)
            self._pipe.send(batch)
            if self._stopping.wait(rest):
                raise PreparationStopped
            began = time.monotonic()
        self._pipe.send(None)
        self._pipe.recv()


def make_files(pipe: Connection[object, Any]) -> None:
    """Run the loop of the process that makes files: receive jobs from the pipe, and send None after each.

    There are two kinds of jobs. A `TableJob` is followed by batches of rows and then None. A tuple of the folder of the
    store, its size limit and a `ComputationJob` asks for computations.
    """
    start_worker(NICENESS)
    configure_logs()
    # The end of the pipe is that of the service.
    with suppress(EOFError):
        while True:
            match pipe.recv():
                case TableJob() as job:
                    _make_table(job, pipe)
                case folder, room, computations:
                    audits.compute_missing(KeptComputations(FileStore(folder, room)), computations)
            pipe.send(None)


def _make_table(job: TableJob, pipe: Connection[object, Any]) -> None:
    store = FileStore(job.folder, job.room)
    job.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside the files: a folder for temporary files may be in memory.
    with TemporaryFile(dir=job.folder) as file:
        while (batch := pipe.recv()) is not None:
            for rows in _build_rows(job, batch):
                pickle.dump(rows, file, pickle.HIGHEST_PROTOCOL)
        for name, table_file in job.files.items():
            pieces, _ = table_file.encode(_read_rows(job, table_file, file))
            store.write(name, pieces)


def _build_rows(job: TableJob, batch: ScoreBatch | DocumentBatch) -> Iterator[object]:
    """Yield what is kept of a batch until all have come: of the scores both kinds of rows are made later."""
    if isinstance(batch, ScoreBatch):
        yield batch
    else:
        yield from service.build_indicator_rows(job.edition, batch)


def _read_rows(job: TableJob, table_file: TableFile, file: IO[bytes]) -> Iterator[Any]:
    """Yield the batches of rows for a file from the beginning."""
    file.seek(0)
    with suppress(EOFError):
        while True:
            kept = pickle.load(file)  # written by this process, in a file without a name
            if not isinstance(kept, ScoreBatch):
                yield kept
            elif table_file.cube is None:
                yield service.build_score_rows(job.edition, kept)
            else:
                yield service.build_cube_units(kept.rows)


def build_preparing_lifespan(
    preparation: FilePreparation,
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Build an application lifespan during which a thread makes the files of published editions."""

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        # Not a thread of the handlers: it waits for most of its life.
        thread = threading.Thread(target=preparation.run, name="files", daemon=True)
        thread.start()
        try:
            yield
        finally:
            await asyncio.to_thread(preparation.stop)
            await asyncio.to_thread(thread.join)

    return lifespan
