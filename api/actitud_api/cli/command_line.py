"""Entry point: parses the command line and runs its command."""

from __future__ import annotations

import os
from collections.abc import Sequence

from actitud_api.cli.parsers import LIGHT, build_parser, detect_language, load_runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, 1 if it failed, or 2 if it was called or set up wrongly.

    Only the parsers are imported here: completion in a shell and `--help` wait for no more than these.
    """
    language = detect_language(os.environ)
    line = build_parser(language)
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(line)
    options = line.parse_args(arguments)
    if options.run in LIGHT:
        return load_runner(options)(options, language)

    from actitud_api.cli.running import run_command

    return run_command(load_runner(options), options, language)
