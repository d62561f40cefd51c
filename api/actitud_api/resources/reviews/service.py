"""Use cases over reviews: verdicts on answers, what is said of the whole, agreement, samples and flags.

A verdict acts on the score in the transaction that stores it. A function that changes something takes a session that
writes, whom the change expects (`Expected`) and the time.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import load, versions
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.overall_review import review_type
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import OF_ORGANISATIONS, Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.reviewed_submission import Found, Review, Verdict, Whole, digest_of, ladder
from actitud_api.resources.assessments.service import Record, Transition
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews import queries
from actitud_api.resources.reviews.agreement import ENOUGH, Agreement, agreement
from actitud_api.resources.reviews.flagging import Kind, followers, looked, remarkable
from actitud_api.resources.reviews.queries import Drawing, Flag, Given, Said
from actitud_api.resources.reviews.sampling import drawn, new_seed

__all__ = [
    "TYPES",
    "Agreed",
    "AnotherMethodology",
    "Between",
    "Disagreement",
    "Drawing",
    "Flag",
    "Flagged",
    "Given",
    "Judged",
    "Kind",
    "Opinion",
    "Remark",
    "Said",
    "Sampled",
    "SampledAlready",
    "Unjudgeable",
    "UnknownIndicator",
    "UnknownVerdict",
    "Verdict",
    "agreed",
    "counting",
    "flag",
    "flags",
    "give",
    "hear",
    "judged",
    "judgements",
    "looked_at",
    "sample",
    "samples",
    "say",
    "take_back",
    "whole",
]

TYPES: Final = tuple(review_type(load(version)) for version in versions())
"""The closed types of what may be said of a whole assessment, one for each methodology version."""


class UnknownIndicator(LookupError):
    """The methodology of the edition has no indicator of that id."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class UnknownVerdict(LookupError):
    """That assessor has given no verdict on the answer as it is."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class Unjudgeable(ValueError):
    """A verdict that the document does not list for that answer; nothing has changed.

    `unanswered`: there is no answer. `ladder`: only the level of a ladder is capped. `level`: `allowed` are those below
    what was sent. `review`: `allowed` are the rules of the indicator that people check.
    """

    def __init__(
        self,
        indicator: str,
        rule: Literal["unanswered", "ladder", "level", "review"],
        value: str | int | None = None,
        allowed: Sequence[str | int] = (),
    ) -> None:
        super().__init__(f"{indicator}: {rule}")
        self.indicator = indicator
        self.rule = rule
        self.value = value
        self.allowed = tuple(allowed)


class Disagreement(Exception):
    """Assessors say different things of answers, by their indicators: there is nothing yet to be heard about."""

    def __init__(self, indicators: Sequence[str]) -> None:
        super().__init__(", ".join(indicators))
        self.indicators = tuple(indicators)


class SampledAlready(Exception):
    """An edition draws its sample once."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class AnotherMethodology(ValueError):
    """A review under a version that is not that of the assessment."""

    def __init__(self, sent: str, asked: str) -> None:
        super().__init__(f"{sent} instead of {asked}")
        self.sent = sent
        self.asked = asked


class Opinion(Struct, frozen=True, kw_only=True):
    """What an assessor says of an answer; `level`: with `capped`; `rule`: what people check that it breaks."""

    verdict: Verdict
    reason: str | None = None
    level: int | None = None
    rule: str | None = None


class Remark(Struct, frozen=True, kw_only=True):
    """What is said of an assessment under a methodology as a whole; the members as in `queries.Said`."""

    methodology: str
    reason: str
    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}


