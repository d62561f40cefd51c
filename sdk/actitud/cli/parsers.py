"""The parser of all commands, with help in Spanish and in English. It imports nothing slow."""

from __future__ import annotations

import argparse
import math
import re
from datetime import date
from typing import Final, get_args

from actitud import models
from actitud._html import Words
from actitud._version import __version__

FORMATS: Final = ("csv", "jsonl", "xlsx", "jsonstat", "bundle")
STANDARD_INPUT: Final = "-"

_KINDS, _BANDS, _STATUSES, _SORTS, _DIMENSIONS = (
    get_args(get_args(alias)[0])
    for alias in (
        models.OrganisationKind,
        models.SizeBand,
        models.ScoreStatus,
        models.ScoreSort,
        models.DimensionId,
    )
)


def build_parser(words: Words) -> argparse.ArgumentParser:
    """Return the parser of all commands, with help in the language of ``words``."""
    parser = argparse.ArgumentParser(
        prog="actitud",
        description=words(
            "Consulta un servicio del Índice de Madurez 2.0.", "Ask a service of the 2.0-maturity index."
        ),
        epilog=words(
            "Códigos de salida: 0 hecho; 1 el servicio se niega o algo no se cumple; 2 argumentos, ficheros o hechos "
            "erróneos; 3 sin respuesta. Variables: ACTITUD_BASE_URL, ACTITUD_API_KEY, ACTITUD_TIMEOUT, ACTITUD_LOG.",
            "Exit codes: 0 done; 1 the service refuses, or a check fails; 2 wrong arguments, files or facts; 3 no "
            "answer. Variables: ACTITUD_BASE_URL, ACTITUD_API_KEY, ACTITUD_TIMEOUT, ACTITUD_LOG.",
        ),
    )
    parser.add_argument("--version", action="version", version=f"actitud {__version__}")
    _Commands(parser, words).add_all()
    return parser


