"""Computes again what documents say that was scored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import structs

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.digests import canonical
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.scoring.change_decomposition import carry_over
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import MethodologyReference
from actitud_api.resources.publications.documents import ScoreDocument
from actitud_api.verification.findings import Found
from actitud_api.verification.reading import is_canonical, shown


class Rescoring:
    """Scores what documents say that was sent, once more."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._methodologies: dict[tuple[str, str], Methodology | None] = {}

    def methodology(self, line: int, pointer: str, reference: MethodologyReference) -> Methodology | None:
        """The methodology that a document names; None, noted once, where this program does not have it."""
        key = reference.version, reference.digest
        if key not in self._methodologies:
            self._methodologies[key] = self._known(line, pointer, reference)
        return self._methodologies[key]

    def _known(self, line: int, pointer: str, reference: MethodologyReference) -> Methodology | None:
        version = reference.version
        try:
            known = loader.load(version)
        except loader.UnknownMethodology:
            es, en = (
                f"este programa no tiene la versión «{version}»",
                f"this program does not have the version “{version}”",
            )
            self._found.problem("methodology", line, f"{pointer}/version", es, en)
            return None
        if known.digest == reference.digest:
            return known
        es = f"el resumen de {version} es aquí {known.digest}, y no {reference.digest}"
        en = f"the digest of {version} is {known.digest} here, and not {reference.digest}"
        self._found.problem("methodology", line, f"{pointer}/digest", es, en)
        return None

    def verify(self, line: int, text: bytes, document: ScoreDocument) -> None:
        """Scores a document again; notes where that gives anything but its bytes."""
        methodology = self.methodology(line, "/score/methodology", document.score.methodology)
        if methodology is None:
            is_canonical(self._found, line, text)
            return
        _, lost = carry_over(document.submission, methodology, methodology)
        refused = [
            *(f"/submission/answers/{name}" for name in lost.dropped_answers),
            *(f"/submission/profile/{name}" for name in lost.dropped_fields),
        ]
        if refused:
            version = methodology.version
            es, en = f"no es lo que pregunta {version}", f"it is not what {version} asks for"
            self._found.problem("submission", line, refused[0], es, en)
            return
        again = structs.replace(document, score=explain(methodology, document.submission))
        if canonical(again) != text:
            self._compare(line, text, again)

    def _compare(self, line: int, text: bytes, again: ScoreDocument) -> None:
        """Notes why a document is not, byte for byte, the one that scoring again gives."""
        if not is_canonical(self._found, line, text):
            return
        different = list(differences(msgspec.to_builtins(again, order="deterministic"), json.loads(text), ""))
        scored = [found for found in different if found[0].startswith("/score/")]
        name = again.organisation.id
        if scored:
            pointer, due, there = scored[0]
            more = len(scored) - 1
            told = shown(there), shown(due)
            es, en = "{}, y puntuando de nuevo sale {}".format(*told), "{}, and scoring again gives {}".format(*told)
            if more:
                es, en = f"{es}; y {more} diferencias más", f"{en}; and {more} differences more"
            self._found.problem("score", line, pointer, f"{name}: {es}", f"{name}: {en}")
        else:
            pointer = different[0][0] if different else ""
            es, en = f"{name}: no es lo que pide el formato", f"{name}: it is not what the format asks for"
            self._found.problem("malformed", line, pointer, es, en)


_ABSENT: Final = "—"


def differences(due: object, there: object, pointer: str) -> Iterator[tuple[str, object, object]]:
    """The places in which two JSON values differ, with what is due and what is there."""
    if isinstance(due, Mapping) and isinstance(there, Mapping):
        for name in [*due, *(name for name in there if name not in due)]:
            step = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield from differences(due.get(name, _ABSENT), there.get(name, _ABSENT), step)
    elif isinstance(due, Sequence) and isinstance(there, Sequence) and not {type(due), type(there)} & {str}:
        if len(due) != len(there):
            yield pointer, due, there
            return
        for place, (one, other) in enumerate(zip(due, there, strict=True)):
            yield from differences(one, other, f"{pointer}/{place}")
    elif type(due) is not type(there) or due != there:
        yield pointer, due, there
