"""The command line, `actitud-api`: a module for each group of commands.

`parsers` has every command with its options and help, and imports nothing heavy; it names the function that runs a
command, `"keys.run_create"`, which is imported once it is chosen. A new command: its parser there, its work in a module
of its own, and its name in `README.md` where people look for it.
"""

from actitud_api.cli.command_line import main

__all__ = ["main"]
