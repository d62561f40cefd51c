"""Factory of request types, built member by member from a methodology document.

A type is closed: it refuses members that the document does not name. The same types decode requests and produce the
published schema, so the two cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from operator import getitem
from types import GenericAlias
from typing import Annotated, Literal, TypeAlias, TypeVar, Union

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Fact, Indicator, IndicatorText, ProfileField
from actitud_api.engine.methodology.predicates import to_attribute, to_indicator_attribute, walk_indicators
from actitud_api.engine.methodology.requests.shapes import Shape, find_shape, format_name

S = TypeVar("S", bound=Struct)

Member: TypeAlias = tuple[str, object] | tuple[str, object, object]
"""Member of a type: its name and its type. A third item is the default value of a member that may be left out."""


def format_type_suffix(methodology: Methodology) -> str:
    """Return the version as the suffix of type names: `2026v1` for `2026.1`, `2030v1Draft` for `2030.1-draft`."""
    return format_name(re.sub("(?<=[0-9])[^0-9A-Za-z]+(?=[0-9])", "v", methodology.version))


# `getitem(Union, …)` and its like build types from values: a type checker reads `Union[form, …]` as an annotation.


def build_profile_members(methodology: Methodology, fields: Iterable[ProfileField]) -> list[tuple[str, object]]:
    """Build a required member of a request type for each profile field: name, and type with description and unit."""
    texts = methodology.texts["en"].profile
    return [
        (
            field.name,
            describe_type(_build_profile_field(field), f"{texts[field.name].description} ({texts[field.name].unit})"),
        )
        for field in fields
    ]


def build_answers_type(
    name: str,
    methodology: Methodology,
    doc: str,
    form: Callable[[Shape], object],
    select: Callable[[Indicator], Iterable[Fact]] = lambda indicator: indicator.facts,
    *,
    with_texts: bool = True,
) -> type[Struct]:
    """Build the type of the member `answers`, with one optional member for each indicator that has facts.

    The texts of an indicator are stored at its member, because all indicators of a shape share the type of an answer.

    Args:
        name: Name of the type.
        methodology: Methodology version of the indicators.
        doc: Description of the type in the published schema.
        form: Returns the type of an answer of a shape; must return the same type for equal shapes.
        select: Returns the facts of an indicator that an answer contains, by default all.
        with_texts: False to leave out the texts of the indicators.
    """
    texts = methodology.texts["en"].indicators
    members: list[Member] = []
    for indicator in walk_indicators(methodology.document.root):
        if facts := tuple(select(indicator)):
            type_ = getitem(Union, (form(find_shape(indicator, facts)), UnsetType))
            if with_texts:
                type_ = describe_type(type_, _describe_answer(texts[indicator.id], facts))
            members.append((indicator.id, type_, UNSET))
    return build_closed_struct(
        f"{name}{format_type_suffix(methodology)}", members, doc, attribute=to_indicator_attribute
    )


def _describe_answer(text: IndicatorText, facts: Sequence[Fact]) -> str:
    # Not as `title`, by which some generators name a class.
    asked = f"{text.name}. {text.question}"
    if len(facts) == 1:
        return asked  # The question asks for the only fact.
    return f"{asked} " + "; ".join(f"`{fact.name}`: {text.facts[fact.name]}" for fact in facts) + "."


def build_fact_members(shape: Shape) -> list[Member]:
    """Build a member of a request type for each fact of a shape.

    Only a checklist can be a fact that is not required: it may be left out of a request, and is then the empty tuple.
    """
    members: list[Member] = []
    for fact in shape.facts:
        form = _build_fact_type(fact, shape.components)
        members.append((fact.name, form) if fact.required else (fact.name, form, ()))
    return members


def describe_type(form: object, description: str) -> object:
    """Return the type `form` with a description, which appears in the published schema."""
    return getitem(Annotated, (form, Meta(description=description)))


def build_literal(values: tuple[str, ...]) -> object:
    """Build the type of a value that must be one of the strings `values`."""
    return getitem(Literal, values)


def build_id_set(ids: tuple[str, ...]) -> object:
    """Build the type of a list in which each of `ids` may occur at most once; JSON has no sets.

    The type itself accepts repeated ids; the structs of `build_closed_struct` and `build_body_type` refuse them.
    """
    meta = Meta(max_length=len(ids), extra_json_schema={"uniqueItems": True})
    return getitem(Annotated, (GenericAlias(tuple, (build_literal(ids) if ids else str, ...)), meta))


def build_closed_struct(
    name: str,
    members: Iterable[Member],
    doc: str,
    *,
    attribute: Callable[[str], str] = to_attribute,
) -> type[Struct]:
    """Build a struct type that refuses unknown members and lists with repeated ids.

    `members` have their names in JSON, and `attribute` converts such a name to the name in Python. `doc` is the
    description of the type in the published schema.
    """
    named = {attribute(member[0]): member for member in members}
    return msgspec.defstruct(
        name,
        [(inner, *member[1:]) for inner, member in named.items()],
        namespace={"__doc__": doc, "__post_init__": _refuse_repeated_ids},
        frozen=True,
        forbid_unknown_fields=True,
        kw_only=True,
        rename={inner: member[0] for inner, member in named.items()},
    )


def build_body_type(base: type[S], methodology: Methodology, members: Iterable[Member], doc: str) -> type[S]:
    """Build the type of a request body of one methodology version: a subclass of `base` with the given members.

    A body names the version in its member `methodology`. `doc` is the description of the type in the published schema.
    """
    made = msgspec.defstruct(
        f"{base.__name__}{format_type_suffix(methodology)}",
        members,
        bases=(base,),
        namespace={"__doc__": doc, "__post_init__": _refuse_repeated_ids},
        tag=methodology.version,
        frozen=True,
        forbid_unknown_fields=True,
        kw_only=True,
    )
    assert issubclass(made, base)
    return made


def _refuse_repeated_ids(self: Struct) -> None:
    for name in self.__struct_fields__:
        value = getattr(self, name)
        if isinstance(value, tuple) and value and isinstance(value[0], str) and len(set(value)) < len(value):
            # msgspec turns a ValueError of `__post_init__` into a ValidationError with the path of the object.
            raise ValueError(f"`{name}` has repeated elements")


def _build_profile_field(field: ProfileField) -> object:
    form: object
    match field.type:
        case "enum":
            form = build_literal(field.values)
        case "boolean":
            form = bool
        case "integer":
            form = _limit_range(int, field)
        case "number":
            form = _limit_range(float, field)
    return getitem(Union, (form, None)) if field.nullable else form


def _build_fact_type(fact: Fact, components: tuple[str, ...]) -> object:
    match fact.type:
        case "boolean":
            return bool
        case "integer":
            return _limit_range(int, fact)
        case "number":
            comment = {"$comment": f"Rounded half up to {fact.decimals} decimals."}
            return getitem(Annotated, (_limit_range(float, fact), Meta(extra_json_schema=comment)))
        case "components":
            return build_id_set(components)


def _limit_range(form: object, limited: Fact | ProfileField) -> object:
    return getitem(Annotated, (form, Meta(ge=limited.minimum, le=limited.maximum)))
