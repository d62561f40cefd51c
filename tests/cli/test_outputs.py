"""A file that a command cannot write, or read: one line with the file and the reason."""

from __future__ import annotations

import errno
import os
from argparse import Namespace
from pathlib import Path
from typing import Literal

import pytest

from actitud_api import cli
from actitud_api.cli.common import CommandError, open_output
from actitud_api.cli.running import run_command
from actitud_api.engine.i18n import Language


def test_the_document_cannot_take_the_place_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    assert cli.main(["openapi", str(tmp_path)]) == 2
    assert capsys.readouterr() == ("", f"No se puede escribir {tmp_path}: es una carpeta\n")


@pytest.mark.parametrize(("mode", "left"), [("xb", []), ("wb", ["file"])])
def test_a_created_file_is_deleted_if_what_writes_it_fails(
    mode: Literal["wb", "xb"], left: list[str], tmp_path: Path
) -> None:
    def write_half() -> None:
        with open_output(tmp_path / "file", mode, "en") as write:
            write(b"half")
            raise CommandError("the rest is missing")

    with pytest.raises(CommandError, match="the rest is missing"):
        write_half()
    assert [file.name for file in tmp_path.iterdir()] == left


def test_on_a_full_disk_what_is_written_last_is_not_lost_in_silence() -> None:
    """The buffer holds a few bytes until the file is closed."""
    refused = pytest.raises(CommandError, match=r"^Cannot write /dev/full: No space left on device$")
    with refused as raised, open_output(Path("/dev/full"), "wb", "en") as write:
        write(b"few bytes")
    assert raised.value.code == 2


def test_a_file_that_no_command_expects_to_fail_is_one_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    def run(options: Namespace, language: Language) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "secret.csv")

    assert run_command(run, Namespace(), "es") == 2
    assert capsys.readouterr() == ("", "secret.csv: no hay permiso\n")


def test_what_is_no_fault_of_a_file_keeps_its_traceback() -> None:
    def run(options: Namespace, language: Language) -> int:
        raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))

    with pytest.raises(ConnectionResetError):
        run_command(run, Namespace(), "en")
