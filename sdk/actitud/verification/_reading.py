"""Read published files: lines, strict JSON, RFC 8785 form, digests."""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypeAlias, TypeVar, cast

import msgspec

from actitud.errors import Unverifiable
from actitud.verification._findings import Findings, Text, make_text

Source: TypeAlias = "str | os.PathLike[str] | bytes"

T = TypeVar("T")

LINE_MAX = 256 * 1024 * 1024
"""Maximum length of a line in bytes. No published document comes near it; a file made to exhaust memory does."""

_GZIP = b"\x1f\x8b"
_QUOTED_MAX = 60
_ERROR_PATH = re.compile(r" - at `\$(?P<path>[^`]*)`")
_ENCODER = msgspec.json.Encoder(order="sorted")

_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_EXPONENT_SIGNS = bytes.maketrans(b"E[", b"e,")
_BEYOND_BMP = re.compile(rb"[\xf0-\xf4]")
_INTEGRAL_FLOAT = re.compile(rb"\.0(?:[\],}]|$)")
_EXPONENT = re.compile(rb'":e|,e')


class NotReadable(ValueError):
    """Raised by :func:`parse_object` if a line is not a JSON object.

    ``text``: the reason, by language.
    """

    def __init__(self, es: str, en: str) -> None:
        super().__init__(en)
        self.text: Text = make_text(es, en)


