"""Find anomalies among the submitted assessments of an edition, for assessors to look at. Pure."""

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
"""The kind of an anomaly.

`outlier`: a value far from those of its peers. `growth`: followers that grew too fast. `document_reused`: a document
that supports too many indicators. `document_shared`: a document that several organisations name.
"""

FOLLOWERS: Final = "followers_largest"
"""The profile field whose growth since the previous edition is checked."""
OUTLIER, GROWTH, DOCUMENTS = "V24", "V18", "V22"
"""The rules of the catalogue that raise flags: for outliers, for growth of followers, for documents."""


class SubmittedAssessment(Struct, frozen=True):
    """A submitted assessment with the kind and size band of its organisation.

    `submission` holds its facts and `support` its documents. `band` is None if the size is not known.
    """

    organisation: str
    kind: str
    band: str | None
    submission: Submission
    support: AssessmentSupport


class ComparedAssessment(Struct, frozen=True):
    """The values of an assessment that are compared with the values of its peers.

    Peers are the assessments of organisations of the same kind and size band.

    Attributes:
        organisation: Id of the organisation.
        kind: Kind of the organisation.
        band: Size band, None if the size is not known.
        values: By indicator, the exact number that is computed from the facts, before it is converted to a score.
        followers: Followers of the largest account, None if the profile has no number.
        urls: URLs of its documents, without repetition.
        reused: URLs of documents that support too many indicators, each with the number of indicators.
    """

    organisation: str
    kind: str
    band: str | None
    values: dict[str, Fraction]
    followers: int | None
    urls: tuple[str, ...]
    reused: tuple[tuple[str, int], ...]


class Anomaly(Struct, frozen=True):
    """Something unusual in one assessment that assessors should look at; it is stored as a flag.

    `kind` is the kind of anomaly, and `rule` the id of the rule that found it, such as V24. `indicator` is None if the
    anomaly is about no single indicator. `facts` are the values for the sentence about the anomaly, such as the value
    and the median.
    """

    organisation: str
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]


def extract_compared(methodology: Methodology, assessment: SubmittedAssessment) -> ComparedAssessment:
    """Score an assessment and return the values that are compared with the values of its peers."""
    evaluation = evaluate(methodology, assessment.submission)
    positions, leaves = evaluation.compiled.positions, evaluation.results
    values = {name: leaves[positions[name]].value for name in _list_compared_indicators(methodology)}
    reused = [finding.facts for finding in assessment.support.findings if finding.rule == "document_reused"]
    return ComparedAssessment(
        organisation=assessment.organisation,
        kind=assessment.kind,
        band=assessment.band,
        values={name: Fraction(*value) for name, value in values.items() if value is not None},
        followers=find_followers(assessment),
        urls=_list_urls(assessment.support),
        reused=tuple((str(facts["url"]), int(str(facts["count"]))) for facts in reused),
    )


def find_followers(assessment: SubmittedAssessment) -> int | None:
    """Return the followers of the organisation's largest account, or None if the profile has no such number."""
    number = assessment.submission.profile.get(FOLLOWERS)
    return number if isinstance(number, int) else None


def find_anomalies(
    methodology: Methodology, assessments: Sequence[ComparedAssessment], earlier: Mapping[str, int]
) -> list[Anomaly]:
    """Find the anomalies of all assessments of an edition; return them ordered by organisation id.

    `earlier` has the followers of the largest account in the previous edition by organisation id; organisations without
    such a number are absent, and their growth is not checked.
    """
    anomalies = [
        *_find_outliers(methodology, assessments),
        *_find_growth(assessments, earlier),
        *_find_documents(assessments),
    ]
    return sorted(anomalies, key=lambda anomaly: anomaly.organisation)


def _list_compared_indicators(methodology: Methodology) -> tuple[str, ...]:
    """Return the ids of the indicators whose values the methodology compares with those of the peers (rule V24)."""
    return tuple(
        indicator.id for indicator in walk_indicators(methodology.document.root) if OUTLIER in indicator.reviews
    )


def _find_outliers(methodology: Methodology, assessments: Sequence[ComparedAssessment]) -> Iterator[Anomaly]:
    """Yield an anomaly for each value that is far from those of its peers (rule V24)."""
    counted = Counter((assessment.kind, assessment.band) for assessment in assessments)
    groups = {stratum: find_peer_group(methodology.document, counted, *stratum) for stratum in counted}
    for group in set(groups.values()):
        members = [
            assessment
            for assessment in assessments
            if (group.kinds is None or assessment.kind in group.kinds) and group.band in (None, assessment.band)
        ]
        # A wide peer group includes organisations that have a narrower group of their own; they are flagged there.
        own = {assessment.organisation for assessment in members if groups[assessment.kind, assessment.band] == group}
        for name in _list_compared_indicators(methodology):
            values = {
                assessment.organisation: assessment.values[name] for assessment in members if name in assessment.values
            }
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
    """Yield an anomaly for each organisation whose followers grew by more than half in one edition (rule V18).

    `earlier` has the followers of the largest account in the previous edition, by organisation; those that it lacks
    are not compared.
    """
    for assessment in assessments:
        before, now = earlier.get(assessment.organisation), assessment.followers
        if before is not None and now is not None and has_grown(before, now):
            yield Anomaly(assessment.organisation, "growth", GROWTH, None, {"before": before, "now": now})


def _find_documents(assessments: Sequence[ComparedAssessment]) -> Iterator[Anomaly]:
    """Yield anomalies for documents that support too many indicators or that several organisations name (rule V22)."""
    uses = Counter(url for assessment in assessments for url in assessment.urls)
    for assessment in assessments:
        for url, count in assessment.reused:
            yield Anomaly(
                assessment.organisation, "document_reused", DOCUMENTS, None, {"url": url, "indicators": count}
            )
        for url in assessment.urls:
            if uses[url] > 1:
                facts: dict[str, int | float | str] = {"url": url, "organisations": uses[url]}
                yield Anomaly(assessment.organisation, "document_shared", DOCUMENTS, None, facts)


def _list_urls(support: AssessmentSupport) -> tuple[str, ...]:
    """Return the addresses of the documents of an assessment, without fragments and without repetition."""
    lists = (*support.profile.values(), *(answer.evidence for answer in support.answers.values()))
    return tuple(dict.fromkeys(document.url.partition("#")[0] for documents in lists for document in documents))
