"""Store of files that are slow to generate, on disk, by name and of limited size, for all processes of a service.

The name of a file contains all data that determine its content, so a file never becomes outdated: other content has
another name. A file is written under a temporary name, flushed, and renamed when it is complete. It ends with its
length and a digest of name and content, so that a damaged file is recognised; it counts as missing. No file is needed:
if the folder is lost, full or read-only, files are generated for each reader.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import structlog

_SUFFIX: Final = ".kept"
_PART: Final = ".part"
"""Ends of the names of complete files and of unfinished ones; whatever else is in the folder is left alone."""

_TRAILER: Final = struct.Struct(">8sQ32s")
"""A mark, the length of the content, and the SHA-256 of name and content."""
_MARK: Final = b"actitud\x01"

_CHUNK: Final = 256 * 1024
_STEP: Final = 8 * 1024 * 1024
"""Bytes that are written between two looks at the bound."""

ABANDONED_SECONDS: Final = 3_600
"""Age in seconds at which an unfinished file counts as that of a process that was killed."""

_TOUCH_SECONDS: Final = 60
"""Precision of the time of the last use: a file is not touched for every reader."""

_VERIFIED_MAX: Final = 10_000

_log = structlog.get_logger()


def is_writable(folder: Path) -> bool:
    """Return True if this process may write to a folder, or may create the folder if it does not exist."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


