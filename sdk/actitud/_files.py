"""Files: read whole as bytes, or written to a path while they arrive, complete or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import ExitStack, aclosing, closing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Generic, TypeAlias, TypeVar, cast

import msgspec

from actitud._calls import Call, OpenResponse, Request, fetch_bytes, fetch_open
from actitud._config import Core
from actitud._streams import Progress, ProgressCallback, find_length

T = TypeVar("T")

Destination: TypeAlias = str | os.PathLike[str]
"""The path that a file is written to."""

_LINED = frozenset({"text/csv", "application/jsonl"})
"""Media types of files in which each line is a row, so that rows can be counted by their line ends."""


class Export(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Downloaded file: either read into memory (``content``), or still arriving (``reply``), to be written to a path.

    Attributes:
        content: Bytes of the file, ``None`` if it still arrives.
        reply: Response whose body still arrives, ``None`` if the file is read.
        to: Path to write it to, ``None`` if the file is read.
        progress: Function that is called after each chunk that is written, ``None`` for no calls.
        rows: Number of rows that the file will have, ``None`` if it is not known.
    """

    content: bytes | None = None
    reply: OpenResponse | None = None
    to: Path | None = None
    progress: ProgressCallback | None = None
    rows: int | None = None


def fetch_export(
    core: Core,
    request: Request,
    media_type: str,
    max_bytes: int,
    *,
    to: Destination | None,
    progress: ProgressCallback | None,
    count: Call[int | None] | None = None,
) -> Call[Export[T]]:
    """Fetch a file: as bytes if ``to`` is ``None``, else return while it arrives, to be written to the path ``to``.

    ``progress``: called after each chunk that is written. ``count``: the call that counts the rows of the file first;
    ``None`` for no such call. Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``.
    """
    if to is None:
        return Export(content=(yield from fetch_bytes(core, request, media_type, max_bytes)).body)
    rows = None if count is None else (yield from count)
    reply = yield from fetch_open(core, request, media_type, max_bytes)
    return Export(reply=reply, to=Path(to), progress=progress, rows=rows)


def finish_export(export: Export[T]) -> T:
    """Finish a download: return its bytes, or write it to the file that the caller named and return its path.

    The rest of the response is written as it arrives. The file appears under its name when it is complete; an existing
    file is replaced. Raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` if the file breaks off, and
    ``OSError`` if it cannot be written.
    """
    if export.reply is None:
        return cast(T, export.content)
    # The transport of a blocking client makes blocking pieces.
    with closing(cast("Generator[bytes, None, None]", export.reply.pieces)) as pieces, _write(export) as write:
        for piece in pieces:
            write(piece)
    return cast(T, export.to)


async def finish_export_async(export: Export[T]) -> T:
    """Finish a download (asyncio): return its bytes, or write it to the file that the caller named and return its path.

    The rest of the response is written as it arrives. The file appears under its name when it is complete; an existing
    file is replaced. Raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` if the file breaks off, and
    ``OSError`` if it cannot be written.
    """
    if export.reply is None:
        return cast(T, export.content)
    async with aclosing(cast("AsyncGenerator[bytes, None]", export.reply.pieces)) as pieces:
        with _write(export) as write:
            async for piece in pieces:
                write(piece)
    return cast(T, export.to)


@contextmanager
def _write(export: Export[T]) -> Generator[Callable[[bytes], None], None, None]:
    """Open the file of an export in a ``with`` block; the value of the block is a function that writes bytes to it.

    The file has a temporary name in the same folder. When the block ends, it gets its own name and replaces an earlier
    file; if the block raises, it is deleted. A device or a pipe is written to. An ``OSError`` names the file of the
    export.
    """
    reply, path = cast(OpenResponse, export.reply), cast(Path, export.to)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        # In the place of /dev/null there would be a file, if root writes it.
        with name_written_file(path), path.open("wb") as device:
            yield _build_writer(export, reply, device)
        return
    with ExitStack() as opened:
        with name_written_file(path):
            file = opened.enter_context(
                tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)
            )
        try:
            yield _build_writer(export, reply, cast(BinaryIO, file))
            with name_written_file(path):
                file.flush()
                os.fsync(file.fileno())
                # Windows renames no file that is open.
                file.close()
                # A temporary file is for its owner alone; a new file is for whom the process says.
                os.chmod(file.name, 0o666 & ~_get_umask())
                os.replace(file.name, path)
        except BaseException:
            # On a full disk the rest of the buffer cannot be written at the close either: the first error is raised.
            with suppress(OSError):
                file.close()
            os.unlink(file.name)
            raise


@contextmanager
def name_written_file(path: Destination) -> Generator[None, None, None]:
    """Let each ``OSError`` of a ``with`` block name ``path``, the file that the caller asked for.

    The errors of writes name no file, and those of a temporary file name that one.
    """
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error


def _build_writer(export: Export[T], reply: OpenResponse, file: BinaryIO) -> Callable[[bytes], None]:
    path, progress, lined = cast(Path, export.to), export.progress, reply.media_type in _LINED
    length, received, lines = find_length(reply), 0, 0

    def write(piece: bytes) -> None:
        nonlocal received, lines
        with name_written_file(path):
            file.write(piece)
        received += len(piece)
        lines += piece.count(b"\n") if lined else 0
        if progress is not None:
            progress(Progress(rows=lines, bytes=received, total_rows=export.rows, total_bytes=length))

    return write


def _get_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
