"""Shared helpers of the commands: errors, settings, database, language, output, progress."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from actitud_api.cli.parsers import STANDARD_INPUT
from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import is_supported
from actitud_api.settings import FaultySettings, Settings, SettingsFault, read_settings

_UNUSABLE = Texts(
    "El servicio no funciona sobre esa base de datos: {reason}", "The service does not run on that database: {reason}"
)
_NO_LANG = Texts("--lang: «{value}» no es un idioma: {languages}", "--lang: “{value}” is not a language: {languages}")
NO_EDITION = Texts("No hay ninguna edición {edition}.", "There is no edition {edition}.")
_UNREADABLE = Texts("No se puede leer {file}: {reason}", "Cannot read {file}: {reason}")
_UNWRITABLE = Texts("No se puede escribir {file}: {reason}", "Cannot write {file}: {reason}")
_REASONS: Final[Mapping[int | None, Texts]] = {
    errno.ENOENT: Texts("no existe", "No such file or directory"),
    errno.EEXIST: Texts("ya existe", "File exists"),
    errno.ENOTDIR: Texts("no es una carpeta", "Not a directory"),
    errno.EISDIR: Texts("es una carpeta", "Is a directory"),
    errno.EACCES: Texts("no hay permiso", "Permission denied"),
    errno.EROFS: Texts("el disco es de solo lectura", "Read-only file system"),
    errno.ENOSPC: Texts("no queda sitio en el disco", "No space left on device"),
    errno.EDQUOT: Texts("no queda sitio en su cuota de disco", "Disk quota exceeded"),
    errno.EFBIG: Texts("el fichero es demasiado grande", "File too large"),
}
"""Why a file cannot be read or written, which Python says in English whatever the locale."""


class CommandError(Exception):
    """Raised to end a command with a message for standard error and an exit code.

    `code`: the exit code; 1 if the command failed, 2 if its input is invalid.
    """

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


def load_settings(options: argparse.Namespace) -> Settings:
    """Return the settings of the process, overridden by the options of the command.

    Raises:
        FaultySettings: A setting is invalid, or the database URL names an unsupported kind of database.
    """
    given = {name: vars(options).get(name) for name in ("host", "port", "workers")}
    overrides = {"database_url": options.database, **given}
    settings = read_settings(os.environ, Path(), {name: text for name, text in overrides.items() if text is not None})
    if not is_supported(settings.database_url):
        raise FaultySettings([SettingsFault("database_url", "invalid", "database_url")])
    return settings


@contextmanager
def open_database(settings: Settings, language: Language) -> Iterator[Database]:
    """Open the database of the settings, and close it at the end of the block.

    Raises:
        CommandError: The database URL is not supported (exit code 2).
    """
    with catch_unusable(language):
        database = Database(settings.database_url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def catch_unusable(language: Language) -> Iterator[None]:
    """Convert a `ValueError` in the `with` block to a `CommandError` that says that the database URL is not supported.

    Use it around the code that opens a database. The exit code is 2.
    """
    try:
        yield
    except ValueError as error:
        raise CommandError(_UNUSABLE.into(language).format(reason=error), 2) from error


def choose_language(options: argparse.Namespace, language: Language) -> Language:
    """Return the language that the option `--lang` names, or `language` without this option.

    Raises:
        CommandError: The option names no supported language (exit code 2).
    """
    if options.lang is None:
        return language
    known = next((supported for supported in LANGUAGES if supported == options.lang), None)
    if known is None:
        values = {"value": options.lang, "languages": ", ".join(LANGUAGES)}
        raise CommandError(_NO_LANG.into(language).format(**values), 2)
    return known


def read_content(file: str, language: Language) -> bytes:
    """Return the bytes of a file, or of standard input for the name `-`.

    Raises:
        CommandError: The file cannot be read (exit code 2).
    """
    try:
        return sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise build_read_error(file, error, language) from error


def build_read_error(file: str | Path, reason: OSError | str, language: Language, code: int = 2) -> CommandError:
    """Return the error of a command that cannot read a file. `reason`: why, as an exception or as text."""
    text = reason if isinstance(reason, str) else get_reason(reason, language)
    return CommandError(_UNREADABLE.into(language).format(file=file, reason=text), code)


@contextmanager
def open_output(file: Path, mode: Literal["wb", "xb"], language: Language) -> Iterator[Callable[[bytes], None]]:
    """Open a file, and close it at the end of the block.

    The value of the `with` statement is a function that writes bytes to the file. `mode`: `wb` replaces a file, `xb`
    only creates one, and deletes it if the block fails.

    Raises:
        CommandError: The file cannot be opened or written (exit code 2).
    """
    with catch_unwritable(file, language):
        content = file.open(mode)

    def write(piece: bytes) -> None:
        with catch_unwritable(file, language):
            content.write(piece)

    try:
        yield write
        with catch_unwritable(file, language):
            content.close()
    except BaseException:
        # On a full disk the rest of the buffer cannot be written at the close either: the first error is told.
        with suppress(OSError):
            content.close()
        if mode == "xb":
            file.unlink()
        raise


@contextmanager
def catch_unwritable(file: Path, language: Language) -> Iterator[None]:
    """Convert an `OSError` in the `with` block to a `CommandError` that says why the file cannot be written.

    The exit code is 2.
    """
    try:
        yield
    except OSError as error:
        text = _UNWRITABLE.into(language).format(file=file, reason=get_reason(error, language))
        raise CommandError(text, 2) from error


def is_file_error(error: OSError) -> bool:
    """Return True if an error is about a file or a disk, as people meet it, and not about a connection or a process."""
    return error.errno in _REASONS


def get_reason(error: OSError, language: Language) -> str:
    """Return the reason why a file cannot be read or written, as text in a language."""
    reason = _REASONS.get(error.errno)
    return error.strerror or str(error) if reason is None else reason.into(language)


def print_renderable(renderable: RenderableType) -> None:
    """Print a Rich renderable to standard output, as wide as the terminal, without spaces at line ends."""
    console = Console(highlight=False)
    # Rich pads table cells to the full width; the padding would end up in redirected files.
    with console.capture() as captured:
        console.print(renderable)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def render_marked(mark: str, text: str) -> Table:
    """Return a paragraph with a mark, such as `-`, in the left margin."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(mark, Text(text, overflow="fold"))
    return grid


def render_list(title: str, items: Sequence[str]) -> Iterator[RenderableType]:
    """Yield an empty line, a title in bold and the items, each with a mark; nothing if there are no items."""
    if items:
        yield Text()
        yield Text(title, style="bold")
        yield from (render_marked("-", item) for item in items)


@contextmanager
def show_job(text: str, total: int | None) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar of a job on standard error while the `with` block runs.

    The value of the `with` statement is a function that updates the bar; its arguments are the number of items done and
    the total number of items. A total of None means that the number is not known yet. `text` is shown before the bar.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextmanager
def show_progress(text: str, total: int, *, quiet: bool = False) -> Iterator[Callable[[], None]]:
    """Show a progress bar of `total` steps on standard error while the `with` block runs.

    The value of the `with` statement is a function that advances the bar by one step. `text` is shown before the bar.
    Where standard error is no terminal, only the last state of the bar is written, or nothing if `quiet`.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet and not console.is_terminal) as bar:
        task = bar.add_task(text, total=total)
        yield lambda: bar.advance(task)