class Judged(Struct, frozen=True):
    """What was found of the answer to one indicator.

    `answer`: the digest of the answer as it is, None where there is none; `given`: all verdicts, those on earlier
    answers too, in the order in which they were given.
    """

    indicator: str
    answer: str | None
    given: tuple[Given, ...]

    @property
    def standing(self) -> tuple[Given, ...]:
        """The verdicts on the answer as it is that nobody has taken back, in their order."""
        return tuple(one for one in self.given if one.answer == self.answer and one.verdict is not None)

    @property
    def counts(self) -> Given | None:
        """The verdict that counts: the latest."""
        return self.standing[-1] if self.standing else None

    @property
    def is_disputed(self) -> bool:
        """Whether assessors say different things of it."""
        return len({(one.verdict, one.level) for one in self.standing}) > 1

    @property
    def revision(self) -> str:
        """The name of the state of all this."""
        number = max((one.number for one in self.given), default=0)
        return f"v{number}.{'0' * 8 if self.answer is None else self.answer.removeprefix('sha256:')[:8]}"


class Held(Struct, frozen=True):
    """What is said of an assessment as a whole, and what names its state; `said`: None where nobody has."""

    edition: str
    organisation: str
    methodology: str
    said: Said | None
    revision: str


class Between(Struct, frozen=True):
    """How far two assessors, by the origins of their keys, agree."""

    first: str
    second: str
    agreement: Agreement


class Agreed(Struct, frozen=True):
    """How far the assessors of an edition agree: any two who judged the same answers, and all of these pairs."""

    edition: str
    pairs: int
    agreed: int
    between: tuple[Between, ...]

    @property
    def share(self) -> Fraction | None:
        """The share of pairs that are equal; None without any."""
        return Fraction(self.agreed, self.pairs) if self.pairs else None

    @property
    def recode(self) -> bool:
        """Whether too few are equal."""
        return self.share is not None and self.share < ENOUGH


class Sampled(Struct, frozen=True):
    """How an edition draws its sample, and who is in it, as far as whoever asks may know.

    `handed_in`: how many it is drawn from, `drawn`: how many are; None where that is not told. `organisations`: those
    that were drawn and that may be named, in the order in which they are.
    """

    drawing: Drawing
    handed_in: int | None
    drawn: int | None
    organisations: tuple[str, ...]


class Flagged(Struct, frozen=True):
    """What came of looking for what is remarkable in an edition."""

    edition: str
    assessments: int
    flags: int
    made: datetime


# --- verdicts -------------------------------------------------------------------------------------------------


