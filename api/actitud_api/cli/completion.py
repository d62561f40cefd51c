"""`completion`: print the script that lets a shell complete the commands."""

from __future__ import annotations

import argparse
import sys

from argcomplete.shell_integration import shellcode

from actitud_api.engine.i18n import Language


def run_completion(options: argparse.Namespace, _: Language) -> int:
    """Run `completion`: print the script by which a shell completes commands, and return exit code 0.

    The script calls this program at each completion, so it always knows the commands of the installed version.
    """
    sys.stdout.write(shellcode(["actitud-api"], shell=options.shell))
    return 0
