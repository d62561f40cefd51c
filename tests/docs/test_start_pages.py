"""The pages of docs/start tell the truth: pasted in order, their blocks run, and print what the pages say."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from code import InteractiveConsole
from collections.abc import Iterator
from contextlib import nullcontext
from html import unescape
from pathlib import Path
from types import CodeType
from typing import Final
from unittest.mock import patch

import httpx
import pytest

from actitud_api import app as assembly
from actitud_api.app import find_examples
from actitud_api.cli.sandbox import RESET, Sandbox
from actitud_api.demo import sandbox as seed
from actitud_api.engine.i18n import Language
from actitud_api.platform.jobs.workers import map_serially, run_here
from actitud_api.web.workbooks.verdicts.layout import VERDICT_LABELS
from tests.contract.outsider import run_sandbox
from tests.docs.test_readme import STATED
from tests.support.node import run_node
from tests.support.pasting import Block, list_blocks, paste_blocks, replace_words
from tests.support.scale import NIGHT
from tests.support.serving import served
from tests.support.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[2]
START: Final = ROOT / "docs" / "start"
VERSIONS: Final = ROOT / "api" / "actitud_api" / "engine" / "methodology" / "versions"
LANGUAGES: Final = ("", ".es") if NIGHT else ("",)
"""Ends of the names of the pages that are pasted: by day the English ones, which have the blocks of the others."""
ON_SANDBOX: Final = ("portal-developer", "analyst", "researcher", "integrator")
"""Users who begin with `make sandbox`."""
CHANGING: Final = ("officer", "assessor")
"""Users who begin with one of their own, which does jobs, because they change what is in it."""
USERS: Final = (*ON_SANDBOX, *CHANGING)
SCHEMATHESIS: Final = "var/st/bin/st"
"""The command of an integrator that takes minutes: it is tried at night, on two operations.

All operations: `tests/contract/test_schemathesis.py` and `make contract`.
"""
GENERATOR: Final = "var/generator/bin"
"""Folder of the generator of clients, which is tried at night, if `make peers` has installed it."""
PEERS: Final = ROOT / ".venv-peers"
"""The environment of `make peers`."""
WORDS: Final = re.compile(
    r""" --lang es|lang=(en|es)\b|(?<=lang=")(en|es)(?=")|# .*|(?<=text = ")[^"]+|(?<=reason = ")[^"]+"""
    r"""|(?<=reason=")[^"]+|(?<=alt=")[^"]*|(?<=[a-z1"]>)[^<>\n]+(?=<)"""
)
"""Parts of a block that are for people, or in their language."""
BY_HAND: Final = """
import openpyxl
book = openpyxl.load_workbook("var/verdicts.xlsx")
sheet = book.worksheets[0]
rows = {(row[0].value, row[2].value): row for row in sheet.iter_rows(min_row=5)}
rows["XX-DEMO-91022", "D2.02"][7].value = "VERDICT"
rows["XX-DEMO-91022", "D2.02"][9].value = "No post shows it."
book.save("var/verdicts.xlsx")
"""
"""What the reader of the page on assessors does in a spreadsheet."""
TABLE: Final = """
const images = JSON.parse(process.argv[2]).map((src) => ({ src }));
const shown = { rows: [], images, simulated: { hidden: true } };
const body = { replaceChildren: (...rows) => { shown.rows = rows.map((row) => row.cells); } };
globalThis.document = {
  documentElement: { lang: "en" },
  images,
  querySelector: (selector) => ({ "#ranking tbody": body, "#simulated": shown.simulated })[selector],
  createElement: () => {
    const cells = [];
    return { cells, insertCell: () => ({ set textContent(text) { cells.push(String(text)); } }) };
  },
};
await import(process.argv[1]);
console.log(JSON.stringify(shown));
"""
"""Program of node that prints what a module shows in a page: rows of its table, texts of its images, its mark."""


