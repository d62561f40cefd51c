"""Bind an operation, written once as a generator, as a method of the blocking and of the asynchronous client.

The method has its own name and return type, and the operation's docstring, types and parameters, except the first
parameter, ``core``: the method takes it from the client, or group of operations, that it is called on. A wrong argument
names the method too: ``EditionScores.get(): organisation must be a string, not None``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from types import FunctionType
from typing import Concatenate, ParamSpec, TypeVar, cast

import msgspec

from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    InvalidSegment,
    Transport,
    drive,
    drive_async,
)
from actitud._config import Core
from actitud._files import Export, finish_export, finish_export_async
from actitud._streams import Lines, iterate_lines, iterate_lines_async
from actitud.pages import AsyncListing, AsyncPage, Page

P = ParamSpec("P")
T = TypeVar("T")
M = TypeVar("M")

_RESULT = re.compile(r"Call\[(?:(?:Fetched|Lines)\[(.*)\]|(.*))\]")
"""The return annotation of an operation, such as ``Call[Fetched[Edition]]``.

The first group is the type of the items of a page or of the rows of a stream, the second any other result.
"""
_scopes: dict[str, dict[str, object]] = {}
"""Results of :func:`_get_scope`, by the module of the operations."""


def bind_blocking(operation: Callable[Concatenate[Core, P], Call[T]]) -> Callable[Concatenate[Bound, P], T]:
    """Return a method of the blocking client that runs an operation and returns its result."""

    def build(start: Callable[Concatenate[Core, P], Call[T]]) -> Callable[Concatenate[Bound, P], T]:
        def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return drive(start(bound._core, *args, **kwargs), bound._transport)

        return method

    return _declare(operation, build, "{}")


def bind_awaitable(
    operation: Callable[Concatenate[Core, P], Call[T]],
) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
    """Return a method of the asynchronous client that, when awaited, runs an operation and returns its result."""

    def build(
        start: Callable[Concatenate[Core, P], Call[T]],
    ) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
        async def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await drive_async(start(bound._core, *args, **kwargs), bound._transport)

        return method

    return _declare(operation, build, "{}")


def bind_blocking_export(
    operation: Callable[Concatenate[Core, P], Call[Export[T]]],
) -> Callable[Concatenate[Bound, P], T]:
    """Return a method of the blocking client that downloads a file.

    Without the argument ``to`` the method returns the bytes; otherwise it writes the file to that path and returns it.
    """

    def build(start: Callable[Concatenate[Core, P], Call[Export[T]]]) -> Callable[Concatenate[Bound, P], T]:
        def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return finish_export(drive(start(bound._core, *args, **kwargs), bound._transport))

        return method

    return _declare(operation, build, "bytes | Path")


def bind_awaitable_export(
    operation: Callable[Concatenate[Core, P], Call[Export[T]]],
) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
    """Return a method of the asynchronous client that, when awaited, downloads a file.

    Without the argument ``to`` the method returns the bytes; otherwise it writes the file to that path and returns it.
    """

    def build(
        start: Callable[Concatenate[Core, P], Call[Export[T]]],
    ) -> Callable[Concatenate[AsyncBound, P], Coroutine[object, None, T]]:
        async def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return await finish_export_async(await drive_async(start(bound._core, *args, **kwargs), bound._transport))

        return method

    return _declare(operation, build, "bytes | Path")


def bind_blocking_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[Bound, P], Page[T]]:
    """Return a list operation as a method of the blocking client; the method returns a :class:`Page`."""

    def build(start: Callable[Concatenate[Core, P], Call[Fetched[T]]]) -> Callable[Concatenate[Bound, P], Page[T]]:
        def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
            core, transport = bound._core, bound._transport
            return Page(core, transport, drive(start(core, *args, **kwargs), transport))

        return method

    return _declare(operation, build, "Page[{}]")


def bind_awaitable_list(
    operation: Callable[Concatenate[Core, P], Call[Fetched[T]]],
) -> Callable[Concatenate[AsyncBound, P], AsyncListing[T]]:
    """Return a list operation as a method of the asynchronous client; the method returns an :class:`AsyncListing`."""

    def build(
        start: Callable[Concatenate[Core, P], Call[Fetched[T]]],
    ) -> Callable[Concatenate[AsyncBound, P], AsyncListing[T]]:
        def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> AsyncListing[T]:
            core, transport = bound._core, bound._transport
            start(core, *args, **kwargs)  # faults of arguments shall show here, not where the result is awaited

            async def fetch_first() -> AsyncPage[T]:
                return AsyncPage(core, transport, await drive_async(start(core, *args, **kwargs), transport))

            return AsyncListing(fetch_first)

        return method

    return _declare(operation, build, "AsyncListing[{}]")


def bind_blocking_stream(
    operation: Callable[Concatenate[Core, P], Call[Lines[T]]],
) -> Callable[Concatenate[Bound, P], Iterator[T]]:
    """Return a method of the blocking client that returns a generator of the rows that an operation streams."""

    def build(start: Callable[Concatenate[Core, P], Call[Lines[T]]]) -> Callable[Concatenate[Bound, P], Iterator[T]]:
        def method(bound: Bound, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            return _iterate_rows(start(bound._core, *args, **kwargs), bound._transport)

        return method

    return _declare(operation, build, "Iterator[{}]")


def bind_awaitable_stream(
    operation: Callable[Concatenate[Core, P], Call[Lines[T]]],
) -> Callable[Concatenate[AsyncBound, P], AsyncIterator[T]]:
    """Return a method of the asynchronous client that returns an asynchronous generator of the rows of an operation."""

    def build(
        start: Callable[Concatenate[Core, P], Call[Lines[T]]],
    ) -> Callable[Concatenate[AsyncBound, P], AsyncIterator[T]]:
        def method(bound: AsyncBound, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            return _iterate_rows_async(start(bound._core, *args, **kwargs), bound._transport)

        return method

    return _declare(operation, build, "AsyncIterator[{}]")


def _iterate_rows(call: Call[Lines[T]], transport: Transport) -> Iterator[T]:
    yield from iterate_lines(drive(call, transport))


async def _iterate_rows_async(call: Call[Lines[T]], transport: AsyncTransport) -> AsyncIterator[T]:
    async for row in iterate_lines_async(await drive_async(call, transport)):
        yield row


def _declare(
    operation: Callable[Concatenate[Core, P], Call[T]],
    build: Callable[[Callable[Concatenate[Core, P], Call[T]]], M],
    result: str,
) -> M:
    """Return a placeholder for a method; it becomes the method when the class that it is assigned in is created.

    ``operation`` builds and sends the request. ``build`` makes the method from it. ``result`` is the return type of
    the method as text, such as ``Page[{}]``; ``{}`` stands for the type that the operation returns.
    """
    return cast(M, _Declaration(cast(FunctionType, operation), cast("Callable[[object], FunctionType]", build), result))


class _Declaration:
    """Placeholder in the body of a class that replaces itself by the method that runs an operation.

    Python calls ``__set_name__`` when the class is created and passes the class and the name of the attribute. The
    method needs both: ``help()`` and the texts of errors show them. ``build`` makes the method from the operation.
    ``result`` is its return type as text, such as ``Page[{}]``; ``{}`` stands for the type that the operation returns.
    """

    def __init__(self, operation: FunctionType, build: Callable[[object], FunctionType], result: str) -> None:
        self._operation = operation
        self._build = build
        self._result = result

    def __set_name__(self, owner: type, name: str) -> None:
        qualname = f"{owner.__qualname__}.{name}"
        operation = self._operation
        method = self._build(_build_start(_copy(operation, name, qualname, operation.__globals__), qualname))
        shown = _copy(operation, name, qualname, _get_scope(operation))
        annotations = dict(operation.__annotations__)
        del annotations["core"]
        annotations["return"] = self._result.format(_RESULT.sub(r"\1\2", annotations["return"]))
        shown.__annotations__ = annotations
        method.__name__, method.__qualname__, method.__doc__ = name, qualname, operation.__doc__
        method.__module__, method.__annotations__ = operation.__module__, annotations
        # inspect.signature() and help() read the parameters of this function, which is never called.
        vars(method)["__wrapped__"] = shown
        setattr(owner, name, method)


def _copy(operation: FunctionType, name: str, qualname: str, scope: dict[str, object]) -> FunctionType:
    """Copy an operation as a function with the signature of a method: ``self`` instead of ``core``.

    ``name`` and ``qualname`` are those of the method. ``scope`` are the global names that the copy sees.
    """
    code = operation.__code__
    code = code.replace(co_varnames=("self", *code.co_varnames[1:]), co_name=name)
    copy = FunctionType(code, scope, name, operation.__defaults__, operation.__closure__)
    copy.__kwdefaults__, copy.__qualname__ = operation.__kwdefaults__, qualname
    return copy


def _get_scope(operation: FunctionType) -> dict[str, object]:
    """Return the global names with which ``typing.get_type_hints`` resolves the annotations of a method.

    They are those of the operation's module and the types that :func:`_declare` puts around its result.
    """
    names: dict[str, object] = {
        "AsyncIterator": AsyncIterator,
        "AsyncListing": AsyncListing,
        "Iterator": Iterator,
        "Page": Page,
        "Path": Path,
    }
    return _scopes.setdefault(operation.__module__, {**names, **operation.__globals__})


def _build_start(operation: Callable[..., Call[T]], qualname: str) -> Callable[..., Call[T]]:
    def start(core: Core, /, *args: object, **kwargs: object) -> Call[T]:
        try:
            return operation(msgspec.structs.replace(core, operation=qualname), *args, **kwargs)
        except InvalidSegment as error:
            arguments = inspect.signature(operation).bind(core, *args, **kwargs).arguments
            names = [name for name, value in arguments.items() if value is error.segment]
            if not names:
                raise
            expected = "an id" if isinstance(error.segment, str) else "a string"
            kind = ValueError if isinstance(error.segment, str) else TypeError
            raise kind(f"{qualname}(): {names[0]} must be {expected}, not {error.segment!r}") from None

    return start
