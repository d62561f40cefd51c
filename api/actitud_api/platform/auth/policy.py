"""Access rules that require a key of certain roles, and the principal of a request."""

from __future__ import annotations

from typing import Final, get_args

from actitud_api.platform.auth.queries import Role
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import (
    Rule,
)
from actitud_api.platform.http.scope import ApiRequest


def restrict_to(*roles: Role, private: bool = False, hidden: bool = False) -> Rule:
    """Return the access rule of an operation that requires a key with one of these roles.

    `private`: True if the public ledger hides the path of the resource; in entries about the operation, only
    administrators and the organisation that owns the resource see the path. `hidden`: True if the changes of the
    operation alter no response to a request without a key.
    """
    return Rule(key="required", roles=frozenset(roles), private=private, hidden=hidden)


ADMINISTRATORS: Final = restrict_to("administrator")
DEADLINE_EXTENDERS: Final = restrict_to("publisher", "administrator", private=True, hidden=True)
DRAFT_READERS: Final = restrict_to(
    "organisation_reader", "organisation_editor", "assessor", "publisher", "administrator", private=True
)
EDITORS: Final = restrict_to("organisation_editor", "administrator", private=True, hidden=True)
FLAGGERS: Final = restrict_to("assessor", "publisher", "administrator", hidden=True)
IMPORTERS: Final = restrict_to("organisation_editor", "registrar", "administrator", hidden=True)
KEY_ADMINISTRATORS: Final = restrict_to("administrator", private=True, hidden=True)
KEY_HOLDERS: Final = restrict_to(*get_args(Role), private=True, hidden=True)
"""Rule of operations on keys: each holder may act on its own key, an administrator on any key."""
JOB_HOLDERS: Final = restrict_to(*get_args(Role), hidden=True)
"""Rule of operations on jobs: each holder may follow its own, an administrator any."""
PROPOSERS: Final = restrict_to(*get_args(Role))
PUBLISHERS: Final = restrict_to("publisher", "administrator")
REGISTRARS: Final = restrict_to("registrar", "administrator")
RESCORERS: Final = restrict_to("assessor", "publisher", "administrator", hidden=True)
REVIEWERS: Final = restrict_to("assessor", "administrator", private=True, hidden=True)
REVIEW_READERS: Final = restrict_to("assessor", "publisher", "administrator", private=True)
SUBSCRIBERS: Final = restrict_to(
    "organisation_reader", "organisation_editor", "publisher", "administrator", private=True, hidden=True
)
"""Rule of operations on webhooks: each holder may act on its own, an administrator on any."""

TRANSITION_MAKERS: Final = restrict_to(
    "organisation_editor", "assessor", "publisher", "administrator", private=True, hidden=True
)
"""Rule of a step of many assessments; each step has that of one assessment as well."""


def principal_of(request: ApiRequest) -> Principal | None:
    """Return the verified holder of the key of a request, with its role and bindings, or None without a key."""
    # The state of a request is untyped, hence the check.
    principal = request.scope["state"].get("principal")
    return principal if isinstance(principal, Principal) else None
