"""`erase`: erase the personal data of an assessment, or of one of its answers."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from typing import Final

import msgspec

from actitud_api.cli.common import NO_EDITION, CommandError, load_settings
from actitud_api.cli.readiness import open_ready_database
from actitud_api.cli.scoring import describe_faults
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.free_text import Reason
from actitud_api.engine.narration import words
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments.transitions import UnknownAssessment
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations.service import IdentifierIsAlias
from actitud_api.resources.publications import erasure
from actitud_api.resources.reviews.service import UnknownIndicator

_NO_ASSESSMENT = Texts(
    "La organización {organisation} no tiene ninguna evaluación en la edición {edition}.",
    "The organisation {organisation} has no assessment in the edition {edition}.",
)
_ALIAS = Texts(
    "{organisation} es otro identificador de {id}: use {id}.",
    "{organisation} is another identifier of {id}: use {id}.",
)
_NO_INDICATOR = Texts(
    "La metodología no tiene ningún indicador {indicator}.", "The methodology has no indicator {indicator}."
)
_CHANGED = Texts(
    "La edición {edition} ha cambiado mientras tanto: vuelva a intentarlo.",
    "The edition {edition} has changed meanwhile: try again.",
)
_INVALID = Texts("No se ha borrado nada. Fallos: {count}.", "Nothing was erased. Faults: {count}.")
_NOTHING = Texts("No queda nada que borrar.", "There is nothing left to erase.")
_ERASED = Texts("Se ha borrado para siempre:", "Erased for good:")
_WOULD_ERASE = Texts("Se borraría para siempre:", "This would be erased for good:")
_COUNTS: Final = {
    "rows": Texts(
        "documentos, notas y explicaciones en {count} registros",
        "documents, notes and explanations in {count} records",
    ),
    "reasons": Texts("motivos de la revisión: {count}", "reasons of the review: {count}"),
    "replies": Texts("alegaciones: {count}", "replies: {count}"),
    "openings": Texts(
        "entradas del libro de cambios que dejan de decir a qué se refieren: {count}",
        "entries of the ledger that no longer say what they are about: {count}",
    ),
}
_STAYS = Texts(
    "Puntuaciones, dictámenes y documentos firmados siguen como estaban. Las copias de seguridad anteriores conservan "
    "lo borrado: sustitúyalas.",
    "Scores, verdicts and signed documents stay as they were. Earlier backups keep what was erased: replace them.",
)


class _Request(msgspec.Struct, frozen=True):
    reason: Reason


def run_erase(options: argparse.Namespace, language: Language) -> int:
    """Run `erase`: erase the personal data of an assessment, print how much was erased, and return exit code 0.

    With `--dry-run` nothing is changed.

    Raises:
        CommandError: There is no such edition, assessment or indicator, or the reason is invalid (exit code 2).
    """
    settings = load_settings(options)
    request = Body(_Request).convert({"reason": options.reason})
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _INVALID, language)), 2)
    named = {"edition": options.edition, "organisation": options.organisation, "indicator": options.indicator}
    with open_ready_database(settings, language, writes=True) as database:
        try:
            with database.write() as session:
                counts = erasure.erase(session, **named, reason=request.reason, now=datetime.now(UTC))
                if options.dry_run:
                    session.rollback()
        except UnknownEdition as error:
            raise CommandError(NO_EDITION.into(language).format(**named), 2) from error
        except UnknownAssessment as error:
            raise CommandError(_NO_ASSESSMENT.into(language).format(**named), 2) from error
        except IdentifierIsAlias as error:
            text = _ALIAS.into(language).format(organisation=options.organisation, id=error.organisation)
            raise CommandError(text, 2) from error
        except UnknownIndicator as error:
            raise CommandError(_NO_INDICATOR.into(language).format(**named), 2) from error
        except StaleVersion as error:
            raise CommandError(_CHANGED.into(language).format(**named)) from error
    sys.stdout.write("".join(f"{line}\n" for line in _describe(counts, language, dry_run=options.dry_run)))
    return 0


def _describe(counts: erasure.ErasureCounts, language: Language, *, dry_run: bool) -> list[str]:
    if counts.is_empty:
        return [_NOTHING.into(language)]
    found = {name: count for name in counts.__struct_fields__ if (count := getattr(counts, name))}
    told = (
        _COUNTS[name].into(language).format(count=words.format_number(count, language)) for name, count in found.items()
    )
    return [
        (_WOULD_ERASE if dry_run else _ERASED).into(language),
        *(f"- {text}" for text in told),
        _STAYS.into(language),
    ]
