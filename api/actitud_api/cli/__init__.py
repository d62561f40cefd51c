"""Command line `actitud-api`, with one module for each group of commands.

`parsers` defines every command with its options and help, and imports nothing slow. It names the function that runs a
command, such as `"keys.run_create"`; the module is imported when the command is run. To add a command, put its parser
there, its work in a module of its own, and its name in `README.md`.

A function `run_…` receives the parsed options and the language of the output, and returns the exit code. It raises
`CommandError` to end the command with a message.
"""

from actitud_api.cli.command_line import main

__all__ = ["main"]
