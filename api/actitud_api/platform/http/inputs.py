"""Strict decoding of the inputs of an operation: query parameters, JSON bodies and files.

A body is refused if it is not JSON (RFC 8259). It is also refused for invalid UTF-8, a byte order mark,
duplicated members, numbers that are not finite, control characters or lone surrogates in strings, and for more
nesting, items or values than the limits allow.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Generic, TypeAlias, TypeVar, get_args, get_type_hints

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.exceptions import InternalServerException

from actitud_api.engine.i18n import PAGE_LANGUAGES, Texts
from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.platform.http.negotiation import JSON, MERGE_PATCH
from actitud_api.platform.http.problems import (
    INVALID_REQUEST,
    UNSUPPORTED_MEDIA_TYPE,
    Fault,
    ProblemError,
    limit_faults,
)
from actitud_api.platform.http.scope import ApiRequest, parse_query
from actitud_api.platform.http.validation import (
    QUOTED_MAX,
    Json,
    SchemaValidator,
    describe_options,
    find_nearest,
    format_pointer,
    has_control,
    quote_name,
    quote_value,
)

T = TypeVar("T", bound=msgspec.Struct)

LANG: Final[Mapping[str, object]] = {
    "description": "Language of every sentence of the response; without it `Accept-Language` decides.",
    "enum": list(PAGE_LANGUAGES),
}
"""Schema of the query parameter `lang`, which every operation has."""

_INLINE_MAX = 16 * 1024
"""Largest body in bytes that is decoded in the event loop; a larger one is decoded in a worker thread."""
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?")
_BOOLEANS = {"true": True, "false": False}


class NoParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Query parameters of an operation that has no parameter but `lang`."""


class Query(Generic[T]):
    """Decoder of the query parameters of an operation to the members of a Struct.

    A parameter may occur only once, except for the items of a list, which may also be sent in one parameter with
    commas.
    """

    def __init__(
        self,
        type_: type[T],
        *,
        lenient: bool = False,
        free: Collection[str] = (),
        hidden: Collection[str] = (),
    ) -> None:
        """Build the decoder of a query.

        Args:
            type_: Struct with a member for each parameter.
            lenient: Ignore unknown parameters and unknown languages instead of refusing them, as pages for people do.
            free: Parameters of which every value is accepted, even one with control characters.
            hidden: Members of the Struct that requests do not send, and that the OpenAPI document does not show.
        """
        self._lenient = lenient
        self.properties = {
            name: schema if name in free else _forbid_control(schema)
            for name, schema in describe_parameters(type_).items()
            if name not in hidden
        }
        self.required = tuple(field.encode_name for field in msgspec.structs.fields(type_) if field.required)
        schema = {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }
        self._checked = SchemaValidator(type_, schema)

    def decode(self, request: ApiRequest) -> T | list[Fault]:
        """Return the query parameters of a request as a Struct, or the list of all faults in them."""
        try:
            pairs = parse_query(request.scope)
        except ValueError:
            detail = Texts(
                "La consulta no es UTF-8 con codificación de porcentaje, o tiene demasiados parámetros.",
                "The query is not percent-encoded UTF-8, or has too many parameters.",
            )
            return [Fault("", "encoding", None, detail)]
        faults: list[Fault] = []
        values: dict[str, Json] = {}
        schemas = {**self.properties, "lang": LANG}
        for name, text in pairs:
            if self._lenient and name not in self.properties:
                continue
            if has_control(name) or has_control(text):
                detail = Texts("El parámetro tiene caracteres de control.", "The parameter has control characters.")
                faults.append(
                    Fault("" if has_control(name) else quote_name(name), "control", quote_value(text), detail)
                )
            elif name not in schemas:
                detail = Texts("No se conoce este parámetro.", "This parameter is not known.")
                nearest = find_nearest(name, schemas)
                faults.append(
                    Fault(
                        quote_name(name),
                        "additionalProperties",
                        quote_value(text),
                        detail,
                        nearest,
                        allowed=tuple(schemas),
                    )
                )
            elif isinstance(items := values.get(name), list):
                # Some generated clients write a list as one parameter for each of its items.
                items += text.split(",")
            elif name in values:
                detail = Texts("El parámetro está repetido.", "The parameter is there more than once.")
                faults.append(Fault(name, "duplicate", quote_value(text), detail))
            else:
                values[name] = _convert_text(schemas[name], text)
        lang = values.pop("lang", None)
        if lang is not None and lang not in PAGE_LANGUAGES:
            detail = describe_options(PAGE_LANGUAGES)
            faults.append(Fault("lang", "enum", quote_value(lang), detail, allowed=PAGE_LANGUAGES))
        decoded = self._checked.convert(values)
        if isinstance(decoded, list):
            for fault in decoded:
                detail = _PARAMETER_MISSING if fault.rule == "required" else fault.detail
                faults.append(replace(fault, pointer=fault.pointer.removeprefix("/"), detail=detail))
        return faults or decoded


