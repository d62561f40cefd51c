"""Access rules that need a key, by role, and the principal of a request."""

from __future__ import annotations

from typing import Final, get_args

from actitud_api.platform.auth.queries import Role
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import (
    ANYBODY,
    ANYBODY_COMPUTING,
    ANYBODY_UNLIMITED,
    KEY_SHOWS_MORE,
    KEY_SHOWS_MORE_COMPUTING,
    Rule,
    Rules,
)
from actitud_api.platform.http.scope import ApiRequest


def restrict_to(*roles: Role, private: bool = False) -> Rule:
    """Return the rule of an operation that needs a key of one of these roles."""
    return Rule(key="required", roles=frozenset(roles), private=private)


ADMINISTRATORS: Final = restrict_to("administrator")
DEADLINE_EXTENDERS: Final = restrict_to("publisher", "administrator", private=True)
DRAFT_READERS: Final = restrict_to(
    "organisation_reader", "organisation_editor", "assessor", "publisher", "administrator", private=True
)
EDITORS: Final = restrict_to("organisation_editor", "administrator", private=True)
FLAGGERS: Final = restrict_to("assessor", "publisher", "administrator")
KEY_ADMINISTRATORS: Final = restrict_to("administrator", private=True)
KEY_HOLDERS: Final = restrict_to(*get_args(Role), private=True)
"""Each holder over its own key, an administrator over any."""
PROPOSERS: Final = restrict_to(*get_args(Role))
PUBLISHERS: Final = restrict_to("publisher", "administrator")
REGISTRARS: Final = restrict_to("registrar", "administrator")
REVIEWERS: Final = restrict_to("assessor", "administrator", private=True)
REVIEW_READERS: Final = restrict_to("assessor", "publisher", "administrator", private=True)

