"""What is in deploy/ fits the code: its settings exist, its commands parse, its times are in the right order."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest

from actitud_api.cli.command_line import parser
from actitud_api.settings import FILE_VARIABLE, read
from actitud_api.storage.places import file_of

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture
def unit() -> configparser.SectionProxy:
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]  # as documented
    parsed.read(DEPLOY / "systemd" / "actitud.service", "utf-8")
    return parsed["Service"]


def test_the_file_of_settings_holds() -> None:
    settings = read({FILE_VARIABLE: "actitud.toml"}, DEPLOY)
    assert settings.trusted_proxies == ("127.0.0.1", "::1")
    assert file_of(settings.database_url) == Path("/var/lib/actitud/actitud.sqlite3")


def test_the_unit_serves_and_gives_it_time_to_stop(unit: configparser.SectionProxy) -> None:
    _, *command = shlex.split(unit["ExecStart"])
    assert parser("en").parse_args(command)
    assert unit["Environment"].partition("=")[0] == FILE_VARIABLE
    settings = read({FILE_VARIABLE: "actitud.toml"}, DEPLOY)
    assert int(unit["TimeoutStopSec"]) > settings.drain + settings.grace
    assert unit["StateDirectory"] == "actitud"


def test_the_container_serves_with_settings_that_exist(tmp_path: Path) -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    said = dict(re.findall(r"(ACTITUD_\w+)=(\S+)", text))
    settings = read(said, tmp_path)
    assert file_of(settings.database_url) == Path("/var/lib/actitud/actitud.sqlite3")
    assert (settings.host, settings.port) == ("0.0.0.0", 8000)
    assert 'ENTRYPOINT [".venv/bin/actitud-api"]\nCMD ["serve"]' in text


@pytest.mark.parametrize("page", ["README.md", "../README.md", "../README.es.md"])
def test_the_commands_of_the_pages_parse(page: str) -> None:
    text = (DEPLOY / page).read_text("utf-8")
    blocks = "".join(re.findall(r"^```\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
    commands = [
        shlex.split(found) for found in re.findall(r"(?:^|&& |bin/)actitud-api ([a-z][^&\n]*)", blocks, re.MULTILINE)
    ]
    commands += [shlex.split(found) for found in re.findall(r" actitud (init|demo)$", blocks, re.MULTILINE)]
    assert len(commands) >= (8 if page == "README.md" else 0)
    for command in commands:
        assert parser("en").parse_args(command)
