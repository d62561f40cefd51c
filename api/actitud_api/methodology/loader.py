"""Reads methodology versions: the only reader of `data/`, and the only place that says what is well formed.

`data/registry.json` lists every version with its status and the digest of its document; an active version whose
document has another digest is refused, so it can never change silently.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Literal, TypeVar

import jsonschema_rs
import msgspec
from msgspec import Struct

from actitud_api.methodology import defects
from actitud_api.methodology.defects import Defect
from actitud_api.methodology.digests import digest
from actitud_api.methodology.model import LANGUAGES, Document, Frozen, Language, Texts


class RegistryEntry(Frozen, frozen=True):
    """What the registry holds of a version: its status and the digest of its document, as `sha256:<hex>`."""

    status: Literal["draft", "active", "retired"]
    digest: str


class Methodology(Struct, frozen=True, kw_only=True):
    """A version that has been read, checked, and found without defects."""

    version: str
    status: Literal["draft", "active", "retired"]
    digest: str
    """`sha256:` and the SHA-256 of the RFC 8785 form of the document without its texts, as it is written."""
    written: msgspec.Raw
    """The document as it is written, in JSON: what the digest covers."""
    document: Document
    texts: dict[Language, Texts]
    text_digests: dict[Language, str]


class UnknownMethodology(LookupError):
    """There is no methodology of that version."""

    def __init__(self, version: str) -> None:
        super().__init__(version)
        self.version = version


class DefectiveMethodology(ValueError):
    """The document or its texts are not well formed; `defects` names all that is wrong, each with its place."""

    def __init__(self, version: str, found: list[Defect]) -> None:
        super().__init__(f"{version}: " + "; ".join(f"{defect.place}: {defect.message}" for defect in found))
        self.version = version
        self.defects = found


def versions() -> tuple[str, ...]:
    """The versions that can be loaded, oldest first."""
    return tuple(_registry())


@cache
def load(version: str) -> Methodology:
    """The methodology of that version, with its texts in every language.

    Raises `UnknownMethodology`, and `DefectiveMethodology` with every defect.
    """
    entry = _registry().get(version)
    if entry is None:
        raise UnknownMethodology(version)
    folder = _data() / version
    methodology = read(
        version,
        entry.status,
        (folder / "document.json").read_bytes(),
        {language: (folder / "texts" / f"{language}.json").read_bytes() for language in LANGUAGES},
    )
    if entry.status != "draft" and methodology.digest != entry.digest:
        raise DefectiveMethodology(
            version,
            [Defect("/", f"the document of an {entry.status} version changed: its digest is {methodology.digest}")],
        )
    return methodology


def read(
    version: str,
    status: Literal["draft", "active", "retired"],
    document: bytes,
    texts: dict[Language, bytes],
) -> Methodology:
    """Decodes and checks a document and its texts; raises `DefectiveMethodology` with every defect."""
    found: list[Defect] = []
    decoded = _decode(document, Document, "", found)
    decoded_texts: dict[Language, Texts] = {}
    for language, raw in texts.items():
        text = _decode(raw, Texts, f"/texts/{language}", found)
        if text is not None:
            decoded_texts[language] = text
    if decoded is not None:
        if decoded.version != version:
            found.append(Defect("/version", f"is {decoded.version!r}, expected {version!r}"))
        found += defects.of_document(decoded)
        for language, text in decoded_texts.items():
            found += defects.of_texts(decoded, text, language)
    if found or decoded is None:
        raise DefectiveMethodology(version, found)
    return Methodology(
        version=version,
        status=status,
        digest=digest(msgspec.json.decode(document)),
        written=msgspec.Raw(document),
        document=decoded,
        texts=decoded_texts,
        text_digests={language: digest(text) for language, text in decoded_texts.items()},
    )


def _data() -> Traversable:
    return resources.files("actitud_api.methodology") / "data"


@cache
def _registry() -> dict[str, RegistryEntry]:
    return msgspec.json.decode((_data() / "registry.json").read_bytes(), type=dict[str, RegistryEntry])


ShapeT = TypeVar("ShapeT", Document, Texts)


def _decode(raw: bytes, shape: type[ShapeT], place: str, found: list[Defect]) -> ShapeT | None:
    """Decodes strictly; where that fails, the JSON Schema of the shape finds every structural defect."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        validator = jsonschema_rs.Draft202012Validator(msgspec.json.schema(shape))
        problems = [
            Defect(place + "".join(f"/{part}" for part in problem.instance_path) or "/", problem.message)
            for error_found in validator.iter_errors(msgspec.json.decode(raw))
            for problem in _innermost(error_found)
        ]
        found += problems or [Defect(place or "/", str(error))]
    except msgspec.DecodeError as error:
        found.append(Defect(place or "/", f"is not JSON: {error}"))
    return None


def _innermost(error: jsonschema_rs.ValidationError) -> Iterator[jsonschema_rs.ValidationError]:
    """The errors inside a union, of the member that the value's `kind` names; a union without one stands as it is."""
    branches = error.kind.as_dict().get("context")
    if branches is None:
        yield error
        return
    named = [branch for branch in branches if not any(_is_about_kind(error, inner) for inner in branch)]
    if len(named) != 1:
        yield error
        return
    for inner in named[0]:
        yield from _innermost(inner)


def _is_about_kind(outer: jsonschema_rs.ValidationError, inner: jsonschema_rs.ValidationError) -> bool:
    if inner.kind.name == "required" and inner.instance_path == outer.instance_path:
        return bool(inner.kind.as_dict()["property"] == "kind")
    return inner.instance_path == [*outer.instance_path, "kind"]
