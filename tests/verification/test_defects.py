"""What is wrong with a published file is named, with its place, by each verifier that checks it, and nothing else."""

from __future__ import annotations

import gzip
import io
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple
from unittest.mock import patch

import pytest
import rfc8785

from actitud import Unverifiable, Verification
from actitud import verify as verify_with_sdk
from actitud_api.verification.rescoring import ScoreRescorer
from tests.support.scale import NIGHT
from tests.verification.bundles import (
    CREATED,
    FOREIGN,
    OURS,
    Edition,
    Json,
    correction,
    digest,
    document,
    packed,
    plain,
)

TEXT = "sha256:" + "0" * 64
SCRIPT = Path(__file__).parents[2] / "docs" / "verify.py"

Found = set[tuple[str, str]]
"""Problems: the place of each, and its code."""

TOLD = {
    "in the form of RFC 8785": "form",
    "is not that of its key": "key_id",
    "is compromised since": "compromised",
    "the ledger does not know": "not_in_ledger",
    "a checkpoint of another service": "checkpoint_origin",
    "the checkpoint, of": "checkpoint",
    "it has changed": "digest",
    "damaged or cut off": "damaged",
    "stands twice": "malformed",
    "it is not": "malformed",
    "it is no edition document": "malformed",
    "is not JSON": "malformed",
    "is no character": "malformed",
    "documents of the list are missing": "missing",
    "the edition document is missing": "missing",
    "is not in the list": "extra",
    "already": "twice",
    "the documents are not in the order": "order",
    "the list is not in order": "list_order",
    "is its rank": "rank",
    "counts.": "count",
    "in the edition": "row",
    "in its document": "row",
    "the correction of": "correction",
}
"""What the script says of each code."""


class Defect(NamedTuple):
    """Something wrong: how it comes into an edition, and what each verifier finds of it."""

    plant: Callable[[Edition], bytes]
    script: Found
    sdk: Found
    service: Found


def by_service(file: bytes) -> Found:
    verification = verify_with_sdk(io.BytesIO(file), rescorer=ScoreRescorer())
    return {(problem.location, problem.code) for problem in verification.problems}


def by_sdk(file: bytes) -> Found:
    return {(problem.location, problem.code) for problem in verify_with_sdk(file).problems}


