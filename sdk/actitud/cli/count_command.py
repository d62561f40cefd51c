"""The steps of the command ``count``: plan, count, write, report missing data; or count again and compare."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from actitud._files import name_written_file
from actitud.cli.common import CommandError, Session, print_json, tell
from actitud.cli.count_options import ANSWERS, FORM, MANIFEST, CountOptions
from actitud.cli.output import print_lines, print_list, print_table, show_count
from actitud.counting.answers import ManifestEvidence, build_answers, build_answers_workbook, encode_answers
from actitud.counting.coding import build_coding_workbook, has_uncoded_rows
from actitud.counting.counts import FactCounter
from actitud.counting.doubts import list_doubts
from actitud.counting.export_files import Progress
from actitud.counting.export_guides import ExportAdvice
from actitud.counting.faults import CountingFault
from actitud.counting.manifest import InvalidManifest, encode_manifest, hash_manifest
from actitud.counting.options import MappingInvalid
from actitud.counting.profile_limits import list_blank_fields, load_profile_limits
from actitud.counting.reading import Reading
from actitud.counting.report import CountReport, collect_report
from actitud.counting.report_page import render_report
from actitud.counting.report_texts import BASES, describe_export, format_value, get_language, list_missing_texts
from actitud.counting.runs import CountRun, UnknownFile, check_manifest, run_count
from actitud.counting.workbook_reading import InvalidCodingWorkbook

CODING: Final = {False: "coding.xlsx", True: "coding-second.xlsx"}
"""Names of the coding workbooks, that of the second coder under True."""
_MOST_FAULTS: Final = 3
"""Faults of one code that are said of a file."""


class CountCommand:
    """One run of the command ``count``, which counts facts in the export files of social networks."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._options = session.options
        self._words = session.words
        self._language = get_language(session.words)
        self._given = CountOptions(session)
        self._files = self._given.files

    def count(self) -> int:
        """Count the export files, write answers, manifest and other results, and report missing data.

        Return 0 if all that was given was read, 1 if rows were refused or no message was found.
        """
        inputs = self._given.read()
        try:
            with show_count(self._words("Leyendo", "Reading")) as advance:
                run = run_count(
                    self._files,
                    inputs.plan,
                    periods=inputs.periods,
                    aliases=self._given.aliases,
                    progress=self._follow(advance),
                )
        except (InvalidCodingWorkbook, MappingInvalid) as error:
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
                tell(problem.explain(self._language))
            for doubt in list_doubts(run.counter, inputs.profile):
                tell(doubt.into(self._language))
            report = collect_report(run.counter)
            written = self._write(run, report, inputs.profile)
            if self._options.json:
                print_json(run.build_manifest())
            else:
                self._print_sources(run.reading)
                self._print_report(run.counter, report, written)
                self._print_next_steps(run.counter, report, inputs.profile)
            rows = [source.rows for source in run.reading.sources]
        return int(any(row.refused for row in rows) or not any(row.taken for row in rows))

    def check(self) -> int:
        """Count the files of a manifest again and report the differences; return 1 if there are any, else 0."""
        content = Path(self._options.check).read_bytes()
        try:
            with show_count(self._words("Leyendo", "Reading")) as advance:
                differences, reading = check_manifest(
                    content, self._files, aliases=self._given.aliases, progress=self._follow(advance)
                )
        except InvalidManifest as error:
            wrong = self._words("no es el manifiesto de un recuento", "it is no manifest of a count")
            raise CommandError(f"{self._options.check}: {wrong}") from error
        except (InvalidCodingWorkbook, MappingInvalid) as error:
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

    def _write(self, run: CountRun, report: CountReport, profile: Mapping[str, Any]) -> list[str]:
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
            profile=profile,
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
            with name_written_file(folder / name):
                (folder / name).write_bytes(content)
        written = [str(folder / name) for name in contents]
        if self._options.rows is not None:
            self._write_rows(counter, run.reading)
            written.append(self._options.rows)
        if self._options.html is not None:
            page = render_report(counter, report, digest, self._words)
            with name_written_file(self._options.html):
                Path(self._options.html).write_bytes(page)
            written.append(self._options.html)
        return written

    def _write_rows(self, counter: FactCounter, reading: Reading) -> None:
        """Write the rows that each fact rests on, for whoever looks one up in the files."""
        names = {source.index: source.file for source in reading.sources}
        path = Path(self._options.rows)
        with name_written_file(path), path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "file", "row", "platform", "account", "id"))
            for code in counter.count_all():
                for row in counter.list_rows(code):
                    writer.writerow((code, names[row.source], row.row, row.platform, row.account, row.id))

    # --- what is said ---------------------------------------------------------------------------------------------

    def _tell_faults(self, reading: Reading) -> None:
        """Say the first faults of each code in each file, and how many more there are."""
        groups: defaultdict[tuple[str, str], list[CountingFault]] = defaultdict(list)
        for fault in reading.faults:
            groups[fault.file, fault.code].append(fault)
        for (file, code), faults in groups.items():
            for fault in faults[:_MOST_FAULTS]:
                place = ":".join(str(part) for part in (fault.file, fault.line, fault.column) if part is not None)
                tell(f"{place}: {fault.explain(self._language)} {fault.advise(self._language)}")
            more = reading.faults.count(code, file) - _MOST_FAULTS
            if more > 0:
                tell(f"{file}: " + self._words(f"y {more} más como estos", f"and {more} more like these"))

    def _print_sources(self, reading: Reading) -> None:
        """Print a line for each file that was read: format, account, rows, first and last day."""
        lines = []
        for source in reading.sources:
            days = " – ".join(f"{time:%Y-%m-%d}" for time in (source.period.first, source.period.last) if time)
            rows = self._words(
                f"{source.rows.read} filas, {source.rows.taken} contadas, {source.rows.refused} rechazadas",
                f"{source.rows.read} rows, {source.rows.taken} counted, {source.rows.refused} refused",
            )
            parts = (source.format, source.account, rows, days)
            lines.append(f"{source.file}: " + ", ".join(part for part in parts if part))
        print_list(self._words("Lo que se ha leído", "What was read"), lines)

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

    def _print_next_steps(self, counter: FactCounter, report: CountReport, profile: Mapping[str, Any]) -> None:
        """Say what a person has to do before a draft can begin.

        The samples are coded, and the profile is filled in: the service takes no assessment with a part of it.
        """
        words = self._words
        first, second = (Path(self._options.output, CODING[is_second]) for is_second in (False, True))
        if not self._files.workbooks and has_uncoded_rows(counter):
            print_lines(
                words(
                    f"Ahora codifique {first}, y otra persona {second}; después cuente otra vez, añadiendo "
                    f"--coded {first} --coded {second}.",
                    f"Now code {first}, and somebody else {second}; then count again, adding "
                    f"--coded {first} --coded {second}.",
                )
            )
        counted = {name: fact.value for name, fact in report.facts.items() if fact.value is not None}
        blank = list_blank_fields({**profile, **counted}, load_profile_limits(counter.definitions.methodology))
        if blank:
            listed = "; ".join(f"{field.label.into(self._language)} ({field.name})" for field in blank)
            print_lines(
                words(
                    f"Para empezar el borrador falta del perfil: {listed}. Codifique lo que se cuenta; lo demás, o lo "
                    "que usted sabe por otra vía, dígalo en el fichero de --profile.",
                    f"To begin the draft, the profile lacks: {listed}. Code what is counted; what is not, or what you "
                    "know otherwise, say in the file of --profile.",
                )
            )

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
