"""Every example of docs/writing-a-methodology.md is run: its files are written, its commands print what it says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, get_args, get_type_hints

import jsonschema_rs
import pytest

from actitud_api import cli
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.model import (
    Document,
    Indicator,
    IndicatorText,
    LevelText,
    ProfileField,
    ProfileText,
    Scalar,
)
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from tests.unit.scoring.random_documents import Case, fact_value
from tests.unit.scoring.test_columns import assert_equal
from tests.unit.scoring.test_reference import same_as_the_reference

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {"writing-a-methodology.md": "C", "writing-a-methodology.es.md": "es_ES.UTF-8"}
"""The page in each language, with the locale of the terminal in which its commands print what it shows."""
BLOCK: Final = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: `json` and `csv` are files with a `name`, `sh` are commands, `text` is what they print."""

    kind: str
    name: str
    text: str


def list_blocks(page: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall((ROOT / "docs" / page).read_text("utf-8"))]


def list_documents(page: str) -> list[tuple[str, str]]:
    """List the methodology documents of a page: name and text."""
    return [(block.name, block.text) for block in list_blocks(page) if block.kind == "json" and '"root"' in block.text]


def run(line: str, capsysbinary: pytest.CaptureFixture[bytes]) -> tuple[int, str]:
    """Run a command of the page; return its exit code and all that it prints."""
    program, *arguments = shlex.split(line)
    assert program == "actitud-api"
    code = cli.main(arguments)
    captured = capsysbinary.readouterr()
    return code, (captured.out + captured.err).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("page", PAGES)
def test_every_command_prints_what_the_page_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("LC_ALL", PAGES[page])
    monkeypatch.chdir(tmp_path)
    blocks = list_blocks(page)
    commands = 0
    for position, block in enumerate(blocks):
        if block.kind in ("json", "csv"):
            Path(block.name).write_text(block.text, "utf-8")
        if block.kind != "sh":
            continue
        printed = ""
        for line in block.text.splitlines():
            code, said = run(line, capsysbinary)
            assert code == 0, (line, said)
            printed += said
            commands += 1
        following = blocks[position + 1] if position + 1 < len(blocks) else None
        if following is not None and following.kind == "text":
            assert printed == following.text, block.text
    assert commands >= 10


def test_both_pages_have_the_same_files_and_commands() -> None:
    english, spanish = ([block for block in list_blocks(page) if block.kind != "text"] for page in PAGES)
    assert english == spanish
    pages = [(ROOT / "docs" / page).read_text("utf-8") for page in PAGES]
    assert pages[0].count("\n## ") == pages[1].count("\n## ")
    assert pages[0].count("\n| ") == pages[1].count("\n| ")


def test_the_first_document_has_seven_lines() -> None:
    (name, text), *_ = list_documents("writing-a-methodology.md")
    assert (name, len(text.splitlines())) == ("hours.json", 7)


def test_every_document_is_valid_by_the_schema_of_editors() -> None:
    schema = jsonschema_rs.Draft202012Validator(json.loads((ROOT / "openapi/methodology.schema.json").read_bytes()))
    documents = list_documents("writing-a-methodology.md")
    assert len(documents) >= 6
    assert [name for name, text in documents if not schema.is_valid(json.loads(text))] == []


def test_what_the_page_says_of_fractions_and_bounds_is_so() -> None:
    documents = dict(list_documents("writing-a-methodology.md"))
    ratings = json.loads(documents["ratings.json"])
    ratings["root"]["rated_children"] = 2
    assert loader.check_document(json.dumps(ratings).encode(), {}).defects == []
    fractions = json.loads(documents["libraries.json"])
    fractions["root"]["children"][0]["weight"] = 2.5
    (defect,) = loader.check_document(json.dumps(fractions).encode(), {}).defects
    assert (defect.pointer, defect.translate("en")) == ("/root/children/0/weight", "is 2.5, and must be an integer")
    unbounded = json.loads(documents["hours.json"])
    del unbounded["root"]["children"][0]["facts"][0]["maximum"]
    (defect,) = loader.check_document(json.dumps(unbounded).encode(), {}).defects
    assert (defect.pointer, defect.code) == ("/root/children/0/facts/0", "number-bounds")


@pytest.mark.parametrize("page", PAGES)
def test_the_page_names_every_text_and_every_type_of_indicator(page: str) -> None:
    text = (ROOT / "docs" / page).read_text("utf-8")
    names = {name for struct in (IndicatorText, ProfileText, LevelText) for name in struct.__struct_fields__}
    names -= {"provisional_unless"}
    names |= {*get_args(get_type_hints(Indicator)["type"])}
    assert {name for name in names if not re.search(rf'[`"]{name}[`"]', text)} == set()


def test_a_folder_of_texts_is_whole_or_nothing_is_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.chdir(tmp_path)
    assert run("actitud-api methodology new mine", capsysbinary)[0] == 0
    for name, text in (("alda.json", '{"profile": {}, "answers": {}}'), ("mine/alda.csv", "town,hours\nAlda,2\n")):
        Path(name).write_text(text, "utf-8")
    texts = Path("mine/texts/en.json")
    texts.write_text(texts.read_text("utf-8").replace('"rules": {"V1"', '"rules": {"V2"'), "utf-8")
    for line in (
        "actitud-api methodology check mine/document.json",
        "actitud-api score alda.json --methodology mine/document.json",
        "actitud-api score mine/alda.csv --table --methodology mine/document.json",
    ):
        code, said = run(line, capsysbinary)
        assert code != 0
        assert "/texts/en/rules/V1: is missing" in said
        assert "/texts/en/rules/V2: belongs to nothing in the document" in said
    Path("mine/texts").rename("mine/texts-later")
    line = "actitud-api score mine/alda.csv --table --methodology mine/document.json"
    assert run(line, capsysbinary)[0] == 0


# --- the evaluators -------------------------------------------------------------------------------------------


def draw_field(chance: Random, field: ProfileField) -> Scalar:
    match field.type:
        case "boolean":
            return chance.random() < 0.5
        case "enum":
            return chance.choice(field.values)
    return chance.randint(field.minimum or 0, field.maximum or 0)


def draw_submission(chance: Random, document: Document) -> Submission:
    """Facts of an organisation, of which about a quarter is missing, and a few are only declared."""
    answers = {
        indicator.id: {fact.name: fact_value(chance, fact, indicator) for fact in indicator.facts}
        for indicator in walk_indicators(document.root)
        if indicator.facts and chance.random() < 0.75
    }
    return Submission(
        profile={field.name: draw_field(chance, field) for field in document.profile},
        answers=answers,
        self_declared=frozenset(name for name in answers if chance.random() < 0.1),
    )


STARTER: Final = (ROOT / "api" / "actitud_api" / "cli" / "starter" / "document.json").read_text("utf-8")
HDI: Final = (ROOT / "tests" / "cases" / "hdi.json").read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "text"), [*list_documents("writing-a-methodology.md"), ("starter", STARTER), ("hdi.json", HDI)]
)
def test_both_evaluators_and_the_reference_agree_on_it(name: str, text: str) -> None:
    chance = Random(name)
    methodology = loader.read_methodology(None, "draft", text.encode(), {})
    submissions = [draw_submission(chance, methodology.document) for _ in range(10)]
    assert_equal(methodology, submissions)
    assert same_as_the_reference(Case(methodology, submissions)) > 5
