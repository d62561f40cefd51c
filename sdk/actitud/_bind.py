"""Bind an operation, written once as a generator, as a method of the blocking and of the asynchronous client.

The method has the operation's name, docstring, types and parameters, except the first parameter, ``core``: the
method takes it from the client, or group of operations, that it is called on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import msgspec

from actitud._calls import AsyncBound, Bound, Call, Fetched, drive, drive_async
from actitud._config import Core
from actitud._streams import Lines, iterate_lines, iterate_lines_async
from actitud.pages import AsyncListing, AsyncPage, Page

P = ParamSpec("P")
T = TypeVar("T")


def bind_blocking(operation: Callable[Concatenate[Core, P], Call[T]]) -> Callable[Concatenate[Bound, P], T]:
    """Return a method of the blocking client that runs the operation and returns its result."""

    @wraps(operation)
    def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return drive(operation(_name_operation(bound._core, operation), *args, **kwargs), bound._transport)

    return method


def bind_awaitable(
    operation: Callable[Concatenate[Core, P], Call[T]],
) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
    """Return a method of the asynchronous client that, when awaited, runs the operation and returns its result."""

    @wraps(operation)
    async def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await drive_async(operation(_name_operation(bound._core, operation), *args, **kwargs), bound._transport)

    return method


def bind_blocking_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[Bound, P], Page[T]]:
    """Return a list operation as a method of the blocking client; the method returns a :class:`Page`."""

    @wraps(operation)
    def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        core = _name_operation(bound._core, operation)
        return Page(core, bound._transport, drive(operation(core, *args, **kwargs), bound._transport))

    return method


def bind_awaitable_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[AsyncBound, P], AsyncListing[T]]:
    """Return a list operation as a method of the asynchronous client; the method returns an :class:`AsyncListing`."""

    @wraps(operation)
    def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[T]:
        async def fetch_first() -> AsyncPage[T]:
            core = _name_operation(bound._core, operation)
            fetched = await drive_async(operation(core, *args, **kwargs), bound._transport)
            return AsyncPage(core, bound._transport, fetched)

        return AsyncListing(fetch_first)

    return method


def bind_blocking_stream(
    operation: Callable[Concatenate[Core, P], Call[Lines[T]]],
) -> Callable[Concatenate[Bound, P], Iterator[T]]:
    """Return a generator method of the blocking client that runs a streaming operation and yields its rows."""

    @wraps(operation)
    def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        yield from iterate_lines(
            drive(operation(_name_operation(bound._core, operation), *args, **kwargs), bound._transport)
        )

    return method


def bind_awaitable_stream(
    operation: Callable[Concatenate[Core, P], Call[Lines[T]]],
) -> Callable[Concatenate[AsyncBound, P], AsyncIterator[T]]:
    """Return an async generator method of the asynchronous client, which yields the rows of a streaming operation."""

    @wraps(operation)
    async def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        call = operation(_name_operation(bound._core, operation), *args, **kwargs)
        async for row in iterate_lines_async(await drive_async(call, bound._transport)):
            yield row

    return method


def _name_operation(core: Core, operation: Callable[..., object]) -> Core:
    return msgspec.structs.replace(core, operation=operation.__name__)
