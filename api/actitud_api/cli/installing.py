"""`init`: creates the tables, the first key and the first organisation of an installation."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from actitud_api.cli.common import CommandError, load_settings, open_database
from actitud_api.cli.first import read_first_organisation
from actitud_api.cli.readiness import catch_unreachable, create_tables
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.urls import hide_password, wrap_failures
from actitud_api.resources.organisations import service as organisations
from actitud_api.settings import Settings

OVERLAP: Final = timedelta(days=30)
"""Time before the end of the last key of an administrator at which another is created."""

KEY_DAYS: Final = range(OVERLAP.days + 1, access.DAYS_MAX + 1)
"""Days of a new key: more than the overlap, or each run would create another."""

_NO_DAYS = Texts(
    "--key-days: «{value}» no es un número de días, de 31 a 365",
    "--key-days: “{value}” is not a number of days, 31 to 365",
)
_DEFECTIVE = Texts("La metodología no es válida: {reason}", "The methodology is not valid: {reason}")
_DATABASE_MADE = Texts(
    "Base de datos: {database}, creada en la revisión {revision}.",
    "Database: {database}, created at revision {revision}.",
)
_DATABASE_THERE = Texts(
    "Base de datos: {database}, ya estaba en la revisión {revision}.",
    "Database: {database}, was there at revision {revision}.",
)
_METHODOLOGIES = Texts("Metodología: {versions}, comprobada.", "Methodology: {versions}, verified.")
_ORGANISATION_ADDED = Texts("Organización: {id}, {name}, añadida.", "Organisation: {id}, {name}, added.")
_ORGANISATION_THERE = Texts("Organización: {id}, {name}, ya estaba.", "Organisation: {id}, {name}, was there.")
_ORGANISATION_OTHER = Texts(
    "Ya hay organizaciones ({id}, {name}): init solo añade la primera. No se ha cambiado nada.",
    "There are organisations already ({id}, {name}): init adds only the first. Nothing was changed.",
)
_NO_ORGANISATION = Texts(
    "Organización: ninguna todavía. Añada la primera con\n"
    "  actitud-api init --organisation ID --name NOMBRE --kind TIPO\n"
    "o una lista con\n"
    "  actitud-api organisations import FICHERO",
    "Organisation: none yet. Add the first with\n"
    "  actitud-api init --organisation ID --name NAME --kind KIND\n"
    "or a list with\n"
    "  actitud-api organisations import FILE",
)
_KEY_MADE = Texts(
    "Clave de administración {id}, válida hasta {expires}. Guárdela ahora: no se vuelve a mostrar.",
    "Administrator key {id}, valid until {expires}. Keep it now: it is not shown again.",
)
_KEY_THERE = Texts(
    "Clave de administración: ya estaba {id}, válida hasta {expires}.",
    "Administrator key: {id} was there, valid until {expires}.",
)
_SIGNING_MADE = Texts(
    "Clave de firma: hecha, en {file}. Guarde una copia: no va en la de la base de datos.",
    "Signing key: made, in {file}. Keep a copy: it is not in that of the database.",
)
_UNWRITABLE = Texts("No se puede escribir en {folder}: {reason}", "Cannot write to {folder}: {reason}")
_NEXT = Texts(
    "Siguiente: actitud-api serve la sirve; actitud-api doctor dice qué falta.",
    "Next: actitud-api serve serves it; actitud-api doctor says what is missing.",
)


class InstallOutcome(Struct, frozen=True):
    """Organisation and administrator key of an installation after `init`.

    `added`: the organisation is new. `created`: the key is new, and this is the only time that its text is known.
    `kid`: the signing key that was made, None where there was one.
    """

    organisation: organisations.OrganisationRecord | None
    added: bool
    key: access.KeyRecord
    created: access.CreatedKey | None
    kid: str | None


class OrganisationDiffers(ValueError):
    """The installation has organisations, and not the one that was to be the first."""

    def __init__(self, record: organisations.OrganisationRecord) -> None:
        super().__init__(record.id)
        self.record = record


def run_init(options: argparse.Namespace, language: Language) -> int:
    """Run `init`; return its exit code."""
    settings = load_settings(options)
    first = read_first_organisation(options, language)
    days = int(options.key_days) if options.key_days.isdecimal() else 0
    if days not in KEY_DAYS:
        raise CommandError(_NO_DAYS.into(language).format(value=options.key_days), 2)
    try:
        versions = loader.verify_registered_digests()
    except loader.DefectiveMethodology as error:
        raise CommandError(_DEFECTIVE.into(language).format(reason=error.translate(language))) from error
    with open_database(settings, language) as database, catch_unreachable(settings, language):
        made, revision = create_tables(settings, database, language)
        try:
            outcome = install(database, settings, first, days=days, new_key=options.new_key, now=datetime.now(UTC))
        except OrganisationDiffers as error:
            text = _ORGANISATION_OTHER.into(language).format(id=error.record.id, name=error.record.name)
            raise CommandError(text) from error
        except OSError as error:
            text = _UNWRITABLE.into(language).format(folder=settings.signing_folder, reason=error.strerror)
            raise CommandError(text) from error
    tables = _DATABASE_MADE if made else _DATABASE_THERE
    lines = [
        tables.into(language).format(database=hide_password(settings.database_url), revision=revision),
        _METHODOLOGIES.into(language).format(versions=", ".join(versions)),
        *_describe_outcome(outcome, settings, language),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def install(
    database: Database,
    settings: Settings,
    first: organisations.OrganisationEntry | None,
    *,
    days: int,
    new_key: bool,
    now: datetime,
) -> InstallOutcome:
    """Create the first organisation and a key of an administrator unless they exist, in one transaction.

    Raises `OrganisationDiffers`, and then nothing has changed.
    """
    with wrap_failures(), database.write() as session:
        # Two that install at once take turns, on PostgreSQL too: the second finds what the first made.
        organisations.lock(session)
        there = organisations.list_page(database, organisations.OrganisationFilters(), after=None, offset=0, limit=1)
        organisation, added = (there[0] if there else None), False
        if first is not None:
            if organisation is not None:
                organisation = _check_same(session, first, organisation)
            else:
                organisation, added = organisations.create(session, first, now=now), True
        peppers = settings.peppers
        try:
            ledger.load_signer(session, settings.signing_folder)
            signs = True
        except ledger.SigningKeyFault as error:
            signs = error.code != "none"
        lasting = [
            record
            for record in access.list_administrators(session)
            if access.is_active(record, now + OVERLAP) and access.is_recognised(record, peppers)
        ]
        created = None
        if new_key or not lasting:
            created = access.create_key(session, peppers, role="administrator", days=days, now=now)
        kid = _create_organisation(
            session, settings, added=organisation if added else None, created=created, signs=signs, now=now
        )
        key = lasting[-1] if created is None else created.record
        return InstallOutcome(organisation, added, key, created, kid)


def _create_organisation(
    session: Session,
    settings: Settings,
    *,
    added: organisations.OrganisationRecord | None,
    created: access.CreatedKey | None,
    signs: bool,
    now: datetime,
) -> str | None:
    """Record the changes of an installation in the ledger; return the id of the signing key made for that."""
    if added is None and created is None and signs:
        return None
    event = ledger.Event(
        action="cli.init",
        actor=None,
        subject="/v1/organisations" if added is None else f"/v1/organisations/{added.id}",
        public=True,
        details={
            "organisation": None if added is None else added.id,
            "key": None if created is None else created.record.id,
        },
    )
    ledger.begin_ledger(session, ledger.find_host(settings.public_url), now)
    if signs:
        ledger.append_entry(session, event, now=now)
        return None
    return ledger.rotate_signing_key(session, settings.signing_folder, event, now=now).kid


def _check_same(
    session: Session, first: organisations.OrganisationEntry, other: organisations.OrganisationRecord
) -> organisations.OrganisationRecord:
    try:
        return organisations.find(session, first.id)
    except organisations.IdentifierIsAlias as error:
        return organisations.find(session, error.organisation)
    except organisations.UnknownOrganisation:
        raise OrganisationDiffers(other) from None


def _describe_outcome(outcome: InstallOutcome, settings: Settings, language: Language) -> list[str]:
    """Describe the outcome in lines; a new key stands alone in its line."""
    organisation = outcome.organisation
    if organisation is None:
        lines = [_NO_ORGANISATION.into(language)]
    else:
        text = _ORGANISATION_ADDED if outcome.added else _ORGANISATION_THERE
        lines = [text.into(language).format(id=organisation.id, name=organisation.name)]
    key = {"id": outcome.key.id, "expires": outcome.key.expires.date().isoformat()}
    if outcome.created is None:
        lines.append(_KEY_THERE.into(language).format(**key))
    else:
        lines += [_KEY_MADE.into(language).format(**key), outcome.created.text]
    if outcome.kid is not None:
        lines.append(
            _SIGNING_MADE.into(language).format(file=ledger.build_key_path(settings.signing_folder, outcome.kid))
        )
    return [*lines, _NEXT.into(language)]