class StoredFile:
    """Open content of a file in a store. It stays readable if the file is deleted meanwhile."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self.size = size
        """Length of the content in bytes."""

    def read(self, positions: range) -> Iterator[bytes]:
        """Yield the bytes at these positions, and close the file."""
        with self._file as file:
            file.seek(positions.start)
            left = len(positions)
            while left and (piece := file.read(min(_CHUNK, left))):
                left -= len(piece)
                yield piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class FileStore:
    """Store of generated files in a folder, by name. Several processes may use the same folder at the same time.

    When the files together exceed `room` bytes, the least recently read files are deleted.
    """

    def __init__(self, folder: Path, room: int) -> None:
        """Use a folder, which is created with the first file, for at most `room` bytes of files; 0 stores nothing."""
        self.folder = folder
        self.room = room
        self._verified: dict[str, tuple[int, int, int]] = {}
        """Inode, size and time of the files whose digest was right when this process first read them."""
        self._has_warned = False

    def entry(self, name: str) -> StoreEntry:
        """Return the entry of a file, through which it can be opened or stored.

        `name` is the file name; it consists of letters, digits, dots and hyphens.
        """
        return StoreEntry(self, name)

    def holds(self, name: str) -> bool:
        """Return True if a file of this name exists, without checking that it is undamaged."""
        return self.room > 0 and self._locate(name).exists()

    def measure(self, names: Iterable[str]) -> int:
        """Return the total size in bytes of the files of these names; missing files count 0."""
        size = 0
        for name in names:
            with suppress(OSError):
                size += self._locate(name).stat().st_size
        return size

    def open(self, name: str) -> StoredFile | None:
        """Open a file, or return None if it is missing or damaged; a damaged file is deleted."""
        if self.room == 0:
            return None
        path = self._locate(name)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return None
        except OSError as error:
            self._warn(error)
            return None
        try:
            status = os.fstat(file.fileno())
            is_sound = self._verify(name, file, status)
        except BaseException as error:
            file.close()
            if not isinstance(error, OSError):
                raise
            self._warn(error)
            return None
        if not is_sound:
            file.close()
            _log.warning("a kept file was damaged and is made anew", name=name)
            _drop(path)
            return None
        now = time.time_ns()
        if now - status.st_atime_ns > _TOUCH_SECONDS * 1_000_000_000:
            # The time of access is the last use, whatever the mount options; a read-only folder has none.
            with suppress(OSError):
                os.utime(path, ns=(now, status.st_mtime_ns))
        return StoredFile(file, status.st_size - _TRAILER.size)

    def write(self, name: str, pieces: Iterable[bytes]) -> bool:
        """Store a file with this content and return True, or return False if it cannot be stored."""
        for _ in self.keep(name, pieces):
            pass
        return self.holds(name)

    def keep(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of a file, and store the file once all are read. If it cannot be stored, only yield them."""
        writer = self._begin(name)
        try:
            for piece in pieces:
                if writer is not None and not self._add(writer, piece):
                    writer.discard()
                    writer = None
                yield piece
            if writer is not None:
                self._end(writer)
        finally:
            if writer is not None:
                writer.discard()

    def drop_outdated(self, group: str, state: str) -> None:
        """Delete the files of a group that belong to another state.

        They are the files whose names begin with `<group>.` but not with `<group>.<state>.`.
        """
        with suppress(OSError):
            for path in self.folder.glob(f"{group}.*{_SUFFIX}"):
                if not path.name.startswith(f"{group}.{state}."):
                    _drop(path)

    def _locate(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"

    def _verify(self, name: str, file: IO[bytes], status: os.stat_result) -> bool:
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        if self._verified.get(name) == identity:
            return True
        size = status.st_size - _TRAILER.size
        if size < 0:
            return False
        digest = _begin_digest(name)
        left = size
        while left and (piece := file.read(min(_CHUNK, left))):
            digest.update(piece)
            left -= len(piece)
        if file.read() != _TRAILER.pack(_MARK, size, digest.digest()):
            return False
        if len(self._verified) >= _VERIFIED_MAX:
            self._verified.clear()
        self._verified[name] = identity
        return True

    def _begin(self, name: str) -> _Writer | None:
        if self.room == 0:
            return None
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return _Writer(self._locate(name), name)
        except OSError as error:
            self._warn(error)
            return None

    def _add(self, writer: _Writer, piece: bytes) -> bool:
        """Add a piece; return False if the disk or the bound refuses it."""
        try:
            writer.write(piece)
            return not writer.is_due() or self._make_room()
        except OSError as error:
            self._warn(error)
            return False

    def _end(self, writer: _Writer) -> None:
        try:
            writer.commit()
            self._make_room()
            self._has_warned = False
        except OSError as error:
            self._warn(error)

    def _make_room(self) -> bool:
        """Drop the files that were unused for longest, until all are within the bound; return False if they are not."""
        total, entries = 0, []
        with os.scandir(self.folder) as listed:
            for entry in listed:
                if not entry.name.endswith((_SUFFIX, _PART)):
                    continue
                # Another process may drop it meanwhile.
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if entry.name.endswith(_SUFFIX):
                        entries.append((status.st_atime_ns, entry.path, status.st_size))
                    elif time.time() - status.st_mtime > ABANDONED_SECONDS:
                        _drop(Path(entry.path))
                        continue
                    total += status.st_size
        for _, path, size in sorted(entries):
            if total <= self.room:
                break
            _drop(Path(path))
            total -= size
        return total <= self.room

    def _warn(self, error: OSError) -> None:
        """Log once that files cannot be kept; again only after one could be."""
        if not self._has_warned:
            self._has_warned = True
            _log.warning("files are not kept", folder=str(self.folder), reason=str(error))


class StoreEntry:
    """Named file in a store, which can be opened or, if it does not exist yet, stored."""

    def __init__(self, store: FileStore, name: str) -> None:
        self._store = store
        self._name = name

    def open(self) -> StoredFile | None:
        """Open the file, or return None if it is missing or damaged."""
        return self._store.open(self._name)

    def keep(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of the file, and store the file once all pieces are read."""
        return self._store.keep(self._name, pieces)


class _Writer:
    """A file that is being written, beside its place, for its owner alone."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._digest = _begin_digest(name)
        self._size = 0
        self._due = _STEP
        # With permissions for the owner alone (0600).
        descriptor, part = tempfile.mkstemp(_PART, f"{name}.", path.parent)
        self._file = os.fdopen(descriptor, "wb")
        self._part: Path | None = Path(part)

    def write(self, piece: bytes) -> None:
        self._file.write(piece)
        self._digest.update(piece)
        self._size += len(piece)

    def is_due(self) -> bool:
        """Return True if so many bytes were written since the last time that the bound has to be looked at."""
        if self._size < self._due:
            return False
        self._due = self._size + _STEP
        return True

    def commit(self) -> None:
        """Flush the file and move it to its place."""
        assert self._part is not None
        self._file.write(_TRAILER.pack(_MARK, self._size, self._digest.digest()))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        self._part = None

    def discard(self) -> None:
        """Remove the file, unless it was moved to its place."""
        if self._part is not None:
            # Closing writes what is left, which a full disk refuses.
            with suppress(OSError):
                self._file.close()
            _drop(self._part)
            self._part = None


def _begin_digest(name: str) -> hashlib._Hash:
    return hashlib.sha256(f"{name}\n".encode())


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
