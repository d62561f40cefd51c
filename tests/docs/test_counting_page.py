"""The page on counting tells the truth: from the files of a synthetic town hall to a published sheet, step by step."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud.cli import main
from actitud.counting.definitions import load_definitions
from actitud.counting.export_guides import GUIDES
from actitud.counting.reading import read_files
from actitud_api.resources.assessments import transitions
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews import service as reviews
from actitud_api.settings import Settings
from tests.docs.test_readme import STATED
from tests.support.applications import borrow_app
from tests.support.databases import make_key, migrated_sqlite, opened, sqlite_url
from tests.support.keys import create_key, sign_in
from tests.support.publishing import publish
from tests.support.scale import NIGHT
from tests.support.serving import served
from tests.support.settling import anything
from tests.support.worlds.generation import make_world
from tests.support.worlds.model import World
from tests.support.worlds.writing import write_world
from tests.unit.counting.workbooks import Answer, fill_in

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = {"en": "docs/counting.md", "es": "docs/counting.es.md"}
EDITION, TOWN = "2025", "XX-MUN-VILLACONEJERA"
NETWORKS: Final = ("facebook", "instagram", "x", "whatsapp")
EXPORTS: Final = ("facebook-business.es", "instagram-business.es", "x-archive", "press-rss", "proposals-csv", "log-csv")
SAID: Final = {
    "en": ("0 differences", "Source: counted in the files of the platforms"),
    "es": ("0 diferencias", "Fuente: contado en los ficheros de las plataformas"),
}
PHASES: Final = {"submission": (-30, 2), "review": (3, 5), "hearing": (6, 8), "publication": (20, 40)}
"""The calendar of the edition, in days from today."""
DEFINITIONS: Final = load_definitions("2027.1")
SAMPLED: Final = {
    "en": ("Posts", "Images and videos", "Replies", "Messages", "Proposals"),
    "es": ("Publicaciones", "Imágenes y vídeos", "Respuestas", "Mensajes", "Propuestas"),
}
CONFIRMED: Final = {"en": ("Accounts", "Classes of information"), "es": ("Cuentas", "Clases de información")}
"""Sheets that only the first person answers."""


def read(language: str) -> str:
    return (ROOT / PAGES[language]).read_text("utf-8")


def blocks(language: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", read(language), re.MULTILINE | re.DOTALL)


def make_town() -> World:
    """The town hall of the page, with one account in each of four networks."""
    world = make_world(1, size=0.1)
    kept = {account.platform: account for account in reversed(world.accounts) if account.platform in NETWORKS}
    return replace(world, accounts=tuple(kept[platform] for platform in NETWORKS))


def code_samples(path: Path, language: str) -> None:
    """Fill in a coding workbook as the two persons do, who agree on everything."""
    yes, no = {"en": ("yes", "no"), "es": ("sí", "no")}[language]
    questions = tuple(question.id for question in DEFINITIONS.account_questions)
    answers: tuple[Answer, ...] = (
        lambda row: {"subject": "u", "press": no, "voice": no, "plain": yes},
        lambda row: {"accessible": no},
        lambda row: {"solves": yes},
        lambda row: {"need": "q", "reply": "1"} if row["reply_1"] else {"need": "n"},
        lambda row: {"valid": yes, "decision": no},
        lambda row: dict.fromkeys(questions, yes) if row["name"] else {},
        lambda row: {"answer": yes},
    )
    sheets = SAMPLED[language] if "second" in path.name else (*SAMPLED[language], *CONFIRMED[language])
    fill_in(path, dict(zip(sheets, answers, strict=False)))


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Litestar]:
    """An installation with an open edition, and the key of the town hall in the environment."""
    with opened(migrated_sqlite(tmp_path)) as database:
        make_key(database, tmp_path)
    with borrow_app(Settings(database_url=sqlite_url(tmp_path), signing_folder=tmp_path)) as app:
        with TestClient(app) as client:
            client.headers.update(sign_in(client))
            organisation = {"id": TOWN, "name": "Villaconejera del Páramo", "kind": "MUN"}
            made = client.post("/v1/organisations", json={**organisation, "domains": ["villaconejera.example"]})
            assert made.status_code == 201, made.text
            edition = {
                "id": EDITION,
                "titles": {"es": "Edición 2025", "en": "Edition 2025"},
                "methodology": "2027.1",
                "period_from": f"{EDITION}-01-01",
                "period_to": f"{EDITION}-12-31",
                "calendar": {
                    phase: {
                        "from": str(datetime.now(UTC).date() + timedelta(first)),
                        "to": str(datetime.now(UTC).date() + timedelta(last)),
                    }
                    for phase, (first, last) in PHASES.items()
                },
            }
            made = client.post("/v1/editions", json=edition)
            assert made.status_code == 201, made.text
        monkeypatch.setenv("ACTITUD_API_KEY", create_key(app.state["database"], "organisation_editor", TOWN))
        yield app


def review_and_publish(app: Litestar, folder: Path) -> None:
    """Take the submitted assessment to its end, as an assessor and an administrator do, and publish the edition."""
    database = app.state["database"]
    now = datetime.now(UTC) + timedelta(days=4)
    after = now + timedelta(days=20)
    step: dict[str, Any] = {"edition": EDITION, "organisation": TOWN, "expected": anything, "role": "assessor"}
    with database.write() as session:
        transitions.start_review(session, **step, now=now)
        reviews.open_hearing(session, **step, now=now)
        transitions.finalise_assessment(session, **step, now=after)
        editions.update(session, EDITION, editions.EditionChange(state="in_review"), expected=anything, now=after)
    publish(database, folder, edition=EDITION, now=after)


@pytest.mark.parametrize("language", PAGES if NIGHT else ["en"])
def test_the_page_leads_from_the_files_to_the_sheet(
    language: str,
    service: Litestar,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "town"
    folder.mkdir()
    monkeypatch.chdir(folder)
    write_world(make_town(), folder / "exports", EXPORTS)
    for name, kind in (("mapping.toml", "toml"), ("profile.json", "json"), ("options.txt", "text")):
        (content,) = blocks(language, kind)
        Path(name).write_text(content, "utf-8")
    first, second, check = (shlex.split(command) for command in blocks(language, "sh"))
    assert {command[0] for command in (first, second, check)} == {"actitud"}
    assert main(first[1:]) == 0
    listed = set(re.findall(r"^- `(\S+)`(?: (?:and|y) `(\S+)`)?:", read(language), re.MULTILINE))
    assert {name for names in listed for name in names if name} == {path.name for path in Path("counted").iterdir()}
    for name in ("coding.xlsx", "coding-second.xlsx"):
        code_samples(Path("counted", name), language)
    assert main(second[1:]) == 0
    capsys.readouterr()
    assert main(check[1:]) == 0
    assert SAID[language][0] in capsys.readouterr().out

    begin, submit = blocks(language, "python")
    printed, names = io.StringIO(), dict[str, Any]()
    with served(service) as address, contextlib.redirect_stdout(printed):
        exec(compile(begin.replace(STATED, address), PAGES[language], "exec"), names)
        exec(compile(submit, PAGES[language], "exec"), names)
    counted = json.loads(Path("counted/answers.json").read_bytes())
    said = printed.getvalue().splitlines()
    assert len(counted["answers"]) == 17
    assert {line for line in said if line.endswith(" counted")} == {f"{name} counted" for name in counted["answers"]}
    # The page says which warning there is: one document proves many answers.
    assert [line.partition(" ")[0] for line in said[17:-1]] == ["warning"]
    assert "manifest.json" in said[-2]
    assert said[-1].startswith("1 ")

    review_and_publish(service, tmp_path)
    with TestClient(service) as client:
        sheet = client.get(f"/portal/{EDITION}/{TOWN}", params={"lang": language})
    assert sheet.status_code == 200
    bodies = re.findall(r'<tbody id="(D[\d.]+)"(.*?)</tbody>', sheet.text, re.DOTALL)
    shown = {name for name, body in bodies if SAID[language][1] in " ".join(body.split())}
    # Of fewer than twenty messages in ninety days nobody is asked how much conversation weighs.
    assert shown == counted["answers"].keys() - {"D8.08"}
    assert "https://www.villaconejera.example/networks/manifest.json" in sheet.text


@pytest.mark.parametrize("language", PAGES)
def test_the_sheets_of_the_workbook_are_those_that_the_page_names(language: str) -> None:
    for sheet in (*SAMPLED[language], *CONFIRMED[language]):
        assert f"*{sheet}*" in read(language)


def test_both_pages_have_the_same_steps() -> None:
    """But for what they say to people, and the language that they ask for."""
    english, spanish = map(read, PAGES)
    for pattern in (r"^(#+) ", r"^(\d+\.|-) ", r"^(```\w*)$"):
        assert re.findall(pattern, english, re.MULTILINE) == re.findall(pattern, spanish, re.MULTILINE)
    for kind in ("toml", "json"):
        assert blocks("en", kind) == blocks("es", kind)
    for kind in ("sh", "python"):
        told = [
            re.sub(r'--lang es|lang="es"', lambda found: found[0].replace("es", "en"), code)
            for code in blocks("es", kind)
        ]
        assert told == blocks("en", kind)
    options = [re.sub(r"^#.*", "", code, flags=re.MULTILINE) for code in (*blocks("en", "text"), *blocks("es", "text"))]
    assert options[0] == options[1]


@pytest.mark.parametrize("language", PAGES)
def test_no_list_is_longer_than_seven(language: str) -> None:
    lists = re.findall(r"(?:^(?:\d+\.|-) .*\n(?:  .*\n)*)+", read(language), re.MULTILINE)
    assert lists
    assert max(len(re.findall(r"^(?:\d+\.|-) ", items, re.MULTILINE)) for items in lists) <= 7


@pytest.mark.parametrize("language", PAGES)
def test_the_page_has_every_step_of_every_export(language: str) -> None:
    page = " ".join(read(language).split())
    for guide in GUIDES:
        assert guide.title.into(language) in page
        assert " ".join(f"{n}. {step.into(language)}" for n, step in enumerate(guide.steps, 1)) in page


@pytest.mark.parametrize("language", PAGES)
def test_the_page_says_which_networks_need_the_log(language: str) -> None:
    """Those of which no file has what others wrote in public."""
    told = {guide.platform for guide in GUIDES if "received_public" in guide.tells}
    lacking = {guide.platform for guide in GUIDES if "own_posts" in guide.tells} - told - {"press_room", "telegram"}
    assert lacking == {"facebook", "instagram", "x", "youtube", "mastodon", "tiktok", "linkedin"}
    (said,) = re.findall(
        r"^\*\*(?:What no file tells|Lo que ningún fichero dice)\.\*\*.*?\n\n", read(language), re.M | re.S
    )
    assert {name for name in lacking if re.search(rf"\b{name}\b", said, re.IGNORECASE)} == lacking


@pytest.mark.parametrize("language", PAGES)
def test_the_page_says_how_much_is_counted(language: str) -> None:
    # D3.07 is taken from the profile.
    answers = len(DEFINITIONS.indicators) - 1
    assert re.search(rf"\b{answers} (?:answers|respuestas) (?:and|y) {len(DEFINITIONS.profile)} ", read(language))


@pytest.mark.parametrize("language", PAGES)
def test_the_log_of_the_page_is_read_as_it_is(language: str, tmp_path: Path) -> None:
    (content,) = blocks(language, "csv")
    log = tmp_path / "log.csv"
    log.write_text(content, "utf-8")
    with read_files([log], time_zone="Europe/Madrid") as reading:
        messages = list(reading.table.select(platform="facebook", account="aytovillaconejer"))
    assert not list(reading.faults)
    told = [(message.id, message.thread, message.kind, message.private) for message in messages]
    assert told == [
        ("1", "A", "received", False),
        ("2", "A", "public_reply", False),
        ("3", "B", "received", True),
        ("4", "B", "private_reply", True),
    ]


@pytest.mark.parametrize("language", PAGES)
def test_links_lead_somewhere(language: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", read(language))
    assert targets
    assert [target for target in targets if not (ROOT / "docs" / target).exists()] == []
