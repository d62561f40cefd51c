"""Request types of profiles, whole and in part, which the bodies of a version share."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from operator import getitem
from typing import Union

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import ProfileField
from actitud_api.engine.methodology.requests.struct_factory import (
    Member,
    build_closed_struct,
    build_profile_members,
    format_type_suffix,
)


def list_own_fields(methodology: Methodology) -> tuple[ProfileField, ...]:
    """List the profile fields that the organisation sets."""
    return tuple(field for field in methodology.document.profile if field.set_by == "organisation")


def build_profile_type(methodology: Methodology) -> type[Struct]:
    """Build the type of a whole profile: all fields are required, except those that a review sets."""
    return _build_whole_type(*_name_profile(methodology, methodology.document.profile))


def build_own_profile_type(methodology: Methodology) -> type[Struct]:
    """Build the type of a whole profile with only the fields that the organisation sets."""
    return _build_whole_type(*_name_profile(methodology, list_own_fields(methodology)))


def build_profile_part_type(methodology: Methodology) -> type[Struct]:
    """Build the type of a part of a profile, in which every field is optional."""
    return _build_part_type(*_name_profile(methodology, methodology.document.profile))


def build_own_profile_part_type(methodology: Methodology) -> type[Struct]:
    """Build the type of a part of a profile, with the fields that the organisation sets, all of them optional."""
    return _build_part_type(*_name_profile(methodology, list_own_fields(methodology)))


_Described = tuple[tuple[ProfileField, object], ...]
"""Fields with their types in requests."""


def _name_profile(methodology: Methodology, fields: Iterable[ProfileField]) -> tuple[str, str, _Described]:
    """Return beginning and end of the name of the type of a profile with `fields`, and these with their types.

    The types of an assessment have names of their own only if the version has fields that a review sets.
    """
    chosen = tuple(fields)
    start = "Profile" if chosen == methodology.document.profile else "AssessmentProfile"
    types = tuple(form for _, form in build_profile_members(methodology, chosen))
    return start, format_type_suffix(methodology), tuple(zip(chosen, types, strict=True))


@cache
def _build_whole_type(start: str, ending: str, fields: _Described) -> type[Struct]:
    members: list[Member] = [
        (field.name, form) if field.set_by == "organisation" else (field.name, form, field.default)
        for field, form in fields
    ]
    return build_closed_struct(
        f"{start}{ending}",
        members,
        "The profile of the organisation. Every field that the organisation sets is required; those that a review sets "
        "have defaults.",
    )


@cache
def _build_part_type(start: str, ending: str, fields: _Described) -> type[Struct]:
    return build_closed_struct(
        f"{start}Part{ending}",
        [(field.name, getitem(Union, (form, UnsetType)), UNSET) for field, form in fields],
        "A part of the profile. A field that is left out keeps its value; in a questionnaire it is not filled in.",
    )
