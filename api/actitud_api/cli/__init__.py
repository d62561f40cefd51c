"""The command line, `actitud-api`: installs, serves, checks, copies, demonstrates, imports."""

from actitud_api.cli.command_line import main

__all__ = ["main"]
