"""Entry point of the command line: parse the arguments and run the command."""

from __future__ import annotations

import os
from collections.abc import Sequence

from actitud_api.cli.parsers import LIGHT, build_parser, detect_language, load_runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0, 1 if it failed, 2 if its arguments or the settings are invalid.

    Only the parsers are imported before the command is known, so that `--help` and completion in a shell stay fast.
    `arguments`: None for those of the process.
    """
    language = detect_language(os.environ)
    parser = build_parser(language)
    # argcomplete sets this variable when a shell asks for completions; otherwise its import would cost start-up time.
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)
    options = parser.parse_args(arguments)
    if options.run in LIGHT:
        return load_runner(options)(options, language)

    from actitud_api.cli.running import run_command

    return run_command(load_runner(options), options, language)
