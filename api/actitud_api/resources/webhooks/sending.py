"""Send messages to the addresses of webhooks, which may be anybody's, but never to the internal network.

The name is resolved once. All its IP addresses must be public, and the connection goes to one of them, so that nobody
can redirect the name between the check and the connection. Certificate and SNI are those of the name. No redirect is
followed and no proxy of the environment is used. Only the status of an answer is kept, and the pause that a busy
receiver asks for.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import httpcore
from msgspec import Struct

from actitud_api.resources.webhooks.addresses import is_public_address
from actitud_api.resources.webhooks.targets import PORT, TargetRefused, WebhookTarget, parse_webhook_url

SECONDS: Final = 15
"""Seconds that an attempt may take from its first connection to the end of the answer."""
READ_MAX: Final = 64 * 1024
"""Bytes of an answer that are read, so that the connection can be used again; none of them is kept."""
ADDRESSES_MAX: Final = 4
"""Addresses of a name that are tried in turn."""
PAUSE_MAX: Final = timedelta(hours=24)
"""Longest pause that a receiver is granted, that of the service before the tenth attempt."""

SendingProblem = Literal["address", "name", "connection", "certificate", "timeout", "response", "status"]
"""Why a message was not delivered.

`address`: the address is not allowed, or its name leads to an address that is not public; nothing was connected to.
`name`: the name leads nowhere. `connection`: nobody answers there. `certificate`: TLS failed. `timeout`: the answer
took too long. `response`: it is no HTTP. `status`: it is another than 2xx.
"""

Resolve = Callable[[str, int], Sequence[str]]
"""Function that returns the IP addresses of a name; raises `OSError` if there are none."""

SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class SendingOutcome(Struct, frozen=True):
    """The outcome of an attempt to send a message.

    `status`: the HTTP status of the answer, None if there was none. `problem`: the reason of the failure, None if the
    message was delivered. `pause`: the time for which the receiver asks to get no message, at most `PAUSE_MAX`; None if
    it does not ask.
    """

    status: int | None = None
    problem: SendingProblem | None = None
    pause: timedelta | None = None


class _AddressRefused(Exception):
    """A name has an address that is not public."""


class _TlsFailed(httpcore.ConnectError):
    """The certificate is not one for the name, or the other side does not speak TLS."""


def resolve_name(host: str, port: int) -> list[str]:
    """Resolve a host name with the resolver of the machine, and return its IP addresses.

    Raises:
        OSError: The name has no address.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Sender:
    """Factory of channels, through which messages are sent to the addresses of webhooks."""

    def __init__(
        self,
        *,
        resolve: Resolve = resolve_name,
        backend: httpcore.NetworkBackend | None = None,
        context: ssl.SSLContext | None = None,
        seconds: float = SECONDS,
    ) -> None:
        """Create a sender; only tests pass other arguments than the defaults.

        Args:
            resolve: Returns the IP addresses of a name.
            backend: Connects to an IP address; None for sockets of the machine.
            context: TLS context; None for one that trusts the certificates of the machine.
            seconds: Longest time of an attempt.
        """
        self._resolve = resolve
        self._backend = backend or httpcore.SyncBackend()
        self._context = context
        self._seconds = seconds

    @contextmanager
    def open(self, url: str) -> Iterator[Channel]:
        """Return a context whose value is a channel to the address of a webhook.

        The messages of the channel share a connection where that is possible. The channel is closed at the end of the
        context.
        """
        # On demand: it reads all certificates of the machine, and most processes send nothing.
        self._context = self._context or ssl.create_default_context()
        channel = Channel(url, self._resolve, self._backend, self._context, self._seconds)
        try:
            yield channel
        finally:
            channel.close()


