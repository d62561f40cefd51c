"""Checks of the command `doctor`: each examines one part of an installation and suggests a remedy."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from actitud_api.cli import ledger as ledgers
from actitud_api.cli.installing import OVERLAP
from actitud_api.cli.serving import is_exposed, lacks_public_url
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.engine.narration import words
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.file_store import is_writable
from actitud_api.platform.storage.health import (
    find_standbys,
    find_wrong_pragmas,
    get_dialect,
    get_sqlite_version,
    has_wal_bug,
    write_and_roll_back,
)
from actitud_api.platform.storage.private_files import is_readable_by_others
from actitud_api.platform.storage.revisions import get_revisions
from actitud_api.platform.storage.triggers import find_missing_triggers
from actitud_api.platform.storage.urls import DatabaseFailure, find_database_file, hide_password
from actitud_api.resources.publications import service as publication
from actitud_api.resources.webhooks import service as webhooks
from actitud_api.settings import FaultySettings, Settings, describe_fault

DISK_PROBLEM: Final = 100 * 1024**2
"""Free bytes on the disk below which `check_disk` reports a problem: writes are about to fail."""
DISK_WARNING: Final = 1024**3
"""Free bytes that a disk must have in addition to the size of the database file.

With less `check_disk` warns, because a backup needs as much space again as the database.
"""

CHECKPOINT_AGE: Final = timedelta(days=2)
"""Age of an entry without a checkpoint from which on `check_checkpoint` warns: the service makes one a day."""

JOB_DELAY: Final = timedelta(minutes=15)
"""Time for which a job may wait before `check_jobs` warns."""

CLOCK_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Earliest plausible time: the publication of the first methodology."""
CLOCK_TO: Final = datetime(2100, 1, 1, tzinfo=UTC)
CLOCK_SLACK: Final = timedelta(minutes=5)

Status = Literal["ok", "warning", "problem"]


class Check(Struct, frozen=True):
    """Result of one check of an installation, as the command `doctor` prints it.

    Attributes:
        name: Id of the check in the JSON report.
        status: `ok`, `warning` or `problem`.
        title: The checked part of the installation.
        found: The finding in words.
        remedy: The advised action; None if nothing is wrong.
    """

    name: str
    status: Status
    title: str
    found: str
    remedy: str | None = None


_TITLES: Final = {
    "settings": Texts("Ajustes", "Settings"),
    "database": Texts("Base de datos", "Database"),
    "migrated": Texts("Revisión", "Revision"),
    "writable": Texts("Escritura", "Writing"),
    "pragmas": Texts("Ajustes de SQLite", "Settings of SQLite"),
    "sqlite": Texts("Versión de SQLite", "Version of SQLite"),
    "disk": Texts("Disco", "Disk"),
    "permissions": Texts("Permisos", "Permissions"),
    "standby": Texts("Servidor de reserva", "Standby"),
    "methodologies": Texts("Metodologías", "Methodologies"),
    "clock": Texts("Reloj", "Clock"),
    "keys": Texts("Clave de administración", "Administrator key"),
    "triggers": Texts("Disparadores", "Triggers"),
    "publications": Texts("Publicaciones", "Publications"),
    "signing": Texts("Clave de firma", "Signing key"),
    "checkpoint": Texts("Punto de control", "Checkpoint"),
    "jobs": Texts("Trabajos", "Jobs"),
    "webhooks": Texts("Webhooks", "Webhooks"),
    "address": Texts("Dirección", "Address"),
    "links": Texts("Enlaces", "Links"),
    "files": Texts("Ficheros preparados", "Prepared files"),
}
_INIT = Texts("ejecute actitud-api init", "run actitud-api init")
_RESTORE = Texts(
    "compruebe la ruta y los permisos, o recupere una copia con actitud-api restore",
    "check the path and the permissions, or bring back a copy with actitud-api restore",
)


def _pass(name: str, finding: str, language: Language) -> Check:
    return Check(name, "ok", _TITLES[name].into(language), finding)


def _fail(name: str, finding: str, remedy: Texts, language: Language, status: Status = "problem") -> Check:
    return Check(name, status, _TITLES[name].into(language), finding, remedy.into(language))


# --- settings and address -------------------------------------------------------------------------------------

