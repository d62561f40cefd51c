"""Schemathesis' object-level authorisation check: what one of two peers has read by a link is asked for with the key of
the other one, who must not get it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from schemathesis.openapi.checks import ObjectLevelAuthorizationViolation
from schemathesis.wfc.escalation import EscalatingAuthProvider

from actitud_api.app import create_app
from actitud_api.platform.auth.service import Principal
from tests.contract.installation import MINE, OTHER, Installation, operations
from tests.contract.running import TRIED, Config, run
from tests.support.databases import unlimited
from tests.support.scale import FOLLOWED

pytestmark = pytest.mark.night

EDITION: Final = "2099-peers"
EDITOR: Final = "organisation_editor"
PRIVATE: Final = [one for one in operations() if one.method == "get" and one.roles is not None and EDITOR in one.roles]
"""What they read with a key only."""
TRAILS: Final = {
    "keys": ["keys.list", *(one.id for one in PRIVATE if one.path.startswith("/v1/keys/"))],
    "assessments": [
        "editions.list",
        "editions.get",
        *(one.id for one in PRIVATE if one.path.startswith("/v1/editions/")),
    ],
}
"""Where links lead from the lists, each way by itself."""


@pytest.fixture(scope="module")
def served(location: str) -> Iterator[Litestar]:
    """An application apart: Schemathesis runs the lifespan of what it tries, and a client waits for its own."""
    app = create_app(unlimited(location))
    yield app
    app.state["database"].close()


@pytest.fixture(scope="module")
def peers(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The configuration of a run by two organisations, each with a draft."""
    installation.edition(EDITION)
    for organisation in (MINE, OTHER):
        installation.draft(EDITION, organisation)
    keys = {name: installation.key("organisation_editor", name) for name in (MINE, OTHER)}
    users = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {key}"}]}
        for name, key in keys.items()
    ]
    file: Path = tmp_path_factory.mktemp("peers") / "users.json"
    file.write_text(json.dumps({"auth": users}), encoding="utf-8")
    stateful = {
        "max-steps": 8,
        "inference": {"algorithms": []},
        "generation": {"mode": "positive", "max-examples": FOLLOWED},
    }
    return {
        **TRIED,
        "auth": {"wfc": {"path": str(file), "peers": [MINE, OTHER]}},
        "phases": {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing")} | {"stateful": stateful},
    }


def tried(
    app: Litestar, config: Config, patch: pytest.MonkeyPatch, trails: Iterable[Sequence[str]]
) -> tuple[list[str], set[str]]:
    """What runs found, and the operations whose objects were asked for as the other peer."""
    asked: set[str] = set()
    claim = EscalatingAuthProvider.claim_probe

    def noted(self: EscalatingAuthProvider, key: tuple[str, ...]) -> bool:
        if key[0] == "read":
            asked.add(key[1])
        return claim(self, key)

    patch.setattr(EscalatingAuthProvider, "claim_probe", noted)
    found: list[str] = []
    for ids in trails:
        rest = {"exclude-operation-id": ids, "enabled": False}
        found += run(app, {**config, "operations": [rest]}, first_pages=True).failures
    return found, asked


def test_neither_of_two_peers_reads_what_the_other_one_has(
    served: Litestar, peers: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found, asked = tried(served, peers, monkeypatch, TRAILS.values())
    assert not found, found[:3]
    with capsys.disabled():
        print(f"\npeers: the objects of {len(asked)} operations were asked for by the other one: {sorted(asked)}")
    assert asked >= {"GET /v1/keys/{key}", "GET /v1/editions/{edition}/assessments/{organisation}"}


def test_it_finds_who_is_let_at_everything(served: Litestar, peers: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: bindings that bind nobody."""

    def anything(*_: Any) -> bool:
        return True

    monkeypatch.setattr(Principal, "can_reach", anything)
    found, _ = tried(served, peers, monkeypatch, [TRAILS["keys"]])
    violations = [one for one in found if ObjectLevelAuthorizationViolation.kind_title in one]
    assert [one for one in violations if "GET /v1/keys/" in one]