_PARAMETER_MISSING = Texts("Falta este parámetro.", "This parameter is missing.")


def describe_parameters(type_: type[msgspec.Struct]) -> dict[str, dict[str, object]]:
    """Return the JSON Schemas of query parameters by name; each member of the Struct is a parameter.

    The type null is removed from the schemas, because a client omits an optional parameter instead of sending null.
    """
    schema = msgspec.json.schema(type_)
    properties: dict[str, dict[str, object]] = schema["$defs"][type_.__name__]["properties"]
    return {name: _remove_null(member) for name, member in properties.items()}


def _remove_null(schema: dict[str, object]) -> dict[str, object]:
    alternatives = schema.get("anyOf")
    if isinstance(alternatives, list):
        (only,) = [alternative for alternative in alternatives if alternative != {"type": "null"}]
        schema = {**{key: value for key, value in schema.items() if key != "anyOf"}, **only}
    return {key: value for key, value in schema.items() if (key, value) != ("default", None)}


def _forbid_control(schema: dict[str, object]) -> dict[str, object]:
    """Return the schema of a parameter with a pattern that refuses control characters, if it is one of free text.

    A schema with a pattern, a format or allowed values, or of another type than string, is returned unchanged.
    """
    is_free = schema.get("type") == "string" and not schema.keys() & {"enum", "pattern", "format"}
    return {**schema, "pattern": NO_CONTROL} if is_free else schema


def _convert_text(schema: Mapping[str, object], text: str) -> Json:
    """Return the text of a parameter as an int, float, bool or list of texts if its schema has that type.

    The items of a list have commas between. A text that cannot be converted is returned unchanged, and the validation
    then refuses it.
    """
    match schema.get("type"):
        case "integer" if _INTEGER.fullmatch(text):
            return int(text)
        case "number" if _NUMBER.fullmatch(text):
            return float(text)
        case "boolean":
            return _BOOLEANS.get(text, text)
        case "array":
            return text.split(",")
    return text


