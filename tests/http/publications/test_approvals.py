"""The second approver: nothing is published before another key has approved exactly that, on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud_api import cli
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import approvals
from actitud_api.settings import FaultySettings, read_settings
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header, create_key, present_key
from tests.support.publishing import BIG, EDITION, prepare

FIRST = {"reason": "The calendar says so."}
PATH = f"/v1/editions/{EDITION}"
NOTHING = "sha256:" + "0" * 64


class Service(NamedTuple):
    """The service on a small edition in review, and the keys of two publishers."""

    client: TestClient[Litestar]
    one: str
    other: str

    @property
    def database(self) -> Database:
        found: Database = self.client.app.state["database"]
        return found

    def publish(self, key: str, body: object) -> httpx.Response:
        named = {**present_key(key), "Idempotency-Key": f"{datetime.now(UTC).timestamp()}"}
        return self.client.post(f"{PATH}/publications", json=body, headers=named)

    def approve(self, key: str, body: dict[str, Any], digest: str) -> httpx.Response:
        named = present_key(key)
        return self.client.post(f"{PATH}/approvals", json={**body, "digest": digest}, headers=named)

    def asked(self, key: str, body: dict[str, Any]) -> str:
        """The digest that the refusal of a publication says is to be approved."""
        refused = self.publish(key, body)
        assert refusals(refused) == ["unapproved"]
        (error,) = refused.json()["errors"]
        digest: str = error["suggestion"]
        return digest

    def revisions(self) -> int:
        return len(self.client.get(f"{PATH}/publications").json()["items"])


def refusals(response: httpx.Response) -> Sequence[str]:
    assert response.status_code == 409, response.text
    return [error["rule"] for error in response.json()["errors"]]


@pytest.fixture
def service(url: str, tmp_path: Path) -> Iterator[Service]:
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path, second_approver=True)) as app:
        database: Database = app.state["database"]
        prepare(database, tmp_path)
        with TestClient(app) as client:
            yield Service(client, create_key(database, "publisher", days=2), create_key(database, "publisher", days=2))


def test_an_edition_is_published_and_corrected_once_another_key_has_approved_it(service: Service) -> None:
    digest = service.asked(service.one, FIRST)
    assert service.approve(service.one, FIRST, digest).status_code == 201
    assert refusals(service.publish(service.one, FIRST)) == ["unapproved"]
    assert refusals(service.approve(service.one, FIRST, digest)) == ["approved"]
    assert service.revisions() == 0
    approved = service.approve(service.other, FIRST, digest).json()
    assert (approved["number"], approved["key"], approved["digest"]) == (2, service.other.split("_")[1], digest)
    published = service.publish(service.one, FIRST)
    assert published.status_code == 201

    assessment = {"methodology": "2026.1", "answers": {"D1.01": {"numerator": 320, "denominator": 320}}}
    fixed = {
        "reason": "A wrong answer.",
        "supersedes": published.json()["digest"],
        "corrections": [{"organisation": BIG, "assessment": assessment}],
    }
    digest = service.asked(service.other, fixed)
    another = {**fixed, "reason": "Another reason."}
    assert refusals(service.approve(service.one, another, digest)) == ["another_digest"]
    assert service.approve(service.one, fixed, digest).status_code == 201
    assert refusals(service.publish(service.other, another)) == ["unapproved"]
    reordered = {name: fixed[name] for name in reversed(list(fixed))}
    assert service.publish(service.other, reordered).status_code == 201
    assert service.revisions() == 2
    listed = service.client.get(f"{PATH}/approvals", headers=present_key(service.one)).json()
    assert [found["number"] for found in listed["items"]] == [1, 2, 3]


def test_what_changed_since_needs_another_approval(service: Service) -> None:
    before = service.asked(service.one, FIRST)
    assert service.approve(service.other, FIRST, before).status_code == 201
    with service.database.write() as session:
        session.execute(text("UPDATE assessment SET version = version + 1 WHERE organisation = :one"), {"one": BIG})
    after = service.asked(service.one, FIRST)
    assert after != before
    refused = service.approve(service.other, FIRST, before)
    assert refusals(refused) == ["another_digest"]
    assert refused.json()["errors"][0]["suggestion"] == after
    assert service.approve(service.other, FIRST, after).status_code == 201
    assert service.publish(service.one, FIRST).status_code == 201


def test_keys_that_took_each_others_place_are_the_same(service: Service) -> None:
    rotated = service.client.post(
        f"/v1/keys/{service.one.split('_')[1]}/rotations",
        json={},
        headers={**present_key(service.one), "If-Match": "*"},
    )
    digest = service.asked(service.one, FIRST)
    after = rotated.json()["secret"]
    assert service.approve(after, FIRST, digest).status_code == 201
    assert refusals(service.publish(service.one, FIRST)) == ["unapproved"]
    assert refusals(service.approve(service.one, FIRST, digest)) == ["approved"]
    assert service.publish(service.other, FIRST).status_code == 201


def make(service: Service, maker: str, role: str = "publisher") -> str:
    """A key that somebody makes over HTTP, and so has seen."""
    named = present_key(maker)
    made = service.client.post("/v1/keys", json={"role": role, "days": 2}, headers=named)
    secret: str = read_body(made, 201)["secret"]
    return secret


def rotate(service: Service, of: str, by: str | None = None) -> str:
    """The key in the place of another, made over HTTP by somebody; None: on the command line."""
    number = of.split("_")[1]
    if by is None:
        with service.database.write() as session:
            return access.rotate(session, (), number, by=None, now=datetime.now(UTC)).text
    named = {**present_key(by), "If-Match": "*"}
    secret: str = service.client.post(f"/v1/keys/{number}/rotations", json={}, headers=named).json()["secret"]
    return secret


@pytest.mark.both_databases
def test_nobody_approves_with_a_key_that_they_made(
    service: Service, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    """The attack: an administrator makes a second key, or two, or has an administrator of their own make them."""
    one, other = (create_key(service.database, "administrator", days=2) for _ in range(2))
    digest = service.asked(one, FIRST)
    child = make(service, one, "administrator")
    grandchild, sibling = make(service, child), make(service, one)
    own = [child, grandchild, sibling, rotate(service, sibling, sibling)]
    for approver in own[:3]:
        assert service.approve(approver, FIRST, digest).status_code == 201
    for publisher in (one, *own):
        refused = service.publish(publisher, FIRST)
        rules = refusals(refused)
        assert (rules[0], set(rules[1:])) == ("unapproved", {"same_person"})
    listed = {error["value"] for error in service.publish(one, FIRST).json()["errors"][1:]}
    assert listed == {approver.split("_")[1] for approver in own[:3]}
    for language, words in (("es", "no cuenta: la hizo quien publica"), ("en", "does not count: whoever publishes")):
        named = {**present_key(one), "Idempotency-Key": language}
        answer = service.client.post(f"{PATH}/publications?lang={language}", json=FIRST, headers=named)
        assert words in answer.json()["errors"][1]["detail"]
    with monkeypatch.context() as patched, service.database.read() as session:
        patched.setattr(access, "trace_holder", lambda _, key: key)
        numbers = [publisher.split("_")[1] for publisher in (one, *own)]
        missing = [approvals.find_missing_approval(session, EDITION, digest, number) for number in numbers]

    # Another administrator counts, and so does a key of theirs.
    assert service.approve(make(service, other), FIRST, digest).status_code == 201
    assert service.publish(one, FIRST).status_code == 201
    figure(
        "S24",
        "publications with a key of somebody whose other keys, made by themselves or by keys that they made, have "
        "approved it, that were made",
        tried=1 + len(own),
        failed=0,
        control=f"where each key is a person {missing.count(None)} of {len(missing)} count as approved",
    )


def test_a_key_that_another_made_is_ones_own_once_it_is_replaced_on_the_command_line(service: Service) -> None:
    """An administrator whose key the first one made; whoever operates the service gives them another in its place."""
    first = create_key(service.database, "administrator", days=2)
    second = make(service, first, "administrator")
    digest = service.asked(first, FIRST)
    assert service.approve(second, FIRST, digest).status_code == 201
    assert refusals(service.publish(first, FIRST)) == ["unapproved", "same_person"]
    with service.database.write() as session:
        session.execute(text("DELETE FROM publication_approval"))
    renewed = rotate(service, second)
    # It stays so when its holder replaces it, and no more when the first one does, who sees the new one.
    approver = rotate(service, renewed, renewed)
    assert service.approve(approver, FIRST, digest).status_code == 201
    # The keys of one holder are one, whoever made them.
    assert refusals(service.publish(renewed, FIRST)) == ["unapproved"]
    assert service.publish(first, FIRST).status_code == 201


def test_a_key_that_the_publisher_replaced_is_theirs(service: Service) -> None:
    first, second = (create_key(service.database, "administrator", days=2) for _ in range(2))
    taken = rotate(service, second, first)
    digest = service.asked(first, FIRST)
    assert service.approve(taken, FIRST, digest).status_code == 201
    assert refusals(service.publish(first, FIRST)) == ["unapproved", "same_person"]


def test_the_approval_of_a_key_that_was_revoked_does_not_count(service: Service) -> None:
    digest = service.asked(service.one, FIRST)
    assert service.approve(service.other, FIRST, digest).status_code == 201
    with service.database.write() as session:
        access.revoke(session, service.other.split("_")[1], now=datetime.now(UTC))
    assert service.asked(service.one, FIRST) == digest
    assert service.approve(create_key(service.database, "administrator", days=2), FIRST, digest).status_code == 201
    assert service.publish(service.one, FIRST).status_code == 201


def test_what_cannot_be_published_cannot_be_approved(service: Service) -> None:
    wrong = {**FIRST, "supersedes": NOTHING}
    assert refusals(service.approve(service.one, wrong, NOTHING)) == ["unpublished"]


def test_the_command_line_needs_the_approval_of_any_key(
    service: Service, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("LC_ALL", "C"),
        ("ACTITUD_SIGNING_FOLDER", str(tmp_path)),
        ("ACTITUD_SECOND_APPROVER", "true"),
    ):
        monkeypatch.setenv(name, value)
    command = ["publish", EDITION, "--reason", FIRST["reason"], "--database", url]
    assert cli.main(command) == 1
    said = capsys.readouterr().err
    digest = service.asked(service.one, FIRST)
    assert f"has to approve {digest} before" in said
    assert service.approve(service.one, FIRST, digest).status_code == 201
    assert cli.main(command) == 0
    assert "revision 1" in capsys.readouterr().out


def test_an_edition_with_approvals_can_still_be_removed(service: Service) -> None:
    administrator = {**create_header(service.database), "If-Match": "*"}
    digest = service.asked(service.one, FIRST)
    assert service.approve(service.one, FIRST, digest).status_code == 201
    with service.database.write() as session:
        session.execute(text("DELETE FROM assessment"))
    assert service.client.delete(PATH, headers=administrator).status_code == 204
    with service.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM publication_approval")).scalar_one() == 0


def test_the_setting_is_read_from_the_environment(tmp_path: Path) -> None:
    said = [read_settings({"ACTITUD_SECOND_APPROVER": value}, tmp_path).second_approver for value in ("true", "false")]
    assert said == [True, False]
    with pytest.raises(FaultySettings, match="is not true or false"):
        read_settings({"ACTITUD_SECOND_APPROVER": "perhaps"}, tmp_path)
