"""`openapi`: write the OpenAPI document, or compare a file with it."""

from __future__ import annotations

import argparse

from actitud_api.app import create_app
from actitud_api.cli.common import CommandError
from actitud_api.engine.i18n import Language, Texts
from actitud_api.settings import Settings

_DIFFERS = Texts(
    "{file} no es el documento de este código: `make openapi` lo escribe.",
    "{file} is not the document of this code: `make openapi` writes it.",
)


def run_openapi(options: argparse.Namespace, language: Language) -> int:
    """Write the OpenAPI document to a file, or compare the file with it, and return exit code 0.

    The document depends on the code alone, not on the settings of this machine.

    Raises:
        CommandError: With `--check`, the file differs from the document.
    """
    # Default settings, so that the document does not depend on the environment of this machine.
    document: bytes = create_app(Settings()).state["document"]
    if not options.check:
        options.file.write_bytes(document)
    elif not options.file.is_file() or options.file.read_bytes() != document:
        raise CommandError(_DIFFERS.into(language).format(file=options.file))
    return 0
