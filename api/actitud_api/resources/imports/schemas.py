"""Requests about imports."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.resources.assessments.schemas import EditionPath


class ImportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of an import."""

    dry_run: Annotated[bool, Meta(description="True to check the file and store nothing.")] = False
    all_or_nothing: Annotated[
        bool, Meta(description="True to store nothing if the rows of any organisation have a fault.")
    ] = False


class TemplateQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the workbook to be filled in."""

    parent: Annotated[str | None, Meta(description="Only the organisations that depend on this one.")] = None


class AnnotatedPath(EditionPath, frozen=True):
    """The path parameters of an annotated copy."""

    job: Annotated[str, Meta(description="Id of the job.", examples=["1"])]
