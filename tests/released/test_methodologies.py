"""The methodology versions of each release are served for ever, and a draft in its format is still read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import pytest
from litestar.testing import TestClient

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import RegistryEntry
from tests.released.building import FOLDER, MANIFEST
from tests.released.registry import FILE, REGISTRY, unpack_versions
from tests.support import second_version
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite, unlimited

RELEASES: Final = sorted(file.parent for file in FOLDER.glob(f"*/{MANIFEST}"))
Registry = dict[str, RegistryEntry]
ACTIVE: Final = RegistryEntry("active", "sha256:1")
RETIRED: Final = RegistryEntry("retired", "sha256:2", date(2026, 11, 28))


@pytest.fixture(params=RELEASES, ids=lambda release: release.name)
def versions(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of the methodology versions of a release."""
    unpack_versions(request.param / FILE, tmp_path / "versions")
    return tmp_path / "versions"


@pytest.fixture
def loaded(versions: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the loader read that folder."""
    monkeypatch.setattr(loader, "_open_versions_folder", lambda: versions)
    forget()
    yield
    forget()


def forget() -> None:
    for cached in (loader.load_methodology, loader._read_registry):
        cached.cache_clear()


def read_registry(content: bytes) -> Registry:
    return msgspec.json.decode(content, type=Registry)


def find_broken(kept: Registry, now: Registry) -> list[str]:
    """Return the versions in use or retired that are gone, have another document, or came back from retirement."""
    return [
        version
        for version, entry in kept.items()
        if entry.status != "draft"
        and (
            version not in now
            or now[version].digest != entry.digest
            or now[version].status not in (entry.status, "retired")
            or (entry.retired is not None and now[version].retired != entry.retired)
        )
    ]


def test_no_version_is_gone_or_changed(versions: Path) -> None:
    kept = read_registry((versions / REGISTRY).read_bytes())
    now = read_registry((second_version.PRODUCT / REGISTRY).read_bytes())
    assert {"2026.1", "2027.1", "2027.1-short", second_version.VERSION} <= kept.keys()
    assert find_broken(kept, now) == []
    # Oldest first, as they were released.
    assert [version for version in now if version in kept] == [version for version in kept if version in now]


@pytest.mark.parametrize(
    ("now", "broken"),
    [
        ({"1": RegistryEntry("retired", "sha256:1", date(2030, 1, 1)), "2": RETIRED}, []),
        ({"1": ACTIVE, "2": RETIRED, "4": ACTIVE}, []),
        ({"2": RETIRED}, ["1"]),
        ({"1": RegistryEntry("active", "sha256:0"), "2": RETIRED}, ["1"]),
        ({"1": RegistryEntry("draft", "sha256:1"), "2": RETIRED}, ["1"]),
        ({"1": ACTIVE, "2": RegistryEntry("active", "sha256:2")}, ["2"]),
        ({"1": ACTIVE, "2": RegistryEntry("retired", "sha256:2", date(2027, 1, 1))}, ["2"]),
    ],
    ids=["retired", "new", "gone", "changed", "draft again", "active again", "retired on another day"],
)
def test_what_may_become_of_a_version(now: Registry, broken: list[str]) -> None:
    assert find_broken({"1": ACTIVE, "2": RETIRED, "3-draft": RegistryEntry("draft", "sha256:3")}, now) == broken


@pytest.mark.usefixtures("loaded")
def test_the_loader_reads_every_version_as_it_was_written(versions: Path) -> None:
    kept = read_registry((versions / REGISTRY).read_bytes())
    assert {version: loader.load_methodology(version).digest for version in loader.list_versions()} == {
        version: entry.digest for version, entry in kept.items()
    }
    assert loader.verify_registered_digests() == tuple(one for one, entry in kept.items() if entry.status != "draft")


def test_every_version_is_served_with_its_document(versions: Path, tmp_path: Path) -> None:
    kept = read_registry((versions / REGISTRY).read_bytes())
    with borrow_app(unlimited(migrated_sqlite(tmp_path))) as app, TestClient(app) as client:
        for version in (one for one, entry in kept.items() if entry.status != "draft"):
            answer = client.get(f"/v1/methodologies/{version}")
            assert answer.status_code == 200
            served = answer.json()
            assert served["digest"] == kept[version].digest
            assert served["document"] == json.loads((versions / version / "document.json").read_bytes())
