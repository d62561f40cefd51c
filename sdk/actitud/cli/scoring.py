"""``score``: score the facts of a JSON file, without storing anything."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from actitud._calls import find_non_finite
from actitud.cli.common import CommandError, Session, print_csv, print_json
from actitud.cli.output import print_score
from actitud.cli.parsers import STANDARD_INPUT
from actitud.models import Score


def run_score(session: Session) -> int:
    """Run ``score``: print the score of the facts in a file; return 1 if they contradict each other, else 0."""
    options = session.options
    score = session.client.request("POST", "/v1/scores", cast_to=Score, body=_read_facts(session))
    if options.json:
        print_json(score)
    elif options.csv:
        print_csv(score._list_rows())
    else:
        print_score(score, session.words)
    return 1 if score.error_findings else 0


def _read_facts(session: Session) -> dict[str, object]:
    file, words = session.options.file, session.words
    content = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    try:
        facts = json.loads(content, object_pairs_hook=_refuse_repeated)
    except json.JSONDecodeError as error:
        place = words(f"línea {error.lineno}, columna {error.colno}", f"line {error.lineno}, column {error.colno}")
        raise CommandError(words(f"{file}, {place}: no es JSON", f"{file}, {place}: no JSON")) from error
    except _Refused as error:
        spanish, english = error.args
        raise CommandError(f"{file}: {words(spanish, english)}") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise CommandError(words(f"{file}: no es JSON", f"{file}: no JSON")) from error
    for pointer, value in find_non_finite(facts):
        number = json.dumps(value)
        no_number = words(f"{number} no es un número de JSON", f"{number} is no number in JSON")
        raise CommandError(f"{file}: {pointer}: {no_number}" if pointer else f"{file}: {no_number}")
    if not isinstance(facts, dict):
        raise CommandError(words(f"{file}: tiene que ser un objeto", f"{file}: it has to be an object"))
    return _leave_out_support(facts)


def _leave_out_support(facts: dict[str, object]) -> dict[str, object]:
    """Return the facts of a whole assessment, or of a count, without what stands beside them and does not score."""
    kept = {name: value for name, value in facts.items() if name not in ("profile_evidence", "profile_sources")}
    answers = kept.get("answers")
    if isinstance(answers, dict):
        kept["answers"] = {
            indicator: {name: value for name, value in answer.items() if name not in ("evidence", "note", "source")}
            if isinstance(answer, dict)
            else answer
            for indicator, answer in answers.items()
        }
    return kept


class _Refused(Exception):
    """A file of facts repeats a name in an object, which readers of JSON would read differently.

    Raised while the file is decoded. The arguments are the reason in Spanish and in English.
    """


def _refuse_repeated(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"«{twice}» está dos veces", f"“{twice}” stands twice")
    return members
