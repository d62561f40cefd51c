"""The model of `test_story`: an assessment as a few dictionaries, and its index as arithmetic of three answers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Final, NamedTuple

from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.resources.assessments.lifecycle import AssessmentState, Phase
from actitud_api.resources.assessments.reviewed_submission import Verdict

RETURNED_UNTIL: Final = date(2027, 6, 20)
LAST_DAYS: Final[Mapping[Phase, date]] = {
    "submission": date(2027, 2, 28),
    "review": date(2027, 4, 30),
    "hearing": date(2027, 5, 15),
}


class Given(NamedTuple):
    """A verdict in the model."""

    number: int
    verdict: Verdict
    level: int | None


class Submitted(NamedTuple):
    """What was submitted last, in the model; `insufficient` are the answers of which a verdict then said so.

    Its documents are erased with those of the assessment, and its salt.
    """

    answers: dict[str, int]
    seals: dict[str, int]
    erased: set[str]
    declared: set[str]
    insufficient: set[str]
    declared_profile: bool
    generation: int


class Model:
    """An assessment in the model; `given`: by answer as it was judged and by assessor, None for what was taken back.

    An answer is judged with its document, of which `seals` has the generation of the salt with which it was stored.
    `erased` are the answers whose document was erased, `declared` those that count as declared for that. `acts` has
    when each verdict was given, by the number of the act, and `heard` when it was returned after a whole hearing.
    `wordless` are the verdicts of which the reason was erased, by number, with 0 for what is said of the whole.
    """

    def __init__(self) -> None:
        self.state: AssessmentState | None = None
        self.answers: dict[str, int] = {}
        self.seals: dict[str, int] = {}
        self.generation = 0
        self.unsalted = False
        self.erased: set[str] = set()
        self.declared: set[str] = set()
        self.erased_profile = False
        self.declared_profile = False
        self.replies: dict[str, str] = {}
        self.given: dict[tuple[str, int, int], dict[str, Given | None]] = {}
        self.extended: dict[Phase, date] = {}
        self.max_level: int | None = None
        self.said = False
        self.said_at = 0
        self.numbers = itertools.count(1)
        self.acts: dict[int, int] = {}
        self.wordless: set[int] = set()
        self.heard: int | None = None
        self.submitted: Submitted | None = None
        self.unsalted_submitted = False

    def judged(self, indicator: str) -> tuple[str, int, int]:
        """What is judged of an answer: its facts, and its document as it was stored."""
        return indicator, self.answers.get(indicator, -1), self.seals.get(indicator, -1)

    def standing(self, indicator: str) -> dict[str, Given]:
        """The verdicts on the answer as it is, by assessor."""
        given = self.given.get(self.judged(indicator), {})
        return {who: one for who, one in given.items() if one is not None}

    def counts(self, indicator: str) -> Given | None:
        """The latest of them."""
        return max(self.standing(indicator).values(), default=None)

    def disputed(self) -> bool:
        """Whether assessors differ."""
        return any(len({one[1:] for one in self.standing(name).values()}) > 1 for name in self.answers)

    def write(self, values: Mapping[str, int]) -> None:
        """Answers are stored, those of `values` with their documents: of others that were erased there is none."""
        if self.unsalted:
            self.generation, self.unsalted = self.generation + 1, False
        for name, value in values.items():
            if name not in self.answers or name in self.erased:
                self.seals[name] = self.generation
            self.answers[name] = value
        self.erased -= values.keys()
        self.declared = set(self.erased)
        self.declared_profile = self.erased_profile

    def remove(self, indicator: str) -> None:
        """An answer is withdrawn, with its document."""
        for kept in (self.answers, self.seals):
            kept.pop(indicator, None)
        for names in (self.erased, self.declared):
            names.discard(indicator)

    def submit(self) -> None:
        """It is handed in: nothing changes, and it is kept as it is."""
        self.write({})
        self.submitted = Submitted(
            dict(self.answers),
            dict(self.seals),
            set(self.erased),
            set(self.declared),
            self.insufficient(),
            self.declared_profile,
            self.generation,
        )
        self.unsalted_submitted = False

    def add(self) -> None:
        """A correction adds it: as it was submitted last, with what was found until its hearing was over."""
        last = self.submitted
        assert last is not None
        heard = -1 if self.heard is None else self.heard
        self.answers, self.seals, self.erased = dict(last.answers), dict(last.seals), set(last.erased)
        self.declared = last.declared | (last.insufficient & last.erased)
        self.declared_profile = last.declared_profile
        # A salt of its own where that of the submission is gone: all seals of the assessment have others.
        self.generation = self.generation + 1 if self.unsalted_submitted else last.generation
        self.unsalted = False
        self.given = {
            judged: given
            for judged, given in self.given.items()
            if (one := max((one for one in given.values() if one is not None), default=None)) is not None
            and self.acts[one.number] <= heard
        }
        if self.said_at > heard:
            self.max_level, self.said = None, False
        self.state = "final"

    def rescore(self, before: set[str]) -> None:
        """Of what was insufficient (`before`) and is no more, the document counts again, if it is still there."""
        self.declared |= before & self.erased

    def insufficient(self) -> set[str]:
        """The answers that count as declared because of a verdict."""
        found = {name: self.counts(name) for name in self.answers}
        return {name for name, one in found.items() if one is not None and one.verdict == "insufficient"}

    def erase(self, indicator: str | None) -> None:
        """Documents and notes are erased; the seals stay, and the salt goes."""
        names = {name for name in self.answers if indicator in (None, name)}
        self.erased |= names
        self.unsalted |= bool(names)
        self.erased_profile |= indicator is None
        self.wordless |= {
            one.number
            for (name, *_), given in self.given.items()
            if indicator in (None, name)
            for one in given.values()
            if one is not None
        }
        if indicator is None:
            self.wordless.add(0)
        if self.submitted is not None:
            submitted = {name for name in self.submitted.answers if indicator in (None, name)}
            self.submitted.erased.update(submitted)
            self.unsalted_submitted |= bool(submitted)
        self.replies |= {name: "" for name in self.replies if indicator in (None, name)}

    def last_day(self, phase: Phase) -> date:
        day = RETURNED_UNTIL if (phase, self.state) == ("submission", "returned") else LAST_DAYS[phase]
        return max(day, self.extended.get(phase, day))

    def score(self, indicator: str) -> int:
        """What an answer counts, in hundredths."""
        if indicator not in self.answers:
            return 0
        found, value = self.counts(indicator), self.answers[indicator]
        if found is not None and found.verdict in ("rejected", "stale"):
            return 0
        if found is not None and found.level is not None:
            value = min(value, found.level)
        points = value * 10_000 // {"D1.01": 320, "D7.08": 1, "D10.07": 4}[indicator]
        declared = indicator in self.declared or (found is not None and found.verdict == "insufficient")
        return min(points, 5_000) if declared else points

    def index(self) -> int:
        """The index, in hundredths."""
        # Without a document nobody is let off the indicator of D7 that the profile says does not apply.
        asked = 100 if self.declared_profile else 95
        parts = (("D1.01", 25, 100), ("D7.08", 10, asked), ("D10.07", 10, 100))
        dimensions = [round_half_up(Fraction(weight * self.score(name), of)) for name, weight, of in parts]
        return round_half_up(Fraction(sum(dimensions) + 750, 10))


HARDNESS: Final[Mapping[str, int]] = {"accepted": 0, "capped": 1, "insufficient": 1, "rejected": 2, "stale": 2}


def harsher(before: Given | None, verdict: Verdict, level: int | None, *, reworded: bool) -> bool:
    """Whether a verdict is harsher than the one that counts, by the table of assessor-guide.md.

    The same with another reason is; `reworded`: one of the two reasons was erased, and the other one was not.
    """
    was = "accepted" if before is None else before.verdict
    if verdict == "accepted":
        return False
    if before is not None and (was, before.level) == (verdict, level):
        return reworded
    if (was, verdict) == ("capped", "capped"):
        assert before is not None
        assert before.level is not None
        assert level is not None
        return level < before.level
    return HARDNESS[verdict] >= HARDNESS[was]