_HOLD = Texts("valen; la base de datos es {database}", "they hold; the database is {database}")
_MEND = Texts(
    "corrija el entorno o el fichero; docs/configuration.md explica cada ajuste",
    "mend the environment or the file; docs/configuration.md explains each setting",
)
_LISTENS = Texts("escucha en {host}:{port}", "listens on {host}:{port}")
_PROXY = Texts(
    "escuche en 127.0.0.1 con un proxy con TLS delante, y póngalo en trusted_proxies",
    "listen on 127.0.0.1 behind a proxy with TLS, and name it in trusted_proxies",
)


def check_settings(settings: Settings, language: Language) -> Check:
    """Return a check with the status `ok` for settings that could be read; it shows the database URL.

    For settings that could not be read, `report_faulty_settings` returns the check.
    """
    return _pass("settings", _HOLD.into(language).format(database=hide_password(settings.database_url)), language)


def report_faulty_settings(error: FaultySettings, language: Language) -> Check:
    """Return a check with the status `problem` for settings that could not be read, with all their faults."""
    return _fail("settings", "; ".join(describe_fault(fault, language) for fault in error.faults), _MEND, language)


def check_address(settings: Settings, language: Language) -> Check:
    """Check if other machines reach the service without a trusted proxy; return `ok` or `warning`.

    It is a warning if the service listens on an address of the network and the settings name no trusted proxy.
    """
    finding = _LISTENS.into(language).format(host=settings.host, port=settings.port)
    if is_exposed(settings):
        return _fail("address", finding, _PROXY, language, "warning")
    return _pass("address", finding, language)


_LINKED = Texts("llevan a {address}", "they lead to {address}")
_NO_PUBLIC_URL = Texts(
    "ponga en public_url la dirección por la que llega la gente: los distintivos, el catálogo y los ficheros la llevan "
    "dentro",
    "set public_url to the address at which people reach the service: badges, catalogue and files have it in them",
)


def check_links(settings: Settings, language: Language) -> Check:
    """Check that the links of badges, catalogue and files contain an address that clients can reach; request nothing.

    Return `warning` if the setting `public_url` is missing although other machines can reach the service, because the
    links then contain the address on which it listens. Return `ok` otherwise.
    """
    finding = _LINKED.into(language).format(address=settings.public_url or settings.address)
    if lacks_public_url(settings):
        return _fail("links", finding, _NO_PUBLIC_URL, language, "warning")
    return _pass("links", finding, language)


# --- the database ---------------------------------------------------------------------------------------------

_ABSENT = Texts("no hay ninguna en {database}", "there is none at {database}")
_ANSWERS = Texts("contesta ({kind})", "answers ({kind})")
_AT = Texts("{current}, la de esta versión", "{current}, that of this release")
_EMPTY = Texts("no tiene tablas", "it has no tables")
_BEHIND = Texts("{current}, y hace falta {newest}", "{current}, and {newest} is needed")
_MIGRATE = Texts(
    "haga una copia con actitud-api backup y ejecute actitud-api migrate",
    "make a copy with actitud-api backup and run actitud-api migrate",
)
_FOREIGN = Texts("{current}, que esta versión no conoce", "{current}, which this release does not know")
_UNRELEASED = Texts(
    "{current}, de una versión anterior a la 0.1.0, que esta no lee",
    "{current}, of a version before 0.1.0, which this release does not read",
)
_REPLACE = Texts(
    "quite la base de datos de ahí y ejecute actitud-api init", "move the database away and run actitud-api init"
)
_UPGRADE = Texts("use la versión que la hizo, o una posterior", "use the release that made it, or a later one")
_WRITES = Texts("acepta cambios", "takes changes")
_PERMISSIONS = Texts(
    "compruebe los permisos del fichero y de su carpeta, el disco y que nada más la bloquee",
    "check the permissions of the file and its folder, the disk, and that nothing else locks it",
)


def report_absent_database(settings: Settings, language: Language) -> Check:
    """Return a check with the status `problem` for a database whose file does not exist."""
    return _fail(
        "database", _ABSENT.into(language).format(database=hide_password(settings.database_url)), _INIT, language
    )


def report_unusable_database(error: ValueError, language: Language) -> Check:
    """Return a check with the status `problem` for a database URL that the service does not support."""
    return _fail("database", str(error), _MEND, language)


