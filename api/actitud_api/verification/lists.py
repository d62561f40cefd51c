"""Verifies what an edition lists, and what a revision corrects."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, TypeVar

import msgspec
import numpy as np
from msgspec import structs

from actitud_api.engine.i18n import Texts
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.digests import canonical, digest_of
from actitud_api.engine.scoring.change_decomposition import decompose_change
from actitud_api.engine.scoring.ranking import RANKED, UNRANKED, compute_ranks
from actitud_api.resources.publications.documents import (
    Correction,
    EditionDocument,
    Listed,
    ScoreDocument,
    counted,
    read_edition,
    read_score,
)
from actitud_api.verification.findings import Found
from actitud_api.verification.reading import shown
from actitud_api.verification.rescoring import differences

_UNITS: Final = 10**6
"""Indices are multiples of 10^-6 at the finest (SCORING, section 1)."""
_UNITS_MAX: Final = 2**62

ShapeT = TypeVar("ShapeT")
Published = Callable[[str], bytes | None]
"""The bytes of a document by its digest; None where there is none."""


def same_digest(found: Found, line: int, own: str, due: object, es: str, en: str) -> None:
    """Notes where the digest of a document is not the one that somebody says."""
    if own != due:
        told = due if isinstance(due, str) else shown(due)
        found.problem(
            "digest",
            line,
            "",
            f"ha cambiado: el resumen es {own}, y {es} dice {told}",
            f"it has changed: the digest is {own}, and {en} says {told}",
        )


def presence(found: Found, names: Sequence[str], met: Mapping[str, int], last: int) -> None:
    """Notes the first document that is not in the order of the list, and those of the list that are not there."""
    for name, due in zip(met, [name for name in names if name in met], strict=False):
        if name != due:
            es = f"los documentos no están en el orden de la lista: aquí está {name}, y toca {due}"
            en = f"the documents are not in the order of the list: {name} is here, and {due} is due"
            found.problem("order", met[name], "", es, en)
            break
    missing = [name for name in names if name not in met]
    if missing and not found.cut_off:
        some = ", ".join(missing[:3]) + ("…" if len(missing) > 3 else "")
        es = f"faltan documentos de la lista ({len(missing)}): {some}"
        en = f"documents of the list are missing ({len(missing)}): {some}"
        found.problem("missing", last + 1, "", es, en)


def belongs(found: Found, line: int, edition: EditionDocument, row: Listed, document: ScoreDocument) -> None:
    """Notes where a document is of another edition, organisation or methodology than the list says."""
    for pointer, there, due in (
        ("/edition", document.edition, edition.edition),
        ("/organisation/id", document.organisation.id, row.organisation),
        ("/score/methodology/version", document.score.methodology.version, edition.methodology.version),
        ("/score/methodology/digest", document.score.methodology.digest, edition.methodology.digest),
    ):
        if there != due:
            found.problem(
                "row", line, pointer, f"{there}, y la edición dice {due}", f"{there}, and the edition says {due}"
            )


def verify_list(found: Found, line: int, edition: EditionDocument, stated: Mapping[str, Listed]) -> None:
    """Notes where the list of an edition is not in order, or says anything but what its documents do (`stated`)."""
    rows = edition.scores
    for place, (before, row) in enumerate(pairwise(rows), 1):
        if row.organisation <= before.organisation:
            name, other = row.organisation, before.organisation
            es, en = (
                f"la lista no está en orden: {name} va detrás de {other}",
                f"the list is not in order: {name} comes after {other}",
            )
            found.problem("list_order", line, f"/scores/{place}", es, en)
    for place, row in enumerate(rows):
        due = stated.get(row.organisation)
        for member in () if due is None else ("status", "level", "index"):
            pointer, there = f"/scores/{place}/{member}", getattr(row, member)
            _figure(found, "row", line, pointer, row.organisation, there, getattr(due, member))
    for place, (row, rank) in enumerate(zip(rows, _ranks(rows), strict=True)):
        _figure(found, "rank", line, f"/scores/{place}/rank", row.organisation, row.rank, rank)
    ranked = [structs.replace(row, rank=rank) for row, rank in zip(rows, _ranks(rows), strict=True)]
    counts = counted(ranked)
    for member in counts.__struct_fields__:
        there, count = getattr(edition.counts, member), getattr(counts, member)
        if isinstance(there, dict):
            there = {name: of for name, of in there.items() if of}
        _figure(found, "count", line, f"/counts/{member}", "counts", there, count)


def _figure(
    found: Found, code: Literal["row", "rank", "count"], line: int, pointer: str, name: str, there: object, due: object
) -> None:
    if there != due:
        told = name, shown(there), shown(due)
        es, en = "{}: pone {}, y sale {}".format(*told), "{}: it says {}, and {} follows".format(*told)
        found.problem(code, line, pointer, es, en)


def _ranks(rows: Sequence[Listed]) -> list[int | None]:
    """The ranks that follow from the indices of a list."""
    points = [
        UNRANKED if row.index is None or row.status not in RANKED else min(round(row.index * _UNITS), _UNITS_MAX)
        for row in rows
    ]
    found = compute_ranks(np.array(points, np.int64)).tolist()
    return [None if point == UNRANKED else rank for point, rank in zip(points, found, strict=True)]


class Corrections:
    """Verifies what a revision corrects, against the revision before where that can be had."""

    def __init__(self, found: Found, published: Published | None) -> None:
        self._found = found
        self._published = published

    def verify(self, line: int, edition: EditionDocument, documents: Mapping[str, ScoreDocument]) -> None:
        """Notes where a revision does not say what it corrects."""
        first = edition.revision == 1
        if (first, first) != (edition.supersedes is None, not edition.corrections):
            es = "la revisión 1 no sustituye ni corrige nada, y las demás sí"
            en = "revision 1 supersedes and corrects nothing, and all others do"
            self._found.problem("revision", line, "/revision", es, en)
            return
        rows = {row.organisation: row for row in edition.scores}
        for place, correction in enumerate(edition.corrections):
            row, pointer = rows.get(correction.organisation), f"/corrections/{place}"
            if row is None or correction.after != row.document:
                self._wrong(
                    line, f"{pointer}/after", "no es el documento de la lista", "it is not the document of the list"
                )
            elif correction.before == correction.after:
                self._wrong(line, f"{pointer}/before", "no cambia nada", "it changes nothing")
            elif correction.change.index.after != row.index:
                es, en = "no es el índice de la lista", "it is not the index of the list"
                self._wrong(line, f"{pointer}/change/index/after", es, en)
        for place, (one, other) in enumerate(pairwise(edition.corrections), 1):
            if one.organisation >= other.organisation:
                self._wrong(line, f"/corrections/{place}", "no está en orden", "it is not in order")
        if edition.supersedes is None:
            return
        if self._published is None:
            self._found.unchecked.append(
                Texts(
                    "cómo era la revisión anterior (verifíquela en la dirección del servicio)",
                    "what the revision before was (verify at the address of the service)",
                )
            )
            return
        before = self._document(line, "/supersedes", edition.supersedes, read_edition)
        if before is not None:
            self._against(line, edition, before)
            for place, correction in enumerate(edition.corrections):
                document = self._document(line, f"/corrections/{place}/before", correction.before, read_score)
                after = documents.get(correction.organisation)
                if document is not None and after is not None:
                    self._difference(line, f"/corrections/{place}/change", document, after, correction)

    def _wrong(self, line: int, pointer: str, es: str, en: str) -> None:
        self._found.problem("correction", line, pointer, es, en)

    def _document(self, line: int, pointer: str, digest: str, reader: Callable[[bytes], ShapeT]) -> ShapeT | None:
        """A document that was published before; None, noted, where there is none, or it is another."""
        text = None if self._published is None else self._published(digest)
        if text is None:
            es, en = f"no está publicado: {digest}", f"it is not published: {digest}"
            self._found.problem("missing", line, pointer, es, en)
            return None
        own = digest_of(text)
        if own != digest:
            es, en = (
                f"lo que se publica como {digest} tiene el resumen {own}",
                f"what is published as {digest} has the digest {own}",
            )
            self._found.problem("digest", line, pointer, es, en)
            return None
        try:
            return reader(text)
        except (ValueError, RecursionError):
            es, en = f"{digest} no es lo que pide el formato", f"{digest} is not what the format asks for"
            self._found.problem("malformed", line, pointer, es, en)
            return None

    def _against(self, line: int, edition: EditionDocument, before: EditionDocument) -> None:
        """Notes what differs from the revision before without a correction that says so."""
        if (before.edition, before.revision) != (edition.edition, edition.revision - 1):
            told = f"{before.edition} {before.revision}"
            es, en = (
                f"sustituye a {told}, que no es la revisión anterior",
                f"it supersedes {told}, which is not the revision before",
            )
            self._found.problem("revision", line, "/supersedes", es, en)
            return
        earlier = {row.organisation: row.document for row in before.scores}
        corrected = {correction.organisation: correction.before for correction in edition.corrections}
        for place, row in enumerate(edition.scores):
            known = earlier.pop(row.organisation, None)
            if known != corrected.get(row.organisation, row.document):
                name = row.organisation
                es = f"{name}: el documento anterior era {known}, y ninguna corrección lo dice"
                en = f"{name}: the document before was {known}, and no correction says so"
                self._wrong(line, f"/scores/{place}/document", es, en)
        for name in earlier:
            es, en = (
                f"{name} estaba en la revisión anterior, y falta",
                f"{name} was in the revision before, and is missing",
            )
            self._wrong(line, "/scores", es, en)

    def _difference(
        self, line: int, pointer: str, before: ScoreDocument, after: ScoreDocument, correction: Correction
    ) -> None:
        """Notes where the difference in points is not the one that follows from both documents."""
        known = []
        for reference in (before.score.methodology, after.score.methodology):
            try:
                known.append(loader.load(reference.version))
            except loader.UnknownMethodology:
                return
        due = decompose_change(known[0], before.submission, known[1], after.submission)
        if canonical(due) != canonical(correction.change):
            place, right, there = next(
                differences(msgspec.to_builtins(due), msgspec.to_builtins(correction.change), pointer)
            )
            told = shown(there), shown(right)
            self._wrong(line, place, "pone {}, y sale {}".format(*told), "it says {}, and {} follows".format(*told))