class Body(Generic[T]):
    """Decoder of the JSON body of an operation.

    The body is decoded to a Struct. If several Structs are possible, the value of one member of the body (`tag_field`,
    such as `methodology`) selects one of them. `tags` has the Struct for each value, and is empty if there is only one
    Struct. `offered` are the values that are named to a client that sent no such value.
    """

    def __init__(
        self, *types: type[T], patch: bool = False, tag_field: str | None = None, offered: Sequence[str] = ()
    ) -> None:
        """Build the decoder of a body that is one of these Structs.

        Args:
            types: The Structs.
            patch: True if the body is a JSON merge patch (RFC 7396), which has its own media type.
            tag_field: Name of the member whose value selects the Struct, needed if several values select the same
                Struct (a `Literal`); None if msgspec selects it by its own tags.
            offered: Values of that member that a refusal names, best first, if not all are for new clients; empty for
                all.
        """
        self.types = types
        self.media_type = MERGE_PATCH if patch else JSON
        self.tag_field = types[0].__struct_config__.tag_field or tag_field
        self.tags = {tag: type_ for type_ in types for tag in _list_tags(type_, self.tag_field)}
        self.offered = tuple(offered) or tuple(self.tags)
        self._checked = {type_: SchemaValidator(type_) for type_ in types}

    async def decode(self, request: ApiRequest) -> T | list[Fault]:
        """Read the body of a request and return it as a Struct, or the list of all its faults.

        Raises:
            ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected.
        """
        raw = await read_json_body(request, self.media_type)
        return self.parse(raw) if len(raw) <= _INLINE_MAX else await sync_to_thread(self.parse, raw)

    def parse(self, raw: bytes) -> T | list[Fault]:
        """Decode the bytes of a body to a Struct, and return it, or the list of all faults in the body."""
        try:
            value = parse_json(raw)
        except NotJson as error:
            return error.faults
        return self.convert(value)

    def convert(self, value: Json) -> T | list[Fault]:
        """Convert a JSON value to a Struct, and return it, or the list of all faults in the value.

        If several Structs are possible, a member of the value selects one. If it selects none, the list has the fault
        of that member and those that the value has whichever of the offered Structs is meant.
        """
        if self.tag_field is None or not isinstance(value, dict):
            return next(iter(self._checked.values())).convert(value)
        tag = value.get(self.tag_field)
        if not isinstance(tag, str) or tag not in self.tags:
            fault = _unknown_tag(self.tag_field, self.tag_field in value, tag, self.offered)
            return limit_faults([fault, *self._find_shared_faults(value, self.tag_field)])
        return self._checked[self.tags[tag]].convert(value)

    def _find_shared_faults(self, value: Mapping[str, Json], tag_field: str) -> Iterator[Fault]:
        """Yield the faults that a value has with each of the offered tags."""
        tags = {self.tags[tag]: tag for tag in self.offered}
        # The sentence counts too: of a limit that each Struct has of its own none is told.
        first, *others = [
            {
                (fault.pointer, fault.rule, fault.detail.into("en")): fault
                for fault in self._checked[type_].iterate_faults({**value, tag_field: tag})
            }
            for type_, tag in tags.items()
        ]
        yield from (fault for key, fault in first.items() if all(key in other for other in others))


def _list_tags(type_: type[msgspec.Struct], tag_field: str | None) -> tuple[str, ...]:
    """Return the tags of a Struct: the one that msgspec knows, or the values of its member `tag_field`, if any."""
    if type_.__struct_config__.tag is not None:
        return (str(type_.__struct_config__.tag),)
    return () if tag_field is None else get_args(get_type_hints(type_)[tag_field])


class FileBody:
    """Reader of a request body that is a file: it returns the bytes, which the handler parses."""

    def __init__(self, *media_types: str) -> None:
        self.media_types = media_types

    async def decode(self, request: ApiRequest) -> bytes:
        """Return the bytes of the body.

        Raises:
            ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected.
        """
        self.check_media_type(request)
        return await _read_body(request)

    def check_media_type(self, request: ApiRequest) -> str:
        """Return the media type of the body of a request.

        Raises:
            ProblemError: 415 if the operation does not accept the media type, or if the body is compressed.
        """
        media_type = request.content_type[0].lower()
        if media_type not in self.media_types or "content-encoding" in request.headers:
            listed = ", ".join(self.media_types)
            detail = Texts(
                "El cuerpo debe ser de uno de estos tipos, sin comprimir: {listed}.",
                "The body must be of one of these types, uncompressed: {listed}.",
                listed=listed,
            )
            raise ProblemError(
                UNSUPPORTED_MEDIA_TYPE, detail, headers={_MEDIA_TYPE_HEADERS[request.scope["method"]]: listed}
            )
        return media_type


async def read_json_body(request: ApiRequest, media_type: str) -> bytes:
    """Return the bytes of the JSON body of a request, which must have the given media type.

    Raises:
        ProblemError: 413 if the body is too large, 415 for another media type, 400 if the client disconnected.
    """
    _ensure_media_type(request, media_type)
    return await _read_body(request)