def check_reachable(settings: Settings, database: Database, language: Language) -> Check:
    """Check that the database can be read; return `ok` with its kind, or `problem` with the reason."""
    try:
        kind = get_dialect(database)
        get_revisions(database)
    except DatabaseFailure as error:
        return _fail("database", f"{hide_password(settings.database_url)}: {error}", _RESTORE, language)
    return _pass("database", _ANSWERS.into(language).format(kind=kind), language)


def check_migrations(settings: Settings, database: Database, language: Language) -> Check:
    """Check that the tables are at the revision of this release; return `ok` or `problem`.

    The remedy depends on the state of the tables: `init` if there are none, `migrate` if they are older, a
    newer release if their revision is unknown.

    Raises:
        DatabaseFailure: The database cannot be read.
    """
    revisions = get_revisions(database)
    text, remedy = {
        "current": (_AT, None),
        "empty": (_EMPTY, _INIT),
        "behind": (_BEHIND, _MIGRATE),
        "unreleased": (_UNRELEASED, _REPLACE),
        "foreign": (_FOREIGN, _UPGRADE),
    }[revisions.state]
    finding = text.into(language).format(current=revisions.current, newest=revisions.newest)
    return _pass("migrated", finding, language) if remedy is None else _fail("migrated", finding, remedy, language)


def check_writable(database: Database, language: Language) -> Check:
    """Check that the database accepts a write, which is rolled back; return `ok` or `problem`."""
    try:
        write_and_roll_back(database)
    except DatabaseFailure as error:
        return _fail("writable", str(error), _PERMISSIONS, language)
    return _pass("writable", _WRITES.into(language), language)


# --- SQLite and the disk --------------------------------------------------------------------------------------

_PRAGMAS = Texts("WAL, escrituras sincronizadas, claves foráneas", "WAL, synced writes, foreign keys")
_LOCAL = Texts(
    "ponga la base de datos en un disco local: en uno de red SQLite no guarda lo que promete",
    "put the database on a local disk: on a network disk SQLite does not keep its promises",
)
_WAL_BUG = Texts(
    "{version}, con el fallo WAL-reset: escribe una sola conexión, y las órdenes que escriben se rechazan si el "
    "servicio está en marcha",
    "{version}, with the WAL-reset bug: a single connection writes, and commands that write are refused while the "
    "service runs",
)
_NEWER = Texts(
    "que ningún otro programa escriba en la base de datos mientras sirve; SQLite 3.51.3 o posterior lo corrige",
    "let no other program write to the database while it serves; SQLite 3.51.3 or later mends it",
)
_FREE = Texts("{free} MiB libres; la base de datos ocupa {size} MiB", "{free} MiB free; the database takes {size} MiB")
_ROOM = Texts(
    "deje sitio libre: al menos 1 GiB y lo que ocupa la base de datos, que es lo que ocupa una copia",
    "make room: 1 GiB at least and the size of the database, which is that of a copy",
)
_READABLE = Texts("{file}: otros usuarios de la máquina la leen", "{file}: other users of the machine read it")
_CLOSE = Texts(
    "chmod 600 al fichero, a los que llevan su nombre con -wal y -shm, y a las copias: tienen borradores y notas",
    "chmod 600 for the file, for those of its name with -wal and -shm, and for copies: they have drafts and notes",
)
_NOT_KEPT = Texts(
    "no se puede escribir en {folder}: cada fichero de una edición se hace cuando se pide",
    "{folder} cannot be written to: each file of an edition is made when it is asked for",
)
_LET_WRITE = Texts(
    "deje que el usuario del servicio escriba en esa carpeta, o ponga otra en files_folder",
    "let the user of the service write to that folder, or name another one in files_folder",
)


