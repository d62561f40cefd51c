"""Reader of methodology versions: the only reader of `versions/` and the only judge of well-formedness.

`versions/registry.json` lists every version with its status and the digest of its document. An active version with
another digest is refused, so it never changes silently. A draft may change; its name says so (`2026.2-draft`), so
that its scores are never taken for those of the final version.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final, Literal, TypeVar

import jsonschema_rs
import msgspec
from msgspec import Struct

from actitud_api.engine import i18n
from actitud_api.engine.i18n import LANGUAGES, InLanguages, Language
from actitud_api.engine.methodology.checks import document as defects
from actitud_api.engine.methodology.checks.document import Defect
from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.model import Document, Frozen, MethodologyTexts

Status = Literal["draft", "active", "retired"]
"""Status of a version: changing, in use, or past."""

DRAFT: Final = "-draft"
"""Suffix of the names of drafts, and of no other version."""


NESTING_MAX: Final = 60
"""Most levels of objects and lists in a document or its texts, far above five levels of nodes."""


INTEGER_MAX: Final = 2**53 - 1
"""Largest absolute JSON integer that all programs read alike (RFC 8785, section 3.2.2.3)."""


class RegistryEntry(Frozen, frozen=True):
    """Status of a version and digest of its document, as `sha256:<hex>`."""

    status: Status
    digest: str


class Methodology(Struct, frozen=True, kw_only=True):
    """Methodology version, read, checked and without defects."""

    version: str
    status: Status
    digest: str
    """`sha256:` and the SHA-256 of the RFC 8785 form of the document as written, without texts."""
    written: msgspec.Raw
    """Document as written, in JSON: the bytes that the digest covers."""
    document: Document
    texts: InLanguages[MethodologyTexts]
    """Texts by language; a language without texts falls back to Spanish."""
    text_digests: InLanguages[str]


class UnknownMethodology(LookupError):
    """No methodology has this version."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class DefectiveMethodology(ValueError):
    """A document or its texts are not well formed; `defects` lists every fault with its pointer."""

    def __init__(self, version: str, found: list[Defect]) -> None:
        self.version = version
        self.defects = found
        super().__init__(self.translate("en"))

    def translate(self, language: Language) -> str:
        """Return every defect as a sentence, in a language."""
        return f"{self.version}: " + "; ".join(
            f"{defect.pointer}: {defect.translate(language)}" for defect in self.defects
        )


class CheckedDocument(Struct, frozen=True, kw_only=True):
    """Decoded parts of a document and its texts, and every defect."""

    document: Document | None
    texts: dict[Language, MethodologyTexts]
    defects: list[Defect]


def list_versions(*statuses: Status) -> tuple[str, ...]:
    """List the loadable versions, oldest first: those with one of the statuses, or all."""
    return tuple(version for version, entry in _read_registry().items() if not statuses or entry.status in statuses)


def verify_registered_digests() -> tuple[str, ...]:
    """Load every version; return those held to a registered digest (drafts are not)."""
    for version in list_versions():
        load_methodology(version)
    return list_versions("active", "retired")


def load_newest() -> Methodology:
    """Load the newest active version."""
    return load_methodology(list_versions("active")[-1])


@cache
def load_methodology(version: str) -> Methodology:
    """Load a version with its texts in every available language.

    Raises:
        UnknownMethodology: No such version.
        DefectiveMethodology: The document or its texts have defects.
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
        defect = Defect(
            "/version",
            "draft-name",
            f"un borrador, y solo un borrador, se llama …{DRAFT}",
            f"a draft, and only a draft, is called …{DRAFT}",
        )
        raise DefectiveMethodology(version, [defect])
    if entry.status != "draft" and methodology.digest != entry.digest:
        defect = Defect(
            "/",
            "digest-changed",
            f"el documento de una versión en uso o retirada cambió: su resumen es {methodology.digest}",
            f"the document of a version in use or retired changed: its digest is {methodology.digest}",
        )
        raise DefectiveMethodology(version, [defect])
    return methodology


def read_methodology(
    version: str | None, status: Status, document: bytes, texts: Mapping[Language, bytes]
) -> Methodology:
    """Decode and check a document and its texts.

    `version` is the expected version; None accepts any.

    Raises:
        DefectiveMethodology: The document or its texts have defects.
    """
    checked = check_document(document, texts)
    found, decoded = list(checked.defects), checked.document
    if decoded is not None and version not in (None, decoded.version):
        told = (decoded.version, version)
        found.append(
            Defect(
                "/version",
                "another-version",
                "es {!r}, se esperaba {!r}".format(*told),
                "is {!r}, expected {!r}".format(*told),
            )
        )
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
    """Decode a document and its texts, and find every defect."""
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


def _decode(raw: bytes, shape: type[ShapeT], place: str, found: list[Defect]) -> ShapeT | None:
    """Decode strictly; on failure, find every structural defect by the JSON Schema of the shape."""
    try:
        value = msgspec.json.decode(raw)
        written = json.loads(raw, object_pairs_hook=_RawMembers)
        too_deep = _is_deeper(written, NESTING_MAX)
    except msgspec.DecodeError as error:
        found.append(Defect(place or "/", "not-json", f"no es JSON: {error}", f"is not JSON: {error}"))
        return None
    except RecursionError:
        too_deep = True
    if too_deep:
        found.append(
            Defect(place or "/", "nested-too-deep", "está anidado a demasiada profundidad", "is nested too deep")
        )
        return None
    found += _find_ambiguities(written, place)
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        validator = jsonschema_rs.Draft202012Validator(msgspec.json.schema(shape))
        problems = [
            _build_structural_defect(place + "".join(f"/{part}" for part in problem.instance_path) or "/", problem)
            for error_found in validator.iter_errors(value)
            for problem in _select_innermost_errors(error_found)
        ]
        found += problems or [
            Defect(place or "/", "not-admitted", f"no se admite: {error}", f"is not admitted: {error}")
        ]
        return None


def _is_deeper(value: object, levels: int) -> bool:
    """Return True if a JSON value is nested deeper than a number of levels."""
    if not isinstance(value, list):
        return False
    members = [member for _, member in value] if isinstance(value, _RawMembers) else value
    return levels == 0 or any(_is_deeper(member, levels - 1) for member in members)


class _RawMembers(list[tuple[str, object]]):
    """Members of a JSON object as written, repeated ones included."""


def _find_ambiguities(value: object, place: str) -> Iterator[Defect]:
    """Find values that readers may interpret differently: duplicated members, integers beyond any double."""
    if isinstance(value, _RawMembers):
        for name, count in Counter(name for name, _ in value).items():
            if count > 1:
                yield Defect(f"{place}/{name}", "duplicated-member", "está dos veces", "stands twice")
        for name, member in value:
            yield from _find_ambiguities(member, f"{place}/{name}")
    elif isinstance(value, list):
        for position, member in enumerate(value):
            yield from _find_ambiguities(member, f"{place}/{position}")
    elif isinstance(value, int) and abs(value) > INTEGER_MAX:
        yield Defect(place, "integer-range", f"no está entre ±{INTEGER_MAX}", f"is not within ±{INTEGER_MAX}")


def _select_innermost_errors(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """Select the errors of the union member that the value belongs to by type and `kind`, else the union's own."""
    branches = error.kind.as_dict().get("context")
    if branches is None:
        yield error
        return
    meant = [branch for branch in branches if not any(_is_other_member(error, inner) for inner in branch)]
    if len(meant) != 1:
        yield error
        return
    for inner in meant[0]:
        yield from _select_innermost_errors(inner)


