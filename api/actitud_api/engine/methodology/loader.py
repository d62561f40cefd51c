"""Reads methodology versions: the only reader of `data/`, and the only place that says what is well formed.

`data/registry.json` lists every version with its status and the digest of its document; an active version whose
document has another digest is refused, so it can never change silently. A draft may change, so it is named as one
(`2026.2-draft`), and what it scored is never taken for what the version that comes of it scores.
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
"""Of a version: still changing, in use, or only of the past."""

DRAFT: Final = "-draft"
"""What the name of a draft ends with, and of nothing else."""


NESTING_MAX: Final = 60
"""Levels of objects and lists in a document or its texts: many more than five of nodes and what stands in them."""


INTEGER_MAX: Final = 2**53 - 1
"""Integers of JSON are within ± this: beyond, programs differ in what they read (RFC 8785, section 3.2.2.3)."""


class RegistryEntry(Frozen, frozen=True):
    """What the registry holds of a version: its status and the digest of its document, as `sha256:<hex>`."""

    status: Status
    digest: str


class Methodology(Struct, frozen=True, kw_only=True):
    """A version that has been read, checked, and found without defects."""

    version: str
    status: Status
    digest: str
    """`sha256:` and the SHA-256 of the RFC 8785 form of the document without its texts, as it is written."""
    written: msgspec.Raw
    """The document as it is written, in JSON: what the digest covers."""
    document: Document
    texts: InLanguages[MethodologyTexts]
    """In the languages in which there are any; whoever asks in another is given the Spanish."""
    text_digests: InLanguages[str]


class UnknownMethodology(LookupError):
    """There is no methodology of that version."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class DefectiveMethodology(ValueError):
    """The document or its texts are not well formed; `defects` names all that is wrong, each with its place."""

    def __init__(self, version: str, found: list[Defect]) -> None:
        self.version = version
        self.defects = found
        super().__init__(self.translate("en"))

    def translate(self, language: Language) -> str:
        """All that is wrong, in a language."""
        return f"{self.version}: " + "; ".join(
            f"{defect.pointer}: {defect.translate(language)}" for defect in self.defects
        )


class CheckedDocument(Struct, frozen=True, kw_only=True):
    """What could be decoded of a document and its texts, and every defect of them."""

    document: Document | None
    texts: dict[Language, MethodologyTexts]
    defects: list[Defect]


def list_versions(*statuses: Status) -> tuple[str, ...]:
    """The versions that can be loaded, oldest first: those with one of the statuses, or all."""
    return tuple(version for version, entry in _read_registry().items() if not statuses or entry.status in statuses)


def verify_registered_digests() -> tuple[str, ...]:
    """Loads every version; those that are held to the digest that is registered, which a draft is not."""
    for version in list_versions():
        load_methodology(version)
    return list_versions("active", "retired")


def load_newest() -> Methodology:
    """The newest version in use."""
    return load_methodology(list_versions("active")[-1])


@cache
def load_methodology(version: str) -> Methodology:
    """The methodology of that version, with its texts in every language in which it has them.

    Raises `UnknownMethodology`, and `DefectiveMethodology` with every defect.
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
    """Decodes and checks a document and its texts; raises `DefectiveMethodology` with every defect.

    `version`: which it has to be; None takes the one that it says.
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
    """Decodes a document and the texts that there are, and finds every defect of them."""
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
    """Decodes strictly; where that fails, the JSON Schema of the shape finds every structural defect."""
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
    """Whether something of JSON is nested in more levels than so many."""
    if not isinstance(value, list):
        return False
    members = [member for _, member in value] if isinstance(value, _RawMembers) else value
    return levels == 0 or any(_is_deeper(member, levels - 1) for member in members)


class _RawMembers(list[tuple[str, object]]):
    """The members of a JSON object as they are written, repeated ones included."""


def _find_ambiguities(value: object, place: str) -> Iterator[Defect]:
    """What a reader may take for something else: a member that stands twice, an integer that no float is."""
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
    """The errors inside a union, of the member that the value is of by its type and `kind`; else the union's own."""
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
    """Whether an error of a member of a union says that the value is not of that member at all."""
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
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_MAX else text[:_SHOWN_MAX] + "…"