def check_sqlite(database: Database, language: Language) -> Iterator[Check]:
    """Check the settings and the version of SQLite, and yield a result for each; yield nothing for PostgreSQL.

    Wrong settings are a problem. A version with the WAL-reset bug, which may corrupt the file, is a warning.
    """
    if get_dialect(database) != "sqlite":
        return
    try:
        wrong = find_wrong_pragmas(database)
    except DatabaseFailure as error:
        yield _fail("pragmas", str(error), _PERMISSIONS, language)
    else:
        if wrong:
            listed = ", ".join(f"{name} = {value}" for name, value in wrong.items())
            yield _fail("pragmas", listed, _LOCAL, language)
        else:
            yield _pass("pragmas", _PRAGMAS.into(language), language)
    version = get_sqlite_version()
    finding = ".".join(map(str, version))
    if has_wal_bug(version):
        yield _fail("sqlite", _WAL_BUG.into(language).format(version=finding), _NEWER, language, "warning")
    else:
        yield _pass("sqlite", finding, language)


def check_disk(settings: Settings, language: Language) -> Iterator[Check]:
    """Check the free space on the disk of the database file, and yield one result; yield nothing for PostgreSQL.

    The result is a `problem` below 100 MiB (`DISK_PROBLEM`), a `warning` below 1 GiB (`DISK_WARNING`) plus the size of
    the database, else `ok`.
    """
    file = find_database_file(settings.database_url)
    if file is None:
        return
    free, size = shutil.disk_usage(file.parent).free, _measure_size(file)
    counts = {"free": _format_mebibytes(free, language), "size": _format_mebibytes(size, language)}
    finding = _FREE.into(language).format(**counts)
    if free < DISK_PROBLEM:
        yield _fail("disk", finding, _ROOM, language)
    # A backup needs as much space again as the database.
    elif free < DISK_WARNING + size:
        yield _fail("disk", finding, _ROOM, language, "warning")
    else:
        yield _pass("disk", finding, language)


def check_permissions(settings: Settings, language: Language) -> Iterator[Check]:
    """Yield a warning if users other than its owner have permissions on the database file; else nothing."""
    file = find_database_file(settings.database_url)
    if file is not None and is_readable_by_others(file):
        yield _fail("permissions", _READABLE.into(language).format(file=file), _CLOSE, language, "warning")


def check_files(settings: Settings, language: Language) -> Iterator[Check]:
    """Yield a warning if the service cannot write to its folder for generated files; else nothing.

    Without space for generated files (setting `files_bytes` 0) the folder is not checked.
    """
    if settings.files_bytes and not is_writable(settings.files_folder):
        finding = _NOT_KEPT.into(language).format(folder=settings.files_folder)
        yield _fail("files", finding, _LET_WRITE, language, "warning")


