"""What each release has published holds for ever, for every verifier, and one digit of it changed is found by all."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path
from typing import Final

import msgspec
import pytest

from actitud import Verification, verify
from actitud_api import __version__
from actitud_api.verification.rescoring import ScoreRescorer
from tests.released.building import FOLDER, MANIFEST, UNRELEASED, Manifest, build_published
from tests.support.figures import FigureRecorder
from tests.verification.bundles import packed
from tests.verification.test_defects import run_script

RELEASES: Final = sorted(file.parent for file in FOLDER.glob(f"*/{MANIFEST}"))

INDEX: Final = re.compile(rb'("index":)(\d)')


def read_manifest(release: Path) -> Manifest:
    return msgspec.json.decode((release / MANIFEST).read_bytes(), type=Manifest)


def list_editions(release: Path) -> list[Path]:
    return sorted(release.glob("edition-*.jsonl.gz"))


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_no_byte_of_it_has_changed(release: Path) -> None:
    manifest = read_manifest(release)
    digests = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in release.iterdir()}
    digests.pop(MANIFEST)
    assert digests == manifest.files
    assert manifest.release == release.name
    assert sum(file.stat().st_size for file in release.iterdir()) <= 500_000


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.name)
def test_every_verifier_says_that_it_holds(release: Path) -> None:
    check_release(release)


def test_what_the_next_release_would_add_holds(tmp_path: Path) -> None:
    """Else nobody would know before the day of a release: the files of another were made once, by an older program."""
    (tmp_path / "work").mkdir()
    for name, content in build_published(tmp_path.name, tmp_path / "work").items():
        (tmp_path / name).write_bytes(content)
    check_release(tmp_path)


def check_release(release: Path) -> None:
    """Verify the files of a release by the script, by the SDK, and by the SDK with all scores computed again."""
    manifest, keys = read_manifest(release), release / "keys.json"
    before: list[Path] = []
    for file, digest in zip(list_editions(release), manifest.editions, strict=True):
        kept = [option for one in before[-1:] for option in ("--before", str(one))]
        known = ("--ledger", str(release / "ledger.jsonl"), "--keys", str(keys))
        told = run_script(file, "--digest", digest, *known, *kept)
        assert (told.returncode, told.stderr) == (0, ""), told.stdout
        for rescorer in (None, ScoreRescorer()):
            report = verify(file, keys=keys, digest=digest, ledger=release / "ledger.jsonl", rescorer=rescorer)
            assert report.problems == (), report
        before.append(file)
    report = verify(release / "ledger.jsonl", keys=keys, checkpoint=(release / "checkpoint.txt").read_text("utf-8"))
    assert report.problems == (), report
    assert report.unchecked == ()


def change_each_score(lines: list[bytes]) -> list[list[bytes]]:
    """Return the lines of a bundle with one digit of one score changed, once for each score that has an index."""
    changed = []
    for number, line in enumerate(lines[2:], start=2):
        other = INDEX.sub(lambda found: found[1] + b"%d" % ((int(found[2]) + 1) % 10 or 1), line, count=1)
        if other != line:
            changed.append([*lines[:number], other, *lines[number + 1 :]])
    return changed


def test_all_releases_hold_and_a_changed_digit_is_found(tmp_path: Path, figure: FigureRecorder) -> None:
    held = verified = found = tried = 0
    for release in RELEASES:
        for file, digest in zip(list_editions(release), read_manifest(release).editions, strict=True):
            lines = gzip.decompress(file.read_bytes()).splitlines()
            for bundle, is_whole in [(lines, True), *((other, False) for other in change_each_score(lines))]:
                copy = tmp_path / "copy.jsonl.gz"
                copy.write_bytes(packed(bundle))
                reports: list[Verification] = [verify(copy), verify(copy, rescorer=ScoreRescorer())]
                verdicts = [run_script(copy, "--digest", digest).returncode == 0, *(one.holds for one in reports)]
                if is_whole:
                    verified, held = verified + len(verdicts), held + sum(verdicts)
                else:
                    tried, found = tried + len(verdicts), found + verdicts.count(False)
    assert held == verified > 0
    assert found == tried > 0
    figure(
        "R8",
        f"verdicts of three verifiers on the committed editions of {len(RELEASES)} releases",
        tried=verified,
        failed=verified - held,
        control=f"with a digit of a score changed {found} of {tried} verdicts say that it does not hold",
    )


def test_this_release_has_files_here_once() -> None:
    """`make released RELEASE=…` makes them: of the version, or while it is not released of its name with `.dev`."""
    assert len({__version__, f"{__version__}{UNRELEASED}"} & {release.name for release in RELEASES}) == 1
