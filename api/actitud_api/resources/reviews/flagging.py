"""Anomalies among the submitted assessments of an edition, for people to look at (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.ranking import find_peer_group
from actitud_api.resources.assessments.records import AssessmentSupport
from actitud_api.resources.reviews.deviations import find_deviations, has_grown

FlagKind = Literal["outlier", "growth", "document_reused", "document_shared"]
"""The kind of an anomaly: a value far from those of the peers, followers that have grown too fast, a document that
supports too many indicators, or one that other organisations name too."""

FOLLOWERS: Final = "followers_largest"
"""The field of the profile whose growth is checked."""
OUTLIER, GROWTH, DOCUMENTS = "V24", "V18", "V22"
"""The rules of the catalogue that raise flags."""


class SubmittedAssessment(Struct, frozen=True):
    """A submitted assessment with the kind and band that define its peers."""

    organisation: str
    kind: str
    band: str | None
    submission: Submission
    support: AssessmentSupport


class ComparedAssessment(Struct, frozen=True):
    """The compared values of an assessment.

    `values`: by indicator, exact; `followers`: None if the profile has no number; `urls`: of its documents, each once;
    `reused`: documents behind too many indicators, with the number of these.
    """

    organisation: str
    kind: str
    band: str | None
    values: dict[str, Fraction]
    followers: int | None
    urls: tuple[str, ...]
    reused: tuple[tuple[str, int], ...]


class Anomaly(Struct, frozen=True):
    """An anomaly of an assessment; `facts` are its numbers, `indicator` the one it is about, if any."""

    organisation: str
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]


def extract_compared(methodology: Methodology, one: SubmittedAssessment) -> ComparedAssessment:
    """Extract the compared values of an assessment."""
    evaluation = evaluate(methodology, one.submission)
    positions, leaves = evaluation.compiled.positions, evaluation.results
    values = {name: leaves[positions[name]].value for name in _list_compared_indicators(methodology)}
    reused = [finding.facts for finding in one.support.findings if finding.rule == "document_reused"]
    return ComparedAssessment(
        organisation=one.organisation,
        kind=one.kind,
        band=one.band,
        values={name: Fraction(*value) for name, value in values.items() if value is not None},
        followers=find_followers(one),
        urls=_list_urls(one.support),
        reused=tuple((str(facts["url"]), int(str(facts["count"]))) for facts in reused),
    )


def find_followers(one: SubmittedAssessment) -> int | None:
    """Find the followers of the largest account; None if the profile has no number."""
    number = one.submission.profile.get(FOLLOWERS)
    return number if isinstance(number, int) else None


def find_anomalies(
    methodology: Methodology, assessments: Sequence[ComparedAssessment], earlier: Mapping[str, int]
) -> list[Anomaly]:
    """Find the anomalies of the assessments of an edition, by organisation.

    `earlier`: the followers in the edition before, by organisation.
    """
    anomalies = [
        *_find_outliers(methodology, assessments),
        *_find_growth(assessments, earlier),
        *_find_documents(assessments),
    ]
    return sorted(anomalies, key=lambda anomaly: anomaly.organisation)


def _list_compared_indicators(methodology: Methodology) -> tuple[str, ...]:
    """List the indicators whose values the methodology compares with those of the peers."""
    return tuple(known.id for known in walk_indicators(methodology.document.root) if OUTLIER in known.reviews)


def _find_outliers(methodology: Methodology, assessments: Sequence[ComparedAssessment]) -> Iterator[Anomaly]:
    """Find values far from those of the peers (V24)."""
    counted = Counter((one.kind, one.band) for one in assessments)
    groups = {place: find_peer_group(methodology.document, counted, *place) for place in counted}
    for group in set(groups.values()):
        members = [
            one
            for one in assessments
            if (group.kinds is None or one.kind in group.kinds) and group.band in (None, one.band)
        ]
        own = {one.organisation for one in members if groups[one.kind, one.band] == group}
        for name in _list_compared_indicators(methodology):
            values = {one.organisation: one.values[name] for one in members if name in one.values}
            for organisation, deviation in find_deviations(values).items():
                if organisation in own:
                    facts: dict[str, int | float | str] = {
                        "value": float(deviation.value),
                        "median": float(deviation.median),
                        "deviation": float(deviation.deviation),
                        "organisations": len(values),
                    }
                    yield Anomaly(organisation, "outlier", OUTLIER, name, facts)


def _find_growth(assessments: Sequence[ComparedAssessment], earlier: Mapping[str, int]) -> Iterator[Anomaly]:
    """Find followers that have grown by more than half since the edition before (V18)."""
    for one in assessments:
        before, now = earlier.get(one.organisation), one.followers
        if before is not None and now is not None and has_grown(before, now):
            yield Anomaly(one.organisation, "growth", GROWTH, None, {"before": before, "now": now})


def _find_documents(assessments: Sequence[ComparedAssessment]) -> Iterator[Anomaly]:
    """Find documents that support more than five indicators, and those of several organisations (V22)."""
    named = Counter(url for one in assessments for url in one.urls)
    for one in assessments:
        for url, count in one.reused:
            yield Anomaly(one.organisation, "document_reused", DOCUMENTS, None, {"url": url, "indicators": count})
        for url in one.urls:
            if named[url] > 1:
                facts: dict[str, int | float | str] = {"url": url, "organisations": named[url]}
                yield Anomaly(one.organisation, "document_shared", DOCUMENTS, None, facts)


def _list_urls(support: AssessmentSupport) -> tuple[str, ...]:
    """List the addresses of the documents of an assessment, each once, without fragment."""
    lists = (*support.profile.values(), *(answer.evidence for answer in support.answers.values()))
    return tuple(dict.fromkeys(document.url.partition("#")[0] for documents in lists for document in documents))