class Channel:
    """A channel to the address of one webhook, over connections to checked IP addresses. Used by one thread only."""

    def __init__(
        self, url: str, resolve: Resolve, backend: httpcore.NetworkBackend, context: ssl.SSLContext, seconds: float
    ) -> None:
        self._url = url
        self._resolve = resolve
        self._seconds = seconds
        self._checked = _CheckedBackend(backend)
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, max_connections=1, http2=False, retries=0, network_backend=self._checked
        )
        self._target: WebhookTarget | None = None

    def send(self, headers: Mapping[str, str], body: bytes) -> SendingOutcome:
        """Send a message once, with these HTTP headers, and return the outcome.

        Failures of the receiver or the network raise no exception.
        """
        try:
            target = self._prepare()
        except (TargetRefused, _AddressRefused):
            return SendingOutcome(problem="address")
        # UnicodeError: a label that the codec of host names does not take.
        except (OSError, UnicodeError):
            return SendingOutcome(problem="name")
        self._checked.start(self._seconds)
        try:
            return self._post(target, headers, body)
        except httpcore.TimeoutException:
            return SendingOutcome(problem="timeout")
        except _TlsFailed:
            return SendingOutcome(problem="certificate")
        except httpcore.NetworkError:
            return SendingOutcome(problem="connection")
        except httpcore.ProtocolError:
            return SendingOutcome(problem="response")

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _prepare(self) -> WebhookTarget:
        """Return the target, after its name was resolved and each of its addresses checked, once for the channel."""
        if self._target is None:
            target = parse_webhook_url(self._url)
            addresses = self._resolve(target.host, PORT)
            if not addresses:
                raise OSError("no address")
            # One is enough to refuse: else an attacker's name with two addresses would lead inside now and then.
            if not all(map(is_public_address, addresses)):
                raise _AddressRefused
            self._checked.addresses = tuple(addresses[:ADDRESSES_MAX])
            self._target = target
        return self._target

    def _post(self, target: WebhookTarget, headers: Mapping[str, str], body: bytes) -> SendingOutcome:
        url = httpcore.URL(scheme=b"https", host=target.host.encode(), port=PORT, target=target.path.encode())
        sent = {"Host": target.host, "Content-Length": str(len(body)), **headers}
        with self._pool.stream("POST", url, headers=list(sent.items()), content=body) as response:
            # What comes after the status changes nothing: whoever said 200 has the message.
            with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
                _read_some(response)
            if 200 <= response.status < 300:
                return SendingOutcome(response.status)
            pause = _find_pause(response.headers) if response.status in _PAUSING else None
            return SendingOutcome(response.status, "status", pause)


_PAUSING: Final = (429, 503)
"""Statuses of an answer whose `Retry-After` says when to try again (RFC 6585 and RFC 9110)."""


def _find_pause(headers: Iterable[tuple[bytes, bytes]]) -> timedelta | None:
    values = [value.decode("latin-1") for name, value in headers if name.lower() == b"retry-after"]
    return parse_retry_after(values[0], datetime.now(UTC)) if values else None


def parse_retry_after(text: str, now: datetime) -> timedelta | None:
    """Parse the header `Retry-After` and return the pause from `now` on, between 0 and `PAUSE_MAX`.

    Return None if the text is neither a number of seconds nor a date.
    """
    if text.isascii() and text.isdecimal():
        # More digits than seconds in a pause: `int` refuses thousands of them.
        digits = text.lstrip("0")
        return PAUSE_MAX if len(digits) > 5 else min(timedelta(seconds=int(digits or "0")), PAUSE_MAX)
    try:
        moment = parsedate_to_datetime(text)
        # A date without a known zone ("-0000") is of UTC.
        pause = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return min(max(pause, timedelta()), PAUSE_MAX)


def _read_some(response: httpcore.Response) -> None:
    size = 0
    for piece in response.iter_stream():
        size += len(piece)
        if size > READ_MAX:
            return


class _Deadline:
    """The end of an attempt, which all of its steps share: httpcore has time-outs of single steps only."""

    def __init__(self) -> None:
        self._end = 0.0

    def start(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def get_remaining(self, kind: type[httpcore.TimeoutException]) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise kind("the time of the attempt is over")
        return left


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever host it is asked for."""

    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner
        self._deadline = _Deadline()
        self.addresses: tuple[str, ...] = ()

    def start(self, seconds: float) -> None:
        """Begin an attempt that may take so many seconds."""
        self._deadline.start(seconds)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first address that answers; `host` is the name, which is not resolved again.

        `timeout` is not used: each address gets an equal share of the time that is left of the attempt.
        """
        for number, address in enumerate(self.addresses):
            left = self._deadline.get_remaining(httpcore.ConnectTimeout)
            try:
                # Each gets its share of the time, so that one that is silent does not keep the next from being tried.
                share = left / (len(self.addresses) - number)
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(self.addresses) - 1:
                    raise
            else:
                return _TimedStream(stream, self._deadline)
        raise httpcore.ConnectError("no address")


class _TimedStream(httpcore.NetworkStream):
    """Connection whose steps end with the attempt."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.get_remaining(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.get_remaining(httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.get_remaining(httpcore.ConnectTimeout)
        try:
            stream = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            # Told apart here: the pool of httpcore hides the causes of its exceptions.
            if isinstance(error.__cause__, ssl.SSLError):
                raise _TlsFailed(str(error)) from error
            raise
        return _TimedStream(stream, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
