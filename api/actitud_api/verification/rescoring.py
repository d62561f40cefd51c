"""Re-scoring of published documents from the answers in them."""

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
from actitud_api.engine.scoring.change_decomposition import carry_over, decompose_change
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import MethodologyReference
from actitud_api.resources.publications.documents import ScoreDocument, parse_edition, parse_score

_ABSENT: Final = "—"


class ScoreRescorer(Rescorer):
    """Computes the scores of documents again; one for each verification."""

    def __init__(self) -> None:
        self._methodologies: dict[tuple[str, str], Methodology | None] = {}

    def check_edition(self, findings: Findings, line: int, text: bytes) -> bool:
        """Return True if an edition document has the format; add the problem if not."""
        return read_document(findings, line, text, parse_edition) is not None

    def check_score(self, findings: Findings, line: int, text: bytes) -> bool:
        """Score a document again and add where the result is not, byte for byte, the document.

        Returns False, with the problem added, if the document has not the format.
        """
        document = read_document(findings, line, text, parse_score)
        if document is None:
            return False
        methodology = self._find_methodology(findings, line, document.score.methodology)
        if methodology is not None and _check_submission(findings, line, document, methodology):
            rescored = structs.replace(document, score=explain(methodology, document.submission))
            if canonicalize(rescored) != text:
                _compare(findings, line, text, rescored)
        return True

    def check_change(
        self, findings: Findings, line: int, pointer: str, before: bytes, after: bytes, change: object
    ) -> None:
        """Compute the change between two score documents again and add where it differs from the one of a correction.

        ``pointer``: that of the correction. A version that this program does not have is not compared.
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
        due = decompose_change(earlier, documents[0].submission, later, documents[1].submission)
        if canonicalize(due) != canonicalize(change):
            stated = msgspec.to_builtins(msgspec.convert(change, type(due)))
            place, expected, actual = next(find_differences(msgspec.to_builtins(due), stated, f"{pointer}/change"))
            es = f"pone {quote(actual)}, y sale {quote(expected)}"
            en = f"it says {quote(actual)}, and {quote(expected)} follows"
            findings.add_problem("correction", line, place, es, en)

    def _find_methodology(self, findings: Findings, line: int, reference: MethodologyReference) -> Methodology | None:
        """Find the methodology that a document names; None, and the problem added once, if it is not here."""
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
    """Return True if a methodology asks for all facts of a document; add the first that it does not."""
    _, lost = carry_over(document.submission, methodology, methodology)
    unknown = [
        *(f"/submission/answers/{name}" for name in lost.dropped_answers),
        *(f"/submission/profile/{name}" for name in lost.dropped_fields),
    ]
    if unknown:
        version = methodology.version
        es, en = f"no es lo que pregunta {version}", f"it is not what {version} asks for"
        findings.add_problem("submission", line, unknown[0], es, en)
    return not unknown


def _compare(findings: Findings, line: int, text: bytes, rescored: ScoreDocument) -> None:
    """Add where a document differs from the one that scoring again gives."""
    differences = list(find_differences(msgspec.to_builtins(rescored, order="deterministic"), json.loads(text), ""))
    in_score = [difference for difference in differences if difference[0].startswith("/score/")]
    name = rescored.organisation.id
    if in_score:
        pointer, due, actual = in_score[0]
        es = f"{name}: {quote(actual)}, y puntuando de nuevo sale {quote(due)}"
        en = f"{name}: {quote(actual)}, and scoring again gives {quote(due)}"
        if more := len(in_score) - 1:
            es, en = f"{es}; y {more} diferencias más", f"{en}; and {more} differences more"
        findings.add_problem("score", line, pointer, es, en)
    elif differences:
        es, en = f"{name}: no es lo que pide el formato", f"{name}: it is not what the format asks for"
        findings.add_problem("malformed", line, differences[0][0], es, en)


def find_differences(due: object, actual: object, pointer: str) -> Iterator[tuple[str, Any, Any]]:
    """Iterate over the pointers at which two JSON values differ, with both values."""
    if isinstance(due, Mapping) and isinstance(actual, Mapping):
        for name in [*due, *(name for name in actual if name not in due)]:
            step = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from find_differences(due.get(name, _ABSENT), actual.get(name, _ABSENT), step)
    elif isinstance(due, Sequence) and isinstance(actual, Sequence) and not {type(due), type(actual)} & {str}:
        if len(due) != len(actual):
            yield pointer, due, actual
            return
        for position, (due_item, actual_item) in enumerate(zip(due, actual, strict=True)):
            yield from find_differences(due_item, actual_item, f"{pointer}/{position}")
    elif type(due) is not type(actual) or due != actual:
        yield pointer, due, actual
