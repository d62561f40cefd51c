"""A document without texts is told by its own ids, in both languages."""

from __future__ import annotations

import hashlib
import json

import msgspec

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import (
    ArticleText,
    IndicatorText,
    LevelText,
    MethodologyTexts,
    NamedText,
    PrincipleText,
    ProfileText,
    SourceText,
)
from actitud_api.engine.methodology.without_texts import fill_missing_texts
from tests.unit.methodology.planting import DOCUMENT, methodology

BARE = loader.read_methodology("test.1", "draft", msgspec.json.encode(DOCUMENT), {})


def indicator(name: str, facts: list[str], step: str | None = None, **more: object) -> IndicatorText:
    empty = dict.fromkeys(("unit", "evidence", "anti_gaming", "applies", "basis", "seed"), "")
    ids = {"name": name, "question": name, "action": name, "facts": {fact: fact for fact in facts}, "step": step}
    return msgspec.convert(ids | empty | more, IndicatorText)


def test_each_text_is_an_id() -> None:
    assert BARE.texts == {}
    assert fill_missing_texts(BARE).texts["en"] == MethodologyTexts(
        language="en",
        title="test.1",
        note="",
        groups={name: NamedText(name=name) for name in ("index", "D1", "D2", "D2.1")},
        indicators={
            "R1": indicator("R1", ["numerator", "denominator"], "R1: from {from} to {to}"),
            "L1": indicator("L1", ["level"], ladder=["0", "1", "2", "3", "4"]),
            "B1": indicator("B1", ["value"]),
            "C1": indicator("C1", ["components", "count"], components={"one": "one", "two": "two", "three": "three"}),
            "T1": indicator("T1", ["hours"], "T1: from {from} to {to}"),
            "A1": indicator("A1", ["hours"], "A1: from {from} to {to}"),
        },
        profile={
            "people": ProfileText(label="people", description="", unit=""),
            "kind": ProfileText(label="kind", description="", unit="", values={"town": "town", "region": "region"}),
            "open": ProfileText(label="open", description="", unit=""),
            "before": ProfileText(label="before", description="", unit=""),
            "errors": ProfileText(label="errors", description="", unit=""),
        },
        rules={"E1": "E1", "W1": "W1", "V1": "V1"},
        gates={"L2.index": "L2.index", "L2.open": "L2.open", "L3.D1": "L3.D1"},
        levels={str(number): LevelText(name=f"level {number}", meaning="") for number in (1, 2, 3)},
        windows={"now": "now"},
        organisation_types={"MUN": "MUN"},
        calendar={"answers": "answers"},
        principles={"R1": PrincipleText(name="R1", text="")},
        article=ArticleText(
            bullets={"1.1": "1.1"}, functions={"F1": "F1"}, comments={"C01": "C01"}, ideas={"plan": "plan"}
        ),
        sources={"S1": SourceText(read="", used_for="")},
        sources_not_found=(),
        integrity="",
        peer_groups=(),
    )


def test_in_spanish_too() -> None:
    spanish, english = (fill_missing_texts(BARE).texts[language] for language in ("es", "en"))
    assert (spanish.language, spanish.levels["2"].name) == ("es", "nivel 2")
    assert spanish.indicators["A1"].step == "A1: de {from} a {to}"
    assert (
        msgspec.structs.replace(spanish, language="en", levels=english.levels, indicators=english.indicators) == english
    )


def test_each_language_has_the_digest_of_its_texts() -> None:
    known = fill_missing_texts(BARE)
    for language, text in known.texts.items():
        # What RFC 8785 writes of texts without numbers: no spaces, members by name.
        form = json.dumps(msgspec.to_builtins(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        assert known.text_digests[language] == f"sha256:{hashlib.sha256(form.encode()).hexdigest()}"


def test_texts_that_are_there_stay() -> None:
    english = msgspec.structs.replace(
        methodology(),
        texts={"en": methodology().texts["en"]},
        text_digests={"en": methodology().text_digests["en"]},
    )
    known = fill_missing_texts(english)
    assert known.texts == {"en": methodology().texts["en"], "es": fill_missing_texts(BARE).texts["es"]}
    assert known.text_digests["en"] == methodology().text_digests["en"]
    assert msgspec.structs.replace(known, texts=english.texts, text_digests=english.text_digests) == english
