"""Reader of methodology versions: only this module reads `versions/` and decides if a document is well formed.

`versions/registry.json` lists every version with its status and the digest of its document. An active or retired
version with another digest is refused, so it cannot change unnoticed. A draft may change, and has a name that says so
(`2030.1-draft`): a score under the draft cannot be taken for one under the final version.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache, reduce
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, Literal, TypeVar

import jsonschema_rs
import msgspec
from msgspec import Struct, structs

from actitud_api.engine.i18n import LANGUAGES, OR, InLanguages, Language, Texts
from actitud_api.engine.methodology.checks import document as defects
from actitud_api.engine.methodology.checks.document import Defect, build_defect
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.model import Document, Frozen, MethodologyTexts
from actitud_api.engine.methodology.pointers import add_step

Status = Literal["draft", "active", "retired"]
"""Status of a version: `draft` may still change, `active` is in use, `retired` is kept for old editions."""

DRAFT: Final = "-draft"
"""Suffix of the name of every draft; no other version has it."""


NESTING_MAX: Final = 60
"""Maximum nesting of objects and lists in the JSON of a document or its texts; deeper JSON is refused."""


INTEGER_MAX: Final = 2**53 - 1
"""Greatest absolute value of an integer that all JSON readers read exactly (RFC 8785, section 3.2.2.3)."""


class RegistryEntry(Frozen, frozen=True):
    """Entry of `registry.json` for a methodology version: its status, and the digest of its document as `sha256:<hex>`.

    `retired` is the first day on which no new edition could use the version, None for a version that is not retired.
    """

    status: Status
    digest: str
    retired: date | None = None


class Methodology(Struct, frozen=True, kw_only=True):
    """A methodology version that was read and checked, and has no defects.

    Attributes:
        version: Name of the version.
        status: `draft`, `active` or `retired`.
        digest: SHA-256 of the canonical JSON (RFC 8785) of the document, without texts, as `sha256:<hex>`.
        written: JSON text of the document as in its file.
        document: Decoded document.
        texts: Texts of the version by language; Spanish texts for a language without texts.
        text_digests: Digest of the texts of each language.
        retired: First day on which no new edition could use the version, None for a version that is not retired.
    """

    version: str
    status: Status
    digest: str
    written: msgspec.Raw
    document: Document
    texts: InLanguages[MethodologyTexts]
    text_digests: InLanguages[str]
    retired: date | None = None


class UnknownMethodology(LookupError):
    """Raised by `load_methodology` if no methodology version has the requested name."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class DefectiveMethodology(ValueError):
    """Raised if a methodology document or its texts have defects; `defects` lists every one."""

    def __init__(self, version: str, found: list[Defect]) -> None:
        self.version = version
        self.defects = found
        super().__init__(self.translate("en"))

    def translate(self, language: Language) -> str:
        """Return the error message in a language: the version, and per defect a line with its pointer and sentence."""
        return f"{self.version}: " + "; ".join(
            f"{defect.pointer}: {defect.translate(language)}" for defect in self.defects
        )


class CheckedDocument(Struct, frozen=True, kw_only=True):
    """Result of `check_document`: the decoded document and texts, and every defect.

    `document` is None if its JSON could not be decoded. `texts` has no entry for a language whose JSON could not be
    decoded.
    """

    document: Document | None
    texts: dict[Language, MethodologyTexts]
    defects: list[Defect]


def list_versions(*statuses: Status) -> tuple[str, ...]:
    """List the versions with one of the statuses, oldest first; without statuses, list all versions."""
    return tuple(version for version, entry in _read_registry().items() if not statuses or entry.status in statuses)


def list_offered_versions() -> tuple[str, ...]:
    """List the versions in use, newest first, as they are offered to clients."""
    return list_versions("active")[::-1]


def verify_registered_digests() -> tuple[str, ...]:
    """Load every version, and return the names of the active and retired ones.

    Loading checks that each active or retired version has the digest that the registry fixes.

    Raises:
        DefectiveMethodology: If a version has defects or its digest differs from the registry.
    """
    for version in list_versions():
        load_methodology(version)
    return list_versions("active", "retired")


def load_newest() -> Methodology:
    """Load the newest of the active versions.

    Raises:
        DefectiveMethodology: If the version has defects or its digest differs from the registry.
    """
    return load_methodology(list_versions("active")[-1])


