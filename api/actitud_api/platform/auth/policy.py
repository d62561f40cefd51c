"""Who may call each operation and which limit its calls count for: the one table, and who asks.

An operation without a row cannot be served: the application refuses to start.
"""

from __future__ import annotations

from typing import Final, get_args

from actitud_api.platform.auth.queries import Role
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.middleware.policy import Rule, Rules
from actitud_api.platform.http.scope import ApiRequest

_UNLIMITED: Final = Rule(limit="none")
_ANYBODY: Final = Rule()
_COMPUTED: Final = Rule(limit="score")
_KEY_SHOWS_MORE: Final = Rule(key="optional")
_COMPUTED_FROM_MANY: Final = Rule(key="optional", limit="score")
_COMPUTED_FROM_ALL: Final = Rule(limit="score")


def _keys(*roles: Role, private: bool = False) -> Rule:
    return Rule(key="required", roles=frozenset(roles), private=private)


_READS_DRAFTS: Final = _keys(
    "organisation_reader", "organisation_editor", "assessor", "publisher", "administrator", private=True
)
_REVIEWS: Final = _keys("assessor", "administrator", private=True)
_EXTENDS: Final = _keys("publisher", "administrator", private=True)
_ANSWERS: Final = _keys("organisation_editor", "administrator", private=True)
_PUBLISHES: Final = _keys("publisher", "administrator")
_SEES_REVIEWS: Final = _keys("assessor", "publisher", "administrator", private=True)
_REGISTERS: Final = _keys("registrar", "administrator")
_ADMINISTERS: Final = _keys("administrator")
_PROPOSES: Final = _keys(*get_args(Role))
_DECIDES: Final = _keys("publisher", "administrator")
_HANDS_OUT: Final = _keys("administrator", private=True)
_HOLDS: Final = _keys(*get_args(Role), private=True)
"""Whoever has a key, over that key; an administrator over any."""

