"""Validation of inputs by the published JSON Schema, so that the OpenAPI document and the enforced rules agree.

Every input is checked against the schema in the OpenAPI document, with the library that the contract tests use. msgspec
then converts it in strict mode. A refusal names every fault at once.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Generic, TypeAlias, TypeVar

import jsonschema_rs
import msgspec

from actitud_api.engine.i18n import OR, Texts
from actitud_api.engine.methodology.free_text import NO_CONTROL, PERSONAL_DATA, STRAIGHT, TRIMMED, has_personal_data
from actitud_api.engine.methodology.requests.content import HTTPS_ADDRESS, SHA256
from actitud_api.platform.http.problems import Fault, limit_faults

T = TypeVar("T", bound=msgspec.Struct)

Json: TypeAlias = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None

QUOTED_MAX = 100
"""Highest number of characters of a value that a fault quotes."""
_QUOTED_NAME_MAX = 200
_ENCODER = json.JSONEncoder(ensure_ascii=False)

ENUM_NAMES = "x-enum-names"
"""Extension of a schema with the names of the values of its `enum`, in their order, for the sentence about a fault."""
_NAME_MAX = 64
_SUGGESTIONS_MAX = 100


class SchemaValidator(Generic[T]):
    """Validator that checks decoded JSON against a schema and converts it to a Struct, or lists all its faults."""

    def __init__(self, type_: type[T], schema: Mapping[str, object] | None = None) -> None:
        """Create the validator of a type.

        `schema`: JSON Schema that the OpenAPI document shows for it; None for the schema that msgspec derives.
        """
        self._type = type_
        self._published = schema

    # Both are made for the first value: for all operations together they take 0.2 s, for one 2 to 30 ms.
    @cached_property
    def _schema(self) -> dict[str, object]:
        return msgspec.json.schema(self._type) if self._published is None else dict(self._published)

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(self._schema, validate_formats=True)

    def convert(self, value: Json) -> T | list[Fault]:
        """Return decoded JSON converted to the Struct, or the list of all its faults."""
        # `is_valid` stops at the first error, so valid input, the common case, pays nothing for the error messages.
        if not self._validator.is_valid(value):
            return self._faults(value)
        try:
            return msgspec.convert(value, self._type, strict=True)
        except msgspec.ValidationError as error:
            # Only where a type is narrower than its schema, as for a format that the two read differently.
            detail = Texts("El valor no se admite: {error}.", "The value is not admitted: {error}.", error=str(error))
            return [Fault("", "type", None, detail)]

    def find_faults(self, value: Json) -> list[Fault]:
        """Return all faults of decoded JSON, or an empty list if it is valid."""
        return [] if self._validator.is_valid(value) else self._faults(value)

    def iterate_faults(self, value: Json) -> Iterator[Fault]:
        """Yield all faults of a value, however many there are."""
        for error in _select_relevant(self._validator.iter_errors(value)):
            yield from self._explain(error)

    def _faults(self, value: Json) -> list[Fault]:
        return limit_faults(self.iterate_faults(value))

    def _explain(self, error: jsonschema_rs.ValidationError) -> Iterator[Fault]:
        kind = error.kind.as_dict()
        pointer = format_pointer(error.instance_path)
        rule = error.kind.name
        if rule == "required":
            yield Fault(pointer + format_pointer([kind["property"]]), rule, None, _MISSING)
            return
        instance = error.instance
        if rule == "additionalProperties" and isinstance(instance, dict):
            known = self._find_parent(error).get("properties", {})
            for count, name in enumerate(kind["unexpected"]):
                nearest = find_nearest(name, known) if count < _SUGGESTIONS_MAX else None
                yield Fault(pointer + format_pointer([name]), rule, quote_value(instance[name]), _UNKNOWN, nearest)
        elif rule == "enum":
            options = kind["options"]
            labels = dict(zip(options, self._find_labels(error), strict=False))
            nearest = _find_option(instance, options, labels) if isinstance(instance, str) else None
            allowed = tuple(option if isinstance(option, str) else encode_short(option) for option in options)
            detail = describe_options(options, labels)
            yield Fault(pointer, rule, quote_value(instance), detail, nearest, allowed=allowed)
        elif rule == "anyOf" and (kinds := _list_admitted_types(error)):
            yield Fault(pointer, rule, quote_value(instance), _describe_rule("type", {"types": kinds}))
        else:
            yield Fault(pointer, rule, quote_value(instance), _describe_rule(rule, kind))

    def _find_labels(self, error: jsonschema_rs.ValidationError) -> Sequence[str]:
        """Return the names of the values of a broken `enum`, in their order; empty if they have none."""
        labels = self._find_parent(error).get(ENUM_NAMES, ())
        return labels if isinstance(labels, list) else ()

    def _find_parent(self, error: jsonschema_rs.ValidationError) -> Mapping[str, Mapping[str, object]]:
        """Return the part of the schema that has the broken keyword of an error, such as the one with `minimum`."""
        schema: object = self._schema
        for step in error.schema_path[:-1]:
            if isinstance(schema, Mapping):
                schema = schema[step]
            elif isinstance(schema, list):
                schema = schema[int(step)]
        assert isinstance(schema, Mapping)
        return schema


def find_nearest(name: str, known: Iterable[object]) -> str | None:
    """Return the known name that is most similar to a misspelt name, ignoring case, or None if none is similar.

    Up to a third of the letters may be wrong. A number matches only itself with other leading zeros, because one wrong
    digit makes another number.
    """
    # Comparing takes quadratic time, and no known name is that long.
    if len(name) > _NAME_MAX:
        return None
    folded = {str(candidate).casefold(): str(candidate) for candidate in known}
    if name.isdecimal():
        return next((known for known in folded.values() if known.isdecimal() and int(known) == int(name)), None)
    for match in difflib.get_close_matches(name.casefold(), folded, n=3):
        if _count_edits(name.casefold(), match) <= max(1, max(len(name), len(match)) // 3):
            return folded[match]
    return None


def _count_edits(first: str, second: str) -> int:
    """Count the letters to add, omit, replace or swap with the next one to turn one text into the other."""
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(second, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != other)))
            if i > 1 and j > 1 and letter == second[j - 2] and other == first[i - 2]:
                row[j] = min(row[j], last[j - 2] + 1)
    return row[-1]


def _find_option(text: str, options: Sequence[object], labels: Mapping[object, str]) -> str | None:
    """Return the option that a text most likely means, by its code or by its name; None if neither is near."""
    nearest = find_nearest(text, options)
    if nearest is not None:
        return nearest
    # A name may be in two languages: València/Valencia.
    codes = {part: option for option, label in labels.items() for part in label.split("/")}
    name = find_nearest(text, codes)
    return None if name is None else str(codes[name])


def _select_relevant(errors: Iterable[jsonschema_rs.ValidationError]) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield the errors that are worth reporting to a client.

    A value that fits none of the alternatives of an `anyOf` or `oneOf` has one error for the whole and errors
    for each alternative. If exactly one alternative is of the type and tag of the value, its errors are
    yielded; otherwise the error of the whole. All other errors are yielded as they are.
    """
    for error in errors:
        branches = error.kind.as_dict().get("context")
        if branches is None:
            yield error
            continue
        # Alternatives for another type say nothing useful: a client that sent a number need not read that it is no
        # string.
        fitting = [branch for branch in branches if not any(_is_other_kind(error, inner) for inner in branch)]
        if len(fitting) == 1:
            yield from _select_relevant(fitting[0])
        else:
            yield error


