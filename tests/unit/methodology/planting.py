"""A small methodology that has one of everything a document can have, as plain JSON, to plant defects in."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final, TypeAlias

import msgspec

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.checks.document import Defect
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Answered,
    CalendarStep,
    CommentIdea,
    Curve,
    Document,
    Gate,
    IndexOperand,
    Level,
    LevelText,
    MethodologyTexts,
    Product,
    ProfileField,
    Rule,
    SizeBand,
    Source,
    SourceText,
)
from tests.unit.methodology.editing import REMOVED, Json, plant
from tests.unit.scoring import builders as b

Found: TypeAlias = tuple[str, str]
"""A defect: its pointer and its code."""

RATE = msgspec.structs.replace(
    b.amount("T1", 3, ((2, 90), (4, 50))),
    type="rate",
    value=Product(of=(b.const(2), b.fact("T1", "hours"))),
    curve=Curve(kind="lognormal", goalposts=b.goalposts(((2, 90), (4, 50)))),
)
TREE = b.root(
    b.group(
        "D1",
        msgspec.structs.replace(
            b.ratio("R1", 2, applies=b.compare(b.field("kind"), "eq", "town")),
            bullets=("1.1",),
            comments=("C01",),
            functions=("F1",),
            reviews=("V1",),
        ),
        b.ladder("L1", zero_when=b.compare(b.fact("B1", "value"), "eq", False)),
        b.boolean("B1"),
        weight=2,
    ),
    b.group(
        "D2",
        b.checklist("C1", 1, ("one", "two", "three"), ((0, 0), (3, 100))),
        RATE,
        b.group("D2.1", b.amount("A1", knots=((1, 0), (10, 100)), log=True)),
    ),
)
DOCUMENT: Document = msgspec.structs.replace(
    b.document(
        TREE,
        published=1,
        profile=(
            ProfileField(name="people", type="integer", set_by="organisation", minimum=1, maximum=1000),
            ProfileField(name="kind", type="enum", set_by="organisation", values=("town", "region")),
            ProfileField(name="open", type="boolean", set_by="organisation"),
            ProfileField(name="before", type="integer", set_by="service", minimum=1, maximum=3, nullable=True),
            ProfileField(name="errors", type="integer", set_by="service", minimum=0, maximum=9, default=0),
        ),
        rules=(
            b.rule("E1", b.compare(b.fact("R1", "numerator"), "le", b.fact("R1", "denominator")), "R1"),
            b.rule("W1", b.present("L1")),
            Rule(id="V1", group="V1", severity="review", scope="edition", holds=None),
        ),
        levels=(
            Level(number=1, gates=()),
            Level(
                number=2,
                gates=(
                    Gate(id="L2.index", holds=b.compare(IndexOperand(), "ge", 40)),
                    Gate(id="L2.open", holds=b.compare(b.value("B1"), "eq", True)),
                ),
            ),
            Level(
                number=3,
                gates=(Gate(id="L3.D1", holds=b.compare(b.score("D1"), "ge", 60)),),
                provisional_unless=b.compare(b.field("before"), "ge", 2),
            ),
        ),
    ),
    alternative_weights={"equal": {"D1": 1, "D2": 1}},
    size_bands={"P": (SizeBand(code="P1", start=0, to=5000), SizeBand(code="P2", start=5001, to=None))},
    calendar=(CalendarStep(id="answers", start="01-15", to="02-28"),),
    answers=Answered(
        bullets={"1.1": ("R1",)},
        functions={"F1": ("R1", "L1")},
        comments={"C01": ("R1",)},
        ideas={"plan": CommentIdea(comments=("C01",), indicators=("L1",))},
    ),
    sources={"S1": Source(title="A source", where="a library", used=True)},
)


PLACES: Final = {
    "D1": "root/children/0",
    "R1": "root/children/0/children/0",
    "L1": "root/children/0/children/1",
    "B1": "root/children/0/children/2",
    "D2": "root/children/1",
    "C1": "root/children/1/children/0",
    "T1": "root/children/1/children/1",
    "D2.1": "root/children/1/children/2",
    "A1": "root/children/1/children/2/children/0",
}


@functools.cache
def _texts(language: Language) -> MethodologyTexts:
    known = b.texts(DOCUMENT, language)
    return msgspec.structs.replace(
        known,
        calendar={"answers": "answers"},
        sources={"S1": SourceText(read="r", used_for="f")},
        article=msgspec.structs.replace(
            known.article, bullets={"1.1": "b"}, functions={"F1": "f"}, comments={"C01": "c"}, ideas={"plan": "p"}
        ),
        levels={str(number): LevelText(name=f"level {number}", meaning="m") for number in (1, 2, 3)},
    )


@functools.cache
def methodology() -> Methodology:
    """The small methodology, with its texts."""
    texts = {language: msgspec.json.encode(_texts(language)) for language in LANGUAGES}
    return loader.read_methodology("test.1", "draft", msgspec.json.encode(DOCUMENT), texts)


def changed(changes: Mapping[str, object]) -> Document:
    """The document of the small methodology with these changes, as `read` takes them, sound or not."""
    return msgspec.convert(plant_in(changes), Document)


def plant_in(changes: Mapping[str, object]) -> Json:
    """The document of the small methodology with these changes, as plain JSON; changes of texts are left out."""
    document: Json = msgspec.json.decode(msgspec.json.encode(DOCUMENT))
    for pointer, value in changes.items():
        if not pointer.startswith("texts/"):
            plant(document, _path(pointer), _planted(value))
    return document


def _path(pointer: str) -> list[str]:
    first, *rest = pointer.split("/")
    return [*PLACES.get(first, first).split("/"), *rest]


def _planted(value: object) -> object:
    return REMOVED if value == {"removed": True} else value


def read(changes: Mapping[str, object]) -> list[Found]:
    """The pointers and codes of the defects of the small methodology with these changes, in order."""
    return sorted((defect.pointer, defect.code) for defect in defects_of(changes))


def defects_of(changes: Mapping[str, object]) -> list[Defect]:
    """The defects of the small methodology with these changes; none where it loads.

    Each is at a pointer that begins with a member of the document, the id of a node, or `texts/<language>`. Texts are
    read where they are changed.
    """
    told: dict[Language, Json] = {}
    for language in LANGUAGES:
        if any(pointer.startswith(f"texts/{language}/") for pointer in changes):
            told[language] = msgspec.json.decode(msgspec.json.encode(_texts(language)))
    for pointer, value in changes.items():
        first, *rest = pointer.split("/")
        if first == "texts":
            plant(told[rest[0]], rest[1:], _planted(value))
    try:
        loader.read_methodology(
            "test.1",
            "draft",
            msgspec.json.encode(plant_in(changes)),
            {language: msgspec.json.encode(text) for language, text in told.items()},
        )
    except loader.DefectiveMethodology as defective:
        return defective.defects
    return []
