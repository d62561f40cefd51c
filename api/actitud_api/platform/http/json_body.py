"""JSON as RFC 8259 means it, with nothing let through: the first half of decoding a body.

Refused besides what is no JSON: invalid UTF-8, a byte order mark, repeated members, numbers that are no finite
ones, control characters and lone surrogates in strings, nesting, arrays and values beyond the limits.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology.free_text import has_personal_data
from actitud_api.platform.http.problems import Fault, first

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

DEPTH_MAX = 20
ITEMS_MAX = 1_000
VALUES_MAX = 5_000
"""Members and items of a whole text: many times a full request. The validator copies what is around each fault, so
only a bound here keeps the work in proportion to the size."""
_SHOWN = 100
_NAME_MAX = 200

_ENCODER = json.JSONEncoder(ensure_ascii=False)
_Repeated: TypeAlias = dict[int, tuple[dict[str, Json], list[str]]]
"""Objects with repeated members, by identity, kept so that the identity stays theirs, and the names."""


class NotJson(ValueError):
    """A body that cannot be read as JSON; `faults` says why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


def as_json(value: object, length: int = _SHOWN) -> str:
    """A value as JSON, cut at so many characters."""
    text = ""
    for chunk in _ENCODER.iterencode(value):
        text += chunk
        if len(text) >= length:
            break
    return text[:length].encode("utf-8", "backslashreplace").decode()


def shown(value: object) -> str | None:
    """A value as JSON, cut at 100 characters, to be quoted in a fault; None where personal data begin in that."""
    is_number = isinstance(value, int | float)
    return None if not is_number and has_personal_data(as_json(value, 2 * _SHOWN)) else as_json(value)


def name_shown(name: str) -> str:
    """The name of a member or parameter, cut at 200 characters with an ellipsis, to be quoted in a fault."""
    return name if len(name) <= _NAME_MAX else name[:_NAME_MAX] + "…"


def pointer(path: Sequence[str | int]) -> str:
    """A path as JSON Pointer (RFC 6901), its names as `name_shown` cuts them."""
    return "".join("/" + name_shown(str(step)).replace("~", "~0").replace("/", "~1") for step in path)


def is_control(text: str) -> bool:
    """Whether a text has a control character or a surrogate."""
    return not text.isprintable() and any(
        character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in text
    )


def parse(raw: bytes) -> Json:
    """The value of a JSON text, each integral number an int.

    Raises `NotJson` with the faults that can be told, cut by `first`.
    """
    repeated: _Repeated = {}

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated[id(value)] = (value, [name for name, count in counts.items() if count > 1])
        return value

    try:
        decoded: Json = json.loads(
            raw.decode("utf-8"), object_pairs_hook=members, parse_float=_number, parse_constant=_no_number
        )
    except RecursionError:
        raise NotJson([_too_deep("")]) from None
    except ValueError as error:
        raise NotJson([_syntax(error)]) from None
    if _has_too_many(decoded):
        raise NotJson([_too_many()])
    faults = first(_walk(decoded, "", 1, repeated))
    if faults:
        raise NotJson(faults)
    return decoded


def _number(text: str) -> int | float:
    """A number with a point or an exponent: finite, and an int where it is integral (19.0 is 19)."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:_SHOWN]} is beyond what a number can be")
    return int(value) if value.is_integer() else value


def _no_number(text: str) -> int:
    raise ValueError(f"{text} is not JSON")


def _syntax(error: ValueError) -> Fault:
    if isinstance(error, UnicodeDecodeError):
        detail = Texts(f"El cuerpo no es UTF-8 (byte {error.start}).", f"The body is not UTF-8 (byte {error.start}).")
        return Fault("", "encoding", None, detail)
    if isinstance(error, json.JSONDecodeError):
        where = f"{error.lineno}:{error.colno}"
        detail = Texts(f"El cuerpo no es JSON (línea:columna {where}).", f"The body is not JSON (line:column {where}).")
        return Fault("", "syntax", None, detail)
    detail = Texts("El cuerpo tiene un número que JSON no admite.", "The body has a number that JSON does not admit.")
    return Fault("", "number", None, detail)


def _has_too_many(value: Json) -> bool:
    """Whether there are more values than `VALUES_MAX`, without a look at more than those."""
    pending = [value]
    count = 0
    while pending:
        outer = pending.pop()
        if isinstance(outer, (dict, list)):
            count += len(outer)
            if count > VALUES_MAX:
                return True
            pending.extend(outer.values() if isinstance(outer, dict) else outer)
    return False


def _too_many() -> Fault:
    return Fault(
        "",
        "values",
        None,
        Texts(
            f"Hay más de {VALUES_MAX} miembros y elementos en total.",
            f"There are more than {VALUES_MAX} members and items in all.",
        ),
    )


def _too_deep(place: str) -> Fault:
    return Fault(
        place,
        "depth",
        None,
        Texts(f"Hay más de {DEPTH_MAX} niveles de anidamiento.", f"There are more than {DEPTH_MAX} levels of nesting."),
    )


def _control(place: str, value: str) -> Fault:
    return Fault(
        place,
        "control",
        shown(value),
        Texts(
            "El texto tiene caracteres de control o sustitutos sueltos.",
            "The text has control characters or lone surrogates.",
        ),
    )


def _walk(value: Json, place: str, depth: int, repeated: _Repeated) -> Iterator[Fault]:
    if isinstance(value, str):
        if is_control(value):
            yield _control(place, value)
    elif depth > DEPTH_MAX:
        yield _too_deep(place)
    elif isinstance(value, dict):
        for name in repeated.get(id(value), (value, []))[1]:
            detail = Texts("El miembro está repetido.", "The member is there more than once.")
            yield Fault(place if is_control(name) else place + pointer([name]), "duplicate", None, detail)
        for name, member in value.items():
            if is_control(name):
                yield _control(place, name)
            elif isinstance(member, (str, dict, list)):
                yield from _walk(member, place + pointer([name]), depth + 1, repeated)
    elif isinstance(value, list):
        if len(value) > ITEMS_MAX:
            detail = Texts(f"Hay más de {ITEMS_MAX} elementos.", f"There are more than {ITEMS_MAX} items.")
            yield Fault(place, "items", None, detail)
            return
        for index, item in enumerate(value):
            if isinstance(item, (str, dict, list)):
                yield from _walk(item, f"{place}/{index}", depth + 1, repeated)
