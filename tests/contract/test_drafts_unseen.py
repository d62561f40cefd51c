"""What is seen without a key, or with one that is of something else, is the same before and after every kind of change
of a draft: every address, the whole answer with its headers.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import pytest

from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.queries import Visibility
from tests.contract import examples
from tests.contract.installation import MINE, OTHER, Installation, Place, operations
from tests.support import scale
from tests.support.figures import FigureRecorder
from tests.support.keys import present_key
from tests.support.public_addresses import Answer, Ids, list_addresses, read_answer

PUBLISHED, OPEN, ELSEWHERE = "2026-published", "2028-drafts", "2029-elsewhere"
"""An edition that is published, the one whose drafts change, and the one that an assessor is bound to."""
THIRD: Final = "ES-DIR3-L01080193"
"""An organisation without any draft, to which some keys are bound."""
WITH_DRAFT: Final = "a key of an organisation with a draft in the same edition"
SHOWN: Final[Mapping[str, frozenset[str]]] = {
    # Seed and share of the sample are public, so that anybody can repeat the draw: the act is one of the edition.
    "samples.create": frozenset({f"/v1/editions/{OPEN}/samples", f"/v1/editions/{OPEN}/samples?total=true"}),
}
"""Addresses that a change shows on purpose."""
BY_ID: Final = {operation.id: operation for operation in operations()}


class Stage(NamedTuple):
    """An installation with drafts, who looks at it, and at what.

    `own`: further addresses, about the draft of the viewer that has one.
    """

    installation: Installation
    viewers: Mapping[str, str | None]
    addresses: Sequence[str]
    own: Sequence[str]

    def look_at(self, addresses: Sequence[str], own: Sequence[str] = ()) -> Sequence[tuple[str, str]]:
        """Return each viewer with each address; the one that has a draft with those of its edition, and about it."""
        others = [viewer for viewer in self.viewers if viewer != WITH_DRAFT]
        beside = [address for address in addresses if OPEN in address]
        return [*itertools.product(others, addresses), *((WITH_DRAFT, address) for address in (*beside, *own))]

    def list_looks(self) -> Sequence[tuple[str, str]]:
        """List who looks at what: by day of those with a key, but no draft, one in turn looks at one of 3 addresses."""
        looks = self.look_at(self.addresses, self.own)
        if scale.NIGHT:
            return looks
        keyed = [viewer for viewer, key in self.viewers.items() if key is not None and viewer != WITH_DRAFT]
        in_turn = set(zip(itertools.cycle(keyed), self.addresses[::3], strict=False))
        return [look for look in looks if look[0] not in keyed or look in in_turn]


def name_ids(digest: str, organisation: str = OTHER) -> Ids:
    """Return the ids whose addresses are looked at: about the drafts, and about what is published."""
    return Ids(editions=(OPEN, PUBLISHED), earlier=PUBLISHED, organisation=organisation, digest=digest)


@pytest.fixture(scope="module")
def stage(installation: Installation) -> Stage:
    installation.organisation(THIRD)
    for edition in (PUBLISHED, OPEN, ELSEWHERE):
        installation.edition(edition)
    installation.finalise(PUBLISHED, MINE, OTHER)
    digest = installation.publish(PUBLISHED)
    installation.draft(OPEN, MINE)
    installation.submit(OPEN, MINE)
    installation.checkpoint()
    viewers = {
        "no key": None,
        "a key of another edition": installation.key("assessor", editions=[ELSEWHERE]),
        "a reader": installation.key("organisation_reader", THIRD),
        "a key of another organisation": installation.key("organisation_editor", THIRD),
        WITH_DRAFT: installation.key("organisation_editor", MINE),
    }
    addresses = list(list_addresses(installation.client, name_ids(digest)))
    listed = list_addresses(installation.client, name_ids(digest, MINE))
    own = [address for address in listed if MINE in address and OPEN in address]
    return Stage(installation, viewers, addresses, own)


def look(stage: Stage, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Answer]:
    """Return the whole answers, by viewer and address, without what changes with every request."""
    client = stage.installation.client
    return {(viewer, address): read_answer(client, address, stage.viewers[viewer]) for viewer, address in places}


def changes(installation: Installation) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield every kind of change of a draft, in an order in which each is allowed."""
    administrator = installation.key("administrator")
    place = {"edition": OPEN, "organisation": OTHER, "indicator": "D1.07"}

    def call(name: str) -> tuple[str, Callable[[], object]]:
        operation = BY_ID[f"editions.{name}"]
        has_body = "requestBody" in operation.described
        body = examples.request(operation.id) if has_body else None
        if name == "assessments.extensions.create" and body is not None:
            body = {**body, "until": "2095-06-30"}
        if name == "assessments.returns.create" and body is not None:
            body = {**body, "until": "2095-06-30"}

        def act() -> None:
            # `If-None-Match` where it does not exist yet, `If-Match` where it does.
            response = installation.call(operation, Place(place, body), administrator)
            if response.status_code == 412:
                path = operation.path.format_map(place)
                headers = {**present_key(administrator), "If-None-Match": "*"}
                response = installation.client.request(operation.method.upper(), path, json=body, headers=headers)
            assert response.is_success, (name, response.text)

        return name, act

    yield "draft", lambda: installation.draft(OPEN, OTHER)
    yield call("assessments.delete")
    yield "draft again", lambda: installation.draft(OPEN, OTHER)
    yield call("assessments.put")
    yield call("assessments.update")
    yield call("assessments.extensions.create")
    yield "submit", lambda: installation.submit(OPEN, OTHER)
    yield call("assessments.returns.create")
    yield "submit again", lambda: installation.submit(OPEN, OTHER)
    yield call("flags.create")
    yield call("samples.create")
    yield call("assessments.reviews.create")
    yield call("assessments.verdicts.put")
    yield call("assessments.verdicts.delete")
    yield call("assessments.review.put")
    yield "hearing", lambda: installation.settle(OPEN, OTHER, "hearing")
    yield call("assessments.replies.put")
    yield call("assessments.replies.delete")
    yield "final", lambda: installation.settle(OPEN, OTHER)


