"""Check the documents of an assessment and derive the submission that is scored. Pure: no database, no clock.

A document counts as evidence if its URL is on a domain of the organisation and its date is not in the future. An
answer without such a document is self-declared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, Literal

import idna
from msgspec import Struct

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.methodology.requests.content import Answer, AssessmentContent, Evidence

REUSE_LIMIT: Final = 5
"""Maximum number of indicators that one document may support without a warning.

More lead to the warning `document_reused` (rule V22 of the catalogue).
"""

EvidenceRule = Literal["undeclared_domain", "future_date", "date_after_reference", "document_reused"]


class EvidenceFinding(Struct, frozen=True, kw_only=True):
    """A fault of one evidence document of an assessment; `rule` names the fault.

    If the severity is `error`, the document does not count as evidence. The rule is then `undeclared_domain` (the host
    of the document is no domain of the organisation) or `future_date` (its date is in the future). If the severity is
    `warning`, the rule is `date_after_reference` (its date is after the last day of the period of the edition; rule V10
    of the methodology) or `document_reused` (it supports more than five indicators; rule V22).

    `pointer` is the JSON Pointer in the assessment of the document, or of its faulty member. `indicators` are the ids
    of the indicators that the document supports, empty for a document about a profile field. `facts` are the values for
    the sentence about the fault, with dates as `YYYY-MM-DD`.
    """

    rule: EvidenceRule
    severity: Literal["error", "warning"]
    pointer: str
    indicators: tuple[str, ...]
    facts: dict[str, FactValue | str | None]


class EvidenceContext(Struct, frozen=True, kw_only=True):
    """The values that the evidence documents of an assessment are checked against.

    `domains`: the declared domains of the organisation, in ASCII. `today`: the latest date that a document may have.
    `reference`: the last day of the period of the edition.
    """

    domains: frozenset[str]
    today: date
    reference: date


def build_context(domains: Iterable[str], today: date, reference: date) -> EvidenceContext:
    """Collect the values that the evidence documents of an assessment are checked against.

    `domains` are the declared domains of the organisation, in any spelling; a domain that is no valid host name is left
    out. `today` is the latest date that a document may have, and `reference` the last day of the period of the edition.
    """
    declared = (_to_ascii(domain) for domain in domains)
    return EvidenceContext(
        domains=frozenset(domain for domain in declared if domain is not None), today=today, reference=reference
    )


def parse_host(url: str) -> str | None:
    """Return the host of an `https` URL in lower-case ASCII, or None if the URL cannot be tied to a domain.

    None is returned for another scheme, for a URL with user or password, and for an IP address in any spelling: two
    programs may read different hosts from such a URL.
    """
    match = _ADDRESS.match(url)
    return None if match is None else _to_ascii(match["host"])


def is_within_domains(url: str, domains: frozenset[str]) -> bool:
    """Return True if the host of a URL is one of `domains` (ASCII) or a subdomain of one."""
    labels = (parse_host(url) or "").split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def is_valid(document: Evidence, context: EvidenceContext) -> bool:
    """Return True if a document counts as evidence: its host is within the domains, its date not after `today`."""
    return is_within_domains(document.url, context.domains) and document.date <= context.today


def derive_submission(
    methodology: Methodology, content: AssessmentContent, context: EvidenceContext, before: Submission | None = None
) -> Submission:
    """Convert the content of an assessment to the submission that the engine scores.

    Answers without a valid document are marked as self-declared. `before` is the previous submission: the facts and
    profile fields that only assessors set are copied from it, and so are the restrictions that a review put on the
    score. If `before` is None, these facts and fields have their defaults, and nothing is restricted.
    """

    def supported(documents: Iterable[Evidence]) -> bool:
        return any(is_valid(document, context) for document in documents)

    previous = before or Submission(profile={}, answers={})
    by_id = {indicator.id: indicator for indicator in walk_indicators(methodology.document.root)}
    return Submission(
        profile=_derive_profile(methodology, content, before),
        answers={name: _derive_facts(by_id[name], answer, before) for name, answer in content.answers.items()},
        self_declared=frozenset(name for name, answer in content.answers.items() if not supported(answer.evidence)),
        profile_self_declared=frozenset(
            field.name
            for field in methodology.document.profile
            if field.needs_evidence
            and field.set_by == "organisation"
            and not supported(content.profile_evidence.get(field.name, ()))
        ),
        set_aside={name: why for name, why in previous.set_aside.items() if name in content.answers},
        level_caps={name: cap for name, cap in previous.level_caps.items() if name in content.answers},
        max_level=previous.max_level,
    )


def check_documents(content: AssessmentContent, context: EvidenceContext) -> tuple[EvidenceFinding, ...]:
    """Return the findings about all documents of an assessment.

    First come the findings about single documents, in the order of the documents. Then comes a warning for each
    document that supports more than `REUSE_LIMIT` indicators.
    """
    locations = list(_list_locations(content))
    findings = [finding for location in locations for finding in _check_document(location, context)]
    return (*findings, *_check_reuse(locations))


class _EvidenceLocation(Struct, frozen=True):
    """A document of an assessment with its JSON Pointer and the indicator that it supports.

    `indicator` is None if the document supports a field of the profile.
    """

    pointer: str
    indicator: str | None
    document: Evidence


def _list_locations(content: AssessmentContent) -> Iterator[_EvidenceLocation]:
    for field, documents in content.profile_evidence.items():
        for number, document in enumerate(documents):
            yield _EvidenceLocation(f"/profile_evidence/{field}/{number}", None, document)
    for indicator, answer in content.answers.items():
        for number, document in enumerate(answer.evidence):
            yield _EvidenceLocation(f"/answers/{indicator}/evidence/{number}", indicator, document)


def _check_document(location: _EvidenceLocation, context: EvidenceContext) -> Iterator[EvidenceFinding]:
    supported = () if location.indicator is None else (location.indicator,)
    document = location.document
    stated: dict[str, FactValue | str | None] = {"date": document.date.isoformat()}
    if not is_within_domains(document.url, context.domains):
        yield EvidenceFinding(
            rule="undeclared_domain",
            severity="error",
            pointer=f"{location.pointer}/url",
            indicators=supported,
            facts={"host": parse_host(document.url)},
        )
    if document.date > context.today:
        yield EvidenceFinding(
            rule="future_date",
            severity="error",
            pointer=f"{location.pointer}/date",
            indicators=supported,
            facts=stated,
        )
    elif document.date > context.reference:
        yield EvidenceFinding(
            rule="date_after_reference",
            severity="warning",
            pointer=f"{location.pointer}/date",
            indicators=supported,
            facts=stated | {"reference": context.reference.isoformat()},
        )


def _check_reuse(locations: list[_EvidenceLocation]) -> Iterator[EvidenceFinding]:
    """Yield a warning for each document that supports more than `REUSE_LIMIT` indicators.

    Documents are compared by their SHA-256. If one of two documents has none, they are compared by their URL
    without fragment.
    """
    # A document may have its digest in one answer only; its URL then identifies it in the others.
    digests = {
        _strip_fragment(location.document.url): location.document.sha256
        for location in locations
        if location.document.sha256
    }
    first: dict[str, _EvidenceLocation] = {}
    supported: dict[str, dict[str, None]] = {}
    for location in locations:
        if location.indicator is not None:
            address = _strip_fragment(location.document.url)
            document = location.document.sha256 or digests.get(address) or address
            first.setdefault(document, location)
            supported.setdefault(document, {})[location.indicator] = None
    for document, named in supported.items():
        if len(named) > REUSE_LIMIT:
            location = first[document]
            yield EvidenceFinding(
                rule="document_reused",
                severity="warning",
                pointer=location.pointer,
                indicators=tuple(named),
                facts={"url": _strip_fragment(location.document.url), "count": len(named)},
            )


def _strip_fragment(url: str) -> str:
    return url.partition("#")[0]


def _derive_profile(
    methodology: Methodology, content: AssessmentContent, before: Submission | None
) -> dict[str, Scalar | None]:
    def value(name: str, default: bool | int | None) -> Scalar | None:
        return default if before is None else before.profile.get(name, default)

    return {
        field.name: content.profile[field.name] if field.set_by == "organisation" else value(field.name, field.default)
        for field in methodology.document.profile
    }


def _derive_facts(indicator: Indicator, answer: Answer, before: Submission | None) -> dict[str, FactValue]:
    facts_before = {} if before is None else before.answers.get(indicator.id, {})
    set_by_service = {
        fact.name: facts_before.get(fact.name, ()) for fact in indicator.facts if fact.set_by == "service"
    }
    return answer.facts | set_by_service


# Neither user, password nor backslash: programs disagree about the host of such a URL.
_ADDRESS = re.compile(r"https://(?P<host>[^/?#@:\\]+)(?::[0-9]{1,5})?(?:[/?#]|$)")
_PLAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


def _to_ascii(name: str) -> str | None:
    """Convert a host name to lower-case ASCII without a final dot. Return None if it is not a valid host name."""
    try:
        # As browsers do (UTS 46), so that what they open is what is compared.
        plain = name.lower() if name.isascii() else idna.encode(name, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        return None
    plain = plain.removesuffix(".")
    # A last label that is a number makes the whole an IPv4 address (WHATWG URL).
    if not _PLAIN.fullmatch(plain) or _NUMBER.fullmatch(plain.rpartition(".")[2]):
        return None
    return plain
