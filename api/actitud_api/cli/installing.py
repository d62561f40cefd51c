"""`init`: create the tables of an installation, its first organisation and its first keys."""

from __future__ import annotations

import argparse
import shlex
import sys
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec import Struct

from actitud_api.cli.common import CommandError, get_reason, load_settings
from actitud_api.cli.first import read_first_organisation
from actitud_api.cli.locking import open_database_to_write
from actitud_api.cli.readiness import catch_unreachable, create_tables
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.urls import hide_password, wrap_failures
from actitud_api.resources.organisations import service as organisations
from actitud_api.settings import Settings

OVERLAP: Final = timedelta(days=30)
"""Remaining life of an administrator key at which `init` creates the next one.

For this time both keys are valid, so that nobody is locked out while the new one is taken into use.
"""

KEY_DAYS: Final = range(OVERLAP.days + 1, access.DAYS_MAX + 1)
"""Allowed lives of a new key in days. All are longer than `OVERLAP`; else each run would create a key."""

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
_NO_DOMAIN = Texts(
    "  No consta ningún dominio suyo: sus documentos no cuentan todavía. Se apunta con el servicio en marcha:\n"
    '  PATCH /v1/organisations/{id}, con {{"domains": ["ayuntamiento.example"]}}',
    "  No domain is on record for it, so its documents do not count yet. Enter it while the service runs:\n"
    '  PATCH /v1/organisations/{id}, with {{"domains": ["townhall.example"]}}',
)
_ORGANISATION_OTHER = Texts(
    "Ya hay organizaciones ({id}, {name}): init solo añade la primera. No se ha cambiado nada.",
    "There are organisations already ({id}, {name}): init adds only the first. Nothing was changed.",
)
_NO_ORGANISATION = Texts(
    "Organización: ninguna todavía. Añada la primera con\n"
    "  actitud-api init{option} --organisation ID --name NOMBRE --kind TIPO --domain DOMINIO\n"
    "o una lista con\n"
    "  actitud-api organisations import{option} FICHERO",
    "Organisation: none yet. Add the first with\n"
    "  actitud-api init{option} --organisation ID --name NAME --kind KIND --domain DOMAIN\n"
    "or a list with\n"
    "  actitud-api organisations import{option} FILE",
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
    "Siguiente: actitud-api serve{option} la sirve; actitud-api doctor{option} dice qué falta.",
    "Next: actitud-api serve{option} serves it; actitud-api doctor{option} says what is missing.",
)


class InstallOutcome(Struct, frozen=True):
    """Result of setting up an installation: its first organisation and its keys.

    Attributes:
        organisation: First organisation that is stored, None if there is none.
        added: True if this run created the organisation.
        key: Valid administrator key, without its secret.
        created: The same key with its text, which cannot be shown later; None if an earlier run created the key.
        kid: Id of the signing key that this run created, None if it created none.
    """

    organisation: organisations.OrganisationRecord | None
    added: bool
    key: access.KeyRecord
    created: access.CreatedKey | None
    kid: str | None


class OrganisationDiffers(ValueError):
    """Raised by `install` if organisations exist, but not the organisation that the options of `init` describe.

    `record`: the first of the existing organisations.
    """

    def __init__(self, record: organisations.OrganisationRecord) -> None:
        super().__init__(record.id)
        self.record = record