def run_script(file: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script: at night in a process without anything else, by day in this one, which takes 3 ms, not 60."""
    command = [sys.executable, "-I", str(SCRIPT), str(file), *options]
    if NIGHT:
        return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)
    output, errors = io.StringIO(), io.StringIO()
    with (
        patch.object(sys, "argv", command[2:]),
        redirect_stdout(output),
        redirect_stderr(errors),
        pytest.raises(SystemExit) as end,
    ):
        exec(compile_script(), {"__name__": "__main__"})
    code = end.value.code
    assert isinstance(code, int)
    return subprocess.CompletedProcess(command, code, output.getvalue(), errors.getvalue())


@cache
def compile_script() -> CodeType:
    return compile(SCRIPT.read_bytes(), SCRIPT, "exec")


def by_script(file: Path) -> Found:
    done = run_script(file)
    assert done.stderr == ""
    *problems, verdict = done.stdout.splitlines()
    assert done.returncode == (1 if problems else 0)
    assert verdict.startswith("DOES NOT HOLD: " if problems else "HOLDS, BUT THE LEDGER WAS NOT LOOKED AT: ")
    found = set()
    for told in problems:
        match = re.fullmatch(r"- line (\d+): (.*)", told)
        assert match is not None, told
        found.add((match[1], next(code for part, code in TOLD.items() if part in match[2])))
    return found


def compare_revisions(first: Edition, second: Edition, folder: Path) -> tuple[list[str], list[Verification]]:
    """The problems that the script names, and the reports of SDK and service, which have the revision before."""
    published = {digest(text): text for edition in (first, second) for text in edition.lines()[1:]}
    for name, edition in (("before", first), ("after", second)):
        (folder / name).write_bytes(packed(edition.lines()))
    file = packed(second.lines())
    reports = [
        verify_with_sdk(io.BytesIO(file), published=published.get, rescorer=rescorer)
        for rescorer in (None, ScoreRescorer())
    ]
    script = run_script(folder / "after", "--before", str(folder / "before"))
    assert script.stderr == ""
    told = [line for line in script.stdout.splitlines() if line.startswith("- ")]
    assert script.returncode == bool(told)
    return told, reports


# --- defects --------------------------------------------------------------------------------------------------


def edited(line: int, change: Callable[[bytes], bytes]) -> Callable[[Edition], bytes]:
    """A line of the bundle changed, and nothing made anew."""

    def plant(edition: Edition) -> bytes:
        lines = edition.lines()
        before = lines[line - 1]
        lines[line - 1] = change(before)
        assert lines[line - 1] != before
        return packed(lines)

    return plant


def moved(change: Callable[[list[bytes]], None]) -> Callable[[Edition], bytes]:
    """The lines of the bundle in another order, or others."""

    def plant(edition: Edition) -> bytes:
        lines = edition.lines()
        change(lines)
        return plain(lines)

    return plant


def sealed(change: Callable[[Edition], None]) -> Callable[[Edition], bytes]:
    """Something changed by whoever publishes, with every digest and signature made anew."""

    def plant(edition: Edition) -> bytes:
        change(edition)
        edition.seal()
        return packed(edition.lines())

    return plant


def headed(change: Callable[[Json], None]) -> Callable[[Edition], bytes]:
    """The header changed."""

    def plant(edition: Edition) -> bytes:
        change(edition.header)
        return packed(edition.lines())

    return plant


def rewritten(change: Callable[[bytes], bytes]) -> Callable[[Edition], bytes]:
    """The document in line 5 written in another way, with its digest in the list."""

    def plant(edition: Edition) -> bytes:
        text = change(edition.lines()[4])
        edition.edition["scores"][2]["document"] = digest(text)
        edition.seal()
        lines = edition.lines()
        lines[4] = text
        return packed(lines)

    return plant


def redocumented(change: Callable[[Json], None]) -> Callable[[Edition], bytes]:
    """The content of the document in line 5 changed, with its digest in the list."""

    def change_and_list(edition: Edition) -> None:
        change(edition.documents[2])
        edition.relist(2)

    return sealed(change_and_list)


def another_digit(text: bytes) -> bytes:
    """The index of a score document, one hundredth more."""
    pattern = rb'"index":(\d+\.\d\d),"index_geometric"'
    return re.sub(pattern, lambda found: b'"index":%.2f,"index_geometric"' % (float(found[1]) + 0.01), text)


def sealed_by_another(edition: Edition) -> bytes:
    edition.seal(FOREIGN)
    return packed(edition.lines())


def cut(edition: Edition) -> bytes:
    lines = edition.lines()
    return plain(lines[:5]) + lines[5][:1000]


def cut_inside_gzip(edition: Edition) -> bytes:
    lines = edition.lines()
    return packed(lines[:5]) + packed(lines[5:6])[:1000]


def broken_gzip(edition: Edition) -> bytes:
    lines = edition.lines()
    last = bytearray(packed(lines[5:6]))
    last[500] ^= 0xFF
    return gzip.compress(plain(lines[:5]), mtime=0) + bytes(last) + packed(lines[6:])


def swap(lines: list[bytes]) -> None:
    lines[2], lines[3] = lines[3], lines[2]


def repeat(edition: Edition) -> None:
    """The last row of the list once more."""
    edition.edition["scores"].append(edition.edition["scores"][-1])


def reorder(edition: Edition) -> None:
    rows = edition.edition["scores"]
    rows[0], rows[1] = rows[1], rows[0]
    edition.documents[0], edition.documents[1] = edition.documents[1], edition.documents[0]


def relevel(edition: Edition) -> None:
    """A row with another level, which is counted and ranked so."""
    rows = edition.edition["scores"]
    levels = edition.edition["counts"]["levels"]
    levels[str(rows[1]["level"])] -= 1
    levels["5"] = 1
    for row in rows:
        if row["rank"] is not None:
            row["rank"] += row["rank"] < rows[1]["rank"]
    rows[1].update(level=5, rank=1)


def reindex(edition: Edition) -> None:
    edition.edition["scores"][1]["index"] += 0.01


def lie(edition: Edition) -> None:
    """A score one hundredth higher, in its document and in the list."""
    edition.documents[2]["score"]["index"] += 0.01
    edition.edition["scores"][2]["index"] += 0.01
    edition.relist(2)


def other_methodology(member: str, value: str) -> Callable[[Edition], bytes]:
    def change(edition: Edition) -> None:
        edition.edition["methodology"][member] = value
        for number, known in enumerate(edition.documents):
            known["score"]["methodology"][member] = value
            edition.relist(number)

    return sealed(change)


def correct(change: Callable[[list[Json]], object]) -> Callable[[Edition], bytes]:
    """Revision 2, which corrects the second score and the third, with something wrong in that."""

    def corrected(edition: Edition) -> None:
        corrections = [correction(edition, number, TEXT) for number in (1, 2)]
        change(corrections)
        edition.edition |= {"revision": 2, "supersedes": TEXT, "corrections": corrections}

    return sealed(corrected)


def alike(found: Found, also: Found | None = None, *, service: Found | None = None) -> tuple[Found, Found, Found]:
    """What the script finds, by its lines; what the SDK finds besides; what the service alone finds besides."""
    lines = {(place.partition(":")[0], code) for place, code in found}
    sdk = found | (also or set())
    return lines, sdk, sdk | (service or set())


DEFECTS: dict[str, Defect] = {
    "a digit of a score": Defect(
        edited(5, another_digit), *alike({("5", "digest")}, service={("5:/score/index", "score")})
    ),
    "a letter of the edition": Defect(
        edited(2, lambda text: text.replace(b"First", b"Worst")),
        *alike({("2", "digest")}, {("1:/jws", "signature")}),
    ),
    "a digit of the header": Defect(
        edited(1, lambda text: re.sub(rb'"digest":"sha256:.', b'"digest":"sha256:x', text)), *alike({("2", "digest")})
    ),
    "two documents swapped": Defect(moved(swap), *alike({("3", "order")})),
    "a document missing": Defect(moved(lambda lines: lines.remove(lines[4])), *alike({("8", "missing")})),
    "the last document missing": Defect(moved(lambda lines: lines.remove(lines[-1])), *alike({("8", "missing")})),
    "the edition missing": Defect(moved(lambda lines: lines.__delitem__(slice(1, None))), *alike({("2", "missing")})),
    "a document too many": Defect(
        moved(lambda lines: lines.append(rfc8785.dumps(document(7)))), *alike({("9", "extra")})
    ),
    "a document twice": Defect(moved(lambda lines: lines.insert(5, lines[3])), *alike({("6", "twice")})),
    "a member twice": Defect(
        edited(5, lambda text: text.replace(b'{"edition"', b'{"edition":"2026","edition"', 1)),
        *alike({("5", "digest"), ("5", "malformed")}),
    ),
    "a member twice, and signed": Defect(
        rewritten(lambda text: text.replace(b'{"edition"', b'{"edition":"2026","edition"', 1)),
        *alike({("5", "malformed")}),
    ),
    "not JSON": Defect(edited(5, lambda _: b"<html>"), *alike({("5", "digest"), ("5", "malformed")})),
    "a number that is none": Defect(
        edited(5, lambda text: text.replace(b'"format":1', b'"format":NaN')),
        *alike({("5", "digest"), ("5", "malformed")}),
    ),
    "half a surrogate pair": Defect(
        rewritten(lambda text: text.replace(b"Villa", b"\\ud800illa")), *alike({("5", "malformed")})
    ),
    "half a surrogate pair in a name": Defect(
        rewritten(lambda text: text.replace(b'{"edition"', b'{"\\udfff":1,"edition"', 1)),
        *alike({("5", "malformed")}),
    ),
    "not UTF-8": Defect(
        edited(5, lambda text: text.replace(b"Villa", b"Vill\xe1")), *alike({("5", "digest"), ("5", "malformed")})
    ),
    "cut off in a line": Defect(cut, *alike({("6", "damaged")})),
    "cut off inside gzip": Defect(cut_inside_gzip, *alike({("6", "damaged")})),
    "broken inside gzip": Defect(broken_gzip, *alike({("6", "damaged")})),
    "unsigned": Defect(headed(lambda header: header.__delitem__("jws")), *alike(set(), {("1:/jws", "unsigned")})),
    "signed with a foreign key": Defect(sealed_by_another, *alike(set(), {("1:/jws", "foreign_key")})),
    "the signature of something else": Defect(
        headed(lambda header: header.update(jws=OURS.jws(b"{}"))), *alike(set(), {("1:/jws", "signature")})
    ),
    "another algorithm": Defect(
        headed(lambda header: header["jws"].update(protected="eyJhbGciOiJub25lIn0")),
        *alike(set(), {("1:/jws", "signature")}),
    ),
    "a header that asks for more": Defect(
        lambda edition: (
            edition.header.update(jws=OURS.jws(edition.lines()[1], crit=["exp"], exp=0)),
            packed(edition.lines()),
        )[1],
        *alike(set(), {("1:/jws", "signature")}),
    ),
    "signed after the key was retired": Defect(
        headed(lambda header: header.update(keys={"keys": [OURS.jwk(CREATED, "2026-02-01T00:00:00.000000Z")]})),
        *alike(set(), {(place, "key_time") for place in ("1:/jws", "1:/checkpoint", "2:/checkpoint")}),
    ),
    "signed before the key was made": Defect(
        headed(lambda header: header.update(keys={"keys": [OURS.jwk("2026-12-01T00:00:00.000000Z")]})),
        *alike(set(), {(place, "key_time") for place in ("1:/jws", "1:/checkpoint", "2:/checkpoint")}),
    ),
    "no keys": Defect(
        headed(lambda header: header.update(keys=[])),
        *alike(
            set(),
            {("1:/keys", "malformed")}
            | {(place, "foreign_key") for place in ("1:/jws", "1:/checkpoint", "2:/checkpoint")},
        ),
    ),
    "a checkpoint of another service": Defect(
        sealed(lambda edition: edition.edition.update(checkpoint=OURS.note(10, "other.example/ledger/00000000"))),
        *alike(set(), {("2:/checkpoint", "checkpoint_origin")}),
    ),
    "a checkpoint that comes later": Defect(
        sealed(lambda edition: edition.edition.update(checkpoint=OURS.note(30))),
        *alike(set(), {("2:/checkpoint", "checkpoint")}),
    ),
    "a digit of a checkpoint": Defect(
        headed(lambda header: header.update(checkpoint=header["checkpoint"].replace("\n20\n", "\n21\n"))),
        *alike(set(), {("1:/checkpoint", "signature")}),
    ),
    "a checkpoint signed with a foreign key": Defect(
        headed(lambda header: header.update(checkpoint=FOREIGN.note(20))),
        *alike(set(), {("1:/checkpoint", "foreign_key")}),
    ),
    "no checkpoint": Defect(
        headed(lambda header: header.update(checkpoint="20 entries")), *alike(set(), {("1:/checkpoint", "checkpoint")})
    ),
    "the list in another order": Defect(sealed(reorder), *alike({("2:/scores/1", "list_order")})),
    "an organisation twice in the list": Defect(
        sealed(repeat),
        *alike(
            {
                ("2:/scores/6", "list_order"),
                *((f"2:/scores/{number}/rank", "rank") for number in (2, 3)),  # who has less is one further behind
                *((f"2:/counts/{name}", "count") for name in ("organisations", "ranked", "statuses", "levels")),
            }
        ),
    ),
    "another rank": Defect(
        sealed(lambda edition: edition.edition["scores"][1].update(rank=1)), *alike({("2:/scores/1/rank", "rank")})
    ),
    "another count": Defect(
        sealed(lambda edition: edition.edition["counts"].update(ranked=6)), *alike({("2:/counts/ranked", "count")})
    ),
    "another level in the list": Defect(sealed(relevel), *alike({("2:/scores/1/level", "row")})),
    "another index in the list": Defect(sealed(reindex), *alike({("2:/scores/1/index", "row")})),
    "a document of another edition": Defect(
        redocumented(lambda known: known.update(edition="2025-test")), *alike({("5:/edition", "row")})
    ),
    "a score document of another format": Defect(
        redocumented(lambda known: known.update(format=2)),
        {("5", "row")},
        {("5:/format", "row")},
        {("5:/format", "malformed")},
    ),
    "an edition document of another format": Defect(
        sealed(lambda edition: edition.edition.update(format=2)),
        *alike({("2", "malformed")}),
    ),
    "a score document without its review": Defect(
        redocumented(lambda known: known.pop("review")), *alike({("5:/review", "malformed")})
    ),
    "no list": Defect(sealed(lambda edition: edition.edition.update(scores={})), *alike({("2:/scores", "malformed")})),
    "a correction of another document": Defect(
        correct(lambda found: found[0].update(after=digest(b""))),
        *alike({("2:/corrections/0/after", "correction")}),
    ),
    "a correction of somebody else": Defect(
        correct(lambda found: found[1].update(organisation="XX-TEST-99999")),
        *alike({("2:/corrections/1/after", "correction")}),
    ),
    "a correction that changes nothing": Defect(
        correct(lambda found: found[0].update(before=found[0]["after"])),
        *alike(set(), {("2:/corrections/0/before", "correction")}),
    ),
    "a correction to another index": Defect(
        correct(lambda found: found[0]["change"]["index"].update(after=1.5)),
        *alike(set(), {("2:/corrections/0/change/index/after", "correction")}),
    ),
    "corrections in another order": Defect(
        correct(lambda found: found.reverse()),
        *alike({("2:/corrections/1", "correction")}),
    ),
    "a score that does not follow": Defect(sealed(lie), *alike(set(), set(), service={("5:/score/index", "score")})),
    "a fact that was not scored": Defect(
        redocumented(lambda known: known["submission"]["profile"].update(foreign_share=0.5)),
        # D7.06 of the seventh dimension, its sixth indicator, quotes it.
        *alike(
            set(),
            set(),
            service={("5:/score/dimensions/6/indicators/5/reason/parameters/facts/foreign_share", "score")},
        ),
    ),
    "a version that is not known": Defect(
        other_methodology("version", "2031.1"),
        *alike(set(), set(), service={("3:/score/methodology/version", "methodology")}),
    ),
    "another document of that version": Defect(
        other_methodology("digest", TEXT),
        *alike(set(), set(), service={("3:/score/methodology/digest", "methodology")}),
    ),
    "not in RFC 8785 form": Defect(
        rewritten(lambda text: text.replace(b"{", b"{ ", 1)), *alike(set(), {("5", "form")})
    ),
    "a member that is not in the format": Defect(
        redocumented(lambda known: known.update(opinion="good")),
        *alike({("5:/opinion", "malformed")}),
    ),
    "a score that is a text": Defect(
        redocumented(lambda known: known["score"].update(coverage="1")),
        *alike({("5:/score/coverage", "malformed")}),
    ),
    "an answer that nobody asks for": Defect(
        redocumented(lambda known: known["submission"]["answers"].update({"D99.01": {"level": 1}})),
        *alike(set(), set(), service={("5:/submission/answers/D99.01", "submission")}),
    ),
    "a revision that supersedes nothing": Defect(
        sealed(lambda edition: edition.edition.update(revision=2)),
        *alike(set(), {("2:/revision", "revision")}),
    ),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_is_named_with_its_place_and_nothing_else(name: str, tmp_path: Path) -> None:
    defect = DEFECTS[name]
    file = defect.plant(Edition())
    path = tmp_path / "file"
    path.write_bytes(file)

    assert by_script(path) == defect.script
    assert by_sdk(file) == defect.sdk
    assert by_service(file) == defect.service


@pytest.mark.parametrize(
    "form", [plain, packed, lambda lines: gzip.compress(plain(lines)), lambda lines: plain(lines)[:-1]]
)
def test_a_whole_edition_holds_for_all(form: Callable[[list[bytes]], bytes], tmp_path: Path) -> None:
    file = form(Edition().lines())
    path = tmp_path / "file"
    path.write_bytes(file)

    assert (by_script(path), by_sdk(file), by_service(file)) == (set(), set(), set())


NO_FILES: dict[str, bytes] = {
    "empty": b"",
    "a web page": b"<!DOCTYPE html>\n<html></html>\n",
    "not UTF-8": b'{"kind":"bundle","format":1,"digest":"\xff"}\n',
    "another kind": b'{"format":1,"kind":"statement"}\n',
    "another format": b'{"format":2,"kind":"bundle"}\n',
    "a list": b"[1]\n",
    "a member twice": b'{"format":1,"kind":"bundle","kind":"edition"}\n',
    "half a surrogate pair in a name": b'{"format":1,"jws":{"sig\\ud800nature":"c"},"kind":"bundle"}\n',
    "half a surrogate pair in a name, twice": b'{"\\ud800":1,"\\ud800":2,"format":1,"kind":"bundle"}\n',
    "nested": b"[" * 100_000,
    "no number": b'{"format":NaN,"kind":"bundle"}\n',
    "cut off at once": gzip.compress(b"x" * 100)[:12],
    "not the gzip that it seems": b"\x1f\x8b\x00\x00",
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_nothing_of_ours_is_told(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(NO_FILES[name])

    done = run_script(path, "--lang", "es")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"No se puede leer {path}: ")
    assert done.stderr.count("\n") == 1
    with pytest.raises(Unverifiable):
        verify_with_sdk(path)
    with pytest.raises(Unverifiable):
        verify_with_sdk(io.BytesIO(NO_FILES[name]), rescorer=ScoreRescorer())


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such addresses")
def test_the_script_reads_a_pipe(pack: Callable[[bytes], bytes]) -> None:
    """As `verify.py <(curl …)`: what is read once cannot be read again."""
    command = [sys.executable, "-I", str(SCRIPT), "/dev/stdin"]
    done = subprocess.run(command, input=pack(NO_FILES["another kind"]), capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
    assert b"kind is statement" in done.stderr
