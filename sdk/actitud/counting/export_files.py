"""The export files to read: single ones, in folders and in archives, which are read in place and within limits."""

from __future__ import annotations

import codecs
import hashlib
import re
import stat
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import IO, Final, Literal, NamedTuple, Self

import msgspec

from actitud.counting.decoding import find_mark, is_binary
from actitud.counting.faults import CUT, CountingFault, FaultLog, FileRefused

_HEAD: Final = 1 << 16
_TAIL: Final = 64
_MOST_OPEN: Final = 16
_BLOCK: Final = 1 << 20
_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP: Final = b"PK\x05\x06"
_OTHER_ARCHIVES: Final = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"\xfd7zXZ\0", b"BZh")
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONVERSATION: Final = re.compile(
    r"(?i)((?:inbox|archived_threads|filtered_threads|message_requests|e2ee_cutover)/)[^/]+"
)
_CHAT: Final = re.compile(r"(?i).*(?:whatsapp[ _-](?:chat|con\b|with\b)|chat[ _-]de[ _-]whatsapp).*?(\.txt|\.zip)?")
_DAMAGE: Final = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)

Progress = Callable[[str, int], None]
"""Is told the name of a file and the number of bytes that were read since the last call."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of the files that are read; larger files are refused.

    - ``archive_members``: number of entries of an archive. ``archive_bytes``: their total size, unpacked.
    - ``archive_ratio``: ratio of unpacked to packed size of a member that is larger than a megabyte.
    - ``whole_bytes``: size of a file that has to be held in memory as a whole (workbooks and feeds).
    """

    archive_members: int = 200_000
    archive_bytes: int = 1 << 36
    archive_ratio: int = 400
    whole_bytes: int = 1 << 27


class ArchivePool:
    """Pool of open archives, of which only the last used stay open: there may be a thousand of them."""

    def __init__(self) -> None:
        self._archives: OrderedDict[Path, zipfile.ZipFile] = OrderedDict()

    def get(self, path: Path) -> zipfile.ZipFile:
        """Return the archive at a path, opened if it is not open yet."""
        archive = self._archives.get(path)
        if archive is None:
            archive = self._archives[path] = zipfile.ZipFile(path)
        self._archives.move_to_end(path)
        if len(self._archives) > _MOST_OPEN:
            # Its members that are being read keep its file open.
            self._archives.popitem(last=False)[1].close()
        return archive

    def open(self, path: Path, member: zipfile.ZipInfo) -> IO[bytes]:
        """Open a member of an archive for reading."""
        return self.get(path).open(member)

    def close(self) -> None:
        """Close all archives."""
        for archive in self._archives.values():
            archive.close()
        self._archives.clear()


class ExportFile(NamedTuple):
    """Export file, or member of an archive, with the properties that were found when its bytes were first read.

    - ``name``: name to show, without the names of persons.
    - ``root``: the archive or folder that contains the file; for a single file, its folder.
    - ``path``: path of the file, or of the archive that contains it.
    - ``archive`` and ``member``: for opening a member of an archive; None for any other file.
    - ``size``: number of bytes. ``tail``: the last of them.
    - ``encoding``: encoding of the text.
    """

    name: str
    root: Path
    path: Path
    archive: ArchivePool | None
    member: zipfile.ZipInfo | None
    size: int
    sha256: str
    kind: Literal["text", "workbook"]
    encoding: str
    tail: bytes

    def open(self) -> IO[bytes]:
        """Open the file or member for reading."""
        if self.archive is None or self.member is None:
            return self.path.open("rb")
        return self.archive.open(self.path, self.member)

    @property
    def ends_line(self) -> bool:
        """True if the last character of the file ends a line."""
        return self.tail.rstrip(b"\0").endswith((b"\n", b"\r"))

    @property
    def ends_bracket(self) -> bool:
        """True if the last character of the file closes an object or array of JSON."""
        return self.tail.replace(b"\0", b"").rstrip(b"; \r\n\t").endswith((b"}", b"]"))

    def read_head(self) -> str:
        """Return the beginning of a text file, at most 64 KiB of it."""
        with self.open() as stream:
            head = stream.read(_HEAD)
        return codecs.getincrementaldecoder(self.encoding)("replace").decode(head).lstrip("\ufeff")


