"""Entry point of the command line: parse the arguments and run the command."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from actitud_api.cli.argument_texts import translate_arguments
from actitud_api.cli.parsers import LIGHT, build_parser, detect_language, find_language, load_runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 if it failed, 2 if its arguments or the settings are invalid.

    Only the parsers are imported before the command is known, so that `--help` and completion in a shell stay fast.
    `arguments`: None for the arguments of the process.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    language = detect_language(os.environ)
    spoken = find_language(given) or language
    with translate_arguments(is_spanish=spoken == "es"):
        parser = build_parser(spoken)
        # argcomplete sets this variable when a shell asks for completions; its import would cost start-up time.
        if "_ARGCOMPLETE" in os.environ:
            import argcomplete

            argcomplete.autocomplete(parser)
        options = parser.parse_args(given)
    if options.run in LIGHT:
        return load_runner(options)(options, language)

    owns_process = arguments is None
    with _pause_collection(owns_process=owns_process):
        from actitud_api.cli.running import run_command

        run = load_runner(options)
    code = run_command(run, options, language)
    if owns_process:
        # Else the interpreter searches all that it holds once more at its end: 0.3 s for a command of 0.1 s.
        gc.freeze()
    return code


@contextmanager
def _pause_collection(*, owns_process: bool) -> Iterator[None]:
    """Search no garbage while the block imports modules: that took a quarter of their time, and finds next to none.

    `owns_process`: leave what is imported out of each later search too, because no one else imports in this process.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if owns_process:
            gc.freeze()
        if was_enabled:
            gc.enable()
