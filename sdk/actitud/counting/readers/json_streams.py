"""Read JSON as a stream, and its members without trust in their types."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any, Final, cast

import ijson

from actitud.counting.decoding import open_utf8
from actitud.counting.export_files import ExportFile
from actitud.counting.faults import FileRefused
from actitud.counting.source_reading import SourceReading

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

_SCALARS: Final = frozenset({"string", "number", "boolean", "null"})
_LONGEST_COUNT: Final = 15
_END: Final = b"; \r\n\t"

JsonObject = Mapping[str, Any]
"""An object of a platform's JSON, of which no member is sure to be there or of its type."""


def iterate_items(source: SourceReading, prefix: str, *, is_script: bool = False) -> Iterator[tuple[str, JsonObject]]:
    """Yield the objects at a path of a JSON file, each with its JSON Pointer.

    ``prefix``: the path, in the notation of ijson. Values that are no objects are refused with a fault. ``is_script``:
    True if the JSON is assigned to a variable, as in the archive of X.

    Raises:
        FileRefused: if the file breaks off or is no JSON.
    """
    base = "/" + prefix.removesuffix("item").rstrip(".").replace(".item", "/*").replace(".", "/")
    base = base.rstrip("/")
    number = 0
    with open_json(source.file, is_script=is_script) as stream:
        try:
            for item in ijson.items(stream, prefix, use_float=True):
                pointer = f"{base}/{number}"
                number += 1
                if isinstance(item, dict):
                    yield pointer, item
                else:
                    source.refuse("object_expected", pointer, None, item)
        except (ijson.JSONError, ValueError) as error:
            raise fail_json(source, error, f"{base}/{number}") from None


def read_scalars(source: SourceReading, names: Collection[str], *, before: str | None = None) -> dict[str, Any]:
    """Return some members of the top-level object of a JSON file by name, if they are neither arrays nor objects.

    ``names``: names of the members. ``before``: name of a member at which reading stops; None reads the file to its
    end.

    Raises:
        FileRefused: if the file breaks off or is no JSON.
    """
    found: dict[str, Any] = {}
    with open_json(source.file) as stream:
        try:
            for prefix, event, value in ijson.parse(stream, use_float=True):
                if prefix == before and event == "start_array":
                    break
                if prefix in names and event in _SCALARS:
                    found[prefix] = value
        except (ijson.JSONError, ValueError) as error:
            raise fail_json(source, error, "") from None
    return found


def iterate_children(source: SourceReading, parent: str, child: str) -> Iterator[tuple[str, JsonObject, JsonObject]]:
    """Yield the inner objects of a JSON array of objects (``parent``) that each have an array of objects (``child``).

    Each item has the JSON Pointer of the inner object, the scalars of the outer object that precede its inner array,
    and the inner object. Only one inner object is held in memory.

    Raises:
        FileRefused: if the file breaks off or is no JSON.
    """
    base = "/" + parent.removesuffix(".item").replace(".", "/")
    outer, inner = f"{parent}.", f"{parent}.{child}.item"
    scalars: dict[str, Any] = {}
    outer_number, number = -1, 0
    builder: ijson.ObjectBuilder | None = None
    with open_json(source.file) as stream:
        try:
            for prefix, event, value in ijson.parse(stream, use_float=True):
                if prefix == parent and event == "start_map":
                    scalars, number, outer_number = {}, 0, outer_number + 1
                elif builder is not None:
                    builder.event(event, value)
                    if prefix == inner and event == "end_map":
                        built: JsonObject = builder.value or {}
                        yield f"{base}/{outer_number}/{child}/{number}", scalars, built
                        builder, number = None, number + 1
                elif prefix == inner:
                    if event == "start_map":
                        builder = ijson.ObjectBuilder()
                        builder.event(event, value)
                    elif event in _SCALARS:
                        source.refuse("object_expected", f"{base}/{outer_number}/{child}/{number}", None, value)
                        number += 1
                elif event in _SCALARS and prefix.startswith(outer):
                    scalars[prefix.removeprefix(outer)] = value
        except (ijson.JSONError, ValueError) as error:
            raise fail_json(source, error, f"{base}/{max(0, outer_number)}/{child}/{number}") from None


def fail_json(source: SourceReading, error: Exception, pointer: str) -> FileRefused:
    """Return the exception that refuses a file because the JSON parser failed at the JSON Pointer ``pointer``."""
    # The class of the error does not tell: yajl calls each of them incomplete, and half an escape an error of letters.
    is_half = not source.file.ends_bracket or "premature" in str(error) or "Incomplete JSON" in str(error)
    return source.fail("half_file" if is_half else "broken_json", pointer or None)


def open_json(file: ExportFile, *, is_script: bool = False) -> IO[bytes]:
    """Open a file as a stream of UTF-8 JSON; if it is a script, without the assignment before the JSON."""
    stream = open_utf8(file.open(), file.encoding)
    return cast(IO[bytes], io.BufferedReader(_ScriptValue(stream))) if is_script else stream


class _ScriptValue(io.RawIOBase):
    """The value that a script assigns: all after the first "=", without a semicolon at the end."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._is_begun = False
        self._held = b""
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        while not self._ready:
            given = self._stream.read(1 << 16)
            if not given:
                break  # what is held back is the end of the script
            block = self._held + given
            if not self._is_begun:
                _, sign, block = block.partition(b"=")
                self._is_begun = bool(sign)
            self._ready = block.rstrip(_END)
            self._held = block[len(self._ready) :]
        view = memoryview(buffer)
        part, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


def dig(value: Any, *path: str | int) -> Any:
    """Return the member of a JSON value at a path of names and positions, None if there is none."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):  # a parser makes nothing else, and it is quick to ask
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def dig_text(value: Any, *path: str | int) -> str:
    """Return the text in a JSON value at a path of names and positions, "" if there is none; a number becomes text."""
    found = dig(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return ""
    return str(found)


def dig_list(value: Any, *path: str | int) -> list[Any]:
    """Return the list in a JSON value at a path of names and positions; an empty list if there is none."""
    found = dig(value, *path)
    return found if isinstance(found, list) else []


def dig_counts(value: Any, names: Mapping[str, str]) -> dict[str, int]:
    """Return the counts in a JSON object: the members that are whole numbers, under the names of counts.

    ``names``: the name of each count by the name of its member.
    """
    counts: dict[str, int] = {}
    for member, count in names.items():
        found = dig(value, member)
        if isinstance(found, str) and found.isdecimal() and len(found) < _LONGEST_COUNT:
            found = int(found)
        if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**_LONGEST_COUNT:
            counts[count] = found
    return counts
