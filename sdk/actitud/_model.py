"""Base of the models, and collections of them that are read by id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal, Protocol, SupportsIndex, TypeVar, cast, overload

import msgspec

if TYPE_CHECKING:
    import pandas
    import polars

    from actitud.frames import Cell
    from actitud.models import JsonValue, Score

T = TypeVar("T")

_WIDEST = 200
"""Maximum length of the ``repr`` of a model, in characters."""
_WIDEST_TEXT = 40
_LEADING = (
    *("id", "edition", "organisation", "indicator", "dimension", "version", "name", "organisation_name", "rank"),
    *("index", "score", "level", "status", "state"),
)
"""The members that the ``repr`` of a model shows first, in this order, if the model has them."""
_NAMING = ("id", "number", "version", "code", "index", "organisation")
"""The ``repr`` of a model shows a model inside it by one member: the first of these that the inner model has."""


class _DataclassFields:
    """Descriptor that makes models look like data classes to other libraries, such as pandas.

    It returns the fields of the model in the form in which ``dataclasses`` describes them, built on first use.
    """

    def __init__(self) -> None:
        self._built: dict[type, Mapping[str, object]] = {}

    def __get__(self, instance: object, owner: type[msgspec.Struct]) -> Mapping[str, object]:
        if owner not in self._built:
            import dataclasses

            described = dataclasses.make_dataclass(owner.__name__, owner.__struct_fields__)
            self._built[owner] = vars(described)["__dataclass_fields__"]
        return self._built[owner]


class Model(msgspec.Struct, frozen=True):
    """Base class of all responses of the service.

    ``repr()`` is one line of at most 200 characters: class, id, index, level and status of the model.
    """

    if TYPE_CHECKING:
        # Declared, so that mypy finds nothing wrong with asking whether "D1" is in a collection of models.
        def __eq__(self, other: object, /) -> bool: ...
        def __hash__(self) -> int: ...
    else:
        # pandas, polars and FastAPI take data classes apart by this member; models have all else that one has.
        __dataclass_fields__ = _DataclassFields()

    def __repr__(self) -> str:
        names = self.__struct_fields__
        leading = [name for name in _LEADING if name in names]
        rest = [name for name in names if name not in leading]
        text, cut = f"{type(self).__name__}(", False
        for name in (*leading, *rest):
            value = getattr(self, name)
            if value is None and name not in leading:
                continue
            part = f"{'' if text.endswith('(') else ', '}{name}={_summarise(value)}"
            if len(text) + len(part) > _WIDEST - len(", …)"):
                cut = True
            else:
                text += part
        return f"{text}, …)" if cut else f"{text})"

    def _build_cells(self) -> Mapping[str, Cell]:
        """Return the cells of this model as a row of a data frame, by column."""
        return dict(_flatten("", self))

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the model in the JSON form of the service: a dictionary of JSON values, with dates as strings."""
        members: dict[str, JsonValue] = msgspec.json.decode(msgspec.json.encode(self))
        return members

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the model as JSON text. ``indent``: blanks for each level; ``None`` for a single line."""
        text = msgspec.json.encode(self)
        return (text if indent is None else msgspec.json.format(text, indent=indent)).decode()


class Shown(Model, frozen=True, dict=True):
    """Base class of models that Jupyter notebooks show as tables, with texts in the language of the response."""

    @property
    def _language(self) -> str:
        language: str = self.__dict__.get("language", "en")
        return language

    def _set_language(self, language: str) -> None:
        vars(self)["language"] = language


def _flatten(prefix: str, model: Model) -> Iterator[tuple[str, Cell]]:
    """Yield the name and value of each member of a model that has a single value.

    A model inside the model gives one pair for each of its members: ``spread_median`` is the member ``median`` of the
    member ``spread``. ``prefix`` is the beginning of all names.
    """
    for name in model.__struct_fields__:
        value = getattr(model, name)
        if isinstance(value, Model):
            yield from _flatten(f"{prefix}{name}_", value)
        elif isinstance(value, datetime):
            yield f"{prefix}{name}", value.isoformat()
        elif value is None or isinstance(value, str | int | float | date):
            yield f"{prefix}{name}", value


def _summarise(value: object) -> str:
    if isinstance(value, str):
        return repr(value if len(value) <= _WIDEST_TEXT else f"{value[: _WIDEST_TEXT - 1]}…")
    if isinstance(value, Model):
        name = next((name for name in _NAMING if name in value.__struct_fields__), None)
        return f"{type(value).__name__}(…)" if name is None else _summarise(getattr(value, name))
    if isinstance(value, tuple | list):
        return f"({len(value)} items)" if value else "()"
    if isinstance(value, Mapping):
        return f"{{{len(value)} items}}" if value else "{}"
    return value.isoformat() if isinstance(value, date) else repr(value)


class Node(Protocol):
    """Interface of the parts of a methodology that have an id: dimensions, groups and indicators."""

    @property
    def id(self) -> str:
        """The id in the methodology, such as ``D1.07``."""
        ...


N = TypeVar("N", bound=Node, covariant=True)


class Tabular:
    """Base class of models that can become a data frame: scores and collections of dimensions, groups or indicators."""

    __slots__ = ()

    @overload
    def to_frame(self, *, backend: Literal["polars"] = "polars") -> polars.DataFrame: ...

    @overload
    def to_frame(self, *, backend: Literal["pandas"]) -> pandas.DataFrame: ...

    def to_frame(self, *, backend: Literal["polars", "pandas"] = "polars") -> polars.DataFrame | pandas.DataFrame:
        """Build a data frame with a row for each indicator of a score, or for each node of a collection.

        ``backend``: ``polars`` or ``pandas``; a missing value is null. Raises ``ModuleNotFoundError`` if narwhals or
        the backend is not installed.
        """
        from actitud.frames import to_frame

        data = cast("Score | Iterable[Model]", self)
        return to_frame(data) if backend == "polars" else to_frame(data, backend=backend)


class Nodes(Tabular, tuple[N, ...]):
    """Tuple of dimensions, groups or indicators in the order of the methodology, in which they can be found by id.

    ``nodes["D1"]`` returns the node with that id, or raises ``KeyError``, which names similar ids; ``"D1" in nodes`` is
    true if there is such a node. A number in brackets is a position, as in any tuple.
    """

    __slots__ = ()

    @overload
    def __getitem__(self, key: SupportsIndex | str, /) -> N: ...

    @overload
    def __getitem__(self, key: slice, /) -> tuple[N, ...]: ...

    def __getitem__(self, key: SupportsIndex | str | slice, /) -> N | tuple[N, ...]:
        if not isinstance(key, str):
            return super().__getitem__(key)
        for node in self:
            if node.id == key:
                return node
        raise KeyError(_describe_missing(key, [node.id for node in self]))

    def __contains__(self, key: object, /) -> bool:
        return any(node.id == key for node in self) if isinstance(key, str) else super().__contains__(key)

    @overload
    def get(self, key: str, /) -> N | None: ...

    @overload
    def get(self, key: str, default: T, /) -> N | T: ...

    def get(self, key: str, default: T | None = None, /) -> N | T | None:
        """Return the node with an id, or ``default`` if there is none."""
        return next((node for node in self if node.id == key), default)

    def keys(self) -> tuple[str, ...]:
        """Return the ids of all nodes, in order. ``dict(nodes)`` is a dictionary of the nodes by id."""
        return tuple(node.id for node in self)


def _describe_missing(key: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key.upper(), known, cutoff=0.5)
    return f"there is no {key!r}; did you mean {' or '.join(map(repr, near))}?" if near else f"there is no {key!r}"
