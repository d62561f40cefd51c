"""What a verification finds: each check that was made, each problem with its place, and the sentence of it all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration import words

Code = Literal[
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
    "unsigned",
    "signature",
    "foreign_key",
    "key_time",
    "checkpoint",
    "checkpoint_origin",
    "methodology",
    "submission",
    "score",
    "chain",
    "opening",
]
"""damaged: cut off, or not readable from here · malformed: not what the format asks for · form: not in RFC 8785 form ·
digest: changed · missing, extra, twice, order: of the documents of a list · list_order: of the list itself · row, rank,
count: not what follows from the documents · revision, correction: not what follows from the revision before ·
unsigned, signature, foreign_key, key_time: nobody, wrongly, none of the keys, or one outside its time has signed ·
checkpoint, checkpoint_origin: none, or of another service · methodology: not one that this program has · submission:
not what the methodology asks for · score: not what scoring again gives · chain: the ledger was changed · opening: not
what an entry was about."""

Name = Literal["form", "digests", "list", "corrections", "signatures", "scores", "chain", "checkpoint"]
"""What a check is of."""

CODES: Final[Mapping[Name, frozenset[Code]]] = {
    "form": frozenset({"damaged", "malformed", "form"}),
    "digests": frozenset({"digest", "missing", "extra", "twice", "order"}),
    "list": frozenset({"list_order", "row", "rank", "count"}),
    "corrections": frozenset({"revision", "correction"}),
    "signatures": frozenset({"unsigned", "signature", "foreign_key", "key_time"}),
    "scores": frozenset({"methodology", "submission", "score"}),
    "chain": frozenset({"chain", "opening"}),
    "checkpoint": frozenset({"checkpoint", "checkpoint_origin"}),
}
"""The problems that each check finds."""


class Problem(Struct, frozen=True, kw_only=True):
    """Something that does not hold: at a line, and perhaps at a JSON Pointer in its document."""

    line: int
    pointer: str
    code: Code
    text: Texts

    @property
    def place(self) -> str:
        """The place, as `2:/scores/16/rank`."""
        return f"{self.line}:{self.pointer}" if self.pointer else str(self.line)


class Check(Struct, frozen=True, kw_only=True):
    """Something that was checked, and whether it holds."""

    name: Name
    holds: bool
    text: Texts


class Report(Struct, frozen=True, kw_only=True):
    """What came of a verification; `digest`: of the document, or of the edition document of a bundle.

    `unchecked`: what the file does not show.
    """

    kind: str
    digest: str | None
    checks: tuple[Check, ...]
    problems: tuple[Problem, ...]
    unchecked: tuple[Texts, ...]
    verdict: Texts

    @property
    def holds(self) -> bool:
        """Whether everything that was checked holds."""
        return not self.problems


class Unverifiable(ValueError):
    """What was given is nothing that a service publishes; `text` says why."""

    def __init__(self, text: Texts) -> None:
        super().__init__(text.en)
        self.text = text


class Found:
    """What was found until now."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.checks: list[Check] = []
        self.unchecked: list[Texts] = []
        self.cut_off = False

    def problem(self, code: Code, line: int, pointer: str, es: str, en: str) -> None:
        """Notes what does not hold; what is quoted of a file is made printable."""
        text = Texts(_printable(es), _printable(en))
        self.problems.append(Problem(line=line, pointer=_printable(pointer), code=code, text=text))

    def check(self, name: Name, es: str, en: str) -> None:
        """Notes what was checked; call it when all of it was."""
        holds = not any(problem.code in CODES[name] for problem in self.problems)
        self.checks.append(Check(name=name, holds=holds, text=Texts(es, en)))

    def report(self, kind: str, digest: str | None, holds: Texts) -> Report:
        """All of it; `holds`: what does where there is no problem."""
        if self.problems:
            first, count = self.problems[0], len(self.problems)
            verdict = Texts(
                f"NO SE CUMPLE: problemas: {words.number(count, 'es')}; el primero, en {first.place}: {first.text.es}.",
                f"DOES NOT HOLD: problems: {words.number(count, 'en')}; the first, at {first.place}: {first.text.en}.",
            )
        else:
            es, en = ("; ".join(told) for told in zip(*self.unchecked, strict=True)) if self.unchecked else ("", "")
            es, en = f"; sin comprobar: {es}" if es else "", f"; not checked: {en}" if en else ""
            verdict = Texts(_printable(f"SE CUMPLE: {holds.es}{es}."), _printable(f"HOLDS: {holds.en}{en}."))
        return Report(
            kind=kind,
            digest=digest,
            checks=tuple(self.checks),
            problems=tuple(self.problems),
            unchecked=tuple(self.unchecked),
            verdict=verdict,
        )


def _printable(text: str) -> str:
    """A text that no terminal acts upon: anything else than signs and blanks as its escape."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
