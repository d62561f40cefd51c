"""Verify the corrections of a revision, and compare it with the previous revision if the caller can provide it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from actitud.verification._findings import Findings
from actitud.verification._options import Options
from actitud.verification._reading import NotReadable, compute_digest, get_member, parse_object, quote

Json = dict[str, Any]


class CorrectionVerifier:
    """Verifier of the corrections that a later revision of an edition lists in its edition document.

    ``line``: number of the line of the edition document in the file. ``documents``: texts of the corrected score
    documents, by organisation. Problems are added to ``findings``.
    """

    def __init__(self, findings: Findings, options: Options, line: int, documents: Mapping[str, bytes]) -> None:
        self._findings = findings
        self._options = options
        self._line = line
        self._documents = documents

    def verify(self, edition: Json, rows: Sequence[Json]) -> None:
        """Verify the corrections that an edition document lists, and add a problem to the report for each fault.

        ``rows``: the scores of the document, whose form has been checked. If the caller of the verification gave the
        function ``published``, the previous revision is loaded with it, and each difference between the revisions must
        be a listed correction.
        """
        stated = edition.get("corrections")
        corrections: list[Any] = stated if isinstance(stated, list) else []
        is_first, supersedes = edition.get("revision") == 1, edition.get("supersedes")
        if (is_first, is_first) != (supersedes is None, not corrections):
            es = "la revisión 1 no sustituye ni corrige nada, y las demás sí"
            en = "revision 1 supersedes and corrects nothing, and all others do"
            self._findings.add_problem("revision", self._line, "/revision", es, en)
            return
        self._compare_with_list(corrections, {row["organisation"]: row for row in rows})
        if supersedes is None:
            return
        if self._options.published is None:
            self._findings.add_unchecked(
                "cómo era la revisión anterior (verifíquela en la dirección del servicio)",
                "what the revision before was (verify at the address of the service)",
            )
            return
        before = self._load(supersedes, "/supersedes")
        if before is None:
            return
        self._compare_with_revision(edition, rows, corrections, before)
        for number, correction in enumerate(corrections):
            self._check_correction(number, correction)

    def _add_problem(self, pointer: str, es: str, en: str) -> None:
        self._findings.add_problem("correction", self._line, pointer, es, en)

    def _compare_with_list(self, corrections: Sequence[Any], rows: Mapping[str, Json]) -> None:
        for number, correction in enumerate(corrections):
            name, pointer = get_member(correction, "organisation"), f"/corrections/{number}"
            row = rows.get(name) if isinstance(name, str) else None
            before, after = get_member(correction, "before"), get_member(correction, "after")
            if row is None or after != row.get("document"):
                es = f"la corrección de {name} da el documento {after}, que no es el de la lista"
                en = f"the correction of {name} gives the document {after}, which is not that of the list"
                self._add_problem(f"{pointer}/after", es, en)
            elif before == after:
                self._add_problem(f"{pointer}/before", "no cambia nada", "it changes nothing")
            elif (before is None) != (get_member(correction, "change") is None):
                es = "lo que se añade no tiene documento anterior ni diferencia, y lo que se corrige tiene ambos"
                en = "what is added has no document before and no difference, and what is corrected has both"
                self._add_problem(f"{pointer}/change", es, en)
            elif before is not None and get_member(correction, "change", "index", "after") != row.get("index"):
                es, en = "no es el índice de la lista", "it is not the index of the list"
                self._add_problem(f"{pointer}/change/index/after", es, en)
        names = [str(get_member(correction, "organisation")) for correction in corrections]
        for number, (name, following) in enumerate(pairwise(names), 1):
            if name >= following:
                self._add_problem(f"/corrections/{number}", "no está en orden", "it is not in order")

    def _load(self, digest: object, pointer: str) -> Json | None:
        text = self._load_text(digest, pointer)
        if text is None:
            return None
        try:
            return parse_object(text)
        except NotReadable as error:
            self._findings.add_problem("malformed", self._line, pointer, error.text["es"], error.text["en"])
            return None

    def _load_text(self, digest: object, pointer: str) -> bytes | None:
        published = self._options.published
        text = published(digest) if published is not None and isinstance(digest, str) else None
        if text is None:
            es, en = f"no está publicado: {digest}", f"it is not published: {digest}"
            self._findings.add_problem("missing", self._line, pointer, es, en)
            return None
        if (actual := compute_digest(text)) != digest:
            es, en = (
                f"lo que se publica como {digest} tiene el resumen {actual}",
                f"what is published as {digest} has the digest {actual}",
            )
            self._findings.add_problem("digest", self._line, pointer, es, en)
            return None
        return text

    def _compare_with_revision(
        self, edition: Json, rows: Sequence[Json], corrections: Sequence[Any], before: Json
    ) -> None:
        """Add a problem for each difference from the previous revision that no correction states.

        ``rows``: the list of scores of this revision. ``before``: the edition document of the previous one.
        """
        revision = edition.get("revision")
        expected = edition.get("edition"), revision - 1 if isinstance(revision, int) else None
        if (before.get("edition"), before.get("revision")) != expected:
            name = f"{before.get('edition')} {before.get('revision')}"
            es, en = (
                f"sustituye a {name}, que no es la revisión anterior",
                f"it supersedes {name}, which is not the revision before",
            )
            self._findings.add_problem("revision", self._line, "/supersedes", es, en)
            return
        listed = before.get("scores")
        earlier = {
            str(get_member(row, "organisation")): get_member(row, "document")
            for row in (listed if isinstance(listed, list) else ())
        }
        corrected = {
            str(get_member(correction, "organisation")): get_member(correction, "before") for correction in corrections
        }
        for number, row in enumerate(rows):
            name = row["organisation"]
            document = earlier.pop(name, None)
            if document == corrected.get(name, row.get("document")):
                continue
            es = f"{name}: el documento anterior era {document}, y ninguna corrección lo dice"
            en = f"{name}: the document before was {document}, and no correction says so"
            if document is None:
                es = f"{name} no estaba en la revisión anterior, y ninguna corrección dice que se añade"
                en = f"{name} was not in the revision before, and no correction says that it is added"
            self._add_problem(f"/scores/{number}/document", es, en)
        for name in earlier:
            es, en = (
                f"{name} estaba en la revisión anterior, y falta",
                f"{name} was in the revision before, and is missing",
            )
            self._add_problem("/scores", es, en)

    def _check_correction(self, number: int, correction: object) -> None:
        """Compare the score document of a correction with the one before it, and add a problem for each fault.

        An organisation that is added has none before it.
        """
        pointer = f"/corrections/{number}"
        if get_member(correction, "before") is None:
            return
        before = self._load_text(get_member(correction, "before"), f"{pointer}/before")
        after = self._documents.get(str(get_member(correction, "organisation")))
        if before is None or after is None:
            return
        change = get_member(correction, "change")
        if self._options.rescorer is not None and change is not None:
            self._options.rescorer.check_change(self._findings, self._line, pointer, before, after, change)
        try:
            documents = parse_object(before), parse_object(after)
        except NotReadable as error:
            self._findings.add_problem("malformed", self._line, f"{pointer}/before", error.text["es"], error.text["en"])
            return
        self._compare_answers(pointer, correction, *documents)

    def _compare_answers(self, pointer: str, correction: object, before: Json, after: Json) -> None:
        """Add a problem for each answer, and for each finding of the review, that changes and is not named."""
        organisation, named = get_member(correction, "organisation"), get_member(correction, "answers")
        pointer = f"{pointer}/answers"
        if not isinstance(named, list):
            self._add_problem(pointer, "no es la lista de las respuestas", "it is not the list of the answers")
            named = []
        for name, was, now in _list_differences(_list_answers(before), _list_answers(after), named):
            es = f"{organisation}: la respuesta de {name} era {quote(was)} y es {quote(now)}, y no está corregida"
            en = f"{organisation}: the answer to {name} was {quote(was)} and is {quote(now)}, and is not corrected"
            self._add_problem(pointer, es, en)
        for name, was, now in _list_differences(_list_effects(before), _list_effects(after), named):
            es = (
                f"{organisation}: lo que halló la revisión en {name} era {quote(was)} y es {quote(now)}, "
                "y esa respuesta no está corregida"
            )
            en = (
                f"{organisation}: what the review found in {name} was {quote(was)} and is {quote(now)}, "
                "and that answer is not corrected"
            )
            self._findings.add_problem("verdict", self._line, pointer, es, en)


def _list_differences(before: Json, after: Json, named: Sequence[Any]) -> list[tuple[str, Any, Any]]:
    """Return the members that differ and are not among ``named``, each with its value before and after."""
    values = [(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys())]
    return [(name, was, now) for name, was, now in values if was != now and name not in named]


def _list_answers(document: Json) -> Json:
    """Return the facts of a score document by indicator."""
    answers = get_member(document, "submission", "answers")
    return answers if isinstance(answers, dict) else {}


def _list_effects(document: Json) -> Json:
    """Return the findings of a review in a score document by indicator; ``max_level`` has that of the whole.

    A value is a list: the verdict with its level and rule, why the answer was set aside, the cap of its level, and True
    if the answer counts without evidence.
    """
    effects: Json = {}
    verdicts = get_member(document, "review", "verdicts")
    for verdict in verdicts if isinstance(verdicts, list) else ():
        stated = [get_member(verdict, member) for member in ("verdict", "level", "rule")]
        effects[str(get_member(verdict, "indicator"))] = [stated, None, None, None]
    for place, member in enumerate(("set_aside", "level_caps"), 1):
        by_name = get_member(document, "submission", member)
        for name, value in (by_name if isinstance(by_name, dict) else {}).items():
            effects.setdefault(name, [None, None, None, None])[place] = value
    declared = get_member(document, "submission", "self_declared")
    for name in _list_answers(document):
        if isinstance(declared, list) and name in declared:
            effects.setdefault(name, [None, None, None, None])[3] = True
    effects["max_level"] = get_member(document, "submission", "max_level")
    return effects
