"""Downloads with limits on time and size; redirects to another host are refused."""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPMessage
from tempfile import TemporaryFile
from typing import IO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import msgspec
from msgspec import Struct

from actitud_api import __version__
from actitud_api.cli.common import CommandError
from actitud_api.engine.i18n import Language, Texts

PATIENCE: Final = 30.0
"""Longest time in seconds that a download waits for the next byte."""
TIME_MAX: Final = 900.0
"""Longest time in seconds for a whole download."""
SIZE_MAX: Final = 1024 * 1024 * 1024
"""Largest download in bytes, counted as received: about 20 times an edition of 8,131 organisations."""
NOT_FOUND: Final = 404
_PIECE: Final = 64 * 1024

_FAILED = Texts("No se puede leer {url}: {reason}", "Cannot read {url}: {reason}")
_STATUS = Texts("el servicio responde {status}", "the service answers {status}")
_MOVED = Texts("remite a otro sitio: {location}", "it redirects to another place: {location}")
_CUT = Texts("la respuesta está cortada", "the answer is cut off")
_LATE = Texts("no responde a tiempo", "it does not answer in time")
_LARGE = Texts("es demasiado grande", "it is too large")
_SCHEME = Texts("no es una dirección http ni https", "it is no address of http or https")


class AddressNotFound(LookupError):
    """Raised by `fetch` if the server answers 404.

    A command for which the file is optional catches this exception. Any other command ends with `command_error`, an
    attribute that has the error as a message with exit code 2.
    """

    def __init__(self, command_error: CommandError) -> None:
        super().__init__(str(command_error))
        self.command_error = command_error


class _RedirectedElsewhere(Exception):
    """Raised while downloading if a response redirects to another host; `location` is its URL.

    `fetch` reports it as a `CommandError` that names the URL.
    """

    def __init__(self, location: str) -> None:
        super().__init__(location)
        self.location = location


class _SameHostRedirects(HTTPRedirectHandler):
    """Redirect handler of `urllib` that follows a redirect only to the same scheme, host and port.

    Any other redirect raises `_RedirectedElsewhere`, so the file is not downloaded.
    """

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        before, after = urlsplit(req.full_url), urlsplit(newurl)
        # A service could otherwise make an operator's machine fetch an address in its private network.
        if (before.scheme, before.netloc) != (after.scheme, after.netloc):
            raise _RedirectedElsewhere(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def is_url(text: str) -> bool:
    """Return True if a text is a URL, False if it names a file."""
    return "://" in text


def fetch(url: str, language: Language) -> IO[bytes]:
    """Download a URL and return its bytes as an open temporary file; the caller closes it.

    Raises:
        AddressNotFound: The server answers 404.
        CommandError: The download failed for another reason (exit code 2).
    """
    file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        _download(file, url, language)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _download(file: IO[bytes], url: str, language: Language) -> None:
    def build_error(reason: str) -> CommandError:
        return CommandError(_FAILED.into(language).format(url=url, reason=reason), 2)

    end = time.monotonic() + TIME_MAX
    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise build_error(_SCHEME.into(language))
        headers = {"User-Agent": f"actitud-api/{__version__}", "Accept": "*/*", "Accept-Language": language}
        request = Request(url, headers=headers)
        with build_opener(_SameHostRedirects).open(request, timeout=PATIENCE) as answer:
            size = 0
            # The timeout of a socket covers one read, so a slow server could take for ever: `end` limits the whole.
            while piece := answer.read1(_PIECE):
                size += len(piece)
                if size > SIZE_MAX:
                    raise build_error(_LARGE.into(language))
                if time.monotonic() > end:
                    raise TimeoutError
                file.write(piece)
            # `read1` ends a truncated body silently; `length` is the number of missing bytes.
            if answer.length:
                raise build_error(_CUT.into(language))
    except HTTPError as error:
        reason_text = _describe_error(error, language)
        if error.code == NOT_FOUND:
            raise AddressNotFound(build_error(reason_text)) from None
        raise build_error(reason_text) from None
    except _RedirectedElsewhere as error:
        raise build_error(_MOVED.into(language).format(location=error.location)) from None
    except TimeoutError:
        raise build_error(_LATE.into(language)) from None
    except URLError as error:
        late = isinstance(error.reason, TimeoutError)
        raise build_error(_LATE.into(language) if late else str(error.reason)) from None
    except (HTTPException, OSError, ValueError) as error:
        raise build_error(str(error) or type(error).__name__) from None


def _describe_error(error: HTTPError, language: Language) -> str:
    """Return the status of an error response and, if it is a problem document, its detail."""
    with error:
        status = _STATUS.into(language).format(status=error.code)
        try:
            detail = msgspec.json.decode(error.read(_PIECE), type=_ProblemDetails).detail
        except (ValueError, OSError, HTTPException):
            return status
    return f"{status}: {detail}" if detail else status


class _ProblemDetails(Struct, frozen=True):
    """The one member of a problem document (RFC 9457) that is read: `detail` explains the error to people."""

    detail: str = ""