@pytest.fixture(scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a sandbox; by day of the demonstration of all tests, whose editions differ only by verdicts."""
    if NIGHT:
        with run_sandbox() as started:
            # Schemathesis waits 10 s for the document, which takes longer on a busy machine when it is first asked for.
            httpx.get(f"{started['url']}/v1/openapi.json", timeout=PATIENCE).raise_for_status()
            yield started["url"]
    else:
        yield request.getfixturevalue("address")


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a sandbox that does jobs.

    By day it is in this process, does there what else other processes do, and has published few organisations.
    """
    if NIGHT:
        with run_sandbox("--jobs") as started:
            yield started["url"]
        return
    examples = find_examples()
    assert examples is not None
    with (
        patch.object(seed, "DEMONSTRATED", range(1, 9)),
        patch.multiple(assembly, open_workers_apart=lambda: nullcontext(map_serially), run_apart=run_here),
    ):
        app = Sandbox(tmp_path_factory.mktemp("sandbox"), examples, 8000, runs_jobs=True)
        with served(app) as address:
            yield address
        app.close()


def list_steps(page: str) -> list[Block]:
    """List the blocks of a page, and behind the one that downloads verdicts what the reader does with them."""
    language: Language = "es" if page.endswith(".es.md") else "en"
    label = VERDICT_LABELS["rejected"].into(language)
    steps = []
    for block in list_blocks(START / page):
        steps.append(block)
        if "verdicts.workbook(" in block.code:
            assert f"*{label}*" in " ".join((START / page).read_text("utf-8").split())
            steps.append(Block("python", BY_HAND.replace("VERDICT", label), ""))
    return steps


def has_generator(folder: Path) -> bool:
    """Return True if the folder of a reader has the generator of clients."""
    return (folder / GENERATOR).is_dir()


def check_page(page: str, folder: Path, words: dict[str, str], environment: dict[str, str]) -> None:
    """Paste the blocks of a page, with other words in place of some, and compare what they print with the page."""
    steps = [
        step
        for step in list_steps(page)
        if (NIGHT or SCHEMATHESIS not in step.code) and (has_generator(folder) or GENERATOR not in step.code)
    ]
    blocks = [replace_words(step, words) for step in steps]
    assert blocks
    for block, output in zip(blocks, paste_blocks(blocks, folder, environment), strict=True):
        # By day the service runs in this process too, and writes its log here.
        shown = re.sub(r'\{"job": .*\n', "", output)
        assert block.has_printed(shown), (block.printed, shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("user", ON_SANDBOX if NIGHT else ON_SANDBOX[1:])  # the first page is pasted below as well
def test_a_reader_of_the_sandbox_gets_what_the_page_says(
    user: str, language: str, sandbox: str, tmp_path: Path
) -> None:
    folder = tmp_path / "checkout"
    program = folder / SCHEMATHESIS
    program.parent.mkdir(parents=True)
    program.symlink_to(Path(sys.executable).parent / "st")
    if NIGHT and PEERS.is_dir():
        (folder / GENERATOR).parent.symlink_to(PEERS)
    few = "--include-operation-id editions.list --include-operation-id editions.get --max-examples 5"
    words = {f" run {STATED}": f" run {few} --request-timeout 60 {STATED}", STATED: sandbox}
    check_page(f"{user}{language}.md", folder, words, {"ACTITUD_BASE_URL": sandbox})


def test_the_page_of_a_portal_shows_pictures_and_a_ranking_that_its_policy_lets_through(
    sandbox: str, tmp_path: Path
) -> None:
    check_page("portal-developer.md", tmp_path / "checkout", {STATED: sandbox}, {})
    portal = tmp_path / "checkout" / "var" / "portal"
    page = (portal / "page.html").read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy == (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src {sandbox}; connect-src {sandbox}"
    )
    style, sheet, same_sheet, province = map(unescape, re.findall(r'href="([^"]*)"', page))
    assert (style, same_sheet) == ("page.css", sheet)
    assert (portal / style).exists()
    pictures = re.findall(r'<img src="([^"]*)"', page)
    assert len(pictures) == 2
    with httpx.Client(base_url=sandbox, timeout=PATIENCE) as browser:
        for address in (sheet, *pictures):
            assert address.startswith(f"{sandbox}/")
            answer = browser.get(address)
            assert answer.status_code == 200, address
            assert "Prado Maqueta de la Tinta" in answer.text
        listed = browser.get(province)
        assert (listed.status_code, "Ribera Ensayo del Papel" in listed.text) == (200, True)
        ranking = browser.get("/v1/editions/latest/scores.csv?province=02").text
    assert re.findall(r'<script[^>]* src="([^"]*)"', page) == ["ranking.js"]
    module = portal / "ranking.mjs"  # as a browser takes it, because of `type="module"`
    module.write_bytes((portal / "ranking.js").read_bytes())
    images = json.dumps([*pictures, f"{sandbox}/badge/latest/XX-DEMO-00064.svg", "https://town.example/arms.png"])
    ran = run_node("--input-type=module", "--eval", TABLE, module, images, folder=portal)
    assert ran.returncode == 0, ran.stderr
    shown = json.loads(ran.stdout)
    rows = shown["rows"]
    assert rows == [
        [row["rank"] or "–", row["organisation_name"], row["index"] if row["rank"] else "–"]
        for row in csv.DictReader(io.StringIO(ranking))
    ]
    assert [len(rows), rows[0][0]] == [50, "1"]
    text = "Prado Maqueta de la Tinta: 35.90 of 100, level 2"
    assert [image.get("alt", "").startswith(text) for image in shown["images"]] == [True, True, False, False]
    assert not shown["simulated"]["hidden"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("user", CHANGING)
def test_a_reader_who_changes_the_sandbox_gets_what_the_page_says(
    user: str, language: str, own_sandbox: str, tmp_path: Path
) -> None:
    if language:  # the page in English has changed what this one begins with
        assert httpx.post(f"{own_sandbox}{RESET}", timeout=PATIENCE).status_code == 204
    page = f"{user}{language}.md"
    check_page(page, tmp_path / "checkout", {STATED: own_sandbox}, {})
    for path in re.findall(rf"{STATED}(/portal/2027-heard[^`]*)`", (START / page).read_text("utf-8")):
        # The first to ask waits for what is computed of the whole edition.
        answer = httpx.get(f"{own_sandbox}{path}", timeout=PATIENCE)
        # With its index, which few answers would withhold.
        shown = {word: word in answer.text for word in ("XX-DEMO-91033", "71.01" if not language else "71,01")}
        assert (answer.status_code, shown) == (200, dict.fromkeys(shown, True)), path


class _Prompt(InteractiveConsole):
    """Prompt of Python that runs nothing."""

    def runcode(self, code: CodeType) -> None:
        """Skip a statement that is whole."""


@pytest.mark.parametrize("language", ["", ".es"])
@pytest.mark.parametrize("user", USERS)
def test_python_waits_for_no_more_after_a_block(user: str, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Behind a block that ends indented the prompt takes the first line of the next one for a fault."""
    prompt = _Prompt()
    for block in list_blocks(START / f"{user}{language}.md"):
        if block.kind == "python":
            *_, is_open = [prompt.push(line) for line in block.code.splitlines()]
            assert not is_open, block.code
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("page", "language"), [("officer.md", "en"), ("officer.es.md", "es")])
def test_the_officer_reads_in_words_what_the_profile_says(page: str, language: str) -> None:
    text = (START / page).read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\w+)(?: \((.+)\))? \|$", text, re.MULTILINE)
    given = re.findall(r'"(\w+)": "?(\w+)"?[,}]', "".join(re.findall("^profile .*\n", text, re.MULTILINE)))
    assert [(name, value) for name, _, value, _ in rows] == given
    words = json.loads((VERSIONS / "2027.1" / "texts" / f"{language}.json").read_text("utf-8"))["profile"]
    assert {name: label for name, label, _, _ in rows} == {name: words[name]["label"] for name, _ in given}
    assert [meant for *_, meant in rows if meant] == [words["org_type"]["values"]["SUP"]]


@pytest.mark.parametrize(("page", "language"), [("officer.md", "en"), ("officer.es.md", "es")])
def test_the_officer_finds_on_the_questionnaire_what_the_page_names(page: str, language: str, own_sandbox: str) -> None:
    text = " ".join((START / page).read_text("utf-8").split())
    (address,) = re.findall(r"`http://127\.0\.0\.1:8000(/portal/questionnaires/[^`]+)`", text)
    shown = httpx.get(f"{own_sandbox}{address}", timeout=PATIENCE)
    assert (shown.status_code, shown.headers["Content-Language"]) == (200, language)
    names = set(re.findall(r"(?<!\*)\*([A-ZÁÉÍÓÚ][^*]+)\*(?!\*)", text))
    assert len(names) == 9
    assert {name for name in names if name not in shown.text} == set()
    (asked,) = re.findall(r"`http://127\.0\.0\.1:8000(/portal/methodologies/[^`]+)`", text)
    explained = httpx.get(f"{own_sandbox}{asked}", timeout=PATIENCE)
    assert (explained.status_code, explained.headers["Content-Language"]) == (200, language)
    about = json.loads((VERSIONS / "2027.1" / "texts" / f"{language}.json").read_text("utf-8"))["indicators"]["D1.07"]
    assert about["question"] in unescape(explained.text)


@pytest.mark.parametrize("user", USERS)
def test_both_pages_have_the_same_blocks(user: str) -> None:
    """But for what they say to people, and the language that they ask for."""
    english, spanish = (
        [(block.kind, WORDS.sub("", block.code)) for block in list_blocks(START / f"{user}{language}.md")]
        for language in ("", ".es")
    )
    assert english == spanish


@pytest.mark.parametrize(("page", "words"), [("integrator.md", "operations"), ("integrator.es.md", "operaciones")])
def test_the_integrator_reads_how_many_operations_there_are(page: str, words: str) -> None:
    document = json.loads((ROOT / "openapi" / "openapi.json").read_bytes())
    count = sum(len(path) for path in document["paths"].values())
    assert re.findall(rf"\b(\d+) {words}", (START / page).read_text("utf-8")) == [str(count)]


def test_the_folder_has_a_page_of_each_user_in_both_languages() -> None:
    assert sorted(page.name for page in START.iterdir()) == sorted(
        f"{user}{language}.md" for user in USERS for language in ("", ".es")
    )


@pytest.mark.parametrize(("readme", "language"), [("README.md", ""), ("README.es.md", ".es")])
def test_the_readme_leads_to_the_page_of_each_user(readme: str, language: str) -> None:
    rows = re.findall(r"^\|.*\]\(docs/start/([^)]+)\)", (ROOT / readme).read_text("utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(f"{user}{language}.md" for user in USERS)
