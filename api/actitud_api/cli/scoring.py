"""`score`: score the facts in a file and explain the index, as `POST /v1/scores` does; or score a table."""

from __future__ import annotations

import argparse
import sys
from functools import partial

import msgspec

from actitud_api.cli.common import CommandError, choose_language, print_renderable, read_content, show_progress
from actitud_api.cli.reading import read_methodology
from actitud_api.cli.sheet import render_score
from actitud_api.cli.tables import FaultyTable, score_table
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, load_newest
from actitud_api.engine.methodology.requests.answers import ScoreRequest, build_score_request_type
from actitud_api.engine.methodology.without_texts import fill_missing_texts
from actitud_api.engine.narration import words
from actitud_api.platform.http.inputs import Body, NotJson, parse_json
from actitud_api.platform.http.problems import Fault
from actitud_api.resources.scores import schemas, service
from actitud_api.resources.scores.routes import REQUEST

_WHOLE = Texts("el fichero", "the file")
_HERE = Texts(" Aquí: {value}.", " Here: {value}.")
_MEANT = Texts(" ¿Es {suggestion}?", " Is it {suggestion}?")
_NO_JSON = Texts("--json: una tabla se responde con otra", "--json: a table is answered with a table")
_NO_TABLE = Texts("{option}: solo vale con --table", "{option}: only together with --table")
_SCORED = Texts("Líneas leídas", "Lines read")
_FAULTY = Texts("No se ha puntuado nada. Fallos: {count}.", "Nothing was scored. Faults: {count}.")


def run_score(options: argparse.Namespace, language: Language) -> int:
    """Run `score`: score the facts in a file, print the explained score, and return exit code 0.

    Facts that contradict each other are no error. With `--table`, the file is a CSV table of organisations, and the
    table of their scores is printed.

    Raises:
        CommandError: The file is not a valid request or table (exit code 2).
    """
    chosen = choose_language(options, language)
    if options.table:
        return _run_table(options, chosen)
    for option, is_given in (("--keep", options.keep), ("--format", options.format)):
        if is_given:
            raise CommandError(_NO_TABLE.into(chosen).format(option=option), 2)
    methodology = (
        None if options.methodology is None else fill_missing_texts(read_methodology(options.methodology, chosen))
    )
    request = _read_request(read_content(options.file, chosen), methodology)
    if isinstance(request, list):
        raise CommandError("\n".join(describe_faults(request, _FAULTY, chosen)), 2)
    if methodology is None:
        methodology = service.find_methodology(request)
    score = service.compute_score(methodology, request)
    answer = schemas.build_score_answer(
        score, service.compute_what_if(methodology, request, score), methodology, chosen
    )
    if options.json:
        sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
    else:
        print_renderable(render_score(answer, methodology, chosen))
    return 0


def _run_table(options: argparse.Namespace, language: Language) -> int:
    if options.json:
        raise CommandError(_NO_JSON.into(language), 2)
    chosen = options.methodology
    methodology = load_newest() if chosen is None else fill_missing_texts(read_methodology(chosen, language))
    follow = partial(show_progress, _SCORED.into(language), quiet=True)
    try:
        table = score_table(read_content(options.file, language), options.keep, methodology, language, follow)
    except FaultyTable as error:
        lines = describe_faults(error.faults, _FAULTY, language)
        lines[-1] = _FAULTY.into(language).format(count=words.format_number(error.count, language))
        raise CommandError("\n".join(lines), 2) from error
    if options.format == "table":
        print_renderable(table.render(language))
        return 0
    # As bytes: the text layer would write the line ends and, outside UTF-8, the letters in another way.
    sys.stdout.buffer.writelines(table.encode_json_lines() if options.format == "jsonl" else table.encode_csv())
    sys.stdout.buffer.flush()
    return 0


def _read_request(raw: bytes, methodology: Methodology | None) -> ScoreRequest | list[Fault]:
    """Return the scoring request in a file, or the list of its faults.

    `raw` has the bytes of the file. `methodology`: the version under which the request is read; None for the
    version that the request names.
    """
    try:
        value = parse_json(raw)
    except NotJson as error:
        return error.faults
    if methodology is None:
        return REQUEST.convert(value)
    if isinstance(value, dict):
        value = {**value, "methodology": methodology.version}
    return Body(build_score_request_type(methodology)).convert(value)


def describe_faults(faults: list[Fault], outcome: Texts, language: Language) -> list[str]:
    """Return one line for each fault, with its JSON Pointer, and a last line with the number of faults.

    `outcome` is the text of the last line, with the placeholder `{count}`.
    """
    lines = []
    for fault in faults:
        line = f"{fault.pointer or _WHOLE.into(language)}: {fault.detail.into(language)}"
        if fault.value is not None:
            line += _HERE.into(language).format(value=fault.value)
        if fault.suggestion is not None:
            line += _MEANT.into(language).format(suggestion=fault.suggestion)
        lines.append(line)
    count = words.format_number(sum(fault.count for fault in faults), language)
    return [*lines, outcome.into(language).format(count=count)]
