"""`keys`: makes a key and shows it once, lists them without their secrets, ends one that leaked or is not needed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from actitud_api.access import service as access
from actitud_api.cli.common import Added, CommandError, Run, opened, settings_of, takes_database
from actitud_api.cli.readiness import check_ready, reaching
from actitud_api.editions import service as editions
from actitud_api.http.negotiation import Texts
from actitud_api.ledger import service as ledger
from actitud_api.methodology.model import Language
from actitud_api.organisations import service as organisations
from actitud_api.storage.places import failures

ROLES: Final = get_args(access.Role)
_LISTED = ", ".join(ROLES)
_NOT_OF_EDITIONS: Final = frozenset(ROLES) - access.OF_EDITIONS

_KEYS = Texts("claves", "keys")
_CREATE = Texts("hace una clave y la enseña una sola vez", "make a key and show it once")
_LIST = Texts("lista las claves, sin sus secretos", "list the keys, without their secrets")
_REVOKE = Texts("acaba con una clave", "end a key")
_ROTATE = Texts(
    "hace otra clave de firma y retira la anterior, que sigue valiendo para lo que firmó",
    "make another signing key and retire the one before, which still holds for what it signed",
)
_ROLE = Texts("para qué vale: {roles}", "what it is for: {roles}")
_ORGANISATION = Texts(
    "organización para la que actúa, que ya tiene que estar; se repite para varias; hace falta con organisation_reader "
    "y organisation_editor, y con ningún otro papel",
    "an organisation that it acts for, which is there already; repeated for several; needed with organisation_reader "
    "and organisation_editor, and with no other role",
)
_EDITION = Texts(
    "edición para la que vale, que ya tiene que estar; se repite para varias; solo con assessor y publisher, que sin "
    "ella valen para todas",
    "an edition that it is for, which is there already; repeated for several; only with assessor and publisher, which "
    "without it are for all of them",
)
_DAYS = Texts("días que vale, de 1 a {most} ({most})", "days that it lasts, 1 to {most} ({most})")
_ID = Texts(
    "identificador de la clave: los 12 caracteres que siguen a actl_", "id of the key: the 12 characters after actl_"
)

_NO_ROLE = Texts("--role: «{value}» no es un papel: {roles}", "--role: “{value}” is not a role: {roles}")
_MISSING_ROLE = Texts("--role: hace falta: {roles}", "--role: needed: {roles}")
_MISSING_ORGANISATION = Texts(
    "--organisation: hace falta con --role {role}", "--organisation: needed with --role {role}"
)
_NO_BINDING = Texts("--{option}: no va con --role {role}", "--{option}: does not go with --role {role}")
_NO_DAYS = Texts(
    "--days: «{value}» no es un número de días, de 1 a {most}",
    "--days: “{value}” is not a number of days, 1 to {most}",
)
_NO_ORGANISATION = Texts(
    "No hay ninguna organización {id}. No se ha hecho ninguna clave.",
    "There is no organisation {id}. No key was made.",
)
_NO_EDITION = Texts(
    "No hay ninguna edición {id}. No se ha hecho ninguna clave.", "There is no edition {id}. No key was made."
)
_MADE = Texts(
    "Clave {id}, con papel {role}, para {bound}, válida hasta {expires}. Guárdela ahora: no se vuelve a mostrar.",
    "Key {id}, with the role {role}, for {bound}, valid until {expires}. Keep it now: it is not shown again.",
)
_INSTALLATION = Texts("toda la instalación", "the whole installation")
_ALL_EDITIONS = Texts("todas las ediciones", "all editions")
_EMPTY = Texts("No hay ninguna clave.", "There are no keys.")
_COLUMNS: Final = (
    Texts("clave", "key"),
    Texts("papel", "role"),
    Texts("para", "for"),
    Texts("hecha", "created"),
    Texts("caduca", "expires"),
    Texts("estado", "state"),
)
_VALID = Texts("vale", "valid")
_ENDED = Texts("caducada", "expired")
_OVER = Texts("revocada", "revoked")
_PEPPER = Texts("de otro key_pepper", "of another key_pepper")
_REVOKED = Texts("La clave {id} ya no vale.", "The key {id} holds no more.")
_ROTATED = Texts(
    "Clave de firma {kid}: firma desde ahora. Su parte privada está en {file}: guarde una copia.",
    "Signing key {kid}: it signs from now on. Its private part is in {file}: keep a copy.",
)
_UNWRITABLE = Texts("No se puede escribir en {folder}: {reason}", "Cannot write to {folder}: {reason}")
_NONE = Texts("No hay ninguna clave {id} que valga.", "There is no key {id} that holds.")


def add(added: Added, language: Language) -> None:
    """Adds the commands."""
    commands = added(_KEYS, "keys").add_subparsers(required=True, metavar="COMMAND")

    def command(text: Texts, name: str, run: Run) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text.into(language), description=text.into(language))
        made.set_defaults(run=run)
        takes_database(made, language)
        return made

    create = command(_CREATE, "create", _create)
    create.add_argument("--role", help=_ROLE.into(language).format(roles=_LISTED))
    for name, text in (("--organisation", _ORGANISATION), ("--edition", _EDITION)):
        create.add_argument(name, metavar="ID", action="append", default=[], help=text.into(language))
    days = _DAYS.into(language).format(most=access.DAYS_MAX)
    create.add_argument("--days", default=str(access.DAYS_MAX), metavar="N", help=days)
    command(_LIST, "list", _list)
    command(_REVOKE, "revoke", _revoke).add_argument("id", metavar="ID", help=_ID.into(language))
    command(_ROTATE, "rotate-signing", _rotate)


# --- create ---------------------------------------------------------------------------------------------------


def _create(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    faults = list(_faults(options, language))
    if faults:
        raise CommandError("\n".join(faults), 2)
    with opened(settings, language) as database, reaching(settings, language):
        check_ready(settings, database, language)
        now = datetime.now(UTC)
        try:
            with failures(), database.write() as session:
                created = access.create_key(
                    session,
                    settings.peppers,
                    role=options.role,
                    organisations=[organisations.get(database, name).id for name in options.organisation],
                    editions=[editions.find(session, name).id for name in options.edition] or None,
                    days=int(options.days),
                    now=now,
                )
                ledger.append(session, _event("create", created.record, {"role": options.role}), now=now)
        except organisations.UnknownOrganisation as error:
            raise CommandError(_NO_ORGANISATION.into(language).format(id=error.organisation)) from error
        except editions.UnknownEdition as error:
            raise CommandError(_NO_EDITION.into(language).format(id=error.edition)) from error
    _show(created, language)
    return 0


def _show(created: access.Created, language: Language) -> None:
    """Says what a new key is for; the key itself stands alone in its line."""
    record = created.record
    made = _MADE.into(language).format(
        id=record.id, role=record.role, bound=_bound(record, language), expires=record.expires.date().isoformat()
    )
    sys.stdout.write(f"{made}\n{created.text}\n")


def _bound(record: access.Record, language: Language) -> str:
    """What a key is bound to."""
    if record.role in access.OF_ORGANISATIONS:
        return ", ".join(record.organisations)
    if record.role in access.OF_EDITIONS:
        return ", ".join(record.editions or [_ALL_EDITIONS.into(language)])
    return _INSTALLATION.into(language)


def _event(name: str, record: access.Record, details: Mapping[str, str]) -> ledger.Event:
    """The entry of what was done with a key; its id is no secret."""
    return ledger.Event(
        action=f"cli.keys.{name}",
        actor=None,
        subject=f"/keys/{record.id}",
        public=False,
        owner=record.organisations[0] if len(record.organisations) == 1 else None,
        details={"key": record.id, **details},
    )


def _faults(options: argparse.Namespace, language: Language) -> Iterator[str]:
    """Everything that is wrong with the options of a new key."""
    if options.role is None:
        yield _MISSING_ROLE.into(language).format(roles=_LISTED)
    elif options.role not in ROLES:
        yield _NO_ROLE.into(language).format(value=options.role, roles=_LISTED)
    elif options.role in access.OF_ORGANISATIONS and not options.organisation:
        yield _MISSING_ORGANISATION.into(language).format(role=options.role)
    elif options.role not in access.OF_ORGANISATIONS and options.organisation:
        yield _NO_BINDING.into(language).format(option="organisation", role=options.role)
    if options.edition and options.role in _NOT_OF_EDITIONS:
        yield _NO_BINDING.into(language).format(option="edition", role=options.role)
    days = int(options.days) if options.days.isdecimal() and len(options.days) < 10 else 0
    if not 1 <= days <= access.DAYS_MAX:
        yield _NO_DAYS.into(language).format(value=options.days, most=access.DAYS_MAX)


# --- list -----------------------------------------------------------------------------------------------------


def _list(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    with opened(settings, language) as database, reaching(settings, language):
        check_ready(settings, database, language)
        with failures(), database.read() as session:
            records = access.all_keys(session)
    if not records:
        sys.stdout.write(f"{_EMPTY.into(language)}\n")
        return 0
    now = datetime.now(UTC)

    def state(record: access.Record) -> Texts:
        if record.revoked is not None:
            return _OVER
        if not access.holds(record, now):
            return _ENDED
        return _VALID if access.is_recognised(record, settings.peppers) else _PEPPER

    rows = [tuple(title.into(language) for title in _COLUMNS)]
    rows += [
        (
            record.id,
            record.role,
            _bound(record, language),
            record.created.date().isoformat(),
            record.expires.date().isoformat(),
            state(record).into(language),
        )
        for record in records
    ]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{'  '.join(cells).rstrip()}\n")
    return 0


# --- revoke ---------------------------------------------------------------------------------------------------


def _revoke(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    with opened(settings, language) as database, reaching(settings, language):
        check_ready(settings, database, language)
        now = datetime.now(UTC)
        try:
            with failures(), database.write() as session:
                revoked = access.revoke(session, options.id, now=now)
                ledger.append(session, _event("revoke", revoked, {}), now=now)
        except access.UnknownKey as error:
            raise CommandError(_NONE.into(language).format(id=error.identifier)) from error
    sys.stdout.write(f"{_REVOKED.into(language).format(id=options.id)}\n")
    return 0


# --- rotate-signing -------------------------------------------------------------------------------------------


def _rotate(options: argparse.Namespace, language: Language) -> int:
    settings = settings_of(options)
    folder = settings.signing_folder
    event = ledger.Event(action="cli.keys.rotate-signing", actor=None, subject=ledger.SIGNING_KEYS, public=True)
    with opened(settings, language) as database, reaching(settings, language):
        check_ready(settings, database, language)
        now = datetime.now(UTC)
        try:
            with failures(), database.write() as session:
                ledger.begin(session, ledger.host_of(settings.public_url), now)
                made = ledger.rotate_signing_key(session, folder, event, now=now)
        except OSError as error:
            raise CommandError(_UNWRITABLE.into(language).format(folder=folder, reason=error.strerror)) from error
    sys.stdout.write(_ROTATED.into(language).format(kid=made.kid, file=ledger.file_of(folder, made.kid)) + "\n")
    return 0
