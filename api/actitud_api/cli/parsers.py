"""Parsers of all commands in two languages: everything that `--help` and completion need.

This module imports nothing slow. A command is named as `"module.function"` of this package, which is imported when the
command is run.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final, Protocol, get_args

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology import loader
from actitud_api.platform.auth import keys as access
from actitud_api.resources.organisations.kinds import Kind

SHELLS: Final = ("bash", "zsh", "fish")
LIGHT: Final = frozenset({"completion.run_completion"})
"""Commands that need no settings, database or log, and must be fast because a shell runs them when it starts."""
STANDARD_INPUT: Final = "-"
LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class CommandRunner(Protocol):
    """Function that runs a command: `run_…` in one of the modules of this package."""

    def __call__(self, options: argparse.Namespace, language: Language, /) -> int:
        """Run the command and return its exit code; raise `CommandError` if it fails."""


class AddCommand(Protocol):
    """Function that adds a command to a parser, with its help in one language."""

    def __call__(self, text: Texts, name: str, run: str | None = None) -> argparse.ArgumentParser:
        """Add the command `name`, with `text` as its help, and return its parser.

        `run` is `"module.function"`, or None for a group of commands such as `keys`, to which commands are added.
        """


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def added(text: Texts, name: str, run: str | None = None) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text.into(language), description=text.into(language))
        if run is not None:
            command.set_defaults(run=run)
        return command

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
        _add_erase,
        _add_score,
        _add_methodology,
        _add_verify,
        _add_demo,
        _add_sandbox,
        _add_openapi,
        _add_completion,
    ):
        add(added, language)
    return parser


def _add_database_option(command: argparse.ArgumentParser, language: Language) -> None:
    """Add the option `--database`."""
    command.add_argument(
        "--database",
        metavar="URL",
        help=Texts("base de datos, como URL de SQLAlchemy", "database, as an SQLAlchemy URL").into(language),
    )


def _add_lang_option(command: argparse.ArgumentParser, language: Language) -> None:
    """Add the option `--lang`, which sets the language of the output."""
    command.add_argument(
        "--lang",
        metavar="LANG",
        help=Texts("idioma: {languages} (el de esta terminal)", "language: {languages} (that of this terminal)")
        .into(language)
        .format(languages=", ".join(LANGUAGES)),
    )


def _add_json_option(command: argparse.ArgumentParser, language: Language) -> None:
    """Add the option `--json`: the result as a JSON document."""
    command.add_argument(
        "--json", action="store_true", help=Texts("escribe un documento JSON", "write a JSON document").into(language)
    )


def _add_organisation_options(command: argparse.ArgumentParser, language: Language) -> None:
    """Add the options that describe an organisation."""
    command.add_argument(
        "--organisation",
        metavar="ID",
        help=Texts(
            "identificador de la primera organización, como ES-DIR3-L01280796",
            "identifier of the first organisation, as ES-DIR3-L01280796",
        ).into(language),
    )
    command.add_argument("--name", help=Texts("su nombre", "its name").into(language))
    command.add_argument(
        "--kind",
        help=Texts("su tipo: {kinds}", "its kind: {kinds}").into(language).format(kinds=", ".join(get_args(Kind))),
    )
    command.add_argument("--population", metavar="N", help=Texts("sus habitantes", "its inhabitants").into(language))
    command.add_argument(
        "--province",
        metavar="CODE",
        help=Texts("su provincia, por el código del INE, de 01 a 52", "its province, by its INE code, 01 to 52").into(
            language
        ),
    )


def _add_init(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "prepara la instalación: base de datos, primera organización y primera clave; repetirla no cambia nada",
            "prepare the installation: database, first organisation and first key; to repeat it changes nothing",
        ),
        "init",
        "installing.run_init",
    )
    _add_organisation_options(command, language)
    command.add_argument(
        "--key-days",
        default=str(access.DAYS_MAX),
        metavar="DAYS",
        help=Texts("días que vale la clave, de 31 a 365 (365)", "days that the key lasts, 31 to 365 (365)").into(
            language
        ),
    )
    command.add_argument(
        "--new-key",
        action="store_true",
        help=Texts(
            "hace otra clave de administración aunque haya una que vale",
            "make another administrator key although there is one that holds",
        ).into(language),
    )
    _add_database_option(command, language)


def _add_serve(added: AddCommand, language: Language) -> None:
    command = added(Texts("sirve la instalación", "serve the installation"), "serve", "serving.run_serve")
    _add_address_options(command, language)
    command.add_argument(
        "--workers",
        metavar="NUMBER",
        help=Texts(
            "procesos que sirven a la vez (1); con PostgreSQL", "processes that serve at the same time (1); PostgreSQL"
        ).into(language),
    )
    _add_database_option(command, language)


def _add_worker(added: AddCommand, language: Language) -> None:
    command = added(
        Texts("hace los trabajos que esperan; con PostgreSQL", "do the jobs that wait; with PostgreSQL"),
        "worker",
        "working.run_worker",
    )
    _add_database_option(command, language)


def _add_address_options(command: argparse.ArgumentParser, language: Language) -> None:
    """Add the options `--host` and `--port`."""
    command.add_argument(
        "--host",
        help=Texts("dirección en la que escucha (127.0.0.1)", "address to listen on (127.0.0.1)").into(language),
    )
    command.add_argument(
        "--port", help=Texts("puerto en el que escucha (8000)", "port to listen on (8000)").into(language)
    )


def _add_doctor(added: AddCommand, language: Language) -> None:
    command = added(
        Texts("mira qué va mal y dice qué hacer", "look for what is wrong and say what to do"),
        "doctor",
        "doctor.run_doctor",
    )
    command.add_argument(
        "--keys",
        metavar="FILE|URL",
        help=Texts(
            "las claves públicas en que se confía (JWKS); si no, las de la base de datos",
            "the public keys that are trusted (JWKS); else those of the database",
        ).into(language),
    )
    _add_json_option(command, language)
    _add_database_option(command, language)


def _add_migrate(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "lleva la base de datos a la revisión de esta versión", "bring the database to the revision of this release"
        ),
        "migrate",
        "migrating.run_migrate",
    )
    command.add_argument(
        "--to",
        metavar="REVISION",
        help=Texts(
            "otra revisión; hacia abajo se pierde lo que añadieron las posteriores",
            "another revision; downwards, what the later ones added is lost",
        ).into(language),
    )
    _add_database_option(command, language)


def _add_backup_and_restore(added: AddCommand, language: Language) -> None:
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
        command = added(text, name, run)
        command.add_argument(
            "file",
            type=Path,
            metavar="FILE",
            help=Texts("el fichero de la copia", "the file of the copy").into(language),
        )
        command.add_argument(
            "--force", action="store_true", help=Texts("sustituye lo que haya", "replace what is there").into(language)
        )
        _add_database_option(command, language)


def _add_keys(added: AddCommand, language: Language) -> None:
    commands = added(Texts("claves", "keys"), "keys").add_subparsers(required=True, metavar="COMMAND")

    def command(text: Texts, name: str, run: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text.into(language), description=text.into(language))
        command.set_defaults(run=run)
        _add_database_option(command, language)
        return command

    create = command(
        Texts("hace una clave y la enseña una sola vez", "make a key and show it once"), "create", "keys.run_create"
    )
    create.add_argument(
        "--role",
        help=Texts("para qué vale: {roles}", "what it is for: {roles}")
        .into(language)
        .format(roles=", ".join(get_args(access.Role))),
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
        create.add_argument(name, metavar="ID", action="append", default=[], help=text.into(language))
    days = (
        Texts("días que vale, de 1 a {most} ({most})", "days that it lasts, 1 to {most} ({most})")
        .into(language)
        .format(most=access.DAYS_MAX)
    )
    create.add_argument("--days", default=str(access.DAYS_MAX), metavar="N", help=days)
    command(
        Texts("lista las claves, sin sus secretos", "list the keys, without their secrets"), "list", "keys.run_list"
    )
    rotate = command(
        Texts(
            "pone otra clave en el lugar de una, que acaba días después",
            "put another key in the place of one, which ends days after",
        ),
        "rotate",
        "keys.run_rotate",
    )
    rotate.add_argument(
        "id",
        metavar="ID",
        help=Texts(
            "identificador de la clave: los 12 caracteres que siguen a actl_",
            "id of the key: the 12 characters after actl_",
        ).into(language),
    )
    rotate.add_argument(
        "--days",
        metavar="N",
        help=Texts(
            "días que vale la nueva, de 1 a {most} (los que se dieron a la anterior)",
            "days that the new one lasts, 1 to {most} (those that the one before was given)",
        )
        .into(language)
        .format(most=access.DAYS_MAX),
    )
    overlap = (
        Texts(
            "días que la anterior vale aún, de 0 a {most} ({usual})",
            "days that the one before still lasts, 0 to {most} ({usual})",
        )
        .into(language)
        .format(most=access.OVERLAP_MAX, usual=access.OVERLAP)
    )
    rotate.add_argument("--overlap", default=str(access.OVERLAP), metavar="N", help=overlap)
    command(Texts("acaba con una clave", "end a key"), "revoke", "keys.run_revoke").add_argument(
        "id",
        metavar="ID",
        help=Texts(
            "identificador de la clave: los 12 caracteres que siguen a actl_",
            "id of the key: the 12 characters after actl_",
        ).into(language),
    )
    check = command(
        Texts(
            "dice qué claves hay en un texto, por su identificador; acaba con 1 si hay alguna",
            "tell which keys are in a text, by their ids; exits with 1 where there is any",
        ),
        "check",
        "keys.run_check",
    )
    check.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        default=STANDARD_INPUT,
        help=Texts("el fichero; - es la entrada estándar (-)", "the file; - is standard input (-)").into(language),
    )
    check.add_argument(
        "--holds",
        action="store_true",
        help=Texts(
            "mira además en la base de datos si cada una vale; también con --database",
            "look in the database as well whether each of them holds; so does --database",
        ).into(language),
    )
    command(
        Texts(
            "hace otra clave de firma y retira la anterior, que sigue valiendo para lo que firmó",
            "make another signing key and retire the one before, which still holds for what it signed",
        ),
        "rotate-signing",
        "keys.run_rotate_signing",
    )
    revoke_signing = command(
        Texts(
            "hace constar que otros pueden tener una clave de firma, y hace otra si es la que firma",
            "enter that others may have a signing key, and make another one if it is the one that signs",
        ),
        "revoke-signing",
        "keys.run_revoke_signing",
    )
    revoke_signing.add_argument(
        "id",
        metavar="KID",
        help=Texts(
            "el identificador de la clave, como está en /.well-known/jwks.json",
            "the id of the key, as /.well-known/jwks.json has it",
        ).into(language),
    )
    revoke_signing.add_argument(
        "--since",
        metavar="SEQ",
        help=Texts(
            "la primera entrada del libro de cambios desde la que no vale lo que firma (la siguiente)",
            "the first entry of the ledger from which on what it signs does not count (the next one)",
        ).into(language),
    )


def _add_policy(added: AddCommand, language: Language) -> None:
    command = added(
        Texts("enseña quién puede llamar a cada operación", "show who may call each operation"),
        "policy",
        "policy.run_policy",
    )
    command.add_argument("--json", action="store_true", help=Texts("en JSON", "as JSON").into(language))


def _add_ledger(added: AddCommand, language: Language) -> None:
    commands = added(Texts("libro de cambios", "ledger"), "ledger").add_subparsers(required=True, metavar="COMMAND")

    def command(text: Texts, name: str, run: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=text.into(language), description=text.into(language)
        )
        command.set_defaults(run=run)
        _add_database_option(command, language)
        return command

    command(
        Texts(
            "firma un punto de control y lo escribe, para guardarlo fuera",
            "sign a checkpoint and write it, to be kept outside",
        ),
        "checkpoint",
        "ledger.run_checkpoint",
    )
    command(
        Texts(
            "escribe todas las entradas, como las ve cualquiera, una por línea (JSON)",
            "write every entry, as everybody sees them, one a line (JSON)",
        ),
        "export",
        "ledger.run_export",
    )
    acknowledge = command(
        Texts(
            "hace constar que la base de datos se ha recuperado de una copia, para volver a firmar",
            "enter that the database was brought back from a copy, to sign again",
        ),
        "acknowledge-restore",
        "ledger.run_acknowledge_restore",
    )
    acknowledge.add_argument(
        "--reason",
        required=True,
        help=Texts(
            "el motivo, que queda en el libro de cambios para siempre",
            "the reason, which stays in the ledger for ever",
        ).into(language),
    )


def _add_import(added: AddCommand, language: Language) -> None:
    about = added(Texts("organizaciones", "organisations"), "organisations")
    imported = about.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "import",
        help=Texts("importa un fichero CSV de municipios", "import a CSV file of municipalities").into(language),
        description=Texts("importa un fichero CSV de municipios", "import a CSV file of municipalities").into(language),
    )
    imported.set_defaults(run="importing.run_import")
    imported.add_argument("file", type=Path, metavar="FILE", help=Texts("el fichero", "the file").into(language))
    imported.add_argument(
        "--population-year",
        metavar="YEAR",
        help=Texts(
            "año de las poblaciones del fichero, el de su padrón",
            "year of the populations of the file, that of its register",
        ).into(language),
    )
    _add_database_option(imported, language)


def _add_assessments_import(commands: argparse._SubParsersAction[argparse.ArgumentParser], language: Language) -> None:
    text = Texts(
        "importa las evaluaciones de muchas organizaciones de un fichero (.csv, .jsonl o .xlsx)",
        "import the assessments of many organisations from a file (.csv, .jsonl or .xlsx)",
    )
    command = commands.add_parser("import", help=text.into(language), description=text.into(language))
    command.set_defaults(run="assessing.run_import")
    command.add_argument("file", type=Path, metavar="FILE", help=Texts("el fichero", "the file").into(language))
    command.add_argument(
        "--edition", required=True, metavar="EDITION", help=Texts("la edición", "the edition").into(language)
    )
    for name, help_text in (
        ("--dry-run", Texts("lo comprueba y no guarda nada", "check it and store nothing")),
        (
            "--all-or-nothing",
            Texts("no guarda nada si alguna fila tiene un fallo", "store nothing if any row has a fault"),
        ),
    ):
        command.add_argument(name, action="store_true", help=help_text.into(language))
    command.add_argument(
        "--annotated",
        type=Path,
        metavar="FILE",
        help=Texts(
            "escribe en este fichero una copia con los fallos señalados, si hay alguno",
            "write a copy with the faults marked to this file, if there are any",
        ).into(language),
    )
    _add_database_option(command, language)


def _add_assessments(added: AddCommand, language: Language) -> None:
    commands = added(Texts("evaluaciones", "assessments"), "assessments").add_subparsers(
        required=True, metavar="COMMAND"
    )
    _add_assessments_import(commands, language)
    text = Texts("da un paso para muchas evaluaciones a la vez", "take a step for many assessments at once")
    command = commands.add_parser("transition", help=text.into(language), description=text.into(language))
    command.set_defaults(run="transitions.run_transition")
    for name, metavar, help_text in (
        ("edition", "EDITION", Texts("la edición", "the edition")),
        (
            "step",
            "STEP",
            Texts(
                "el paso: submissions, reviews, hearings, returns, finals o extensions",
                "the step: submissions, reviews, hearings, returns, finals or extensions",
            ),
        ),
    ):
        command.add_argument(name, metavar=metavar, help=help_text.into(language))
    command.add_argument(
        "--organisation",
        metavar="ID",
        action="append",
        default=[],
        help=Texts(
            "solo esta organización; se repite para varias; si no, todas las que cumplan las condiciones",
            "only this organisation; repeated for several; else all that meet the conditions",
        ).into(language),
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
        command.add_argument(name, metavar=metavar, help=help_text.into(language))
    command.add_argument(
        "--dry-run",
        action="store_true",
        help=Texts("dice qué pasaría, sin cambiar nada", "say what would happen, without a change").into(language),
    )
    _add_database_option(command, language)


def _add_publish(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "publica una edición para siempre, o una corrección de ella",
            "publish an edition for good, or a correction of it",
        ),
        "publish",
        "publishing.run_publish",
    )
    command.add_argument(
        "edition",
        metavar="EDITION",
        help=Texts("la edición, que está en revisión o publicada", "the edition, which is in review or published").into(
            language
        ),
    )
    command.add_argument(
        "--reason",
        metavar="TEXT",
        required=True,
        help=Texts("por qué; se publica con ella", "why; it is published with it").into(language),
    )
    command.add_argument(
        "--corrections",
        metavar="FILE",
        help=Texts(
            "un fichero con `supersedes` y `corrections`, como en el cuerpo de la petición; - es la entrada estándar",
            "a file with `supersedes` and `corrections`, as in the body of the request; - is standard input",
        ).into(language),
    )
    _add_database_option(command, language)


def _add_discard(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "quita una revisión a la que le faltan puntuaciones, que impide publicar otra",
            "remove a revision without all its scores, which keeps others from being published",
        ),
        "discard-revision",
        "discarding.run_discard",
    )
    command.add_argument("edition", metavar="EDITION", help=Texts("la edición", "the edition").into(language))
    _add_database_option(command, language)


def _add_flags(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "busca lo que llama la atención en una edición, para que alguien lo mire",
            "look for what is remarkable in an edition, for somebody to look at it",
        ),
        "flags",
        "flagging.run_flags",
    )
    command.add_argument("edition", metavar="EDITION", help=Texts("la edición", "the edition").into(language))
    _add_database_option(command, language)


def _add_audit(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "audita el índice de una edición: qué miden sus partes y de qué dependen los niveles",
            "audit the index of an edition: what its parts measure, and what the levels depend on",
        ),
        "audit",
        "auditing.run_audit",
    )
    command.add_argument("edition", metavar="EDITION", help=Texts("la edición", "the edition").into(language))
    _add_lang_option(command, language)
    _add_json_option(command, language)
    _add_database_option(command, language)


def _add_erase(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "borra los datos personales de una evaluación: documentos, notas, motivos y alegaciones",
            "erase the personal data of an assessment: documents, notes, reasons and replies",
        ),
        "erase",
        "erasing.run_erase",
    )
    for name, text in (
        ("edition", Texts("la edición, publicada o no", "the edition, published or not")),
        ("organisation", Texts("la organización, por su identificador", "the organisation, by its id")),
    ):
        command.add_argument(name, metavar=name.upper(), help=text.into(language))
    for option, metavar, text in (
        ("--indicator", "CODE", Texts("solo lo de esta respuesta", "only what belongs to this answer")),
        (
            "--reason",
            "TEXT",
            Texts("por qué; queda para siempre en el registro público", "why; it stays in the public ledger for good"),
        ),
    ):
        command.add_argument(option, metavar=metavar, required=option == "--reason", help=text.into(language))
    command.add_argument(
        "--dry-run",
        action="store_true",
        help=Texts("solo dice lo que se borraría", "only say what would be erased").into(language),
    )
    _add_database_option(command, language)


def _add_score(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "puntúa los hechos de un fichero y explica cada punto", "score the facts of a file and explain every point"
        ),
        "score",
        "scoring.run_score",
    )
    command.add_argument(
        "file",
        metavar="FILE",
        help=Texts(
            "el fichero, con el cuerpo de POST /v1/scores; - es la entrada estándar",
            "the file, with the body of POST /v1/scores; - is standard input",
        ).into(language),
    )
    versions = (
        Texts(
            "versión de la metodología (la que dice el fichero: {versions}), o el fichero de un documento",
            "version of the methodology (the one that the file says: {versions}), or the file of a document",
        )
        .into(language)
        .format(versions=", ".join(loader.list_versions()))
    )
    command.add_argument("--methodology", metavar="V", help=versions)
    command.add_argument(
        "--table",
        action="store_true",
        help=Texts(
            "el fichero es una tabla CSV con una organización en cada línea; escribe la tabla de sus puntuaciones",
            "the file is a CSV table with an organisation in each line; write the table of their scores",
        ).into(language),
    )
    command.add_argument(
        "--keep",
        metavar="COLUMN",
        action="append",
        default=[],
        help=Texts(
            "una columna de la tabla que se copia sin leerla; se repite para varias",
            "a column of the table that is copied without reading it; repeated for several",
        ).into(language),
    )
    command.add_argument(
        "--format",
        choices=("csv", "jsonl", "table"),
        help=Texts(
            "cómo se escriben las puntuaciones de una tabla: csv (si no se dice), jsonl, o table, para leerla aquí",
            "how the scores of a table are written: csv (by default), jsonl, or table, to read it here",
        ).into(language),
    )
    _add_lang_option(command, language)
    command.add_argument(
        "--json",
        action="store_true",
        help=Texts(
            "escribe el documento JSON que responde el servicio", "write the JSON document that the service answers"
        ).into(language),
    )


def _add_methodology(added: AddCommand, language: Language) -> None:
    commands = added(Texts("metodologías", "methodologies"), "methodology").add_subparsers(
        required=True, metavar="COMMAND"
    )

    def command(text: Texts, name: str, run: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text.into(language), description=text.into(language))
        command.set_defaults(run=run)
        return command

    new = command(
        Texts(
            "escribe una metodología pequeña, con sus textos, para empezar la propia",
            "write a small methodology, with its texts, to begin one of your own",
        ),
        "new",
        "methodologies.run_new",
    )
    new.add_argument(
        "path",
        metavar="PATH",
        help=Texts(
            "la carpeta, o el fichero .json, donde se escribe; no sustituye nada",
            "the folder, or the .json file, that is written; nothing is replaced",
        ).into(language),
    )
    _add_lang_option(new, language)
    check = command(
        Texts("comprueba un documento y sus textos", "check a document and its texts"),
        "check",
        "methodologies.run_check",
    )
    check.add_argument(
        "file",
        metavar="FILE",
        help=Texts("el documento; - es la entrada estándar", "the document; - is standard input").into(language),
    )
    check.add_argument(
        "--texts",
        nargs="+",
        metavar="FILE",
        help=Texts(
            "los textos, uno por idioma (texts/es.json y texts/en.json junto al documento)",
            "the texts, one file for each language (texts/es.json and texts/en.json beside the document)",
        ).into(language),
    )
    _add_lang_option(check, language)
    diff = command(
        Texts("dice qué cambia de una metodología a otra", "say what changes from one methodology to another"),
        "diff",
        "methodologies.run_diff",
    )
    for name, metavar in (("before", "A"), ("after", "B")):
        diff.add_argument(
            name,
            metavar=metavar,
            help=Texts(
                "una versión ({versions}) o un fichero, con sus textos en texts/ al lado",
                "a version ({versions}) or a file, with its texts in texts/ beside it",
            )
            .into(language)
            .format(versions=", ".join(loader.list_versions())),
        )
    _add_lang_option(diff, language)
    _add_json_option(diff, language)


def _add_verify(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "comprueba lo publicado: resúmenes, firmas, la cadena del libro de cambios y cada puntuación",
            "verify what is published: digests, signatures, the chain of the ledger and every score",
        ),
        "verify",
        "verifying.run_verify",
    )
    command.add_argument(
        "source",
        metavar="FILE|URL",
        help=Texts(
            "un fichero publicado (edición entera, documento, libro de cambios), - la entrada estándar, "
            "o la dirección de una edición, publicación, documento o libro de un servicio",
            "a published file (bundle, document, ledger), - standard input, or the address of an edition, publication, "
            "document or ledger of a service",
        ).into(language),
    )
    command.add_argument(
        "--keys",
        metavar="FILE|URL",
        help=Texts(
            "las claves públicas en que se confía (JWKS): fichero o dirección; si no, las del servicio o las "
            "del fichero",
            "the public keys that are trusted (JWKS): file or address; else those of the service, or of the file",
        ).into(language),
    )
    command.add_argument(
        "--checkpoint",
        metavar="FILE",
        help=Texts(
            "un punto de control guardado fuera, con el que tiene que concordar",
            "a checkpoint kept outside, which has to agree",
        ).into(language),
    )
    command.add_argument(
        "--ledger",
        metavar="FILE|URL",
        help=Texts(
            "el libro de cambios que tiene que conocer lo publicado; si no, el del servicio de la dirección",
            "the ledger that has to know what is published; else that of the service of the address",
        ).into(language),
    )
    _add_lang_option(command, language)
    _add_json_option(command, language)


def _add_demo(added: AddCommand, language: Language) -> None:
    command = added(
        Texts("sirve la demostración, con datos inventados", "serve the demonstration, with invented data"),
        "demo",
        "demonstration.run_demo",
    )
    left = command.add_mutually_exclusive_group()
    left.add_argument(
        "--in-review",
        action="store_true",
        help=Texts(
            "deja la edición en revisión, y enseña una clave para publicarla",
            "leave the edition in review, and show a key to publish it with",
        ).into(language),
    )
    left.add_argument(
        "--drafts",
        action="store_true",
        help=Texts(
            "deja la edición abierta, con borradores, y enseña una clave para llevarla hasta el final",
            "leave the edition open, with drafts, and show a key to take it to its end with",
        ).into(language),
    )
    _add_address_options(command, language)
    _add_database_option(command, language)


def _add_sandbox(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "sirve datos inventados para probar programas, solo en esta máquina",
            "serve invented data for tests of programs, on this machine only",
        ),
        "sandbox",
        "sandbox.run_sandbox",
    )
    command.add_argument(
        "--port",
        type=int,
        choices=range(65_536),
        default=8000,
        metavar="PORT",
        help=Texts("puerto, o 0 para uno libre (8000)", "port, or 0 for a free one (8000)").into(language),
    )
    command.add_argument(
        "--json",
        action="store_true",
        help=Texts("escribe dirección y claves como JSON", "write address and keys as JSON").into(language),
    )
    command.add_argument(
        "--jobs",
        action="store_true",
        help=Texts(
            "hace también los trabajos, que si no se quedan en la cola",
            "do the jobs too, which otherwise stay queued",
        ).into(language),
    )


def _add_openapi(added: AddCommand, language: Language) -> None:
    command = added(
        Texts("escribe el documento OpenAPI", "write the OpenAPI document"), "openapi", "document.run_openapi"
    )
    command.add_argument("file", type=Path, metavar="FILE", help=Texts("el fichero", "the file").into(language))
    command.add_argument(
        "--methodology-schema",
        type=Path,
        metavar="FILE",
        help=Texts(
            "escribe además el esquema JSON de los documentos de metodología",
            "write the JSON Schema of methodology documents too",
        ).into(language),
    )
    command.add_argument(
        "--check",
        action="store_true",
        help=Texts("no escribe: falla si el fichero es distinto", "do not write: fail if the file differs").into(
            language
        ),
    )
    command.add_argument(
        "--compatible-with",
        type=Path,
        metavar="BASELINE",
        help=Texts(
            "no escribe: falla si el fichero rompe clientes de este otro documento",
            "do not write: fail if the file breaks clients of this other document",
        ).into(language),
    )
    command.add_argument(
        "--accepted",
        type=Path,
        metavar="LIST",
        help=Texts("los cambios aceptados, con su decisión", "the accepted breaks, each with its decision").into(
            language
        ),
    )


def _add_completion(added: AddCommand, language: Language) -> None:
    command = added(
        Texts(
            "escribe lo que completa las órdenes en un intérprete",
            "write what completes the commands in a shell",
        ),
        "completion",
        "completion.run_completion",
    )
    command.add_argument("shell", choices=SHELLS, help=Texts("el intérprete", "the shell").into(language))
