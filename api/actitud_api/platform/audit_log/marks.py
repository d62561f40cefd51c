"""High-water mark of each ledger: the largest state of it that was signed, in a file beside the signing keys.

A database that was restored from a copy lacks the entries that were signed after the copy was made. It would sign other
entries with the same numbers. The mark is outside the database, so it shows the loss. It is the name of an empty file,
`<ledger>-<size>-<root>.mark`: a file is created in one step, so no reader sees a half-written mark, and if several
processes share the folder, none can lower the mark of another.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from actitud_api.platform.audit_log.chain import Head
from actitud_api.platform.storage.private_files import FILE_MODE, sync_path

_NAME: Final = re.compile(r"(?P<ledger>[0-9a-f]{16})-(?P<size>[1-9][0-9]{0,9})-(?P<root>[0-9a-f]{64})\.mark")


def list_marks(folder: Path, origin: str) -> Sequence[Head]:
    """Return the high-water marks of a ledger, largest first; there is usually only one.

    A high-water mark is the largest state of a ledger that was signed. `folder` holds the mark files, and `origin` is
    the name of the ledger.

    Raises:
        OSError: The folder cannot be read.
    """
    ledger = _identify(origin)
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return ()
    matches = [match for name in names if (match := _NAME.fullmatch(name)) and match["ledger"] == ledger]
    return sorted((Head(int(match["size"]), match["root"]) for match in matches), key=lambda mark: -mark.size)


def raise_mark(folder: Path, origin: str, head: Head) -> None:
    """Store a signed state as the high-water mark of a ledger, unless a larger state is stored already.

    A high-water mark is the largest state of a ledger that was signed: a file in `folder`, flushed to disk before the
    function returns. `origin` is the name of the ledger.

    Raises:
        OSError: The file cannot be written.
    """
    before = list_marks(folder, origin)
    if before and before[0].size >= head.size:
        return
    with suppress(FileExistsError):
        descriptor = os.open(_build_path(folder, origin, head), os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        os.close(descriptor)
    sync_path(folder)
    # Only after the larger one is there: whoever reads meanwhile takes the largest of those they find.
    _remove(folder, origin, [mark for mark in before if mark.size < head.size])


def drop_mark(folder: Path, origin: str, head: Head) -> None:
    """Remove the high-water mark `head` of a ledger, after an administrator has acknowledged that this state is lost.

    A high-water mark is the largest state of a ledger that was signed. `folder` holds the mark files, and `origin` is
    the name of the ledger.

    Raises:
        OSError: The file cannot be removed.
    """
    _remove(folder, origin, [head])
    sync_path(folder)


def _remove(folder: Path, origin: str, marks: Sequence[Head]) -> None:
    for mark in marks:
        _build_path(folder, origin, mark).unlink(missing_ok=True)


def _build_path(folder: Path, origin: str, head: Head) -> Path:
    return folder / f"{_identify(origin)}-{head.size}-{head.root}.mark"


def _identify(origin: str) -> str:
    # The name of a ledger has slashes in it, and the folder may hold the marks of several.
    return hashlib.sha256(origin.encode()).hexdigest()[:16]
