"""The command ``actitud``: rankings, sheets, scores and files of a service, from a shell (extra ``[cli]``).

Data go to standard output and messages to standard error. Exit codes: 0 done; 1 the service refuses, or a check fails;
2 wrong arguments, files or facts; 3 no answer from the service; 130 interrupted; 141 the program that reads the output
has ended.

``parsers`` defines every command and imports nothing slow; it names the function that runs a command, such as
``"reading.run_rank"``, whose module is imported when the command is run.
"""

from actitud.cli.command_line import main

__all__ = ["main"]
