"""`completion`: prints the script by which a shell completes the commands."""

from __future__ import annotations

import argparse
import sys

from argcomplete.shell_integration import shellcode

from actitud_api.engine.i18n import Language


def run_completion(options: argparse.Namespace, _: Language) -> int:
    """Write the script, which asks this program at each press of the key, so that it knows the installed version."""
    sys.stdout.write(shellcode(["actitud-api"], shell=options.shell))
    return 0