def run_init(options: argparse.Namespace, language: Language) -> int:
    """Run `init`: set up an installation, print the outcome with the text of a new key, and return exit code 0.

    A second run with the same options changes nothing.

    Raises:
        CommandError: The options are invalid, the database cannot be used, or other organisations exist.
    """
    settings = load_settings(options)
    first = read_first_organisation(options, language)
    days = int(options.key_days) if options.key_days.isdecimal() else 0
    if days not in KEY_DAYS:
        raise CommandError(_NO_DAYS.into(language).format(value=options.key_days), 2)
    try:
        versions = loader.verify_registered_digests()
    except loader.DefectiveMethodology as error:
        raise CommandError(_DEFECTIVE.into(language).format(reason=error.translate(language))) from error
    with open_database_to_write(settings, language) as database, catch_unreachable(settings, language):
        is_new, revision = create_tables(settings, database, language)
        try:
            outcome = install(database, settings, first, days=days, new_key=options.new_key, now=datetime.now(UTC))
        except OrganisationDiffers as error:
            text = _ORGANISATION_OTHER.into(language).format(id=error.record.id, name=error.record.name)
            raise CommandError(text) from error
        except OSError as error:
            text = _UNWRITABLE.into(language).format(folder=settings.signing_folder, reason=get_reason(error, language))
            raise CommandError(text) from error
    tables = _DATABASE_MADE if is_new else _DATABASE_THERE
    lines = [
        tables.into(language).format(database=hide_password(settings.database_url), revision=revision),
        _METHODOLOGIES.into(language).format(versions=", ".join(versions)),
        *_describe_outcome(outcome, settings, _repeat_option(options), language),
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
    """Create the first organisation, an administrator key and a signing key, unless they exist; return the outcome.

    Organisation and administrator key are created in one transaction.

    Args:
        database: Database of the installation.
        settings: Settings of the installation.
        first: Organisation to create, or None to create none.
        days: Life of a new administrator key in days.
        new_key: Create an administrator key even if a valid one exists.
        now: Time of creation.

    Raises:
        OrganisationDiffers: There are organisations, but `first` is not among them; then nothing has changed.
        OSError: The file of the signing key cannot be written.
    """
    with wrap_failures(), database.write() as session:
        # Concurrent runs execute one after another, on PostgreSQL too: the second finds the rows of the first.
        organisations.lock(session)
        existing = organisations.list_page(database, organisations.OrganisationFilters(), PageRange(limit=1))
        organisation, added = (existing[0] if existing else None), False
        if first is not None:
            if organisation is not None:
                organisation = _find_same_organisation(session, first, organisation)
            else:
                organisation, added = organisations.create(session, first, now=now), True
        peppers = settings.peppers
        try:
            ledger.load_signer(session, settings.signing_folder)
            signs = True
        except ledger.SigningKeyFault as error:
            # A key that exists but cannot be used is not replaced: `doctor` explains how to restore it.
            signs = error.code != "none"
        valid_keys = [
            record
            for record in access.list_administrators(session)
            if access.is_active(record, now + OVERLAP) and access.is_recognised(record, peppers)
        ]
        created = None
        if new_key or not valid_keys:
            created = access.create_key(session, peppers, role="administrator", days=days, now=now)
        kid = _record_installation(
            session, settings, added=organisation if added else None, created=created, signs=signs, now=now
        )
        key = valid_keys[-1] if created is None else created.record
        return InstallOutcome(organisation, added, key, created, kid)


def _record_installation(
    session: Session,
    settings: Settings,
    *,
    added: organisations.OrganisationRecord | None,
    created: access.CreatedKey | None,
    signs: bool,
    now: datetime,
) -> str | None:
    """Append one entry to the ledger for everything that `init` has created, and create a missing signing key.

    Return the id of the signing key created here, or None. `added` and `created` are the organisation and the
    key that this run created, None if it did not. `signs`: True if a signing key exists already. If nothing at
    all was created, no entry is appended.
    """
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


def _find_same_organisation(
    session: Session, first: organisations.OrganisationEntry, other: organisations.OrganisationRecord
) -> organisations.OrganisationRecord:
    try:
        return organisations.find(session, first.id)
    except organisations.IdentifierIsAlias as error:
        return organisations.find(session, error.organisation)
    except organisations.UnknownOrganisation:
        raise OrganisationDiffers(other) from None


def _repeat_option(options: argparse.Namespace) -> str:
    """Return the option `--database` as it was typed, for the commands that follow, else empty.

    Without it they would be about another database. A URL with a password is not repeated.
    """
    if options.database is None:
        return ""
    is_secret = hide_password(options.database) != options.database
    return f" --database {'URL' if is_secret else shlex.quote(options.database)}"


def _describe_outcome(outcome: InstallOutcome, settings: Settings, option: str, language: Language) -> list[str]:
    """Return the lines that describe the outcome; the text of a new key has its own line.

    `option`: the option that commands need to be about the same database, or empty.
    """
    organisation = outcome.organisation
    if organisation is None:
        lines = [_NO_ORGANISATION.into(language).format(option=option)]
    else:
        text = _ORGANISATION_ADDED if outcome.added else _ORGANISATION_THERE
        lines = [text.into(language).format(id=organisation.id, name=organisation.name)]
        if not organisation.domains:
            lines.append(_NO_DOMAIN.into(language).format(id=organisation.id))
    key = {"id": outcome.key.id, "expires": outcome.key.expires.date().isoformat()}
    if outcome.created is None:
        lines.append(_KEY_THERE.into(language).format(**key))
    else:
        lines += [_KEY_MADE.into(language).format(**key), outcome.created.text]
    if outcome.kid is not None:
        lines.append(
            _SIGNING_MADE.into(language).format(file=ledger.build_key_path(settings.signing_folder, outcome.kid))
        )
    return [*lines, _NEXT.into(language).format(option=option)]