@contextmanager
def open_source(source: Source | IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a source for reading in a ``with`` block, decompressed if it is gzip.

    A file that the caller opened stays open. Raises ``OSError`` if a path cannot be read.
    """
    with ExitStack() as stack:
        if isinstance(source, bytes):
            file: IO[bytes] = BytesIO(source)
        elif isinstance(source, str | os.PathLike):
            file = stack.enter_context(Path(source).open("rb"))
        else:
            file = source
        is_compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        yield cast("IO[bytes]", stack.enter_context(gzip.open(file))) if is_compressed else file


def read_lines(findings: Findings, file: IO[bytes]) -> Iterator[bytes]:
    """Yield the lines of a file without their line feeds, up to the point where the file is damaged or truncated.

    A damaged or truncated file adds the problem ``damaged``. Raises ``Unverifiable`` if not even one line can be read,
    or if a line exceeds ``LINE_MAX``.
    """
    count = 0
    try:
        while line := file.readline(LINE_MAX):
            if len(line) == LINE_MAX:
                raise Unverifiable(make_text(f"la línea {count + 1} no tiene fin", f"line {count + 1} has no end"))
            # The last line may lack its line feed. If it is not a JSON object either, the file was truncated inside it.
            if count and not line.endswith(b"\n") and not _is_object(line):
                raise EOFError
            count += 1
            yield line.removesuffix(b"\n")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        if not count:
            raise Unverifiable(make_text("está dañado o cortado", "it is damaged or cut off")) from None
        findings.is_cut_off = True
        es, en = "el fichero está dañado o cortado aquí", "the file is damaged or cut off here"
        findings.add_problem("damaged", count + 1, "", es, en)


def _is_object(line: bytes) -> bool:
    try:
        parse_object(line)
    except NotReadable:
        return False
    return True


def parse_object(line: bytes) -> dict[str, Any]:
    """Parse a line as a JSON object.

    Raises ``NotReadable`` if it is not one, or has duplicated members or half of a surrogate pair in a string.
    """
    value: object = None
    try:
        value = msgspec.json.decode(line)
        # A line that msgspec would write otherwise might have duplicated members.
        is_plain = _ENCODER.encode(value) == line
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        is_plain = False
    if not is_plain:
        value = _parse_strictly(line)
    if not isinstance(value, dict):
        raise NotReadable("no es un objeto JSON", "it is not a JSON object")
    return value


def _parse_strictly(line: bytes) -> object:
    try:
        value = json.loads(
            line.decode("utf-8"),
            object_pairs_hook=_build_object,
            parse_constant=_refuse_constant,
            parse_float=_parse_float,
        )
        # An escape may name half of a surrogate pair, which is no character: RFC 8785 has no form for it.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError as error:
        half = f"U+{ord(error.object[error.start]):04X}"
        raise NotReadable(f"{half} no es un carácter", f"{half} is no character") from None
    except UnicodeDecodeError as error:
        byte = error.start + 1
        raise NotReadable(f"no es UTF-8 (byte {byte})", f"it is not UTF-8 (byte {byte})") from None
    except json.JSONDecodeError as error:
        character = error.pos + 1
        raise NotReadable(f"no es JSON (carácter {character})", f"it is not JSON (character {character})") from None
    except RecursionError:
        raise NotReadable("está anidado sin fin", "it is nested without end") from None
    except NotReadable:
        raise
    except ValueError:  # an integer of more digits than Python reads
        raise NotReadable("tiene un número que no lo es", "it has a number that is none") from None


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) < len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0].encode("utf-8", "backslashreplace").decode()
        raise NotReadable(f"el miembro «{name}» está dos veces", f"the member “{name}” stands twice")
    return value


def _refuse_constant(text: str) -> float:
    raise NotReadable(f"{text} no es JSON", f"{text} is not JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):  # as 1e400, which JSON can write and no double holds
        raise ValueError
    return number


def read_document(findings: Findings, line: int, text: bytes, reader: Callable[[bytes], T]) -> T | None:
    """Decode the JSON object ``text`` with ``reader``, such as a msgspec decoder, and return the result.

    ``line``: number of its line in the file. Adds the problem ``malformed`` and returns None if the reader raises
    ``ValueError``.
    """
    try:
        return reader(text)
    except NotReadable as error:
        findings.add_problem("malformed", line, "", error.text["es"], error.text["en"])
        return None
    except (ValueError, RecursionError) as error:
        pointer, reason = split_error(error)
        es, en = f"no es lo que pide el formato: {reason}", f"it is not what the format asks for: {reason}"
        findings.add_problem("malformed", line, pointer, es, en)
        return None


def split_error(error: Exception) -> tuple[str, str]:
    """Split a decoding error of msgspec into its JSON Pointer, empty if it has none, and its message."""
    path = _ERROR_PATH.search(str(error))
    pointer = "" if path is None else re.sub(r"[.\[]", "/", path["path"].replace("]", ""))
    return pointer, _ERROR_PATH.sub("", str(error))


def check_form(findings: Findings, line: int, text: bytes, value: object) -> bool:
    """Return True if ``text`` is the RFC 8785 encoding of ``value``, else add the problem ``form`` and return False.

    ``line``: number of the line of ``text`` in the file.
    """
    try:
        form = compute_canonical(value)
    except ValueError as error:
        es, en = f"no tiene forma RFC 8785: {error}", f"it has no RFC 8785 form: {error}"
        findings.add_problem("form", line, "", es, en)
        return False
    if form != text:
        pairs = enumerate(zip(form, text, strict=False))
        byte = 1 + next((at for at, (due, actual) in pairs if due != actual), min(len(form), len(text)))
        es, en = f"no está en forma RFC 8785 (byte {byte})", f"it is not in RFC 8785 form (byte {byte})"
        findings.add_problem("form", line, "", es, en)
    return form == text


def compute_canonical(value: object) -> bytes:
    """Encode a JSON value by RFC 8785. Raises ``ValueError`` if it has no such encoding."""
    # Imported late: it comes with the extra [verify].
    import rfc8785

    try:
        form = _ENCODER.encode(value)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        form = b""
    return form if form and _is_certainly_canonical(form) else rfc8785.dumps(cast("Any", value))


def _is_certainly_canonical(form: bytes) -> bool:
    # rfc8785 takes 3.6 ms for a score document of 34 kB, msgspec and this 0.3. msgspec sorts by code point, which
    # differs from the units of UTF-16 only beyond the basic plane, and writes exponents, integral floats and long
    # numbers in its own way: a text with none of these, nor runs of 16 digits, is taken as it is.
    if not form.isascii() and _BEYOND_BMP.search(form):
        return False
    if _INTEGRAL_FLOAT.search(form) or b"0" * 16 in form.translate(_DIGITS):
        return False
    return not _EXPONENT.search((b'":' + form).translate(_EXPONENT_SIGNS, b"0123456789.-+"))


def compute_digest(document: bytes) -> str:
    """Compute the digest of a document: ``sha256:`` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(document).hexdigest()


def compare_digest(findings: Findings, line: int, digest: str, expected: object, es: str, en: str) -> None:
    """Add a problem with the code ``digest`` to ``findings`` if the computed ``digest`` differs from ``expected``.

    ``line``: number of the line of the file to which the problem belongs. ``es`` and ``en``: name of the text that
    states ``expected``, such as "the list", in Spanish and in English.
    """
    if digest != expected:
        stated = expected if isinstance(expected, str) else quote(expected)
        findings.add_problem(
            "digest",
            line,
            "",
            f"ha cambiado: el resumen es {digest}, y {es} dice {stated}",
            f"it has changed: the digest is {digest}, and {en} says {stated}",
        )


def get_member(value: object, *path: str) -> Any:
    """Return the value at a path of member names in nested objects, or None if a member is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def quote(value: object) -> str:
    """Encode a JSON value to be quoted in a sentence, cut after 60 characters."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _QUOTED_MAX else text[:_QUOTED_MAX] + "…"
