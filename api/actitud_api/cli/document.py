"""`openapi`: writes the OpenAPI document, or checks the one that is written."""

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
    """Write or check the OpenAPI document, which follows from the code alone and no setting of this machine."""
    document: bytes = create_app(Settings()).state["document"]
    if not options.check:
        options.file.write_bytes(document)
    elif not options.file.is_file() or options.file.read_bytes() != document:
        raise CommandError(_DIFFERS.into(language).format(file=options.file))
    return 0