@cache
def load_methodology(version: str) -> Methodology:
    """Load a version with its texts in every available language; later calls return the same object.

    Raises:
        UnknownMethodology: If no version has this name.
        DefectiveMethodology: If the document or its texts have defects, the name of a draft lacks `-draft`, or the
            digest of an active or retired version differs from the registry.
    """
    entry = _read_registry().get(version)
    if entry is None:
        raise UnknownMethodology(version)
    folder = _open_versions_folder() / version
    methodology = read_methodology(
        version,
        entry.status,
        (folder / "document.json").read_bytes(),
        {language: file.read_bytes() for language in LANGUAGES if (file := _locate_texts(folder, language)).is_file()},
    )
    if (entry.status == "draft") != version.endswith(DRAFT):
        defect = build_defect("/version", "draft-name", draft=DRAFT)
        raise DefectiveMethodology(version, [defect])
    if entry.status != "draft" and methodology.digest != entry.digest:
        defect = build_defect("/", "digest-changed", digest=methodology.digest)
        raise DefectiveMethodology(version, [defect])
    return structs.replace(methodology, retired=entry.retired)


def read_methodology(
    version: str | None, status: Status, document: bytes, texts: Mapping[Language, bytes]
) -> Methodology:
    """Decode and check a methodology document and its texts, given as JSON in bytes.

    `version` is the version that the document must state; None accepts any. `status` becomes the status of the returned
    methodology.

    Raises:
        DefectiveMethodology: If the document or its texts have defects, or the document states another version.
    """
    checked = check_document(document, texts)
    found, decoded = list(checked.defects), checked.document
    if decoded is not None and version not in (None, decoded.version):
        found.append(build_defect("/version", "another-version", version=decoded.version, expected=version))
    if found or decoded is None:
        raise DefectiveMethodology(version or "", found)
    return Methodology(
        version=decoded.version,
        status=status,
        digest=compute_digest(msgspec.json.decode(document)),
        written=msgspec.Raw(document),
        document=decoded,
        texts=InLanguages(checked.texts),
        text_digests=InLanguages({language: compute_digest(text) for language, text in checked.texts.items()}),
    )


def check_document(document: bytes, texts: Mapping[Language, bytes]) -> CheckedDocument:
    """Decode and check a methodology document and its texts, given as JSON in bytes.

    Return the decoded document and texts, and all defects.
    """
    found: list[Defect] = []
    decoded = _decode(document, Document, "", found)
    decoded_texts: dict[Language, MethodologyTexts] = {}
    for language, raw in texts.items():
        text = _decode(raw, MethodologyTexts, f"/texts/{language}", found)
        if text is not None:
            decoded_texts[language] = text
    if decoded is not None:
        found += defects.check_content(decoded)
        for language, text in decoded_texts.items():
            found += defects.check_texts(decoded, text, language)
    return CheckedDocument(document=decoded, texts=decoded_texts, defects=found)


def _open_versions_folder() -> Traversable:
    return resources.files("actitud_api.engine.methodology") / "versions"


def _locate_texts(folder: Traversable, language: Language) -> Traversable:
    return folder / "texts" / f"{language}.json"


@cache
def _read_registry() -> dict[str, RegistryEntry]:
    return msgspec.json.decode((_open_versions_folder() / "registry.json").read_bytes(), type=dict[str, RegistryEntry])


ShapeT = TypeVar("ShapeT", Document, MethodologyTexts)


def _decode(raw: bytes, shape: type[ShapeT], pointer: str, found: list[Defect]) -> ShapeT | None:
    """Decode JSON strictly into a struct of type `shape`; return None if it has defects.

    Each defect is appended to `found`. Its pointer begins with `pointer`, which is empty for the document
    itself.
    """
    try:
        value = msgspec.json.decode(raw)
        # msgspec keeps the last of several members with the same name; only the pairs show that there were more.
        written = json.loads(raw, object_pairs_hook=_RawMembers)
        is_plain = _is_plain([written], NESTING_MAX + 1)
        too_deep = not is_plain and _is_deeper(written, NESTING_MAX)
    except (msgspec.DecodeError, ValueError) as error:  # also bytes that are not UTF-8
        place = pointer + (_find_infinite(raw) or "") or "/"
        found.append(build_defect(place, "not-json", error=str(error)))
        return None
    except RecursionError:
        too_deep = True
    if too_deep:
        found.append(build_defect(pointer or "/", "nested-too-deep"))
        return None
    if not is_plain:
        found += _find_ambiguities(written, pointer)
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        # msgspec stops at the first fault. An author wants all of them, so the schema of the same struct is validated.
        validator = jsonschema_rs.Draft202012Validator(msgspec.json.schema(shape))
        problems = [
            _build_structural_defect(reduce(add_step, problem.instance_path, pointer) or "/", problem)
            for error_found in validator.iter_errors(value)
            for problem in _select_innermost_errors(error_found)
        ]
        found += (
            problems
            or _find_whole_floats(value, validator, pointer)
            or [
                Defect(
                    pointer or "/",
                    "not-admitted",
                    Texts("no se admite: {error}", "is not admitted: {error}", error=str(error)),
                )
            ]
        )
        return None


