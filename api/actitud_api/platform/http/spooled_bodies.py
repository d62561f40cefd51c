"""Request bodies that are files too large for memory: each is written to disk while it arrives.

The body is the file itself, and its media type names the format. Disk and connections are limited: few bodies arrive at
a time, each within a limit of size and time.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from typing import BinaryIO, Final, cast
from weakref import WeakKeyDictionary

from litestar.concurrency import sync_to_thread
from litestar.exceptions import InternalServerException

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.inputs import FileBody
from actitud_api.platform.http.problems import INVALID_REQUEST, UNAVAILABLE, ProblemError
from actitud_api.platform.http.scope import ApiRequest

PLACES: Final = 4
"""Bodies that arrive at a time."""

PATIENCE: Final = 10.0
"""Seconds that a request waits for a place."""

ARRIVAL_SECONDS: Final = 900.0
"""Longest time that a body may take to arrive, once it has its place."""

RETRY_AFTER: Final = "30"
"""Value of `Retry-After` in seconds if no place became free."""

_PIECE: Final = 1024 * 1024
"""Bytes that are collected before they are written: a thread for each packet took longer than the packet."""


class SpooledFile:
    """Request body in a temporary file, which has no name and is deleted when it is closed.

    Attributes:
        file: The open file, positioned at its beginning.
        size: Number of bytes.
        media_type: Media type of the body.
        digest: SHA-256 of the bytes.
    """

    def __init__(self, file: BinaryIO, size: int, media_type: str, digest: bytes) -> None:
        self.file = file
        self.size = size
        self.media_type = media_type
        self.digest = digest


class SpooledBody(FileBody):
    """Reader of a request body that is a large file; it returns a `SpooledFile`, which the handler has to close."""

    def __init__(self, *media_types: str) -> None:
        super().__init__(*media_types)
        self._places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def spool(self, request: ApiRequest) -> SpooledFile:
        """Receive the body of a request into a temporary file, and return the open file.

        Raises:
            ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected or
                takes too long, 503 if too many bodies arrive at the same time or the disk is full.
        """
        media_type = self.check_media_type(request)
        # A semaphore belongs to an event loop, and tests have many.
        places = self._places.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PLACES))
        try:
            async with asyncio.timeout(PATIENCE):
                await places.acquire()
        except TimeoutError:
            raise ProblemError(UNAVAILABLE, _BUSY, headers={"Retry-After": RETRY_AFTER}) from None
        file = cast("BinaryIO", await sync_to_thread(tempfile.TemporaryFile))
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                size, digest = await _write_body(request, file)
        except TimeoutError:
            file.close()
            raise ProblemError(INVALID_REQUEST, _LATE) from None
        except InternalServerException:
            file.close()
            # Litestar raises this if the client disconnected: nobody reads the response.
            raise ProblemError(INVALID_REQUEST, _GONE) from None
        except OSError:
            file.close()
            raise ProblemError(UNAVAILABLE, _NO_ROOM, headers={"Retry-After": RETRY_AFTER}) from None
        except BaseException:
            file.close()
            raise
        finally:
            places.release()
        return SpooledFile(file, size, media_type, digest)


async def _write_body(request: ApiRequest, file: BinaryIO) -> tuple[int, bytes]:
    """Write the body to a file. Return its size and its digest."""
    size = 0
    digest = hashlib.sha256()
    pieces = bytearray()

    def write(content: bytes) -> None:
        file.write(content)
        digest.update(content)

    async for piece in request.stream():
        size += len(piece)
        pieces += piece
        if len(pieces) >= _PIECE:
            await sync_to_thread(write, bytes(pieces))
            pieces.clear()
    await sync_to_thread(write, bytes(pieces))
    await sync_to_thread(file.seek, 0)
    return size, digest.digest()


_BUSY: Final = Texts(
    "Están llegando otros ficheros grandes. Vuelva a enviarlo en unos segundos.",
    "Other large files are arriving. Send it again in some seconds.",
)
_LATE: Final = Texts("El fichero tardó demasiado en llegar.", "The file took too long to arrive.")
_NO_ROOM: Final = Texts("No hay sitio en el disco para el fichero.", "There is no room for the file on the disk.")
_GONE: Final = Texts("El fichero no llegó entero.", "The file did not arrive whole.")