async def _read_body(request: ApiRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException:
        # Litestar raises this if the client disconnected: nobody reads the response, but it must not count as a 500.
        detail = Texts("El cuerpo no llegó entero.", "The body did not come whole.")
        raise ProblemError(INVALID_REQUEST, detail) from None


_MEDIA_TYPE_HEADERS: Final[Mapping[str, str]] = {"POST": "Accept-Post", "PATCH": "Accept-Patch", "PUT": "Accept"}
"""Response header that names the accepted media types, by method (W3C LDP 7.1, RFC 5789, RFC 9110)."""


def _ensure_media_type(request: ApiRequest, expected: str) -> None:
    media_type, options = request.content_type
    charset = options.get("charset", "utf-8").lower()
    if media_type.lower() == expected and charset in {"utf-8", "utf8"} and "content-encoding" not in request.headers:
        return
    detail = Texts(
        "El cuerpo debe ser {expected} en UTF-8, sin comprimir.",
        "The body must be {expected} in UTF-8, uncompressed.",
        expected=expected,
    )
    raise ProblemError(UNSUPPORTED_MEDIA_TYPE, detail, headers={_MEDIA_TYPE_HEADERS[request.scope["method"]]: expected})


def _unknown_tag(name: str, is_present: bool, tag: Json, tags: tuple[str, ...]) -> Fault:
    expected = describe_options(tags)
    return Fault(
        f"/{name}",
        "enum" if is_present else "required",
        quote_value(tag) if is_present else None,
        expected
        if is_present
        else Texts("Falta este miembro. {expected}", "This member is missing. {expected}", expected=expected),
        find_nearest(tag, tags) if isinstance(tag, str) else None,
        allowed=tags,
    )


DEPTH_MAX = 20
ITEMS_MAX = 1_000
VALUES_MAX = 5_000
"""Highest number of members and items in a whole body; the largest bodies that make sense have far fewer.

For each fault, the validator copies the value around it. Without this limit, a body with many faults would take
too long.
"""
_Repeated: TypeAlias = dict[int, tuple[dict[str, Json], list[str]]]
"""Objects of a JSON text with duplicated members: each object and the names of these members.

The key is the `id` of the object. The object itself is kept too, so that no other object can get the same `id`.
"""


class NotJson(ValueError):
    """Raised by `parse_json` if a text is not acceptable JSON; `faults` lists the reasons."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


def parse_json(raw: bytes, *, values_max: int = VALUES_MAX) -> Json:
    """Return the value of a JSON text; numbers without a fraction, such as 19.0, become int.

    `values_max`: highest number of members and items at all depths together.

    Raises:
        NotJson: The text is not JSON, not UTF-8, too large in nesting, items or values, or contains a byte order mark,
            duplicated members, infinite numbers, control characters or lone surrogates. `faults` has at most
            `FAULTS_MAX` faults, and one more with the number of omitted faults.
    """
    repeated: _Repeated = {}

    def collect_members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        value = dict(pairs)
        if len(value) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            repeated[id(value)] = (value, [name for name, count in counts.items() if count > 1])
        return value

    try:
        decoded = _decode(raw.decode("utf-8"), collect_members)
    except RecursionError:
        raise NotJson([_build_depth_fault("")]) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise NotJson([_describe_syntax_error(error)]) from None
    if _has_too_many(decoded, values_max):
        raise NotJson([_build_count_fault(values_max)])
    faults = limit_faults(_find_faults(decoded, "", 1, repeated))
    if faults:
        raise NotJson(faults)
    return decoded


class _BadNumber(float):
    """Mark in a decoded text in place of a number that JSON does not admit; `text` is the number as it was written."""

    def __new__(cls, text: str) -> _BadNumber:
        mark = super().__new__(cls, "nan")
        mark.text = text
        return mark

    text: str


def _decode(text: str, collect_members: Callable[[list[tuple[str, Json]]], dict[str, Json]]) -> Json:
    """Decode a JSON text, with marks in place of numbers that JSON does not admit.

    Raises:
        JSONDecodeError: The text is not JSON apart from such numbers.
        RecursionError: It is nested too deeply.
    """
    try:
        decoded: Json = json.loads(
            text, object_pairs_hook=collect_members, parse_float=_parse_number, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError:
        raise
    except ValueError:
        # Marked only now: with a function of ours for integers each text would take longer.
        marked: Json = json.loads(
            text,
            object_pairs_hook=collect_members,
            parse_float=_mark_bad_number,
            parse_int=_mark_bad_number,
            parse_constant=_mark_bad_number,
        )
        return marked
    return decoded


def _mark_bad_number(text: str) -> int | float:
    try:
        return int(text) if text.lstrip("-").isdecimal() else _parse_number(text)
    except ValueError:
        return _BadNumber(text)


def _parse_number(text: str) -> int | float:
    """Return the value of a number with a point or an exponent, as an int if it has no fraction (19.0 is 19).

    Raises:
        ValueError: The number is too large for a float.
    """
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:QUOTED_MAX]} is beyond what a number can be")
    # JSON does not distinguish 19.0 from 19, and JSON Schema counts both as integers.
    return int(value) if value.is_integer() else value


def _refuse_constant(text: str) -> int:
    raise ValueError(f"{text} is not JSON")


def _describe_syntax_error(error: UnicodeDecodeError | json.JSONDecodeError) -> Fault:
    if isinstance(error, UnicodeDecodeError):
        detail = Texts(
            "El cuerpo no es UTF-8 (byte {start}).", "The body is not UTF-8 (byte {start}).", start=error.start
        )
        return Fault("", "encoding", None, detail)
    where = f"{error.lineno}:{error.colno}"
    detail = Texts(
        "El cuerpo no es JSON (línea:columna {where}).", "The body is not JSON (line:column {where}).", where=where
    )
    return Fault("", "syntax", None, detail)


def _has_too_many(value: Json, values_max: int) -> bool:
    """Return True if a value has more than `values_max` members and items at all depths together."""
    # Iterative, because a recursive count of a deeply nested value would exceed the limit of Python.
    pending = [value]
    count = 0
    while pending:
        outer = pending.pop()
        if isinstance(outer, (dict, list)):
            count += len(outer)
            if count > values_max:
                return True
            pending.extend(outer.values() if isinstance(outer, dict) else outer)
    return False


def _build_count_fault(values_max: int) -> Fault:
    return Fault(
        "",
        "values",
        None,
        Texts(
            "Hay más de {values_max} miembros y elementos en total.",
            "There are more than {values_max} members and items in all.",
            values_max=values_max,
        ),
    )


def _build_depth_fault(pointer: str) -> Fault:
    return Fault(
        pointer,
        "depth",
        None,
        Texts(
            "Hay más de {depth_max} niveles de anidamiento.",
            "There are more than {depth_max} levels of nesting.",
            depth_max=DEPTH_MAX,
        ),
    )


def _build_control_fault(pointer: str, value: str) -> Fault:
    return Fault(
        pointer,
        "control",
        quote_value(value),
        Texts(
            "El texto tiene caracteres de control o sustitutos sueltos.",
            "The text has control characters or lone surrogates.",
        ),
    )


def _find_faults(value: Json, pointer: str, depth: int, repeated: _Repeated) -> Iterator[Fault]:
    if isinstance(value, _BadNumber):
        detail = Texts("JSON no admite este número.", "JSON does not admit this number.")
        yield Fault(pointer, "number", value.text[:QUOTED_MAX], detail)
    elif isinstance(value, str):
        if has_control(value):
            yield _build_control_fault(pointer, value)
    elif depth > DEPTH_MAX:
        yield _build_depth_fault(pointer)
    elif isinstance(value, dict):
        # json.loads keeps the last of duplicated members silently; two readers of such a body could disagree.
        for name in repeated.get(id(value), (value, []))[1]:
            detail = Texts("El miembro está repetido.", "The member is there more than once.")
            yield Fault(pointer if has_control(name) else pointer + format_pointer([name]), "duplicate", None, detail)
        for name, member in value.items():
            if has_control(name):
                yield _build_control_fault(pointer, name)
            elif isinstance(member, (str, dict, list, _BadNumber)):
                yield from _find_faults(member, pointer + format_pointer([name]), depth + 1, repeated)
    elif isinstance(value, list):
        if len(value) > ITEMS_MAX:
            detail = Texts(
                "Hay más de {items_max} elementos.", "There are more than {items_max} items.", items_max=ITEMS_MAX
            )
            yield Fault(pointer, "items", None, detail)
            return
        for index, item in enumerate(value):
            if isinstance(item, (str, dict, list, _BadNumber)):
                yield from _find_faults(item, f"{pointer}/{index}", depth + 1, repeated)