def _is_other_member(outer: jsonschema_rs.ValidationError, inner: jsonschema_rs.ValidationError) -> bool:
    """Return True if an error says that the value belongs to another member of the union."""
    if inner.instance_path == outer.instance_path:
        kind = inner.kind.as_dict()
        return inner.kind.name == "type" or (inner.kind.name == "required" and kind["property"] == "kind")
    return inner.instance_path == [*outer.instance_path, "kind"]


def _build_structural_defect(place: str, error: jsonschema_rs.ValidationError) -> Defect:
    """Return the defect that an error of the JSON Schema stands for."""
    kind = error.kind.as_dict()
    match error.kind.name, kind:
        case "required", {"property": name}:
            return Defect(place, "missing-member", f"falta {name!r}", f"{name!r} is missing")
        case "additionalProperties", {"unexpected": [*names]}:
            listed = ", ".join(map(repr, names))
            if len(names) == 1:
                return Defect(place, "unknown-member", f"no se conoce {listed}", f"{listed} is not known")
            return Defect(place, "unknown-member", f"no se conocen {listed}", f"{listed} are not known")
        case "type", {"types": [*types]}:
            return _build_type_defect(place, error, types)
        case "enum", {"options": [*options]}:
            listed, value = ", ".join(map(str, options)), _format_json(error.instance)
            return Defect(
                place,
                "unknown-option",
                f"es {value}, y debe ser uno de: {listed}",
                f"is {value}, and must be one of: {listed}",
            )
        case "anyOf", {"context": [*branches]}:
            inside = [inner for branch in branches for inner in branch if _is_other_member(error, inner)]
            types = [name for inner in inside if inner.kind.name == "type" for name in inner.kind.as_dict()["types"]]
            if not isinstance(error.instance, dict):
                return _build_type_defect(place, error, list(dict.fromkeys(types)))
            if "kind" not in error.instance:
                return Defect(place, "missing-member", "falta 'kind'", "'kind' is missing")
            kinds = [name for inner in inside if inner.kind.name == "enum" for name in inner.kind.as_dict()["options"]]
            listed, value = ", ".join(kinds), _format_json(error.instance["kind"])
            return Defect(
                place,
                "unknown-option",
                f"su kind es {value}, y debe ser uno de: {listed}",
                f"its kind is {value}, and must be one of: {listed}",
            )
    return Defect(
        place,
        "broken-schema",
        f"incumple {error.kind.name}: {error.message}",
        f"breaks {error.kind.name}: {error.message}",
    )


_SHOWN_MAX: Final = 60
_TYPES: Final = {
    "object": i18n.Texts("un objeto", "an object"),
    "array": i18n.Texts("una lista", "a list"),
    "string": i18n.Texts("un texto", "a string"),
    "integer": i18n.Texts("un número entero", "an integer"),
    "number": i18n.Texts("un número", "a number"),
    "boolean": i18n.Texts("true o false", "true or false"),
    "null": i18n.Texts("null", "null"),
}


def _build_type_defect(place: str, error: jsonschema_rs.ValidationError, types: list[str]) -> Defect:
    value = _format_json(error.instance)
    spanish, english = zip(*(_TYPES[name] for name in types), strict=True)
    return Defect(
        place,
        "wrong-type",
        f"es {value}, y debe ser {' o '.join(spanish)}",
        f"is {value}, and must be {' or '.join(english)}",
    )


def _format_json(value: object) -> str:
    """Format a value as JSON, cut if long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
