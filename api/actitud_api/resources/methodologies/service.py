"""Use cases of methodologies: list and read the registered versions, and describe their documents to editors."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

import msgspec

from actitud_api.engine.methodology import model
from actitud_api.engine.methodology.checks.bounds import MAX_DECIMALS
from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.model import Document
from actitud_api.engine.methodology.requests.answers import load_score_request_type
from actitud_api.platform.http.openapi import encode_json_schema


def list_methodologies(*, after: str | None) -> list[Methodology]:
    """List the registered versions, oldest first, beginning after the version `after`.

    If `after` is None or not registered, all versions are listed.
    """
    versions = list_versions()
    start = 0 if after is None or after not in versions else versions.index(after) + 1
    return [load_methodology(version) for version in versions[start:]]


def get_methodology(version: str) -> Methodology:
    """Return the methodology of a version. Raises `UnknownMethodology` if the version is not registered."""
    return load_methodology(version)


@cache
def encode_request_schema(version: str) -> bytes:
    """Return the JSON Schema of score requests under a methodology version, as JSON.

    It is derived from the type that decodes these requests.

    Raises:
        UnknownMethodology: The version is not registered.
    """
    return encode_json_schema(load_score_request_type(version))


_BOUNDS: Final[Mapping[tuple[str, str], Mapping[str, int]]] = {
    ("Document", "decimals"): {"minimum": 0, "maximum": MAX_DECIMALS},
    ("Document", "published_decimals"): {"minimum": 0, "maximum": MAX_DECIMALS},
    ("Document", "self_declared_cap"): {"minimum": 0, "maximum": 100},
    ("Group", "published_decimals"): {"minimum": 0, "maximum": MAX_DECIMALS},
    ("Group", "weight"): {"minimum": 0},
    ("Group", "children"): {"minItems": 1},
    ("Indicator", "weight"): {"minimum": 0},
    ("Level", "number"): {"minimum": 1},
    ("Share", "num"): {"minimum": 0},
    ("Share", "den"): {"minimum": 1},
}
"""Bounds that an editor can check while one types.

They are not in the structs: there, the sentence of the decoder would take the place of the one of the checker.
"""


@cache
def encode_document_schema() -> bytes:
    """Return the JSON Schema of methodology documents, as JSON.

    It is derived from the type that decodes these documents. Each member has its description, and the bounds that JSON
    Schema can express.
    """
    schema = msgspec.json.decode(encode_json_schema(Document))
    for owner, member, description in _read_member_descriptions():
        properties = schema["$defs"].get(owner, {"properties": {}})["properties"]
        if member in properties:
            properties[member] |= {"description": description, **_BOUNDS.get((owner, member), {})}
    return msgspec.json.encode(schema, order="sorted")


def _read_member_descriptions() -> Iterator[tuple[str, str, str]]:
    """Yield the struct, the name in JSON and the description of each member that a document may have.

    A description is the string below the member in the source. Python does not keep it.
    """
    for struct in ast.parse(inspect.getsource(model)).body:
        if not isinstance(struct, ast.ClassDef):
            continue
        known: type[msgspec.Struct] = getattr(model, struct.name)
        names = dict(zip(known.__struct_fields__, known.__struct_encode_fields__, strict=True))
        for line, below in zip(struct.body, struct.body[1:], strict=False):
            match line, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=attribute)),
                    ast.Expr(value=ast.Constant(value=str(description))),
                ):
                    yield struct.name, names[attribute], inspect.cleandoc(description)
