"""Use cases of methodologies: list and read the registered versions."""

from __future__ import annotations

from functools import cache

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
    """Return the JSON Schema of score requests under a version, from the type that decodes them.

    Raises:
        UnknownMethodology: If the version is not registered.
    """
    return encode_json_schema(load_score_request_type(version))


@cache
def encode_document_schema() -> bytes:
    """Return the JSON Schema of methodology documents, from the type that decodes them."""
    return encode_json_schema(Document)
