"""A version in use or retired never changes: its digest is written down, here too.

The registry of tests, in which 2026.1 is in use, stands for any other; tests that ask for `product` read the one of
the product.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date
from importlib import resources
from pathlib import Path

import pytest

from actitud_api.engine.methodology import loader
from tests.support import second_version

DIGEST = "sha256:e0481349434f7c997212959aabd9701cd4e32b1402c186b4516cfa233d79cf95"
"""Of 2026.1. Once it is published this line never changes again: a change is a new version."""
DIGESTS = {
    "2026.1": DIGEST,
    "2027.1-short": "sha256:021247a3fc335e30870d3b7830348829eb58dc8e3804809968044821fe4b793a",
    "2027.1": "sha256:6a01f31f069154f6cc7dcb9a8ee65da6911e783f85d419a1c290646e476296e8",
}
"""Of every version of the product but drafts. A line is added with a version, and none ever changes."""


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the versions of the product, without those of tests, that the loader reads instead."""
    folder = tmp_path / "data"
    with resources.as_file(second_version.PRODUCT) as real:
        shutil.copytree(real, folder)
    monkeypatch.setattr(loader, "_open_versions_folder", lambda: folder)
    forget()
    yield folder
    forget()


@pytest.fixture
def data(product: Path) -> Path:
    """The same with the registry and the draft of tests."""
    shutil.copytree(second_version.FOLDER, product, dirs_exist_ok=True)
    return product


def forget() -> None:
    for cached in (loader.load_methodology, loader._read_registry):
        cached.cache_clear()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.usefixtures("product")
def test_2026_1_is_retired_with_the_digest_that_it_was_published_with() -> None:
    methodology = loader.load_methodology("2026.1")
    assert (methodology.status, methodology.digest) == ("retired", DIGEST)
    assert methodology.retired == date(2026, 11, 28)


@pytest.mark.usefixtures("product")
@pytest.mark.parametrize("version", ["2027.1", "2027.1-short"])
def test_2027_1_and_its_short_form_are_active_and_have_these_digests(version: str) -> None:
    methodology = loader.load_methodology(version)
    assert (methodology.status, methodology.digest, methodology.retired) == ("active", DIGESTS[version], None)


@pytest.mark.usefixtures("product")
def test_every_version_of_the_product_but_drafts_is_written_down_here() -> None:
    assert loader.verify_registered_digests() == tuple(DIGESTS), "a version in use needs its line in DIGESTS"
    assert {version: loader.load_methodology(version).digest for version in DIGESTS} == DIGESTS
    assert set(loader.list_versions()) - set(DIGESTS) == set(loader.list_versions("draft"))


def test_every_folder_of_a_version_is_registered(product: Path) -> None:
    folders = {folder.name for folder in product.iterdir() if folder.is_dir()}
    assert folders == set(loader.list_versions()), "a version needs its entry in registry.json"


@pytest.mark.usefixtures("product")
def test_the_newest_version_is_the_one_that_ranks() -> None:
    """The newest is the last that is active; the short form, which never ranks, stands before the whole one."""
    assert loader.list_versions("active") == ("2027.1-short", "2027.1")
    assert loader.load_newest().version == "2027.1"
    standings = [loader.load_methodology(version).document.standing for version in loader.list_versions("active")]
    assert standings == ["provisional", "full"]


def test_the_registry_of_tests_differs_in_the_status_of_2026_1_and_in_the_draft_alone() -> None:
    """Otherwise tests would hold the service to versions that it does not have."""
    folders = (second_version.PRODUCT, second_version.FOLDER)
    real, tests = (json.loads((folder / "registry.json").read_bytes()) for folder in folders)
    assert real.pop("2026.1") == {"status": "retired", "digest": DIGEST, "retired": "2026-11-28"}
    assert tests.pop("2026.1") == {"status": "active", "digest": DIGEST}
    assert tests.pop(second_version.VERSION)["status"] == "draft"
    assert list(real.items()) == list(tests.items()), f"copy what differs to {second_version.FOLDER}/registry.json"


def test_an_active_document_that_changed_is_refused(data: Path) -> None:
    edit(data / "2026.1" / "document.json", '"self_declared_cap": 50', '"self_declared_cap": 51')
    with pytest.raises(loader.DefectiveMethodology, match="the document of a version in use or retired changed"):
        loader.load_methodology("2026.1")


def test_a_retired_one_too(product: Path) -> None:
    edit(product / "2026.1" / "document.json", '"self_declared_cap": 50', '"self_declared_cap": 51')
    with pytest.raises(loader.DefectiveMethodology, match="the document of a version in use or retired changed"):
        loader.load_methodology("2026.1")


def test_a_document_of_another_version_is_refused(data: Path) -> None:
    edit(data / "2099.1-draft" / "document.json", '"version": "2099.1-draft"', '"version": "2026.3-draft"')
    with pytest.raises(loader.DefectiveMethodology, match=r"/version: is '2026\.3-draft', expected '2099\.1-draft'$"):
        loader.load_methodology("2099.1-draft")