class ExportFiles:
    """Collection of the export files at some paths: single files, files in folders, and members of archives.

    Archives stay open until `close`. The order of the files does not depend on the order of the paths; a file that is
    given twice is listed once. Every file is read once to compute its digest. A file that cannot be read is added to
    ``log`` as a fault. ``progress`` is called with the name of a file and the number of bytes read since the last call.

    - ``files``: the export files.
    - ``ignored``: number of members of archives that are no texts.
    - ``roots``: roots (folders or archives) of the copies of each file, by its digest.
    """

    def __init__(self, paths: Iterable[Path], log: FaultLog, limits: Limits, progress: Progress | None = None) -> None:
        self.ignored: int = 0
        self.roots: dict[str, set[Path]] = {}
        self._archives = ArchivePool()
        self._log = log
        self._limits = limits
        self._progress = progress
        files: dict[tuple[str, str], ExportFile] = {}
        try:
            for path, root, name in self._walk(paths):
                try:
                    for file in self._inspect(path, root, name):
                        self._list_once(files, file)
                except FileRefused as refused:
                    log.add(refused.fault)
        except BaseException:
            self.close()
            raise
        self.files: list[ExportFile] = sorted(files.values(), key=lambda file: (file.sha256, file.name))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the archives of the export files."""
        self._archives.close()

    def _list_once(self, files: dict[tuple[str, str], ExportFile], file: ExportFile) -> None:
        key = file.sha256, file.kind
        self.roots.setdefault(file.sha256, set()).add(file.root)
        known = files.get(key)
        if known is None:
            files[key] = file
            return
        first, second = sorted((known, file), key=lambda each: each.name)
        files[key] = first
        self._log.add(
            CountingFault(
                code="file_twice", file=second.name.partition(":")[0], suggestion=first.name, is_refusal=False
            )
        )

    def _walk(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Path, str]]:
        for path in paths:
            if path.is_dir():
                files = [(inner, inner.relative_to(path)) for inner in sorted(path.rglob("*")) if inner.is_file()]
                shown = [each for each in files if not any(part.startswith(".") for part in each[1].parts)]
                for inner, relative in shown:
                    yield inner, path, hide_names(relative.as_posix())
                if not shown:
                    self._log.add(CountingFault(code="folder_empty", file=name_folder(path)))
            elif path.is_file():
                yield path, path.parent, hide_names(path.name)
            else:
                self._log.add(CountingFault(code="file_missing", file=hide_names(path.name)))

    def _inspect(self, path: Path, root: Path, name: str) -> Iterator[ExportFile]:
        try:
            with path.open("rb") as stream:
                head = stream.read(_HEAD)
        except OSError:
            raise FileRefused(CountingFault(code="file_unreadable", file=name)) from None
        if not head:
            raise FileRefused(CountingFault(code="empty_file", file=name))
        if head.startswith((_ZIP, _EMPTY_ZIP)):
            yield from self._inspect_archive(path, root, name, head)
        elif head.startswith(_OLD_WORKBOOK):
            yield self._read_once(root, path, None, name, "workbook", head)
        elif is_binary(head) or head.startswith(_OTHER_ARCHIVES):
            code = "archive_not_zip" if head.startswith(_OTHER_ARCHIVES) else "unknown_format"
            raise FileRefused(CountingFault(code=code, file=name))
        else:
            yield self._read_once(root, path, None, name, "text", head)

    def _inspect_archive(self, path: Path, root: Path, name: str, head: bytes) -> Iterator[ExportFile]:
        try:
            archive = self._archives.get(path)
        except _DAMAGE:
            raise FileRefused(CountingFault(code="half_file", file=name)) from None
        members = self._check_archive(archive, name)
        if any(member.filename in ("[Content_Types].xml", "mimetype") for member in members):
            yield self._read_once(root, path, None, name, "workbook", head)
            return
        if not members:
            raise FileRefused(CountingFault(code="empty_file", file=name))
        ignored = 0
        for member in members:
            shown = f"{name}:{hide_names(member.filename)}"
            try:
                file = self._inspect_member(path, member, shown)
            except FileRefused as refused:
                self._log.add(refused.fault)
            except _DAMAGE:
                self._log.add(CountingFault(code="half_file", file=shown))
            else:
                if file:
                    yield file
                else:
                    ignored += 1
        self.ignored += ignored
        if ignored == len(members):
            # A part of a download with pictures alone: no reader will look at it, nor say so.
            self._log.add(CountingFault(code="files_ignored", file=name, value=str(ignored), is_refusal=False))

    def _check_archive(self, archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
        """Return the files of an archive.

        Raises:
            FileRefused: if it is too large, packed too densely, encrypted, or has a member with a path outside.
        """
        limits = self._limits
        members = archive.infolist()
        if len(members) > limits.archive_members:
            raise FileRefused(CountingFault(code="archive_too_large", file=name, value=str(len(members))))
        total = 0
        for member in members:
            parts = PurePosixPath(member.orig_filename.replace("\\", "/")).parts
            is_link = stat.S_ISLNK(member.external_attr >> 16)
            if is_link or ".." in parts or "/" in parts or (parts and parts[0].endswith(":")):
                raise FileRefused(CountingFault(code="path_outside", file=name))
            if member.flag_bits & 1:
                raise FileRefused(CountingFault(code="archive_encrypted", file=name))
            total += member.file_size
            is_dense = member.file_size > max(_BLOCK, limits.archive_ratio * member.compress_size)
            if total > limits.archive_bytes or is_dense:
                raise FileRefused(CountingFault(code="archive_too_large", file=name, value=str(total)))
        return [member for member in members if not member.is_dir()]

    def _inspect_member(self, path: Path, member: zipfile.ZipInfo, name: str) -> ExportFile | None:
        with self._archives.open(path, member) as stream:
            head = stream.read(_HEAD)
        is_sheet = member.filename.lower().endswith((".xlsx", ".xlsm", ".ods", ".xls"))
        if is_sheet and head.startswith((_ZIP, _OLD_WORKBOOK)):
            return self._read_once(path, path, member, name, "workbook", head)
        if head.startswith(_ZIP):
            raise FileRefused(CountingFault(code="archive_in_archive", file=name))
        if not head or is_binary(head):
            return None
        return self._read_once(path, path, member, name, "text", head)

    def _read_once(
        self,
        root: Path,
        path: Path,
        member: zipfile.ZipInfo | None,
        name: str,
        kind: Literal["text", "workbook"],
        head: bytes,
    ) -> ExportFile:
        """Read a file to its end, for its digest, its size and its encoding."""
        digest = hashlib.sha256()
        size, last = 0, b""
        mark = find_mark(head) if kind == "text" else None
        utf8 = codecs.getincrementaldecoder("utf-8")() if kind == "text" and mark is None else None
        with self._archives.open(path, member) if member else path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
                size += len(block)
                last = (last + block)[-_TAIL:]
                try:
                    if utf8:
                        utf8.decode(block)
                except UnicodeDecodeError:
                    utf8 = None
                if self._progress:
                    self._progress(name, len(block))
        # A file that breaks off within a letter is still UTF-8: its reader sees that the rest is missing too.
        return ExportFile(
            name=name,
            root=root,
            path=path,
            archive=self._archives if member else None,
            member=member,
            size=size,
            sha256=digest.hexdigest(),
            kind=kind,
            encoding=mark or ("utf-8" if utf8 else "cp1252"),
            tail=last,
        )


def name_folder(path: Path) -> str:
    """Return the name of a folder or archive without the names of persons, of the present folder for the path "."."""
    return hide_names(path.name or path.resolve().name)


def hide_names(name: str) -> str:
    """Return a file name without the names of persons that platforms write into it."""
    parts = _CONVERSATION.sub(rf"\1{CUT}", name).split("/")
    return "/".join(f"WhatsApp {CUT}{chat[1] or ''}" if (chat := _CHAT.fullmatch(part)) else part for part in parts)
