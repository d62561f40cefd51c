"""`keys`: create, list, rotate and revoke access keys, find keys in a text, rotate and revoke signing keys."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, get_args

from actitud_api.cli.common import CommandError, get_reason, load_settings, read_content
from actitud_api.cli.readiness import open_ready_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.keys import Key, find_keys
from actitud_api.resources.api_keys import service as keys

ROLES: Final = get_args(access.Role)
_LISTED = ", ".join(ROLES)
_NOT_OF_EDITIONS: Final = frozenset(ROLES) - access.EDITION_ROLES


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
_NO_OVERLAP = Texts(
    "--overlap: «{value}» no es un número de días, de 0 a {most}",
    "--overlap: “{value}” is not a number of days, 0 to {most}",
)
_ABSENT: Final = {
    "organisations": Texts(
        "No hay ninguna organización {id}. No se ha hecho ninguna clave.",
        "There is no organisation {id}. No key was made.",
    ),
    "editions": Texts(
        "No hay ninguna edición {id}. No se ha hecho ninguna clave.", "There is no edition {id}. No key was made."
    ),
}
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
    Texts("último uso", "last use"),
    Texts("estado", "state"),
)
_NEVER: Final = "–"
_STATES: Final[dict[access.KeyState, Texts]] = {
    "valid": Texts("vale", "valid"),
    "expired": Texts("caducada", "expired"),
    "revoked": Texts("revocada", "revoked"),
    "unrecognised": Texts("de otro key_pepper", "of another key_pepper"),
}
_REPLACED = Texts(
    "La clave {before} vale hasta {expires}; la que ocupa su lugar:",
    "The key {before} holds until {expires}; in its place:",
)
_REPLACED_ALREADY = Texts(
    "Ya ocupa el lugar de la clave {id} la clave {after}, que vale: acabe antes con ella.",
    "The place of the key {id} has the key {after} already, which holds: end that first.",
)
_FOUND = Texts("Línea {line}: la clave {id}", "Line {line}: the key {id}")
_FOUND_STATE = Texts("Línea {line}: la clave {id}: {state}", "Line {line}: the key {id}: {state}")
_OF_OTHERS = Texts("no es de aquí", "not one of this installation")
_NO_KEYS = Texts("No hay ninguna clave en el texto.", "There are no keys in the text.")
_REVOKED = Texts("La clave {id} ya no vale.", "The key {id} holds no more.")
_ROTATED = Texts(
    "Clave de firma {kid}: firma desde ahora. Su parte privada está en {file}: guarde una copia.",
    "Signing key {kid}: it signs from now on. Its private part is in {file}: keep a copy.",
)
_UNWRITABLE = Texts("No se puede escribir en {folder}: {reason}", "Cannot write to {folder}: {reason}")
_NONE = Texts("No hay ninguna clave {id} que valga.", "There is no key {id} that holds.")
_NO_SIGNING_KEY = Texts("No hay ninguna clave de firma {id}.", "There is no signing key {id}.")
_NO_ENTRY = Texts(
    "--since: «{value}» no es el número de una entrada del libro de cambios, de 0 a {most}",
    "--since: “{value}” is not the number of an entry of the ledger, 0 to {most}",
)
_MARKED = Texts(
    "La clave de firma {kid} ya no vale desde la entrada {marked} del libro de cambios: --since solo puede nombrar una "
    "anterior.",
    "The signing key {kid} is compromised since entry {marked} of the ledger already: --since can only name an earlier "
    "one.",
)
_COMPROMISED = Texts(
    "La clave de firma {kid} no vale desde la entrada {since} del libro de cambios: lo que se publicó con ella desde "
    "entonces no se cumple, y hay que publicarlo de nuevo como corrección.",
    "The signing key {kid} is compromised since entry {since} of the ledger: what was published with it from then on "
    "does not hold, and has to be published again as a correction.",
)


# --- create ---------------------------------------------------------------------------------------------------


def run_create(options: argparse.Namespace, language: Language) -> int:
    """Run `keys create`: create an access key, print it once, and return exit code 0.

    Raises:
        CommandError: The options are invalid (exit code 2), or an organisation or edition does not exist.
    """
    settings = load_settings(options)
    faults = list(_find_faults(options, language))
    if faults:
        raise CommandError("\n".join(faults), 2)
    with open_ready_database(settings, language, writes=True) as database:
        now = datetime.now(UTC)
        try:
            with database.write() as session:
                requested_key = keys.RequestedKey(
                    role=options.role,
                    organisations=options.organisation,
                    editions=options.edition or None,
                    days=int(options.days),
                )
                created = keys.create_key(session, settings.peppers, requested_key, maker=None, now=now)
                ledger.append_entry(session, _build_event("create", created.record, {"role": options.role}), now=now)
        except keys.BindingsNotFound as error:
            texts = [(_ABSENT[binding.pointer.split("/")[1]], binding.value) for binding in error.unknown]
            lines = [text.into(language).format(id=value) for text, value in texts]
            raise CommandError("\n".join(lines)) from error
    _print_key(created, language)
    return 0


def _print_key(created: access.CreatedKey, language: Language) -> None:
    """Print the role, scope and expiry of a new key, then the key on a line of its own."""
    record = created.record
    description = _MADE.into(language).format(
        id=record.id,
        role=record.role,
        bound=_describe_scope(record, language),
        expires=record.expires.date().isoformat(),
    )
    sys.stdout.write(f"{description}\n{created.text}\n")


def _describe_scope(record: access.KeyRecord, language: Language) -> str:
    """Return the organisations or editions that a key is bound to, as text."""
    if record.role in access.ORGANISATION_ROLES:
        return ", ".join(record.organisations)
    if record.role in access.EDITION_ROLES:
        return ", ".join(record.editions or [_ALL_EDITIONS.into(language)])
    return _INSTALLATION.into(language)


def _build_event(name: str, record: access.KeyRecord, details: Mapping[str, str]) -> ledger.Event:
    """Return the content of the ledger entry for an action on a key, such as `create`.

    `details` are public facts about the action; the id of the key is added.
    """
    return ledger.Event(
        action=f"cli.keys.{name}",
        actor=None,
        subject=f"/v1/keys/{record.id}",
        public=False,
        hidden=True,
        owner=record.organisation,
        details={"key": record.id, **details},
    )


def _find_faults(options: argparse.Namespace, language: Language) -> Iterator[str]:
    """Yield a sentence about each fault in the options of a new key, such as a role that does not exist."""
    if options.role is None:
        yield _MISSING_ROLE.into(language).format(roles=_LISTED)
    elif options.role not in ROLES:
        yield _NO_ROLE.into(language).format(value=options.role, roles=_LISTED)
    elif options.role in access.ORGANISATION_ROLES and not options.organisation:
        yield _MISSING_ORGANISATION.into(language).format(role=options.role)
    elif options.role not in access.ORGANISATION_ROLES and options.organisation:
        yield _NO_BINDING.into(language).format(option="organisation", role=options.role)
    if options.edition and options.role in _NOT_OF_EDITIONS:
        yield _NO_BINDING.into(language).format(option="edition", role=options.role)
    yield from _find_day_faults(options.days, language)


def _find_day_faults(text: str, language: Language) -> Iterator[str]:
    if not _is_within(text, 1, access.DAYS_MAX):
        yield _NO_DAYS.into(language).format(value=text, most=access.DAYS_MAX)


def _is_within(text: str, minimum: int, maximum: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and minimum <= int(text) <= maximum


# --- list -----------------------------------------------------------------------------------------------------


def run_list(options: argparse.Namespace, language: Language) -> int:
    """Run `keys list`: print a table of all access keys, oldest first, without secrets, and return exit code 0."""
    settings = load_settings(options)
    with open_ready_database(settings, language, writes=False) as database, database.read() as session:
        listed = access.add_last_uses(session, access.list_keys(session))
    if not listed:
        sys.stdout.write(f"{_EMPTY.into(language)}\n")
        return 0
    now = datetime.now(UTC)
    rows = [tuple(title.into(language) for title in _COLUMNS)]
    rows += [
        (
            used.record.id,
            used.record.role,
            _describe_scope(used.record, language),
            used.record.created.date().isoformat(),
            used.record.expires.date().isoformat(),
            _NEVER if used.last_used is None else used.last_used.isoformat(),
            _STATES[access.determine_state(used.record, settings.peppers, now)].into(language),
        )
        for used in listed
    ]
    # A plain table instead of one of Rich, so that `cut` and `awk` can read it.
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(f"{'  '.join(cells).rstrip()}\n")
    return 0


# --- revoke ---------------------------------------------------------------------------------------------------


def run_revoke(options: argparse.Namespace, language: Language) -> int:
    """Run `keys revoke`: revoke an access key, and return exit code 0.

    Raises:
        CommandError: No key has that id, or the key is revoked already.
    """
    settings = load_settings(options)
    with open_ready_database(settings, language, writes=True) as database:
        now = datetime.now(UTC)
        try:
            with database.write() as session:
                revoked = access.revoke(session, options.id, now=now)
                ledger.append_entry(session, _build_event("revoke", revoked, {}), now=now)
        except (access.UnknownKey, access.KeyChangeRefused) as error:
            raise CommandError(_NONE.into(language).format(id=options.id)) from error
    sys.stdout.write(f"{_REVOKED.into(language).format(id=options.id)}\n")
    return 0


# --- rotate ---------------------------------------------------------------------------------------------------


def run_rotate(options: argparse.Namespace, language: Language) -> int:
    """Run `keys rotate`: replace an access key by a new one, print the new key once, and return exit code 0.

    Raises:
        CommandError: The options are invalid (exit code 2), the key is not valid, or the key that replaced it is still
            valid.
    """
    settings = load_settings(options)
    faults = [] if options.days is None else list(_find_day_faults(options.days, language))
    if not _is_within(options.overlap, 0, access.OVERLAP_MAX):
        faults.append(_NO_OVERLAP.into(language).format(value=options.overlap, most=access.OVERLAP_MAX))
    if faults:
        raise CommandError("\n".join(faults), 2)
    with open_ready_database(settings, language, writes=True) as database:
        now = datetime.now(UTC)
        try:
            with database.write() as session:
                created = access.rotate(
                    session,
                    settings.peppers,
                    options.id,
                    by=None,
                    days=None if options.days is None else int(options.days),
                    overlap=int(options.overlap),
                    now=now,
                )
                # Read again for its new time of expiry.
                before = access.find(session, options.id)
                ledger.append_entry(session, _build_event("rotate", created.record, {"replaces": before.id}), now=now)
        except access.UnknownKey as error:
            raise CommandError(_NONE.into(language).format(id=options.id)) from error
        except access.KeyChangeRefused as error:
            text = _REPLACED_ALREADY if error.rule == "replaced" else _NONE
            raise CommandError(text.into(language).format(id=options.id, after=error.holds)) from error
    replaced = _REPLACED.into(language).format(before=before.id, expires=before.expires.date().isoformat())
    sys.stdout.write(f"{replaced}\n")
    _print_key(created, language)
    return 0


# --- check ----------------------------------------------------------------------------------------------------


def run_check(options: argparse.Namespace, language: Language) -> int:
    """Run `keys check`: search a file for access keys, print the line and id of each; return 1 if it has a key, else 0.

    With the option `--holds` or `--database`, each key is looked up in the database, and its state is printed too:
    valid, expired, revoked or unknown in this installation.
    """
    # Undecodable bytes are replaced, because a key has only ASCII characters and may stand in a binary file.
    text = read_content(options.file, language).decode("utf-8", "replace")
    found = list(find_keys(text))
    states = _describe_states(options, found, language) if found and (options.holds or options.database) else {}
    for offset, key in found:
        line = text.count("\n", 0, offset) + 1
        template = _FOUND_STATE if key in states else _FOUND
        sys.stdout.write(f"{template.into(language).format(line=line, id=key.id, state=states.get(key))}\n")
    if not found:
        sys.stdout.write(f"{_NO_KEYS.into(language)}\n")
    return 1 if found else 0


def _describe_states(
    options: argparse.Namespace, found: Sequence[tuple[int, Key]], language: Language
) -> dict[Key, str]:
    """Return the state of each found key as text, such as “valid” or “expired”.

    `found` has the keys with their offsets. A key that this installation did not create is described as such.

    Raises:
        CommandError: The database of this installation cannot be used.
    """
    settings = load_settings(options)
    with open_ready_database(settings, language, writes=False) as database:
        records = access.match_keys(database, settings.peppers, (key for _, key in found))
    now = datetime.now(UTC)
    states = {key: _STATES[access.determine_state(record, settings.peppers, now)] for key, record in records.items()}
    return {key: states.get(key, _OF_OTHERS).into(language) for _, key in found}


# --- rotate-signing -------------------------------------------------------------------------------------------


def run_rotate_signing(options: argparse.Namespace, language: Language) -> int:
    """Replace the signing key of the ledger, print the file of the new private key, and return exit code 0.

    Raises:
        CommandError: The key file cannot be written.
    """
    settings = load_settings(options)
    folder = settings.signing_folder
    event = ledger.Event(action="cli.keys.rotate-signing", actor=None, subject=ledger.SIGNING_KEYS_PATH, public=True)
    with open_ready_database(settings, language, writes=True) as database:
        now = datetime.now(UTC)
        try:
            with database.write() as session:
                ledger.begin_ledger(session, ledger.find_host(settings.public_url), now)
                signing_key = ledger.rotate_signing_key(session, folder, event, now=now)
        except OSError as error:
            text = _UNWRITABLE.into(language).format(folder=folder, reason=get_reason(error, language))
            raise CommandError(text) from error
    _print_signing_key(signing_key, folder, language)
    return 0


def _print_signing_key(key: ledger.SigningKey, folder: Path, language: Language) -> None:
    """Print the id of a new signing key, and where its private part is."""
    sys.stdout.write(f"{_ROTATED.into(language).format(kid=key.kid, file=ledger.build_key_path(folder, key.kid))}\n")


# --- revoke-signing -------------------------------------------------------------------------------------------


def run_revoke_signing(options: argparse.Namespace, language: Language) -> int:
    """Mark a signing key as compromised, replace it if it is the active one, and return exit code 0.

    The option `--since` is the number of a ledger entry: signatures of the key from that entry on do not count. Without
    the option, it is the next entry of the ledger. A key that is marked already can be marked again only with a lower
    number, so that fewer of its signatures count.

    Raises:
        CommandError: With exit code 2, the number is not allowed: it is neither that of a ledger entry nor the next
            one, or the key is marked already with this number or a lower one. With exit code 1, no signing key has that
            id, or the file of the new key cannot be written.
    """
    settings = load_settings(options)
    folder = settings.signing_folder
    # Longer numbers are of no ledger, and the database has no room for them.
    if options.since is not None and not _is_within(options.since, 0, 10**9):
        raise CommandError(_NO_ENTRY.into(language).format(value=options.since, most=10**9), 2)
    since = None if options.since is None else int(options.since)
    event = ledger.Event(action="cli.keys.rotate-signing", actor=None, subject=ledger.SIGNING_KEYS_PATH, public=True)
    with open_ready_database(settings, language, writes=True) as database:
        try:
            with database.write() as session:
                first, new = ledger.revoke_signing_key(session, folder, options.id, since, event, now=datetime.now(UTC))
        except ledger.UnknownSigningKey as error:
            raise CommandError(_NO_SIGNING_KEY.into(language).format(id=options.id)) from error
        except ledger.SigningKeyRefusal as error:
            if error.marked is not None:
                refused = _MARKED.into(language).format(kid=options.id, marked=error.marked)
            else:
                refused = _NO_ENTRY.into(language).format(value=since, most=error.most)
            raise CommandError(refused, 2) from error
        except OSError as error:
            text = _UNWRITABLE.into(language).format(folder=folder, reason=get_reason(error, language))
            raise CommandError(text) from error
    sys.stdout.write(f"{_COMPROMISED.into(language).format(kid=options.id, since=first)}\n")
    if new is not None:
        _print_signing_key(new, folder, language)
    return 0