POLICY: Final[Rules] = {
    "pages.index": _UNLIMITED,
    "pages.docs": _UNLIMITED,
    "pages.problem": _UNLIMITED,
    "pages.file": _UNLIMITED,
    "pages.document": _UNLIMITED,
    "badges.get": _ANYBODY,
    "badges.list": _ANYBODY,
    "embeds.file": _UNLIMITED,
    "embeds.form": _ANYBODY,
    "embeds.frame": _ANYBODY,
    "oembed.get": _ANYBODY,
    "portal.index": _ANYBODY,
    "portal.edition": _ANYBODY,
    "portal.organisation": _ANYBODY,
    "portal.territories": _ANYBODY,
    "portal.territory": _ANYBODY,
    "portal.dimensions": _ANYBODY,
    "portal.dimension": _ANYBODY,
    "portal.compare": _ANYBODY,
    "portal.methodologies": _ANYBODY,
    "portal.methodology": _ANYBODY,
    "portal.suggestions": _ANYBODY,
    "portal.embed": _ANYBODY,
    "portal.questionnaire": _ANYBODY,
    "system.livez": _UNLIMITED,
    "system.readyz": _UNLIMITED,
    "methodologies.list": _ANYBODY,
    "methodologies.get": _ANYBODY,
    "methodologies.workbook.get": _ANYBODY,
    "methodologies.workbook.fill": _COMPUTED,
    "methodologies.workbook.read": _COMPUTED,
    "scores.create": _COMPUTED,
    "organisations.list": _ANYBODY,
    "organisations.get": _ANYBODY,
    "organisations.create": _REGISTERS,
    "organisations.update": _REGISTERS,
    "suggestions.list": _ANYBODY,
    "suggestions.get": _ANYBODY,
    "suggestions.create": _PROPOSES,
    "suggestions.delete": _PROPOSES,
    "suggestions.decisions.create": _DECIDES,
    "editions.list": _ANYBODY,
    "editions.get": _ANYBODY,
    "editions.create": _ADMINISTERS,
    "editions.update": _ADMINISTERS,
    "editions.delete": _ADMINISTERS,
    "editions.assessments.list": _READS_DRAFTS,
    "editions.assessments.get": _READS_DRAFTS,
    "editions.assessments.put": _ANSWERS,
    "editions.assessments.update": _ANSWERS,
    "editions.assessments.delete": _ANSWERS,
    "editions.assessments.submissions.list": _READS_DRAFTS,
    "editions.assessments.submissions.get": _READS_DRAFTS,
    "editions.assessments.submissions.create": _ANSWERS,
    "editions.assessments.reviews.create": _REVIEWS,
    "editions.assessments.hearings.create": _REVIEWS,
    "editions.assessments.returns.create": _REVIEWS,
    "editions.assessments.finals.create": _REVIEWS,
    "editions.assessments.extensions.create": _EXTENDS,
    "editions.assessments.transitions.list": _READS_DRAFTS,
    "editions.assessments.transitions.get": _READS_DRAFTS,
    "editions.assessments.verdicts.list": _READS_DRAFTS,
    "editions.assessments.verdicts.get": _READS_DRAFTS,
    "editions.assessments.verdicts.put": _REVIEWS,
    "editions.assessments.verdicts.delete": _REVIEWS,
    "editions.assessments.review.get": _READS_DRAFTS,
    "editions.assessments.review.put": _REVIEWS,
    "editions.assessments.flags.list": _SEES_REVIEWS,
    "editions.agreement.get": _SEES_REVIEWS,
    "editions.samples.list": _KEY_SHOWS_MORE,
    "editions.samples.create": _keys("publisher", "administrator"),
    "editions.flags.list": _SEES_REVIEWS,
    "editions.flags.create": _keys("assessor", "publisher", "administrator"),
    "editions.assessments.replies.list": _READS_DRAFTS,
    "editions.assessments.replies.get": _READS_DRAFTS,
    "editions.assessments.replies.put": _ANSWERS,
    "editions.assessments.replies.delete": _ANSWERS,
    "editions.publications.list": _ANYBODY,
    "editions.publications.get": _ANYBODY,
    "editions.publications.scores.get": _ANYBODY,
    "editions.publications.bundle": _ANYBODY,
    "editions.publications.create": _PUBLISHES,
    "editions.approvals.list": _PUBLISHES,
    "editions.approvals.get": _PUBLISHES,
    "editions.approvals.create": _PUBLISHES,
    "published.get": _ANYBODY,
    "published.signature": _ANYBODY,
    "editions.scores.list": _KEY_SHOWS_MORE,
    "editions.scores.get": _KEY_SHOWS_MORE,
    "editions.scores.peers": _KEY_SHOWS_MORE,
    "editions.scores.path": _KEY_SHOWS_MORE,
    "editions.scores.changes": _KEY_SHOWS_MORE,
    "editions.summary": _KEY_SHOWS_MORE,
    "organisations.export": _COMPUTED_FROM_ALL,
    "editions.export": _COMPUTED_FROM_ALL,
    "methodologies.indicators.export": _ANYBODY,
    "editions.scores.export": _COMPUTED_FROM_MANY,
    "editions.indicators.export": _COMPUTED_FROM_MANY,
    "editions.scores.gobierto": _KEY_SHOWS_MORE,
    "editions.datapackage": _ANYBODY,
    "catalogue.choose": _UNLIMITED,
    "catalogue.get": _ANYBODY,
    "editions.exemplars.list": _KEY_SHOWS_MORE,
    "editions.robustness.list": _COMPUTED_FROM_MANY,
    "editions.statistics.get": _COMPUTED_FROM_MANY,
    "organisations.scores.list": _KEY_SHOWS_MORE,
    "keys.list": _HOLDS,
    "keys.get": _HOLDS,
    "keys.create": _HANDS_OUT,
    "keys.rotations.create": _HOLDS,
    "keys.revocations.create": _HOLDS,
    "keys.reports.create": _ANYBODY,
    "ledger.list": _KEY_SHOWS_MORE,
    "ledger.checkpoints.list": _ANYBODY,
    "ledger.checkpoints.get": _ANYBODY,
    "signing_keys.list": _ANYBODY,
}


def role_of(request: ApiRequest) -> Role:
    """The role of whoever asks for what nobody may without a key."""
    return keyed(request).role


def keyed(request: ApiRequest) -> Principal:
    """Whoever asks for what nobody may without a key."""
    principal = principal_of(request)
    assert principal is not None
    return principal


def principal_of(request: ApiRequest) -> Principal | None:
    """Who asks; None where nobody presented a key."""
    principal = request.scope["state"].get("principal")
    return principal if isinstance(principal, Principal) else None
