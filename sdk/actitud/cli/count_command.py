"""The steps of the command ``count``: plan, count, write, report missing data; or count again and compare."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from actitud.cli.common import CommandError, Session, print_json, tell
from actitud.cli.output import print_lines, print_list, print_table, show_count
from actitud.counting.answers import (
    InvalidProfile,
    ManifestEvidence,
    build_answers,
    build_answers_workbook,
    encode_answers,
    read_profile,
)
from actitud.counting.coding import build_coding_workbook, has_uncoded_rows
from actitud.counting.counts import CountPlan, FactCounter
from actitud.counting.coverage import NetworkAccount
from actitud.counting.definitions import UnknownVersion, list_counted_versions, load_definitions
from actitud.counting.export_files import Progress
from actitud.counting.export_guides import ExportAdvice
from actitud.counting.manifest import InvalidManifest, encode_manifest, hash_manifest
from actitud.counting.reading import Reading
from actitud.counting.report import CountReport, collect_report
from actitud.counting.report_page import render_report
from actitud.counting.report_texts import BASES, describe_export, format_value, get_language, list_missing_texts
from actitud.counting.runs import CountFiles, CountRun, StatedPeriod, UnknownFile, check_manifest, run_count
from actitud.counting.windows import Days, UnknownTimeZone, list_window_days, load_zone, read_edition_days
from actitud.counting.workbook_reading import InvalidCodingWorkbook

MANIFEST: Final = "manifest.json"
ANSWERS: Final = "answers.json"
FORM: Final = "answers.xlsx"
CODING: Final = {False: "coding.xlsx", True: "coding-second.xlsx"}
"""Names of the coding workbooks, that of the second coder under True."""
_NEWEST: Final = "2027.1"
_MOST_FAULTS: Final = 3
"""Faults of one code that are said of a file."""


class CountCommand:
    """One run of the command ``count``, which counts facts in the export files of social networks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._options = session.options
        self._words = session.words
        self._language = get_language(session.words)
        self._aliases: dict[NetworkAccount, list[str]] = {}
        for text in self._options.account:
            account, aliases = self._split_account(text)
            self._aliases.setdefault(account, []).extend(aliases)
        self._files = CountFiles(
            tuple(map(Path, self._options.files)),
            tuple(map(Path, self._options.mapping)),
            tuple(map(Path, self._options.coded)),
        )

    def count(self) -> int:
        """Count the export files, write answers, manifest and other results, report missing data, and return 0."""
        plan, periods = self._build_plan(), list(self._read_periods())
        try:
            with show_count(self._words("Leyendo", "Reading")) as advance:
                run = run_count(
                    self._files, plan, periods=periods, aliases=self._aliases, progress=self._follow(advance)
                )
        except InvalidCodingWorkbook as error:
            raise CommandError(error.detail.into(self._language)) from error
        except UnknownFile as error:
            wrong = self._words("no se ha leído ningún fichero con este nombre", "no file of this name was read")
            raise CommandError(f"{error.file}: {wrong}") from error
        with run:
            self._tell_faults(run.reading)
            if not run.reading.sources:
                raise CommandError(
                    self._words("ningún fichero se ha podido contar", "no file could be counted"), code=1
                )
            for problem in run.problems:
                tell(f"{problem.sheet}!{problem.cell}: {problem.detail.into(self._language)}")
            report = collect_report(run.counter)
            written = self._write(run, report)
            if self._options.json:
                print_json(run.build_manifest())
            else:
                self._print_report(run.counter, report, written)
        return 0

    def check(self) -> int:
        """Count the files of a manifest again and report the differences; return 1 if there are any, else 0."""
        content = Path(self._options.check).read_bytes()
        try:
            with show_count(self._words("Leyendo", "Reading")) as advance:
                differences, reading = check_manifest(
                    content, self._files, aliases=self._aliases, progress=self._follow(advance)
                )
        except InvalidManifest as error:
            wrong = self._words("no es el manifiesto de un recuento", "it is no manifest of a count")
            raise CommandError(f"{self._options.check}: {wrong}") from error
        except InvalidCodingWorkbook as error:
            raise CommandError(error.detail.into(self._language)) from error
        self._tell_faults(reading)
        if self._options.json:
            print_json([difference._asdict() for difference in differences])
        elif differences:
            title = self._words("Diferencias", "Differences")
            print_list(title, [difference.explain(self._language) for difference in differences])
        else:
            print_lines(self._words("0 diferencias: se cuenta lo mismo.", "0 differences: the count is the same."))
        return 1 if differences else 0

    # --- what is asked --------------------------------------------------------------------------------------------

    def _build_plan(self) -> CountPlan:
        options = self._options
        if options.evidence is not None and not options.evidence.startswith("https://"):
            wrong = self._words("la dirección tiene que empezar por https://", "the address has to begin with https://")
            raise CommandError(f"{options.evidence}: {wrong}")
        days: dict[str, Days] = {}
        version: str | None = options.methodology
        if options.edition is not None:
            try:
                days, named = read_edition_days(Path(options.edition).read_bytes(), electoral=options.electoral)
            except msgspec.MsgspecError as error:
                spanish = "no es una edición como la da GET /v1/editions/{edition}"
                wrong = self._words(spanish, "it is no edition as GET /v1/editions/{edition} has it")
                raise CommandError(f"{options.edition}: {wrong}") from error
            version = version or named
        version = version or _NEWEST
        try:
            load_zone(options.time_zone)
        except UnknownTimeZone as error:
            wrong = self._words("no hay ninguna zona horaria con ese nombre", "there is no time zone of that name")
            raise CommandError(f"{options.time_zone}: {wrong} (Europe/Madrid)") from error
        try:
            rules = load_definitions(version).windows
        except UnknownVersion as error:
            known = ", ".join(list_counted_versions())
            wrong = self._words(f"la metodología {version} no se cuenta; ", f"methodology {version} is not counted; ")
            raise CommandError(wrong + self._words(f"se cuentan: {known}", f"counted are: {known}")) from error
        if options.year is not None:
            days = {**list_window_days(rules, options.year, electoral=options.electoral), **days}
        days.update(self._split_window(text) for text in options.window)
        if not rules.keys() <= days.keys():
            spanish = "diga el año que se mide con --year, o la edición con --edition"
            raise CommandError(
                self._words(spanish, "say the year that is measured by --year, or the edition by --edition")
            )
        return CountPlan(
            methodology=version,
            windows={name: days[name] for name in sorted(rules)},
            time_zone=options.time_zone,
            seed=options.seed,
            population=options.population,
            main=None if options.main is None else self._split_account(options.main)[0],
            accounts=tuple(sorted(self._aliases)),
            date_order=options.date_order,
        )

    def _read_periods(self) -> Iterator[StatedPeriod]:
        for text in self._options.period:
            name, _, span = text.rpartition("=")
            yield StatedPeriod(Path(name).name if name else None, self._split_days(span))

    def _split_account(self, text: str) -> tuple[NetworkAccount, list[str]]:
        """Return the account in ``platform:name=alias=alias``, and its aliases."""
        platform, colon, rest = text.partition(":")
        name, *aliases = rest.split("=")
        if not colon or not platform or not name:
            wrong = self._words("se espera red:nombre, como x:ayto", "platform:name is expected, such as x:ayto")
            raise CommandError(f"{text}: {wrong}")
        return NetworkAccount(platform.lower(), name), aliases

    def _split_window(self, text: str) -> tuple[str, Days]:
        name, _, span = text.partition("=")
        return name, self._split_days(span)

    def _split_days(self, text: str) -> Days:
        first, _, last = text.partition("/")
        try:
            days = Days(date.fromisoformat(first), date.fromisoformat(last))
        except ValueError:
            days = None
        if days is None or days.number < 1:
            wrong = self._words(
                "se esperan dos fechas, como 2027-01-01/2027-12-31", "two dates are expected: 2027-01-01/2027-12-31"
            )
            raise CommandError(f"{text}: {wrong}")
        return days

    def _follow(self, advance: Any) -> Progress:
        """Return a function that adds up the bytes that are read, of each file twice, and moves the progress bar."""
        files = (file for path in self._files.exports for file in (path.rglob("*") if path.is_dir() else (path,)))
        total = 2 * sum(file.stat().st_size for file in files if file.is_file())
        done = 0

        def add(_: str, number: int) -> None:
            nonlocal done
            done += number
            advance(min(done, total), total)

        return add

    # --- what is written ------------------------------------------------------------------------------------------

    def _write(self, run: CountRun, report: CountReport) -> list[str]:
        """Write the manifest, the answers and, unless they are there already, the coding workbooks."""
        folder = Path(self._options.output)
        folder.mkdir(parents=True, exist_ok=True)
        counter = run.counter
        manifest = encode_manifest(run.build_manifest())
        digest, evidence = hash_manifest(manifest), None
        if self._options.evidence is not None:
            # The day of the count would be later than all documents of the edition, and change the answers every day.
            last = max(days.last for days in counter.plan.windows.values())
            day = self._options.evidence_date or min(last, date.today())
            evidence = ManifestEvidence(self._options.evidence, day, digest)
        answers = build_answers(
            counter.definitions,
            counter.count_all(),
            profile=self._read_profile(counter),
            evidence=evidence,
            manifest=f"sha256:{digest}",
        )
        contents = {
            MANIFEST: manifest,
            ANSWERS: encode_answers(answers),
            FORM: build_answers_workbook(counter.definitions, answers, self._language),
        }
        for second, name in CODING.items():
            # What persons coded is never written over: if the samples have changed, it goes on in a new file.
            if not (folder / name).exists():
                contents[name] = build_coding_workbook(counter, self._language, second=second)
            elif self._files.workbooks and has_uncoded_rows(counter):
                contents[f"next-{name}"] = build_coding_workbook(counter, self._language, second=second)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
        written = [str(folder / name) for name in contents]
        if self._options.rows is not None:
            self._write_rows(counter, run.reading)
            written.append(self._options.rows)
        if self._options.html is not None:
            Path(self._options.html).write_bytes(render_report(counter, report, digest, self._words))
            written.append(self._options.html)
        return written

    def _write_rows(self, counter: FactCounter, reading: Reading) -> None:
        """Write the rows that each fact rests on, for whoever looks one up in the files."""
        names = {source.index: source.file for source in reading.sources}
        with Path(self._options.rows).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "file", "row", "platform", "account", "id"))
            for code in counter.count_all():
                for row in counter.list_rows(code):
                    writer.writerow((code, names[row.source], row.row, row.platform, row.account, row.id))

    def _read_profile(self, counter: FactCounter) -> Mapping[str, Any]:
        if self._options.profile is None:
            return {}
        try:
            return read_profile(Path(self._options.profile).read_bytes(), counter.definitions.methodology)
        except InvalidProfile as error:
            version = counter.definitions.methodology
            wrong = self._words(
                f"no es un perfil, ni un cuestionario guardado de la metodología {version}",
                f"it is no profile, nor a saved questionnaire of methodology {version}",
            )
            raise CommandError(f"{self._options.profile}: {wrong}") from error

    # --- what is said ---------------------------------------------------------------------------------------------

    def _tell_faults(self, reading: Reading) -> None:
        """Say the first faults of each code in each file, and how many more there are."""
        shown: Counter[tuple[str, str]] = Counter()
        for fault in reading.faults:
            shown[fault.file, fault.code] += 1
            if shown[fault.file, fault.code] <= _MOST_FAULTS:
                place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part is not None)
                tell(f"{place}: {fault.explain(self._language)} {fault.advise(self._language)}")
        for file, code in shown:
            more = reading.faults.count(code, file) - _MOST_FAULTS
            if more > 0:
                tell(f"{file}: " + self._words(f"y {more} fallos más como estos", f"and {more} more faults like these"))

    def _print_report(self, counter: FactCounter, report: CountReport, written: Sequence[str]) -> None:
        words = self._words
        rules = counter.definitions.list_rules()
        rows = [
            (
                code,
                rules[code].name.into(self._language),
                format_value(fact.value, words),
                BASES[fact.basis].into(self._language),
            )
            for code, fact in report.facts.items()
            if fact.value is not None
        ]
        if rows:
            heads = (words("Código", "Code"), words("Dato", "Figure"), words("Valor", "Value"), words("Cómo", "How"))
            print_lines(words("Lo que se ha contado", "What was counted"))
            print_table(heads, rows, numbers=(2,))
        print_list(
            words("Lo que falta, y por qué", "What is missing, and why"), list_missing_texts(report.missing, words)
        )
        self._print_agreement(counter)
        for advice in report.exports:
            self._print_advice(advice)
        print_list(words("Ficheros escritos", "Files written"), written)

    def _print_agreement(self, counter: FactCounter) -> None:
        words = self._words
        measured = [
            (variable.question.into(self._language), counter.measure_agreement(variable))
            for variable in counter.definitions.variables
        ]
        rows = [
            (
                question,
                f"{agreement.agreed} / {agreement.pairs}",
                words.share(agreement.agreed / agreement.pairs),
                words.figure(None if agreement.kappa is None else float(agreement.kappa)),
            )
            for question, agreement in measured
            if agreement.pairs
        ]
        if rows:
            print_lines(words("Acuerdo de las dos personas", "Agreement of the two coders"))
            heads = (words("Pregunta", "Question"), words("Filas", "Rows"), words("Acuerdo", "Agreement"), "Kappa")
            print_table(heads, rows, numbers=(1, 2, 3))
        elif counter.coding.rows:
            second = CODING[True]
            print_lines(
                words(
                    f"Falta que una segunda persona codifique {second}: una de cada cinco filas.",
                    f"A second person still has to code {second}: one row in five.",
                )
            )

    def _print_advice(self, advice: ExportAdvice) -> None:
        title = self._words("Qué exportar ahora", "What to export next")
        steps = [step.into(self._language) for step in advice.guide.steps]
        print_list(f"{title}: {describe_export(advice, self._words)}", steps)