def judgements(database: Database, edition: str, organisation: str) -> list[Judged]:
    """What was found of each answer of an assessment, in the order of the methodology; of answers that are gone too.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        record = assessments.one(session, edition, organisation)
        return list(_judgements(session, record).values())


def judged(database: Database, edition: str, organisation: str, indicator: str) -> Judged:
    """What was found of the answer to an indicator.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment` and `UnknownIndicator`.
    """
    with database.read() as session:
        record = assessments.one(session, edition, organisation)
        _indicator(record, indicator)
        return _judged(_judgements(session, record), indicator)


def counting(
    session: Session, edition: str, records: Mapping[str, Record]
) -> dict[str, tuple[tuple[Given, ...], Said | None]]:
    """The verdicts that count, in the order of the methodology, and what is said of the whole, by organisation.

    `records`: assessments of the edition. Those of which nobody has said anything are left out.
    """
    given: defaultdict[str, list[Given]] = defaultdict(list)
    for one in queries.verdicts_of(session, edition, records):
        given[one.organisation].append(one)
    said = {one.organisation: one for one in queries.said_of(session, edition, records)}
    return {
        name: (
            tuple(one.counts for one in _of(records[name], given.get(name, ())).values() if one.counts is not None),
            said.get(name),
        )
        for name in records
        if name in given or name in said
    }


def looked_at(session: Session, edition: str, organisations: Collection[str]) -> set[str]:
    """Those of these organisations of whose assessment in an edition somebody has ever said anything."""
    given, said = (found(session, edition, organisations) for found in (queries.verdicts_of, queries.said_of))
    return {one.organisation for one in given} | {one.organisation for one in said}


def give(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    opinion: Opinion,
    *,
    assessor: str,
    expected: Expected,
    now: datetime,
) -> Judged:
    """Gives the verdict of an assessor on an answer, in the place of the one before; the score follows.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `UnknownIndicator`, `Stale`, `OutOfOrder`, `Late`,
    `EditionNotOpen` and `Unjudgeable`.
    """
    record, known, before = _held(session, edition, organisation, indicator, expected, now)
    answer = _ensure_judgeable(record, known, before, opinion)
    mine = _own(before, assessor)
    given = Given(
        edition=record.edition,
        organisation=record.organisation,
        indicator=indicator,
        answer=answer,
        assessor=assessor,
        number=_next(session, record),
        at=now,
        verdict=opinion.verdict,
        reason=opinion.reason,
        level=opinion.level,
        rule=opinion.rule,
        first_verdict=opinion.verdict if mine is None else mine.first_verdict,
        first_level=opinion.level if mine is None else mine.first_level,
    )
    return _kept(session, record, given, now)


def take_back(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    *,
    assessor: str,
    expected: Expected,
    now: datetime,
) -> Judged:
    """Takes back the verdict of an assessor; that it was given, and what it was at first, stays known.

    Raises as `give`, and `UnknownVerdict` where there is none to take back.
    """
    record, _, before = _held(session, edition, organisation, indicator, expected, now)
    mine = _own(before, assessor)
    if mine is None or mine.verdict is None:
        raise UnknownVerdict(indicator)
    gone = structs.replace(
        mine, number=_next(session, record), at=now, verdict=None, reason=None, level=None, rule=None
    )
    return _kept(session, record, gone, now)


def hear(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> Transition:
    """Opens the hearing of an assessment on which its assessors agree; an administrator opens it although they do not.

    Else one whose key has ended, and who takes nothing back any more, would keep it from being heard. Raises what
    `assessments.service.to_hearing` raises, and `Disagreement`.
    """
    step = assessments.to_hearing(session, edition, organisation, role=role, expected=expected, now=now)
    record = assessments.one(session, edition, organisation)
    disputed = [one.indicator for one in _judgements(session, record).values() if one.is_disputed]
    if disputed and role != "administrator":
        raise Disagreement(disputed)
    return step


def _held(
    session: Session, edition: str, organisation: str, indicator: str, expected: Expected, now: datetime
) -> tuple[Record, Indicator, Judged]:
    """An assessment that may be judged and that nobody else changes until the session ends, with one answer of it."""
    record = assessments.reviewable(session, edition, organisation, now=now)
    known = _indicator(record, indicator)
    before = _judged(_judgements(session, record), indicator)
    if not expected(before.revision):
        raise Stale
    return record, known, before


def _indicator(record: Record, indicator: str) -> Indicator:
    for known in indicators(load(record.methodology).document.root):
        if known.id == indicator:
            return known
    raise UnknownIndicator(indicator)


def _ensure_judgeable(record: Record, known: Indicator, before: Judged, opinion: Opinion) -> str:
    """The digest of an answer of which that may be said; raises `Unjudgeable`."""
    if before.answer is None:
        raise Unjudgeable(known.id, "unanswered")
    if opinion.rule is not None and opinion.rule not in known.reviews:
        raise Unjudgeable(known.id, "review", opinion.rule, known.reviews)
    if opinion.verdict == "capped":
        levels = ladder(known)
        if not levels:
            raise Unjudgeable(known.id, "ladder")
        (sent,) = record.submission.answers[known.id].values()
        below = [level for level in levels if isinstance(sent, int) and level < sent]
        if opinion.level not in below:
            raise Unjudgeable(known.id, "level", opinion.level, below)
    return before.answer


def _judgements(session: Session, record: Record) -> dict[str, Judged]:
    return _of(record, queries.verdicts(session, record.edition, record.organisation))


def _of(record: Record, verdicts: Iterable[Given]) -> dict[str, Judged]:
    """The verdicts of an assessment by indicator, in the order of the methodology."""
    given: defaultdict[str, list[Given]] = defaultdict(list)
    for one in verdicts:
        given[one.indicator].append(one)
    answers = assessments.content_of(record).answers
    return {
        known.id: Judged(
            known.id,
            digest_of(answers[known.id]) if known.id in answers else None,
            tuple(given.get(known.id, ())),
        )
        for known in indicators(load(record.methodology).document.root)
        if known.id in answers or known.id in given
    }


def _judged(judgements: Mapping[str, Judged], indicator: str) -> Judged:
    return judgements.get(indicator, Judged(indicator, None, ()))


def _own(judged: Judged, assessor: str) -> Given | None:
    """The verdict of an assessor on the answer as it is."""
    return next((one for one in judged.given if (one.assessor, one.answer) == (assessor, judged.answer)), None)


def _next(session: Session, record: Record) -> int:
    """The number of the next verdict on an assessment, which is held."""
    given = queries.verdicts(session, record.edition, record.organisation)
    return max((one.number for one in given), default=0) + 1


def _kept(session: Session, record: Record, given: Given, now: datetime) -> Judged:
    queries.keep_verdict(session, given)
    return _judged(_applied(session, record, now), given.indicator)


def _applied(session: Session, record: Record, now: datetime) -> dict[str, Judged]:
    """What is found of an assessment, once its score is as all of that says."""
    judgements = _judgements(session, record)
    counting = {name: one.counts for name, one in judgements.items()}
    said = queries.said(session, record.edition, record.organisation)
    review = Review(
        answers={
            name: Found(one.verdict, one.answer, one.level)
            for name, one in counting.items()
            if one is not None and one.verdict is not None
        },
        whole=None if said is None else Whole(max_level=said.max_level, profile=said.profile, answers=said.answers),
    )
    assessments.review(session, record, review, now=now)
    return judgements


# --- the whole ------------------------------------------------------------------------------------------------


def whole(database: Database, edition: str, organisation: str) -> Held:
    """What is said of an assessment as a whole; raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`."""
    with database.read() as session:
        return _whole(session, assessments.one(session, edition, organisation))


def say(
    session: Session,
    edition: str,
    organisation: str,
    remark: Remark,
    *,
    reviewer: str,
    expected: Expected,
    now: datetime,
) -> Held:
    """Says something of an assessment as a whole, in the place of what was said before; the score follows.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `Stale`, `OutOfOrder`, `Late`, `EditionNotOpen`,
    `AnotherMethodology`, and `Unjudgeable` for facts of an answer that there is not.
    """
    record = assessments.reviewable(session, edition, organisation, now=now)
    before = _whole(session, record)
    if not expected(before.revision):
        raise Stale
    if remark.methodology != record.methodology:
        raise AnotherMethodology(remark.methodology, record.methodology)
    for name in remark.answers:
        if name not in record.submission.answers:
            raise Unjudgeable(name, "unanswered")
    said = Said(
        edition=record.edition,
        organisation=record.organisation,
        reviewer=reviewer,
        version=1 if before.said is None else before.said.version + 1,
        at=now,
        reason=remark.reason,
        max_level=remark.max_level,
        profile=remark.profile,
        answers=remark.answers,
    )
    queries.keep_said(session, said)
    _applied(session, record, now)
    return _whole(session, record)


def _whole(session: Session, record: Record) -> Held:
    said = queries.said(session, record.edition, record.organisation)
    return Held(
        record.edition,
        record.organisation,
        record.methodology,
        said,
        revision(record.created, 0 if said is None else said.version),
    )


# --- agreement ------------------------------------------------------------------------------------------------


def agreed(database: Database, edition: str) -> Agreed:
    """How far the assessors of an edition agree, by the first verdict of each; raises `UnknownEdition`.

    Two verdicts are equal where they say the same, and cap to the same level.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        given = queries.all_verdicts(session, found.id)
    answers: defaultdict[tuple[str, str, str], list[Given]] = defaultdict(list)
    for one in given:
        answers[one.organisation, one.indicator, one.answer].append(one)
    said: defaultdict[tuple[str, str], list[tuple[object, object]]] = defaultdict(list)
    for same in answers.values():
        for first, second in itertools.combinations(sorted(same, key=lambda one: one.assessor), 2):
            said[first.assessor, second.assessor].append((_first(first), _first(second)))
    between = tuple(Between(*assessors, agreement(pairs)) for assessors, pairs in sorted(said.items()))
    return Agreed(
        found.id,
        sum(one.agreement.pairs for one in between),
        sum(one.agreement.agreed for one in between),
        between,
    )


