"""Parsers of all commands in two languages: everything that `--help` and completion need.

This module imports nothing slow. A command is named as `"module.function"` of this package, which is imported when the
command is run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Literal, Protocol, Self, TypedDict, Unpack, get_args

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.platform.auth import keys as access
from actitud_api.resources.organisations.kinds import Kind

SHELLS: Final = ("bash", "zsh", "fish")
LIGHT: Final = frozenset({"completion.run_completion"})
"""Commands that need no settings, database or log, and must be fast because a shell runs them when it starts."""
STANDARD_INPUT: Final = "-"
EDITION: Final = Texts("la edición", "the edition")
FILE: Final = Texts("el fichero", "the file")
LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class CommandRunner(Protocol):
    """Interface of a function that runs a command: `run_…` in one of the modules of this package."""

    def __call__(self, options: argparse.Namespace, language: Language, /) -> int:
        """Run the command and return its exit code; raise `CommandError` if it fails."""


class ArgumentForm(TypedDict, total=False):
    """Form of an argument of a command: the parameters of `add_argument` that commands use."""

    action: Literal["append"]
    choices: Iterable[object]
    default: object
    metavar: str
    nargs: str
    required: bool
    type: Callable[[str], object]


class Command:
    """A command, or a group of commands, with its help in one language."""

    def __init__(self, parser: argparse.ArgumentParser, language: Language) -> None:
        self._parser = parser
        self._language = language
        self._commands: argparse._SubParsersAction[argparse.ArgumentParser] | None = None

    def add_command(self, text: Texts, name: str, run: str | None = None) -> Command:
        """Add the command `name`, with `text` as its help, and return it.

        `run` is `"module.function"`, or None for a group of commands such as `keys`, to which commands are added.
        """
        if self._commands is None:
            self._commands = self._parser.add_subparsers(required=True, metavar="COMMAND")
        told = text.into(self._language)
        parser = self._commands.add_parser(name, help=told, description=told)
        if run is not None:
            parser.set_defaults(run=run)
        return Command(parser, self._language)

    def add(self, name: str, text: Texts, **form: Unpack[ArgumentForm]) -> None:
        """Add the argument `name` (with `--`: an option), with `text` as its help.

        `form`: further parameters of `argparse.ArgumentParser.add_argument`.
        """
        self._parser.add_argument(name, help=text.into(self._language), **form)

    def add_flag(self, name: str, text: Texts) -> None:
        """Add the option `name`, which has no value, with `text` as its help."""
        self._parser.add_argument(name, action="store_true", help=text.into(self._language))

    def add_alternatives(self, flags: Mapping[str, Texts]) -> None:
        """Add options without a value that exclude each other. `flags`: help of each option, by its name."""
        group = self._parser.add_mutually_exclusive_group()
        for name, text in flags.items():
            group.add_argument(name, action="store_true", help=text.into(self._language))

    def add_database(self) -> Self:
        """Add the option `--database`; return the command."""
        text = Texts("base de datos, como URL de SQLAlchemy", "database, as an SQLAlchemy URL")
        self.add("--database", text, metavar="URL")
        return self

    def add_lang(self) -> None:
        """Add the option `--lang`, which sets the language of the output."""
        text = Texts(
            "idioma: {languages} (el de esta terminal)",
            "language: {languages} (that of this terminal)",
            languages=", ".join(LANGUAGES),
        )
        self.add("--lang", text, metavar="LANG")

    def add_json(self) -> None:
        """Add the option `--json`, which prints the result as a JSON document."""
        self.add_flag("--json", Texts("escribe un documento JSON", "write a JSON document"))


def detect_language(environment: Mapping[str, str]) -> Language:
    """Return the language of the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`), or English if it is not supported.

    `environment`: environment variables of the process.
    """
    locale = next((environment[name] for name in LOCALES if environment.get(name)), "")
    return next((known for known in LANGUAGES if locale.startswith(known)), "en")


def find_language(arguments: Sequence[str]) -> Language | None:
    """Return the language that the option `--lang` names, or None if it names none.

    It is called before the arguments are parsed, so that help and messages about faulty arguments are in this language.
    """
    for position, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if name == "--lang" and (equals or position + 1 < len(arguments)):
            named = value if equals else arguments[position + 1]
            return next((known for known in LANGUAGES if known == named), None)
    return None


def load_runner(options: argparse.Namespace) -> CommandRunner:
    """Import and return the function that runs the chosen command."""
    module, _, name = str(options.run).partition(".")
    run: CommandRunner = getattr(import_module(f"actitud_api.cli.{module}"), name)
    return run


def build_parser(language: Language) -> argparse.ArgumentParser:
    """Return the parser of all commands, with help in a language."""
    parser = argparse.ArgumentParser(prog="actitud-api")
    commands = Command(parser, language)
    for add in (
        _add_init,
        _add_serve,
        _add_worker,
        _add_doctor,
        _add_migrate,
        _add_backup_and_restore,
        _add_keys,
        _add_policy,
        _add_ledger,
        _add_import,
        _add_assessments,
        _add_publish,
        _add_discard,
        _add_flags,
        _add_audit,
        _add_rescore,
        _add_erase,
        _add_score,
        _add_methodology,
        _add_verify,
        _add_demo,
        _add_sandbox,
        _add_openapi,
        _add_completion,
    ):
        add(commands)
    return parser


def _add_organisation_options(command: Command) -> None:
    """Add the options that describe an organisation."""
    command.add(
        "--organisation",
        Texts(
            "identificador de la primera organización, como ES-DIR3-L01280796",
            "identifier of the first organisation, as ES-DIR3-L01280796",
        ),
        metavar="ID",
    )
    command.add("--name", Texts("su nombre", "its name"))
    command.add("--kind", Texts("su tipo: {kinds}", "its kind: {kinds}", kinds=", ".join(get_args(Kind))))
    command.add("--population", Texts("sus habitantes", "its inhabitants"), metavar="N")
    command.add(
        "--province",
        Texts("su provincia, por el código del INE, de 01 a 52", "its province, by its INE code, 01 to 52"),
        metavar="CODE",
    )
    command.add(
        "--domain",
        Texts(
            "un dominio suyo, como ayuntamiento.example, en el que cuentan sus documentos; se repite para varios",
            "a domain of it, as townhall.example, where its documents count; repeated for several",
        ),
        metavar="DOMAIN",
        action="append",
    )


def _add_init(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "prepara la instalación: base de datos, primera organización y primera clave; repetirla no cambia nada",
            "prepare the installation: database, first organisation and first key; to repeat it changes nothing",
        ),
        "init",
        "installing.run_init",
    )
    _add_organisation_options(command)
    command.add(
        "--key-days",
        Texts("días que vale la clave, de 31 a 365 (365)", "days that the key lasts, 31 to 365 (365)"),
        default=str(access.DAYS_MAX),
        metavar="DAYS",
    )
    command.add_flag(
        "--new-key",
        Texts(
            "hace otra clave de administración aunque haya una que vale",
            "make another administrator key although there is one that holds",
        ),
    )
    command.add_database()


def _add_serve(commands: Command) -> None:
    command = commands.add_command(
        Texts("sirve la instalación", "serve the installation"), "serve", "serving.run_serve"
    )
    _add_address_options(command)
    command.add(
        "--workers",
        Texts(
            "procesos que sirven a la vez (1); con PostgreSQL", "processes that serve at the same time (1); PostgreSQL"
        ),
        metavar="NUMBER",
    )
    command.add_database()


def _add_worker(commands: Command) -> None:
    command = commands.add_command(
        Texts("hace los trabajos que esperan; con PostgreSQL", "do the jobs that wait; with PostgreSQL"),
        "worker",
        "working.run_worker",
    )
    command.add_database()


def _add_address_options(command: Command) -> None:
    """Add the options `--host` and `--port`."""
    command.add("--host", Texts("dirección en la que escucha (127.0.0.1)", "address to listen on (127.0.0.1)"))
    command.add("--port", Texts("puerto en el que escucha (8000)", "port to listen on (8000)"))


def _add_doctor(commands: Command) -> None:
    command = commands.add_command(
        Texts("mira qué va mal y dice qué hacer", "look for what is wrong and say what to do"),
        "doctor",
        "doctor.run_doctor",
    )
    command.add(
        "--keys",
        Texts(
            "las claves públicas en que se confía (JWKS); si no, las de la base de datos",
            "the public keys that are trusted (JWKS); else those of the database",
        ),
        metavar="FILE|URL",
    )
    command.add_json()
    command.add_database()


def _add_migrate(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "lleva la base de datos a la revisión de esta versión", "bring the database to the revision of this release"
        ),
        "migrate",
        "migrating.run_migrate",
    )
    command.add(
        "--to",
        Texts(
            "otra revisión; hacia abajo se pierde lo que añadieron las posteriores",
            "another revision; downwards, what the later ones added is lost",
        ),
        metavar="REVISION",
    )
    command.add_database()


def _add_backup_and_restore(commands: Command) -> None:
    for text, name, run in (
        (
            Texts(
                "copia la base de datos a un fichero, también mientras sirve",
                "copy the database to a file, also while it serves",
            ),
            "backup",
            "copying.run_backup",
        ),
        (
            Texts(
                "pone una copia en el lugar de la base de datos, con el servicio parado",
                "put a copy in the place of the database, with the service stopped",
            ),
            "restore",
            "copying.run_restore",
        ),
    ):
        command = commands.add_command(text, name, run)
        command.add("file", Texts("el fichero de la copia", "the file of the copy"), type=Path, metavar="FILE")
        command.add_flag("--force", Texts("sustituye lo que haya", "replace what is there"))
        command.add_database()


def _add_keys(commands: Command) -> None:
    group = commands.add_command(Texts("claves", "keys"), "keys")
    create = group.add_command(
        Texts("hace una clave y la enseña una sola vez", "make a key and show it once"), "create", "keys.run_create"
    ).add_database()
    create.add(
        "--role", Texts("para qué vale: {roles}", "what it is for: {roles}", roles=", ".join(get_args(access.Role)))
    )
    for name, text in (
        (
            "--organisation",
            Texts(
                "organización para la que actúa, que ya tiene que estar; se repite para varias; "
                "hace falta con organisation_reader y organisation_editor, y con ningún otro papel",
                "an organisation that it acts for, which is there already; repeated for several; "
                "needed with organisation_reader and organisation_editor, and with no other role",
            ),
        ),
        (
            "--edition",
            Texts(
                "edición para la que vale, que ya tiene que estar; se repite para varias; "
                "solo con assessor y publisher, que sin ella valen para todas",
                "an edition that it is for, which is there already; repeated for several; "
                "only with assessor and publisher, which without it are for all of them",
            ),
        ),
    ):
        create.add(name, text, metavar="ID", action="append", default=[])
    days = Texts(
        "días que vale, de 1 a {most} ({most})", "days that it lasts, 1 to {most} ({most})", most=access.DAYS_MAX
    )
    create.add("--days", days, default=str(access.DAYS_MAX), metavar="N")
    group.add_command(
        Texts("lista las claves, sin sus secretos", "list the keys, without their secrets"), "list", "keys.run_list"
    ).add_database()
    rotate = group.add_command(
        Texts(
            "pone otra clave en el lugar de una, que acaba días después",
            "put another key in the place of one, which ends days after",
        ),
        "rotate",
        "keys.run_rotate",
    ).add_database()
    key = Texts(
        "identificador de la clave: los 12 caracteres que siguen a actl_",
        "id of the key: the 12 characters after actl_",
    )
    rotate.add("id", key, metavar="ID")
    rotate.add(
        "--days",
        Texts(
            "días que vale la nueva, de 1 a {most} (los que se dieron a la anterior)",
            "days that the new one lasts, 1 to {most} (those that the one before was given)",
            most=access.DAYS_MAX,
        ),
        metavar="N",
    )
    overlap = Texts(
        "días que la anterior vale aún, de 0 a {most} ({usual})",
        "days that the one before still lasts, 0 to {most} ({usual})",
        most=access.OVERLAP_MAX,
        usual=access.OVERLAP,
    )
    rotate.add("--overlap", overlap, default=str(access.OVERLAP), metavar="N")
    revoke = group.add_command(Texts("acaba con una clave", "end a key"), "revoke", "keys.run_revoke").add_database()
    revoke.add("id", key, metavar="ID")
    check = group.add_command(
        Texts(
            "dice qué claves hay en un texto, por su identificador; acaba con 1 si hay alguna",
            "tell which keys are in a text, by their ids; exits with 1 where there is any",
        ),
        "check",
        "keys.run_check",
    ).add_database()
    check.add(
        "file",
        Texts("el fichero; - es la entrada estándar (-)", "the file; - is standard input (-)"),
        metavar="FILE",
        nargs="?",
        default=STANDARD_INPUT,
    )
    check.add_flag(
        "--holds",
        Texts(
            "mira además en la base de datos si cada una vale; también con --database",
            "look in the database as well whether each of them holds; so does --database",
        ),
    )
    group.add_command(
        Texts(
            "hace otra clave de firma y retira la anterior, que sigue valiendo para lo que firmó",
            "make another signing key and retire the one before, which still holds for what it signed",
        ),
        "rotate-signing",
        "keys.run_rotate_signing",
    ).add_database()
    revoke_signing = group.add_command(
        Texts(
            "hace constar que otros pueden tener una clave de firma, y hace otra si es la que firma",
            "enter that others may have a signing key, and make another one if it is the one that signs",
        ),
        "revoke-signing",
        "keys.run_revoke_signing",
    ).add_database()
    revoke_signing.add(
        "id",
        Texts(
            "el identificador de la clave, como está en /.well-known/jwks.json",
            "the id of the key, as /.well-known/jwks.json has it",
        ),
        metavar="KID",
    )
    revoke_signing.add(
        "--since",
        Texts(
            "la primera entrada del libro de cambios desde la que no vale lo que firma (la siguiente)",
            "the first entry of the ledger from which on what it signs does not count (the next one)",
        ),
        metavar="SEQ",
    )


def _add_policy(commands: Command) -> None:
    command = commands.add_command(
        Texts("enseña quién puede llamar a cada operación", "show who may call each operation"),
        "policy",
        "policy.run_policy",
    )
    command.add_flag("--json", Texts("en JSON", "as JSON"))


def _add_ledger(commands: Command) -> None:
    group = commands.add_command(Texts("libro de cambios", "ledger"), "ledger")
    group.add_command(
        Texts(
            "firma un punto de control y lo escribe, para guardarlo fuera",
            "sign a checkpoint and write it, to be kept outside",
        ),
        "checkpoint",
        "ledger.run_checkpoint",
    ).add_database()
    group.add_command(
        Texts(
            "escribe todas las entradas, como las ve cualquiera, una por línea (JSON)",
            "write every entry, as everybody sees them, one a line (JSON)",
        ),
        "export",
        "ledger.run_export",
    ).add_database()
    acknowledge = group.add_command(
        Texts(
            "hace constar que la base de datos se ha recuperado de una copia, para volver a firmar",
            "enter that the database was brought back from a copy, to sign again",
        ),
        "acknowledge-restore",
        "ledger.run_acknowledge_restore",
    ).add_database()
    acknowledge.add(
        "--reason",
        Texts(
            "el motivo, que queda en el libro de cambios para siempre", "the reason, which stays in the ledger for ever"
        ),
        required=True,
    )


def _add_import(commands: Command) -> None:
    group = commands.add_command(Texts("organizaciones", "organisations"), "organisations")
    command = group.add_command(
        Texts(
            "importa un fichero CSV de municipios, también con sus dominios",
            "import a CSV file of municipalities, with their domains too",
        ),
        "import",
        "importing.run_import",
    )
    command.add("file", FILE, type=Path, metavar="FILE")
    command.add(
        "--population-year",
        Texts(
            "año de las poblaciones del fichero, el de su padrón",
            "year of the populations of the file, that of its register",
        ),
        metavar="YEAR",
    )
    command.add_database()


def _add_assessments(commands: Command) -> None:
    group = commands.add_command(Texts("evaluaciones", "assessments"), "assessments")
    _add_assessments_import(group)
    _add_transition(group)


def _add_assessments_import(group: Command) -> None:
    command = group.add_command(
        Texts(
            "importa las evaluaciones de muchas organizaciones de un fichero (.csv, .jsonl o .xlsx)",
            "import the assessments of many organisations from a file (.csv, .jsonl or .xlsx)",
        ),
        "import",
        "assessing.run_import",
    )
    command.add("file", FILE, type=Path, metavar="FILE")
    command.add("--edition", EDITION, required=True, metavar="EDITION")
    command.add_flag("--dry-run", Texts("lo comprueba y no guarda nada", "check it and store nothing"))
    command.add_flag(
        "--all-or-nothing",
        Texts("no guarda nada si alguna fila tiene un fallo", "store nothing if any row has a fault"),
    )
    command.add(
        "--annotated",
        Texts(
            "escribe en este fichero una copia con los fallos señalados, si hay alguno",
            "write a copy with the faults marked to this file, if there are any",
        ),
        type=Path,
        metavar="FILE",
    )
    command.add_database()


def _add_transition(group: Command) -> None:
    command = group.add_command(
        Texts("da un paso para muchas evaluaciones a la vez", "take a step for many assessments at once"),
        "transition",
        "transitions.run_transition",
    )
    command.add("edition", EDITION, metavar="EDITION")
    command.add(
        "step",
        Texts(
            "el paso: submissions, reviews, hearings, returns, finals o extensions",
            "the step: submissions, reviews, hearings, returns, finals or extensions",
        ),
        metavar="STEP",
    )
    command.add(
        "--organisation",
        Texts(
            "solo esta organización; se repite para varias; si no, todas las que cumplan las condiciones",
            "only this organisation; repeated for several; else all that meet the conditions",
        ),
        metavar="ID",
        action="append",
        default=[],
    )
    for name, metavar, help_text in (
        ("--state", "STATE", Texts("solo las que están en este estado", "only those in this state")),
        ("--q", "WORDS", Texts("solo las que tienen estas palabras", "only those with these words")),
        ("--kind", "KIND", Texts("solo las de este tipo", "only those of this kind")),
        ("--region", "CODE", Texts("solo las de esta comunidad autónoma", "only those of this region")),
        ("--province", "CODE", Texts("solo las de esta provincia", "only those of this province")),
        ("--band", "BAND", Texts("solo las de este tramo de tamaño", "only those of this size band")),
        ("--parent", "ID", Texts("solo las que dependen de esta", "only those that belong to this one")),
        ("--reason", "TEXT", Texts("por qué (returns, extensions)", "why (returns, extensions)")),
        (
            "--until",
            "DATE",
            Texts("el último día, como 2027-03-20 (returns, extensions)", "the last day, as 2027-03-20 (the same)"),
        ),
        (
            "--phase",
            "PHASE",
            Texts(
                "la fase que se amplía: submission, review o hearing (extensions)",
                "the phase to extend: submission, review or hearing (extensions)",
            ),
        ),
    ):
        command.add(name, help_text, metavar=metavar)
    command.add_flag(
        "--dry-run", Texts("dice qué pasaría, sin cambiar nada", "say what would happen, without a change")
    )
    command.add_database()


def _add_publish(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "publica una edición para siempre, o una corrección de ella",
            "publish an edition for good, or a correction of it",
        ),
        "publish",
        "publishing.run_publish",
    )
    command.add(
        "edition",
        Texts("la edición, que está en revisión o publicada", "the edition, which is in review or published"),
        metavar="EDITION",
    )
    command.add(
        "--reason", Texts("por qué; se publica con ella", "why; it is published with it"), metavar="TEXT", required=True
    )
    command.add(
        "--corrections",
        Texts(
            "un fichero con `supersedes` y `corrections`, como en el cuerpo de la petición; - es la entrada estándar",
            "a file with `supersedes` and `corrections`, as in the body of the request; - is standard input",
        ),
        metavar="FILE",
    )
    command.add_database()


def _add_discard(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "quita una revisión a la que le faltan puntuaciones, que impide publicar otra",
            "remove a revision without all its scores, which keeps others from being published",
        ),
        "discard-revision",
        "discarding.run_discard",
    )
    command.add("edition", EDITION, metavar="EDITION")
    command.add_database()


def _add_flags(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "busca lo que llama la atención en una edición, para que alguien lo mire",
            "look for what is remarkable in an edition, for somebody to look at it",
        ),
        "flags",
        "flagging.run_flags",
    )
    command.add("edition", EDITION, metavar="EDITION")
    command.add_database()


def _add_audit(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "audita el índice de una edición: qué miden sus partes y de qué dependen los niveles",
            "audit the index of an edition: what its parts measure, and what the levels depend on",
        ),
        "audit",
        "auditing.run_audit",
    )
    command.add("edition", EDITION, metavar="EDITION")
    command.add_lang()
    command.add_json()
    command.add_database()


def _add_rescore(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "puntúa una edición con otra versión de la metodología, y dice qué cambia; la edición queda como está",
            "score an edition under another methodology version, and say what changes; the edition stays as it is",
        ),
        "rescore",
        "rescoring.run_rescore",
    )
    command.add("edition", EDITION, metavar="EDITION")
    command.add(
        "--methodology",
        Texts(
            "la otra versión: {versions}", "the other version: {versions}", versions=", ".join(loader.list_versions())
        ),
        metavar="V",
        required=True,
    )
    command.add(
        "--results",
        Texts(
            "escribe en este fichero, que no debe existir todavía, lo de cada organización: una por línea (JSON)",
            "write the result of each organisation to this file, which must not exist yet: one a line (JSON)",
        ),
        type=Path,
        metavar="FILE",
    )
    command.add_database()


def _add_erase(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "borra los datos personales de una evaluación: documentos, notas, motivos y alegaciones",
            "erase the personal data of an assessment: documents, notes, reasons and replies",
        ),
        "erase",
        "erasing.run_erase",
    )
    command.add("edition", Texts("la edición, publicada o no", "the edition, published or not"), metavar="EDITION")
    command.add(
        "organisation",
        Texts("la organización, por su identificador", "the organisation, by its id"),
        metavar="ORGANISATION",
    )
    command.add("--indicator", Texts("solo lo de esta respuesta", "only what belongs to this answer"), metavar="CODE")
    command.add(
        "--reason",
        Texts("por qué; queda para siempre en el registro público", "why; it stays in the public ledger for good"),
        metavar="TEXT",
        required=True,
    )
    command.add_flag("--dry-run", Texts("solo dice lo que se borraría", "only say what would be erased"))
    command.add_database()


def _add_score(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "puntúa los hechos de un fichero y explica cada punto", "score the facts of a file and explain every point"
        ),
        "score",
        "scoring.run_score",
    )
    command.add(
        "file",
        Texts(
            "el fichero, con el cuerpo de POST /v1/scores; - es la entrada estándar",
            "the file, with the body of POST /v1/scores; - is standard input",
        ),
        metavar="FILE",
    )
    versions = Texts(
        "versión de la metodología (la que dice el fichero; de una tabla, la más nueva: {versions}), o el fichero de "
        "un documento",
        "version of the methodology (the one that the file says; of a table, the newest: {versions}), or the file of a "
        "document",
        versions=", ".join(loader.list_versions()),
    )
    command.add("--methodology", versions, metavar="V")
    command.add_flag(
        "--table",
        Texts(
            "el fichero es una tabla CSV con una organización en cada línea; escribe la tabla de sus puntuaciones",
            "the file is a CSV table with an organisation in each line; write the table of their scores",
        ),
    )
    command.add(
        "--keep",
        Texts(
            "una columna de la tabla que se copia sin leerla; se repite para varias",
            "a column of the table that is copied without reading it; repeated for several",
        ),
        metavar="COLUMN",
        action="append",
        default=[],
    )
    command.add(
        "--format",
        Texts(
            "cómo se escriben las puntuaciones de una tabla: csv (si no se dice), jsonl, o table, para leerla aquí",
            "how the scores of a table are written: csv (by default), jsonl, or table, to read it here",
        ),
        choices=("csv", "jsonl", "table"),
    )
    command.add_lang()
    command.add_flag(
        "--json",
        Texts("escribe el documento JSON que responde el servicio", "write the JSON document that the service answers"),
    )


def _add_methodology(commands: Command) -> None:
    group = commands.add_command(Texts("metodologías", "methodologies"), "methodology")
    new = group.add_command(
        Texts(
            "escribe una metodología pequeña, con sus textos, para empezar la propia",
            "write a small methodology, with its texts, to begin one of your own",
        ),
        "new",
        "methodologies.run_new",
    )
    new.add(
        "path",
        Texts(
            "la carpeta, o el fichero .json, donde se escribe; no sustituye nada",
            "the folder, or the .json file, that is written; nothing is replaced",
        ),
        metavar="PATH",
    )
    new.add_lang()
    check = group.add_command(
        Texts("comprueba un documento y sus textos", "check a document and its texts"),
        "check",
        "methodologies.run_check",
    )
    check.add(
        "file", Texts("el documento; - es la entrada estándar", "the document; - is standard input"), metavar="FILE"
    )
    check.add(
        "--texts",
        Texts(
            "los textos, uno por idioma (texts/es.json y texts/en.json junto al documento)",
            "the texts, one file for each language (texts/es.json and texts/en.json beside the document)",
        ),
        nargs="+",
        metavar="FILE",
    )
    check.add_lang()
    diff = group.add_command(
        Texts("dice qué cambia de una metodología a otra", "say what changes from one methodology to another"),
        "diff",
        "methodologies.run_diff",
    )
    for name, metavar in (("before", "A"), ("after", "B")):
        diff.add(
            name,
            Texts(
                "una versión ({versions}) o un fichero, con sus textos en texts/ al lado",
                "a version ({versions}) or a file, with its texts in texts/ beside it",
                versions=", ".join(loader.list_versions()),
            ),
            metavar=metavar,
        )
    diff.add_lang()
    diff.add_json()


def _add_verify(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "comprueba lo publicado: resúmenes, firmas, la cadena del libro de cambios y cada puntuación",
            "verify what is published: digests, signatures, the chain of the ledger and every score",
        ),
        "verify",
        "verifying.run_verify",
    )
    command.add(
        "source",
        Texts(
            "un fichero publicado (edición entera, documento, libro de cambios), - la entrada estándar, "
            "o la dirección de una edición, publicación, documento o libro de un servicio",
            "a published file (bundle, document, ledger), - standard input, or the address of an edition, "
            "publication, document or ledger of a service",
        ),
        metavar="FILE|URL",
    )
    command.add(
        "--keys",
        Texts(
            "las claves públicas en que se confía (JWKS): fichero o dirección; si no, las del servicio o las "
            "del fichero",
            "the public keys that are trusted (JWKS): file or address; else those of the service, or of the file",
        ),
        metavar="FILE|URL",
    )
    command.add(
        "--digest",
        Texts(
            "el resumen que tiene que tener lo publicado, si usted lo guardó (no lo hay de un libro)",
            "the digest that what is published has to have, if you kept it (a ledger has none)",
        ),
        metavar="sha256:…",
    )
    command.add(
        "--checkpoint",
        Texts(
            "un punto de control guardado fuera, con el que tiene que concordar",
            "a checkpoint kept outside, which has to agree",
        ),
        metavar="FILE",
    )
    command.add(
        "--ledger",
        Texts(
            "el libro de cambios que tiene que conocer lo publicado; si no, el del servicio de la dirección",
            "the ledger that has to know what is published; else that of the service of the address",
        ),
        metavar="FILE|URL",
    )
    command.add_lang()
    command.add_json()


def _add_demo(commands: Command) -> None:
    command = commands.add_command(
        Texts("sirve la demostración, con datos inventados", "serve the demonstration, with invented data"),
        "demo",
        "demonstration.run_demo",
    )
    command.add_alternatives(
        {
            "--in-review": Texts(
                "deja la edición en revisión, y enseña una clave para publicarla",
                "leave the edition in review, and show a key to publish it with",
            ),
            "--drafts": Texts(
                "deja la edición abierta, con borradores, y enseña una clave para llevarla hasta el final",
                "leave the edition open, with drafts, and show a key to take it to its end with",
            ),
        }
    )
    _add_address_options(command)
    command.add_database()


def _add_sandbox(commands: Command) -> None:
    command = commands.add_command(
        Texts(
            "sirve datos inventados para probar programas, solo en esta máquina",
            "serve invented data for tests of programs, on this machine only",
        ),
        "sandbox",
        "sandbox.run_sandbox",
    )
    command.add(
        "--port",
        Texts("puerto, o 0 para uno libre (8000)", "port, or 0 for a free one (8000)"),
        type=int,
        choices=range(65_536),
        default=8000,
        metavar="PORT",
    )
    command.add_flag("--json", Texts("escribe dirección y claves como JSON", "write address and keys as JSON"))
    command.add_flag(
        "--jobs",
        Texts(
            "hace también los trabajos, que si no se quedan en la cola", "do the jobs too, which otherwise stay queued"
        ),
    )


def _add_openapi(commands: Command) -> None:
    command = commands.add_command(
        Texts("escribe el documento OpenAPI", "write the OpenAPI document"), "openapi", "document.run_openapi"
    )
    command.add("file", FILE, type=Path, metavar="FILE")
    command.add(
        "--methodology-schema",
        Texts(
            "escribe además el esquema JSON de los documentos de metodología",
            "write the JSON Schema of methodology documents too",
        ),
        type=Path,
        metavar="FILE",
    )
    command.add_flag(
        "--check", Texts("no escribe: falla si el fichero es distinto", "do not write: fail if the file differs")
    )
    command.add(
        "--compatible-with",
        Texts(
            "no escribe: falla si el fichero rompe clientes de este otro documento",
            "do not write: fail if the file breaks clients of this other document",
        ),
        type=Path,
        metavar="BASELINE",
    )
    command.add(
        "--accepted",
        Texts("los cambios aceptados, con su decisión", "the accepted breaks, each with its decision"),
        type=Path,
        metavar="LIST",
    )


def _add_completion(commands: Command) -> None:
    command = commands.add_command(
        Texts("escribe lo que completa las órdenes en un intérprete", "write what completes the commands in a shell"),
        "completion",
        "completion.run_completion",
    )
    command.add("shell", Texts("el intérprete", "the shell"), choices=SHELLS)
