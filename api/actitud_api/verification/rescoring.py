"""Check of published score documents: the answers in them are scored again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import structs

from actitud.verification import Findings, Rescorer, quote, read_document
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.digests import canonicalize
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.pointers import add_step
from actitud_api.engine.scoring.change_decomposition import convert_submission, decompose_change
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import MethodologyReference
from actitud_api.resources.publications.documents import ScoreDocument, parse_edition, parse_score

_ABSENT: Final = "—"


class ScoreRescorer(Rescorer):
    """Rescorer that scores published submissions again and compares the results with the published scores.

    Create one instance for each verification: a methodology that this program does not have is reported only for the
    first document that names it.
    """

    def __init__(self) -> None:
        self._methodologies: dict[tuple[str, str], Methodology | None] = {}

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Return True if `text` is an edition document of the right format; if not, add a problem to `findings`.

        `line` is the number of the document's line in the verified file; the problem names this line.
        """
        return read_document(findings, line, text, parse_edition) is not None

    def check_score(self, findings: Findings, line: int, text: bytes) -> bool:
        """Score the submission in a score document again, and add a problem if the result differs in any byte.

        Problems are added to `findings`; `line` is the number of the document's line in the verified file. If this
        program does not have the methodology of the document, nothing is compared, and that is a problem too. Return
        True if `text` is a document of the right format, even if the score differs; if not, add a problem and return
        False.
        """
        document = read_document(findings, line, text, parse_score)
        if document is None:
            return False
        methodology = self._find_methodology(findings, line, document.score.methodology)
        if methodology is not None and _check_submission(findings, line, document, methodology):
            rescored = structs.replace(document, score=explain(methodology, document.submission))
            # Only bytes that differ are compared member by member; nearly all documents are equal.
            if canonicalize(rescored) != text:
                _compare(findings, line, text, rescored)
        return True

    def check_change(
        self, findings: Findings, line: int, pointer: str, before: bytes, after: bytes, change: object
    ) -> None:
        """Compute the change between two score documents again, and add a problem if it differs from `change`.

        `before` and `after` are the two documents, and `change` is the published change. Problems are added to
        `findings`; they name `line`, the number of the line with the edition document, and `pointer`, the JSON
        Pointer of the correction in that document. A malformed document is a problem too. If this program does
        not have the methodology of one of the documents, nothing is compared.
        """
        try:
            documents = parse_score(before), parse_score(after)
        except (ValueError, RecursionError):
            es, en = "no es lo que pide el formato", "it is not what the format asks for"
            findings.add_problem("malformed", line, f"{pointer}/before", es, en)
            return
        try:
            earlier, later = (loader.load_methodology(document.score.methodology.version) for document in documents)
        except loader.UnknownMethodology:
            return
        recomputed = decompose_change(earlier, documents[0].submission, later, documents[1].submission)
        if canonicalize(recomputed) != canonicalize(change):
            published = msgspec.to_builtins(msgspec.convert(change, type(recomputed)))
            difference_pointer, expected, actual = next(
                find_differences(msgspec.to_builtins(recomputed), published, f"{pointer}/change")
            )
            es = f"pone {quote(actual)}, y sale {quote(expected)}"
            en = f"it says {quote(actual)}, and {quote(expected)} follows"
            findings.add_problem("correction", line, difference_pointer, es, en)

    def _find_methodology(self, findings: Findings, line: int, reference: MethodologyReference) -> Methodology | None:
        """Return the methodology with the version and digest in `reference`; None if this program lacks it.

        The first document that names a missing methodology adds a problem with its `line` to `findings`; later
        ones add none.
        """
        key = reference.version, reference.digest
        if key not in self._methodologies:
            self._methodologies[key] = _load_methodology(findings, line, reference)
        return self._methodologies[key]


def _load_methodology(findings: Findings, line: int, reference: MethodologyReference) -> Methodology | None:
    version = reference.version
    try:
        methodology = loader.load_methodology(version)
    except loader.UnknownMethodology:
        es, en = (
            f"este programa no tiene la versión «{version}»",
            f"this program does not have the version “{version}”",
        )
        findings.add_problem("methodology", line, "/score/methodology/version", es, en)
        return None
    if methodology.digest == reference.digest:
        return methodology
    es = f"el resumen de {version} es aquí {methodology.digest}, y no {reference.digest}"
    en = f"the digest of {version} is {methodology.digest} here, and not {reference.digest}"
    findings.add_problem("methodology", line, "/score/methodology/digest", es, en)
    return None


def _check_submission(findings: Findings, line: int, document: ScoreDocument, methodology: Methodology) -> bool:
    """Return True if the methodology asks for every answer and profile field of a document.

    If not, add one problem to `findings`, with the pointer of the first answer or field that is not asked for.
    `line` is the number of the document's line in the verified file.
    """
    # Converted to its own version, a submission loses exactly the facts that this version does not ask for.
    _, effects = convert_submission(document.submission, methodology, methodology)
    unknown = [
        *(f"/submission/answers/{name}" for name in effects.dropped_answers),
        *(f"/submission/profile/{name}" for name in effects.dropped_fields),
    ]
    if unknown:
        version = methodology.version
        es, en = f"no es lo que pregunta {version}", f"it is not what {version} asks for"
        findings.add_problem("submission", line, unknown[0], es, en)
    return not unknown


def _compare(findings: Findings, line: int, text: bytes, rescored: ScoreDocument) -> None:
    """Add a problem for the first difference between a published score and the score computed again.

    `line` is the number of its line in the file. `text` is the published document, and `rescored` the same document
    with the new score. The problem says how many more differences the score has. If the score is equal but another
    part of the document differs, the problem is that the document does not have the right format.
    """
    differences = list(find_differences(msgspec.to_builtins(rescored, order="deterministic"), json.loads(text), ""))
    in_score = [difference for difference in differences if difference[0].startswith("/score/")]
    name = rescored.organisation.id
    if in_score:
        pointer, expected, actual = in_score[0]
        es = f"{name}: {quote(actual)}, y puntuando de nuevo sale {quote(expected)}"
        en = f"{name}: {quote(actual)}, and scoring again gives {quote(expected)}"
        if more := len(in_score) - 1:
            es, en = f"{es}; y {more} diferencias más", f"{en}; and {more} differences more"
        findings.add_problem("score", line, pointer, es, en)
    elif differences:
        es, en = f"{name}: no es lo que pide el formato", f"{name}: it is not what the format asks for"
        findings.add_problem("malformed", line, differences[0][0], es, en)


def find_differences(expected: object, actual: object, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield each difference between two JSON values: its JSON Pointer, the expected and the actual value.

    Each JSON Pointer begins with `pointer`, the place of the two values in their document. Lists of different
    length are one difference. If only one of two objects has a member, the text `—` stands for the value that
    the other lacks.
    """
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name in [*expected, *(name for name in actual if name not in expected)]:
            member = add_step(pointer, name)
            yield from find_differences(expected.get(name, _ABSENT), actual.get(name, _ABSENT), member)
    elif isinstance(expected, Sequence) and isinstance(actual, Sequence) and not {type(expected), type(actual)} & {str}:
        if len(expected) != len(actual):
            yield pointer, expected, actual
            return
        for position, (expected_item, actual_item) in enumerate(zip(expected, actual, strict=True)):
            yield from find_differences(expected_item, actual_item, f"{pointer}/{position}")
    elif type(expected) is not type(actual) or expected != actual:
        yield pointer, expected, actual