def _is_other_kind(outer: jsonschema_rs.ValidationError, inner: jsonschema_rs.ValidationError) -> bool:
    """Return True if an error shows that an alternative of a union is not the one that the client meant.

    `outer` is the error of the whole `anyOf` or `oneOf`, and `inner` an error of one alternative. That
    alternative was not meant if the value has another JSON type, or another tag: a member, such as `kind`, for
    which the alternative allows a single value.
    """
    if inner.kind.name == "enum":
        return len(inner.instance_path) == len(outer.instance_path) + 1 and len(inner.kind.as_dict()["options"]) == 1
    return inner.kind.name == "type" and inner.instance_path == outer.instance_path


def _list_admitted_types(error: jsonschema_rs.ValidationError) -> list[object]:
    """Return the JSON types that a value could have, if its type is its fault; else an empty list.

    `error` is the error of the `anyOf` that the value breaks. The types are those of its alternatives, without
    null, because a client that sent a value did not mean to omit it.
    """
    types: list[object] = []
    for branch in error.kind.as_dict()["context"]:
        type_errors = [
            inner for inner in branch if inner.kind.name == "type" and inner.instance_path == error.instance_path
        ]
        if not type_errors:
            return []
        types += [name for inner in type_errors for name in inner.kind.as_dict()["types"]]
    return [name for name in dict.fromkeys(types) if name != "null"]


