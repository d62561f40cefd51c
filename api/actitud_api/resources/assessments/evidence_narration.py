"""Sentences in Spanish and English about the faults of documents."""

from __future__ import annotations

from datetime import date

from actitud_api.engine.i18n import Language, Texts, table
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.narration import words
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.resources.assessments.evidence import REUSE_LIMIT, EvidenceFinding, EvidenceRule

_SENTENCES: dict[Language, dict[EvidenceRule, str]] = table(
    es={
        "undeclared_domain": (
            "La evidencia no cuenta: {host} no es un dominio declarado de la organización ni está por debajo de uno."
        ),
        "future_date": "La evidencia no cuenta todavía: su fecha, {date}, está por llegar.",
        "date_after_reference": "La evidencia es del {date}, posterior a la fecha de referencia, {reference}.",
        "document_reused": (
            "El mismo documento, {url}, sirve de evidencia a {count} indicadores, más de {most}: {indicators}."
        ),
    },
    en={
        "undeclared_domain": (
            "The evidence does not count: {host} is neither a declared domain of the organisation nor below one."
        ),
        "future_date": "The evidence does not count yet: its date, {date}, is still to come.",
        "date_after_reference": "The evidence is of {date}, later than the reference date, {reference}.",
        "document_reused": (
            "The same document, {url}, is evidence of {count} indicators, more than {most}: {indicators}."
        ),
    },
)
_NO_HOST = Texts(
    "La evidencia no cuenta: su dirección no nombra un dominio sin más (ni usuario, ni dirección IP).",
    "The evidence does not count: its address does not plainly name a domain (no user, no IP address).",
)


def get_evidence_sentence(rule: EvidenceRule, language: Language) -> str:
    """Return the sentence about a fault of a document, with a placeholder for each of its values.

    These are `host` for `undeclared_domain`, `date` for `future_date`, and `date` and `reference` for
    `date_after_reference`.
    """
    return _SENTENCES[language][rule]


def format_evidence_finding(finding: EvidenceFinding, methodology: Methodology, language: Language) -> str:
    """Return the sentence that describes a fault of a document, in one language."""
    if finding.rule == "undeclared_domain" and finding.facts["host"] is None:
        return _NO_HOST.into(language)
    values = {
        name: words.format_day(date.fromisoformat(str(value)), language)
        if name in ("date", "reference")
        else str(value)
        for name, value in finding.facts.items()
    }
    listed = get_sentences(methodology, language).list_indicators(finding.indicators)
    return _SENTENCES[language][finding.rule].format(**values, most=REUSE_LIMIT, indicators=listed)
