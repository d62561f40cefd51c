"""Reads published files line by line, and what is in them as strictly as it was written."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final, TypeAlias, TypeVar, cast

import rfc8785

from actitud_api.engine.i18n import Texts
from actitud_api.verification.findings import Found, Unverifiable

LINE_MAX: Final = 256 * 1024 * 1024
"""Bytes of a line; no document comes near, and a file that was made to fill the memory does."""

_GZIP: Final = b"\x1f\x8b"
_SHOWN_MAX: Final = 60
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`")

Json: TypeAlias = "dict[str, Any]"


class NotRead(ValueError):
    """A line that is no JSON object; `text` says why, `code` what kind of problem that is."""

    def __init__(self, es: str, en: str) -> None:
        super().__init__(en)
        self.text = Texts(es, en)


@contextmanager
def unpacked(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """The bytes of a file, decompressed where they are compressed."""
    compressed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    if compressed:
        with gzip.open(file) as inside:
            yield cast("IO[bytes]", inside)
    else:
        yield file


def lines_of(found: Found, file: IO[bytes]) -> Iterator[bytes]:
    """The lines of a file, without their line feeds; they end where it is damaged or cut off."""
    count = 0
    try:
        while line := file.readline(LINE_MAX):
            if len(line) == LINE_MAX:
                raise Unverifiable(Texts(f"la línea {count + 1} no tiene fin", f"line {count + 1} has no end"))
            if count and not line.endswith(b"\n") and not _is_object(line):
                raise EOFError
            count += 1
            yield line.removesuffix(b"\n")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        if not count:
            raise Unverifiable(Texts("está dañado o cortado", "it is damaged or cut off")) from None
        found.cut_off = True
        es, en = "el fichero está dañado o cortado aquí", "the file is damaged or cut off here"
        found.problem("damaged", count + 1, "", es, en)


def _is_object(line: bytes) -> bool:
    try:
        strict(line)
    except NotRead:
        return False
    return True


def strict(line: bytes) -> Json:
    """The JSON object of a line in which no member stands twice; raises `NotRead`."""
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_members, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        place = error.start + 1
        raise NotRead(f"no es UTF-8 (byte {place})", f"it is not UTF-8 (byte {place})") from None
    except json.JSONDecodeError as error:
        place = error.pos + 1
        raise NotRead(f"no es JSON (carácter {place})", f"it is not JSON (character {place})") from None
    except RecursionError:
        raise NotRead("está anidado sin fin", "it is nested without end") from None
    except NotRead:
        raise
    except ValueError:
        raise NotRead("tiene un número que no lo es", "it has a number that is none") from None
    if not isinstance(value, dict):
        raise NotRead("no es un objeto JSON", "it is not a JSON object")
    return value


def _members(pairs: list[tuple[str, object]]) -> Json:
    value = dict(pairs)
    if len(value) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise NotRead(f"el miembro «{name}» está dos veces", f"the member “{name}” stands twice")
    return value


def _no_number(text: str) -> float:
    raise NotRead(f"{text} no es JSON", f"{text} is not JSON")


ShapeT = TypeVar("ShapeT")


def read(found: Found, line: int, text: bytes, reader: Callable[[bytes], ShapeT]) -> ShapeT | None:
    """A document as its format has it; None, and the problem noted, where it is not."""
    try:
        return reader(text)
    except (ValueError, RecursionError) as error:
        try:
            strict(text)
        except NotRead as reason:
            found.problem("malformed", line, "", *reason.text)
            return None
        at = _AT.search(str(error))
        pointer = "" if at is None else re.sub(r"[.\[]", "/", at["path"].replace("]", ""))
        told = _AT.sub("", str(error))
        es, en = f"no es lo que pide el formato: {told}", f"it is not what the format asks for: {told}"
        found.problem("malformed", line, pointer, es, en)
        return None


def is_canonical(found: Found, line: int, text: bytes) -> bool:
    """Whether a text is in RFC 8785 form; notes where it is not."""
    try:
        value = strict(text)
        form = rfc8785.dumps(value)
    except NotRead as reason:
        found.problem("malformed", line, "", *reason.text)
        return False
    except rfc8785.CanonicalizationError as error:
        es, en = f"no tiene forma RFC 8785: {error}", f"it has no RFC 8785 form: {error}"
        found.problem("form", line, "", es, en)
        return False
    if form != text:
        place = next((at for at, (one, other) in enumerate(zip(form, text, strict=False)) if one != other), len(form))
        es, en = f"no está en forma RFC 8785 (byte {place + 1})", f"it is not in RFC 8785 form (byte {place + 1})"
        found.problem("form", line, "", es, en)
    return form == text


def shown(value: object) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
