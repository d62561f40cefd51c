"""The problems, checks and result of a verification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Text: TypeAlias = Mapping[str, str]
"""A sentence by language, ``es`` and ``en``."""

ProblemCode: TypeAlias = Literal[
    "damaged",
    "malformed",
    "form",
    "digest",
    "missing",
    "extra",
    "twice",
    "order",
    "list_order",
    "row",
    "rank",
    "count",
    "revision",
    "correction",
    "verdict",
    "unsigned",
    "signature",
    "foreign_key",
    "key_time",
    "key_id",
    "compromised",
    "checkpoint",
    "checkpoint_origin",
    "methodology",
    "submission",
    "score",
    "chain",
    "opening",
    "not_in_ledger",
    "shown",
]
"""Code of a kind of problem.

damaged: truncated or unreadable from this line on · malformed: violates the format · form: not in RFC 8785 form
· digest: document changed · missing, extra, twice, order: documents that differ from the list · list_order:
list not sorted · row, rank, count: differs from the documents · revision, correction: contradicts the previous
revision · verdict: differs from the previous revision, although its answer is not corrected · unsigned,
signature, foreign_key, key_time: signature missing, invalid, by an unknown key, or outside the lifetime of its
key · key_id: key whose id is not its thumbprint · compromised: signed by a key that was not trusted any more, as
far as the ledger shows · checkpoint, checkpoint_origin: checkpoint that is invalid or contradicts the ledger, or
one of another service · methodology: version that the program lacks · submission: violates the methodology ·
score: differs from the recomputed score · chain: ledger changed · opening: does not match its entry ·
not_in_ledger: the ledger has no entry of the publication · shown: a figure that the service shows is not the
signed one.
"""

CheckName: TypeAlias = Literal[
    "form", "digests", "list", "corrections", "signatures", "scores", "chain", "checkpoint", "ledger", "shown"
]

_CODES: Mapping[CheckName, frozenset[ProblemCode]] = {
    "form": frozenset({"damaged", "malformed", "form"}),
    "digests": frozenset({"digest", "missing", "extra", "twice", "order"}),
    "list": frozenset({"list_order", "row", "rank", "count"}),
    "corrections": frozenset({"revision", "correction", "verdict"}),
    "signatures": frozenset({"unsigned", "signature", "foreign_key", "key_time", "key_id", "compromised"}),
    "checkpoint": frozenset({"checkpoint", "checkpoint_origin"}),
    "scores": frozenset({"methodology", "submission", "score"}),
    "chain": frozenset({"chain", "opening"}),
    "ledger": frozenset({"chain", "not_in_ledger", "checkpoint", "checkpoint_origin"}),
    "shown": frozenset({"shown"}),
}
"""The problem codes that make a check fail, by the name of the check."""


_HOLDS = "SE CUMPLE", "HOLDS"
_HOLDS_ALONE = "SE CUMPLE, PERO SIN MIRAR EL LIBRO DE CAMBIOS", "HOLDS, BUT THE LEDGER WAS NOT LOOKED AT"


class VerificationProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem that a verification found in a published file.

    ``location``: line number, possibly with a JSON Pointer into that line (``2:/scores/16/rank``); line 0 is the
    ``checkpoint`` argument, and ``0:/ledger`` the ``ledger`` argument. ``code``: one of :data:`ProblemCode`. ``text``:
    a sentence with the actual and the expected value, by language.
    """

    location: str
    code: str
    text: Text

    def __str__(self) -> str:
        return f"{self.location}: {self.text['en']}"


class VerificationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Check that a verification made of a published file. ``holds``: True if the file passed it.

    ``name``: one of :data:`CheckName`. ``text``: the subject of the check, in Spanish and in English.
    """

    name: str
    holds: bool
    text: Text


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Result of the verification of a published file by :func:`verify`.

    Attributes:
        kind: ``bundle``, ``edition``, ``score`` or ``ledger``.
        digest: Digest of the document, for a bundle of its edition document; ``None`` for a ledger.
        key: Id of the signing key; ``None`` if no signature was checked or none is valid.
        checks: All checks that were made.
        problems: All problems that were found.
        unchecked: Facts that the file alone cannot prove.
        verdict: A summary in one sentence.
    """

    kind: str
    digest: str | None
    key: str | None
    checks: tuple[VerificationCheck, ...]
    problems: tuple[VerificationProblem, ...]
    unchecked: tuple[Text, ...]
    verdict: Text

    @property
    def holds(self) -> bool:
        """True if the verification found no problems."""
        return not self.problems


def make_text(es: str, en: str) -> Text:
    """Return a mapping of the languages Spanish and English to the two texts of a sentence."""
    return {"es": es, "en": en}


def format_count(count: int) -> tuple[str, str]:
    """Format a number in Spanish and in English: ``8.131`` and ``8,131``."""
    return f"{count:,}".replace(",", "."), f"{count:,}"


class Findings:
    """Collector of the problems and checks of one verification.

    ``is_cut_off``: True if the file is damaged or truncated. ``is_compared_with_ledger``: False if the publication was
    not looked up in a ledger; the first words of the verdict then say so.
    """

    def __init__(self) -> None:
        self.problems: list[VerificationProblem] = []
        self.is_cut_off = False
        self.is_compared_with_ledger = True
        self._checks: list[VerificationCheck] = []
        self._unchecked: list[Text] = []

    def add_problem(self, code: ProblemCode, line: int, pointer: str, es: str, en: str) -> None:
        """Add a problem at a line of the file. Unprintable characters in its texts are escaped.

        ``code``: kind of the problem. ``pointer``: JSON Pointer into the line, empty for the whole line. ``es`` and
        ``en``: the sentence in Spanish and in English.
        """
        place = _escape(f"{line}:{pointer}" if pointer else str(line))
        self.problems.append(VerificationProblem(location=place, code=code, text=make_text(_escape(es), _escape(en))))

    def add_check(self, name: CheckName, es: str, en: str) -> None:
        """Add a check to the result, with its subject in Spanish and English.

        The check fails if a problem of its kind was added before, so add all problems first.
        """
        holds = not any(problem.code in _CODES[name] for problem in self.problems)
        self._checks.append(VerificationCheck(name=name, holds=holds, text=make_text(es, en)))

    def add_unchecked(self, es: str, en: str) -> None:
        """Add to the result, in Spanish and English, a fact that the file and the options cannot prove."""
        self._unchecked.append(make_text(es, en))

    def build_result(
        self, kind: str, digest: str | None = None, key: str | None = None, holds: tuple[str, str] = ("", "")
    ) -> Verification:
        """Build the result of the verification.

        ``kind``: kind of the file. ``digest``: digest of the document, None for a ledger. ``key``: id of the signing
        key, None if no signature was checked or none is valid. ``holds``: summary in Spanish and English for a file
        without problems.
        """
        count = len(self.problems)
        if count:
            first, (es, en) = self.problems[0], format_count(count)
            es = f"NO SE CUMPLE: problemas: {es}; el primero, en {first.location}: {first.text['es']}."
            en = f"DOES NOT HOLD: problems: {en}; the first, at {first.location}: {first.text['en']}."
        else:
            es, en = ("; ".join(text[lang] for text in self._unchecked) for lang in ("es", "en"))
            es_start, en_start = _HOLDS if self.is_compared_with_ledger else _HOLDS_ALONE
            es = f"{es_start}: {_escape(holds[0])}{es and f'; sin comprobar: {es}'}."
            en = f"{en_start}: {_escape(holds[1])}{en and f'; not checked: {en}'}."
        return Verification(
            kind=kind,
            digest=digest,
            key=key,
            checks=tuple(self._checks),
            problems=tuple(self.problems),
            unchecked=tuple(self._unchecked),
            verdict=make_text(es, en),
        )


def _escape(text: str) -> str:
    # A file must not be able to move the cursor of the terminal that shows its verification.
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)