def _find_infinite(raw: bytes) -> str | None:
    """Return the JSON Pointer of the first number beyond all floats, such as 1e400; None if there is none."""
    try:
        written = json.loads(raw)
    except (ValueError, RecursionError):
        return None

    def walk(value: object, pointer: str) -> Iterator[str]:
        members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, member in members:
            yield from walk(member, add_step(pointer, name))
        if value in (math.inf, -math.inf):
            yield pointer

    return next(walk(written, ""), None)


def _find_whole_floats(value: object, validator: jsonschema_rs.Draft202012Validator, pointer: str) -> list[Defect]:
    """Return a defect for each number such as 2.0 that stands in the place of an integer.

    To JSON Schema it is an integer, to the decoder it is not. With a fraction, it is none to both.
    """

    def mark(member: object) -> object:
        match member:
            case float():
                return member + 0.5 if member.is_integer() else member
            case dict():
                return {name: mark(inner) for name, inner in member.items()}
            case list():
                return [mark(inner) for inner in member]
        return member

    def read(path: list[str | int]) -> str:
        member: Any = value
        for step in path:
            member = member[step]
        return _format_json(member)

    return [
        Defect(
            reduce(add_step, problem.instance_path, pointer),
            "not-admitted",
            Texts(
                "es {value}, y debe ser un número entero sin decimales",
                "is {value}, and must be an integer without decimals",
                value=read(problem.instance_path),
            ),
        )
        for error_found in validator.iter_errors(mark(value))
        for problem in _select_innermost_errors(error_found)
    ]


def _is_plain(values: Sequence[object], levels: int) -> bool:
    """Return True if `values` are nested no deeper than `levels` and have no ambiguities (see `_find_ambiguities`).

    Nearly all documents are so. To tell it without any pointers takes a fifth of the time of finding which are.
    """
    if levels == 0:
        return False
    if isinstance(values, _RawMembers):
        members = dict(values)
        if len(members) != len(values):
            return False
        values = list(members.values())
    for value in values:
        if isinstance(value, list):
            if not _is_plain(value, levels - 1):
                return False
        elif isinstance(value, int) and abs(value) > INTEGER_MAX:
            return False
    return True


def _is_deeper(value: object, levels: int) -> bool:
    """Return True if a JSON value is nested deeper than `levels`."""
    if not isinstance(value, list):
        return False
    members = [member for _, member in value] if isinstance(value, _RawMembers) else value
    return levels == 0 or any(_is_deeper(member, levels - 1) for member in members)


class _RawMembers(list[tuple[str, object]]):
    """Name and value pairs of a JSON object in the order of the file; unlike a dict, it keeps repeated names."""


def _find_ambiguities(value: object, pointer: str) -> Iterator[Defect]:
    """Yield a defect for each part of `value` that JSON readers may read differently.

    `pointer` is the JSON Pointer of `value`. Such parts are members of one object with the same name, and integers
    beyond `INTEGER_MAX`.
    """
    if isinstance(value, _RawMembers):
        for name, count in Counter(name for name, _ in value).items():
            if count > 1:
                yield build_defect(add_step(pointer, name), "duplicated-member")
        for name, member in value:
            yield from _find_ambiguities(member, add_step(pointer, name))
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _find_ambiguities(member, f"{pointer}/{position}")
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        yield build_defect(pointer, "integer-range", integer_max=INTEGER_MAX)


