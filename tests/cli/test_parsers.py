"""Help and completion come without what the commands work with."""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actitud.cli import argument_texts as texts_of_sdk
from actitud_api.cli import argument_texts, main
from actitud_api.cli.parsers import SHELLS, build_parser, load_runner

HEAVY = {
    "actitud_api.app",
    "alembic",
    "cryptography",
    "httpx",
    "jinja2",
    "litestar",
    "numpy",
    "psycopg",
    "pycountry",
    "pydantic",
    "rich",
    "sqlalchemy",
    "sqlmodel",
    "structlog",
    "uvicorn",
}

COMPLETE = """
source <("$PYTHON" -c "$PROGRAM" completion bash)
declare -F _python_argcomplete >/dev/null || exit 3
COMP_LINE="$LINE" COMP_POINT=${#LINE} COMP_TYPE=9
read -ra COMP_WORDS <<< "$LINE"
[[ "$LINE" == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_python_argcomplete actitud-api
printf '%s\\n' "${COMPREPLY[@]}"
"""
PROGRAM = "import sys; from actitud_api.cli import main; sys.exit(main())"


def list_commands(line: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of all commands that run something."""
    groups = [action for action in line._actions if isinstance(action, argparse._SubParsersAction)]
    if not groups:
        yield line
    for group in groups:
        for command in group.choices.values():
            yield from list_commands(command)


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        ("serve", "--help"),
        ("keys", "create", "--help"),
        ("methodology", "diff", "--help"),
        ("demo", "--help"),
        ("completion", "bash"),
    ],
)
def test_help_and_completion_import_nothing_heavy(command: tuple[str, ...]) -> None:
    program = (
        "import sys\nfrom actitud_api.cli import main\ntry:\n    main()\nfinally:\n"
        "    sys.stderr.write(' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command], capture_output=True, text=True, check=True, timeout=60
    )
    assert "actitud-api" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


def test_a_command_that_is_called_leaves_the_garbage_collector_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    frozen = gc.get_freeze_count()
    assert main(["methodology", "diff", "2027.1-short", "2027.1"]) == 0
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    assert "2027.1" in capsys.readouterr().out


def test_every_command_has_a_function_that_runs_it() -> None:
    found = list(list_commands(build_parser("en")))
    assert len(found) == 36
    for command in found:
        assert callable(load_runner(argparse.Namespace(run=command.get_default("run"))))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("actitud-api m", {"methodology ", "migrate "}),
        ("actitud-api keys ro", {"rotate ", "rotate-signing "}),
        ("actitud-api keys create --ro", {"--role "}),
        ("actitud-api completion ", set(SHELLS)),
    ],
)
def test_bash_completes(line: str, expected: set[str], tmp_path: Path) -> None:
    program = tmp_path / "actitud-api"
    program.write_text(f"#!{sys.executable}\n{PROGRAM}\n", "utf-8")
    program.chmod(0o700)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "PYTHON": sys.executable,
        "PROGRAM": PROGRAM,
        "LINE": line,
    }
    done = subprocess.run(
        ["bash", "--norc", "-c", COMPLETE], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert {word.strip() for word in done.stdout.splitlines()} == {word.strip() for word in expected} | (
        {"-h", "--help"} if line.endswith("completion ") else set()
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_its_script(shell: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "completion", shell], capture_output=True, text=True, check=True, timeout=60
    )
    assert "actitud-api" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("score", "--lang", "es"), "actitud-api score: error: faltan estos argumentos: FILE"),
        (("score", "--lang=es", "a", "b"), "actitud-api: error: argumentos desconocidos: b"),
        (
            ("verify", "FILE", "--lang", "es", "--keys"),
            "actitud-api verify: error: argumento --keys: le falta un valor",
        ),
        (("score", "--lang", "en"), "actitud-api score: error: the following arguments are required: FILE"),
    ],
)
def test_faults_of_the_arguments_are_in_the_language_that_they_name(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    usage, *_, last = capsys.readouterr().err.splitlines()
    assert (ended.value.code, last) == (2, told)
    assert usage.startswith("usage:" if "en" in arguments else "uso:")


def test_both_commands_say_the_same_of_arguments() -> None:
    assert argument_texts.SPANISH == texts_of_sdk.SPANISH
