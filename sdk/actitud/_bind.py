"""Binds an operation, written once as a generator, to the blocking and to the asynchronous client.

What is returned is a plain function, so it binds like any method and keeps name, documentation, parameters and
types of the operation, less its first parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from actitud._calls import AsyncBound, Bound, Call, Fetched, drive, drive_async
from actitud._config import Core
from actitud.pages import AsyncListing, AsyncPage, Page

P = ParamSpec("P")
T = TypeVar("T")


def blocking(operation: Callable[Concatenate[Core, P], Call[T]]) -> Callable[Concatenate[Bound, P], T]:
    """Make the method of the blocking client."""

    @wraps(operation)
    def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return drive(operation(bound._core, *args, **kwargs), bound._transport)

    return method


def awaitable(
    operation: Callable[Concatenate[Core, P], Call[T]],
) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
    """Make the method of the asynchronous client."""

    @wraps(operation)
    async def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await drive_async(operation(bound._core, *args, **kwargs), bound._transport)

    return method


def blocking_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[Bound, P], Page[T]]:
    """Make the method of the blocking client for an operation that lists."""

    @wraps(operation)
    def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        call = operation(bound._core, *args, **kwargs)
        return Page(bound._core, bound._transport, drive(call, bound._transport))

    return method


def awaitable_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[AsyncBound, P], AsyncListing[T]]:
    """Make the method of the asynchronous client for an operation that lists."""

    @wraps(operation)
    def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[T]:
        async def fetch_first() -> AsyncPage[T]:
            call = operation(bound._core, *args, **kwargs)
            return AsyncPage(bound._core, bound._transport, await drive_async(call, bound._transport))

        return AsyncListing(fetch_first)

    return method