def _first(given: Given) -> tuple[Verdict, int | None]:
    return given.first_verdict, given.first_level


# --- samples --------------------------------------------------------------------------------------------------


def sample(session: Session, edition: str, *, share: float, seed: str | None, now: datetime) -> Sampled:
    """Says, for good, how an edition draws the assessments that are looked at: with a new seed, or with that one.

    Raises `UnknownEdition` and `SampledAlready`.
    """
    found = editions.find(session, edition)
    one = Drawing(
        edition=found.id,
        seed=new_seed() if seed is None else seed,
        share=share,
        given=seed is not None,
        made=now,
    )
    if not queries.add_drawing(session, one):
        raise SampledAlready(found.id)
    return _sampled(session, one, None, everything=True)


def samples(database: Database, edition: str, *, principal: Principal | None) -> list[Sampled]:
    """The sample of an edition, if it has drawn one; raises `UnknownEdition`.

    Who is in it is told of a published edition to everybody; of another to whoever sees the drafts, and of its own to
    an organisation. It is drawn from what is handed in at present.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        one = queries.drawing(session, found.id)
        if one is None:
            return []
        everything = found.state == "published" or (principal is not None and principal.sees_drafts_of(found.id))
        own = principal.organisations if principal is not None and principal.role in OF_ORGANISATIONS else ()
        return [_sampled(session, one, own, everything=everything)]


def _sampled(session: Session, one: Drawing, own: Iterable[str] | None, *, everything: bool) -> Sampled:
    names = queries.handed_in(session, one.edition)
    those = drawn(one.seed, one.share, names)
    if everything:
        return Sampled(one, len(names), len(those), those)
    return Sampled(one, None, None, tuple(name for name in those if name in set(own or ())))


# --- flags ----------------------------------------------------------------------------------------------------


def flag(database: Database, edition: str, event: ledger.Event, *, now: datetime) -> Flagged:
    """Looks for what is remarkable in what was handed in for an edition, and keeps it in the place of what was before.

    It is computed in no transaction that others would wait for. `event`: what the ledger says of it. Raises
    `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        methodology = load(found.methodology)
        those = [looked(methodology, one) for one in queries.stated(session, found.id)]
        before = queries.edition_before(session, found.id)
        earlier = {
            one.organisation: number
            for one in ([] if before is None else queries.stated(session, before))
            if (number := followers(one)) is not None
        }
    seen = remarkable(methodology, those, earlier)
    flags = [
        Flag(edition=found.id, number=number, made=now, **structs.asdict(one))
        for _, some in itertools.groupby(seen, lambda one: one.organisation)
        for number, one in enumerate(some, 1)
    ]
    with database.write() as session:
        queries.replace_flags(session, found.id, flags)
        ledger.append(session, event, now=now)
    return Flagged(found.id, len(those), len(flags), now)


def flags(
    database: Database,
    edition: str,
    *,
    organisation: str | None = None,
    kind: Kind | None = None,
    after: tuple[str, int] | None,
    offset: int,
    limit: int,
) -> list[Flag]:
    """The flags of an edition, or of one assessment, from the one that follows `after`.

    Raises `UnknownEdition`, and of an assessment `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        if organisation is not None:
            assessments.one(session, found.id, organisation)
        return queries.flags(
            session, found.id, organisation=organisation, kind=kind, after=after, offset=offset, limit=limit
        )