POLICY: Final[Rules] = {
    "pages.index": ANYBODY_UNLIMITED,
    "pages.docs": ANYBODY_UNLIMITED,
    "pages.problem": ANYBODY_UNLIMITED,
    "pages.file": ANYBODY_UNLIMITED,
    "pages.document": ANYBODY_UNLIMITED,
    "badges.get": ANYBODY,
    "badges.list": ANYBODY,
    "embeds.file": ANYBODY_UNLIMITED,
    "embeds.form": ANYBODY,
    "embeds.frame": ANYBODY,
    "oembed.get": ANYBODY,
    "portal.index": ANYBODY,
    "portal.edition": ANYBODY,
    "portal.organisation": ANYBODY,
    "portal.territories": ANYBODY,
    "portal.territory": ANYBODY,
    "portal.dimensions": ANYBODY,
    "portal.dimension": ANYBODY,
    "portal.compare": ANYBODY,
    "portal.methodologies": ANYBODY,
    "portal.methodology": ANYBODY,
    "portal.suggestions": ANYBODY,
    "portal.embed": ANYBODY,
    "portal.questionnaire": ANYBODY,
    "system.livez": ANYBODY_UNLIMITED,
    "system.readyz": ANYBODY_UNLIMITED,
    "methodologies.list": ANYBODY,
    "methodologies.get": ANYBODY,
    "methodologies.workbook.get": ANYBODY,
    "methodologies.workbook.fill": ANYBODY_COMPUTING,
    "methodologies.workbook.read": ANYBODY_COMPUTING,
    "scores.create": ANYBODY_COMPUTING,
    "organisations.list": ANYBODY,
    "organisations.get": ANYBODY,
    "organisations.create": REGISTRARS,
    "organisations.update": REGISTRARS,
    "suggestions.list": ANYBODY,
    "suggestions.get": ANYBODY,
    "suggestions.create": PROPOSERS,
    "suggestions.delete": PROPOSERS,
    "suggestions.decisions.create": PUBLISHERS,
    "editions.list": ANYBODY,
    "editions.get": ANYBODY,
    "editions.create": ADMINISTRATORS,
    "editions.update": ADMINISTRATORS,
    "editions.delete": ADMINISTRATORS,
    "editions.assessments.list": DRAFT_READERS,
    "editions.assessments.get": DRAFT_READERS,
    "editions.assessments.put": EDITORS,
    "editions.assessments.update": EDITORS,
    "editions.assessments.delete": EDITORS,
    "editions.assessments.submissions.list": DRAFT_READERS,
    "editions.assessments.submissions.get": DRAFT_READERS,
    "editions.assessments.submissions.create": EDITORS,
    "editions.assessments.reviews.create": REVIEWERS,
    "editions.assessments.hearings.create": REVIEWERS,
    "editions.assessments.returns.create": REVIEWERS,
    "editions.assessments.finals.create": REVIEWERS,
    "editions.assessments.extensions.create": DEADLINE_EXTENDERS,
    "editions.assessments.transitions.list": DRAFT_READERS,
    "editions.assessments.transitions.get": DRAFT_READERS,
    "editions.assessments.verdicts.list": DRAFT_READERS,
    "editions.assessments.verdicts.get": DRAFT_READERS,
    "editions.assessments.verdicts.put": REVIEWERS,
    "editions.assessments.verdicts.delete": REVIEWERS,
    "editions.assessments.review.get": DRAFT_READERS,
    "editions.assessments.review.put": REVIEWERS,
    "editions.assessments.flags.list": REVIEW_READERS,
    "editions.agreement.get": REVIEW_READERS,
    "editions.samples.list": KEY_SHOWS_MORE,
    "editions.samples.create": PUBLISHERS,
    "editions.flags.list": REVIEW_READERS,
    "editions.flags.create": FLAGGERS,
    "editions.assessments.replies.list": DRAFT_READERS,
    "editions.assessments.replies.get": DRAFT_READERS,
    "editions.assessments.replies.put": EDITORS,
    "editions.assessments.replies.delete": EDITORS,
    "editions.publications.list": ANYBODY,
    "editions.publications.get": ANYBODY,
    "editions.publications.scores.get": ANYBODY,
    "editions.publications.bundle": ANYBODY,
    "editions.publications.create": PUBLISHERS,
    "editions.approvals.list": PUBLISHERS,
    "editions.approvals.get": PUBLISHERS,
    "editions.approvals.create": PUBLISHERS,
    "published.get": ANYBODY,
    "published.signature": ANYBODY,
    "editions.scores.list": KEY_SHOWS_MORE,
    "editions.scores.get": KEY_SHOWS_MORE,
    "editions.scores.peers": KEY_SHOWS_MORE,
    "editions.scores.path": KEY_SHOWS_MORE,
    "editions.scores.changes": KEY_SHOWS_MORE,
    "editions.summary": KEY_SHOWS_MORE,
    "organisations.export": ANYBODY_COMPUTING,
    "editions.export": ANYBODY_COMPUTING,
    "methodologies.indicators.export": ANYBODY,
    "editions.scores.export": KEY_SHOWS_MORE_COMPUTING,
    "editions.indicators.export": KEY_SHOWS_MORE_COMPUTING,
    "editions.scores.gobierto": KEY_SHOWS_MORE,
    "editions.datapackage": ANYBODY,
    "catalogue.choose": ANYBODY_UNLIMITED,
    "catalogue.get": ANYBODY,
    "editions.exemplars.list": KEY_SHOWS_MORE,
    "editions.robustness.list": KEY_SHOWS_MORE_COMPUTING,
    "editions.statistics.get": KEY_SHOWS_MORE_COMPUTING,
    "organisations.scores.list": KEY_SHOWS_MORE,
    "keys.list": KEY_HOLDERS,
    "keys.get": KEY_HOLDERS,
    "keys.create": KEY_ADMINISTRATORS,
    "keys.rotations.create": KEY_HOLDERS,
    "keys.revocations.create": KEY_HOLDERS,
    "keys.reports.create": ANYBODY,
    "ledger.list": KEY_SHOWS_MORE,
    "ledger.checkpoints.list": ANYBODY,
    "ledger.checkpoints.get": ANYBODY,
    "signing_keys.list": ANYBODY,
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
