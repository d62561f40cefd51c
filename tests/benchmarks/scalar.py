"""The evaluator of one submission, beside the time in which msgspec decodes its document.

The document is that of the first worked example of methodology 2027.1 (tests/cases/examples_2027_1.json, an invented
town). Decoding is the yardstick: into the closed type of the version, as the service does it.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import msgspec

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.requests.answers import Submission, build_score_request_type, to_submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain, explain_evaluation
from actitud_api.engine.scoring.level_path import find_path_from
from tests.benchmarks.measure import ROUNDS, Line, in_turn, table

METHODOLOGY = loader.load_methodology("2027.1")
EXAMPLES = Path(__file__).parents[1] / "cases" / "examples_2027_1.json"
DECODER = msgspec.json.Decoder(build_score_request_type(METHODOLOGY))
CALLS = {"decode": 400, "again": 400, "submission": 100, "evaluate": 100, "explain": 20, "path": 20, "all": 20}


def document() -> bytes:
    """The request of the worked example."""
    first = json.loads(EXAMPLES.read_bytes())[0]
    facts = {name: first[name] for name in ("profile", "answers")}
    return msgspec.json.encode({"methodology": METHODOLOGY.version, **facts})


def run() -> None:
    """Prints the table of this part."""
    body = document()
    sent = to_submission(METHODOLOGY, DECODER.decode(body))
    evaluation = evaluate(METHODOLOGY, sent)
    found = in_turn(
        {
            "decode": partial(DECODER.decode, body),
            "again": partial(DECODER.decode, body),
            "submission": lambda: to_submission(METHODOLOGY, DECODER.decode(body)),
            "evaluate": partial(evaluate, METHODOLOGY, sent),
            "explain": partial(explain, METHODOLOGY, sent),
            "path": partial(find_path_from, evaluation, sent),
            "all": partial(_with_path, sent),
        },
        calls=CALLS,
    )
    decode = found["decode"]
    table(
        f"One organisation ({len(body):,} bytes of facts), over {ROUNDS} rounds, each beside decoding in that round",
        [
            Line("decoding the document", "µs", decode.times(1e6)),
            Line("decoding it again: the noise", "times", found["again"].over(decode), "were it quiet: 1"),
            Line("decoding it and making the submission", "times", found["submission"].over(decode)),
            Line("evaluate", "times", found["evaluate"].over(decode), "aim: at most 4"),
            Line("explain, with next steps", "times", found["explain"].over(decode), "aim: at most 40"),
            Line("the path alone", "times", found["path"].over(decode)),
            Line("explain and the path", "times", found["all"].over(decode), "aim: at most 120"),
        ],
    )


def _with_path(sent: Submission) -> None:
    evaluation = evaluate(METHODOLOGY, sent)
    explain_evaluation(evaluation, sent)
    find_path_from(evaluation, sent)
