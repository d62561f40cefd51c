"""Published indices as methodology documents, and facts to score under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.requests.answers import FactValue, Submission

HERE: Final = Path(__file__).parent
Json = bool | int | float | str | None | Sequence["Json"] | Mapping[str, "Json"]
Knots = Sequence[tuple[float, float]]


def document(name: str) -> Methodology:
    """The methodology of a document beside this file; it has no texts."""
    written = (HERE / f"{name}.json").read_bytes()
    return loader.read_methodology(msgspec.json.decode(written)["version"], "draft", written, {})


def made(root: Json, *, decimals: int = 6, published_decimals: int | None = None) -> Methodology:
    """A methodology of a tree alone."""
    written: Json = {"version": "case", "decimals": decimals, "published_decimals": published_decimals, "root": root}
    return loader.read_methodology("case", "draft", msgspec.json.encode(written), {})


def group(
    name: str,
    children: Sequence[Json],
    *,
    maximum: int,
    aggregation: str = "arithmetic",
    exponent: float | None = None,
    missing: str = "leave",
    rated: tuple[int, int] = (0, 1),
    weight: int = 1,
) -> Json:
    """A group as JSON; scores are 0 to `maximum`."""
    return {
        "kind": "group",
        "id": name,
        "weight": weight,
        "aggregation": aggregation,
        "exponent": exponent,
        "missing": missing,
        "rated_share": {"num": rated[0], "den": rated[1]},
        "range": {"maximum": maximum},
        "children": children,
    }


def quantity(name: str, knots: Knots, *, maximum: int, weight: int = 1, kind: str = "linear") -> Json:
    """An indicator of one number, `x`, as JSON; scores are 0 to `maximum`."""
    return {
        "kind": "indicator",
        "id": name,
        "weight": weight,
        "type": "quantity",
        "direction": "higher_is_better",
        "facts": [{"name": "x", "type": "number", "minimum": -(10**6), "maximum": 10**8, "decimals": 9}],
        "value": {"kind": "answer", "indicator": name, "fact": "x"},
        "range": {"maximum": maximum},
        "curve": {"kind": kind, "goalposts": [{"x": x, "score": score} for x, score in knots]},
    }


def facts(answers: Mapping[str, Mapping[str, FactValue]]) -> Submission:
    """What was answered, all of it with evidence, of a document without a profile."""
    return Submission(profile={}, answers={name: dict(answer) for name, answer in answers.items()})


def numbers(values: Mapping[str, float | None]) -> Submission:
    """The numbers of quantities; what is None was not answered."""
    return facts({name: {"x": value} for name, value in values.items() if value is not None})