class _Commands:
    """Adds the commands to a parser."""

    def __init__(self, parser: argparse.ArgumentParser, words: Words) -> None:
        self._commands = parser.add_subparsers(required=True, metavar="COMMAND")
        self._words = words

    def add_all(self) -> None:
        self._add_rank()
        self._add_sheet()
        self._add_score()
        self._add_compare()
        self._add_changes()
        self._add_export()
        self._add_watch()
        self._add_verify()
        self._add_count()
        self._add_lists()

    def _add(
        self, name: str, run: str, spanish: str, english: str, *, is_online: bool = True
    ) -> argparse.ArgumentParser:
        text, words = self._words(spanish, english), self._words
        # `find_language` reads --lang before the parser is there, and knows no abbreviations.
        command: argparse.ArgumentParser = self._commands.add_parser(
            name, help=text, description=text, allow_abbrev=False
        )
        command.set_defaults(run=run)
        if is_online:
            command.add_argument(
                "--url",
                help=words("dirección del servicio (ACTITUD_BASE_URL)", "address of the service (ACTITUD_BASE_URL)"),
            )
        command.add_argument(
            "--lang",
            help=words("idioma de la salida, es o en (el de esta terminal)", "language, es or en (of this terminal)"),
        )
        return command

    def _add_output(self, command: argparse.ArgumentParser, csv: bool = True) -> None:
        words = self._words
        group = command.add_mutually_exclusive_group()
        group.add_argument("--json", action="store_true", help=words("escribe JSON", "write JSON"))
        if csv:
            group.add_argument("--csv", action="store_true", help=words("escribe CSV", "write CSV"))

    def _add_edition(self, command: argparse.ArgumentParser) -> None:
        text = self._words(
            "identificador de la edición, o latest: la última publicada", "id of the edition, or latest: the newest one"
        )
        command.add_argument("edition", metavar="EDITION", help=text)

    def _add_organisation(self, command: argparse.ArgumentParser) -> None:
        text = self._words("identificador de la organización", "id of the organisation")
        command.add_argument("organisation", metavar="ID", help=text)

    def _add_filters(self, command: argparse.ArgumentParser) -> None:
        words = self._words
        command.add_argument("--kind", choices=_KINDS, help=words("tipo de organización", "kind of organisation"))
        # Of a wrong code the service says which names the codes stand for, and which one was meant.
        for name, spanish, english in (
            ("--region", "comunidad, por su código del INE", "region, by its INE code"),
            ("--province", "provincia, por su código del INE", "province, by its INE code"),
        ):
            # The code with two digits: 1 is 01.
            command.add_argument(name, metavar="NN", type=lambda text: text.zfill(2), help=words(spanish, english))
        for name, metavar, choices, spanish, english in (
            ("--band", "BAND", _BANDS, "tramo: P1 a P5, o E1 a E5", "size band: P1 to P5, or E1 to E5"),
            ("--status", "STATUS", _STATUSES, "estado de la puntuación", "status of the score"),
            ("--sort", "FIGURE", _SORTS, "cifra que ordena, con - al revés", "figure to sort by, - reverses"),
        ):
            command.add_argument(name, metavar=metavar, choices=choices, help=words(spanish, english))
        command.add_argument("--parent", metavar="ID", help=words("organismo del que dependen", "body they belong to"))
        command.add_argument(
            "--level", type=_NumberParser(words, 1, 5), metavar="N", help=words("nivel, de 1 a 5", "level, 1 to 5")
        )

    def _add_rank(self) -> None:
        words = self._words
        command = self._add("rank", "reading.run_rank", "muestra la clasificación", "show the ranking of an edition")
        self._add_edition(command)
        self._add_filters(command)
        command.add_argument("--search", metavar="WORDS", help=words("palabras del nombre", "words of the name"))
        command.add_argument(
            "--limit",
            type=_NumberParser(words, 1),
            metavar="N",
            help=words("filas (50 en la tabla; en JSON y CSV, todas)", "rows (50 in the table, all in JSON and CSV)"),
        )
        self._add_output(command)

    def _add_sheet(self) -> None:
        command = self._add(
            "sheet", "reading.run_sheet", "muestra y explica una puntuación", "show a score with its explanation"
        )
        self._add_edition(command)
        self._add_organisation(command)
        command.add_argument(
            "--dimension",
            metavar="D",
            choices=_DIMENSIONS,
            help=self._words("los indicadores de una dimensión", "the indicators of a dimension"),
        )
        self._add_output(command)

    def _add_score(self) -> None:
        command = self._add(
            "score", "scoring.run_score", "puntúa unos hechos sin guardarlos", "score facts without storing them"
        )
        text = self._words(
            "fichero JSON con profile y answers, como en POST /v1/scores; - es la entrada estándar",
            "JSON file with profile and answers, as for POST /v1/scores; - is the standard input",
        )
        command.add_argument("file", metavar="FILE", help=text)
        self._add_output(command)

    def _add_compare(self) -> None:
        command = self._add(
            "compare", "reading.run_compare", "compara organizaciones de una edición", "compare organisations"
        )
        self._add_edition(command)
        command.add_argument(
            "organisations",
            metavar="ID",
            nargs="+",
            help=self._words("identificadores de las organizaciones", "ids of the organisations"),
        )
        self._add_output(command)

    def _add_changes(self) -> None:
        command = self._add(
            "changes", "reading.run_changes", "explica el cambio entre dos ediciones", "explain the change of a score"
        )
        self._add_edition(command)
        self._add_organisation(command)
        command.add_argument(
            "--from",
            dest="from_edition",
            metavar="EDITION",
            required=True,
            help=self._words("la edición anterior", "the earlier edition"),
        )
        self._add_output(command)

    def _add_export(self) -> None:
        words = self._words
        command = self._add("export", "exporting.run_export", "descarga una edición", "download an edition as a file")
        self._add_edition(command)
        command.add_argument(
            "format",
            metavar="FORMAT",
            choices=FORMATS,
            help=words(
                "csv, jsonl, xlsx, jsonstat, o bundle: la publicación entera, firmada",
                "csv, jsonl, xlsx, jsonstat, or bundle: the whole publication, signed",
            ),
        )
        command.add_argument(
            "-o",
            "--output",
            metavar="FILE",
            required=True,
            help=words("fichero; - es la salida estándar", "file; - is the standard output"),
        )
        command.add_argument(
            "--indicators", action="store_true", help=words("una fila por indicador", "a row for each indicator")
        )
        command.add_argument(
            "--fields",
            metavar="NAMES",
            type=lambda text: text.split(","),
            help=words("solo estas columnas, separadas por comas", "only these columns, separated by commas"),
        )
        self._add_filters(command)

    def _add_watch(self) -> None:
        words = self._words
        command = self._add(
            "watch",
            "watching.run_watch",
            "dice qué cambia en una edición, o en la puntuación de una organización, hasta Ctrl-C",
            "say what changes in an edition, or in the score of an organisation, until Ctrl-C",
        )
        self._add_edition(command)
        text = words("identificador de la organización", "id of the organisation")
        command.add_argument("organisation", metavar="ID", nargs="?", help=text)
        command.add_argument(
            "--every",
            type=_NumberParser(words, 5, 86_400),
            default=60,
            metavar="SECONDS",
            help=words(
                "segundos entre dos preguntas, al menos 5 (60)", "seconds between two questions, at least 5 (60)"
            ),
        )
        command.add_argument(
            "--times",
            type=_NumberParser(words, 1),
            metavar="N",
            help=words("pregunta solo N veces más", "ask only N more times"),
        )
        self._add_output(command, csv=False)

    def _add_verify(self) -> None:
        words = self._words
        command = self._add(
            "verify",
            "verifying.run_verify",
            "comprueba un fichero publicado: resúmenes, listas, firmas y registro (extra [verify])",
            "verify a published file: digests, lists, signatures and ledger (extra [verify])",
        )
        command.add_argument(
            "source",
            metavar="FILE",
            nargs="?",
            help=words("fichero; sin él, la publicación de --edition", "file; without it, the one of --edition"),
        )
        command.add_argument(
            "--edition",
            metavar="EDITION",
            help=words("descarga y comprueba la publicación de una edición", "download and verify a publication"),
        )
        command.add_argument(
            "--keys",
            metavar="JWKS",
            help=words("fichero de las claves públicas de confianza", "file of the public keys that you trust"),
        )
        command.add_argument(
            "--online",
            action="store_true",
            help=words("pide las claves al servicio", "take the public keys from the service"),
        )
        command.add_argument("--digest", help=words("resumen que se espera", "digest that is expected"))
        command.add_argument(
            "--checkpoint",
            metavar="FILE",
            help=words("punto de control guardado antes", "checkpoint that you kept"),
        )
        command.add_argument(
            "--ledger",
            metavar="FILE",
            help=words("libro de cambios que lo tiene que conocer", "ledger that has to know it"),
        )
        self._add_output(command, csv=False)

    def _add_count(self) -> None:
        words = self._words
        command = self._add(
            "count",
            "counting.run_count",
            "cuenta los ficheros de las redes, sin salir de este ordenador (extra [count])",
            "count the files of the networks, without leaving this computer (extra [count])",
            is_online=False,
        )
        command.add_argument(
            "files",
            metavar="FILE",
            nargs="+",
            help=words("fichero exportado, ZIP o carpeta", "exported file, ZIP or folder"),
        )
        for name, metavar, spanish, english in (
            ("--check", "MANIFEST", "cuenta de nuevo lo de un manifiesto y compara", "count again and compare"),
            ("--edition", "JSON", "edición, como la da GET /v1/editions/{edition}", "edition, as the service has it"),
            ("--methodology", "VERSION", "versión de la metodología (2027.1)", "methodology version (2027.1)"),
            ("--seed", "SEED", "semilla publicada de la muestra", "published seed of the sample"),
            ("--main", "NETWORK:NAME", "la cuenta principal", "the main account"),
            ("--profile", "JSON", "los demás datos del perfil", "the other profile fields"),
            ("--rows", "CSV", "escribe qué filas cuentan para cada dato", "write which rows each figure counts"),
            ("--html", "HTML", "escribe un informe de una página, con gráficos", "write a report with charts"),
            ("--evidence", "URL", "dirección en que se publicará el manifiesto", "address to publish the manifest at"),
        ):
            command.add_argument(name, metavar=metavar, help=words(spanish, english))
        for name, metavar, spanish, english in (
            ("--account", "NETWORK:NAME", "cuenta oficial; =ALIAS, otro nombre", "official account; =ALIAS if any"),
            ("--window", "NAME=FROM/TO", "fechas de un periodo, como W90", "dates of a window, such as W90"),
            ("--period", "[FILE=]FROM/TO", "fechas que cubre un fichero, o todos", "dates that a file covers, or all"),
            ("--mapping", "FILE", "columnas de un registro de mensajes", "columns of a message log"),
            ("--sample", "NAME=N", "cuántos se codifican, hasta todos", "how many are coded, up to all of them"),
            ("--coded", "XLSX", "libro codificado, uno por persona", "coded workbook, one of each coder"),
        ):
            command.add_argument(name, metavar=metavar, action="append", default=[], help=words(spanish, english))
        command.add_argument(
            "--year",
            type=_NumberParser(words, 2000, 2100),
            metavar="YYYY",
            help=words("año que se mide", "year measured"),
        )
        command.add_argument(
            "--electoral",
            action="store_true",
            help=words("usa el periodo sin elecciones", "use the period of bodies under electoral silence"),
        )
        command.add_argument(
            "--time-zone",
            metavar="ZONE",
            default="Europe/Madrid",
            help=words("zona horaria del organismo (Europe/Madrid)", "time zone of the body (Europe/Madrid)"),
        )
        command.add_argument(
            "--population",
            type=_NumberParser(words, 0),
            metavar="N",
            help=words("a cuántas personas se atiende", "people served"),
        )
        command.add_argument(
            "--dates",
            dest="date_order",
            choices=("dmy", "mdy"),
            help=words("orden de las fechas dudosas", "order of dates that can be read in two ways"),
        )
        command.add_argument(
            "--evidence-date",
            type=_DayParser(words),
            metavar="DATE",
            help=words("fecha del manifiesto (último día que cuenta)", "date of the manifest (last day counted)"),
        )
        command.add_argument(
            "-o", "--output", metavar="FOLDER", default=".", help=words("carpeta de lo que se escribe (esta)", "folder")
        )
        self._add_output(command, csv=False)

    def _add_lists(self) -> None:
        for name, run, spanish, english in (
            ("editions", "reading.run_editions", "muestra las ediciones", "list the editions"),
            ("methodologies", "reading.run_methodologies", "muestra las metodologías", "list the methodologies"),
        ):
            self._add_output(self._add(name, run, spanish, english))


class _NumberParser:
    """Parse the value of an option that is a whole number between two bounds."""

    def __init__(self, words: Words, lower: int, upper: float = math.inf) -> None:
        self._words, self._lower, self._upper = words, lower, upper

    def __call__(self, text: str) -> int:
        """Return the number. Raise ArgumentTypeError, in the language of the command, if the text is none."""
        bounds = self._words(f"desde {self._lower}", f"from {self._lower}")
        if self._upper < math.inf:
            bounds += self._words(f" hasta {self._upper}", f" to {self._upper}")
        # Not `int`, which takes "1_000" and " 7".
        if not re.fullmatch("[0-9]{1,15}", text) or not self._lower <= int(text) <= self._upper:
            raise argparse.ArgumentTypeError(
                self._words(f"{text!r} no es un número entero {bounds}", f"{text!r} is no whole number {bounds}")
            )
        return int(text)


class _DayParser:
    """Parse the value of an option that is a date."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def __call__(self, text: str) -> date:
        """Return the date. Raise ArgumentTypeError, in the language of the command, if the text is none."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                self._words(f"{text!r} no es una fecha como 2027-12-31", f"{text!r} is no date such as 2027-12-31")
            ) from None