def test_a_version_is_kept_as_it_is_written(data: Path) -> None:
    known = loader.load_methodology("2099.1-draft")
    assert (known.version, known.status) == ("2099.1-draft", "draft")
    assert bytes(known.written) == (data / "2099.1-draft" / "document.json").read_bytes()


def test_a_draft_may_change(data: Path) -> None:
    before = loader.load_methodology("2099.1-draft")
    loader.load_methodology.cache_clear()
    edit(data / "2099.1-draft" / "document.json", '"self_declared_cap": 50', '"self_declared_cap": 51')
    changed = loader.load_methodology("2099.1-draft")
    assert changed.document.self_declared_cap == 51
    assert changed.digest != before.digest


@pytest.mark.parametrize(
    ("version", "old", "new"), [("2026.1", "active", "draft"), ("2099.1-draft", "draft", "active")]
)
def test_a_draft_and_nothing_else_is_named_as_one(version: str, old: str, new: str, data: Path) -> None:
    """What a draft scored is never taken for what the version that comes of it scores."""
    edit(data / "registry.json", f'"{version}": {{\n  "status": "{old}"', f'"{version}": {{\n  "status": "{new}"')
    with pytest.raises(loader.DefectiveMethodology, match=r": /version: a draft, and only a draft, is called …-draft$"):
        loader.load_methodology(version)


def test_versions_are_told_apart_by_their_status(data: Path) -> None:
    fixed, drafts = ("2026.1", "2027.1-short", "2027.1"), loader.list_versions("draft")
    assert loader.list_versions() == (*fixed, *drafts)
    assert loader.list_versions("active") == loader.verify_registered_digests() == fixed
    assert "2099.1-draft" in drafts
    assert loader.load_newest().version == "2027.1"
    edit(data / "registry.json", '"active"', '"retired"')
    forget()
    assert loader.list_versions("retired") == ("2026.1",)
    assert (loader.list_versions("active"), loader.verify_registered_digests()) == (fixed[1:], fixed)


@pytest.mark.parametrize("version", loader.list_versions("draft"))
def test_the_registered_digest_of_a_draft_is_that_of_its_document(version: str) -> None:
    """Nothing holds a draft to it, but whoever makes it active has it at hand."""
    digest = loader.load_methodology(version).digest
    assert loader._read_registry()[version].digest == digest, f"{version} changed: register its new digest, {digest}"


def test_the_digest_is_of_the_content_not_of_its_layout(data: Path) -> None:
    path = data / "2026.1" / "document.json"
    members = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(dict(reversed(members.items()))), encoding="utf-8")
    assert loader.load_methodology("2026.1").digest == DIGEST


def test_texts_have_their_own_digest_and_do_not_touch_the_document_s(data: Path) -> None:
    before = loader.load_methodology("2026.1")
    loader.load_methodology.cache_clear()
    edit(data / "2026.1" / "texts" / "es.json", "Punto de partida", "Puerta cerrada")
    after = loader.load_methodology("2026.1")
    assert after.digest == before.digest == DIGEST
    assert after.text_digests["en"] == before.text_digests["en"]
    assert after.text_digests["es"] != before.text_digests["es"]
    assert all(digest.startswith("sha256:") for digest in after.text_digests.values())


@pytest.mark.parametrize(
    ("status", "defect"),
    [
        (
            "active",
            (
                "/",
                "el documento de una versión en uso o retirada cambió: su resumen es {}",
                "the document of a version in use or retired changed: its digest is {}",
            ),
        ),
        (
            "draft",
            (
                "/version",
                "un borrador, y solo un borrador, se llama …-draft",
                "a draft, and only a draft, is called …-draft",
            ),
        ),
    ],
)
def test_what_is_not_as_it_is_registered_is_refused_in_both_languages(
    monkeypatch: pytest.MonkeyPatch, status: loader.Status, defect: tuple[str, str, str]
) -> None:
    known = loader.load_methodology("2026.1")
    monkeypatch.setattr(
        loader, "_read_registry", lambda: {"2026.1": loader.RegistryEntry(status=status, digest="sha256:0")}
    )
    with pytest.raises(loader.DefectiveMethodology) as caught:
        loader.load_methodology.__wrapped__("2026.1")
    assert [(found.pointer, found.translate("es"), found.translate("en")) for found in caught.value.defects] == [
        tuple(text.format(known.digest) for text in defect)
    ]
    assert str(caught.value) == f"2026.1: {defect[0]}: {defect[2].format(known.digest)}"


def test_the_registry_says_since_when_a_version_is_retired(data: Path) -> None:
    edit(data / "registry.json", '"status": "active"', '"status": "retired",\n  "retired": "2027-01-01"')
    assert loader.load_methodology("2026.1").retired == date(2027, 1, 1)
