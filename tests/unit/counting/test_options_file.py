"""Options of a count in a file: one in each line, with spaces in its value and no quotation marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from actitud.cli import main
from actitud.cli.options_files import expand_arguments


def test_lines_become_options(tmp_path: Path) -> None:
    path = tmp_path / "options.txt"
    lines = (
        "# of 2027",
        "",
        "--year 2027",
        "  --account x:ayto=Ayuntamiento de 'Fábula' ",
        "--electoral",
        "more files",
    )
    path.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    assert expand_arguments(["count", "exports", f"@{path}", "--year=2028"]) == [
        *("count", "exports", "--year", "2027", "--account", "x:ayto=Ayuntamiento de 'Fábula'"),
        *("--electoral", "more files", "--year=2028"),
    ]


def test_other_commands_take_arguments_as_they_are() -> None:
    assert expand_arguments(["rank", "@latest"]) == ["rank", "@latest"]
    assert expand_arguments([]) == []


@pytest.mark.parametrize(
    ("content", "said"), [(None, "options.txt: No such file"), (b"--year \xf1", "options.txt: UTF-8")]
)
def test_a_file_that_cannot_be_read_is_said(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "options.txt"
    if content is not None:
        path.write_bytes(content)
    assert main(["count", "exports", f"@{path}"]) == 2
    assert said in capsys.readouterr().err


def test_a_file_that_there_is_not_is_said_in_the_language_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["count", "exports", "@opciones.txt", "--lang", "es"]) == 2
    assert capsys.readouterr().err == "actitud: opciones.txt: no existe ese fichero o esa carpeta\n"


def test_the_language_of_the_file_is_spoken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "options.txt"
    path.write_text("--lang es\n--account ayto\n", "utf-8")
    assert main(["count", "exports", f"@{path}"]) == 2
    assert "se espera red:nombre" in capsys.readouterr().err