def count_planted(stage: Stage) -> int:
    """Assert that answers differ where drafts are visible, or only the tag of their file tells of them. Count them."""
    addresses = [f"/v1/editions/{OPEN}/scores", f"/v1/editions/{OPEN}/scores.csv", f"/v1/editions/{OPEN}/summary"]
    places = stage.look_at(addresses)
    with patch.object(scores, "build_visibility", lambda *_: Visibility(everything=True)):
        before = look(stage, places)
        stage.installation.draft(OPEN, THIRD)
        after = look(stage, places)
    assert {address for (viewer, address), answer in after.items() if answer != before[viewer, address]} == set(
        addresses
    )
    return sum(answer != before[place] for place, answer in after.items())


def test_no_change_of_a_draft_is_seen_by_who_may_not_read_it(stage: Stage, figure: FigureRecorder) -> None:
    looks = stage.list_looks()
    before = look(stage, looks)
    compared, differences, told = 0, [], list(changes(stage.installation))
    allowed: set[str] = set()
    for number, (name, change) in enumerate(told):
        change()
        allowed |= SHOWN.get(name, frozenset())
        # By day each viewer looks at each address after one of the changes, and at one of two after the last one.
        in_turn = looks[::2] if number == len(told) - 1 else looks[number :: len(told)]
        after = look(stage, looks if scale.NIGHT else in_turn)
        compared += len(after)
        for (viewer, address), answer in after.items():
            if answer != before[viewer, address] and address not in allowed:
                differences.append((name, viewer, address, _differing(before[viewer, address], answer)))
    assert differences == [], "\n".join(map(str, differences))
    planted = count_planted(stage)
    text = (
        f"answers to {len(stage.viewers)} viewers at {len(stage.addresses)} addresses, as a whole as those before "
        f"{len(told)} kinds of changes of a draft, and {len(stage.own)} addresses about a draft of one's own beside it"
    )
    control = f"where drafts are visible or their number is in a tag, all {planted} answers that show it are found"
    figure("R13", text, tried=compared, failed=0, control=control)
    figure("S7", text, tried=compared, failed=0, control=control)


def _differing(before: Answer, after: Answer) -> list[Any]:
    """Return what differs between two answers: the status, headers, or the first bytes of the body that differ."""
    if before.status != after.status:
        return [before.status, after.status]
    headers = [pair for pair in after.headers if pair not in before.headers]
    one, two = before.content, after.content
    at = next((place for place, (old, new) in enumerate(zip(one, two, strict=False)) if old != new), 0)
    return headers + ([] if one == two else [one[at : at + 40], two[at : at + 40]])