def _select_innermost_errors(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """Yield the errors to report for a value that fits no type of a union of types.

    A union is, for example, the type of an operand: the member `kind` says which operand it is. If exactly one
    type of the union has the JSON type and the `kind` of the value, its errors are yielded. Otherwise only
    `error`, the error of the whole union, is yielded. An `error` that is not one of a union is yielded as it
    is.
    """
    branches = error.kind.as_dict().get("context")
    if branches is None:
        yield error
        return
    # A validator reports the faults of every member of a union. Only those of the member that the author meant help.
    meant = [branch for branch in branches if not any(_is_other_member(error, inner) for inner in branch)]
    if len(meant) != 1:
        yield error
        return
    for inner in meant[0]:
        yield from _select_innermost_errors(inner)


def _is_other_member(outer: jsonschema_rs.ValidationError, inner: jsonschema_rs.ValidationError) -> bool:
    """Return True if the error `inner` only shows that a value was not meant as a certain type of a union.

    That is so if the value has another JSON type or another `kind` than that type. `outer` is the error of the
    whole union, and `inner` is one of the errors that the value has as that type.
    """
    if inner.instance_path == outer.instance_path:
        kind = inner.kind.as_dict()
        return inner.kind.name == "type" or (inner.kind.name == "required" and kind["property"] == "kind")
    return inner.instance_path == [*outer.instance_path, "kind"]


def _build_structural_defect(pointer: str, error: jsonschema_rs.ValidationError) -> Defect:
    """Convert an error of the JSON Schema validator to a defect; `pointer` is the place of the value with the error."""
    kind = error.kind.as_dict()
    match error.kind.name, kind:
        case "required", {"property": name}:
            return Defect(pointer, "missing-member", Texts("falta {name!r}", "{name!r} is missing", name=name))
        case "additionalProperties", {"unexpected": [*names]}:
            listed = ", ".join(map(repr, names))
            if len(names) == 1:
                return Defect(
                    pointer, "unknown-member", Texts("no se conoce {listed}", "{listed} is not known", listed=listed)
                )
            return Defect(
                pointer, "unknown-member", Texts("no se conocen {listed}", "{listed} are not known", listed=listed)
            )
        case "type", {"types": [*types]}:
            return _build_type_defect(pointer, error, types)
        case "enum", {"options": [*options]}:
            listed, value = ", ".join(map(str, options)), _format_json(error.instance)
            return Defect(
                pointer,
                "unknown-option",
                Texts(
                    "es {value}, y debe ser uno de: {listed}",
                    "is {value}, and must be one of: {listed}",
                    value=value,
                    listed=listed,
                ),
            )
        case "anyOf", {"context": [*branches]}:
            inside = [inner for branch in branches for inner in branch if _is_other_member(error, inner)]
            types = [name for inner in inside if inner.kind.name == "type" for name in inner.kind.as_dict()["types"]]
            if not isinstance(error.instance, dict):
                return _build_type_defect(pointer, error, list(dict.fromkeys(types)))
            if "kind" not in error.instance:
                return Defect(pointer, "missing-member", Texts("falta 'kind'", "'kind' is missing"))
            kinds = [name for inner in inside if inner.kind.name == "enum" for name in inner.kind.as_dict()["options"]]
            listed, value = ", ".join(kinds), _format_json(error.instance["kind"])
            return Defect(
                pointer,
                "unknown-option",
                Texts(
                    "su kind es {value}, y debe ser uno de: {listed}",
                    "its kind is {value}, and must be one of: {listed}",
                    value=value,
                    listed=listed,
                ),
            )
    return build_defect(pointer, "broken-schema", name=error.kind.name, message=error.message)


_SHOWN_MAX: Final = 60
_TYPES: Final = {
    "object": Texts("un objeto", "an object"),
    "array": Texts("una lista", "a list"),
    "string": Texts("un texto", "a string"),
    "integer": Texts("un número entero", "an integer"),
    "number": Texts("un número", "a number"),
    "boolean": Texts("true o false", "true or false"),
    "null": Texts("null", "null"),
}


def _build_type_defect(pointer: str, error: jsonschema_rs.ValidationError, types: list[str]) -> Defect:
    value = _format_json(error.instance)
    return build_defect(
        pointer,
        "wrong-type",
        value=value,
        types=lambda language: OR.into(language).join(_TYPES[name].into(language) for name in types),
    )


def _format_json(value: object) -> str:
    """Format a value as JSON, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