_UNKNOWN = Texts("No se conoce este miembro.", "This member is not known.")
_PERSONAL = Texts(
    "El texto contiene un dato personal: un DNI o NIE, un correo electrónico o un teléfono. Se publica, así que debe "
    "escribirse sin él.",
    "The text has personal data: an identity number (DNI or NIE), an e-mail address or a telephone number. It is "
    "published, so it has to be written without them.",
)
_MISSING = Texts("Falta este miembro.", "This member is missing.")
_KINDS = {
    "object": Texts("un objeto", "an object"),
    "array": Texts("una lista", "an array"),
    "string": Texts("un texto", "a string"),
    "integer": Texts("un número entero", "an integer"),
    "number": Texts("un número", "a number"),
    "boolean": Texts("true o false", "true or false"),
    "null": Texts("null", "null"),
}
_IN_WORDS: Mapping[str, Texts] = {
    HTTPS_ADDRESS: Texts(
        "Debe ser una dirección entera que empiece por https://, sin espacios.",
        "It must be a whole address that begins with https://, without blanks.",
    ),
    SHA256: Texts(
        "Debe ser un SHA-256: 64 cifras hexadecimales, con las letras en minúscula.",
        "It must be a SHA-256: 64 hexadecimal digits, with its letters in lower case.",
    ),
    NO_CONTROL: Texts("El texto tiene caracteres de control.", "The text has control characters."),
    TRIMMED: Texts(
        "El texto debe empezar y acabar con un carácter visible, sin caracteres de control.",
        "The text must begin and end with a visible character, and have no control characters.",
    ),
    STRAIGHT: Texts(
        "El texto debe empezar y acabar con un carácter visible, sin caracteres de control ni otros que inviertan el "
        "orden de los demás.",
        "The text must begin and end with a visible character, and have neither control characters nor any that "
        "reverse the order of others.",
    ),
}
"""Explanation of each pattern that a person may break, for the sentence about the fault."""
_ONE_TEXTS: Mapping[str, Texts] = {
    "minLength": Texts("Debe tener al menos un carácter.", "It must have at least one character."),
    "maxLength": Texts("Debe tener un carácter como máximo.", "It must have at most one character."),
    "minItems": Texts("Debe tener al menos un elemento.", "It must have at least one item."),
    "maxItems": Texts("Debe tener un elemento como máximo.", "It must have at most one item."),
    "minProperties": Texts("Debe tener al menos un miembro.", "It must have at least one member."),
    "maxProperties": Texts("Debe tener un miembro como máximo.", "It must have at most one member."),
}
"""Sentence about a limit of 1, by rule; `_LIMIT_TEXTS` has those about other limits."""
_LIMIT_TEXTS: Mapping[str, Callable[[object], Texts]] = {
    "minimum": lambda n: Texts("Debe ser {n} o más.", "It must be {n} or more.", n=n),
    "maximum": lambda n: Texts("Debe ser {n} o menos.", "It must be {n} or less.", n=n),
    "exclusiveMinimum": lambda n: Texts("Debe ser mayor que {n}.", "It must be more than {n}.", n=n),
    "exclusiveMaximum": lambda n: Texts("Debe ser menor que {n}.", "It must be less than {n}.", n=n),
    "minLength": lambda n: Texts("Debe tener {n} caracteres o más.", "It must have {n} characters or more.", n=n),
    "maxLength": lambda n: Texts("Debe tener {n} caracteres o menos.", "It must have {n} characters or fewer.", n=n),
    "minItems": lambda n: Texts("Debe tener {n} elementos o más.", "It must have {n} items or more.", n=n),
    "maxItems": lambda n: Texts("Debe tener {n} elementos o menos.", "It must have {n} items or fewer.", n=n),
    "minProperties": lambda n: Texts("Debe tener {n} miembros o más.", "It must have {n} members or more.", n=n),
    "maxProperties": lambda n: Texts("Debe tener {n} miembros o menos.", "It must have {n} members or fewer.", n=n),
}


