"""The commands of docs/command-line.md run as they stand, against the demonstration."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from actitud._html import Words
from actitud.cli import main, watching
from actitud.cli.parsers import build_parser

ROOT = Path(__file__).parents[2]
PAGES = ("command-line.md", "command-line.es.md")


def commands(page: str) -> list[str]:
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_both_pages_have_the_same_commands_and_sections() -> None:
    english, spanish = ((ROOT / "docs" / page).read_text("utf-8") for page in PAGES)
    assert commands(PAGES[0]) == commands(PAGES[1])
    assert english.count("\n## ") == spanish.count("\n## ")
    assert english.count("\n| ") == spanish.count("\n| ")


def test_every_command_is_on_the_page() -> None:
    shown = {line.split()[1] for line in commands(PAGES[0])}
    usage = build_parser(Words("en")).format_help()
    listed = set(re.findall(r"^    ([a-z]+)\b", usage, re.MULTILINE))
    assert shown == listed


def test_the_commands_run(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    request = (ROOT / "openapi" / "examples" / "scores.create.request.json").read_bytes()
    (tmp_path / "facts.json").write_bytes(request)
    log = "Id,Red,Cuenta,Fecha y hora,Tipo,Texto\n1,x,Ayuntamiento,2027-10-05 10:00:00,Publicación,Corte de agua\n"
    (tmp_path / "registro.csv").write_text(log, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACTITUD_BASE_URL", address)
    monkeypatch.setattr(watching, "sleep", lambda seconds: None)
    for line in commands(PAGES[0]):
        name, *arguments = shlex.split(line)
        assert name == "actitud"
        assert main(arguments) == 0, line
        assert capsys.readouterr().out or arguments[0] in ("export", "watch"), line
    assert (tmp_path / "scores.csv").stat().st_size > 0
