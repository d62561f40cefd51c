"""Answers to public reads from the memory of the process, in the outermost layer.

An answer to an anonymous `GET` is stored whole on two conditions. Its handler declares it public (`Cache-Control:
public`, which the edge may have made private for others because its links follow `Host`). And it depends only on its
address, the negotiated headers and the public state (`contract.Keeping`). It is stored with the version number that the
public state had before the answer was generated, and is sent only while the number is unchanged. A request whose answer
is found here reaches no other layer: it costs one look-up, uses no database and no thread, and no rate limit counts it.

A constant answer, such as a document that is addressed by its digest, is sent in every state. Any other answer is sent
unmarked only if the database answered within the last `FRESH` seconds, since another process may have changed its data.
After that it is sent with the headers `Age` and `Cache-Status`, for a time in the settings. After that time its handler
is called, which can report that the database does not answer.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Hashable
from typing import Final, Protocol

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from actitud_api.platform.http.answers import Answer, AnswerStore, Head
from actitud_api.platform.http.middleware.compression import Coding, describe_unchanged, find_current_tag
from actitud_api.platform.http.middleware.format_negotiation import Alternatives
from actitud_api.platform.http.prepared_lines import add_lines
from actitud_api.platform.http.scope import assign_request_id, is_incomplete, is_public_for_host, note_memory
from actitud_api.platform.http.targets import Address, Target, TargetMemory, TargetReader

FRESH: Final = 1.0
"""Seconds for which an answer is given without remark after the database was heard."""

BODY_MAX: Final = 4 * 1024 * 1024
"""Largest body in bytes that is kept; a larger one is sent while it is made, and never held whole."""

CACHE_NAME: Final = "actitud"
"""Name of this cache in `Cache-Status` (RFC 9211)."""

_TARGETS_SHARE: Final = 8
"""The targets of addresses take one part in so many of the memory."""

_PASSING: Final = frozenset(
    {
        b"authorization",
        b"if-match",
        b"if-modified-since",
        b"if-range",
        b"if-unmodified-since",
        b"range",
    }
)
"""Request headers with which only the handler answers: credentials, and conditions and ranges that are rare."""
_OF_ONE_REQUEST: Final = frozenset({b"ratelimit", b"ratelimit-policy", b"x-request-id"})
_COVERED: Final = frozenset({"accept-encoding", "authorization"})
"""Headers in `Vary` that a key always covers: a request with `Authorization` never comes here."""


class PublicState(Protocol):
    """Interface to the version number of the public state: the data that an anonymous reader can see."""

    @property
    def number(self) -> Hashable | None:
        """Version number of the public state, different after each change; None before its first read."""
        ...

    @property
    def heard(self) -> float:
        """Time of the last successful read of the version number from the database, by `time.monotonic`."""
        ...


class Memory:
    """ASGI layer that answers public reads from memory.

    It computes a missing response once for all waiting requests.
    """

    def __init__(
        self,
        app: Litestar,
        alternatives: Alternatives,
        state: PublicState,
        *,
        room: int,
        stale_if_error: float,
        has_public_url: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the layer around an application.

        Args:
            app: The application, complete except for this layer.
            alternatives: The format negotiation of the application.
            state: Version number of the public state; a stored response is sent only while this number is unchanged.
            room: Highest number of bytes for stored responses and their keys.
            stale_if_error: Seconds for which stored responses are sent while the database does not respond.
            has_public_url: True if absolute links do not depend on the request, because the settings have a public URL.
            clock: Present time in seconds, by the clock of `state.heard`.
        """
        self._inner: ASGIApp = app.asgi_handler
        self._state = state
        self._stale_if_error = stale_if_error
        self._clock = clock
        self._reader = TargetReader(app, alternatives, has_public_url=has_public_url)
        self._targets = TargetMemory(room // _TARGETS_SHARE)
        self._answers = AnswerStore(room - room // _TARGETS_SHARE)
        self._makings: dict[tuple[Hashable, Hashable], asyncio.Future[Answer | None]] = {}
        # The event loop itself holds tasks weakly.
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def size(self) -> int:
        """Bytes in memory that the stored responses and their keys occupy."""
        return self._answers.size + self._targets.size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI): from memory if possible, else by the application."""
        if scope["type"] != ScopeType.HTTP or (scope["method"] != "GET" and scope["method"] != "HEAD"):
            await self._inner(scope, receive, send)
            return
        sent = _read_headers(scope)
        if not _PASSING.isdisjoint(sent):
            await self._inner(scope, receive, send)
            return
        address = Address(
            scope["path"],
            scope["query_string"],
            sent.get(b"accept"),
            sent.get(b"accept-language"),
            sent.get(b"accept-encoding"),
            sent.get(b"host"),
            scope["scheme"],
        )
        target = self._targets.get(address)
        is_new = target is None
        if target is None:
            target = self._reader.read(address)
            if target is None:
                await self._inner(scope, receive, send)
                return
        answer = self._answers.get(target.key)
        if answer is not None:
            silence = self._measure_silence(answer)
            if silence is not None:
                if is_new:
                    # Only now: addresses that are asked for once would displace those of popular answers.
                    self._targets.put(address, target)
                note_memory(scope, target.route, "stale" if silence else "hit")
                await _send_answer(scope, sent, answer, target.key.coding, silence, send)
                return
        note_memory(scope, target.route, "made")
        await self._answer_anew(scope, sent, target, receive, send)

    def _measure_silence(self, answer: Answer) -> float | None:
        """Return for how many seconds the database was not heard, 0 if that does not matter for an answer.

        Return None if the answer must not be given.
        """
        if answer.is_constant:
            return 0.0
        if answer.number != self._state.number:
            return None
        silence = self._clock() - self._state.heard
        if silence <= FRESH:
            return 0.0
        return silence if silence <= self._stale_if_error else None

    async def _answer_anew(
        self, scope: HTTPScope, sent: dict[bytes, bytes], target: Target, receive: Receive, send: Send
    ) -> None:
        # Read before the answer is made: what changes meanwhile may be in it or not, so it is then dropped.
        number = self._state.number
        loop = asyncio.get_running_loop()
        making_key = (target.key, number)
        making = self._makings.get(making_key)
        if scope["method"] == "HEAD" or (making is not None and (number is None or making.get_loop() is not loop)):
            await self._inner(scope, receive, send)
            return
        if making is not None:
            answer = await asyncio.shield(making)
            if answer is None:
                await self._inner(scope, receive, send)
            else:
                await _send_answer(scope, sent, answer, target.key.coding, 0.0, send)
            return
        making = self._makings[making_key] = loop.create_future()
        recording = _Recording(scope, target, number)

        def finish() -> None:
            del self._makings[making_key]
            answer = recording.build_answer()
            if answer is not None and (answer.is_constant or (number is not None and self._state.number == number)):
                self._answers.put(target.key, answer, target.key.size)
            making.set_result(answer)

        if target.keeping.is_streamed:
            await self._send_while_made(scope, recording, finish, receive, send)
        else:
            await self._send_when_made(scope, sent, target, recording, finish, send)

    async def _send_while_made(
        self, scope: HTTPScope, recording: _Recording, finish: Callable[[], None], receive: Receive, send: Send
    ) -> None:
        """Send an answer piece by piece. If its client goes, it ends, and those who wait make it themselves."""
        is_finished = False

        async def record(message: Message) -> None:
            nonlocal is_finished
            recording.add(message)
            if not is_finished and (recording.is_whole or not recording.may_be_kept):
                is_finished = True
                finish()
            await send(message)

        try:
            await self._inner(scope, receive, record)
        finally:
            if not is_finished:
                recording.may_be_kept = False
                finish()

    async def _send_when_made(
        self,
        scope: HTTPScope,
        sent: dict[bytes, bytes],
        target: Target,
        recording: _Recording,
        finish: Callable[[], None],
        send: Send,
    ) -> None:
        """Make an answer in a task of its own, which goes on if its client goes, and send it."""
        if_none_match = sent.get(b"if-none-match")
        if if_none_match is not None:
            # Made whole, so that it can be kept: the condition is evaluated here.
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]}
        held: list[Message] = []
        is_stream = False
        ended = asyncio.Event()

        async def hold(message: Message) -> None:
            nonlocal is_stream
            recording.add(message)
            if message["type"] == "http.response.body" and message["more_body"] and not is_stream:
                is_stream = True
                for earlier in held:
                    await send(earlier)
                held.clear()
            if is_stream:
                await send(message)
            else:
                held.append(message)
            if message["type"] == "http.response.body" and not message["more_body"]:
                ended.set()

        async def make() -> None:
            try:
                await self._inner(scope, _build_receive(ended), hold)
            except BaseException:
                recording.may_be_kept = False
                raise
            finally:
                finish()

        task = asyncio.create_task(make())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)
        if if_none_match is not None:
            held = _evaluate(held, if_none_match, target.key.coding)
        for message in held:
            await send(message)


class _Recording:
    """An answer while it is made: its headers, and its body as far as that may be kept."""

    def __init__(self, scope: HTTPScope, target: Target, number: Hashable) -> None:
        self.may_be_kept = True
        self.is_whole = False
        self._scope = scope
        self._has_host = target.key.host is not None
        self._keeping = target.keeping
        self._number = number
        self._headers: list[tuple[bytes, bytes]] = []
        self._is_immutable = False
        self._tag = b""
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, message: Message) -> None:
        """Record a message that the application sends."""
        if message["type"] == "http.response.start":
            self._read_start(message)
        elif message["type"] == "http.response.body" and self.may_be_kept:
            self._pieces.append(message["body"])
            self._size += len(message["body"])
            self.is_whole = not message["more_body"]
            if self._size > BODY_MAX:
                self.may_be_kept = False
                self._pieces.clear()

    def build_answer(self) -> Answer | None:
        """Return the answer to keep; None if it must not be kept, or is not whole."""
        if not (self.may_be_kept and self.is_whole) or is_incomplete(self._scope):
            return None
        return Answer(
            self._headers,
            b"".join(self._pieces),
            self._tag,
            self._number,
            is_constant=self._is_immutable or self._keeping.is_constant,
        )

    def _read_start(self, start: HTTPResponseStartEvent) -> None:
        # Joined as a client would read them: a header may be there more than once.
        values: dict[bytes, bytes] = {}
        for name, value in start["headers"]:
            lower = name.lower()
            values[lower] = value if lower not in values else values[lower] + b"," + value
            if lower not in _OF_ONE_REQUEST:
                self._headers.append((name, value))
        cache = values.get(b"cache-control", b"")
        self._tag = values.get(b"etag", b"")
        self._is_immutable = b"immutable" in cache
        self.may_be_kept = (
            start["status"] == 200
            and (cache.startswith(b"public") or (self._has_host and is_public_for_host(self._scope)))
            and bool(self._tag)
            and b"set-cookie" not in values
            and self._covers(values.get(b"vary", b"").decode("latin-1"))
        )

    def _covers(self, vary: str) -> bool:
        """Return True if the key of the answer has all that `Vary` names."""
        names = {name.strip().lower() for name in vary.split(",")} - {""} - _COVERED
        return names <= {
            *(("accept",) if self._keeping.is_strict or self._keeping.by_accept else ()),
            *(("accept-language",) if self._keeping.by_language else ()),
        }


async def _send_answer(
    scope: HTTPScope, sent: dict[bytes, bytes], answer: Answer, coding: Coding | None, silence: float, send: Send
) -> None:
    """Send an answer from memory, or that the client has it already.

    `sent`: headers of the request by name. `coding`: the coding that the client prefers. `silence`: seconds for which
    the database was not heard, 0 to send the answer without remark.
    """
    request_id = assign_request_id(scope).encode() if b"x-request-id" in sent else uuid.uuid4().hex.encode()
    status, head, body = 200, answer.head, answer.body
    if_none_match = sent.get(b"if-none-match")
    if if_none_match is not None:
        if if_none_match == answer.tag:
            status, head, body = 304, answer.unchanged, b""
        else:
            tag = find_current_tag(if_none_match.decode("latin-1"), answer.tag.decode("latin-1"), coding)
            if tag is not None:
                status, head, body = 304, Head(describe_unchanged(answer.head.headers, tag), 0), b""
    own = [(b"x-request-id", request_id)]
    if silence:
        own += [
            (b"age", b"%d" % silence),
            (b"cache-status", b"%s; hit; ttl=-%d" % (CACHE_NAME.encode(), silence)),
        ]
    start: HTTPResponseStartEvent = {"type": "http.response.start", "status": status, "headers": [*head.headers, *own]}
    if head.lines is not None:
        add_lines(start, head.lines + b"".join([b"%b: %b\r\n" % pair for pair in own]), head.length)
    await send(start)
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": False})


def _evaluate(messages: list[Message], if_none_match: bytes, coding: Coding | None) -> list[Message]:
    """Return the messages of a whole answer, or those of a 304 answer if `If-None-Match` names it."""
    start = messages[0] if messages else None
    if start is None or start["type"] != "http.response.start" or start["status"] != 200:
        return messages
    tag = next((value for name, value in start["headers"] if name.lower() == b"etag"), None)
    if tag is None:
        return messages
    current = find_current_tag(if_none_match.decode("latin-1"), tag.decode("latin-1"), coding)
    if current is None:
        return messages
    return [
        {"type": "http.response.start", "status": 304, "headers": describe_unchanged(start["headers"], current)},
        {"type": "http.response.body", "body": b"", "more_body": False},
    ]


def _build_receive(ended: asyncio.Event) -> Receive:
    """Return the `receive` of a request without body whose client stays until its answer has ended."""
    is_read = False

    async def receive() -> HTTPReceiveMessage:
        nonlocal is_read
        if is_read:
            await ended.wait()
            return {"type": "http.disconnect"}
        is_read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


def _read_headers(scope: HTTPScope) -> dict[bytes, bytes]:
    """Return the headers of a request by name; the values of one that is there more than once are joined."""
    pairs = list(scope["headers"])
    headers = dict(pairs)
    if len(headers) == len(pairs):
        return headers
    joined: dict[bytes, bytes] = {}
    for name, value in pairs:
        joined[name] = value if name not in joined else joined[name] + b", " + value
    return joined
