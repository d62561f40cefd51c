"""The READMEs tell the truth: their commands run as written, against a real server."""

from __future__ import annotations

import json
import re
import shlex
from datetime import date
from pathlib import Path

import httpx
import pytest

from actitud_api import cli
from actitud_api.engine.i18n import Language
from actitud_api.web.embeds.pictures import render_card
from actitud_api.web.embeds.service import EmbedStanding
from actitud_api.web.embeds.texts import describe_standing
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).parents[2]
STATED = "http://127.0.0.1:8000"
READMES = ("README.md", "README.es.md")


def blocks(readme: str, language: str) -> list[str]:
    """The fenced blocks of a README in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / readme).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def curls(readme: str) -> list[list[str]]:
    """The curl commands of a README, as their arguments."""
    lines = [line for block in blocks(readme, "") for line in block.replace("\\\n", " ").splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("curl ")]


def ask(arguments: list[str], address: str) -> httpx.Response:
    """Does what curl would do with these arguments."""
    method, headers, body, url = "GET", {}, None, ""
    options = iter(arguments)
    for option in options:
        match option:
            case "-s":
                continue
            case "-H":
                name, value = next(options).split(": ")
                headers[name] = value
            case "--data":
                method, body = "POST", (ROOT / next(options).removeprefix("@")).read_bytes()
            case _:
                url = option.replace(STATED, address)
    # The first to ask about an edition as a whole waits for what is computed of it.
    return httpx.request(method, url, headers=headers, content=body, timeout=PATIENCE)


@pytest.mark.parametrize(("readme", "level"), [("README.md", "Conversation"), ("README.es.md", "Conversación")])
def test_the_first_curl_answers_the_explained_score(readme: str, level: str, address: str) -> None:
    first, *others = curls(readme)

    score = ask(first, address).json()

    assert (score["index"], score["level"], score["level_details"]["name"]) == (72.71, 4, level)
    told = [indicator["reason"]["text"] for dimension in score["dimensions"] for indicator in dimension["indicators"]]
    assert len(told) == 46
    assert all(told)
    assert len(others) == 8
    for arguments in others:
        answer = ask(arguments, address)
        assert answer.status_code == 200, answer.text
        assert answer.json().get("items", True)


@pytest.mark.parametrize("readme", READMES)
def test_the_python_example_prints_the_score(
    readme: str, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (example,) = blocks(readme, "python")
    monkeypatch.chdir(ROOT)

    exec(compile(example.replace(STATED, address), readme, "exec"), {})

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] in {"72.71 Conversation", "72.71 Conversación"}
    # Step 2 of 4 of D9.11 leaves half of 12 of the 100 points of D9, which weighs 24: 0.5 x 12 x 0.24 = 1.44.
    assert printed[1].startswith(("Listening so that something changes", "Escuchar para cambiar algo"))
    assert "1.44" in printed[1].replace(",", ".")


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_about_scores_and_methodologies_run(
    readme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`FILE` stands for a document, that of a version, and `PATH` for a folder that is not there."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("LC_ALL", "C")
    text = (ROOT / readme).read_text("utf-8")
    named = re.findall(r"`(?:\.venv/bin/actitud-api )?((?:score|methodology) [^`]+)`", text)
    assert len(named) == 4
    document = "api/actitud_api/engine/methodology/versions/2027.1/document.json"
    stands = {"FILE": document, "FICHERO": document, "PATH": str(tmp_path / "new"), "CARPETA": str(tmp_path / "new")}
    said = []
    for command in named:
        arguments = [stands.get(part, part) for part in shlex.split(command)]
        assert cli.main(arguments) == 0
        said.append(capsys.readouterr().out)
    assert "Index: 72.71 of 100" in said[0]
    assert (tmp_path / "new" / "document.json").is_file()
    assert said[2].splitlines()[-1].startswith("2027.1: no defects.")  # after the notes
    assert said[3].startswith("From 2027.1 to 2027.1")


@pytest.mark.parametrize(
    ("picture", "language", "name"),
    [("score.svg", "en", "Town of Example"), ("score.es.svg", "es", "Ayuntamiento de Ejemplo")],
)
def test_the_picture_is_the_card_of_example_a(picture: str, language: Language, name: str) -> None:
    examples = json.loads((ROOT / "tests/cases/examples_2027_1.json").read_text("utf-8"))
    (published,) = [example["published"] for example in examples if example["id"] == "A"]
    standing = EmbedStanding(
        edition="2026",
        period_to=date(2026, 12, 31),
        organisation="XX-MUN-EJEMPLO",
        name=name,
        index=published["index"],
        status=published["status"],
        level=published["level"],
        provisional=published["level_provisional"],
        coverage=published["coverage"],
        dimensions=published["dimensions"],
        methodology="2027.1",
        simulated=True,
        superseded_by=None,
    )
    page = f"https://actitud.example/portal/2026/XX-MUN-EJEMPLO?lang={language}"

    drawn = (ROOT / "docs/images" / picture).read_bytes()

    assert drawn == render_card(describe_standing(standing, language, page), "light")
    shown = re.findall(r'text-anchor="end"[^>]*>([\d.,]+)<', drawn.decode())
    assert [float(figure.replace(",", ".")) for figure in shown] == list(published["dimensions"].values())


@pytest.mark.parametrize(
    "page",
    [
        *READMES,
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "deploy/README.md",
        "docs/contract-testing.md",
        "docs/contract-testing.es.md",
        "docs/embedding.md",
        "docs/assessment-lifecycle.md",
        "docs/assessment-lifecycle.es.md",
        "docs/assessor-guide.md",
        "docs/assessor-guide.es.md",
        "docs/document-format.md",
        "docs/formats.md",
        "docs/glossary.md",
        "docs/internals.md",
        "docs/compatibility.md",
        "docs/scaling.md",
        "docs/security/README.md",
        "docs/security/asvs.md",
        "docs/security/hardening.md",
        "docs/security/threat-model.md",
        "docs/recipes.md",
        "docs/recipes.es.md",
        "docs/publishing-tutorial.md",
        "docs/publishing-tutorial.es.md",
    ],
)
def test_links_between_files_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]

    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


def test_the_map_of_the_architecture_names_what_exists() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = re.findall(r"`((?:tests|openapi|sdk|api|deploy|docs)/[\w./-]*)`", text)

    assert named
    assert [place for place in named if not (ROOT / place).exists()] == []
