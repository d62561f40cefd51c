"""`openapi`: write the OpenAPI document, or compare a file with it or with the document of another release."""

from __future__ import annotations

import argparse
from pathlib import Path

from actitud_api.cli.common import CommandError, open_output
from actitud_api.cli.compatibility.report import check_compatibility
from actitud_api.engine.i18n import Language, Texts
from actitud_api.settings import Settings

_DIFFERS = Texts(
    "{file} no es el documento de este código: `make openapi` lo escribe.",
    "{file} is not the document of this code: `make openapi` writes it.",
)


def run_openapi(options: argparse.Namespace, language: Language) -> int:
    """Run `openapi`: write the OpenAPI document to a file, or compare the file with it, and return exit code 0.

    With `--methodology-schema`, write or compare the JSON Schema of methodology documents instead. Both documents
    depend only on the code, not on the settings of this machine. With `--compatible-with`, only compare the file with
    the document of another release.

    Raises:
        CommandError: A file cannot be written (exit code 2). With `--check`, a file differs from its document. With
            `--compatible-with`, the file breaks clients of the other release.
    """
    if options.compatible_with is not None:
        check_compatibility(options.file, options.compatible_with, options.accepted, language)
        return 0

    # Not at the top: to compare two files takes none of the service, whose import takes a second.
    from actitud_api.app import create_app
    from actitud_api.platform.http.openapi import format_document
    from actitud_api.resources.methodologies.service import encode_document_schema

    # Default settings, so that the document does not depend on the environment of this machine.
    documents: dict[Path, bytes] = {options.file: create_app(Settings()).state["document"].read()}
    if options.methodology_schema is not None:
        documents[options.methodology_schema] = encode_document_schema()
    for file, document in documents.items():
        formatted = format_document(document)
        if not options.check:
            with open_output(file, "wb", language) as write:
                write(formatted)
        elif not file.is_file() or file.read_bytes() != formatted:
            raise CommandError(_DIFFERS.into(language).format(file=file))
    return 0
