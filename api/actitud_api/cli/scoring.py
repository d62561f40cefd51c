"""`score`: score the facts in a file and explain the index, as `POST /v1/scores` does."""

from __future__ import annotations

import argparse
import sys

import msgspec

from actitud_api.cli.common import CommandError, choose_language, print_renderable, read_content
from actitud_api.cli.reading import read_methodology
from actitud_api.cli.sheet import render_score
from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology
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
_FAULTY = Texts("No se ha puntuado nada. Fallos: {count}.", "Nothing was scored. Faults: {count}.")


def run_score(options: argparse.Namespace, language: Language) -> int:
    """Score a file, print the explained score, and return exit code 0, even if facts in it contradict each other.

    Raises:
        CommandError: The file is not a valid request (exit code 2).
    """
    chosen = choose_language(options, language)
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
    """Return one line for each fault, with its pointer, and a last line with the number of faults.

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
