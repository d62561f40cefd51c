"""Members that an answer shares with the record that it is about."""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec import Struct

S = TypeVar("S", bound=Struct)


def copy_members(record: Struct, form: type[S], /, **others: Any) -> S:
    """Return a struct of type `form`: its members `others`, and all other members with the values that `record` has."""
    shared = {name: getattr(record, name) for name in form.__struct_fields__ if name not in others}
    return form(**shared, **others)
