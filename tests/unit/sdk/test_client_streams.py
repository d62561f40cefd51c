"""Files that are read while they come: in any pieces, broken off anywhere, always closed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import httpx
import pytest

from actitud import AsyncClient, Client, ConnectionFailed, NotFound, Progress, TimedOut, UnexpectedResponse
from tests.unit.sdk.support import Answers, FakeTime, Handler, Mode, connected, problem
from tests.unit.sdk.test_client_transport import Pieces

LINES = {"content-type": "application/jsonl"}
WHOLE = b'{"organisation":"a","rank":1,"d1":50.5}\n{"organisation":"\xc3\xb1","rank":null,"d1":null}\n'
ROWS = [{"organisation": "a", "rank": 1, "d1": 50.5}, {"organisation": "ñ", "rank": None, "d1": None}]

Stream = Callable[[Client], Iterable[Any]]


def streamed(mode: Mode, handler: Handler, use: Stream, most: int | None = None) -> list[object]:
    """The rows that a stream gives, `most` of them, through either client."""
    if mode == "blocking":
        with connected(handler, base_url="http://service.test") as client:
            return list(islice(use(client), most))

    async def main() -> list[object]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http_client:
            client = AsyncClient(base_url="http://service.test", http_client=http_client)
            rows: Any = use(cast(Client, client))
            taken: list[object] = []
            async for row in rows:
                taken.append(row)
                if len(taken) == most:
                    await rows.aclose()
                    break
            return taken

    return asyncio.run(main())


def scores(client: Client) -> Iterator[Any]:
    return client.editions.scores.stream("2026", region="09")


def in_pieces(body: bytes, size: int) -> Sequence[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_rows_come_out_whatever_the_pieces(mode: Mode, fake_time: FakeTime, size: int) -> None:
    body = Pieces(fake_time, 0.0, *in_pieces(WHOLE, size))
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers=LINES, stream=body)

    assert streamed(mode, handler, scores) == ROWS
    assert body.closed
    assert str(asked[0].url) == "http://service.test/v1/editions/2026/scores.jsonl?region=09"
    assert asked[0].headers["accept"] == "application/jsonl, application/problem+json"


@pytest.mark.parametrize(
    ("use", "path"),
    [
        (lambda client: client.editions.indicators.stream("2026"), "/v1/editions/2026/indicators.jsonl"),
        (lambda client: client.organisations.stream(kind="MUN"), "/v1/organisations.jsonl?kind=MUN"),
    ],
)
def test_each_stream_is_its_file(mode: Mode, use: Stream, path: str) -> None:
    handler = Answers(httpx.Response(200, headers=LINES, content=WHOLE))
    assert streamed(mode, handler, use) == ROWS
    assert handler.requests[0].url.raw_path.decode() == path


def test_nothing_is_asked_for_before_the_first_row() -> None:
    handler = Answers(httpx.Response(200, headers=LINES, content=WHOLE))
    with connected(handler) as client:
        rows = scores(client)
        assert handler.requests == []
        assert next(rows) == ROWS[0]


def test_progress_is_told_piece_by_piece(mode: Mode, fake_time: FakeTime) -> None:
    told: list[Progress] = []
    body = Pieces(fake_time, 0.0, WHOLE[:45], WHOLE[45:])
    streamed(
        mode,
        lambda request: httpx.Response(200, headers=LINES, stream=body),
        lambda client: client.editions.indicators.stream("2026", progress=told.append),
    )
    assert told == [Progress(rows=1, bytes=45), Progress(rows=2, bytes=len(WHOLE))]


@pytest.mark.parametrize("length", ["\xb2", "-1", "1.5", ""])
def test_a_length_that_is_no_number_is_ignored(length: str, mode: Mode, fake_time: FakeTime) -> None:
    told: list[Progress] = []
    body = Pieces(fake_time, 0.0, WHOLE)
    headers = [(b"content-type", b"application/jsonl"), (b"content-length", length.encode("latin-1"))]
    rows = streamed(
        mode,
        lambda request: httpx.Response(200, headers=headers, stream=body),
        lambda client: client.editions.indicators.stream("2026", progress=told.append),
    )
    assert rows == ROWS
    assert told[-1].total_bytes is None


@pytest.mark.parametrize(
    ("counted", "total"),
    [
        (httpx.Response(200, json={"items": [], "next": None, "total": 2}), 2),
        (httpx.Response(200, json={"items": [], "next": None}), None),
        (problem(400, "invalid-request"), None),
        (httpx.Response(200, headers=LINES, content=WHOLE), None),
    ],
    ids=["counted", "uncounted", "refused", "not the service"],
)
def test_progress_has_the_rows_of_the_list(mode: Mode, counted: httpx.Response, total: int | None) -> None:
    told: list[Progress] = []
    handler = Answers(counted, httpx.Response(200, headers=LINES | {"content-encoding": "identity"}, content=WHOLE))
    rows = streamed(
        mode, handler, lambda client: client.editions.scores.stream("2026", region="09", progress=told.append)
    )
    assert rows == ROWS
    assert [request.url.raw_path.decode() for request in handler.requests] == [
        "/v1/editions/2026/scores?region=09&limit=1&total=true",
        "/v1/editions/2026/scores.jsonl?region=09",
    ]
    assert told[-1].total_rows == total


def test_who_leaves_early_closes_it(mode: Mode, fake_time: FakeTime) -> None:
    body = Pieces(fake_time, 0.0, *[WHOLE] * 1000)
    assert streamed(mode, lambda request: httpx.Response(200, headers=LINES, stream=body), scores, most=1) == ROWS[:1]
    assert body.closed
    assert body.read == 1


def test_the_time_of_a_call_is_not_that_of_a_file(mode: Mode, fake_time: FakeTime) -> None:
    # 8 · 25 s are more than the 120 s of a call; each piece is within the 30 s of a read.
    body = Pieces(fake_time, 25.0, *[WHOLE] * 8)
    assert len(streamed(mode, lambda request: httpx.Response(200, headers=LINES, stream=body), scores)) == 16


def test_a_small_answer_that_swells_is_read_as_the_others(mode: Mode, fake_time: FakeTime) -> None:
    body = Pieces(fake_time, 0.0, gzip.compress(WHOLE))
    headers = {**LINES, "content-encoding": "gzip"}
    assert streamed(mode, lambda request: httpx.Response(200, headers=headers, stream=body), scores) == ROWS


def test_a_small_answer_that_swells_is_unpacked_in_parts(mode: Mode, fake_time: FakeTime) -> None:
    """40 MB in one piece of 40 kB: of the rows no more than those of a part are there at once."""
    told: list[Progress] = []
    body = Pieces(fake_time, 0.0, gzip.compress(b'{"a":1}\n' * 5_000_000, 1))
    headers = {**LINES, "content-encoding": "gzip"}
    streamed(
        mode,
        lambda request: httpx.Response(200, headers=headers, stream=body),
        lambda client: client.editions.indicators.stream("2026", progress=told.append),
        most=100_000,
    )
    # 8 bytes a row: 32,768 of them are 256 KiB, and the hundred thousandth is in the fourth part.
    assert [one.rows for one in told] == [32_768, 65_536, 98_304, 131_072]


def test_a_line_that_does_not_come_ends_with_its_time(mode: Mode, fake_time: FakeTime) -> None:
    """Each piece is within the 30 s of a read, but no line comes out of the first four: 4 · 8 s are more."""
    body = Pieces(fake_time, 8.0, *[b" "] * 100)
    with pytest.raises(TimedOut, match="not complete in time"):
        streamed(mode, lambda request: httpx.Response(200, headers=LINES, stream=body), scores)
    assert (body.read, body.closed) == (4, True)


def test_it_is_repeated_until_it_begins_and_a_refusal_is_told(mode: Mode, fake_time: FakeTime) -> None:
    handler = Answers(problem(503, "unavailable"), httpx.Response(200, headers=LINES, content=WHOLE))
    assert streamed(mode, handler, scores) == ROWS
    assert len(handler.requests) == 2
    with pytest.raises(NotFound):
        streamed(mode, Answers(problem(404, "not-found")), scores)


class Broken(Pieces):
    """A body that breaks off after its pieces, as a connection that is lost."""

    def __iter__(self) -> Iterator[bytes]:
        yield from super().__iter__()
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


def test_a_file_that_breaks_off_is_an_error_and_never_asked_for_again(mode: Mode, fake_time: FakeTime) -> None:
    asked: list[httpx.Request] = []
    body = Broken(fake_time, 0.0, WHOLE)

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers=LINES, stream=body)

    with pytest.raises(ConnectionFailed, match="peer closed") as caught:
        streamed(mode, handler, scores)
    # The error of httpx would carry the request, and with it the key.
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert len(asked) == 1
    assert body.closed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (WHOLE[:-1], "breaks off in the line after 1 rows"),
        (WHOLE[:50], "breaks off in the line after 1 rows"),
        (WHOLE + b"<html>\n", "a line after 0 rows that is not"),
        (b"[1]\n", "a line after 0 rows that is not"),
        (b'{"a":"\xff"}\n', "a line after 0 rows that is not"),
        (b" " * (2 * 2**20), "a line of more than 1048576 bytes"),
    ],
)
def test_what_is_no_such_file_is_told_apart(mode: Mode, body: bytes, said: str) -> None:
    answer = httpx.Response(200, headers={**LINES, "X-Request-Id": "r-1"}, content=body)
    with pytest.raises(UnexpectedResponse, match=said) as caught:
        streamed(mode, Answers(answer), scores)
    assert caught.value.request_id == "r-1"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>"),
        httpx.Response(200, headers={"content-type": "application/json"}, content=WHOLE),
        httpx.Response(204),
        httpx.Response(203, headers=LINES, content=WHOLE),
        httpx.Response(206, headers=LINES, content=WHOLE),
    ],
    ids=lambda answer: str(answer.status_code),
)
def test_what_is_no_file_is_told_apart(mode: Mode, answer: httpx.Response) -> None:
    with pytest.raises(UnexpectedResponse, match="status"):
        streamed(mode, Answers(answer), scores)


def test_a_file_without_end_is_stopped(mode: Mode, fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actitud.resources.exports.EXPORT_MAX", 1000)
    body = Pieces(fake_time, 0.0, *[WHOLE] * 1000)
    with pytest.raises(UnexpectedResponse, match="more than 1000 bytes"):
        streamed(mode, lambda request: httpx.Response(200, headers=LINES, stream=body), scores)
    assert body.read == 1000 // len(WHOLE) + 1
    assert body.closed