def describe_options(options: Iterable[object], labels: Mapping[object, str] = MappingProxyType({})) -> Texts:
    """Return the sentence that lists the accepted values, as JSON; `labels` has their names, where they have any."""
    listed = ", ".join(
        f"{encode_short(option)} ({labels[option]})" if option in labels else encode_short(option) for option in options
    )
    return Texts("Debe ser uno de estos valores: {listed}.", "It must be one of these values: {listed}.", listed=listed)


def _describe_rule(rule: str, kind: Mapping[str, object]) -> Texts:
    if rule in _ONE_TEXTS and kind["limit"] == 1:
        return _ONE_TEXTS[rule]
    if rule in _LIMIT_TEXTS:
        return _LIMIT_TEXTS[rule](kind["limit"])
    match rule, kind:
        case "type", {"types": [*names]}:
            kinds = [_KINDS[str(name)] for name in names]
            return Texts(
                "Debe ser {kinds}.",
                "It must be {kinds}.",
                kinds=lambda language: OR.into(language).join(text.into(language) for text in kinds),
            )
        case "pattern", {"pattern": str(expression)} if expression in _IN_WORDS:
            return _IN_WORDS[expression]
        case "pattern", {"pattern": expression}:
            return Texts(
                "Debe tener la forma {expression}.", "It must have the form {expression}.", expression=expression
            )
        case "format", {"format": "date"}:
            return Texts("Debe ser una fecha, como 2026-12-31.", "It must be a date, such as 2026-12-31.")
        case "not", {"schema": {"pattern": expression}} if expression == PERSONAL_DATA:
            return _PERSONAL
        case "uniqueItems", _:
            return Texts("Los elementos no pueden repetirse.", "The items must not repeat.")
        case _:
            return Texts(
                "Incumple la regla `{rule}` del esquema.", "It breaks the rule `{rule}` of the schema.", rule=rule
            )


def encode_short(value: object, length: int = QUOTED_MAX) -> str:
    """Return a value as JSON, cut at `length` characters."""
    text = ""
    # In chunks, so that quoting a large value costs no more than its first characters.
    for chunk in _ENCODER.iterencode(value):
        text += chunk
        if len(text) >= length:
            break
    # A lone surrogate is valid in JSON text but cannot be encoded in UTF-8.
    return text[:length].encode("utf-8", "backslashreplace").decode()


def quote_value(value: object) -> str | None:
    """Return a value as JSON, cut at 100 characters, to be quoted in a fault; None if it may be personal data."""
    is_number = isinstance(value, int | float)
    return None if not is_number and has_personal_data(encode_short(value, 2 * QUOTED_MAX)) else encode_short(value)


def quote_name(name: str) -> str:
    """Return the name of a member or parameter to be quoted in a fault, cut at 200 characters with an ellipsis."""
    return name if len(name) <= _QUOTED_NAME_MAX else name[:_QUOTED_NAME_MAX] + "…"


def format_pointer(path: Sequence[str | int]) -> str:
    """Return a JSON Pointer (RFC 6901) to a value, given member names and array positions; long names are cut."""
    return "".join("/" + quote_name(str(step)).replace("~", "~0").replace("/", "~1") for step in path)


def has_control(text: str) -> bool:
    """Return True if a text has a control character or a lone surrogate."""
    return not text.isprintable() and any(
        character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff" for character in text
    )
