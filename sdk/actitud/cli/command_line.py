"""Entry point of the command ``actitud``: parse the arguments, run the command, report errors, return the exit code."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper, UnsupportedOperation
from typing import Final, TextIO, cast

from actitud import errors
from actitud._html import Words
from actitud.cli.argument_texts import translate_arguments
from actitud.cli.common import CommandError, Session, describe_missing, describe_os_error, describe_refusal, tell
from actitud.cli.options_files import expand_arguments
from actitud.cli.parsers import build_parser

DONE: Final = 0
REFUSED: Final = 1
WRONG: Final = 2
NO_ANSWER: Final = 3
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141

_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command ``actitud`` and return its exit code.

    ``arguments``: ``None`` for the arguments of the process.
    """
    typed = sys.argv[1:] if arguments is None else arguments
    _prepare_output()
    try:
        given = expand_arguments(typed)
    except OSError as error:
        tell(describe_os_error(error, Words(find_language(typed, os.environ))))
        return WRONG
    except ValueError as error:
        tell(str(error))
        return WRONG
    language = find_language(given, os.environ)
    words = Words(language)
    with translate_arguments(is_spanish=words.is_spanish):
        options = build_parser(words).parse_args(given)
    if find_spec("rich") is None:
        # Both extras bring it; that of the counter brings what else a count needs.
        extra = "count" if options.run.startswith("counting.") else "cli"
        tell(describe_missing(words, extra))
        return WRONG
    session = Session(options, language)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _tell_warning
            return run(session)
    finally:
        session.close()


def _prepare_output() -> None:
    """Make standard output the same bytes on every system: UTF-8, with the line ends that the command writes.

    On Windows, Python writes a file or a pipe in the code page of the machine, which lacks signs of our texts, and
    spoils the line ends of CSV. A terminal gets what it can show.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="replace")
        else:
            sys.stdout.reconfigure(encoding="utf-8", errors="replace", newline="")


def find_language(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the language of the option ``--lang`` or, without it, the language of the locale.

    A locale in a language that is not one of Spain gives English. The function is called before the arguments are
    parsed, because the parser writes its help in this language.
    """
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang" and (equals or position + 1 < len(arguments)):
            return value if equals else arguments[position + 1]
    locale = next((environment[name] for name in _LOCALES if environment.get(name)), "")
    language = locale.partition(".")[0].partition("_")[0]
    return language if language in ("es", "ca", "eu", "gl") else "en"


def run(session: Session) -> int:
    """Run the command of a session and return its exit code.

    An error is not raised: it is written to standard error and determines the exit code.
    """
    words = session.words
    try:
        code = _load_runner(session.options)(session)
        sys.stdout.flush()
        return code
    except CommandError as error:
        tell(str(error))
        return error.code
    except errors.InvalidRequest as error:
        # Of all commands only `score` reads a file, and what it sends is that file.
        for line in describe_refusal(error, words, getattr(session.options, "file", "")):
            tell(line)
        return WRONG
    except errors.ApiProblem as error:
        for line in describe_refusal(error, words):
            tell(line)
        return REFUSED
    except (errors.NoAnswer, errors.UnexpectedResponse) as error:
        address = session.client._core.base_url
        tell(words(f"sin respuesta de {address}: {error}", f"no answer from {address}: {error}"))
        return NO_ANSWER
    except ValueError as error:
        tell(str(error))
        return WRONG
    except BrokenPipeError:
        _discard_output()
        return NOBODY_READS
    except OSError as error:
        # Only standard output has no name here: a file on a full disk, as a rule.
        if error.filename is None:
            _discard_output()
        tell(describe_os_error(error, words))
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED


def _discard_output() -> None:
    """Send the rest of standard output nowhere: the interpreter would fail to write it once more at its end."""
    with suppress(UnsupportedOperation):
        output = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), output)


def _load_runner(options: argparse.Namespace) -> Callable[[Session], int]:
    module, _, name = str(options.run).partition(".")
    return cast("Callable[[Session], int]", getattr(import_module(f"actitud.cli.{module}"), name))


def _tell_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    tell(str(message))
