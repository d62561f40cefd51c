"""Shared parts of the commands: the client, the language, errors, output."""

from __future__ import annotations

import argparse
import csv
import errno
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from actitud import Client
from actitud._html import Words
from actitud._model import Model
from actitud._version import __version__
from actitud.errors import ApiProblem, FieldError

_PIECE = 64 * 1024
_FORMULA = re.compile(
    r"""\A(?=['\t\r\n]|"*[=+\-@\uff1d\uff0b\uff0d\uff20])|(?<=[,;\t\r\n])(?='|"*[=+\-@\uff1d\uff0b\uff0d\uff20])"""
)
_SPANISH_ERRORS: Final[Mapping[int | None, str]] = {
    errno.ENOENT: "no existe ese fichero o esa carpeta",
    errno.EEXIST: "ya hay un fichero con ese nombre",
    errno.ENOTDIR: "no es una carpeta",
    errno.EISDIR: "es una carpeta, y no un fichero",
    errno.EACCES: "no hay permiso para abrirlo",
    errno.EROFS: "el disco es de solo lectura",
    errno.ENOSPC: "no queda sitio en el disco",
}
"""The errors of files that people meet, which Python says in English whatever the locale."""


class CommandError(Exception):
    """Raised to end a command with a message, the argument of the exception, and an exit code.

    ``code``: 1 if a check failed, 2 if arguments or files are wrong.
    """

    def __init__(self, text: str, code: int = 2) -> None:
        super().__init__(text)
        self.code = code


class Session:
    """One run of a command of ``actitud``: its options, its language and its client."""

    def __init__(self, options: argparse.Namespace, language: str) -> None:
        self.options = options
        self.language = language
        self.words: Words = Words(language)
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client, created on first use from the option ``--url`` and the environment.

        Raises ``CommandError`` if the URL or a variable of the environment cannot be used.
        """
        if self._client is None:
            # In Catalan, Basque and Galician the service answers in Spanish, as the command does.
            language = "es" if self.words.is_spanish else self.language
            try:
                self._client = Client(base_url=self.options.url, lang=language, app_info=("actitud-cli", __version__))
            except ValueError as error:
                raise CommandError(str(error)) from error
        return self._client

    def close(self) -> None:
        """Close the connections of the client."""
        if self._client is not None:
            self._client.close()

    def tell(self, spanish: str, english: str) -> None:
        """Write a message to standard error: ``spanish`` or ``english``, depending on the language of the session."""
        tell(self.words(spanish, english))


def tell(message: str) -> None:
    """Write a message of the command to standard error."""
    print(f"actitud: {message}", file=sys.stderr)


def describe_missing(words: Words, extra: str) -> str:
    """Describe how to install the libraries of an extra; of a checkout, which may not be published, from its folder."""
    folder = Path(__file__).parents[2]
    source = f"-e '{folder}[{extra}]'" if (folder / "pyproject.toml").is_file() else f"'actitud[{extra}]'"
    return f"{words('faltan bibliotecas', 'libraries are missing')}: {sys.executable} -m pip install {source}"


def describe_os_error(error: OSError, words: Words) -> str:
    """Describe in a sentence why a file cannot be read or written, with the name of the file if the error has it."""
    english = error.strerror or str(error)
    reason = words(_SPANISH_ERRORS.get(error.errno, english), english)
    return f"{error.filename}: {reason}" if error.filename else reason


def describe_refusal(error: ApiProblem, words: Words, source: str = "") -> list[str]:
    """Describe why the service refused a request, one line for each fault.

    A line names the pointer of the faulty value, the fault and, if it is known, the nearest valid value. A refusal
    without faults has one line, about the problem itself. ``source``: name of the file to which the pointers refer,
    empty if they refer to the arguments.
    """
    problem = error.problem
    lines = [_describe_fault(fault, words, source) for fault in problem.errors]
    return lines or [problem.detail or problem.title or str(error)]


def _describe_fault(fault: FieldError, words: Words, source: str) -> str:
    place = f"{source} {fault.pointer}".strip() or "/"
    text = f"{place}: {fault.detail or fault.rule}"
    if fault.suggestion is None or fault.states_suggestion:
        return text
    return text + words(f" (¿quiso decir «{fault.suggestion}»?)", f" (did you mean “{fault.suggestion}”?)")


def print_bytes(content: bytes) -> None:
    """Write the bytes of a file to standard output, piece by piece.

    If the program that reads the output ends early, ``BrokenPipeError`` is raised at the next piece.
    """
    sys.stdout.flush()
    for start in range(0, len(content), _PIECE):
        sys.stdout.buffer.write(content[start : start + _PIECE])
        sys.stdout.buffer.flush()


def print_json(value: object) -> None:
    """Write a model, or any other JSON value, to standard output as JSON."""
    plain = value.to_dict() if isinstance(value, Model) else value
    print(json.dumps(plain, ensure_ascii=False, indent=2))


def print_csv(rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows to standard output as CSV (RFC 4180), with the names of the first row as header.

    A text that a spreadsheet would run as a formula gets an apostrophe before it, as in the files of the service.
    """
    writer = csv.writer(sys.stdout)
    names: Sequence[str] | None = None
    for row in rows:
        if names is None:
            names = list(row)
            writer.writerow(names)
        writer.writerow(["" if row.get(name) is None else _format_cell(row[name]) for name in names])


def _format_cell(value: object) -> str:
    if isinstance(value, str):
        return _FORMULA.sub("'", value)
    return str(value).lower() if isinstance(value, bool) else str(value)