def _measure_size(file: Path) -> int:
    """Return the size of a database file and its write-ahead log in bytes."""
    parts = (file, file.with_name(f"{file.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _format_mebibytes(size: int, language: Language) -> str:
    return words.format_number(round(size / 1024**2, 1), language)


# --- standbys of PostgreSQL -----------------------------------------------------------------------------------

_AWAITED = Texts("cada cambio espera a que también lo tenga", "each change waits until it has it too")
_UNAWAITED = Texts(
    "los cambios no lo esperan: si ocupa el lugar del primero, faltarán los últimos",
    "changes do not wait for it: when it takes over, the last of them are missing",
)
_AWAIT = Texts(
    "póngalo en synchronous_standby_names de PostgreSQL, como explica deploy/README.md",
    "name it in synchronous_standby_names of PostgreSQL, as deploy/README.md says",
)


def check_standby(database: Database, language: Language) -> Iterator[Check]:
    """Check that commits wait for a standby of PostgreSQL; yield nothing if there is none, and for SQLite.

    The only result is `ok` or `warning`.
    """
    if get_dialect(database) == "sqlite":
        return
    standbys, awaited = find_standbys(database)
    if standbys and awaited:
        yield _pass("standby", _AWAITED.into(language), language)
    elif standbys:
        yield _fail("standby", _UNAWAITED.into(language), _AWAIT, language, "warning")


# --- methodologies, clock, keys -------------------------------------------------------------------------------

_DIGESTS = Texts("{versions}, con el resumen registrado", "{versions}, with the registered digest")
_REINSTALL = Texts(
    "vuelva a instalar esta versión: una metodología activa no cambia nunca",
    "install this release again: an active methodology never changes",
)
_SET_CLOCK = Texts("ponga en hora el reloj de la máquina (NTP)", "set the clock of the machine (NTP)")
_BEFORE_KEY = Texts("{now}, anterior a la última clave hecha ({then})", "{now}, before the last key made ({then})")
_NO_KEY = Texts("ninguna vale", "none holds")
_ENDS = Texts("{id} vale hasta {expires}", "{id} holds until {expires}")
_PEPPER = Texts("{id} se hizo con otro key_pepper", "{id} was made with another key_pepper")
_PEPPER_BACK = Texts(
    "ponga ese secreto en key_pepper_previous, o ejecute actitud-api init para hacer otra clave",
    "set that secret as key_pepper_previous, or run actitud-api init to make another key",
)
_SIGNS = Texts("firma {kid}", "{kid} signs")
_RENEW = Texts("ejecute actitud-api init: hace otra clave", "run actitud-api init: it makes another key")


def check_methodologies(language: Language) -> Check:
    """Check that every methodology version is unaltered, by its registered digest; return `ok` or `problem`."""
    try:
        versions = loader.verify_registered_digests()
    except loader.DefectiveMethodology as error:
        return _fail("methodologies", error.translate(language), _REINSTALL, language)
    return _pass("methodologies", _DIGESTS.into(language).format(versions=", ".join(versions)), language)


def check_clock(now: datetime, newest: datetime | None, language: Language) -> Check:
    """Check that the clock is plausible; return `ok` or `problem`.

    It is a problem if `now` is before 2026, after 2099, or more than five minutes before `newest`. `newest`: a
    time that has certainly passed, such as the creation of the newest key; None if no such time is known.
    """
    finding = now.isoformat(timespec="seconds")
    if newest is not None and now < newest - CLOCK_SLACK:
        then = newest.isoformat(timespec="seconds")
        return _fail("clock", _BEFORE_KEY.into(language).format(now=finding, then=then), _SET_CLOCK, language)
    if not CLOCK_FROM <= now < CLOCK_TO:
        return _fail("clock", finding, _SET_CLOCK, language)
    return _pass("clock", finding, language)


def list_administrators(database: Database) -> list[access.KeyRecord]:
    """Return the keys of administrators, oldest first, valid or not."""
    with database.read() as session:
        return access.list_administrators(session)


def check_keys(
    records: Sequence[access.KeyRecord], peppers: Sequence[SecretText], now: datetime, language: Language
) -> Check:
    """Check that an administrator has a valid key; return `ok`, `warning` or `problem`.

    It is a problem if none of the keys is valid, and a warning if the last valid one expires within 30 days. `records`:
    the keys of all administrators. `peppers`: peppers of the settings; a key that was created with another pepper is
    not valid.
    """
    active = [record for record in records if access.is_active(record, now)]
    recognised = [record for record in active if access.is_recognised(record, peppers)]
    if not recognised:
        if active:
            return _fail("keys", _PEPPER.into(language).format(id=active[-1].id), _PEPPER_BACK, language)
        return _fail("keys", _NO_KEY.into(language), _INIT, language)
    last = max(recognised, key=lambda record: record.expires)
    finding = _ENDS.into(language).format(id=last.id, expires=last.expires.date().isoformat())
    if not access.is_active(last, now + OVERLAP):
        return _fail("keys", finding, _RENEW, language, "warning")
    return _pass("keys", finding, language)


_GUARDED = Texts(
    "están los {count} que impiden cambiar lo publicado", "all {count} that keep what is published are there"
)
_UNGUARDED = Texts("falta, es otro o no es del servicio: {names}", "missing, changed or not of the service: {names}")
_SHOWN = Texts(
    "{count} ediciones; lo que se lee es lo que se firmó, con {keys}",
    "{count} editions; what is read is what was signed, with {keys}",
)
_KEYS_OF_DATABASE = Texts(
    "las claves de la base de datos (para fijar otras, --keys)", "the keys of the database (--keys pins others)"
)
_KEYS_OF_FILE = Texts("las claves de {file}", "the keys of {file}")
_ALTERED = Texts(
    "{edition}, {organisation}, {figure}: se lee {shown} y se firmó {signed}",
    "{edition}, {organisation}, {figure}: {shown} is read and {signed} was signed",
)
_INCOMPLETE = Texts(
    "{edition}: a la revisión {shown} le faltan puntuaciones; no la publicó el servicio, y nadie la lee",
    "{edition}: the revision {shown} lacks scores; the service did not publish it, and nobody reads it",
)
_UNSIGNED = Texts(
    "{edition}: consta como publicada y nadie la publicó; se lee como edición en revisión",
    "{edition}: it is marked as published and nobody published it; it is read as an edition in review",
)
_UNENTERED = Texts(
    "{edition}, {organisation}: consta que se borraron textos con la entrada {shown} del libro de cambios, "
    "que es de otra cosa",
    "{edition}, {organisation}: texts are marked as erased with the entry {shown} of the ledger, "
    "which is about something else",
)
_DISCARD = Texts(
    "quítela con actitud-api discard-revision {edition} y averigüe quién más escribe en la base de datos",
    "remove it with actitud-api discard-revision {edition}, and find out who else writes to the database",
)
_RESET = Texts(
    "publíquela, o póngala en revisión con editions.update, y averigüe quién más escribe en la base de datos",
    "publish it, or set it to in_review with editions.update, and find out who else writes to the database",
)
_NOTHING = Texts("nada", "nothing")
_WHOLE_EDITION = Texts("la edición", "the edition")
_TAMPERED = Texts(
    "alguien ha cambiado la base de datos sin el servicio: recupere una copia anterior con actitud-api restore y avise",
    "somebody changed the database without the service: bring back an earlier copy with actitud-api restore, and tell",
)


def check_triggers(database: Database, language: Language) -> Check:
    """Check that the triggers that protect published data exist unaltered, and no others; return `ok` or `problem`."""
    missing, count = find_missing_triggers(database)
    if missing:
        return _fail("triggers", _UNGUARDED.into(language).format(names=", ".join(missing)), _TAMPERED, language)
    return _pass("triggers", _GUARDED.into(language).format(count=count), language)


class PinnedKeys(Struct, frozen=True):
    """Public signing keys that the operator trusts, by their ids (thumbprints).

    `name` is the file or address that the ids come from.
    """

    name: str
    kids: frozenset[str]


def check_publications(database: Database, language: Language, pinned: PinnedKeys | None = None) -> Check:
    """Check that the published figures of each edition equal the signed ones; return `ok`, or `problem`.

    A problem names a difference. `pinned`: the keys that may have signed; None means the keys in the database.
    """
    altered = publication.find_altered_figure(database, None if pinned is None else pinned.kids)
    if altered is None:
        keys = _KEYS_OF_DATABASE.into(language)
        if pinned is not None:
            keys = _KEYS_OF_FILE.into(language).format(file=pinned.name)
        count = publication.count_editions(database)
        return _pass("publications", _SHOWN.into(language).format(count=count, keys=keys), language)
    values = {
        "edition": altered.edition,
        "organisation": altered.organisation or _WHOLE_EDITION.into(language),
        "figure": altered.figure,
        "shown": _NOTHING.into(language) if altered.shown is None else altered.shown,
        "signed": _NOTHING.into(language) if altered.signed is None else altered.signed,
    }
    found, remedy = _ALTERED, _TAMPERED
    if altered.figure == "incomplete":
        found, remedy = _INCOMPLETE, _DISCARD
    elif altered.figure == "erasure":
        found = _UNENTERED
    elif altered.figure == "state" and altered.signed is None:
        found, remedy = _UNSIGNED, _RESET
    return _fail("publications", found.into(language).format(**values), remedy.fill(edition=altered.edition), language)


def check_signing(settings: Settings, database: Database, language: Language) -> Check:
    """Check that the service can sign; return `ok`, or `problem` with the reason.

    The private key must be in its file, belong to the active signing key, and be readable only by the owner of the
    file.
    """
    try:
        with database.read() as session:
            signer = ledger.load_signer(session, settings.signing_folder)
    except ledger.SigningKeyFault as error:
        return _fail("signing", ledgers.describe_fault(error, language), ledgers.REMEDIES[error.code], language)
    return _pass("signing", _SIGNS.into(language).format(kid=signer.kid), language)


_COVERED = Texts("firma las {count} entradas del registro", "signs the {count} entries of the ledger")
_COVERED_SOON = Texts(
    "faltan por firmar {uncovered} de {count} entradas del registro, la primera del {date}",
    "{uncovered} of {count} entries of the ledger are still unsigned, the first of {date}",
)
_SERVE = Texts(
    "tenga el servicio en marcha, que firma una vez al día, y mire «no checkpoint made» en su registro de sucesos",
    "keep the service running, which signs once a day, and look for “no checkpoint made” in its log",
)


def check_checkpoint(database: Database, now: datetime, language: Language) -> Check:
    """Check that a checkpoint (signed hash of the ledger) covers every ledger entry; return `ok` or `warning`.

    It is a warning if an entry has waited for a checkpoint longer than two days (`CHECKPOINT_AGE`) at the time `now`.
    """
    with database.read() as session:
        coverage = ledger.get_coverage(session)
    if coverage.waiting_since is None:
        return _pass("checkpoint", _COVERED.into(language).format(count=coverage.entries), language)
    finding = _COVERED_SOON.into(language).format(
        uncovered=coverage.uncovered, count=coverage.entries, date=coverage.waiting_since.date().isoformat()
    )
    if now - coverage.waiting_since > CHECKPOINT_AGE:
        return _fail("checkpoint", finding, _SERVE, language, "warning")
    return _pass("checkpoint", finding, language)


_NONE_WAITS = Texts("ninguno espera a que lo hagan", "none waits to be done")
_WAITING = Texts("uno espera desde {since}", "one has been waiting since {since}")
_FAILED = Texts("{count} han fallado en los últimos días", "{count} have failed in the last days")
_WORK = Texts(
    "tenga el servicio en marcha con runs_jobs, o actitud-api worker",
    "keep the service running with runs_jobs, or actitud-api worker",
)
_READ_JOBS = Texts(
    "lea por qué con GET /v1/jobs?state=failed y una clave de administración",
    "read why with GET /v1/jobs?state=failed and an administrator key",
)


def check_jobs(database: Database, now: datetime, language: Language) -> Check:
    """Check that jobs run; return `ok` or `warning`.

    It is a warning if at the time `now` a job has been due for more than 15 minutes (`JOB_DELAY`), or if jobs have
    failed.
    """
    with database.read() as session:
        backlog = jobs.get_backlog(session)
    if backlog.due_since is not None and now - backlog.due_since > JOB_DELAY:
        finding = _WAITING.into(language).format(since=backlog.due_since.isoformat(" ", "minutes"))
        return _fail("jobs", finding, _WORK, language, "warning")
    if backlog.failed:
        return _fail("jobs", _FAILED.into(language).format(count=backlog.failed), _READ_JOBS, language, "warning")
    return _pass("jobs", _NONE_WAITS.into(language), language)


_NOTIFIED = Texts("se avisa a {count}", "{count} are notified")
_DISABLED = Texts(
    "no se avisa a {disabled} de {count}: contestaron que ya no existen, o no se les entregó nada en varios días",
    "{disabled} of {count} are not notified: they answered that they are gone, or nothing could be delivered for days",
)
_UNSENT = Texts("no se puede firmar lo que se les envía: {reason}", "what is sent to them cannot be signed: {reason}")
_TELL_OWNERS = Texts(
    "lea qué falla con GET /v1/webhooks y una clave de administración, y avise a sus dueños",
    "read what fails with GET /v1/webhooks and an administrator key, and tell their owners",
)
_BRING_KEY_BACK = Texts(
    "recupere webhooks.key de la copia de la carpeta de las claves de firma, o renueve el secreto de cada webhook",
    "bring webhooks.key back from the copy of the folder of the signing keys, or rotate the secret of each webhook",
)


def check_webhooks(settings: Settings, database: Database, language: Language) -> Check:
    """Check that webhooks receive notices; return `ok`, or `warning` if some are disabled or signing is impossible."""
    box = webhooks.SecretBox(settings.signing_folder)
    with database.read() as session:
        summary = webhooks.summarise_webhooks(session, box)
    if summary.fault is not None:
        finding = _UNSENT.into(language).format(reason=summary.fault)
        return _fail("webhooks", finding, _BRING_KEY_BACK, language, "warning")
    if summary.disabled:
        finding = _DISABLED.into(language).format(disabled=summary.disabled, count=summary.webhooks)
        return _fail("webhooks", finding, _TELL_OWNERS, language, "warning")
    return _pass("webhooks", _NOTIFIED.into(language).format(count=summary.webhooks), language)
